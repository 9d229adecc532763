"""Calls of functions: a body is lowered in place of its call; functional branches and loops choose and repeat some."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch.fx.proxy import Proxy

from tfmagic.base import dtypes, errors
from tfmagic.base.shapes import brackets
from tfmagic.graph import registry
from tfmagic.graph.function import Body
from tfmagic.graph.function_calls import BRANCHES, LOOPS
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session import run_errors
from tfmagic.session.lower import functional_loops
from tfmagic.session.lower.body import Inner
from tfmagic.session.lower.branches import join
from tfmagic.session.lower.captured import lower_kernel
from tfmagic.session.lower.control_flow import recover
from tfmagic.session.lower.effects import called_bodies
from tfmagic.session.lower.lowering import Lowering, Path, VariableRef
from tfmagic.session.lower.schedule import Lowered, Step, lower_all, schedule
from tfmagic.session.plan.prune import prune
from tfmagic.session.plan.run_time import PlanCall

# Bodies within bodies: each takes some of Python's stack, when the plan is made and when it runs.
_DEEPEST = 60

# By body: how often a node of it had been changed, and its steps.
_steps: weakref.WeakKeyDictionary[Body, tuple[int, list[Step]]] = weakref.WeakKeyDictionary()


def lower_call(lowering: Lowering, op: Operation) -> Iterable[Lowered] | None:
    """Lower an operation that calls functions.

    Returns:
      What is to be lowered next, or None: the outputs have values.

    Raises:
      InvalidArgumentError: the function takes or gives something else.
    """
    bodies = called_bodies(op)
    declaration = registry.lookup(op.type)
    if declaration is not None and declaration.functions:
        if op.type == "For":
            _check_loop(op, bodies[0], op._inputs[2:], op._outputs)
        elif op.type == "RemoteCall":
            _check(op, bodies[0], op._inputs[1:], op._outputs)
        lower_kernel(lowering, op, declaration, bodies, steps_of)
        return None
    if op.type in BRANCHES:
        return _lower_branches(lowering, op, bodies)
    if op.type in LOOPS:
        cond, body = bodies
        if len(cond.outputs) != 1:
            raise run_errors.error(errors.InvalidArgumentError, op, "Expected a single scalar return value from "
                                   f"WhileOp cond, got {len(cond.outputs)} tensors.\nThe function is '{cond.name}'.")
        _check(op, cond, op._inputs, cond.outputs)
        _check_loop(op, body, op._inputs, op._outputs)
        functional_loops.lower(lowering, op, cond, body, _given(lowering, op, op._inputs), _opener(lowering, op))
        return None
    return _inlined(lowering, op, bodies[0], _given(lowering, op, op._inputs))


def steps_of(body: Body) -> list[Step]:
    """The steps that compute a body, in order: what its results need, and what runs in any case."""
    edits, steps = _steps.get(body, (-1, []))
    if edits != body.graph._edits:
        fed = set(body.inputs)
        asked = [op for op in body.graph._operations if op._op_def.is_stateful]
        ops = prune([*body.outputs, *body.controls, *asked], fed)
        steps = schedule(recover(ops, fed, body.outputs), fed)
        _steps[body] = body.graph._edits, steps
    return steps


class _Return:
    """After the body of a call: its results are the call's."""

    def __init__(self, op: Operation, body: Body):
        self._op, self._body = op, body

    def lower(self, lowering: Lowering) -> None:
        assert lowering.path is not None
        lowering.path = lowering.path.outer
        for tensor, result in zip(self._op._outputs, self._body.outputs):
            lowering.values[tensor] = lowering.current(result)


def _given(lowering: Lowering, op: Operation, tensors: Sequence[Tensor]) -> list[Any]:
    """The arguments of a call: handles stay what they are, a reference is read."""
    values = []
    for tensor in tensors:
        value = lowering.current(tensor)
        if type(value) is VariableRef and tensor._dtype.base_dtype is not dtypes.resource:
            lowering.require_initialized(op, value.root)
            value = lowering.variable(value.root)
        values.append(value)
    return values


def _inlined(lowering: Lowering, op: Operation, body: Body, given: Sequence[Any]) -> Iterable[Lowered]:
    """The steps of a body, its arguments set."""
    _check(op, body, op._inputs[len(op._inputs) - len(given):], op._outputs)
    steps = steps_of(body)
    lowering.path = Path(op, body.name, lowering.path)
    lowering.values.update(zip(body.inputs, given))
    return [*steps, _Return(op, body)]


def _check(op: Operation, body: Body, arguments: Sequence[Tensor], results: Sequence[Tensor]) -> None:
    """Check that a call fits the signature.

    Raises:
      InvalidArgumentError: it does not.
    """
    for verb, what, wanted, have in (("Expects", "arguments", body.inputs, arguments),
                                     ("Gives", "results", body.outputs, results)):
        if len(wanted) != len(have):
            raise run_errors.error(errors.InvalidArgumentError, op, f"{verb} {len(wanted)} {what}, but {len(have)} is "
                                   f"{'provided' if verb == 'Expects' else 'asked for'}\nThe function is "
                                   f"'{body.name}'.")
        for index, (one, other) in enumerate(zip(wanted, have)):
            if one._dtype.base_dtype is not other._dtype.base_dtype:
                raise run_errors.error(
                    errors.InvalidArgumentError, op, f"{verb} {'arg' if verb == 'Expects' else 'ret'}[{index}] to be "
                    f"{one._dtype.base_dtype.proto_name} but {other._dtype.base_dtype.proto_name} is "
                    f"{'provided' if verb == 'Expects' else 'asked for'}\nThe function is '{body.name}'.")


