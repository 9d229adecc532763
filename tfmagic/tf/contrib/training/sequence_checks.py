"""Nodes that look, in every run, whether tensors have the rank, the sizes and the shape that are needed."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api, raw


def checked_rank(value: Tensor, rank: Any) -> Tensor:
    """The tensor, once it is seen to have that rank, a number or an int32 scalar.

    Raises:
      ValueError: its static shape has another one.
    """
    found = api.rank(value)
    right = api.equal(rank, found)
    said = api.string_join([f"Rank of tensor {value.name} should be: ", api.as_string(rank), ", shape received:"])
    with get_default_graph().control_dependencies([api.Assert(right, [said, api.shape(value)])]):
        checked = raw.identity(value, name="rank_checked")
    known = constant_value(rank) if isinstance(rank, Tensor) else rank
    if known is not None:
        try:
            checked.set_shape(value.get_shape().with_rank(int(known)))
        except ValueError as error:
            raise ValueError(f"Rank check failed for {value.name}: {error}") from None
    return checked


def checked_shape(value: Tensor, shape: Tensor) -> Tensor:
    """The tensor, once it is seen to have that shape, an int32 vector.

    Raises:
      ValueError: its static shape has another rank.
    """
    known = constant_value(shape)
    expected = shape if known is None else known.tolist()
    value = checked_rank(value, api.size(shape) if known is None else len(known))
    right = api.reduce_all(api.equal(expected, api.shape(value)))
    said = api.string_join([f"Shape of tensor {value.name} should be: ", api.as_string(expected), ", shape received: ",
                            api.as_string(api.shape(value))])
    with get_default_graph().control_dependencies([api.Assert(right, [said])]):
        return raw.identity(value, name="shape_checked")


def checked_sizes(value: Tensor, axes: Any, sizes: Any, label: str) -> Tensor:
    """The tensor, once each of these axes is seen to have its size, a number or an int32 scalar."""
    checks = []
    for axis, size in zip(axes, sizes):
        right = api.equal(size, api.shape(value)[axis])
        said = api.string_join([f"Dimension {axis} of tensor labeled {label} should be: ", api.as_string(size),
                                ", shape received: ", api.as_string(api.shape(value))])
        checks.append(api.Assert(right, [said]))
    with get_default_graph().control_dependencies(checks):
        return raw.identity(value, name=f"dims_checked_{label}")


def is_multiple(remainder: Tensor, value: Tensor, of: int, what: str) -> Any:
    """An operation that fails unless `value`, which leaves that remainder, is a multiple of `of` and not 0."""
    right = api.logical_and(api.equal(remainder, 0), api.not_equal(value, 0))
    said = api.string_join([f"{what} should be a multiple of: ", api.as_string(of), ", but saw value: ",
                            api.as_string(value), ". Consider setting pad=True."])
    return api.Assert(right, [said])


def checked_multiple(value: Tensor, of: int) -> Tensor:
    """The number, once it is seen to be a multiple of another and not 0."""
    check = is_multiple(raw.floor_mod(value, of), value, of, f"Tensor {value.name}")
    with get_default_graph().control_dependencies([check]):
        return raw.identity(value, name="multiple_of_checked")
