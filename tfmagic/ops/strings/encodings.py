"""Bytes and characters: base64, raw numbers in bytes, and Unicode encodings."""

from __future__ import annotations

import base64
import itertools
import re
from typing import Any

import numpy as np

from tfmagic.base import shapes
from tfmagic.base.deprecation import deprecated_args, deprecated_argument_lookup
from tfmagic.base.errors import invalid
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.declare import op
from tfmagic.ops.strings.rules import HOST_STRINGS, each_string, strings

_BASE64 = re.compile(rb"[A-Za-z0-9_-]*")

each_string("EncodeBase64", lambda op, s: _encoded(s, op.pad))
each_string("DecodeBase64", lambda op, s: _decoded(s))


def _encoded(text: bytes, pad: bool) -> bytes:
    result = base64.urlsafe_b64encode(text)
    return result if pad else result.rstrip(b"=")


def _decoded(text: bytes) -> bytes:
    last = (len(text) - 1) // 4 * 4  # the last four characters, of which two may be padding, or what is left of four
    if not _BASE64.fullmatch(text[:last]):
        raise invalid("Invalid character found in base64.")
    if len(text) - last == 1:
        raise invalid("Base64 string length cannot be 1 modulo 4.")
    body = text.removesuffix(b"=").removesuffix(b"=") if len(text) % 4 == 0 else text
    if not _BASE64.fullmatch(body):
        raise invalid("Invalid character found in base64.")
    return base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4))


