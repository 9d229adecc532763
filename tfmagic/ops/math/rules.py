"""What many mathematical ops share: waiting for the incoming gradient, conjugates, NaN beside numbers, digamma."""

from __future__ import annotations

from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw


def after(*tensors: Any) -> Any:
    """Within the `with` block, nodes wait for `tensors`: nothing of a gradient is computed before it is needed."""
    return get_default_graph().control_dependencies(list(tensors))


def conjugate(x: Tensor) -> Tensor:
    """The complex conjugate; a real tensor itself."""
    return raw.conj(x) if x.dtype.is_complex else x


def without_nan(x: Any, highest: bool) -> Any:
    """Floating numbers in which no NaN can be the highest (else the lowest): infinities stand where NaNs did."""
    inf = float("inf")
    return torch.nan_to_num(x, nan=-inf if highest else inf, posinf=inf, neginf=-inf)


def digamma(x: Any) -> Any:
    """The digamma function of a torch tensor, infinite at its poles."""
    return torch.where((x <= 0) & (x == torch.floor(x)), float("inf"), torch.digamma(x))
