"""Kernel: a run as one function of machine code, and as a call that a plan can make."""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

import torch
from torch import fx

from tfmagic.base.machine import compiler, team
from tfmagic.base.machine.code import Code, unpacking
from tfmagic.base.machine.functions import INTRINSICS
from tfmagic.session.element_rules import KINDS, Value, write
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.tiers.machine.parts import Part
from tfmagic.session.tiers.machine.runs import MANY, Run, placed
from tfmagic.session.tiers.machine.steps import Writer

# Numbers for which a thread is worth waking, where little is done with each.
_LEAST = 1 << 17
_VECTOR = 16


class ElementWise(PlanCall, shown_under="tfmagic.machine"):
    """A call of machine code: takes the run's values from outside, gives its results (one, or a tuple).

    Args:
      run: the run; its results and arguments come in its order.
    """

    effect = "none"

    def __init__(self, run: Run):
        self.__name__ = self.__qualname__ = "element_wise"
        results, arguments = run.results(), run.arguments()
        count = run.count if run.columns is None else run.count // run.columns
        least = max(1, int(_LEAST / max(1, run.work() / 4) / (run.columns or 1)))
        if run.count < MANY or count < 2 * least:
            least = 0
        title = "element_wise"
        types = [compiler.POINTER, *[compiler.INTEGER] * (2 if least else 0)]
        text = _text(run, title, arguments, results, None if least else count)
        if least:
            text += team.shared(title, aligned=1 if run.columns else _VECTOR, there=compiler.has_team())
        function = compiler.compiled(text, title, types, run.count >= _VECTOR, releases=run.count >= MANY)
        self._call = _caller(function, len(arguments), [node.meta["val"] for node in results], count, least)

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        """The function that takes the values, without a step between."""
        return self._call


class WholePart(PlanCall, shown_under="tfmagic.machine"):
    """A call of machine code: takes the part's values from outside, gives its results (one, or a tuple).

    Args:
      part: the part; its arguments come in its order, and then the memory of each of its lenders; its results too, and
        then the memory of what it keeps, if anything.
    """

    effect = "none"

    def __init__(self, part: Part):
        self.__name__ = self.__qualname__ = "small_values"
        title = "small_values"
        writer = Writer(part, title)
        function = compiler.compiled(writer.text(), title, [compiler.POINTER])
        results = [node.meta["val"] for node in part.results()]
        if part.kept:
            results.append(torch.empty(writer.room, dtype=torch.uint8, device="meta"))
        streams, numbers = (frozenset(place for place, node in enumerate(part.arguments()) if node in those)
                            for those in (part.streams, part.numbers))
        self._call = _caller(function, len(part.arguments()) + len(part.lenders()), results, scratch=writer.scratch,
                             streams=streams, numbers=numbers)

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        """The function that takes the values, without a step between."""
        return self._call


def _caller(function: Callable[..., None], arguments: int, results: Sequence[torch.Tensor], count: int = 0,
            least: int = 0, scratch: int | None = None, streams: Container[int] = (),
            numbers: Container[int] = ()) -> Callable[..., Any]:
    """A function of tensors around one of addresses, written for their number: this is called most often of all.

    Args:
      function: takes the addresses of arguments and results, packed; where threads share it, how much there is to
        compute, and how many they are.
      results: a meta tensor for each.
      count: how much there is to compute.
      least: what a thread must have to do; 0 where one does it all.
      scratch: how many bytes the function needs beside, whose address is the last; None where it takes none.
      streams: the places of those arguments that are streams of random numbers: counter and key instead of an address.
      numbers: the places of those that are whole numbers.
    """
    inputs = [f"a{index}" for index in range(arguments)]
    outputs = [f"r{index}" for index in range(len(results))]
    scope: dict[str, Any] = {"function": function, "get_num_threads": torch.get_num_threads, "LOW": (1 << 64) - 1}
    lines = [f"def call({', '.join(inputs)}):"]
    for name, meta in zip(outputs, results):
        # Of what is small a copy of a pattern is quicker than to read a shape and a type again.
        small = meta.numel() < MANY
        scope[f"new_{name}"] = functools.partial(torch.empty_like, torch.empty(meta.shape, dtype=meta.dtype)) if small \
            else functools.partial(torch.empty, tuple(meta.shape), dtype=meta.dtype)
        lines.append(f"    {name} = new_{name}()")
    # The value that `contiguous` gives must live as long as its address is in use.
    lines += [f"    {name} = {name}.contiguous()" for place, name in enumerate(inputs)
              if place not in streams and place not in numbers]
    values = [*inputs, *outputs]
    if scratch is not None:
        scope["new_scratch"] = functools.partial(torch.empty_like, torch.empty(max(scratch, 1), dtype=torch.uint8))
        lines.append("    scratch = new_scratch()")
        values.append("scratch")
    packed = [text for place, name in enumerate(values) for text in
              ((f"{name}.counter & LOW", f"{name}.counter >> 64", f"{name}.key") if place in streams
               else (name,) if place in numbers else (f"{name}.data_ptr()",))]
    scope["pack"] = struct.Struct(f"{len(packed)}Q").pack
    lines.append(f"    addresses = pack({', '.join(packed)})")
    if least:
        lines.append(f"    function(addresses, {count}, min(get_num_threads(), {count // least}))")
    else:
        lines.append("    function(addresses)")
    lines.append(f"    return {outputs[0] if len(outputs) == 1 else '(' + ', '.join(outputs) + ')'}")
    exec("\n".join(lines), scope)  # nothing in it but names and numbers made here
    return scope["call"]


