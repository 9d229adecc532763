"""Stacks: where a loop keeps its values for the gradient."""

from __future__ import annotations

import itertools
from typing import Any

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.dtypes import DType
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import where
from tfmagic.ops.control_flow.contents import Held
from tfmagic.ops.declare import register

_numbers = itertools.count()


class Stack:
    """The values of one stack in one run: a host object on whose methods plans call.

    Methods that take a `dtype` (its name) refuse another than the stack's; None: it is known to be the same.
    """

    __slots__ = ("values", "max_size", "name", "dtype", "closed")

    def __init__(self, max_size: int, name: str, dtype: DType):
        self.values: list[Any] = []
        self.max_size = max_size
        self.name = name
        self.dtype = dtype
        self.closed = False

    def push(self, value: Any, dtype: str | None = None) -> None:
        """Put a value on top."""
        if dtype is not None and dtype != self.dtype.name:
            raise errors.InvalidArgumentError(None, None, f"Must have type {self.dtype.as_datatype_enum} but got "
                                              f"{dtypes.as_dtype(dtype).as_datatype_enum}")
        if self.closed:
            raise self._refused("has already been closed.")
        if 0 <= self.max_size <= len(self.values):
            raise self._refused(f"overflowed its max_size ({self.max_size})")
        self.values.append(value)

    def pop(self) -> Any:
        """Take the value on top away."""
        if self.closed:
            raise self._refused("has already been closed.")
        if not self.values:
            raise self._refused("is empty when calling Pop().")
        return self.values.pop()

    def pop_as(self, dtype: str, node: str) -> Any:
        """Take the value on top away, which `node` says has this type."""
        value = self.pop()
        if dtype != self.dtype.name:
            raise errors.InternalError(None, None, f"Output 0 of type {self.dtype.proto_name} does not match declared "
                                       f"output type {dtypes.as_dtype(dtype).proto_name} for node {node}")
        return value

    def close(self) -> None:
        """Free the values."""
        self.closed = True
        self.values.clear()

    def _refused(self, text: str) -> errors.InvalidArgumentError:
        return errors.InvalidArgumentError(None, None, f"Stack[{self.name}] {text}")


def new_stack(max_size: Any, name: str, dtype: str) -> Stack:
    """A stack of a run. Its name gets a number: error messages tell stacks apart by it.

    Args:
      max_size: how many values it takes; -1: any number.
    """
    size: Any = max_size if type(max_size) is int else max_size.item() if max_size.dim() == 0 else None
    if size is None:
        raise errors.InvalidArgumentError(None, None, _no_scalar(tuple(max_size.shape)))
    return Stack(size, f"{name}_{next(_numbers)}", dtypes.as_dtype(dtype))


def _no_scalar(dims: Any) -> str:
    return f"Stack size must be a scalar, but had shape: {shapes.brackets(dims)}"


# --- kernels ------------------------------------------------------------------------------------------------------


def _new(op: Any, max_size: Any = -1) -> Any:
    if isinstance(max_size, torch.Tensor) and max_size.dim() == 0:  # known while the plan is made
        max_size = int(max_size)
    stack = op.call(new_stack, max_size, op.stack_name or op.op.name, op.elem_type.name)
    op.holds(stack, lambda log: Held(log, op.handle))
    return stack


def _is_sure(op: Any, dtype: DType) -> bool:
    """Whether the graph shows that a stack holds values of this type."""
    maker = op.op._inputs[0].op
    while maker.type in _HANDS_ON:
        maker = maker._inputs[0].op
    return maker.type in ("StackV2", "Stack") and maker._attrs["elem_type"] is dtype


def _push(op: Any, stack: Any, value: Any) -> Any:
    held = op.holds(stack)
    if held is not None:
        held.put(op.op, op.known(value))
    stack.push(value, **({} if _is_sure(op, op.T) else {"dtype": op.T.name}))
    return value


def _pop(op: Any, stack: Any) -> Any:
    dtype, held = op.elem_type, op.holds(stack)
    if not _is_sure(op, dtype):
        return stack.pop_as(dtype.name, where(op.op))
    value = stack.pop()
    if held is None:
        return value
    return op.like(value, held.element) if held.value is None else held.value


def _close(op: Any, stack: Any) -> None:
    stack.close()


def _handle_shape(op: Any, *inputs: Dims) -> Dims:
    return (2,)


def _no_size(op: Any, max_size: Any) -> str:
    return _no_scalar(max_size) if max_size else ""


_HANDS_ON = frozenset({"Enter", "RefEnter", "Switch", "RefSwitch", "Identity", "RefIdentity"})
_ON_STACK: dict[str, Any] = {"objects": True, "effect": "writes", "repeats": True}
register("StackV2", _handle_shape, _new, **_ON_STACK, check=_no_size)
register("Stack", _handle_shape, _new, **_ON_STACK)
for _suffix in ("", "V2"):
    register("StackPush" + _suffix, lambda op, handle, elem: elem, _push, **_ON_STACK)
    register("StackPop" + _suffix, lambda op, handle: None, _pop, **_ON_STACK)
    register("StackClose" + _suffix, None, _close, **_ON_STACK)
