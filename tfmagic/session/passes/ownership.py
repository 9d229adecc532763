"""Ownership: which values of a plan are surely fresh memory, so that nobody else's memory is handed out or kept.

1. A node is fresh when torch's own schema says that the function called returns no alias of its inputs.
2. A part of a fresh tuple is fresh.
3. A kernel called at run time, what an object gives, a parameter, a constant and anything unknown are not fresh.
4. What is not fresh may lie in the memory of the call's arguments; what an object or a body gives, anywhere. What every
   turn of a loop makes anew is, without turns, what it begins as.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

import torch
from torch import fx

from tfmagic.session.plan.loop import Loop
from tfmagic.session.plan.run_time import PlanCall, RunTimeKernel

# Functions of torch.nn.functional and helpers that always return new memory and have no schema of their own.
_FRESH_FUNCTIONS = frozenset({torch.nn.functional.softmax, torch.nn.functional.log_softmax, torch.tensor,
                              torch.nn.functional.gelu, torch.nn.functional.softplus})


@functools.cache
def _returns_fresh(name: str) -> bool:
    schemas = torch._C._jit_get_schemas_for_operator(f"aten::{name}")
    # What writes into a tensor that it is given (`out`, `grad_input`) is not what a plan calls under this name.
    if name.endswith("_"):
        return False
    returns = [[r.alias_info for r in schema.returns] for schema in schemas]
    return any(not any(infos) for infos in returns) and all(
        info is None or info.is_write for infos in returns for info in infos)


# Their schemas promise a new tensor, but they give back the input itself when there is nothing to do.
_MAYBE_THE_INPUT = frozenset({"reshape", "contiguous", "to", "einsum", "dropout", "broadcast_to", "flatten", "pad",
                              "cat", "type_as", "meshgrid", "atleast_1d", "atleast_2d"})


def is_fresh(node: Any) -> bool:
    """Whether the value of `node` is memory that nothing else refers to."""
    if not isinstance(node, fx.Node):
        return False
    if node.op == "call_function":
        if node.target is operator.getitem:
            return is_fresh(node.args[0])
        if node.target in _FRESH_FUNCTIONS:
            return True
        name = getattr(node.target, "__name__", "")
        if isinstance(node.target, PlanCall):
            return False
        if getattr(node.target, "__module__", None) == "_operator":
            return name in _FRESH_OPERATORS
        return name not in _MAYBE_THE_INPUT and _returns_fresh(name)
    if node.op == "call_method":
        if node.meta.get("on_object"):
            return False
        return node.target not in _MAYBE_THE_INPUT and _returns_fresh(str(node.target))
    return False


def is_made_anew(node: Any) -> bool:
    """Whether the value of `node` is a tensor that nobody else has, be it a part of a larger piece of memory."""
    while isinstance(node, fx.Node) and node.target is operator.getitem:
        node = node.args[0]
    if not isinstance(node, fx.Node):
        return False
    return is_fresh(node) or isinstance(node.target, RunTimeKernel) and node.target.memory != "any"


def lenders(node: fx.Node, parameters: Sequence[fx.Node]) -> list[fx.Node]:
    """Those of the parameters of a plan in whose memory, or a part of it, the value of `node` may lie."""
    waiting, seen, found = [node], set(), set()
    while waiting:
        node = waiting.pop()
        if node in seen or is_fresh(node):
            continue
        seen.add(node)
        if node.op == "placeholder":
            found.add(node)
        elif node.target is operator.getitem and isinstance(getattr(node.args[0], "target", None), Loop):
            beginning = _beginning(node.args[0], node.args[1])  # type: ignore[arg-type]
            if beginning is None:
                return list(parameters)
            waiting += beginning
        elif node.meta.get("on_object") or isinstance(node.target, PlanCall) and node.target.bodies:
            return list(parameters)
        elif not is_made_anew(node):
            waiting += node.all_input_nodes
    return [parameter for parameter in parameters if parameter in found] if found else []


def _beginning(call: fx.Node, result: int) -> list[fx.Node] | None:
    """What a loop's result begins as, where every turn makes it anew; else None."""
    loop: Any = call.target
    slot = loop.results[result]
    cond, body = loop.bodies
    written = [*zip(loop.cond_writes, [*cond.results[0][1:], *cond.results[1]]),
               *zip(loop.body_writes, [*body.results[0], *body.results[1]])]
    if not all(is_fresh(node) for place, node in written if place == slot):
        return None
    return [value for value in call.args[slot:slot + 1] if isinstance(value, fx.Node)]


_FRESH_OPERATORS = frozenset({"add", "sub", "mul", "truediv", "floordiv", "mod", "neg", "pow", "matmul", "lt", "le",
                              "gt", "ge", "eq", "ne", "and_", "or_", "xor", "invert"})
