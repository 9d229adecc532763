"""Philox as machine code: numbers of a whole stream in one loop, for who draws many.

The numbers are those of `distributions`: the same words, and functions in float64 rounded to float32, which come out
alike however they are computed, but for one number in a hundred million or so (then off by one unit in the last place).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code, number
from tfmagic.base.machine.functions import INTRINSICS, Real
from tfmagic.base.machine.philox import STREAM, stream_of, words_of
from tfmagic.base.machine.workers import shared
from tfmagic.ops.random.philox import Stream

_PARAMETERS = ("ptr noalias %out", *STREAM, "i64 %stride", "i64 %least", "i64 %span", "i64 %start", "i64 %stop")
_TYPES = [compiler.POINTER, *[compiler.INTEGER] * 9]
# Microseconds that torch takes longer for a call.
_CALL = 50
# Blocks for which a thread is worth waking.
_LEAST = 1 << 14
# The least uniform number of which a logarithm is taken.
SMALLEST_UNIFORM = 1.0e-7
# From so many deviations on, normal numbers are cut off.
TRUNCATE_AT = 2.0
# Blocks whose numbers are made together where some are drawn again.
_TOGETHER = 256


def fill(name: str, stream: Stream, output: Any, stride: int = 1, least: int = 0, span: int = 0) -> bool:
    """Fill a tensor with numbers of blocks, each `stride` blocks after the one before; say whether it was done.

    Args:
      name: a key of `_KINDS`.
      output: contiguous, with all numbers of each block; on another device than the CPU nothing is done.
      least, span: of whole numbers the least, and how many there are.
    """
    later = _later(name) if output.device.type == "cpu" else None
    function = None if later is None else later.asked(_CALL + _KINDS[name].saved * output.numel())
    if function is None:
        return False
    pointer, position = output.data_ptr(), stream_of(stream.key, stream.counter)
    shared(lambda start, stop: function(pointer, *position, stride, least, span, start, stop),
           output.numel() * BYTES[_KINDS[name].type] // 16, torch.get_num_threads(), _LEAST)
    return True


@functools.cache
def _later(name: str) -> compiler.Soon | None:
    return compiler.Soon(lambda: _made(name)) if compiler.available() else None


def _made(name: str) -> Callable[..., None]:
    """The function for a kind of numbers."""
    code = Code()
    kind, numbers, _ = _KINDS[name]

    def one_block(index: str) -> None:
        made = numbers(code, words_of(code, code.let(f"mul i64 {index}, %stride")))
        for at, value in enumerate(made):
            code.store(value, "%out", kind, _place(code, index, len(made), at))

    if name == "truncated_normals":
        _truncated(code)
    else:
        code.loop("%start", "%stop", one_block)
    return compiler.compiled(code.function(name, _PARAMETERS) + INTRINSICS, name, _TYPES)


def _truncated(code: Code) -> None:
    """Write what fills each four numbers with the first within the bounds, of normal ones of block after block.

    The first blocks of some are made together, then the second ones of those that still miss numbers, and so on: so all
    are made by vectors.
    """
    missing, counts, further = (code.room(f"[{count} x {kind}]") for count, kind in (
        (_TOGETHER, "i64"), (_TOGETHER, "i64"), (4 * _TOGETHER, "float")))
    found, dropped = code.room("i64"), code.room("float")
    real = Real(code, "float")

    def normals(block: str, target: str, index: str) -> None:
        for at, value in enumerate(_normals(code, words_of(code, block))):
            code.store(value, target, "float", _place(code, index, 4, at))

    def choose(index: str, count: str, source: str, of: str) -> None:
        """Let the numbers inside follow the first `count` of those at `index`; note where some are still missing."""
        for value in [code.load(source, "float", _place(code, of, 4, at)) for at in range(4)]:
            wanted = code.let(f"icmp slt i64 {count}, 4")
            here = code.at("%out", "float", code.let(f"add i64 {code.let(f'mul i64 {index}, 4')}, {count}"))
            code.store(value, code.let(f"select i1 {wanted}, ptr {here}, ptr {dropped}"), "float", "0")
            inside = real.compare("olt", real.call("fabs", value), TRUNCATE_AT)
            one = code.let(f"zext i1 {code.let(f'and i1 {inside}, {wanted}')} to i64")
            count = code.let(f"add i64 {count}, {one}")
        so_far = code.load(found, "i64", "0")
        for value, noted in ((index, missing), (count, counts)):
            code.store(value, noted, "i64", so_far)  # where nothing is missing, the next is written over it
        more = code.let(f"zext i1 {code.let(f'icmp slt i64 {count}, 4')} to i64")
        code.store(code.let(f"add i64 {so_far}, {more}"), found, "i64", "0")

    def together(number_of: str) -> None:
        first = code.let(f"add i64 %start, {code.let(f'mul i64 {number_of}, {_TOGETHER}')}")
        after = code.let(f"add i64 {first}, {_TOGETHER}")
        stop = code.let(f"select i1 {code.let(f'icmp slt i64 {after}, %stop')}, i64 {after}, i64 %stop")

        def again(tries: str) -> tuple[str, str]:
            count = code.load(found, "i64", "0")
            code.store("0", found, "i64", "0")

            def block_of(turn: str) -> str:
                begin = code.let(f"mul i64 {code.load(missing, 'i64', turn)}, %stride")
                return code.let(f"add i64 {begin}, {tries}")

            code.loop("0", count, lambda turn: normals(block_of(turn), further, turn))
            code.loop("0", count, lambda turn: choose(code.load(missing, "i64", turn), code.load(counts, "i64", turn),
                                                      further, turn))
            return code.let(f"icmp sgt i64 {code.load(found, 'i64', '0')}, 0"), code.let(f"add i64 {tries}, 1")

        code.loop(first, stop, lambda index: normals(code.let(f"mul i64 {index}, %stride"), "%out", index))
        code.store("0", found, "i64", "0")
        code.loop(first, stop, lambda index: choose(index, "0", "%out", index))
        code.search("1", again)

    blocks = code.let("sub i64 %stop, %start")
    code.loop("0", code.let(f"sdiv i64 {code.let(f'add i64 {blocks}, {_TOGETHER - 1}')}, {_TOGETHER}"), together)


def write(code: Code, name: str, count: int) -> None:
    """Write what fills the numbers at `%out`, one after the other, from the stream of `%low`, `%high`, `%k0`, `%k1`.

    Args:
      name: as `fill` takes it.
      count: how many numbers there are.
    """
    kind, numbers, _ = _KINDS[name]
    write_all(code, kind, count, lambda words: numbers(code, words))


def write_all(code: Code, kind: str, count: int, numbers: Callable[[list[str]], list[str]]) -> None:
    """The same of numbers of any sort.

    Args:
      kind: their type.
      numbers: writes what becomes of the words of a block.
    """
    width = 16 // BYTES[kind]

    def one_block(index: str, first: int = 0, most: int = width) -> None:
        for at, value in enumerate(numbers(words_of(code, index))[:most]):
            code.store(value, "%out", kind, str(first + at) if most < width else _place(code, index, width, at))

    whole = count // width
    if whole:
        code.loop("0", str(whole), one_block)
    if count % width:
        one_block(str(whole), whole * width, count % width)


def _place(code: Code, index: str, width: int, at: int) -> str:
    return code.let(f"add i64 {code.let(f'mul i64 {index}, {width}')}, {at}")


def _unit(code: Code, word: str) -> str:
    """A float32 number in [0, 1)."""
    bits = code.let(f"trunc i64 {word} to i32")
    bits = code.let(f"or i32 {code.let(f'and i32 {bits}, {0x7FFFFF}')}, {0x3F800000}")
    return Real(code, "float").do("fsub", code.let(f"bitcast i32 {bits} to float"), 1.0)


def _unit_floats(code: Code, words: list[str]) -> list[str]:
    return [_unit(code, word) for word in words]


def unit_doubles(code: Code, words: list[str]) -> list[str]:
    """Two float64 numbers in [0, 1)."""
    made = []
    for at in range(2):
        first = code.let(f"shl i64 {code.let(f'and i64 {words[2 * at]}, {0xFFFFF}')}, 32")
        bits = code.let(f"or i64 {code.let(f'or i64 {first}, {words[2 * at + 1]}')}, {1023 << 52}")
        made.append(Real(code, "double").do("fsub", code.let(f"bitcast i64 {bits} to double"), 1.0))
    return made


def _normals(code: Code, words: list[str]) -> list[str]:
    made = []
    single, double = Real(code, "float"), Real(code, "double")

    def wide(value: str) -> str:
        return code.let(f"fpext float {value} to double")

    def narrow(value: str) -> str:
        return code.let(f"fptrunc double {value} to float")

    for at in range(2):
        uniform = _unit(code, words[2 * at])
        uniform = single.choose(single.compare("olt", uniform, SMALLEST_UNIFORM), SMALLEST_UNIFORM, uniform)
        radius = single.call("sqrt", single.do("fmul", narrow(double.log(wide(uniform))), -2.0))
        angle = narrow(code.let(f"fmul double {wide(_unit(code, words[2 * at + 1]))}, {number(2 * math.pi, 'double')}"))
        made += [single.do("fmul", narrow(value), radius) for value in double.sine_and_cosine(wide(angle))]
    return made


def _small_numbers(code: Code, words: list[str]) -> list[str]:
    """Numbers of 32 bits from `%least` on, `%span` of them, by arithmetic that is exact in float64."""
    double = Real(code, "double")
    span = code.let("uitofp i64 %span to double")
    least, inverse = code.let("sitofp i64 %least to double"), double.do("fdiv", 1.0, span)
    made = []
    for word in words:
        far = code.let(f"bitcast i64 {code.let(f'or i64 {word}, {_FAR}')} to double")
        value = double.do("fsub", far, 2.0 ** 52)
        quotient = double.call("floor", double.do("fmul", value, inverse))
        rest = double.do("fsub", value, double.do("fmul", quotient, span))
        # The quotient may be one too small, or too large.
        rest = double.choose(double.compare("olt", rest, 0.0), double.do("fadd", rest, span), rest)
        rest = double.choose(double.compare("oge", rest, span), double.do("fsub", rest, span), rest)
        made.append(code.let(f"fptosi double {double.do('fadd', rest, least)} to i32"))
    return made


def _large_numbers(code: Code, words: list[str]) -> list[str]:
    """The same of 64 bits."""
    return whole_numbers(code, words, "i64", "%least", "%span")


def whole_numbers(code: Code, words: list[str], kind: str, low: int | str, count: int | str) -> list[str]:
    """Numbers of a type from `low` on, `count` of them: what is left of words, as unsigned numbers, divided by that."""
    if kind == "i64":
        words = [code.let(f"or i64 {words[at]}, {code.let(f'shl i64 {words[at + 1]}, 32')}") for at in (0, 2)]
    made = [code.let(f"add i64 {code.let(f'urem i64 {word}, {count}')}, {low}") for word in words]
    return made if kind == "i64" else [code.let(f"trunc i64 {value} to {kind}") for value in made]


# The bits of 2 ** 52 as a float64, whose last ones count whole numbers.
_FAR = 0x433 << 52
BYTES = {"float": 4, "double": 8, "i32": 4, "i64": 8}


class _Kind(NamedTuple):
    """A kind of numbers.

    Attributes:
      type: their type.
      numbers: writes those of a block (the first ones, where some are drawn again).
      saved: the microseconds that torch takes longer for one.
    """

    type: str
    numbers: Callable[[Code, list[str]], list[str]]
    saved: float


_KINDS = {"unit_floats": _Kind("float", _unit_floats, 0.01), "unit_doubles": _Kind("double", unit_doubles, 0.04),
          "normals": _Kind("float", _normals, 0.03), "truncated_normals": _Kind("float", _normals, 0.08),
          "small_numbers": _Kind("i32", _small_numbers, 0.005), "large_numbers": _Kind("i64", _large_numbers, 0.02)}
