"""Ordinary differential equations, in steps whose size follows from the error (Dormand and Prince's method)."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.integrate.fixed import assert_increasing

# The tableau of Dormand and Prince: times, weights of slopes for each of them, for the error and for the middle.
_TIMES = (1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0)
_WEIGHTS: tuple[tuple[float, ...], ...] = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_ERROR = (1951 / 21600 - 35 / 384, 0, 22642 / 50085 - 500 / 1113, 451 / 720 - 125 / 192, -12231 / 42400 - -2187 / 6784,
          649 / 6300 - 11 / 84, 1 / 60)
_MIDDLE = (6025192743 / 30085553152 / 2, 0, 51252292925 / 65400821598 / 2, -2691868925 / 45128329728 / 2,
           187940372067 / 1594534317056 / 2, -1776094331 / 19743644256 / 2, 11237099 / 235043384 / 2)

# y1 and its slope f1 at t1, the time t0 before, the size of the next step, the polynomial between t0 and t1.
_Progress = namedtuple("_RungeKuttaState", ["y1", "f1", "t0", "t1", "dt", "interp_coeff"])  # type: ignore[name-match]
_History = namedtuple("_History", ["integrate_points", "error_ratio"])


def _scaled_sum(scale: Tensor, weights: Sequence[float], slopes: Sequence[Tensor], name: str | None = None) -> Tensor:
    with name_scope(name, "scaled_dot_product", [scale, weights, slopes]) as scope:
        return api.add_n([(scale * weight) * slope for weight, slope in zip(weights, slopes) if weight != 0],
                         name=scope)


def _sum_of_products(xs: Sequence[Any], ys: Sequence[Any], name: str | None = None) -> Tensor:
    with name_scope(name, "dot_product", [xs, ys]) as scope:
        return api.add_n([x * y for x, y in zip(xs, ys)], name=scope)


def _step(function: Callable[..., Any], y0: Tensor, f0: Tensor, t0: Tensor, dt: Tensor) -> tuple[Any, ...]:
    """y and its slope after a step, the error of y, and all slopes."""
    with name_scope("runge_kutta_step", values=[y0, f0, t0, dt]) as scope:
        size = api.cast(dt, y0.dtype)
        slopes = [f0]
        y = y0
        for time, weights in zip(_TIMES, _WEIGHTS):
            t = t0 + time * dt
            y = y0 + _scaled_sum(size, weights, slopes)
            slopes.append(function(y, t))
        y1 = api.identity(y, name=f"{scope}/y1")
        f1 = api.identity(slopes[-1], name=f"{scope}/f1")
        return y1, f1, _scaled_sum(size, _ERROR, slopes, name=f"{scope}/y1_error"), slopes


def _polynomial(y0: Tensor, y1: Tensor, slopes: Sequence[Tensor], dt: Tensor) -> list[Tensor]:
    """The coefficients of the polynomial through start, middle and end of a step, with the slopes at both ends."""
    with name_scope("interp_fit_rk", values=[y0, y1, slopes, dt]):
        dt = api.cast(dt, y0.dtype)
        middle = y0 + _scaled_sum(dt, _MIDDLE, slopes)
        f0, f1 = slopes[0], slopes[-1]
        points = [f0, f1, y0, y1, middle]
        return [_sum_of_products([-2 * dt, 2 * dt, -8, -8, 16], points),
                _sum_of_products([5 * dt, -3 * dt, 18, 14, -32], points),
                _sum_of_products([-4 * dt, dt, -11, -5, 16], points), dt * f0, y0]


def _between(coefficients: Sequence[Tensor], t0: Tensor, t1: Tensor, t: Tensor) -> Tensor:
    """The value of the polynomial at a time."""
    with name_scope("interp_evaluate", values=[coefficients, t0, t1, t]):
        dtype = coefficients[0].dtype
        check = api.debugging.Assert((t0 <= t) & (t <= t1),
                                     ["invalid interpolation, fails `t0 <= t <= t1`:", t0, t, t1])
        with get_default_graph().control_dependencies([check]):
            x = api.cast((t - t0) / (t1 - t0), dtype)
        powers = [api.constant(1, dtype), x]
        while len(powers) < len(coefficients):
            powers.append(powers[-1] * x)
        return _sum_of_products(coefficients, powers[::-1])


def _square(x: Tensor) -> Tensor:
    return api.square(api.math.real(x)) + api.square(api.math.imag(x)) if x.dtype.is_complex else api.square(x)


def _next_size(dt: Tensor, error: Tensor, safety: Tensor, ifactor: Tensor, dfactor: Tensor) -> Tensor:
    """The size of the next step, so that its error becomes as large as is allowed."""
    with name_scope("optimal_step_size", values=[dt, error]) as scope:
        error = api.cast(error, dt.dtype)
        exponent = api.cast(1 / 5, dt.dtype)
        factor = api.maximum(1 / ifactor, api.minimum(error ** exponent / safety, 1 / dfactor))
        return api.div(dt, factor, name=scope)


def _appended(array: Any, value: Tensor) -> Any:
    return array.write(array.size(), value)


def _dopri5(function: Callable[..., Any], y0: Tensor, t: Tensor, rtol: Tensor, atol: Tensor, full_output: bool = False,
            first_step: Any = None, safety: Any = 0.9, ifactor: Any = 10.0, dfactor: Any = 0.2,
            max_num_steps: Any = 1000, name: str | None = None) -> Any:
    graph = get_default_graph()
    with name_scope(name, "odeint", [y0, t, rtol, atol, safety, ifactor, dfactor, max_num_steps]) as scope:
        first_step = convert_to_tensor(1.0 if first_step is None else first_step, dtype=t.dtype, name="first_step")
        safety = convert_to_tensor(safety, dtype=t.dtype, name="safety")
        ifactor = convert_to_tensor(ifactor, dtype=t.dtype, name="ifactor")
        dfactor = convert_to_tensor(dfactor, dtype=t.dtype, name="dfactor")
        max_num_steps = convert_to_tensor(max_num_steps, dtype=dtypes.int32, name="max_num_steps")

        def step(now: Any, history: Any, count: Tensor) -> tuple[Any, ...]:
            y, f, _, t0, dt, coefficients = now
            with name_scope("assertions"):
                checks = [api.debugging.Assert(t0 + dt > t0, ["underflow in dt", dt]),
                          api.debugging.Assert(count < max_num_steps, ["max_num_steps exceeded"]),
                          api.debugging.Assert(api.reduce_all(api.math.is_finite(api.abs(y))),
                                               ["non-finite values in state `y`", y])]
            with graph.control_dependencies(checks):
                y1, f1, y_error, slopes = _step(function, y, f, t0, dt)
            with name_scope("error_ratio"):
                allowed = atol + rtol * api.maximum(api.abs(y), api.abs(y1))
                error = api.sqrt(api.reduce_mean(_square(y_error) / api.square(allowed)))
                is_accepted = error <= 1
            with name_scope("update/rk_state"):
                y_next = api.cond(is_accepted, lambda: y1, lambda: y)
                f_next = api.cond(is_accepted, lambda: f1, lambda: f)
                t_next = api.cond(is_accepted, lambda: t0 + dt, lambda: t0)
                coefficients = api.cond(is_accepted, lambda: _polynomial(y, y1, slopes, dt), lambda: coefficients)
                dt_next = _next_size(dt, error, safety, ifactor, dfactor)
                now = _Progress(y_next, f_next, t0, t_next, dt_next, coefficients)
            with name_scope("update/history"):
                history = _History(_appended(history.integrate_points, t0 + dt), _appended(history.error_ratio, error))
            return now, history, count + 1

        def interpolate(solution: Any, history: Any, now: Any, i: Tensor) -> tuple[Any, ...]:
            with name_scope("interpolate"):
                now, history, _ = api.while_loop(lambda now, *_: t[i] > now.t1, step, (now, history, 0),
                                                 name="integrate_loop")
                y = _between(now.interp_coeff, now.t0, now.t1, t[i])
                return solution.write(i, y), history, now, i + 1

        with graph.control_dependencies([assert_increasing(t)]):
            times = api.size(t)
        solution = api.TensorArray(y0.dtype, size=times).write(0, y0)
        history = _History(integrate_points=api.TensorArray(t.dtype, size=0, dynamic_size=True),
                           error_ratio=api.TensorArray(rtol.dtype, size=0, dynamic_size=True))
        now = _Progress(y0, function(y0, t[0]), t[0], t[0], first_step, [y0] * 5)
        solution, history, *_ = api.while_loop(lambda solution, history, now, i: i < times, interpolate,
                                               (solution, history, now, 1), name="interpolate_loop")
        found = solution.stack(name=scope)
        found.set_shape(t.get_shape().concatenate(y0.get_shape()))
        if not full_output:
            return found
        points = history.integrate_points.stack()
        return found, {"num_func_evals": 6 * api.size(points) + 1, "integrate_points": points,
                       "error_ratio": history.error_ratio.stack()}


@export("contrib.integrate.odeint")
def odeint(func: Callable[[Tensor, Tensor], Any], y0: Any, t: Any, rtol: Any = 1e-6, atol: Any = 1e-12,
           method: str | None = None, options: dict[str, Any] | None = None, full_output: bool = False,
           name: str | None = None) -> Any:
    """Solve `dy/dt = func(y, t)`.

    Args:
      func: `func(y, t)` gives the slope, a tensor like `y`.
      y0: a floating or complex tensor: y at the first time.
      t: a floating vector of times that grow.
      rtol: which part of y the error of a step may be.
      atol: how large it may be in addition.
      method: "dopri5", the only one.
      options: of the method: `first_step`, `safety`, `ifactor`, `dfactor`, `max_num_steps`.
      full_output: whether what was done is told too.
      name: of the scope.

    Returns:
      A tensor [times, *shape of y0]; with `full_output` also a dictionary of `num_func_evals`, `integrate_points` and
      `error_ratio`.

    Raises:
      ValueError: another method, or options without a method.
      TypeError: `y0` or `t` is not floating.
    """
    if method is not None and method != "dopri5":
        raise ValueError(f"invalid method: {method!r}")
    if options is None:
        options = {}
    elif method is None:
        raise ValueError("cannot supply `options` without specifying `method`")
    with name_scope(name, "odeint", [y0, t, rtol, atol]) as scope:
        t = convert_to_tensor(t, preferred_dtype=dtypes.float64, name="t")
        y0 = convert_to_tensor(y0, name="y0")
        if not (y0.dtype.is_floating or y0.dtype.is_complex):
            raise TypeError("`y0` must have a floating point or complex floating point dtype")
        if not t.dtype.is_floating:
            raise TypeError("`t` must have a floating point dtype")
        error_dtype = api.abs(y0).dtype
        rtol = convert_to_tensor(rtol, dtype=error_dtype, name="rtol")
        atol = convert_to_tensor(atol, dtype=error_dtype, name="atol")
        return _dopri5(func, y0, t, rtol=rtol, atol=atol, full_output=full_output, name=scope, **options)
