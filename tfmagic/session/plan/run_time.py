"""What a plan calls at run time as a whole: kernels that do not trace, and loops and branches with bodies of their own.

Whoever looks at a plan knows these by their class, and what a call does by its `effect` (`ops.declare` has the words).
"""

from __future__ import annotations

import copy
import functools
import os
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import torch

from tfmagic.base import errors
from tfmagic.graph import registry
from tfmagic.graph.opdefs import python_name
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.registry import EFFECTS, Effect, LastingNode, Node, OpDeclaration
from tfmagic.ops import unsigned
from tfmagic.ops.data.states import current as iterating
from tfmagic.ops.torch_types import torch_dtype
from tfmagic.session import run_errors
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.running import current

UNKNOWN = object()
# So many combinations of shapes a call knows as accepted.
_SHAPES = 64


class PlanCall:
    """Something of ours that a plan calls at run time.

    Attributes:
      effect: what a call does beside giving its results.
      keeps_state: whether a call moves on what a node keeps between runs.
      launches: how many kernels of a GPU it starts, always the same ones; 0: that is not known.
      bodies: the plans of which it is made; one with bodies is data, which a tier binds to their callables.
    """

    effect: Effect = "writes"
    keeps_state: bool = False
    launches: int = 0
    bodies: tuple[PlanGraph, ...] = ()

    def __init_subclass__(cls, shown_under: str = "tfmagic.control_flow") -> None:
        cls.__module__ = shown_under  # where a printed plan says that the call lives

    def __call__(self, *values: Any) -> Any:
        raise TypeError(f"{type(self).__name__} is called by what `bind` gives")

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        """The function that a run calls, from one callable per body; itself, where there is no body."""
        return self

    def meta_outputs(self, arguments: Sequence[Any]) -> Any:
        """Meta tensors for the results, or UNKNOWN (where the lowering says it instead).

        Args:
          arguments: the inputs: constants, or meta tensors as far as they are known.
        """
        return UNKNOWN


class BodyCall(PlanCall):
    """A call of plans: what it does is what they do."""

    def __init__(self, *bodies: PlanGraph):
        self.bodies = bodies
        nodes = [node for body in bodies for node in body.graph.nodes]
        self.effect = max((node.meta.get("effect", "none") for node in nodes), key=EFFECTS.index, default="none")
        self.keeps_state = any(getattr(node.target, "keeps_state", False) for node in nodes)


class Check(PlanCall, shown_under="tfmagic.session"):
    """A condition without which the run cannot go on."""

    def __init__(self, name: str, function: Callable[..., None]):
        self.__name__ = self.__qualname__ = name
        self._function = function

    def __call__(self, *values: Any) -> None:
        self._function(*values)


class Disproved(Exception):
    """A value has another shape than its plan assumes."""


class Assumption(PlanCall, shown_under="tfmagic.session"):
    """The shape that a plan assumes a value to have.

    Attributes:
      tensor: what the value is of.
      shape: the shape.
    """

    def __init__(self, tensor: Tensor, shape: tuple[int, ...]):
        self.__name__ = self.__qualname__ = "assume_shape"
        self.tensor, self.shape = tensor, shape

    def __call__(self, value: Any) -> None:
        if value.shape != self.shape:
            raise Disproved(self.tensor)


class Asked(PlanCall, shown_under="tfmagic.session"):
    """Keeps in a plan what was asked to run, though nobody takes its result."""

    def __init__(self) -> None:
        self.__name__ = self.__qualname__ = "asked_to_run"

    def __call__(self, *values: Any) -> None:
        """Nothing is left to do: the value is there."""


