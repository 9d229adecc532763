"""The order of axes and elements: transpose, reverse, roll."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.deprecation import deprecated_args, deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import static_ints
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.indices import require
from tfmagic.ops.array.join import concat
from tfmagic.ops.array.rules import array_op, unknown_dims
from tfmagic.ops.array.shape_ops import rank


def _permuted(x: Dims, perm_tensor: Tensor, perm_dims: Dims) -> Dims:
    perm = static_ints(perm_tensor)
    if x is None:
        count = len(perm) if perm is not None else perm_dims and shape_rules.with_rank(perm_dims, 1)[0]
        return None if not count or count < 2 else (None,) * count  # of one axis TensorFlow says nothing
    (count,) = shape_rules.with_rank(perm_dims, 1)
    if count not in (None, len(x)):
        raise ValueError(f"Dimension must be {len(x)} but is {count}")
    if perm is None:
        return unknown_dims(len(x))
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
        for axis, what in ((op.batch_dim, "batch_dim"), (op.seq_dim, "seq_dim")):
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
        if {op.batch_dim, op.seq_dim} == {0, 1} and x.ndim > 2:  # lines are copied whole
            count = x.shape[op.batch_dim]
            batch = torch.arange(count, device=x.device).reshape(-1, 1)
            rows = batch * length + index if op.batch_dim == 0 else (index * count + batch).t()
            return torch.index_select(x.flatten(0, 1), 0, rows.reshape(-1)).reshape(x.shape)
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


@export("reverse")
def reverse(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """A tensor with the order along the axes of an integer vector reversed."""
    return raw.reverse_v2(tensor, axis, name)
