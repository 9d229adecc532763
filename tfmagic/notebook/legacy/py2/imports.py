"""Modules beside a Python 2 program are Python 2 too: an import hook translates them."""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from tfmagic.notebook.legacy.py2 import runtime


class _Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> Any:
        # What is written beside a module for the next import would be Python 3's.
        path = self.get_filename(fullname)
        data = self.get_data(path)
        try:
            return runtime.compiled(data, path)
        except SyntaxError:
            with contextlib.suppress(SyntaxError, ValueError):
                return compile(data, path, "exec", dont_inherit=True)  # it is Python 3
            raise

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = runtime.names()
        super().exec_module(module)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, folder: Path):
        self.folder = folder

    def find_spec(self, fullname: str, path: Sequence[str] | None,
                  target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader) or spec.origin is None:
            return None
        place = Path(spec.origin).resolve()
        if not place.is_relative_to(self.folder) or "site-packages" in place.parts:
            return None
        spec.loader = _Loader(fullname, spec.origin)
        return spec


@contextlib.contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Translate what is imported from a folder and below it."""
    finder = _Finder(folder.resolve())
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
