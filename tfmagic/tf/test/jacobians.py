"""Jacobians of functions by gradients and by differences, as newer test suites compare them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.graph.context import get_default_session
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.test.gradients import jacobian_pair, largest_error, supported


def compute_gradient(f: Callable[..., Any], x: Sequence[Any], delta: float = 1e-3) -> tuple[list[Any], list[Any]]:
    """The Jacobians of a function by its gradients, and by small differences of its arguments.

    Args:
      f: it is called with as many tensors as there are arguments, and gives one tensor.
      x: the arguments: values, or tensors, which are evaluated.
      delta: the size of the differences.

    Returns:
      Two lists, each with the Jacobian of every argument, a row for each element of the argument.

    Raises:
      ValueError: `x` is no list.
    """
    if not isinstance(x, list):
        raise ValueError(f"`x` must be a list of Tensors (arguments to `f`), not a {type(x)}")
    session = get_default_session()
    if session is None:
        raise AssertionError("compute_gradient needs a default session: with tf.Session(): ...")
    tensors = [item if isinstance(item, Tensor) else convert_to_tensor(item) for item in x]
    values = session.run(tensors)
    given = [api.placeholder(tensor.dtype, shape=tensor.shape) for tensor in tensors]
    result = f(*given)
    for each, name in [*((each, f"argument {place}") for place, each in enumerate(given)), (result, "y")]:
        if supported(each.dtype) is None:
            raise AssertionError(f"Cannot compute gradient for unsupported type {each.dtype.name} of {name}")
    feeds = dict(zip(given, values))
    shape = session.run(result, feed_dict=feeds).shape
    pairs = [jacobian_pair(session, each, value.shape, result, shape, value, delta,
                           {key: other for key, other in feeds.items() if key is not each})
             for each, value in zip(given, values)]
    return [theory for theory, _ in pairs], [practice for _, practice in pairs]


def max_error(grad1: Sequence[Any], grad2: Sequence[Any]) -> Any:
    """The largest difference between two lists of Jacobians."""
    return largest_error(zip(grad1, grad2))
