"""Initializers: objects that make the initial value of a variable from its shape and type."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated, deprecated_arg_values, deprecated_args
from tfmagic.base.dtypes import DType
from tfmagic.base.export import export
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw

_PASS_DTYPE = "Call initializer instance with the dtype argument instead of passing it to the constructor"


def _floating(dtype: Any) -> DType:
    dtype = dtypes.as_dtype(dtype)
    if not dtype.is_floating:
        raise ValueError(f"Expected floating point type, got {dtype}.")
    return dtype


@export("keras.initializers.Initializer")
class Initializer:
    """Base of all initializers: called with a shape and a type, it gives a tensor."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this initializer again, as plain data."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """An initializer from what `get_config` gave."""
        return cls(**{key: value for key, value in config.items() if key != "dtype"})


class _Typed(Initializer):
    """An initializer with a default type."""

    dtype: DType

    def _type(self, dtype: Any) -> DType:
        return self.dtype if dtype is None else dtypes.as_dtype(dtype)


@export("initializers.zeros", "zeros_initializer")
class Zeros(_Typed):
    """Zeros."""

    @deprecated_args(None, _PASS_DTYPE, "dtype", module="tensorflow.python.ops.init_ops")
    def __init__(self, dtype: Any = dtypes.float32):
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        from tfmagic.ops.array.constants import zeros

        return zeros(shape, self._type(dtype))

    def get_config(self) -> dict[str, Any]:
        return {"dtype": self.dtype.name}


@export("initializers.ones", "ones_initializer")
class Ones(_Typed):
    """Ones."""

    @deprecated_args(None, _PASS_DTYPE, "dtype", module="tensorflow.python.ops.init_ops")
    def __init__(self, dtype: Any = dtypes.float32):
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        from tfmagic.ops.array.constants import ones

        return ones(shape, self._type(dtype))

    def get_config(self) -> dict[str, Any]:
        return {"dtype": self.dtype.name}


@export("initializers.constant", "constant_initializer")
class Constant(_Typed):
    """A given value, or a list or array of values that is reshaped.

    Args:
      value: a Python scalar, a list or tuple of values, or a NumPy array; the last one repeats where there are too few.
      verify_shape: whether to refuse a value of another shape.

    Raises:
      TypeError: the value is nothing of these.
    """

    @deprecated_args(None, _PASS_DTYPE, "dtype", module="tensorflow.python.ops.init_ops")
    @deprecated_args(None, "Objects must now be the required shape or no shape can be specified", "verify_shape",
                     module="tensorflow.python.ops.init_ops")
    def __init__(self, value: Any = 0, dtype: Any = dtypes.float32, verify_shape: bool = False):
        if not (np.isscalar(value) or isinstance(value, (list, tuple, np.ndarray))):
            raise TypeError(f"Invalid type for initial value: {type(value)} (expected Python scalar, list or tuple of "
                            "values, or numpy.ndarray).")
        self.value = value
        self.dtype = dtypes.as_dtype(dtype)
        self._verify_shape = verify_shape

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None,
                 verify_shape: bool | None = None) -> Tensor:
        verify = self._verify_shape if verify_shape is None else verify_shape
        return constant(self.value, self._type(dtype), shape, verify_shape=verify)

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value, "dtype": self.dtype.name}


@export("initializers.random_uniform", "random_uniform_initializer")
class RandomUniform(_Typed):
    """Numbers spread evenly over [minval, maxval)."""

    @deprecated_args(None, _PASS_DTYPE, "dtype", module="tensorflow.python.ops.init_ops")
    def __init__(self, minval: Any = 0, maxval: Any = None, seed: int | None = None, dtype: Any = dtypes.float32):
        self.minval = minval
        self.maxval = maxval
        self.seed = seed
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        from tfmagic.tf.random.draws import random_uniform

        return random_uniform(shape, self.minval, self.maxval, self._type(dtype), seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed, "dtype": self.dtype.name}


@export("initializers.random_normal", "random_normal_initializer")
class RandomNormal(_Typed):
    """Numbers of a normal distribution."""

    @deprecated_args(None, _PASS_DTYPE, "dtype", module="tensorflow.python.ops.init_ops")
    def __init__(self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None, dtype: Any = dtypes.float32):
        self.mean = mean
        self.stddev = stddev
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        from tfmagic.tf.random.draws import random_normal

        return random_normal(shape, self.mean, self.stddev, self._type(dtype), seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed, "dtype": self.dtype.name}


