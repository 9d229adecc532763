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
    for scope in _of_one_call(root, _calls(members)):
        if scope is not root and scope.kind == "scope" and not _is_repetition(scope):
            _mark(scope, members, readers, labelled)
    own = [child for child in root.children if not _is_boundary(child, members)]
    if len(own) == 1 and isinstance(own[0], Scope):
        own[0].is_library = False


def _calls(members: Mapping[str, list[Record]]) -> dict[str, Any]:
    """What is drawn -> the call in the user's code that made all of it; without what no library function makes."""
    calls: dict[str, Any] = {}
    imports = set()
    for name, records in members.items():
        call = _call(records[0])
        types = {records[0].type}
        for record in records[1:]:
            call = call if _call(record) == call else None
            types.add(record.type)
        if not PLACEHOLDER_TYPES.isdisjoint(types):
            imports.add(call)  # one call that makes placeholders and more imports a graph
        elif call and not name.endswith("/") and VARIABLE_TYPES.isdisjoint(types) and not any(
                record.boundary for record in records):
            calls[name] = call
    return {name: call for name, call in calls.items() if call not in imports}


def _call(record: Record) -> tuple[int, int] | None:
    frames = getattr(record.op, "_frames", ())
    return (id(frames[0][0]), frames[0][1]) if frames else None


def _of_one_call(root: Scope, calls: Mapping[str, Any]) -> list[Scope]:
    """The scopes of which one call made everything, the innermost first."""
    order = [root]
    for scope in order:
        order += [child for child in scope.children if isinstance(child, Scope)]
    made: dict[Any, Any] = dict(calls)
    for scope in reversed(order):
        found = {made.get(child) for child in scope.children}
        if len(found) == 1 and (call := found.pop()) is not None:
            made[scope] = call
    return [scope for scope in reversed(order) if scope in made]


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
