"""Shapes of ragged tensors as tensors, and ragged tensors repeated until they have a shape."""

from __future__ import annotations

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


class RaggedTensorDynamicShape:
    """The shape of a ragged tensor.

    Args:
      partitioned_dim_sizes: the sizes of the dimensions that are divided into rows: a scalar where all rows are
        equally long, a vector of lengths where they are not.
      inner_dim_sizes: the sizes of the other dimensions, a vector.
      dim_size_dtype: int32 or int64; by default that of the vectors of lengths.

    Raises:
      ValueError: the first of the divided dimensions is ragged, or the last is not.
    """

    def __init__(self, partitioned_dim_sizes: Any, inner_dim_sizes: Any, dim_size_dtype: Any = None):
        assert isinstance(partitioned_dim_sizes, (list, tuple))
        with name_scope(None, "RaggedTensorDynamicShape", [*partitioned_dim_sizes, inner_dim_sizes]):
            outer = [convert.convert_to_tensor(size, name=f"partitioned_dimension_size_{axis}")
                     for axis, size in enumerate(partitioned_dim_sizes)]
            inner = convert.convert_to_tensor(inner_dim_sizes, name="inner_dim_sizes")
            for axis, size in enumerate(outer):
                if size.shape.ndims is None:
                    raise ValueError(f"rank of partitioned_dim_sizes[{axis}] is unknown")
                size.shape.with_rank_at_most(1)
            if outer and outer[0].shape.ndims:
                raise ValueError("outermost partitioned dimension must be uniform")
            if outer and not outer[-1].shape.ndims:
                raise ValueError("innermost partitioned dimension must be ragged")
            inner.shape.assert_has_rank(1)
            if dim_size_dtype is None:
                kinds = {size.dtype for size in outer if size.shape.ndims == 1}
                if len(kinds) > 1:
                    raise ValueError("partitioned_dim_sizes must have matching dtypes")
                dim_size_dtype = kinds.pop() if kinds else dtypes.int64
            self._outer = tuple(cast(size, dim_size_dtype) for size in outer)
            self._inner = cast(inner, dim_size_dtype)

    def __repr__(self) -> str:
        return (f"RaggedTensorDynamicShape(partitioned_dim_sizes={self._outer!r}, "
                f"inner_dim_sizes={self._inner!r})")

    @staticmethod
    def from_dim_sizes(dim_sizes: Any) -> RaggedTensorDynamicShape:
        """The shape of these sizes: a scalar for a dimension of one size, a vector for one of several.

        Raises:
          ValueError: a size is neither.
        """
        with name_scope(None, "RaggedTensorDynamicShapeFromDimensionSizes", [dim_sizes]):
            sizes = [convert.convert_to_tensor(size, preferred_dtype=dtypes.int64, name="dim_sizes")
                     for size in dim_sizes]
            last = -1
            for axis, size in enumerate(sizes):
                if size.shape.ndims is None:
                    raise ValueError(f"rank of dim_sizes[{axis}] must be known statically.")
                if size.shape.ndims > 1:
                    raise ValueError("Each dim_size must be a scalar or a vector")
                if size.shape.ndims == 1:
                    last = axis
            return RaggedTensorDynamicShape(sizes[:last + 1], sizes[last + 1:])

    @classmethod
    def from_tensor(cls, rt_input: Any, dim_size_dtype: Any = None) -> RaggedTensorDynamicShape:
        """The shape of a tensor, in int64, or of a ragged tensor, in the type of its row splits."""
        with name_scope(None, "RaggedTensorDynamicShapeFromTensor", [rt_input]):
            value = convert_to_tensor_or_ragged_tensor(rt_input)
            if not is_ragged(value):
                return cls([], shape_ops.shape(value), dim_size_dtype)
            outer = [value.nrows(), *value.nested_row_lengths()]
            return cls(outer, shape_ops.shape(value.flat_values)[1:], dim_size_dtype)

    @property
    def partitioned_dim_sizes(self) -> tuple[Tensor, ...]:
        """The sizes of the dimensions that are divided into rows."""
        return self._outer

    @property
    def inner_dim_sizes(self) -> Tensor:
        """The sizes of the other dimensions."""
        return self._inner

    @property
    def num_partitioned_dimensions(self) -> int:
        """How many dimensions are divided into rows."""
        return len(self._outer)

    @property
    def dim_size_dtype(self) -> Any:
        """int32 or int64."""
        return self._inner.dtype

    def with_dim_size_dtype(self, dtype: Any) -> RaggedTensorDynamicShape:
        """The same in another type.

        Raises:
          ValueError: it is neither int32 nor int64.
        """
        if dtype not in (dtypes.int32, dtypes.int64):
            raise ValueError("dtype must be int32 or int64")
        if self.dim_size_dtype == dtype:
            return self
        return RaggedTensorDynamicShape([cast(size, dtype) for size in self._outer], cast(self._inner, dtype))

    @property
    def num_inner_dimensions(self) -> int | None:
        """How many dimensions are not divided into rows."""
        return dimension_value(self._inner.shape[0])

    @property
    def rank(self) -> int | None:
        """How many dimensions there are, if that is known."""
        inner = self.num_inner_dimensions
        return None if inner is None else len(self._outer) + inner

    def is_ragged(self, axis: int) -> bool:
        """Whether rows along a dimension may have different lengths.

        Raises:
          ValueError: there is no such dimension.
        """
        if not isinstance(axis, int):
            raise TypeError("axis must be an integer")
        if axis < 0:
            raise ValueError("Negative axis values are not supported")
        rank = self.rank
        if rank is not None and axis >= rank:
            raise ValueError(f"Expected axis={axis} < rank={rank}")
        return axis < len(self._outer) and self._outer[axis].shape.ndims == 1

    def dimension_size(self, axis: int) -> Tensor:
        """The size of a dimension: a scalar, or the lengths of its rows."""
        return self._outer[axis] if axis < len(self._outer) else self._inner[axis - len(self._outer)]

    def num_slices_in_dimension(self, axis: int) -> Tensor:
        """How many slices there are when a dimension and those before are taken apart."""
        if axis < 0:
            return convert.constant(1, dtype=self.dim_size_dtype)
        if self.is_ragged(axis):
            return api.reduce_sum(self._outer[axis])
        return self.dimension_size(axis) * self.num_slices_in_dimension(axis - 1)

    def broadcast_to_rank(self, rank: int) -> RaggedTensorDynamicShape:
        """The same with dimensions of size 1 in front.

        Raises:
          ValueError: it has more, or an unknown number.
        """
        if self.rank is None:
            raise ValueError("Unable to broadcast: self.rank is unknown")
        added = rank - self.rank
        if added < 0:
            raise ValueError(f"Unable to broadcast: rank={rank} must be greater than self.rank={self.rank}.")
        if not added:
            return self
        if self._outer:
            return RaggedTensorDynamicShape([1] * added + list(self._outer), self._inner, self.dim_size_dtype)
        inner = api.concat([constants.ones([added], dtype=self.dim_size_dtype), self._inner], axis=0)
        return RaggedTensorDynamicShape([], inner, self.dim_size_dtype)

    def broadcast_dimension(self, axis: int, lengths: Any) -> RaggedTensorDynamicShape:
        """The same with one dimension made as long as is asked for; a run checks that it can be.

        Raises:
          ValueError: `lengths` is neither a scalar nor a vector.
        """
        lengths = int_tensor(lengths, "lengths", self.dim_size_dtype)
        if lengths.shape.ndims is None:
            raise ValueError("lengths must have a known rank.")
        if lengths.shape.ndims > 1:
            raise ValueError("lengths must be a scalar or vector")
        uniform = lengths.shape.ndims == 0
        if self.is_ragged(axis):
            fits = raw.equal(lengths, 1) if uniform else api.reduce_all(raw.equal(lengths, self.dimension_size(axis)))
        else:
            size = self.dimension_size(axis)
            fits = raw.equal(lengths, 1) | raw.equal(size, 1) | raw.equal(size, lengths) if uniform \
                else raw.equal(size, 1)
        data = ["Unable to broadcast: dimension size mismatch in dimension", axis, "lengths=", lengths, "dim_size=",
                self.dimension_size(axis)]
        check = api.Assert(fits, data, summarize=10)
        with api.control_dependencies([check]):
            if axis < len(self._outer):
                if self.is_ragged(axis):
                    return RaggedTensorDynamicShape(self._outer, constants.identity(self._inner), self.dim_size_dtype)
                return self._broadcast_outer(axis, lengths)
            if uniform:
                return self._broadcast_inner(axis, lengths)
            if axis == 0:
                raise ValueError("Unable to broadcast: outermost dimension must be uniform.")
            within = axis - len(self._outer)
            outer = [*self._outer, *(self._inner[number] for number in range(within)), lengths]
            return RaggedTensorDynamicShape(outer, self._inner[within + 1:], self.dim_size_dtype)

    def _broadcast_outer(self, axis: int, lengths: Tensor) -> RaggedTensorDynamicShape:
        """A uniform dimension of rows is repeated; so are the lengths of the rows within."""
        size = self.dimension_size(axis)
        outer = list(self._outer[:axis])
        if lengths.shape.ndims == 0:
            lengths = api.where(raw.equal(size, 1), lengths, size)
            repeats = api.where(raw.equal(size, 1), lengths, 1)
            splits = api.stack([0, self.num_slices_in_dimension(axis)])
        else:
            splits = api.range(shape_ops.size(lengths, out_type=self.dim_size_dtype) + 1)
            repeats = lengths
        outer.append(lengths)
        for within in self._outer[axis + 1:]:
            if within.shape.ndims == 0:
                outer.append(within)
                splits = splits * within
            else:
                outer.append(repeat_ranges(within, splits, repeats))
                splits = api.gather(ends_of(within), splits)
        return RaggedTensorDynamicShape(outer, self._inner, self.dim_size_dtype)

    def _broadcast_inner(self, axis: int, length: Tensor) -> RaggedTensorDynamicShape:
        size = self.dimension_size(axis)
        within = axis - len(self._outer)
        inner = api.concat([self._inner[:within], [api.where(raw.equal(size, 1), length, size)],
                            self._inner[within + 1:]], axis=0)
        return RaggedTensorDynamicShape(self._outer, inner, self.dim_size_dtype)


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> RaggedTensorDynamicShape:
    """The shape to which both can be repeated; a run checks that there is one.

    Raises:
      ValueError: a rank is not known.
    """
    x, y = shape_x, shape_y
    if x.rank is None or y.rank is None:
        raise ValueError("Unable to broadcast: unknown rank")
    rank = max(x.rank, y.rank)
    x, y = x.broadcast_to_rank(rank), y.broadcast_to_rank(rank)
    for axis in range(rank):
        x = x.broadcast_dimension(axis, y.dimension_size(axis))
        y = y.broadcast_dimension(axis, x.dimension_size(axis))
    return x


