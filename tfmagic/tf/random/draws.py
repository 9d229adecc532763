"""tf.random: functions that build random ops, with TensorFlow 1.15's nodes and names, and the graph's seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.dtypes import DType, as_dtype
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array.constants import zeros_like
from tfmagic.ops.array.shape_ops import shape as shape_of
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.ops.random.seeds import get_seed

_UNIFORM_TYPES = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64)


def _shape_tensor(shape: Any) -> Tensor:
    """The node of a shape argument; an empty list means a scalar's shape."""
    empty = isinstance(shape, (list, tuple)) and not shape
    return convert_to_tensor(shape, dtype=dtypes.int32 if empty else None, name="shape")


def _scaled(numbers: Tensor, factor: Tensor, offset: Tensor, name: str) -> Tensor:
    """numbers * factor + offset, under the name of the enclosing scope."""
    return raw.add(raw.mul(numbers, factor, name="mul"), offset, name=name)


def _normal(default_name: str, shape: Any, mean: Any, stddev: Any, dtype: Any, name: str | None, seed: Any,
            make: Callable[[Tensor, DType], Tensor]) -> Tensor:
    """The nodes that all normal distributions share around the one that draws."""
    values = [shape, mean, stddev] if seed is None else [shape, seed, mean, stddev]
    with name_scope(name, default_name, values) as scope:
        shape = _shape_tensor(shape)
        mean = convert_to_tensor(mean, dtype=dtype, name="mean")
        stddev = convert_to_tensor(stddev, dtype=dtype, name="stddev")
        return _scaled(make(shape, as_dtype(dtype)), stddev, mean, scope)


@export("random.normal", "random_normal")
def random_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = dtypes.float32,
                  seed: int | None = None, name: str | None = None) -> Tensor:
    """Normally distributed numbers.

    Args:
      shape: the output's shape, a list or an int32 or int64 vector.
      mean: of type `dtype`, broadcast to the shape.
      stddev: of type `dtype`, broadcast to the shape.
      dtype: half, bfloat16, float32 or float64.
      seed: an integer; with the graph's seed it decides the numbers (see `tf.set_random_seed`).
      name: of the last node.

    Returns:
      A tensor of `shape` and `dtype`.
    """

    def make(shape: Tensor, dtype: DType) -> Tensor:
        seed1, seed2 = get_seed(seed)
        return raw.random_standard_normal(shape, dtype, seed=seed1, seed2=seed2)

    return _normal("random_normal", shape, mean, stddev, dtype, name, None, make)


@export("random.truncated_normal", "truncated_normal")
def truncated_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = dtypes.float32,
                     seed: int | None = None, name: str | None = None) -> Tensor:
    """Normally distributed numbers, drawn again where they lie further than twice `stddev` from `mean`.

    Args:
      shape: the output's shape, a list or an int32 or int64 vector.
      mean: of type `dtype`, broadcast to the shape.
      stddev: before truncation; of type `dtype`, broadcast to the shape.
      dtype: half, bfloat16, float32 or float64.
      seed: an integer; with the graph's seed it decides the numbers (see `tf.set_random_seed`).
      name: of the last node.

    Returns:
      A tensor of `shape` and `dtype`.
    """

    def make(shape: Tensor, dtype: DType) -> Tensor:
        seed1, seed2 = get_seed(seed)
        return raw.truncated_normal(shape, dtype, seed=seed1, seed2=seed2)

    return _normal("truncated_normal", shape, mean, stddev, dtype, name, None, make)


def _uniform(default_name: str, shape: Any, minval: Any, maxval: Any, dtype: Any, name: str | None,
             values: list[Any], make: Callable[..., Tensor]) -> Tensor:
    """The nodes around the one that draws uniform numbers; make(shape, dtype, bounds or None, name)."""
    dtype = as_dtype(dtype)
    if dtype not in _UNIFORM_TYPES:
        raise ValueError(f"Invalid dtype {dtype!r}")
    if maxval is None:
        if dtype.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
        maxval = 1
    with name_scope(name, default_name, [*values, minval, maxval]) as scope:
        shape = _shape_tensor(shape)
        minval = convert_to_tensor(minval, dtype=dtype, name="min")
        maxval = convert_to_tensor(maxval, dtype=dtype, name="max")
        if dtype.is_integer:
            return make(shape, dtype, (minval, maxval), scope)
        numbers = make(shape, dtype, None, None)
        return _scaled(numbers, raw.sub(maxval, minval, name="sub"), minval, scope)


