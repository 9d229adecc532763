"""One pass: optimisers' steps as machine code, which reads and writes each number once, of all variables in one call.

The arithmetic is TensorFlow's, operation by operation; nothing is reassociated. Torch's threads share large steps.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from tfmagic.base.machine import compiler, team
from tfmagic.base.machine.code import Code
from tfmagic.base.machine.functions import INTRINSICS, Real

_KINDS = {torch.float32: "float", torch.float64: "double"}
# About how many microseconds the compiler takes, and a step has less to do beside its numbers.
_COMPILING, _CALL = 30_000, 15
# Numbers for which a thread is worth waking.
_LEAST = 1 << 16


class Rule(NamedTuple):
    """A step on single numbers.

    Attributes:
      tensors: the names of what it reads and writes, number by number.
      written: those that it writes.
      numbers: the names of what is the same for all of them.
      before: from these numbers, values that are the same for all; a dictionary, like what it gets.
      step: from the values of both, by name, the new values of those that it writes, in order.
    """

    tensors: tuple[str, ...]
    written: tuple[str, ...]
    numbers: tuple[str, ...]
    before: Callable[[Real, dict[str, str]], dict[str, str]]
    step: Callable[[Real, dict[str, str]], Sequence[str]]


def _adam_before(real: Real, given: dict[str, str]) -> dict[str, str]:
    one = real.const(1.0)
    root = real.call("sqrt", real.do("fsub", one, given["beta2_power"]))
    alpha = real.do("fdiv", real.do("fmul", given["lr"], root), real.do("fsub", one, given["beta1_power"]))
    return {"alpha": alpha, "epsilon": given["epsilon"],
            **{name: real.do("fsub", one, given[name]) for name in ("beta1", "beta2")}}


def _towards(real: Real, average: str, value: str, rate: str) -> str:
    return real.do("fadd", average, real.do("fmul", real.do("fsub", value, average), rate))


def _moved(real: Real, var: str, m: str, v: str, alpha: str, epsilon: str) -> str:
    quotient = real.do("fdiv", real.do("fmul", m, alpha), real.do("fadd", real.call("sqrt", v), epsilon))
    return real.do("fsub", var, quotient)


def _adam(real: Real, now: dict[str, str]) -> Sequence[str]:
    m = _towards(real, now["m"], now["grad"], now["beta1"])
    v = _towards(real, now["v"], real.do("fmul", now["grad"], now["grad"]), now["beta2"])
    return _moved(real, now["var"], m, v, now["alpha"], now["epsilon"]), m, v


def _decaying_adam(real: Real, now: dict[str, str]) -> Sequence[str]:
    m, v = (real.do("fmul", now[name], now[rate]) for name, rate in (("m", "beta1"), ("v", "beta2")))
    return _moved(real, now["var"], m, v, now["alpha"], now["epsilon"]), m, v


RULES = {
    "adam": Rule(("var", "m", "v", "grad"), ("var", "m", "v"),
                 ("lr", "beta1_power", "beta2_power", "beta1", "beta2", "epsilon"), _adam_before, _adam),
    # Adam's step of rows without a gradient.
    "decaying_adam": Rule(("var", "m", "v"), ("var", "m", "v"), ("beta1", "beta2", "alpha", "epsilon"),
                          lambda real, given: given, _decaying_adam),
}


class Stepper:
    """The steps of one plan's variables: after some calls they are machine code.

    Args:
      rule: the name of the rule.
      dtype: that of all tensors.
      count: how many numbers the variables have together.
      saving: how many numbers are computed in the microsecond that machine code saves.
    """

    def __init__(self, rule: str, dtype: torch.dtype, count: int, saving: int):
        make = functools.partial(_function, rule, dtype)
        self._later = compiler.Later(make, 2 + _COMPILING // (_CALL + count // saving)) \
            if compiler.available() and dtype in _KINDS else None

    def ready(self) -> bool:
        """Count a step; whether machine code can take it."""
        later = self._later
        if later is None:
            return False
        if later.waits:
            later.count()
        return later.made is not None

    def call(self, numbers: Sequence[torch.Tensor], tensors: Sequence[Sequence[torch.Tensor]]) -> Callable[[], Any]:
        """What carries a step out: a partial of a C function. All that is given must live until it has been called.

        Args:
          numbers: scalars of the type, in the rule's order.
          tensors: for each name of the rule, its tensors, row by row in memory.
        """
        counts = [tensor.numel() for tensor in tensors[0]]
        addresses: list[int] = [len(counts)]
        addresses += [number.data_ptr() for number in numbers]
        for *parts, count in zip(*tensors, counts):
            addresses += [part.data_ptr() for part in parts]
            addresses.append(count)
        total = sum(counts)
        threads = min(torch.get_num_threads(), total // _LEAST) if total >= 2 * _LEAST else 1
        assert self._later is not None
        return functools.partial(self._later.made, struct.pack(f"{len(addresses)}q", *addresses), total, threads)


@functools.cache
def _function(rule: str, dtype: torch.dtype) -> Callable[..., None]:
    title = compiler.unique(rule)
    there = compiler.has_team()
    return compiler.compiled(_text(title, RULES[rule], _KINDS[dtype]) + team.shared(title, flushes=True, there=there),
                             title, [compiler.POINTER, compiler.INTEGER, compiler.INTEGER])


def _text(title: str, rule: Rule, kind: str) -> str:
    """A function of a range of all numbers: it goes through the tensors, and in them through what lies in the range."""
    loop = Code()
    real = Real(loop, kind)
    fixed = sorted(rule.before(Real(Code(), kind), dict.fromkeys(rule.numbers, "%x")))

    def one(index: str) -> None:
        now = {name: loop.load(f"%{name}", kind, index) for name in rule.tensors}
        new = rule.step(real, {**now, **{name: f"%{name}" for name in fixed}})
        for name, value in zip(rule.written, new):
            loop.store(value, f"%{name}", kind, index)

    loop.loop("%start", "%stop", one)
    # A gradient may be a variable's own value: it is not promised that it lies elsewhere.
    pointers = [f"ptr {'noalias ' if name in rule.written else ''}%{name}" for name in rule.tensors]
    inner = loop.function(f"{title}_tensor", [*pointers, "i64 %start", "i64 %stop",
                                              *(f"{kind} %{name}" for name in fixed)], "noinline")

    code = Code()
    given = {name: code.load(code.load("%packed", "ptr", str(1 + index)), kind, "0")
             for index, name in enumerate(rule.numbers)}
    known = rule.before(Real(code, kind), given)
    done = code.let("alloca i64")
    code.store("0", done, "i64", "0")
    fields = len(rule.tensors) + 1

    def tensor(index: str) -> None:
        first = code.let(f"add i64 {code.let(f'mul i64 {index}, {fields}')}, {1 + len(rule.numbers)}")
        places = [code.let(f"add i64 {first}, {field}") for field in range(fields)]
        count = code.load("%packed", "i64", places[-1])
        before = code.load(done, "i64", "0")
        code.store(code.let(f"add i64 {before}, {count}"), done, "i64", "0")
        start, stop = (code.let(f"call i64 @llvm.smin.i64(i64 {count}, i64 {above})") for above in
                       (code.let(f"call i64 @llvm.smax.i64(i64 0, i64 {code.let(f'sub i64 {bound}, {before}')})")
                        for bound in ("%start", "%stop")))
        values = [f"ptr {code.load('%packed', 'ptr', place)}" for place in places[:-1]]
        values += [f"i64 {start}", f"i64 {stop}", *(f"{kind} {known[name]}" for name in fixed)]
        code.do(f"call void @{title}_tensor({', '.join(values)})")

    code.loop("0", code.load("%packed", "i64", "0"), tensor)
    return inner + code.function(f"{title}_range", ["ptr %packed", "i64 %start", "i64 %stop"]) + INTRINSICS + \
        "declare i64 @llvm.smin.i64(i64, i64)\ndeclare i64 @llvm.smax.i64(i64, i64)\n"
