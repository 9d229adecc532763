"""The public namespace: resolves `tf.a.b` by the one table of public names, and says plainly what is missing."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

from tfmagic.base import export

ROOT = "tfmagic.tf"


class NotSupportedYet(AttributeError):
    """A name of TensorFlow 1.15 that tfmagic does not have."""


class PublicModule(ModuleType):
    """A public module such as `tf.nn`: its names come from the table, and each is imported on first use."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = resolve(_path(self), name)
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # The import system hangs each module on its package: those that hold the code are no public names.
        if not (isinstance(value, ModuleType) and value.__name__ == f"{self.__name__}.{name}"
                and not isinstance(value, PublicModule)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*names_in(_path(self)), *(name for name in self.__dict__ if name.startswith("__"))})


def _path(module: PublicModule) -> str:
    return module.__name__[len(ROOT) + 1:]


def publish(module_name: str) -> None:
    """Make a package a public module: what it does not define itself comes from the table."""
    sys.modules[module_name].__class__ = PublicModule


def resolve(path: str, name: str) -> Any:
    """The object `tf.<path>.<name>`.

    Raises:
      NotSupportedYet: TensorFlow 1.15 has it, tfmagic does not.
      AttributeError: TensorFlow 1.15 has no such name.
    """
    full = f"{path}.{name}" if path else name
    try:
        return export.find(full)
    except LookupError:
        pass
    if full == "compat.v1":
        return sys.modules[ROOT]
    module = _submodule(full)
    if module is not None:
        return module
    if export.row(full) is not None or full.partition(".")[0] in _FOREIGN_PACKAGES:
        raise NotSupportedYet(f"tf.{full} is part of TensorFlow 1.15, but tfmagic does not have it yet. "
                              f"{_alternative(full)}")
    module_name = export.table().modules.get(path, "tensorflow")
    raise AttributeError(f"module '{module_name}' has no attribute '{name}'")


# Packages of TensorFlow 1.15 that tfmagic does not have at all.
_FOREIGN_PACKAGES = frozenset({"contrib", "estimator", "keras"})

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


def _submodule(path: str) -> ModuleType | None:
    name = f"{ROOT}.{path}"
    if name in sys.modules and isinstance(sys.modules[name], PublicModule):
        return sys.modules[name]
    if path not in _public_modules():
        return None
    parent = sys.modules.get(name.rpartition(".")[0])
    if (parent is None or hasattr(parent, "__path__")) and importlib.util.find_spec(name) is not None:
        return importlib.import_module(name)
    if path.partition(".")[0] in _FOREIGN_PACKAGES:
        return None
    module = sys.modules[name] = PublicModule(name, f"tf.{path}, resolved from the table of public names.")
    return module


@functools.cache
def _public_modules() -> frozenset[str]:
    return frozenset(export.table().modules) | {"python", "raw_ops"}


@functools.cache
def _all_names() -> dict[str, list[str]]:
    """The names in each public module, as TensorFlow 1.15 has them."""
    found: dict[str, list[str]] = {}
    for full in [*export.table().lines, *_public_modules()]:
        path, _, name = full.rpartition(".")
        found.setdefault(path, []).append(name)
    return found


def names_in(path: str) -> list[str]:
    """The names in `tf.<path>` that can be used (those that are not supported yet are left out)."""
    prefix = f"{path}." if path else ""
    return [name for name in _all_names().get(path, ()) if _is_usable(prefix + name)]


def _is_usable(full: str) -> bool:
    if full in _public_modules():
        return full == "raw_ops" or bool(names_in(full))
    return export.is_supported(full)
