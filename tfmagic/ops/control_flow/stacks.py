"""Stacks: where a loop keeps its values for the gradient."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors
from tfmagic.base.shapes import Dims
from tfmagic.ops.declare import register


class Stack:
    """The values of one stack in one run."""

    __slots__ = ("values", "max_size", "name", "closed")

    def __init__(self, max_size: int, name: str):
        self.values: list[Any] = []
        self.max_size = max_size
        self.name = name
        self.closed = False


def _new(op: Any, max_size: Any = -1) -> Stack:
    return Stack(int(max_size), op.op.name)


def _push(op: Any, stack: Stack, value: Any) -> Any:
    if stack.closed:
        raise errors.InvalidArgumentError(None, None, f"Stack[{stack.name}] has already been closed.")
    if 0 <= stack.max_size <= len(stack.values):
        raise errors.InvalidArgumentError(None, None, f"Stack[{stack.name}] overflowed its max_size "
                                          f"({stack.max_size})")
    stack.values.append(value)
    return value


def _pop(op: Any, stack: Stack) -> Any:
    if stack.closed:
        raise errors.InvalidArgumentError(None, None, f"Stack[{stack.name}] has already been closed.")
    if not stack.values:
        raise errors.InvalidArgumentError(None, None, f"Stack[{stack.name}] is empty when calling Pop().")
    return stack.values.pop()


def _close(op: Any, stack: Stack) -> None:
    stack.closed = True
    stack.values.clear()


def _handle_shape(op: Any, *inputs: Dims) -> Dims:
    return (2,)


_HOST: dict[str, Any] = {"traced": False, "because": "a stack is a host object", "effect": "writes"}
register("StackV2", _handle_shape, _new, **_HOST, host=("max_size",))
register("Stack", _handle_shape, _new, **_HOST)
for _suffix in ("", "V2"):
    register("StackPush" + _suffix, lambda op, handle, elem: elem, _push, **_HOST)
    register("StackPop" + _suffix, lambda op, handle: None, _pop, **_HOST)
    register("StackClose" + _suffix, None, _close, **_HOST)