@export("initializers.truncated_normal")
class TruncatedNormal(_Typed):
    """Numbers of a normal distribution, none further than two standard deviations from the mean."""

    @deprecated_args(None, _PASS_DTYPE, "dtype", module="tensorflow.python.ops.init_ops")
    def __init__(self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None, dtype: Any = dtypes.float32):
        self.mean = mean
        self.stddev = stddev
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        from tfmagic.tf.random.draws import truncated_normal

        return truncated_normal(shape, self.mean, self.stddev, self._type(dtype), seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed, "dtype": self.dtype.name}


@export("initializers.uniform_unit_scaling")
class UniformUnitScaling(_Typed):
    """Even numbers that keep the scale of a layer's inputs: within factor * sqrt(3 / fan_in)."""

    @deprecated_args(None, _PASS_DTYPE, "dtype", module="tensorflow.python.ops.init_ops")
    @deprecated(None, "Use tf.initializers.variance_scaling instead with distribution=uniform to get equivalent "
                "behavior.", name="UniformUnitScaling.__init__", module="tensorflow.python.ops.init_ops")
    def __init__(self, factor: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32):
        self.factor = factor
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        from tfmagic.tf.random.draws import random_uniform

        sizes = shape if partition_info is None else partition_info.full_shape
        fan_in = max(math.prod(float(size) for size in sizes[:-1]), 1.0)
        limit = math.sqrt(3 / fan_in) * self.factor
        return random_uniform(shape, -limit, limit, self._type(dtype), seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "seed": self.seed, "dtype": self.dtype.name}


# The standard deviation of a normal distribution that is cut off at two standard deviations.
TRUNCATED_STDDEV = 0.87962566103423978


