"""Which variables a statement changes, and which of them are read later."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from tfmagic.tf.autograph.lowering import LOOPS

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def changed(statements: Sequence[ast.stmt]) -> list[str]:
    """The names that statements assign to, plain (`x`) and of attributes (`self.x`), in the order of the text."""
    found: dict[str, None] = {}
    for statement in statements:
        for name in _stored(statement):
            found.setdefault(name)
    return list(found)


def _stored(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        yield node.name
        return
    if isinstance(node, (ast.Lambda, *_COMPREHENSIONS)):
        return
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
        name = _dotted(node)
        if name:
            yield name
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
    for child in ast.iter_child_nodes(node):
        yield from _stored(child)


def _dotted(node: ast.expr) -> str:
    """`a.b.c` as text, "" for an attribute of anything but names."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value)
        return owner and f"{owner}.{node.attr}"
    return ""


def read(node: ast.AST) -> set[str]:
    """The names that are read anywhere in a node."""
    found = {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load)}
    found.update(statement.target.id for statement in ast.walk(node)
                 if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name))
    return found


class Liveness:
    """What is live where in the statements of one function.

    Attributes:
      after: by `if` or loop, the names whose values are read after it.
      begin: by loop, the names whose values are read by its test or by an iteration.

    Args:
      body: the statements, lowered.
      tests: by loop, the flags that it asks for besides.
    """

    def __init__(self, body: Sequence[ast.stmt], tests: Mapping[ast.AST, list[str]]):
        self._tests = tests
        # A function that is defined here may be called anywhere.
        self._always = {name for statement in body for node in ast.walk(statement) if isinstance(node, _FUNCTIONS)
                        for name in read(node)}
        self.after: dict[ast.AST, set[str]] = {}
        self.begin: dict[ast.AST, set[str]] = {}
        self._block(body, set(self._always))

    def _block(self, statements: Sequence[ast.stmt], live: set[str]) -> set[str]:
        for statement in reversed(statements):
            live = self._statement(statement, live)
        return live

    def _statement(self, node: ast.stmt, live: set[str]) -> set[str]:
        if isinstance(node, ast.Return):
            return self._always | (read(node.value) if node.value else set())
        if isinstance(node, ast.If):
            self.after[node] = self.after.get(node, set()) | live
            return read(node.test) | self._block(node.body, live) | self._block(node.orelse, live)
        if isinstance(node, LOOPS):
            return self._loop(node, live)
        if isinstance(node, ast.With):
            inner = self._block(node.body, live)
            for item in reversed(node.items):
                inner = inner - set(_stored(item)) | read(item)
            return inner
        if isinstance(node, ast.Try):
            live = self._block(node.finalbody, live)
            rest = self._block(node.orelse, live)
            for handler in node.handlers:
                rest = rest | self._block(handler.body, live) | (read(handler.type) if handler.type else set())
            # Any part of the body may be the last that runs.
            return rest | self._block(node.body, rest) | read(node)
        killed = {name for name in _stored(node) if "." not in name} if not isinstance(node, ast.Delete) else set()
        return live - killed | read(node)

    def _loop(self, node: ast.While | ast.For, live: set[str]) -> set[str]:
        self.after[node] = self.after.get(node, set()) | live
        asked = set(self._tests.get(node, ()))
        if isinstance(node, ast.While):
            asked |= read(node.test)
        target = set(_stored(node.target)) if isinstance(node, ast.For) else set()
        begin = live | asked
        while True:
            wider = begin | (self._block(node.body, begin) - target)
            if wider == begin:
                break
            begin = wider
        self.begin[node] = asked | (self._block(node.body, begin) - target)
        return begin | (read(node.iter) if isinstance(node, ast.For) else set())
