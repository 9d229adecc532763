"""Hashes of strings, equal to TensorFlow's bit for bit: FarmHash fingerprints, SipHash, and its old 64-bit hash."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import shapes
from tfmagic.base.errors import invalid
from tfmagic.base.export import export
from tfmagic.base.hash64 import MASK, SEED, hash64, word
from tfmagic.base.lazy import torch
from tfmagic.base.machine import hashes
from tfmagic.graph.operation import Tensor
from tfmagic.graph.static_value import static_value
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.rules import as_array
from tfmagic.ops.declare import op, register
from tfmagic.ops.strings.rules import HOST_STRINGS

K0, K1, K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def rotated(value: int, shift: int) -> int:
    """Rotate to the right."""
    return ((value >> shift) | (value << (64 - shift))) & MASK


def mixed(value: int) -> int:
    """A number whose upper bits are mixed into the lower ones."""
    return value ^ (value >> 47)


def of_pair(u: int, v: int, mul: int) -> int:
    """One number from two."""
    a = mixed(((u ^ v) * mul) & MASK)
    b = mixed(((v ^ a) * mul) & MASK)
    return (b * mul) & MASK


def _half(s: bytes, at: int) -> int:
    return int.from_bytes(s[at:at + 4], "little")


def fingerprint64(s: bytes) -> int:
    """FarmHash's 64-bit fingerprint."""
    n = len(s)
    if n <= 16:
        return up_to_16(s, n)
    mul = K2 + n * 2
    if n <= 32:
        a, b = word(s, 0) * K1, word(s, 8)
        c, d = word(s, n - 8) * mul, word(s, n - 16) * K2
        return of_pair((rotated((a + b) & MASK, 43) + rotated(c & MASK, 30) + d) & MASK,
                     (a + rotated((b + K2) & MASK, 18) + c) & MASK, mul)
    if n <= 64:
        return _up_to_64(s, n, mul)
    return _long(s, n)


_remembered = functools.lru_cache(1 << 14)(fingerprint64)
_SHORT = 64


def fingerprints(strings: np.ndarray) -> np.ndarray:
    """FarmHash's 64-bit fingerprints of a vector of bytes, as uint64.

    Those of short strings, as columns of words have, are computed by machine code, or remembered.
    """
    found = hashes.of_strings("fingerprint", strings)
    if found is not None:
        return found
    texts = strings.tolist()
    function = _remembered if len(b"".join(texts)) <= _SHORT * len(texts) else fingerprint64
    return np.fromiter(map(function, texts), np.uint64, len(texts))


def up_to_16(s: bytes, n: int) -> int:
    """The fingerprint of a string of up to 16 bytes."""
    if n >= 8:
        mul = K2 + n * 2
        a, b = (word(s, 0) + K2) & MASK, word(s, n - 8)
        c = (rotated(b, 37) * mul + a) & MASK
        d = ((rotated(a, 25) + b) * mul) & MASK
        return of_pair(c, d, mul)
    if n >= 4:
        return of_pair((n + (_half(s, 0) << 3)) & MASK, _half(s, n - 4), K2 + n * 2)
    if n > 0:
        y = s[0] + (s[n >> 1] << 8)
        z = n + (s[n - 1] << 2)
        return (mixed((y * K2 ^ z * K0) & MASK) * K2) & MASK
    return K2


def _up_to_64(s: bytes, n: int, mul: int) -> int:
    a, b = (word(s, 0) * K2) & MASK, word(s, 8)
    c, d = (word(s, n - 8) * mul) & MASK, word(s, n - 16) * K2
    y = (rotated((a + b) & MASK, 43) + rotated(c, 30) + d) & MASK
    z = of_pair(y, (a + rotated((b + K2) & MASK, 18) + c) & MASK, mul)
    e, f = (word(s, 16) * mul) & MASK, word(s, 24)
    g = ((y + word(s, n - 32)) * mul) & MASK
    h = ((z + word(s, n - 24)) * mul) & MASK
    return of_pair((rotated((e + f) & MASK, 43) + rotated(g, 30) + h) & MASK,
                 (e + rotated((f + a) & MASK, 18) + g) & MASK, mul)


