"""FarmHash's 128-bit fingerprint, and the op that gives it."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.hash64 import MASK, word
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import brackets
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import op
from tfmagic.ops.strings.hashing import K0, K1, mixed, of_pair, rotated, up_to_16, weak
from tfmagic.ops.strings.rules import HOST_STRINGS

_MUL = 0x9DDFEA08EB382D69
_Pair = tuple[int, int]


def _joined(u: int, v: int) -> int:
    return of_pair(u & MASK, v & MASK, _MUL)


def fingerprint128(s: bytes) -> _Pair:
    """The lower and the upper half of the fingerprint."""
    if len(s) >= 16:
        return _seeded(s[16:], (word(s, 0), (word(s, 8) + K0) & MASK))
    return _seeded(s, (K0, K1))


def _seeded(s: bytes, seed: _Pair) -> _Pair:
    n = len(s)
    if n < 128:
        return _short(s, n, seed)
    x, y = seed
    z = (n * K1) & MASK
    v0 = (rotated(y ^ K1, 49) * K1 + word(s, 0)) & MASK
    v = v0, (rotated(v0, 42) * K1 + word(s, 8)) & MASK
    w = (rotated((y + z) & MASK, 35) * K1 + x) & MASK, (rotated((x + word(s, 88)) & MASK, 53) * K1) & MASK
    at = 0
    while n - at >= 128:
        for _ in range(2):
            x = (rotated((x + y + v[0] + word(s, at + 8)) & MASK, 37) * K1) & MASK
            y = (rotated((y + v[1] + word(s, at + 48)) & MASK, 42) * K1) & MASK
            x ^= w[1]
            y = (y + v[0] + word(s, at + 40)) & MASK
            z = (rotated((z + w[0]) & MASK, 33) * K1) & MASK
            v = weak(s, at, (v[1] * K1) & MASK, (x + w[0]) & MASK)
            w = weak(s, at + 32, (z + w[1]) & MASK, (y + word(s, at + 16)) & MASK)
            z, x = x, z
            at += 64
    x = (x + rotated((v[0] + z) & MASK, 49) * K0) & MASK
    y = (y * K0 + rotated(w[1], 37)) & MASK
    z = (z * K0 + rotated(w[0], 27)) & MASK
    w = (w[0] * 9) & MASK, w[1]
    v = (v[0] * K0) & MASK, v[1]
    done = 0
    while done < n - at:
        done += 32
        y = (rotated((x + y) & MASK, 42) * K0 + v[1]) & MASK
        w = (w[0] + word(s, n - done + 16)) & MASK, w[1]
        x = (x * K0 + w[0]) & MASK
        z = (z + w[1] + word(s, n - done)) & MASK
        w = w[0], (w[1] + v[0]) & MASK
        v = weak(s, n - done, (v[0] + z) & MASK, v[1])
        v = (v[0] * K0) & MASK, v[1]
    x, y = _joined(x, v[0]), _joined(y + z, w[0])
    return (_joined(x + v[1], w[1]) + y) & MASK, _joined(x + w[1], y + v[1])


def _short(s: bytes, n: int, seed: _Pair) -> _Pair:
    a, b = seed
    if n <= 16:
        a = (mixed((a * K1) & MASK) * K1) & MASK
        c = (b * K1 + up_to_16(s, n)) & MASK
        d = mixed((a + (word(s, 0) if n >= 8 else c)) & MASK)
    else:
        c = _joined(word(s, n - 8) + K1, a)
        d = _joined(b + n, c + word(s, n - 16))
        a = (a + d) & MASK
        for at in range(0, n - 16, 16):
            a = ((a ^ (mixed((word(s, at) * K1) & MASK) * K1)) * K1) & MASK
            b ^= a
            c = ((c ^ (mixed((word(s, at + 8) * K1) & MASK) * K1)) * K1) & MASK
            d ^= c
    a, b = _joined(a, c), _joined(d, b)
    return a ^ b, _joined(b, a)


@op("SdcaFprint", check=lambda op, x: None if len(x) == 1 else f"Input must be a vector, got shape {brackets(x)}",
    **HOST_STRINGS)
class SdcaFprint:
    """Each string's 128-bit fingerprint as two numbers."""

    def shape(op: Any, x: Any) -> Any:
        return (*shape_rules.with_rank(x, 1), 2)

    def kernel(op: Any, x: Any) -> Any:
        pairs = [fingerprint128(text) for text in x.ravel().tolist()]
        return torch.from_numpy(np.array(pairs, np.uint64).reshape(len(pairs), 2).view(np.int64))
