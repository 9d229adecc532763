"""Messages of any type as tensors and back: their types come from descriptors that the program gives."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base import messages as protos
from tfmagic.base.dtypes import DType
from tfmagic.base.errors import invalid
from tfmagic.base.shapes import Dims
from tfmagic.formats import gfile, wire
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.declare import op
from tfmagic.ops.denormals import kept
from tfmagic.ops.strings.rules import HOST_STRINGS, raw_bytes
from tfmagic.ops.torch_types import as_torch

_LOCAL, _IN_PLACE = b"local://", b"bytes://"
# By the C++ type of a field, as descriptors count them: the types of tensors that hold it.
_TENSORS = {1: ("int32", "int64"), 2: ("int64",), 3: ("uint32", "uint64"), 4: ("uint64",), 5: ("float64",),
            6: ("float32", "float64"), 7: ("bool",), 8: ("int32",), 9: ("string",), 10: ("string",)}
# By the type of a field.
_NAMES = ("", "double", "float", "int64", "uint64", "int32", "fixed64", "fixed32", "bool", "string", "group", "message",
          "bytes", "uint32", "enum", "sfixed32", "sfixed64", "sint32", "sint64")


@functools.lru_cache(maxsize=64)
def _descriptor(source: bytes, name: str) -> Any:
    """The descriptor of a message type.

    Raises:
      InvalidArgumentError: the source is no file of descriptors, or has no such type.
    """
    from google.protobuf import descriptor_pb2, descriptor_pool
    from google.protobuf.message import DecodeError

    found = None
    if source == _LOCAL:
        found = _local(name)
    elif source:
        content = source.removeprefix(_IN_PLACE) if source.startswith(_IN_PLACE) else _content(source)
        pool = descriptor_pool.DescriptorPool()
        try:
            files = list(descriptor_pb2.FileDescriptorSet.FromString(content).file)
        except DecodeError:
            raise invalid("Source does not represent serialized file descriptor set proto.") from None
        _add_all(pool, files)
        found = _named(pool, name)
    if found is None:
        raise invalid(f"No descriptor found for message type {name}")
    return found


def _content(source: bytes) -> bytes:
    try:
        with gfile.GFile(source.decode("utf-8", "surrogateescape"), "rb") as file:
            return file.read()
    except errors.OpError:
        return b"\xff"  # TensorFlow says of a file that is not there what it says of one that holds something else


def _add_all(pool: Any, files: list[Any]) -> None:
    """Add files to a pool, each after those that it uses."""
    by_name = {file.name: file for file in files}

    def add(name: str) -> None:
        file = by_name.pop(name, None)
        if file is not None:
            for used in file.dependency:
                add(used)
            pool.Add(file)

    for file in files:
        add(file.name)


def _named(pool: Any, name: str) -> Any:
    try:
        return pool.FindMessageTypeByName(name)
    except KeyError:
        return None


def _local(name: str) -> Any:
    """A type of this process; TensorFlow's own stand in packages of other names."""
    from google.protobuf import descriptor_pool

    pool = descriptor_pool.Default()
    own = name.removeprefix("tensorflow.")
    found = _named(pool, name)
    if found is None and own != name:
        _know_all()
        found = _named(pool, f"tfmagic.{own}") or _named(pool, f"tensorboard.{own}")
    return found


@functools.cache
def _know_all() -> None:
    """Let protobuf know all of TensorFlow's messages."""
    for name in protos.names():
        protos.module(name)


def _fields(op: Any) -> tuple[Any, list[Any]]:
    """The message type of a node, and the descriptors of its fields."""
    kind = _descriptor(raw_bytes(op.descriptor_source), _text(op.message_type))
    found = []
    for name in op.field_names:
        field = kind.fields_by_name.get(_text(name))
        if field is None:
            raise invalid(f"Unknown field: {_text(name)} in message type {kind.full_name}")
        found.append(field)
    return kind, found


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value


@op("DecodeProtoV2", **HOST_STRINGS)
class DecodeProtoV2:
    """Serialized messages -> how often each field is there, and what the fields say, padded to the longest."""

    def shape(op, bytes):
        if bytes is None:
            return None, [None] * len(op.output_types)
        return (*bytes, len(op.output_types)), [(*bytes, None)] * len(op.output_types)

    @kept
    def kernel(op, bytes):
        if len(op.field_names) != len(op.output_types):
            raise invalid("field_names and output_types attributes must have the same length")
        kind, fields = _fields(op)
        for field, dtype in zip(fields, op.output_types):
            if dtype.name not in _TENSORS[field.cpp_type]:
                raise invalid(f"Unexpected output type for {field.full_name}: {field.cpp_type} to "
                              f"{dtype.as_datatype_enum}")
        form = _text(op.message_format)
        if form not in ("binary", "text"):
            raise invalid("format must be one of binary or text")
        given = as_array(bytes)
        if not given.size:
            raise invalid("Bufs argument must contain at least one value")
        # Of a field that is asked for twice TensorFlow fills the last tensor only.
        place = {field.number: index for index, field in enumerate(fields)}
        found = [_read(_binary(item, kind, form, op.sanitize), fields, place) for item in given.ravel().tolist()]
        sizes = np.array([[len(values) for values in message] for message in found], np.int32)
        return (as_torch(sizes.reshape((*given.shape, len(fields))), op.sizes._dtype),
                *(_padded([message[index] for message in found], field, dtype, given.shape)
                  for index, (field, dtype) in enumerate(zip(fields, op.output_types))))


