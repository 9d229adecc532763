"""The global names that a cell makes and those that it reads before it makes them, as Python's own compiler sees them.

The instructions of the compiled cell stand in the order in which they run, and the compiler has decided already which
names are global: what comprehensions, functions, classes, `global` and `as` bind is none of this module's business.
"""

from __future__ import annotations

import ast
import builtins
import dis
import inspect
from collections.abc import Container, Sequence
from types import CodeType

_LOADS = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS")
_MAKES_FUNCTION = ("LOAD_CONST", "MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE")
_LAZY = "__annotate__"  # annotations that nobody may ever ask for (Python 3.14)


class UsedNames:
    """The names of one cell.

    Attributes:
      unknown: the global names that it reads before it makes them, in order of their first use.
      made: the global names that it makes, in order.

    Args:
      code: the cell as Python.
      known: the names that exist already.

    Raises:
      SyntaxError: it is no Python.
    """

    def __init__(self, code: str, known: Container[str]) -> None:
        self._known = known
        self._there: set[str] = set()
        self._unknown: dict[str, None] = {}
        self._made: dict[str, None] = {}
        self._waiting: dict[str, list[CodeType]] = {}  # bodies of functions, by the name that leads to them
        self._run(compile(code, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True), None, "")
        while self._waiting:  # what the cell defines and does not call: by then all names of the cell are there
            self._call(next(iter(self._waiting)))
        self.unknown, self.made = list(self._unknown), list(self._made)

    def _run(self, code: CodeType, own: set[str] | None, holder: str | None) -> None:
        """Follow the instructions of a code object.

        Args:
          code: the cell, a class body, or the body of a function that is called.
          own: the names of a class body.
          holder: whose use calls the functions made here: a class's name; "" for the function's own; None: they are
            called at once.
        """
        instructions = list(dis.get_instructions(code))
        for index, (name, value) in enumerate((i.opname, i.argval) for i in instructions):
            if isinstance(value, CodeType):
                self._meet(value, holder, instructions[index + 1:])
            elif name in _LOADS:
                if own is None or value not in own:
                    self._read(value)
            elif name == "STORE_NAME" and own is not None:
                own.add(value)
            elif name in ("STORE_NAME", "STORE_GLOBAL"):
                self._there.add(value)
                self._made.setdefault(value)
            elif name == "DELETE_GLOBAL" or name == "DELETE_NAME" and own is None:
                self._there.discard(value)

    def _meet(self, code: CodeType, holder: str | None, rest: Sequence[dis.Instruction]) -> None:
        """A class body or comprehension runs where it stands; a function when its name is used."""
        if code.co_name == _LAZY:
            return
        if not code.co_flags & inspect.CO_OPTIMIZED:
            self._run(code, set(), None if holder is None else holder or code.co_name)
            return
        name = holder or code.co_name
        if name == "<lambda>":  # waits if it is given a name, else it is called by what takes it
            after = next((i for i in rest if i.opname not in _MAKES_FUNCTION), None)
            name = after.argval if after is not None and after.opname == "STORE_NAME" else name
        if holder is None or name.startswith("<"):
            self._run(code, None, None)
        else:
            self._waiting.setdefault(name, []).append(code)

    def _read(self, name: str) -> None:
        self._call(name)
        is_python = hasattr(builtins, name) or name.startswith("__") and name.endswith("__")
        if name not in self._there and name not in self._known and not is_python:
            self._unknown.setdefault(name)

    def _call(self, name: str) -> None:
        for code in self._waiting.pop(name, ()):
            self._run(code, None, None)
