"""Numbers too small to be normal: TensorFlow 1.15 takes them for 0, a processor is several times slower with them.

An average of gradients that have become 0 decays into them (Adam's, of a unit that never fires).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

_LEAST = 5e-324


def flushed(function: Callable[[Any], Any], argument: Any) -> None:
    """Call a function with denormal numbers taken for 0 in this thread."""
    # Where the user has it so already, or the processor cannot, there is nothing to set.
    if _LEAST * 1.0 == 0.0 or not torch.set_flush_denormal(True):
        function(argument)
        return
    try:
        function(argument)
    finally:
        torch.set_flush_denormal(False)
