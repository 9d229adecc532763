"""The public namespace: resolves `tf.a.b` by the one table of public names, and says plainly what is missing."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

from tfmagic.base import export
from tfmagic.ops import raw

ROOT = "tfmagic.tf"


class NotSupportedYet(AttributeError):
    """A name of TensorFlow 1.15 that tfmagic does not have."""


class PublicModule(ModuleType):
    """A public module without a file of its own, such as `tf.dtypes`: all its names come from the table."""

    def __init__(self, path: str):
        super().__init__(f"{ROOT}.{path}", f"tf.{path}, resolved from the table of TensorFlow 1.15's public names.")
        self._path = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = resolve(self._path, name)
        self.__dict__[name] = value
        return value

    def __dir__(self) -> list[str]:
        return names_in(self._path)

    def __repr__(self) -> str:
        return f"<module 'tf.{self._path}'>"


def attach(path: str) -> tuple[Any, Any]:
    """`__getattr__` and `__dir__` for a public module that is a file: names it does not define come from the table."""
    module_name = f"{ROOT}.{path}" if path else ROOT

    def __getattr__(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {module_name!r} has no attribute {name!r}")
        value = resolve(path, name)
        setattr(sys.modules[module_name], name, value)
        return value

    def __dir__() -> list[str]:
        return names_in(path)

    return __getattr__, __dir__


def resolve(path: str, name: str) -> Any:
    """The object `tf.<path>.<name>`.

    Raises:
      NotSupportedYet: TensorFlow 1.15 has it, tfmagic does not.
      AttributeError: TensorFlow 1.15 has no such name.
    """
    full = f"{path}.{name}" if path else name
    found = _object(full)
    if isinstance(found, export.Lazy):
        return found.load()
    if found is not None:
        return found
    if full == "compat.v1":
        return sys.modules[ROOT]
    module = _submodule(full)
    if module is not None:
        return module
    table = export.table()
    if full in table.rows or full.partition(".")[0] in _FOREIGN_PACKAGES:
        raise NotSupportedYet(f"tf.{full} is part of TensorFlow 1.15, but tfmagic does not have it yet. "
                              f"{_alternative(full)}")
    raise AttributeError(f"module 'tensorflow{'.' + path if path else ''}' has no attribute {name!r}")


# Packages that TensorFlow 1.15 loads lazily too.
LOADED_ON_FIRST_USE = frozenset({"contrib", "estimator", "keras", "raw_ops"})
_FOREIGN_PACKAGES = LOADED_ON_FIRST_USE - {"raw_ops"}

_ALTERNATIVES = {
    "contrib": "tf.contrib was never part of the stable API; most of its layers and losses have a twin in tf.layers, "
               "tf.losses, tf.nn or tf.train.",
    "keras": "The same model can be written with tf.layers, or with keras on its torch backend.",
    "estimator": "Write the training loop with a tf.Session, or use torch.",
    "lite": "Export the graph with tfmagic.to_module and use ExecuTorch.",
    "data": "Feed batches from NumPy arrays through placeholders.",
    "distribute": "Use tf.device, or torch.distributed on the module that tfmagic.to_module gives.",
}


def _alternative(full: str) -> str:
    return _ALTERNATIVES.get(full.partition(".")[0],
                             "tf.raw_ops has every op for building and drawing a graph; tf.py_func runs Python code.")


def _object(full: str) -> Any:
    exported = export.exported()
    if full in exported:
        return exported[full]
    row = export.table().rows.get(full)
    if row is None:
        return None
    for alias in row.names:
        if alias in exported:
            return exported[alias]
    if row.attribute.startswith("raw:"):
        return getattr(raw, row.attribute[4:])
    return None


def _submodule(path: str) -> ModuleType | None:
    name = f"{ROOT}.{path}"
    if name in sys.modules:
        return sys.modules[name]
    if path not in _public_modules():
        return None
    parent = sys.modules.get(name.rpartition(".")[0])
    if (parent is None or hasattr(parent, "__path__")) and importlib.util.find_spec(name) is not None:
        return importlib.import_module(name)
    if path.partition(".")[0] in _FOREIGN_PACKAGES:
        return None
    module = sys.modules[name] = PublicModule(path)
    return module


@functools.cache
def _public_modules() -> frozenset[str]:
    return export.table().modules | {"python", "contrib"}


@functools.cache
def _all_names() -> dict[str, list[str]]:
    """The names in each public module, as TensorFlow 1.15 has them."""
    found: dict[str, list[str]] = {}
    table = export.table()
    for full in [*table.rows, *table.modules, *export.exported()]:
        path, _, name = full.rpartition(".")
        found.setdefault(path, []).append(name)
    return {path: sorted(set(items)) for path, items in found.items()}


def names_in(path: str) -> list[str]:
    """The names in `tf.<path>` that can be used (those that are not supported yet are left out)."""
    prefix = f"{path}." if path else ""
    return [name for name in _all_names().get(path, []) if _supported(prefix + name)]


def _supported(full: str) -> bool:
    row = export.table().rows.get(full)
    if row is None:
        return full in export.exported() or full in _public_modules()
    return row.attribute.startswith("raw:") or any(alias in export.exported() for alias in (full, *row.names))
