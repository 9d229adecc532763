"""Bijectors of matrices: triangles, their products and inverses, their diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.bijectors.composed import Chain
from tfmagic.tf.contrib.distributions.bijectors.elementwise import Softplus
from tfmagic.tf.contrib.distributions.bijectors.scalars import AffineScalar
from tfmagic.tf.contrib.distributions.matrices import (
    fill_triangular,
    fill_triangular_inverse,
    known_size,
    vector_size_to_square_matrix_size,
)
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.distributions.bijector import Bijector
from tfmagic.tf.distributions.moving import moved_bijector


@export("contrib.distributions.bijectors.FillTriangular")
class FillTriangular(Bijector):
    """From a vector to a triangular matrix: `fill_triangular`.

    Args:
      upper: whether it is the upper triangle.
      validate_args: whether shapes are checked in each run.
      name: of the scopes.
    """

    @moved_bijector("fill_triangular")
    def __init__(self, upper: bool = False, validate_args: bool = False, name: str = "fill_triangular"):
        self._upper = upper
        super().__init__(forward_min_event_ndims=1, inverse_min_event_ndims=2, validate_args=validate_args, name=name)

    def _forward(self, x: Tensor) -> Tensor:
        return fill_triangular(x, upper=self._upper)

    def _inverse(self, y: Tensor) -> Tensor:
        return fill_triangular_inverse(y, upper=self._upper)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return api.zeros_like(x[..., 0])

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return api.zeros_like(y[..., 0, 0])

    def _forward_event_shape(self, input_shape: TensorShape) -> TensorShape:
        if input_shape.ndims is None:
            return TensorShape(None)
        size = known_size(input_shape, -1)
        rows = None if size is None else vector_size_to_square_matrix_size(size, self.validate_args)
        return input_shape[:-1].concatenate([rows, rows])

    def _inverse_event_shape(self, output_shape: TensorShape) -> TensorShape:
        if output_shape.ndims is None:
            return TensorShape(None)
        rows, columns = known_size(output_shape, -2), known_size(output_shape, -1)
        if rows is not None and columns is not None and rows != columns:
            raise ValueError(f"Matrix must be square. (saw [{rows}, {columns}])")
        size = None if rows is None or columns is None else rows * (rows + 1) // 2
        return output_shape[:-2].concatenate([size])

    def _forward_event_shape_tensor(self, input_shape: Tensor) -> Tensor:
        batch, size = input_shape[:-1], input_shape[-1]
        rows = vector_size_to_square_matrix_size(size, self.validate_args)
        return api.concat([batch, [rows, rows]], axis=0)

    def _inverse_event_shape_tensor(self, output_shape: Tensor) -> Tensor:
        batch, rows = output_shape[:-2], output_shape[-1]
        if self.validate_args:
            with get_default_graph().control_dependencies([
                    api.debugging.assert_equal(rows, output_shape[-2], message="Matrix must be square.")]):
                rows = api.identity(rows)
        size = api.cast(rows * (rows + 1) / 2, dtypes.int32)
        return api.concat([batch, [size]], axis=0)


@export("contrib.distributions.bijectors.CholeskyOuterProduct")
class CholeskyOuterProduct(Bijector):
    """From a lower triangular matrix X with a positive diagonal to X X^T."""

    @moved_bijector("cholesky_outer_product")
    def __init__(self, validate_args: bool = False, name: str = "cholesky_outer_product"):
        self._graph_parents, self._name = [], name
        super().__init__(forward_min_event_ndims=2, validate_args=validate_args, name=name)

    def _forward(self, x: Tensor) -> Tensor:
        if self.validate_args:
            is_matrix = api.debugging.assert_rank_at_least(x, 2)
            shape = api.shape(x)
            is_square = api.debugging.assert_equal(shape[-2], shape[-1])
            x = after([is_matrix, is_square], x)
        # One triangle alone is looked at, as the Cholesky factor has but one.
        x = api.linalg.band_part(x, -1, 0)
        return api.matmul(x, x, adjoint_b=True)

    def _inverse(self, y: Tensor) -> Tensor:
        return api.linalg.cholesky(y)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        # d(X X^T)/dX is triangular with 2 x_jj at (i, j): p log 2 + sum_j (p - j + 1) log x_jj.
        diag = api.linalg.diag_part(x)
        if self.validate_args:
            is_matrix = api.debugging.assert_rank_at_least(x, 2, message="Input must be a (batch of) matrix.")
            shape = api.shape(x)
            is_square = api.debugging.assert_equal(shape[-2], shape[-1],
                                                   message="Input must be a (batch of) square matrix.")
            is_positive = api.debugging.assert_positive(diag, message="Input must be positive definite.")
            x = after([is_matrix, is_square, is_positive], x)
        rows = x.get_shape()[-1].value
        if rows is None:
            count: Any = api.shape(x)[-1]
            real: Any = api.cast(count, dtype=x.dtype)
        else:
            real, count = np.array(rows, dtype=x.dtype.as_numpy_dtype), rows
        exponents = api.linspace(real, np.array(1, dtype=x.dtype.as_numpy_dtype), count)
        weighted = api.squeeze(api.matmul(api.log(diag), exponents[..., None]), axis=-1)
        total = real * np.log(2.0) + weighted
        total.set_shape(x.get_shape()[:-2])
        return total


@export("contrib.distributions.bijectors.MatrixInverseTriL")
class MatrixInverseTriL(Bijector):
    """The inverse of a lower triangular matrix."""

    @moved_bijector("matrix_inverse_tril")
    def __init__(self, validate_args: bool = False, name: str = "matrix_inverse_tril"):
        self._graph_parents, self._name = [], name
        super().__init__(forward_min_event_ndims=2, validate_args=validate_args, name=name)

    def _forward(self, x: Tensor) -> Tensor:
        with get_default_graph().control_dependencies(self._checks(x)):
            shape = api.shape(x)
            return api.linalg.triangular_solve(
                x, api.eye(shape[-1], batch_shape=shape[:-2], dtype=x.dtype), lower=True)

    def _inverse(self, y: Tensor) -> Tensor:
        return self._forward(y)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        # The inverse moves as -X^-1 dX X^-1, in n + 1 of 2n ways within the triangle.
        with get_default_graph().control_dependencies(self._checks(x)):
            rows = api.cast(api.shape(x)[-1], dtypes.float32)
            return self._stretch(rows, x)

    @staticmethod
    def _stretch(rows: Tensor, x: Tensor) -> Tensor:
        return -2.0 * rows * api.reduce_sum(api.log(api.abs(api.linalg.diag_part(x))), axis=-1)

    def _checks(self, x: Tensor) -> list[Operation]:
        if not self.validate_args:
            return []
        debugging = api.debugging
        shape = api.shape(x)
        is_matrix = debugging.assert_rank_at_least(x, 2, message="Input must have rank at least 2.")
        is_square = debugging.assert_equal(shape[-2], shape[-1], message="Input must be a square matrix.")
        above = api.linalg.band_part(api.linalg.set_diag(x, api.zeros(shape[:-1], dtype=dtypes.float32)), 0, -1)
        is_lower = debugging.assert_equal(above, api.zeros_like(above), message="Input must be lower triangular.")
        diag = api.linalg.diag_part(x)
        is_regular = debugging.assert_none_equal(diag, api.zeros_like(diag),
                                                 message="Input must have all diagonal entries nonzero.")
        return [is_matrix, is_square, is_lower, is_regular]


@export("contrib.distributions.bijectors.TransformDiagonal")
class TransformDiagonal(Bijector):
    """A bijector of the diagonal of a matrix.

    Args:
      diag_bijector: that bijector.
      validate_args: whether arguments are checked in each run.
      name: of the scopes.
    """

    @moved_bijector("transform_diagonal")
    def __init__(self, diag_bijector: Any, validate_args: bool = False, name: str = "transform_diagonal"):
        self._diag_bijector = diag_bijector
        super().__init__(forward_min_event_ndims=2, inverse_min_event_ndims=2,
                         is_constant_jacobian=diag_bijector.is_constant_jacobian, validate_args=validate_args,
                         name=name)

    def _forward(self, x: Tensor) -> Tensor:
        diag = self._diag_bijector.forward(api.linalg.diag_part(x))
        return api.linalg.set_diag(x, diag)

    def _inverse(self, y: Tensor) -> Tensor:
        diag = self._diag_bijector.inverse(api.linalg.diag_part(y))
        return api.linalg.set_diag(y, diag)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return self._diag_bijector.forward_log_det_jacobian(api.linalg.diag_part(x), event_ndims=1)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return self._diag_bijector.inverse_log_det_jacobian(api.linalg.diag_part(y), event_ndims=1)


@export("contrib.distributions.bijectors.ScaleTriL")
class ScaleTriL(Chain):
    """From a vector to a lower triangular matrix with a positive diagonal.

    Args:
      diag_bijector: what makes the diagonal positive; softplus.
      diag_shift: a positive number that is added to it, or None.
      validate_args: whether arguments are checked in each run.
      name: of the scopes.
    """

    @moved_bijector("scale_tril")
    def __init__(self, diag_bijector: Any = None, diag_shift: Any = 1e-5, validate_args: bool = False,
                 name: str = "scale_tril"):
        if diag_bijector is None:
            diag_bijector = Softplus(validate_args=validate_args)
        if diag_shift is not None:
            diag_bijector = Chain([AffineScalar(shift=diag_shift), diag_bijector])
        super().__init__([TransformDiagonal(diag_bijector=diag_bijector), FillTriangular()],
                         validate_args=validate_args, name=name)
