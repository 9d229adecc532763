"""Ordinary differential equations by methods of fixed steps: the midpoint's, and Runge and Kutta's of fourth order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api

Slope = Callable[[Any, Any], Any]


def _midpoint_step(slope: Slope, y: Any, t: Any, dt: Any) -> Any:
    """The state after a step along the slope in its middle."""
    length = api.cast(dt, y.dtype)
    middle = y + slope(y, t) * length / 2
    return y + length * slope(middle, t + dt / 2)


def _runge_kutta_step(slope: Slope, y: Any, t: Any, dt: Any) -> Any:
    """The state after a step along a mean of four slopes."""
    first = slope(y, t)
    middle = t + dt / 2
    length = api.cast(dt, y.dtype)
    second = slope(y + length * first / 2, middle)
    third = slope(y + length * second / 2, middle)
    fourth = slope(y + length * third, t + dt)
    return y + api.add_n([first, 2 * second, 2 * third, fourth]) * (length / 6)


_METHODS: dict[str, Callable[[Slope, Any, Any, Any], Any]] = {"midpoint": _midpoint_step, "rk4": _runge_kutta_step}


def increasing(t: Any) -> Any:
    """The assertion that times increase."""
    return api.Assert(api.reduce_all(t[1:] > t[:-1]), ["`t` must be monotonic increasing"])


def _integrated(step: Callable[[Slope, Any, Any, Any], Any], slope: Slope, y0: Any, t: Any, sizes: Any,
                counts: Any) -> Any:
    """The states at all times: [times, ...].

    Args:
      step: what makes one step.
      sizes, counts: how long the steps of each interval are, and how many there are.
    """
    times = api.size(t)

    def advance(y: Any, now: Any, j: Any, i: Any) -> tuple[Any, ...]:
        dt = sizes[i - 1]
        return step(slope, y, now, dt), now + dt, j + 1, i

    def interval(states: Any, y: Any, now: Any, i: Any) -> tuple[Any, ...]:
        y, now, _, _ = api.while_loop(lambda _y, _t, j, i: j < counts[i - 1], advance, (y, now, 0, i))
        return states.write(i, y), y, now, i + 1

    first = t[0]
    states = api.TensorArray(y0.dtype, times).write(0, y0)
    states, _, _, _ = api.while_loop(lambda _s, _y, _t, i: i < times, interval, (states, y0, first, 1))
    result = states.stack()
    result.set_shape(t.get_shape().concatenate(y0.get_shape()))
    return result


@export("contrib.integrate.odeint_fixed")
def odeint_fixed(func: Slope, y0: Any, t: Any, dt: Any = None, method: str = "rk4", name: str | None = None) -> Any:
    """The solution of dy/dt = func(y, t) with y(t[0]) = y0, by steps of fixed size.

    Args:
      func: a function of the state and the time that gives the slope, in the state's shape and type.
      y0: the state at the beginning, real or complex.
      t: increasing times, a vector.
      dt: how long steps are at most, a scalar or a number for each interval; by default a step for each interval.
      method: "midpoint" or "rk4".

    Returns:
      The states at the times: [times, ...].

    Raises:
      TypeError: `y0` or `t` does not hold real or complex numbers.
      ValueError: `t` is no vector, `dt` has another length, or there is no such method.
      tf.errors.InvalidArgumentError: when run: the times do not increase.
    """
    with name_scope(name, "odeint_fixed", [y0, t, dt]):
        t = api.convert_to_tensor(t, preferred_dtype=dtypes.float64, name="t")
        y0 = api.convert_to_tensor(y0, name="y0")
        intervals = t[1:] - t[:-1]
        if dt is None:
            dt = intervals
        dt = api.convert_to_tensor(dt, preferred_dtype=dtypes.float64, name="dt")
        counts = api.ceil(intervals / dt)
        dt = intervals / counts
        counts = api.cast(counts, dtypes.int32)
        if not y0.dtype.is_floating and not y0.dtype.is_complex:
            raise TypeError("`y0` must have a floating point or complex floating point dtype")
        if not t.dtype.is_floating:
            raise TypeError("`t` must have a floating point data type")
        if len(t.shape) != 1:
            raise ValueError("t must be a 1D tensor")
        if len(dt.shape) != 1 or not dt.shape.is_compatible_with(intervals.shape):
            raise ValueError("t and dt have incompatible lengths, must be N and N-1")
        ordered = increasing(t)
        if method not in _METHODS:
            raise ValueError(f"method not supported: {method}")
        with get_default_graph().control_dependencies([ordered]), name_scope(method):
            return _integrated(_METHODS[method], func, y0, t, dt, counts)
