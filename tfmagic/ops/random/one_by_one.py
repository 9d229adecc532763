"""Gamma and Poisson numbers as machine code: each from its own stretch of the stream, as `rejection` draws them.

Functions of floats are those of C's library, which TensorFlow's kernels call too.
"""

from __future__ import annotations

import ctypes
import functools
import math
from collections.abc import Callable
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code
from tfmagic.base.machine.functions import INTRINSICS, Real
from tfmagic.base.machine.philox import STREAM, stream_of, words_of
from tfmagic.base.machine.workers import shared
from tfmagic.ops.random import compiled
from tfmagic.ops.random.philox import RESERVED_PER_OUTPUT, Stream

# Functions of C's library, with how many arguments.
_FUNCTIONS = {"cos": 1, "exp": 1, "lgamma": 1, "log": 1, "log1p": 1, "pow": 2, "sin": 1}
_PARAMETERS = ("ptr noalias %out", "ptr noalias %given", *STREAM, "i64 %each", "i64 %count", "double %highest",
               "i64 %start", "i64 %stop")
_TYPES = [compiler.POINTER] * 2 + [compiler.INTEGER] * 6 + [ctypes.c_double] + [compiler.INTEGER] * 2
_KINDS = {"torch.float32": "float", "torch.float64": "double"}
# Microseconds that torch takes longer, for a call and for a number.
_CALL, _NUMBER = 1000, 1
# Numbers for which a thread is worth waking.
_LEAST = 1 << 9
# Blocks that are made at once for who reads uniform numbers alone: they take hardly longer than one.
_AHEAD = 2
# Where a reader notes which block comes next, what it gave last, and then of normal and of uniform numbers how many are
# left, and these.
_NEXT, _GIVEN, _NORMALS, _UNIFORMS, _NOTED = 0, 1, 2, 5, 6 + 2 * _AHEAD


def drawn(name: str, stream: Stream, parameters: Any, each: int, dtype: Any, highest: float = math.inf) -> Any:
    """Numbers [each, parameters] of a distribution; None where machine code is not there yet, or makes no such numbers.

    Args:
      name: "gamma" or "poisson".
      stream: where the share of the op begins.
      parameters: a float64 vector, of shape parameters or rates; not NaN.
      each: how many to draw for each.
      dtype: of the numbers.
      highest: above this none is accepted.
    """
    kind, count = _KINDS.get(str(dtype)), len(parameters)
    later = _later(name, kind) if kind is not None and not parameters.is_cuda else None
    function = None if later is None else later.asked(_CALL + _NUMBER * each * count)
    if function is None:
        return None
    output, parameters = torch.empty((each, count), dtype=dtype, device="cpu"), parameters.contiguous()
    given = output.data_ptr(), parameters.data_ptr(), *stream_of(stream.key, stream.counter), each, count, highest
    shared(lambda start, stop: function(*given, start, stop), each * count, torch.get_num_threads(), _LEAST)
    return output


@functools.cache
def _later(name: str, kind: str) -> compiler.Soon | None:
    if not compiler.available() or not compiler.has_functions(*_FUNCTIONS):
        return None
    return compiler.Soon(lambda: _made(name, kind), alike=kind == "float")


class _Reader:
    """Code that draws number after number for one output.

    Args:
      code: where the instructions go.
      name: the name of the function, from which those of the reader's functions follow.
      ahead: how many blocks of uniform numbers are made at once.
    """

    def __init__(self, code: Code, name: str, ahead: int):
        self._code, self._name, self._ahead = code, name, ahead
        self._noted = code.room(f"[{_NOTED} x i64]")

    def begin(self, position: str) -> None:
        """Go to the first block of an output."""
        for place, value in ((_NEXT, position), (_UNIFORMS, "0"), (_NORMALS, "0")):
            self._code.store(value, self._noted, "i64", str(place))

    def uniform(self) -> str:
        """The next number in [0, 1)."""
        return self._next("uniform")

    def normal(self) -> str:
        """The next number of the standard normal distribution."""
        return self._next("normal")

    def _next(self, name: str) -> str:
        self._code.do(f"call void @{self._name}_{name}(ptr {self._noted}, {', '.join(STREAM)})")
        return self._code.load(self._noted, "double", str(_GIVEN))

    def text(self) -> str:
        """The text of the reader's functions."""
        return _pairs(f"{self._name}_uniform", _UNIFORMS, compiled.unit_doubles, self._ahead) + \
            _pairs(f"{self._name}_normal", _NORMALS, _normal_pair, 1)


