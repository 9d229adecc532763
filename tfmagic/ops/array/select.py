"""Choosing elements by conditions and values: where, masks, repeat, one-hot, unique, set difference, sorted search."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.dtypes import as_dtype
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.machine.distinct import distinct
from tfmagic.base.shapes import Dims, TensorShape
from tfmagic.graph import convert
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw, shape_rules
from tfmagic.ops.array.constants import ones, zeros_like
from tfmagic.ops.array.gather import gather
from tfmagic.ops.array.join import concat, stack
from tfmagic.ops.array.padding import tile
from tfmagic.ops.array.rules import array_op, ordered_set
from tfmagic.ops.array.shape_ops import expand_dims, rank, reshape, shape, shape_internal, squeeze
from tfmagic.ops.declare import op
from tfmagic.ops.tensor_function import tensor_function
from tfmagic.ops.torch_types import torch_dtype

# So many numbers are told apart sooner one by one than by sorting them; and so many are many.
_FEW, _MANY = 1 << 12, 1 << 11


@tensor_function(meta=lambda condition: None)  # as many as there are
def true_places(condition: Any) -> Any:
    """The coordinates of the elements that are true (not zero), int64 [any, rank], row by row.

    Of many NumPy finds them ten times as fast as torch.
    """
    if condition.is_cuda or condition.ndim == 0 or not _MANY <= condition.numel() < 1 << 31:
        return torch.nonzero(condition)
    flags = condition if condition.dtype == torch.bool else condition != 0
    left = np.flatnonzero(flags.numpy())
    if condition.ndim == 1:
        return torch.from_numpy(left).unsqueeze(1)
    places = np.empty((len(left), condition.ndim), np.int64)
    left = left.astype(np.int32)  # which a processor divides faster
    for axis in range(condition.ndim - 1, 0, -1):
        above = left // np.int32(condition.shape[axis])
        places[:, axis] = left - above * np.int32(condition.shape[axis])
        left = above
    places[:, 0] = left
    return torch.from_numpy(places)


@op("Where", check=lambda op, condition: None if condition else "WhereOp : Unhandled input dimensions: 0")
class Where:
    """The coordinates of the elements that are true (not zero), one row each."""

    def shape(op, condition):
        return (None, None if condition is None else len(condition))

    def kernel(op, condition):
        return true_places(condition)

    def static(op, condition):
        return np.argwhere(condition).astype(np.int64)


def _refused_select(op: Any, condition: Any, t: Any, e: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if len(condition) == 1 and len(t) > 1 and t[0] == condition[0] or not condition:
        return None if t == e else ("'then' and 'else' must have the same size.  but received: "
                                    f"{shapes.brackets(t)} vs. {shapes.brackets(e)}")
    if len(condition) == 1 and len(t) > 1:
        return f"Number of batches of 'then' must match size of 'cond', but saw: {t[0]} vs. {condition[0]}"
    for index, dims in enumerate((t, e), 1):
        if dims != condition:
            return ("Inputs to operation Select of type Select must have the same size and shape.  Input 0: "
                    f"{shapes.brackets(condition)} != input {index}: {shapes.brackets(dims)}")
    return None


@array_op("Select", check=_refused_select,
          traced=lambda op: "shapes" if op.condition._dims is None or op.t._dims is None else True)
class Select:
    """Elements (or, for a vector condition, rows) of `t` where the condition is true and of `e` elsewhere."""

    def shape(op, condition, t, e):
        dims = shape_rules.merge(t, e)
        if condition is None or dims is None or condition == ():
            return dims
        if len(condition) == 1 and dims:  # as a vector it tells nothing of the result
            shape_rules.merge(condition, dims[:1])
            return dims
        return shape_rules.merge(dims, condition)

    def kernel(op, condition, t, e):
        c, x = op.condition._dims, op.t._dims
        if c is None or x is None:
            if condition.ndim == 1 and t.ndim > 1:
                condition = condition.reshape(-1, *([1] * (t.ndim - 1)))
        elif len(c) == 1 and len(x) > 1:
            condition = condition.reshape(-1, *([1] * (len(x) - 1)))
        return torch.where(condition, t, e)

    def gradient(op, dy):
        c, t, _ = op.op._inputs
        zeros = zeros_like(t)
        return None, raw.select(c, dy, zeros), raw.select(c, zeros, dy)

    def static(op, condition, t, e):
        if condition.ndim == 1 and t.ndim > 1:
            condition = condition.reshape((-1, *([1] * (t.ndim - 1))))
        return np.where(condition, t, e)


def _refused_select_v2(op: Any, condition: Any, t: Any, e: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    c, x, y = map(shapes.brackets, (condition, t, e))
    try:
        both = shape_rules.broadcast_dims(t, e)
    except ValueError:
        return f"then {x} and else {y} must be broadcastable"
    try:
        shape_rules.broadcast_dims(condition, both)
    except ValueError:
        return f"condition {c}, then {x}, and else {y} must be broadcastable"
    return None


@array_op("SelectV2", check=_refused_select_v2)
class SelectV2:
    """Elements of `t` where the condition is true and of `e` elsewhere, all three broadcast together."""

    def shape(op, condition, t, e):
        return shape_rules.broadcast_dims(condition, shape_rules.broadcast_dims(t, e))

    def kernel(op, condition, t, e):
        return torch.where(condition, t, e)

    def gradient(op, dy):
        condition, x, y = op.op._inputs
        zeros = convert.constant(0, dy.dtype.base_dtype, name="zeros")
        reduce_sum = api.math.reduce_sum
        grads, output_shape = [], None
        for value, ends in ((x, (dy, zeros)), (y, (zeros, dy))):
            grad = raw.select_v2(condition, *ends)
            value_shape = shape(value)
            output_shape = shape(op.output) if output_shape is None else output_shape
            axes, _ = raw.broadcast_gradient_args(value_shape, output_shape)
            grads.append(reshape(reduce_sum(grad, keepdims=True, axis=axes), value_shape))
        return None, *grads

    def static(op, condition, t, e):
        return np.where(condition, t, e)


def _refused_one_hot(op: Any, indices: Any, depth: Any, on_value: Any, off_value: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if not -1 <= op.axis <= len(indices):
        return f"Expected axis to be -1 or between [0, {len(indices) + 1}).  But received: {op.axis}"
    return next((f"{name} must be a scalar, but got: {shapes.brackets(dims)}" for name, dims in (
        ("depth", depth), ("on_value", on_value), ("off_value", off_value)) if dims), None)


@array_op("OneHot", host="depth", check=_refused_one_hot)
class OneHot:
    """Vectors with `on_value` at an index and `off_value` elsewhere, along a new axis."""

    def shape(op, indices, depth, on_value, off_value):
        axis = op.axis
        if axis < -1:
            raise ValueError("axis must be >= -1")
        size = shape_rules.scalar_value(op.depth)
        if size is not None and size < 0:
            raise ValueError(f"Dimension size, given by scalar input 1, must be non-negative but is {size}")
        if indices is None:
            return None
        axis = len(indices) if axis == -1 else axis
        return (*indices[:axis], size, *indices[axis:])

    def kernel(op, indices, depth, on_value, off_value):
        axis = op.axis
        if depth < 0:
            raise errors.InvalidArgumentError(None, None, f"depth must be non-negative, got: {depth}")
        # A constant of the plan, of the indices' type if that has all: two types of integers have no machine code.
        kind = indices.dtype if depth <= torch.iinfo(indices.dtype).max else torch.int64
        wanted = torch.arange(depth, dtype=kind)
        hot = indices.unsqueeze(-1) == wanted
        if axis != -1:
            hot = hot.movedim(-1, axis)
        return torch.where(hot, on_value, off_value)

    def static(op, indices, depth, on_value, off_value):
        hot = np.asarray(indices)[..., None] == np.arange(int(depth))
        return np.where(np.moveaxis(hot, -1, op.axis), on_value, off_value)


# --- sets -------------------------------------------------------------------------------------------------------


def _unique(op: Any, x: Any, axis: int | None = None, counts: bool = False) -> tuple[Any, ...]:
    """Unique elements (or slices along an axis) in the order in which they appear."""
    if not counts and x.ndim == 1 and not isinstance(x, np.ndarray) and x.dtype in (torch.int32, torch.int64):
        kind = torch_dtype(op.out_idx)
        found = distinct_numbers(x, kind)
        return found[0], op.like(found[1], torch.empty(x.shape, dtype=kind, device="meta"))
    if isinstance(x, np.ndarray):
        values, places, numbers = _unique_strings(x, axis)
        places, numbers = (torch.from_numpy(part) for part in (places, numbers))
    else:
        values, places, numbers = _unique_numbers(x, 0 if axis is None else axis)
    kind = torch_dtype(op.out_idx)
    return (values, places.to(kind), numbers.to(kind)) if counts else (values, places.to(kind))


@tensor_function(meta=lambda x, kind: None)  # as many as there are
def distinct_numbers(x: Any, kind: Any) -> tuple[Any, Any]:
    """The different numbers of an int vector in the order in which they appear, and each one's place among them.

    Args:
      kind: the type of the places.
    """
    found = None if x.is_cuda else distinct(x, kind)
    if found is not None:
        return found
    if x.is_cuda or len(x) > _FEW:
        values, places, _ = _unique_numbers(x, 0)
        return values, places.to(kind)
    items = x.tolist()
    numbers = dict(zip(dict.fromkeys(items), itertools.count()))
    own, of_places = (np.int32 if each == torch.int32 else np.int64 for each in (x.dtype, kind))
    values = np.fromiter(numbers, own, len(numbers))
    places = np.fromiter(map(numbers.__getitem__, items), of_places, len(items))
    return torch.from_numpy(values), torch.from_numpy(places)


def _unique_strings(x: np.ndarray, axis: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if axis is None or x.ndim == 1:
        return ordered_set(x)
    moved = np.moveaxis(x, axis, 0)
    keys = np.empty(len(moved), object)
    keys[:] = [tuple(row.reshape(-1)) for row in moved]
    _, places, numbers = ordered_set(keys)
    first = [int(np.argmax(places == k)) for k in range(len(numbers))]
    return np.moveaxis(moved[first], 0, axis), places, numbers


def _unique_numbers(x: Any, axis: int) -> tuple[Any, Any, Any]:
    """Values in order of appearance, each slice's place among them, how often each occurs."""
    size = x.shape[axis]
    if x.numel() == 0:  # slices without elements are all the same
        chosen = min(size, 1)
        places = torch.zeros((size,), dtype=torch.int64, device=x.device)
        return x.narrow(axis, 0, chosen), places, torch.full((chosen,), size, dtype=torch.int64, device=x.device)
    rows = _comparable(x if x.ndim == 1 else x.movedim(axis, 0).reshape((size, -1)))
    _, places, numbers = torch.unique(rows, return_inverse=True, return_counts=True,
                                      dim=None if rows.ndim == 1 else 0)
    turns = torch.arange(size, device=x.device)
    first = turns.new_full((numbers.shape[0],), size).scatter_reduce(0, places, turns, "amin")
    order = first.argsort()
    return (x.index_select(axis, first.index_select(0, order)), order.argsort().index_select(0, places),
            numbers.index_select(0, order))


