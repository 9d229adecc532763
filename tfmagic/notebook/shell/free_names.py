"""`%%graph --free`: names that a cell uses without making them become placeholders; nodes get the Python names."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from tfmagic.graph.operation import Operation
from tfmagic.notebook.shell import evaluate
from tfmagic.notebook.shell.used_names import UsedNames

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def node_name(name: str) -> str:
    """A Python name as a name that a node may have: `α` becomes alpha, `preço` preco."""
    plain = "".join(_plain(c) for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return plain if plain[:1].isalnum() else "free" + plain


def _plain(character: str) -> str:
    """A letter, or what Unicode calls it, the last word of which tells it from others of its script."""
    return character if character.isascii() else unicodedata.name(character, "_").rpartition(" ")[2].lower()


class FreeNames:
    """The names of one cell under `--free`."""

    def __init__(self, shell: InteractiveShell, code: str) -> None:
        self.shell = shell
        try:
            used = UsedNames(code, shell.user_ns)
            self.unknown, self.assigned = used.unknown, used.made
        except SyntaxError:
            # IPython shows the error itself when it compiles the cell.
            self.unknown, self.assigned = [], []

    def make_placeholders(self) -> None:
        """Put a float placeholder of unknown shape behind every unknown name."""
        from tfmagic import tf

        for name in self.unknown:
            made = self.shell.user_ns[name] = tf.placeholder(tf.float32, name=node_name(name))
            made.op._frames = ()  # no line of the user's made it

    def names(self) -> dict[Operation, str]:
        """The Python name of each node that a name of the cell leads to."""
        namespace = self.shell.user_ns
        return names_of({name: namespace.get(name) for name in [*self.unknown, *sorted(set(self.assigned))]})


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
