"""Moving elements about: tile, pad, transpose, reverse, roll; sequences: range, linspace, meshgrid."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.deprecation import deprecated_args, deprecated_argument_lookup
from tfmagic.base.dtypes import as_dtype
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value, static_dims, static_int, static_ints, static_value
from tfmagic.ops import api, raw, shape_rules
from tfmagic.ops.array.constants import ones
from tfmagic.ops.array.indices import require
from tfmagic.ops.array.join import concat, stack
from tfmagic.ops.array.rules import array_op, unknown_dims
from tfmagic.ops.array.shape_ops import rank, reshape, shape, size
from tfmagic.ops.declare import op
from tfmagic.ops.torch_types import torch_dtype

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


@array_op("Tile", host="multiples", check=_refused_tile)
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
            return (None,) * len(times)
        return tuple(0 if 0 in (d, t) else None if d is None or t is None else d * t for d, t in zip(x, times))

    def kernel(op, x, multiples):
        for index, count in enumerate(multiples):
            if count < 0:
                raise errors.InvalidArgumentError(None, None, f"Expected multiples[{index}] >= 0, but got {count}")
        return x.clone() if all(type(count) is int and count == 1 for count in multiples) else \
            torch.tile(x, tuple(multiples))

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


# --- padding ----------------------------------------------------------------------------------------------------


def _padded_dims(op: Any, x: Dims, paddings: Dims) -> Dims:
    """The shape with `paddings` added."""
    shape_rules.with_rank(paddings, 2)
    if paddings is not None:
        shape_rules.merge_dim(paddings[1], 2)
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
    return None


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
        count, _ = shape_rules.merge(shape_rules.with_rank(paddings, 2), (None, 2))
        if count is not None:
            x = shape_rules.with_rank(x, count)
        values = static_value(op.paddings)
        if values is None:
            return unknown_dims(count)
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


# --- order of axes and elements ---------------------------------------------------------------------------------


def _permuted(x: Dims, perm_tensor: Tensor, perm_dims: Dims) -> Dims:
    (count,) = shape_rules.with_rank(perm_dims, 1)
    if x is not None and count not in (None, len(x)):
        raise ValueError(f"Dimension must be {len(x)} but is {count}")
    perm = static_ints(perm_tensor)
    if perm is None:
        return unknown_dims(len(x) if x is not None else count)
    if x is None:
        return (None,) * len(perm)
    for axis in perm:
        if not -len(x) <= axis < len(x):
            raise ValueError(f"perm dim {axis} is out of range of input rank {len(x)}")
    return tuple(x[axis] for axis in perm)


def _refused_transpose(op: Any, x: Any, perm: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if len(perm) != 1:
        return f"perm must be a vector, not {shapes.brackets(perm)}"
    return None if perm[0] == len(x) else (
        f"transpose expects a vector of size {len(x)}. But input(1) is a vector of size {perm[0]}")


def _order(perm: Any) -> tuple[int, ...]:
    """An order of axes.

    Raises:
      InvalidArgumentError: it leaves one out.
    """
    words = next((f"{axis} is out of range [0 .. {len(perm)})" for axis in perm if not 0 <= axis < len(perm)), None) \
        or next((f"{axis} is missing from {{{','.join(map(str, perm))}}}." for axis in range(len(perm))
                 if axis not in perm), None)
    if words is not None:
        raise errors.InvalidArgumentError(None, None, words)
    return tuple(perm)


@array_op("Transpose", host="perm", check=_refused_transpose)
class Transpose:
    """A tensor with its axes in another order."""

    def shape(op, x, perm):
        return _permuted(x, op.perm, perm)

    def kernel(op, x, perm):
        return torch.permute(x, _order(perm))

    def gradient(op, dy):
        return transpose(dy, raw.invert_permutation(op.perm)), None

    def static(op, x, perm):
        return np.transpose(x, [int(p) for p in perm])


@array_op("ConjugateTranspose", host="perm", check=_refused_transpose)
class ConjugateTranspose:
    """The complex conjugate of a tensor with its axes in another order."""

    def shape(op, x, perm):
        return _permuted(x, op.perm, perm)

    def kernel(op, x, perm):
        return torch.permute(x, _order(perm)).conj().resolve_conj()

    def gradient(op, dy):
        return transpose(dy, raw.invert_permutation(op.perm), conjugate=True), None

    def static(op, x, perm):
        x = np.transpose(x, [int(p) for p in perm])
        return np.conj(x) if op.T.is_complex else x


def _refused_reverse(op: Any, x: Any, dims: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if len(dims) != 1:
        return f"'dims' must be 1-dimension, not {len(dims)}"
    if op.op.type == "Reverse" and dims[0] != len(x):
        return (f"'dims' must have the same number of values as 'input' has dimensions. 'input' has {len(x)}'dims' has "
                f"{dims[0]} values")
    return None


def _wrong_axis(axes: list[int], rank: int) -> str | None:
    """The words for an axis that there is not, or that is given twice."""
    seen = set()
    for place, item in enumerate(axes):
        if not -rank <= item < rank:
            return f"'axis'[{place}] = {item} is out of valid range [0, {rank - 1}"
        if item % rank in seen:
            return f"axis {item % rank} specified more than once."
        seen.add(item % rank)
    return None


@array_op("ReverseV2", host="axis", check=_refused_reverse,
          explain=lambda op, x, axis: _wrong_axis(axis.tolist(), len(x.shape)))
class ReverseV2:
    """A tensor with the order along some axes reversed."""

    def shape(op, x, axis):
        shape_rules.with_rank(axis, 1)
        axes = static_ints(op.axis)
        words = None if x is None or axes is None else _wrong_axis(axes, len(x))
        if words is not None:
            raise ValueError(words)
        return x

    def kernel(op, x, axis):
        return torch.flip(x, tuple(axis))

    def gradient(op, dy):
        return raw.reverse_v2(dy, op.axis), None

    def static(op, x, axis):
        return np.flip(x, [int(a) for a in axis])


@array_op("Reverse", host="dims", check=_refused_reverse)
class Reverse:
    """A tensor with the order reversed along the axes that a vector of bools marks."""

    def shape(op, x, dims):
        (count,) = shape_rules.with_rank(dims, 1)
        return x if count is None else shape_rules.with_rank(x, count)

    def kernel(op, x, dims):
        return torch.flip(x, [axis for axis, marked in enumerate(dims) if marked])

    def gradient(op, dy):
        return raw.reverse(dy, op.op._inputs[1]), None

    def static(op, x, dims):
        return np.flip(x, [axis for axis, marked in enumerate(dims) if marked])


def _refused_sequences(op: Any, x: Any, seq_lengths: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if len(seq_lengths) != 1:
        return f"seq_lens input must be 1-dim, not {len(seq_lengths)}"
    if op.batch_dim == op.seq_dim:
        return f"batch_dim == seq_dim == {op.seq_dim}"
    for axis, what in ((op.seq_dim, "seq_dim"), (op.batch_dim, "batch_dim")):
        if axis >= len(x):
            return f"{what} must be < input.dims()( {axis} vs. {len(x)})"
    if seq_lengths[0] != x[op.batch_dim]:
        return f"len(seq_lens) != input.dims({op.batch_dim}), ({seq_lengths[0]} vs. {x[op.batch_dim]})"
    return None


def _explain_reverse(op: Any, x: Any, seq_lengths: Any) -> str | None:
    if seq_lengths.numel() and int(seq_lengths.min()) < 0:
        return f"seq_lens({int((seq_lengths < 0).int().argmax())}) < 0"
    if seq_lengths.numel() and int(seq_lengths.max()) > x.shape[op.seq_dim]:
        return f"seq_lens({int(seq_lengths.argmax())}) > input.dims({op.seq_dim})"
    return None


@array_op("ReverseSequence", traced="shapes", check=_refused_sequences, explain=_explain_reverse)
class ReverseSequence:
    """Each batch entry with the order of its first `seq_lengths[i]` elements reversed."""

    def shape(op, x, seq_lengths):
        shape_rules.with_rank(seq_lengths, 1)
        if x is None:
            return None
        for axis, what in ((op.seq_dim, "seq_dim"), (op.batch_dim, "batch_dim")):
            if axis >= len(x):
                raise ValueError(f"{what} must be < input rank: {axis} vs. {len(x)}")
        if seq_lengths is not None:
            count = shape_rules.merge_dim(x[op.batch_dim], seq_lengths[0])
            x = tuple([count if axis == op.batch_dim else size for axis, size in enumerate(x)])
        return x

    def kernel(op, x, seq_lengths):
        length = x.shape[op.seq_dim]
        require(seq_lengths, lambda: (seq_lengths >= 0) & (seq_lengths <= length))
        places = torch.arange(length, device=x.device)
        ends = seq_lengths.to(torch.long).reshape(-1, 1)
        index = torch.where(places < ends, ends - 1 - places, places)  # [batch, time]
        wanted = [1] * x.ndim
        wanted[op.batch_dim], wanted[op.seq_dim] = x.shape[op.batch_dim], length
        index = index if op.batch_dim < op.seq_dim else index.t()
        return torch.gather(x, op.seq_dim, index.reshape(wanted).expand(x.shape))

    def gradient(op, dy):
        return raw.reverse_sequence(dy, op.seq_lengths, seq_dim=op.seq_dim, batch_dim=op.batch_dim), None

    def static(op, x, seq_lengths):
        result = np.moveaxis(x.copy(), (op.batch_dim, op.seq_dim), (0, 1))
        for row, count in zip(result, seq_lengths):
            row[:int(count)] = row[:int(count)][::-1].copy()
        return np.moveaxis(result, (0, 1), (op.batch_dim, op.seq_dim))


def _refused_roll(op: Any, x: Any, shift: Any, axis: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if not x:
        return "input must be 1-D or higher"
    for given, what in ((shift, "shift"), (axis, "axis")):
        if len(given) > 1:
            return f"{what} must be a scalar or a 1-D vector. Found: {shapes.brackets(given)}"
    return None if shift == axis else "shift and axis must have the same size"


@array_op("Roll", host=("shift", "axis"), check=_refused_roll,
          explain=lambda op, x, shift, axis: next((f"axis {at} is out of range" for at in axis.reshape(-1).tolist()
                                                   if not -len(x.shape) <= at < len(x.shape)), None))
class Roll:
    """A tensor whose elements are moved along axes, those that fall off coming in at the other end."""

    def shape(op, x, shift, axis):
        shape_rules.with_rank_at_least(x, 1)
        shape_rules.merge(shape_rules.with_rank_at_most(shift, 1), shape_rules.with_rank_at_most(axis, 1))
        return x

    def kernel(op, x, shift, axis):
        if isinstance(shift, int):
            return torch.roll(x, shift, axis)
        return torch.roll(x, tuple(shift), tuple(axis))

    def gradient(op, dy):
        return raw.roll(dy, raw.neg(op.shift), op.axis), None, None

    def static(op, x, shift, axis):
        return np.roll(x, np.asarray(shift).tolist(), np.asarray(axis).tolist())


# --- sequences --------------------------------------------------------------------------------------------------


def _range_size(start: Any, limit: Any, delta: Any) -> int:
    if delta == 0:
        raise ValueError("Requires delta != 0")
    if (delta > 0 and start > limit) or (delta < 0 and start < limit):
        relation = "<=" if delta > 0 else ">="
        raise ValueError(f"Requires start {relation} limit when delta {'>' if delta > 0 else '<'} 0: {start}/{limit}")
    if isinstance(start, int) and isinstance(limit, int) and isinstance(delta, int):
        return -((start - limit) // abs(delta)) if delta > 0 else -((limit - start) // abs(delta))
    return math.ceil(abs((limit - start) / delta))


def _scalars(**inputs: Dims) -> None:
    """Refuse inputs that are no scalars."""
    for name, dims in inputs.items():
        try:
            shape_rules.with_rank(dims, 0)
        except ValueError as error:
            raise ValueError(f"{error}\n\t for '{name}'") from None


def _no_scalars(op: Any, *inputs: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    return next((f"{arg.name} must be a scalar, not shape {shapes.brackets(dims)}"
                 for arg, dims in zip(op.op._op_def.inputs, inputs) if dims), None)


@op("Range", host=("start", "limit", "delta"), check=_no_scalars,
    explain=lambda op, start, limit, delta: None if delta else "Requires delta != 0: 0")
class Range:
    """The numbers from `start` to below `limit` in steps of `delta`."""

    def shape(op, start, limit, delta):
        _scalars(start=start, limit=limit, delta=delta)
        values = [static_value(t) for t in (op.start, op.limit, op.delta)]
        if any(v is None for v in values):
            return (None,)
        return (_range_size(*[v.item() if hasattr(v, "item") else v for v in values]),)

    def kernel(op, start, limit, delta):
        count = _range_size(start, limit, delta)
        dtype = torch_dtype(op.Tidx)
        if isinstance(start, int) and isinstance(delta, int):
            return torch.arange(count, dtype=dtype) * delta + start if delta != 1 or start else \
                torch.arange(count, dtype=dtype)
        return torch.from_numpy(_steps(start, delta, count, op.Tidx)) if op.Tidx.name != "bfloat16" else \
            torch.from_numpy(_steps(start, delta, count, dtypes.float32)).to(dtype)

    def static(op, start, limit, delta):
        count = _range_size(start.item(), limit.item(), delta.item())
        if op.Tidx.is_integer:
            return np.arange(count, dtype=start.dtype) * delta + start
        return _steps(start.item(), delta.item(), count, op.Tidx)


def _steps(start: float, delta: float, count: int, dtype: dtypes.DType) -> np.ndarray:
    kind = dtype.as_numpy_dtype
    return np.asarray(start, kind) + np.arange(count).astype(kind) * np.asarray(delta, kind)


@op("LinSpace", host=("start", "stop", "num"), check=_no_scalars)
class LinSpace:
    """`num` numbers at equal distances from `start` to `stop`."""

    def shape(op, start, stop, num):
        _scalars(start=start, stop=stop, num=num)
        count = static_int(op.num)
        if count is not None and count <= 0:
            raise ValueError(f"Requires num > 0: {count}")
        return (count,)

    def kernel(op, start, stop, num):
        if num <= 0:
            raise errors.InvalidArgumentError(None, None, f"Requires num > 0: {num}")
        result = torch.linspace(start, stop, num, dtype=torch_dtype(op.T))
        if start != start or stop != stop:  # the ends stay what they are where the other is no number
            result[-1], result[0] = stop, start
        return result

    def static(op, start, stop, num):
        return np.linspace(start, stop, int(num), dtype=op.T.as_numpy_dtype)


# --- public functions -------------------------------------------------------------------------------------------


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


@export("transpose")
def transpose(a: Any, perm: Any = None, name: str = "transpose", conjugate: bool = False) -> Tensor:
    """A tensor with its axes in another order.

    Args:
      a: any tensor.
      perm: integer vector: axis i of the result is axis `perm[i]` of `a`; by default the order is reversed.
      conjugate: whether to give the complex conjugate.
    """
    with name_scope(name, "transpose", [a]) as scope:
        if not isinstance(a, Tensor):
            a = convert_to_tensor(a, name="a") if perm is None else a
        complex_ = conjugate and convert_to_tensor(a).dtype.is_complex
        make = raw.conjugate_transpose if complex_ else raw.transpose
        if perm is not None:
            return make(a, perm, name=scope)
        if not a._dims:
            rank_ = raw.rank(a)
            perm = raw.sub(raw.sub(rank_, 1, name="sub"), raw.range(0, rank_, 1), name="sub")
        else:
            perm = np.arange(len(a._dims) - 1, -1, -1, dtype=np.int32)
        result = make(a, perm, name=scope)
        if a._dims is not None:
            result.set_shape(a._dims[::-1])
        return result


@export("linalg.matrix_transpose")
def matrix_transpose(a: Any, name: str = "matrix_transpose", conjugate: bool = False) -> Tensor:
    """A tensor with its last two axes exchanged.

    Raises:
      ValueError: its rank is known and under 2.
    """
    with name_scope(name, values=[a]):
        a = convert_to_tensor(a, name="a")
        dims = a._dims
        if dims is not None:
            if len(dims) < 2:
                raise ValueError(f"Argument 'a' should be a (batch) matrix, with rank >= 2.  Found: {a.shape}")
            perm: Any = [*range(len(dims) - 2), len(dims) - 1, len(dims) - 2]
        else:
            rank_ = rank(a)
            perm = concat((raw.range(0, raw.sub(rank_, 2, name="sub"), 1),
                           [raw.sub(rank_, 1, name="sub"), raw.sub(rank_, 2, name="sub")]), 0)
        return transpose(a, perm=perm, conjugate=conjugate)


@export("reverse_sequence")
@deprecated_args(None, "seq_dim is deprecated, use seq_axis instead", "seq_dim")
@deprecated_args(None, "batch_dim is deprecated, use batch_axis instead", "batch_dim")
def reverse_sequence(input: Any, seq_lengths: Any, seq_axis: int | None = None, batch_axis: int | None = None,
                     name: str | None = None, seq_dim: int | None = None, batch_dim: int | None = None) -> Tensor:
    """Each batch entry with the order of its first `seq_lengths[i]` elements along `seq_axis` reversed."""
    seq_dim = deprecated_argument_lookup("seq_axis", seq_axis, "seq_dim", seq_dim)
    batch_dim = deprecated_argument_lookup("batch_axis", batch_axis, "batch_dim", batch_dim)
    return raw.reverse_sequence(input, seq_lengths, seq_dim=seq_dim, batch_dim=batch_dim, name=name)


@export("roll")
def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """A tensor whose elements are moved by `shift` along `axis`, those that fall off coming in at the other end."""
    return raw.roll(input, shift, axis, name)


_RANGE_TYPES = [dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64]


@export("range")
def range_(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Tensor:
    """The numbers from `start` to below `limit` in steps of `delta` (from 0 to below `start` when it stands alone).

    Args:
      start, limit, delta: scalars.
      dtype: the type of the result; by default the widest of the three.
    """
    if limit is None:
        start, limit = 0, start
    with name_scope(name, "Range", [start, limit, delta]) as scope:
        dtype = None if dtype is None else as_dtype(dtype)
        start = convert_to_tensor(start, dtype=dtype, name="start")
        limit = convert_to_tensor(limit, dtype=dtype, name="limit")
        delta = convert_to_tensor(delta, dtype=dtype, name="delta")
        if dtype is None:
            given = [t.dtype.base_dtype for t in (start, limit, delta)]
            for item in given:
                if item not in _RANGE_TYPES:
                    raise TypeError(f"tf.range takes int32, int64, float32 or float64 scalars, got {item.name}.")
            wanted = max(given, key=_RANGE_TYPES.index)
            start, limit, delta = (t if t.dtype.base_dtype is wanted else raw.cast(t, wanted, name="Cast")
                                   for t in (start, limit, delta))
        return raw.range(start, limit, delta, name=scope)


@export("meshgrid")
def meshgrid(*args: Any, **kwargs: Any) -> list[Tensor]:
    """Coordinate grids from vectors.

    Args:
      *args: N vectors.
      indexing: "xy" (the first two axes exchanged, by default) or "ij".
      name: the name of the scope.

    Returns:
      N tensors of rank N.

    Raises:
      TypeError: an unknown keyword.
      ValueError: `indexing` is neither "xy" nor "ij".
    """
    indexing = kwargs.pop("indexing", "xy")
    name = kwargs.pop("name", "meshgrid")
    if kwargs:
        raise TypeError(f"'{next(iter(kwargs))}' is an invalid keyword argument for this function")
    if indexing not in ("xy", "ij"):
        raise ValueError("indexing parameter must be either 'xy' or 'ij'")
    with name_scope(name, "meshgrid", args):
        count = len(args)
        if not count:
            return []
        singles = (1,) * count
        output = [reshape(stack(x), singles[:i] + (-1,) + singles[i + 1:]) for i, x in enumerate(args)]
        sizes = [size(x) for x in args]
        dtype = convert_to_tensor(args[0]).dtype.base_dtype
        if indexing == "xy" and count > 1:
            output[0] = reshape(output[0], (1, -1) + (1,) * (count - 2))
            output[1] = reshape(output[1], (-1, 1) + (1,) * (count - 2))
            sizes[0], sizes[1] = sizes[1], sizes[0]
        whole = ones(sizes, dtype)
        return [raw.mul(x, whole, name="mul") for x in output]


@export("reverse")
def reverse(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """A tensor with the order along the axes of an integer vector reversed."""
    return raw.reverse_v2(tensor, axis, name)
