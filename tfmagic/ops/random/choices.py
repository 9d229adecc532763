"""Categories as machine code: each drawn by where a uniform number lies among the summed weights of its row.

They are those of `sampling.categories`, but where a weight differs in its last bit and the number lies just there.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code
from tfmagic.base.machine.functions import INTRINSICS, Real
from tfmagic.base.machine.philox import STREAM, stream_of, words_of
from tfmagic.base.machine.workers import shared
from tfmagic.ops.random import compiled
from tfmagic.ops.random.philox import Stream

_PARAMETERS = ("ptr noalias %logits", "ptr noalias %sums", "ptr noalias %out", *STREAM, "i64 %classes", "i64 %count",
               "i64 %start", "i64 %stop")
_TYPES = [compiler.POINTER] * 3 + [compiler.INTEGER] * 8
_KINDS = {"torch.float32": "float", "torch.float64": "double"}
_WHOLE = {"torch.int32": "i32", "torch.int64": "i64"}
# Microseconds that torch takes longer, for a call and for a class of a row.
_CALL, _CLASS = 80, 0.005
# Classes for which a thread is worth waking.
_LEAST = 1 << 13


def drawn(stream: Stream, logits: Any, count: int, dtype: Any) -> Any:
    """Categories [batch, count]; None where machine code is not there yet, or knows no such logits.

    Args:
      stream: where the share of the op begins.
      logits: unnormalised log-probabilities [batch, classes]; those that are not finite are never drawn.
      dtype: torch.int32 or torch.int64.
    """
    kind = _KINDS.get(str(logits.dtype)) if logits.device.type == "cpu" else None
    later = _later(kind, _WHOLE[str(dtype)]) if kind is not None and logits.numel() > 0 else None
    function = None if later is None else later.asked(_CALL + _CLASS * logits.numel())
    if function is None:
        return None
    (batch, classes), logits = logits.shape, logits.contiguous()
    sums = torch.empty(logits.shape, dtype=torch.float64, device="cpu")
    output = torch.empty((batch, count), dtype=dtype, device="cpu")
    given = (logits.data_ptr(), sums.data_ptr(), output.data_ptr(), *stream_of(stream.key, stream.counter), classes,
             count)
    shared(lambda start, stop: function(*given, start, stop), batch, torch.get_num_threads(),
           max(1, _LEAST // (classes + count)))
    return output


@functools.cache
def _later(kind: str, whole: str) -> compiler.Soon | None:
    return compiler.Soon(lambda: _made(kind, whole)) if compiler.available() else None


def _made(kind: str, whole: str) -> Any:
    """The function for logits of a type, and numbers of another."""
    code = Code()
    given, double = Real(code, kind), Real(code, "double")
    highest, total, low, high = code.room(kind), code.room("double"), code.room("i64"), code.room("i64")

    def finite(value: str) -> str:
        return given.compare("olt", given.call("fabs", value), math.inf)

    def wide(value: str) -> str:
        return value if kind == "double" else code.let(f"fpext {kind} {value} to double")

    def row(index: str) -> None:
        first = code.let(f"mul i64 {index}, %classes")
        logits, sums = code.at("%logits", kind, first), code.at("%sums", "double", first)
        code.store(given.const(-math.inf), highest, kind, "0")
        code.store(double.const(0.0), total, "double", "0")

        def compare(at: str) -> None:
            value, so_far = code.load(logits, kind, at), code.load(highest, kind, "0")
            value = given.choose(finite(value), value, -math.inf)
            code.store(given.choose(given.compare("ogt", value, so_far), value, so_far), highest, kind, "0")

        def weigh(at: str) -> None:
            value = code.load(logits, kind, at)
            weight = double.exp(double.do("fsub", wide(value), wide(code.load(highest, kind, "0"))))
            code.store(double.choose(finite(value), weight, 0.0), sums, "double", at)

        def add(at: str) -> None:
            value = double.do("fadd", code.load(total, "double", "0"), code.load(sums, "double", at))
            for place, where in ((total, "0"), (sums, at)):
                code.store(value, place, "double", where)

        for each in (compare, weigh, add):
            code.loop("0", "%classes", each)
        code.loop("0", "%count", lambda turn: draw(sums, code.let(f"add i64 {code.let(f'mul i64 {index}, %count')}, "
                                                                   f"{turn}")))

    def draw(sums: str, number: str) -> None:
        """How many sums are at most as large as a uniform number times the last: they are in order."""
        pair = compiled.unit_doubles(code, words_of(code, code.let(f"lshr i64 {number}, 1")))
        odd = code.let(f"trunc i64 {number} to i1")
        target = double.do("fmul", double.choose(odd, pair[1], pair[0]), code.load(total, "double", "0"))
        code.store("0", low, "i64", "0")
        code.store("%classes", high, "i64", "0")

        def halve(_: str) -> tuple[str, str]:
            bottom, top = code.load(low, "i64", "0"), code.load(high, "i64", "0")
            middle = code.let(f"lshr i64 {code.let(f'add i64 {bottom}, {top}')}, 1")
            after = double.compare("ole", code.load(sums, "double", middle), target)
            bottom = code.let(f"select i1 {after}, i64 {code.let(f'add i64 {middle}, 1')}, i64 {bottom}")
            top = code.let(f"select i1 {after}, i64 {top}, i64 {middle}")
            code.store(bottom, low, "i64", "0")
            code.store(top, high, "i64", "0")
            return code.let(f"icmp slt i64 {bottom}, {top}"), "0"

        code.search("0", halve)
        found = code.load(low, "i64", "0")
        code.store(found if whole == "i64" else code.let(f"trunc i64 {found} to {whole}"), "%out", whole, number)

    code.loop("%start", "%stop", row)
    title = "categories"
    return compiler.compiled(code.function(title, _PARAMETERS) + INTRINSICS, title, _TYPES)
