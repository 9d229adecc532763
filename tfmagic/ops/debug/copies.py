"""What TensorFlow's debugger puts on edges: copies, counts of NaN, summaries of numbers."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register


def _copied(op: Any, value: Any) -> Any:
    return value.copy() if op.T.kind == "O" else value.clone()


def _watched(op: Any) -> None:
    """Refuse a node that does not say what it watches, or wants it sent somewhere."""
    if not op.tensor_name:
        raise invalid(f"Failed to parse tensor name: \"{op.tensor_name}\"")
    if op.debug_urls:
        raise errors.UnimplementedError(
            None, None, f"Values are not sent to {', '.join(op.debug_urls)}. Fetch {op.op.name} to see them; "
                        "%%graph --fetch shows values, and %%graph --check finds NaN.")


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
    nan, least, most = torch.isnan(numbers), numbers <= op.lower_bound, numbers >= op.upper_bound
    between = ~(nan | least | most)
    counts = [part.sum() for part in (nan, least, between & (numbers < 0), between & (numbers == 0),
                                      between & (numbers > 0), most)]
    finite, infinity = torch.isfinite(numbers), float("inf")
    if numbers.numel():
        extremes = [torch.where(finite, numbers, infinity).amin(), torch.where(finite, numbers, -infinity).amax()]
    else:
        extremes = [torch.tensor(infinity), torch.tensor(-infinity)]
    mean = torch.where(finite, numbers, 0.0).sum() / finite.sum()
    variance = torch.where(finite, (numbers - mean) ** 2, 0.0).sum() / finite.sum()
    kind = op.input.dtype.base_dtype.as_datatype_enum
    start = torch.tensor([1.0, float(numbers.numel())], dtype=torch.float64)
    end = torch.tensor([float(part) for part in (kind, value.dim(), *value.shape)], dtype=torch.float64)
    return torch.cat([start, torch.stack([part.double() for part in (*counts, *extremes, mean, variance)]), end])


for _name in ("Copy", "CopyHost"):
    register(_name, shape_rules.same, _copied)
register("DebugIdentity", shape_rules.same, _handed_on)
register("DebugNanCount", shape_rules.scalar, lambda op, value: _nan_count(op, value).reshape(1))
register("DebugNumericSummary", shape_rules.unknown, _summary, traced="shapes")
