"""Slots: variables that an optimizer keeps beside the variables it trains, named after them."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw
from tfmagic.tf.initializers.kinds import Zeros
from tfmagic.tf.variable.reference import RefVariable
from tfmagic.tf.variable.resource import is_resource_variable
from tfmagic.tf.variable.scope import get_variable, get_variable_scope, variable_scope
from tfmagic.tf.variable.variables import Variable


def _make(primary: Any, value: Any, validate_shape: bool, shape: Any, dtype: Any) -> Variable:
    """A slot with the name of the open variable scope."""
    scope = get_variable_scope()
    partitioner = scope.partitioner
    scope.set_partitioner(None)  # a part of a partitioned variable has slots of its own shape
    use_resource = True if is_resource_variable(primary) else False if isinstance(primary, RefVariable) else None
    slot = get_variable("", initializer=value, trainable=False, use_resource=use_resource,
                        shape=shape if callable(value) else None, dtype=dtype, validate_shape=validate_shape)
    scope.set_partitioner(partitioner)
    info = primary._get_save_slice_info() if isinstance(primary, Variable) else None
    if info is not None:
        own_name = slot.name[len(primary.op.name + "/"):-2]
        slot._set_save_slice_info(Variable.SaveSliceInfo(
            f"{info.full_name}/{own_name}", list(info.full_shape), list(info.var_offset), list(info.var_shape)))
    return slot


def _prefix(primary: Any) -> str:
    return primary._shared_name if isinstance(primary, Variable) else primary.op.name


def create_slot(primary: Any, val: Tensor, name: str, colocate_with_primary: bool = True) -> Variable:
    """A slot that begins with a given value.

    Args:
      primary: the variable or tensor that the slot belongs to.
      val: its first value.
      name: what is added to the name of `primary`.
      colocate_with_primary: whether it shares the device of `primary`.
    """
    with variable_scope(None, f"{_prefix(primary)}/{name}"):
        return _beside(primary, colocate_with_primary, val, val.get_shape().is_fully_defined(), None, None)


def create_slot_with_initializer(primary: Any, initializer: Any, shape: Any, dtype: Any, name: str,
                                 colocate_with_primary: bool = True) -> Variable:
    """A slot of a given shape and type that begins with what an initializer gives."""
    with variable_scope(None, f"{_prefix(primary)}/{name}"):
        return _beside(primary, colocate_with_primary, initializer, shape.is_fully_defined(), shape, dtype)


def _beside(primary: Any, colocate: bool, value: Any, validate_shape: bool, shape: Any, dtype: Any) -> Variable:
    if not colocate:
        return _make(primary, value, validate_shape, shape, dtype)
    with get_default_graph().colocate_with(primary.op):
        return _make(primary, value, validate_shape, shape, dtype)


def create_zeros_slot(primary: Any, name: str, dtype: Any = None, colocate_with_primary: bool = True) -> Variable:
    """A slot of the shape of `primary` that begins with zeros."""
    from tfmagic.ops.array.constants import zeros

    dtype = primary.dtype if dtype is None else dtype
    if primary.shape.is_fully_defined():
        return create_slot_with_initializer(primary, Zeros(), primary.shape, dtype, name, colocate_with_primary)
    first = primary._initialized_value() if isinstance(primary, Variable) else primary
    return create_slot(primary, zeros(raw.shape(first), dtype=dtype.base_dtype), name, colocate_with_primary)