class RunTimeKernel(PlanCall, shown_under="tfmagic.ops"):
    """A kernel called at run time: host inputs become Python values, state comes from the session.

    Args:
      resources: the session's `ResourceStore`, where the node keeps a state.
      checks: the places of the inputs whose shapes are known only here, where they are to be looked at.
      key: under what it is kept: by default the operation.
    """

    def __init__(self, op: Operation, declaration: OpDeclaration, resources: Any, device: str = "cpu",
                 checks: tuple[int, ...] = (), key: Hashable = None):
        self.__name__ = self.__qualname__ = python_name(op.type)
        self.effect = declaration.effect  # type: ignore[assignment]  # settled when it was declared
        self.kernel = unsigned.widened(op, declaration) if unsigned.concerns(op) else declaration.kernel
        self.node = LastingNode(op)  # a change of the operation makes the plan anew
        self.op = op
        names = [arg.name for arg in op._op_def.inputs]
        self.host = [index for index, name in enumerate(names) if name in declaration.host]
        self.grouped: list[Any] | None = None  # where a list input lies among the values
        if op._op_def.takes_lists:
            self.grouped = registry.grouped(op._op_def.inputs, op._attrs, range(len(op._inputs)))
        self.writes_besides = bool(declaration.writes) and any(not arg.is_ref for arg in op._op_def.outputs)
        self.resources = resources
        if resources is not None:
            self.node.named = resources.named
        self.make_state = declaration.state
        self.work = declaration.work
        self.memory = declaration.memory
        self.keeps_state = declaration.state is not None
        self.device = device
        self.checks = checks
        self.accepted: set[Any] = set()  # shapes of runs before: they need no second look
        self.key = op if key is None else key

    def meta_outputs(self, arguments: Sequence[Any]) -> Any:
        """Meta tensors for the outputs, from the static shapes of the op or its shape rule."""
        metas = output_metas(self.op, arguments)
        if self.writes_besides:  # what comes first are new values of variables
            return UNKNOWN
        if any(meta is None for meta in metas):
            return UNKNOWN
        single = len(self.op._op_def.outputs) == 1 and not self.op._op_def.outputs[0].is_list
        return metas[0] if single and metas else tuple(metas)

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        """The kernel, and around it only what is to be done in each run."""
        if self.host or self.make_state is not None or self.device != "cpu" or type(self) is not RunTimeKernel:
            return self
        kernel, node, look = self.kernel, self.node, self._look_at_shapes
        assert kernel is not None
        if self.grouped is not None:
            arguments = self._arguments

            def call(*values: Any) -> Any:
                return kernel(node, *arguments(values))
        else:
            call = functools.partial(kernel, node)
        if not self.checks:
            return call

        def call_of_known_shapes(*values: Any) -> Any:
            look(values)
            return call(*values)

        return call_of_known_shapes

    def _arguments(self, values: Sequence[Any]) -> list[Any]:
        """The kernel's arguments: lists of those values that are one list input."""
        if self.grouped is None:
            return list(values)
        return [values[at] if type(at) is int else [values[i] for i in at] for at in self.grouped]

    def _look_at_shapes(self, values: Sequence[Any]) -> None:
        """Refuse shapes of the inputs that TensorFlow's kernel would refuse; others are known from then on."""
        given = tuple([getattr(values[at], "shape", None) for at in self.checks])
        if given not in self.accepted:
            run_errors.refuse_shapes(self.op, values)
            if len(self.accepted) >= _SHAPES:
                self.accepted.clear()
            self.accepted.add(given)

    def __call__(self, *values: Any) -> Any:
        if self.checks:
            self._look_at_shapes(values)
        args = self._arguments(values)
        for index in self.host:
            if isinstance(args[index], torch.Tensor):
                args[index] = args[index].tolist()
        if self.make_state is None:
            return self._kernel(args)
        if iterating.states is not None:
            return self._kernel([iterating.states.get(self.key, functools.partial(self.make_state, self.node)), *args])
        state = self.resources.nodes.get(self.key, functools.partial(self.make_state, self.node))
        if current.copies is not None:
            if self.key not in current.copies:
                current.copies[self.key] = copy.copy(state)
            state = current.copies[self.key]
        before = state.mark()
        args.insert(0, state)
        try:
            return self._kernel(args)
        finally:
            if current.journal is not None:  # a run that fails goes back
                current.journal.note(state, before)

    def _kernel(self, args: list[Any]) -> Any:
        if self.device == "cpu":
            return self.kernel(self.node, *args)  # type: ignore[misc]
        with torch.device(self.device):
            return _moved(self.kernel(self.node, *args), self.device)  # type: ignore[misc]


def _moved(result: Any, device: str) -> Any:
    """What a kernel gave, on a GPU where it was computed on the host."""
    if isinstance(result, torch.Tensor):
        return result.to(device)
    return type(result)(_moved(each, device) for each in result) if type(result) in (list, tuple) else result


class Untraceable(RunTimeKernel):
    """A kernel that failed when it was traced although its declaration says that it traces.

    The run's values are right all the same, but the plan is not what it should be: with TFMAGIC_CHECK set, it is an
    error (unless the run itself fails, and says what is wrong with the values).
    """

    failure: BaseException

    def __call__(self, *values: Any) -> Any:
        result = super().__call__(*values)
        if os.environ.get("TFMAGIC_CHECK"):
            raise errors.InternalError(None, self.op, f"{self.op.type} is declared to trace, but does not: "
                                       f"{type(self.failure).__name__}: {self.failure}") from self.failure
        return result


def output_metas(op: Operation, arguments: Sequence[Any]) -> list[Any]:
    """A meta tensor for each output whose shape the graph or the op's shape rule tell, else None.

    Args:
      arguments: the inputs: constants, or meta tensors as far as they are known.
    """
    metas: list[Any] = []
    for tensor, known in zip(op._outputs, output_dims(op, arguments)):
        kind, dims = tensor_type(tensor), settled(known)
        metas.append(None if kind is None or dims is None else torch.empty(dims, dtype=kind, device="meta"))
    return metas


def output_dims(op: Operation, arguments: Sequence[Any]) -> list[Any]:
    """The dims of the outputs, as far as the graph or the op's shape rule tell them.

    Args:
      arguments: the inputs: constants, meta tensors, or arrays that stand for strings, as far as they are known.
    """
    static = [tensor._dims for tensor in op._outputs]
    declaration = registry.lookup(op.type)
    if declaration is None or declaration.shape is None or all(settled(dims) is not None for dims in static):
        return static
    arg_defs = op._op_def.inputs
    if declaration.sizes is not None:
        sizes = arguments[[arg.name for arg in arg_defs].index(declaration.sizes)]
        if isinstance(sizes, torch.Tensor) and sizes.device.type != "meta":
            return [tuple(sizes.tolist())]
    dims = [tuple(a.shape) if isinstance(a, (torch.Tensor, np.ndarray)) else t._dims
            for a, t in zip(arguments, op._inputs)]
    try:
        result = declaration.shape(Node(op), *registry.grouped(arg_defs, op._attrs, dims))
    except ValueError:  # the run will say what is wrong
        return static
    if len(op._op_def.outputs) == 1 and not op._op_def.outputs[0].is_list:
        return [result]
    flat: list[Any] = []
    for arg, item in zip(op._op_def.outputs, result if len(op._op_def.outputs) > 1 else (result,)):
        flat.extend(item if arg.is_list else [item])
    return flat


def settled(dims: Any) -> Any:
    """`dims` when they are known in full (and can be those of a tensor), else None."""
    return dims if dims is not None and None not in dims and all(d >= 0 for d in dims) else None


def tensor_type(tensor: Tensor) -> torch.dtype | None:
    """The torch dtype of a tensor's values, or None for host objects."""
    return None if tensor._dtype.kind == "O" else torch_dtype(tensor._dtype)
