"""Checkpoints of the first form: one sorted table a shard, with tensors as protos in it."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, messages, shapes
from tfmagic.base.dtypes import DType
from tfmagic.formats import sstable, tensor_proto
from tfmagic.formats.bundle import decoding, dtype_of, plain, shape_of
from tfmagic.formats.files import as_tensorflow, write_whole
from tfmagic.formats.tensor_slice import TensorSlice, key

_VERSION = 1


def _pb() -> Any:
    return messages.module("saved_tensor_slice_pb2")


def write(path: str, tensors: Sequence[tuple[str, Sequence[int], TensorSlice, np.ndarray, DType]]) -> None:
    """Write a file.

    Args:
      path: the file.
      tensors: name, shape of the whole, which part it is, values, and type of each.
    """
    pb = _pb()
    header = pb.SavedTensorSlices()
    header.meta.versions.producer = _VERSION
    items = {}
    known: dict[str, Any] = {}
    for name, shape, part, array, dtype in sorted(tensors, key=lambda tensor: tensor[0]):
        meta = known.get(name)
        if meta is None:
            meta = known[name] = header.meta.tensor.add(name=name, type=dtype.base_dtype.as_datatype_enum)
            meta.shape.CopyFrom(shapes.TensorShape(shape).as_proto())
        elif (there := tuple(dim.size for dim in meta.shape.dim)) != tuple(shape):
            raise errors.InternalError(None, None, f"Mismatching shapes: existing tensor = {shapes.brackets(there)}, "
                                       f"trying to add name {name}, shape = {shapes.brackets(tuple(shape))}")
        meta.slice.append(part.proto())
        saved = pb.SavedTensorSlices()
        saved.data.name = name
        saved.data.slice.CopyFrom(part.proto())
        saved.data.data.CopyFrom(tensor_proto.as_values(array, dtype))
        items[key(name, part)] = saved.SerializeToString()
    with as_tensorflow(path):
        write_whole(path, sstable.encode([(b"", header.SerializeToString()), *sorted(items.items())]))


class OldReader:
    """Reads checkpoints of the first form.

    Args:
      pattern: the file, or a pattern that the files of all shards match.

    Raises:
      NotFoundError: there is no such file.
      DataLossError: one is damaged.
    """

    def __init__(self, pattern: str):
        self.prefix = pattern
        paths = sorted(path for path in glob.glob(pattern) if not os.path.isdir(path))
        if not paths:
            raise errors.NotFoundError(None, None, "Unsuccessful TensorSliceReader constructor: Failed to find any "
                                       f"matching files for {pattern}")
        self._tensors: dict[str, tuple[DType, list[int]]] = {}
        self._parts: dict[str, dict[TensorSlice, bytes]] = {}
        for path in paths:
            self._take(path)

    def _take(self, path: str) -> None:
        with as_tensorflow(path), open(path, "rb") as file:
            data = file.read()
        try:
            items = dict(sstable.decode(data))
        except (sstable.NoTable, sstable.DamagedTable) as error:
            raise errors.DataLossError(
                None, None, f"Unable to open table file {path}: Data loss: {error}: perhaps your file is in a "
                "different file format and you need to use a different restore operator?") from None
        with decoding(path):
            header = _pb().SavedTensorSlices.FromString(items.get(b"", b""))
            for meta in header.meta.tensor:
                dtype, shape = dtype_of(meta.type), shape_of(meta.shape)
                known = self._tensors.setdefault(meta.name, (dtype, shape))
                if known != (dtype, shape):
                    raise errors.InternalError(
                        None, None, f"Incompatible tensor shapes detected for tensor {meta.name}: existing = "
                        f"{shapes.brackets(tuple(known[1]))}, new = {shapes.brackets(tuple(shape))}")
                for proto in meta.slice:
                    part = TensorSlice.from_proto(proto)
                    part.within(shape)
                    stored = items.get(key(meta.name, part))
                    if stored is None:
                        raise ValueError(f"it has no values of {meta.name}")
                    self._parts.setdefault(meta.name, {})[part] = stored

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> OldReader:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.close()

    def names(self) -> list[str]:
        """The names of all tensors, sorted."""
        return sorted(self._tensors)

    def has(self, name: str) -> bool:
        return name in self._tensors

    def _known(self, name: str) -> tuple[DType, list[int]]:
        if name not in self._tensors:
            hint = ""
            if self.prefix.endswith(".index"):
                hint = f"\nA checkpoint is named without the ends of its files: {self.prefix[:-len('.index')]}"
            raise errors.NotFoundError(None, None, f'Tensor name "{name}" not found in checkpoint files {self.prefix}'
                                       + hint)
        return self._tensors[name]

    def type_of(self, name: str) -> DType:
        return self._known(name)[0]

    def shape_of(self, name: str) -> list[int]:
        return self._known(name)[1]

    def read(self, name: str, part: TensorSlice | None = None) -> np.ndarray:
        """A tensor, or a part of it (an object array of bytes for strings).

        Raises:
          NotFoundError: there is no such tensor.
          InvalidArgumentError: the file does not hold all of it.
          DataLossError: it is damaged.
        """
        dtype, shape = self._known(name)
        try:
            wanted = (TensorSlice.whole(len(shape)) if part is None else part).within(shape)
        except ValueError as error:
            raise errors.InvalidArgumentError(None, None, str(error)) from None
        size = [s.stop - s.start for s in wanted]
        left = int(np.prod(size, dtype=object)) if size else 1
        result: Any = None
        for stored, data in self._parts.get(name, {}).items():
            place = stored.within(shape)
            common = [(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(place, wanted)]
            if any(start >= stop for start, stop in common) and left:
                continue
            array = self._values(data, dtype, [s.stop - s.start for s in place])
            if place == wanted:
                return array
            if result is None:
                result = np.empty(size, array.dtype)
            result[tuple(slice(start - w.start, stop - w.start) for (start, stop), w in zip(common, wanted))] = array[
                tuple(slice(start - p.start, stop - p.start) for (start, stop), p in zip(common, place))]
            left -= int(np.prod([stop - start for start, stop in common]))
        if left > 0 or result is None:
            raise errors.InvalidArgumentError(None, None, "Error copying slice data\nThe checkpoint does not hold this "
                                              f"part of {name}.")
        return result

    def _values(self, data: bytes, dtype: DType, shape: list[int]) -> np.ndarray:
        with decoding(self.prefix):
            proto = _pb().SavedTensorSlices.FromString(data).data.data
            count = int(np.prod(shape, dtype=object)) if shape else 1
            values = tensor_proto.values_of(proto, dtype)
            if len(values) != count:
                raise ValueError("a tensor has another number of values than its shape says")
            if dtype is dtypes.string:
                array = np.empty(count, object)
                array[:] = values
            else:
                array = plain(np.asarray(values).astype(dtype.as_numpy_dtype) if isinstance(values, list) else values)
        return array.reshape(shape)
