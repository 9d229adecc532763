"""Prepared: changes of variables in place, which a run carries out at its commit, all or none."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import fx

from tfmagic.session.passes.ownership import lenders
from tfmagic.session.plan.plan_graph import PlanGraph


class Prepared(NamedTuple):
    """Changes in place, ready to be carried out.

    Attributes:
      make: gives what carries them out: C functions, which cannot fail.
      changed: the tensors that change: the very lists that `make` and the calls will read.
    """

    make: Callable[[], Sequence[Callable[[], Any]]]
    changed: tuple[list[torch.Tensor], ...]


def take_in_place(plan: PlanGraph, states: Sequence[fx.Node], call: fx.Node) -> None:
    """Have `call` change variables in place of the new values that the plan would give.

    Args:
      states: the new values, in the order of the call's `changed` tensors.
    """
    output = plan.output_node
    outputs, news, calls = plan.results
    roots = dict(zip(news, plan.written))
    gone = set(states)
    kept = [(root, node) for root, node in zip(plan.written, news) if node not in gone]
    plan.written = [root for root, _ in kept]
    plan.in_place += [roots[node] for node in states]
    output.args = ((outputs, tuple(node for _, node in kept), (*calls, call)),)


def apart(graph: fx.Graph, lists: Sequence[Sequence[Any]], changing: Sequence[fx.Node]) -> list[list[Any]]:
    """The values in lists that changes in place go by, so that none of them changes meanwhile.

    Where one may lie in the memory of a variable that changes too, a call, put where the graph inserts, copies it if it
    does.

    Args:
      changing: the parameters whose variables the plan may change in place.
    """
    behind = {node: found for nodes in lists for node in nodes
              if isinstance(node, fx.Node) and (found := lenders(node, changing))}
    if not behind:
        return [list(nodes) for nodes in lists]
    variables = list(dict.fromkeys(itertools.chain(*behind.values())))
    call = graph.call_function(copied_apart, (list(behind), variables))
    call.meta.update(effect="none", device=next(iter(behind)).meta.get("device", "cpu"))
    made: dict[Any, fx.Node] = {}
    for at, node in enumerate(behind):
        made[node] = graph.call_function(operator.getitem, (call, at))
        made[node].meta = {**node.meta, "effect": "none"}
    return [[made.get(node, node) for node in nodes] for nodes in lists]


# --- called by plans --------------------------------------------------------------------------------------------------


def copied_apart(values: Sequence[torch.Tensor], variables: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The values, copied where they lie in the memory of a variable."""
    memory = {variable.untyped_storage()._cdata for variable in variables}
    return [value.clone() if value.untyped_storage()._cdata in memory else value for value in values]
