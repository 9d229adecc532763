"""Patterns of regular expressions: RE2 finds them, and Python's `re`, which is quicker, where it finds the same.

1. A pattern is read here into what both take: letters, classes, groups, alternatives, bounds. Loops stand outside of
   groups that repeat; a pattern that may be empty is only matched as a whole.
2. RE2 takes time that grows with the text alone. `re` tries what it can: a text is given to it that is short enough for
   all tries, as many as loops and alternatives make.
3. Bytes that are written longer than a letter is, or are beyond the last one, are no letter for the RE2 of TensorFlow
   1.15; a newer one takes them for any letter.
4. What finds letters beyond ASCII, as a letter for RE2 and as bytes here, is for texts of ASCII.
"""

from __future__ import annotations

import functools
import math
import re
from typing import Any, NamedTuple

from tfmagic.base.errors import invalid

# Escapes, quotations, classes, and what is nothing special, up to a group that is named as in Perl, or the end:
# the RE2 of TensorFlow 1.15 knows no such group yet.
_PIECES = re.compile(rb"(?:\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\]|(?!\(\?<)[^\\])*(\(\?<)?",
                     re.DOTALL)
_ESCAPES = re.compile(rb"([^\\]*)(\\.|\\\Z|\Z)", re.DOTALL)
_FALSE_LETTERS = re.compile(rb"\xe0(?=[\x80-\x9f][\x80-\xbf])|\xf0(?=[\x80-\x8f][\x80-\xbf]{2})|"
                            rb"\xf4(?=[\x90-\xbf][\x80-\xbf]{2})")
# How many tries `re` may make in one text, and how many ways to go on there may be at one place.
_TRIES, _WAYS = 1_000_000, 64


class Pattern:
    """A compiled pattern of RE2."""

    def __init__(self, pattern: bytes):
        self._found = _compiled(pattern)
        self._plain = _plain(pattern)

    def matches(self, text: bytes) -> bool:
        """Whether a text as a whole is one of the pattern's."""
        plain = self._plain
        if plain is not None and len(text) <= plain.longest_whole and (plain.of_bytes or text.isascii()):
            return plain.found.fullmatch(text) is not None
        return self._found.fullmatch(_without_false_letters(text)) is not None

    def replacing(self, rewrite: bytes, everywhere: bool) -> Any:
        """The function of a text that rewrites its matches, or the first alone."""
        parts = _parts(rewrite)
        plain, template = self._plain, _template(parts, self._found.groups)

        def by_re2(text: bytes) -> bytes:
            return _replaced(self._found, parts, text, everywhere)

        if plain is None or not plain.least or template is None:
            return by_re2
        substituted, most, longest, of_bytes = plain.found.sub, int(not everywhere), plain.longest, plain.of_bytes
        return lambda text: substituted(template, text, most) \
            if len(text) <= longest and (of_bytes or text.isascii()) else by_re2(text)


pattern_of = functools.lru_cache(maxsize=256)(Pattern)


def _compiled(pattern: bytes) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False  # the error says it
    read = _PIECES.match(pattern) if b"(?<" in pattern else None
    if read is not None and read.group(1):
        raise invalid(f"Invalid pattern: {pattern.decode(errors='replace')}, error: invalid perl operator: (?<")
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        what = error.args[0].decode(errors="replace").replace("unexpected ): ", "missing ): ")
        raise invalid(f"Invalid pattern: {pattern.decode(errors='replace')}, error: {what}") from None


# --- rewriting --------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def _parts(rewrite: bytes) -> list[bytes | int | None]:
    r"""What stands for a match: texts, numbers of groups (`\0` is the match, `\\` a backslash), and None for an escape
    that is none, at which rewriting ends."""
    parts: list[bytes | int | None] = []
    for plain, escape in _ESCAPES.findall(rewrite):
        parts.append(plain)
        if escape == b"\\\\":
            parts.append(b"\\")
        elif escape[1:].isdigit():
            parts.append(int(escape[1:]))
        elif escape:
            return [*parts, None]
    return parts


def _template(parts: list[bytes | int | None], groups: int) -> Any:
    """The same for Python's `re`, a text or a function of a match; None: it ends too soon."""
    if None in parts:
        return None
    known = [part for part in parts if isinstance(part, bytes) or part is not None and part <= groups]
    asked = [part for part in known if isinstance(part, int)]
    if not asked:
        return b"".join(part for part in known if isinstance(part, bytes)).replace(b"\\", rb"\\")
    form = b"".join(part.replace(b"%", b"%%") if isinstance(part, bytes) else b"%b" for part in known)
    if len(asked) == 1:
        group, = asked
        return lambda found: form % (found[group] or b"")
    return lambda found: form % tuple([found[group] or b"" for group in asked])


def _replaced(pattern: Any, parts: list[bytes | int | None], text: bytes, everywhere: bool) -> bytes:
    """The text with matches rewritten; what is empty right behind a match is none."""
    written = bytearray()
    at, behind = 0, -1
    read = _without_false_letters(text)
    while at <= len(text):
        found = pattern.search(read, at)
        if found is None:
            break
        start, end = found.span()
        written += text[at:start]
        if start == end == behind:
            at = end + _length_of_letter(text, end)
            written += text[end:at]
            continue
        if None in parts and not everywhere:
            return text
        for part in parts:
            if isinstance(part, bytes):
                written += part
            elif part is not None and part <= pattern.groups:
                first, last = found.span(part)
                written += text[first:last] if first >= 0 else b""
        at = behind = end
        if not everywhere:
            break
    return bytes(written + text[at:])


