"""On arrays: a plan on few numbers as one function of machine code, from what is fed to what is fetched.

No tensor stands between: to make one of an array, and an array of a tensor, takes longer than to compute.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import fx

from tfmagic.base.machine import arrays, compiler
from tfmagic.session.passes import work
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.tiers.machine.parts import Part, kind_in
from tfmagic.session.tiers.machine.steps import Writer

# What a plan may have to do altogether, in operations (`passes.work`): no other thread of Python runs meanwhile.
_MOST = 1e6
# About how many microseconds it takes to make a tensor of an array, an array of a tensor, and to run anything; and to
# load the compiler, which plans of so little seldom have done before.
_TENSOR, _ARRAY, _RUN, _LOADING = 0.5, 0.8, 0.5, 60_000


def found(plan: PlanGraph) -> Part | None:
    """All that a plan computes, as one part; None where it does something else too, or much."""
    outputs, states, updates = plan.results
    if states or updates or not outputs or not compiler.available() or not arrays.available():
        return None
    part = Part(())
    for node in plan.graph.nodes:
        if not node.op.startswith("call"):
            continue
        kind = kind_in(node, plan)
        if kind is None:
            return None
        part.nodes[node] = kind
    whole = all(node in part.nodes for node in outputs) and not part.streams and not part.numbers
    return part if whole and sum(work.of_all([node]) for node in part.nodes) < _MOST else None


def calls_before(part: Part) -> int:
    """After how many calls it has saved what it takes to be made."""
    feeds = sum(node.op == "placeholder" for node in part.arguments())
    saving = max(part.saving(), 0) + _RUN + _TENSOR * feeds + _ARRAY * len(part.results())
    return math.ceil((_LOADING + part.cost()) / saving)


def compiled(part: Part, given: frozenset[fx.Node]) -> tuple[Callable[[bytes], None], int]:
    """The function of a part, and how many bytes of memory it needs beside.

    It takes packed numbers of 8 bytes: for each of the part's arguments, and then of its results, the array, or the
    address of its numbers where the argument is not among `given`; and the address of the memory.
    """
    title = "on_arrays"
    writer = Writer(part, title, given | frozenset(part.results()))
    return compiler.compiled(writer.text(), title, [compiler.POINTER], releases=False), writer.scratch
