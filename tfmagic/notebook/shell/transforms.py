"""Syntax-tree transformers: install commands go through `%tfmagic_install`, headers act on their cell's code."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Callable
from typing import Any

from tfmagic.notebook.legacy import alias, installs

INSTALL_MAGIC = "tfmagic_install"
FETCH_NAME = "__tfmagic_fetch__"
REFUSE_NAME = "__tfmagic_refuse__"

_SHELL_CELLS = frozenset({"bash", "sh", "script", "system", "sx", "!", "!!"})


def _method_of_shell(node: ast.Call) -> str:
    """The method's name in `get_ipython().method(...)`, else ""."""
    function = node.func
    if (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call)
            and isinstance(function.value.func, ast.Name) and function.value.func.id == "get_ipython"):
        return function.attr
    return ""


class PoliteInstalls(ast.NodeTransformer):
    """Sends shell and pip commands that install TensorFlow to the magic that leaves TensorFlow out of them.

    It works on the tree, after IPython has translated `!` and `%`, so text inside strings is never touched.
    """

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not alias.is_installed():
            return node
        method = _method_of_shell(node)
        texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if len(texts) != len(node.args):
            return node
        if method in ("system", "getoutput") and len(texts) == 1:
            return self._redirected(node, "!", texts[0])
        if method == "run_line_magic" and len(texts) == 2 and texts[0] in ("pip", "conda", "mamba"):
            return self._redirected(node, "%", f"{texts[0]} {texts[1]}")
        if method == "run_cell_magic" and len(texts) == 3 and texts[0] in _SHELL_CELLS:
            node.args[2] = ast.copy_location(ast.Constant(_shell_cell(texts[2])), node)
        return node

    def _redirected(self, node: ast.Call, mark: str, command: str) -> ast.Call:
        if installs.rewrite(command) is None:
            return node
        function = node.func
        assert isinstance(function, ast.Attribute)
        call = ast.Call(ast.Attribute(function.value, "run_line_magic", ast.Load()),
                        [ast.Constant(INSTALL_MAGIC), ast.Constant(mark + command)], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))


def _shell_cell(body: str) -> str:
    """A shell cell whose install lines leave TensorFlow out and say so."""
    lines = []
    for line in body.splitlines(keepends=True):
        found = installs.rewrite(line.rstrip("\n"))
        if found is not None:
            line = f"echo {shlex.quote(found.message())} >&2\n" + (found.command + "\n" if found.command else "")
        lines.append(line)
    return "".join(lines)


class HeaderEffects(ast.NodeTransformer):
    """What headers do to a cell's code: its last value is run in the session, or the cell is refused.

    Args:
      is_refused: whether the headers of the running cell ask for what cannot be done.
      is_fetched: whether the running cell's last value is to be run.
    """

    def __init__(self, is_refused: Callable[[], bool], is_fetched: Callable[[], bool]) -> None:
        self.is_refused = is_refused
        self.is_fetched = is_fetched

    def visit_Module(self, node: ast.Module) -> Any:
        if not node.body:
            return node
        last = node.body[-1]
        if self.is_refused():
            call = ast.Call(ast.Name(REFUSE_NAME, ast.Load()), [], [])
            node.body = [ast.fix_missing_locations(ast.copy_location(ast.Expr(call), node.body[0]))]
        elif self.is_fetched() and isinstance(last, ast.Expr) and not isinstance(last.value, ast.Await):
            call = ast.Call(ast.Name(FETCH_NAME, ast.Load()), [last.value], [])
            last.value = ast.fix_missing_locations(ast.copy_location(call, last.value))
        return node
