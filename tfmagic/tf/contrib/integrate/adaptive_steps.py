"""Ordinary differential equations by the method of Dormand and Prince, whose steps follow from the error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.integrate.fixed_steps import Slope, increasing

# The method's tableau: times of the stages, weights of the slopes before each, and those of the error.
_TIMES = (1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0)
_STAGES = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_ERROR = (1951 / 21600 - 35 / 384, 0, 22642 / 50085 - 500 / 1113, 451 / 720 - 125 / 192,
          -12231 / 42400 - -2187 / 6784, 649 / 6300 - 11 / 84, 1 / 60)
# Shampine's weights for the state in the middle of a step.
_MIDDLE = (6025192743 / 30085553152 / 2, 0, 51252292925 / 65400821598 / 2, -2691868925 / 45128329728 / 2,
           187940372067 / 1594534317056 / 2, -1776094331 / 19743644256 / 2, 11237099 / 235043384 / 2)


class _State(NamedTuple):
    """Where the method stands: state, slope, the times between which the polynomial holds, next step, polynomial."""

    y: Any
    slope: Any
    t0: Any
    t1: Any
    dt: Any
    polynomial: Any


class _History(NamedTuple):
    """What happened at each step that was tried."""

    integrate_points: Any
    error_ratio: Any


class _Settings(NamedTuple):
    """The arguments of the method, as tensors."""

    rtol: Any
    atol: Any
    safety: Any
    ifactor: Any
    dfactor: Any
    max_num_steps: Any


def _weighted(scale: Any, weights: Sequence[float], values: list[Any], name: str | None = None) -> Any:
    """scale * (the sum of weights times values)."""
    with name_scope(name, "scaled_dot_product", [scale, weights, values]) as scope:
        return api.add_n([(scale * weight) * value for weight, value in zip(weights, values) if weight], name=scope)


def _dot(xs: Sequence[Any], ys: Sequence[Any], name: str | None = None) -> Any:
    with name_scope(name, "dot_product", [xs, ys]) as scope:
        return api.add_n([x * y for x, y in zip(xs, ys)], name=scope)


def _step(slope: Slope, y0: Any, f0: Any, t0: Any, dt: Any) -> tuple[Any, Any, Any, list[Any]]:
    """A step: the state and the slope after it, its error, and the slopes of all stages."""
    with name_scope("runge_kutta_step") as scope:
        length = api.cast(dt, y0.dtype)
        slopes = [f0]
        y = y0
        for time, weights in zip(_TIMES, _STAGES):
            now = t0 + time * dt
            y = y0 + _weighted(length, weights, slopes)
            slopes.append(slope(y, now))
        y1 = api.identity(y, name=f"{scope}/y1")
        f1 = api.identity(slopes[-1], name=f"{scope}/f1")
        error = _weighted(length, _ERROR, slopes, name=f"{scope}/y1_error")
        return y1, f1, error, slopes


def _fitted(y0: Any, y1: Any, slopes: list[Any], dt: Any) -> list[Any]:
    """The coefficients of the polynomial of fourth degree through a step, the highest first."""
    with name_scope("interp_fit_rk"):
        dt = api.cast(dt, y0.dtype)
        middle = y0 + _weighted(dt, _MIDDLE, slopes)
        f0, f1 = slopes[0], slopes[-1]
        given = [f0, f1, y0, y1, middle]
        return [_dot([-2 * dt, 2 * dt, -8, -8, 16], given), _dot([5 * dt, -3 * dt, 18, 14, -32], given),
                _dot([-4 * dt, dt, -11, -5, 16], given), dt * f0, y0]


def _evaluated(polynomial: list[Any], t0: Any, t1: Any, t: Any) -> Any:
    """The value of a step's polynomial at a time within it."""
    with name_scope("interp_evaluate"):
        inside = api.Assert((t0 <= t) & (t <= t1), ["invalid interpolation, fails `t0 <= t <= t1`:", t0, t, t1])
        with get_default_graph().control_dependencies([inside]):
            x = api.cast((t - t0) / (t1 - t0), polynomial[0].dtype)
        powers = [api.constant(1, polynomial[0].dtype), x]
        while len(powers) < len(polynomial):
            powers.append(powers[-1] * x)
        return _dot(polynomial, powers[::-1])


def _next_length(dt: Any, error: Any, settings: _Settings, order: int = 5) -> Any:
    """The length of the next step, for an error that the tolerance allows."""
    with name_scope("optimal_step_size") as scope:
        error = api.cast(error, dt.dtype)
        exponent = api.cast(1 / order, dt.dtype)
        factor = api.maximum(1 / settings.ifactor,
                             api.minimum(error ** exponent / settings.safety, 1 / settings.dfactor))
        return api.div(dt, factor, name=scope)


def _squared(x: Any) -> Any:
    return api.square(api.real(x)) + api.square(api.imag(x)) if x.dtype.is_complex else api.square(x)


