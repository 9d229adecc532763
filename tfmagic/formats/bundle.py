"""Checkpoints of the second form (tensor bundles): an index, which is a sorted table, and data files.

A save writes all under temporary names, then renames data files, then the index. One that dies between these renames is
not lost: an index under a temporary name whose data files have begun to lose theirs is the valid one.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, messages, shapes
from tfmagic.base.dtypes import DType
from tfmagic.formats import crc32c, files, sstable
from tfmagic.formats.files import TEMPORARY, Replacement, as_tensorflow
from tfmagic.formats.sstable import read_varint, varint
from tfmagic.formats.tensor_slice import TensorSlice, key

_VERSION = 1
_DATA = re.compile(r"\.data-(\d{5})-of-(\d{5})$")
_MOST_AT_ONCE = 1 << 24


def index_path(prefix: str) -> str:
    return prefix + ".index"


def data_path(prefix: str, shard: int, shards: int) -> str:
    return f"{prefix}.data-{shard:05d}-of-{shards:05d}"


def _pb() -> Any:
    return messages.module("tensor_bundle_pb2")


def plain(array: np.ndarray) -> np.ndarray:
    """An array of quantized numbers as one of plain integers; any other as it is."""
    return array.view(array.dtype[0]) if array.dtype.names else array


# --- writing ----------------------------------------------------------------------------------------------------------


class BundleWriter:
    """Writes a checkpoint of one shard. Used with `with`: what is not finished in the block leaves no file behind.

    Raises:
      OpError: a file cannot be written.
    """

    def __init__(self, prefix: str):
        self._prefix = prefix
        self._entries: dict[bytes, Any] = {}
        self._number = files.new_number()
        self._size = 0
        with as_tensorflow(prefix):
            files.make_folder(os.path.dirname(prefix))
            _sweep(os.path.dirname(prefix))
            self._data = Replacement(data_path(prefix, 0, 1), self._number)

    def __enter__(self) -> BundleWriter:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self._data.__exit__(*exc_info)

    def add(self, name: str, array: np.ndarray, dtype: DType) -> None:
        """Write a tensor (an object array of bytes for strings).

        Raises:
          InvalidArgumentError: there is one of this name already.
        """
        self._add(name.encode(), array, dtype)

    def add_slice(self, name: str, shape: Sequence[int], part: TensorSlice, array: np.ndarray, dtype: DType) -> None:
        """Write a part of the tensor `name`, which is of the given shape."""
        if part.is_whole(shape):
            self.add(name, array, dtype)
            return
        entry = self._entries.get(name.encode())
        if entry is None:
            entry = self._entries[name.encode()] = _pb().BundleEntryProto(dtype=dtype.as_datatype_enum)
            entry.shape.CopyFrom(shapes.TensorShape(shape).as_proto())
        entry.slices.append(part.proto())
        self._add(key(name, part), array, dtype)

    def _add(self, name: bytes, array: np.ndarray, dtype: DType) -> None:
        if name in self._entries or not name:
            raise errors.InvalidArgumentError(None, None, f"Adding duplicate key: {name.decode(errors='replace')}")
        entry = _pb().BundleEntryProto(dtype=dtype.base_dtype.as_datatype_enum, offset=self._size)
        entry.shape.SetInParent()
        for dim in array.shape:
            entry.shape.dim.add(size=dim)
        with as_tensorflow(self._data.path):
            if dtype.base_dtype is dtypes.string:
                size, crc = self._write_strings(array.ravel().tolist())
            elif dtype.kind == "O":
                raise errors.UnimplementedError(None, None, f"A checkpoint cannot hold a tensor of type {dtype.name}.")
            else:
                size, crc = self._write_numbers(array)
        entry.size, entry.crc32c = size, crc32c.masked(crc)
        self._size += size
        self._entries[name] = entry

    def _write_numbers(self, array: np.ndarray) -> tuple[int, int]:
        content = np.ascontiguousarray(plain(array)).reshape(-1).view(np.uint8)
        content.flags.writeable = False
        crc = 0
        for at in range(0, content.size, _MOST_AT_ONCE):  # what the checksum has seen is still in the cache
            piece = content[at:at + _MOST_AT_ONCE]
            crc = crc32c.extend(crc, piece)
            self._data.write(piece)
        return content.size, crc

    def _write_strings(self, strings: list[bytes]) -> tuple[int, int]:
        """The lengths, their checksum, the strings one behind the other; the checksum is that of the lengths as fixed
        numbers, of their stored checksum and of the strings."""
        lengths = b"".join(varint(len(text)) for text in strings)
        crc = crc32c.value(b"".join(_fixed(len(text)) for text in strings))
        check = struct.pack("<I", crc32c.masked(crc))
        crc = crc32c.extend(crc, check)
        self._data.write(lengths + check)
        size = len(lengths) + 4
        pieces: list[bytes] = []
        waiting = 0
        for text in strings:
            pieces.append(text)
            waiting += len(text)
            if waiting >= _MOST_AT_ONCE:
                size, crc = self._write_pieces(pieces, size, crc)
                waiting = 0
        return self._write_pieces(pieces, size, crc)

    def _write_pieces(self, pieces: list[bytes], size: int, crc: int) -> tuple[int, int]:
        content = b"".join(pieces)
        pieces.clear()
        self._data.write(content)
        return size + len(content), crc32c.extend(crc, content)

    def finish(self) -> None:
        """Put everything on the disk, then under its own names."""
        with as_tensorflow(self._prefix):
            self._data.flush()
            _finish(self._prefix, self._number, [self._data], self._entries, 1)


def _fixed(length: int) -> bytes:
    return struct.pack("<I" if length < 1 << 32 else "<Q", length)


def _finish(prefix: str, number: str, data: Sequence[Any], entries: dict[bytes, Any], shards: int) -> None:
    """Write the index and rename all, the data files first."""
    header = _pb().BundleHeaderProto(num_shards=shards)
    header.version.producer = _VERSION
    table = sstable.encode([(b"", header.SerializeToString()),
                            *((name, entries[name].SerializeToString()) for name in sorted(entries))])
    with Replacement(index_path(prefix), number) as index:
        index.write(table)
        index.flush()
        files.flush_folder(prefix)
        try:
            for file in data:
                file.commit()
            index.commit()
        except BaseException:  # Ctrl-C among the renames too: half of them would damage what was there before
            if os.path.exists(index.temporary) and has_begun(prefix, number):
                complete(prefix, number)
            raise
    files.flush_folder(prefix)


class _Moved:
    """A data file of a shard that has been written already, on its way to its name in the merged checkpoint."""

    def __init__(self, source: str, path: str, number: str):
        self._path = path
        self._temporary = f"{path}{TEMPORARY}{number}"
        os.replace(source, self._temporary)

    def commit(self) -> None:
        os.replace(self._temporary, self._path)


def merge(prefixes: Iterable[str], destination: str, delete_old_folders: bool) -> None:
    """Make one checkpoint of several that each hold a part of the tensors; their files are moved.

    Raises:
      OpError: one of them is missing or damaged, or two hold a tensor of the same name.
    """
    readers = [BundleReader(prefix) for prefix in prefixes]
    total = sum(reader.shards for reader in readers)
    entries: dict[bytes, Any] = {}
    sources: list[str] = []
    for reader in readers:
        for name in reader.entries():
            entry, known = reader.entry(name), entries.get(name)
            entry.shard_id += len(sources)
            if known is None:
                entries[name] = entry
                if entry.slices:
                    entry.shard_id = 0
            elif not entry.slices or not known.slices:
                raise errors.InvalidArgumentError(None, None, "Existing entry for the key "
                                                  f"{name.decode(errors='replace')} in the checkpoints that are merged")
            else:
                known.slices.extend(entry.slices)
        sources.extend(reader.data_file(shard) for shard in range(reader.shards))
        reader.close()
    with as_tensorflow(destination):
        folder = os.path.dirname(destination)
        files.make_folder(folder)
        _sweep(folder)
        number = files.new_number()
        moved = [_Moved(source, data_path(destination, shard, total), number) for shard, source in enumerate(sources)]
        _finish(destination, number, moved, entries, total)
        for reader in readers:
            os.unlink(reader.index_file)
        if delete_old_folders:
            for old in dict.fromkeys(os.path.dirname(reader.prefix) for reader in readers):
                if os.path.abspath(old) != os.path.abspath(folder):
                    files.remove_folder(old)


# --- reading ----------------------------------------------------------------------------------------------------------


class BundleReader:
    """Reads a checkpoint; every checksum is compared, and every size before memory is taken.

    Attributes:
      prefix: what its files begin with.
      shards: how many data files there are.

    Raises:
      NotFoundError: there is no such checkpoint.
      DataLossError: its index is damaged.
    """

    def __init__(self, prefix: str):
        self.prefix = prefix
        self._files: dict[int, Any] = {}
        self.index_file, self._number = _valid_index(prefix)
        items = _table(self.index_file)
        with decoding(self.index_file):
            if not items or items[0][0]:
                raise ValueError("it has no header")
            header = _pb().BundleHeaderProto.FromString(items[0][1])
            if header.num_shards < 0 or header.num_shards > 1 << 20:
                raise ValueError("it has no number of shards")
        self._items = dict(items[1:])
        if header.endianness:
            raise errors.UnimplementedError(None, None, "Reading a bundle with different endianness from the reader")
        if header.version.min_consumer > _VERSION:
            raise errors.InvalidArgumentError(
                None, None, f"Checkpoint min consumer version {header.version.min_consumer} above current version "
                f"{_VERSION} for TensorFlow 1.15.0.  Please upgrade TensorFlow.")
        self.shards = header.num_shards

    def close(self) -> None:
        """Close its files."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def __enter__(self) -> BundleReader:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.close()

    def data_file(self, shard: int) -> str:
        """The path of a data file."""
        path = data_path(self.prefix, shard, self.shards)
        temporary = f"{path}{TEMPORARY}{self._number}"
        return temporary if self._number and os.path.exists(temporary) else path

    def names(self) -> list[str]:
        """The names of all tensors, sorted."""
        with decoding(self.index_file):
            return [name.decode() for name in self._items if name[:1] != b"\0"]

    def has(self, name: str) -> bool:
        return name.encode() in self._items

    def entries(self) -> list[bytes]:
        """The keys of all entries: names of tensors in UTF-8, and keys of their parts."""
        return list(self._items)

    def type_of(self, name: str) -> DType:
        """The type of a tensor.

        Raises:
          NotFoundError: there is no such tensor.
          DataLossError: its entry is damaged.
        """
        entry = self.entry(name.encode())
        with decoding(self.index_file):
            return dtype_of(entry.dtype)

    def shape_of(self, name: str) -> list[int]:
        """The shape of a tensor; see `type_of`."""
        entry = self.entry(name.encode())
        with decoding(self.index_file):
            return shape_of(entry.shape)

    def entry(self, name: bytes) -> Any:
        """What the index says of a key, as a `BundleEntryProto`; see `type_of`."""
        data = self._items.get(name)
        if data is None:
            raise errors.NotFoundError(None, None, f"Key {name.decode(errors='replace')} not found in checkpoint")
        with decoding(self.index_file):
            return _pb().BundleEntryProto.FromString(data)

    def read(self, name: str, part: TensorSlice | None = None) -> np.ndarray:
        """A tensor, or a part of it (an object array of bytes for strings).

        Raises:
          NotFoundError: there is no such tensor.
          DataLossError: it is damaged.
          InvalidArgumentError: the part is not within the tensor.
        """
        entry = self.entry(name.encode())
        if not entry.slices:
            array = self._stored(entry)
            return array if part is None else np.array(array[self._within(part, array.shape)])
        shape = self.shape_of(name)
        wanted = self._within(TensorSlice.whole(len(shape)) if part is None else part, shape)
        pieces = []
        for proto in entry.slices:
            stored = TensorSlice.from_proto(proto)
            with decoding(self.index_file):
                place = stored.within(shape)
            common = [(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(place, wanted)]
            if all(start < stop for start, stop in common):
                if place == wanted:
                    return self._piece(name, stored, place)
                pieces.append((stored, place, common))
        covered = sum(_count([stop - start for start, stop in common]) for _, _, common in pieces)
        size = [s.stop - s.start for s in wanted]
        if covered < _count(size):
            raise errors.InvalidArgumentError(
                None, None, f"Does not have sufficient slices for partitioned tensor {name} to restore in slice_spec: "
                f"{TensorSlice.whole(len(shape)) if part is None else part}")
        result: Any = None
        for stored, place, common in pieces:
            array = self._piece(name, stored, place)
            result = np.empty(size, array.dtype) if result is None else result
            result[tuple(slice(start - w.start, stop - w.start) for (start, stop), w in zip(common, wanted))] = array[
                tuple(slice(start - p.start, stop - p.start) for (start, stop), p in zip(common, place))]
        return result

    def _piece(self, name: str, stored: TensorSlice, place: tuple[slice, ...]) -> np.ndarray:
        array = self._stored(self.entry(key(name, stored)))
        if array.shape != tuple(s.stop - s.start for s in place):
            raise errors.DataLossError(None, None, f"The checkpoint {self.prefix} is damaged: a part of {name} is not "
                                       "of the size that its index says.")
        return array

    def _within(self, part: TensorSlice, shape: Sequence[int]) -> tuple[slice, ...]:
        try:
            return part.within(shape)
        except ValueError as error:
            raise errors.InvalidArgumentError(None, None, str(error)) from None

    def _stored(self, entry: Any) -> np.ndarray:
        """The tensor of an entry that has data of its own."""
        with decoding(self.index_file):
            dtype, shape = dtype_of(entry.dtype), shape_of(entry.shape)
            if not 0 <= entry.shard_id < self.shards or entry.offset < 0 or entry.size < 0:
                raise ValueError("an entry names no place in its data files")
        path = self.data_file(entry.shard_id)
        with as_tensorflow(path):
            file = self._files.get(entry.shard_id)
            if file is None:
                file = self._files[entry.shard_id] = open(path, "rb", buffering=0)  # noqa: SIM115  # see `close`
            if entry.offset + entry.size > os.fstat(file.fileno()).st_size:
                raise errors.DataLossError(None, None, f"Requested {entry.size} bytes at offset {entry.offset} of "
                                           f"{path}, which is too short: it is cut off.")
            with decoding(self.index_file):
                count, size = _count(shape), np.dtype(dtype.as_numpy_dtype).itemsize
                if dtype is dtypes.string:
                    if count + 4 > entry.size:
                        raise ValueError("an entry is too small for its shape")
                elif dtype.kind == "O" or count * size != entry.size:
                    raise ValueError("an entry is not of the size that its shape and type say")
            content = np.empty(entry.size, np.uint8)
            memory: Any = content
            file.seek(entry.offset)
            done = 0
            while done < entry.size:
                read = file.readinto(memoryview(memory)[done:done + (1 << 30)])
                if not read:
                    raise errors.DataLossError(None, None, f"{path} is cut off.")
                done += read
        readable = content.view()
        readable.flags.writeable = False
        if dtype is dtypes.string:
            return self._strings(readable.tobytes(), shape, entry)
        self._check(crc32c.value(readable), entry)
        return plain(content.view(dtype.as_numpy_dtype)).reshape(shape)

    def _check(self, crc: int, entry: Any) -> None:
        stored = crc32c.unmasked(entry.crc32c)
        if crc != stored:
            path = self.data_file(entry.shard_id)
            raise errors.DataLossError(None, None, "Checksum does not match: stored "
                                       f"{stored} vs. calculated on the restored bytes {crc}\nThe file {path} is "
                                       "damaged: restore an earlier checkpoint.")

    def _strings(self, data: bytes, shape: list[int], entry: Any) -> np.ndarray:
        count = _count(shape)
        lengths, position = [], 0
        with decoding(self.data_file(entry.shard_id)):
            for _ in range(count):
                length, position = read_varint(data, position)
                lengths.append(length)
            if position + 4 + sum(lengths) != len(data):
                raise ValueError("the lengths of strings do not fit their size")
        crc = crc32c.value(b"".join(map(_fixed, lengths)))
        if crc32c.masked(crc) != struct.unpack_from("<I", data, position)[0]:
            raise errors.DataLossError(None, None, "The length checksum does not match: expected "
                                       f"{crc} but got {crc32c.unmasked(struct.unpack_from('<I', data, position)[0])}\n"
                                       f"The file {self.data_file(entry.shard_id)} is damaged.")
        self._check(crc32c.extend(crc, data[position:]), entry)
        position += 4
        flat = np.empty(count, object)
        for index, length in enumerate(lengths):
            flat[index] = data[position:position + length]
            position += length
        return flat.reshape(shape)


def _table(path: str) -> list[tuple[bytes, bytes]]:
    with as_tensorflow(path), open(path, "rb") as file:
        data = file.read()
    try:
        return sstable.decode(data)
    except sstable.NoTable as error:
        raise errors.DataLossError(None, None, f"{error}\nThe file {path} is no index of a checkpoint, or it is cut "
                                   "off.") from None
    except sstable.DamagedTable as error:
        raise errors.DataLossError(
            None, None, f"Unable to read file ({path}). Perhaps the file is corrupt or was produced by a newer version "
            f"of TensorFlow with format changes (failed to seek to header entry): {error}\nRestore an earlier "
            "checkpoint.") from None


@contextlib.contextmanager
def decoding(path: str) -> Any:
    """What cannot be understood in a file is a DataLossError."""
    from google.protobuf.message import DecodeError

    try:
        yield
    except (ValueError, TypeError, DecodeError) as error:
        raise errors.DataLossError(None, None, f"The file {path} is damaged: {error}") from None


def dtype_of(number: int) -> DType:
    """The type that a file calls by its number.

    Raises:
      TypeError: no values of it can be in a file.
    """
    dtype = dtypes.as_dtype(number)
    if dtype.kind == "O" and dtype is not dtypes.string or dtype._is_ref_dtype:
        raise TypeError(f"it holds a tensor of type {dtype.name}")
    return dtype


def shape_of(proto: Any) -> list[int]:
    """A fully known shape.

    Raises:
      ValueError: it is not.
    """
    shape = [dim.size for dim in proto.dim]
    if proto.unknown_rank or any(dim < 0 for dim in shape) or len(shape) > 254 or _count(shape) >= 1 << 62:
        raise ValueError("it holds a tensor of unknown or impossible shape")
    return shape


def _count(shape: Iterable[int]) -> int:
    count = 1
    for dim in shape:
        count *= dim
    return count


# --- saves that died --------------------------------------------------------------------------------------------------


def _valid_index(prefix: str) -> tuple[str, str]:
    """The index file that counts, and the number of its temporary files: "" where it has its own name."""
    for path in glob.glob(glob.escape(index_path(prefix)) + TEMPORARY + "*"):
        number = path[len(index_path(prefix)) + len(TEMPORARY):]
        if has_begun(prefix, number):
            return path, number
    return index_path(prefix), ""


def has_begun(prefix: str, number: str) -> bool:
    """Whether the save whose index still has a temporary name has begun to rename its data files.

    The index is written when all data files are on the disk, so one that is missing has been renamed.
    """
    left = glob.glob(f"{glob.escape(prefix)}.data-*{TEMPORARY}{number}")
    if not left:
        return True
    match = _DATA.search(left[0][:-len(TEMPORARY + number)])
    return match is not None and len(left) < int(match[2])


def complete(prefix: str, number: str) -> None:
    """Finish the renames of a save that died among them."""
    for path in glob.glob(f"{glob.escape(prefix)}.data-*{TEMPORARY}{number}"):
        os.replace(path, path[:-len(TEMPORARY + number)])
    os.replace(index_path(prefix) + TEMPORARY + number, index_path(prefix))


def _sweep(folder: str) -> None:
    """Finish the saves in a folder that died among their renames, and remove what others left."""
    for path in glob.glob(os.path.join(glob.escape(folder), f"*.index{TEMPORARY}*")):
        prefix, _, number = path.rpartition(f".index{TEMPORARY}")
        with contextlib.suppress(OSError):  # another process was faster
            if not files.is_dead(path):
                continue
            if has_begun(prefix, number):
                complete(prefix, number)
            else:  # before its data files: without them it would count
                os.unlink(path)
    files.sweep(folder)
