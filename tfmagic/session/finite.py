"""Finite: a run that is watched node by node for the first NaN or infinity, and the way of that through the graph.

The plan is that of the run without passes, so that every value belongs to one operation. The run itself is the user's:
it computes what it would, from the same random numbers, and changes variables at its end.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session.call import Runner
from tfmagic.session.execution import Execution
from tfmagic.session.fetches import Fetches
from tfmagic.session.lower import effects
from tfmagic.session.lower.abilities import VARIABLE_OPS
from tfmagic.session.plan.loop import Loop
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.planning import make_plan
from tfmagic.session.tiers import traced

MADE, FED, VARIABLE, CONSTANT = "made", "fed", "variable", "constant"
_SMALL = 6


@dataclass(frozen=True)
class Seen:
    """What a value was like.

    Attributes:
      shape, size: of the value.
      low, high: of its finite numbers; None where it has none.
      nan, inf: how many of its numbers are so.
      numbers: a small value itself.
    """

    shape: tuple[int, ...]
    size: int
    low: float | None = None
    high: float | None = None
    nan: int = 0
    inf: int = 0
    numbers: np.ndarray | None = None

    @property
    def is_finite(self) -> bool:
        """Whether none of its numbers is NaN or infinite."""
        return not self.nan and not self.inf


@dataclass
class Origin:
    """Where numbers that are not finite came from.

    Attributes:
      op: the operation, placeholder or variable.
      kind: how it came to them: MADE from finite inputs, FED, or it stood in a VARIABLE or CONSTANT before the run.
      value: what it gave.
      inputs: what its inputs were like, as far as they are known.
      turn: in which turn of a loop it was, 0 outside of loops.
      path: the operations from it to what was fetched (or to what put an end to it), itself first.
      sources: for each input the operations from what was fed, or from a variable, to it.
      is_hidden: whether what was fetched is finite all the same.
      changed: the variables that get such numbers in this run.
    """

    op: Operation
    kind: str
    value: Seen
    inputs: list[Seen | None] = field(default_factory=list)
    turn: int = 0
    path: list[Operation] = field(default_factory=list)
    sources: list[list[Operation]] = field(default_factory=list)
    is_hidden: bool = False
    changed: list[Operation] = field(default_factory=list)


def seen(value: Any) -> Seen | None:
    """What a value is like, or None when it is no tensor."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        value = torch.from_numpy(np.array(value))
    if isinstance(value, bool | int | float | complex | np.number):
        value = torch.as_tensor(value)
    if not isinstance(value, torch.Tensor):
        return None
    value = value.detach()
    size = value.numel()
    numbers = value.abs() if value.is_complex() else value
    if not numbers.is_floating_point():
        numbers = numbers.to(torch.float64)
    elif numbers.dtype in (torch.float16, torch.bfloat16):
        numbers = numbers.float()
    finite = numbers[torch.isfinite(numbers)]
    nan = int(torch.isnan(numbers).sum())
    small = None
    if size <= _SMALL:
        small = (value.float() if value.dtype is torch.bfloat16 else value).cpu().numpy().copy()
    low, high = (float(finite.min()), float(finite.max())) if finite.numel() else (None, None)
    return Seen(tuple(value.shape), size, low, high, nan, size - finite.numel() - nan, small)


