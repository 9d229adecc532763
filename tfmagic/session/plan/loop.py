"""Loop: what a plan calls where a graph has a while loop."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import BodyCall
from tfmagic.session.running import check_deadline, current


class Loop(BodyCall):
    """Repeats a body while a condition holds.

    All values live in one list of slots; each body reads some and writes some.
    """

    __name__ = __qualname__ = "while_loop"

    def __init__(self, cond: PlanGraph, cond_reads: list[int], cond_writes: list[int], body: PlanGraph,
                 body_reads: list[int], body_writes: list[int], size: int, results: list[int],
                 numbers: dict[int, torch.dtype]):
        super().__init__(cond, body)
        self.cond_reads, self.cond_writes = cond_reads, cond_writes
        self.body_reads, self.body_writes = body_reads, body_writes
        self.size, self.results = size, results
        self.numbers = numbers

    def changed(self, **parts: Any) -> Loop:
        """The loop with other lists of slots; what it does is asked of its bodies anew."""
        names = ("cond_reads", "cond_writes", "body_reads", "body_writes", "size", "results", "numbers")
        cond, body = self.bodies
        return Loop(cond=cond, body=body, **{name: getattr(self, name) for name in names} | parts)

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
        scope: dict[str, Any] = {"cond": bodies[0], "body": bodies[1], "current": current,
                                 "tensor": torch.scalar_tensor, "check_deadline": check_deadline,
                                 **{f"kind{slot}": kind for slot, kind in self.numbers.items()}}
        exec(self._code, scope)  # slots are local variables there, which a turn reads and writes at no cost
        return scope["while_loop"]

    @functools.cached_property
    def _code(self) -> Any:
        """The loop as a function of Python."""
        def names(slots: Sequence[int]) -> str:
            return "".join(f"s{slot}, " for slot in slots)

        def call(body: PlanGraph, reads: Sequence[int], writes: Sequence[int], first: str) -> str:
            states = len(body.written)
            kept = len(writes) - states
            return (f"({first}{names(writes[:kept])}), {f'({names(writes[kept:])})' if states else '_'}, _ = "
                    f"{'body' if body is self.bodies[1] else 'cond'}({names(reads)})")

        given = self.size - (len(self.cond_writes) - len(self.bodies[0].written))
        results = "".join(f"tensor(s{slot}, dtype=kind{slot}), " if slot in self.numbers else f"s{slot}, "
                          for slot in self.results)
        lines = [f"def while_loop({names(range(given))}):",
                 *(f"    s{slot} = None" for slot in range(given, self.size)),
                 *(f"    s{slot} = s{slot}.item()" for slot in self.numbers),
                 "    deadline = current.deadline",
                 "    while True:",
                 "        if deadline is not None:",
                 "            check_deadline(deadline)",
                 f"        {call(self.bodies[0], self.cond_reads, self.cond_writes, 'goes_on, ')}",
                 "        if not goes_on:",
                 f"            return ({results})",
                 f"        {call(self.bodies[1], self.body_reads, self.body_writes, '')}"]
        return compile("\n".join(lines), "<tfmagic loop>", "exec")


def given(node: fx.Node, value: fx.Node) -> fx.Node:
    """The parameter of a loop's iteration for one more value of the graph around it, which the loop does not change.

    Args:
      node: the call of a `Loop` whose condition writes nothing.
    """
    loop: Any = node.target
    body = loop.bodies[1]
    assert not loop.cond_writes
    with body.graph.inserting_after(parameters(body)[-1]):
        parameter = body.graph.placeholder(value.name)
    parameter.target = parameter.name  # another parameter may have the name that was asked for
    parameter.meta.update({key: value.meta[key] for key in ("val", "device") if key in value.meta},
                          source=Proxy(value), inputs=[])
    node.target = loop.changed(body_reads=[*loop.body_reads, loop.size], size=loop.size + 1)
    node.args = (*node.args, value)
    return parameter


def without(node: fx.Node, slots: Collection[int]) -> None:
    """Take variables out of a loop, whose next values nobody wants: those slots keep what they are given."""
    loop: Any = node.target
    body = loop.bodies[1]
    results, states, updates = body.results
    stay = [slot not in slots for slot in loop.body_writes]
    body.output_node.args = ((tuple(itertools.compress(results, stay)), states, updates),)
    node.target = loop.changed(body_writes=list(itertools.compress(loop.body_writes, stay)))


def unread(node: fx.Node) -> None:
    """Take out of a loop's iteration the parameters that it does not read."""
    loop: Any = node.target
    body = loop.bodies[1]
    reads = []
    for slot, parameter in zip(loop.body_reads, parameters(body)):
        if parameter.users:
            reads.append(slot)
        else:
            body.graph.erase_node(parameter)
    node.target = loop.changed(body_reads=reads)


def parameters(plan: PlanGraph) -> list[fx.Node]:
    """The nodes of what a body is given."""
    return [node for node in plan.graph.nodes if node.op == "placeholder"]
