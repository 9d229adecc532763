"""Host scalars: counters, conditions and indices of a loop are Python numbers, not tensors.

1. A loop variable is a number when it is a scalar of a known type on the CPU and its next value is computed from
   numbers alone. So is a scalar from around the loop that only such computations read.
2. Sums, differences, products and comparisons of numbers of one type are computed by Python, with the same results:
   integers wrap around, 32-bit floats are rounded (once more than from double changes nothing).
3. Calls on TensorArrays and lists take a number for their index, and so do slices. Whatever else reads one gets a
   tensor of it.
4. `where` of such a number takes one of its values, of one shape and type, and computes nothing.
5. The loop takes the numbers out of the tensors with which it begins, and gives tensors when it ends.
"""

from __future__ import annotations

import ctypes
import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.graph.operation import Tensor
from tfmagic.session.passes import check_plan
from tfmagic.session.plan.plan_graph import PlanGraph

_INTEGERS = frozenset({torch.int32, torch.int64})
_FLOATS = frozenset({torch.float32, torch.float64})
_NUMBERS = _INTEGERS | _FLOATS


def run(cond: PlanGraph, body: PlanGraph, variables: Sequence[Tensor]) -> dict[Any, torch.dtype]:
    """Compute what can be with Python numbers in a loop's condition and iteration.

    Args:
      variables: the loop variables, in the order of the iteration's results.

    Returns:
      Which values are numbers during the loop, with the types of the tensors before and after it: loop variables, and
      nodes of the graph around.
    """
    parameters = {id(plan): {_key(node.meta["source"]): node for node in plan.graph.nodes if node.op == "placeholder"}
                  for plan in (cond, body)}
    kinds: dict[Any, torch.dtype] = {}
    unknown = {key for known in parameters.values() for key, node in known.items() if not _is_scalar(node)}
    for known in parameters.values():
        kinds.update({key: node.meta["val"].dtype for key, node in known.items()
                      if isinstance(key, (Tensor, fx.Node)) and key not in unknown})
    following = dict(zip(variables, body.results[0]))
    while True:
        computed = {id(plan): _computed(plan, kinds) for plan in (cond, body)}
        gone = [key for key in kinds if not _stays(key, kinds[key], following, parameters, computed)]
        if not gone:
            break
        for key in gone:
            del kinds[key]
    if not any(isinstance(key, Tensor) for key in kinds):
        return {}
    numbers = [key in kinds for key in variables]
    _rewrite(cond, computed[id(cond)], [True])
    _rewrite(body, computed[id(body)], numbers)
    check_plan(cond)
    check_plan(body)
    return kinds


def _key(source: Any) -> Any:
    return source.node if isinstance(source, Proxy) else source


def _is_scalar(node: Any) -> bool:
    meta = node.meta.get("val") if isinstance(node, fx.Node) else None
    return isinstance(meta, torch.Tensor) and meta.dim() == 0 and node.meta.get("device", "cpu") == "cpu" \
        and (meta.dtype in _NUMBERS or meta.dtype is torch.bool)


def _stays(key: Any, kind: torch.dtype, following: dict[Any, Any], parameters: dict[int, dict[Any, fx.Node]],
           computed: dict[int, dict[fx.Node, Any]]) -> bool:
    if isinstance(key, Tensor):
        node: Any = following.get(key)
        is_number = any(node in found for found in computed.values()) or _is_scalar(node) and node.op == "get_attr"
        return is_number and node.meta["val"].dtype is kind
    return all(user in found for plan, found in computed.items() if key in parameters[plan]
               for user in parameters[plan][key].users)


def _computed(plan: PlanGraph, kinds: dict[Any, Any]) -> dict[fx.Node, Any]:
    """The nodes that are numbers, each with the function of Python that computes it (None: a parameter)."""
    found: dict[fx.Node, Any] = {}
    for node in plan.graph.nodes:
        if node.op == "placeholder":
            if _key(node.meta["source"]) in kinds:
                found[node] = None
        elif node.op == "call_function" and node.target in _RULES and not node.kwargs and _is_scalar(node):
            function = _function(node, found)
            if function is not None:
                found[node] = function
    return found


def _function(node: fx.Node, numbers: dict[fx.Node, Any]) -> Callable[..., Any] | None:
    types = set()
    for argument in node.args:
        if isinstance(argument, fx.Node) and (argument in numbers or
                                              argument.op == "get_attr" and _is_scalar(argument)):
            types.add(argument.meta["val"].dtype)
        elif type(argument) is not int:
            return None
    if len(types) != 1 or not any(argument in numbers for argument in node.args):
        return None
    rule: Any = _RULES[node.target]
    kind = types.pop()
    if kind in _FLOATS and any(type(argument) is int for argument in node.args):
        return None
    return rule.get(kind) if isinstance(rule, dict) else rule


