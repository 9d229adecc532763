"""TensorFlow's deprecation warnings, once per function and place of call."""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tfmagic.base import export, source, tf_logging

F = TypeVar("F", bound=Callable[..., Any])

_warned: set[Any] = set()
_silent = [0]  # how many `silence` blocks are open


def _warn(key: Any, message: str, *args: Any) -> None:
    if key in _warned or _silent[0]:
        return
    _warned.add(key)
    tf_logging.warning(message, *args)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Print no warnings of deprecation within the block."""
    _silent[0] += 1
    try:
        yield
    finally:
        _silent[0] -= 1


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

    Raises:
      ValueError: the day is no such day, or there are no instructions.
    """
    _check(date, instructions)

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if function not in _warned:
                where = _home(function, args, module)
                shown = name or _shown(function, args)
                _warn(function, "From %s: %s (from %s) is deprecated and will be removed %s.\nInstructions for "
                      "updating:\n%s", _place(), shown, where, _when(date), instructions)
            return function(*args, **kwargs)

        wrapper.warns = (date, instructions)  # type: ignore[attr-defined]
        return wrapper  # type: ignore[return-value]

    return decorate


def _check(date: str | None, instructions: str) -> None:
    if date is not None and not re.fullmatch(r"20\d\d-[01]\d-[0123]\d", date):
        raise ValueError("Date must be YYYY-MM-DD.")
    if not instructions:
        raise ValueError("Don't deprecate things without conversion instructions!")


def _home(function: Any, args: tuple[Any, ...], module: str | None) -> str:
    """The TensorFlow module that a function is from."""
    if module is None and function.__module__.startswith("tensorflow"):
        return function.__module__
    cls = _class_of(function, args) if module is None else None
    return module or (export.internal_module(function.__name__) if cls is None else cls.__module__)


def _shown(function: Any, args: tuple[Any, ...]) -> str:
    """A function's name in a warning: a constructor goes by its public class."""
    cls = _class_of(function, args)
    return function.__qualname__ if cls is None else f"{cls.__qualname__}.__init__"


def _class_of(function: Any, args: tuple[Any, ...]) -> type | None:
    """The public class that a constructor makes objects of."""
    if function.__name__ != "__init__":
        return None
    return next((cls for cls in type(args[0]).__mro__ if cls.__module__.startswith("tensorflow.")), None)


def deprecated_args(date: str | None, instructions: str, *names: str, module: str | None = None) -> Callable[[F], F]:
    """Mark arguments of a public function as deprecated: the first call that gives one prints TensorFlow's warning."""

    def decorate(function: F) -> F:
        places = _places(function, names)

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            count = len(args)
            for argument, place in places:
                if (argument in kwargs or count > place) and (function, argument) not in _warned:
                    _warn((function, argument), "From %s: calling %s (from %s) with %s is deprecated and will be "
                          "removed %s.\nInstructions for updating:\n%s", _place(), _shown(function, args),
                          _home(function, args, module), argument, _when(date), instructions)
            return function(*args, **kwargs)

        wrapper.warns = (date, instructions, sorted(names))  # type: ignore[attr-defined]
        return wrapper  # type: ignore[return-value]

    return decorate


def deprecated_arg_values(date: str | None, instructions: str, module: str | None = None,
                          **values: Any) -> Callable[[F], F]:
    """Mark values of arguments as deprecated: the first call that gives one prints TensorFlow's warning."""

    def decorate(function: F) -> F:
        places = _places(function, tuple(values))

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            for argument, place in places:
                if argument in kwargs or len(args) > place:
                    value = values[argument]
                    given = kwargs[argument] if argument in kwargs else args[place]
                    if type(given) is type(value) and given == value:
                        _warn((function, argument, value), "From %s: calling %s (from %s) with %s=%s is deprecated and "
                              "will be removed %s.\nInstructions for updating:\n%s", _place(), _shown(function, args),
                              _home(function, args, module), argument, value, _when(date), instructions)
            return function(*args, **kwargs)

        wrapper.warns = (date, instructions, [f"{k}={v}" for k, v in values.items()])  # type: ignore[attr-defined]
        return wrapper  # type: ignore[return-value]

    return decorate


def _places(function: Any, names: tuple[str, ...]) -> list[tuple[str, int]]:
    """The positions of some parameters of a function."""
    parameters = list(inspect.signature(function).parameters)
    absent = [name for name in names if name not in parameters]
    if absent:
        raise ValueError("The following deprecated arguments are not present in the function signature: "
                         f"{absent}. Found next arguments: {parameters}.")
    return [(name, parameters.index(name)) for name in names]


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


def rewrite_argument_docstring(old_doc: str, old_argument: str, new_argument: str) -> str:
    """A documentation in which an argument has another name."""
    return old_doc.replace(f"`{old_argument}`", f"`{new_argument}`").replace(f"{old_argument}:", f"{new_argument}:")


def deprecated_endpoints(*args: str) -> Callable[[F], F]:
    """Note which names of a function or class are old ones."""

    def decorate(function: F) -> F:
        function._tf_deprecated_api_names = args  # type: ignore[attr-defined]
        return function

    return decorate


def deprecated_alias(deprecated_name: str, name: str, func_or_class: F, warn_once: bool = True) -> F:
    """A function or class under an old name: it prints TensorFlow's warning when it is used.

    Args:
      deprecated_name, name: the old name and the present one.
      func_or_class: what they stand for.
      warn_once: whether only the first use warns.
    """
    key = object()

    def warn() -> None:
        if not warn_once:
            _warned.discard(key)
        _warn(key, "From %s: The name %s is deprecated. Please use %s instead.\n", _place(), deprecated_name, name)

    if not isinstance(func_or_class, type):
        @functools.wraps(func_or_class)
        def renamed(*args: Any, **kwargs: Any) -> Any:
            warn()
            return func_or_class(*args, **kwargs)

        return renamed  # type: ignore[return-value]

    def begin(self: Any, *args: Any, **kwargs: Any) -> None:
        warn()
        func_or_class.__init__(self, *args, **kwargs)  # type: ignore[misc]

    names = {"__doc__": func_or_class.__doc__, "__module__": func_or_class.__module__, "__init__": begin}
    return type(func_or_class.__name__, (func_or_class,), names)  # type: ignore[return-value]
