"""`@export`: gives an object its public TensorFlow name; every alias comes from the one table `exports.txt`."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, TypeVar

T = TypeVar("T")

_exported: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class PublicName:
    """One row of the table: a public object of TensorFlow 1.15."""

    names: tuple[str, ...]
    module: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Names:
    """The whole table: rows by public name, and the names of the public modules."""

    rows: dict[str, PublicName]
    modules: frozenset[str]


@functools.cache
def table() -> Names:
    """Read `exports.txt` (parsed once, on first use)."""
    rows: dict[str, PublicName] = {}
    modules: frozenset[str] = frozenset()
    for line in files("tfmagic.base").joinpath("exports.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        if line.startswith("module "):
            modules = frozenset(line.split()[1:])
            continue
        names, module, *attribute = line.split(" | ")
        public = tuple(names.split())
        module = "tensorflow.python" + module if module.startswith(".") else module
        row = PublicName(public, module, attribute[0] if attribute else public[0].rpartition(".")[2])
        for name in public:
            rows.setdefault(name, row)
    return Names(rows, modules)


def export(*names: str) -> Callable[[T], T]:
    """Decorator: make an object public under `names` (the aliases follow from the table).

    A class also takes over the module that TensorFlow defines it in, so that its repr is TensorFlow's.
    """

    def register(thing: T) -> T:
        for name in names:
            _exported[name] = thing
        if isinstance(thing, type):
            row = table().rows.get(names[0])
            if row is not None and row.module != "-":
                thing.__module__ = row.module
        return thing

    return register


@dataclass(frozen=True, slots=True)
class Lazy:
    """Stands for an exported object whose module is imported on first use."""

    module: str
    attribute: str

    def load(self) -> Any:
        return getattr(importlib.import_module(self.module), self.attribute)


def exported() -> dict[str, Any]:
    """Every exported object by the name that it was given in code."""
    return _exported


def internal_module(name: str) -> str:
    """The TensorFlow module in which the public object `name` is defined ("tensorflow.python.ops.math_ops")."""
    row = table().rows.get(name)
    return row.module if row is not None and row.module != "-" else "tensorflow"
