"""Functional loops: While nodes, whose condition and body are functions, as Python loops over two bodies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from torch.fx.proxy import Proxy

from tfmagic.base import errors
from tfmagic.graph.function import Body
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops.control_flow import elements
from tfmagic.session import run_errors
from tfmagic.session.lower.body import Inner, common_meta, lives_on_host, meta_of, static_meta
from tfmagic.session.lower.loops import DEEPEST, TRIES, call_loop
from tfmagic.session.lower.lowering import Lowering, VariableRef
from tfmagic.session.plan.plan_graph import PlanGraph


class Opener(NamedTuple):
    """How functions are lowered.

    Attributes:
      inside: begins one as a body of its own.
      lower: lowers its steps.
      asked: a value as the bool that it counts for.
    """

    inside: Callable[[Body], Inner]
    lower: Callable[[Body, Inner], None]
    asked: Callable[[Inner, Any], Any]


def lower(outer: Lowering, op: Operation, cond: Body, body: Body, given: Sequence[Any], opener: Opener) -> None:
    """Lower a While node.

    Args:
      given: the values with which it begins.

    Raises:
      UnimplementedError: an iteration gives another variable's handle in place of one.
    """
    _Loop(outer, op, cond, body, given, opener).run()


class _Loop:
    """One lowering of a loop. What every iteration hands on as it is, is a value from around it."""

    def __init__(self, outer: Lowering, op: Operation, cond: Body, body: Body, given: Sequence[Any], opener: Opener):
        self.outer, self.op, self.cond, self.body, self.given, self.opener = outer, op, cond, body, given, opener
        self.fixed = [type(value) is VariableRef or _source(result) is argument
                      for value, result, argument in zip(given, body.outputs, body.inputs)]
        self.moving = [index for index, fixed in enumerate(self.fixed) if not fixed]
        self.devices = {index: "cpu" if lives_on_host(body.inputs[index]) else outer.place(body.inputs[index].op)
                        for index in self.moving}
        self.initial = {index: self._entry(index) for index in self.moving}
        self.metas = {index: self._assumed(index) for index in self.moving}
        self.lists = {index: _elements(self.initial[index]) for index in self.moving}

    def run(self) -> None:
        outer, op = self.outer, self.op
        mark, tries = outer.log.mark(), 0
        while True:
            cond = self._opened(self.cond)
            goes_on = self.opener.asked(cond, cond.lowering.value(self.cond.outputs[0]))
            body = self._opened(self.body)
            following = {index: body.lowering.value(self.body.outputs[index]) for index in self.moving}
            wrong = [index for index in self.moving if not self._holds(index, following[index])]
            if not wrong:
                break
            tries += 1
            outer.log.forget(mark)
            for index in wrong if tries < TRIES else self.moving:
                self.metas[index] = self._promised(index)
                known, after = self.lists[index], _elements(following[index])
                self.lists[index] = known.together(after) if known and after and tries < TRIES else None
        self._check_handles(body)
        written = list(dict.fromkeys([*cond.lowering.written, *body.lowering.written]))
        results = [body.settled(following[index], self.devices[index]) for index in self.moving]
        variables = [op._outputs[index] for index in self.moving]
        parts = call_loop(outer, op, self._finished(cond, "condition", [goes_on]),
                          self._finished(body, "iteration", results), list(self.initial.values()), variables, [],
                          written, variables)
        for index, tensor in enumerate(op._outputs):
            if self.fixed[index]:
                outer.values[tensor] = self.given[index]
                continue
            part = outer.values[tensor] = parts[tensor]
            part.node.meta["device"] = self.devices[index]
            if self.metas[index] is not None:
                part.node.meta["val"] = self.metas[index]
            known, after = self.lists[index], _elements(following[index])
            if known is not None and after is not None:
                part.node.meta["holds"] = known.together(after)

    # --- what is known of a loop variable's shape -----------------------------------------------------------------

    def _promised(self, index: int) -> Any:
        """A meta tensor of the shape that the graph itself promises for all iterations, or None."""
        tensor = self.body.inputs[index]
        return static_meta(tensor, self.body.outputs[index], self.op._inputs[index])

    def _assumed(self, index: int) -> Any:
        """The same; else that of the value with which the loop begins, until lowering the body disproves it."""
        meta = self._promised(index)
        if meta is None and self.outer.depth < DEEPEST and not lives_on_host(self.body.inputs[index]) \
                and not self.outer.stepwise:
            meta = meta_of(self.initial[index])
        return meta

    def _holds(self, index: int, following: Any) -> bool:
        """Whether a loop variable keeps the shape that is assumed, and a list elements as they are assumed."""
        known, after = self.lists[index], _elements(following)
        if known is not None and (after is None or not known.covers(after)):
            return False
        assumed = self.metas[index]
        return assumed is None or self._promised(index) is not None or common_meta([assumed, following]) is not None

    # --- the parts ------------------------------------------------------------------------------------------------

    def _opened(self, body: Body) -> Inner:
        inner = self.opener.inside(body)
        for index, tensor in enumerate(body.inputs):
            if self.fixed[index]:
                inner.bring(tensor, self.given[index])
            else:
                made = inner.parameter(tensor, self.op._outputs[index], self.devices[index], self.metas[index])
                if self.lists[index] is not None:
                    made.node.meta["holds"] = self.lists[index]
        self.opener.lower(body, inner)
        return inner

    def _check_handles(self, body: Inner) -> None:
        for index, tensor in enumerate(self.body.outputs):
            if type(self.given[index]) is VariableRef and body.lowering.current(tensor) != self.given[index]:
                raise run_errors.error(errors.UnimplementedError, self.op, f"Input {index} of {self.op.name} is a "
                                       "variable's handle, and an iteration gives another one. Put the handle through "
                                       "the loop as it is.")

    def _finished(self, inner: Inner, name: str, results: Sequence[Any]) -> PlanGraph:
        return inner.finish(f"{name} of {self.op.name}", results, list(inner.lowering.written))

    def _entry(self, index: int) -> Any:
        """A loop variable's first value where it stays during the loop."""
        value, device, tracer = self.given[index], self.devices[index], self.outer.tracer
        tracer.op, tracer.device = self.op, device
        if not isinstance(value, Proxy):
            return tracer.proxy(tracer.constant(value, device))
        return tracer.moved(value, device)


def _elements(value: Any) -> elements.Elements | None:
    """What is known of a list."""
    return elements.of(value.node.meta.get("holds")) if isinstance(value, Proxy) else None


def _source(tensor: Tensor) -> Tensor:
    """What copies of a value copy."""
    while tensor.op.type == "Identity":
        tensor = tensor.op._inputs[0]
    return tensor
