"""Learning rates that change with the global step: `tf.train.exponential_decay` and its siblings."""

from __future__ import annotations

import math
from typing import Any

from tfmagic.base.dtypes import int32, int64
from tfmagic.base.export import export
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.cond import cond
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.operators import divide, equal, multiply, pow  # TensorFlow's names
from tfmagic.tf.inner.graphs import convert_n_to_tensor
from tfmagic.tf.random.draws import random_normal


def _begin(learning_rate: Any) -> Tensor:
    return convert_to_tensor(learning_rate, name="initial_learning_rate")


@export("train.exponential_decay")
def exponential_decay(learning_rate: Any, global_step: Any, decay_steps: Any, decay_rate: Any, staircase: bool = False,
                      name: str | None = None) -> Tensor:
    """learning_rate * decay_rate ^ (global_step / decay_steps).

    Args:
      learning_rate: the first rate, a scalar.
      global_step: the step, an integer scalar.
      decay_steps: after how many steps the rate has changed by `decay_rate`.
      staircase: whether the rate changes at those steps alone.

    Returns:
      A scalar tensor of the type of `learning_rate`.

    Raises:
      ValueError: `global_step` is None.
    """
    with name_scope(name or "ExponentialDecay") as scope:
        rate = _begin(learning_rate)
        dtype = rate.dtype
        steps = cast(decay_steps, dtype)
        factor = cast(decay_rate, dtype)
        passed = cast(global_step, dtype) / steps
        if staircase:
            passed = raw.floor(passed)
        return multiply(rate, pow(factor, passed), name=scope)


@export("train.piecewise_constant_decay")
def piecewise_constant(x: Any, boundaries: Any, values: Any, name: str | None = None) -> Tensor:
    """The value that belongs to the interval in which `x` lies.

    Args:
      x: the step, a scalar.
      boundaries: increasing numbers of the type of `x`, n - 1 of them.
      values: n values: `values[0]` for `x <= boundaries[0]`, and so on.

    Raises:
      ValueError: types differ, or the numbers of boundaries and values do not fit.
    """
    edges: list[Any] = convert_n_to_tensor(boundaries)
    choices = convert_n_to_tensor(values)
    if len(edges) != len(choices) - 1:
        raise ValueError("The length of boundaries should be 1 less than the length of values")
    step: Any = convert_to_tensor(x)
    kind = step.dtype.base_dtype
    for index, edge in enumerate(edges):
        if edge.dtype.base_dtype != kind:
            if edge.dtype.base_dtype != int32 or kind != int64:
                raise ValueError(f"Boundaries ({edge.dtype.base_dtype}) must have the same dtype as x ({kind}).")
            edges[index] = cast(edge, kind)
    for value in choices[1:]:
        if value.dtype.base_dtype != choices[0].dtype.base_dtype:
            raise ValueError(f"Values must have elements all with the same dtype ({choices[0].dtype.base_dtype} vs "
                             f"{value.dtype.base_dtype}).")
    with name_scope(name or "PiecewiseConstant"):
        step = convert_to_tensor(x)
        pairs: list[Any] = [(step <= edges[0], lambda: choices[0]), (step > edges[-1], lambda: choices[-1])]
        for low, high, value in zip(edges[:-1], edges[1:], choices[1:-1]):
            pairs.append(((step > low) & (step <= high), lambda value=value: value))
        return api.case(pairs, lambda: choices[0], exclusive=True)


@export("train.polynomial_decay")
def polynomial_decay(learning_rate: Any, global_step: Any, decay_steps: Any, end_learning_rate: Any = 0.0001,
                     power: Any = 1.0, cycle: bool = False, name: str | None = None) -> Tensor:
    """A rate that falls from `learning_rate` to `end_learning_rate` in `decay_steps` steps along a power.

    Args:
      power: 1 for a straight line.
      cycle: whether to start anew, with longer cycles, when the end is reached.

    Raises:
      ValueError: `global_step` is None.
    """
    with name_scope(name or "PolynomialDecay") as scope:
        rate = _begin(learning_rate)
        dtype = rate.dtype
        end = cast(end_learning_rate, dtype)
        exponent = cast(power, dtype)
        step = cast(global_step, dtype)
        steps = cast(decay_steps, dtype)
        if cycle:
            cycles = cond(equal(step, 0), lambda: 1.0, lambda: raw.ceil(step / decay_steps))
            steps = multiply(steps, cycles)
        else:
            step = raw.minimum(step, decay_steps)
        passed = divide(step, steps)
        return _add(multiply(rate - end, pow(1 - passed, exponent)), end, scope)


def _add(x: Any, y: Any, name: str | None = None) -> Tensor:
    """`tf.add`: an `Add` node, as TensorFlow 1.15's function makes."""
    return raw.add(x, y, name=name)


@export("train.natural_exp_decay")
def natural_exp_decay(learning_rate: Any, global_step: Any, decay_steps: Any, decay_rate: Any,
                      staircase: bool = False, name: str | None = None) -> Tensor:
    """learning_rate * exp(-decay_rate * global_step / decay_steps) (see `tf.train.exponential_decay`)."""
    factor = raw.exp(raw.neg(decay_rate))
    return exponential_decay(learning_rate, global_step, decay_steps, factor, staircase, name)


