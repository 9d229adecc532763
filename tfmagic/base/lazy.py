"""torch as a lazy module: kernels name it freely, and it is imported when the first of them runs."""

from __future__ import annotations

import gc
import importlib
import sys
from types import ModuleType
from typing import Any


def imported(name: str) -> ModuleType:
    """A module, imported if it is not yet, without collections of garbage meanwhile.

    torch makes two hundred thousand objects that stay. Collections went through them again and again, for a seventh of
    the time to a first result; now they are old at once, as they would be after the last of these.
    """
    held = name not in sys.modules and gc.isenabled() and not gc.get_freeze_count()  # else somebody has their reasons
    if held:
        gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        if held:
            gc.freeze()
            gc.unfreeze()  # into the oldest generation
            gc.enable()


class LazyModule:
    """Stands for a module and imports it on the first use of one of its attributes."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(imported(self.__dict__["_name"]), attribute)
        # Kept here, so that the next use is a plain attribute access.
        self.__dict__[attribute] = value
        return value

    def __repr__(self) -> str:
        return f"<lazy module '{self.__dict__['_name']}'>"


torch = LazyModule("torch")
