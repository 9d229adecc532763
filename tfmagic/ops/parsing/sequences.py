"""ParseSequenceExample and ParseSingleSequenceExample: examples whose features are lists in time, as tensors."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tfmagic.base import shapes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array
from tfmagic.ops.declare import op
from tfmagic.ops.denormals import kept
from tfmagic.ops.parsing.columns import (
    Column,
    DenseColumn,
    are_those,
    in_parts,
    known,
    name_of,
    parsed,
    parsed_in_part,
    sparse_dims,
    text,
)
from tfmagic.ops.strings.rules import HOST_STRINGS


class Columns:
    """The features that a node wants of the contexts of its examples and of their lists; its calls share them.

    Args:
      op: the node.
      keys: those of the sparse and dense features of contexts, and of lists.
      assumed_empty: the lists that may be missing.
      defaults: the values that stand in for dense features of contexts.
      given: the inputs on which all this depends.
    """

    def __init__(self, op: Any, keys: Sequence[Sequence[Any]], assumed_empty: Sequence[Any], defaults: Sequence[Any],
                 given: Sequence[Any]):
        from google.protobuf.message import DecodeError

        self.given, self.decode_error = given, DecodeError
        context_sparse, context_dense, list_sparse, list_dense = ([text(key) for key in each] for each in keys)
        self.context_sparse = list(map(Column, context_sparse, op.context_sparse_types))
        self.context_dense = list(map(DenseColumn, context_dense, op.Tcontext_dense, op.context_dense_shapes, defaults))
        self.list_sparse = list(map(Column, list_sparse, op.feature_list_sparse_types))
        nothing = itertools.repeat(np.zeros(0))
        self.list_dense = list(map(DenseColumn, list_dense, op.feature_list_dense_types, op.feature_list_dense_shapes,
                                   nothing))
        self.assumed_empty = {text(key) for key in assumed_empty}
        for index, (column, default) in enumerate(zip(self.context_dense, defaults)):
            given = tuple(as_array(default).shape)
            if column.default and given != column.shape:
                raise invalid(f"default_value[{index}].shape() == {shapes.brackets(given)} != "
                              f"context_dense_shapes[{index}] == {shapes.brackets(column.shape)}")


class _Single:
    """One example, as messages tell of it.

    Args:
      name: what messages call it, a string tensor.
    """

    def __init__(self, columns: Columns, serialized: bytes, name: Any):
        self._columns, self._called = columns, name
        try:
            example = parsed("SequenceExample", serialized)
        except columns.decode_error:
            raise invalid(f"Could not parse example input, value: '{serialized.decode(errors='replace')}'") from None
        self._context, self._lists = example.context.feature, example.feature_lists.feature_list

    def outputs(self) -> tuple[Any, ...]:
        columns = self._columns
        context_dense = [self._dense(column) for column in columns.context_dense]
        context_sparse = [self._sparse(column) for column in columns.context_sparse]
        list_dense = [self._dense_list(column) for column in columns.list_dense]
        list_sparse = [column.sparse(list(self._rows(column, "List", True))) for column in columns.list_sparse]
        return *in_parts(context_sparse), *context_dense, *in_parts(list_sparse), *list_dense

    @property
    def _name(self) -> str:
        return f"Name: {text(as_array(self._called).item())}, "

    def _checked(self, column: Column, feature: Any, begin: str, may_lack: bool = False) -> Any:
        """The values of a feature.

        Raises:
          InvalidArgumentError: they are of another type, or it has none at all.
        """
        found = column.get(feature)
        if found:
            return found[:]
        kind = feature.WhichOneof("kind")
        if kind == column.field or kind is None and may_lack:
            return ()
        raise invalid(f"{self._name}{begin}.  Data types don't match. Expected type: {column.dtype.proto_name}  "
                      f"Feature is: {feature}")

    def _sized(self, column: DenseColumn, values: Any, index: int) -> Any:
        if len(values) != column.stride:
            raise invalid(f"{self._name}Key: {column.key}, Index: {index}.  Number of {column.dtype.proto_name} values "
                          f"!= expected.  values size: {len(values)} but output shape: {shapes.brackets(column.shape)}")
        return values

    def _dense(self, column: DenseColumn) -> Any:
        if column.key not in self._context:
            if not column.default:
                raise invalid(f"{self._name}Context feature '{column.key}' is required but could not be found.")
            return column.array(column.default, column.rest)
        values = self._checked(column, self._context[column.key], f"Context feature: {column.key}")
        return column.made(self._sized(column, values, 0))

    def _sparse(self, column: Column) -> Any:
        values: Any = ()
        if column.key in self._context:
            values = self._checked(column, self._context[column.key], f"Context feature: {column.key}", True)
        count = len(values)
        return torch.arange(count).reshape(count, 1), column.array(values, (count,)), torch.tensor([count])

    def _rows(self, column: Column, word: str, may_lack: bool) -> Iterable[Any]:
        """The values of a list's features; where some are missing, one is looked at when it is asked for."""
        if column.key not in self._lists:
            return []
        features = self._lists[column.key].feature
        rows = [found[:] for found in map(column.get, features)]
        if all(rows):
            return rows
        return (self._checked(column, feature, f"Feature {word}: {column.key}, Index: {index}", may_lack)
                for index, feature in enumerate(features))

    def _dense_list(self, column: DenseColumn) -> Any:
        if column.key not in self._lists and column.key not in self._columns.assumed_empty:
            raise invalid(f"{self._name}Feature list '{column.key}' is required but could not be found.  Did you mean "
                          "to include it in feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?")
        rows = [self._sized(column, values, index) for index, values in enumerate(self._rows(column, "list", False))]
        return column.array(list(itertools.chain.from_iterable(rows)), (len(rows), *column.rest))


