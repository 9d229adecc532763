"""torch as a lazy module: kernels name it freely, and it is imported when the first of them runs."""

from __future__ import annotations

import importlib
from typing import Any


class LazyModule:
    """Stands for a module and imports it on the first use of one of its attributes."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self.__dict__["_name"]), attribute)
        # Kept here, so that the next use is a plain attribute access.
        self.__dict__[attribute] = value
        return value

    def __repr__(self) -> str:
        return f"<lazy module '{self.__dict__['_name']}'>"


torch = LazyModule("torch")
