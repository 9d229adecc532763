"""Modules that are imported late, and names that a module hides: `lazy_loader` and `all_util`."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

from tfmagic.base import tf_logging
from tfmagic.base.export import export


class LazyLoader(ModuleType):
    """A module that is imported when one of its names is asked for.

    Args:
      local_name: the name that stands for it in the importing module.
      parent_module_globals: the importing module's names.
      name: the module.
      warning: what to log when it is imported.
    """

    __module__ = "tensorflow.python.util.lazy_loader"

    def __init__(self, local_name: str, parent_module_globals: dict[str, Any], name: str, warning: str | None = None):
        self._local_name = local_name
        self._parent_module_globals = parent_module_globals
        self._warning = warning
        super().__init__(name)

    def _load(self) -> ModuleType:
        module = importlib.import_module(self.__name__)
        self._parent_module_globals[self._local_name] = module
        if self._warning:
            tf_logging.warning(self._warning)
            self._warning = None
        vars(self).update({name: value for name, value in vars(module).items() if name not in vars(self)})
        return module

    def __getattr__(self, item: str) -> Any:
        return getattr(self._load(), item)

    def __dir__(self) -> list[str]:
        return dir(self._load())


@export("contrib.slim.make_all")
def make_all(module_name: str, doc_string_modules: Sequence[ModuleType] | None = None) -> list[str]:
    """The names that the documentation of modules mentions with `@@` and the module has.

    Args:
      module_name: the module.
      doc_string_modules: whose documentation counts; the module's own by default.
    """
    modules = doc_string_modules or [sys.modules[module_name]]
    mentioned = {name for module in modules for name in re.findall(r"@@(\w+)", module.__doc__ or "")}
    return list(mentioned & set(dir(sys.modules[module_name])))


def remove_undocumented(module_name: str, allowed_exception_list: Iterable[str] | None = None,
                        doc_string_modules: Sequence[ModuleType] | None = None) -> None:
    """Take from a module the names that neither its documentation mentions (`@@name`) nor a list has."""
    module = sys.modules[module_name]
    kept = {*(allowed_exception_list or ()), *make_all(module_name, doc_string_modules)}
    for name in dir(module):
        if name not in kept and not name.startswith("_"):
            delattr(module, name)
