"""Shapes and vectors that are chosen when the graph is built where that can be, else in the run."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api


def pick_vector(cond: Any, true_vector: Any, false_vector: Any, name: str = "pick_vector") -> Any:
    """One of two vectors, by a condition.

    Args:
      cond: a bool scalar.
      true_vector: the one where it holds.
      false_vector: the other, of the same type.
      name: of the scope.

    Raises:
      TypeError: the condition is no bool, or the vectors are of two types.
    """
    with name_scope(name, values=(cond, true_vector, false_vector)):
        cond = convert_to_tensor(cond, name="cond")
        if cond.dtype != dtypes.bool_:
            raise TypeError(f"{cond.dtype}.dtype={cond.name} which is not {dtypes.bool_}")
        known = constant_value(cond)
        if known is not None:
            return true_vector if known else false_vector
        true_vector = convert_to_tensor(true_vector, name="true_vector")
        false_vector = convert_to_tensor(false_vector, name="false_vector")
        if true_vector.dtype != false_vector.dtype:
            raise TypeError(f"{true_vector.name}.dtype={true_vector.dtype} does not match {false_vector.name}.dtype="
                            f"{false_vector.dtype}")
        n = api.shape(true_vector)[0]
        both = api.concat([true_vector, false_vector], 0)
        return api.slice(both, [api.where_v2(cond, 0, n)], [api.where(cond, n, -1)])


def broadcast_shape(a: Tensor, b: Tensor) -> Tensor:
    """The shape of what two tensors broadcast to, in a run."""
    return api.broadcast_dynamic_shape(api.shape(a), api.shape(b))


def broadcast_static_shape(a: Tensor, b: Tensor) -> Any:
    """The shape of what two tensors broadcast to, as far as that is known."""
    return api.broadcast_static_shape(a.get_shape(), b.get_shape())


def shape_of_broadcast(*tensors: Tensor) -> Any:
    """The shape of what tensors broadcast to: a list of sizes where it is known, else a tensor."""
    static = tensors[0].get_shape()
    for tensor in tensors[1:]:
        static = api.broadcast_static_shape(static, tensor.get_shape())
    if static.is_fully_defined():
        return static.as_list()
    shape = api.shape(tensors[0])
    for tensor in tensors[1:]:
        shape = api.broadcast_dynamic_shape(shape, api.shape(tensor))
    return shape
