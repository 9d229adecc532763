"""Completion on the magics' lines: options, their values, and the names that make sense there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tfmagic.graph import context
from tfmagic.notebook.shell import evaluate
from tfmagic.notebook.shell.evaluate import operation_of
from tfmagic.notebook.shell.options import DEVICE, EXPRESSION, FEED, MAGICS, Magic, OptionError, words

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_MOST = 200


def register(shell: InteractiveShell) -> Callable[[], None]:
    """Complete the magics' lines in a shell.

    Returns:
      A function that undoes it.
    """
    chains = shell.strdispatchers["complete_command"].strs

    def complete(ip: InteractiveShell, event: Any) -> list[str]:
        return completions(shell, event.line, event.symbol)

    for name in MAGICS:
        shell.set_hook("complete_command", complete, str_key=name)

    def undo() -> None:
        for name in MAGICS:
            chain = chains[name].chain
            chain[:] = [(priority, hook) for priority, hook in chain
                        if getattr(hook, "__func__", hook) is not complete]
            if not chain:
                del chains[name]

    return undo


def completions(shell: InteractiveShell, line: str, word: str) -> list[str]:
    """What may stand where the cursor is.

    Args:
      shell: the shell, for the user's names.
      line: the magic's line up to the cursor, from its percent signs on.
      word: the part before the cursor that is being completed.
    """
    name, _, rest = line.lstrip().partition(" ")
    magic = MAGICS.get(name)
    if magic is None:
        return []
    before: list[str] = []
    with contextlib.suppress(OptionError):
        before = words(rest)
    if before and not rest.endswith(" "):
        before.pop()
    candidates = _candidates(shell, magic, before, word)
    return [c for c in candidates if c.startswith(word)][:_MOST]


def _candidates(shell: InteractiveShell, magic: Magic, before: list[str], word: str) -> list[str]:
    option = magic.option(before[-1]) if before else None
    if option is not None and option.choices:
        return list(option.choices)
    if option is not None and option.metavar == DEVICE:
        return _devices()
    if option is not None and option.metavar == FEED:
        return [n + "=" for n in _placeholders(shell)]
    if option is not None and option.metavar == "NAME":
        return _placeholders(shell)
    if option is not None and option.metavar == EXPRESSION:
        return _elements(shell)
    if option is not None and option.metavar:
        return []
    used = {b for b in before if (o := magic.option(b)) is not None and not o.repeat}
    flags = [o.flag for o in magic.options if o.flag not in used]
    if word.startswith("-"):
        return flags
    if magic.name == "%tensors":
        return [*flags, *(t.name for op in context.get_default_graph().get_operations() for t in op.outputs)]
    if magic.name == "%tensorflow_version":
        return ["1.x"]
    if magic.name == "%%session":
        return [*flags, *(n for n, v in shell.user_ns.items() if hasattr(v, "run") and hasattr(v, "graph")
                          and not n.startswith("_"))]
    return [*flags, *_elements(shell)] if magic.argument else flags


def _elements(shell: InteractiveShell) -> list[str]:
    """The user's names of tensors, operations, variables and graphs."""
    return [n for n, v in shell.user_ns.items() if not n.startswith("_") and evaluate.element(v) is not None]


def _placeholders(shell: InteractiveShell) -> list[str]:
    found = []
    for name, value in shell.user_ns.items():
        element = None if name.startswith("_") else evaluate.element(value)
        if element is not None and operation_of(element).type.startswith("Placeholder"):
            found.append(name)
    return found


def _devices() -> list[str]:
    """Device names without asking torch, which may not be loaded: those of the session's kind come from `%devices`."""
    import sys

    names = ["/cpu:0"]
    torch = sys.modules.get("torch")
    if torch is not None:
        names += [f"/gpu:{i}" for i in range(torch.cuda.device_count())]
    return names
