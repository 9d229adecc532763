"""Axes and sizes in another data format, and comparisons as bits."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import op


def _order(op: Any) -> list[int]:
    """For each axis of the format asked for, which one of the given format it is.

    Raises:
      InvalidArgumentError: one of the formats does not have four letters, or they differ in these.
    """
    given, wanted = op.src_format, op.dst_format
    for name, short, value in (("Source", "src_format", given), ("Destination", "dst_format", wanted)):
        if len(value) != 4:
            raise errors.InvalidArgumentError(
                None, None, f"{name} format must of length 4, received {short} = {value}")
    if sorted(given) != sorted(wanted):
        raise errors.InvalidArgumentError(
            None, None, f"Destination and source format must determine a permutation, got {given} and {wanted}")
    return [given.index(letter) for letter in wanted]


@op("DataFormatDimMap")
class DataFormatDimMap:
    """Which axis in one format those of another are."""

    shape = shape_rules.same

    def kernel(op, x):
        order = _order(op)
        places = [order.index(axis) for axis in range(4)]
        return torch.tensor(places, dtype=x.dtype, device=x.device)[torch.remainder(x, 4).long()]


def _refused_sizes(op: Any, x: Any) -> str | None:
    if len(x) not in (1, 2):
        return f"input must be a vector or 2D tensor, but got shape {shapes.brackets(x)}"
    if x[0] != 4:
        which = "1D input" if len(x) == 1 else "First dimension of 2D input"
        return f"{which} must be of size 4, but got shape {shapes.brackets(x)}"
    if len(x) == 2 and x[1] != 2:
        return f"Second dimension of 2D input must be of size 2, but got shape {shapes.brackets(x)}"
    return None


@op("DataFormatVecPermute", check=_refused_sizes)
class DataFormatVecPermute:
    """The sizes of the axes in another format."""

    shape = shape_rules.same

    def kernel(op, x):
        return x[_order(op)]


@op("CompareAndBitpack", check=lambda op, x, threshold: "Input should be at least a vector, but saw a scalar."
            if not x else f"Compare must be a scalar, but saw shape: {shapes.brackets(threshold)}" if threshold else
            f"Inner dimension of input should be divisible by 8, but saw shape: {shapes.brackets(x)}" if x[-1] % 8
            else None)
class CompareAndBitpack:
    """What is larger than a threshold, as bits, eight to a byte."""

    def shape(op, x, threshold):
        dims = shape_rules.with_rank_at_least(x, 1)
        shape_rules.with_rank(threshold, 0)
        if dims is None:
            return None
        if dims[-1] is not None and dims[-1] % 8:
            raise ValueError(f"Dimension size must be evenly divisible by 8 but is {dims[-1]}")
        return (*dims[:-1], None if dims[-1] is None else dims[-1] // 8)

    def kernel(op, x, threshold):
        bits = x if x.dtype is torch.bool else x > threshold
        weights = torch.tensor([128, 64, 32, 16, 8, 4, 2, 1], dtype=torch.int32, device=x.device)
        grouped = bits.reshape(*x.shape[:-1], x.shape[-1] // 8, 8).to(torch.int32)
        return (grouped * weights).sum(-1).to(torch.uint8)
