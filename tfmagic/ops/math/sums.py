"""Sums of many tensors: AddN, AccumulateNV2, `tf.add_n`, `tf.accumulate_n`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfmagic.base import shapes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor, convert_to_tensor_or_indexed_slices
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw
from tfmagic.ops.complex_sums import plus
from tfmagic.ops.declare import register
from tfmagic.ops.shape_rules import merged_list


def _sum(op: Any, inputs: list[Any]) -> Any:
    total = inputs[0]
    for value in inputs[1:]:
        total = plus(op, total, value)
    return total


def _gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [dy] * len(op.inputs)


def _sum_shape(op: Any, inputs: list[shapes.Dims]) -> shapes.Dims:
    return merged_list(inputs)


def _refused_sum(op: Any, inputs: Any) -> str | None:
    for index, dims in enumerate(inputs):
        if dims != inputs[0]:
            return (f"Inputs to operation {op.op.name} of type AddN must have the same size and shape.  Input 0: "
                    f"{shapes.brackets(inputs[0])} != input {index}: {shapes.brackets(dims)}")
    return None


register("AddN", _sum_shape, _sum, _gradient, check=_refused_sum)
register("AccumulateNV2", lambda op, inputs: op.shape._dims, _sum, _gradient, check=lambda op, inputs:
         "Parameters and update must be the same size" if len(set(inputs)) > 1 else None)


@export("math.add_n")
def add_n(inputs: Any, name: str | None = None) -> Tensor:
    """Adds all tensors of a list.

    Args:
      inputs: tensors or `IndexedSlices` of one shape and type.

    Returns:
      Their sum, of the same shape and type.

    Raises:
      ValueError: `inputs` is empty or no list, or holds different shapes or types.
    """
    wrong = "inputs must be a list of at least one Tensor/IndexedSlices with the same dtype and shape"
    if not isinstance(inputs, Iterable) or isinstance(inputs, Tensor) or not (inputs := list(inputs)):
        raise ValueError(wrong)
    inputs = [convert_to_tensor_or_indexed_slices(value) for value in inputs]
    if not all(isinstance(value, (Tensor, IndexedSlices)) for value in inputs):
        raise ValueError(wrong)
    if len(inputs) == 1:
        value = convert_to_tensor(inputs[0])
        return raw.identity(value, name=name) if name else value
    return raw.add_n(inputs, name=name)


@export("math.accumulate_n")
def accumulate_n(inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None) -> Tensor:
    """Adds all tensors of a list, without waiting for all of them at once.

    Args:
      inputs: tensors of one shape and type.
      shape: their shape, where it is not known statically.
      tensor_dtype: their type, for a check.

    Returns:
      Their sum, of the same shape and type.

    Raises:
      ValueError: `inputs` is empty, or holds different shapes or types.
      TypeError: `tensor_dtype` is not their type.
    """
    wrong = "inputs must be a list of at least one Tensor with the same dtype and shape"
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise ValueError(wrong)
    inputs = [convert_to_tensor(value) for value in inputs]
    if any(value.dtype.base_dtype is not inputs[0].dtype.base_dtype for value in inputs):
        raise ValueError(wrong)
    whole = shapes.as_shape(shape)
    for value in inputs:
        whole = whole.merge_with(value.get_shape())
    if tensor_dtype is not None and tensor_dtype != inputs[0].dtype:
        raise TypeError(f"tensor_dtype is {tensor_dtype}, but input is of type {inputs[0].dtype}")
    if len(inputs) == 1:
        return raw.identity(inputs[0], name=name) if name is not None else inputs[0]
    return raw.accumulate_nv2(inputs, whole, name=name)