class _Batch:
    """Many examples, as messages tell of them."""

    def __init__(self, columns: Columns, serialized: Sequence[bytes], names: Sequence[str]):
        self._columns, self._names = columns, names
        self._contexts: list[Any] = []
        self._lists: list[Any] = []
        for index, data in enumerate(serialized):
            try:
                example = parsed_in_part("SequenceExample", data)
            except columns.decode_error:
                raise invalid(f"Invalid protocol message input, example id: {name_of(names, index)}") from None
            context, lists = example.context.feature, example.feature_lists.feature_list
            self._contexts.append({column.key: self._values(column, context[column.key], "context", index)
                                   for column in (*columns.context_sparse, *columns.context_dense)
                                   if column.key in context})
            self._lists.append({column.key: [self._values(column, feature, "sequence", index)
                                             for feature in lists[column.key].feature]
                                for column in (*columns.list_sparse, *columns.list_dense) if column.key in lists})

    def _values(self, column: Column, feature: Any, word: str, index: int) -> Any:
        kind = feature.WhichOneof("kind")
        if kind not in (None, column.field):
            raise invalid(f"Error in {word} feature {column.key} in example {name_of(self._names, index)}")
        return () if kind is None else getattr(feature, kind).value[:]

    def outputs(self) -> tuple[Any, ...]:
        columns = self._columns
        context_dense = [self._dense(column) for column in columns.context_dense]
        context_sparse = [column.sparse([found.get(column.key, ()) for found in self._contexts])
                          for column in columns.context_sparse]
        self._require_lists()
        list_sparse = [self._sparse_lists(column) for column in columns.list_sparse]
        list_dense = [self._dense_lists(column) for column in columns.list_dense]
        return (*in_parts(context_sparse), *context_dense, *in_parts(list_sparse),
                *[values for values, _ in list_dense], *[lengths for _, lengths in list_dense])

    def _require_lists(self) -> None:
        for index, lists in enumerate(self._lists):
            for column in self._columns.list_dense:
                if column.key not in lists and column.key not in self._columns.assumed_empty:
                    raise invalid(f"Missing feature {column.key} in example {name_of(self._names, index)}")

    def _dense(self, column: DenseColumn) -> Any:
        rows = [found.get(column.key) for found in self._contexts]
        most = max([len(row) for row in rows if row is not None] + [len(column.default)])
        if most != column.stride:
            raise invalid(f"Inconsistent number of elements for feature {column.key}: {most} vs 1")
        for index, row in enumerate(rows):
            if row is None and not column.default:
                raise invalid(f"Feature: {column.key} (data type: {column.dtype.proto_name}) is required but could not "
                              "be found.")
            if row is not None and len(row) != column.stride:
                raise invalid(f"Unexpected number of elements in example {name_of(self._names, index)}")
        values = [value for row in rows for value in (column.default if row is None else row)]
        return column.array(values, (len(rows), *column.rest))

    def _sparse_lists(self, column: Column) -> tuple[Any, Any, Any]:
        examples = [found.get(column.key, ()) for found in self._lists]
        indices = [(i, j, k) for i, rows in enumerate(examples) for j, row in enumerate(rows) for k in range(len(row))]
        values = [value for rows in examples for row in rows for value in row]
        sizes = (len(examples), max(map(len, examples), default=0),
                 max((len(row) for rows in examples for row in rows), default=0))
        return (torch.tensor(indices, dtype=torch.int64).reshape(len(values), 3),
                column.array(values, (len(values),)), torch.tensor(sizes))

    def _dense_lists(self, column: DenseColumn) -> tuple[Any, Any]:
        examples = [found.get(column.key, ()) for found in self._lists]
        totals = [sum(map(len, rows)) for rows in examples]
        most = max(totals, default=0)
        if column.stride and most % column.stride:
            raise invalid(f"Unexpected shape error in feature {column.key}")
        for index, rows in enumerate(examples):
            if any(len(row) != column.stride for row in rows):
                raise invalid(f"Unexpected number of elements in feature {column.key}, example "
                              f"{name_of(self._names, index)}")
        fill = b"" if column.kind is None else 0
        values = [value for rows, total in zip(examples, totals)
                  for value in (*itertools.chain.from_iterable(rows), *[fill] * (most - total))]
        longest = max(map(len, examples), default=0)
        return (column.array(values, (len(examples), longest, *column.rest)),
                torch.tensor([len(rows) for rows in examples], dtype=torch.int64))


