"""to_graph, to_code and the decorator convert; lists as tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph import conversion
from tfmagic.graph.operation import Tensor
from tfmagic.tf.autograph import api, calls
from tfmagic.tf.autograph.features import check_features

_UNSAID = object()


@export("contrib.autograph.AutoGraphError")
class AutoGraphError(Exception):
    """A conversion failed."""


@export("contrib.autograph.to_graph")
def to_graph(entity: Any, recursive: bool = True, experimental_optional_features: Any = None) -> Any:
    """A function that does with tensors what the given one does with Python's values: see `tf.autograph.to_graph`.

    Args:
      entity: a Python function, method or object that can be called.
      recursive: whether the functions that it calls are converted too.
      experimental_optional_features: optional features; tfmagic has none.
    """
    return api.to_graph(entity, recursive, experimental_optional_features=experimental_optional_features)


@export("contrib.autograph.to_code")
def to_code(entity: Any, recursive: bool = True, experimental_optional_features: Any = None) -> str:
    """The source of what `to_graph` makes of a function.

    Args:
      entity, recursive, experimental_optional_features: as in `to_graph`.
    """
    return api.to_code(entity, recursive, experimental_optional_features=experimental_optional_features)


@export("contrib.autograph.convert")
def convert(recursive: bool = False, optional_features: Any = None,
            user_requested: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: convert a function when it is called.

    Args:
      recursive: whether the functions that it calls are converted too.
      optional_features: optional features; tfmagic has none.
      user_requested: whether a function that cannot be converted is an error; else it is called as it is.
    """
    check_features(optional_features)

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        made: list[Callable[..., Any]] = []

        @functools.wraps(function)
        def converted(*args: Any, **kwargs: Any) -> Any:
            if not made:
                made.append(api.to_graph(function, recursive) if user_requested else calls.callee(function))
            with conversion.converted(True):
                return made[0](*args, **kwargs)

        return calls.mark(converted)

    return decorated


@export("contrib.autograph.set_element_type")
def set_element_type(entity: Any, dtype: Any, shape: Any = _UNSAID) -> None:
    """In a function that is converted: a note on a list. As in TensorFlow 1.15 the nodes do not depend on it.

    Args:
      entity: the list.
      dtype, shape: of its elements.
    """


@export("contrib.autograph.stack")
def stack(list_or_tensor: Any, element_dtype: Any = None, strict: bool = True) -> Any:
    """A tensor as it is.

    Args:
      list_or_tensor: a tensor. Lists of a converted function stay Python's: `tf.stack` joins their tensors.
      element_dtype: its type.
      strict: whether anything else is an error.

    Raises:
      ValueError: it is no tensor, and `strict`.
    """
    if strict and not isinstance(list_or_tensor, Tensor):
        raise ValueError(f"{list_or_tensor} must be stackable when strict=True\nA list of tensors: tf.stack.")
    return list_or_tensor
