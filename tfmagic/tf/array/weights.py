"""Weights that must broadcast to values: the checks and the nodes that losses and metrics share."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops

_REFUSED = "weights can not be broadcast to values."


def assert_broadcastable(weights: Any, values: Any) -> Any:
    """An operation that fails unless weights are a scalar, or of the values' rank with sizes 1 or the values' own.

    Args:
      weights, values: tensors.

    Raises:
      ValueError: the static shapes already say no.
    """
    with name_scope(None, "assert_broadcastable", (weights, values)) as scope:
        with name_scope(None, "weights", (weights,)) as inner:
            weights = convert_to_tensor(weights, name=inner)
            weights_shape = shape_ops.shape(weights, name="shape")
            weights_rank = shape_ops.rank(weights, name="rank")
        known_weights_rank = constant_value(weights_rank)
        with name_scope(None, "values", (values,)) as inner:
            values = convert_to_tensor(values, name=inner)
            values_shape = shape_ops.shape(values, name="shape")
            values_rank = shape_ops.rank(values, name="rank")
        known_rank = constant_value(values_rank)
        if known_weights_rank is not None and known_rank is not None:
            if known_weights_rank == 0:
                return raw.no_op(name="static_scalar_check_success")
            shapes = f"values.shape={values.get_shape()}. weights.shape={weights.get_shape()}."
            if known_weights_rank != known_rank:
                raise ValueError(f"{_REFUSED} values.rank={known_rank}. weights.rank={known_weights_rank}. {shapes}")
            wanted, given = constant_value(values_shape), constant_value(weights_shape)
            if wanted is not None and given is not None:
                for axis, (w, g) in enumerate(zip(wanted, given)):
                    if g not in (1, w):
                        raise ValueError(f"{_REFUSED} Mismatch at dim {axis}. values.shape={wanted} "
                                         f"weights.shape={given}.")
                return raw.no_op(name="static_dims_check_success")
        is_scalar = raw.equal(0, weights_rank, name="is_scalar")
        data = (_REFUSED, "weights.shape=", weights.name, weights_shape, "values.shape=", values.name, values_shape,
                "is_scalar=", is_scalar)
        valid = api.cond(
            is_scalar, lambda: is_scalar,
            lambda: _valid_shapes(weights_rank, weights_shape, values_rank, values_shape), name="is_valid_shape")
        return api.debugging.Assert(valid, data, name=scope)


def _valid_shapes(weights_rank: Tensor, weights_shape: Tensor, values_rank: Tensor, values_shape: Tensor) -> Tensor:
    with name_scope(None, "has_valid_nonscalar_shape",
                    (weights_rank, weights_shape, values_rank, values_shape)) as scope:
        same_rank = raw.equal(values_rank, weights_rank, name="is_same_rank")
        return api.cond(same_rank, lambda: _valid_sizes(weights_shape, values_shape), lambda: same_rank,
                              name=scope)


def _valid_sizes(weights_shape: Tensor, values_shape: Tensor) -> Tensor:
    """Every size of the weights is among 1 and the size of the values there."""
    with name_scope(None, "has_invalid_dims", (weights_shape, values_shape)) as scope:
        values_2d = shape_ops.expand_dims(values_shape, -1)
        valid = api.concat((values_2d, constants.ones_like(values_2d)), axis=1)
        weights_2d = shape_ops.expand_dims(weights_shape, -1)
        wrong = raw.dense_to_dense_set_operation(weights_2d, valid, "a-b")
        count = shape_ops.size(wrong[1], name="num_invalid_dims")
        return raw.equal(0, count, name=scope)


def broadcast_weights(weights: Any, values: Any) -> Tensor:
    """Weights with the shape of the values.

    Args:
      weights: a tensor that broadcasts to `values`.
      values: a numeric tensor.

    Returns:
      A tensor of the shape of `values`.

    Raises:
      ValueError: the static shapes do not fit.
    """
    with name_scope(None, "broadcast_weights", (weights, values)) as scope:
        values = convert_to_tensor(values, name="values")
        weights = convert_to_tensor(weights, dtype=values.dtype.base_dtype, name="weights")
        shape = weights.get_shape()
        if shape.is_fully_defined() and values.get_shape().is_fully_defined() \
                and shape.is_compatible_with(values.get_shape()):
            return weights
        with get_default_graph().control_dependencies((assert_broadcastable(weights, values),)):
            return raw.mul(weights, constants.ones_like(values), name=scope)
