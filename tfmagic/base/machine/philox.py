"""Philox4x32-10 as machine code: the blocks of four words of which random numbers are made."""

from __future__ import annotations

import functools
import struct
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code

WORD = 0xFFFFFFFF
ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
# What says where a stream stands, for code that makes blocks of it.
STREAM = ("i64 %low", "i64 %high", "i64 %k0", "i64 %k1")

_LONG = (1 << 64) - 1
# Microseconds that others take longer, for a call and for a block.
_CALL, _BLOCK = 40, 0.015
_PARAMETERS = ("ptr noalias %out", "ptr noalias %offsets", *STREAM, "i64 %step", "i64 %count")
_packed = struct.Struct("2q4Q2q").pack


def stream_of(key: int, counter: int) -> tuple[int, int, int, int]:
    """The values of `STREAM`."""
    return counter & _LONG, counter >> 64, key & WORD, key >> 32


def blocks(key: int, counter: int, offsets: Any) -> Any:
    """The blocks of a stream at offsets from its counter, int32 [any, 4]; None where machine code is not there yet.

    Args:
      offsets: a range that begins at 0, or an int64 vector on the CPU.
    """
    listed, count = not isinstance(offsets, range), len(offsets)
    later = _later(listed)
    made = None if later is None else later.asked(_CALL + _BLOCK * count)
    if made is None:
        return None
    out = torch.empty((count, 4), dtype=torch.int32, device="cpu")
    offsets, step = (offsets.contiguous(), 0) if listed else (offsets, offsets.step)
    made(_packed(out.data_ptr(), offsets.data_ptr() if listed else 0, *stream_of(key, counter), step, count))
    return out


@functools.cache
def _later(listed: bool) -> compiler.Soon | None:
    return compiler.Soon(lambda: _made(listed)) if compiler.available() else None


def _made(listed: bool) -> Any:
    """A function of the address of its parameters."""
    code = Code()

    def one(index: str) -> None:
        offset = code.load("%offsets", "i64", index) if listed else code.let(f"mul i64 {index}, %step")
        for at, word in enumerate(words_of(code, offset)):
            place = code.let(f"add i64 {code.let(f'mul i64 {index}, 4')}, {at}")
            code.store(code.let(f"trunc i64 {word} to i32"), "%out", "i32", place)

    code.loop("0", "%count", one)
    title = "blocks"
    return compiler.compiled(code.packed(title, _PARAMETERS), title, [compiler.POINTER])


def words_of(code: Code, offset: str) -> list[str]:
    """The words of the block that lies so many after the one at which the stream stands, each in 64 bits."""
    low = code.let(f"add i64 %low, {offset}")
    carry = code.let(f"zext i1 {code.let(f'icmp ult i64 {low}, {offset}')} to i64")
    high = code.let(f"add i64 %high, {carry}")
    return encrypted(code, [lower(code, low), upper(code, low), lower(code, high), upper(code, high)])


def lower(code: Code, value: str) -> str:
    """The lower of the two words of 64 bits."""
    return code.let(f"and i64 {value}, {WORD}")


def upper(code: Code, value: str) -> str:
    """The upper of the two words of 64 bits."""
    return code.let(f"lshr i64 {value}, 32")


def encrypted(code: Code, counter: list[str]) -> list[str]:
    """Ten rounds of Philox: four words, each in 64 bits."""
    c0, c1, c2, c3 = counter
    for turn in range(ROUNDS):
        k0, k1 = (lower(code, code.let(f"add i64 {key}, {turn * step}"))
                  for key, step in zip(("%k0", "%k1"), KEY_STEPS))
        p0, p1 = (code.let(f"mul i64 {word}, {factor}") for word, factor in zip((c0, c2), MULTIPLIERS))
        mixed = [code.let(f"xor i64 {upper(code, product)}, {word}") for product, word in ((p1, c1), (p0, c3))]
        c0, c2 = (code.let(f"xor i64 {word}, {key}") for word, key in zip(mixed, (k0, k1)))
        c1, c3 = lower(code, p1), lower(code, p0)
    return [c0, c1, c2, c3]
