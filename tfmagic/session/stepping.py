"""Stepping: a run node by node that changes nothing, with what every node gave, in the plan's order."""

from __future__ import annotations

import collections
import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.base import errors
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session import feeds as feeding
from tfmagic.session import results
from tfmagic.session.execution import Execution
from tfmagic.session.lower.abilities import ENTERS
from tfmagic.session.lower.body import DEAD
from tfmagic.session.lower.branches import Conditional
from tfmagic.session.lower.lowering import VariableRef
from tfmagic.session.peek import expanded, leave, looking, refuse_acts
from tfmagic.session.plan.loop import Loop
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.planning import make_plan
from tfmagic.session.tiers import traced

# Of a run with more steps the first and the last are kept.
FIRST, LAST = 220, 60


@dataclass
class Step:
    """A node that was computed.

    Attributes:
      op: the node.
      values: what it gave, by tensor, as `describe` made it.
      inside: the loops and branches around it, the outermost first: the node that steers each, and the turn of the
        loop (1, 2, …; at the last test of its condition, which no turn follows, how many there were as 0, -1, -2, …) or
        the way taken (True, False, or the number of a branch).
      nanoseconds: how long it took; 0 for what was known before the run.
    """

    op: Operation
    values: dict[Tensor, Any]
    inside: tuple[tuple[Operation, int | bool], ...] = ()
    nanoseconds: int = 0


@dataclass
class Steps:
    """The steps of a run, in order.

    Attributes:
      first, last: the steps; where there are too many, those of the beginning and those of the end.
      left_out: how many there were in between.
      timed: whether the times are those of a run that was not the first.
    """

    first: list[Step] = field(default_factory=list)
    last: collections.deque[Step] = field(default_factory=lambda: collections.deque(maxlen=LAST))
    left_out: int = 0
    timed: bool = False

    def add(self, step: Step) -> None:
        """Add the next step."""
        if len(self.first) < FIRST:
            self.first.append(step)
            return
        self.left_out += len(self.last) == LAST
        self.last.append(step)

    def __iter__(self) -> Iterator[Step]:
        yield from self.first
        yield from self.last


def step(session: Any, elements: Sequence[Tensor | Operation], feeds: Mapping[Any, Any],
         describe: Callable[[Tensor, Any], Any], warm_up: bool = False) -> Steps:
    """Run elements node by node; the session stays as it is, as for `peek`.

    Every node is computed by itself: no pass of the plan joins two into one.

    Args:
      session: the session whose state counts.
      elements: what to compute.
      feeds: the feed dictionary.
      describe: called with each tensor and its NumPy value; what it gives is kept in place of the value.
      warm_up: run once before, so that the times are not those of a first run.

    Raises:
      tf.errors.OpError: an operation failed, or the run would call Python code or wait for something. Its `_steps`
        are those until then, the failed operation last.
    """
    session._check_open()
    given = expanded(session, feeds)
    values = [feeding.converter(tensor)(value) for tensor, value in given.items()]
    shapes = tuple(tuple(value.shape) if hasattr(value, "shape") else None for value in values)
    tensors = [element for element in elements if isinstance(element, Tensor)]
    targets = [element for element in elements if isinstance(element, Operation)]
    plan = make_plan(tensors, targets, list(given), session._torch_device, session.resources, shapes, stepwise=True)
    refuse_acts(plan.ops)
    if warm_up:
        with contextlib.suppress(errors.OpError):  # which comes again
            _run(Execution(plan, session.resources, functools.partial(traced.function, record=lambda *of_node: None)),
                 values)
    recorder = _Recorder(plan, describe)
    recorder.steps.timed = warm_up
    tier = functools.partial(traced.function, record=recorder.record, around=recorder.around)
    try:
        _run(Execution(plan, session.resources, tier), values)
    except errors.OpError as error:
        error._steps = recorder.steps_until(error)
        raise
    recorder.finish(tensors)
    return recorder.steps


def _run(execution: Execution, values: list[Any]) -> None:
    run = execution.bind(leave)
    looking(lambda: run(values))


@dataclass
class _Body:
    """A plan or body, as the recorder needs it: what stands for which tensors, and how it is entered."""

    plan: PlanGraph
    tensors: dict[fx.Node, list[Tensor]]
    call: Loop | Conditional | None = None
    steered_by: Operation | None = None
    index: int = 0


