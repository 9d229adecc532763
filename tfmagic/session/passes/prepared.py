"""Prepared: changes of variables in place, which a run carries out at its commit, all or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import fx

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