def _pairs(name: str, noted: int, numbers: Callable[[Code, list[str]], list[str]], ahead: int) -> str:
    """The text of a function that gives the second number of a block's pair, then the first one, then the next block's.

    Args:
      noted: where it notes how many are left, and these, the next one last.
      ahead: how many blocks are made at once.
    """
    code = Code()
    left = code.room("i64")
    code.store(code.load("%noted", "i64", str(noted)), left, "i64", "0")

    def more() -> None:
        position = code.load("%noted", "i64", str(_NEXT))
        for block in range(ahead):
            made = numbers(code, words_of(code, code.let(f"add i64 {position}, {block}")))
            for place, value in enumerate(made, noted + 1 + 2 * (ahead - 1 - block)):
                code.store(value, "%noted", "double", str(place))
        code.store(code.let(f"add i64 {position}, {ahead}"), "%noted", "i64", str(_NEXT))
        code.store(str(2 * ahead), left, "i64", "0")

    code.when(code.let(f"icmp eq i64 {code.load(left, 'i64', '0')}, 0"), more)
    place = code.load(left, "i64", "0")
    code.store(code.load("%noted", "double", code.let(f"add i64 {place}, {noted}")), "%noted", "double", str(_GIVEN))
    code.store(code.let(f"sub i64 {place}, 1"), "%noted", "i64", str(noted))
    return code.function(name, ["ptr noalias %noted", *STREAM], "noinline")


def _call(code: Code, name: str, *values: str) -> str:
    return code.let(f"call double @{name}({', '.join(f'double {value}' for value in values)})")


def _normal_pair(code: Code, words: list[str]) -> list[str]:
    double = Real(code, "double")
    uniform, turn = compiled.unit_doubles(code, words)
    least = compiled.SMALLEST_UNIFORM
    uniform = double.choose(double.compare("olt", uniform, least), least, uniform)
    radius = double.call("sqrt", double.do("fmul", _call(code, "log", uniform), -2.0))
    angle = double.do("fmul", turn, 2 * math.pi)
    return [double.do("fmul", _call(code, name, angle), radius) for name in ("sin", "cos")]


def _made(name: str, kind: str) -> Any:
    """A function that draws a range of the outputs, numbered parameter by parameter."""
    code = Code()
    prepare, one, ahead = _DISTRIBUTIONS[name]
    reader = _Reader(code, name, ahead)
    known, prepared = code.room("i64"), code.room("double")
    code.store("-1", known, "i64", "0")

    def number_of(index: str) -> None:
        which = code.let(f"sdiv i64 {index}, %each")
        parameter = code.load("%given", "double", which)

        def another() -> None:
            code.store(prepare(code, parameter), prepared, "double", "0")
            code.store(which, known, "i64", "0")

        code.when(code.let(f"icmp ne i64 {which}, {code.load(known, 'i64', '0')}"), another)
        reader.begin(code.let(f"mul i64 {index}, {RESERVED_PER_OUTPUT}"))
        value = one(code, reader, parameter, code.load(prepared, "double", "0"))
        row = code.let(f"sub i64 {index}, {code.let(f'mul i64 {which}, %each')}")
        place = code.let(f"add i64 {code.let(f'mul i64 {row}, %count')}, {which}")
        code.store(value if kind == "double" else code.let(f"fptrunc double {value} to float"), "%out", kind, place)

    code.loop("%start", "%stop", number_of)
    declared = "".join(f"declare double @{function}({', '.join(['double'] * count)})\n"
                       for function, count in _FUNCTIONS.items())
    text = code.function(name, _PARAMETERS) + reader.text() + declared + INTRINSICS
    return compiler.compiled(text, name, _TYPES, vectors=False)


def _gamma(code: Code, reader: _Reader, alpha: str, d: str) -> str:
    """A number of the gamma distribution: Marsaglia and Tsang's method."""
    double = Real(code, "double")
    result = code.room("double")
    code.store(double.const(math.nan), result, "double", "0")  # where there is no distribution

    def exponential() -> None:
        rest = _call(code, "log1p", code.let(f"fneg double {reader.uniform()}"))
        code.store(code.let(f"fneg double {rest}"), result, "double", "0")

    def of_others() -> None:
        boosted = double.compare("olt", alpha, 1.0)
        c = double.do("fdiv", 1.0 / 3.0, double.call("sqrt", d))
        accepted = code.room("i1")

        def turn(_: str) -> tuple[str, str]:
            code.store("false", accepted, "i1", "0")
            x = reader.normal()
            v = double.do("fadd", double.do("fmul", c, x), 1.0)

            def positive() -> None:
                cube = double.do("fmul", double.do("fmul", v, v), v)
                u = reader.uniform()
                square = double.do("fmul", x, x)
                most = double.do("fsub", 1.0, double.do("fmul", double.do("fmul", square, 0.0331), square))
                surely = double.compare("olt", u, most)
                code.store(double.do("fmul", d, cube), result, "double", "0")
                code.store(surely, accepted, "i1", "0")

                def compare() -> None:
                    rest = double.do("fadd", double.do("fsub", 1.0, cube), _call(code, "log", cube))
                    bound = double.do("fadd", double.do("fmul", square, 0.5), double.do("fmul", d, rest))
                    code.store(double.compare("olt", _call(code, "log", u), bound), accepted, "i1", "0")

                code.when(code.let(f"xor i1 {surely}, true"), compare)

            code.when(double.compare("ogt", v, 0.0), positive)
            return code.let(f"xor i1 {code.load(accepted, 'i1', '0')}, true"), "0"

        def boost() -> None:
            power = _call(code, "pow", reader.uniform(), double.do("fdiv", 1.0, alpha))
            code.store(double.do("fmul", code.load(result, "double", "0"), power), result, "double", "0")

        code.search("0", turn)
        code.when(boosted, boost)

    is_one = double.compare("oeq", alpha, 1.0)
    code.when(is_one, exponential)
    is_other = code.let(f"xor i1 {is_one}, true")
    code.when(code.let(f"and i1 {is_other}, {double.compare('ogt', alpha, 0.0)}"), of_others)
    return code.load(result, "double", "0")


