"""Elementary functions of floats as straight lines of code, which LLVM turns into vectors: `float` and `double`.

All are power series on a short interval around zero, to which the argument is brought first; their coefficients
are those of Taylor. Errors stay within three units in the last place, and NaN stays NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tfmagic.base.machine.code import BIAS, BITS, MANTISSA, Code, number

# Terms after which a series no longer changes a number of the type.
_EXP_TERMS = {"float": 8, "double": 14}
_LOG_TERMS = {"float": 6, "double": 11}
_SINE_TERMS = {"float": 5, "double": 9}


class Real:
    """Arithmetic on values of one float type.

    Args:
      code: where the instructions go.
      kind: "float" or "double".
    """

    def __init__(self, code: Code, kind: str):
        self.code, self.kind, self.bits = code, kind, BITS[kind]

    def const(self, value: float) -> str:
        """A constant."""
        return number(value, self.kind)

    def do(self, operation: str, *values: str | float, flags: str = "") -> str:
        """The value of an instruction on values and constants."""
        given = ", ".join(self.const(v) if isinstance(v, (int, float)) else v for v in values)
        return self.code.let(f"{operation} {flags}{' ' if flags else ''}{self.kind} {given}")

    def call(self, intrinsic: str, *values: str | float) -> str:
        """The value of one of LLVM's functions of floats."""
        given = ", ".join(f"{self.kind} {self.const(v) if isinstance(v, (int, float)) else v}" for v in values)
        return self.code.let(f"call {self.kind} @llvm.{intrinsic}.{'f32' if self.kind == 'float' else 'f64'}({given})")

    def compare(self, how: str, x: str, y: str | float) -> str:
        """A comparison, in LLVM's words ("olt": both are numbers, and less)."""
        return self.do(f"fcmp {how}", x, y)

    def choose(self, condition: str, x: str | float, y: str | float) -> str:
        """x where the condition holds, else y."""
        x, y = (self.const(v) if isinstance(v, (int, float)) else v for v in (x, y))
        return self.code.let(f"select i1 {condition}, {self.kind} {x}, {self.kind} {y}")

    def within(self, x: str, low: float, high: float) -> str:
        """x, no further than the bounds; NaN stays."""
        x = self.choose(self.compare("olt", x, low), low, x)
        return self.choose(self.compare("ogt", x, high), high, x)

    def scaled(self, x: str, y: str, z: str | float) -> str:
        """x * y + z, rounded once or twice."""
        return self.do("fadd", self.do("fmul", x, y, flags="contract"), z, flags="contract")

    def series(self, x: str, coefficients: Sequence[float]) -> str:
        """c[0] + c[1] x + c[2] x^2 + ..."""
        total: str | float = coefficients[-1]
        for coefficient in reversed(coefficients[:-1]):
            total = self.scaled(self.const(total) if isinstance(total, float) else total, x, coefficient)
        return str(total)

    def as_bits(self, x: str) -> str:
        """The bits of a float, as an integer."""
        return self.code.let(f"bitcast {self.kind} {x} to {self.bits}")

    def from_bits(self, bits: str) -> str:
        """The float that has these bits."""
        return self.code.let(f"bitcast {self.bits} {bits} to {self.kind}")

    def power_of_two(self, exponent: str) -> str:
        """2 ** exponent, an integer in the range of normal numbers."""
        biased = self.code.let(f"add {self.bits} {exponent}, {BIAS[self.kind]}")
        return self.from_bits(self.code.let(f"shl {self.bits} {biased}, {MANTISSA[self.kind]}"))

    def whole(self, x: str) -> tuple[str, str]:
        """The whole number next to x, which is small, as a float and as an integer (any where x is NaN)."""
        far = 1.5 * 2.0 ** MANTISSA[self.kind]
        moved = self.do("fadd", x, far)
        nearest = self.do("fsub", moved, far)
        start = BIAS[self.kind] + MANTISSA[self.kind] << MANTISSA[self.kind] | 1 << MANTISSA[self.kind] - 1
        return nearest, self.code.let(f"sub {self.bits} {self.as_bits(moved)}, {start}")

    def _exponent(self, x: str) -> tuple[str, str]:
        """e ** r - 1 and k, so that x = k ln 2 + r with a short r."""
        nearest, whole = self.whole(self.do("fmul", x, 1 / math.log(2)))
        # ln 2 in two parts; the first has so few bits that its products with whole numbers are exact.
        first = math.ldexp(round(math.ldexp(math.log(2), MANTISSA[self.kind] - 12)), 12 - MANTISSA[self.kind])
        rest = _LN2_REST[self.kind]
        r = self.scaled(nearest, self.const(-first), x)
        r = self.scaled(nearest, self.const(-rest), r)
        tail = self.series(r, [1 / math.factorial(n) for n in range(2, _EXP_TERMS[self.kind])])
        return self.scaled(self.do("fmul", r, r), tail, r), whole

    def exp(self, x: str) -> str:
        """e ** x."""
        low, high = (-105.0, 90.0) if self.kind == "float" else (-750.0, 711.0)
        above_one, whole = self._exponent(self.within(x, low, high))
        half = self.code.let(f"ashr {self.bits} {whole}, 1")
        other = self.code.let(f"sub {self.bits} {whole}, {half}")
        value = self.do("fmul", self.do("fadd", above_one, 1.0), self.power_of_two(half))
        return self.do("fmul", value, self.power_of_two(other))

    def expm1(self, x: str, high: float) -> str:
        """e ** x - 1, also next to zero; for what is above `high`, that of `high`."""
        above_one, whole = self._exponent(self.within(x, -18.0 if self.kind == "float" else -38.0, high))
        power = self.power_of_two(whole)
        return self.call("copysign", self.scaled(above_one, power, self.do("fsub", power, 1.0)), x)

    def tanh(self, x: str) -> str:
        """The hyperbolic tangent."""
        twice = self.do("fadd", x, x)
        grown = self.expm1(twice, 18.5 if self.kind == "float" else 40.0)
        return self.do("fdiv", grown, self.do("fadd", grown, 2.0))

    def sigmoid(self, x: str) -> str:
        """1 / (1 + e ** -x)."""
        return self.do("fdiv", self.const(1.0), self.do("fadd", self.exp(self.code.let(f"fneg {self.kind} {x}")), 1.0))

    def log(self, x: str) -> str:
        """The natural logarithm."""
        code, bits, mantissa = self.code, self.bits, MANTISSA[self.kind]
        tiny = self.compare("olt", x, 2.0 ** (1 - BIAS[self.kind]))
        normal = self.choose(tiny, self.do("fmul", x, 2.0 ** mantissa), x)
        given = self.as_bits(normal)
        # The exponent of x over the square root of one half: what remains lies around one.
        root = BIAS[self.kind] - 1 << mantissa | round((math.sqrt(2) - 1) * 2 ** mantissa)
        exponent = code.let(f"ashr {bits} {code.let(f'sub {bits} {given}, {root}')}, {mantissa}")
        around = self.from_bits(code.let(f"sub {bits} {given}, {code.let(f'shl {bits} {exponent}, {mantissa}')}"))
        lost = code.let(f"select i1 {tiny}, {bits} {mantissa}, {bits} 0")
        count = code.let(f"sitofp {bits} {code.let(f'sub {bits} {exponent}, {lost}')} to {self.kind}")
        f = self.do("fsub", around, 1.0)
        s = self.do("fdiv", f, self.do("fadd", f, 2.0))
        z = self.do("fmul", s, s)
        tail = self.series(z, [2 / (2 * n + 1) for n in range(1, _LOG_TERMS[self.kind])])
        # log(1 + f) = 2 s + ... = f - s f + s z tail, in which f is exact.
        small = self.do("fmul", s, self.do("fsub", self.do("fmul", z, tail), f))
        value = self.scaled(count, self.const(math.log(2)), self.do("fadd", f, small))
        value = self.choose(self.compare("oeq", x, 0.0), -math.inf, value)
        value = self.choose(self.compare("olt", x, 0.0), math.nan, value)
        return self.choose(self.compare("ult", x, math.inf), self.choose(self.compare("uno", x, x), x, value), x)

    def sine_and_cosine(self, x: str) -> tuple[str, str]:
        """Sine and cosine of an angle of at most a few turns (those of float32 are good near zero alone)."""
        code, bits = self.code, self.bits
        nearest, quarter = self.whole(self.do("fmul", x, 2 / math.pi))
        first = math.ldexp(round(math.ldexp(math.pi / 2, MANTISSA[self.kind] - 12)), 12 - MANTISSA[self.kind])
        r = self.scaled(nearest, self.const(-first), x)
        r = self.scaled(nearest, self.const(-_HALF_PI_REST[self.kind]), r)
        square = self.do("fmul", r, r)
        terms = range(1, _SINE_TERMS[self.kind])
        sines = self.series(square, [(-1) ** n / math.factorial(2 * n + 1) for n in terms])
        sine = self.scaled(self.do("fmul", r, square), sines, r)
        cosine = self.series(square, [1.0, *((-1) ** n / math.factorial(2 * n) for n in terms)])
        odd = code.let(f"trunc {bits} {quarter} to i1")

        def turned(even: str, other: str, moved: str) -> str:
            value = self.choose(odd, other, even)
            top = {"i32": 30, "i64": 62}[bits]
            sign = code.let(f"and {bits} {code.let(f'shl {bits} {moved}, {top}')}, {-(1 << top + 1)}")
            return self.from_bits(code.let(f"xor {bits} {self.as_bits(value)}, {sign}"))

        return turned(sine, cosine, quarter), turned(cosine, sine, code.let(f"add {bits} {quarter}, 1"))


def _rest(text: str, kind: str) -> float:
    """What a constant has beyond its first part, from its decimal digits."""
    from fractions import Fraction

    shift = MANTISSA[kind] - 12
    value = Fraction(text)
    return float(value - Fraction(math.ldexp(round(math.ldexp(float(value), shift)), -shift)))


_LN2_REST = {kind: _rest("0.693147180559945309417232121458176568", kind) for kind in BITS}
_HALF_PI_REST = {kind: _rest("1.570796326794896619231321691639751442", kind) for kind in BITS}

# What a text has to declare where functions of LLVM are called.
INTRINSICS = "".join(f"declare {kind} @llvm.{name}.{suffix}({', '.join([kind] * count)})\n"
                     for name, count in (("copysign", 2), ("sqrt", 1), ("fabs", 1), ("floor", 1), ("ceil", 1),
                                         ("trunc", 1), ("roundeven", 1))
                     for kind, suffix in (("float", "f32"), ("double", "f64")))
