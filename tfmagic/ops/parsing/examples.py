"""ParseExample and ParseSingleExample: the features of serialized examples as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes, messages, shapes
from tfmagic.base.dtypes import DType
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.declare import op
from tfmagic.ops.strings.rules import HOST_STRINGS

_FIELDS = {dtypes.float32: "float_list", dtypes.int64: "int64_list", dtypes.string: "bytes_list"}
_KINDS = {field: dtype.proto_name for dtype, field in _FIELDS.items()}


class Column:
    """One feature of many examples: what it is, and its values so far."""

    def __init__(self, key: str, dtype: DType):
        self.key, self.dtype, self.field = key, dtype, _FIELDS[dtype]
        self.values: list[Any] = []
        self.counts: list[int] = []

    def found(self, features: Any, where: str) -> Any:
        """The values of an example, or None where it has none.

        Raises:
          InvalidArgumentError: they are of another type.
        """
        if self.key not in features:
            return None
        feature = features[self.key]
        kind = feature.WhichOneof("kind")
        if kind == self.field:
            return getattr(feature, kind).value
        if kind is None:
            return None
        raise invalid(f"{where}Data types don't match. {self.mismatch(_KINDS[kind])}")

    def mismatch(self, kind: str) -> str:
        """What is said of values of another type."""
        return f"Expected type: {self.dtype.proto_name}, Actual type: {kind}"

    def add(self, features: Any, where: Sequence[Any]) -> None:
        """Take an example's values."""
        found = self.found(features, _where(self.key, where))
        self.counts.append(0 if found is None else len(found))
        if found is not None:
            self.values.extend(found)

    def array(self, values: Sequence[Any], shape: Sequence[int]) -> Any:
        """Values as a tensor of this shape."""
        if self.dtype is dtypes.string:
            return objects(values, tuple(shape))
        return torch.from_numpy(np.array(values, self.dtype.as_numpy_dtype).reshape(tuple(shape)))

    def sparse(self) -> tuple[Any, Any, Any]:
        """All values as the parts of a sparse tensor of a row per example."""
        counts = np.array(self.counts, np.int64)
        rows = np.repeat(np.arange(len(counts)), counts)
        starts = np.cumsum(counts) - counts
        indices = np.stack([rows, np.arange(len(rows)) - np.repeat(starts, counts)], 1)
        return (torch.from_numpy(indices.astype(np.int64)), self.array(self.values, (len(self.values),)),
                torch.tensor([len(counts), max(self.counts, default=0)]))


