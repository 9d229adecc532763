"""The multivariate normal distribution, by its diagonal, its triangle, its covariance."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.scaled_vectors import CenteredVector, shapes_of
from tfmagic.tf.contrib.distributions.scales import diagonal_scale, is_diagonal, last_size
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.distributions.kullback_leibler import divergence
from tfmagic.tf.distributions.moving import moved_from_contrib
from tfmagic.tf.distributions.normal import Normal
from tfmagic.tf.linalg.operators.identity import LinearOperatorIdentity
from tfmagic.tf.linalg.operators.low_rank import LinearOperatorLowRankUpdate
from tfmagic.tf.linalg.operators.stored import LinearOperatorLowerTriangular


class MultivariateNormalLinearOperator(CenteredVector):
    """A vector of normal numbers, multiplied with a linear operator and shifted."""

    @moved_from_contrib("mvn_linear_operator")
    def __init__(self, loc: Any = None, scale: Any = None, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "MultivariateNormalLinearOperator"):
        parameters = dict(locals())
        self._check_scale(scale)
        with name_scope(name, values=[loc, *scale.graph_parents]) as scope:
            loc = None if loc is None else convert_to_tensor(loc, name="loc")
            batch, event = shapes_of(loc, scale)
        numbers = Normal(loc=api.zeros([], dtype=scale.dtype), scale=api.ones([], dtype=scale.dtype))
        self._shifted_and_scaled(numbers, loc, scale, batch, event, validate_args, scope)
        self._parameters = parameters


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
                if validate_args:
                    symmetric = api.debugging.assert_near(
                        covariance_matrix, api.linalg.matrix_transpose(covariance_matrix),
                        message="Matrix was not symmetric")
                    covariance_matrix = after([symmetric], covariance_matrix)
                scale_tril = api.linalg.cholesky(covariance_matrix)
            super().__init__(loc=loc, scale_tril=scale_tril, validate_args=validate_args,
                             allow_nan_stats=allow_nan_stats, name=scope)
        self._parameters = parameters


@export("contrib.distributions.MultivariateNormalDiagPlusLowRank")
class MultivariateNormalDiagPlusLowRank(MultivariateNormalLinearOperator):
    """Normal numbers, multiplied with a diagonal to which a product of thin matrices is added.

    Args:
      loc: the means [..., n]; zeros.
      scale_diag: the diagonal [..., n], positive; ones.
      scale_identity_multiplier: what is added to it, or the one number all along it.
      scale_perturb_factor: U [..., n, k], of which U U^T (or U D U^T) is added.
      scale_perturb_diag: the diagonal of D [..., k].
      validate_args: whether the diagonal is found to be positive in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      ValueError: nothing says how many numbers there are.
    """

    @moved_from_contrib("mvn_diag_plus_low_rank")
    def __init__(self, loc: Any = None, scale_diag: Any = None, scale_identity_multiplier: Any = None,
                 scale_perturb_factor: Any = None, scale_perturb_diag: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "MultivariateNormalDiagPlusLowRank"):
        parameters = dict(locals())
        with name_scope(name) as scope, name_scope("init", values=[
                loc, scale_diag, scale_identity_multiplier, scale_perturb_factor, scale_perturb_diag]):
            scale = diagonal_scale(loc, scale_diag, scale_identity_multiplier, validate_args=validate_args,
                                   positive=True)
            factor, diag = (None if one is None else convert_to_tensor(one, name=name) for one, name in (
                (scale_perturb_factor, "scale_perturb_factor"), (scale_perturb_diag, "scale_perturb_diag")))
            if factor is not None:
                scale = LinearOperatorLowRankUpdate(
                    scale, u=factor, diag_update=diag, is_diag_update_positive=diag is None, is_non_singular=True,
                    is_self_adjoint=True, is_positive_definite=True, is_square=True)
        super().__init__(loc=loc, scale=scale, validate_args=validate_args, allow_nan_stats=allow_nan_stats,
                         name=scope)
        self._parameters = parameters
