"""Gradient rules of the nodes that route values through conds and loops."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.graph.context import get_default_graph
from tfmagic.ops import raw
from tfmagic.ops.control_flow.cond import CondContext
from tfmagic.ops.control_flow.routing import declare_routing, leave, merge, switch, switch_ref_or_tensor
from tfmagic.ops.control_flow.while_loop import WhileContext, add_back_edge


def _current() -> Any:
    return get_default_graph()._stacks.control_flow


def _switch(op: Any, false_grad: Any, true_grad: Any) -> tuple[Any, None]:
    node = op.op
    ctx = node._control_flow_context
    if isinstance(ctx, WhileContext):
        merges = _current().grad_state.switch_merges
        merged = merges.get(node)
        if merged is not None:  # met again, from the body: what the next iteration gets
            if true_grad is not None:
                add_back_edge(merged, true_grad, enforce_shape=False)
            return None, None
        if false_grad is None:
            return None, None
        merged = merges[node] = merge([false_grad, false_grad], name="b_switch")[0]
        return merged, None
    if isinstance(ctx, CondContext):
        grads = (false_grad, true_grad)
        if grads[1 - ctx.branch] is None:
            if node._inputs[0]._dtype.base_dtype is dtypes.resource:
                return merge([grads[ctx.branch]] * 2, name="cond_resource_grad")[0], None
            return None, None
        return merge(grads, name="cond_grad")[0], None
    false_side = switch(false_grad, node._inputs[1])[0]
    true_side = switch(true_grad, node._inputs[1])[1]
    return merge([false_side, true_side])[0], None


def _merge(op: Any, grad: Any, index_grad: Any) -> Any:
    node = op.op
    ctx = node._inputs[0].op._output_context()
    current = _current()
    if isinstance(ctx, WhileContext):
        return switch_ref_or_tensor(grad, current.pivot)
    if isinstance(ctx, CondContext):
        pred = ctx.pred
        state = None if current is None else current.grad_state
        if state is not None:
            real = state.history.get(pred.name)
            if real is None:  # the branch taken in every iteration has to be remembered
                loop = state.grad_context
                loop.exit()
                stack = state.accumulate(pred)
                loop.enter()
                real = state.history[pred.name] = state.accumulated(stack, pred)
            pred = real
        return switch_ref_or_tensor(grad, pred, name="cond_grad")
    chosen = [raw.equal(node._outputs[1], index) for index in range(len(node._inputs))]
    return [switch_ref_or_tensor(grad, pred)[1] for pred in chosen]


def _exit(op: Any, grad: Any) -> Any:
    loop = _current()
    if not loop.back_prop:
        return None
    if op.op._control_flow_context.grad_state is not None:
        raise TypeError("Second-order gradient for while loops not supported.")
    for part in nest.flatten(grad, expand_composites=True):
        loop.add_name(part.name)
    with loop:
        result = loop.enter_value(grad, name="b_exit")
        loop.loop_enters.extend(nest.flatten(result, expand_composites=True))
    return result


def _next_iteration(op: Any, grad: Any) -> Any:
    return grad


def _enter(op: Any, grad: Any) -> Any:
    loop = _current()
    if loop is None or not loop.back_prop or loop.grad_state is None:
        return grad
    if op.is_constant:
        return loop.grad_state.sum_over_iterations(op.op, grad)
    result = leave(grad)
    parts = nest.flatten(result, expand_composites=True)
    loop.loop_exits.extend(parts)
    loop.export_results(parts)
    return result


declare_routing(_switch, _merge, _enter, _exit, _next_iteration)
