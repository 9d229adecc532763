"""What the functions on pictures ask of their shapes, while the graph is built and when it runs."""

from __future__ import annotations

from typing import Any

from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import api
from tfmagic.ops.control_flow.grouping import with_dependencies


def checks_of(image: Tensor) -> list[Operation]:
    """The checks that a run makes of pictures: none where the static shape says it all.

    Raises:
      ValueError: the rank is below 3, or a dimension is 0.
    """
    try:
        shape = image.get_shape().with_rank_at_least(3) if image.get_shape().ndims is not None else TensorShape(None)
    except ValueError:
        raise ValueError("'image' must be at least three-dimensional.") from None
    if any(dim.value == 0 for dim in shape.dims or ()):
        raise ValueError(f"all dims of 'image.shape' must be > 0: {shape}")
    if shape.is_fully_defined():
        return []
    return [api.assert_positive(api.shape(image), ["all dims of 'image.shape' must be > 0."]),
            api.assert_greater_equal(api.rank(image), 3, message="'image' must be at least three-dimensional.")]


def checked(image: Tensor) -> Tensor:
    """Pictures behind their checks: a node of its own, even where there are none."""
    return with_dependencies(checks_of(image), image)


def require(condition: Any, words: str) -> list[Operation]:
    """A check that a condition holds: made now where it is known, else a node that makes it.

    Raises:
      ValueError: it does not hold.
    """
    if isinstance(condition, Tensor):
        return [api.Assert(condition, [words])]
    if not condition:
        raise ValueError(words)
    return []


def sizes_of(image: Tensor, rank: int) -> list[Any]:
    """The dimensions of pictures: ints where all are known, else those that are, and tensors for the others."""
    if image.get_shape().is_fully_defined():
        return image.get_shape().as_list()
    static = image.get_shape().with_rank(rank).as_list()
    dynamic = api.unstack(api.shape(image), rank)
    return [known if known is not None else tensor for known, tensor in zip(static, dynamic, strict=True)]


def as_batch(image: Any, name: str = "images") -> tuple[Tensor, bool]:
    """Pictures as a batch, and whether they were one.

    Raises:
      ValueError: they have neither 3 nor 4 dimensions.
    """
    image = convert_to_tensor(image, name=name)
    shape = image.get_shape()
    if shape.ndims is None:
        image = api.expand_dims(image, 0)
        image.set_shape([None] * 4)
        return image, False
    if shape.ndims == 3:
        return api.expand_dims(image, 0), False
    if shape.ndims == 4:
        return image, True
    raise ValueError("'image' must have either 3 or 4 dimensions.")