class DenseColumn(Column):
    """A feature of which each example has as many values as its shape says, or a number of rows of it."""

    def __init__(self, key: str, dtype: DType, shape: Any, default: Any):
        super().__init__(key, dtype)
        self.shape = _known(shape)
        self.varies = bool(self.shape) and self.shape[0] is None
        self.rest: tuple[int, ...] = self.shape[1:] if self.varies else self.shape  # type: ignore[assignment]
        self.stride = int(np.prod(self.rest, dtype=np.int64))
        self.default = as_array(default).ravel().tolist()

    def mismatch(self, kind: str) -> str:
        return f"Data type: {kind} but expected type: {self.dtype.proto_name}"

    def add(self, features: Any, where: Sequence[Any]) -> None:
        found = self.found(features, _where(self.key, where))
        if found is None:
            if self.varies:
                found = ()
            elif self.default:
                found = self.default
            else:
                name = f"Name: {where[0]}, " if where else ""
                raise invalid(f"{name}Feature: {self.key} (data type: {self.dtype.proto_name}) is required but could "
                              "not be found.")
        count = len(found)
        if count % self.stride if self.varies and self.stride else count != self.stride:
            self._refuse(count, where)
        self.counts.append(count)
        self.values.extend(found)

    def _refuse(self, count: int, where: Sequence[Any]) -> None:
        begin, kind, shape = _where(self.key, where), self.dtype.proto_name, shapes.brackets(self.shape)
        if not where:
            raise invalid(f"{begin}Can't parse serialized Example.")
        if self.varies:
            raise invalid(f"{begin}Number of {kind} values is not a multiple of stride length. Saw {count} values but "
                          f"output shape is: {shape}")
        raise invalid(f"{begin}Number of {kind} values != expected.  Values size: {count} but output shape: {shape}")

    def dense(self) -> Any:
        """All values, with an axis of examples; shorter ones are filled up."""
        count = len(self.counts)
        if not self.varies:
            return self.array(self.values, (count, *self.rest))
        longest = max(self.counts, default=0)
        values = self.values
        if any(size != longest for size in self.counts):
            fill = self.default[:1] or [b"" if self.dtype is dtypes.string else 0]
            values, at = [], 0
            for size in self.counts:
                values.extend(self.values[at:at + size])
                values.extend(fill * (longest - size))
                at += size
        return self.array(values, (count, longest // self.stride if self.stride else 0, *self.rest))


def _known(shape: Any) -> tuple[int | None, ...]:
    """The dims of a shape of known rank."""
    dims = shapes.as_shape(shape)._dims
    if dims is None:
        raise invalid("dense_shapes must be of known rank")
    return dims


def _where(key: str, where: Sequence[Any]) -> str:
    return f"Name: {where[0]}, Key: {key}, Index: {where[1]}.  " if where else f"Key: {key}.  "


def features_of(serialized: bytes) -> Any:
    """The features of a serialized example, by their names.

    Raises:
      InvalidArgumentError: the bytes are none.
    """
    from google.protobuf.message import DecodeError

    try:
        return messages.module("example_pb2").Example.FromString(serialized).features.feature
    except DecodeError:
        raise invalid(f"Could not parse example input, value: '{serialized.decode(errors='replace')}'") from None


def _text(value: Any) -> str:
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else value


def _scalar(value: Any) -> str:
    return _text(as_array(value).item())


@op("ParseExample", check=lambda op, serialized, names, *rest: _refused_batch(serialized, names), **HOST_STRINGS)
class ParseExample:
    """A batch of serialized examples -> for each feature a tensor with an axis of examples."""

    def shape(op, serialized, names, sparse_keys, dense_keys, dense_defaults):
        size, = shape_rules.with_rank(serialized, 1)
        return *_sparse_dims(op.Nsparse, 2), [(size, *_known(shape)) for shape in op.dense_shapes]

    def kernel(op, serialized, names, sparse_keys, dense_keys, dense_defaults):
        sparse = [Column(_scalar(key), dtype) for key, dtype in zip(sparse_keys, op.sparse_types)]
        dense = [DenseColumn(_scalar(key), dtype, shape, default) for key, dtype, shape, default in
                 zip(dense_keys, op.Tdense, op.dense_shapes, dense_defaults)]
        called = names.tolist()
        for index, text in enumerate(serialized.tolist()):
            features = features_of(text)
            where = _text(called[index]) if called else "<unknown>", index
            for column in (*dense, *sparse):
                column.add(features, where)
        return _outputs([column.sparse() for column in sparse], [column.dense() for column in dense])


@op("ParseSingleExample", check=lambda op, serialized, *rest: _refused_single(serialized), **HOST_STRINGS)
class ParseSingleExample:
    """A serialized example -> for each feature a tensor."""

    def shape(op, serialized, dense_defaults):
        shape_rules.with_rank(serialized, 0)
        return *_sparse_dims(op.num_sparse, 1), [_known(shape) for shape in op.dense_shapes]

    def kernel(op, serialized, dense_defaults):
        features = features_of(as_array(serialized).item())
        dense = [DenseColumn(_text(key), dtype, shape, default) for key, dtype, shape, default in
                 zip(op.dense_keys, op.Tdense, op.dense_shapes, dense_defaults)]
        sparse = [Column(_text(key), dtype) for key, dtype in zip(op.sparse_keys, op.sparse_types)]
        for column in (*dense, *sparse):
            column.add(features, ())
        parts = [column.sparse() for column in sparse]
        return _outputs([(indices[:, 1:], values, shape[1:]) for indices, values, shape in parts],
                        [column.dense()[0] if column.shape else column.dense().reshape(()) for column in dense])


def _refused_batch(serialized: Dims, names: Dims) -> str | None:
    if serialized is None or len(serialized) != 1:
        return f"Expected serialized to be a vector, got shape: {shapes.brackets(serialized)}"
    if names != (0,) and names is not None and names != serialized:
        return f"Expected len(names) == len(serialized), but got: {names[0]} vs. {serialized[0]}"
    return None


def _refused_single(serialized: Dims) -> str | None:
    return f"Expected serialized to be a scalar, got shape: {shapes.brackets(serialized)}" if serialized else None


def _sparse_dims(count: int, rank: int) -> tuple[list[Dims], list[Dims], list[Dims]]:
    return [(None, rank)] * count, [(None,)] * count, [(rank,)] * count


def _outputs(sparse: list[tuple[Any, Any, Any]], dense: list[Any]) -> tuple[Any, ...]:
    parts = list(zip(*sparse)) if sparse else [(), (), ()]
    return *parts[0], *parts[1], *parts[2], *dense
