"""The multivariate normal distribution, by its diagonal, its triangle, its covariance."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.affine import AffineLinearOperator
from tfmagic.tf.contrib.distributions.scales import diagonal_scale, is_diagonal, last_size
from tfmagic.tf.distributions.kullback_leibler import divergence
from tfmagic.tf.distributions.moving import moved_from_contrib
from tfmagic.tf.distributions.normal import Normal
from tfmagic.tf.distributions.transformed import TransformedDistribution
from tfmagic.tf.linalg.operators.identity import LinearOperatorIdentity
from tfmagic.tf.linalg.operators.low_rank import LinearOperatorLowRankUpdate
from tfmagic.tf.linalg.operators.stored import LinearOperatorLowerTriangular


def _broadcast(a: Any, b: Any) -> Any:
    with name_scope("prefer_static_broadcast_shape", values=[a, b]):
        known = [constant_value(one) for one in (a, b)]
        if known[0] is not None and known[1] is not None:
            return api.broadcast_static_shape(TensorShape(known[0].tolist()), TensorShape(known[1].tolist()))
        return api.broadcast_dynamic_shape(a, b)


def shapes_of(loc: Tensor | None, scale: Any) -> tuple[Any, Any]:
    """The shapes of batch and event."""
    with name_scope("shapes_from_loc_and_scale", values=[loc, *scale.graph_parents]):
        size = scale.range_dimension_tensor()
        known = constant_value(size)
        event: Any = size[None] if known is None else np.reshape(known, [1])
        batch: Any = scale.batch_shape_tensor()
        if loc is not None:
            dims = loc.get_shape()
            own = dims.with_rank_at_least(1)[:-1] if dims.ndims is not None else TensorShape(None)
            if own.is_fully_defined():
                shape = convert_to_tensor(own, name="loc_batch_shape")
            else:
                shape = api.shape(loc)[:-1]
            return _broadcast(batch, shape), event
        static = constant_value(batch)
        return batch if static is None else static, event


class MultivariateNormalLinearOperator(TransformedDistribution):
    """A vector of normal numbers, multiplied with a linear operator and shifted."""

    @moved_from_contrib("mvn_linear_operator")
    def __init__(self, loc: Any = None, scale: Any = None, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "MultivariateNormalLinearOperator"):
        parameters = dict(locals())
        if scale is None:
            raise ValueError("Missing required `scale` parameter.")
        if not scale.dtype.is_floating:
            raise TypeError("`scale` parameter must have floating-point dtype.")
        with name_scope(name, values=[loc, *scale.graph_parents]) as scope:
            loc = None if loc is None else convert_to_tensor(loc, name="loc")
            batch, event = shapes_of(loc, scale)
        super().__init__(
            distribution=Normal(loc=api.zeros([], dtype=scale.dtype), scale=api.ones([], dtype=scale.dtype)),
            bijector=AffineLinearOperator(shift=loc, scale=scale, validate_args=validate_args), batch_shape=batch,
            event_shape=event, validate_args=validate_args, name=scope)
        self._parameters = parameters

    @property
    def loc(self) -> Any:
        """The shift, or None."""
        return self.bijector.shift

    @property
    def scale(self) -> Any:
        """The linear operator."""
        return self.bijector.scale

    def _mean(self) -> Tensor:
        shape: Any = self.batch_shape.concatenate(self.event_shape)
        known = shape.is_fully_defined()
        if not known:
            shape = api.concat([self.batch_shape_tensor(), self.event_shape_tensor()], 0)
        if self.loc is None:
            return api.zeros(shape, self.dtype)
        if known and shape == self.loc.get_shape():
            return api.identity(self.loc)
        return api.identity(self.loc) + api.zeros(shape, self.dtype)  # broadcast

    def _product(self) -> Tensor:
        if isinstance(self.scale, LinearOperatorLowRankUpdate) and self.scale.is_self_adjoint:
            return api.linalg.diag_part(self.scale.matmul(self.scale.to_dense()))
        return api.linalg.diag_part(self.scale.matmul(self.scale.to_dense(), adjoint_arg=True))

    def _covariance(self) -> Tensor:
        if is_diagonal(self.scale):
            return api.linalg.diag(api.square(self.scale.diag_part()))
        return self.scale.matmul(self.scale.to_dense(), adjoint_arg=True)

    def _variance(self) -> Tensor:
        return api.square(self.scale.diag_part()) if is_diagonal(self.scale) else self._product()

    def _stddev(self) -> Tensor:
        return api.abs(self.scale.diag_part()) if is_diagonal(self.scale) else api.sqrt(self._product())

    def _mode(self) -> Tensor:
        return self._mean()


@divergence(MultivariateNormalLinearOperator, MultivariateNormalLinearOperator)
def _kl(a: Any, b: Any, name: str | None = None) -> Tensor:
    def squares(x: Tensor) -> Tensor:
        return api.reduce_sum(api.square(x), axis=[-2, -1])

    with name_scope(name, "kl_mvn", values=[a.loc, b.loc, *a.scale.graph_parents, *b.scale.graph_parents]):
        if is_diagonal(a.scale) and is_diagonal(b.scale):
            quotient = (a.stddev() / b.stddev())[..., None]
        else:
            quotient = b.scale.solve(a.scale.to_dense())
        found = (b.scale.log_abs_determinant() - a.scale.log_abs_determinant()
                 + 0.5 * (-api.cast(a.scale.domain_dimension_tensor(), a.dtype) + squares(quotient)
                          + squares(b.scale.solve((b.mean() - a.mean())[..., None]))))
        found.set_shape(api.broadcast_static_shape(a.batch_shape, b.batch_shape))
        return found


@export("contrib.distributions.MultivariateNormalDiag")
class MultivariateNormalDiag(MultivariateNormalLinearOperator):
    """Normal numbers that are independent.

    Args:
      loc: the means [..., n]; zeros.
      scale_diag: the standard deviations [..., n]; ones.
      scale_identity_multiplier: what is added to them, or the one standard deviation of all.
      validate_args: whether the standard deviations are found not to be zero in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      ValueError: nothing says how many numbers there are.
    """

    @moved_from_contrib("mvn_diag")
    def __init__(self, loc: Any = None, scale_diag: Any = None, scale_identity_multiplier: Any = None,
                 validate_args: bool = False, allow_nan_stats: bool = True, name: str = "MultivariateNormalDiag"):
        parameters = dict(locals())
        with name_scope(name) as scope, name_scope("init", values=[loc, scale_diag, scale_identity_multiplier]):
            scale = diagonal_scale(loc, scale_diag, scale_identity_multiplier)
        super().__init__(loc=loc, scale=scale, validate_args=validate_args, allow_nan_stats=allow_nan_stats,
                         name=scope)
        self._parameters = parameters


@export("contrib.distributions.MultivariateNormalDiagWithSoftplusScale")
class MultivariateNormalDiagWithSoftplusScale(MultivariateNormalDiag):
    """`MultivariateNormalDiag` whose standard deviations are given before softplus."""

    @moved_from_contrib("mvn_diag")
    def __init__(self, loc: Any, scale_diag: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "MultivariateNormalDiagWithSoftplusScale"):
        parameters = dict(locals())
        with name_scope(name, values=[scale_diag]) as scope:
            super().__init__(loc=loc, scale_diag=api.nn.softplus(scale_diag), validate_args=validate_args,
                             allow_nan_stats=allow_nan_stats, name=scope)
        self._parameters = parameters


@export("contrib.distributions.MultivariateNormalTriL")
class MultivariateNormalTriL(MultivariateNormalLinearOperator):
    """Normal numbers by Cholesky's factor of their covariance.

    Args:
      loc: the means [..., n]; zeros.
      scale_tril: the factor [..., n, n]; the identity.
      validate_args: whether its diagonal is found not to have zeros in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      ValueError: nothing is given.
    """

    @moved_from_contrib("mvn_tril")
    def __init__(self, loc: Any = None, scale_tril: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "MultivariateNormalTriL"):
        parameters = dict(locals())
        if loc is None and scale_tril is None:
            raise ValueError("Must specify one or both of `loc`, `scale_tril`.")
        with name_scope(name) as scope, name_scope("init", values=[loc, scale_tril]):
            loc = None if loc is None else convert_to_tensor(loc, name="loc")
            scale_tril = None if scale_tril is None else convert_to_tensor(scale_tril, name="scale_tril")
            if scale_tril is None:
                scale: Any = LinearOperatorIdentity(num_rows=last_size(loc), dtype=loc.dtype, is_self_adjoint=True,
                                                    is_positive_definite=True, assert_proper_shapes=validate_args)
            else:
                scale = LinearOperatorLowerTriangular(scale_tril, is_non_singular=True, is_self_adjoint=False,
                                                      is_positive_definite=False)
        super().__init__(loc=loc, scale=scale, validate_args=validate_args, allow_nan_stats=allow_nan_stats,
                         name=scope)
        self._parameters = parameters


@export("contrib.distributions.MultivariateNormalFullCovariance")
class MultivariateNormalFullCovariance(MultivariateNormalTriL):
    """Normal numbers by their covariance.

    Args:
      loc: the means [..., n]; zeros.
      covariance_matrix: the covariance [..., n, n]; the identity.
      validate_args: whether it is found to be symmetric and positive definite in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.
    """

    @moved_from_contrib("mvn_full_covariance")
    def __init__(self, loc: Any = None, covariance_matrix: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "MultivariateNormalFullCovariance"):
        parameters = dict(locals())
        with name_scope(name) as scope, name_scope("init", values=[loc, covariance_matrix]):
            scale_tril = None
            if covariance_matrix is not None:
                covariance_matrix = convert_to_tensor(covariance_matrix, name="covariance_matrix")
                scale_tril = api.linalg.cholesky(covariance_matrix)
            super().__init__(loc=loc, scale_tril=scale_tril, validate_args=validate_args,
                             allow_nan_stats=allow_nan_stats, name=scope)
        self._parameters = parameters
