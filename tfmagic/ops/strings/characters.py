"""Characters: the code points that strings are in an encoding, and back.

What is malformed is treated as the attrs of an op say. Columns of strings in which nothing is are read and written as a
whole. Encodings are Python's, but as TensorFlow's converters read them where the two differ: UTF-16 and UTF-32 begin
with the high byte where no mark says otherwise, and bytes of Windows' pages that are no letters are control characters.
"""

from __future__ import annotations

import codecs
import functools
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tfmagic.base.errors import invalid

_HALVES = re.compile("[\ud800-\udfff]")
# What `replace_control_characters` means, which neither "delete" nor characters from 0x80 on are.
_PLAIN_FROM = 0x20
_CONTROLS = re.compile(f"[\0-{chr(_PLAIN_FROM - 1)}]")
_MARKS = {"utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)}
_LIMIT = 0x110000  # of code points


class Encoding(NamedTuple):
    """How a name says that strings are written.

    Attributes:
      name: Python's name.
      decode: the text that bytes are; a UnicodeDecodeError where they are none.
    """

    name: str
    decode: Callable[[bytes], str]

    def sizes(self, points: Any, text: bytes) -> Any:
        """How many bytes each of the code points takes that a text is, with a mark before the first; None: unknown."""
        if self.name == "utf-8":
            return 1 + (points > 0x7F) + (points > 0x7FF) + (points > 0xFFFF)
        if self.name.startswith("utf-16"):
            sizes = 2 + 2 * (points > 0xFFFF)
        elif self.name.startswith("utf-32"):
            sizes = np.full(points.shape, 4)
        else:
            return np.ones(points.shape, np.int64) if len(points) == len(text) else None
        if len(sizes) and text.startswith(_MARKS.get(self.name, ())):
            sizes[0] += 2 if self.name == "utf-16" else 4
        return sizes


@functools.cache
def encoding_of(name: str) -> Encoding:
    """The encoding of a name.

    Raises:
      InvalidArgumentError: there is none.
    """
    try:
        "".encode(name)
    except LookupError:
        raise invalid(f"Could not create converter for input encoding: {name}") from None
    found = codecs.lookup(name).name
    if found in _MARKS:
        marks = _MARKS[found]
        return Encoding(found, lambda text: text.decode(found if text.startswith(marks) else found + "-be"))
    if re.fullmatch(r"cp125\d", found):
        table = "".join(bytes([byte]).decode(found, "replace") for byte in range(256))
        table = "".join(chr(byte) if letter == "\ufffd" and 0x80 <= byte < 0xA0 else letter.replace("\ufffd", "\ufffe")
                        for byte, letter in enumerate(table))
        return Encoding(found, lambda text: codecs.charmap_decode(text, "strict", table)[0])
    return Encoding(found, lambda text: text.decode(found))


def points_of(op: Any, texts: Sequence[bytes]) -> tuple[Any, Any, Any]:
    """Where the code points of each string begin and the last ones end, the code points, and at which byte each begins.

    Args:
      op: has the attrs `input_encoding`, `errors`, `replacement_char` and `replace_control_characters`.
    """
    encoding = encoding_of(op.input_encoding)
    whole = _plain(op, encoding, texts)
    if whole is not None:
        points = _points(whole[1])
        counts = np.fromiter(map(len, whole[0]), np.int64, len(texts))
        sizes = encoding.sizes(points, b"".join(texts)) if encoding.name not in _MARKS else None
        if sizes is not None:
            splits, ends = np.append(0, np.cumsum(counts)), np.cumsum(sizes)
            lengths = np.fromiter(map(len, texts), np.int64, len(texts))
            return splits, points, ends - sizes - np.repeat(np.cumsum(lengths) - lengths, counts)
    rows = [tuple(zip(*_characters(op, encoding, text, controls_too=True))) or ((), ()) for text in texts]
    return (np.cumsum([0, *(len(points) for points, _ in rows)]),
            np.array([point for points, _ in rows for point in points], np.int32),
            np.array([start for _, starts in rows for start in starts], np.int64))


def transcoded(op: Any, texts: Sequence[bytes]) -> list[bytes]:
    """Strings in the encoding that the attr `output_encoding` of an op names; see `points_of`."""
    encoding = encoding_of(op.input_encoding)
    whole = _plain(op, encoding, texts)
    if whole is not None:
        return [text.encode(op.output_encoding) for text in whole[0]]
    return [_encoded(op, [point for point, _ in _characters(op, encoding, text)]) for text in texts]


def encoded(op: Any, points: Any, ends: list[int]) -> list[bytes]:
    """Strings of code points in the encoding that the attr `output_encoding` of an op names.

    Args:
      points: int32 vector.
      ends: where each string ends; where one ends before the last it is empty.
    """
    starts = itertools.accumulate(ends, max, initial=0)
    if ((points >= 0) & (points < 0xD800) | (points >= 0xE000) & (points < _LIMIT)).all():
        whole = points.astype("<i4", copy=False).tobytes().decode("utf-32-le")
        if len(whole) == len(ends) and ends == list(range(1, len(ends) + 1)):
            letters = {letter: letter.encode(op.output_encoding) for letter in set(whole)}
            return list(map(letters.__getitem__, whole))
        return [whole[start:end].encode(op.output_encoding) for start, end in zip(starts, ends)]
    given = points.tolist()
    return [_encoded(op, given[start:end]) for start, end in zip(starts, ends)]


def _plain(op: Any, encoding: Encoding, texts: Sequence[bytes]) -> tuple[list[str], str] | None:
    """The strings as texts, and these as one; None where one is malformed, or has what is to be replaced."""
    try:
        decoded = list(map(encoding.decode, texts))
    except UnicodeDecodeError:
        return None
    whole = "".join(decoded)
    return None if op.replace_control_characters and _CONTROLS.search(whole) else (decoded, whole)


def _points(text: str) -> Any:
    return np.frombuffer(text.encode("utf-32-le"), "<i4").astype(np.int32)


def _characters(op: Any, encoding: Encoding, text: bytes, controls_too: bool = False) -> Iterator[tuple[int, int]]:
    """The code points of a string, and where each begins, one by one.

    Args:
      controls_too: whether control characters are replaced where what is malformed is an error.
    """
    for point, start in _read(encoding, text):
        control = point is not None and op.replace_control_characters and point < _PLAIN_FROM
        if point is not None and not control:
            yield point, start
        elif op.errors == "strict" and not (control and controls_too):
            raise invalid("Invalid formatting on input string")
        elif op.errors != "ignore":
            yield op.replacement_char, start


def _read(encoding: Encoding, text: bytes) -> Iterator[tuple[int | None, int]]:
    """The code points of a string, None for what is none, and where each begins."""
    at = 0
    while at < len(text):
        rest = text[at:]
        try:
            good, bad = encoding.decode(rest), 0
        except UnicodeDecodeError as error:
            rest, bad = rest[:error.start], error.end - error.start
            good = encoding.decode(rest)
        points = _points(good)
        sizes = encoding.sizes(points, rest)
        if sizes is None:
            sizes = np.array([len(letter.encode(encoding.name)) for letter in good])
        starts = at + np.cumsum(sizes) - sizes
        yield from zip(points.tolist(), starts.tolist())
        at += len(rest) + bad
        if bad:
            yield None, at - bad


def _encoded(op: Any, points: Sequence[int]) -> bytes:
    text = []
    for point in points:
        if 0 <= point < _LIMIT:
            text.append(chr(point))
        elif op.errors == "strict":
            raise invalid("Code point value out of valid Unicode range.")
        elif op.errors == "replace":
            text.append(chr(op.replacement_char))
    if op.output_encoding == "UTF-8":  # halves of pairs have no bytes of their own
        return _HALVES.sub("\N{REPLACEMENT CHARACTER}", "".join(text)).encode()
    return "".join(text).encode(op.output_encoding, "surrogatepass")
