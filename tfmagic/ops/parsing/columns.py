"""One feature of examples: where its values are found, what is refused, and the tensors that they become."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes, messages, shapes
from tfmagic.base.dtypes import DType
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.array.rules import as_array, objects, single
from tfmagic.ops.denormals import kept

_FIELDS = {dtypes.float32: "float_list", dtypes.int64: "int64_list", dtypes.string: "bytes_list"}
_KINDS = {field: dtype.proto_name for dtype, field in _FIELDS.items()}
# Rows of small tensors are made so many bytes at a time: one by one each would cost three times as much.
_BLOCK = 8192


_listed = kept(np.ndarray.tolist)


def cut_to_what_is_there(serialized: bytes) -> bytes:
    """A message whose last field says that it is longer than what is left, without what is not there.

    TensorFlow reads the outermost fields of examples itself, and believes that what it does not need is there.
    """
    from google.protobuf.internal.decoder import _DecodeVarint
    from google.protobuf.internal.encoder import _VarintBytes

    parts: list[bytes] = []
    at, size = 0, len(serialized)
    try:
        while at < size:
            start = at
            tag, at = _DecodeVarint(serialized, at)
            kind = tag & 7
            if kind == 2:
                length, at = _DecodeVarint(serialized, at)
                if at + length > size:
                    return b"".join([*parts, _VarintBytes(tag), _VarintBytes(size - at), serialized[at:]])
                at += length
            elif kind == 0:
                _, at = _DecodeVarint(serialized, at)
            elif kind in (1, 5):
                at += 8 if kind == 1 else 4
            else:
                return serialized
            parts.append(serialized[start:at])
    except IndexError:  # a number that does not end
        return serialized
    return b"".join(parts)


class Column:
    """A feature that becomes a sparse tensor."""

    def __init__(self, key: str, dtype: DType):
        self.key, self.dtype, self.field = key, dtype, _FIELDS[dtype]
        self.kind: Any = None if dtype is dtypes.string else dtype.as_numpy_dtype
        self.get: Callable[[Any], Any] = operator.attrgetter(self.field + ".value")

    def values(self, features: Any, where: str) -> Any:
        """The values of an example, or None where it has none.

        Args:
          where: how messages begin.

        Raises:
          InvalidArgumentError: they are of another type.
        """
        return self.values_of(features[self.key], where)  # one that is missing is one without a kind

    def values_of(self, feature: Any, where: str) -> Any:
        """The values of a feature, or None where it has none."""
        found = self.get(feature)
        if found:
            return found[:]
        kind = feature.WhichOneof("kind")
        if kind == self.field:
            return ()
        if kind is None:
            return None
        raise invalid(f"{where}Data types don't match. {self.mismatch(_KINDS[kind])}")

    def mismatch(self, kind: str) -> str:
        """What is said of values of another type."""
        return f"Expected type: {self.dtype.proto_name}, Actual type: {kind}"

    def array(self, values: Sequence[Any], shape: Sequence[int]) -> Any:
        """Values as a tensor of this shape."""
        if self.kind is None:
            return objects(values, tuple(shape))
        return torch.from_numpy(np.array(values, self.kind).reshape(tuple(shape)))

    def of_one(self, features: Any) -> tuple[Any, Any, Any]:
        """The parts of a sparse vector with an example's values."""
        values = self.values(features, f"Key: {self.key}.  ") or ()
        count = len(values)
        return (torch.arange(count).reshape(count, 1), self.array(values, (count,)), torch.tensor([count]))

    def of_batch(self, batch: Sequence[Any], names: Sequence[str]) -> tuple[Any, Any, Any]:
        """The parts of a sparse matrix with a row per example."""
        return self.sparse([self.row(features, names, index) for index, features in enumerate(batch)])

    def row(self, features: Any, names: Sequence[str], index: int) -> Sequence[Any]:
        """The values of an example of a batch."""
        return self.values(features, where(self.key, names, index)) or ()

    def sparse(self, rows: Sequence[Sequence[Any]]) -> tuple[Any, Any, Any]:
        """Rows of values as the parts of a sparse matrix."""
        counts = np.array([len(row) for row in rows], np.int64)
        values = [value for row in rows for value in row]
        numbers = np.repeat(np.arange(len(counts)), counts)
        starts = np.cumsum(counts) - counts
        indices = np.stack([numbers, np.arange(len(numbers)) - np.repeat(starts, counts)], 1)
        return (torch.from_numpy(indices.astype(np.int64)), self.array(values, (len(values),)),
                torch.tensor([len(counts), int(counts.max(initial=0))]))


