"""Kernels that call functions of the graph, as those of data sets do: each function becomes a plan of its own."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.fx.proxy import Proxy

from tfmagic.base import dtypes
from tfmagic.graph.function import Body
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.registry import OpDeclaration, arg_count
from tfmagic.ops.parsing.examples import behind, deferred
from tfmagic.session import run_errors
from tfmagic.session.lower.abilities import VARIABLE_OPS
from tfmagic.session.lower.body import Inner, static_meta
from tfmagic.session.lower.lowering import Lowering, Path, VariableRef, uninitialized
from tfmagic.session.lower.schedule import Step, lower_all
from tfmagic.session.passes import run_passes
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import RunTimeKernel, output_metas
from tfmagic.session.resources.keys import key_of


def lower_kernel(lowering: Lowering, op: Operation, declaration: OpDeclaration, bodies: Sequence[Body],
                 steps_of: Callable[[Body], list[Step]]) -> None:
    """Lower an operation whose kernel calls functions.

    Args:
      bodies: the functions, in the order of the declaration.
    """
    tracer = lowering.tracer
    captured = _captured(op, declaration)
    arguments: list[Any] = []
    handles: dict[int, VariableRef] = {}
    inside = {index for indices in captured for index in indices}
    tracer.op, tracer.device = op, "cpu"
    for index, tensor in enumerate(op._inputs):
        value, root = lowering.current(tensor), None
        alias = lowering.aliases.get(tensor)
        if alias is not None and index in inside:  # it is the variable's own memory: what it holds when it is used
            lowering.require_initialized(op, alias)
            handles[index] = VariableRef(alias)
            arguments.append(None)
            continue
        if type(value) is VariableRef:
            if index in inside and tensor._dtype.base_dtype is dtypes.resource:
                handles[index] = value
                arguments.append(None)
                continue
            root = value.root
            lowering.require_initialized(op, root)
            value = lowering.variable(root)
        arguments.append(lowering.on_device(value, tensor, root))
    plans = [_plan(lowering, op, body, steps_of(body), [handles.get(index) for index in indices])
             for body, indices in zip(bodies, captured)]
    tracer.op, tracer.device, tracer.inputs = op, "cpu", arguments
    run_errors.refuse_shapes(op, [a.node.meta.get("val") if isinstance(a, Proxy) else a for a in arguments])
    kernel = FunctionKernel(op, declaration, lowering.resources, plans, bodies, list(map(len, captured)))
    result: Any = tracer.create_proxy("call_function", kernel, tuple(arguments), {})
    single = len(op._op_def.outputs) == 1 and not op._op_def.outputs[0].is_list
    values = [result] if single else [result[i] for i in range(len(op._outputs))]
    for tensor, value, meta in zip(op._outputs, values, output_metas(op, arguments)):
        if meta is not None:
            value.node.meta.setdefault("val", meta)
        lowering.values[tensor] = value


def _captured(op: Operation, declaration: OpDeclaration) -> list[range]:
    """The inputs that each function captures; of a list of functions, the first one."""
    found, position = {"": range(0)}, 0
    for arg in op._op_def.inputs:
        count = arg_count(arg, op._attrs)
        lengths = op._attrs.get(f"{arg.name}_lengths")
        found[arg.name] = range(position, position + (lengths[0] if lengths else count))
        position += count
    return [found[name] for name in declaration.functions]


def _plan(outer: Lowering, op: Operation, body: Body, steps: Sequence[Step],
          captured: Sequence[VariableRef | None]) -> PlanGraph:
    """A function as a plan. Its feeds are the arguments; handles of variables are settled now.

    Args:
      captured: for each of the last arguments, the variable that it is a handle of, where it is one.
    """
    place = outer.place
    lowering = Lowering(lambda inner: place(inner) if inner.type in VARIABLE_OPS else "cpu", outer.resources,
                        outer.call)
    lowering.path, lowering.roots = Path(op, body.name, outer.path), outer.roots
    inner = Inner(outer, lowering)
    first = len(body.inputs) - len(captured)
    feeds: list[Tensor] = []
    for index, tensor in enumerate(body.inputs):
        handle = captured[index - first] if index >= first else None
        if handle is not None:
            lowering.values[tensor] = handle if tensor._dtype.base_dtype is dtypes.resource \
                else lowering.variable(handle.root)
        else:
            inner.parameter(tensor, tensor, "cpu", static_meta(tensor))
            feeds.append(tensor)
    lower_all(steps, lowering)
    results = [inner.settled(_handed_on(lowering, tensor), "cpu") for tensor in body.outputs]
    tracer = lowering.tracer
    written = [root for root in lowering.written if lowering.state[root] is not lowering.state_inputs.get(root)]
    states = [lowering.state[root] for root in written]
    tracer.op, tracer.device = None, "cpu"
    tracer.graph.output(tracer.create_arg((tuple(results), tuple(states), ())))
    plan = PlanGraph(f"{body.name} of {op.name}", tracer.graph, tracer.taken_constants(), written,
                     updates=lowering.updates, must_read=dict(lowering.read), feeds=tuple(feeds))
    if not outer.stepwise:
        run_passes(plan)
    return plan


def _handed_on(lowering: Lowering, tensor: Tensor) -> Any:
    value = lowering.value(tensor)
    root = lowering.aliases.get(tensor)
    if root is not None:
        lowering.require_initialized(tensor.op, root)
    return value


class FunctionKernel(RunTimeKernel, shown_under="tfmagic.ops"):
    """A kernel that takes functions in place of what they capture.

    Args:
      plans: the functions, in the order of the declaration.
      bodies: the same as graphs.
      counts: how many inputs each captures.
    """

    def __init__(self, op: Operation, declaration: OpDeclaration, resources: Any, plans: Sequence[PlanGraph],
                 bodies: Sequence[Body], counts: Sequence[int]):
        super().__init__(op, declaration, resources)
        self.bodies = tuple(plans)
        self._deferred = [deferred(body.inputs, body.outputs) for body in bodies]
        self._graphs, self._counts = bodies, counts
        self._gives = [behind(body.outputs[0]).op.type if body.outputs else None for body in bodies]
        names = [arg.name for arg in op._op_def.inputs]
        self._places = [names.index(name) if name else -1 for name in declaration.functions]
        self._functions: list[Callable[[Sequence[Any]], CapturedFunction]] = []

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        bound = copy.copy(self)
        bound._functions = [_binder(plan, body, self.resources.variables) for plan, body in zip(self.bodies, bodies)]
        return bound

    def _kernel(self, args: list[Any]) -> Any:
        for place, function, waiting, gives, body, count in zip(self._places, self._functions, self._deferred,
                                                                self._gives, self._graphs, self._counts):
            made = function(() if place < 0 else [value for value in args[place][:count] if value is not None])
            made.gives, made.body = gives, body
            if waiting is not None:
                made.deferred = waiting()
            if place < 0:
                args.append(made)
            else:
                args[place] = made
        return super()._kernel(args)


def _binder(plan: PlanGraph, function: Callable[..., Any], variables: Any) -> Callable[[Sequence[Any]], Any]:
    """What makes a `CapturedFunction` for the values that a function captures."""
    if not plan.written and not any(isinstance(source, Operation) for source in plan.parameters):
        return lambda captured: CapturedFunction(function, tuple(captured))
    with_variables = _WithVariables(plan, function, variables)
    return lambda captured: CapturedFunction(with_variables, tuple(captured))


class CapturedFunction:
    """A function of the graph with what it captures: called with its other arguments, it gives a tuple of results.

    Attributes:
      deferred: what computes it for many elements at once (`ops.parsing.examples.Deferred`), if there is such a thing.
      gives: the op type of its first result.
      body: what it is.
    """

    __slots__ = ("_function", "_captured", "deferred", "gives", "body")

    def __init__(self, function: Callable[..., Any], captured: tuple[Any, ...]):
        self._function, self._captured = function, captured
        self.deferred: Any = None
        self.gives: str | None = None
        self.body: Body | None = None

    def __call__(self, *components: Any) -> tuple[Any, ...]:
        return self._function(*components, *self._captured)[0]


class _WithVariables:
    """A plan that takes present values of variables with its arguments, and changes variables at once."""

    def __init__(self, plan: PlanGraph, function: Callable[..., Any], variables: Any):
        self._function, self._variables = function, variables
        places = {feed: index for index, feed in enumerate(plan.feeds)}
        self._sources = [key_of(source) if isinstance(source, Operation) else places[source]
                         for source in plan.parameters]
        self._must_read = {key_of(root): (root, op) for root, op in plan.must_read.items()}
        self._written = [key_of(root) for root in plan.written]

    def __call__(self, *arguments: Any) -> Any:
        variables, token = self._variables, object()
        try:
            with variables.lock:
                for key, (root, op) in self._must_read.items():
                    if key not in variables.values:
                        raise uninitialized(root, op, bool(variables.values))
                given = [variables.values.get(source) if isinstance(source, str) else arguments[source]
                         for source in self._sources]
                variables.readers[token] = None
            outputs, states, _ = self._function(*given)
            if self._written:
                states = [state.clone() if isinstance(state, torch.Tensor) else state for state in states]
                with variables.lock:
                    variables.wait_for(frozenset(self._written))
                    variables.values.update(zip(self._written, states))
            return outputs, (), ()
        finally:
            variables.readers.pop(token, None)
