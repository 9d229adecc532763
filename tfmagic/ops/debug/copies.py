"""What TensorFlow's debugger puts on edges: copies, counts of NaN, summaries of numbers."""

from __future__ import annotations

from typing import Any

from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register


def _copied(op: Any, value: Any) -> Any:
    return value.clone() if isinstance(value, torch.Tensor) else value.copy()


def _watched(op: Any) -> None:
    """Refuse a node that does not say what it watches."""
    if not op.tensor_name:
        raise invalid(f"Failed to parse tensor name: \"{op.tensor_name}\"")


def _handed_on(op: Any, value: Any) -> Any:
    _watched(op)
    return value


def _nan_count(op: Any, value: Any) -> Any:
    _watched(op)
    return torch.isnan(value).sum() if value.is_floating_point() else torch.tensor(0)


def _summary(op: Any, value: Any) -> Any:
    """Whether it is there, how many elements of each kind, the least, greatest, mean and variance, type and shape."""
    _watched(op)
    numbers = value.double().reshape(-1)
    finite = numbers[torch.isfinite(numbers)]
    low, high = op.lower_bound, op.upper_bound
    nan = torch.isnan(numbers)
    least, most = numbers <= low, numbers >= high
    between = ~(nan | least | most)
    counts = [numbers.numel(), nan.sum(), least.sum(), (between & (numbers < 0)).sum(),
              (between & (numbers == 0)).sum(), (between & (numbers > 0)).sum(), most.sum()]
    infinity = float("inf")
    if finite.numel():
        moments = [finite.min(), finite.max(), finite.mean(), ((finite - finite.mean()) ** 2).mean()]
    else:
        moments = [infinity, -infinity, float("nan"), float("nan")]
    parts = [1.0, *counts, *moments, op.input.dtype.base_dtype.as_datatype_enum, value.dim(), *value.shape]
    return torch.tensor([float(part) for part in parts], dtype=torch.float64)


_READ: dict[str, Any] = {"traced": False, "because": "what comes out depends on the values"}
for _name in ("Copy", "CopyHost"):
    register(_name, shape_rules.same, _copied, traced=False, because="strings are copied as torch's tensors are")
register("DebugIdentity", shape_rules.same, _handed_on)
register("DebugNanCount", shape_rules.scalar, lambda op, value: _nan_count(op, value).reshape(1))
register("DebugNumericSummary", shape_rules.unknown, _summary, **_READ)
