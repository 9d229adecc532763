"""Arithmetic on uint16, uint32 and uint64, which torch only stores: done in wider or signed integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import errors
from tfmagic.base.dtypes import DType, as_dtype
from tfmagic.base.lazy import torch
from tfmagic.graph.operation import Operation
from tfmagic.graph.registry import Node, OpDeclaration, lookup
from tfmagic.ops.torch_types import torch_dtype

# Where a number of 2**63 and more may be held in an int64: what looks at its bits, and what looks at its order.
_OF_BITS = frozenset({"BitwiseAnd", "BitwiseOr", "BitwiseXor", "Invert", "LeftShift", "RightShift"})
_OF_ORDER = frozenset({"Greater", "GreaterEqual", "Less", "LessEqual"})
_HELD_IN = {"uint16": as_dtype("int32"), "uint32": as_dtype("int64"), "uint64": as_dtype("int64")}


def concerns(op: Operation) -> bool:
    """Whether an operation computes with numbers of these types: to take one out of an object is no arithmetic."""
    declaration = lookup(op.type)
    if declaration is not None and (declaration.effect == "waits" or declaration.functions):
        return False
    return any(tensor._dtype.base_dtype.name in _HELD_IN for tensor in (*op._inputs, *op._outputs))


class _WideNode(Node):
    """An operation that seems to have the types in which it is computed."""

    def __getattr__(self, name: str) -> Any:
        value = super().__getattr__(name)
        return _HELD_IN.get(value.name, value) if isinstance(value, DType) else value


def widened(op: Operation, declaration: OpDeclaration) -> Callable[..., Any]:
    """The kernel for these types: the declared one where torch can, else with inputs and results converted."""
    kernel: Any = declaration.kernel
    widen = _bits if op.type in _OF_BITS else _ordered if op.type in _OF_ORDER else _widen
    wide = _WideNode(op)
    given = [t._dtype.base_dtype for t in op._outputs if not t._dtype._is_ref_dtype]
    changed = [t._dtype.base_dtype for t in (*op._inputs, *op._outputs) if t._dtype.base_dtype.name in _HELD_IN][:1]
    dtypes = [*changed * len(declaration.writes), *given]  # new values of variables come first

    def computed(node: Any, *args: Any) -> Any:
        try:
            return kernel(node, *args)
        except NotImplementedError:
            results = kernel(wide, *_each(widen, args))
        if isinstance(results, torch.Tensor):
            return results.to(torch_dtype(dtypes[0]))
        flat = [item for result in results for item in (result if isinstance(result, list) else [result])]
        return tuple(value if dtype.kind == "O" else value.to(torch_dtype(dtype)) for value, dtype in zip(flat, dtypes))

    return computed


def _each(function: Callable[[Any], Any], values: Any) -> list[Any]:
    return [_each(function, v) if isinstance(v, list) else function(v) for v in values]


def _bits(value: Any) -> Any:
    """The same bits for uint64, a wider integer for the others."""
    if isinstance(value, torch.Tensor) and value.dtype == torch.uint64:
        return value.view(torch.int64)
    return _widen(value)


def _ordered(value: Any) -> Any:
    """Integers in the same order."""
    if isinstance(value, torch.Tensor) and value.dtype == torch.uint64:
        return _bits(value) ^ torch.iinfo(torch.int64).min
    return _widen(value)


def _widen(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    held = _HELD_IN.get(str(value.dtype).removeprefix("torch."))
    if held is None:
        return value
    wide = value.to(torch_dtype(held))
    if value.dtype == torch.uint64 and bool((wide < 0).any()):
        raise errors.UnimplementedError(None, None, "Numbers of 2**63 and more cannot be computed with: torch only "
                                                    "stores uint64. Cast to float64.")
    return wide
