"""Joining and taking apart: concat, stack, unstack, split, and lists that hold tensors as tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dimension, Dims, TensorShape
from tfmagic.graph import convert
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value, static_int, static_ints
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.constants import fill, identity
from tfmagic.ops.array.indices import require
from tfmagic.ops.array.rules import array_op, unknown_dims
from tfmagic.ops.array.shape_ops import expand_dims, rank, shape, shape_n, squeeze
from tfmagic.ops.declare import op


def _concat_dims(parts: list[Dims], axis_tensor: Tensor) -> Dims:
    """The shape of parts joined along an axis."""
    shape_rules.with_rank(axis_tensor._dims, 0)
    known = [p for p in parts if p is not None]
    if not known:
        return None
    rank = len(known[0])
    if rank == 0:
        raise ValueError("Can't concatenate scalars (use tf.stack instead)")
    for other in known:
        shape_rules.with_rank(other, rank)
    axis = static_int(axis_tensor)
    if axis is None:
        return (None,) * rank
    if not -rank <= axis < rank:
        raise ValueError(f"Shape must be at least rank {axis + 1 if axis >= 0 else -axis} but is rank {rank}")
    axis %= rank
    result: Any = None
    total: int | None = 0
    for part in parts:
        dims: Any = part
        size = None if dims is None else dims[axis]
        total = None if total is None or size is None else total + size
        if dims is not None:
            before = shape_rules.merge(result and result[:axis], dims[:axis])
            behind = shape_rules.merge(result and result[axis + 1:], dims[axis + 1:])
            result = (*(before or ()), None, *(behind or ()))
    return (*result[:axis], total, *result[axis + 1:])


def _concat_gradient(op: Any, dy: Any, values: list[Tensor], axis: Tensor) -> list[Any]:
    """One slice of the incoming gradient for each part."""
    if len(values) == 1:
        return [dy]
    grads: list[Any] = []
    if isinstance(dy, IndexedSlices):
        return _concat_rows_gradient(dy, values, axis)
    if axis.op.type == "Const" and axis.op._output_context() is not dy.op._output_context():
        axis = convert.constant(constant_value(axis), axis.dtype)
    axis = raw.floor_mod(axis, rank(values[0]), name="mod")
    sizes = []
    for value in values:
        size = shape(value)
        if size.op.type != "Const":
            sizes = shape_n(values)
            break
        sizes.append(size)
    if len(sizes) > 16:  # one op for all parts instead of one for each
        stacked = raw.slice(stack(sizes, axis=1), [axis, 0], [1, -1])
        return list(split(dy, squeeze(stacked), axis))
    for begin, size in zip(raw.concat_offset(axis, sizes), sizes):
        grads.append(raw.slice(dy, begin, size))
    return grads


def _concat_rows_gradient(dy: IndexedSlices, values: list[Tensor], axis: Tensor) -> list[Any]:
    """The parts of a gradient that comes as rows, as rows themselves."""
    along = raw.floor_mod(axis, rank(values[0]), name="mod")
    static_axis = constant_value(axis)
    if static_axis is None:
        raise ValueError("Can only compute IndexedSlices gradient with statically-known concat_dim")
    if static_axis < 0:
        axes = constant_value(rank(values[0]))
        if axes is None:
            raise ValueError("Can only compute IndexedSlices gradient with negative concat_dim when first value rank "
                             "is statically-known.")
        static_axis = static_axis % axes
    grads = []
    sizes = [shape(v) for v in values]
    if static_axis > 0:
        axes = shape(sizes[0])
        mask = concat([fill(expand_dims(along, 0), 0), [1], fill(axes - along - 1, 0)], 0)
        begin = fill(axes, 0)
        for size in sizes:
            new_values = raw.slice(dy.values, begin, concat([[-1], raw.slice(size, [1], [-1])], 0))
            grads.append(IndexedSlices(new_values, dy.indices, size))
            begin = raw.add(begin, size * mask)
        return grads
    start: Any = convert.constant(0, dy.indices.dtype)
    for size in sizes:
        count = raw.gather_v2(size, along, 0)
        if count.dtype.base_dtype is not dy.indices.dtype:
            count = raw.cast(count, dy.indices.dtype)
        end = start + count
        inside = raw.logical_and(raw.greater_equal(dy.indices, start), raw.less(dy.indices, end))
        chosen = squeeze(raw.where(inside), axis=[1])
        moved = raw.gather_v2(dy.indices, chosen, 0) - start
        grads.append(IndexedSlices(raw.gather_v2(dy.values, chosen, 0), moved, size))
        start = end
    return grads


def _refused_concat(op: Any, values: list[Any], axis: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if axis:
        return f"{'axis' if op.op.type == 'ConcatV2' else 'concat_dim'} tensor should be a scalar integer, but got " \
               f"shape {shapes.brackets(axis)}"
    if not values[0]:
        return ""
    for index, dims in enumerate(values):
        if len(dims) != len(values[0]):
            return (f"ConcatOp : Ranks of all input tensors should match: shape[0] = {shapes.brackets(values[0])} vs. "
                    f"shape[{index}] = {shapes.brackets(dims)}")
    return None


def _explain_concat(op: Any, values: list[Any], axis: Any) -> str | None:
    """TensorFlow's words for parts that do not fit, or an axis that they do not have."""
    place, rank = int(axis), len(values[0].shape)
    if not -rank <= place < rank:
        return f"ConcatOp : Expected concatenating dimensions in the range [{-rank}, {rank}), but got {place}"
    for index, value in enumerate(values):
        if any(a != b for i, (a, b) in enumerate(zip(value.shape, values[0].shape)) if i != place % rank):
            return (f"ConcatOp : Dimensions of inputs should match: shape[0] = {shapes.brackets(values[0].shape)} vs. "
                    f"shape[{index}] = {shapes.brackets(value.shape)}")
    return None


