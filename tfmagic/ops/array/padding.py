"""Repeating and padding: tile, pad, mirrors."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.graph.static_value import constant_value, static_dims, static_ints, static_value
from tfmagic.ops import api, raw, shape_rules
from tfmagic.ops.array.join import concat, stack
from tfmagic.ops.array.order import transpose
from tfmagic.ops.array.rules import array_op, unknown_dims
from tfmagic.ops.array.shape_ops import rank, reshape, shape, size

_NOT_TILED = ("uint16", "uint32", "uint64")  # TensorFlow has no kernel for these


def _refused_tile(op: Any, x: Any, multiples: Any) -> Any:
    """TensorFlow's words for a run with values of these shapes."""
    if len(multiples) != 1:
        return f"Expected multiples to be 1-D, but got shape {shapes.brackets(multiples)}"
    if multiples[0] != len(x):
        return f"Expected multiples argument to be a vector of length {len(x)} but got length {multiples[0]}"
    if op.T.name in _NOT_TILED:
        return errors.UnimplementedError(None, None, f"TileOp : The input data type is not supported, DataType : "
                                                     f"{op.T.name}, Dimension : {len(x)}")
    return None


@array_op("Tile", host="multiples", memory="own", check=_refused_tile)
class Tile:
    """A tensor repeated along each axis."""

    def shape(op, x, multiples):
        (count,) = shape_rules.with_rank(multiples, 1)
        if x is not None and count is not None and len(x) != count:
            raise ValueError(f"Shape must be rank {len(x)} but is rank {count}")
        times = static_dims(op.multiples)
        if times is None:
            return None if x is None else tuple(0 if size == 0 else None for size in x)
        if x is None:
            x = (None,) * len(times)
        return tuple(0 if 0 in (d, t) else None if d is None or t is None else d * t for d, t in zip(x, times))

    def kernel(op, x, multiples):
        for index, count in enumerate(multiples):
            if count < 0:
                raise errors.InvalidArgumentError(None, None, f"Expected multiples[{index}] >= 0, but got {count}")
        if all(type(count) is int and count == 1 for count in multiples):
            return x.clone()
        known = op.known(x)
        if isinstance(known, torch.Tensor) and all(type(count) is int and 1 in (count, size)
                                                   for count, size in zip(multiples, known.shape)):
            return x.expand(tuple(count * size for count, size in zip(multiples, known.shape))).contiguous()
        return torch.tile(x, tuple(multiples))

    def gradient(op, dy):
        x, multiples = op.op._inputs
        input_shape = shape(x, out_type=multiples.dtype)
        split = reshape(transpose(stack([multiples, input_shape])), [-1])
        axes = api.range(0, size(split), 2)
        if isinstance(dy, IndexedSlices):  # rows are first summed over the copies along the first axis
            count = api.dtypes.cast(input_shape[0], dy.indices.dtype)
            dy = api.math.unsorted_segment_sum(dy.values, raw.floor_mod(dy.indices, count), count)
            split = concat([[1], split[1:]], axis=0)
        grad = api.math.reduce_sum(reshape(dy, split), axes)
        grad.set_shape(x.shape)
        return grad, None

    def static(op, x, multiples):
        return np.tile(x, [int(m) for m in multiples])


