"""Body: a branch or loop body as a compiled fx graph of its own, and how values get into it while it is lowered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import torch
from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.base import dtypes
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops.torch_types import torch_dtype
from tfmagic.session import run_errors
from tfmagic.session.lower.lowering import Lowering, VariableRef
from tfmagic.session.lower.tracer import UNKNOWN
from tfmagic.session.passes import body_passes


class PlanCall:
    """Something that a plan calls at run time and that passes leave alone."""

    def __init_subclass__(cls) -> None:
        cls.__module__ = "tfmagic.control_flow"  # by which passes know it, and under which a printed plan shows it

    bodies: tuple[Body, ...] = ()

    def meta_outputs(self, arguments: Any) -> Any:
        """What is known of the results' shapes: their lowering says it instead."""
        return UNKNOWN


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

    def __init__(self, outer: Lowering):
        self.outer = outer
        self.lowering = outer.child()
        self._parameters: dict[fx.Node, Any] = {}
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
        proxy.node.meta["device"] = device
        if meta is not None:
            proxy.node.meta["val"] = meta
        self._parameters[proxy.node] = source
        self.lowering.values[tensor] = proxy
        return proxy

    def bring(self, tensor: Tensor, value: Any) -> None:
        """Let `tensor` stand inside for a value of the lowering around."""
        if not isinstance(value, Proxy):
            self.lowering.values[tensor] = value
            return
        known = self._known.get(value.node)
        if known is None:
            meta = value.node.meta
            known = self._known[value.node] = self.parameter(tensor, value, meta.get("device", "cpu"), meta.get("val"))
        self.lowering.values[tensor] = known

    def settled(self, value: Any, device: str) -> Any:
        """`value` on `device`, as a result of the body."""
        if device == "cpu" and not isinstance(value, Proxy):
            return value
        tracer = self.lowering.tracer
        if isinstance(value, Proxy):
            if value.node.meta.get("device", "cpu") == device:
                return value
            return tracer.create_proxy("call_method", "to", (value, device), {})
        return tracer.proxy(tracer.constant(value, device)) if isinstance(value, torch.Tensor) else value

    def compile(self, results: Sequence[Any], name: str) -> Body:
        """End the lowering."""
        tracer = self.lowering.tracer
        tracer.op, tracer.device = None, "cpu"
        tracer.graph.output(tracer.create_arg(tuple(results)))
        body = SimpleNamespace(graph=tracer.graph)
        for change in body_passes():
            change(body)
        parameters = [self._parameters.get(node, node.meta.get("variable")) for node in tracer.graph.nodes
                      if node.op == "placeholder"]
        return Body(name, tracer.graph, tracer.constants, parameters)


class Body:
    """A compiled part of a plan: called with one value per parameter, gives a tuple of results.

    Attributes:
      graph: its fx graph.
      constants: tensors and host objects that the graph names.
      parameters: what each parameter stands for: a value around it (a proxy), an `Operation` (a variable), or what
        the lowering of the loop chose.
    """

    def __init__(self, name: str, graph: fx.Graph, constants: dict[str, Any], parameters: list[Any]):
        constants.pop("_kept", None)
        self.name = name
        self.graph = graph
        self.constants = constants
        self.parameters = parameters
        python_code = graph.python_code("self")
        self.source = python_code.src
        self._nodes = list(graph.nodes)
        self._lines = getattr(python_code, "_lineno_map", None) or {}
        self._filename = f"<tfmagic {name} {id(self):x}>"
        scope = dict(python_code.globals)
        exec(compile(self.source, self._filename, "exec"), scope)  # the code that fx generated from the graph
        self._namespace = SimpleNamespace(**constants)
        self._forward = scope["forward"]
        lines = self.source.splitlines()
        self._first = next(i for i, line in enumerate(lines) if line.lstrip().startswith("def forward")) + 1

    def __call__(self, *values: Any) -> tuple[Any, ...]:
        try:
            return self._forward(self._namespace, *values)
        except Exception as exception:
            op = self._failing(exception)
            if op is None:
                raise
            raise run_errors.translate(exception, op) from exception

    def _failing(self, exception: BaseException) -> Operation | None:
        """The operation in whose line `exception` came up."""
        traceback = exception.__traceback__
        op = None
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self._filename:
                index = self._lines.get(traceback.tb_lineno - self._first)
                if index is not None and index < len(self._nodes):
                    op = self._nodes[index].meta.get("op")
            traceback = traceback.tb_next
        return op

    def code(self) -> str:
        """The body as readable PyTorch code, with the bodies that it calls."""
        return readable(self.name, self.graph)

    def __repr__(self) -> str:
        return f"<body {self.name}>"


def readable(title: str, graph: fx.Graph) -> str:
    """The code of an fx graph under a title, and after it that of the bodies it calls."""
    text = re.sub(r";\s+(\w+ = )+None", "", graph.python_code("self").src).strip()
    parts = [f"# {title}\n{text}" if title else text]
    for node in graph.nodes:
        parts += [body.code() for body in getattr(node.target, "bodies", ())]
    return "\n\n".join(parts)


def passed(lowering: Lowering, op: Operation, tensor: Tensor) -> Any:
    """What a node that routes values (Switch, Enter) hands on of its input `tensor`.

    References and handles stay what they are; a plain node reads the variable behind a reference.
    """
    value = lowering.values[tensor]
    if type(value) is VariableRef and not op._outputs[0]._dtype._is_ref_dtype \
            and tensor._dtype.base_dtype is not dtypes.resource:
        lowering.require_initialized(op, value.root)
        return lowering.variable(value.root)
    return value


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


def device_of(value: Any) -> str:
    """Where a value is."""
    return value.node.meta.get("device", "cpu") if isinstance(value, Proxy) else "cpu"


def lives_on_host(tensor: Tensor) -> bool:
    """Whether values of this tensor are host objects."""
    return tensor._dtype.kind == "O"
