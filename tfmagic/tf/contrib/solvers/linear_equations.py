"""Linear equations with a positive definite operator, by conjugate gradients."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.solvers import util

_State = namedtuple("CGState", ["i", "x", "r", "p", "gamma"])  # type: ignore[name-match]


@export("contrib.solvers.linear_equations.conjugate_gradient")
def conjugate_gradient(operator: Any, rhs: Any, preconditioner: Any = None, x: Any = None, tol: float = 1e-4,
                       max_iter: int = 20, name: str = "conjugate_gradient") -> Any:
    """Solve `operator.apply(x) = rhs`.

    Args:
      operator: a positive definite operator (see `util.create_operator`).
      rhs: [n], the right side.
      preconditioner: an operator that is near to the inverse; the identity.
      x: [n], where to start; zeros.
      tol: how small the residual becomes, as a part of that at the start.
      max_iter: how many steps there are at most.
      name: of the scope.

    Returns:
      A named tuple: `i` the number of steps, `x` the solution, `r` the residual, `p` the last direction, `gamma` the
      product of residual and preconditioned residual.
    """

    def preconditioned(r: Tensor) -> Tensor:
        return r if preconditioner is None else preconditioner.apply(r)

    def goes_on(i: Tensor, state: Any) -> Tensor:
        return api.logical_and(i < max_iter, api.norm(state.r) > tol)

    def step(i: Tensor, state: Any) -> tuple[Tensor, Any]:
        z = operator.apply(state.p)
        alpha = state.gamma / util.dot(state.p, z)
        x = state.x + alpha * state.p
        r = state.r - alpha * z
        q = preconditioned(r)
        gamma = util.dot(r, q)
        beta = gamma / state.gamma
        p = q + beta * state.p
        return i + 1, _State(i + 1, x, r, p, gamma)

    with name_scope(name):
        rhs = api.expand_dims(rhs, -1)
        if x is None:
            x = util.columns_of_zeros(operator, rhs)
            r = rhs
        else:
            x = api.expand_dims(x, -1)
            r = rhs - operator.apply(x)
        p = preconditioned(r)
        gamma = util.dot(r, p)
        tol *= api.norm(r)
        i = api.constant(0, dtype=dtypes.int32)
        _, state = api.while_loop(goes_on, step, [i, _State(i=i, x=x, r=r, p=p, gamma=gamma)])
        return _State(state.i, x=api.squeeze(state.x), r=api.squeeze(state.r), p=api.squeeze(state.p),
                      gamma=state.gamma)