def _tried(slope: Slope, state: _State, history: _History, count: Any, settings: _Settings) -> tuple[Any, ...]:
    """One step, taken where its error is small enough."""
    y0, f0, _, t0, dt, polynomial = state
    with name_scope("assertions"):
        checks = [api.Assert(t0 + dt > t0, ["underflow in dt", dt]),
                  api.Assert(count < settings.max_num_steps, ["max_num_steps exceeded"]),
                  api.Assert(api.reduce_all(api.is_finite(api.abs(y0))), ["non-finite values in state `y`", y0])]
    with get_default_graph().control_dependencies(checks):
        y1, f1, error, slopes = _step(slope, y0, f0, t0, dt)
    with name_scope("error_ratio"):
        allowed = settings.atol + settings.rtol * api.maximum(api.abs(y0), api.abs(y1))
        ratio = api.sqrt(api.reduce_mean(_squared(error) / _squared(allowed)))
        accepted = ratio <= 1
    with name_scope("update/rk_state"):
        state = _State(api.cond(accepted, lambda: y1, lambda: y0), api.cond(accepted, lambda: f1, lambda: f0), t0,
                       api.cond(accepted, lambda: t0 + dt, lambda: t0),
                       polynomial=api.cond(accepted, lambda: _fitted(y0, y1, slopes, dt), lambda: polynomial),
                       dt=_next_length(dt, ratio, settings))
    with name_scope("update/history"):
        history = _History(_appended(history.integrate_points, t0 + dt), _appended(history.error_ratio, ratio))
    return state, history, count + 1


def _appended(array: Any, value: Any) -> Any:
    return array.write(array.size(), value)


def _dopri5(slope: Slope, y0: Any, t: Any, rtol: Any, atol: Any, full_output: bool, scope: str,
            first_step: Any = None, safety: Any = 0.9, ifactor: Any = 10.0, dfactor: Any = 0.2,
            max_num_steps: Any = 1000) -> Any:
    first = api.convert_to_tensor(1.0 if first_step is None else first_step, dtype=t.dtype, name="first_step")
    safety, ifactor, dfactor = (
        api.convert_to_tensor(value, dtype=t.dtype, name=name)
        for name, value in (("safety", safety), ("ifactor", ifactor), ("dfactor", dfactor)))
    settings = _Settings(rtol, atol, safety, ifactor, dfactor,
                         api.convert_to_tensor(max_num_steps, dtype=dtypes.int32, name="max_num_steps"))

    def to_time(states: Any, history: _History, state: _State, i: Any) -> tuple[Any, ...]:
        with name_scope("interpolate"):
            state, history, _ = api.while_loop(
                lambda state, *_: t[i] > state.t1,
                lambda state, history, count: _tried(slope, state, history, count, settings),
                (state, history, 0), name="integrate_loop")
            y = _evaluated(state.polynomial, state.t0, state.t1, t[i])
            return states.write(i, y), history, state, i + 1

    with get_default_graph().control_dependencies([increasing(t)]):
        times = api.size(t)
    states = api.TensorArray(y0.dtype, size=times).write(0, y0)
    history = _History(api.TensorArray(t.dtype, size=0, dynamic_size=True),
                       api.TensorArray(rtol.dtype, size=0, dynamic_size=True))
    start = _State(y0, slope(y0, t[0]), t[0], t[0], first, [y0] * 5)
    states, history, _, _ = api.while_loop(lambda _s, _h, _r, i: i < times, to_time, (states, history, start, 1),
                                           name="interpolate_loop")
    result = states.stack(name=scope)
    result.set_shape(t.get_shape().concatenate(y0.get_shape()))
    if not full_output:
        return result
    points = history.integrate_points.stack()
    return result, {"num_func_evals": 6 * api.size(points) + 1, "integrate_points": points,
                    "error_ratio": history.error_ratio.stack()}


@export("contrib.integrate.odeint")
def odeint(func: Slope, y0: Any, t: Any, rtol: float = 1e-6, atol: float = 1e-12, method: str | None = None,
           options: dict[str, Any] | None = None, full_output: bool = False, name: str | None = None) -> Any:
    """The solution of dy/dt = func(y, t) with y(t[0]) = y0, by steps as long as the error allows.

    Args:
      func: a function of the state and the time that gives the slope, in the state's shape and type.
      y0: the state at the beginning, real or complex.
      t: increasing times, a vector.
      rtol, atol: the error that a step may have: atol + rtol * |y|.
      method: "dopri5", or None.
      options: of the method: first_step, safety, ifactor, dfactor (bounds of the change of a step's length),
        max_num_steps.
      full_output: whether to tell about the steps too.

    Returns:
      The states at the times, [times, ...]; with `full_output` also a dictionary with the number of evaluations, the
      ends of the steps tried, and their errors.

    Raises:
      TypeError: `y0` or `t` does not hold real or complex numbers, or there is no such option.
      ValueError: another method, or options without a method.
      tf.errors.InvalidArgumentError: when run: times do not increase, states are not finite, too many steps.
    """
    if method is not None and method != "dopri5":
        raise ValueError(f"invalid method: {method!r}")
    if options and method is None:
        raise ValueError("cannot supply `options` without specifying `method`")
    with name_scope(name, "odeint", [y0, t, rtol, atol]) as scope:
        y0 = api.convert_to_tensor(y0, name="y0")
        t = api.convert_to_tensor(t, preferred_dtype=dtypes.float64, name="t")
        if not y0.dtype.is_floating and not y0.dtype.is_complex:
            raise TypeError("`y0` must have a floating point or complex floating point dtype")
        if not t.dtype.is_floating:
            raise TypeError("`t` must have a floating point data type")
        error_dtype = api.abs(y0).dtype
        rtol = api.convert_to_tensor(rtol, dtype=error_dtype, name="rtol")
        atol = api.convert_to_tensor(atol, dtype=error_dtype, name="atol")
        return _dopri5(func, y0, t, rtol, atol, full_output, scope, **(options or {}))
