"""Least squares, by conjugate gradients."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.solvers import util

_State = namedtuple("CGLSState", ["i", "x", "r", "p", "gamma"])  # type: ignore[name-match]


@export("contrib.solvers.least_squares.cgls")
def cgls(operator: Any, rhs: Any, tol: float = 1e-6, max_iter: int = 20, name: str = "cgls") -> Any:
    """The x with the least length of `operator.apply(x) - rhs`.

    Args:
      operator: an operator (see `util.create_operator`), [m, n].
      rhs: [m], the right side.
      tol: how small the gradient becomes, as a part of that at the start.
      max_iter: how many steps there are at most.
      name: of the scope.

    Returns:
      A named tuple: `i` the number of steps, `x` the solution, `r` the residual, `p` the last direction, `gamma` the
      squared length of the gradient.
    """

    def goes_on(i: Tensor, state: Any) -> Tensor:
        return api.logical_and(i < max_iter, state.gamma > tol)

    def step(i: Tensor, state: Any) -> tuple[Tensor, Any]:
        q = operator.apply(state.p)
        alpha = state.gamma / util.l2norm_squared(q)
        x = state.x + alpha * state.p
        r = state.r - alpha * q
        s = operator.apply_adjoint(r)
        gamma = util.l2norm_squared(s)
        beta = gamma / state.gamma
        p = s + beta * state.p
        return i + 1, _State(i + 1, x, r, p, gamma)

    with name_scope(name):
        rhs = api.expand_dims(rhs, -1)
        s = operator.apply_adjoint(rhs)
        gamma = util.l2norm_squared(s)
        tol = tol * tol * gamma
        x = util.columns_of_zeros(operator, rhs)
        i = api.constant(0, dtype=dtypes.int32)
        _, state = api.while_loop(goes_on, step, [i, _State(i=i, x=x, r=rhs, p=s, gamma=gamma)])
        return _State(state.i, x=api.squeeze(state.x), r=api.squeeze(state.r), p=api.squeeze(state.p),
                      gamma=state.gamma)
