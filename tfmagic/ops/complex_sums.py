"""Sums of complex numbers, part by part: torch multiplies what it adds by 1 + 0i, which makes NaN of infinity."""

from __future__ import annotations

from typing import Any

from tfmagic.base.lazy import torch


def _is_complex(op: Any) -> bool:
    return (op.dtype if op.op.type.endswith("VariableOp") else op.T).is_complex


def plus(op: Any, x: Any, y: Any) -> Any:
    """The sum of two values of the op's type."""
    if not _is_complex(op):
        return x + y
    return torch.complex(torch.real(x) + torch.real(y), torch.imag(x) + torch.imag(y))


def minus(op: Any, x: Any, y: Any) -> Any:
    """The difference of two values of the op's type."""
    if not _is_complex(op):
        return x - y
    return torch.complex(torch.real(x) - torch.real(y), torch.imag(x) - torch.imag(y))