class Elements:
    """Writes what is done with the numbers of a run, one after the other.

    Attributes:
      known: the values of nodes that are known so far.

    Args:
      code: what is written.
      run: the run.
      pointers: where values from outside and results lie.
    """

    def __init__(self, code: Code, run: Run, pointers: Mapping[fx.Node, str]):
        self.known: dict[fx.Node, Value] = {}
        self._code, self._run, self._pointers = code, run, pointers
        self._outside = [node for node in run.arguments() if node in pointers]
        self._scalars = {node for node in run.nodes if math.prod(node.meta["val"].shape) == 1}

    def scalars(self) -> bool:
        """Code for scalars, which comes first; whether there is anything else."""
        self.load("scalar", "0")
        self._compute([node for node in self._run.nodes if node in self._scalars], "0")
        return len(self._scalars) < len(self._run.nodes)

    def load(self, kind: str, index: str) -> None:
        """Code that reads the values from outside which lie so, as `placed` says."""
        for node in self._outside:
            if placed(node.meta["val"].shape, self._run.shape or ())[0] == kind:
                self.known[node] = _load(self._code, self._pointers[node], KINDS[node.meta["val"].dtype], index)

    def numbers(self, index: str) -> None:
        """Code for the numbers at a place."""
        self.load("whole", index)
        self._compute([node for node in self._run.nodes if node not in self._scalars], index)

    def _compute(self, nodes: Sequence[fx.Node], index: str) -> None:
        for node in nodes:
            kind = KINDS[node.meta["val"].dtype]
            name, given = self._run.nodes[node]
            self.known[node] = Value(write(self._code, name, given, self.known, kind), kind)
            if node in self._pointers:
                store(self._code, self.known[node], self._pointers[node], index)


def _text(run: Run, title: str, arguments: Sequence[fx.Node], results: Sequence[fx.Node], count: int | None) -> str:
    """The run's function: a loop over its numbers, or over rows and in them over columns; scalars come before.

    Args:
      count: how much there is to compute; None: a range of it is given, as `team.shared` does.
    """
    code = Code()
    pointers = {node: f"%p{index}" for index, node in enumerate((*arguments, *results))}
    start, stop = ("%start", "%stop") if count is None else ("0", str(count))
    elements = Elements(code, run, pointers)
    more = elements.scalars()
    if run.columns is None and more:
        code.loop(start, stop, elements.numbers)
    elif run.columns is not None:
        columns = str(run.columns)

        def row(index: str) -> None:
            elements.load("rows", index)
            first = code.let(f"mul i64 {index}, {columns}")

            def column(at: str) -> None:
                elements.load("columns", at)
                elements.numbers(code.let(f"add i64 {first}, {at}"))

            code.loop("0", columns, column)

        code.loop(start, stop, row)
    parameters = [f"ptr noalias {pointer}" for pointer in pointers.values()]
    others = team.RANGE if count is None else ()
    inner = code.function(f"{title}_inner", [*parameters, *others], "alwaysinline")
    outer = title if others == () else f"{title}_range"
    return inner + unpacking(outer, f"{title}_inner", parameters, others) + INTRINSICS


def _load(code: Code, pointer: str, kind: str, index: str) -> Value:
    if kind != "i1":
        return Value(code.load(pointer, kind, index), kind)
    return Value(code.let(f"icmp ne i8 {code.load(pointer, 'i8', index)}, 0"), kind)


def store(code: Code, value: Value, pointer: str, index: str) -> None:
    """Code that keeps a value at a place."""
    if value.kind == "i1":
        code.store(code.let(f"zext i1 {value.text} to i8"), pointer, "i8", index)
    else:
        code.store(value.text, pointer, value.kind, index)