@array_op("TileGrad", host="multiples")
class TileGrad:
    """The sum of the copies that `Tile` makes."""

    def shape(op, x, multiples):
        times = static_ints(op.multiples)
        if x is None or times is None:
            return None if x is None else (None,) * len(x)
        return tuple(None if d is None or not t else d // t for d, t in zip(x, times))

    def kernel(op, x, multiples):
        for axis, count in enumerate(multiples):
            x = x.unflatten(axis, (count, -1)).sum(axis)
        return x

    def static(op, x, multiples):
        for axis, count in enumerate(multiples):
            x = x.reshape((*x.shape[:axis], int(count), -1, *x.shape[axis + 1:])).sum(axis)
        return x


def _padded_dims(op: Any, x: Dims, paddings: Dims) -> Dims:
    """The shape with `paddings` added."""
    shape_rules.with_rank(paddings, 2)
    if paddings is not None:
        if paddings[1] not in (None, 2):
            raise ValueError(f"Dimension must be 2 but is {paddings[1]}")
        if x is not None and paddings[0] is not None and paddings[0] != len(x):
            raise ValueError(f"Shape must be rank {paddings[0]} but is rank {len(x)}")
    values = static_value(op.paddings)
    if values is None:
        return unknown_dims(len(x) if x is not None else None if paddings is None else paddings[0])
    if x is None:
        return (None,) * len(values)
    if (values < 0).any():
        raise ValueError("Paddings must be non-negative")
    return tuple(None if d is None else d + int(a) + int(b) for d, (a, b) in zip(x, values))


def _refused_padding(op: Any, x: Any, paddings: Any, *rest: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if len(paddings) != 2 or paddings[1] != 2:
        return f"paddings must be a matrix with 2 columns: {shapes.brackets(paddings)}"
    if paddings[0] != len(x):
        between = ", " if op.op.type == "MirrorPad" else " "
        return (f"The first dimension of paddings must be the rank of inputs{shapes.brackets(paddings)}{between}"
                f"{shapes.brackets(x)}")
    return f"constant_values must be a scalar. Found: {shapes.brackets(rest[0])}" if rest and rest[0] else None


def _torch_pads(paddings: Any) -> list[int]:
    """Paddings in the order of torch: last axis first.

    Raises:
      InvalidArgumentError: one of them is negative (torch would cut).
    """
    for before, after in paddings:
        if before < 0 or after < 0:
            raise errors.InvalidArgumentError(None, None, f"Paddings must be non-negative: {before} {after}")
    return [int(amount) for before, after in reversed(paddings) for amount in (before, after)]


def _pad_gradient(op: Any, dy: Any) -> tuple[Any, ...]:
    x, paddings = op.op._inputs[:2]
    before = raw.slice(paddings, [0, 0], stack([rank(x), 1]))
    begin = reshape(before, [-1])
    grad = raw.slice(dy, begin, shape(x))
    return (grad,) + (None,) * (len(op.op._inputs) - 1)


@array_op("Pad", host="paddings", check=_refused_padding)
class Pad:
    """A tensor with zeros around it."""

    def shape(op, x, paddings):
        return _padded_dims(op, x, paddings)

    def kernel(op, x, paddings):
        return torch.nn.functional.pad(x, _torch_pads(paddings))

    gradient = _pad_gradient

    def static(op, x, paddings):
        return np.pad(x, paddings, constant_values=b"" if x.dtype == object else 0)


@array_op("PadV2", host=("paddings", "constant_values"), check=_refused_padding)
class PadV2:
    """A tensor with a constant around it."""

    def shape(op, x, paddings, constant_values):
        return _padded_dims(op, x, paddings)

    def kernel(op, x, paddings, constant_values):
        pads, pad = _torch_pads(paddings), torch.nn.functional.pad
        if op.T.is_complex:
            return torch.complex(pad(x.real, pads, value=constant_values.real),
                                 pad(x.imag, pads, value=constant_values.imag))
        return pad(x, pads, value=constant_values)

    gradient = _pad_gradient

    def static(op, x, paddings, constant_values):
        return np.pad(x, paddings, constant_values=np.asarray(constant_values)[()])


def _mirror_index(size_: int, before: int, after: int, offset: int, what: str = "dimension") -> list[int]:
    """Where the elements of a mirrored axis come from."""
    if before < 0 or after < 0:
        raise errors.InvalidArgumentError(None, None, f"paddings must be non-negative: {before} {after}")
    if before > size_ - offset or after > size_ - offset:
        raise errors.InvalidArgumentError(None, None, f"paddings must be no greater than the {what} size: {before}, "
                                          f"{after} greater than {size_ - offset}" if not offset else
                                          f"paddings must be less than the {what} size: {before}, {after} not less "
                                          f"than {size_}")
    return [*range(before - 1 + offset, offset - 1, -1), *range(size_),
            *range(size_ - 1 - offset, size_ - 1 - offset - after, -1)]


def mirrored(x: Any, paddings: Any, mode: str) -> Any:
    """A tensor with its mirror image around it; with "REFLECT", what is at the edge is not repeated."""
    offset = 1 if mode == "REFLECT" else 0
    for axis, (before, after) in enumerate(paddings):
        if before or after:
            index = _mirror_index(x.shape[axis], int(before), int(after), offset)
            x = x.index_select(axis, torch.tensor(index, device=x.device))
    return x


@array_op("MirrorPad", host="paddings", traced="shapes", check=_refused_padding)
class MirrorPad:
    """A tensor with its mirror image around it."""

    def shape(op, x, paddings):
        return _padded_dims(op, x, paddings)

    def kernel(op, x, paddings):
        return mirrored(x, paddings, op.mode)

    def gradient(op, dy):
        return raw.mirror_pad_grad(dy, op.paddings, mode=op.mode), None

    def static(op, x, paddings):
        return np.pad(x, paddings, mode="reflect" if op.mode == "REFLECT" else "symmetric")


@array_op("MirrorPadGrad", host="paddings", traced="shapes", check=_refused_padding)
class MirrorPadGrad:
    """The gradient of `MirrorPad`: the mirror images folded back and added."""

    def shape(op, x, paddings):
        count = shape_rules.with_rank(paddings, 2)[0]
        if count is None:
            return None
        x = shape_rules.with_rank(x, count)
        shape_rules.merge(paddings, (count, 2))
        values = static_value(op.paddings)
        if values is None:
            return (None,) * count
        return tuple(None if d is None else shape_rules.less(d, int(a + b)) for d, (a, b) in zip(x, values))

    def kernel(op, x, paddings):
        offset = 1 if op.mode == "REFLECT" else 0
        for axis, (before, after) in enumerate(paddings):
            if before or after:
                size_ = x.shape[axis] - int(before) - int(after)
                index = torch.tensor(_mirror_index(size_, int(before), int(after), offset, "output dimension"),
                                     device=x.device)
                whole = x.new_zeros((*x.shape[:axis], size_, *x.shape[axis + 1:]))
                x = whole.index_add(axis, index, x)
        return x

    def gradient(op, dy):
        return raw.mirror_pad(dy, op.paddings, mode=op.mode), None

    def static(op, x, paddings):
        return None


@export("tile")
def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """A tensor repeated `multiples[i]` times along axis i."""
    return raw.tile(input, multiples, name)


@export("pad")
def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", name: str | None = None,
        constant_values: Any = 0) -> Tensor:
    """A tensor with more elements around it.

    Args:
      tensor: any tensor of rank n.
      paddings: integer tensor of shape [n, 2]: how many elements come before and after along each axis.
      mode: "CONSTANT", "REFLECT" (mirrored at the first element) or "SYMMETRIC" (mirrored at the edge).
      constant_values: the scalar of mode "CONSTANT".

    Raises:
      ValueError: `mode` is unknown.
    """
    mode = mode.upper()
    if mode == "CONSTANT":
        if not isinstance(constant_values, Tensor) and constant_values == 0:
            result = raw.pad(tensor, paddings, name=name)
        else:
            result = raw.pad_v2(tensor, paddings, constant_values, name=name)
    elif mode in ("REFLECT", "SYMMETRIC"):
        result = raw.mirror_pad(tensor, paddings, mode=mode, name=name)
    else:
        raise ValueError(f"Unknown padding mode: {mode}")
    dims, known = result.op._inputs[0]._dims, _known_paddings(paddings)
    if dims is not None and known is not None and (result._dims is None or None in result._dims):
        result.set_shape([None if d is None or pair is None or None in pair else d + sum(pair)
                          for d, pair in zip(dims, known)])
    return result


def _known_paddings(paddings: Any) -> Any:
    """Paddings as a user gave them, with None for the numbers that only the run tells."""
    if isinstance(paddings, Tensor):
        if paddings.op.type == "Pack" and paddings._dims != (2,):
            return [_known_paddings(item) for item in paddings.op._inputs]
        value = constant_value(paddings, partial=True)
        return None if value is None else value.tolist()
    if isinstance(paddings, (list, tuple)):
        return [_known_paddings(item) for item in paddings]
    return paddings.tolist() if isinstance(paddings, np.ndarray) else paddings
