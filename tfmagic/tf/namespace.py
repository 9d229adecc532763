"""The public namespace: resolves `tf.a.b` by the one table of public names, and says plainly what is missing."""

from __future__ import annotations

import functools
import importlib
import sys
from importlib.machinery import PathFinder
from types import FrameType, ModuleType
from typing import Any

from tfmagic.base import export
from tfmagic.tf import before_one, internal, missing

ROOT = "tfmagic.tf"
_V1 = "compat.v1"
_INTERNAL = ("examples", "python")  # internal packages that programs reach as attributes
_BESIDE_THE_TABLE = ("raw_ops", _V1)  # public modules that hold what is listed elsewhere


class NotSupportedYet(AttributeError):
    """A name of TensorFlow 1.15 that tfmagic does not have."""


class PublicModule(ModuleType):
    """A public module such as `tf.nn`: its names come from the table, and each is imported on first use."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and not export.is_supported(
                full_name(self.__name__, name).removeprefix(_V1 + ".")):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        try:
            value = resolve(_path(self), name)
        except NotSupportedYet as error:
            # `from tf.train import X` would go on and say no more than that it cannot import X.
            if sys._getframe(1).f_code.co_name == "_handle_fromlist":
                raise ImportError(str(error), name=self.__name__) from None
            raise
        full = full_name(self.__name__, name)
        new = export.table_of(full).renamed.get(full) or before_one.ACCEPTED.get(full.removeprefix(_V1 + "."))
        if new and not _warned_of_old_name(full, new, sys._getframe(1)):
            return value  # not kept: the user's own first use is still to come
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # The import system hangs each module on its package: those that hold the code are no public names.
        if not _holds_code(value, self.__name__, name):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*names_in(_path(self)), *(name for name in self.__dict__ if name.startswith("__"))})


def _path(module: PublicModule) -> str:
    return module.__name__[len(ROOT) + 1:]


def _holds_code(value: Any, package: str, name: str) -> bool:
    return (isinstance(value, ModuleType) and not isinstance(value, PublicModule)
            and value.__name__ == f"{package}.{name}" and full_name(package, name) not in _BESIDE_THE_TABLE)


def full_name(package: str, name: str) -> str:
    """The public name of what a package of this namespace calls `name`."""
    return f"{package}.{name}"[len(ROOT) + 1:]


def publish(module_name: str) -> None:
    """Make a package a public module: what it does not define itself comes from the table."""
    module = sys.modules[module_name]
    for name in [name for name, value in vars(module).items() if _holds_code(value, module_name, name)]:
        delattr(module, name)
    module.__class__ = PublicModule


def _warned_of_old_name(full: str, new: str, user: FrameType) -> bool:
    """TensorFlow's warning at the first use of an old name; cells of notebooks get none, nor do they there.

    Returns:
      Whether it was a program's use, not one of ours.
    """
    from tfmagic.base import source, tf_logging  # most programs that use an old name are cells: see below

    if source.is_own(user.f_code):
        return False
    lines = source.lines(source.capture())
    place = next((line for line in lines if not line.filename.startswith("<frozen importlib")), None)
    if place is not None and not place.display_name.startswith("<"):
        tf_logging.warning("From %s: The name tf.%s is deprecated. Please use tf.%s instead.\n", place, full, new)
    return True


def resolve(path: str, name: str) -> Any:
    """The object `tf.<path>.<name>`.

    Raises:
      NotSupportedYet: TensorFlow 1.15 has it, tfmagic does not.
      AttributeError: TensorFlow 1.15 has no such name.
    """
    full = f"{path}.{name}" if path else name
    module_name = export.table_of(path).modules.get(path, f"tensorflow._api.v1.{path}") if path else "tensorflow"
    if path.startswith(_V1) and not _is_module(full.removeprefix(_V1 + ".")):
        path, full = path[len(_V1) + 1:], full[len(_V1) + 1:]
    if not _is_foreign(full):
        try:
            return export.find(full)
        except LookupError:
            pass
    if full in _BESIDES:
        return internal.module(_BESIDES[full])
    if full in _INTERNAL or (name == "python" and internal.is_module(f"tensorflow.{full}")):
        return internal.module(f"tensorflow.{full}")
    module = _submodule(full)
    if module is not None:
        return module
    own = full.removeprefix(_V1 + ".")
    if export.row(full) is not None or _is_foreign(own) or _is_module(full):
        raise NotSupportedYet(f"tf.{full} is part of TensorFlow 1.15, but tfmagic does not have it yet. "
                              f"{missing.alternative(own)}")
    if export.is_supported(before_one.ACCEPTED.get(own, "")):
        return export.find(before_one.ACCEPTED[own])
    advice = before_one.advice(own)
    raise AttributeError(f"module '{module_name}' has no attribute '{name}'" + (advice and f"\n{advice}"), name=name,
                         obj=sys.modules[f"{ROOT}.{path}" if path else ROOT])


# Internal modules that public ones of tf.contrib have under another name.
_BESIDES = {"contrib.framework.nest": "tensorflow.python.util.nest"}
# Packages of TensorFlow 1.15 that tfmagic does not have, and what it has of them all the same.
_FOREIGN = frozenset({"estimator", "keras"})
_OWN_PARTS = ("keras", "keras.datasets")


def _is_foreign(path: str) -> bool:
    path = path.removeprefix(_V1 + ".")
    return path.partition(".")[0] in _FOREIGN and path not in _OWN_PARTS and not path.startswith(_OWN_PARTS[1] + ".")


def _submodule(path: str) -> ModuleType | None:
    name = f"{ROOT}.{path}"
    if name in sys.modules and isinstance(sys.modules[name], PublicModule):
        return sys.modules[name]
    if not _is_module(path):
        return None
    folders = getattr(sys.modules[name.rpartition(".")[0]], "__path__", ())
    if PathFinder.find_spec(name, folders) is not None:
        return importlib.import_module(name)
    if _is_foreign(path) or (export.table_of(path) is not export.table() and not names_in(path)):
        return None
    module = sys.modules[name] = PublicModule(name, f"tf.{path}, resolved from the table of public names.")
    module.__path__ = []
    return module


def _is_module(path: str) -> bool:
    """Whether TensorFlow 1.15 has a public module of this name (compat.v1 has all but contrib)."""
    own = path.removeprefix(_V1 + ".")
    if own is not path and export.table_of(own) is not export.table():
        return False
    return own in _BESIDE_THE_TABLE or own in export.table_of(own).modules


@functools.cache
def _all_names(table: export.Table) -> dict[str, list[str]]:
    """The names in each public module, as TensorFlow 1.15 has them."""
    beside = [*_BESIDE_THE_TABLE, "contrib"] if table is export.table() else []
    found: dict[str, list[str]] = {}
    for full in [*table.lines, *table.modules, *beside]:
        path, _, name = full.rpartition(".")
        found.setdefault(path, []).append(name)
    return found


def names_in(path: str) -> list[str]:
    """The names in `tf.<path>` that can be used (those that are not supported yet are left out)."""
    v1, path = path, path.removeprefix(_V1).removeprefix(".")
    prefix = f"{path}." if path else ""
    return [name for name in _all_names(export.table_of(path)).get(path, ()) if (
        _is_usable(prefix + name) and not (name == "contrib" and v1 == _V1))]


def _is_usable(full: str) -> bool:
    if _is_foreign(full):
        return False
    if full in export.table_of(full).modules:
        return bool(names_in(full))
    return full in _BESIDE_THE_TABLE or export.is_supported(full)
