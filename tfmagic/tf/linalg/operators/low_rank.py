"""An operator to which a product of thin matrices is added."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.linalg.operators.base import LinearOperator
from tfmagic.tf.linalg.operators.broadcasting import cholesky_solve, matrix_solve
from tfmagic.tf.linalg.operators.identity import LinearOperatorIdentity
from tfmagic.tf.linalg.operators.references import convert_nonref_to_tensor
from tfmagic.tf.linalg.operators.stored import LinearOperatorDiag


@export("linalg.LinearOperatorLowRankUpdate")
class LinearOperatorLowRankUpdate(LinearOperator):
    """L + U D V^H, solved by Woodbury's formula (see `LinearOperator` for the hints).

    Args:
      base_operator: L, [..., m, n].
      u: U, [..., m, k].
      diag_update: the diagonal of D, [..., k]; ones.
      v: V, [..., n, k]; as U.
      is_diag_update_positive: whether D surely is.
      name: of the scopes.

    Raises:
      ValueError: the hints contradict each other, or the sizes do not fit.
    """

    def __init__(self, base_operator: LinearOperator, u: Any, diag_update: Any = None, v: Any = None,
                 is_diag_update_positive: bool | None = None, is_non_singular: bool | None = None,
                 is_self_adjoint: bool | None = None, is_positive_definite: bool | None = None,
                 is_square: bool | None = None, name: str = "LinearOperatorLowRankUpdate"):
        if base_operator.dtype.is_complex:
            raise NotImplementedError("Complex operators are not supported by LinearOperatorLowRankUpdate: "
                                      "use tf.linalg.LinearOperatorFullMatrix.")
        if diag_update is None:
            if is_diag_update_positive is False:
                raise ValueError("Default diagonal is the identity, which is positive.  However, user set "
                                 "'is_diag_update_positive' to False.")
            is_diag_update_positive = True
        self._use_cholesky = bool(base_operator.is_positive_definite and base_operator.is_self_adjoint
                                  and is_diag_update_positive and v is None)
        if base_operator.is_self_adjoint and v is None and not base_operator.dtype.is_complex:
            if is_self_adjoint is False:
                raise ValueError("A = L + UDU^H, with L self-adjoint and D real diagonal.  Since UDU^H is self-adjoint,"
                                 " this must be a self-adjoint operator.")
            is_self_adjoint = True
        if self._use_cholesky:
            if is_positive_definite is False or is_self_adjoint is False or is_non_singular is False:
                raise ValueError("Arguments imply this is self-adjoint positive-definite operator.")
            is_positive_definite = is_self_adjoint = True
        values = base_operator.graph_parents + [u, diag_update, v]
        with name_scope(name, values=values):
            self._u = convert_nonref_to_tensor(u, name="u")
            self._v = self._u if v is None else convert_nonref_to_tensor(v, name="v")
            self._diag_update = convert_nonref_to_tensor(diag_update, name="diag_update")
            self._base_operator = base_operator
            self._is_diag_update_positive = is_diag_update_positive
            parents = base_operator.graph_parents + [self._u, self._v]
            if self._diag_update is not None:
                parents = [*base_operator.graph_parents, self._u, self._diag_update, self._v]
            super().__init__(base_operator.dtype, parents, is_non_singular, is_self_adjoint, is_positive_definite,
                             is_square, name)
            self._set_diag_operator()
            base_operator.shape[-2:].assert_is_compatible_with(
                TensorShape([self._u.get_shape()[-2] if self._u.get_shape().ndims else None,
                             self._v.get_shape()[-2] if self._v.get_shape().ndims else None]))

    def _set_diag_operator(self) -> None:
        if self._diag_update is not None:
            self._diag_operator: LinearOperator = LinearOperatorDiag(
                self._diag_update, is_positive_definite=self._is_diag_update_positive)
            return
        rank = self._u.get_shape()[-1].value if self._u.get_shape().ndims is not None else None
        self._diag_operator = LinearOperatorIdentity(
            num_rows=api.shape(self._u)[-1] if rank is None else rank, dtype=self.dtype)

    @property
    def u(self) -> Tensor:
        """U."""
        return self._u

    @property
    def v(self) -> Tensor:
        """V."""
        return self._v

    @property
    def is_diag_update_positive(self) -> bool | None:
        """Whether D surely is positive."""
        return self._is_diag_update_positive

    @property
    def diag_update(self) -> Tensor | None:
        """The diagonal of D."""
        return self._diag_update

    @property
    def diag_operator(self) -> LinearOperator:
        """D as an operator."""
        return self._diag_operator

    @property
    def base_operator(self) -> LinearOperator:
        """L."""
        return self._base_operator

    def _shape(self) -> TensorShape:
        batch = api.broadcast_static_shape(self.base_operator.batch_shape, self.diag_operator.batch_shape)
        batch = api.broadcast_static_shape(batch, self.u.get_shape()[:-2])
        batch = api.broadcast_static_shape(batch, self.v.get_shape()[:-2])
        return batch.concatenate(self.base_operator.shape[-2:])

    def _shape_tensor(self) -> Tensor:
        batch = api.broadcast_dynamic_shape(self.base_operator.batch_shape_tensor(),
                                            self.diag_operator.batch_shape_tensor())
        batch = api.broadcast_dynamic_shape(batch, api.shape(self.u)[:-2])
        batch = api.broadcast_dynamic_shape(batch, api.shape(self.v)[:-2])
        return api.concat([batch, self.base_operator.shape_tensor()[-2:]], axis=0)

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        u, v = (self.v, self.u) if adjoint else (self.u, self.v)
        base = self.base_operator.matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg)
        thin = api.matmul(v, x, adjoint_a=True, adjoint_b=adjoint_arg)
        return base + api.matmul(u, self.diag_operator.matmul(thin, adjoint=adjoint))

    def _determinant(self) -> Tensor:
        if self.is_positive_definite:
            return api.exp(self.log_abs_determinant())
        capacitance = api.linalg.det(self._capacitance())
        update, base = self.diag_operator.determinant(), self.base_operator.determinant()
        return capacitance * update * base

    def _log_abs_determinant(self) -> Tensor:
        update, base = self.diag_operator.log_abs_determinant(), self.base_operator.log_abs_determinant()
        if self._use_cholesky:
            diagonal = api.linalg.diag_part(api.linalg.cholesky(self._capacitance()))
            return 2 * api.reduce_sum(api.log(diagonal), axis=[-1]) + update + base
        return api.log(api.abs(api.linalg.det(self._capacitance()))) + update + base

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        if self.base_operator.is_non_singular is False:
            raise ValueError("Solve not implemented unless this is a perturbation of a non-singular LinearOperator.")
        u, v = (self.v, self.u) if adjoint else (self.u, self.v)
        base = self.base_operator.solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)
        thin = api.matmul(v, base, adjoint_a=True)
        if self._use_cholesky:
            inner = cholesky_solve(api.linalg.cholesky(self._capacitance()), thin)
        else:
            inner = matrix_solve(self._capacitance(), thin, adjoint=adjoint)
        return base - self.base_operator.solve(api.matmul(u, inner), adjoint=adjoint)

    def _capacitance(self) -> Tensor:
        base = self.base_operator.solve(self.u)
        product = api.matmul(self.v, base, adjoint_a=True)
        return self.diag_operator.inverse().add_to_tensor(product)
