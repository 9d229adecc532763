"""TensorFlow's public functions by their public names, found on first use: `api.concat`, `api.math.reduce_sum`.

Families of ops and what is built on them name each other in both directions; through this module they do so without
importing each other.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from tfmagic.base import export


class _Package(ModuleType):
    """The names of one public module, such as `api.math`."""

    def __getattr__(self, name: str) -> Any:
        return _find(self, f"{self.__name__.removeprefix(__name__ + '.')}.{name}", name)


def _find(owner: Any, full: str, name: str) -> Any:
    try:
        value = export.find(full)
    except LookupError:
        if full not in export.table().modules:
            raise AttributeError(f"there is no public function tf.{full}") from None
        value = _Package(f"{__name__}.{full}")
    owner.__dict__[name] = value
    return value


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _find(sys.modules[__name__], name, name)
