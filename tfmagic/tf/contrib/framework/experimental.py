"""The decorator `experimental`: a function that warns at every call."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from tfmagic.base import tf_logging
from tfmagic.base.export import export

_NOTE = ("Warning: THIS FUNCTION IS EXPERIMENTAL. It may change or be removed at any time, and without warning.")


@export("contrib.slim.experimental")
def experimental(func: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function as experimental: each call warns that it may change.

    Raises:
      ValueError: it is no function.
    """
    if not callable(func):
        raise ValueError(f"{func} is not a function. If this is a property, make sure @property appears before "
                         "@experimental in your source code:\n\n@property\n@experimental\ndef method(...)")

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        tf_logging.warning("%s (from %s) is experimental and may change or be removed at any time, and without "
                           "warning.", func.__name__, wrapper.__module__)
        return func(*args, **kwargs)

    wrapper.__doc__ = _noted(inspect.getdoc(func))
    return wrapper


def _noted(doc: str | None) -> str:
    if not doc:
        return f"EXPERIMENTAL FUNCTION\n\n{_NOTE}"
    first, _, rest = doc.partition("\n")
    rest = rest.strip("\n")
    return f"{first} (experimental)\n\n{_NOTE}" + (f"\n\n{rest}" if rest else "")
