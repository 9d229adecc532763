"""Ordinary differential equations, in steps of a size that is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api

_Function = Callable[[Tensor, Tensor], Any]


def assert_increasing(t: Tensor) -> Operation:
    """A check that times grow."""
    return api.debugging.Assert(api.reduce_all(t[1:] > t[:-1]), ["`t` must be monotonic increasing"])


def _midpoint(function: _Function, y: Tensor, t: Tensor, dt: Tensor) -> Tensor:
    """By how much y changes, from the slope in the middle of a step."""
    step = api.cast(dt, y.dtype)
    return step * function(y + function(y, t) * step / 2, t + dt / 2)


def _rk4(function: _Function, y: Tensor, t: Tensor, dt: Tensor) -> Tensor:
    """By how much y changes, by the classical method of Runge and Kutta."""
    first = function(y, t)
    middle = t + dt / 2
    step = api.cast(dt, y.dtype)
    second = function(y + step * first / 2, middle)
    third = function(y + step * second / 2, middle)
    fourth = function(y + step * third, t + dt)
    return api.add_n([first, 2 * second, 2 * third, fourth]) * (step / 6)


_METHODS = {"midpoint": _midpoint, "rk4": _rk4}


@export("contrib.integrate.odeint_fixed")
def odeint_fixed(func: _Function, y0: Any, t: Any, dt: Any = None, method: str = "rk4",
                 name: str | None = None) -> Tensor:
    """Solve `dy/dt = func(y, t)` in steps of a size that is given.

    Args:
      func: `func(y, t)` gives the slope, a tensor like `y`.
      y0: a floating tensor: y at the first time.
      t: a floating vector of times that grow.
      dt: the size of steps, a scalar or one for each interval between the times; one step each.
      method: "midpoint" or "rk4".
      name: of the scope.

    Returns:
      A tensor [times, *shape of y0].

    Raises:
      ValueError: an unknown method.
    """
    with name_scope(name, "odeint_fixed", [y0, t, dt]):
        t = convert_to_tensor(t, preferred_dtype=dtypes.float64, name="t")
        y0 = convert_to_tensor(y0, name="y0")
        intervals = t[1:] - t[:-1]
        dt = convert_to_tensor(intervals if dt is None else dt, preferred_dtype=dtypes.float64, name="dt")
        counts = api.ceil(intervals / dt)
        dt = intervals / counts
        counts = api.cast(counts, dtype=dtypes.int32)
        check = assert_increasing(t)
        if method not in _METHODS:
            raise ValueError(f"method not supported: {method}")
        with get_default_graph().control_dependencies([check]), name_scope(method):
            return _integrate(func, _METHODS[method], y0, t, dt, counts)


def _integrate(function: _Function, change: Callable[..., Tensor], y0: Tensor, t: Tensor, dt: Tensor,
               counts: Tensor) -> Tensor:
    def step(y: Tensor, now: Tensor, done: Tensor, i: Tensor) -> tuple[Any, ...]:
        size = dt[i - 1]
        return y + change(function, y, now, size), now + size, done + 1, i

    def interval(found: Any, y: Tensor, now: Tensor, i: Tensor) -> tuple[Any, ...]:
        y, now, *_ = api.while_loop(lambda y, now, done, i: done < counts[i - 1], step, (y, now, 0, i))
        return found.write(i, y), y, now, i + 1

    times = api.size(t)
    start = t[0]
    found = api.TensorArray(y0.dtype, times).write(0, y0)
    found, *_ = api.while_loop(lambda found, y, now, i: i < times, interval, (found, y0, start, 1))
    solution = found.stack()
    solution.set_shape(t.get_shape().concatenate(y0.get_shape()))
    return solution