@export("random.uniform", "random_uniform")
def random_uniform(shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = dtypes.float32,
                   seed: int | None = None, name: str | None = None) -> Tensor:
    """Uniformly distributed numbers in [minval, maxval).

    Args:
      shape: the output's shape, a list or an int32 or int64 vector.
      minval: of type `dtype`.
      maxval: of type `dtype`; 1 by default, and required for integers.
      dtype: half, bfloat16, float32, float64, int32 or int64.
      seed: an integer; with the graph's seed it decides the numbers (see `tf.set_random_seed`).
      name: of the last node.

    Returns:
      A tensor of `shape` and `dtype`.

    Raises:
      ValueError: another dtype, or integers without `maxval`.
    """

    def make(shape: Tensor, dtype: DType, bounds: Any, name: str | None) -> Tensor:
        seed1, seed2 = get_seed(seed)
        if bounds is not None:
            return raw.random_uniform_int(shape, *bounds, seed=seed1, seed2=seed2, name=name)
        return raw.random_uniform(shape, dtype, seed=seed1, seed2=seed2)

    return _uniform("random_uniform", shape, minval, maxval, dtype, name, [shape], make)


@export("random.shuffle", "random_shuffle")
def random_shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """The slices of a tensor along its first dimension, in random order.

    Args:
      value: a tensor [n, ...] of any type.
      seed: an integer; with the graph's seed it decides the order (see `tf.set_random_seed`).
      name: of the node.

    Returns:
      A tensor of the same shape and type.
    """
    seed1, seed2 = get_seed(seed)
    return raw.random_shuffle(value, seed=seed1, seed2=seed2, name=name)


