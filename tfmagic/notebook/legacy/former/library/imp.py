"""`imp`, as far as programs use it: modules loaded again, or from a file."""

from __future__ import annotations

import importlib.util
import sys
from importlib import reload
from types import ModuleType
from typing import Any

__all__ = ["load_source", "new_module", "reload"]

new_module = ModuleType


def load_source(name: str, pathname: str, file: Any = None) -> ModuleType:
    """Load a module from a file of source code, also when it is loaded already.

    Raises:
      FileNotFoundError: there is no such file.
    """
    spec = importlib.util.spec_from_file_location(name, pathname)
    if spec is None or spec.loader is None:
        raise ImportError(f"No loader for {pathname!r}", name=name, path=pathname)
    module = sys.modules.setdefault(name, importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module
