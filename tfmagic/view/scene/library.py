"""Library scopes: the name scopes that one call of a library function opened, which are one thing to the reader.

`tf.nn.softmax_cross_entropy_with_logits` or `tf.nn.dropout` leave some twenty operations behind that nobody wrote. Such
a scope is told from the user's own by where its operations were made: all by one call in one line.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from tfmagic.view.scene.records import PLACEHOLDER_TYPES, VARIABLE_TYPES, Record
from tfmagic.view.scene.scopes import NUMBER, Scope


def mark_library_scopes(root: Scope, members: Mapping[str, list[Record]], flows: Iterable[tuple[str, str]],
                        labelled: Container[str]) -> None:
    """Set `is_library` and `result` of the scopes that a library function opened.

    A scope stays the user's when it holds a variable, something from outside, an auxiliary part, or a thing with a
    Python name other than its result. A drawing of nothing but one such scope is asked for what is in it.

    Args:
      root: the tree of scopes.
      members: what is drawn -> the operations that it stands for; the name of an auxiliary part ends in "/".
      flows: (from, to) between things drawn.
      labelled: operations that have a Python name.
    """
    readers: dict[str, list[str]] = {}
    for source, target in flows:
        readers.setdefault(source, []).append(target)
    calls = _calls(members)
    stack = [root]
    while stack:
        for child in stack.pop().children:
            if isinstance(child, Scope):
                stack.append(child)
                if child.kind == "scope" and _is_one_call(child, calls) and not _is_repetition(child):
                    _mark(child, members, readers, labelled)
    own = [child for child in root.children if not _is_boundary(child, members)]
    if len(own) == 1 and isinstance(own[0], Scope):
        own[0].is_library = False


def _calls(members: Mapping[str, list[Record]]) -> dict[str, Any]:
    """What is drawn -> the call in the user's code that made all of it; without what no library function makes."""
    calls: dict[str, Any] = {}
    imports = set()
    for name, records in members.items():
        found = {_call(record) for record in records}
        call = found.pop() if len(found) == 1 else None
        if any(record.type in PLACEHOLDER_TYPES for record in records):
            imports.add(call)  # one call that makes placeholders and more imports a graph
        elif call and not name.endswith("/") and not any(r.boundary or r.type in VARIABLE_TYPES for r in records):
            calls[name] = call
    return {name: call for name, call in calls.items() if call not in imports}


def _call(record: Record) -> tuple[int, int] | None:
    frames = getattr(record.op, "_frames", ())
    return (id(frames[0][0]), frames[0][1]) if frames else None


def _is_one_call(scope: Scope, calls: Mapping[str, Any]) -> bool:
    found = {calls.get(name) for name in scope.elements()}
    return len(found) == 1 and None not in found


def _is_repetition(scope: Scope) -> bool:
    """Whether a scope holds one thing several times over: a loop of the user's comes back to the same line."""
    names = [child if isinstance(child, str) else child.name for child in scope.children]
    return len({NUMBER.sub("", name.rpartition("/")[2]) for name in names}) == 1


def _mark(scope: Scope, members: Mapping[str, list[Record]], readers: Mapping[str, list[str]],
          labelled: Container[str]) -> None:
    elements = list(scope.elements())
    inside = set(elements)
    results = [name for name in elements if any(target not in inside for target in readers.get(name, ()))]
    if not results:
        results = elements[-1:]
    result = results[0] if len(results) == 1 else ""
    if all(name == result for name in elements if any(record.name in labelled for record in members[name])):
        scope.is_library, scope.result = True, result


def _is_boundary(child: str | Scope, members: Mapping[str, list[Record]]) -> bool:
    names = [child] if isinstance(child, str) else child.elements()
    return all(record.boundary for name in names for record in members.get(name, ()))
