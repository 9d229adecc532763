"""Numbers too small to be normal: TensorFlow 1.15 takes them for 0, a processor is many times slower with them.

Gradients of a unit that never fires become denormal, and an average of them decays into such numbers (Adam's). A thread
that torch starts during a run takes them for 0, too, from then on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch

_LEAST = 5e-324
_set = torch.set_flush_denormal


def flushing(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes denormal numbers for 0, in the thread that calls it."""

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        # Within another such call, or where the user has it so already, there is nothing to set.
        if _LEAST * 1.0 == 0.0:
            return function(*arguments)
        _set(True)
        try:
            return function(*arguments)
        finally:
            _set(False)

    return call
