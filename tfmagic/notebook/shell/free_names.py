"""`%%graph --free`: names that a cell uses without making them become placeholders; nodes get the Python names."""

from __future__ import annotations

import ast
import builtins
import symtable
import unicodedata
from typing import TYPE_CHECKING, Any

from tfmagic.graph.operation import Operation
from tfmagic.notebook.shell import evaluate

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def unknown_names(code: str, known: Any) -> list[str]:
    """The global names that a cell reads before it makes them, in order of their first use.

    Args:
      code: the cell as Python.
      known: the names that exist already.
    """
    made: set[str] = set()
    found: dict[str, None] = {}

    def read(name: str) -> None:
        if name not in made and name not in known and not hasattr(builtins, name):
            found.setdefault(name)

    for statement in ast.parse(code).body:
        inside = _globals_of(statement)
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in inside:
                read(node.id)
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                read(node.target.id)
        made.update(_names_made(statement))
    return list(found)


def node_name(name: str) -> str:
    """A Python name as a name that a node may have: `α` becomes alpha, `preço` preco."""
    plain = "".join(_plain(c) for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return plain if plain[:1].isalnum() else "free" + plain


def _plain(character: str) -> str:
    """A letter, or what Unicode calls it, the last word of which tells it from others of its script."""
    return character if character.isascii() else unicodedata.name(character, "_").rpartition(" ")[2].lower()


def _globals_of(statement: ast.stmt) -> set[str]:
    """The names that are global at least in one of the scopes of a statement."""
    module = symtable.symtable(ast.unparse(statement), "<cell>", "exec")
    names: set[str] = {s.get_name() for s in module.get_symbols()}
    stack = list(module.get_children())
    while stack:
        table = stack.pop()
        names |= {s.get_name() for s in table.get_symbols() if s.is_global()}
        stack += table.get_children()
    return names


def _names_made(statement: ast.stmt) -> set[str]:
    made = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            made.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            made.add(node.name)
        elif isinstance(node, ast.alias):
            made.add((node.asname or node.name).partition(".")[0])
    return made


class FreeNames:
    """The names of one cell under `--free`."""

    def __init__(self, shell: InteractiveShell, code: str) -> None:
        self.shell = shell
        try:
            self.unknown = unknown_names(code, shell.user_ns)
            self.assigned = {n for s in ast.parse(code).body for n in _names_made(s)}
        except SyntaxError:
            # IPython shows the error itself when it compiles the cell.
            self.unknown, self.assigned = [], set()

    def make_placeholders(self) -> None:
        """Put a float placeholder of unknown shape behind every unknown name."""
        from tfmagic import tf

        for name in self.unknown:
            made = self.shell.user_ns[name] = tf.placeholder(tf.float32, name=node_name(name))
            made.op._frames = ()  # no line of the user's made it

    def names(self) -> dict[Operation, str]:
        """The Python name of each node that a name of the cell leads to."""
        namespace = self.shell.user_ns
        return names_of({name: namespace.get(name) for name in [*self.unknown, *sorted(self.assigned)]})


def names_of(named: dict[str, Any]) -> dict[Operation, str]:
    """The Python name of each node that one of the values stands for (the first, where there are several).

    Args:
      named: values by Python name; those that are no part of a graph do not count.
    """
    found: dict[Operation, str] = {}
    for name, value in named.items():
        element = evaluate.element(value)
        if element is not None:
            found.setdefault(evaluate.operation_of(element), name)
    return found
