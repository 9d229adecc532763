"""Team: the threads that torch computes with, for functions of machine code too.

They are OpenMP's, whose functions are found in the process once torch is there; where they are not, one thread does
all. No bytecode runs in between: what a team computes is one call of C code, as what one thread computes is.
"""

from __future__ import annotations

import ctypes
import functools
import platform
from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base.machine.code import Code, unpacking

# The parameters that say what is for one thread.
RANGE = ("i64 %start", "i64 %stop")
_BITS_THAT_FLUSH = 0x8040  # of the register that says how an x86 processor takes denormal numbers: for 0
FUNCTIONS = ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads")
_DECLARED = ("declare void @GOMP_parallel(ptr, ptr, i32, i32)\ndeclare i32 @omp_get_thread_num()\n"
             "declare i32 @omp_get_num_threads()\n")


@functools.cache
def openmp() -> Any:
    """The process, where OpenMP's functions are found in it; else None."""
    process = ctypes.CDLL(None) if platform.system() != "Windows" else None
    return process if all(hasattr(process, name) for name in FUNCTIONS) else None


def shared(title: str, flushes: bool = False, there: bool = True, aligned: int = 16) -> str:
    """The text of `title(packed, count, threads)`, which calls `{title}_range(packed, start, stop)` for 0 to `count`.

    Args:
      flushes: whether denormal numbers are taken for 0 meanwhile, where the processor can.
      there: whether there is a team; else one thread does all.
      aligned: a power of two, at whose multiples ranges begin: what lies in one line of the cache is for one thread.
    """
    flushes = flushes and platform.machine() in ("x86_64", "AMD64")
    part = Code()
    if there:
        number = part.let(f"sext i32 {part.let('call i32 @omp_get_thread_num()')} to i64")
        threads = part.let(f"sext i32 {part.let('call i32 @omp_get_num_threads()')} to i64")
        packed, count = part.load("%data", "ptr", "0"), part.load("%data", "i64", "1")
        bounds = []
        for index in (number, part.let(f"add i64 {number}, 1")):
            whole = part.let(f"sdiv i64 {part.let(f'mul i64 {count}, {index}')}, {threads}")
            last = part.let(f"icmp eq i64 {index}, {threads}")
            bounds.append(part.let(f"select i1 {last}, i64 {count}, i64 {part.let(f'and i64 {whole}, {-aligned}')}"))
        _called(part, title, packed, bounds[0], bounds[1], flushes)
    code = Code()
    if there:
        several = code.let("icmp sgt i64 %threads, 1")
        code.do(f"br i1 {several}, label %several, label %alone")
        code.do("several:")
        data = code.let("alloca { ptr, i64 }")
        code.store("%packed", data, "ptr", "0")
        code.store("%count", data, "i64", "1")
        code.do(f"call void @GOMP_parallel(ptr @{title}_part, ptr {data}, i32 {code.let('trunc i64 %threads to i32')}, "
                "i32 0)")
        code.do("ret void")
        code.do("alone:")
    _called(code, title, "%packed", "0", "%count", flushes)
    text = code.function(title, ["ptr %packed", "i64 %count", "i64 %threads"])
    if flushes:
        text += "declare void @llvm.x86.sse.stmxcsr(ptr)\ndeclare void @llvm.x86.sse.ldmxcsr(ptr)\n"
    return part.function(f"{title}_part", ["ptr %data"]) + text + _DECLARED if there else text


def ranged(code: Code, title: str, parameters: Sequence[str]) -> str:
    """The text of `{title}_range(packed, start, stop)`, whose body is `code`.

    Args:
      parameters: those whose values lie in a row at the address `packed`, with their types, of 8 bytes each.
    """
    inner = f"{title}_inner"
    return code.function(inner, [*parameters, *RANGE], "noinline") + \
        unpacking(f"{title}_range", inner, parameters, RANGE)


def in_turn(code: Code, following: str, count: str, body: Callable[[str], None]) -> None:
    """Code for those of `count` pieces that no other thread takes: who is done with one takes the next.

    Args:
      following: the address of the number of the next piece, which all threads share.
    """
    def taken() -> str:
        return code.let(f"atomicrmw add ptr {following}, i64 1 monotonic")

    def turn(at: str) -> tuple[str, str]:
        body(at)
        other = taken()
        return code.let(f"icmp slt i64 {other}, {count}"), other

    def turns(_: str) -> None:
        code.search(first, turn)

    first = taken()
    code.loop("0", code.let(f"zext i1 {code.let(f'icmp slt i64 {first}, {count}')} to i64"), turns)


def _called(code: Code, title: str, packed: str, start: str, stop: str, flushes: bool) -> None:
    call = f"call void @{title}_range(ptr {packed}, i64 {start}, i64 {stop})"
    if not flushes:
        code.do(call)
        return
    before, during = code.let("alloca i32"), code.let("alloca i32")
    code.do(f"call void @llvm.x86.sse.stmxcsr(ptr {before})")
    code.store(code.let(f"or i32 {code.load(before, 'i32', '0')}, {_BITS_THAT_FLUSH}"), during, "i32", "0")
    code.do(f"call void @llvm.x86.sse.ldmxcsr(ptr {during})")
    code.do(call)
    code.do(f"call void @llvm.x86.sse.ldmxcsr(ptr {before})")
