"""TensorFlow's own 64-bit hash: of strings, of pairs of hashes."""

from __future__ import annotations

MASK = (1 << 64) - 1
SEED = 0xDECAFCAFFE
_GOLDEN = 0x9E3779B97F4A7800


def word(s: bytes, at: int) -> int:
    """Eight bytes as a number."""
    return int.from_bytes(s[at:at + 8], "little")


def hash64(s: bytes, seed: int = SEED) -> int:
    """The hash of a string (MurmurHash 2)."""
    m = 0xC6A4A7935BD1E995
    h = seed ^ (len(s) * m & MASK)
    whole = len(s) // 8 * 8
    for at in range(0, whole, 8):
        k = (word(s, at) * m) & MASK
        k = ((k ^ (k >> 47)) * m) & MASK
        h = ((h ^ k) * m) & MASK
    if whole < len(s):
        h = ((h ^ int.from_bytes(s[whole:], "little")) * m) & MASK
    h = ((h ^ (h >> 47)) * m) & MASK
    return h ^ (h >> 47)


def combined(a: int, b: int) -> int:
    """One hash from two."""
    return (a ^ (b + _GOLDEN + (a << 10) + (a >> 4))) & MASK