def _poisson(code: Code, reader: _Reader, rate: str, bound: str) -> str:
    """A number of the Poisson distribution: Knuth's method for small rates, Hörmann's for larger ones."""
    double = Real(code, "double")
    result = code.room("double")
    code.store(double.const(math.inf), result, "double", "0")  # of an infinite rate

    def products() -> None:
        product = code.room("double")
        code.store(double.const(1.0), product, "double", "0")

        def turn(count: str) -> tuple[str, str]:
            value = double.do("fmul", code.load(product, "double", "0"), reader.uniform())
            code.store(value, product, "double", "0")
            return double.compare("ogt", value, bound), code.let(f"add i64 {count}, 1")

        code.store(code.let(f"sitofp i64 {code.search('0', turn)} to double"), result, "double", "0")

    def transformed() -> None:
        b = double.do("fadd", double.do("fmul", double.call("sqrt", rate), 2.53), 0.931)
        a = double.do("fadd", double.do("fmul", b, 0.02483), -0.059)
        inverse_alpha = double.do("fadd", double.do("fdiv", 1.1328, double.do("fsub", b, 3.4)), 1.1239)
        most = double.do("fsub", 0.9277, double.do("fdiv", 3.6224, double.do("fsub", b, 2.0)))
        accepted = code.room("i1")

        def turn(_: str) -> tuple[str, str]:
            u = double.do("fsub", reader.uniform(), 0.5)
            v = reader.uniform()
            shifted = double.do("fsub", 0.5, double.call("fabs", u))
            wide = double.do("fadd", double.do("fdiv", double.do("fmul", a, 2.0), shifted), b)
            k = double.do("fadd", double.do("fadd", double.do("fmul", wide, u), rate), 0.43)
            k = double.call("floor", k)
            code.store(k, result, "double", "0")
            allowed = double.compare("ole", k, "%highest")
            inside = code.let(f"and i1 {double.compare('oge', shifted, 0.07)}, {double.compare('ole', v, most)}")
            narrow = code.let(f"and i1 {double.compare('olt', shifted, 0.013)}, {double.compare('ogt', v, shifted)}")
            outside = code.let(f"or i1 {double.compare('olt', k, 0.0)}, {narrow}")
            code.store(code.let(f"and i1 {allowed}, {inside}"), accepted, "i1", "0")

            def compare() -> None:
                of_proposal = double.do("fadd", double.do("fdiv", a, double.do("fmul", shifted, shifted)), b)
                proposal = _call(code, "log", double.do("fdiv", double.do("fmul", v, inverse_alpha), of_proposal))
                expected = double.do("fmul", k, _call(code, "log", rate))
                target = double.do("fsub", double.do("fadd", code.let(f"fneg double {rate}"), expected),
                                   _call(code, "lgamma", double.do("fadd", k, 1.0)))
                code.store(double.compare("ole", proposal, target), accepted, "i1", "0")

            undecided = code.let(f"xor i1 {code.let(f'or i1 {inside}, {outside}')}, true")
            code.when(code.let(f"and i1 {allowed}, {undecided}"), compare)
            return code.let(f"xor i1 {code.load(accepted, 'i1', '0')}, true"), "0"

        code.search("0", turn)

    small = double.compare("olt", rate, 10.0)
    code.when(small, products)
    finite = double.compare("olt", rate, math.inf)
    code.when(code.let(f"and i1 {finite}, {double.compare('oge', rate, 10.0)}"), transformed)
    return code.load(result, "double", "0")


def _moved(code: Code, alpha: str) -> str:
    """What the method of `_gamma` takes for alpha; numbers below 1 are drawn as if it were one more."""
    double = Real(code, "double")
    return double.choose(double.compare("olt", alpha, 1.0), double.do("fadd", alpha, 2.0 / 3.0),
                         double.do("fsub", alpha, 1.0 / 3.0))


def _least_product(code: Code, rate: str) -> str:
    return _call(code, "exp", code.let(f"fneg double {rate}"))


# By name what is computed once of a parameter, what draws a number with it, and how many blocks of uniform numbers that
# makes at once.
_DISTRIBUTIONS: dict[str, tuple[Callable[[Code, str], str], Callable[[Code, _Reader, str, str], str], int]] = {
    "gamma": (_moved, _gamma, 1), "poisson": (_least_product, _poisson, _AHEAD)}
