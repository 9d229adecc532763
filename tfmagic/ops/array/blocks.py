"""Blocks of space moved into batch or depth and back, and distances of sequences."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.deprecation import deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.machine.distances import distances
from tfmagic.base.shapes import Dims
from tfmagic.graph import convert
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value, static_ints, static_value
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array import constants
from tfmagic.ops.array.join import stack
from tfmagic.ops.array.rules import array_op, as_array
from tfmagic.ops.declare import op
from tfmagic.ops.tensor_function import tensor_function

# How many numbers in a row are worth being copied as one, of how many; and how many orders of rows are kept.
_ROW, _LARGE, _ORDERS = 4, 1 << 14, 8


def _block_count(block_shape: Dims) -> int:
    """How many axes have blocks."""
    if block_shape is None or len(block_shape) != 1:
        raise ValueError("block_shape must have rank 1.")
    if block_shape[0] is None:
        raise ValueError("block_shape must have known size.")
    return block_shape[0]


def _check_blocks(x: Dims, count: int, block: list[int] | None, pads: Any, pads_dims: Dims, what: str) -> None:
    shape_rules.with_rank_at_least(x, count + 1)
    shape_rules.merge(pads_dims, (count, 2))
    if block is not None and min(block, default=1) < 1:
        raise ValueError("block_shape must be positive")
    if pads is not None and (pads < 0).any():
        raise ValueError(f"{what} cannot be negative")


def _to_batch_dims(x: Dims, count: int, block: list[int] | None, pads: Any, pads_dims: Dims) -> Dims:
    """The shape after `space_to_batch`."""
    _check_blocks(x, count, block, pads, pads_dims, "paddings")
    if x is None or block is None:
        return None if x is None else ((None,) * (count + 1) + x[count + 1:])
    size: list[int | None] = [x[0]]
    for axis, count in enumerate(block):
        size[0] = None if size[0] is None else size[0] * count
        have = x[axis + 1]
        if have is None or pads is None:
            size.append(None)
            continue
        total = have + int(pads[axis][0]) + int(pads[axis][1])
        if total % count:
            raise ValueError(f"Dimension size must be evenly divisible by {count} but is {total}")
        size.append(total // count)
    return (*size, *x[len(block) + 1:])


def _from_batch_dims(x: Dims, count: int, block: list[int] | None, crops: Any, crops_dims: Dims) -> Dims:
    """The shape after `batch_to_space`."""
    _check_blocks(x, count, block, None, crops_dims, "crops")
    batch = None if x is None else x[0]
    for part in block or ():
        if batch is not None and batch % part:
            raise ValueError(f"Dimension size must be evenly divisible by {part} but is {batch}")
        batch = None if batch is None else batch // part
    _check_blocks(x, count, block, crops, crops_dims, "crops")
    if x is None or block is None:
        return None if x is None else ((None,) * (count + 1) + x[count + 1:])
    size: list[int | None] = [batch]
    for axis, count in enumerate(block):
        have = x[axis + 1]
        size.append(None if have is None or crops is None else shape_rules.less(shape_rules.less(
            have * count, int(crops[axis][0])), int(crops[axis][1])))
    return (*size, *x[len(block) + 1:])


def _refused_blocks(op: Any, x: Any, *rest: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    count = rest[0][0] if len(rest) == 2 else 2
    what = "paddings" if op.op.type.startswith("SpaceTo") else "crops"
    if len(rest) == 1 and len(x) != 4:
        return f"Input rank should be: 4instead of: {len(x)}"
    if op.op.type == "BatchToSpace" and x[0] % op.block_size ** 2:
        return f"Input batch dimension ({x[0]}) is not divisible by product of block sizes ({op.block_size ** 2})"
    if len(x) <= count:
        return f"input rank should be >= {count + 1} instead of {len(x)}"
    return None if rest[-1] == (count, 2) else (
        f"{what} should have shape [{count}, 2] instead of {shapes.brackets(rest[-1])}")


def _refuse_negative(pads: Any, what: str) -> None:
    if any(a < 0 or b < 0 for a, b in pads):
        raise errors.InvalidArgumentError(None, None, f"{what} must be non-negative")


def _space_to_batch(x: Any, block: Any, pads: Any) -> Any:
    """Blocks of the spatial axes moved into the batch axis (NumPy or torch)."""
    m = len(block)
    is_array = isinstance(x, np.ndarray)
    _refuse_negative(pads, "Paddings")
    if any(a or b for a, b in pads):
        if is_array:
            x = np.pad(x, [(0, 0), *[(int(a), int(b)) for a, b in pads], *[(0, 0)] * (x.ndim - m - 1)])
        else:
            x = torch.nn.functional.pad(x, [0, 0] * (x.ndim - m - 1) + [int(v) for a, b in reversed(pads)
                                                                        for v in (a, b)])
    split = [x.shape[0]]
    for axis, count in enumerate(block):
        split += [x.shape[axis + 1] // int(count), int(count)]
        if x.shape[axis + 1] % int(count):
            raise errors.InvalidArgumentError(None, None, f"padded_shape[{axis}]={x.shape[axis + 1]} is not divisible "
                                                          f"by block_shape[{axis}]={int(count)}")
    rest = tuple(x.shape[m + 1:])
    x = x.reshape((*split, *rest))
    order = [2 * i + 2 for i in range(m)] + [0] + [2 * i + 1 for i in range(m)] + list(range(2 * m + 1, x.ndim))
    x = np.transpose(x, order) if is_array else x.permute(order)
    return x.reshape((split[0] * int(np.prod([int(b) for b in block])), *split[1::2], *rest))


def _batch_to_space(x: Any, block: Any, crops: Any) -> Any:
    """The inverse of `_space_to_batch`."""
    m = len(block)
    block = [int(b) for b in block]
    whole = int(np.prod(block))
    _refuse_negative(crops, "Crops")
    if x.shape[0] % whole:
        raise errors.InvalidArgumentError(None, None, f"Input batch dimension ({x.shape[0]}) is not divisible by "
                                                      f"product of block sizes ({whole})")
    batch, rest = x.shape[0] // whole, tuple(x.shape[m + 1:])
    spatial = tuple(x.shape[1:m + 1])
    x = x.reshape((*block, batch, *spatial, *rest))
    order = [m]
    for i in range(m):
        order += [m + 1 + i, i]
    order += range(2 * m + 1, x.ndim)
    x = np.transpose(x, order) if isinstance(x, np.ndarray) else x.permute(order)
    x = x.reshape((batch, *[s * b for s, b in zip(spatial, block)], *rest))
    for axis, ((a, b), n) in enumerate(zip(crops, x.shape[1:])):
        if a + b > n:
            raise errors.InvalidArgumentError(None, None, f"cropped_shape[{axis}]={n - a - b} must be non-negative")
    kept = [slice(None)] + [slice(int(a), n - int(b)) for (a, b), n in zip(crops, x.shape[1:])]
    return x[tuple(kept)]


@array_op("SpaceToBatchND", host=("block_shape", "paddings"), traced="shapes", check=_refused_blocks)
class SpaceToBatchND:
    """Blocks of the spatial axes moved into the batch axis."""

    def shape(op, x, block_shape, paddings):
        return _to_batch_dims(x, _block_count(block_shape), static_ints(op.block_shape), static_value(op.paddings),
                              paddings)

    def kernel(op, x, block_shape, paddings):
        return _space_to_batch(x, block_shape, paddings)

    def gradient(op, dy):
        return raw.batch_to_space_nd(dy, op.block_shape, op.paddings), None, None

    def static(op, x, block_shape, paddings):
        return _space_to_batch(x, block_shape, paddings)


@array_op("BatchToSpaceND", host=("block_shape", "crops"), traced="shapes", check=_refused_blocks)
class BatchToSpaceND:
    """Parts of the batch axis moved into blocks of the spatial axes."""

    def shape(op, x, block_shape, crops):
        return _from_batch_dims(x, _block_count(block_shape), static_ints(op.block_shape), static_value(op.crops),
                                crops)

    def kernel(op, x, block_shape, crops):
        return _batch_to_space(x, block_shape, crops)

    def gradient(op, dy):
        return raw.space_to_batch_nd(dy, op.block_shape, op.crops), None, None

    def static(op, x, block_shape, crops):
        return _batch_to_space(x, block_shape, crops)


@array_op("SpaceToBatch", host="paddings", traced="shapes", check=_refused_blocks)
class SpaceToBatch:
    """Blocks of height and width moved into the batch axis."""

    def shape(op, x, paddings):
        return _to_batch_dims(shape_rules.with_rank(x, 4), 2, [op.block_size] * 2, static_value(op.paddings), paddings)

    def kernel(op, x, paddings):
        return _space_to_batch(x, [op.block_size] * 2, paddings)

    def gradient(op, dy):
        return raw.batch_to_space_nd(dy, [op.block_size] * 2, op.paddings), None

    def static(op, x, paddings):
        return _space_to_batch(x, [op.block_size] * 2, paddings)


@array_op("BatchToSpace", host="crops", traced="shapes", check=_refused_blocks)
class BatchToSpace:
    """Parts of the batch axis moved into blocks of height and width."""

    def shape(op, x, crops):
        return _from_batch_dims(shape_rules.with_rank(x, 4), 2, [op.block_size] * 2, static_value(op.crops), crops)

    def kernel(op, x, crops):
        return _batch_to_space(x, [op.block_size] * 2, crops)

    def gradient(op, dy):
        return raw.space_to_batch_nd(dy, [op.block_size] * 2, op.crops), None

    def static(op, x, crops):
        return _batch_to_space(x, [op.block_size] * 2, crops)


# --- depth ------------------------------------------------------------------------------------------------------


def _spatial(data_format: str) -> tuple[int, int, int]:
    """Where height, width and depth stand."""
    return (1, 2, 3) if data_format == "NHWC" else (2, 3, 1)


def _image_dims(x: Dims, data_format: str) -> list[int | None]:
    """The dims of images, in NCHW_VECT_C with four channels side by side at the end."""
    if data_format == "NCHW_VECT_C":
        return [*shape_rules.with_rank(x, 5)[:4], 4]
    return list(shape_rules.with_rank(x, 4))


def _gradient_format(op: Any) -> str:
    """The format in which the gradient is computed.

    Raises:
      ValueError: there is none in this format.
    """
    if op.data_format == "NCHW_VECT_C":
        raise ValueError(f"Cannot compute {op.op.type} gradient with NCHW_VECT_C. NCHW_VECT_C requires qint8 data "
                         "type.")
    return str(op.data_format)


def _refused_depth(op: Any, x: Any) -> str | None:
    """TensorFlow's words for a run with a value of this shape."""
    to_depth = op.op.type == "SpaceToDepth"
    if op.data_format == "NCHW_VECT_C":
        return "Only NHWC data_format supported on CPU. Got NCHW_VECT_C"
    if len(x) != 4:
        return f"Input rank should be{'' if to_depth else ':'} 4 instead of{'' if to_depth else ':'} {len(x)}"
    h, w, d = (x[axis] for axis in _spatial(op.data_format))
    block = op.block_size
    if to_depth:
        return f"Image width {w} and height {h} should be divisible by block_size: {block}" if h % block or w % block \
            else None
    return f"Input depth dimension {d} should be divisible by: {block * block}" if d % (block * block) else None


