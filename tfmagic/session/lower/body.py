"""Bodies of branches and loops: how values get into one while it is lowered to a PlanGraph of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.base import dtypes
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops.torch_types import torch_dtype
from tfmagic.session import run_errors
from tfmagic.session.lower.lowering import Lowering, VariableRef
from tfmagic.session.passes import run_passes
from tfmagic.session.plan.plan_graph import PlanGraph


class Dead:
    """What a tensor of a branch that was not taken holds."""

    def __repr__(self) -> str:
        return "<dead>"


DEAD = Dead()


class Inner:
    """A body while it is lowered.

    Attributes:
      outer: the lowering around it.
      lowering: its own.
    """

    def __init__(self, outer: Lowering, lowering: Lowering | None = None):
        self.outer = outer
        self.lowering = lowering or outer.child()
        self._known: dict[fx.Node, Proxy] = {}

    def parameter(self, tensor: Tensor, source: Any, device: str, meta: Any = None) -> Proxy:
        """Let `tensor` be a parameter.

        Args:
          source: what the caller passes for it.
          device: where it is.
          meta: a meta tensor of its shape and type, where all calls agree on them.
        """
        name = tensor.op.name if tensor.value_index == 0 else f"{tensor.op.name}_{tensor.value_index}"
        proxy = self.lowering.tracer.input(name)
        proxy.node.meta.update(source=source, device=device)
        if meta is not None:
            proxy.node.meta["val"] = meta
        self.lowering.values[tensor] = proxy
        return proxy

    def bring(self, tensor: Tensor, value: Any, root: Operation | None = None) -> None:
        """Let `tensor` stand inside for a value of the lowering around, the memory of variable `root` where it is."""
        if root is not None:
            self.lowering.aliases[tensor] = root
        if not isinstance(value, Proxy):
            self.lowering.values[tensor] = value
            return
        known = self._known.get(value.node)
        if known is None:
            meta = value.node.meta
            known = self._known[value.node] = self.parameter(tensor, value, meta.get("device", "cpu"), meta.get("val"))
            if "holds" in meta:
                known.node.meta["holds"] = meta["holds"]
        self.lowering.values[tensor] = known

    def settled(self, value: Any, device: str) -> Any:
        """`value` on `device`, as a result of the body."""
        if device == "cpu" and not isinstance(value, Proxy):
            return value
        tracer = self.lowering.tracer
        if isinstance(value, Proxy):
            return tracer.moved(value, device)
        return tracer.proxy(tracer.constant(value, device)) if isinstance(value, torch.Tensor) else value

    def finish(self, name: str, results: Sequence[Any], written: Sequence[Operation] = ()) -> PlanGraph:
        """End the lowering.

        Args:
          name: what the body is.
          results: the values that it gives, settled.
          written: the variables whose new values it gives besides.
        """
        lowering = self.lowering
        tracer = lowering.tracer
        states = [self.settled(lowering.variable(root), lowering.place(root)) for root in written]
        tracer.op, tracer.device = None, "cpu"
        tracer.graph.output(tracer.create_arg((tuple(results), tuple(states), ())))
        plan = PlanGraph(name, tracer.graph, tracer.taken_constants(), list(written))
        if lowering.stepwise:
            plan.values = lowering.values
        else:
            run_passes(plan)
        return plan


def passed(lowering: Lowering, op: Operation, tensor: Tensor) -> Any:
    """What a node that routes values (Switch, Enter) hands on of its input `tensor`.

    References and handles stay what they are; a plain node reads the variable behind a reference.
    """
    value = lowering.current(tensor)
    if type(value) is VariableRef and not op._outputs[0]._dtype._is_ref_dtype \
            and tensor._dtype.base_dtype is not dtypes.resource:
        lowering.require_initialized(op, value.root)
        return lowering.variable(value.root)
    return value


def aliased(lowering: Lowering, tensor: Tensor) -> Operation | None:
    """The variable whose memory a tensor is, so that it shows what is assigned to that; None for any other tensor."""
    value = lowering.values.get(tensor)
    if type(value) is VariableRef:
        return None if tensor._dtype.base_dtype is dtypes.resource else value.root
    return lowering.aliases.get(tensor)


def meta_of(value: Any) -> Any:
    """The meta tensor of a value, or None."""
    meta = value.node.meta.get("val") if isinstance(value, Proxy) else value
    if not isinstance(meta, torch.Tensor):
        return None
    return meta.to("meta")


def common_meta(values: Sequence[Any]) -> Any:
    """The meta tensor that stands for all of `values`, or None when they differ."""
    metas = [meta_of(value) for value in values]
    first = metas[0]
    if first is None or any(m is None or m.shape != first.shape or m.dtype != first.dtype for m in metas):
        return None
    return first


def static_meta(tensor: Tensor, *others: Tensor) -> Any:
    """A meta tensor by the static shape, when it is known in full and all tensors agree on it."""
    dims: Any = tensor._dims
    if dims is None or None in dims or lives_on_host(tensor) or any(other._dims != dims for other in others):
        return None
    return torch.empty(tensor.shape.as_list(), dtype=torch_dtype(tensor._dtype), device="meta")  # type: ignore[arg-type]


def require_scalar(condition: Any, switch: Operation | None) -> None:
    """Refuse a condition that is known not to be a scalar, in the words of the Switch that it decides.

    Raises:
      InvalidArgumentError: it has axes.
    """
    known = condition.node.meta.get("val") if isinstance(condition, Proxy) else condition
    if switch is not None and known is not None and known.ndim:
        run_errors.refuse_shapes(switch, [known, known])


def lives_on_host(tensor: Tensor) -> bool:
    """Whether values of this tensor are host objects."""
    return tensor._dtype.kind == "O"
