"""What a function takes and is called, seen through decorators: `tf_inspect` and `function_utils`."""

from __future__ import annotations

import functools
import inspect
from collections import namedtuple
from typing import Any

from tfmagic.tf.util.decorators import unwrap

ArgSpec = namedtuple("ArgSpec", "args varargs keywords defaults")


def getfullargspec(obj: Any) -> inspect.FullArgSpec:
    """The arguments of a function, a class's constructor or an object that can be called."""
    if isinstance(obj, functools.partial):
        return _of_partial(obj)
    decorators, target = unwrap(obj)
    for told in [decorator.decorator_argspec for decorator in decorators if decorator.decorator_argspec is not None]:
        if isinstance(told, ArgSpec):
            return inspect.FullArgSpec(told.args, told.varargs, told.keywords, told.defaults, [], None, {})
        return told
    target = inspect.unwrap(target)
    if inspect.isclass(target):
        return inspect.getfullargspec(target.__init__)
    if not inspect.isroutine(target) and not isinstance(target, type):
        return inspect.getfullargspec(type(target).__call__)
    if inspect.ismethod(target):
        return inspect.getfullargspec(target.__func__)
    return inspect.getfullargspec(target)


def _of_partial(function: functools.partial) -> inspect.FullArgSpec:
    """The arguments that are left to give."""
    spec = getfullargspec(function.func)
    args = spec.args[len(function.args):]
    defaults = dict(zip(reversed(args), reversed(spec.defaults or ())))
    defaults.update((name, value) for name, value in function.keywords.items() if name in args)
    first = min((args.index(name) for name in defaults), default=len(args))
    if any(name not in defaults for name in args[first:]):
        raise ValueError("Some arguments without a default follow arguments that have one")
    return spec._replace(args=args, defaults=tuple(defaults[name] for name in args[first:]) or None)


def getargspec(obj: Any) -> ArgSpec:
    """The arguments of a function, without those that can only be given by name."""
    spec = getfullargspec(obj)
    return ArgSpec(spec.args, spec.varargs, spec.varkw, spec.defaults)


def getcallargs(*func_and_positional: Any, **named: Any) -> dict[str, Any]:
    """Which argument of a function would get which value.

    Args:
      func_and_positional: the function, then the values of its first arguments.
      named: the others.
    """
    func, *positional = func_and_positional
    spec = getfullargspec(func)
    values = dict(named)
    args = spec.args
    if inspect.ismethod(func):
        positional = [func.__self__, *positional]
    values.update(zip(args, positional))
    for name, default in zip(reversed(args), reversed(spec.defaults or ())):
        values.setdefault(name, default)
    return values


def _is_bound(fn: Any) -> bool:
    return inspect.ismethod(unwrap(fn)[1])


def fn_args(fn: Any) -> tuple[str, ...]:
    """The names of the arguments that are to be given to a function, a method or an object that can be called."""
    if isinstance(fn, functools.partial):
        given = set(fn.keywords)
        return tuple(name for name in fn_args(fn.func)[len(fn.args):] if name not in given)
    if not inspect.isroutine(unwrap(fn)[1]) and hasattr(type(fn), "__call__"):  # noqa: B004
        fn = fn.__call__
    args = getfullargspec(fn).args
    return tuple(args[1:] if _is_bound(fn) and args else args)


def has_kwargs(fn: Any) -> bool:
    """Whether a function takes arguments of any name.

    Raises:
      TypeError: it is no function.
    """
    if isinstance(fn, functools.partial):
        fn = fn.func
    elif not inspect.isroutine(unwrap(fn)[1]) and callable(fn):
        fn = fn.__call__
    elif not callable(fn):
        raise TypeError(f"fn should be a function-like object, but is of type {type(fn)}.")
    return getfullargspec(fn).varkw is not None


def get_func_name(func: Any) -> Any:
    """The name of a function, or the class of what can be called otherwise.

    Raises:
      ValueError: it cannot be called.
    """
    _, func = unwrap(func)
    if not callable(func):
        raise ValueError("Argument must be callable")
    return getattr(func, "__name__", type(func))


def get_func_code(func: Any) -> Any:
    """The code of a function, or None.

    Raises:
      ValueError: it cannot be called.
    """
    _, func = unwrap(func)
    if not callable(func):
        raise ValueError("Argument must be callable")
    return getattr(func, "__code__", None)
