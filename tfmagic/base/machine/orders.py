"""Orders: machine code that shuffles numbers by given words, the Fisher-Yates shuffle from the front."""

from __future__ import annotations

import functools
import struct
from typing import Any

from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code

# Microseconds that Python takes longer for a number.
_NUMBER = 0.25
_PARAMETERS = ("ptr noalias %order", "ptr noalias %words", "i64 %count")
_packed = struct.Struct("3q").pack


def shuffle(order: Any, words: Any) -> bool:
    """Exchange each number of an int64 vector with one that follows, or itself; say whether it was done.

    Args:
      words: 32 bits for each but the last: what is left of them, divided by how many follow, says which one.
    """
    later = _later()
    made = None if later is None else later.asked(_NUMBER * len(order))
    if made is None:
        return False
    made(_packed(order.data_ptr(), words.data_ptr(), len(order)))
    return True


@functools.cache
def _later() -> compiler.Soon | None:
    return compiler.Soon(_made) if compiler.available() else None


def _made() -> Any:
    """A function of the address of its parameters."""
    code = Code()

    def one(place: str) -> None:
        left = code.let(f"trunc i64 {code.let(f'sub i64 %count, {place}')} to i32")
        step = code.let(f"urem i32 {code.load('%words', 'i32', place)}, {left}")
        other = code.let(f"add i64 {place}, {code.let(f'zext i32 {step} to i64')}")
        first, second = code.load("%order", "i64", place), code.load("%order", "i64", other)
        code.store(second, "%order", "i64", place)
        code.store(first, "%order", "i64", other)

    code.loop("0", code.let("sub i64 %count, 1"), one)
    title = "orders"
    return compiler.compiled(code.packed(title, _PARAMETERS), title, [compiler.POINTER])