@export("image.random_crop", "random_crop")
def random_crop(value: Any, size: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """A slice of the given size at a uniformly drawn place.

    Args:
      value: a tensor of any type.
      size: int32, one size for each dimension of `value`; a size that is not to be cropped must be given in full.
      seed: an integer; with the graph's seed it decides the place (see `tf.set_random_seed`).
      name: of the last node.

    Returns:
      A tensor of shape `size` and the type of `value`.
    """
    with name_scope(name, "random_crop", [value, size]) as scope:
        value = convert_to_tensor(value, name="value")
        size = convert_to_tensor(size, dtype=dtypes.int32, name="size")
        shape = shape_of(value)
        check = api.Assert(api.reduce_all(shape >= size),
                                 ["Need value.shape >= size, got ", shape, size], summarize=1000)
        shape = with_dependencies([check], shape)
        limit = shape - size + 1
        offset = random_uniform(shape_of(shape), dtype=size.dtype, maxval=size.dtype.max, seed=seed) % limit
        return raw.slice(value, offset, size, name=scope)


@export("random.multinomial", "multinomial")
@deprecated(None, "Use `tf.random.categorical` instead.")
def multinomial(logits: Any, num_samples: Any, seed: int | None = None, name: str | None = None,
                output_dtype: Any = None) -> Tensor:
    """Class numbers drawn by unnormalised log-probabilities.

    Args:
      logits: a tensor [batch, classes] of a real type.
      num_samples: an int32 scalar, how many to draw for each row.
      seed: an integer; with the graph's seed it decides the draws (see `tf.set_random_seed`).
      name: of the scope around the node.
      output_dtype: int32 or int64 (the default).

    Returns:
      A tensor [batch, num_samples].
    """
    with name_scope(name, "multinomial", [logits]):
        return multinomial_categorical_impl(logits, num_samples, output_dtype, seed)


@export("random.categorical")
def categorical(logits: Any, num_samples: Any, dtype: Any = None, seed: int | None = None,
                name: str | None = None) -> Tensor:
    """Class numbers drawn by unnormalised log-probabilities.

    Args:
      logits: a tensor [batch, classes] of a real type.
      num_samples: an int32 scalar, how many to draw for each row.
      dtype: int32 or int64 (the default).
      seed: an integer; with the graph's seed it decides the draws (see `tf.set_random_seed`).
      name: of the scope around the node.

    Returns:
      A tensor [batch, num_samples].
    """
    with name_scope(name, "categorical", [logits]):
        return multinomial_categorical_impl(logits, num_samples, dtype, seed)


def multinomial_categorical_impl(logits: Any, num_samples: Any, dtype: Any, seed: int | None) -> Tensor:
    """The node of `tf.random.categorical`, without a scope around it."""
    logits = convert_to_tensor(logits, name="logits")
    seed1, seed2 = get_seed(seed)
    return raw.multinomial(logits, num_samples, seed=seed1, seed2=seed2, output_dtype=dtype)


@export("random.gamma", "random_gamma")
def random_gamma(shape: Any, alpha: Any, beta: Any = None, dtype: Any = dtypes.float32, seed: int | None = None,
                 name: str | None = None) -> Tensor:
    """Numbers of gamma distributions; gradients flow to `alpha` and `beta`.

    Args:
      shape: what to draw for each pair of parameters, a list or an int32 vector.
      alpha: the shape parameters, of type `dtype`.
      beta: the rates (inverse scales), of type `dtype`; broadcast with `alpha`, 1 by default.
      dtype: half, float32 or float64.
      seed: an integer; with the graph's seed it decides the numbers (see `tf.set_random_seed`).
      name: of the scope around the nodes.

    Returns:
      A tensor of shape `shape` + the broadcast shape of `alpha` and `beta`.
    """
    with name_scope(name, "random_gamma", [shape, alpha, beta]):
        shape = convert_to_tensor(shape, name="shape", dtype=dtypes.int32)
        alpha = convert_to_tensor(alpha, name="alpha", dtype=dtype)
        beta = convert_to_tensor(1 if beta is None else beta, name="beta", dtype=dtype)
        alpha += zeros_like(beta)  # of the shape to which both broadcast
        seed1, seed2 = get_seed(seed)
        numbers = raw.random_gamma(shape, alpha, seed=seed1, seed2=seed2) / beta
        return raw.maximum(np.finfo(alpha.dtype.as_numpy_dtype).tiny, numbers)


@export("random.poisson", "random_poisson")
def random_poisson(lam: Any, shape: Any, dtype: Any = dtypes.float32, seed: int | None = None,
                   name: str | None = None) -> Tensor:
    """Numbers of Poisson distributions.

    Args:
      lam: the rates, half, float32, float64, int32 or int64.
      shape: what to draw for each rate, a list or an int32 vector.
      dtype: half, float32, float64, int32 or int64.
      seed: an integer; with the graph's seed it decides the numbers (see `tf.set_random_seed`).
      name: of the scope around the nodes.

    Returns:
      A tensor of shape `shape` + lam.shape and of `dtype`.
    """
    return random_poisson_v2(shape, lam, dtype, seed, name)


def random_poisson_v2(shape: Any, lam: Any, dtype: Any = dtypes.float32, seed: int | None = None,
                      name: str | None = None) -> Tensor:
    """`tf.random.poisson` with its first two arguments the other way round."""
    with name_scope(name, "random_poisson", [lam, shape]):
        shape = convert_to_tensor(shape, name="shape", dtype=dtypes.int32)
        seed1, seed2 = get_seed(seed)
        return raw.random_poisson_v2(shape, lam, dtype=dtype, seed=seed1, seed2=seed2)


def parameterized_truncated_normal(shape: Any, means: Any = 0.0, stddevs: Any = 1.0, minvals: Any = -2.0,
                                   maxvals: Any = 2.0, dtype: Any = dtypes.float32, seed: int | None = None,
                                   name: str | None = None) -> Tensor:
    """Numbers of normal distributions within bounds, with parameters of their own for each row.

    Args:
      shape: the output's shape, a list or a vector.
      means, stddevs: of the distributions, scalars or one for each row.
      minvals, maxvals: the bounds, scalars or one for each row.
      dtype: half, float32 or float64.
      seed: an integer; with the graph's seed it decides the numbers (see `tf.set_random_seed`).
      name: of the scope around the nodes.

    Returns:
      A tensor of `shape` and `dtype`.
    """
    with name_scope(name, "parameterized_truncated_normal", [shape, means, stddevs, minvals, maxvals]):
        shape = _shape_tensor(shape)
        parameters = [convert_to_tensor(value, dtype=dtype, name=own) for own, value in (
            ("means", means), ("stddevs", stddevs), ("minvals", minvals), ("maxvals", maxvals))]
        seed1, seed2 = get_seed(seed)
        return raw.parameterized_truncated_normal(shape, *parameters, seed=seed1, seed2=seed2)


# --- stateless ---------------------------------------------------------------------------------------------------


@export("random.stateless_uniform")
def stateless_random_uniform(shape: Any, seed: Any, minval: Any = 0, maxval: Any = None, dtype: Any = dtypes.float32,
                             name: str | None = None) -> Tensor:
    """Uniformly distributed numbers in [minval, maxval), the same for the same seeds.

    Args:
      shape: the output's shape, a list or an int32 or int64 vector.
      seed: a tensor of two int32 or int64 numbers.
      minval: of type `dtype`.
      maxval: of type `dtype`; 1 by default, and required for integers.
      dtype: half, bfloat16, float32, float64, int32 or int64.
      name: of the last node.

    Returns:
      A tensor of `shape` and `dtype`.

    Raises:
      ValueError: another dtype, or integers without `maxval`.
    """

    def make(shape: Tensor, dtype: DType, bounds: Any, name: str | None) -> Tensor:
        if bounds is not None:
            return raw.stateless_random_uniform_int(shape, seed, *bounds, name=name)
        return raw.stateless_random_uniform(shape, seed, dtype=dtype)

    return _uniform("stateless_random_uniform", shape, minval, maxval, dtype, name, [shape, seed], make)


@export("random.stateless_normal")
def stateless_random_normal(shape: Any, seed: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = dtypes.float32,
                            name: str | None = None) -> Tensor:
    """Normally distributed numbers, the same for the same seeds.

    Args:
      shape: the output's shape, a list or an int32 or int64 vector.
      seed: a tensor of two int32 or int64 numbers.
      mean: of type `dtype`, broadcast to the shape.
      stddev: of type `dtype`, broadcast to the shape.
      dtype: half, bfloat16, float32 or float64.
      name: of the last node.

    Returns:
      A tensor of `shape` and `dtype`.
    """
    return _normal("stateless_random_normal", shape, mean, stddev, dtype, name, seed,
                   lambda shape, dtype: raw.stateless_random_normal(shape, seed, dtype=dtype))


@export("random.stateless_truncated_normal")
def stateless_truncated_normal(shape: Any, seed: Any, mean: Any = 0.0, stddev: Any = 1.0,
                               dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """Normally distributed numbers within two standard deviations of the mean, the same for the same seeds.

    Args:
      shape: the output's shape, a list or an int32 or int64 vector.
      seed: a tensor of two int32 or int64 numbers.
      mean: of type `dtype`, broadcast to the shape.
      stddev: before truncation; of type `dtype`, broadcast to the shape.
      dtype: half, bfloat16, float32 or float64.
      name: of the last node.

    Returns:
      A tensor of `shape` and `dtype`.
    """
    return _normal("stateless_truncated_normal", shape, mean, stddev, dtype, name, seed,
                   lambda shape, dtype: raw.stateless_truncated_normal(shape, seed, dtype=dtype))


@export("random.stateless_multinomial")
@deprecated(None, "Use `tf.random.stateless_categorical` instead.")
def stateless_multinomial(logits: Any, num_samples: Any, seed: Any, output_dtype: Any = dtypes.int64,
                          name: str | None = None) -> Tensor:
    """Class numbers drawn by unnormalised log-probabilities, the same for the same seeds.

    Args:
      logits: a tensor [batch, classes] of a real type.
      num_samples: an int32 scalar, how many to draw for each row.
      seed: a tensor of two int32 or int64 numbers.
      output_dtype: int32 or int64.
      name: of the scope around the node.

    Returns:
      A tensor [batch, num_samples].
    """
    with name_scope(name, "stateless_multinomial", [logits, seed]):
        logits = convert_to_tensor(logits, name="logits")
        return raw.stateless_multinomial(logits, num_samples, seed, output_dtype=output_dtype)


@export("random.stateless_categorical")
def stateless_categorical(logits: Any, num_samples: Any, seed: Any, dtype: Any = dtypes.int64,
                          name: str | None = None) -> Tensor:
    """Class numbers drawn by unnormalised log-probabilities, the same for the same seeds.

    Args:
      logits: a tensor [batch, classes] of a real type.
      num_samples: an int32 scalar, how many to draw for each row.
      seed: a tensor of two int32 or int64 numbers.
      dtype: int32 or int64.
      name: of the scope around the node.

    Returns:
      A tensor [batch, num_samples].
    """
    with name_scope(name, "stateless_categorical", [logits, seed]):
        logits = convert_to_tensor(logits, name="logits")
        return raw.stateless_multinomial(logits, num_samples, seed, output_dtype=dtype)
