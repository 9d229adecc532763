"""How much the signs count in AddSign and PowerSign, as training goes on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.ops.math.cast import cast

Decay = Callable[[Any], Tensor]


def _given(global_step: Any, what: str) -> Any:
    if global_step is None:
        raise ValueError(f"global_step is required for {what}.")
    return global_step


def _half_wave(angle: Any) -> Tensor:
    """From 1 to 0 while `angle` goes from 0 to 1, along a cosine."""
    return 0.5 * (1.0 + api.cos(constant(math.pi) * angle))


def get_linear_decay_fn(decay_steps: int) -> Decay:
    """A function of the step that falls from 1 to 0 in `decay_steps` steps, and stays 0.

    Raises (the function):
      ValueError: there is no step.
    """

    def linear_decay_fn(global_step: Any) -> Tensor:
        step = api.minimum(_given(global_step, "linear_decay"), decay_steps)
        rest = cast(decay_steps, dtypes.int32) - cast(step, dtypes.int32)
        return api.maximum(0.0, cast(rest, dtypes.float32) / cast(decay_steps, dtypes.float32))

    return linear_decay_fn


def get_cosine_decay_fn(decay_steps: int, num_periods: float = 0.5, zero_after: float | None = None) -> Decay:
    """A function of the step that swings between 1 and 0.

    Args:
      decay_steps: the steps of all its periods; after them it stays.
      num_periods: how many periods.
      zero_after: after how many of them it is 0; None: never.

    Raises (the function):
      ValueError: there is no step.
    """

    def cosine_decay_fn(global_step: Any) -> Tensor:
        step = api.minimum(_given(global_step, "cosine_decay"), decay_steps)
        halves = 2.0 * num_periods * (cast(step, dtypes.float32) / cast(decay_steps, dtypes.float32))
        decayed = _half_wave(halves)
        if zero_after is None:
            return decayed
        return api.where(api.greater_equal(halves, 2 * zero_after), 0.0, decayed)

    return cosine_decay_fn


def get_restart_decay_fn(decay_steps: int, num_periods: int = 1, zero_after: float | None = None) -> Decay:
    """A function of the step that falls from 1 to 0 again and again.

    Args:
      decay_steps: the steps of all its falls; after them it stays.
      num_periods: how many falls.
      zero_after: after how many of them it is 0; None: never.

    Raises (the function):
      ValueError: there is no step.
    """

    def restart_decay_fn(global_step: Any) -> Tensor:
        step = api.minimum(_given(global_step, "cosine_decay"), decay_steps)
        within = api.mod(num_periods * cast(step, dtypes.float32), float(decay_steps))
        decayed = _half_wave(within / cast(decay_steps, dtypes.float32))
        if zero_after is None:
            return decayed
        falls = cast(num_periods * step, dtypes.float32) / cast(decay_steps, dtypes.float32)
        return api.where(api.greater_equal(falls, zero_after), 0.0, decayed)

    return restart_decay_fn
