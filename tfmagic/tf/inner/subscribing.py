"""`framework.subscribe`: nodes that run whenever a tensor is computed, put between it and those who read it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.tf.variable.variables import Variable

_SCOPE = "subscription"


def subscribe(tensors: Any, side_effects: Any) -> Any:
    """Have operations run whenever tensors are computed that somebody reads.

    Args:
      tensors: a tensor or variable, or a list, tuple or dictionary of them, nested or not.
      side_effects: a function, or a list of functions: a tensor in, a list of operations or tensors out.

    Returns:
      `tensors` with the Identity nodes in their place that all their readers have now. A tensor that had one already
      keeps it, and more is run before it.

    Raises:
      TypeError: `tensors` holds something else.
    """
    effects = list(side_effects) if isinstance(side_effects, (list, tuple)) else [side_effects]
    return _each(tensors, lambda tensor: _subscribe(tensor, effects))


def _each(tensors: Any, function: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(tensors, Tensor):
        return function(tensors)
    if isinstance(tensors, Variable):
        return function(tensors.value())
    if isinstance(tensors, (list, tuple)):
        parts = [_each(part, function) for part in tensors]
        return type(tensors)(*parts) if hasattr(tensors, "_fields") else type(tensors)(parts)
    if isinstance(tensors, dict):
        return type(tensors)((key, _each(part, function)) for key, part in tensors.items())
    raise TypeError(f"_recursive_apply argument {tensors!r} has invalid type {type(tensors)!r}")


def _subscribe(tensor: Tensor, effects: Sequence[Callable[[Tensor], Any]]) -> Tensor:
    if _is_subscription(tensor):
        return _extend(tensor, effects)
    present = next((op.outputs[0] for op in tensor.consumers()
                    if op.type == "Identity" and _is_subscription(op.outputs[0])), None)
    return _begin(tensor, effects) if present is None else _extend(present, effects)


def _is_subscription(tensor: Tensor) -> bool:
    """Whether a tensor is the Identity that stands between another one and its readers."""
    return tensor.op.type == "Identity" and tensor.op.name.startswith(
        f"{tensor.op.inputs[0].op.name}/{_SCOPE}/Identity")


@contextlib.contextmanager
def _beside(tensor: Tensor) -> Iterator[None]:
    """Build in the subscription's scope, and in the loop or branch that the tensor itself is in."""
    context = tensor.op._get_control_flow_context()
    with contextlib.ExitStack() as stack, tensor.graph.control_dependencies(None):
        if context is not None:
            context.Enter()
            stack.callback(context.Exit)
        stack.enter_context(name_scope(f"{tensor.op.name}/{_SCOPE}/"))
        yield


def _begin(tensor: Tensor, effects: Sequence[Callable[[Tensor], Any]]) -> Tensor:
    # A node that reads the tensor twice has one of the two inputs changed, as in TensorFlow.
    readers = [(op, next(index for index, read in enumerate(op.inputs) if read is tensor))
               for op in dict.fromkeys(tensor.consumers())]
    waiting: list[Operation] = tensor.op._control_outputs
    with _beside(tensor):
        done: list[Any] = []
        for effect in effects:
            done += effect(tensor)
        with tensor.graph.control_dependencies(done):
            result = raw.identity(tensor)
    for op, index in readers:
        op._update_input(index, result)
    for op in waiting:
        before = [result.op if one is tensor.op else one for one in op.control_inputs]
        op._remove_all_control_inputs()
        op._add_control_inputs(before)
    return result


def _extend(subscription: Tensor, effects: Sequence[Callable[[Tensor], Any]]) -> Tensor:
    source = subscription.op.inputs[0]
    done: list[Any] = []
    with _beside(source):
        for effect in effects:
            done += effect(source)
    subscription.op._add_control_inputs([one.op if isinstance(one, Tensor) else one for one in done])
    return subscription
