"""The syntax tree of a Python function, found by the place of its code."""

from __future__ import annotations

import ast
import copy
import functools
import linecache
from types import CodeType, FunctionType

FunctionNode = ast.FunctionDef | ast.Lambda

_remembered: dict[str, ast.Module] = {}


class NoSourceError(Exception):
    """A function's source is not at hand, or does not say which of several functions it is."""


def remember(filename: str, tree: ast.Module) -> None:
    """Say what the code of a file was compiled from, where that is not what the file holds."""
    _remembered[filename] = copy.deepcopy(tree)


def tree_of(function: FunctionType) -> FunctionNode:
    """A copy of the tree of a function, at its place in the file.

    Raises:
      NoSourceError: it is not to be found.
    """
    code = function.__code__
    module = _remembered.get(code.co_filename) or _parsed("".join(linecache.getlines(code.co_filename,
                                                                                     function.__globals__)))
    found = [node for node in _functions(module).get(code.co_firstlineno, ()) if _may_be(node, code)]
    if len(found) > 1:
        found = [node for node in found if _holds(node, code)]
    if len(found) != 1:
        raise NoSourceError(f"{'several functions' if found else 'no function'} like {function.__qualname__} in line "
                            f"{code.co_firstlineno} of {code.co_filename}")
    return copy.deepcopy(found[0])


@functools.lru_cache(maxsize=64)
def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise NoSourceError(str(error)) from None


_tables: dict[int, tuple[ast.Module, dict[int, list[FunctionNode]]]] = {}


def _functions(module: ast.Module) -> dict[int, list[FunctionNode]]:
    """The functions of a file by the line with which their code begins."""
    known = _tables.get(id(module))
    if known is not None and known[0] is module:
        return known[1]
    table: dict[int, list[FunctionNode]] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            table.setdefault(node.decorator_list[0].lineno if node.decorator_list else node.lineno, []).append(node)
        elif isinstance(node, ast.Lambda):
            table.setdefault(node.lineno, []).append(node)
    if len(_tables) > 64:
        _tables.clear()
    _tables[id(module)] = (module, table)
    return table


def _may_be(node: FunctionNode, code: CodeType) -> bool:
    if isinstance(node, ast.Lambda) != (code.co_name == "<lambda>"):
        return False
    if isinstance(node, ast.FunctionDef) and node.name != code.co_name:
        return False
    arguments = node.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    plain = [name.rpartition("__")[2] if name.startswith("_") else name for name in code.co_varnames[:len(names)]]
    return len(names) == code.co_argcount + code.co_kwonlyargcount and all(
        a == b or a.endswith(b) for a, b in zip(names, plain))


def _holds(node: FunctionNode, code: CodeType) -> bool:
    """Whether all of the code stands where the node does."""
    positions = getattr(code, "co_positions", None)
    body = node.body if isinstance(node, ast.Lambda) else node
    if positions is None or not isinstance(body, ast.expr):
        named = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)} & set(code.co_names)
        return named == {name for name in code.co_names if not _is_attribute_only(node, name)}
    spots = [(line, column, end, end_column) for line, end, column, end_column in positions()
             if column is not None and end_column is not None and line is not None and (column or end_column)]
    return bool(spots) and (min(spots)[:2], max(spot[2:] for spot in spots)) == (
        (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset))


def _is_attribute_only(node: ast.AST, name: str) -> bool:
    nodes = list(ast.walk(node))
    return any(isinstance(n, ast.Attribute) and n.attr == name for n in nodes) and not any(
        isinstance(n, ast.Name) and n.id == name for n in nodes)