def _rewrite(plan: PlanGraph, numbers: dict[fx.Node, Any], results: list[bool]) -> None:
    """Let Python compute the numbers, and mark their nodes.

    Args:
      results: which of the first results are wanted as numbers; all others are tensors.
    """
    graph, tensors = plan.graph, dict[fx.Node, fx.Node]()
    first = next(node for node in graph.nodes if node.op != "placeholder")
    for node in numbers:
        node.meta["number"] = True  # what its meta tensor says is of the tensor that it stands for

    def value(argument: Any) -> Any:
        if isinstance(argument, fx.Node) and argument.op == "get_attr":
            return plan.constants[str(argument.target)].item()
        return argument

    def tensor(node: fx.Node) -> fx.Node:
        if node in numbers and node not in tensors:
            with graph.inserting_before(first if node.op == "placeholder" else node.next):
                made = tensors[node] = graph.call_function(torch.scalar_tensor, (node,),
                                                           {"dtype": node.meta["val"].dtype})
            made.meta.update(node.meta, effect="none", inputs=[])
            made.meta.pop("source", None)
            made.meta.pop("number", None)
        return tensors.get(node, node)

    for node in numbers:
        node.meta["number"] = True
    for node in list(graph.nodes):
        if node.op == "output":
            (values, states, updates), = node.args
            values = [value(given) if index < len(results) and results[index] else fx.map_arg(given, tensor)
                      for index, given in enumerate(values)]
            node.args = ((tuple(values), fx.map_arg(states, tensor), fx.map_arg(updates, tensor)),)
        elif numbers.get(node) is not None:
            node.target = numbers[node]
            node.args = tuple(map(value, node.args))
        elif _chooses(node, numbers):
            node.target = chosen
        elif node not in numbers:
            whole = node.args
            takes_number = getattr(node.target, "of_number", False) or node.meta.get("on_object") and (
                node.target in ("read", "write") or getattr(node.target, "takes_number", False))
            kept = whole[:2] if takes_number else ()
            node.args = (*kept, *fx.map_arg(tuple(whole[len(kept):]), tensor))
            node.kwargs = fx.map_arg(node.kwargs, tensor)
    for node in reversed(list(graph.nodes)):
        if node.op == "get_attr" and not node.users:
            graph.erase_node(node)


def _chooses(node: fx.Node, numbers: dict[fx.Node, Any]) -> bool:
    """Rule 4."""
    if node.target is not torch.where or len(node.args) != 3 or node.kwargs or node.args[0] not in numbers:
        return False
    metas: list[Any] = [value.meta.get("val") if isinstance(value, fx.Node) and value not in numbers else None
                        for value in (node, *node.args[1:])]
    return all(isinstance(meta, torch.Tensor) for meta in metas) and \
        len({(tuple(meta.shape), meta.dtype) for meta in metas}) == 1


def chosen(condition: bool, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """One of two values."""
    return x if condition else y


# --- the rules: a function of torch, and what Python does instead ---------------------------------------------------


def _wrapping(function: Callable[[int, int], int], bits: int) -> Callable[[int, int], int]:
    least, count = -(1 << bits - 1), 1 << bits

    def wrapping(x: int, y: int) -> int:
        value = function(x, y)
        return value if least <= value < -least else (value - least) % count + least

    return _named(wrapping, f"{function.__name__}_int{bits}")


def _rounding(function: Callable[[float, float], float]) -> Callable[[float, float], float]:
    rounded = ctypes.c_float

    def rounding(x: float, y: float) -> float:
        return rounded(function(x, y)).value

    return _named(rounding, f"{function.__name__}_float32")


def _named(function: Any, name: str) -> Any:
    function.__name__ = function.__qualname__ = name
    function.__module__ = "tfmagic.session"
    return function


def _arithmetic(function: Any) -> dict[torch.dtype, Any]:
    return {torch.int32: _wrapping(function, 32), torch.int64: _wrapping(function, 64),
            torch.float32: _rounding(function), torch.float64: function}


_RULES: dict[Any, Any] = {}
for _name in ("add", "sub", "mul"):
    _RULES[getattr(torch, _name)] = _RULES[getattr(operator, _name)] = _arithmetic(getattr(operator, _name))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    _RULES[getattr(torch, _name)] = _RULES[getattr(operator, _name)] = getattr(operator, _name)
for _name, _logical in (("logical_and", operator.and_), ("logical_or", operator.or_), ("logical_not", operator.not_)):
    _RULES[getattr(torch, _name)] = {torch.bool: _logical}