def _comparable(x: Any) -> Any:
    """Numbers of a type that torch sorts and compares, equal where those of `x` are."""
    if x.dtype.is_complex:
        return torch.view_as_real(x).reshape((x.shape[0], -1))
    if x.dtype in (torch.float16, torch.bfloat16):
        return x.to(torch.float32)
    return x.to(torch.int64) if x.dtype in (torch.bool, torch.uint16, torch.uint32) else x


def _no_vector(op: Any, x: Any, *axis: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if axis and len(axis[0]) != 1:
        return "axis expects a 1D vector."
    if axis and axis[0][0] > 1:
        return "axis does not support input tensors larger than 1 elements"
    return None if len(x) == 1 or axis and axis[0][0] else "unique expects a 1D vector."


@op("Unique", traced="shapes", memory="own", check=_no_vector)
class Unique:
    """The different elements of a vector, and each element's place among them."""

    def shape(op, x):
        shape_rules.with_rank(x, 1)
        return (None,), x

    def kernel(op, x):
        return _unique(op, x)

    def static(op, x):
        return ordered_set(x)[:2]


@op("UniqueWithCounts", traced="shapes", check=_no_vector)
class UniqueWithCounts:
    """The different elements of a vector, each element's place among them, and how often each occurs."""

    def shape(op, x):
        return (None,), x, (None,)

    def kernel(op, x):
        return _unique(op, x, counts=True)

    def static(op, x):
        return ordered_set(x)


def _along(axis: Any, rank: int) -> int | None:
    """The axis whose slices are compared, if one is given."""
    if not len(axis):
        return None
    if not -rank <= axis[0] < rank:
        raise errors.InvalidArgumentError(None, None, f"axis has to be between [0, {rank})")
    return int(axis[0])


def _slices(x: Dims, static: Dims) -> Dims:
    """The shape of the different slices: while the graph is built what TensorFlow says of all inputs, as of vectors."""
    return (None,) if x is static or x is None else (None,) * len(x)


def _places(x: Dims, static: Dims) -> Dims:
    """The shape of the places: while the graph is built that of the input, as TensorFlow says, right for vectors."""
    return x if x is static or x is None or len(x) == 1 else (None,)


@op("UniqueV2", traced="shapes", host="axis", check=_no_vector)
class UniqueV2:
    """The different slices of a tensor along an axis, and each slice's place among them."""

    def shape(op, x, axis):
        return _slices(x, op.x._dims), _places(x, op.x._dims)

    def kernel(op, x, axis):
        return _unique(op, x, _along(axis, x.ndim))


@op("UniqueWithCountsV2", traced="shapes", host="axis", check=_no_vector)
class UniqueWithCountsV2:
    """The different slices of a tensor along an axis, each slice's place among them, and how often each occurs."""

    def shape(op, x, axis):
        return _slices(x, op.x._dims), _places(x, op.x._dims), (None,)

    def kernel(op, x, axis):
        return _unique(op, x, _along(axis, x.ndim), counts=True)


@op("ListDiff", traced="shapes", check=lambda op, *inputs: next(
    (f"{name} should be a 1D vector." for name, dims in zip("xy", inputs) if len(dims) != 1), None))
class ListDiff:
    """The elements of a vector that are not in another, and where they stand."""

    def shape(op, x, y):
        shape_rules.with_rank(x, 1)
        shape_rules.with_rank(y, 1)
        return (None,), (None,)

    def kernel(op, x, y):
        if isinstance(x, np.ndarray):
            others = set(y.tolist())
            places = [i for i, item in enumerate(x.tolist()) if item not in others]
            return x[places], torch.tensor(places, dtype=torch_dtype(op.out_idx))
        known = (x[:, None] == y).any(1) if x.dtype.is_complex else torch.isin(_comparable(x), _comparable(y))
        keep = torch.nonzero(~known).reshape(-1)
        return x[keep], keep.to(torch_dtype(op.out_idx))

    def static(op, x, y):
        others = set(y.tolist())
        places = np.array([i for i, item in enumerate(x.tolist()) if item not in others], np.int64)
        return x[places], places


# --- search in sorted rows --------------------------------------------------------------------------------------


def _bound(name: str, side: str) -> None:
    @op(name, check=lambda op, rows, values: None if rows[:1] == values[:1] else
        "Leading dim_size of both tensors must match.")
    class Bound:
        """Where values would be put into sorted rows."""

        def shape(op, rows, values):
            shape_rules.with_rank(rows, 2)
            if values is not None:
                shape_rules.with_rank(values, 2)
            return values

        def kernel(op, rows, values):
            if side == "left" and op.T.is_floating:
                # What is no number is not less than anything, nor is anything less than it; torch takes it for large.
                rows = torch.where(torch.isnan(rows), math.inf, rows)
                values = torch.where(torch.isnan(values), -math.inf, values)
            return torch.searchsorted(rows.contiguous(), values.contiguous(), right=side == "right").to(
                torch_dtype(op.out_type))


_bound("LowerBound", "left")
_bound("UpperBound", "right")


@export("searchsorted")
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = dtypes.int32,
                 name: str | None = None) -> Tensor:
    """Where values would be put into sorted rows to keep them sorted.

    Args:
      sorted_sequence: tensor whose last axis is sorted.
      values: tensor that agrees with it in all axes but the last.
      side: "left" (before equal elements) or "right".
      out_type: int32 or int64.

    Raises:
      ValueError: `side` is neither.
    """
    sequence_size = shape_internal(sorted_sequence)[-1]
    values_size = shape_internal(values)[-1]
    rows = reshape(sorted_sequence, [-1, sequence_size])
    wanted = reshape(values, [-1, values_size])
    if side not in ("left", "right"):
        raise ValueError(f"side must be either 'right' or 'left'.  Saw: {side}.")
    find = raw.upper_bound if side == "right" else raw.lower_bound
    return reshape(find(rows, wanted, out_type, name), shape_internal(values))


