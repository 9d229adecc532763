"""PlanTracer: the torch.fx tracer that records a plan: knows the op being lowered, takes in constants, follows shapes.

Every recorded value carries, where it can be told, a meta tensor: shape and dtype without memory. Kernels may then look
at `x.shape` while they are traced, and what depends on shapes alone becomes a constant of the plan.
"""

from __future__ import annotations

import operator
import re
from typing import Any

import numpy as np
import torch
from torch import fx
from torch.fx.proxy import GraphAppendingTracer, Proxy

from tfmagic.graph.operation import Operation
from tfmagic.graph.registry import Effect
from tfmagic.session.lower import meta
from tfmagic.session.plan.run_time import UNKNOWN, PlanCall

# Functions of torch that draw from its own generator.
_RANDOM = frozenset({torch.rand, torch.randn, torch.randint, torch.randperm, torch.bernoulli, torch.multinomial,
                     torch.normal})
_SHAPED = (torch.Tensor, np.ndarray)
# Where methods of tensors are defined: in Python, and in C.
_METHODS = ("Tensor.", "TensorBase.", "_TensorBase.")


def device_of(value: Any) -> str:
    """Where a value is."""
    return value.node.meta.get("device", "cpu") if isinstance(value, Proxy) else "cpu"


class PlanProxy(Proxy):
    """A value of the plan; its shape and dtype are plain Python where they are known."""

    @classmethod
    def __torch_function__(cls, orig_method: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Record a call of torch; what fx does here costs more than all else that is recorded of a call."""
        kwargs = kwargs or {}
        tracer = _tracer_of((*args, *kwargs.values()))
        if is_method(orig_method):
            return tracer.create_proxy("call_method", orig_method.__name__, args, kwargs)
        return tracer.create_proxy("call_function", orig_method, args, kwargs)

    @property
    def meta(self) -> Any:
        """The meta tensor that stands for this value, or None."""
        return self.node.meta.get("val")

    @property
    def is_cuda(self) -> bool:
        """Whether the value is on a GPU: known, since every op is placed before it is traced."""
        return device_of(self).startswith("cuda")

    @property
    def shape(self) -> Any:
        known = meta.known(self)
        return known.shape if isinstance(known, _SHAPED) else Proxy.__getattr__(self, "shape")

    @property
    def ndim(self) -> Any:
        known = meta.known(self)
        return known.ndim if isinstance(known, _SHAPED) else Proxy.__getattr__(self, "ndim")

    @property
    def dtype(self) -> Any:
        meta = self.meta
        return meta.dtype if isinstance(meta, torch.Tensor) else Proxy.__getattr__(self, "dtype")

    def dim(self) -> Any:
        meta = self.meta
        return meta.dim() if isinstance(meta, torch.Tensor) else Proxy.__getattr__(self, "dim")()

    def numel(self) -> Any:
        known = meta.known(self)
        if isinstance(known, np.ndarray):
            return known.size
        return known.numel() if isinstance(known, torch.Tensor) else Proxy.__getattr__(self, "numel")()

    def size(self, *axis: int) -> Any:
        meta = self.meta
        return meta.size(*axis) if isinstance(meta, torch.Tensor) else Proxy.__getattr__(self, "size")(*axis)

    def is_floating_point(self) -> Any:
        meta = self.meta
        if isinstance(meta, torch.Tensor):
            return meta.is_floating_point()
        return Proxy.__getattr__(self, "is_floating_point")()

    def is_complex(self) -> Any:
        meta = self.meta
        return meta.is_complex() if isinstance(meta, torch.Tensor) else Proxy.__getattr__(self, "is_complex")()

    def __len__(self) -> int:
        meta = self.meta
        if isinstance(meta, torch.Tensor):
            return meta.shape[0]
        return super().__len__()


def is_method(function: Any) -> bool:
    """Whether a function is a method or property of tensors; torch's own answer looks through all of torch first."""
    name = function.__name__
    return name == "__get__" or getattr(function, "__qualname__", "").startswith(_METHODS) or \
        getattr(torch.Tensor, name, None) is function  # that of a device which came later


def _tracer_of(arguments: Any) -> PlanTracer:
    """The tracer of the first proxy among arguments, which may stand in lists."""
    waiting = list(arguments)
    for argument in waiting:
        if isinstance(argument, Proxy):
            return argument.tracer  # type: ignore[return-value]
        if isinstance(argument, (tuple, list)):
            waiting += argument
        elif isinstance(argument, dict):
            waiting += argument.values()
    raise AssertionError("no value of a plan among the arguments")


def _name(target: Any) -> str:
    """What a node with this target is called; fx would find it out by regular expressions."""
    name = target if isinstance(target, str) else target.__name__
    return name[2:-2] if name.startswith("__") else name


class PlanTracer(GraphAppendingTracer):
    """Records torch calls into one fx graph.

    Attributes:
      graph: the fx graph.
      constants: tensors and host objects by the attribute name under which the plan finds them.
      op: the operation whose kernel is being traced; every node made meanwhile is marked with it.
      path: the calls of functions that it is in, or None.
      device: torch device of that operation.
      inputs: the values of its inputs.
      on_objects: the effect of its calls on objects and of functions that make them; None where it has no such calls.
    """

    def __init__(self) -> None:
        super().__init__(fx.Graph())
        self.constants: dict[str, Any] = {}
        self.op: Operation | None = None
        self.path: Any = None
        self.device = "cpu"
        self.inputs: list[Any] = []
        self.on_objects: Effect | None = None
        self._names: dict[tuple[int, str], str] = {}

    def proxy(self, node: fx.Node) -> PlanProxy:
        return PlanProxy(node, self)

    def create_node(self, kind: str, target: Any, args: Any, kwargs: Any, name: str | None = None,
                    type_expr: Any = None) -> fx.Node:
        if self.device != "cpu" and target in meta.CREATORS and "device" not in kwargs:
            kwargs = {**kwargs, "device": self.device}
        if name is None and kind in ("call_function", "call_method") and not isinstance(target, PlanCall):
            name = _name(target)
        # The graph looks through arguments that it is given at once for what never stands in a plan.
        node = self.graph.create_node(kind, target, (), {}, name, type_expr)
        node.args = args
        if kwargs:
            node.kwargs = kwargs
        node.meta["op"] = self.op
        if self.path is not None:
            node.meta["path"] = self.path
        node.meta["device"] = self.device
        node.meta["inputs"] = self.inputs
        if kind in ("call_function", "call_method"):
            if self.on_objects is not None and target is not operator.getitem:
                node.meta.update(effect=self.on_objects, on_object=True)
                return node
            node.meta["effect"] = _effect(target)
            if getattr(target, "of_number", False):  # it has its own words for a failure: no other value is kept for it
                node.meta.update(number=True, inputs=[None] * len(self.inputs))
            value = meta.value_of(node)
            if value is not UNKNOWN:
                node.meta["val"] = value
        return node

    def create_arg(self, a: Any) -> Any:
        if isinstance(a, Proxy):
            if a.tracer is not self:
                raise RuntimeError(f"{a} is a value of another plan")
            return a.node
        if isinstance(a, fx.Node):
            return a
        if isinstance(a, torch.Tensor):
            return self.constant(a, "cpu" if a.ndim == 0 else self.device)
        if isinstance(a, np.ndarray):
            return self.constant(a)
        if isinstance(a, np.generic):
            return a.item()
        return super().create_arg(a)

    def moved(self, value: Proxy, device: str) -> Proxy:
        """`value` on `device`."""
        if device_of(value) == device:
            return value
        here, self.device = self.device, device
        try:
            return self.create_proxy("call_method", "to", (value, device), {})
        finally:
            self.device = here

    def constant(self, value: Any, device: str = "cpu") -> fx.Node:
        """A node that gives `value`, which the plan keeps."""
        key = (id(value), device)
        name = self._names.get(key)
        if name is None:
            name = self._free_name("c_" + (re.sub(r"\W", "_", self.op.name) if self.op is not None else "value"))
            self._names[key] = name
            self.constants[name] = value.to(device) if isinstance(value, torch.Tensor) else value
            self.constants.setdefault("_kept", []).append(value)  # its id must stay its own
        node = self.graph.create_node("get_attr", name, (), {})
        node.meta["op"] = self.op
        node.meta["device"] = device
        if isinstance(value, torch.Tensor):
            node.meta["val"] = value.to("meta")
        return node

    def numbers_of(self, vector: Any) -> list[Any] | None:
        """The numbers of a vector of known length: of Python what is known of a stack, else values of the plan."""
        stacked, value = vector.node, vector.node.meta.get("val")
        if not isinstance(value, torch.Tensor) or value.ndim != 1:
            return None
        if stacked.target is not torch.stack or stacked.args[1:] != (0,):
            return [vector[index] for index in range(len(value))]
        scalars: Any = stacked.args[0]
        return [self.constants[scalar.target].item() if scalar.op == "get_attr" else self.proxy(scalar)
                for scalar in scalars]

    def taken_constants(self) -> dict[str, Any]:
        """The constants, for the plan that is made of the graph: the tracer takes no more."""
        self.constants.pop("_kept", None)
        return self.constants

    def _free_name(self, wanted: str) -> str:
        name, count = wanted, 0
        while name in self.constants:
            count += 1
            name = f"{wanted}_{count}"
        return name

    def input(self, name: str, shape: Any = None, dtype: torch.dtype | None = None) -> PlanProxy:
        """A parameter of the plan; with `shape` and `dtype` where they are settled."""
        node = self.graph.placeholder(re.sub(r"\W", "_", name))
        node.target = node.name  # one spelling in the code, whatever fx made of the name
        if shape is not None and dtype is not None:
            node.meta["val"] = torch.empty(tuple(shape), dtype=dtype, device="meta")
        return self.proxy(node)


def _effect(target: Any) -> str:
    """What a call does beside giving its results."""
    if isinstance(target, PlanCall):
        return target.effect
    changes = target in _RANDOM or target is torch._assert_async or \
        isinstance(target, str) and target.endswith("_") and not target.startswith("__")
    return "writes" if changes else "none"
