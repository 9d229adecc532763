"""TensorFlow's deprecation warnings, once per function and place of call."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from tfmagic.base import export, source, tf_logging

F = TypeVar("F", bound=Callable[..., Any])

_warned: set[Any] = set()


def _warn(key: Any, message: str, *args: Any) -> None:
    if key in _warned:
        return
    _warned.add(key)
    tf_logging.warning(message, *args)


def _when(date: str | None) -> str:
    return f"after {date}" if date else "in a future version"


def _place() -> str:
    line = source.caller()
    return "<unknown>" if line is None else str(line)


def deprecated(date: str | None, instructions: str, name: str | None = None,
               module: str | None = None) -> Callable[[F], F]:
    """Mark a public function or class as deprecated: its first use prints TensorFlow's warning.

    Args:
      date: the day of its removal (ISO), or None for "a future version".
      instructions: what to use instead.
      name: its name as TensorFlow prints it, where it differs from the function's own.
      module: the TensorFlow module it is from; by default the one in the table of public names.
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if function not in _warned:
                where = _home(function, module)
                shown = name or function.__qualname__.removesuffix(".__init__")
                _warn(function, "From %s: %s (from %s) is deprecated and will be removed %s.\nInstructions for "
                      "updating:\n%s", _place(), shown, where, _when(date), instructions)
            return function(*args, **kwargs)

        return wrapper  # type: ignore[return-value]

    return decorate


def _home(function: Any, module: str | None) -> str:
    """The TensorFlow module that a function is from."""
    if module is None and function.__module__.startswith("tensorflow"):
        return function.__module__
    return module or export.internal_module(function.__name__)


def deprecated_args(date: str | None, instructions: str, *names: str, module: str | None = None,
                    **values: Any) -> Callable[[F], F]:
    """Mark arguments of a public function as deprecated: the first call that gives one prints TensorFlow's warning.

    Args:
      names: arguments that must not be given at all (None counts as not given where it is the default).
      values: arguments whose given value here is the harmless default: only another value warns.
    """

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        parameters = list(signature.parameters)
        defaults = {n: p.default for n, p in signature.parameters.items()}

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            given = dict(zip(parameters, args))
            given.update(kwargs)
            for argument in (*names, *values):
                if argument not in given or (function, argument) in _warned:
                    continue
                ok = values.get(argument, defaults.get(argument))
                if given[argument] is ok or (argument in values and given[argument] == ok):
                    continue
                where = _home(function, module)
                _warn((function, argument), "From %s: calling %s (from %s) with %s is deprecated and will be "
                      "removed %s.\nInstructions for updating:\n%s", _place(), function.__qualname__, where,
                      argument, _when(date), instructions)
            return function(*args, **kwargs)

        return wrapper  # type: ignore[return-value]

    return decorate


def deprecated_argument_lookup(new_name: str, new_value: Any, old_name: str, old_value: Any) -> Any:
    """The value of an argument that was renamed.

    Raises:
      ValueError: both the old and the new argument are given.
    """
    if old_value is not None:
        if new_value is not None:
            raise ValueError(f"Cannot specify both '{old_name}' and '{new_name}'")
        return old_value
    return new_value
