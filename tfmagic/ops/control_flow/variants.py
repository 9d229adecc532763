"""Values in lists and optionals: tensors, and variants such as lists and optionals themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims


def dims_of(value: Any) -> Dims:
    """The shape of a value; that of a variant is a scalar's."""
    return tuple(getattr(value, "shape", ()))


def zeros_of(value: Any) -> Any:
    """Zeros in the form of a value."""
    if isinstance(value, np.ndarray):
        return np.full(value.shape, b"", object)
    return torch.zeros_like(value) if isinstance(value, torch.Tensor) else value.zeros()
