"""Wishart's distribution of positive definite matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.distributions.distribution import FULLY_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.moving import moved_from_contrib
from tfmagic.tf.distributions.new_seed import new_seed
from tfmagic.tf.linalg.operators.stored import LinearOperatorLowerTriangular

_TOO_FEW = "Degrees of freedom (df = {}) cannot be less than dimension of scale matrix (scale.dimension = {})"


class _WishartLinearOperator(Distribution):
    """Wishart's distribution with a scale that is the square of a linear operator."""

    @moved_from_contrib("wishart")
    def __init__(self, df: Any, scale_operator: Any, cholesky_input_output_matrices: bool = False,
                 validate_args: bool = False, allow_nan_stats: bool = True, name: str | None = None):
        parameters = dict(locals())
        self._cholesky_input_output_matrices = cholesky_input_output_matrices
        with name_scope(name) as scope, name_scope("init", values=[df, scale_operator]):
            if not scale_operator.dtype.is_floating:
                raise TypeError(f"scale_operator.dtype={scale_operator.dtype} is not a floating-point type")
            if not scale_operator.is_square:
                raise ValueError("scale_operator must be square.")
            self._scale_operator = scale_operator
            self._df = convert_to_tensor(df, dtype=scale_operator.dtype, name="df")
            api.debugging.assert_same_float_dtype([self._df, self._scale_operator])
            size = scale_operator.shape[-1].value if scale_operator.shape.ndims is not None else None
            if size is None:
                self._dimension = api.cast(scale_operator.domain_dimension_tensor(), dtype=scale_operator.dtype,
                                           name="dimension")
            else:
                self._dimension = convert_to_tensor(size, dtype=scale_operator.dtype, name="dimension")
            self._check_df(validate_args)
        super().__init__(dtype=scale_operator.dtype, validate_args=validate_args, allow_nan_stats=allow_nan_stats,
                         reparameterization_type=FULLY_REPARAMETERIZED, parameters=parameters, name=scope,
                         graph_parents=[self._df, self._dimension, *scale_operator.graph_parents])

    def _check_df(self, validate_args: bool) -> None:
        df, dimension = constant_value(self._df), constant_value(self._dimension)
        if df is not None and dimension is not None:
            given = df if df.shape else [df]
            if np.any(np.asarray(given) < dimension):
                raise ValueError(_TOO_FEW.format(given, dimension))
        elif validate_args:
            check = api.debugging.assert_less_equal(self._dimension, self._df,
                                                    message=_TOO_FEW.format(self._dimension, self._df))
            self._df = after([check], self._df)

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self._df

    @property
    def scale_operator(self) -> Any:
        """The linear operator whose square is the scale."""
        return self._scale_operator

    @property
    def cholesky_input_output_matrices(self) -> bool:
        """Whether values and samples are Cholesky's factors of the matrices."""
        return self._cholesky_input_output_matrices

    @property
    def dimension(self) -> Tensor:
        """How many rows the matrices have, as a number of their type."""
        return self._dimension

    def scale(self) -> Tensor:
        """The scale, or Cholesky's factor of it if such are the values."""
        if self._cholesky_input_output_matrices:
            return self.scale_operator.to_dense()
        return self._square()

    def _square(self) -> Tensor:
        return self.scale_operator.matmul(self.scale_operator.to_dense(), adjoint_arg=True)

    def _event_shape_tensor(self) -> Tensor:
        size = self.scale_operator.domain_dimension_tensor()
        return api.stack([size, size])

    def _event_shape(self) -> TensorShape:
        size = self.scale_operator.domain_dimension
        return TensorShape([size, size])

    def _batch_shape_tensor(self) -> Tensor:
        return self.scale_operator.batch_shape_tensor()

    def _batch_shape(self) -> TensorShape:
        return self.scale_operator.batch_shape

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        batch, event = self.batch_shape_tensor(), self.event_shape_tensor()
        rank = api.shape(batch)[0] + 3
        # Bartlett's decomposition: normal numbers below a diagonal of roots of gamma numbers.
        x = api.random.normal(shape=api.concat([[n], batch, event], 0), mean=0.0, stddev=1.0, dtype=self.dtype,
                              seed=seed)
        df = self.df * api.ones(self.scale_operator.batch_shape_tensor(), dtype=self.df.dtype.base_dtype)
        gamma = api.random.gamma(shape=[n], alpha=self._multi_gamma_sequence(0.5 * df, self.dimension), beta=0.5,
                                 dtype=self.dtype, seed=new_seed(seed, "wishart"))
        x = api.linalg.set_diag(api.linalg.band_part(x, -1, 0), api.sqrt(gamma))
        # The samples of one of the batch become the columns of one product.
        x = api.transpose(x, api.concat([api.range(1, rank), [0]], 0))
        x = self.scale_operator.matmul(api.reshape(x, api.concat([batch, [event[0]], [-1]], 0)))
        x = api.reshape(x, api.concat([batch, event, [n]], 0))
        x = api.transpose(x, api.concat([[rank - 1], api.range(0, rank - 1)], 0))
        return x if self.cholesky_input_output_matrices else api.matmul(x, x, adjoint_b=True)

    def _log_prob(self, x: Tensor) -> Tensor:
        root = x if self.cholesky_input_output_matrices else api.linalg.cholesky(x)
        batch, event = self.batch_shape_tensor(), self.event_shape_tensor()
        rank = api.rank(root)
        samples = rank - api.shape(batch)[0] - 2
        sample_shape = api.strided_slice(api.shape(root), [0], [samples])
        perm = api.concat([api.range(samples, rank), api.range(0, samples)], 0)
        columns = api.reshape(api.transpose(root, perm=perm),
                              api.concat([batch, [api.cast(self.dimension, dtypes.int32), -1]], 0))
        columns = api.reshape(self.scale_operator.solve(columns), api.concat([batch, event, sample_shape], axis=0))
        perm = api.concat([api.range(rank - samples, rank), api.range(0, rank - samples)], 0)
        # The trace of the quotient of value and scale.
        trace = api.reduce_sum(api.square(api.transpose(columns, perm=perm)), axis=[-2, -1])
        half_log_det = api.reduce_sum(api.log(api.linalg.diag_part(root)), axis=[-1])
        found = ((self.df - self.dimension - 1.0) * half_log_det - 0.5 * trace - self.log_normalization())
        # What the transpositions forgot.
        if x.get_shape().ndims is not None:
            found.set_shape(x.get_shape()[:-2])
        return found

    def log_normalization(self, name: str = "log_normalization") -> Tensor:
        """The logarithm of what the density is divided by."""
        with self._name_scope(name):
            return (self.df * self.scale_operator.log_abs_determinant()
                    + 0.5 * self.df * self.dimension * math.log(2.0)
                    + self._multi_lgamma(0.5 * self.df, self.dimension))

    def mean_log_det(self, name: str = "mean_log_det") -> Tensor:
        """The mean of the logarithm of the determinant."""
        with self._name_scope(name):
            return (self._multi_digamma(0.5 * self.df, self.dimension) + self.dimension * math.log(2.0)
                    + 2 * self.scale_operator.log_abs_determinant())

    def _entropy(self) -> Tensor:
        half_more = 0.5 * self.dimension + 0.5
        half_df = 0.5 * self.df
        return (self.dimension * (half_df + half_more * math.log(2.0))
                + 2 * half_more * self.scale_operator.log_abs_determinant()
                + self._multi_lgamma(half_df, self.dimension)
                + (half_more - half_df) * self._multi_digamma(half_df, self.dimension))

    def _mean(self) -> Tensor:
        if self.cholesky_input_output_matrices:
            return api.sqrt(self.df) * self.scale_operator.to_dense()
        return self.df * self._square()

    def _variance(self) -> Tensor:
        x = api.sqrt(self.df) * self._square()
        diagonal = api.expand_dims(api.linalg.diag_part(x), -1)
        found = api.square(x) + api.matmul(diagonal, diagonal, adjoint_b=True)
        return api.linalg.cholesky(found) if self.cholesky_input_output_matrices else found

    def _stddev(self) -> Tensor:
        if self.cholesky_input_output_matrices:
            raise ValueError("Computing std. dev. when is cholesky_input_output_matrices=True does not make sense.")
        return api.linalg.cholesky(self.variance())

    def _mode(self) -> Tensor:
        s = self.df - self.dimension - 1.0
        s = api.where_v2(api.less(s, 0.0), api.constant(math.nan, dtype=s.dtype, name="nan"), s)
        if self.cholesky_input_output_matrices:
            return api.sqrt(s) * self.scale_operator.to_dense()
        return s * self._square()

    def _multi_gamma_sequence(self, a: Tensor, p: Tensor, name: str = "multi_gamma_sequence") -> Tensor:
        with self._name_scope(name, values=[a, p]):
            steps = api.linspace(api.constant(0.0, dtype=self.dtype), 0.5 - 0.5 * p, api.cast(p, dtypes.int32))
            return steps + api.expand_dims(a, [-1])

    def _multi_lgamma(self, a: Tensor, p: Tensor, name: str = "multi_lgamma") -> Tensor:
        with self._name_scope(name, values=[a, p]):
            sequence = self._multi_gamma_sequence(a, p)
            return (0.25 * p * (p - 1.0) * math.log(math.pi)
                    + api.reduce_sum(api.math.lgamma(sequence), axis=[-1]))

    def _multi_digamma(self, a: Tensor, p: Tensor, name: str = "multi_digamma") -> Tensor:
        with self._name_scope(name, values=[a, p]):
            return api.reduce_sum(api.math.digamma(self._multi_gamma_sequence(a, p)), axis=[-1])


