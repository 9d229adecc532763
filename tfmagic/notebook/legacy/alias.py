"""The import name `tensorflow`: an import hook that leads it, and TensorFlow's internal modules, to tfmagic."""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType

from tfmagic.base import messages
from tfmagic.tf import internal, missing
from tfmagic.tf.internal import InternalModule
from tfmagic.tf.namespace import NotSupportedYet

_HOME = "tfmagic.tf"


def missing_message(fullname: str) -> str:
    """What to say when a program imports a part of TensorFlow that tfmagic does not have."""
    name = fullname.partition(".")[2]
    if missing.is_listed(name):
        return f"tfmagic has no {fullname}. {missing.alternative(name)}"
    parent, _, name = fullname.rpartition(".")
    if internal.is_module(parent):
        return internal.unknown_name(parent, name)
    try:
        internal.public(fullname.partition(".")[2])
    except NotSupportedYet as error:
        return str(error)
    except AttributeError:
        return f"TensorFlow 1.15 has no module {fullname}."
    return f"{fullname} is no module: write `from {parent} import {name}`."


def _public_module(fullname: str) -> ModuleType | None:
    """The module of the public namespace that `tensorflow.x.y` names, or None."""
    try:
        thing = internal.public(fullname.partition(".")[2])
    except AttributeError:
        return None
    return thing if isinstance(thing, ModuleType) else None


def _find(fullname: str) -> ModuleType | None:
    """The module that the import name stands for, or None."""
    if fullname == "tensorflow":
        return importlib.import_module(_HOME)
    if internal.is_module(fullname):
        return internal.module(fullname)
    proto = internal.proto_module(fullname)
    if proto is not None:
        return messages.module(proto)
    return _public_module(fullname)


class _Loader(importlib.abc.Loader):
    """Hands out a module that was found already in place of the empty one that the import system made."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        if isinstance(self.module, InternalModule):
            self.module.__spec__ = module.__spec__
        if not hasattr(self.module, "__path__"):
            # Python imports `a.b.c` only from an `a.b` that has a path, even an empty one.
            self.module.__path__ = []
            _alias.opened.append(self.module)
        sys.modules[module.__name__] = self.module


class _Finder(importlib.abc.MetaPathFinder):
    """Answers for `tensorflow` and everything below it."""

    def find_spec(self, fullname: str, path: Sequence[str] | None,
                  target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        if fullname != "tensorflow" and not fullname.startswith("tensorflow."):
            return None
        module = _find(fullname)
        if module is None:
            # The import system swallows an error that carries the very name it asked for, and its text with it.
            raise ModuleNotFoundError(missing_message(fullname), name="tensorflow")
        return importlib.machinery.ModuleSpec(fullname, _Loader(module), is_package=True)


class _Alias:
    """Whether the hook is in place, and what stood there before."""

    def __init__(self) -> None:
        self.finder: _Finder | None = None
        self.displaced: dict[str, ModuleType] = {}
        self.opened: list[ModuleType] = []


_alias = _Alias()


def _take_out() -> dict[str, ModuleType]:
    """Remove `tensorflow` and everything below it from the loaded modules."""
    found = [name for name in sys.modules if name == "tensorflow" or name.startswith("tensorflow.")]
    return {name: sys.modules.pop(name) for name in found}


def is_installed() -> bool:
    """Whether `import tensorflow` leads to tfmagic now."""
    return _alias.finder is not None


def real_tensorflow() -> str | None:
    """The version of a real TensorFlow in this environment, or None.

    Returns:
      Its version, or "of unknown version" where the installation does not say.
    """
    from importlib import metadata

    if is_installed():
        module = _alias.displaced.get("tensorflow")
        return None if module is None else str(getattr(module, "__version__", "of unknown version"))
    if "tensorflow" not in sys.modules and importlib.util.find_spec("tensorflow") is None:
        return None
    for distribution in ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-intel", "tf-nightly"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            return metadata.version(distribution)
    return "of unknown version"


def install(force: bool = False) -> bool:
    """Make `import tensorflow` lead to tfmagic.

    Args:
      force: also when a real TensorFlow is installed or imported already.

    Returns:
      Whether the name leads to tfmagic now.
    """
    if is_installed():
        return True
    if not force and real_tensorflow() is not None:
        return False
    _alias.displaced = _take_out()
    _alias.finder = _Finder()
    sys.meta_path.insert(0, _alias.finder)
    return True


def uninstall() -> None:
    """Undo `install`: the import system and the loaded modules are as they were before."""
    if _alias.finder is None:
        return
    sys.meta_path.remove(_alias.finder)
    _alias.finder = None
    for name, module in _take_out().items():
        parent = sys.modules.get(_HOME)
        # Importing `tensorflow.python` also set it as an attribute of the namespace itself.
        if isinstance(module, InternalModule) and parent is not None and name.count(".") == 1:
            parent.__dict__.pop(name.partition(".")[2], None)
    for module in _alias.opened:
        module.__dict__.pop("__path__", None)
    sys.modules.update(_alias.displaced)
    _alias.opened, _alias.displaced = [], {}
