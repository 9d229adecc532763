"""Bytes and characters: base64, raw numbers in bytes, and Unicode encodings."""

from __future__ import annotations

import base64
import binascii
import string
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
from tfmagic.ops.declare import op, register
from tfmagic.ops.strings import characters
from tfmagic.ops.strings.rules import HOST_STRINGS, each_string

_DIGITS = string.ascii_letters.encode() + b"0123456789-_"
_OTHERWISE = bytes.maketrans(b"-_", b"+/")  # Python's digits

each_string("EncodeBase64", lambda op, s: _encoded(s, op.pad))
register("DecodeBase64", shape_rules.same, lambda op, x: objects(_decoded(x.ravel().tolist()), x.shape), **HOST_STRINGS)


def _encoded(text: bytes, pad: bool) -> bytes:
    result = base64.urlsafe_b64encode(text)
    return result if pad else result.rstrip(b"=")


def _decoded(texts: list[bytes]) -> list[bytes]:
    if b"".join(texts).translate(None, _DIGITS) or any(len(text) % 4 == 1 for text in texts):
        texts = list(map(_without_padding, texts))
    return [binascii.a2b_base64(text.translate(_OTHERWISE) + b"=" * (-len(text) % 4)) for text in texts]


def _without_padding(text: bytes) -> bytes:
    """The digits of a string in base64.

    Raises:
      InvalidArgumentError: it is none.
    """
    last = (len(text) - 1) // 4 * 4  # the last four characters, of which two may be padding, or what is left of four
    if text[:last].translate(None, _DIGITS):
        raise invalid("Invalid character found in base64.")
    if len(text) - last == 1:
        raise invalid("Base64 string length cannot be 1 modulo 4.")
    body = text.removesuffix(b"=").removesuffix(b"=") if len(text) % 4 == 0 else text
    if body.translate(None, _DIGITS):
        raise invalid("Invalid character found in base64.")
    return body


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

def _refused_character(op: Any, *dims: Any) -> str | None:
    return None if 0 <= op.replacement_char < 0x110000 else "replacement_char out of unicode codepoint range"


@op("UnicodeTranscode", check=_refused_character, **HOST_STRINGS)
class UnicodeTranscode:
    """Each string in another encoding."""

    shape = shape_rules.same

    def kernel(op, x):
        return objects(characters.transcoded(op, x.ravel().tolist()), x.shape)


def _points_of(op: Any, x: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    splits, *others = characters.points_of(op, x.ravel().tolist())
    return (splits.astype(op.Tsplits.as_numpy_dtype), *others)


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
        points, ends = as_array(values), as_array(splits).clip(0).tolist()[1:]
        if max(ends, default=0) > len(points):  # TensorFlow reads what is not there
            raise invalid(f"input_splits must not exceed {len(points)}, the number of values")
        return objects(characters.encoded(op, points, ends), (len(ends),))


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
