"""RaggedTensor: a tensor whose rows have different lengths, as values and where its rows begin and end."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from tfmagic.base import dispatch, dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.base.slots import Slot
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.gather import gather
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_max
from tfmagic.tf.ragged import converting, indexing
from tfmagic.tf.ragged.factories import PRIVATE, Factories, same_type
from tfmagic.tf.ragged.segments import row_splits_to_segment_ids
from tfmagic.tf.ragged.value import RaggedTensorValue

_spec: Any = Slot("specs of ragged tensors")


@export("RaggedTensor")
class RaggedTensor(Factories):
    """A tensor with rows of different lengths.

    Row `i` is `values[row_splits[i]:row_splits[i + 1]]`; the values may be ragged too. It is made by factory methods
    (`from_row_lengths` and others) and by `tf.ragged.constant`.
    """

    def __init__(self, values: Any, row_splits: Any, cached_row_lengths: Any = None, cached_value_rowids: Any = None,
                 cached_nrows: Any = None, internal: Any = False):
        if not internal:
            raise ValueError("RaggedTensor constructor is private; please use one of the factory methods instead "
                             "(e.g., RaggedTensor.from_row_lengths())")
        if not isinstance(row_splits, Tensor):
            raise TypeError(f"Row-partitioning argument must be a Tensor, got {row_splits!r}")
        if not isinstance(values, (Tensor, RaggedTensor)):
            raise TypeError(f"values must be a Tensor or RaggedTensor, got {values!r}")
        row_splits.shape.assert_has_rank(1)
        values.shape.with_rank_at_least(1)
        row_splits.set_shape([None])
        if isinstance(values, RaggedTensor):
            same_type("row_splits", row_splits, values)
        self._values, self._row_splits = values, row_splits
        self._cached_row_lengths, self._cached_value_rowids = cached_row_lengths, cached_value_rowids
        self._cached_nrows = cached_nrows

    @property
    def _type_spec(self) -> Any:
        return _spec.from_value(self)

    def _to_variant(self, batched_input: bool = False) -> Tensor:
        """A variant scalar that holds it; with `batched_input` a vector of variants, one of each row."""
        with name_scope(None, "RaggedToVariant", [self, batched_input]):
            return raw.ragged_tensor_to_variant(self.nested_row_splits, self.flat_values, batched_input)

    # --- what it consists of ------------------------------------------------------------------------------------

    @property
    def dtype(self) -> dtypes.DType:
        """The type of the values."""
        return self._values.dtype

    @property
    def shape(self) -> TensorShape:
        """The static shape; None for ragged dimensions."""
        rows = self._row_splits.shape[0] - 1
        return TensorShape([rows, None]).concatenate(self._values.shape[1:])

    @property
    def ragged_rank(self) -> int:
        """How many dimensions are ragged."""
        return len(self.nested_row_splits)

    @property
    def values(self) -> Any:
        """The rows one after another: a tensor, or another `RaggedTensor`."""
        return self._values

    @property
    def row_splits(self) -> Tensor:
        """Where rows begin and end in `values`."""
        return self._row_splits

    @property
    def flat_values(self) -> Tensor:
        """The innermost values, a tensor."""
        values = self._values
        while isinstance(values, RaggedTensor):
            values = values._values
        return values

    @property
    def nested_row_splits(self) -> tuple[Tensor, ...]:
        """The row splits of all ragged dimensions, the outermost first."""
        splits, values = [self._row_splits], self._values
        while isinstance(values, RaggedTensor):
            splits.append(values._row_splits)
            values = values._values
        return tuple(splits)

    @property
    def op(self) -> Operation:
        return self._values.op

    @property
    def graph(self) -> Any:
        return self._values.graph

    def value_rowids(self, name: str | None = None) -> Tensor:
        """The number of the row of each value."""
        if self._cached_value_rowids is not None:
            return self._cached_value_rowids
        with name_scope(name, "RaggedValueRowIds", [self]):
            return row_splits_to_segment_ids(self._row_splits)

    def nested_value_rowids(self, name: str | None = None) -> tuple[Tensor, ...]:
        """The row numbers of all ragged dimensions, the outermost first."""
        with name_scope(name, "RaggedNestedValueRowIds", [self]):
            found, tensor = [self.value_rowids()], self._values
            while isinstance(tensor, RaggedTensor):
                found.append(tensor.value_rowids())
                tensor = tensor._values
            return tuple(found)

    def nrows(self, out_type: Any = None, name: str | None = None) -> Tensor:
        """How many rows there are, a scalar of the type of the row splits by default."""
        out_type = self._row_splits.dtype if out_type is None else dtypes.as_dtype(out_type)
        if self._cached_nrows is not None:
            return cast(self._cached_nrows, out_type)
        with name_scope(name, "RaggedNRows", [self]):
            return shape_ops.shape(self._row_splits, out_type=out_type)[0] - 1

    def row_starts(self, name: str | None = None) -> Tensor:
        """Where rows begin in `values`."""
        with name_scope(name, "RaggedRowStarts", [self]):
            return self._row_splits[:-1]

    def row_limits(self, name: str | None = None) -> Tensor:
        """Where rows end in `values`."""
        with name_scope(name, "RaggedRowLimits", [self]):
            return self._row_splits[1:]

    def row_lengths(self, axis: int = 1, name: str | None = None) -> Any:
        """The lengths of the rows along a dimension.

        Raises:
          ValueError: there is no such dimension.
        """
        if self._cached_row_lengths is not None and axis == 1:
            return self._cached_row_lengths
        with name_scope(name, "RaggedRowLengths", [self]):
            axis = positive_axis(axis, self.shape.ndims)
            if axis == 0:
                return self.nrows()
            if axis == 1:
                return self._row_splits[1:] - self._row_splits[:-1]
            if isinstance(self._values, RaggedTensor):
                return self.with_values(self._values.row_lengths(axis - 1))
            sizes = shape_ops.shape(self._values, out_type=self._row_splits.dtype)
            return self.with_values(constants.ones(sizes[:axis - 1], self._row_splits.dtype) * sizes[axis - 1])

    def nested_row_lengths(self, name: str | None = None) -> tuple[Tensor, ...]:
        """The row lengths of all ragged dimensions, the outermost first."""
        with name_scope(name, "RaggedNestedRowLengths", [self]):
            found: list[Tensor] = []
            tensor: Any = self
            while isinstance(tensor, RaggedTensor):
                found.append(tensor.row_lengths())
                tensor = tensor._values
            return tuple(found)

    def bounding_shape(self, axis: Any = None, name: str | None = None, out_type: Any = None) -> Tensor:
        """The least shape of a dense tensor that holds the whole.

        Args:
          axis: which of its dimensions, an integer or a vector; all by default.
          out_type: int32 or int64; that of the row splits by default.
        """
        out_type = self._row_splits.dtype if out_type is None else dtypes.as_dtype(out_type)
        with name_scope(name, "RaggedBoundingBox", [self, axis]):
            nested = self.nested_row_splits
            if isinstance(axis, int):
                if axis == 0:
                    return shape_ops.shape(nested[0], out_type=out_type)[0] - 1
                if axis == 1:
                    return raw.maximum(reduce_max(self.row_lengths()), 0)
            splits_shape = shape_ops.shape(self._row_splits, out_type=out_type)
            values_shape = shape_ops.shape(self.flat_values, out_type=out_type)
            ragged = [splits_shape[0] - 1] + [raw.maximum(reduce_max(splits[1:] - splits[:-1]), 0)
                                              for splits in nested]
            box = api.concat([api.stack(ragged), values_shape[1:]], axis=0)
            return box if axis is None else gather(box, axis)

    def __getitem__(self, key: Any) -> Any:
        """Rows, ranges of rows, and ranges of what is in the rows.

        Raises:
          ValueError: one element of each row is asked for.
          TypeError: the key is no index.
        """
        return indexing.item(self, key)

    # --- other ragged and dense tensors -------------------------------------------------------------------------

    def with_values(self, new_values: Any) -> RaggedTensor:
        """The same rows with other values.

        Raises:
          ValueError: the shapes do not fit.
        """
        new_values.shape.with_rank_at_least(1)
        self._values.shape[:1].assert_is_compatible_with(new_values.shape[:1])
        if isinstance(new_values, RaggedTensor) and self._row_splits.dtype != new_values.row_splits.dtype:
            raise ValueError("self and new_values have mismatched row_splits dtypes; use RaggedTensor."
                             "with_row_splits_dtype() to convert them to compatible dtypes.")
        return RaggedTensor(new_values, self._row_splits, self._cached_row_lengths, self._cached_value_rowids,
                            self._cached_nrows, internal=PRIVATE)

    def with_flat_values(self, new_values: Any) -> RaggedTensor:
        """The same rows, of all ragged dimensions, with other innermost values."""
        if isinstance(self._values, RaggedTensor):
            return self.with_values(self._values.with_flat_values(new_values))
        return self.with_values(convert_to_tensor_or_ragged_tensor(new_values))

    def with_row_splits_dtype(self, dtype: Any) -> RaggedTensor:
        """The same with row splits of another type.

        Raises:
          ValueError: `dtype` is neither int32 nor int64.
        """
        dtype = dtypes.as_dtype(dtype)
        if dtype not in (dtypes.int32, dtypes.int64):
            raise ValueError("dtype must be int32 or int64")
        if self._row_splits.dtype == dtype:
            return self
        row_splits = cast(self._row_splits, dtype)
        values = self._values
        if isinstance(values, RaggedTensor):
            values = values.with_row_splits_dtype(dtype)
        lengths, rows, number = (None if cached is None else cast(cached, dtype) for cached in (
            self._cached_row_lengths, self._cached_value_rowids, self._cached_nrows))
        return RaggedTensor(values, row_splits, lengths, rows, number, internal=PRIVATE)

    def to_tensor(self, default_value: Any = None, name: str | None = None) -> Tensor:
        """A dense tensor with rows filled up by `default_value` (zero, or empty)."""
        with name_scope(name, "RaggedToTensor", [self, default_value]):
            return converting.to_tensor(self, default_value)

    def to_sparse(self, name: str | None = None) -> SparseTensor:
        """A sparse tensor with the same elements."""
        with name_scope(name, "RaggedToSparse", [self]):
            return SparseTensor(*raw.ragged_tensor_to_sparse(list(self.nested_row_splits), self.flat_values, name=name))

    def to_list(self) -> Any:
        """Refused: a graph has no values before a run.

        Raises:
          ValueError: always.
        """
        raise ValueError("RaggedTensor.to_list() is only supported in eager mode; in graph mode, evaluate the "
                         "RaggedTensor first and then use RaggedTensorValue.to_list().")

    def eval(self, feed_dict: Any = None, session: Any = None) -> RaggedTensorValue:
        """The value, computed in `session` or the default session."""
        parts, build = self._fetch_parts()
        return build(*(part.eval(feed_dict, session) for part in parts))

    def consumers(self) -> list[Operation]:
        """The operations that read one of the tensors."""
        return list(dict.fromkeys(op for tensor in (self._values, self._row_splits) for op in tensor.consumers()))

    # --- as several tensors -------------------------------------------------------------------------------------

    def _composite_parts(self) -> list[Tensor]:
        return [self.flat_values, *self.nested_row_splits]

    def _from_composite_parts(self, parts: list[Tensor]) -> RaggedTensor:
        return from_parts(parts)

    def _part_shapes(self, shape: TensorShape | None) -> list[TensorShape]:
        """The shapes of the parts that an invariant of a loop allows."""
        spec = self._type_spec if shape is None else _spec(shape, self.dtype, self.ragged_rank, self.row_splits.dtype)
        return [part.shape for part in spec._component_specs]

    def _fetch_parts(self) -> tuple[list[Tensor], Any]:
        def build(flat_values: Any, *nested_row_splits: Any) -> Any:
            value = flat_values
            for splits in reversed(nested_row_splits):
                value = RaggedTensorValue(value, splits)
            return value

        return self._composite_parts(), build

    def _feed_parts(self, value: Any) -> list[tuple[Tensor, Any]]:
        return list(zip(self._composite_parts(), [value.flat_values, *value.nested_row_splits]))

    # --- operators ----------------------------------------------------------------------------------------------

    def __bool__(self) -> bool:
        raise TypeError("RaggedTensor may not be used as a boolean.")

    def __str__(self) -> str:
        return f"tf.RaggedTensor(values={self._values!s}, row_splits={self._row_splits!s})"

    def __repr__(self) -> str:
        return str(self)


def _operator(function: str, turned: bool = False) -> Any:
    def left(self: Any, other: Any) -> Any:
        return attrgetter(function)(api)(self, other)

    def right(self: Any, other: Any) -> Any:
        return attrgetter(function)(api)(other, self)

    return right if turned else left


for _name, _function in {"add": "math.add", "sub": "math.subtract", "mul": "math.multiply", "truediv": "math.truediv",
                         "floordiv": "math.floordiv", "mod": "math.floormod", "pow": "math.pow",
                         "and": "math.logical_and", "or": "math.logical_or", "xor": "math.logical_xor"}.items():
    setattr(RaggedTensor, f"__{_name}__", _operator(_function))
    setattr(RaggedTensor, f"__r{_name}__", _operator(_function, turned=True))
for _name, _function in {"lt": "math.less", "le": "math.less_equal", "gt": "math.greater",
                         "ge": "math.greater_equal"}.items():
    setattr(RaggedTensor, f"__{_name}__", _operator(_function))
for _name, _function in {"neg": "math.negative", "abs": "math.abs", "invert": "math.logical_not"}.items():
    setattr(RaggedTensor, f"__{_name}__", lambda self, _function=_function: attrgetter(_function)(api)(self))


def from_parts(parts: list[Tensor]) -> Any:
    """A ragged tensor of its innermost values and its row splits, the outermost first; nothing is checked."""
    result: Any = parts[0]
    for splits in reversed(parts[1:]):
        result = RaggedTensor(result, splits, internal=PRIVATE)
    return result


def is_ragged(value: Any) -> bool:
    """Whether a value is a ragged tensor or the value of one."""
    return isinstance(value, (RaggedTensor, RaggedTensorValue))


def convert_to_tensor_or_ragged_tensor(value: Any, dtype: Any = None, preferred_dtype: Any = None,
                                       name: str | None = None) -> Any:
    """A value as a tensor, or as a ragged tensor if it is one or the value of one.

    Raises:
      ValueError: a ragged tensor has another type than the one asked for.
    """
    if isinstance(value, RaggedTensor):
        if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(value.dtype):
            raise ValueError(f"Tensor conversion requested dtype {dtypes.as_dtype(dtype).name} for RaggedTensor with "
                             f"dtype {value.dtype.name}: {value!r}")
        return value
    if isinstance(value, RaggedTensorValue):
        return RaggedTensor._of_value(value, dtype, preferred_dtype, name)
    return convert_to_tensor(value, dtype, name, preferred_dtype=preferred_dtype)


def positive_axis(axis: Any, ndims: int | None) -> int:
    """An axis counted from the front.

    Raises:
      TypeError: it is no integer.
      ValueError: there is no such axis.
    """
    if not isinstance(axis, int):
        raise TypeError(f"axis must be an int; got {type(axis).__name__}")
    if ndims is not None:
        if 0 <= axis < ndims:
            return axis
        if -ndims <= axis < 0:
            return axis + ndims
        raise ValueError(f"axis={axis} out of bounds: expected {-ndims}<=axis<{ndims}")
    if axis < 0:
        raise ValueError("axis may only be negative if ndims is statically known.")
    return axis


dispatch.answer_for((RaggedTensor, RaggedTensorValue), Slot("what functions do with ragged tensors"))