def _root(factor: Tensor) -> LinearOperatorLowerTriangular:
    return LinearOperatorLowerTriangular(tril=factor, is_non_singular=True, is_positive_definite=True, is_square=True)


@export("contrib.distributions.WishartCholesky")
class WishartCholesky(_WishartLinearOperator):
    """Positive definite matrices, by Cholesky's factor of their scale.

    Args:
      df: the degrees of freedom, not less than n.
      scale: the factor [..., n, n].
      cholesky_input_output_matrices: whether values and samples are factors too.
      validate_args: whether the factor is found to have a positive diagonal in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      TypeError: `scale` is not floating.
      ValueError: `df` is too small.
    """

    @moved_from_contrib("wishart")
    def __init__(self, df: Any, scale: Any, cholesky_input_output_matrices: bool = False,
                 validate_args: bool = False, allow_nan_stats: bool = True, name: str = "WishartCholesky"):
        parameters = dict(locals())
        with name_scope(name, values=[scale]) as scope:
            with name_scope("init", values=[scale]):
                scale = convert_to_tensor(scale)
                if validate_args:
                    scale = after([
                        api.debugging.assert_positive(api.linalg.diag_part(scale),
                                                      message="scale must be positive definite"),
                        api.debugging.assert_equal(api.shape(scale)[-1], api.shape(scale)[-2],
                                                   message="scale must be square")], scale)
            super().__init__(df=df, scale_operator=_root(scale), validate_args=validate_args,
                             cholesky_input_output_matrices=cholesky_input_output_matrices,
                             allow_nan_stats=allow_nan_stats, name=scope)
        self._parameters = parameters


