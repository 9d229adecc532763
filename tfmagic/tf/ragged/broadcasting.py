"""Shapes of ragged tensors as tensors, and ragged tensors repeated until they have a shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.shapes import dimension_value
from tfmagic.graph import convert
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.math.cast import cast
from tfmagic.tf.ragged.arrays import ends_of, repeat_ranges, tile
from tfmagic.tf.ragged.segments import int_tensor
from tfmagic.tf.ragged.tensor import RaggedTensor, convert_to_tensor_or_ragged_tensor, is_ragged


class DynamicShape:
    """The shape of a ragged tensor.

    Args:
      outer: the sizes of the dimensions that are divided into rows: a scalar where all rows are equally long, a
        vector of lengths where they are not.
      inner: the sizes of the other dimensions, a vector.
      kind: int32 or int64.
    """

    def __init__(self, outer: Sequence[Any], inner: Any, kind: Any):
        with name_scope(None, "RaggedTensorDynamicShape", [*outer, inner]):
            outer = [convert.convert_to_tensor(size, name=f"dimension_size_{axis}") for axis, size in enumerate(outer)]
            inner = convert.convert_to_tensor(inner, name="inner_dim_sizes")
            self.outer = [cast(size, kind) for size in outer]
            self.inner = cast(inner, kind)
        self.kind = kind

    @property
    def inner_rank(self) -> int | None:
        """How many dimensions are not divided into rows."""
        return dimension_value(self.inner.shape[0])

    @property
    def rank(self) -> int | None:
        inner = self.inner_rank
        return None if inner is None else len(self.outer) + inner

    def is_ragged(self, axis: int) -> bool:
        """Whether rows along a dimension may have different lengths."""
        return axis < len(self.outer) and self.outer[axis].shape.ndims == 1

    def size(self, axis: int) -> Tensor:
        """The size of a dimension: a scalar, or the lengths of its rows."""
        return self.outer[axis] if axis < len(self.outer) else self.inner[axis - len(self.outer)]

    def _slices(self, axis: int) -> Tensor:
        """How many slices there are when a dimension and those before are taken apart."""
        if axis < 0:
            return convert.constant(1, dtype=self.kind)
        if self.is_ragged(axis):
            return api.reduce_sum(self.outer[axis])
        return self.size(axis) * self._slices(axis - 1)

    def of_rank(self, rank: int) -> DynamicShape:
        """The same with dimensions of size 1 in front."""
        added = rank - (self.rank or 0)
        if added <= 0:
            return self
        if self.outer:
            return DynamicShape([1] * added + self.outer, self.inner, self.kind)
        inner = api.concat([constants.ones([added], dtype=self.kind), self.inner], axis=0)
        return DynamicShape([], inner, self.kind)

    def broadcast(self, axis: int, lengths: Any) -> DynamicShape:
        """The same with one dimension made as long as is asked for; a run checks that it can be.

        Raises:
          ValueError: `lengths` is neither a scalar nor a vector.
        """
        lengths = int_tensor(lengths, "lengths", self.kind)
        if lengths.shape.ndims is None:
            raise ValueError("lengths must have a known rank.")
        if lengths.shape.ndims > 1:
            raise ValueError("lengths must be a scalar or vector")
        uniform = lengths.shape.ndims == 0
        if self.is_ragged(axis):
            fits = raw.equal(lengths, 1) if uniform else api.reduce_all(raw.equal(lengths, self.size(axis)))
        else:
            size = self.size(axis)
            fits = raw.equal(lengths, 1) | raw.equal(size, 1) | raw.equal(size, lengths) if uniform \
                else raw.equal(size, 1)
        data = ["Unable to broadcast: dimension size mismatch in dimension", axis, "lengths=", lengths, "dim_size=",
                self.size(axis)]
        check = api.Assert(fits, data, summarize=10)
        with api.control_dependencies([check]):
            if axis < len(self.outer):
                if self.is_ragged(axis):
                    return DynamicShape(self.outer, constants.identity(self.inner), self.kind)
                return self._broadcast_outer(axis, lengths)
            if uniform:
                return self._broadcast_inner(axis, lengths)
            if axis == 0:
                raise ValueError("Unable to broadcast: outermost dimension must be uniform.")
            within = axis - len(self.outer)
            outer = [*self.outer, *(self.inner[number] for number in range(within)), lengths]
            return DynamicShape(outer, self.inner[within + 1:], self.kind)

    def _broadcast_outer(self, axis: int, lengths: Tensor) -> DynamicShape:
        """A uniform dimension of rows is repeated; so are the lengths of the rows within."""
        size = self.size(axis)
        outer = self.outer[:axis]
        if lengths.shape.ndims == 0:
            lengths = api.where(raw.equal(size, 1), lengths, size)
            repeats = api.where(raw.equal(size, 1), lengths, 1)
            splits = api.stack([0, self._slices(axis)])
        else:
            splits = api.range(shape_ops.size(lengths, out_type=self.kind) + 1)
            repeats = lengths
        outer.append(lengths)
        for within in self.outer[axis + 1:]:
            if within.shape.ndims == 0:
                outer.append(within)
                splits = splits * within
            else:
                outer.append(repeat_ranges(within, splits, repeats))
                splits = api.gather(ends_of(within), splits)
        return DynamicShape(outer, self.inner, self.kind)

    def _broadcast_inner(self, axis: int, length: Tensor) -> DynamicShape:
        size = self.size(axis)
        within = axis - len(self.outer)
        inner = api.concat([self.inner[:within], [api.where(raw.equal(size, 1), length, size)],
                            self.inner[within + 1:]], axis=0)
        return DynamicShape(self.outer, inner, self.kind)


def shape_of(value: Any) -> DynamicShape:
    """The shape of a tensor, in int64, or of a ragged tensor, in the type of its row splits."""
    with name_scope(None, "RaggedTensorDynamicShapeFromTensor", [value]):
        value = convert_to_tensor_or_ragged_tensor(value)
        if not is_ragged(value):
            return DynamicShape([], shape_ops.shape(value), dtypes.int64)
        outer = [value.nrows(), *value.nested_row_lengths()]
        return DynamicShape(outer, shape_ops.shape(value.flat_values)[1:], value.row_splits.dtype)


def broadcast_dynamic_shape(x: DynamicShape, y: DynamicShape) -> DynamicShape:
    """The shape to which both can be repeated; a run checks that there is one.

    Raises:
      ValueError: a rank is not known.
    """
    if x.rank is None or y.rank is None:
        raise ValueError("Unable to broadcast: unknown rank")
    x = x.of_rank(y.rank)
    y = y.of_rank(x.rank)  # type: ignore[arg-type]  # known, as above
    for axis in range(x.rank):  # type: ignore[arg-type]
        x = x.broadcast(axis, y.size(axis))
        y = y.broadcast(axis, x.size(axis))
    return x


def broadcast_to(value: Any, shape: DynamicShape, broadcast_inner_dimensions: bool = True) -> Any:
    """A tensor or ragged tensor repeated until it has a shape.

    Raises:
      ValueError: it cannot be, or a rank is not known.
    """
    value = convert_to_tensor_or_ragged_tensor(value, name="rt_input")
    if not shape.outer:
        if is_ragged(value):
            raise ValueError("Incompatible with shape: ragged rank mismatch")
        return raw.broadcast_to(value, shape.inner) if broadcast_inner_dimensions else value
    rank, inner_rank = shape.rank, shape.inner_rank
    if value.shape.ndims is None or rank is None or inner_rank is None:
        raise ValueError("Unable to broadcast: unknown rank")
    if value.shape.ndims > rank:
        raise ValueError("Incompatible with shape: rank mismatch")
    if is_ragged(value) and value.ragged_rank >= len(shape.outer):
        raise ValueError("Incompatible with shape: ragged rank mismatch")
    own = shape_of(value).of_rank(rank)
    value = _in_more_rows(value, rank, inner_rank, shape.kind)
    multiples: list[Any] = [1] * rank
    for axis in range(len(shape.outer)):
        if not own.is_ragged(axis) and not shape.is_ragged(axis):
            size, wanted = own.size(axis), shape.size(axis)
            if constant_value(size) in (1, None) and constant_value(wanted) != 1:
                multiples[axis] = api.where(raw.equal(size, 1), wanted, 1)
    if any(isinstance(each, Tensor) for each in multiples):
        value = tile(value, api.stack(multiples, axis=0)) if is_ragged(value) else api.tile(
            value, api.stack(multiples, axis=0))
    if broadcast_inner_dimensions:
        flat = value.flat_values
        whole = api.concat([shape_ops.shape(flat, out_type=shape.kind)[:1], shape.inner], axis=0)
        value = value.with_flat_values(raw.broadcast_to(flat, whole))
    for axis in range(len(shape.outer)):
        if not own.is_ragged(axis) and shape.is_ragged(axis):
            value = _tiled_axis(value, axis, shape.size(axis), shape.kind)
    return value


def _in_more_rows(value: Any, rank: int, inner_rank: int, kind: Any) -> Any:
    """A value with as many dimensions, and as many divided into rows, as are asked for."""
    missing = rank - value.shape.ndims
    if missing > 0:
        if value.shape.ndims < inner_rank + 1:
            added = inner_rank + 1 - value.shape.ndims
            value = shape_ops.reshape(value, api.concat([constants.ones([added], kind),
                                                         shape_ops.shape(value, out_type=kind)], axis=0))
        for _ in range(rank - value.shape.ndims):
            count = value.nrows() if is_ragged(value) else shape_ops.shape(value, out_type=kind)[0]
            value = RaggedTensor.from_row_lengths(value, [count], validate=False)
    inner = value.flat_values.shape.ndims if is_ragged(value) else value.shape.ndims
    more = inner - 1 - inner_rank
    if more > 0:
        flat = value.flat_values if is_ragged(value) else value
        flat = RaggedTensor.from_tensor(flat, ragged_rank=more, row_splits_dtype=kind)
        value = value.with_flat_values(flat) if is_ragged(value) else flat
    return value


def _tiled_axis(value: Any, axis: int, repeats: Tensor, kind: Any) -> Any:
    """A value whose rows along a dimension, each of one slice, are made as long as is asked for."""
    if not is_ragged(value):
        value = RaggedTensor.from_tensor(value, ragged_rank=1, row_splits_dtype=kind)
    if axis > 1:
        return value.with_values(_tiled_axis(value.values, axis - 1, repeats, kind))
    nested, lengths = value.nested_row_splits, value.nested_row_lengths()
    splits, made = nested[0], [repeats]
    for within in range(1, len(lengths)):
        made.append(repeat_ranges(lengths[within], splits, repeats))
        splits = api.gather(nested[within], splits)
    return RaggedTensor.from_nested_row_lengths(repeat_ranges(value.flat_values, splits, repeats), made,
                                                validate=False)