@array_op("ConcatV2", host="axis", check=_refused_concat, explain=_explain_concat)
class ConcatV2:
    """Tensors joined along an axis."""

    def shape(op, values, axis):
        return _concat_dims(values, op.axis)

    def kernel(op, values, axis):
        return torch.cat(list(values), axis)

    def gradient(op, dy):
        return [*_concat_gradient(op, dy, op.values, op.axis), None]

    def static(op, values, axis):
        return np.concatenate(values, int(axis))


@array_op("Concat", host="concat_dim", check=lambda op, axis, values: _refused_concat(op, values, axis),
          explain=lambda op, axis, values: _explain_concat(op, values, axis))
class Concat:
    """Tensors joined along an axis that is given first."""

    def shape(op, axis, values):
        return _concat_dims(values, op.concat_dim)

    def kernel(op, axis, values):
        return torch.cat(list(values), axis)

    def gradient(op, dy):
        return [None, *_concat_gradient(op, dy, op.values, op.concat_dim)]

    def static(op, axis, values):
        return np.concatenate(values, int(axis))


def _explain_offsets(op: Any, axis: Any, parts: Any) -> str | None:
    try:
        _offsets(int(axis), [part.tolist() for part in parts])
    except errors.InvalidArgumentError as refused:
        return refused.message
    return None


