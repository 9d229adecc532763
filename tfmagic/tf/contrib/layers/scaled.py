"""Initializers whose spread depends on the shape: xavier_initializer and variance_scaling_initializer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api

_MODES = ("FAN_IN", "FAN_OUT", "FAN_AVG")


@export("contrib.layers.xavier_initializer")
def xavier_initializer(uniform: bool = True, seed: int | None = None, dtype: Any = dtypes.float32) -> Any:
    """An initializer that keeps the spread of values the same in all layers (Glorot and Bengio).

    Args:
      uniform: whether numbers are uniform, else normal.
      seed: of the random numbers.
    """
    return variance_scaling_initializer(factor=1.0, mode="FAN_AVG", uniform=uniform, seed=seed, dtype=dtype)


@export("contrib.layers.variance_scaling_initializer")
def variance_scaling_initializer(factor: float = 2.0, mode: str = "FAN_IN", uniform: bool = False,
                                 seed: int | None = None, dtype: Any = dtypes.float32) -> Callable[..., Tensor]:
    """An initializer with the variance `factor` / n.

    Args:
      mode: what n is: "FAN_IN", the number of inputs, "FAN_OUT", that of outputs, "FAN_AVG", their mean.
      uniform: whether numbers are uniform, else normal and cut at two deviations.
      seed: of the random numbers.

    Raises:
      TypeError: the type is no floating type, or there is no such mode.
    """
    if not dtypes.as_dtype(dtype).is_floating:
        raise TypeError("Cannot create initializer for non-floating point type.")
    if mode not in _MODES:
        raise TypeError("Unknown mode %s [FAN_IN, FAN_OUT, FAN_AVG]", mode)

    def _initializer(shape: Any, dtype: Any = dtype, partition_info: Any = None) -> Tensor:
        """Random numbers of a shape."""
        if not dtypes.as_dtype(dtype).is_floating:
            raise TypeError("Cannot create initializer for non-floating point type.")
        fan_in = fan_out = 1.0
        if shape:
            fan_in = float(shape[-2]) if len(shape) > 1 else float(shape[-1])
            fan_out = float(shape[-1])
            for size in shape[:-2]:
                fan_in *= float(size)
                fan_out *= float(size)
        n = {"FAN_IN": fan_in, "FAN_OUT": fan_out, "FAN_AVG": (fan_in + fan_out) / 2.0}[mode]
        if uniform:
            limit = math.sqrt(3.0 * factor / n)
            return api.random.uniform(shape, -limit, limit, dtype, seed=seed)
        # 1.3: a normal distribution that is cut at two deviations has a smaller variance.
        return api.random.truncated_normal(shape, 0.0, math.sqrt(1.3 * factor / n), dtype, seed=seed)

    return _initializer
