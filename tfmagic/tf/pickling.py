"""Lets pickle find public classes, which carry the names of TensorFlow's modules, where nothing else answers to them.

`tf.TensorShape` says that it is defined in `tensorflow.python.framework.tensor_shape`, as in TensorFlow, and pickle
imports that name. With the `tensorflow` alias it is there. Without it a last finder of the import system answers when
pickle asks, and only then: `import tensorflow` goes on failing, and the name is gone again once pickle has its object.
"""

from __future__ import annotations

import importlib
import opcode
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import Any

from tfmagic.base import export
from tfmagic.tf import internal

_ROOT = "tensorflow"


class _Module(ModuleType):
    """One of TensorFlow's modules as pickle sees it; nothing is kept on it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _forget_root()
        if _is_public(self.__name__):
            return internal.public(f"{self.__name__.partition('.')[2]}.{name}")
        try:
            return internal.resolve(self.__name__, name)
        except internal.UnknownName:
            raise AttributeError(internal.unknown_name(self.__name__, name)) from None


def _is_public(name: str) -> bool:
    """Whether it is a public module of tf.contrib, which lies on the way to those that define its objects."""
    path = name.partition(".")[2]
    return path.startswith("contrib") and path in export.contrib_table().modules


def _forget_root() -> None:
    root = sys.modules.get(_ROOT)
    if isinstance(root, _Module) and not getattr(root.__spec__, "_initializing", False):
        sys.modules.pop(_ROOT, None)


class _Finder:
    """Answers pickle, and nobody else, for `tensorflow` and the modules that define public objects."""

    def find_spec(self, fullname: str, path: Sequence[str] | None,
                  target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] != _ROOT or not _pickle_asks():
            return None
        if fullname != _ROOT and not internal.is_module(fullname) and not _is_public(fullname):
            return None
        return ModuleSpec(fullname, self, is_package=True)  # type: ignore[arg-type]  # a loader by what it does

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to do: names are looked up when they are asked for."""


def _pickle_asks() -> bool:
    """Whether the import under way was started by the module pickle, or by its twin in C from a frame that calls it."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and "importlib._bootstrap" in frame.f_code.co_filename:
        frame = frame.f_back
    if frame is None:
        return False
    code = frame.f_code
    if frame.f_globals.get("__name__") == "pickle":
        return True
    if code.co_filename == importlib.__file__ or frame.f_globals.get("__name__", "").startswith("importlib"):
        return False
    importing = opcode.opname[code.co_code[frame.f_lasti]] in ("IMPORT_NAME", "IMPORT_FROM")
    return not importing and "__import__" not in code.co_names


_finder = _Finder()


def install() -> None:
    """Put the finder behind all others (once)."""
    if _finder not in sys.meta_path:
        sys.meta_path.append(_finder)
