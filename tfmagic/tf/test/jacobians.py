"""Jacobians of functions by gradients and by differences, as newer test suites compare them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.graph.context import get_default_session
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.test.gradients import jacobian_pair


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
    feeds = dict(zip(given, values))
    shape = session.run(result, feed_dict=feeds).shape
    pairs = [jacobian_pair(session, each, value.shape, result, shape, value, delta,
                           {key: other for key, other in feeds.items() if key is not each})
             for each, value in zip(given, values)]
    return [theory for theory, _ in pairs], [practice for _, practice in pairs]


def max_error(grad1: Sequence[Any], grad2: Sequence[Any]) -> float:
    """The largest difference between two lists of Jacobians."""
    return max([float(np.fabs(one - two).max()) for one, two in zip(grad1, grad2) if one.size and two.size] or [0.0])
