"""Recurrent nets: a loop that is nothing but LSTM cells, and the loops of its gradients, become one call each.

1. The loop counts its turns from 0, reads its inputs from a TensorArray that one scatter filled, writes outputs, if
   any, to another that is only gathered, and carries on only the states of its cells, one on top of the other. Rows
   may end before others (`sequence_length`).
2. What else looks into the loop keeps it: its stacks belong to loops of gradients that are recognised too, its counters
   are read by them alone, and its TensorArrays have no other readers and writers. Of a While node, arrays and stacks
   are lists, which nobody else can change.
3. All shapes are known.
4. `ops.nn.lstm_layers` computes the same by torch's fused kernel.
"""

from __future__ import annotations

from collections.abc import Iterable

from torch import fx

from tfmagic.session.passes.recurrent.arrays import OfArrays
from tfmagic.session.passes.recurrent.lists import OfLists, carries_lists
from tfmagic.session.passes.recurrent.meanings import Otherwise
from tfmagic.session.passes.recurrent.turns import loops
from tfmagic.session.plan.plan_graph import PlanGraph


def run(plan: PlanGraph) -> bool:
    """Replace the loops that are recurrent nets; say whether there were any."""
    found = loops(plan.graph.nodes)
    changed = False
    for node in found:
        if node.graph is plan.graph and node not in _erased(plan, found):
            try:
                (OfLists if carries_lists(node) else OfArrays)(plan, node).carry_out()
                changed = True
            except Otherwise:
                continue
    return changed


def _erased(plan: PlanGraph, nodes: Iterable[fx.Node]) -> set[fx.Node]:
    there = set(plan.graph.nodes)
    return {node for node in nodes if node not in there}
