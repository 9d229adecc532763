"""`tf_inspect`, `tf_decorator` and `function_utils`: Python's `inspect`, which sees through TensorFlow's decorators."""

from __future__ import annotations

import collections
import functools
import inspect
from collections.abc import Callable
from inspect import (  # noqa: F401  (names of tf_inspect)
    currentframe,
    getfile,
    getmodule,
    getmro,
    getsource,
    getsourcefile,
    getsourcelines,
    isbuiltin,
    isclass,
    isframe,
    isfunction,
    isgenerator,
    isgeneratorfunction,
    ismethod,
    ismodule,
    isroutine,
    stack,
)
from typing import Any

ArgSpec = collections.namedtuple("ArgSpec", ["args", "varargs", "keywords", "defaults"])
FullArgSpec = inspect.FullArgSpec


def unwrap(maybe_tf_decorator: Any) -> tuple[list[Any], Any]:
    """What decorates a function, the outermost first, and the function itself."""
    decorators, current = [], maybe_tf_decorator
    while True:
        decorator = getattr(current, "_tf_decorator", None) or (current if isinstance(current, TFDecorator) else None)
        if decorator is not None:
            decorators.append(decorator)
            current = decorator.decorated_target
        elif hasattr(current, "__wrapped__"):
            current = current.__wrapped__
        else:
            return decorators, current


def getfullargspec(obj: Any) -> inspect.FullArgSpec:
    """The arguments of a function behind its decorators."""
    for decorator in unwrap(obj)[0]:
        if decorator.decorator_argspec is not None:
            spec = decorator.decorator_argspec
            return inspect.FullArgSpec(spec.args, spec.varargs, getattr(spec, "varkw", None) or getattr(
                spec, "keywords", None), spec.defaults, getattr(spec, "kwonlyargs", []), None, {})
    target = unwrap(obj)[1]
    if inspect.isclass(target):
        target = target.__init__
    if not (inspect.isroutine(target) or isinstance(target, functools.partial)) and callable(target):
        target = type(target).__call__
    return inspect.getfullargspec(target)


def getargspec(obj: Any) -> ArgSpec:
    """`getfullargspec` with what Python 2 knows of arguments: args, varargs, keywords and defaults."""
    spec = getfullargspec(obj)
    return ArgSpec(spec.args, spec.varargs, spec.varkw, spec.defaults)


def getcallargs(func: Any, *positional: Any, **named: Any) -> dict[str, Any]:
    """The value of each argument of a call, defaults included."""
    return inspect.getcallargs(unwrap(func)[1], *positional, **named)


def getdoc(obj: Any) -> str | None:
    """The docstring of an object behind its decorators."""
    return inspect.getdoc(unwrap(obj)[1])


def getmembers(obj: Any, predicate: Any = None) -> list[tuple[str, Any]]:
    """The members of an object."""
    return inspect.getmembers(obj, predicate)


class TFDecorator:
    """A decorated function that knows what decorates it.

    Attributes:
      decorator_name: the decorator's name.
      decorated_target: the function under it.
      decorator_doc: what the decorator adds to the docstring.
      decorator_argspec: the arguments that the decorated function has instead, or None.
    """

    def __init__(self, decorator_name: str, target: Callable[..., Any], decorator_doc: str = "",
                 decorator_argspec: Any = None):
        self.decorator_name = decorator_name
        self.decorated_target = target
        self.decorator_doc = decorator_doc
        self.decorator_argspec = decorator_argspec
        if hasattr(target, "__name__"):
            self.__name__ = target.__name__
        self.__doc__ = decorator_doc or getattr(target, "__doc__", None) or ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.decorated_target(*args, **kwargs)


def make_decorator(target: Callable[..., Any], decorator_func: Any, decorator_name: str | None = None,
                   decorator_doc: str = "", decorator_argspec: Any = None) -> Any:
    """Notes on `decorator_func`, a function that wraps `target`, that it does, and gives it the name of `target`.

    Args:
      decorator_name: the decorator's name; by default that of the calling function.
    """
    if decorator_name is None:
        frame = inspect.currentframe()
        assert frame is not None and frame.f_back is not None
        decorator_name = frame.f_back.f_code.co_name
    decorator_func._tf_decorator = TFDecorator(decorator_name, target, decorator_doc, decorator_argspec)
    for name in ("__name__", "__module__"):
        if hasattr(target, name):
            setattr(decorator_func, name, getattr(target, name))
    decorator_func.__doc__ = decorator_func._tf_decorator.__doc__
    decorator_func.__wrapped__ = target
    return decorator_func


def fn_args(fn: Any) -> tuple[str, ...]:
    """The names of a function's arguments; those that a `partial` fills and the object of a method are left out."""
    if isinstance(fn, functools.partial):
        args = [name for name in fn_args(fn.func)[len(fn.args):] if name not in (fn.keywords or {})]
        return tuple(args)
    called = fn.__call__ if hasattr(fn, "__call__") and not inspect.isroutine(fn) else fn  # noqa: B004
    args = list(getfullargspec(called).args)
    return tuple(args[1:] if inspect.ismethod(called) or (args and args[0] == "self" and called is not fn) else args)


def has_kwargs(fn: Any) -> bool:
    """Whether a function takes any named argument.

    Raises:
      TypeError: it is no function.
    """
    if isinstance(fn, functools.partial):
        fn = fn.func
    elif not inspect.isroutine(fn) and callable(fn):
        fn = fn.__call__
    elif not callable(fn):
        raise TypeError(f"fn should be a function-like object, but is of type {type(fn)}.")
    return getfullargspec(fn).varkw is not None