class DenseColumn(Column):
    """A feature of which each example has as many values as its shape says, or a number of rows of it.

    Args:
      default: what stands in for it where it is missing, or fills it up.
    """

    def __init__(self, key: str, dtype: DType, shape: Any, default: Any):
        super().__init__(key, dtype)
        self.shape = known(shape)
        self.varies = bool(self.shape) and self.shape[0] is None
        self.rest: tuple[int, ...] = self.shape[1:] if self.varies else self.shape  # type: ignore[assignment]
        self.stride = int(np.prod(self.rest, dtype=np.int64))
        self.default = _listed(as_array(default).ravel())
        self.fill = self.default[:1] or [b"" if self.kind is None else 0]
        size = 0 if self.kind is None else self.stride * np.dtype(self.kind).itemsize
        self._block = _BLOCK // size if size else 0
        self._rows: list[tuple[Any, Any]] = []

    def mismatch(self, kind: str) -> str:
        return f"Data type: {kind} but expected type: {self.dtype.proto_name}"

    def plain(self, features: Any) -> bool:
        """Whether an example has just the values that are wanted."""
        found = self.get(features[self.key])
        return len(found) == self.stride and not self.varies and bool(found)

    def row(self, features: Any, names: Sequence[str], index: int) -> Sequence[Any]:
        found = self.get(features[self.key])
        if len(found) == self.stride and not self.varies and found:
            return found[:]
        begin = where(self.key, names, index)
        return self._accepted(self.values(features, begin), begin, f"Name: {name_of(names, index)}, ", False)

    def _accepted(self, found: Any, begin: str, name: str, alone: bool) -> Sequence[Any]:
        """The values of an example, as many as there must be.

        Args:
          found: those that it has.
          begin: how messages begin.
          name: how the message about a missing feature begins.
          alone: whether it is a single example.

        Raises:
          InvalidArgumentError: there is none or there are more or fewer.
        """
        if found is None:
            if self.varies:
                return ()
            if not self.default:
                raise invalid(f"{name}Feature: {self.key} (data type: {self.dtype.proto_name}) is required but could "
                              "not be found.")
            found = self.default
        count = len(found)
        if count % self.stride if self.varies and self.stride else count != self.stride:
            kind, shape = self.dtype.proto_name, shapes.brackets(self.shape)
            if alone:
                raise invalid(f"{begin}Can't parse serialized Example.")
            if self.varies:
                raise invalid(f"{begin}Number of {kind} values is not a multiple of stride length. Saw {count} values "
                              f"but output shape is: {shape}")
            kind = "bytes" if self.kind is None else kind
            raise invalid(f"{begin}Number of {kind} values != expected.  Values size: {count} but output shape: "
                          f"{shape}")
        return found

    def of_one(self, features: Any) -> Any:
        """An example's values."""
        found = self.get(features[self.key])
        if len(found) == self.stride and not self.varies and found:
            found = found[:]
        else:
            begin = f"Key: {self.key}.  "
            found = self._accepted(self.values(features, begin), begin, "", True)
        if self.varies:
            return self.array(found, (len(found) // self.stride if self.stride else 0, *self.rest))
        return self.made(found)

    def made(self, found: Sequence[Any]) -> Any:
        """An example's values, as many as there must be, as a tensor."""
        if self.kind is not None:
            return self.numbers(found)
        return objects(found, self.rest) if self.rest else single(found[0])

    def numbers(self, found: Any) -> Any:
        """An example's numbers as a tensor that nobody else has."""
        if self._block < 2:
            return self.array(found, self.rest)
        try:
            array, tensor = self._rows.pop()
        except IndexError:
            array, tensor = self._more()
        array[:] = found
        return tensor

    def _more(self) -> tuple[Any, Any]:
        """Rows of their own memory, as arrays and as tensors; one of them is handed out."""
        block = np.empty((self._block, self.stride), self.kind)
        tensors = torch.from_numpy(block.reshape(self._block, *self.rest)).unbind(0)
        rows = list(zip(block, tensors))
        made = rows.pop()
        self._rows = rows
        return made

    def of_batch(self, batch: Sequence[Any], names: Sequence[str]) -> Any:
        """The values of all examples, with an axis of examples; shorter ones are filled up."""
        key, get, stride = self.key, self.get, self.stride
        rows = [get(features[key])[:] for features in batch]
        if self.varies or not stride or any(len(row) != stride for row in rows):
            rows = [self.row(features, names, index) for index, features in enumerate(batch)]
        if not self.varies:
            return self.array(list(itertools.chain.from_iterable(rows)), (len(rows), *self.rest))
        return self.padded(rows)

    def padded(self, rows: Sequence[Sequence[Any]]) -> Any:
        """Rows of values, the shorter ones filled up."""
        longest = max(map(len, rows), default=0)
        values = [value for row in rows for value in (*row, *self.fill * (longest - len(row)))]
        return self.array(values, (len(rows), longest // self.stride if self.stride else 0, *self.rest))


def are_those(given: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether the inputs of a node are those of a call before, as constants are."""
    return len(given) == len(others) and all(map(operator.is_, given, others))


def known(shape: Any) -> tuple[int | None, ...]:
    """The dims of a shape of known rank."""
    dims = shapes.as_shape(shape)._dims
    if dims is None:
        raise invalid("dense_shapes must be of known rank")
    return dims


def name_of(names: Sequence[str], index: int) -> str:
    """What messages call an example."""
    return names[index] if names else "<unknown>"


def where(key: str, names: Sequence[str], index: int) -> str:
    """How messages about a feature of an example begin."""
    return f"Name: {name_of(names, index)}, Key: {key}, Index: {index}.  "


def parsed(message: str, serialized: bytes) -> Any:
    """A message of bytes.

    Args:
      message: "Example" or "SequenceExample".

    Raises:
      DecodeError: the bytes are none.
    """
    return getattr(messages.module("example_pb2"), message).FromString(serialized)


def parsed_in_part(message: str, serialized: bytes) -> Any:
    """The same, but a last field that says that it is longer than what is left counts as far as it is there."""
    from google.protobuf.message import DecodeError

    try:
        return parsed(message, serialized)
    except DecodeError:
        return parsed(message, cut_to_what_is_there(serialized))


def text(value: Any) -> str:
    """A string of an op."""
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else value


def sparse_dims(count: int, rank: int) -> tuple[list[Dims], list[Dims], list[Dims]]:
    """The shapes of the parts of sparse tensors."""
    return [(None, rank)] * count, [(None,)] * count, [(rank,)] * count


def in_parts(sparse: Sequence[tuple[Any, Any, Any]]) -> tuple[Any, ...]:
    """Sparse tensors as outputs: all indices, all values, all shapes."""
    parts = list(zip(*sparse)) if sparse else [(), (), ()]
    return *parts[0], *parts[1], *parts[2]
