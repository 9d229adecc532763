"""to_module: a part of a graph as a torch module that runs without a session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import fx

from tfmagic.graph import context
from tfmagic.graph.operation import Operation
from tfmagic.session.execution import Execution
from tfmagic.session.fetches import Fetches
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.planning import make_plan
from tfmagic.session.resources.keys import key_of
from tfmagic.session.tiers import python


def to_module(fetches: Any, feeds: Sequence[Any] = (), session: Any = None) -> fx.GraphModule:
    """Hand over a part of a graph as an `nn.Module`.

    The module's variables are parameters under the variables' names ("/" becomes "_"), with their present values in
    the session; calling it takes the feeds as tensors in their order and returns what `fetches` asks for.

    Args:
      fetches: a tensor, or a list or tuple of tensors.
      feeds: the tensors (placeholders or any others) that become the arguments of `forward`.
      session: where the variables have their values; by default the default session.

    Returns:
      A `torch.fx.GraphModule`.

    Raises:
      ValueError: there is no session, or the fetches change variables or keep state.
    """
    session = session if session is not None else context.get_default_session()
    if session is None:
        raise ValueError("to_module needs a session, whose values the module's parameters take: pass session=sess, "
                         "or call "
                         "it inside `with tf.Session() as sess:`.")
    graph = session.graph
    parts = Fetches(graph, fetches)
    tensors = [graph.as_graph_element(feed, allow_tensor=True, allow_operation=False) for feed in feeds]
    plan = make_plan(parts.tensors, parts.targets, tensors, session._torch_device, session.resources)
    execution = Execution(plan, session.resources)
    if execution.writes or parts.targets:
        raise ValueError("The fetches of to_module may not change variables: fetch the model's outputs, and train "
                         "the module "
                         "with torch.")
    for node in plan.graph.nodes:
        if node.op == "call_function" and getattr(node.target, "resources", None) is not None:
            raise ValueError(f"{node.target.op.name} ({node.target.op.type}) keeps state in the session, which a "
                             "module does "
                             "not have. Feed its value instead.")
    execution.require_variables()
    return _module(plan, session, single=not isinstance(fetches, (list, tuple)))


class _Holder(torch.nn.Module):
    """Holds a plan's constants for a `GraphModule`: tensors as buffers, other objects as attributes."""

    def __init__(self, constants: dict[str, Any]):
        super().__init__()
        for name, value in constants.items():
            if isinstance(value, torch.Tensor):
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)


def _module(plan: PlanGraph, session: Any, single: bool) -> fx.GraphModule:
    holder = _Holder(plan.constants)
    result = fx.Graph()
    mapping: dict[fx.Node, Any] = {}
    nodes = list(plan.graph.nodes)
    given = {node.meta["source"]: node for node in nodes if node.op == "placeholder"}
    for tensor in plan.feeds:
        mapping[given[tensor]] = result.placeholder(given[tensor].name)
    for root, node in given.items():
        if isinstance(root, Operation):
            value = session.resources.variables.values.get(key_of(root))
            if isinstance(value, torch.Tensor):
                value = value.clone()
                trainable = value.is_floating_point() or value.is_complex()
                holder.register_parameter(node.name, torch.nn.Parameter(value, requires_grad=trainable))
            else:
                setattr(holder, node.name, value)
            mapping[node] = result.get_attr(node.name)
    for node in nodes:
        if node in mapping:
            continue
        if node.op == "output":
            outputs = fx.map_arg(node.args[0][0], lambda n: mapping[n])
            result.output(outputs[0] if single else tuple(outputs))
        else:
            copy = mapping[node] = result.node_copy(node, lambda n: mapping[n])
            if isinstance(node.target, PlanCall):
                copy.target = node.target.bind(*map(python.function, node.target.bodies))
    return fx.GraphModule(holder, result)