@op("ParseSingleSequenceExample", memory="own", check=lambda op, serialized, *rest: _refused(serialized, 0),
    **HOST_STRINGS)
class ParseSingleSequenceExample:
    """A serialized sequence example -> for each feature a tensor, for each list one with an axis of time."""

    def shape(op, serialized, *rest):
        shape_rules.with_rank(serialized, 0)
        for shape in op.feature_list_dense_shapes:
            dims = shapes.as_shape(shape)._dims
            if dims is None or None in dims:
                raise ValueError(f"Shape {shapes.brackets(dims)} is not fully defined")
        return (*sparse_dims(op.Ncontext_sparse, 1), [known(shape) for shape in op.context_dense_shapes],
                *sparse_dims(op.Nfeature_list_sparse, 2), [(None, *known(shape)) for shape in
                                                           op.feature_list_dense_shapes])

    @kept
    def kernel(op, serialized, assumed_empty, context_sparse, context_dense, list_sparse, list_dense, defaults, name):
        given = assumed_empty, *context_sparse, *context_dense, *list_sparse, *list_dense, *defaults
        columns = op.prepared
        if columns is None or not are_those(columns.given, given):
            keys = [[as_array(key).item() for key in each] for each in (context_sparse, context_dense, list_sparse,
                                                                         list_dense)]
            columns = op.prepared = Columns(op, keys, as_array(assumed_empty).ravel().tolist(), defaults, given)
        return _Single(columns, as_array(serialized).item(), name).outputs()


@op("ParseSequenceExample", memory="own", check=lambda op, serialized, *rest: _refused(serialized, 1), **HOST_STRINGS)
class ParseSequenceExample:
    """A batch of serialized sequence examples -> for each feature a tensor with an axis of examples, and lengths."""

    def shape(op, serialized, debug_name, context_dense_defaults):
        size, = shape_rules.with_rank(serialized, 1)
        return (*sparse_dims(op.Ncontext_sparse, 2), [(size, *known(shape)) for shape in op.context_dense_shapes],
                *sparse_dims(op.Nfeature_list_sparse, 3), [(size, None, *known(shape)) for shape in
                                                           op.feature_list_dense_shapes],
                [(size,)] * op.Nfeature_list_dense)

    @kept
    def kernel(op, serialized, debug_name, context_dense_defaults):
        columns = op.prepared
        if columns is None or not are_those(columns.given, context_dense_defaults):
            columns = op.prepared = Columns(op, (op.context_sparse_keys, op.context_dense_keys,
                                                 op.feature_list_sparse_keys, op.feature_list_dense_keys),
                                            op.feature_list_dense_missing_assumed_empty, context_dense_defaults,
                                            context_dense_defaults)
        names = [text(name) for name in debug_name.tolist()]
        return _Batch(columns, serialized.tolist(), names).outputs()


def _refused(serialized: Dims, rank: int) -> str | None:
    if serialized is None or len(serialized) != rank:
        return f"Expected serialized to be a {('scalar', 'vector')[rank]}, got shape: {shapes.brackets(serialized)}"
    return None
