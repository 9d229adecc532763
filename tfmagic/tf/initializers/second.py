"""Initializers as TensorFlow's second version has them: the type belongs to the call, a seed always draws the same."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.dtypes import DType
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.initializers import kinds


class Initializer:
    """Base of these initializers: called with a shape and a type, it gives a tensor."""

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this initializer again, as plain data."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """An initializer from what `get_config` gave; a type in it is not looked at."""
        config.pop("dtype", None)
        return cls(**config)


def _draw(kind: str, seed: int | None, shape: Any, low: Any, high: Any, dtype: DType) -> Tensor:
    """Random numbers: the same ones for the same seed, wherever they are drawn; anew without one."""
    from tfmagic.tf.random import draws

    if seed is None:
        return getattr(draws, kind)(shape, low, high, dtype)
    return getattr(draws, f"stateless_{kind}")(shape, [seed, 0], low, high, dtype)


class Zeros(Initializer):
    """Zeros of any type."""

    def __call__(self, shape: Any, dtype: Any = dtypes.float32) -> Tensor:
        from tfmagic.ops.array.constants import zeros

        return zeros(shape, dtypes.as_dtype(dtype))


class Ones(Initializer):
    """Ones.

    Raises:
      ValueError: the type is neither a number's nor bool.
    """

    def __call__(self, shape: Any, dtype: Any = dtypes.float32) -> Tensor:
        from tfmagic.ops.array.constants import ones

        dtype = dtypes.as_dtype(dtype)
        if not dtype.is_numpy_compatible or dtype == dtypes.string:
            raise ValueError(f"Expected numeric or boolean dtype, got {dtype}.")
        return ones(shape, dtype)


class Constant(Initializer):
    """A given value: a scalar for all places, or as many values as there are places.

    Args:
      value: a Python scalar, a list or tuple of values, or a NumPy array.

    Raises:
      TypeError: the value is nothing of these; at the call: it has another number of values than the shape.
    """

    def __init__(self, value: Any = 0):
        if not (np.isscalar(value) or isinstance(value, (list, tuple, np.ndarray))):
            raise TypeError(f"Invalid type for initial value: {type(value)} (expected Python scalar, list or tuple of "
                            "values, or numpy.ndarray).")
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        sizes, value = tuple(int(size) for size in shape), np.asarray(self.value)
        if value.size not in (1, math.prod(sizes)):
            raise TypeError(f"Expected Tensor's shape: {sizes}, got {value.shape}.")
        return constant(self.value, None if dtype is None else dtypes.as_dtype(dtype), shape)

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value}


class RandomUniform(Initializer):
    """Numbers spread evenly over [minval, maxval).

    Raises:
      ValueError: at the call: the type is neither floating nor an integer's.
    """

    def __init__(self, minval: Any = -0.05, maxval: Any = 0.05, seed: int | None = None):
        self.minval = minval
        self.maxval = maxval
        self.seed = seed

    def __call__(self, shape: Any, dtype: Any = dtypes.float32) -> Tensor:
        dtype = dtypes.as_dtype(dtype)
        if not dtype.is_floating and not dtype.is_integer:
            raise ValueError(f"Expected float or integer dtype, got {dtype}.")
        return _draw("random_uniform", self.seed, shape, self.minval, self.maxval, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class RandomNormal(Initializer):
    """Numbers of a normal distribution.

    Raises:
      ValueError: at the call: the type is not floating.
    """

    _kind = "random_normal"

    def __init__(self, mean: Any = 0.0, stddev: Any = 0.05, seed: int | None = None):
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def __call__(self, shape: Any, dtype: Any = dtypes.float32) -> Tensor:
        return _draw(self._kind, self.seed, shape, self.mean, self.stddev, kinds._floating(dtype))

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class TruncatedNormal(RandomNormal):
    """Numbers of a normal distribution, none further than two standard deviations from the mean."""

    _kind = "truncated_normal"


class VarianceScaling(Initializer):
    """Numbers whose variance is `scale` divided by the number of inputs, outputs, or their mean.

    Args:
      scale: a positive factor.
      mode: "fan_in", "fan_out" or "fan_avg".
      distribution: "truncated_normal" (or "normal"), "untruncated_normal" or "uniform".

    Raises:
      ValueError: an argument is nothing of these; at the call: the type is not floating.
    """

    def __init__(self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal",
                 seed: int | None = None):
        if scale <= 0.0:
            raise ValueError("`scale` must be positive float.")
        if mode not in {"fan_in", "fan_out", "fan_avg"}:
            raise ValueError("Invalid `mode` argument:", mode)
        distribution = distribution.lower()
        if distribution == "normal":
            distribution = "truncated_normal"
        if distribution not in {"uniform", "truncated_normal", "untruncated_normal"}:
            raise ValueError("Invalid `distribution` argument:", distribution)
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.seed = seed

    def __call__(self, shape: Any, dtype: Any = dtypes.float32) -> Tensor:
        dtype = kinds._floating(dtype)
        scale = kinds.scale_of(self.scale, self.mode, shape)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * scale)
            return _draw("random_uniform", self.seed, shape, -limit, limit, dtype)
        if self.distribution == "untruncated_normal":
            return _draw("random_normal", self.seed, shape, 0.0, math.sqrt(scale), dtype)
        return _draw("truncated_normal", self.seed, shape, 0.0, math.sqrt(scale) / kinds.TRUNCATED_STDDEV, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, "seed": self.seed}


class Orthogonal(Initializer):
    """An orthogonal matrix; for more than two axes, one whose leading axes are taken together.

    Raises:
      ValueError: at the call: the type is not floating, or the shape has fewer than two axes.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None):
        self.gain = gain
        self.seed = seed

    def __call__(self, shape: Any, dtype: Any = dtypes.float32) -> Tensor:
        dtype = kinds._floating(dtype)
        return kinds.orthogonal(shape, self.gain,
                                lambda tall: _draw("random_normal", self.seed, tall, 0.0, 1.0, dtype))

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "seed": self.seed}


