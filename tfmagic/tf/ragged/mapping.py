"""`ragged_map_ops.map_fn`: a function of each row, of ragged tensors too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.shapes import dimension_value
from tfmagic.graph.convert import constant
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.ops.array import shape_ops
from tfmagic.ops.math.cast import cast
from tfmagic.tf.ragged.tensor import RaggedTensor, convert_to_tensor_or_ragged_tensor, is_ragged


class RaggedTensorType:
    """What a function gives: ragged tensors of a type.

    Args:
      dtype: the type of the values.
      ragged_rank: how many dimensions are ragged.
      row_splits_dtype: int32 or int64.
    """

    def __init__(self, dtype: Any, ragged_rank: int, row_splits_dtype: Any = dtypes.int64):
        self._dtype, self._ragged_rank = dtypes.as_dtype(dtype), ragged_rank
        self._row_splits_dtype = dtypes.as_dtype(row_splits_dtype)

    dtype = property(lambda self: self._dtype)
    ragged_rank = property(lambda self: self._ragged_rank)
    row_splits_dtype = property(lambda self: self._row_splits_dtype)


def map_fn(fn: Callable[[Any], Any], elems: Any, dtype: Any = None, parallel_iterations: int | None = None,
           back_prop: bool = True, swap_memory: bool = False, infer_shape: bool = True, name: str | None = None) -> Any:
    """Apply a function to each row of tensors, ragged ones too; see `tf.map_fn`.

    Args:
      fn: takes one row (nested as `elems`), returns the row of the result (nested as `dtype`).
      elems: a tensor or ragged tensor, or a structure of them.
      dtype: the types of the result where they are not those of `elems`; a `RaggedTensorType` for a ragged one.
      parallel_iterations, back_prop, swap_memory, infer_shape: see `tf.map_fn`.
      name: the name scope of the nodes.

    Raises:
      TypeError: `fn` is no function.
      ValueError: a row has another number of ragged dimensions than its type says.
    """
    if not callable(fn):
        raise TypeError("fn must be callable.")
    with name_scope(name, "map", nest.flatten(elems)):
        given = [convert_to_tensor_or_ragged_tensor(elem, name="elem") for elem in nest.flatten(elems)]
        dtype = dtype if dtype is not None else nest.pack_sequence_as(elems, [elem.dtype for elem in given])
        first = given[0]
        n = first.nrows(out_type=dtypes.int32) if is_ragged(first) else cast(
            dimension_value(first.shape[0]) or shape_ops.shape(first)[0], dtypes.int32)
        kinds = nest.flatten(dtype)
        arrays = [api.TensorArray(part, n, dynamic_size=False, infer_shape=infer_shape)
                  for kind in kinds for part in _parts_of(kind)]
        start = constant(0)

        def compute(i: Any, arrays: Any) -> Any:
            values = fn(nest.pack_sequence_as(elems, [elem[i] for elem in given]))
            parts = [part for kind, value in zip(kinds, nest.flatten(values)) for part in _taken_apart(kind, value)]
            arrays = [array.write(i, part) for array, part in zip(arrays, parts)]
            return i + 1, arrays

        _, arrays = api.while_loop(lambda i, _: i < n, compute, (start, arrays), maximum_iterations=n,
                                   parallel_iterations=parallel_iterations or 10, back_prop=back_prop,
                                   swap_memory=swap_memory)
        places, whole = iter(arrays), []
        for kind in kinds:
            if isinstance(kind, RaggedTensorType):
                whole.append([next(places).concat() for _ in _parts_of(kind)])
            else:
                whole.append([next(places).stack()])
        return nest.pack_sequence_as(dtype, [_put_together(parts) for parts in whole])


def _parts_of(kind: Any) -> list[Any]:
    """The types of what a row is kept as: its values, the lengths of its rows, the outermost first, and how many."""
    if isinstance(kind, RaggedTensorType):
        return [kind.dtype] + [kind.row_splits_dtype] * kind.ragged_rank
    return [kind]


def _taken_apart(kind: Any, value: Any) -> list[Any]:
    value = convert_to_tensor_or_ragged_tensor(value)
    if not isinstance(kind, RaggedTensorType):
        return [value]
    rank = value.ragged_rank if is_ragged(value) else 0
    if rank != kind.ragged_rank - 1:
        raise ValueError(f"The declared ragged rank ({kind.ragged_rank}) mismatches the result ({rank + 1})")
    if is_ragged(value):
        lengths = [splits[1:] - splits[:-1] for splits in value.nested_row_splits]
        count, flat = value.nrows(), value.flat_values
    else:
        lengths, flat = [], value
        count = shape_ops.shape(value, out_type=kind.row_splits_dtype)[0]
    return [flat, *lengths, shape_ops.expand_dims(count, 0)]


def _put_together(parts: list[Any]) -> Any:
    made, *nested = parts
    for lengths in (*nested[-2::-1], *nested[-1:]):
        made = RaggedTensor.from_row_lengths(made, lengths, validate=False)
    return made