class Watch:
    """Runs a session's fetches and looks at every value.

    Attributes:
      values: tensor -> what it was like when it was last seen.

    Args:
      session: the session.
    """

    def __init__(self, session: Any):
        self._session = session
        self._plans: dict[Any, PlanGraph] = {}
        self.values: dict[Tensor, Seen | None] = {}

    def run(self, fetches: Any, feed_dict: Any = None) -> tuple[Any, Origin | None]:
        """Run as `Session.run` does.

        Returns:
          The results, and where numbers came from that are not finite (None: all are finite).

        Raises:
          tf.errors.OpError: as the run does.
        """
        session = self._session
        if feed_dict:
            session.last_feeds = feed_dict
        call, feeds = session._prepare(fetches, feed_dict)
        given = list(feeds.values())
        converted = [convert(value) for convert, value in zip(call.converters, given)]
        plan = self._plan(fetches, list(feeds), [tuple(v.shape) if hasattr(v, "shape") else None for v in converted])
        self._begin(plan)
        execution = Execution(plan, session.resources, functools.partial(traced.function, record=self._record))
        result = call.completed(Runner(execution, call).run(converted), given)
        return result, self._origin(plan)

    def _plan(self, fetches: Any, feeds: list[Tensor], shapes: list[Any]) -> PlanGraph:
        session = self._session
        parts = Fetches(session._graph, fetches)
        key = (tuple(parts.tensors), tuple(parts.targets), tuple(feeds), tuple(shapes), session._graph._edits)
        if key not in self._plans:
            self._plans[key] = make_plan(parts.tensors, parts.targets, feeds, session._torch_device, session.resources,
                                         shapes, optimize=False)
        return self._plans[key]

    # --- while it runs ----------------------------------------------------------------------------------------

    def _begin(self, plan: PlanGraph) -> None:
        self.values.clear()
        self._bad: set[Tensor] = set()
        self._fed = frozenset(plan.feeds)
        self._ran: set[Operation] = set()
        self._found: dict[tuple[Operation, str], Origin] = {}
        self._by_key: dict[Any, Seen | None] = {}
        self._turns: Counter[fx.Graph] = Counter()
        self._bodies: dict[fx.Graph, bool] = {}  # whether it is a loop's
        self._given: set[Any] = set()  # the values that an operation hands to others
        waiting = [plan]
        while waiting:
            for node in waiting.pop().graph.nodes:
                for body in getattr(node.target, "bodies", ()):
                    if body.graph not in self._bodies:
                        self._bodies[body.graph] = isinstance(node.target, Loop)
                        waiting.append(body)
        for graph in (plan.graph, *self._bodies):
            for node in graph.nodes:
                self._given.update(self._key(item.node) for item in node.meta.get("inputs", ())
                                   if isinstance(item, Proxy))
                if node.op == "output":
                    self._given.update(map(self._key, node.all_input_nodes))

    def _key(self, node: fx.Node) -> Any:
        """What a node is known by: plans that were split in two have twins of the same name."""
        return node if node.graph in self._bodies else node.name

    def _record(self, node: fx.Node, begin: int, end: int, value: Any) -> None:
        if node.op == "output":
            self._turns[node.graph] += 1
            return
        for body in getattr(node.target, "bodies", ()):
            self._turns[body.graph] = 0
        found = self._by_key[self._key(node)] = seen(value)
        if node.op == "placeholder":
            self._given_to_run(node, found)
            return
        op = node.meta.get("op")
        if op is None or node.op == "get_attr":
            return
        self._ran.add(op)
        inputs = self._inputs(node, op)
        if found is None or found.is_finite or self._key(node) not in self._given:
            return
        if all(item is None or item.is_finite for item in inputs):
            turn = self._turns[node.graph] + 1 if self._bodies.get(node.graph) else 0
            self._found.setdefault((op, MADE), Origin(op, MADE, found, inputs, turn))

    def _given_to_run(self, node: fx.Node, found: Seen | None) -> None:
        source = node.meta.get("source")
        if node.graph in self._bodies or found is None:
            return
        if isinstance(source, Tensor):
            self._see(source, found)
            if not found.is_finite:
                self._found.setdefault((source.op, FED), Origin(source.op, FED, found))
        elif isinstance(source, Operation) and not found.is_finite:
            self._found.setdefault((source, VARIABLE), Origin(source, VARIABLE, found))

    def _inputs(self, node: fx.Node, op: Operation) -> list[Seen | None]:
        found: list[Seen | None] = []
        for item, tensor in zip(node.meta.get("inputs", ()), op._inputs):
            value = self._by_key.get(self._key(item.node)) if isinstance(item, Proxy) else seen(item)
            found.append(value)
            self._see(tensor, value)
            if value is not None and not value.is_finite and not isinstance(item, Proxy):
                self._found.setdefault((tensor.op, CONSTANT), Origin(tensor.op, CONSTANT, value))
        return found

    def _see(self, tensor: Tensor, value: Seen | None) -> None:
        self.values[tensor] = value
        if value is not None and not value.is_finite:
            self._bad.add(tensor)

    # --- after it ---------------------------------------------------------------------------------------------

    def _origin(self, plan: PlanGraph) -> Origin | None:
        for tensor, node in zip(plan.fetches, plan.results[0]):
            self._see(tensor, self._by_key.get(self._key(node)))
        fetched = [tensor for tensor in plan.fetches if tensor in self._bad]
        for tensor in fetched:
            if tensor.op not in self._ran and not any(tensor.op is op for op, _ in self._found):
                self._found[tensor.op, CONSTANT] = Origin(tensor.op, CONSTANT, self.values[tensor])  # type: ignore[arg-type]
        changing = [op for op in plan.ops if effects.writes(op) and any(t in self._bad for t in op._inputs)]
        ends = {t.op for t in fetched} or set(changing)
        origins = [origin for origin in self._found.values() if ends or origin.kind != CONSTANT]
        if not origins:
            return None
        is_hidden = not ends
        if is_hidden:
            readers = {reader for tensor in self._bad for reader in tensor.consumers() if reader in plan.ops}
            ends = {op for op in readers if self._bad.isdisjoint(op._outputs)}
        for origin in origins:
            origin.path = self._way(origin.op, ends, plan.ops)
            if origin.path:
                break
        else:
            origin = origins[0]
            origin.path = [origin.op]
        if origin.kind == CONSTANT:
            self._explain_constant(origin)
        origin.is_hidden = is_hidden
        origin.changed = [op._inputs[0].op for op in changing]
        origin.sources = self._sources(origin)
        return origin

    def _way(self, start: Operation, ends: set[Operation], ops: Iterable[Operation]) -> list[Operation]:
        """The shortest way from an operation to one of `ends` along values that are not finite, or were not seen."""
        inside = set(ops)

        def readers(op: Operation) -> list[Operation]:
            return [reader for tensor in op._outputs if tensor in self._bad or tensor not in self.values
                    for reader in tensor.consumers() if reader in inside]

        return _shortest(start, readers, ends.__contains__)

    def _sources(self, origin: Origin) -> list[list[Operation]]:
        """For each input of an operation the way to it from what was fed, or from a variable."""
        if origin.kind != MADE:
            return []
        ways = [_shortest(tensor.op, lambda op: [t.op for t in op._inputs],
                          lambda op: op.type in VARIABLE_OPS or op.type.startswith("Placeholder") or any(
                              t in self._fed for t in op._outputs))
                for tensor in dict.fromkeys(origin.op._inputs)]
        return [way[::-1] for way in ways if way]

    def _explain_constant(self, origin: Origin) -> None:
        """Go back from a value that was known before the run to the constant, or the operation that made it."""
        from tfmagic.session import peek

        while origin.op._inputs:
            tensors = [t for t in origin.op._inputs if t._dtype.kind != "O"]
            values = [seen(np.asarray(value)) for value in peek.peek(self._session, tensors, {})]
            self.values.update(zip(tensors, values))
            bad = next((t for t, value in zip(tensors, values) if value is not None and not value.is_finite), None)
            if bad is None:
                origin.kind, origin.inputs = MADE, list(values)
                return
            origin.op, origin.value = bad.op, self.values[bad]  # type: ignore[assignment]  # it is not finite
            origin.path.insert(0, bad.op)


def _shortest(start: Operation, following: Callable[[Operation], Sequence[Operation]],
              is_end: Callable[[Operation], bool]) -> list[Operation]:
    """The shortest way to an end, or nothing."""
    came: dict[Operation, Operation | None] = {start: None}
    level = [start]
    while level:
        for op in level:
            if is_end(op):
                way: list[Operation] = []
                at: Operation | None = op
                while at is not None:
                    way.insert(0, at)
                    at = came[at]
                return way
        coming: list[Operation] = []
        for op in level:
            for other in following(op):
                if other not in came:
                    came[other] = op
                    coming.append(other)
        level = coming
    return []
