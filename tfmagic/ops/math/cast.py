"""Casts between types: Cast, Bitcast, `tf.cast`, `tf.saturate_cast` and the old `tf.to_*` functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, tf_logging
from tfmagic.base.deprecation import deprecated
from tfmagic.base.dtypes import as_dtype
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.declare import op, register
from tfmagic.ops.shape_rules import same, with_rank_at_least
from tfmagic.ops.torch_types import torch_dtype


def _cast(op: Any, x: Any) -> Any:
    if op.SrcT.is_complex and not op.DstT.is_complex:
        x = torch.real(x)
    return x.to(torch_dtype(op.DstT))


def _cast_gradient(op: Any, dy: Tensor) -> Tensor | None:
    source, target = op.SrcT, dy.dtype.base_dtype
    if all(t.is_floating or t.is_complex for t in (source, target)):
        return cast(dy, source)
    return None


def _static_cast(op: Any, x: Any) -> Any:
    if op.SrcT.is_complex and not op.DstT.is_complex:
        x = np.real(x)
    return x.astype(op.DstT.as_numpy_dtype)


def _refused_cast(op: Any, x: Dims) -> errors.UnimplementedError | None:
    if op.SrcT != op.DstT and "string" in (op.SrcT.name, op.DstT.name):
        return errors.UnimplementedError(None, None, f"Cast {op.SrcT.proto_name} to {op.DstT.proto_name} is not "
                                                     "supported")
    return None


register("Cast", same, _cast, _cast_gradient, _static_cast, check=_refused_cast)


def _refused_bits(op: Any, x: Any) -> str | None:
    ratio = op.type.size // op.T.size
    return f"Cannot bitcast from {x[-1]} to {ratio}" if ratio > 1 and x and x[-1] != ratio else None


@op("Bitcast", check=_refused_bits)
class Bitcast:
    """The same bits as another type; a last axis is added or taken away where the sizes differ."""

    def shape(op: Any, x: Dims) -> Dims:
        source, target = op.T.size, op.type.size
        if x is None or source == target:
            return x
        if source > target:
            return (*x, source // target)
        with_rank_at_least(x, 1)
        if x[-1] is not None and x[-1] * source != target:
            raise ValueError(f"Cannot bitcast due to shape. {x[-1]} does not match {target // source}")
        return x[:-1]

    def kernel(op: Any, x: Any) -> Any:
        source, target = op.T.size, op.type.size
        if source > target:
            return x.unsqueeze(-1).view(torch_dtype(op.type))
        if source < target:
            return x.contiguous().view(torch_dtype(op.type)).squeeze(-1)
        return x.view(torch_dtype(op.type))


@export("cast")
def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """The same numbers in another type.

    Args:
      x: a tensor, sparse tensor or `IndexedSlices` of numbers or bools.
      dtype: the new type.

    Returns:
      The same kind of value with elements of type `dtype`; `x` itself where it has that type.

    Raises:
      TypeError: `x` cannot be cast to `dtype`.
    """
    target = as_dtype(dtype).base_dtype
    if isinstance(x, Tensor) and target is x.dtype:
        return x
    with name_scope(name, "Cast", [x]) as scope:
        if isinstance(x, IndexedSlices):
            return IndexedSlices(cast(x.values, target, name=scope), x.indices, x.dense_shape)
        if hasattr(x, "dense_shape") and hasattr(x, "indices"):
            return type(x)(x.indices, cast(x.values, target, name=scope), x.dense_shape)
        x = convert_to_tensor(x, name="x")
        source = x.dtype.base_dtype
        if source is not target:
            x = raw.cast(x, target, name=scope)
            if source.is_complex and target.is_floating:
                tf_logging.warning("Casting complex to real discards imaginary part.")
        return x


@export("dtypes.saturate_cast")
def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """Casts to a new type; values beyond its range become its least or largest one.

    Args:
      value: a tensor of real numbers.
      dtype: the new type.

    Returns:
      A tensor of type `dtype` and the same shape.
    """
    with name_scope(name, "saturate_cast", [value]) as scope:
        value = convert_to_tensor(value, name="value")
        target = as_dtype(dtype).base_dtype
        if value.dtype.min < target.min:
            value = raw.maximum(value, convert_to_tensor(target.min, dtype=value.dtype, name="min"))
        if value.dtype.max > target.max:
            value = raw.minimum(value, convert_to_tensor(target.max, dtype=value.dtype, name="max"))
        return cast(value, target, name=scope)


def _old_cast(name: str, default_name: str, dtype: Any) -> None:
    def function(x: Any, name: str = default_name) -> Any:
        return cast(x, dtype, name=name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (f"Casts a tensor to {dtype.name}.\n\n    Args:\n      x: a tensor, sparse tensor or "
                        f"`IndexedSlices`.\n\n    Returns:\n      The same kind of value of type {dtype.name}.\n    ")
    export(name)(deprecated(None, "Use `tf.cast` instead.")(function))


_old_cast("to_float", "ToFloat", dtypes.float32)
_old_cast("to_double", "ToDouble", dtypes.float64)
_old_cast("to_int32", "ToInt32", dtypes.int32)
_old_cast("to_int64", "ToInt64", dtypes.int64)
_old_cast("to_bfloat16", "ToBFloat16", dtypes.bfloat16)
_old_cast("to_complex64", "ToComplex64", dtypes.complex64)
_old_cast("to_complex128", "ToComplex128", dtypes.complex128)
