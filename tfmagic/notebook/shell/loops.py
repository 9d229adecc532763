"""How far a cell's loop is: read from its source and from the loop's variable, without touching the code."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

_QUIET = frozenset({"print", "range", "len"})  # calls that run nothing of the graph


def share_of(code: str, namespace: Mapping[str, Any]) -> Callable[[], float | None]:
    """A function that says how much of the cell's loop is done, from 0 to 1; None where its length is not known.

    Args:
      code: the cell. Of its loops the first at the top that runs something counts, with the loops within it.
      namespace: the user's names, which hold the loop variables while it runs.
    """
    loops = _loops(code)

    def share() -> float | None:
        done, size = 0.0, 1.0
        for i, loop in enumerate(loops):
            found = _place(loop, namespace)
            if found is None:
                return done if i and done else None
            at, count = found
            size /= count
            done += at * size
        return min(1.0, done + (size if loops else 0.0)) if loops else None

    return share


def _loops(code: str) -> list[ast.For]:
    """The loops around the cell's first run, outside in."""
    try:
        body: list[ast.stmt] = ast.parse(code).body
    except SyntaxError:
        return []
    found: list[ast.For] = []
    while True:
        inner = [node for node in _statements(body) if isinstance(node, ast.For) and _has_run(node)]
        if not inner:
            return found
        found.append(inner[0])
        body = inner[0].body


def _statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements, also those within `with`, `if` and `try`, in order."""
    found: list[ast.stmt] = []
    for node in body:
        found.append(node)
        if isinstance(node, ast.With | ast.If | ast.Try):
            found += _statements(node.body)
    return found


def _has_run(loop: ast.For) -> bool:
    return any(isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
               and not (isinstance(node.func, ast.Name) and node.func.id in _QUIET)
               for statement in loop.body for node in ast.walk(statement))


def _place(loop: ast.For, namespace: Mapping[str, Any]) -> tuple[float, int] | None:
    """At which turn a loop is, and how many it has."""
    target, over = loop.target, loop.iter
    is_counted = False
    while isinstance(over, ast.Call) and over.args:
        name = over.func.attr if isinstance(over.func, ast.Attribute) else getattr(over.func, "id", "")
        if name == "enumerate" and isinstance(target, ast.Tuple) and len(over.args) == 1 and not over.keywords:
            target, over, is_counted = target.elts[0], over.args[0], True
        elif name == "tqdm":
            over = over.args[0]
        elif name in ("range", "trange"):
            numbers = [_number(argument, namespace) for argument in over.args]
            if any(value is None for value in numbers):
                return None
            try:
                turns: Any = range(*numbers)  # type: ignore[arg-type]
            except (TypeError, ValueError):
                return None
            return _turn(target, range(len(turns)) if is_counted else turns, namespace)
        else:
            return None
    items = namespace.get(over.id) if isinstance(over, ast.Name) else None
    if is_counted and isinstance(items, list | tuple | range) and items:
        return _turn(target, range(len(items)), namespace)
    return None


def _turn(target: ast.expr, turns: range, namespace: Mapping[str, Any]) -> tuple[float, int] | None:
    value = namespace.get(target.id) if isinstance(target, ast.Name) else None
    if not isinstance(value, int) or value not in turns:
        return None
    return turns.index(value), len(turns)


def _number(node: ast.expr, namespace: Mapping[str, Any]) -> int | None:
    """The whole number that an expression of constants and names gives, without running any code of the user."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, int) else None
    if isinstance(node, ast.Name):
        value = namespace.get(node.id)
        return value if isinstance(value, int) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand, namespace)
        return None if inner is None else -inner
    if isinstance(node, ast.BinOp):
        left, right = _number(node.left, namespace), _number(node.right, namespace)
        if left is None or right is None:
            return None
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Sub):
            return left - right
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.FloorDiv) and right:
            return left // right
    return None