def broadcast_to(rt_input: Any, shape: Any, broadcast_inner_dimensions: bool = True) -> Any:
    """A tensor or ragged tensor repeated until it has a shape.

    Raises:
      ValueError: it cannot be, or a rank is not known.
    """
    value = convert_to_tensor_or_ragged_tensor(rt_input)
    if not shape._outer:
        if is_ragged(value):
            raise ValueError("Incompatible with shape: ragged rank mismatch")
        return raw.broadcast_to(value, shape._inner) if broadcast_inner_dimensions else value
    rank, inner_rank = shape.rank, shape.num_inner_dimensions
    if value.shape.ndims is None or rank is None or inner_rank is None:
        raise ValueError("Unable to broadcast: unknown rank")
    if value.shape.ndims > rank:
        raise ValueError("Incompatible with shape: rank mismatch")
    if is_ragged(value) and value.ragged_rank >= len(shape._outer):
        raise ValueError("Incompatible with shape: ragged rank mismatch")
    own = RaggedTensorDynamicShape.from_tensor(value).broadcast_to_rank(rank)
    value = _in_more_rows(value, rank, inner_rank, shape.dim_size_dtype)
    multiples: list[Any] = [1] * rank
    for axis in range(len(shape._outer)):
        if not own.is_ragged(axis) and not shape.is_ragged(axis):
            size, wanted = own.dimension_size(axis), shape.dimension_size(axis)
            if constant_value(size) in (1, None) and constant_value(wanted) != 1:
                multiples[axis] = api.where(raw.equal(size, 1), wanted, 1)
    if any(isinstance(each, Tensor) for each in multiples):
        value = tile(value, api.stack(multiples, axis=0)) if is_ragged(value) else api.tile(
            value, api.stack(multiples, axis=0))
    if broadcast_inner_dimensions:
        value = value.with_flat_values(shape_ops.reshape(value.flat_values, api.concat([[-1], shape._inner], axis=0)))
    for axis in range(len(shape._outer)):
        if not own.is_ragged(axis) and shape.is_ragged(axis):
            value = _tiled_axis(value, axis, shape.dimension_size(axis), shape.dim_size_dtype)
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
