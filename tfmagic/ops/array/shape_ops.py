"""Shapes, sizes and ranks as tensors, and ops that give a tensor another shape over the same elements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.deprecation import deprecated_args, deprecated_argument_lookup
from tfmagic.base.dtypes import as_dtype
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims, TensorShape
from tfmagic.graph import convert
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import static_dims, static_ints
from tfmagic.ops import api, raw, shape_rules
from tfmagic.ops.array.rules import array_op, product
from tfmagic.ops.declare import op
from tfmagic.ops.torch_types import torch_dtype


def _numpy_type(op: Any) -> Any:
    return op.out_type.as_numpy_dtype


def _static_shape(op: Any) -> Any:
    dims = op.op._inputs[0]._dims
    return None if dims is None or None in dims else np.array(dims, _numpy_type(op))


def _static_shapes(op: Any) -> Any:
    found = [t._dims for t in op.op._inputs]
    return [np.array(d, _numpy_type(op)) if d is not None and None not in d else None for d in found]


def _vector(op: Any, x: Any) -> Any:
    """A shape; torch itself would take five times as long to make a tensor of it."""
    return torch.from_numpy(np.array(x.shape, _numpy_type(op)))


@op("Shape", traced="shapes", from_shapes=True)
class Shape:
    """The shape of a tensor as a vector."""

    def shape(op, x):
        return (None if x is None else len(x),)

    def kernel(op, x):
        return _vector(op, x)

    static = _static_shape


@op("ShapeN", traced="shapes", from_shapes=True)
class ShapeN:
    """The shapes of several tensors as vectors."""

    def shape(op, inputs):
        return [(None if x is None else len(x),) for x in inputs]

    def kernel(op, *inputs):
        values = inputs[0] if len(inputs) == 1 and isinstance(inputs[0], (list, tuple)) else inputs
        return tuple([_vector(op, x) for x in values])

    static = _static_shapes


@op("Size", traced="shapes", from_shapes=True)
class Size:
    """The number of elements of a tensor."""

    shape = shape_rules.scalar

    def kernel(op, x):
        return torch.full((), x.size if isinstance(x, np.ndarray) else x.numel(), dtype=torch_dtype(op.out_type))

    def static(op):
        size = shapes.num_elements(op.op._inputs[0]._dims)
        return None if size is None else np.array(size, _numpy_type(op))


@op("Rank", traced="shapes", from_shapes=True)
class Rank:
    """The number of axes of a tensor."""

    shape = shape_rules.scalar

    def kernel(op, x):
        return torch.full((), x.ndim, dtype=torch.int32)

    def static(op):
        dims = op.op._inputs[0]._dims
        return None if dims is None else np.array(len(dims), np.int32)


# --- reshaping --------------------------------------------------------------------------------------------------


def reshape_to_input(op: Any, grad: Any) -> Tensor:
    """A gradient in the shape of the op's first input."""
    return reshape(grad, shape(op.op._inputs[0]))


def _explain_reshape(op: Any, x: Any, shape: Any) -> str | None:
    """TensorFlow's words for a reshape that cannot be."""
    wanted, size = [int(d) for d in shape.tolist()], int(np.prod(x.shape, dtype=np.int64))
    known = int(np.prod([d for d in wanted if d != -1], dtype=np.int64))
    if any(d < -1 for d in wanted):
        index = next(i for i, d in enumerate(wanted) if d < -1)
        return f"Size {index} must be non-negative, not {wanted[index]}"
    if wanted.count(-1) > 1:
        first, second = [i for i, d in enumerate(wanted) if d == -1][:2]
        return f"Only one input size may be -1, not both {first} and {second}"
    need = f"requires a multiple of {known}" if -1 in wanted and known else f"has {known}"
    return f"Input to reshape is a tensor with {size} values, but the requested shape {need}"


def _has_gap(sizes: Any) -> bool:
    """Whether a size is to be inferred though another one is 0."""
    return sizes is not None and 0 in sizes and (-1 in sizes or None in sizes)


