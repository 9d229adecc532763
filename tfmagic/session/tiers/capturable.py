"""What a CUDA graph may hold: calls whose kernels are the same in every run, and that wait for nothing.

1. A call may be captured when it is torch's, has no effect, and gives tensors of known shape on the GPU. (Of our own
   calls those may that say how many kernels they start.)
2. Its tensors are on that GPU, too. What stands on the host is copied there where the call is nothing but that copy
   (`x.to("cuda:0")`), or where it is one number of an element-wise call; a constant number is part of the kernel.
3. What looks at values on the host (`item`), finds its shape by them or asks a solver that does (`linalg`) is not
   captured.
4. All calls of a plan that are captured are on one GPU: a plan on several has none.
5. A region is worth it that has at least `_CALLS` calls with kernels, and more than values to copy in and out.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from tfmagic.session.devices.transfers import is_upload
from tfmagic.session.lower.meta import ELEMENT_WISE, words
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.tiers import regions
from tfmagic.session.tiers.regions import Region, without_parted

_CALLS = 6
# What waits for the GPU, or makes a tensor of the host's memory.
_WAITING = frozenset(words("""
    allclose as_tensor bincount bool cholesky cholesky_solve cpu ctc_loss cuda equal from_numpy geqrf histc histogram
    inverse is_nonzero item logdet lu_solve masked_select matrix_exp matrix_power multinomial nonzero numpy pinverse qr
    repeat_interleave slogdet sparse_coo_tensor svd tensor to_dense to_sparse tolist triangular_solve unique
    unique_consecutive unique_dim
"""))
_MODULES = ("torch", "_operator", "builtins")
_NUMBERS = frozenset(ELEMENT_WISE)
# Calls without a kernel.
_VIEWS = frozenset(words("""
    T broadcast_tensors broadcast_to chunk detach diagonal expand expand_as flatten getattr getitem mT movedim narrow
    permute ravel real reshape select split split_with_sizes squeeze swapaxes t transpose unbind unflatten unsqueeze
    view view_as_real
"""))


def gpu_of(plan: PlanGraph) -> str | None:
    """The one CUDA device on which a plan computes; None: it has several, or none."""
    found = {device for node in plan.graph.nodes
             if isinstance(device := node.meta.get("device"), str) and device.startswith("cuda")}
    return found.pop() if len(found) == 1 else None


def divided(plan: PlanGraph, gpu: str) -> list[Region | fx.Node] | None:
    """The calls of a plan with those that may be captured in regions; None: no region is worth it.

    Args:
      plan: the plan.
      gpu: the device on which it computes.
    """
    nodes = [node for node in plan.graph.nodes if node.op.startswith("call")]
    inside = without_parted(nodes, {node for node in nodes if _may(plan, node, gpu)})
    return regions.divided(plan, inside, _is_worth)


def _may(plan: PlanGraph, node: fx.Node, gpu: str) -> bool:
    """Whether a call may be captured by itself (rules 1 to 3)."""
    name = _name(node)
    target: Any = node.target
    if node.meta.get("effect") != "none" or node.meta.get("on_object"):
        return False
    if isinstance(target, PlanCall):
        if not target.launches:
            return False
    elif node.op == "call_function" and not (getattr(target, "__module__", None) or "torch").startswith(_MODULES):
        return False
    if name in _WAITING or name.startswith("linalg_"):
        return False
    if node.meta.get("device") != gpu or not _is_known(node.meta.get("val")):
        return False
    given = node.all_input_nodes
    if any("number" in known.meta for known in (node, *given)):  # Python's, in the body of a loop
        return False
    if name == "getitem" and not _takes_a_part(node):
        return False
    if is_upload(node):
        return given[0].op != "get_attr" and _is_known(given[0].meta.get("val"))
    asked = [item for item in (*node.args, *node.kwargs.values()) if isinstance(item, (str, torch.device))]
    return all(str(item) == gpu for item in asked) and all(_may_take(plan, node, source, gpu) for source in given)


def _takes_a_part(node: fx.Node) -> bool:
    """Whether `x[...]` is of one tensor or tuple, with an index that torch does not make a tensor, or look at."""
    index = node.args[1]
    return isinstance(node.args[0], fx.Node) and not any(
        isinstance(item, list) or isinstance(item, fx.Node) and _is_number(item)
        for item in (index if isinstance(index, tuple) else [index]))


def _is_number(node: fx.Node) -> bool:
    """Whether a value may be a single number, which torch reads where it is an index."""
    value = node.meta.get("val")
    return not isinstance(value, torch.Tensor) or value.ndim == 0


def _may_take(plan: PlanGraph, node: fx.Node, source: fx.Node, gpu: str) -> bool:
    """Whether a call that is captured may take the value of `source`."""
    constant = plan.constants.get(str(source.target)) if source.op == "get_attr" else None
    if isinstance(constant, torch.Tensor):
        return str(constant.device) == gpu or constant.ndim == 0
    if source.meta.get("device") == gpu:
        return _is_known(source.meta.get("val"))
    value = source.meta.get("val")
    return isinstance(value, torch.Tensor) and value.ndim == 0 and _name(node) in _NUMBERS and source in node.args \
        and any(other is not source and other.meta.get("device") == gpu for other in node.all_input_nodes)


def _is_known(value: Any) -> bool:
    """Whether this stands for a tensor, or a tuple of them."""
    if isinstance(value, (tuple, list)):
        return bool(value) and all(isinstance(part, torch.Tensor) for part in value)
    return isinstance(value, torch.Tensor)


def _name(node: fx.Node) -> str:
    return str(node.target) if node.op == "call_method" else getattr(node.target, "__name__", "")


def _is_worth(region: Region) -> bool:
    kernels = sum(getattr(node.target, "launches", 0) or _name(node) not in _VIEWS for node in region.nodes)
    copied = len(region.outputs) + sum(node.op != "get_attr" for node in region.inputs)
    return kernels >= max(_CALLS, copied + 1)
