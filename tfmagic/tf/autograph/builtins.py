"""Python's built-in functions for tensors and data sets: len, range, int, float, zip and enumerate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tfmagic.base import dtypes, export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Tensor
from tfmagic.graph.tensor_like import is_tensor
from tfmagic.ops import api
from tfmagic.ops.control_flow.cond import cond


def length_of_tensor(x: Tensor) -> Any:
    """How long the first axis is: a number where it is known.

    Raises:
      ValueError: x is a scalar.
    """
    if x.shape.ndims and x.shape[0].value is not None:
        return x.shape[0].value
    shape = api.shape(x)
    if x.shape.ndims == 0:
        raise ValueError(f"len requires a non-scalar tensor, got one of shape {shape}")
    if x.shape.ndims is not None:
        return api.shape(x)[0]
    rank = api.rank(x)

    def refuse() -> Any:
        text = api.strings.join(["len requires non-zero rank, got ", api.strings.as_string(rank)])
        with get_default_graph().control_dependencies([api.Assert(False, [text])]):
            return constant(0)

    return cond(rank > 0, lambda: api.shape(x)[0], refuse)


def _len(x: Any) -> Any:
    return length_of_tensor(x) if isinstance(x, Tensor) else len(x)


def _range(start: Any, stop: Any = None, step: Any = None) -> Any:
    given = [value for value in (start, stop, step) if value is not None]
    if not any(is_tensor(value) for value in given):
        return range(*given)
    if step is not None:
        return api.range(start, stop, step)
    if stop is not None:
        return api.range(start, api.maximum(start, stop))
    return api.range(api.maximum(start, 0))


def _int(x: Any = 0, *base: Any, **options: Any) -> Any:
    return _number(x, dtypes.int32) if is_tensor(x) else int(x, *base, **options)


def _float(x: Any = 0) -> Any:
    return _number(x, dtypes.float32) if is_tensor(x) else float(x)


def _number(x: Any, dtype: Any) -> Any:
    return api.string_to_number(x, dtype) if x.dtype.base_dtype is dtypes.string else api.cast(x, dtype)


def is_dataset(x: Any) -> bool:
    """Whether a value is a `tf.data.Dataset`."""
    return hasattr(x, "_variant_tensor") and hasattr(x, "reduce")


def _zip(*iterables: Any) -> Any:
    if iterables and all(map(is_dataset, iterables)):
        return export.find("data.Dataset").zip(iterables)
    return zip(*iterables)  # as the program says


def _enumerate(iterable: Any, start: Any = 0) -> Any:
    return iterable.enumerate(start) if is_dataset(iterable) else enumerate(iterable, start)


FOR_TENSORS: Mapping[Callable[..., Any], Callable[..., Any]] = {
    len: _len, range: _range, int: _int, float: _float, zip: _zip, enumerate: _enumerate}
