"""Log-uniform samples by machine code: different classes drawn from a random stream, and how often each is expected.

It does what `candidates` does number by number with NumPy, and asks C's library for the same functions.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler, distinct
from tfmagic.base.machine.code import Code
from tfmagic.base.machine.philox import encrypted, lower, upper
from tfmagic.ops.random.philox import Stream

# So many calls save what the compiler takes.
_CALLS = 200
# More samples do not go into a table that stays in a processor's cache.
_MOST = 1 << 12
_HALF, _WHOLE = (1 << 64) - 1, 1 << 64
# The parameters of the function: key and counter of the stream, samples wanted, classes, what a random number is
# scaled by; the table of places, its bits, samples; of each class how likely it is, and the logarithm of how likely it
# is not; true classes, expectations of samples and of these, what is noted, C's `exp` and `expm1`.
_PARAMETERS = ("i64 %k0", "i64 %k1", "i64 %low", "i64 %high", "i64 %count", "i64 %classes", "double %scale",
               "ptr %table", "i64 %bits", "ptr noalias %samples", "ptr noalias %likely", "ptr noalias %unlikely",
               "ptr noalias %true", "i64 %trues", "ptr noalias %drawn", "ptr noalias %of_true", "ptr noalias %noted",
               "ptr %exp", "ptr %expm1")
_packed = struct.Struct("4Q2qd12q").pack
# How many different ones were found, how many drawn for that, and whether a true class is none.
_Noted = ctypes.c_int64 * 3


@functools.cache
def _later() -> compiler.Later | None:
    return compiler.Later(_made, _CALLS) if compiler.available() and _functions() is not None else None


@functools.cache
def _functions() -> tuple[int, int] | None:
    """The addresses of C's `exp` and `expm1`; None where the process does not show them."""
    try:
        library = ctypes.CDLL(None)
        found = [ctypes.cast(getattr(library, name), ctypes.c_void_p).value for name in ("exp", "expm1")]
    except (AttributeError, OSError, TypeError):
        return None
    return None if None in found else (found[0], found[1])  # type: ignore[return-value]


def _made() -> Any:
    """A function of the address of its parameters."""
    code = Code()
    places = distinct.Places(code, "%table", "%bits", "%samples", "i64", code.let("add i64 %count, 1"))

    def count_on(at: str, by: str) -> None:
        code.store(code.let(f"add i64 {code.load('%noted', 'i64', at)}, {code.let(f'zext i1 {by} to i64')}"), "%noted",
                   "i64", at)

    def draw(first: str, second: str) -> None:
        """A class from two words of the stream; it counts while some are wanted."""
        found = code.load("%noted", "i64", "0")
        wanted = code.let(f"icmp slt i64 {found}, %count")
        above = code.let(f"shl i64 {code.let(f'and i64 {first}, {0xFFFFF}')}, 32")
        unit = code.let(f"uitofp i64 {code.let(f'or i64 {above}, {second}')} to double")
        value = _called(code, "%exp", code.let(f"fmul double {unit}, %scale"))
        number = code.let(f"sub i64 {code.let(f'fptosi double {value} to i64')}, 1")
        over = code.let(f"icmp sge i64 {number}, %classes")
        number = code.let(f"select i1 {over}, i64 {code.let(f'sub i64 {number}, %classes')}, i64 {number}")
        _, new = places.find(number, number, found)
        code.store(number, "%samples", "i64", found)  # one that is known is written over by the next, or left off
        count_on("0", code.let(f"and i1 {new}, {wanted}"))
        count_on("1", wanted)

    def block(index: str) -> tuple[str, str]:
        low = code.let(f"add i64 %low, {index}")
        carry = code.let(f"zext i1 {code.let(f'icmp ult i64 {low}, %low')} to i64")
        high = code.let(f"add i64 %high, {carry}")
        words = encrypted(code, [lower(code, low), upper(code, low), lower(code, high), upper(code, high)])
        draw(*words[:2])
        draw(*words[2:])
        return code.let(f"icmp slt i64 {code.load('%noted', 'i64', '0')}, %count"), code.let(f"add i64 {index}, 1")

    code.search("0", block)
    tries = code.load("%noted", "i64", "1")
    all_new = code.let(f"icmp eq i64 {tries}, %count")
    wanted, drawn = (code.let(f"sitofp i64 {number} to double") for number in ("%count", tries))

    def expect(number: str, out: str, index: str) -> None:
        plain = code.let(f"fmul double {code.load('%likely', 'double', number)}, {wanted}")
        never = code.let(f"fmul double {code.load('%unlikely', 'double', number)}, {drawn}")
        some = code.let(f"fneg double {_called(code, '%expm1', never)}")
        value = code.let(f"select i1 {all_new}, double {plain}, double {some}")
        code.store(code.let(f"fptrunc double {value} to float"), out, "float", index)

    def of_true(index: str) -> None:
        number = code.load("%true", "i64", index)
        outside = code.let(f"icmp uge i64 {number}, %classes")
        count_on("2", outside)
        expect(code.let(f"select i1 {outside}, i64 0, i64 {number}"), "%of_true", index)

    code.loop("0", "%count", lambda index: expect(code.load("%samples", "i64", index), "%drawn", index))
    code.loop("0", "%trues", of_true)
    title = "log_uniform"
    # No other thread of Python runs meanwhile: the table is this call's alone.
    return compiler.compiled(code.packed(title, _PARAMETERS), title, [compiler.POINTER], vectors=False, releases=False)


def _called(code: Code, function: str, value: str) -> str:
    return code.let(f"call double {function}(double {value})")


def drawn(stream: Stream, count: int, scale: float, likely: Any, unlikely: Any,
          true_classes: Any) -> tuple[Any, Any, Any] | None:
    """What the sampler of different classes gives: int64 [count], float32 like the true classes, float32 [count].

    None where machine code is not there yet, or a true class is none of the classes.

    Args:
      scale: the logarithm of one more than the number of classes.
      likely: of each class, how likely it is: doubles.
      unlikely: of each class, the logarithm of how likely it is not.
      true_classes: an int64 tensor.
    """
    later = _later() if count <= _MOST else None
    made = None if later is None else later.asked()
    if made is None:
        return None
    true_classes, noted, functions = true_classes.contiguous(), _Noted(), _functions()
    assert functions is not None
    samples, of_samples = torch.empty(count + 1, dtype=torch.int64), torch.empty(count, dtype=torch.float32)
    of_true, bits = torch.empty(true_classes.shape, dtype=torch.float32), max(count.bit_length() + 1, 10)
    made(_packed(stream.key & 0xFFFFFFFF, stream.key >> 32, stream.counter & _HALF, stream.counter // _WHOLE,
                 count, len(likely), scale / (1 << 52), distinct.table(bits), bits, samples.data_ptr(),
                 likely.data_ptr(), unlikely.data_ptr(), true_classes.data_ptr(), true_classes.numel(),
                 of_samples.data_ptr(), of_true.data_ptr(), ctypes.addressof(noted), *functions))
    return None if noted[2] else (samples[:count], of_true, of_samples)