@array_op("SpaceToDepth", check=_refused_depth)
class SpaceToDepth:
    """Blocks of height and width moved into the depth axis."""

    def shape(op, x):
        x = _image_dims(x, op.data_format)
        h, w, d = _spatial(op.data_format)
        block = op.block_size
        for axis in (h, w):
            if x[axis] is not None and x[axis] % block:
                raise ValueError(f"Dimension size must be evenly divisible by {block} but is {x[axis]}")
            x[axis] = None if x[axis] is None else x[axis] // block
        x[d] = None if x[d] is None else x[d] * block * block
        return tuple(x)

    def kernel(op, x):
        return _to_depth(x, op.block_size, op.data_format)

    def gradient(op, dy):
        return raw.depth_to_space(dy, block_size=op.block_size, data_format=_gradient_format(op))

    def static(op, x):
        return _to_depth(x, op.block_size, op.data_format)


def _to_depth(x: Any, block: int, data_format: str) -> Any:
    n, _, _, _ = x.shape
    h, w, d = (x.shape[axis] for axis in _spatial(data_format))
    if data_format == "NHWC":
        x = _turned(x, (n * h // block, block, w // block, block * d))
        return x.reshape((n, h // block, w // block, block * block * d))
    x = x.reshape((n, d, h // block, block, w // block, block))
    return _permute(x, (0, 3, 5, 1, 2, 4)).reshape((n, block * block * d, h // block, w // block))


def _turned(x: Any, sizes: tuple[int, int, int, int]) -> Any:
    """Of an array [any, a, b, in a row], every matrix [a, b] turned."""
    if isinstance(x, np.ndarray) or x.is_cuda or sizes[3] < _ROW or math.prod(sizes) < _LARGE:
        return _permute(x.reshape(sizes), (0, 2, 1, 3))
    return rows_turned(x, *sizes)


@functools.lru_cache(_ORDERS)
def _order(count: int, a: int, b: int) -> Any:
    with torch.inference_mode(False):  # a module with gradients reads it too
        return torch.arange(count * a * b, device="cpu").view(count, a, b).transpose(1, 2).reshape(-1)


@tensor_function(meta=lambda x, count, a, b, row: x.new_empty((count, b, a, row)))
def rows_turned(x: Any, count: int, a: int, b: int, row: int) -> Any:
    """The rows of [count, a, b, row] copied one by one, which is quicker than number by number."""
    return x.reshape(count * a * b, row).index_select(0, _order(count, a, b)).reshape(count, b, a, row)


def _permute(x: Any, order: tuple[int, ...]) -> Any:
    return np.transpose(x, order) if isinstance(x, np.ndarray) else x.permute(order)


@array_op("DepthToSpace", check=_refused_depth)
class DepthToSpace:
    """Parts of the depth axis moved into blocks of height and width."""

    def shape(op, x):
        x = _image_dims(x, op.data_format)
        h, w, d = _spatial(op.data_format)
        block = op.block_size
        if x[d] is not None and x[d] % (block * block):
            raise ValueError(f"Dimension size must be evenly divisible by {block * block} but is {x[d]}")
        x[d] = None if x[d] is None else x[d] // (block * block)
        for axis in (h, w):
            x[axis] = None if x[axis] is None else x[axis] * block
        return tuple(x)

    def kernel(op, x):
        return _from_depth(x, op.block_size, op.data_format)

    def gradient(op, dy):
        return raw.space_to_depth(dy, block_size=op.block_size, data_format=_gradient_format(op))

    def static(op, x):
        return _from_depth(x, op.block_size, op.data_format)


def _from_depth(x: Any, block: int, data_format: str) -> Any:
    n = x.shape[0]
    h, w, d = (x.shape[axis] for axis in _spatial(data_format))
    rest = d // (block * block)
    if data_format == "NHWC":
        return _turned(x, (n * h, w, block, block * rest)).reshape((n, h * block, w * block, rest))
    x = _permute(x.reshape((n, block, block, rest, h, w)), (0, 3, 4, 1, 5, 2))
    return x.reshape((n, rest, h * block, w * block))


# --- public functions -------------------------------------------------------------------------------------------


@export("nn.space_to_batch")
def space_to_batch(input: Any, paddings: Any, block_size: Any = None, name: str | None = None,
                   block_shape: Any = None) -> Tensor:
    """Blocks of height and width moved into the batch axis.

    Args:
      input: tensor of shape [batch, height, width, depth].
      paddings: integer tensor of shape [2, 2]: zeros added before and after height and width.
      block_size: the side of a block (or `block_shape`, a vector with the size along each axis).
    """
    block_size = deprecated_argument_lookup("block_shape", block_shape, "block_size", block_size)
    result = raw.space_to_batch_nd(input, paddings=paddings, block_shape=np.array([block_size, block_size], np.int64)
                                   if np.ndim(block_size) == 0 else block_size, name=name)
    if np.ndim(block_size) == 0:
        result.set_shape(result.shape.with_rank(4))
    return result


@export("batch_to_space")
def batch_to_space(input: Any, crops: Any, block_size: Any, name: str | None = None,
                   block_shape: Any = None) -> Tensor:
    """The inverse of `tf.space_to_batch`, with `crops` cut off."""
    block_size = deprecated_argument_lookup("block_shape", block_shape, "block_size", block_size)
    result = raw.batch_to_space_nd(input, crops=crops, block_shape=np.array([block_size, block_size], np.int64)
                                   if np.ndim(block_size) == 0 else block_size, name=name)
    if np.ndim(block_size) == 0:
        result.set_shape(result.shape.with_rank(4))
    return result


@export("nn.space_to_depth")
def space_to_depth(input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """Blocks of height and width moved into the depth axis."""
    return raw.space_to_depth(input, block_size, data_format, name=name)


@export("nn.depth_to_space")
def depth_to_space(input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """Parts of the depth axis moved into blocks of height and width."""
    return raw.depth_to_space(input, block_size, data_format, name=name)


@export("required_space_to_batch_paddings")
def required_space_to_batch_paddings(input_shape: Any, block_shape: Any, base_paddings: Any = None,
                                     name: str | None = None) -> tuple[Tensor, Tensor]:
    """The paddings that make an input divisible into blocks, and the crops that undo them.

    Args:
      input_shape: int32 vector of length N.
      block_shape: int32 vector of length N.
      base_paddings: int32 tensor of shape [N, 2], the least paddings.

    Returns:
      `(paddings, crops)`, int32 tensors of shape [N, 2].
    """
    with name_scope(name, "required_space_to_batch_paddings", [input_shape, block_shape]):
        input_shape = convert_to_tensor(input_shape, dtype=dtypes.int32, name="input_shape")
        block_shape = convert_to_tensor(block_shape, dtype=dtypes.int32, name="block_shape")
        block_shape.shape.assert_is_fully_defined()
        block_shape.shape.assert_has_rank(1)
        count = block_shape._dims[0]
        if count == 0:
            empty = constants.zeros([0, 2], dtypes.int32)
            return empty, empty
        input_shape.shape.assert_is_compatible_with([count])
        if base_paddings is not None:
            base_paddings = convert_to_tensor(base_paddings, dtype=dtypes.int32, name="base_paddings")
            base_paddings.shape.assert_is_compatible_with([count, 2])
        else:
            base_paddings = constants.zeros([count, 2], dtypes.int32)
        values = [constant_value(t) for t in (input_shape, block_shape, base_paddings)]
        if all(v is not None for v in values):
            sizes, block, base = values
            start = base[:, 0]
            end = base[:, 1] + (-(sizes + base.sum(1))) % block
            paddings = np.stack([start, end], 1)
            crops = np.stack([np.zeros_like(start), end - base[:, 1]], 1)
            return (convert.constant(paddings, dtypes.int32, name="paddings"),
                    convert.constant(crops, dtypes.int32, name="crops"))
        first: Any = base_paddings[:, 0]
        base_end = base_paddings[:, 1]
        full = input_shape + first + base_end
        extra = (block_shape - full % block_shape) % block_shape
        last: Any = base_end + extra
        return (stack([[first[i], last[i]] for i in range(count)], name="paddings"),
                stack([[0, extra[i]] for i in range(count)], name="crops"))


# --- edit distance ----------------------------------------------------------------------------------------------


def _check_sparse(indices: Dims, values: Dims, shape: Dims) -> None:
    """Refuse what is no sparse tensor."""
    count, rank = shape_rules.with_rank(indices, 2)
    (given,) = shape_rules.with_rank(values, 1)
    (axes,) = shape_rules.with_rank(shape, 1)
    if count is not None and given is not None and count != given:
        raise ValueError(f"Number of elements in index ({count}) and values ({given}) do not match.")
    if rank is not None and axes is not None and rank != axes:
        raise ValueError(f"Index rank ({rank}) and shape rank ({axes}) do not match.")


def _refused_sequences(op: Any, *dims: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    both = (("hypothesis", *dims[:3]), ("truth", *dims[3:]))
    for name, *parts in both:
        for what, rank, part in zip(("indices", "values", "shape"), (2, 1, 1), parts):
            if len(part) != rank:
                return (f"{name}_{what} should be a {'matrix' if rank == 2 else 'vector'}, but got shape: "
                        f"{shapes.brackets(part)}")
    for name, indices, _, shape in both:
        if shape[0] != indices[1]:
            return (f"Expected {name}_shape.NumElements == #cols({name}_indices), their shapes are: "
                    f"{shapes.brackets(shape)} and {shapes.brackets(indices)}")
    if dims[2] != dims[5]:
        return ("Expected truth and hypothesis to have matching ranks, but their shapes are: "
                f"{shapes.brackets(dims[5])} and {shapes.brackets(dims[2])}")
    for _, indices, values, _ in both:
        if indices[0] != values[0]:
            return ("indices and values rows (indexing dimension) must match. "
                    f"(indices = {indices[0]}, values = {values[0]})")
    return None


@op("EditDistance", traced=False, because="as long as the values say", check=_refused_sequences)
class EditDistance:
    """The Levenshtein distances of sparse sequences, row by row."""

    def shape(op, *dims):
        _check_sparse(*dims[:3])
        _check_sparse(*dims[3:])
        sizes = [static_ints(op.hypothesis_shape), static_ints(op.truth_shape)]
        if None in sizes:
            return None
        a, b = sizes
        if len(a) != len(b):
            raise ValueError(f"Num elements of hypothesis_shape does not match truth_shape: {len(a)} vs. {len(b)}")
        return tuple(max(x, y) for x, y in zip(a[:-1], b[:-1]))

    def kernel(op, h_indices, h_values, h_shape, t_indices, t_values, t_shape):
        sizes = [max(a, b) for a, b in zip(h_shape.tolist(), t_shape.tolist())][:-1]
        said, true = _codes(as_array(h_values), as_array(t_values))
        (said, said_starts), (true, true_starts) = _rows(sizes, h_indices, said), _rows(sizes, t_indices, true)
        found = distances(said, said_starts, true, true_starts).astype(np.float32)
        if op.normalize:
            lengths = np.diff(true_starts)
            empty = np.where(np.diff(said_starts) > 0, np.float32(math.inf), np.float32(0))
            found = np.where(lengths > 0, found / np.maximum(lengths, 1).astype(np.float32), empty)
        return torch.from_numpy(found.reshape(sizes))


def _codes(*values: np.ndarray) -> list[np.ndarray]:
    """Arrays of one type as whole numbers, which are equal where the values are."""
    kind = values[0].dtype.kind
    if kind in "iub":
        return [part.astype(np.int64) for part in values]
    together = np.concatenate(values)
    if kind == "O":
        numbers: dict[bytes, int] = {}
        codes = np.array([numbers.setdefault(value, len(numbers)) for value in together.tolist()], np.int64)
    else:
        codes = np.unique(together, return_inverse=True)[1].reshape(-1)
        codes = np.where(together == together, codes, -1 - np.arange(len(together)))  # NaN is equal to none
    return np.split(codes, [len(values[0])])


def _rows(sizes: list[int], indices: Any, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values of a sparse tensor row by row, and where each row begins and the last one ends."""
    places = as_array(indices)[:, :-1]
    inside = ((places >= 0) & (places < np.array(sizes, np.int64))).all(1)
    if not inside.all():
        places, values = places[inside], values[inside]
    steps = np.array([math.prod(sizes[axis + 1:]) for axis in range(len(sizes))], np.int64)
    rows = (places * steps).sum(1)
    if (rows[1:] < rows[:-1]).any():
        order = np.argsort(rows, kind="stable")
        rows, values = rows[order], values[order]
    return values, np.searchsorted(rows, np.arange(math.prod(sizes) + 1))


@export("edit_distance")
def edit_distance(hypothesis: Any, truth: Any, normalize: bool = True, name: str = "edit_distance") -> Tensor:
    """The Levenshtein distances of sequences.

    Args:
      hypothesis, truth: `SparseTensor`s of one type whose last axis holds sequences.
      normalize: whether to divide by the length of the true sequence.

    Raises:
      TypeError: one of them is no `SparseTensor`.
    """
    for value, what in ((hypothesis, "Hypothesis"), (truth, "Truth")):
        if not (hasattr(value, "indices") and hasattr(value, "values") and hasattr(value, "dense_shape")):
            raise TypeError(f"{what} must be a SparseTensor.")
    return raw.edit_distance(hypothesis.indices, hypothesis.values, hypothesis.dense_shape, truth.indices,
                             truth.values, truth.dense_shape, normalize=normalize, name=name)
