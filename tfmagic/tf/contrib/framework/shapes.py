"""Tensors with shapes that are asserted: with_shape, with_same_shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import convert_to_tensor_or_sparse_tensor
from tfmagic.ops import api, raw


@export("contrib.framework.with_same_shape")
def with_same_shape(expected_tensor: Any, tensor: Any) -> Any:
    """A tensor that has another's shape, which the run asserts where it is not known before.

    Raises:
      ValueError: the shapes differ.
    """
    with name_scope(f"{tensor.op.name}/"):
        known = expected_tensor.shape
        expected = known.as_list() if known.is_fully_defined() else api.shape(expected_tensor, name="expected_shape")
        return with_shape(expected, tensor)


@export("contrib.framework.with_shape")
def with_shape(expected_shape: Any, tensor: Any) -> Any:
    """A tensor that has a shape, which the run asserts where it is not known before.

    Args:
      expected_shape: integers, a `TensorShape`, or an int tensor.
      tensor: a tensor.

    Returns:
      The tensor itself where its shape is known; else one that depends on the assertion.

    Raises:
      ValueError: the shapes differ, or the shape asked for holds no integers.
    """
    tensor = convert_to_tensor_or_sparse_tensor(tensor)
    if hasattr(expected_shape, "as_list"):
        expected_shape = expected_shape.as_list()
    given = expected_shape if isinstance(expected_shape, Tensor) else np.array(expected_shape)
    if not isinstance(given, Tensor):
        if given.size > 1 and given.dtype.kind not in "iu":
            raise ValueError(f"Invalid dtype {given.dtype} for shape {given} expected of tensor {tensor.name}.")
        known = tensor.shape
        if known.is_fully_defined():
            if not known.is_compatible_with(given.tolist()):
                raise ValueError(f"Invalid shape for tensor {tensor.name}, expected {given}, got {known}.")
            return tensor
    with name_scope(f"{tensor.op.name}/"):
        if not isinstance(given, Tensor) and given.size < 1:  # a scalar has no other assertion
            return api.reshape(tensor, [])
        result = asserted(tensor, given if isinstance(given, Tensor) else given.tolist())
        if not isinstance(given, Tensor):
            result.set_shape(given.tolist())
        return result


def asserted(tensor: Any, expected: Any) -> Any:
    """A tensor whose shape the run asserts.

    Args:
      expected: integers, of which -1 is any size, or an int tensor.
    """
    with get_default_graph().control_dependencies([_assert_shape(tensor, expected)]):
        return raw.identity(tensor)


def _assert_shape(tensor: Any, expected: Any) -> Any:
    with name_scope("assert_shape") as whole:
        actual = api.shape(tensor, name="actual")
        with name_scope("is_shape") as shape:
            size = api.size(expected)
            with name_scope("is_rank") as rank:
                right_rank = api.equal(size, api.rank(tensor, name="actual"), name=rank)
            with name_scope("shape_tensor_equal") as equal:
                either = raw.logical_or(api.equal(expected, -1), api.equal(expected, actual, "equal"),
                                        name="exclude_partial_shape")
                right = api.reduce_all(either, name=equal)
            holds = raw.logical_and(right_rank, right, name=shape)
        return api.Assert(holds, [f"Wrong shape for {tensor.name} [expected] [actual].", expected, actual], name=whole)
