"""Completion on the magics' lines: options, their values, and the names that make sense there; nothing else."""

from __future__ import annotations

import contextlib
import glob
import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

from tfmagic.graph import context
from tfmagic.notebook.shell import evaluate
from tfmagic.notebook.shell.evaluate import operation_of
from tfmagic.notebook.shell.options import DEVICE, EXPRESSION, FEED, FILE, MAGICS, NAME, Magic, OptionError, words

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_MOST = 200
# A magic at the start of a line or after `name =`, and what follows it up to the cursor.
_LINE = re.compile(r"\s*(?:[\w\s,.\[\]]+=\s*)?(%{1,2}\w+)\s(.*)", re.DOTALL)
_WORD = re.compile(r"(?:(?<=\s)|\A)--?[\w-]*\Z|[\w./:]*\Z")


def register(shell: InteractiveShell) -> Callable[[], None]:
    """Complete the magics' lines in a shell.

    Returns:
      A function that undoes it.
    """
    @context_matcher(identifier="tfmagic", priority=100)
    def matcher(event: Any) -> Any:
        word, found = completions(shell, event.text_until_cursor)
        # Else IPython adds every Python name and file that it knows.
        return {"completions": [SimpleCompletion(text, type="magic") for text in found], "matched_fragment": word,
                "suppress": bool(found)}

    matchers = shell.Completer.custom_matchers
    matchers.append(matcher)

    def undo() -> None:
        if matcher in matchers:
            matchers.remove(matcher)

    return undo


def completions(shell: InteractiveShell, line: str) -> tuple[str, list[str]]:
    """What may stand where the cursor is.

    Args:
      shell: the shell, for the user's names.
      line: the line up to the cursor.

    Returns:
      The part before the cursor that is being completed, and what may take its place.
    """
    match = _LINE.match(line)
    magic = MAGICS.get(match[1]) if match else None
    if match is None or magic is None:
        return "", []
    rest = match[2]
    before: list[str] = []
    with contextlib.suppress(OptionError):
        before = words(rest)
    if before and not rest[-1:].isspace():
        flag, equals, _ = before.pop().partition("=")
        if equals and magic.option(flag) is not None:
            before.append(flag)
    option = magic.option(before[-1]) if before else None
    word = _WORD.search(rest)[0]  # type: ignore[index]
    if option is not None and option.metavar == FILE:
        word = re.split(r"[\s=]", rest)[-1]
    found: dict[str, None] = {}
    for candidate in _candidates(shell, magic, before, word):
        if candidate.startswith(word):
            found[candidate] = None
            if len(found) == _MOST:
                break
    return word, list(found)


def _candidates(shell: InteractiveShell, magic: Magic, before: list[str], word: str) -> Iterable[str]:
    option = magic.option(before[-1]) if before else None
    if option is not None and (option.choices or option.metavar):
        if option.metavar == DEVICE:
            return _devices()
        if option.metavar == FEED:
            return [name + "=" for name in _placeholders(shell, word)]
        if option.metavar == NAME:
            return _placeholders(shell, word)
        if option.metavar == EXPRESSION:
            return _elements(shell, word)
        if option.metavar == FILE:
            return (path + "/" * os.path.isdir(path) for path in sorted(glob.glob(glob.escape(word) + "*")))
        return option.choices
    used = {flag for flag in before if (o := magic.option(flag)) is not None and not o.repeat}
    flags = [o.flag for o in magic.options if o.flag not in used]
    if word.startswith("-") or not magic.argument:
        return flags
    if magic.name == "%tensors":
        return [*flags, *(t.name for op in context.get_default_graph().get_operations() for t in op.outputs)]
    if magic.name == "%tensorflow_version":
        return ["1.x"]
    if magic.name == "%%session":
        return [*flags, *(name for name, value in _public(shell) if hasattr(value, "run") and hasattr(value, "graph"))]
    return [*flags, *_elements(shell, word)]


def _public(shell: InteractiveShell) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in shell.user_ns.items() if not name.startswith("_")]


def _elements(shell: InteractiveShell, word: str) -> Iterable[str]:
    """The user's names of tensors, operations and variables, and the graph's nodes once a word has begun."""
    yield from (name for name, value in _public(shell) if evaluate.element(value) is not None)
    if word:
        for operation in context.get_default_graph().get_operations():
            yield operation.name
            if ":" in word:
                yield from (tensor.name for tensor in operation.outputs)


def _placeholders(shell: InteractiveShell, word: str) -> Iterable[str]:
    for name, value in _public(shell):
        element = evaluate.element(value)
        if element is not None and operation_of(element).type.startswith("Placeholder"):
            yield name
    if word:
        for operation in context.get_default_graph().get_operations():
            if operation.type.startswith("Placeholder"):
                yield operation.name


def _devices() -> list[str]:
    """Device names without asking torch, which may not be loaded: those of the session's kind come from `%devices`."""
    names = ["/cpu:0"]
    torch = sys.modules.get("torch")
    if torch is not None:
        names += [f"/gpu:{i}" for i in range(torch.cuda.device_count())]
    return names
