"""arg_scope: default arguments for many calls of the same functions."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tfmagic.base.export import export

# The scopes that are open, the innermost last: each maps the key of a function to its default arguments.
_open: list[dict[str, dict[str, Any]]] = [{}]

# The functions that take defaults from scopes, by key, with the names of their arguments that have a default.
_takers: dict[str, tuple[str, ...]] = {}


@export("contrib.slim.arg_scope_func_key")
def arg_scope_func_key(op: Any) -> str:
    """The key of a function in a scope."""
    return getattr(op, "_key_op", str(op))


def _name(op: Any) -> tuple[str, str]:
    return op.__module__, op.__name__


@export("contrib.framework.current_arg_scope")
def current_arg_scope() -> dict[str, dict[str, Any]]:
    """The innermost scope that is open."""
    return _open[-1]


@export("contrib.framework.has_arg_scope")
def has_arg_scope(func: Any) -> bool:
    """Whether a function takes defaults from scopes."""
    return arg_scope_func_key(func) in _takers


@export("contrib.framework.arg_scoped_arguments")
def arg_scoped_arguments(func: Any) -> tuple[str, ...]:
    """The names of the arguments that a scope can set."""
    return _takers[arg_scope_func_key(func)]


@export("contrib.framework.add_arg_scope")
def add_arg_scope(func: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: the function takes default arguments from the `arg_scope` that is open."""
    key = str(func)

    @functools.wraps(func)
    def scoped(*args: Any, **kwargs: Any) -> Any:
        defaults = _open[-1].get(key)
        return func(*args, **({**defaults, **kwargs} if defaults else kwargs))

    scoped._key_op = key  # type: ignore[attr-defined]
    _takers[key] = tuple(name for name, parameter in inspect.signature(func).parameters.items()
                         if parameter.default is not parameter.empty)
    return scoped


@export("contrib.framework.arg_scope")
@contextmanager
def arg_scope(list_ops_or_scope: Any, **kwargs: Any) -> Iterator[dict[str, dict[str, Any]]]:
    """Open a scope: calls within take these arguments where they do not give their own.

    Args:
      list_ops_or_scope: functions decorated with `add_arg_scope`, or a scope to open again.
      **kwargs: the arguments.

    Raises:
      TypeError: it is neither.
      ValueError: a function is not decorated, or a scope is opened again with arguments.
    """
    if isinstance(list_ops_or_scope, dict):
        if kwargs:
            raise ValueError("When attempting to re-use a scope by suppling adictionary, kwargs must be empty.")
        scope = dict(list_ops_or_scope)
    else:
        if not isinstance(list_ops_or_scope, (list, tuple)):
            raise TypeError("list_ops_or_scope must either be a list/tuple or reused scope (i.e. dict)")
        scope = dict(_open[-1])
        for op in list_ops_or_scope:
            if not has_arg_scope(op):
                raise ValueError("%s is not decorated with @add_arg_scope", _name(op))
            key = arg_scope_func_key(op)
            scope[key] = {**scope.get(key, {}), **kwargs}
    _open.append(scope)
    try:
        yield scope
    finally:
        _open.pop()