def _without_false_letters(text: bytes) -> bytes:
    """The text with a byte that is no letter where what looks like one begins."""
    return text if text.isascii() else _FALSE_LETTERS.sub(b"\xff", text)


def _length_of_letter(text: bytes, at: int) -> int:
    """How many bytes a letter in UTF-8 takes, and half a pair; what is none takes one."""
    for length in range(1, 5):
        try:
            text[at:at + length].decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            continue
        return length
    return 1


# --- what Python's `re` finds, too ------------------------------------------------------------------------------


class _Plain(NamedTuple):
    """A pattern as Python's `re` has it.

    Attributes:
      found: the compiled pattern.
      least: how many bytes a match has at least.
      of_bytes: whether it finds the same in texts that are not ASCII.
      longest: how long a text in which it is looked for may be.
      longest_whole: how long one that it is to match may be.
    """

    found: Any
    least: int
    of_bytes: bool
    longest: float
    longest_whole: float


class _Unread(Exception):
    """The pattern has something that is not read here."""


_SPACES = rb"\t\n\f\r "
_LETTERS = rb"""[\w ,;:!@#%&=<>/'"`~-]"""
_PUNCTUATION = rb"\\[!-/:-@\[-`{-~]"
_CLASS = re.compile(rb"""\[(?P<not>\^)?(?!\^)(?P<members>(?:\w-\w|\\[dwsntfr]|""" + _PUNCTUATION
                    + rb"""|[\w ,;:!@#%=<>/'"`.+*?(){}$\t\n\r])+-?)\]""", re.ASCII)
_ITEM = re.compile(rb"(?P<letter>" + _LETTERS + rb"|\\[dwntfr]|" + _PUNCTUATION + rb")|\\(?P<other>[DWSsb])|"
                   rb"(?P<any>[.^$])|(?P<group>\((?:\?:|(?!\?)))", re.ASCII)
_LOOP = re.compile(rb"[*+?]\??(?![*+?{])")
# What is written otherwise, with the bytes that it takes; and what stands for something in texts of ASCII alone.
_OTHERWISE = {b"s": (b"[" + _SPACES + b"]", 1), b"S": (b"[^" + _SPACES + b"]", 1), b"$": (rb"\Z", 0), b"^": (b"^", 0)}
_OF_ASCII = frozenset((b"D", b"W", b"S", b"b", b"."))


class _Reader:
    """Reads a pattern.

    Attributes:
      loops: how many there are.
      ends_in_loop: whether nothing follows the last one, and nothing is in its place.
      ways: how many ways to go on there are without them.
    """

    def __init__(self, pattern: bytes):
        self._text, self._at, self.ends_in_loop = pattern, 0, False
        self.written: list[bytes] = []
        self.of_bytes, self.loops, self.ways = True, 0, 1
        if pattern.startswith(b"(?i)"):
            self._at, self.of_bytes = 4, False
            self.written.append(b"(?i)")
        self.least = self._alternatives()
        if self._at < len(pattern):
            raise _Unread

    def _alternatives(self) -> int:
        """Read up to the end of a group, or the pattern's; how many bytes it takes at least."""
        found = [self._sequence()]
        while self._text[self._at:self._at + 1] == b"|":
            self.written.append(b"|")
            self._at += 1
            found.append(self._sequence())
            self.ends_in_loop = False
        self.ways *= len(found)
        return min(found)

    def _sequence(self) -> int:
        least = 0
        while self._text[self._at:self._at + 1] not in (b"", b"|", b")"):
            size, may_loop = self._item()
            self.ends_in_loop = False
            repeated = _LOOP.match(self._text, self._at)
            if repeated is None:
                if self._text[self._at:self._at + 1] in (b"*", b"+", b"?", b"{"):
                    raise _Unread
                least += size
                continue
            how = repeated[0]
            if not size or not may_loop and how[:1] != b"?":
                raise _Unread
            self._at = repeated.end()
            self.written.append(how)
            if how[:1] == b"?":
                self.ways *= 2
            else:
                self.loops += 1
                self.ends_in_loop = True
            least += size if how[:1] == b"+" else 0
        return least

    def _item(self) -> tuple[int, bool]:
        """Read what a loop may repeat: how many bytes it takes at least, and whether it may be in a loop."""
        named = _CLASS.match(self._text, self._at)
        if named is not None:
            self._at = named.end()
            self.of_bytes &= not named["not"]
            self.written.append(b"[" + (named["not"] or b"") + re.sub(
                rb"\\(.)", lambda escape: _SPACES if escape[1] == b"s" else escape[0], named["members"]) + b"]")
            return 1, True
        item = _ITEM.match(self._text, self._at)
        if item is None:
            raise _Unread
        self._at = item.end()
        if item["group"] is not None:
            self.written.append(item["group"])
            least = self._alternatives()
            if self._text[self._at:self._at + 1] != b")":
                raise _Unread
            self._at += 1
            self.written.append(b")")
            return least, False
        what = item["other"] or item["any"]
        self.of_bytes &= what not in _OF_ASCII
        text, least = _OTHERWISE.get(what, (item[0], int(what != b"b")))
        self.written.append(text)
        return least, True


def _plain(pattern: bytes) -> _Plain | None:
    try:
        read = _Reader(pattern)
    except _Unread:
        return None
    if read.ways > _WAYS:
        return None
    tries = _TRIES / read.ways
    again = read.loops - read.ends_in_loop  # nothing behind the last one sends it back
    longest, whole = (tries ** (1 / turns) if turns else math.inf for turns in (again + 1 if again else 0, read.loops))
    return _Plain(re.compile(b"".join(read.written)), read.least, read.of_bytes, longest, whole)
