"""Lanczos' bidiagonalisation of a matrix."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.solvers import util

_State = namedtuple("LanczosBidiagState", ["u", "v", "alpha", "beta"])  # type: ignore[name-match]


def _column(array: Any, i: Any) -> Tensor:
    return api.expand_dims(array.read(i), -1)


def _with_column(array: Any, column: Tensor, i: Any) -> Any:
    return array.write(i, api.squeeze(column))


def _less_projections(i: Tensor, basis: Any, v: Tensor) -> Tensor:
    """`v` less what it has in common with the first `i` vectors of a basis (Gram and Schmidt)."""

    def step(j: Tensor, basis: Any, v: Tensor) -> tuple[Tensor, Any, Tensor]:
        direction = _column(basis, j)
        given = v.get_shape()
        v -= api.matmul(direction, v, adjoint_a=True) * direction
        v.set_shape(given)
        return j + 1, basis, v

    j = api.constant(0, dtype=dtypes.int32)
    return api.while_loop(lambda j, *_: j < i, step, [j, basis, v])[2]


def _orthogonal(i: Tensor, basis: Any, v: Tensor) -> tuple[Tensor, Tensor]:
    """A unit vector orthogonal to a basis, and its length before.

    Where much of the vector is lost TensorFlow 1.15 projects a second time, but the vector that was given, not what the
    first projection left of it.
    """
    before = util.l2norm(v)
    unit, norm = util.l2normalize(_less_projections(i, basis, v))
    return api.cond(norm < 0.7071 * before, lambda: util.l2normalize(_less_projections(i, basis, v)),
                    lambda: (unit, norm))


@export("contrib.solvers.lanczos.lanczos_bidiag")
def lanczos_bidiag(operator: Any, k: int, orthogonalize: bool = True, starting_vector: Any = None,
                   name: str = "lanczos_bidiag") -> Any:
    """A matrix A as a product of orthogonal columns and a bidiagonal matrix: `A V = U B`.

    Args:
      operator: A [m, n] (see `util.create_operator`).
      k: how many steps there are.
      orthogonalize: whether each new column is made orthogonal to all before.
      starting_vector: [m], the first column of U but for its length; random.
      name: of the scope.

    Returns:
      A named tuple: `u` [m, k + 1], `v` [n, k], `alpha` [k] the diagonal of B, `beta` [k] the one below.
    """

    def normalized(i: Any, basis: Any, v: Tensor) -> tuple[Tensor, Tensor]:
        return _orthogonal(i, basis, v) if orthogonalize else util.l2normalize(v)

    def step(i: Tensor, state: Any) -> tuple[Tensor, Any]:
        u = _column(state.u, i)
        r = operator.apply_adjoint(u)
        given = r.get_shape()
        r = api.cond(i > 0, lambda: r - state.beta.read(i - 1) * _column(state.v, i - 1), lambda: r)
        r.set_shape(given)
        v, alpha = normalized(i - 1 if orthogonalize else i, state.v, r)
        p = operator.apply(v) - alpha * u
        u, beta = normalized(i, state.u, p)
        return i + 1, _State(_with_column(state.u, u, i + 1), _with_column(state.v, v, i), state.alpha.write(i, alpha),
                             state.beta.write(i, beta))

    with name_scope(name):
        dtype = operator.dtype
        if starting_vector is None:
            starting_vector = api.random.uniform(operator.shape[:1], -1, 1, dtype=dtype)
        first, _ = util.l2normalize(starting_vector)

        def array(name: str, size: int = k) -> Any:
            return api.TensorArray(dtype, size=size, tensor_array_name=name, clear_after_read=False)

        u = _with_column(array("u", k + 1), first, 0)
        state = _State(u=u, v=array("v"), alpha=array("alpha"), beta=array("beta"))
        i = api.constant(0, dtype=dtypes.int32)
        _, state = api.while_loop(lambda i, *_: i < k, step, [i, state])
        return _State(api.linalg.matrix_transpose(state.u.stack()), api.linalg.matrix_transpose(state.v.stack()),
                      state.alpha.stack(), state.beta.stack())


@export("contrib.solvers.lanczos.bidiag_matmul")
def bidiag_matmul(matrix: Tensor, alpha: Tensor, beta: Tensor, adjoint_b: bool = False,
                  name: str = "bidiag_matmul") -> Tensor:
    """A matrix times a bidiagonal one.

    Args:
      matrix: [m, k + 1], or [m, k] with `adjoint_b`.
      alpha: [k], the diagonal.
      beta: [k], the diagonal below.
      adjoint_b: whether the bidiagonal matrix is transposed.
      name: of the scope.

    Returns:
      A tensor [m, k].
    """
    with name_scope(name):
        alpha = api.expand_dims(alpha, 0)
        if not adjoint_b:
            beta = api.expand_dims(beta, 0)
            return matrix[:, :-1] * alpha + matrix[:, 1:] * beta
        beta = api.expand_dims(beta[:-1], 0)
        zeros = api.expand_dims(api.zeros(api.shape(matrix)[:1], dtype=matrix.dtype), 1)
        return matrix * alpha + api.concat([zeros, matrix[:, :-1] * beta], axis=1)