def _check_loop(op: Operation, body: Body, arguments: Sequence[Tensor], results: Sequence[Tensor]) -> None:
    """Check that the body of a loop fits its values: what it gives is what it takes next.

    Raises:
      InvalidArgumentError: it does not.
    """
    if len(body.outputs) != len(results):
        raise run_errors.error(errors.InvalidArgumentError, op, f"{op.type} loop body returned {len(body.outputs)} "
                               f"arguments. Expected: {len(results)}\nThe function is '{body.name}'.")
    before = len(arguments) - len(results)
    for index, (taken, given) in enumerate(zip(results, body.outputs), before):
        if taken._dtype.base_dtype is not given._dtype.base_dtype:
            raise run_errors.error(
                errors.InvalidArgumentError, op, f"Expects arg[{index}] to be {taken._dtype.base_dtype.proto_name} but "
                f"{given._dtype.base_dtype.proto_name} is provided\nThe function '{body.name}' gives it.")
    _check(op, body, arguments, results)


# --- branches -----------------------------------------------------------------------------------------------------


def _lower_branches(lowering: Lowering, op: Operation, bodies: Sequence[Body]) -> Iterable[Lowered] | None:
    for body in bodies:
        _check(op, body, op._inputs[1:], op._outputs)
    choice = lowering.value(op._inputs[0])
    choose = _Chosen(len(bodies)) if op.type == "Case" else _HOLDS
    given = _given(lowering, op, op._inputs[1:])
    if not isinstance(choice, Proxy):
        return _inlined(lowering, op, bodies[int(choose(choice))], given)
    inners = [_opened(lowering, op, body, given) for body in bodies]
    rows = [(tensor, [inner.lowering.current(body.outputs[index]) for inner, body in zip(inners, bodies)])
            for index, tensor in enumerate(op._outputs)]
    results = join(lowering, op, _asked(lowering, op, choose, choice), inners,
                   [f"{op.name} {body.name}" for body in bodies], rows)
    lowering.values.update(zip(op._outputs, results))
    return None


def _opened(lowering: Lowering, op: Operation, body: Body, given: Sequence[Any]) -> Inner:
    """A body lowered as one of its own, for values of the lowering around it."""
    inner = _inside(lowering, op, body)
    for tensor, value in zip(body.inputs, given):
        inner.bring(tensor, value)
    lower_all(steps_of(body), inner.lowering)
    return inner


def _opener(lowering: Lowering, op: Operation) -> functional_loops.Opener:
    """What the lowering of a loop does to begin one of its parts, to lower it, and to ask whether it goes on."""
    return functional_loops.Opener(lambda body: _inside(lowering, op, body),
                                   lambda body, inner: lower_all(steps_of(body), inner.lowering),
                                   lambda inner, value: _asked(inner.lowering, op, _HOLDS, value)
                                   if isinstance(value, Proxy) else _HOLDS(value))


def _inside(lowering: Lowering, op: Operation, body: Body) -> Inner:
    if lowering.depth >= _DEEPEST:
        raise run_errors.error(errors.UnimplementedError, op, f"More than {_DEEPEST} branches and loops are nested by "
                               "functions that call each other. Compute it with tf.while_loop instead.")
    inner = Inner(lowering)
    inner.lowering.path = Path(op, body.name, lowering.path)
    return inner


def _asked(lowering: Lowering, op: Operation, choose: PlanCall, value: Proxy) -> Any:
    """The value that decides, as a bool or a number."""
    meta = value.node.meta.get("val")
    if choose is _HOLDS and isinstance(meta, torch.Tensor) and meta.dtype is torch.bool and meta.ndim == 0:
        return value
    tracer = lowering.tracer
    tracer.op, tracer.device, tracer.inputs = op, "cpu", [value]
    return tracer.create_proxy("call_function", choose, (value,), {})


class _Holds(PlanCall):
    """Whether a value counts as true: a number that is not 0, a text that is not empty, a tensor with elements."""

    __name__ = __qualname__ = "holds"
    effect = "none"

    def __call__(self, value: Any) -> bool:
        if value.ndim:
            return bool(value.size if isinstance(value, np.ndarray) else value.numel())
        return bool(value.item())


class _Chosen(PlanCall):
    """Which branch a number means: the last, where there is none of that number."""

    __name__ = __qualname__ = "chosen"
    effect = "none"

    def __init__(self, count: int):
        self._count = count

    def __call__(self, value: Any) -> int:
        if value.ndim:
            raise errors.InvalidArgumentError(None, None, "The second input must be a scalar, but it has shape "
                                              f"{brackets(tuple(value.shape))}")
        index = int(value)
        return index if 0 <= index < self._count else self._count - 1


_HOLDS = _Holds()