class Identity(Initializer):
    """An identity matrix, times `gain`.

    Raises:
      ValueError: at the call: the type is not floating, or the shape has not two axes.
    """

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = dtypes.float32) -> Tensor:
        dtype = kinds._floating(dtype)
        if len(shape) != 2:
            raise ValueError("Identity matrix initializer can only be used for 2D matrices.")
        return self.gain * api.linalg.eye(*shape, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}


class _Named(VarianceScaling):
    """A variance scaling with its own name, which only a seed is left to choose for."""

    _distribution: str

    def __init__(self, seed: int | None = None):
        super().__init__(1.0, "fan_avg", self._distribution, seed)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}


class GlorotUniform(_Named):
    """Glorot's uniform initializer, also called Xavier: within sqrt(6 / (fan_in + fan_out))."""

    _distribution = "uniform"


class GlorotNormal(_Named):
    """Glorot's normal initializer, also called Xavier."""

    _distribution = "truncated_normal"


def lecun_normal(seed: int | None = None) -> VarianceScaling:
    """LeCun's normal initializer."""
    return VarianceScaling(1.0, "fan_in", "truncated_normal", seed)


def lecun_uniform(seed: int | None = None) -> VarianceScaling:
    """LeCun's uniform initializer."""
    return VarianceScaling(1.0, "fan_in", "uniform", seed)


def he_normal(seed: int | None = None) -> VarianceScaling:
    """He's normal initializer."""
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed)


def he_uniform(seed: int | None = None) -> VarianceScaling:
    """He's uniform initializer."""
    return VarianceScaling(2.0, "fan_in", "uniform", seed)


for _class in (Initializer, Zeros, Ones, Constant, RandomUniform, RandomNormal, TruncatedNormal, VarianceScaling,
               Orthogonal, Identity, GlorotUniform, GlorotNormal):
    _class.__module__ = "tensorflow.python.ops.init_ops_v2"