@export("contrib.distributions.WishartFull")
class WishartFull(_WishartLinearOperator):
    """Positive definite matrices, by their scale.

    Args:
      df: the degrees of freedom, not less than n.
      scale: the scale [..., n, n], positive definite.
      cholesky_input_output_matrices: whether values and samples are Cholesky's factors of the matrices.
      validate_args: whether the scale is found to be symmetric and positive definite in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      TypeError: `scale` is not floating.
      ValueError: `df` is too small.
    """

    @moved_from_contrib("wishart")
    def __init__(self, df: Any, scale: Any, cholesky_input_output_matrices: bool = False,
                 validate_args: bool = False, allow_nan_stats: bool = True, name: str = "WishartFull"):
        parameters = dict(locals())
        with name_scope(name, values=[scale]) as scope:
            with name_scope("init", values=[scale]):
                scale = convert_to_tensor(scale)
                if validate_args:
                    scale = after([api.debugging.assert_equal(scale, api.linalg.matrix_transpose(scale))], scale)
                factor = api.linalg.cholesky(scale)
                factor = after([api.debugging.assert_positive(api.linalg.diag_part(factor))] if validate_args else [],
                               factor)
            super().__init__(df=df, scale_operator=_root(factor), validate_args=validate_args,
                             cholesky_input_output_matrices=cholesky_input_output_matrices,
                             allow_nan_stats=allow_nan_stats, name=scope)
        self._parameters = parameters
