"""One pass: optimisers' steps as machine code, which reads and writes each number once, of all variables in one call.

What a step computes is said once, by the op's kernel on torch's tensors (`Formula`). Machine code does it operation by
operation, as TensorFlow does; nothing is reassociated. Torch's threads share large steps.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import fx
from torch.fx.proxy import GraphAppendingTracer, Proxy

from tfmagic.base.machine import compiler, team
from tfmagic.base.machine.code import Code
from tfmagic.base.machine.functions import INTRINSICS
from tfmagic.graph.operation import Operation
from tfmagic.session.element_rules import KINDS, Value, rule_of, write

_CPU = torch.device("cpu")
FLOATS = (torch.float32, torch.float64)
# About how many microseconds the compiler takes, torch takes beside a step's numbers, and for each of its operations.
_COMPILING, _CALL, _OPERATION = 30_000, 10, 1.5
# Numbers for which a thread is worth waking.
_LEAST = 1 << 16


def flags(op: Operation) -> tuple[tuple[str, bool], ...]:
    """The attrs that say what an op's formula is."""
    return tuple(sorted((name, value) for name, value in op._attrs.items()
                        if isinstance(value, bool) and name != "use_locking"))


def exponents(given: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    """Those of an update's scalars that are known and stand in exponents: for some of these alone there are rules."""
    value = given.get("lr_power")
    return (("lr_power", value.item()),) if isinstance(value, torch.Tensor) and value.ndim == 0 else ()


class Formula:
    """A step on numbers that stand at the same place in several tensors.

    Args:
      function: from tensors and scalars, by name, the new values of the first tensors.
      tensors: the names of the tensors, first of those that change.
      numbers: the names of the scalars.
      written: how many tensors change.
    """

    def __init__(self, function: Callable[..., Any], tensors: Sequence[str], numbers: Sequence[str], written: int):
        self.tensors, self.numbers, self.written = tuple(tensors), tuple(numbers), written
        self._function = function
        self._made: dict[torch.dtype, Callable[..., None]] = {}

    def new_values(self, tensors: Sequence[torch.Tensor], numbers: Sequence[Any]) -> Sequence[torch.Tensor]:
        """The new values of the tensors that change, by torch."""
        return self._results(dict(zip((*self.tensors, *self.numbers), (*tensors, *numbers))))

    def _results(self, given: dict[str, Any]) -> Sequence[Any]:
        new = self._function(**given)
        return new if isinstance(new, tuple) else (new,)

    @functools.cached_property
    def fits(self) -> bool:
        """Whether machine code can do it."""
        return compiler.available() and self.operations > 0

    @functools.cached_property
    def operations(self) -> int:
        """How many operations it is, where machine code can do it."""
        traced = self._traced(torch.float32)
        return 0 if traced is None else len(traced[0])

    def made(self, dtype: torch.dtype) -> Callable[..., None]:
        """The machine code, made by the first who asks."""
        if dtype not in self._made:
            title, there = "one_pass", compiler.has_team()
            text = self._text(title, dtype) + team.shared(title, flushes=True, there=there)
            types = [compiler.POINTER, compiler.INTEGER, compiler.INTEGER]
            self._made[dtype] = compiler.compiled(text, title, types)
        return self._made[dtype]

    def _traced(self, dtype: torch.dtype) -> tuple[dict[fx.Node, Any], list[fx.Node]] | None:
        """The calls, each with its rule, and the results; None where one has no rule."""
        graph = fx.Graph()
        tracer = GraphAppendingTracer(graph)
        given: dict[str, Proxy] = {}
        values: dict[fx.Node, Any] = {}
        for name in (*self.tensors, *self.numbers):
            node = graph.placeholder(name)
            # Real ones: of meta tensors torch would tell after importing its compiler.
            values[node] = torch.ones([2] if name in self.tensors else [], dtype=dtype)
            given[name] = Proxy(node, tracer)
        results = [proxy.node for proxy in self._results(given)]
        rules = {}
        for node in graph.nodes:
            if node.op != "placeholder":
                args = fx.map_arg(node.args, values.__getitem__)
                values[node] = node.target(*args) if node.op == "call_function" and not node.kwargs else None
            node.meta["val"] = values[node]
            if node.op != "placeholder":
                rules[node] = rule_of(node, {}) if isinstance(values[node], torch.Tensor) else None
                if rules[node] is None:
                    return None
        return rules, results

    def _text(self, title: str, dtype: torch.dtype) -> str:
        """A function of a range of all numbers: it goes through the tensors, and what of each lies in the range."""
        kind, traced = KINDS[dtype], self._traced(dtype)
        assert traced is not None
        rules, results = traced
        single = [node for node in rules if not node.meta["val"].dim()]
        fixed = [node for node in (*(n for n in results[0].graph.nodes if n.name in self.numbers), *single)
                 if any(user.meta["val"].dim() for user in node.users)]

        def compute(code: Code, nodes: Sequence[fx.Node], known: dict[fx.Node, Value]) -> None:
            for node in nodes:
                of_node = KINDS[node.meta["val"].dtype]
                known[node] = Value(write(code, *rules[node], known, of_node), of_node)  # type: ignore[call-arg]

        placeholders = {node.name: node for node in results[0].graph.nodes if node.op == "placeholder"}
        loop = Code()

        def one(index: str, others: str) -> None:
            places = [index] * self.written + [others] * (len(self.tensors) - self.written)
            known = {placeholders[name]: Value(loop.load(f"%{name}", kind, place), kind)
                     for name, place in zip(self.tensors, places)}
            known.update((node, Value(f"%{node.name}", kind)) for node in fixed)
            compute(loop, [node for node in rules if node not in single], known)
            for name, node in zip(self.tensors, results):
                loop.store(known[node].text, f"%{name}", kind, index)

        self._each(loop, one)
        # A gradient may be a variable's own value: it is not promised that it lies elsewhere.
        pointers = [f"ptr {'noalias ' if at < self.written else ''}%{name}" for at, name in enumerate(self.tensors)]
        inner = loop.function(f"{title}_tensor", [*pointers, *self._range, *(f"{kind} %{node.name}" for node in fixed)],
                              "noinline")
        code = Code()
        known = {placeholders[name]: Value(code.load(code.load("%packed", "ptr", str(1 + at)), kind, "0"), kind)
                 for at, name in enumerate(self.numbers)}
        compute(code, single, known)
        self._through_tensors(code, title, [f"{kind} {known[node].text}" for node in fixed])
        return inner + code.function(f"{title}_range", ["ptr %packed", "i64 %start", "i64 %stop"]) + INTRINSICS + \
            "declare i64 @llvm.smin.i64(i64, i64)\ndeclare i64 @llvm.smax.i64(i64, i64)\n"

    _range: tuple[str, ...] = ("i64 %start", "i64 %stop")

    def _each(self, loop: Code, one: Callable[[str, str], None]) -> None:
        """Code for the numbers of a tensor: `one` is given where each stands, in what changes and in the rest."""
        loop.loop("%start", "%stop", lambda index: one(index, index))

    def _through_tensors(self, code: Code, title: str, fixed: Sequence[str]) -> None:
        """Code that calls the function of one tensor for what lies of each in the range."""
        fields, done = len(self.tensors) + 1, code.let("alloca i64")
        code.store("0", done, "i64", "0")

        def tensor(index: str) -> None:
            first = code.let(f"add i64 {code.let(f'mul i64 {index}, {fields}')}, {1 + len(self.numbers)}")
            places = [code.let(f"add i64 {first}, {field}") for field in range(fields)]
            count, before = code.load("%packed", "i64", places[-1]), code.load(done, "i64", "0")
            code.store(code.let(f"add i64 {before}, {count}"), done, "i64", "0")
            start, stop = (code.let(f"call i64 @llvm.smin.i64(i64 {count}, i64 {above})") for above in
                           (code.let(f"call i64 @llvm.smax.i64(i64 0, i64 {code.let(f'sub i64 {bound}, {before}')})")
                            for bound in ("%start", "%stop")))
            values = [f"ptr {code.load('%packed', 'ptr', place)}" for place in places[:-1]]
            code.do(f"call void @{title}_tensor({', '.join([*values, f'i64 {start}', f'i64 {stop}', *fixed])})")

        code.loop("0", code.load("%packed", "i64", "0"), tensor)


class Stepper:
    """The steps of one plan's variables: after some calls they are machine code.

    Args:
      formula: what a step computes.
      dtype: that of all tensors.
      count: how many numbers the variables have together.
      saving: how many numbers are computed in the microsecond that machine code saves.
      device: where they are; elsewhere than on the CPU there is no machine code.
    """

    def __init__(self, formula: Formula, dtype: torch.dtype, count: int, saving: int,
                 device: torch.device = _CPU):
        self._later = compiler.Later(lambda: formula.made(dtype), 2 + int(_COMPILING / (
            _CALL + _OPERATION * formula.operations + count // saving))) \
            if dtype in FLOATS and device.type == "cpu" and formula.fits else None

    @property
    def made(self) -> Callable[..., None] | None:
        """The machine code, once it is there."""
        return None if self._later is None else self._later.made

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
          numbers: scalars of the type, in the formula's order.
          tensors: for each name of the formula, its tensors, row by row in memory.
        """
        counts = [tensor.numel() for tensor in tensors[0]]
        addresses: list[int] = [len(counts)]
        addresses += [number.data_ptr() for number in numbers]
        for *parts, count in zip(*tensors, counts):
            addresses += [part.data_ptr() for part in parts]
            addresses.append(count)
        total = sum(counts)
        threads = min(torch.get_num_threads(), total // _LEAST) if total >= 2 * _LEAST else 1
        assert self.made is not None
        return functools.partial(self.made, struct.pack(f"{len(addresses)}q", *addresses), total, threads)