def weak(s: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    """32 bytes and two seeds as two numbers."""
    w, x, y, z = (word(s, at + offset) for offset in (0, 8, 16, 24))
    a = (a + w) & MASK
    b = rotated((b + a + z) & MASK, 21)
    c = a
    a = (a + x + y) & MASK
    b = (b + rotated(a, 44)) & MASK
    return (a + z) & MASK, (b + c) & MASK


def _long(s: bytes, n: int) -> int:
    seed = 81
    y = (seed * K1 + 113) & MASK
    z = (mixed((y * K2 + 113) & MASK) * K2) & MASK
    v = w = (0, 0)
    x = (seed * K2 + word(s, 0)) & MASK
    end = (n - 1) // 64 * 64
    for at in range(0, end, 64):
        x, y, z, v, w = _round(s, at, x, y, z, v, w, K1, 1)
    mul = (K1 + ((z & 0xFF) << 1)) & MASK
    w = ((w[0] + ((n - 1) & 63)) & MASK, w[1])
    v = ((v[0] + w[0]) & MASK, v[1])
    w = ((w[0] + v[0]) & MASK, w[1])
    x, y, z, v, w = _round(s, n - 64, x, y, z, v, w, mul, 9)
    return of_pair((of_pair(v[0], w[0], mul) + mixed(y) * K0 + z) & MASK, (of_pair(v[1], w[1], mul) + x) & MASK, mul)


def _round(s: bytes, at: int, x: int, y: int, z: int, v: tuple[int, int], w: tuple[int, int], mul: int,
           weight: int) -> tuple[int, int, int, tuple[int, int], tuple[int, int]]:
    """One block of 64 bytes mixed into the state."""
    x = (rotated((x + y + v[0] + word(s, at + 8)) & MASK, 37) * mul) & MASK
    y = (rotated((y + v[1] + word(s, at + 48)) & MASK, 42) * mul) & MASK
    x ^= (w[1] * weight) & MASK
    y = (y + v[0] * weight + word(s, at + 40)) & MASK
    z = (rotated((z + w[0]) & MASK, 33) * mul) & MASK
    v = weak(s, at, (v[1] * mul) & MASK, (x + w[0]) & MASK)
    w = weak(s, at + 32, (z + w[1]) & MASK, (y + word(s, at + 16)) & MASK)
    return z, y, x, v, w


def _buckets(hashed: np.ndarray, count: int) -> Any:
    return torch.from_numpy(np.asarray(hashed % np.uint64(count)).view(np.int64))


def hashes64(x: np.ndarray) -> np.ndarray:
    """TensorFlow's old hashes of strings of any shape, as uint64."""
    return _each("old", x, (SEED, 0), hash64)


def siphashes(key: tuple[int, int], x: np.ndarray) -> np.ndarray:
    """The keyed hashes of strings of any shape, as uint64."""
    return _each("keyed", x, key, functools.partial(siphash, key))


def _each(name: str, x: np.ndarray, key: tuple[int, int], one: Callable[[bytes], int]) -> np.ndarray:
    found = hashes.of_strings(name, x.ravel(), key)
    return (np.fromiter(map(one, x.ravel().tolist()), np.uint64, x.size) if found is None else found).reshape(x.shape)


def siphash(key: tuple[int, int], s: bytes) -> int:
    """SipHash-2-4 with a key of two 64-bit numbers."""
    v = [part ^ start for part, start in zip(key * 2, hashes.SIP)]
    whole = len(s) // 8 * 8
    words = list(struct.unpack(f"<{whole // 8}Q", s[:whole]))
    words.append(int.from_bytes(s[whole:] + b"\0" * (7 - len(s) % 8), "little") | (len(s) & 0xFF) << 56)
    for number in words:
        v[3] ^= number
        _sip_rounds(v, 2)
        v[0] ^= number
    v[2] ^= 0xFF
    _sip_rounds(v, 4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _sip_rounds(v: list[int], count: int) -> None:
    a, b, c, d = v
    for _ in range(count):
        a = (a + b) & MASK
        c = (c + d) & MASK
        b = rotated(b, 64 - 13) ^ a
        d = rotated(d, 64 - 16) ^ c
        a = rotated(a, 32)
        c = (c + b) & MASK
        a = (a + d) & MASK
        b = rotated(b, 64 - 17) ^ c
        d = rotated(d, 64 - 21) ^ a
        c = rotated(c, 32)
    v[:] = a, b, c, d


register("StringToHashBucket", shape_rules.same, lambda op, x: _buckets(hashes64(x), op.num_buckets), **HOST_STRINGS)


@op("StringToHashBucketFast", **HOST_STRINGS)
class StringToHashBucketFast:
    """The bucket of each string by its fingerprint."""

    shape = shape_rules.same

    def kernel(op, x):
        return _buckets(fingerprints(x.ravel()).reshape(x.shape), op.num_buckets)


@op("StringToHashBucketStrong", **HOST_STRINGS)
class StringToHashBucketStrong:
    """The bucket of each string by a keyed hash, for strings that somebody may choose with intent."""

    shape = shape_rules.same

    def kernel(op, x):
        if len(op.key) != 2:
            raise invalid("Key must have 2 elements")
        key = (op.key[0] & MASK, op.key[1] & MASK)
        return _buckets(siphashes(key, x), op.num_buckets)


def _refused_fingerprint(op: Any, data: Any, method: Any) -> str | None:
    if method:
        return f"`method` should be a scalar string: {shapes.brackets(method)}"
    return None if data else "`data` should have at least one dimension: []"


@op("Fingerprint", host="method", check=_refused_fingerprint, **HOST_STRINGS)
class Fingerprint:
    """The fingerprints of the rows of a tensor, eight bytes each."""

    def shape(op, data, method):
        shape_rules.with_rank_at_least(data, 1)
        shape_rules.with_rank(method, 0)
        name = static_value(op.method)
        if name is None:
            return None if data is None else data[0], None
        if name != b"farmhash64":
            raise ValueError(f"Unsupported method: {name[()].decode(errors='replace')}")
        return (None if data is None else data[0], 8)

    def kernel(op, data, method):
        name = np.asarray(method).reshape(-1)[0]
        if name != b"farmhash64":
            raise invalid(f"Unsupported fingerprint method: {name.decode(errors='replace')}")
        array = as_array(data)
        rows = array.reshape(len(array), -1)
        if array.dtype == object:
            if array.ndim == 1:
                marks = [fingerprint64(row[0]) for row in rows]
            else:
                marks = [fingerprint64(b"".join(fingerprint64(s).to_bytes(8, "little") for s in row)) for row in rows]
        else:
            marks = [fingerprint64(row.tobytes()) for row in rows]
        return torch.from_numpy(np.array(marks, "<u8").reshape(-1, 1).view(np.uint8).copy())


# --- public functions -------------------------------------------------------------------------------------------


@export("strings.to_hash_bucket")
def to_hash_bucket(string_tensor: Any = None, num_buckets: int | None = None, name: str | None = None,
                   input: Any = None) -> Tensor:
    """The bucket of each string, a number under `num_buckets`.

    Args:
      string_tensor: string tensor (also called `input`).
      num_buckets: how many buckets there are.

    Returns:
      An int64 tensor of the same shape.
    """
    from tfmagic.base.deprecation import deprecated_argument_lookup

    string_tensor = deprecated_argument_lookup("input", input, "string_tensor", string_tensor)
    return raw.string_to_hash_bucket(string_tensor, num_buckets, name=name)


@export("fingerprint")
def fingerprint(data: Any, method: Any = "farmhash64", name: str | None = None) -> Tensor:
    """The fingerprints of the rows of a tensor: uint8 of shape [rows, 8]."""
    return raw.fingerprint(data, method, name)
