"""What makes ragged tensors: of values and the rows that they belong to, of dense, sparse and variant tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_sum
from tfmagic.tf.ragged import converting
from tfmagic.tf.ragged.value import RaggedTensorValue

PRIVATE = object()  # only who has it may call the constructor


class Factories:
    """The factory methods of `RaggedTensor`."""

    @classmethod
    def from_value_rowids(cls: Any, values: Any, value_rowids: Any, nrows: Any = None, name: str | None = None,
                          validate: bool = True) -> Any:
        """From the number of the row of each value.

        Args:
          values: a tensor or `RaggedTensor` of shape [n, ...].
          value_rowids: int vector [n] in ascending order.
          nrows: how many rows there are; by default the last number tells.
          validate: whether a run checks the arguments.

        Raises:
          ValueError: the arguments do not fit.
        """
        with name_scope(name, "RaggedFromValueRowIds", [values, value_rowids, nrows]):
            values, value_rowids = _converted(cls, values, value_rowids, "value_rowids")
            known = constant_value(value_rowids)
            if nrows is None:
                if known is None:
                    nrows = api.concat([value_rowids[-1:], [-1]], axis=0)[0] + 1
                else:
                    nrows = convert_to_tensor(known[-1] + 1 if known.size > 0 else 0, value_rowids.dtype, name="nrows")
            else:
                nrows = convert_to_tensor(nrows, value_rowids.dtype, name="nrows")
                count = constant_value(nrows)
                if count is not None and count < 0:
                    raise ValueError(f"Expected nrows >= 0; got {count}")
                if count is not None and known is not None and known.size > 0 and count < known[-1] + 1:
                    raise ValueError(f"Expected nrows >= value_rowids[-1] + 1; got nrows={count}, "
                                     f"value_rowids[-1]={known[-1]}")
            value_rowids.shape.assert_has_rank(1)
            nrows.shape.assert_has_rank(0)
            values.shape[:1].assert_is_compatible_with(value_rowids.shape)
            if validate:
                message = "Arguments to from_value_rowids do not form a valid RaggedTensor"
                check = api.debugging
                many, others = _count(values), _count(value_rowids)
                checks = [check.assert_rank(value_rowids, 1, message=message),
                          check.assert_rank(nrows, 0, message=message),
                          check.assert_equal(many, others, message=message),
                          check.assert_non_negative(value_rowids[:1], message=message),
                          _ascending(value_rowids, message),
                          check.assert_less(value_rowids[-1:], nrows, message=message), *_rows(values)]
                value_rowids = with_dependencies(checks, value_rowids)
            rows = cast(value_rowids, dtypes.int32)
            number = cast(nrows, dtypes.int32)
            lengths = api.math.bincount(rows, minlength=number, maxlength=number, dtype=value_rowids.dtype)
            row_splits = api.concat([[0], api.cumsum(lengths)], axis=0)
            count = constant_value(nrows)
            if count is not None:
                lengths.set_shape([count])
                row_splits.set_shape([count + 1])
            return cls(values, row_splits, cached_row_lengths=lengths, cached_value_rowids=value_rowids,
                       cached_nrows=nrows, internal=PRIVATE)

    @classmethod
    def from_row_splits(cls: Any, values: Any, row_splits: Any, name: str | None = None,
                        validate: bool = True) -> Any:
        """From where rows begin and end.

        Args:
          values: a tensor or `RaggedTensor` of shape [n, ...].
          row_splits: int vector [rows + 1] from 0 to n.
          validate: whether a run checks the arguments.

        Raises:
          ValueError: the arguments do not fit.
        """
        if isinstance(row_splits, (list, tuple)) and not row_splits:
            raise ValueError("row_splits tensor may not be empty.")
        with name_scope(name, "RaggedFromRowSplits", [values, row_splits]):
            values, row_splits = _converted(cls, values, row_splits, "row_splits")
            row_splits.shape.assert_has_rank(1)
            if validate:
                message = "Arguments to from_row_splits do not form a valid RaggedTensor"
                many = _count(values, row_splits.dtype)
                check = api.debugging
                checks = [check.assert_rank(row_splits, 1, message=message), _zero(row_splits[0], message),
                          _ascending(row_splits, message), check.assert_equal(row_splits[-1], many, message=message),
                          *_rows(values)]
                row_splits = with_dependencies(checks, row_splits)
            return cls(values=values, row_splits=row_splits, internal=PRIVATE)

    @classmethod
    def from_row_lengths(cls: Any, values: Any, row_lengths: Any, name: str | None = None,
                         validate: bool = True) -> Any:
        """From the lengths of the rows.

        Args:
          values: a tensor or `RaggedTensor` of shape [n, ...].
          row_lengths: int vector [rows] whose sum is n.
          validate: whether a run checks the arguments.

        Raises:
          ValueError: the arguments do not fit.
        """
        with name_scope(name, "RaggedFromRowLengths", [values, row_lengths]):
            values, row_lengths = _converted(cls, values, row_lengths, "row_lengths")
            row_lengths.shape.assert_has_rank(1)
            if validate:
                message = "Arguments to from_row_lengths do not form a valid RaggedTensor"
                total = reduce_sum(row_lengths)
                many = _count(values, row_lengths.dtype)
                check = api.debugging
                checks = [check.assert_rank(row_lengths, 1, message=message),
                          check.assert_non_negative(row_lengths, message=message),
                          check.assert_equal(total, many, message=message), *_rows(values)]
                row_lengths = with_dependencies(checks, row_lengths)
            row_splits = api.concat([[0], api.cumsum(row_lengths)], axis=0)
            return cls(values=values, row_splits=row_splits, cached_row_lengths=row_lengths, internal=PRIVATE)

    @classmethod
    def from_row_starts(cls: Any, values: Any, row_starts: Any, name: str | None = None,
                        validate: bool = True) -> Any:
        """From where rows begin.

        Args:
          values: a tensor or `RaggedTensor` of shape [n, ...].
          row_starts: int vector [rows], the first of which is 0.
          validate: whether a run checks the arguments.

        Raises:
          ValueError: the arguments do not fit.
        """
        with name_scope(name, "RaggedFromRowStarts", [values, row_starts]):
            values, row_starts = _converted(cls, values, row_starts, "row_starts")
            row_starts.shape.assert_has_rank(1)
            many = _count(values, row_starts.dtype)
            if validate:
                message = "Arguments to from_row_starts do not form a valid RaggedTensor"
                check = api.debugging
                checks = [check.assert_rank(row_starts, 1, message=message), _zero(row_starts[:1], message),
                          _ascending(row_starts, message),
                          check.assert_less_equal(row_starts[-1:], many, message=message), *_rows(values)]
                row_starts = with_dependencies(checks, row_starts)
            row_splits = api.concat([row_starts, [many]], axis=0)
            return cls(values=values, row_splits=row_splits, internal=PRIVATE)

    @classmethod
    def from_row_limits(cls: Any, values: Any, row_limits: Any, name: str | None = None,
                        validate: bool = True) -> Any:
        """From where rows end.

        Args:
          values: a tensor or `RaggedTensor` of shape [n, ...].
          row_limits: int vector [rows], the last of which is n.
          validate: whether a run checks the arguments.

        Raises:
          ValueError: the arguments do not fit.
        """
        with name_scope(name, "RaggedFromRowLimits", [values, row_limits]):
            values, row_limits = _converted(cls, values, row_limits, "row_limits")
            row_limits.shape.assert_has_rank(1)
            if validate:
                message = "Arguments to from_row_limits do not form a valid RaggedTensor"
                many = _count(values, row_limits.dtype)
                check = api.debugging
                checks = [check.assert_rank(row_limits, 1, message=message),
                          check.assert_non_negative(row_limits[:1], message=message), _ascending(row_limits, message),
                          check.assert_equal(row_limits[-1:], many, message=message), *_rows(values)]
                row_limits = with_dependencies(checks, row_limits)
            zero = constants.zeros([1], row_limits.dtype)
            return cls(values=values, row_splits=api.concat([zero, row_limits], axis=0), internal=PRIVATE)

    @classmethod
    def from_nested_value_rowids(cls: Any, flat_values: Any, nested_value_rowids: Any, nested_nrows: Any = None,
                                 name: str | None = None, validate: bool = True) -> Any:
        """From the row numbers of several ragged dimensions, the outermost first.

        Raises:
          ValueError: the arguments do not fit.
          TypeError: one is no list.
        """
        if isinstance(nested_value_rowids, Tensor):
            raise TypeError("nested_value_rowids must be a list of Tensors")
        if nested_nrows is None:
            nested_nrows = [None] * len(nested_value_rowids)
        else:
            if isinstance(nested_nrows, Tensor):
                raise TypeError("nested_nrows must be a list of Tensors")
            if len(nested_nrows) != len(nested_value_rowids):
                raise ValueError("nested_nrows must have the same length as nested_value_rowids")
        with name_scope(name, "RaggedFromNestedValueRowIds", [flat_values, *nested_value_rowids, *nested_nrows]):
            result = flat_values
            for rows, number in reversed(list(zip(nested_value_rowids, nested_nrows))):
                result = cls.from_value_rowids(result, rows, number, validate=validate)
            return result

    @classmethod
    def from_nested_row_splits(cls: Any, flat_values: Any, nested_row_splits: Any, name: str | None = None,
                               validate: bool = True) -> Any:
        """From the row splits of several ragged dimensions, the outermost first.

        Raises:
          ValueError: the arguments do not fit.
          TypeError: `nested_row_splits` is no list.
        """
        if isinstance(nested_row_splits, Tensor):
            raise TypeError("nested_row_splits must be a list of Tensors")
        with name_scope(name, "RaggedFromNestedRowSplits", [flat_values, *nested_row_splits]):
            result = flat_values
            for splits in reversed(nested_row_splits):
                result = cls.from_row_splits(result, splits, validate=validate)
            return result

    @classmethod
    def from_nested_row_lengths(cls: Any, flat_values: Any, nested_row_lengths: Any, name: str | None = None,
                                validate: bool = True) -> Any:
        """From the row lengths of several ragged dimensions, the outermost first.

        Raises:
          ValueError: the arguments do not fit.
          TypeError: `nested_row_lengths` is no list.
        """
        if isinstance(nested_row_lengths, Tensor):
            raise TypeError("nested_row_lengths must be a list of Tensors")
        with name_scope(name, "RaggedFromNestedRowlengths", [flat_values, *nested_row_lengths]):
            result = flat_values
            for lengths in reversed(nested_row_lengths):
                result = cls.from_row_lengths(result, lengths, validate=validate)
            return result

    @classmethod
    def _from_variant(cls: Any, variant: Tensor, dtype: Any, output_ragged_rank: int, splits_type: Any) -> Any:
        """The ragged tensor that a variant holds, or a batch of those that an array of variants holds.

        Raises:
          ValueError: it would have no ragged axis.
        """
        if output_ragged_rank <= 0:
            raise ValueError(f"ragged_rank must be non-negative; got {output_ragged_rank}.")
        with name_scope(None, "RaggedFromVariant", [variant, dtype, output_ragged_rank]):
            splits, values = raw.ragged_tensor_from_variant(variant, -1, output_ragged_rank, dtype, splits_type)
            return cls.from_nested_row_splits(values, splits, validate=False)

    @classmethod
    def from_tensor(cls: Any, tensor: Any, lengths: Any = None, padding: Any = None, ragged_rank: int = 1,
                    name: str | None = None, row_splits_dtype: Any = dtypes.int64) -> Any:
        """From a dense tensor.

        Args:
          tensor: a tensor of rank `ragged_rank + 1` or more.
          lengths: how many elements of each row stay.
          padding: the value that fills rows up and is left out at their ends.
          ragged_rank: how many dimensions become ragged.
          row_splits_dtype: int32 or int64.

        Raises:
          ValueError: both lengths and padding are given, or the arguments do not fit.
          TypeError: `ragged_rank` is no integer.
        """
        return converting.from_tensor(cls, tensor, lengths, padding, ragged_rank, name,
                                      dtypes.as_dtype(row_splits_dtype))

    @classmethod
    def from_sparse(cls: Any, st_input: Any, name: str | None = None, row_splits_dtype: Any = dtypes.int64) -> Any:
        """From a sparse matrix whose rows have no gaps.

        Raises:
          TypeError: `st_input` is no `SparseTensor`.
          ValueError: it is no matrix.
        """
        return converting.from_sparse(cls, st_input, name, dtypes.as_dtype(row_splits_dtype))

    @classmethod
    def _of_value(cls: Any, value: RaggedTensorValue, dtype: Any = None, preferred_dtype: Any = None,
                  name: str | None = None) -> Any:
        """The ragged tensor of constants that has a value."""
        with name_scope(name, "ConvertToTensorOrRaggedTensor", []):
            flat = convert_to_tensor(value.flat_values, dtype=dtype, preferred_dtype=preferred_dtype,
                                     name="flat_values")
            return cls.from_nested_row_splits(flat, list(value.nested_row_splits), validate=False)


def _is_ragged(values: Any) -> bool:
    return isinstance(values, Factories)


def _converted(cls: Any, values: Any, partition: Any, name: str) -> tuple[Any, Tensor]:
    """Values and a row partition as tensors.

    Raises:
      ValueError: the partition has no integer type, or another one than the values' own.
    """
    preferred = None
    if isinstance(values, RaggedTensorValue):
        values = cls._of_value(values)
    if _is_ragged(values):
        preferred = values.row_splits.dtype
        partition = convert_to_tensor(partition, name=name, preferred_dtype=preferred) \
            if not isinstance(partition, np.ndarray) else convert_to_tensor(partition, name=name)
    else:
        values = convert_to_tensor(values, name="values")
        partition = convert_to_tensor(partition, name=name) if isinstance(partition, (np.ndarray, np.generic)) else \
            convert_to_tensor(partition, name=name, preferred_dtype=dtypes.int64)
    if partition.dtype not in (dtypes.int32, dtypes.int64):
        raise ValueError(f"{name} must have dtype int32 or int64")
    if _is_ragged(values):
        same_type(name, partition, values)
    return values, partition


def same_type(name: str, partition: Tensor, values: Any) -> None:
    if partition.dtype != values.row_splits.dtype:
        raise ValueError(f"dtype mismatch: {name} ({partition.dtype!r}) vs values.row_splits "
                         f"({values.row_splits.dtype!r})")


def _count(values: Any, out_type: Any = dtypes.int32) -> Tensor:
    if _is_ragged(values):
        return values.nrows(out_type=out_type)
    return shape_ops.shape(values, out_type=out_type)[0]


def _zero(value: Tensor, message: str) -> Any:
    return api.debugging.assert_equal(value, constants.constant(0, value.dtype), message=message)


def _ascending(value: Tensor, message: str) -> Any:
    return api.debugging.assert_non_negative(value[1:] - value[:-1], message=message)


def _rows(values: Any) -> list[Any]:
    if _is_ragged(values):
        return []
    return [api.debugging.assert_rank_at_least(values, 1)]
