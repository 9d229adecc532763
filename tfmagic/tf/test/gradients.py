"""`tf.test.compute_gradient`: the derivatives that gradients give beside those that differences give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph, get_default_session
from tfmagic.graph.convert import constant
from tfmagic.ops import api

_WITH = ("Use tf.test.compute_gradient in 2.0, which has better support for functions. Note that the two versions "
         "have different usage, so code change is needed.")
_MODULE = "tensorflow.python.ops.gradient_checker"


@export("test.compute_gradient")
@deprecated(None, _WITH, module=_MODULE)
def compute_gradient(x: Any, x_shape: Any, y: Any, y_shape: Any, x_init_value: Any = None, delta: float = 1e-3,
                     init_targets: Any = None, extra_feed_dict: Any = None) -> Any:
    """The matrix of derivatives, from the gradients and from differences.

    Args:
      x: a tensor, or a list of tensors.
      x_shape: its shape, or a list of them.
      y: a tensor that depends on it.
      y_shape: its shape.
      x_init_value: where the derivatives are taken; by default somewhere at random.
      delta: how far `x` is moved.
      init_targets: operations to run before.
      extra_feed_dict: what else is fed.

    Returns:
      Two matrices with a row for each number of `x` and a column for each of `y`; a list of such pairs for a list.
      A complex number counts as two.
    """
    return _jacobians(x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict)


@export("test.compute_gradient_error")
@deprecated(None, _WITH, module=_MODULE)
def compute_gradient_error(x: Any, x_shape: Any, y: Any, y_shape: Any, x_init_value: Any = None, delta: float = 1e-3,
                           init_targets: Any = None, extra_feed_dict: Any = None) -> Any:
    """The largest difference between the two matrices of `compute_gradient`; see there for the arguments."""
    found = _jacobians(x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict)
    return largest_error([found] if isinstance(found, tuple) else found)


def largest_error(pairs: Any) -> Any:
    """The largest difference within pairs of matrices: 0, or a NumPy number of 64 bits."""
    worst: Any = 0
    for exact, near in pairs:
        if exact.size or near.size:
            worst = np.maximum(np.float64(worst), np.fabs(exact - near).max())
    return worst


def _jacobians(x: Any, x_shape: Any, y: Any, y_shape: Any, x_init_value: Any, delta: float, init_targets: Any,
               extra_feeds: Any) -> Any:
    session = get_default_session()
    if session is None:
        raise AssertionError("compute_gradient needs a default session: with tf.Session(): ...")
    if not isinstance(x, list):
        _prepare(session, init_targets)
        return _pair(session, x, x_shape, *_gradient(x, y, y_shape), y, y_shape, x_init_value, delta, extra_feeds)
    made = [_gradient(each, y, y_shape) for each in x]
    _prepare(session, init_targets)
    values = [None] * len(x) if x_init_value is None else x_init_value
    feeds = dict(extra_feeds or {})
    feeds.update({each: value for each, value in zip(x, values) if value is not None})
    return [_pair(session, each, shape, dx, dy, y, y_shape, value, delta,
                  {key: feed for key, feed in feeds.items() if key is not each})
            for each, shape, (dx, dy), value in zip(x, x_shape, made, values)]


def _gradient(x: Any, y: Any, y_shape: Any) -> tuple[Any, Any]:
    """The node of the gradient, and the one that is fed with where it comes from."""
    with get_default_graph().as_default():
        dy = api.identity(constant(1.0, shape=y_shape, dtype=y.dtype))
        return api.gradients(y, x, dy)[0], dy


def _prepare(session: Any, targets: Any) -> None:
    if targets:
        if not isinstance(targets, (list, tuple)):
            raise AssertionError
        for target in targets:
            session.run(target)


_KINDS = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128)


def supported(kind: Any) -> Any:
    """The type without its reference, or None where nothing is derived by it."""
    base = dtypes.as_dtype(kind).base_dtype
    return base if base in _KINDS else None


def jacobian_pair(session: Any, x: Any, x_shape: Any, y: Any, y_shape: Any, value: Any, delta: float,
                  feeds: Any) -> tuple[Any, Any]:
    """The Jacobian of `y` by `x` at a value, by gradients and by differences: a row for each element of `x`."""
    return _pair(session, x, x_shape, *_gradient(x, y, y_shape), y, y_shape, value, delta, feeds)


def _pair(session: Any, x: Any, x_shape: Any, dx: Any, dy: Any, y: Any, y_shape: Any, value: Any, delta: float,
          feeds: Any) -> tuple[Any, Any]:
    for name, tensor in (("x", x), ("y", y)):
        if supported(tensor.dtype) is None:
            raise AssertionError(f"Don't support type {dtypes.as_dtype(tensor.dtype).name} for {name}")
    kind = dtypes.as_dtype(x.dtype).base_dtype.as_numpy_dtype
    if value is not None and list(x_shape) != list(value.shape):
        raise AssertionError(f"x_shape = {x_shape}, init_data shape = {list(value.shape)}")
    if value is None:
        value = np.random.random_sample(x_shape).astype(kind)
        if np.issubdtype(kind, np.complexfloating):
            value = value + 1j * np.random.random_sample(x_shape).astype(kind)
    if dx is None:
        raise AssertionError("dx = None")
    value = np.asarray(value, dtype=kind)
    shapes = [_sizes(x_shape), _sizes(y_shape)]
    feeds = dict(feeds or {})

    def run(fetch: Any, more: dict[Any, Any]) -> Any:
        return session.run(fetch, feed_dict={**feeds, **more})

    return (_from_gradients(run, x, dx, dy, value, shapes), _from_differences(run, x, y, value, shapes, delta))


def _sizes(shape: Any) -> list[int]:
    return [int(size) for size in (shape.as_list() if hasattr(shape, "as_list") else shape)]


def _parts(array: Any) -> Any:
    """The numbers of an array in a row, a complex one as two."""
    array = np.ascontiguousarray(array)
    return array.view(array.real.dtype).reshape(-1) if array.dtype.kind == "c" else array.reshape(-1)


def _from_gradients(run: Callable[..., Any], x: Any, dx: Any, dy: Any, value: Any, shapes: Any) -> Any:
    dy_kind = dtypes.as_dtype(dy.dtype).as_numpy_dtype
    seed = np.zeros(shapes[1], dtype=dy_kind)
    found = np.zeros((_parts(value).size, _parts(seed).size), dtype=value.real.dtype)
    for column in range(found.shape[1]):
        seed = np.zeros(shapes[1], dtype=dy_kind)
        _parts(seed)[column] = 1
        if dx.__class__.__name__ == "IndexedSlices":
            slices = run(dx, {x: value, dy: seed})
            whole = np.zeros(shapes[0], dtype=value.dtype)
            np.add.at(whole, slices.indices, slices.values)
            found[:, column] = _parts(whole)
        else:
            found[:, column] = _parts(np.asarray(run(dx, {x: value, dy: seed})))
    return found


def _from_differences(run: Callable[..., Any], x: Any, y: Any, value: Any, shapes: Any, delta: float) -> Any:
    size = _parts(np.zeros(shapes[1], dtypes.as_dtype(y.dtype).as_numpy_dtype)).size
    found = np.zeros((_parts(value).size, size), dtype=value.real.dtype)
    for row in range(found.shape[0]):
        ends = []
        for step in (delta, -delta):
            moved = value.copy()
            _parts(moved)[row] += step
            ends.append(_parts(np.asarray(run(y, {x: moved}))))
        found[row] = (ends[0] - ends[1]) / (2 * delta)
    return found