@op("DecodeRaw", **HOST_STRINGS)
class DecodeRaw:
    """The numbers that the bytes of each string are; all strings must be equally long."""

    def shape(op, x):
        return None if x is None else (*x, None)

    def kernel(op, x):
        kind = np.dtype(op.out_type.as_numpy_dtype)
        items = x.ravel().tolist()
        if not items:
            return torch.from_numpy(np.empty((*x.shape, 0), kind))
        size = len(items[0])
        for index, item in enumerate(items):
            if len(item) != size:
                raise invalid("DecodeRaw requires input strings to all be the same size, but element "
                              f"{index} has size {size} != {len(item)}")
        if size % kind.itemsize:
            raise invalid(f"Input to DecodeRaw has length {size} that is not a multiple of {kind.itemsize}, the size "
                          f"of {op.out_type.proto_name}")
        array = np.frombuffer(b"".join(items), np.uint8).reshape(-1, kind.itemsize)
        # Of a complex number TensorFlow turns all bytes round, not those of its halves.
        array = (array if op.little_endian else array[:, ::-1]).copy().view(kind)
        return torch.from_numpy(array.reshape(*x.shape, size // kind.itemsize))


@op("DecodePaddedRaw", host="fixed_length", check=lambda op, x, fixed_length:
    f"k must be scalar, got shape {shapes.brackets(fixed_length)}" if fixed_length else None, **HOST_STRINGS)
class DecodePaddedRaw:
    """The numbers that the first bytes of each string are; shorter strings are filled up with zeros."""

    def shape(op, x, fixed_length):
        size = shape_rules.size_value(op.fixed_length, 1)
        if size is not None and size % op.out_type.size:
            raise ValueError(f"Dimension size must be evenly divisible by {op.out_type.size} but is {size}")
        return None if x is None else (*x, None if size is None else size // op.out_type.size)

    def kernel(op, x, fixed_length):
        kind = np.dtype(op.out_type.as_numpy_dtype)
        if fixed_length <= 0:
            raise invalid(f"fixed_length ({fixed_length}) must be greater than zero.")
        if fixed_length % kind.itemsize:
            raise invalid(f"fixed_length ({fixed_length}) must be a multiple of the size of out_type "
                          f"({kind.itemsize})")
        order = kind.newbyteorder("<" if op.little_endian else ">")
        body = b"".join(item[:fixed_length].ljust(fixed_length, b"\0") for item in x.ravel().tolist())
        return torch.from_numpy(np.frombuffer(body, order).astype(kind).reshape(
            *x.shape, fixed_length // kind.itemsize))


# --- Unicode ----------------------------------------------------------------------------------------------------

_HALVES = re.compile("[\ud800-\udfff]")
_CONTROLS = {*range(0x20), 0x7F, *range(0x80, 0xA0)}


def characters(op: Any, text: bytes) -> tuple[list[int], list[int]]:
    """The code points of a string and where each begins, as the attrs say to treat what is malformed."""
    encoding = op.input_encoding
    width = {"UTF-16-BE": 2, "UTF-16-LE": 2, "UTF-32-BE": 4, "UTF-32-LE": 4}.get(encoding.upper())
    points: list[int] = []
    starts: list[int] = []
    at = 0
    while at < len(text):
        rest = text[at:]
        try:
            good, bad = rest.decode(encoding), None
        except UnicodeDecodeError as error:
            good, bad = rest[:error.start].decode(encoding), error
        for character in good:
            points.append(ord(character))
            starts.append(at)
            at += len(character.encode(encoding)) if width is None or ord(character) > 0xFFFF else width
        if bad is None:
            break
        if op.errors == "strict":
            raise invalid("Invalid formatting on input string")
        if op.errors == "replace":
            points.append(op.replacement_char)
            starts.append(at)
        at += bad.end - bad.start
    if op.replace_control_characters:
        if op.errors == "ignore":
            kept = [(p, s) for p, s in zip(points, starts) if p not in _CONTROLS]
            points, starts = [p for p, _ in kept], [s for _, s in kept]
        else:
            points = [op.replacement_char if p in _CONTROLS else p for p in points]
    return points, starts


def _see_encoding(op: Any) -> None:
    try:
        "".encode(op.input_encoding)
    except LookupError:
        raise invalid(f"Could not create converter for input encoding: {op.input_encoding}") from None


def _encode_points(op: Any, points: list[int]) -> bytes:
    text = []
    for point in points:
        if 0 <= point < 0x110000:
            text.append(chr(point))
        elif op.errors == "strict":
            raise invalid("Code point value out of valid Unicode range.")
        elif op.errors == "replace":
            text.append(chr(op.replacement_char))
    if op.output_encoding == "UTF-8":  # halves of pairs have no bytes of their own
        return _HALVES.sub("\N{REPLACEMENT CHARACTER}", "".join(text)).encode()
    return "".join(text).encode(op.output_encoding, "surrogatepass")


def _refused_character(op: Any, *dims: Any) -> str | None:
    return None if 0 <= op.replacement_char < 0x110000 else "replacement_char out of unicode codepoint range"


@op("UnicodeTranscode", check=_refused_character, **HOST_STRINGS)
class UnicodeTranscode:
    """Each string in another encoding."""

    shape = shape_rules.same

    def kernel(op, x):
        _see_encoding(op)
        return strings(x, lambda s: _encode_points(op, characters(op, s)[0]))


def _points_of(op: Any, x: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the rows of code points begin, the code points, and the byte at which each begins."""
    _see_encoding(op)
    texts = x.ravel().tolist()
    body = b"".join(texts)
    if op.input_encoding.upper() == "UTF-8" and body.isascii() and not op.replace_control_characters:
        counts = np.fromiter(map(len, texts), np.int64, len(texts))
        splits = np.append(0, np.cumsum(counts))
        return (splits.astype(op.Tsplits.as_numpy_dtype), np.frombuffer(body, np.uint8).astype(np.int32),
                np.arange(len(body)) - np.repeat(splits[:-1], counts))
    rows = [characters(op, item) for item in texts]
    splits = np.cumsum([0, *(len(points) for points, _ in rows)])
    return (splits.astype(op.Tsplits.as_numpy_dtype), np.array([p for points, _ in rows for p in points], np.int32),
            np.array([s for _, starts in rows for s in starts], np.int64))


def _splits_dims(x: Any) -> Any:
    count = None
    if x is not None and None not in x:
        count = 1
        for d in x:
            count *= d
    return (None if count is None else count + 1,)


@op("UnicodeDecode", check=_refused_character, **HOST_STRINGS)
class UnicodeDecode:
    """The code points of all strings, and where each string's begin."""

    def shape(op, x):
        return _splits_dims(x), (None,)

    def kernel(op, x):
        return [torch.from_numpy(part) for part in _points_of(op, x)[:2]]

    def static(op, x):
        return _points_of(op, x)[:2]


@op("UnicodeDecodeWithOffsets", check=_refused_character, **HOST_STRINGS)
class UnicodeDecodeWithOffsets:
    """The code points of all strings, where each string's begin, and at which byte each character begins."""

    def shape(op, x):
        return _splits_dims(x), (None,), (None,)

    def kernel(op, x):
        return [torch.from_numpy(part) for part in _points_of(op, x)]

    def static(op, x):
        return _points_of(op, x)


@op("UnicodeEncode", check=_refused_character, **HOST_STRINGS)
class UnicodeEncode:
    """Strings from code points, cut at `input_splits`."""

    def shape(op, values, splits):
        shape_rules.with_rank(values, 1)
        dims = shape_rules.with_rank(splits, 1)
        return (None if dims[0] is None else shape_rules.less(dims[0], 1),)

    def kernel(op, values, splits):
        points, ends = as_array(values).tolist(), as_array(splits).clip(0).tolist()[1:]
        if max(ends, default=0) > len(points):  # TensorFlow reads what is not there
            raise invalid(f"input_splits must not exceed {len(points)}, the number of values")
        starts = itertools.accumulate(ends, max, initial=0)  # where one ends before the last, it is empty
        return objects([_encode_points(op, points[a:b]) for a, b in zip(starts, ends)], (len(ends),))


# --- public functions -------------------------------------------------------------------------------------------


@export("decode_raw")
@deprecated_args(None, "bytes is deprecated, use input_bytes instead", "bytes")
def decode_raw(input_bytes: Any = None, out_type: Any = None, little_endian: bool = True, name: str | None = None,
               bytes: Any = None) -> Tensor:
    """The numbers that the bytes of each string are.

    Args:
      input_bytes: string tensor, all strings equally long (also called `bytes`).
      out_type: the type of the numbers.
      little_endian: the order of the bytes of a number.

    Returns:
      A tensor of `out_type` with one axis more.

    Raises:
      ValueError: neither or both of `input_bytes` and `bytes` are given.
    """
    input_bytes = deprecated_argument_lookup("input_bytes", input_bytes, "bytes", bytes)
    if out_type is None:
        raise ValueError("decode_raw_v1() missing 1 positional argument: 'out_type'")
    return raw.decode_raw(input_bytes, out_type, little_endian=little_endian, name=name)
