"""Sequences of numbers: range, linspace, meshgrid."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.dtypes import as_dtype
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import static_int, static_value
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.constants import ones
from tfmagic.ops.array.join import stack
from tfmagic.ops.array.shape_ops import reshape, size
from tfmagic.ops.declare import op
from tfmagic.ops.torch_types import torch_dtype

_RANGE_TYPES = [dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64]


def _range_size(start: Any, limit: Any, delta: Any) -> int:
    if delta == 0:
        raise ValueError("Requires delta != 0")
    if (delta > 0 and start > limit) or (delta < 0 and start < limit):
        relation = "<=" if delta > 0 else ">="
        raise ValueError(f"Requires start {relation} limit when delta {'>' if delta > 0 else '<'} 0: {start}/{limit}")
    if isinstance(start, int) and isinstance(limit, int) and isinstance(delta, int):
        return -((start - limit) // abs(delta)) if delta > 0 else -((limit - start) // abs(delta))
    return math.ceil(abs((limit - start) / delta))


def _scalars(**inputs: Dims) -> None:
    """Refuse inputs that are no scalars."""
    for name, dims in inputs.items():
        try:
            shape_rules.with_rank(dims, 0)
        except ValueError as error:
            raise ValueError(f"{error}\n\t for '{name}'") from None


def _no_scalars(op: Any, *inputs: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    return next((f"{arg.name} must be a scalar, not shape {shapes.brackets(dims)}"
                 for arg, dims in zip(op.op._op_def.inputs, inputs) if dims), None)


@op("Range", host=("start", "limit", "delta"), check=_no_scalars,
    explain=lambda op, start, limit, delta: None if delta else "Requires delta != 0: 0")
class Range:
    """The numbers from `start` to below `limit` in steps of `delta`."""

    def shape(op, start, limit, delta):
        _scalars(start=start, limit=limit, delta=delta)
        values = [static_value(t) for t in (op.start, op.limit, op.delta)]
        if any(v is None for v in values):
            return (None,)
        return (_range_size(*[v.item() if hasattr(v, "item") else v for v in values]),)

    def kernel(op, start, limit, delta):
        count = _range_size(start, limit, delta)
        dtype = torch_dtype(op.Tidx)
        if isinstance(start, int) and isinstance(delta, int):
            return torch.arange(count, dtype=dtype) * delta + start if delta != 1 or start else \
                torch.arange(count, dtype=dtype)
        return torch.from_numpy(_steps(start, delta, count, op.Tidx)) if op.Tidx.name != "bfloat16" else \
            torch.from_numpy(_steps(start, delta, count, dtypes.float32)).to(dtype)

    def static(op, start, limit, delta):
        count = _range_size(start.item(), limit.item(), delta.item())
        if op.Tidx.is_integer:
            return np.arange(count, dtype=start.dtype) * delta + start
        return _steps(start.item(), delta.item(), count, op.Tidx)


def _steps(start: float, delta: float, count: int, dtype: dtypes.DType) -> np.ndarray:
    kind = dtype.as_numpy_dtype
    return np.asarray(start, kind) + np.arange(count).astype(kind) * np.asarray(delta, kind)


@op("LinSpace", host=("start", "stop", "num"), check=_no_scalars)
class LinSpace:
    """`num` numbers at equal distances from `start` to `stop`."""

    def shape(op, start, stop, num):
        _scalars(start=start, stop=stop, num=num)
        count = static_int(op.num)
        if count is not None and count <= 0:
            raise ValueError(f"Requires num > 0: {count}")
        return (count,)

    def kernel(op, start, stop, num):
        if num <= 0:
            raise errors.InvalidArgumentError(None, None, f"Requires num > 0: {num}")
        result = torch.linspace(start, stop, num, dtype=torch_dtype(op.T))
        if start != start or stop != stop:  # the ends stay what they are where the other is no number
            result[-1], result[0] = stop, start
        return result

    def static(op, start, stop, num):
        return np.linspace(start, stop, int(num), dtype=op.T.as_numpy_dtype)


@export("range")
def range_(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Tensor:
    """The numbers from `start` to below `limit` in steps of `delta` (from 0 to below `start` when it stands alone).

    Args:
      start, limit, delta: scalars.
      dtype: the type of the result; by default the widest of the three.
    """
    if limit is None:
        start, limit = 0, start
    with name_scope(name, "Range", [start, limit, delta]) as scope:
        dtype = None if dtype is None else as_dtype(dtype)
        start = convert_to_tensor(start, dtype=dtype, name="start")
        limit = convert_to_tensor(limit, dtype=dtype, name="limit")
        delta = convert_to_tensor(delta, dtype=dtype, name="delta")
        if dtype is None:
            given = [t.dtype.base_dtype for t in (start, limit, delta)]
            for item in given:
                if item not in _RANGE_TYPES:
                    raise TypeError(f"tf.range takes int32, int64, float32 or float64 scalars, got {item.name}.")
            wanted = max(given, key=_RANGE_TYPES.index)
            start, limit, delta = (t if t.dtype.base_dtype is wanted else raw.cast(t, wanted, name="Cast")
                                   for t in (start, limit, delta))
        return raw.range(start, limit, delta, name=scope)


@export("meshgrid")
def meshgrid(*args: Any, **kwargs: Any) -> list[Tensor]:
    """Coordinate grids from vectors.

    Args:
      *args: N vectors.
      indexing: "xy" (the first two axes exchanged, by default) or "ij".
      name: the name of the scope.

    Returns:
      N tensors of rank N.

    Raises:
      TypeError: an unknown keyword.
      ValueError: `indexing` is neither "xy" nor "ij".
    """
    indexing = kwargs.pop("indexing", "xy")
    name = kwargs.pop("name", "meshgrid")
    if kwargs:
        raise TypeError(f"'{next(iter(kwargs))}' is an invalid keyword argument for this function")
    if indexing not in ("xy", "ij"):
        raise ValueError("indexing parameter must be either 'xy' or 'ij'")
    with name_scope(name, "meshgrid", args):
        count = len(args)
        if not count:
            return []
        singles = (1,) * count
        output = [reshape(stack(x), singles[:i] + (-1,) + singles[i + 1:]) for i, x in enumerate(args)]
        sizes = [size(x) for x in args]
        dtype = convert_to_tensor(args[0]).dtype.base_dtype
        if indexing == "xy" and count > 1:
            output[0] = reshape(output[0], (1, -1) + (1,) * (count - 2))
            output[1] = reshape(output[1], (-1, 1) + (1,) * (count - 2))
            sizes[0], sizes[1] = sizes[1], sizes[0]
        whole = ones(sizes, dtype)
        return [raw.mul(x, whole, name="mul") for x in output]
