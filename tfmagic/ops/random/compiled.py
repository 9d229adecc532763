"""Philox as machine code: numbers of a whole stream in one loop, for who draws many.

The numbers are those of `distributions`: the same words, and functions in float64 rounded to float32, which come out
alike however they are computed, but for one number in a hundred million or so (then off by one unit in the last place).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code, number
from tfmagic.base.machine.functions import INTRINSICS, Real
from tfmagic.base.machine.workers import shared
from tfmagic.ops.random.philox import KEY_STEPS, MULTIPLIERS, ROUNDS, WORD, Stream

_PARAMETERS = ("ptr noalias %out", "i64 %low", "i64 %high", "i64 %k0", "i64 %k1", "i64 %stride", "i64 %start",
               "i64 %stop")
_TYPES = [compiler.POINTER, *[compiler.INTEGER] * 7]
# Numbers drawn before the compiler is asked: it takes as long as some hundred thousand of them. A call costs as much
# as so many numbers.
_MANY, _CALL = 1 << 20, 1 << 12
# Blocks for which a thread is worth waking.
_LEAST = 1 << 14


def fill(name: str, stream: Stream, output: Any, smallest: float, stride: int = 1) -> bool:
    """Fill a tensor, a row for each block that lies `stride` blocks after the one before; say whether it was done.

    Args:
      name: "unit_floats", "unit_doubles" or "normals".
      output: contiguous [blocks, numbers of a block]; on another device than the CPU nothing is done.
      smallest: the least uniform number of which a logarithm is taken.
    """
    function = _drawn.function(name, output.numel(), smallest) if output.device.type == "cpu" else None
    if function is None:
        return False
    pointer, mask = output.data_ptr(), (1 << 64) - 1
    low, high = stream.counter & mask, stream.counter >> 64
    shared(lambda start, stop: function(pointer, low, high, stream.key & WORD, stream.key >> 32, stride, start, stop),
           len(output), torch.get_num_threads(), _LEAST)
    return True


class _Drawn:
    """How many numbers were drawn of each kind, and the functions made since."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.functions: dict[str, Callable[..., None]] = {}

    def function(self, name: str, count: int, smallest: float) -> Callable[..., None] | None:
        """The function for a kind of numbers, where there is one."""
        found = self.functions.get(name)
        if found is None:
            before, count = self.counts.get(name, 0), count + _CALL
            self.counts[name] = before + count
            if before < _MANY <= before + count and compiler.available():
                compiler.in_background(lambda: self.make(name, smallest))
        return found

    def make(self, name: str, smallest: float) -> None:
        """Compile the function for a kind of numbers."""
        title = compiler.unique(name)
        self.functions[name] = compiler.compiled(_text(title, name, smallest), title, _TYPES)


_drawn = _Drawn()


def _text(title: str, name: str, smallest: float) -> str:
    code = Code()
    kind, numbers = _KINDS[name]

    def one_block(index: str) -> None:
        made = numbers(code, words_of(code, code.let(f"mul i64 {index}, %stride")), smallest)
        for at, value in enumerate(made):
            code.store(value, "%out", kind, _place(code, index, len(made), at))

    code.loop("%start", "%stop", one_block)
    return code.function(title, _PARAMETERS) + INTRINSICS


def write(code: Code, name: str, count: int, smallest: float) -> None:
    """Write what fills the numbers at `%out`, one after the other, from the stream of `%low`, `%high`, `%k0`, `%k1`.

    Args:
      name: as `fill` takes it.
      count: how many numbers there are.
      smallest: as `fill` takes it.
    """
    kind, numbers = _KINDS[name]
    write_all(code, kind, count, lambda words: numbers(code, words, smallest))


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


def words_of(code: Code, offset: str) -> list[str]:
    """The words of the block that lies so many after the one at which the stream stands, each in 64 bits."""
    low = code.let(f"add i64 %low, {offset}")
    carry = code.let(f"zext i1 {code.let(f'icmp ult i64 {low}, {offset}')} to i64")
    high = code.let(f"add i64 %high, {carry}")
    return encrypted(code, [lower(code, low), upper(code, low), lower(code, high), upper(code, high)])


def lower(code: Code, value: str) -> str:
    return code.let(f"and i64 {value}, {WORD}")


def upper(code: Code, value: str) -> str:
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


def _place(code: Code, index: str, width: int, at: int) -> str:
    return code.let(f"add i64 {code.let(f'mul i64 {index}, {width}')}, {at}")


def _unit(code: Code, word: str) -> str:
    """A float32 number in [0, 1)."""
    bits = code.let(f"trunc i64 {word} to i32")
    bits = code.let(f"or i32 {code.let(f'and i32 {bits}, {0x7FFFFF}')}, {0x3F800000}")
    return Real(code, "float").do("fsub", code.let(f"bitcast i32 {bits} to float"), 1.0)


def _unit_floats(code: Code, words: list[str], smallest: float) -> list[str]:
    return [_unit(code, word) for word in words]


def _unit_doubles(code: Code, words: list[str], smallest: float) -> list[str]:
    made = []
    for at in range(2):
        first = code.let(f"shl i64 {code.let(f'and i64 {words[2 * at]}, {0xFFFFF}')}, 32")
        bits = code.let(f"or i64 {code.let(f'or i64 {first}, {words[2 * at + 1]}')}, {1023 << 52}")
        made.append(Real(code, "double").do("fsub", code.let(f"bitcast i64 {bits} to double"), 1.0))
    return made


def _normals(code: Code, words: list[str], smallest: float) -> list[str]:
    made = []
    single, double = Real(code, "float"), Real(code, "double")

    def wide(value: str) -> str:
        return code.let(f"fpext float {value} to double")

    def narrow(value: str) -> str:
        return code.let(f"fptrunc double {value} to float")

    for at in range(2):
        uniform = _unit(code, words[2 * at])
        uniform = single.choose(single.compare("olt", uniform, smallest), smallest, uniform)
        radius = single.call("sqrt", single.do("fmul", narrow(double.log(wide(uniform))), -2.0))
        angle = narrow(code.let(f"fmul double {wide(_unit(code, words[2 * at + 1]))}, {number(2 * math.pi, 'double')}"))
        made += [single.do("fmul", narrow(value), radius) for value in double.sine_and_cosine(wide(angle))]
    return made


def whole_numbers(code: Code, words: list[str], kind: str, low: int, count: int) -> list[str]:
    """Numbers of a type from `low` on, `count` of them: what is left of words, as unsigned numbers, divided by that."""
    if kind == "i64":
        words = [code.let(f"or i64 {words[at]}, {code.let(f'shl i64 {words[at + 1]}, 32')}") for at in (0, 2)]
    made = [code.let(f"add i64 {code.let(f'urem i64 {word}, {count}')}, {low}") for word in words]
    return made if kind == "i64" else [code.let(f"trunc i64 {value} to {kind}") for value in made]


BYTES = {"float": 4, "double": 8, "i32": 4, "i64": 8}
# By name the type of numbers, and what writes those of a block.
_KINDS: dict[str, tuple[str, Callable[[Code, list[str], float], list[str]]]] = {
    "unit_floats": ("float", _unit_floats), "unit_doubles": ("double", _unit_doubles), "normals": ("float", _normals)}