@export("train.inverse_time_decay")
def inverse_time_decay(learning_rate: Any, global_step: Any, decay_steps: Any, decay_rate: Any,
                       staircase: bool = False, name: str | None = None) -> Tensor:
    """learning_rate / (1 + decay_rate * global_step / decay_steps) (see `tf.train.exponential_decay`)."""
    with name_scope(name or "InverseTimeDecay") as scope:
        rate = _begin(learning_rate)
        dtype = rate.dtype
        steps = cast(decay_steps, dtype)
        factor = cast(decay_rate, dtype)
        passed = cast(global_step, dtype) / steps
        if staircase:
            passed = raw.floor(passed)
        one = cast(constant(1), dtype)
        return divide(rate, _add(one, multiply(factor, passed)), name=scope)


@export("train.cosine_decay")
def cosine_decay(learning_rate: Any, global_step: Any, decay_steps: Any, alpha: float = 0.0,
                 name: str | None = None) -> Tensor:
    """A rate that falls along half a cosine to `alpha * learning_rate` in `decay_steps` steps.

    Raises:
      ValueError: `global_step` is None.
    """
    with name_scope(name or "CosineDecay"):
        rate = _begin(learning_rate)
        dtype = rate.dtype
        steps = cast(decay_steps, dtype)
        done = raw.minimum(cast(global_step, dtype), steps) / steps
        cosine = 0.5 * (1.0 + raw.cos(constant(math.pi) * done))
        return multiply(rate, (1 - alpha) * cosine + alpha)


@export("train.cosine_decay_restarts")
def cosine_decay_restarts(learning_rate: Any, global_step: Any, first_decay_steps: Any, t_mul: Any = 2.0,
                          m_mul: Any = 1.0, alpha: Any = 0.0, name: str | None = None) -> Tensor:
    """A rate that falls along half a cosine again and again.

    Args:
      first_decay_steps: the length of the first fall.
      t_mul: how much longer each fall is than the last one.
      m_mul: how much of its height each fall begins with.
      alpha: the lowest rate, as a part of `learning_rate`.

    Raises:
      ValueError: `global_step` is None.
    """
    with name_scope(name or "SGDRDecay") as scope:
        rate = _begin(learning_rate)
        dtype = rate.dtype
        first = cast(first_decay_steps, dtype)
        lowest = cast(alpha, dtype)
        longer = cast(t_mul, dtype)
        lower = cast(m_mul, dtype)
        done = cast(global_step, dtype) / first

        def geometric() -> tuple[Any, Any]:
            restarts = raw.floor(raw.log(1.0 - done * (1.0 - longer)) / raw.log(longer))
            before = (1.0 - longer**restarts) / (1.0 - longer)
            return restarts, (done - before) / longer**restarts

        def equal_lengths() -> tuple[Any, Any]:
            restarts = raw.floor(done)
            return restarts, done - restarts

        restarts, done = cond(equal(longer, 1.0), equal_lengths, geometric)
        cosine = 0.5 * lower**restarts * (1.0 + raw.cos(constant(math.pi) * done))
        return multiply(rate, (1 - lowest) * cosine + lowest, name=scope)


@export("train.linear_cosine_decay")
def linear_cosine_decay(learning_rate: Any, global_step: Any, decay_steps: Any, num_periods: Any = 0.5,
                        alpha: Any = 0.0, beta: Any = 0.001, name: str | None = None) -> Tensor:
    """A rate that falls along a line times a cosine: (alpha + linear) * cosine + beta.

    Raises:
      ValueError: `global_step` is None.
    """
    with name_scope(name or "LinearCosineDecay") as scope:
        rate = _begin(learning_rate)
        dtype = rate.dtype
        steps = cast(decay_steps, dtype)
        periods = cast(num_periods, dtype)
        offset = cast(alpha, dtype)
        least = cast(beta, dtype)
        step = raw.minimum(cast(global_step, dtype), steps)
        linear = (steps - step) / steps
        cosine = _cosine(step, steps, periods)
        return multiply(rate, (offset + linear) * cosine + least, name=scope)


def _cosine(step: Any, steps: Any, periods: Any) -> Any:
    done = step / steps
    fraction = 2.0 * periods * done
    return 0.5 * (1.0 + raw.cos(constant(math.pi) * fraction))


@export("train.noisy_linear_cosine_decay")
def noisy_linear_cosine_decay(learning_rate: Any, global_step: Any, decay_steps: Any, initial_variance: Any = 1.0,
                              variance_decay: Any = 0.55, num_periods: Any = 0.5, alpha: Any = 0.0, beta: Any = 0.001,
                              name: str | None = None) -> Tensor:
    """`tf.train.linear_cosine_decay` with noise that dies out.

    Args:
      initial_variance: the noise's variance at first.
      variance_decay: how fast it falls: variance / (1 + step) ^ variance_decay.

    Raises:
      ValueError: `global_step` is None.
    """
    with name_scope(name or "NoisyLinearCosineDecay") as scope:
        rate = _begin(learning_rate)
        dtype = rate.dtype
        steps = cast(decay_steps, dtype)
        variance = cast(initial_variance, dtype)
        falling = cast(variance_decay, dtype)
        periods = cast(num_periods, dtype)
        offset = cast(alpha, dtype)
        least = cast(beta, dtype)
        step = raw.minimum(cast(global_step, dtype), steps)
        linear = (steps - step) / steps
        deviation = raw.sqrt(variance / pow(1.0 + step, falling))
        noisy = linear + random_normal(linear.shape, stddev=deviation)
        cosine = _cosine(step, steps, periods)
        return multiply(rate, (offset + noisy) * cosine + least, name=scope)
