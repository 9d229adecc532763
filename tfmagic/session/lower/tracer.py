"""PlanTracer: the torch.fx tracer that records a plan, knows the op being lowered and takes in constants."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch
from torch import fx
from torch.fx.proxy import GraphAppendingTracer, Proxy

from tfmagic.graph.operation import Operation

# Functions that make a tensor from nothing: they get the device of the op that calls them.
_CREATORS = frozenset({torch.zeros, torch.ones, torch.full, torch.empty, torch.arange, torch.linspace, torch.eye,
                       torch.tensor, torch.rand, torch.randn, torch.scalar_tensor, torch.as_tensor})


class PlanTracer(GraphAppendingTracer):
    """Records torch calls into one fx graph.

    Attributes:
      graph: the fx graph.
      constants: tensors and host objects by the attribute name under which the plan finds them.
      op: the operation whose kernel is being traced; every node made meanwhile is marked with it.
      device: torch device of that operation.
    """

    def __init__(self) -> None:
        super().__init__(fx.Graph())
        self.constants: dict[str, Any] = {}
        self.op: Operation | None = None
        self.device = "cpu"
        self._names: dict[tuple[int, str], str] = {}

    def create_node(self, kind: str, target: Any, args: Any, kwargs: Any, name: str | None = None,
                    type_expr: Any = None) -> fx.Node:
        if self.device != "cpu" and target in _CREATORS and "device" not in kwargs:
            kwargs = {**kwargs, "device": self.device}
        node = super().create_node(kind, target, args, kwargs, name, type_expr)
        node.meta["op"] = self.op
        node.meta["device"] = self.device
        return node

    def create_arg(self, a: Any) -> Any:
        if isinstance(a, torch.Tensor):
            return self.constant(a, "cpu" if a.ndim == 0 else self.device)
        if isinstance(a, np.ndarray):
            return self.constant(a)
        if isinstance(a, np.generic):
            return a.item()
        return super().create_arg(a)

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
        return node

    def _free_name(self, wanted: str) -> str:
        name, count = wanted, 0
        while name in self.constants:
            count += 1
            name = f"{wanted}_{count}"
        return name

    def input(self, name: str) -> Proxy:
        """A parameter of the plan."""
        node = self.graph.placeholder(re.sub(r"\W", "_", name))
        node.target = node.name  # one spelling in the code, whatever fx made of the name
        return self.proxy(node)
