"""kept: numbers that are handed on as they are, be they too small to be normal.

A run takes denormal numbers for 0 while it computes. What only reads numbers from texts and messages computes nothing
in TensorFlow; here they pass through those of Python, of 64 bits, and to widen and round them would be to compute.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tfmagic.base.lazy import torch

_LEAST = 5e-324


def kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes denormal numbers as they are, also within a run."""

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        if _LEAST * 1.0:
            return function(*arguments)
        torch.set_flush_denormal(False)
        try:
            return function(*arguments)
        finally:
            torch.set_flush_denormal(True)

    return call
