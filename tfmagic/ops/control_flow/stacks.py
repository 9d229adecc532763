"""Stacks: where a loop keeps its values for the gradient."""

from __future__ import annotations

import itertools
from typing import Any

from tfmagic.base import errors, shapes
from tfmagic.base.dtypes import DType
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import where
from tfmagic.ops.declare import register

_numbers = itertools.count()


class Stack:
    """The values of one stack in one run."""

    __slots__ = ("values", "max_size", "name", "dtype", "closed")

    def __init__(self, max_size: int, name: str, dtype: DType):
        self.values: list[Any] = []
        self.max_size = max_size
        self.name = name
        self.dtype = dtype
        self.closed = False


def _new(op: Any, max_size: Any = -1) -> Stack:
    return Stack(int(max_size), f"{op.stack_name or op.op.name}_{next(_numbers)}", op.elem_type)


def _refused(stack: Stack, text: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, f"Stack[{stack.name}] {text}")


def _push(op: Any, stack: Stack, value: Any) -> Any:
    if op.T is not stack.dtype:
        raise errors.InvalidArgumentError(None, None, f"Must have type {stack.dtype.as_datatype_enum} but got "
                                          f"{op.T.as_datatype_enum}")
    if stack.closed:
        raise _refused(stack, "has already been closed.")
    if 0 <= stack.max_size <= len(stack.values):
        raise _refused(stack, f"overflowed its max_size ({stack.max_size})")
    stack.values.append(value)
    return value


def _pop(op: Any, stack: Stack) -> Any:
    if stack.closed:
        raise _refused(stack, "has already been closed.")
    if not stack.values:
        raise _refused(stack, "is empty when calling Pop().")
    if op.elem_type is not stack.dtype:
        raise errors.InternalError(None, None, f"Output 0 of type {stack.dtype.proto_name} does not match declared "
                                   f"output type {op.elem_type.proto_name} for node {where(op.op)}")
    return stack.values.pop()


def _close(op: Any, stack: Stack) -> None:
    stack.closed = True
    stack.values.clear()


def _handle_shape(op: Any, *inputs: Dims) -> Dims:
    return (2,)


def _no_size(op: Any, max_size: Any) -> str:
    return f"Stack size must be a scalar, but had shape: {shapes.brackets(max_size)}" if max_size else ""


_HOST: dict[str, Any] = {"traced": False, "because": "a stack is a host object", "effect": "writes"}
register("StackV2", _handle_shape, _new, **_HOST, host="max_size", check=_no_size)
register("Stack", _handle_shape, _new, **_HOST)
for _suffix in ("", "V2"):
    register("StackPush" + _suffix, lambda op, handle, elem: elem, _push, **_HOST)
    register("StackPop" + _suffix, lambda op, handle: None, _pop, **_HOST)
    register("StackClose" + _suffix, None, _close, **_HOST)
