"""What stands for a variable that has no value yet, and for the result of a function that has not returned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Undefined:
    """A variable without a value."""

    def __init__(self, name: str):
        self.name = name


class NoResult:
    """The result of a function before its `return`."""


NO_RESULT = NoResult()


def is_undefined(value: Any) -> bool:
    """Whether a value stands for none."""
    return isinstance(value, Undefined)


def read(get: Callable[[], Any], name: str) -> Any:
    """The value of a variable or attribute, or what says that there is none."""
    try:
        return get()
    except (NameError, AttributeError):
        return Undefined(name)


def write(owner: Any, attribute: str, value: Any) -> None:
    """Set an attribute as it was read."""
    if not isinstance(value, Undefined):
        setattr(owner, attribute, value)
    elif hasattr(owner, attribute):
        delattr(owner, attribute)


def result(value: Any) -> Any:
    """What a function returns."""
    return None if value is NO_RESULT else value