@export("initializers.variance_scaling")
class VarianceScaling(_Typed):
    """Numbers whose variance is `scale` divided by the number of inputs, outputs, or their mean.

    Args:
      scale: a positive factor.
      mode: "fan_in", "fan_out" or "fan_avg".
      distribution: "truncated_normal" (or "normal"), "untruncated_normal" or "uniform".

    Raises:
      ValueError: an argument is nothing of these.
    """

    @deprecated_args(None, _PASS_DTYPE, "dtype", module="tensorflow.python.ops.init_ops")
    @deprecated_arg_values(None, "`normal` is a deprecated alias for `truncated_normal`",
                           module="tensorflow.python.ops.init_ops", distribution="normal")
    def __init__(self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal",
                 seed: int | None = None, dtype: Any = dtypes.float32):
        if scale <= 0.0:
            raise ValueError("`scale` must be positive float.")
        if mode not in {"fan_in", "fan_out", "fan_avg"}:
            raise ValueError("Invalid `mode` argument:", mode)
        distribution = distribution.lower()
        if distribution not in {"normal", "uniform", "truncated_normal", "untruncated_normal"}:
            raise ValueError("Invalid `distribution` argument:", distribution)
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        from tfmagic.tf.random.draws import random_normal, random_uniform, truncated_normal

        dtype = self._type(dtype)
        scale = scale_of(self.scale, self.mode, shape if partition_info is None else partition_info.full_shape)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * scale)
            return random_uniform(shape, -limit, limit, dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random_normal(shape, 0.0, math.sqrt(scale), dtype, seed=self.seed)
        return truncated_normal(shape, 0.0, math.sqrt(scale) / TRUNCATED_STDDEV, dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, "seed": self.seed,
                "dtype": self.dtype.name}


def _fans(shape: Any) -> tuple[float, float]:
    """How many inputs and outputs a unit has in a weight of this shape."""
    sizes = [int(size) for size in shape]
    if not sizes:
        return 1, 1
    if len(sizes) == 1:
        return sizes[0], sizes[0]
    window = math.prod(sizes[:-2])
    return sizes[-2] * window, sizes[-1] * window


def scale_of(scale: float, mode: str, shape: Any) -> float:
    """The variance that weights of this shape are given: `scale` divided by what `mode` counts."""
    fan_in, fan_out = _fans(shape)
    return scale / max(1.0, {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[mode])


class _Named(VarianceScaling):
    """A variance scaling with its own name, which only a seed and a type are left to choose for."""

    _settings: tuple[float, str, str]

    @deprecated_args(None, _PASS_DTYPE, "dtype", module="tensorflow.python.ops.init_ops")
    def __init__(self, seed: int | None = None, dtype: Any = dtypes.float32):
        scale, mode, distribution = self._settings
        super().__init__(scale=scale, mode=mode, distribution=distribution, seed=seed)
        self.dtype = _floating(dtype)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "dtype": self.dtype.name}


@export("initializers.glorot_uniform")
class GlorotUniform(_Named):
    """Glorot's uniform initializer, also called Xavier: within sqrt(6 / (fan_in + fan_out))."""

    _settings = (1.0, "fan_avg", "uniform")


@export("initializers.glorot_normal")
class GlorotNormal(_Named):
    """Glorot's normal initializer, also called Xavier."""

    _settings = (1.0, "fan_avg", "truncated_normal")


glorot_uniform = GlorotUniform
glorot_normal = GlorotNormal


@export("initializers.lecun_normal")
def lecun_normal(seed: int | None = None) -> VarianceScaling:
    """LeCun's normal initializer."""
    return VarianceScaling(scale=1.0, mode="fan_in", distribution="truncated_normal", seed=seed)


@export("initializers.lecun_uniform")
def lecun_uniform(seed: int | None = None) -> VarianceScaling:
    """LeCun's uniform initializer."""
    return VarianceScaling(scale=1.0, mode="fan_in", distribution="uniform", seed=seed)


@export("initializers.he_normal")
def he_normal(seed: int | None = None) -> VarianceScaling:
    """He's normal initializer."""
    return VarianceScaling(scale=2.0, mode="fan_in", distribution="truncated_normal", seed=seed)


@export("initializers.he_uniform")
def he_uniform(seed: int | None = None) -> VarianceScaling:
    """He's uniform initializer."""
    return VarianceScaling(scale=2.0, mode="fan_in", distribution="uniform", seed=seed)


def orthogonal(shape: Any, gain: float, draw: Callable[[tuple[int, int]], Tensor]) -> Tensor:
    """`gain` times an orthogonal matrix, made from a matrix of normal numbers of the shape that `draw` is asked for.

    Raises:
      ValueError: `shape` has fewer than two axes.
    """
    if len(shape) < 2:
        raise ValueError("The tensor to initialize must be at least two-dimensional")
    rows, columns = math.prod(int(size) for size in shape[:-1]), int(shape[-1])
    q, r = raw.qr(draw((max(rows, columns), min(rows, columns))), full_matrices=False)
    # The signs make the matrix uniform among the orthogonal ones.
    q = q * raw.sign(raw.diag_part(r))
    if rows < columns:
        with name_scope("matrix_transpose"):
            q = raw.transpose(q, [1, 0], name="transpose")
    return gain * raw.reshape(q, shape)


@export("initializers.orthogonal")
class Orthogonal(_Typed):
    """An orthogonal matrix; for more than two axes, one whose leading axes are taken together."""

    @deprecated_args(None, _PASS_DTYPE, "dtype", module="tensorflow.python.ops.init_ops")
    def __init__(self, gain: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32):
        self.gain = gain
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        from tfmagic.tf.random.draws import random_normal

        return orthogonal(shape, self.gain,
                          lambda tall: random_normal(tall, dtype=self._type(dtype), seed=self.seed))

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "seed": self.seed, "dtype": self.dtype.name}


@export("initializers.identity")
class Identity(_Typed):
    """An identity matrix, times `gain`."""

    @deprecated_args(None, _PASS_DTYPE, "dtype", module="tensorflow.python.ops.init_ops")
    def __init__(self, gain: float = 1.0, dtype: Any = dtypes.float32):
        self.gain = gain
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        full = shape if partition_info is None else partition_info.full_shape
        if len(full) != 2:
            raise ValueError("Identity matrix initializer can only be used for 2D matrices.")
        matrix = api.linalg.eye(*full, dtype=self._type(dtype))
        if partition_info is not None:
            matrix = raw.slice(matrix, partition_info.var_offset, shape)
        return self.gain * matrix

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "dtype": self.dtype.name}