class _Recorder:
    """Makes steps of what the traced tier tells."""

    def __init__(self, plan: PlanGraph, describe: Callable[[Tensor, Any], Any]):
        self.steps = Steps()
        self._describe = describe
        self._bodies: dict[int, _Body] = {}
        self._turns: dict[tuple[Any, ...], int] = {}
        self._ended: dict[tuple[Any, ...], int] = {}  # of loops whose condition was false, the turn that did not come
        self._stack: list[tuple[_Body, tuple[Any, ...], set[Operation]]] = []
        self._spent: dict[Operation, int] = {}
        self._steering: set[Operation] = set()
        self._open: tuple[Operation, Any] | None = None  # a node of which no value has been seen yet
        self._failed_in: tuple[Any, ...] | None = None
        self._whole = plan
        self._enter(plan, None, None, 0)
        self._known: set[Operation] = set()

    def _enter(self, plan: PlanGraph, call: Any, steered_by: Operation | None, index: int) -> None:
        tensors: dict[fx.Node, list[Tensor]] = {}
        for tensor, value in plan.values.items():
            if isinstance(value, Proxy):
                tensors.setdefault(value.node, []).append(tensor)
        self._bodies[id(plan)] = _Body(plan, tensors, call, steered_by, index)
        for node in plan.graph.nodes:
            for number, body in enumerate(getattr(node.target, "bodies", ())):
                self._steering.add(node.meta["op"])
                self._enter(body, node.target, node.meta["op"], number)

    # --- what the tier tells --------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def around(self, plan: PlanGraph) -> Iterator[None]:
        """A call of a plan or body."""
        self._close()
        body = self._bodies[id(plan)]
        outer = self._stack[-1][1] if self._stack else ()
        inside = outer
        if body.steered_by is not None:
            mark: int | bool
            if isinstance(body.call, Loop):
                loop = (*outer, body.steered_by)
                mark = self._turns[loop] = self._turns.get(loop, 0) + (body.index == 0)
                if body.index:
                    self._ended.pop(loop, None)
            else:
                assert body.call is not None
                mark = body.index if len(body.call.bodies) != 2 else bool(body.index)
            inside = (*outer, (body.steered_by, mark))
        self._stack.append((body, inside, set()))
        try:
            yield
            if isinstance(body.call, Loop) and not body.index:
                self._ended[loop] = self._turns[loop]
        except errors.OpError as error:
            self._failed_in = inside if self._failed_in is None else self._failed_in
            if self._open is not None and self._open[0] is error.op:
                self._open = None  # it came no further
            raise
        finally:
            self._close()
            self._stack.pop()

    def record(self, node: fx.Node, begin: int, end: int, value: Any) -> None:
        """A node of a plan that was computed."""
        body, _, seen = self._stack[-1]
        op = node.meta.get("op")
        if getattr(node.target, "bodies", ()):
            begin = end  # what is inside has told its own time
        if op is not None:
            self._spent[op] = self._spent.get(op, 0) + end - begin
            if self._open is not None and self._open[0] is not op:
                self._close()
        tensors = body.tensors.get(node, [])
        if node.op == "placeholder":
            source = node.meta["source"]
            if isinstance(source, Operation):
                tensors = [tensor for tensor in tensors if tensor.op is not source]
                self._add(source, {}, seen, value)
            elif isinstance(source, Proxy) or body.index and isinstance(body.call, Loop):
                return  # from outside of the loop or branch, or told in this turn already
        for tensor in sorted(tensors, key=lambda t: (t.op._id, t.value_index)):
            self._before(tensor.op, seen)
            self._add(tensor.op, {tensor: value}, seen)
            if self._open is not None and self._open[0] is tensor.op:
                self._open = None
        if op is not None and op not in seen and op not in self._steering and node.op.startswith("call"):
            self._open = op, value

    def finish(self, fetched: Sequence[Tensor]) -> None:
        """Add what was fetched and known before the run."""
        for tensor in fetched:
            self._say_known(tensor, set())
        self._tell_ends()

    def steps_until(self, error: errors.OpError) -> Steps:
        """The steps of a run that failed: the last is the operation that did."""
        self._tell_ends()
        if isinstance(error.op, Operation):
            self.steps.add(Step(error.op, {}, self._failed_in or ()))
        return self.steps

    def _tell_ends(self) -> None:
        """The last test of a loop's condition is no turn."""
        for step in self.steps:
            inside = step.inside
            step.inside = tuple((op, 1 - mark if self._ended.get((*inside[:i], op)) == mark else mark)
                                for i, (op, mark) in enumerate(inside))

    # --- steps ----------------------------------------------------------------------------------------------------

    def _close(self) -> None:
        """A node that gave no tensor of its own (an assignment) is told with the value that it computed."""
        if self._open is None:
            return
        (op, value), self._open = self._open, None
        if self._stack:
            seen = self._stack[-1][2]
            self._before(op, seen)
            self._add(op, {}, seen, value)

    def _before(self, op: Operation, seen: set[Operation]) -> None:
        for tensor in op._inputs:
            self._say_known(tensor, seen)

    def _say_known(self, tensor: Tensor, seen: set[Operation]) -> None:
        if tensor.op in self._known:
            return
        plans = [body.plan for body, _, _ in self._stack] or [self._whole]
        level = next((i for i, plan in enumerate(plans) if tensor in plan.values), 0)  # bodies know it too
        value = plans[level].values.get(tensor)
        if value is None and tensor.op.type in ENTERS:
            self._before(tensor.op, seen)
        if value is None or value is DEAD or isinstance(value, Proxy | VariableRef):
            return
        self._known.add(tensor.op)
        self._before(tensor.op, seen)
        self._add(tensor.op, {tensor: value}, seen, level=level + 1)

    def _add(self, op: Operation, values: dict[Tensor, Any], seen: set[Operation], plain: Any = None,
             level: int | None = None) -> None:
        if any(value is DEAD for value in values.values()):
            return
        if not values and plain is not None and op._outputs and hasattr(plain, "shape"):
            values = {op._outputs[0]: plain}
        described = {tensor: self._describe(tensor, results.converter(tensor._dtype, True)(value))
                     for tensor, value in values.items() if _is_shown(tensor, value)}
        if op in seen and values:  # a further output
            for step in (*reversed(self.steps.last), *reversed(self.steps.first[-20:])):
                if step.op is op:
                    step.values.update(described)
                    return
        seen.add(op)
        around = self._stack[:level]
        inside = around[-1][1] if around else ()
        self.steps.add(Step(op, described, inside, self._spent.pop(op, 0)))


def _is_shown(tensor: Tensor, value: Any) -> bool:
    return value is not None and tensor._dtype.base_dtype.name not in ("resource", "variant") or \
        hasattr(value, "shape")