# --- public functions -------------------------------------------------------------------------------------------


def _coordinates(condition: Any, name: str | None = None) -> Tensor:
    """Where a condition holds, one row for each place."""
    with name_scope(name, "Where", [condition]) as scope:
        condition = convert_to_tensor(condition, preferred_dtype=dtypes.bool_, name="condition")
        return raw.where(condition, name=scope)


@export("where")
@deprecated(None, "Use tf.where in 2.0, which has the same broadcast rule as np.where")
def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """Elements of `x` where a condition holds and of `y` elsewhere, or the coordinates where it holds.

    Args:
      condition: bool tensor; a vector chooses whole rows of `x` and `y`.
      x, y: tensors of one shape; leave out both for the coordinates.

    Returns:
      A tensor of the shape of `x`, or int64 of shape [number of true elements, rank of `condition`].

    Raises:
      ValueError: only one of `x` and `y` is given.
    """
    if x is None and y is None:
        return _coordinates(condition, name)
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    return raw.select(condition, x, y, name=name)


@export("where_v2")
def where_v2(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """`tf.where` whose three arguments broadcast together."""
    if x is None and y is None:
        return _coordinates(condition, name)
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    return raw.select_v2(condition, x, y, name=name)


@export("boolean_mask")
def boolean_mask(tensor: Any, mask: Any, name: str = "boolean_mask", axis: int | None = None) -> Tensor:
    """The elements of a tensor where a mask is true.

    Args:
      tensor: a tensor of rank N.
      mask: bool tensor of static rank K <= N, which goes with the axes from `axis` on.
      axis: the first axis of the mask, 0 by default.

    Returns:
      A tensor of rank N - K + 1.

    Raises:
      ValueError: the rank of the mask is unknown or 0, or the shapes do not agree.
    """
    with name_scope(name, values=[tensor, mask]):
        tensor = convert_to_tensor(tensor, name="tensor")
        mask = convert_to_tensor(mask, name="mask")
        mask_shape, tensor_shape = mask.shape, tensor.shape
        count = mask_shape.ndims
        if count == 0:
            raise ValueError("mask cannot be scalar.")
        if count is None:
            raise ValueError("Number of mask dimensions must be specified, even if some dimensions are None.  E.g. "
                             "shape=[None] is ok, but shape=None is not.")
        axis = 0 if axis is None else axis
        tensor_shape[axis:axis + count].assert_is_compatible_with(mask_shape)
        leading = raw.prod(shape(tensor)[axis:axis + count], [0])
        tensor = reshape(tensor, concat([shape(tensor)[:axis], [leading], shape(tensor)[axis + count:]], 0))
        tensor.set_shape(TensorShape(tensor_shape[:axis]).concatenate(
            [tensor_shape[axis:axis + count].num_elements()]).concatenate(tensor_shape[axis + count:]))
        chosen = squeeze(_coordinates(reshape(mask, [-1])), axis=[1])
        return gather(tensor, chosen, axis=axis)


@export("one_hot")
def one_hot(indices: Any, depth: Any, on_value: Any = None, off_value: Any = None, axis: int | None = None,
            dtype: Any = None, name: str | None = None) -> Tensor:
    """Vectors with `on_value` at an index and `off_value` elsewhere.

    Args:
      indices: integer tensor; an index out of range gives a vector of `off_value`.
      depth: int32 scalar, the length of the vectors.
      on_value, off_value: scalars, 1 and 0 by default.
      axis: where the vectors' axis stands in the result, the last by default.
      dtype: the type of the elements; by default that of the values, or float32.

    Raises:
      TypeError: the types of `on_value`, `off_value` and `dtype` do not agree.
    """
    with name_scope(name, "one_hot", [indices, depth, on_value, off_value, axis, dtype]) as scope:
        wanted = None if dtype is None else as_dtype(dtype)
        # TensorFlow makes a constant of each value to learn its type, and another one for the node itself.
        on_dtype, off_dtype = (None if value is None else convert_to_tensor(value).dtype.base_dtype
                               for value in (on_value, off_value))
        if wanted is None:
            wanted = on_dtype or off_dtype or dtypes.float32
        elif on_dtype not in (None, wanted):
            raise TypeError(f"dtype {on_dtype} of on_value does not match dtype parameter {wanted}")
        elif off_dtype not in (None, wanted):
            raise TypeError(f"dtype {off_dtype} of off_value does not match dtype parameter {wanted}")
        if on_value is None:
            on_value, on_dtype = convert_to_tensor(1, wanted, name="on_value"), wanted
        if off_value is None:
            off_value, off_dtype = convert_to_tensor(0, wanted, name="off_value"), wanted
        if on_dtype != off_dtype:
            raise TypeError(f"dtype {on_dtype} of on_value does not match dtype {off_dtype} of off_value")
        return raw.one_hot(indices, depth, on_value, off_value, axis, name=scope)


@export("unique")
def unique(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Any:
    """The different elements of a vector in the order of their first appearance, and each element's place among them.

    Returns:
      A named tuple `(y, idx)`.
    """
    return raw.unique(x, out_idx, name)


@export("unique_with_counts")
def unique_with_counts(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Any:
    """`tf.unique`, and how often each element occurs: a named tuple `(y, idx, count)`."""
    return raw.unique_with_counts(x, out_idx, name)


@export("setdiff1d")
@deprecated("2018-11-30", "This op will be removed after the deprecation date. Please switch to tf.sets.difference().")
def setdiff1d(x: Any, y: Any, index_dtype: Any = dtypes.int32, name: str | None = None) -> Any:
    """The elements of a vector that are not in another: a named tuple `(out, idx)`."""
    return raw.list_diff(x, y, index_dtype, name)


@export("sequence_mask")
def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = dtypes.bool_, name: str | None = None) -> Tensor:
    """A mask whose rows are true in their first `lengths[i]` places.

    Args:
      lengths: integer tensor of any shape.
      maxlen: integer scalar, the length of the rows; by default the largest length.
      dtype: the type of the result.

    Raises:
      ValueError: `maxlen` is no scalar.
    """
    with name_scope(name, "SequenceMask", [lengths, maxlen]):
        lengths = convert_to_tensor(lengths)
        if maxlen is None:
            maxlen = raw.max(lengths, all_axes(lengths))
            maxlen = raw.maximum(convert.constant(0, maxlen.dtype), maxlen)
        else:
            maxlen = convert_to_tensor(maxlen)
        if maxlen._dims is not None and len(maxlen._dims) != 0:
            raise ValueError("maxlen must be scalar for sequence_mask")
        row = raw.range(convert.constant(0, maxlen.dtype), maxlen, convert.constant(1, maxlen.dtype))
        matrix = raw.cast(expand_dims(lengths, -1), maxlen.dtype)
        result = raw.less(row, matrix, name="Less")
        if dtype is None or as_dtype(dtype).base_dtype is dtypes.bool_:
            return result
        return raw.cast(result, dtype)


def all_axes(x: Tensor) -> Tensor:
    """All axes of a tensor, as reductions take them."""
    if x._dims is not None:
        return convert.constant(np.arange(len(x._dims)), dtypes.int32)
    return raw.range(0, raw.rank(x), 1)


@export("repeat")
def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """A tensor each element of which is repeated.

    Args:
      input: any tensor.
      repeats: how often, one number for all or one for each element along `axis`.
      axis: the axis along which to repeat; by default the tensor is flattened.

    Raises:
      TypeError: `axis` is no integer.
    """
    if axis is None:
        input, axis = reshape(input, [-1]), 0
    return repeat_with_axis(input, repeats, axis, name)


def repeat_with_axis(data: Any, repeats: Any, axis: int, name: str | None = None) -> Tensor:
    """`tf.repeat` along an axis.

    Raises:
      TypeError: `axis` is no integer.
    """
    if not isinstance(axis, int):
        raise TypeError(f"axis must be an int; got {type(axis).__name__}")
    with name_scope(name, "Repeat", [data, repeats]):
        data = convert_to_tensor(data, name="data")
        repeats = convert_to_tensor(repeats, name="repeats")
        if not repeats.dtype.is_integer:
            raise TypeError(f"repeats must be an integer tensor; dtype=<dtype: '{repeats.dtype.name}'>")
        repeats = raw.cast(repeats, dtypes.int32)
        repeats.shape.with_rank_at_most(1)
        data = at_least_a_vector(data)
        data_shape = shape(data)
        if axis < 0:
            if data._dims is None:
                raise ValueError("axis may only be negative if the rank of `data` is statically known.")
            axis += len(data._dims)
        if data._dims is not None and not 0 <= axis < len(data._dims):
            raise ValueError(f"axis={axis} out of bounds: expected {-len(data._dims)}<=axis<{len(data._dims)}")
        if repeats.shape.ndims == 1:
            data.shape.with_rank_at_least(axis + 1)[axis].assert_is_compatible_with(repeats.shape[0])
        if repeats.shape.ndims == 0:
            tiled = tile_one_dimension(expand_dims(data, axis + 1), axis + 1, repeats)
            return reshape(tiled, concat([data_shape[:axis], [-1], data_shape[axis + 1:]], axis=0))
        if repeats.shape.ndims != axis + 1:
            repeats_shape = shape(repeats)
            lead = data_shape[:axis + 1 - rank(repeats)]
            repeats = raw.broadcast_to(repeats, concat([lead, repeats_shape], axis=0))
            repeats.set_shape([None] * (axis + 1))
        most = raw.maximum(0, api.math.reduce_max(repeats))
        mask = sequence_mask(repeats, most)
        tiled = tile_one_dimension(expand_dims(data, axis + 1), axis + 1, most)
        result = boolean_mask(tiled, mask)
        if axis:
            result = reshape(result, concat([data_shape[:axis], [-1], data_shape[axis + 1:]], axis=0))
        if data._dims is not None:
            result.set_shape((*data._dims[:axis], None, *data._dims[axis + 1:]))
        return result


def at_least_a_vector(data: Tensor) -> Tensor:
    """`data`, as a vector of one element if it is a scalar."""
    if data._dims is not None:
        return data if data._dims else stack([data])
    data_shape, data_rank = shape(data), rank(data)
    return reshape(data, concat([[1], data_shape], axis=0)[-data_rank:])


def tile_one_dimension(data: Tensor, axis: int, multiple: Any) -> Tensor:
    """`data` repeated along one axis."""
    if data._dims is not None:
        multiples: list[Any] = [1] * len(data._dims)
        multiples[axis] = multiple
        return tile(data, multiples)
    ones_ = ones(rank(data), dtypes.int32)
    return tile(data, concat([ones_[:axis], [multiple], ones_[axis + 1:]], 0))