def _refused_offsets(op: Any, axis: Any, parts: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if axis:
        return f"Concat dim tensor should be a scalar integer, but got shape {shapes.brackets(axis)}"
    for index, dims in enumerate(parts):
        if len(dims) != 1:
            return f"input {index + 1} should be a vector, but got shape {shapes.brackets(dims)}"
        if dims != parts[0]:
            return f"input {index} should contain {parts[0][0]} elements, but got {dims[0]}"
    return None


@op("ConcatOffset", host="concat_dim", traced="shapes", check=_refused_offsets, explain=_explain_offsets)
class ConcatOffset:
    """Where each part of a concatenation begins."""

    def shape(op, axis, parts):
        return list(parts)

    def kernel(op, axis, parts):
        size = parts[0].shape[0]
        if not -size <= axis < size:
            raise errors.InvalidArgumentError(None, None, f"Concat dim is out of range: {axis} vs. {size}")
        along = torch.arange(size, device=parts[0].device) == axis % size
        whole = torch.stack(parts)
        require(whole, lambda: (whole == whole[0]) | along)
        starts = whole.cumsum(0, dtype=whole.dtype) - whole
        rows = torch.where(along, starts, 0)
        return tuple(rows[i] for i in range(len(parts)))

    def static(op, axis, parts):
        return [np.array(row, np.int32) for row in _offsets(int(axis), [p.tolist() for p in parts])]


def _offsets(axis: int, parts: Any) -> list[list[int]]:
    rank = len(parts[0])
    if not -rank <= axis < rank:
        raise errors.InvalidArgumentError(None, None, f"Concat dim is out of range: {axis} vs. {rank}")
    axis %= rank
    start, rows = 0, []
    for index, part in enumerate(parts):
        for other in range(rank):
            if other != axis and part[other] != parts[0][other]:
                raise errors.InvalidArgumentError(
                    None, None, f"All dimensions except {axis} must match. Input {index} has shape "
                    f"[{' '.join(map(str, part))}] and doesn't match input 0 with shape "
                    f"[{' '.join(map(str, parts[0]))}].")
        rows.append([start if other == axis else 0 for other in range(rank)])
        start += part[axis]
    return rows


@op("ParallelConcat")
class ParallelConcat:
    """Tensors of leading size 1 joined along their first axis."""

    def shape(op, values):
        whole: Dims = op.op._attrs["shape"]._dims
        if whole is None or None in whole:
            raise ValueError("shape attr must be fully defined.")
        if not whole:
            raise ValueError("Out of range dim_index 0 for shape with 0 dimensions")
        whole = (1, *whole[1:])
        for index, item in enumerate(values):
            if item is None or None in item:
                raise ValueError("All input shapes must be fully defined.")
            if item[:1] != (1,):
                raise ValueError("Size of first dimension must be 1.")
            try:
                whole = shape_rules.merge(item, whole)
            except ValueError as error:
                raise ValueError(f"{error}\n\tFrom merging shape {index} with other shapes.") from None
        return op.op._attrs["shape"]._dims

    def kernel(op, values):
        if op.T.kind == "O":
            return np.concatenate(values, 0)
        left = op.op._attrs["shape"]._dims[0] - len(values)  # TensorFlow leaves these rows open
        return torch.cat([*values, *[torch.zeros_like(values[0])] * left], 0)


def _refused_pack(op: Any, values: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    rank = len(values[0]) + 1
    if not -rank <= op.axis < rank:
        return f"axis = {op.axis} not in [{-rank}, {rank})"
    for index, dims in enumerate(values):
        if dims != values[0]:
            return (f"Shapes of all inputs must match: values[0].shape = {shapes.brackets(values[0])} != "
                    f"values[{index}].shape = {shapes.brackets(dims)}")
    return None


@array_op("Pack", check=_refused_pack)
class Pack:
    """Tensors of one shape joined along a new axis."""

    def shape(op, values):
        dims = shape_rules.merged_list(values)
        if dims is None:
            return None
        axis = op.axis
        if not -len(dims) - 1 <= axis <= len(dims):
            raise ValueError(f"Invalid axis: {axis}; must be in [{-len(dims) - 1},{len(dims) + 1})")
        axis += len(dims) + 1 if axis < 0 else 0
        return (*dims[:axis], op.N, *dims[axis:])

    def kernel(op, values):
        return torch.stack(list(values), op.axis)

    def gradient(op, dy):
        return list(unstack(dy, num=op.N, axis=op.axis))

    def static(op, values):
        return np.stack(values, op.axis)


def _explain_unpack(op: Any, value: Any) -> str | None:
    """TensorFlow's words for another number of slices."""
    if not -len(value.shape) <= op.axis < len(value.shape):
        return f"axis = {op.axis} not in [{-len(value.shape)}, {len(value.shape)})"
    shown = ",".join(str(d) for d in value.shape)
    axis = op.axis % len(value.shape)
    return f"Input shape axis {axis} must equal {op.num}, got shape [{shown}]"


@array_op("Unpack", explain=_explain_unpack)
class Unpack:
    """The slices of a tensor along an axis."""

    def shape(op, value):
        if value is None:
            return [None] * op.num
        axis = op.axis
        if not -len(value) <= axis < len(value):
            raise ValueError(f"Invalid axis: {axis}; must be in [{-len(value)},{len(value)})")
        axis %= len(value)
        if value[axis] not in (None, op.num):
            raise ValueError(f"Dimension must be {op.num} but is {value[axis]}")
        return [(*value[:axis], *value[axis + 1:])] * op.num

    def kernel(op, value):
        dims = op.value._dims
        if dims is None or dims[op.axis] is None:
            value = value.unflatten(op.axis, (op.num,))  # refuses another number of slices
        parts = torch.unbind(value, op.axis)
        return tuple(parts[i] for i in range(op.num))

    def gradient(op, *grads):
        return stack(list(grads), axis=op.axis)

    def static(op, value):
        return [np.take(value, i, op.axis) for i in range(value.shape[op.axis])]


def _explain_split(op: Any, axis: Any, value: Any) -> str | None:
    """TensorFlow's words for a tensor that cannot be split."""
    axis = int(axis)
    if not -len(value.shape) <= axis < len(value.shape):
        return f"-input rank(-{len(value.shape)}) <= split_dim < input rank ({len(value.shape)}), but got {axis}"
    return (f"Number of ways to split should evenly divide the split dimension, but got split_dim "
            f"{axis % len(value.shape)} (size = {value.shape[axis]}) and num_split {op.num_split}")


def _check_split_axis(axis: int, rank: int) -> None:
    if not -rank <= axis < rank:
        raise ValueError(f"Dimension size, given by scalar input {axis} must be in range [-{rank}, {rank})")


@array_op("Split", host="split_dim", explain=_explain_split, check=lambda op, axis, value:
          f"split_dim must be a scalar but has rank {len(axis)}" if axis else None)
class Split:
    """Equal parts of a tensor along an axis."""

    def shape(op, axis, value):
        count = op.num_split
        axis = shape_rules.scalar_value(op.split_dim)
        if value is None:
            return [None] * count
        if axis is None:
            return [(None,) * len(value)] * count
        _check_split_axis(axis, len(value))
        axis %= len(value)
        size = value[axis]
        if size is not None and size % count:
            raise ValueError(f"Dimension size must be evenly divisible by {count} but is {size}\n\tNumber of ways to "
                             "split should evenly divide the split dimension")
        return [(*value[:axis], None if size is None else size // count, *value[axis + 1:])] * count

    def kernel(op, axis, value):
        count, dims = op.num_split, op.value._dims
        if dims is not None and dims[axis] is not None:
            parts = torch.split(value, dims[axis] // count, axis) if dims[axis] else [value] * count
        else:  # unflatten refuses a size that cannot be divided
            parts = torch.unbind(value.unflatten(axis, (count, -1)), axis if axis >= 0 else axis - 1)
        return tuple(parts[i] for i in range(count))

    def gradient(op, *grads):
        return None, concat(list(grads), op.split_dim)

    def static(op, axis, value):
        return np.split(value, op.num_split, int(axis))


def _explain_split_v(op: Any, value: Any, size_splits: Any, axis: Any) -> str | None:
    """TensorFlow's words for sizes that do not make up the tensor."""
    axis, sizes = int(axis), size_splits.tolist()
    if not -len(value.shape) <= axis < len(value.shape):
        return f"-input rank(-{len(value.shape)}) <= split_dim < input rank ({len(value.shape)}), but got {axis}"
    if sizes.count(-1) > 1:
        return "There can only be one -1 in the input."
    if len(sizes) == 1:
        return ("If there is only one output, it must have the same size as the input. Input size: "
                f"{value.shape[axis]} output size: {sizes[0]}")
    return ("Determined shape must either match input shape along split_dim exactly if fully specified, or be less "
            "than the size of the input along split_dim if not fully specified.  "
            f"Got: {sum(s for s in sizes if s != -1)}")


@array_op("SplitV", host=("size_splits", "split_dim"), explain=_explain_split_v,
          check=lambda op, value, sizes, axis: None if sizes == (op.num_split,) else
          f"size of the split_tensor must be 1-D and have the same elements as outputs got {len(sizes)} -D and "
          f"{math.prod(sizes)} elements")
class SplitV:
    """Parts of given sizes of a tensor along an axis; one size may be -1."""

    def shape(op, value, size_splits, axis):
        count, axis = op.num_split, static_int(op.split_dim)
        sizes = static_ints(op.size_splits)
        if value is None:
            return [None] * count
        if axis is None:
            return [unknown_dims(len(value))] * count
        _check_split_axis(axis, len(value))
        axis %= len(value)
        if sizes is None:
            return [(*value[:axis], value[axis] if count == 1 else None, *value[axis + 1:])] * count
        total = value[axis]
        if len(sizes) != count:
            raise ValueError("Length of size_splits should be equal to num_outputs")
        if sizes.count(-1) > 1:
            raise ValueError("size_splits can only have one -1")
        given = sum(s for s in sizes if s != -1)
        if total is not None and (given > total if -1 in sizes else given != total):
            raise ValueError(f"can't split axis of size {total} into pieces of size "
                             f"[{','.join(map(str, sizes))}]")
        rest = None if total is None else total - given
        return [(*value[:axis], rest if s == -1 else s, *value[axis + 1:]) for s in sizes]

    def kernel(op, value, size_splits, axis):
        sizes = list(size_splits)
        if -1 in sizes:
            sizes[sizes.index(-1)] = value.shape[axis] - sum(s for s in sizes if s != -1)
        parts = torch.split(value, sizes, axis)
        return tuple(parts[i] for i in range(len(sizes)))

    def gradient(op, *grads):
        return concat(list(grads), op.split_dim), None, None

    def static(op, value, size_splits, axis):
        sizes = [int(s) for s in size_splits]
        if -1 in sizes:
            sizes[sizes.index(-1)] = value.shape[int(axis)] - sum(s for s in sizes if s != -1)
        return np.split(value, np.cumsum(sizes[:-1], dtype=np.int64), int(axis))


# --- public functions -------------------------------------------------------------------------------------------


@export("concat")
def concat(values: Any, axis: Any, name: str = "concat") -> Tensor:
    """Tensors joined along an axis.

    Args:
      values: a list of tensors that agree in all dimensions but `axis`.
      axis: an int32 scalar; negative ones count from the end.
    """
    if not isinstance(values, (list, tuple)):
        values = [values]
    if len(values) == 1:
        with name_scope(name):
            axis_tensor = convert_to_tensor(axis, name="concat_dim", dtype=dtypes.int32)
            axis_tensor.shape.assert_has_rank(0)
            return identity(values[0], name=name)
    return raw.concat_v2(values=values, axis=axis, name=name)


@export("stack")
def stack(values: Any, axis: int = 0, name: str = "stack") -> Tensor:
    """Tensors of one shape joined along a new axis.

    Args:
      values: a list of tensors.
      axis: where the new axis stands in the result; negative ones count from the end.

    Raises:
      ValueError: `axis` is out of range.
    """
    if axis == 0:
        try:
            return convert_to_tensor(values, name=name)  # a list of numbers becomes a constant
        except (TypeError, ValueError):
            pass  # the op says what is wrong with the list
    dims = convert_to_tensor(values[0], name=name)._dims
    if dims is not None:
        count = len(dims) + 1
        if not -count <= axis < count:
            raise ValueError(f"axis = {axis} not in [{-count}, {count})")
    return raw.pack(values, axis=axis, name=name)


@export("parallel_stack")
def parallel_stack(values: Any, name: str = "parallel_stack") -> Tensor:
    """Tensors of one static shape joined along a new first axis."""
    with name_scope(name):
        first = convert_to_tensor(values[0])
        wanted = TensorShape([len(values)]).concatenate(first.shape)
        return raw.parallel_concat([expand_dims(value, 0) for value in values], shape=wanted)


@export("unstack")
def unstack(value: Any, num: int | None = None, axis: int = 0, name: str = "unstack") -> list[Tensor]:
    """The slices of a tensor along an axis, as a list of `num` tensors of one rank less.

    Raises:
      ValueError: `num` is not given and the static shape does not say it, or `axis` is out of range.
    """
    if num is None:
        value = convert_to_tensor(value)
        dims = value._dims
        if dims is not None:
            if not -len(dims) <= axis < len(dims):
                raise ValueError(f"axis = {axis} not in [{-len(dims)}, {len(dims)})")
            num = dims[axis]
        if num is None:
            raise ValueError(f"Cannot infer num from shape {value.shape}")
    return raw.unpack(value, num=num, axis=axis, name=name)


@export("split")
def split(value: Any, num_or_size_splits: Any, axis: Any = 0, num: int | None = None,
          name: str = "split") -> list[Tensor]:
    """Parts of a tensor along an axis.

    Args:
      value: any tensor.
      num_or_size_splits: how many equal parts, or a vector with the size of each.
      axis: an int32 scalar.
      num: how many parts, where a vector's static length does not say it.

    Raises:
      ValueError: the number of parts is not known.
    """
    sizes = convert_to_tensor(num_or_size_splits)
    if isinstance(num_or_size_splits, (int, np.integer, Dimension)):
        return raw.split(axis, value, num_split=int(num_or_size_splits), name=name)
    if sizes._dims == ():
        raise ValueError("Rank-0 tensors are not supported as the num_or_size_splits argument to split. Argument "
                         f"provided: {num_or_size_splits}")
    if num is None:
        if sizes._dims:
            num = sizes._dims[0]
        if num is None:
            raise ValueError(f"Cannot infer num from shape {num_or_size_splits}")
    return raw.split_v(value, sizes, axis, num_split=num, name=name)


# --- lists that hold tensors ------------------------------------------------------------------------------------

_NEVER_PACKED = (int, float, bool, str, bytes, complex, np.ndarray, np.generic, type(None))


def is_dense_tensor(value: Any) -> bool:
    """Whether `value` is a tensor or a variable."""
    return isinstance(value, Tensor) or (hasattr(value, "_as_graph_element") and isinstance(
        getattr(value, "dtype", None), dtypes.DType))


def _dtype_within(value: Any) -> dtypes.DType | None:
    """The type of the first tensor in nested lists, or None when they hold none."""
    if is_dense_tensor(value):
        return value.dtype.base_dtype
    if isinstance(value, (list, tuple)):
        for item in value:
            if not isinstance(item, _NEVER_PACKED):
                found = _dtype_within(item)
                if found is not None:
                    return found
    return None


def _cast_tensors(value: Any, dtype: dtypes.DType) -> Any:
    if isinstance(value, (list, tuple)):
        return [_cast_tensors(item, dtype) for item in value]
    if is_dense_tensor(value) and value.dtype.base_dtype is not dtype:
        return raw.cast(value, dtype, name="Cast")
    return value


def _pack_nested(value: Any, dtype: dtypes.DType, name: str) -> Any:
    must_pack = False
    items: list[Any] = []
    with name_scope(name) as scope:
        for index, item in enumerate(value):
            if is_dense_tensor(item):
                if item.dtype.base_dtype is not dtype:
                    raise TypeError(f"Cannot convert a list containing a tensor of dtype {item.dtype} to {dtype} "
                                    f"(Tensor is: {item!r})")
                must_pack = True
            elif isinstance(item, (list, tuple)):
                item = _pack_nested(item, dtype, str(index))
                must_pack = must_pack or is_dense_tensor(item)
            items.append(item)
        if not must_pack:
            return items
        tensors = [item if is_dense_tensor(item) else convert.constant(item, dtype, name=str(index))
                   for index, item in enumerate(items)]
        return raw.pack(tensors, name=scope)


def list_to_tensor(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    """How a list or tuple becomes a tensor: one that holds tensors is packed."""
    if as_ref:
        return NotImplemented
    found = _dtype_within(value)
    if found is None:
        return NotImplemented
    if dtype is None:
        dtype = found
    elif dtype is not found:
        value = _cast_tensors(value, dtype)
    return _pack_nested(value, dtype, name or "packed")
