"""Geometry of convolutions and pools: strides, paddings and layouts, and views between TensorFlow's layout and torch's.

torch wants channels first. An NHWC tensor is handed over as a permuted view, which torch knows as the channels_last
memory format: nothing is copied, and the result comes back as a view that is contiguous in NHWC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.shape_rules import BuildingRefusal


def channels_last(op: Any) -> bool:
    """Whether the channels are the last dimension."""
    return not op.data_format.startswith("NC")


def spatial(op: Any, values: Sequence[Any]) -> list[Any]:
    """The entries of a per-dimension list that belong to height, width, ..."""
    return list(values[1:-1]) if channels_last(op) else list(values[2:])


def to_torch(op: Any, x: Any, rank: int) -> Any:
    """A view with channels first."""
    return x.permute(0, rank - 1, *range(1, rank - 1)) if channels_last(op) else x


def from_torch(op: Any, y: Any, rank: int) -> Any:
    """The inverse of `to_torch`."""
    return y.permute(0, *range(2, rank), 1) if channels_last(op) else y


def unread(op: Any, shape: Sequence[Any], like: Any) -> Any:
    """An image in torch's layout that a gradient asks for though it does not read its numbers: the order of memory of
    the result is taken from it.

    Args:
      shape: the image's shape in torch's layout.
      like: a value of the same type and on the same device.
    """
    order = torch.contiguous_format if not channels_last(op) else \
        torch.channels_last if len(shape) == 4 else torch.channels_last_3d
    return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=order)


def nothing(*shapes: Any) -> bool:
    """Whether one of these shapes surely has no elements: torch's windows refuse that, or divide by zero.

    A shape whose rank even is known only in the run is no tuple.
    """
    return any(isinstance(size, int) and size == 0 for shape in shapes if isinstance(shape, Sequence) for size in shape)


class ChannelsLast:
    """A node of an op that takes pictures with the channels last and says nothing of it, as the helpers here want it.

    Args:
      given: what it has besides, or in place of its own.
    """

    def __init__(self, node: Any, **given: Any):
        self._node = node
        self._given = {"data_format": "NHWC", "dilations": [1, 1, 1, 1], **given}

    def __getattr__(self, name: str) -> Any:
        return self._given[name] if name in self._given else getattr(self._node, name)


@dataclass(frozen=True)
class Geometry:
    """Windows along the spatial dimensions.

    Attributes:
      size: the window's size, stride, dilation per dimension.
      before, after: the padding at both ends.
    """

    size: list[int]
    stride: list[int]
    dilation: list[int]
    before: list[int]
    after: list[int]

    @property
    def symmetric(self) -> bool:
        return self.before == self.after

    def outputs(self, sizes: Sequence[int]) -> list[int]:
        """How many windows fit into these sizes; below zero as in C, where a window is too large."""
        return [outputs(size + b + a, (window - 1) * dilation + 1, stride) for
                size, window, stride, dilation, b, a in
                zip(sizes, self.size, self.stride, self.dilation, self.before, self.after)]

    def none(self, sizes: Sequence[Any]) -> bool:
        """Whether surely not one window fits into these sizes."""
        return all(isinstance(size, int) for size in sizes) and 0 in self.outputs(sizes)

    @property
    def pads(self) -> list[int]:
        """The paddings as `torch.nn.functional.pad` takes them: the last dimension first."""
        result: list[int] = []
        for b, a in zip(reversed(self.before), reversed(self.after)):
            result += [b, a]
        return result

    @property
    def any_padding(self) -> bool:
        return any(self.before) or any(self.after)


def paddings(op: Any, sizes: Sequence[Any], windows: Sequence[int], strides: Sequence[int],
             dilations: Sequence[int]) -> tuple[list[int], list[int]]:
    """The padding before and after each spatial dimension.

    Args:
      sizes: the input's spatial sizes; one that is not known (a value of the run) is only looked at where the
        padding depends on it.
    """
    if op.padding == "VALID":
        return [0] * len(windows), [0] * len(windows)
    if op.padding == "EXPLICIT":
        pairs = [op.explicit_paddings[i:i + 2] for i in range(0, len(op.explicit_paddings), 2)]
        pairs = pairs[1:-1] if channels_last(op) else pairs[2:]
        return [p[0] for p in pairs], [p[1] for p in pairs]
    before, after = [], []
    for size, window, stride, dilation in zip(sizes, windows, strides, dilations):
        reach = (window - 1) * dilation + 1
        if stride == 1:
            total = reach - 1
        else:
            total = max((-(-size // stride) - 1) * stride + reach - size, 0)
        before.append(total // 2)
        after.append(total - total // 2)
    return before, after


def sizes_of(op: Any, dims: Dims, x: Any) -> list[Any]:
    """The spatial sizes: static where they are known, else of the value `x` in TensorFlow's layout."""
    if dims is not None and None not in spatial(op, dims):
        return spatial(op, dims)
    return spatial(op, tuple(x.shape))


def outputs(size: int, reach: int, stride: int) -> int:
    """How many windows fit, as a kernel counts: the quotient is cut as in C, so a step may hide that none does."""
    return int((size - reach + stride) / stride)


def counted(size: int, window: int, stride: int, padding: int, dilation: int = 1,
            rounds_up: bool = False) -> int:
    """How many windows torch places along an axis."""
    room = size + 2 * padding - dilation * (window - 1) - 1
    if not rounds_up:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= size + padding else count  # the last begins inside


def output_size(size: int | None, window: int | None, stride: int, dilation: int, padding: str, before: int = 0,
                after: int = 0) -> int | None:
    """How many windows fit.

    Raises:
      ValueError: the window is larger than the input, or there is no way from one to the next.
    """
    if stride <= 0:
        raise ValueError(f"Stride must be > 0, but got {stride}")
    if dilation < 1:
        raise ValueError(f"Dilation rate must be >= 1, but got {dilation}")
    if size is None or (window is None and padding != "SAME"):
        return None
    if padding == "SAME":
        return -(-size // stride)
    reach = (window - 1) * dilation + 1  # type: ignore[operator]
    count = (size + before + after - reach + stride) // stride
    if size + before + after - reach < 0:
        count = outputs(size + before + after, reach, stride)
        raise BuildingRefusal(
            f"Negative dimension size caused by subtracting {reach} from {size + before + after}",
            f"Computed output size would be negative: {count} [input_size: {size}, effective_filter_size: {reach}, "
            f"stride: {stride}]" if count < 0 else None)
    return count


def check_rank(op: Any, x: Any, rank: int, what: str = "input") -> None:
    """Refuse a value of another rank, where the static shape did not."""
    if x.dim() != rank:
        raise errors.InvalidArgumentError(None, op.op, f"{what} must be {rank}-dimensional: "
                                                       f"{list(x.shape)}")


def padded(x: Any, geometry: Geometry, value: float = 0.0) -> Any:
    """`x` in torch's layout with the geometry's paddings."""
    return torch.nn.functional.pad(x, geometry.pads, value=value)


def unpadded(x: Any, geometry: Geometry) -> Any:
    """The part of `x` in torch's layout that is no padding."""
    for axis, (before, after) in enumerate(zip(geometry.before, geometry.after)):
        if before or after:
            x = x.narrow(axis + 2, before, x.shape[axis + 2] - before - after)
    return x