def _filled(dims: Any, sizes: Any) -> list[int]:
    """Such sizes with the missing one, which TensorFlow infers from the sizes that are not 0."""
    have, given = (math.prod(size for size in part if size > 0) for part in (dims, sizes))
    return [have // given if size == -1 else int(size) for size in sizes]


@array_op("Reshape", host="shape", traced=lambda op: "shapes" if _has_gap(static_dims(op.op._inputs[1])) else True,
          explain=_explain_reshape, check=lambda op, x, shape: None if len(shape) == 1 else
          f"sizes input must be 1-D, not {shapes.brackets(shape)}")
class Reshape:
    """The elements of a tensor in another shape, of which one dimension may be -1."""

    def shape(op, x, shape):
        wanted = static_dims(op.op._inputs[1])
        size = shapes.num_elements(x)
        if wanted is None:
            return None
        if wanted.count(None) > 1:
            return wanted
        known = product(d for d in wanted if d is not None)
        if None not in wanted:
            if size is not None and size != known:
                raise ValueError(f"Cannot reshape a tensor with {size} elements to shape {shapes.brackets(wanted)} "
                                 f"({known} elements)")
            least = None if x is None or size is not None else product(d for d in x if d is not None)
            if least and known % least:
                raise ValueError(f"Dimension size must be evenly divisible by {least} but is {known}")
            return wanted
        return _inferred(x, wanted, size, known)

    def kernel(op, x, shape):
        return x.reshape(tuple(_filled(x.shape, shape) if _has_gap(shape) else shape))

    def gradient(op, dy):
        return reshape_to_input(op, dy), None

    def static(op, x, shape):
        return np.reshape(x, _filled(x.shape, shape) if _has_gap(shape) else [int(d) for d in shape])


def _inferred(x: Dims, wanted: tuple[int | None, ...], size: int | None, known: int) -> Dims:
    """The target with its -1 worked out, where the input's shape says enough."""
    if size is None:
        return wanted
    if known == 0:
        if size == 0:
            return wanted
        raise ValueError(f"Cannot reshape a tensor with {size} elements to shape "
                         f"{shapes.brackets(wanted)} (0 elements)")
    if size % known:
        raise ValueError(f"Dimension size must be evenly divisible by {known} but is {size}")
    return tuple(size // known if d is None else d for d in wanted)


def _explain_expand(op: Any, x: Any, dim: Any) -> str | None:
    """TensorFlow's words for an axis that there cannot be."""
    rank, axis = len(x.shape), int(dim.reshape(()))
    return None if -rank - 1 <= axis <= rank else f"Tried to expand dim index {axis} for tensor with {rank} dimensions."


@array_op("ExpandDims", host="dim", explain=_explain_expand, check=lambda op, x, dim: None if product(dim) == 1 else
          "'dim' must be a tensor with a single value")
class ExpandDims:
    """A tensor with one more axis, of size 1."""

    def shape(op, x, dim):
        value = static_ints(op.op._inputs[1])
        if value is None:
            return None
        if len(value) != 1:
            raise ValueError("'dim' input must be a tensor with a single value")
        if x is None:
            return None
        (axis,) = value
        if not -len(x) - 1 <= axis <= len(x):
            raise ValueError(f"dim {axis} not in the interval [{-len(x) - 1}, {len(x)}].")
        axis = axis + len(x) + 1 if axis < 0 else axis
        return (*x[:axis], 1, *x[axis:])

    def kernel(op, x, dim):
        return x.unsqueeze(dim[0] if isinstance(dim, list) else dim)  # a vector of one element will do

    def gradient(op, dy):
        return reshape_to_input(op, dy), None

    def static(op, x, dim):
        axis = int(np.asarray(dim).reshape(()))
        axis += x.ndim + 1 if axis < 0 else 0
        return x.reshape((*x.shape[:axis], 1, *x.shape[axis:]))


def _refused_squeeze(op: Any, x: Any) -> str | None:
    """TensorFlow's words for a run with a value of this shape."""
    for axis in op.squeeze_dims:
        if not -len(x) <= axis < len(x):
            return f"Tried to squeeze dim index {axis} for tensor with {len(x)} dimensions."
    for axis in sorted(axis % len(x) for axis in op.squeeze_dims):
        if x[axis] != 1:
            return f"Can not squeeze dim[{axis}], expected a dimension of 1, got {x[axis]}"
    return None


def _squeezes_both_ends(op: Any) -> bool:
    """Whether axes are counted from both ends of a tensor whose rank only the run knows."""
    return op.input._dims is None and bool(op.squeeze_dims) and min(op.squeeze_dims) < 0 <= max(op.squeeze_dims)


@array_op("Squeeze", check=_refused_squeeze, traced=lambda op: "shapes" if _squeezes_both_ends(op) else True)
class Squeeze:
    """A tensor without its axes of size 1, or without those that are named."""

    def shape(op, x):
        axes = op.squeeze_dims
        if x is None:
            return None
        if not axes:
            return None if None in x else tuple(d for d in x if d != 1)
        chosen = set()
        for axis in axes:
            if not -len(x) <= axis < len(x):
                raise ValueError(f"squeeze_dims[0] not in [{-len(x)},{len(x)}).")
            chosen.add(axis % len(x))
        for axis in sorted(chosen):
            if x[axis] not in (None, 1):
                raise ValueError(f"Can not squeeze dim[{axis}], expected a dimension of 1, got {x[axis]}")
        return tuple(d for i, d in enumerate(x) if i not in chosen)

    def kernel(op, x):
        dims = op.input._dims
        if not op.squeeze_dims:
            return x.squeeze()
        rank = x.dim() if _squeezes_both_ends(op) else None if dims is None else len(dims)
        axes = {axis if rank is None or axis >= 0 else axis + rank for axis in op.squeeze_dims}
        if dims is not None and all(dims[axis] == 1 for axis in axes):
            return x.squeeze(tuple(axes))
        for axis in sorted(axes, reverse=min(axes) >= 0):  # counted from the end, the first axes go first
            x = x.squeeze(axis)
        return x

    def gradient(op, dy):
        return reshape_to_input(op, dy)

    def static(op, x):
        return np.squeeze(x, tuple({axis % x.ndim for axis in op.squeeze_dims}) or None)


def _refused_by_ensure_shape(op: Any, x: Any) -> str | None:
    """TensorFlow's words for a run with a value of another shape."""
    dims = op.op._attrs["shape"]._dims
    return None if shapes.compatible(x, dims) else (
        f"Shape of tensor {op.op._inputs[0].op.name} {shapes.brackets(x)} is not compatible with expected shape "
        f"{shapes.brackets(dims)}.")


@op("EnsureShape", check=_refused_by_ensure_shape)
class EnsureShape:
    """The input, which must have a shape."""

    def shape(op, x):
        dims = op.op._attrs["shape"]._dims
        if x is None:
            return dims
        return shape_rules.merge(dims, shape_rules.with_rank(x, -1 if dims is None else len(dims)))

    def kernel(op, x):
        return x

    def gradient(op, dy):
        return dy


# --- broadcasting -----------------------------------------------------------------------------------------------


def _refused_broadcast(op: Any, x: Any, shape: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if len(shape) != 1:
        return f"shape must be a vector of {{int32,int64}}, got shape {shapes.brackets(shape)}"
    if len(x) > shape[0]:
        return f"Rank of input ({len(x)}) must be no greater than rank of output shape ({shape[0]})."
    return None


def _explain_broadcast(op: Any, x: Any, shape: Any) -> str | None:
    """TensorFlow's words for a shape to which a value does not broadcast, or that is none."""
    sizes = shape.tolist()
    return next((f"Dimension {size} must be >= 0" for size in sizes if size < 0),
                f"Incompatible shapes: {shapes.brackets(tuple(x.shape))} vs. {shapes.brackets(tuple(sizes))}")


@array_op("BroadcastTo", host="shape", check=_refused_broadcast, explain=_explain_broadcast)
class BroadcastTo:
    """A tensor repeated along its axes of size 1 to fill a larger shape."""

    def shape(op, x, shape):
        wanted = static_dims(op.op._inputs[1])
        if wanted is None or x is None:
            return wanted
        shape_rules.with_rank_at_most(x, len(wanted))
        for have, want in zip(x[::-1], wanted[::-1]):
            if have not in (None, 1) and want is not None and have != want:
                raise ValueError(f"Dimensions must be equal, but are {have} and {want}")
        have = (1,) * (len(wanted) - len(x)) + x
        return tuple(a if b is None and a not in (None, 0, 1) else b for a, b in zip(have, wanted))

    def kernel(op, x, shape):
        if -1 in shape:
            raise ValueError("torch would take -1 for the size that there is")
        return torch.broadcast_to(x, tuple(shape))

    def gradient(op, dy):
        input_value, broadcast_shape = op.op._inputs
        input_shape = shape(input_value)
        _, axes = raw.broadcast_gradient_args(broadcast_shape, input_shape)
        summed = api.math.reduce_sum(dy, axis=axes, keepdims=True)
        return raw.reshape(summed, input_shape), None

    def static(op, x, shape):
        return np.broadcast_to(x, [int(d) for d in shape])


def _refused_sizes(op: Any, *inputs: Any) -> str | None:
    """TensorFlow's words for shapes that are no vectors."""
    return next((f"In[{index}] must be a vector.{shapes.brackets(dims)}" for index, dims in enumerate(inputs)
                 if len(dims) != 1), None)


@op("BroadcastArgs", host=("s0", "s1"), check=_refused_sizes)
class BroadcastArgs:
    """The shape to which two shapes broadcast."""

    def shape(op, a, b):
        n: list[Any] = [shape_rules.with_rank(x, 1)[0] for x in (a, b)]
        return (None,) if None in n else (max(n),)

    def kernel(op, a, b):
        return torch.tensor(_broadcast_sizes(a, b), dtype=torch_dtype(op.T))

    def static(op, a, b):
        return np.array(_broadcast_sizes(a.tolist(), b.tolist()), op.T.as_numpy_dtype)


def _broadcast_sizes(a: Any, b: Any) -> list[int]:
    try:
        sizes: Any = shape_rules.broadcast_dims(tuple(a), tuple(b))
        return list(sizes)
    except ValueError:
        raise errors.InvalidArgumentError(None, None, f"Incompatible shapes: {shapes.brackets(tuple(a))} vs. "
                                                      f"{shapes.brackets(tuple(b))}") from None


@op("BroadcastGradientArgs", host=("s0", "s1"), check=_refused_sizes)
class BroadcastGradientArgs:
    """The axes along which the gradients of two inputs that were broadcast must be summed."""

    def shape(op, a, b):
        shape_rules.with_rank(a, 1)
        shape_rules.with_rank(b, 1)
        return (None,), (None,)

    def kernel(op, a, b):
        dtype = torch_dtype(op.T)
        return tuple(torch.tensor(axes, dtype=dtype) for axes in reduction_axes(a, b))

    def static(op, a, b):
        return tuple(np.array(axes, op.T.as_numpy_dtype) for axes in reduction_axes(a.tolist(), b.tolist()))


def reduction_axes(a: Any, b: Any) -> tuple[list[int], list[int]]:
    """For shapes `a` and `b` that broadcast: the axes of the result that each of them was repeated along."""
    if list(a) == list(b):
        return [], []
    rank = max(len(a), len(b))
    _broadcast_sizes(a, b)
    a, b = [1] * (rank - len(a)) + list(a), [1] * (rank - len(b)) + list(b)
    left: list[int] = []
    right: list[int] = []
    for axis, (x, y) in enumerate(zip(a, b)):
        # Sums over axes of size 1 are free: TensorFlow asks for them on both sides.
        if x == 1:
            left.append(axis)
        if y == 1:
            right.append(axis)
    return left, right


# --- public functions -------------------------------------------------------------------------------------------


@export("shape")
def shape(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Tensor:
    """The shape of a tensor as a vector.

    Args:
      input: a tensor of any shape and type, or a `SparseTensor`.
      out_type: int32 or int64.
    """
    return shape_internal(input, name, True, out_type)


def shape_internal(input: Any, name: str | None = None, optimize: bool = True,
                   out_type: Any = dtypes.int32) -> Tensor:
    """`tf.shape`, with the choice whether a static shape makes it a constant."""
    out_type = as_dtype(out_type)
    with name_scope(name, "Shape", [input]) as scope:
        if _is_sparse(input):
            return raw.cast(input.dense_shape, out_type)
        tensor = convert_to_tensor(input)
        dims = tensor._dims
        if optimize and dims is not None and None not in dims:
            return convert.constant(list(dims), out_type, name=scope)
        return raw.shape(input, out_type=out_type, name=scope)  # converted again, as TensorFlow does it


def _is_sparse(value: Any) -> bool:
    return not isinstance(value, (Tensor, IndexedSlices)) and hasattr(value, "indices") \
        and hasattr(value, "dense_shape") and hasattr(value, "values")


@export("shape_n")
def shape_n(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> list[Tensor]:
    """The shapes of several tensors as vectors."""
    return raw.shape_n(input, out_type=out_type, name=name)


@export("size")
def size(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Tensor:
    """The number of elements of a tensor as a scalar of `out_type`."""
    return size_internal(input, name, True, out_type)


def size_internal(input: Any, name: str | None = None, optimize: bool = True, out_type: Any = dtypes.int32) -> Tensor:
    """`tf.size`, with the choice whether a static shape makes it a constant."""
    out_type = as_dtype(out_type)
    with name_scope(name, "Size", [input]) as scope:
        if _is_sparse(input):
            return raw.prod(raw.cast(input.dense_shape, out_type), 0, name=scope)
        tensor = convert_to_tensor(input)
        if optimize:
            count = shapes.num_elements(tensor._dims)
            if count is None and tensor._dims is not None and 0 in tensor._dims:
                count = 0
            if count is not None:
                return convert.constant(count, out_type, name=scope)
        return raw.size(input, out_type=out_type, name=scope)


@export("rank")
def rank(input: Any, name: str | None = None) -> Tensor:
    """The number of axes of a tensor as an int32 scalar."""
    return rank_internal(input, name, True)


def rank_internal(input: Any, name: str | None = None, optimize: bool = True) -> Tensor:
    """`tf.rank`, with the choice whether a static rank makes it a constant."""
    with name_scope(name, "Rank", [input]) as scope:
        if _is_sparse(input):
            return raw.size(input.dense_shape, name=scope)
        tensor = convert_to_tensor(input)
        if optimize and tensor._dims is not None:
            return convert.constant(len(tensor._dims), dtypes.int32, name=scope)
        return raw.rank(input, name=scope)


@export("reshape")
def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """The elements of a tensor in another shape.

    Args:
      tensor: any tensor.
      shape: int32 or int64 vector; one element may be -1, which takes up what the others leave.

    Raises:
      ValueError: the number of elements cannot be right.
    """
    return raw.reshape(tensor, shape, name)


@export("expand_dims")
@deprecated_args(None, "Use the `axis` argument instead", "dim")
def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """A tensor with an axis of size 1 inserted before `axis` (negative: counted from the end).

    Raises:
      ValueError: neither `axis` nor `dim` is given, or both.
    """
    axis = deprecated_argument_lookup("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("Must specify an axis argument to tf.expand_dims()")
    return raw.expand_dims(input, axis, name)


@export("squeeze")
@deprecated_args(None, "Use the `axis` argument instead", "squeeze_dims")
def squeeze(input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None) -> Tensor:
    """A tensor without its axes of size 1.

    Args:
      input: any tensor.
      axis: an integer or list of integers: only these axes, which must have size 1.

    Raises:
      ValueError: an axis that is named has another size.
    """
    axis = deprecated_argument_lookup("axis", axis, "squeeze_dims", squeeze_dims)
    if np.isscalar(axis):
        axis = [axis]
    return raw.squeeze(input, axis, name)


@export("ensure_shape")
def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """The tensor `x`, whose shape is checked against `shape` now and in each run."""
    return raw.ensure_shape(x, TensorShape(shape), name=name)


@export("broadcast_static_shape")
def broadcast_static_shape(shape_x: TensorShape, shape_y: TensorShape) -> TensorShape:
    """The static shape to which two static shapes broadcast.

    Raises:
      ValueError: they do not.
    """
    x, y = shapes.as_shape(shape_x), shapes.as_shape(shape_y)
    try:
        return TensorShape(shape_rules.broadcast_dims(x._dims, y._dims))
    except ValueError:
        raise ValueError(f"Incompatible shapes for broadcasting: {x} and {y}") from None


@export("broadcast_dynamic_shape")
def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Tensor:
    """The shape to which two shapes, given as vectors, broadcast."""
    return raw.broadcast_args(shape_x, shape_y)


def _refused_unravel(op: Any, indices: Any, dims: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if len(indices) > 1:
        return f'The indices can only be scalar or vector, got "{shapes.brackets(indices)}"'
    return None if len(dims) == 1 else f'The indices can only be 1-D, got "{shapes.brackets(dims)}"'


@op("UnravelIndex", host="dims", check=_refused_unravel)
class UnravelIndex:
    """Positions in a flattened array as coordinates in the array, one row per axis."""

    def shape(op, indices, dims):
        (axes,) = shape_rules.with_rank(dims, 1)
        return None if indices is None else (axes, *((product(indices),) if indices else ()))

    def kernel(op, indices, dims):
        rows = []
        for size in reversed(dims):
            rows.append(torch.fmod(indices, size))
            indices = torch.div(indices, size, rounding_mode="trunc")
        return torch.stack(rows[::-1])

    def static(op, indices, dims):
        rows = []
        for size in reversed(dims.tolist()):
            rows.append(np.fmod(indices, size))
            indices = (indices - rows[-1]) // size
        return np.stack(rows[::-1])
