"""Modules of the library that have gone: `xml.etree.cElementTree`; from Python 3.12 on `imp` and `distutils`."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType

_LIBRARY = "tfmagic.notebook.legacy.former.library"
_NOW = {"xml.etree.cElementTree": "xml.etree.ElementTree", "imp": f"{_LIBRARY}.imp",
        "distutils": f"{_LIBRARY}.distutils", "distutils.version": f"{_LIBRARY}.distutils.version",
        "distutils.util": f"{_LIBRARY}.distutils.util"}


class _Loader(importlib.abc.Loader):
    def exec_module(self, module: ModuleType) -> None:
        """Let the module that does the same take the place of the empty one."""
        sys.modules[module.__name__] = importlib.import_module(_NOW[module.__name__])


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname: str, path: Sequence[str] | None,
                  target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        return importlib.machinery.ModuleSpec(fullname, _Loader()) if fullname in _NOW else None


def find_after_all_others() -> Callable[[], None]:
    """Lead an import of a module that has gone to what does the same; whoever still has the module goes first.

    Returns:
      A function that takes it back.
    """
    finder = _Finder()
    sys.meta_path.append(finder)

    def undo() -> None:
        sys.meta_path.remove(finder)
        for name, now in _NOW.items():
            if name in sys.modules and sys.modules[name] is sys.modules.get(now):
                del sys.modules[name]

    return undo
