"""`@export`: gives an object its public TensorFlow name; aliases and homes come from the tables of public names."""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

from tfmagic.base import dispatch, messages

T = TypeVar("T")

_exported: dict[str, Any] = {}


class PublicName:
    """One row of the table: a public object of TensorFlow 1.15.

    Attributes:
      names: its public names, the canonical one first.
      module: the module of TensorFlow that defines it, "" for a constant without one.
      attribute: its name there.
      home: the module that defines it here, "" where tfmagic does not have it.
    """

    __slots__ = ("names", "module", "attribute", "home")

    def __init__(self, line: str):
        names, origin, home = line.split(" |")
        self.names = tuple(word.partition(">")[0] for word in names.split())
        module, _, attribute = origin.strip().partition(":")
        self.module = "" if module == "-" else "tensorflow.python" + module if module[0] == "." else module
        self.attribute = attribute or self.names[0].rpartition(".")[2]
        self.home = home.strip()

    def load(self) -> Any:
        """The object itself; its home is imported on first use.

        Raises:
          LookupError: the home does not define it: the table is stale.
        """
        package, _, name = self.home.rpartition(".")
        home = messages.module(name) if package == messages.HOME else importlib.import_module("tfmagic." + self.home)
        for name in self.names:
            if name in _exported:
                return _exported[name]
        try:
            thing = getattr(home, self.attribute)
        except AttributeError:
            raise LookupError(f"{home.__name__} does not define tf.{self.names[0]}: run `python -m tables`") from None
        self.name(thing)
        return thing

    def name(self, thing: Any) -> None:
        """Give a class or function the name and module that it has in TensorFlow: its repr and its pickle are those."""
        if self.module and (isinstance(thing, (type, FunctionType))) and not hasattr(
                thing, "DESCRIPTOR"):
            layer: Any = thing
            while layer is not None:  # a decorated function: the layers within too
                layer.__module__ = self.module
                layer.__name__ = layer.__qualname__ = self.attribute
                layer = getattr(layer, "__wrapped__", None)


class Table:
    """A whole table, each line parsed when it is asked for.

    Args:
      file: its name in this folder.

    Attributes:
      lines: the line of each public name.
      modules: the public modules, with their names in TensorFlow.
      renamed: old names whose use prints a warning, with the name that it recommends.
    """

    __slots__ = ("lines", "modules", "renamed")

    def __init__(self, file: str) -> None:
        self.lines: dict[str, str] = {}
        self.modules: dict[str, str] = {}
        self.renamed: dict[str, str] = {}
        with open(os.path.join(os.path.dirname(__file__), file), encoding="utf-8") as text:
            for line in text:
                if line[0] == "#":
                    continue
                names = line[:line.index(" | ")]
                if names[:7] == "module ":
                    self.modules[names[7:]] = line[len(names) + 3:].strip()
                    continue
                for name in names.split():
                    if ">" in name:
                        name, _, new = name.partition(">")
                        self.renamed[name] = new or "compat.v1." + name
                    self.lines[name] = line


@functools.cache
def table() -> Table:
    """The table of public names (read on first use)."""
    return Table("exports.txt")


@functools.cache
def contrib_table() -> Table:
    """The table of the names of `tf.contrib` (read when a program uses one)."""
    return Table("contrib.txt")


def table_of(name: str) -> Table:
    """The table that would have the public name or module `name`."""
    return contrib_table() if name.partition(".")[0] == "contrib" else table()


@functools.cache
def row(name: str) -> PublicName | None:
    """What the table says of a public name, or None."""
    line = table_of(name).lines.get(name)
    if line is None:
        return None
    same = line.partition(" | =")[2]  # the object of another name
    return row(same.partition(" ")[0]) if same else PublicName(line)


def export(*names: str) -> Callable[[T], T]:
    """Decorator: make an object public under `names` (the aliases follow from the table).

    A class or function also takes over its name and module in TensorFlow, and a function that takes values of other
    kinds than tensors (`base.dispatch`) learns to.
    """

    def register(thing: T) -> T:
        if names[0] in dispatch.FUNCTIONS:
            thing = dispatch.dispatched(names[0], thing)
        for name in names:
            _exported[name] = thing
        public = row(names[0])
        if public is not None:
            public.name(thing)
        return thing

    return register


def find(name: str) -> Any:
    """The public object `tf.<name>`; the module that defines it is imported on first use.

    Raises:
      LookupError: tfmagic has no such object.
    """
    public = row(name)
    if public is None or not public.home:
        raise LookupError(name)
    return public.load()


def is_supported(name: str) -> bool:
    """Whether tfmagic has the public object `tf.<name>`."""
    public = row(name)
    return public is not None and bool(public.home)


def exported() -> dict[str, Any]:
    """Every object of the modules imported so far by the name that it was given in code."""
    return _exported


def internal_module(name: str) -> str:
    """The TensorFlow module in which the public object `name` is defined ("tensorflow.python.ops.math_ops")."""
    public = row(name)
    return (public.module if public is not None else "") or "tensorflow"
