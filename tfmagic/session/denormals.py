"""Numbers too small to be normal: TensorFlow 1.15 takes them for 0, a processor is many times slower with them.

Gradients of a unit that never fires become denormal, and an average of them decays into such numbers (Adam's). A thread
that torch starts during a run takes them for 0, too, from then on; those that it had before are told.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Callable
from typing import Any

import torch

from tfmagic.base.machine.team import openmp

_LEAST = 5e-324
_set = torch.set_flush_denormal
_told = threading.local()


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


def tell_threads(count: int) -> None:
    """Have the threads with which this one computes take denormal numbers for 0, where they are OpenMP's.

    Args:
      count: how many there are, this one among them.
    """
    library = openmp()
    if library is None or getattr(_told, "count", 1) >= count:
        return
    _told.count = count
    caller = threading.get_ident()

    def tell(_: Any) -> None:
        if threading.get_ident() != caller:
            _set(True)

    library.GOMP_parallel(_CALLBACK(tell), None, count, 0)


_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
