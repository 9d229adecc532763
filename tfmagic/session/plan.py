"""Plan: a lowered, compiled part of a graph, ready to be called with feeds; made once per (fetches, feeds)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NoReturn

import torch
from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session import run_errors
from tfmagic.session.lower import control_flow
from tfmagic.session.lower.body import readable
from tfmagic.session.lower.lowering import Lowering, VariableRef, uninitialized, variable_key
from tfmagic.session.lower.schedule import schedule
from tfmagic.session.passes import check_plan, pipeline
from tfmagic.session.passes.ownership import is_fresh
from tfmagic.session.prune import prune
from tfmagic.session.resources.store import ResourceStore

_inference = torch._C._InferenceMode


class Plan:
    """What a run of given fetches with given feeds does.

    Attributes:
      graph: the torch.fx graph after all passes; its outputs are (values of the fetches, new values of variables,
        prepared in-place updates).
      stages: the readable code after lowering and after each pass, by name.
      fetches: the fetched tensors.
      feeds: the fed tensors, in the order of the call's arguments.

    Args:
      shapes: the shapes of the feeds: the plan is made for just these. None: it takes feeds of any shape that the graph
        allows.
    """

    def __init__(self, fetches: Sequence[Tensor], targets: Sequence[Operation], feeds: Sequence[Tensor],
                 place: Callable[[Operation], str], resources: ResourceStore, shapes: Sequence[Any] | None = None,
                 optimize: bool = True, keep_stages: bool = False):
        self.version = 0
        self.fetches = list(fetches)
        self.feeds = list(feeds)
        self.resources = resources
        ops = prune([*fetches, *targets], set(feeds))
        self.ops = ops
        lowering = Lowering(place, resources)
        for index, tensor in enumerate(feeds):
            dims = tensor._dims if shapes is None else shapes[index]
            lowering.feed(tensor, None if dims is None or None in dims else dims)
        self._lower(lowering, ops)
        tracer = lowering.tracer
        written = [root for root in lowering.written if lowering.state[root] is not lowering.state_inputs.get(root)]
        outputs = tuple(self._output(lowering, tensor) for tensor in fetches)
        states = tuple(lowering.state[root] for root in written)
        tracer.op, tracer.device = None, "cpu"
        self.graph = tracer.graph
        self.graph.output(tracer.create_arg((outputs, states, ())))
        self.constants = tracer.constants
        self.constants.pop("_kept", None)
        self.written = [variable_key(root) for root in written]
        self.updates = lowering.updates
        self.must_read = {variable_key(root): (root, op) for root, op in lowering.read.items()}
        self.stages: dict[str, str] = {}
        self._keep_stages = keep_stages
        self._note("lowered")
        if optimize:
            for name, run in pipeline():
                if run(self):
                    check_plan(self)
                    self._note(name)
        self._finish()

    def _lower(self, lowering: Lowering, ops: list[Operation]) -> None:
        for step in schedule(control_flow.recover(ops, set(self.feeds), self.fetches), self.feeds):
            step.lower(lowering)

    def _output(self, lowering: Lowering, tensor: Tensor) -> Any:
        root = lowering.aliases.get(tensor)
        if root is not None:  # a reference is fetched as what it refers to when the run ends
            return lowering.variable(root)
        value = lowering.values[tensor]
        if type(value) is VariableRef:
            lowering.require_initialized(tensor.op, value.root)
            return lowering.variable(value.root)
        return value

    def _note(self, name: str) -> None:
        if self._keep_stages:
            self.stages[name] = self.code()

    @property
    def output_node(self) -> fx.Node:
        """The node that names the plan's results."""
        return next(reversed(self.graph.nodes))

    def constant_node(self, value: Any) -> fx.Node:
        """A node, before the results, that gives `value`."""
        name = f"c_pass_{len(self.constants)}"
        self.constants[name] = value
        with self.graph.inserting_before(self.output_node):
            return self.graph.create_node("get_attr", name, (), {})

    # --- compiling --------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        """Compile the fx graph and settle how arguments and results are handled."""
        nodes = list(self.graph.nodes)
        self._parameters: list[tuple[bool, Any]] = []
        for node in nodes:
            if node.op == "placeholder":
                fed = node.meta.get("fed")
                self._parameters.append((True, self.feeds.index(fed)) if fed is not None
                                        else (False, variable_key(node.meta["variable"])))
        self._variable_keys = [key for is_feed, key in self._parameters if not is_feed]
        # Variables that must have a value though the plan has no more use for it.
        self._unread = [key for key in self.must_read if key not in self._variable_keys]
        in_order = [key for _, key in self._parameters] == list(range(len(self.feeds)))
        self._only_feeds = not self.must_read and not self._variable_keys and in_order
        outputs, states, updates = nodes[-1].args[0]
        kept = set(states)
        self.copied = [not is_fresh(node) or node in kept for node in outputs]
        state_seen: set[Any] = set()
        self.state_clones = []
        for node in states:
            self.state_clones.append(not is_fresh(node) or node in state_seen)
            state_seen.add(node)
        self.has_updates = bool(updates)
        self.writes = bool(states) or self.has_updates
        python_code = self.graph.python_code("self")
        self._lines = getattr(python_code, "_lineno_map", None) or {}
        self.source = python_code.src
        self._node_list = nodes
        self.namespace = SimpleNamespace(**self.constants)
        self._filename = f"<tfmagic plan {id(self):x}>"
        scope = dict(python_code.globals)
        exec(compile(self.source, self._filename, "exec"), scope)  # the code that fx generated from the graph above
        self.function = functools.partial(scope["forward"], self.namespace)

    def code(self) -> str:
        """The plan as readable PyTorch code."""
        return readable("", self.graph) + "\n"

    def module(self) -> fx.GraphModule:
        """The plan's fx graph with its constants as a `GraphModule`."""
        return fx.GraphModule(SimpleModule(self.constants), self.graph)

    # --- running ----------------------------------------------------------------------------------------------

    def bind(self, finish: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
        """The function that runs this plan.

        Args:
          finish: makes the results from the fetched values; called before variables change.

        Returns:
          A function of the feeds: torch tensors (arrays of bytes for strings), one per fed tensor. It raises OpError
          when an operation failed; no variable has changed then.
        """
        if self.writes:
            return functools.partial(self._run_and_commit, finish)
        arguments = None if self._only_feeds else self._arguments

        def run(feeds: Sequence[Any]) -> Any:
            with _inference(True):
                try:
                    outputs = self.function(*(feeds if arguments is None else arguments(feeds)))[0]
                except Exception as exception:
                    self._raise(exception)
                return finish(outputs)

        return run

    def _run_and_commit(self, finish: Callable[[Sequence[Any]], Any], feeds: Sequence[Any]) -> Any:
        with self.resources.lock, _inference(True):
            try:
                outputs, states, updates = self.function(*self._arguments(feeds))
            except Exception as exception:
                self._raise(exception)
            states = [_owned(state, clone) for state, clone in zip(states, self.state_clones)]
            result = finish(outputs)
            calls = [call for prepared in updates for call in prepared]
            if states:
                calls.append(functools.partial(self.resources.variables.update, zip(self.written, states)))
            self.resources.commit(calls)
            return result

    def _arguments(self, feeds: Sequence[Any]) -> list[Any]:
        """The values of the plan's parameters: feeds, and present values of variables (None for one without)."""
        variables = self.resources.variables
        for key in self._unread:
            self._require(key)
        try:
            return [feeds[key] if is_feed else variables[key] for is_feed, key in self._parameters]
        except KeyError:
            for key in self.must_read:
                self._require(key)
            return [feeds[key] if is_feed else variables.get(key) for is_feed, key in self._parameters]

    def _require(self, key: str) -> None:
        if key not in self.resources.variables:
            raise uninitialized(*self.must_read[key])

    def _raise(self, exception: Exception) -> NoReturn:
        """Raise the error of the node in whose line of the compiled plan `exception` came up."""
        node, frame = self._failing(exception)
        op: Operation | None = None if node is None else node.meta.get("op")
        if node is None or op is None:
            raise exception
        explained = run_errors.translate(exception, op, self._input_values(node, frame))
        raise explained from (None if explained is exception else exception)

    def _failing(self, exception: BaseException) -> tuple[fx.Node | None, Any]:
        traceback = exception.__traceback__
        found: tuple[fx.Node | None, Any] = (None, None)
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self._filename:
                index = self._lines.get(traceback.tb_lineno - self._line_offset())
                if index is not None and index < len(self._node_list):
                    found = (self._node_list[index], traceback.tb_frame)
            traceback = traceback.tb_next
        return found

    def _line_offset(self) -> int:
        """How far the numbers of fx's line map are from the source's lines."""
        lines = self.source.splitlines()
        start = next(i for i, line in enumerate(lines) if line.lstrip().startswith("def forward"))
        return start + 1

    def _input_values(self, node: fx.Node, frame: Any) -> list[Any]:
        """The values of the failing op's inputs: from the plan's frame, else what stands for them (shape and type)."""
        values = []
        for given in node.meta.get("inputs", ()):
            if isinstance(given, Proxy):
                value = frame.f_locals.get(given.node.name)
                if given.node.op == "get_attr":
                    value = getattr(self.namespace, str(given.node.target), None)
                values.append(given.node.meta.get("val") if value is None else value)
            else:
                values.append(given)
        return values


def _owned(state: Any, clone: bool) -> Any:
    """A variable's new value in memory of its own, laid out row by row (fused kernels rely on it)."""
    if not isinstance(state, torch.Tensor):
        return state
    return state.clone(memory_format=torch.contiguous_format) if clone else state.contiguous()


class SimpleModule(torch.nn.Module):
    """Holds a plan's constants for a `GraphModule`: tensors as buffers, other objects as attributes."""

    def __init__(self, constants: dict[str, Any]):
        super().__init__()
        for name, value in constants.items():
            if isinstance(value, torch.Tensor):
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)
