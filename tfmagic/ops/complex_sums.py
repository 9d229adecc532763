"""Sums of complex numbers, part by part: torch multiplies what it adds by 1 + 0i, which makes NaN of infinity."""

from __future__ import annotations

from typing import Any

from tfmagic.base.lazy import torch


def _is_complex(op: Any) -> bool:
    return (op.dtype if op.op.type.endswith("VariableOp") else op.T).is_complex


def _parts(x: Any) -> Any:
    """The parts of complex numbers along another axis, in the same memory."""
    return torch.view_as_real(x.resolve_conj())


def plus(op: Any, x: Any, y: Any) -> Any:
    """The sum of two values of the op's type."""
    if not _is_complex(op):
        return x + y
    return torch.view_as_complex(_parts(x) + _parts(y))


def minus(op: Any, x: Any, y: Any) -> Any:
    """The difference of two values of the op's type."""
    if not _is_complex(op):
        return x - y
    return torch.view_as_complex(_parts(x) - _parts(y))
