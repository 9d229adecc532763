"""Decorators that can be seen through: `tensorflow.python.util.tf_decorator`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


class TFDecorator:
    """What is noted on a decorated function.

    Args:
      decorator_name: the decorator.
      target: the function that was decorated.
      decorator_doc: what the decorator says of itself.
      decorator_argspec: the arguments of the decorated function, where they are others than the target's.
    """

    __module__ = "tensorflow.python.util.tf_decorator"

    def __init__(self, decorator_name: str, target: Any, decorator_doc: str = "", decorator_argspec: Any = None):
        self._decorator_name = decorator_name
        self._decorated_target = target
        self._decorator_doc = decorator_doc
        self._decorator_argspec = decorator_argspec

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._decorated_target(*args, **kwargs)

    @property
    def decorated_target(self) -> Any:
        """The function that was decorated."""
        return self._decorated_target

    @decorated_target.setter
    def decorated_target(self, target: Any) -> None:
        self._decorated_target = target

    @property
    def decorator_name(self) -> str:
        """The name of the decorator."""
        return self._decorator_name

    @property
    def decorator_doc(self) -> str:
        """What the decorator says of itself."""
        return self._decorator_doc

    @property
    def decorator_argspec(self) -> Any:
        """The arguments, or None for the target's."""
        return self._decorator_argspec


def make_decorator(target: Any, decorator_func: Any, decorator_name: str | None = None, decorator_doc: str = "",
                   decorator_argspec: Any = None) -> Any:
    """Note on a wrapper what it wraps.

    Args:
      target: the function that is decorated.
      decorator_func: its wrapper, which is given back with the target's name.
      decorator_name: the decorator; "make_decorator" by default.
      decorator_doc: the wrapper's own documentation; the target's by default.
      decorator_argspec: its arguments, where they are others than the target's.
    """
    decorator = TFDecorator(decorator_name or "make_decorator", target, decorator_doc, decorator_argspec)
    decorator_func._tf_decorator = decorator
    for name in ("__name__", "__module__"):
        if hasattr(target, name):
            setattr(decorator_func, name, getattr(target, name))
    decorator_func.__doc__ = decorator_doc or getattr(target, "__doc__", None)
    decorator_func.__wrapped__ = target
    return decorator_func


def unwrap(maybe_tf_decorator: Any) -> tuple[list[TFDecorator], Any]:
    """The decorators around a function, the outermost first, and the function itself."""
    decorators, target = [], maybe_tf_decorator
    while hasattr(target, "_tf_decorator"):
        decorators.append(target._tf_decorator)
        target = target._tf_decorator.decorated_target
    return decorators, target


def rewrap(decorator_func: Any, previous_target: Any, new_target: Any) -> Any:
    """Let the decorators of a function decorate another one.

    Args:
      decorator_func: the decorated function.
      previous_target: what it decorates.
      new_target: what it shall decorate.

    Returns:
      The decorated function; the new one where there are no decorators.
    """
    innermost, function = None, decorator_func
    while hasattr(function, "_tf_decorator"):
        if function is previous_target:
            break
        innermost = function
        function = function._tf_decorator.decorated_target
    if innermost is None:
        return new_target
    innermost._tf_decorator.decorated_target = new_target
    innermost.__wrapped__ = new_target
    return decorator_func


class api_export:  # TensorFlow's name
    """Decorator that notes the public names of a function or class.

    Args:
      args: its names.
      kwargs: `v1`, a list of its names in TensorFlow 1 where they are others; `overrides`, `allow_multiple_exports`.
    """

    __module__ = "tensorflow.python.util.tf_export"

    def __init__(self, *args: str, **kwargs: Any):
        for name in args:
            name.startswith("")  # TensorFlow's error for what is no text
        self._names = args
        self._names_v1 = kwargs.get("v1", args)
        self._api_name = kwargs.get("api_name", "tensorflow")

    def __call__(self, func: Any) -> Any:
        prefix = "_tf_api_names" if self._api_name == "tensorflow" else f"_{self._api_name}_api_names"
        _, target = unwrap(func)
        setattr(target, prefix, self._names)
        setattr(target, prefix + "_v1", self._names_v1)
        return func

    def export_constant(self, module_name: str, name: str) -> None:
        """Note the public names of a constant in its module."""
        noted = vars(sys.modules[module_name]).setdefault("_tf_api_constants", [])
        noted.append((self._names, name))


def tf_export(*args: str, **kwargs: Any) -> Callable[[Any], Any]:
    """`api_export` of names in `tf`."""
    return api_export(*args, **kwargs)


def keras_export(*args: str, **kwargs: Any) -> Callable[[Any], Any]:
    """`api_export` of names in Keras."""
    return api_export(*args, api_name="keras", **kwargs)


def estimator_export(*args: str, **kwargs: Any) -> Callable[[Any], Any]:
    """`api_export` of names in `tf.estimator`."""
    return api_export(*args, api_name="estimator", **kwargs)