def _binary(item: bytes, kind: Any, form: str, sanitize: bool) -> bytes:
    """A message as it is read: text becomes binary, and a message of doubtful origin is written anew."""
    from google.protobuf import message_factory, text_format
    from google.protobuf.message import DecodeError

    if form == "binary" and not sanitize:
        return item
    message = message_factory.GetMessageClass(kind)()
    try:
        if form == "text":
            text_format.Parse(item, message)
        else:
            message.ParseFromString(item)
    except (text_format.ParseError, DecodeError, UnicodeDecodeError):
        raise errors.DataLossError(None, None, f"Unable to parse {form} protobuf") from None
    return message.SerializePartialToString(deterministic=True)


def _read(content: bytes, fields: list[Any], place: dict[int, int]) -> list[list[Any]]:
    """What each of the fields says in a message; of one that is there once at most, the last counts."""
    found: list[list[Any]] = [[] for _ in fields]
    try:
        for number, kind, value in wire.fields(content):
            index = place.get(number)
            if index is None:
                continue
            field, values = fields[index], found[index]
            if kind == wire.wire_of(field.type):
                values.append(wire.decoded(field.type, value))
            elif kind == wire.BYTES:
                try:
                    values.extend(wire.unpacked(field.type, value))
                except wire.Malformed:
                    raise errors.DataLossError(None, None, "Corrupt packed varint") from None
            if not _repeats(field):
                del values[:-1]
    except wire.Malformed as error:
        raise errors.DataLossError(None, None, _broken(error, fields, place)) from None
    return found


def _repeats(field: Any) -> bool:
    """Whether a field may be there more than once; protobuf 7 no longer knows labels."""
    return field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED


def _broken(error: wire.Malformed, fields: list[Any], place: dict[int, int]) -> str:
    """TensorFlow's words for bytes that are no field."""
    if not error.number:
        return "CountFields: Failed to consume entire buffer"
    index = place.get(error.number)
    if index is None:
        return "Failed skipping unrequested field"
    if error.wire == wire.wire_of(fields[index].type):
        return "ReadValue: Failed skipping field when counting"
    if error.wire == wire.BYTES:
        return "ReadPackedValues: Skipping packed field failed"
    return "CollectField: Failed skipping malformed field"


def _padded(rows: list[list[Any]], field: Any, dtype: DType, batch: tuple[int, ...]) -> Any:
    """One field of all messages as a tensor, one value wide at least."""
    width = max(1, *map(len, rows))
    missing: Any = b"" if dtype.kind == "O" else 0
    if not _repeats(field) and field.cpp_type != field.CPPTYPE_MESSAGE:
        missing = field.default_value.encode() if isinstance(field.default_value, str) else field.default_value
    items = [value for row in rows for value in [*row, *[missing] * (width - len(row))]]
    if dtype.kind == "O":
        return objects(items, (*batch, width))
    return as_torch(np.array(items, dtype.as_numpy_dtype).reshape((*batch, width)), dtype)


@op("EncodeProto", check=lambda op, *dims: "", **HOST_STRINGS)
class EncodeProto:
    """How often each field is there, and what the fields say -> serialized messages."""

    def shape(op, sizes, values):
        batch: Dims = None
        for dims in values:
            known = shape_rules.with_rank_at_least(dims, 2)
            batch = shapes.merge_in_words(batch, None if known is None else known[:-1])
        return batch

    @kept
    def kernel(op, sizes, values):
        if len(values) != len(op.field_names):
            raise invalid("Length of inputs list must match field_names")
        _, fields = _fields(op)
        for field, dtype in zip(fields, op.Tinput_types):
            if dtype.name not in _TENSORS[field.cpp_type]:
                raise invalid(f"Incompatible type for field {field.name}.  Saw dtype: {dtype.proto_name} but "
                              f"field type is: {_NAMES[field.type]}")
        arrays = [as_array(value) for value in values]
        for field, array in zip(fields, arrays):
            if array.ndim < 2:
                raise invalid(f"Invalid shape for field {field.name}.  Saw shape {shapes.brackets(array.shape)} but it "
                              "should be at least a matrix.")
        batch = arrays[0].shape[:-1]
        if any(array.shape[:-1] != batch for array in arrays):
            raise invalid("Values must match up to the last dimension")
        counts = as_array(sizes)
        if counts.shape != (*batch, len(fields)):
            raise invalid("sizes should be batch_size + [len(field_names)].  Saw: "
                          f"{shapes.brackets(counts.shape)} but expected: {shapes.brackets((*batch, len(fields)))}")
        rows = math.prod(batch)
        return objects(list(_written(fields, counts.reshape(rows, len(fields)),
                                     [array.reshape(rows, array.shape[-1]) for array in arrays])), batch)


def _written(fields: list[Any], counts: np.ndarray, tables: list[np.ndarray]) -> Iterator[bytes]:
    """The messages of a batch, fields in the order of their numbers."""
    order = sorted(range(len(fields)), key=lambda index: fields[index].number)
    for row, sizes in enumerate(counts.tolist()):
        parts = []
        for index in order:
            given, size = tables[index][row], sizes[index]
            if size > len(given):
                raise invalid(f"Size to write must not be larger than value tensor; but saw: {size} > {len(given)} at "
                              f"message {row} field {index}")
            parts.append(_field_bytes(fields[index], given[:max(size, 0)].tolist()))
        yield b"".join(parts)


def _field_bytes(field: Any, values: list[Any]) -> bytes:
    contents = [wire.encoded(field.type, value) for value in values]
    if field.GetOptions().packed and contents:
        content = b"".join(contents)
        return wire.tag_bytes(field.number, wire.BYTES) + wire.varint_bytes(len(content)) + content
    tag = wire.tag_bytes(field.number, wire.wire_of(field.type))
    return b"".join(tag + content for content in contents)
