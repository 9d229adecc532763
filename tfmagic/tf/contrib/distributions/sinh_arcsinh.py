"""Numbers and vectors that lean to a side and have heavier or lighter tails, made of those of another distribution."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.affine import Affine
from tfmagic.tf.contrib.distributions.bijectors import scalars as bijectors
from tfmagic.tf.contrib.distributions.bijectors.composed import Chain
from tfmagic.tf.contrib.distributions.scaled_vectors import shapes_of
from tfmagic.tf.contrib.distributions.scales import diagonal_scale
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.distributions.choices import shape_of_broadcast
from tfmagic.tf.distributions.moving import moved_from_contrib
from tfmagic.tf.distributions.normal import Normal
from tfmagic.tf.distributions.transformed import TransformedDistribution


def _scale_of_single_numbers(scale: Any, distribution: Any, validate_args: bool) -> Any:
    """`scale`, once a distribution is found to be a single one, of single numbers.

    Raises:
      ValueError: it is known not to be.
    """
    checks = []
    for what in ("is_scalar_event", "is_scalar_batch"):
        holds = getattr(distribution, what)()
        known = constant_value(holds)
        if known is not None and not known:
            raise ValueError(f"distribution must be scalar; distribution.{what}={known} is not True")
        if known is None and validate_args:
            with name_scope("check_distribution"):
                checks.append(api.debugging.assert_equal(
                    holds, True, message=f"distribution must be scalar; distribution.{what} is not True"))
    return after(checks, scale) if checks else scale


class _Leaning(TransformedDistribution):
    """What both have: skewness and tails, location and scale."""

    _loc: Any
    _skewness: Tensor
    _tailweight: Tensor

    def _transform(self, scale: Any, is_straight: bool) -> tuple[Any, Tensor]:
        """The bijector that bends, and the scale with which a straight one would leave 2 where it is."""
        bent = bijectors.SinhArcsinh(skewness=self._skewness, tailweight=self._tailweight)
        straight = bent if is_straight else bijectors.SinhArcsinh(
            skewness=self._skewness.dtype.as_numpy_dtype(0.0), tailweight=self._tailweight)
        twice = 2 * scale
        return bent, twice / straight.forward(convert_to_tensor(2.0, dtype=self._skewness.dtype))

    @property
    def loc(self) -> Any:
        """Where it is shifted to."""
        return self._loc

    @property
    def skewness(self) -> Tensor:
        """To which side it leans."""
        return self._skewness

    @property
    def tailweight(self) -> Tensor:
        """How heavy its tails are."""
        return self._tailweight


@export("contrib.distributions.SinhArcsinh")
class SinhArcsinh(_Leaning):
    """Numbers `loc + c * sinh((arcsinh(z) + skewness) * tailweight)`, where z is a normal number.

    Args:
      loc: where it is shifted to.
      scale: how far it spreads, positive.
      skewness: to which side it leans; 0.
      tailweight: how heavy its tails are, positive; 1.
      distribution: of z, a single distribution of single numbers; the normal one.
      validate_args: whether parameters are checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.
    """

    @moved_from_contrib("sinh_arcsinh")
    def __init__(self, loc: Any, scale: Any, skewness: Any = None, tailweight: Any = None, distribution: Any = None,
                 validate_args: bool = False, allow_nan_stats: bool = True, name: str = "SinhArcsinh"):
        parameters = dict(locals())
        with name_scope(name, values=[loc, scale, skewness, tailweight]) as scope:
            self._loc = convert_to_tensor(loc, name="loc")
            dtype = self._loc.dtype
            self._scale = convert_to_tensor(scale, name="scale", dtype=dtype)
            self._tailweight = convert_to_tensor(1.0 if tailweight is None else tailweight, name="tailweight",
                                                 dtype=dtype)
            self._skewness = convert_to_tensor(0.0 if skewness is None else skewness, name="skewness", dtype=dtype)
            batch = shape_of_broadcast(self._loc, self._scale, self._tailweight, self._skewness)
            if distribution is None:
                distribution = Normal(loc=api.zeros([], dtype=dtype), scale=api.ones([], dtype=dtype),
                                      allow_nan_stats=allow_nan_stats)
            else:
                self._loc = _scale_of_single_numbers(self._loc, distribution, validate_args)
            bent, factor = self._transform(self._scale, skewness is None)
            affine = bijectors.AffineScalar(shift=self._loc, scale=factor, validate_args=validate_args)
            super().__init__(distribution=distribution, bijector=Chain([affine, bent]), batch_shape=batch,
                             validate_args=validate_args, name=scope)
        self._parameters = parameters

    @property
    def scale(self) -> Tensor:
        """How far it spreads."""
        return self._scale


@export("contrib.distributions.VectorSinhArcsinhDiag")
class VectorSinhArcsinhDiag(_Leaning):
    """Vectors `loc + c * sinh((arcsinh(z) + skewness) * tailweight)`, where z are normal numbers.

    Args:
      loc: where it is shifted to, [..., n]; zeros.
      scale_diag: how far each number spreads, [..., n]; ones.
      scale_identity_multiplier: what is added to that, or the one scale of all.
      skewness: to which side it leans; 0.
      tailweight: how heavy its tails are, positive; 1.
      distribution: of z, a single distribution of single numbers; the normal one.
      validate_args: whether parameters are checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      ValueError: nothing says how many numbers there are, or `distribution` is a batch.
    """

    @moved_from_contrib("vector_sinh_arcsinh_diag")
    def __init__(self, loc: Any = None, scale_diag: Any = None, scale_identity_multiplier: Any = None,
                 skewness: Any = None, tailweight: Any = None, distribution: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "MultivariateNormalLinearOperator"):
        parameters = dict(locals())
        given = [loc, scale_diag, scale_identity_multiplier, skewness, tailweight]
        with name_scope(name, values=given) as scope:
            loc = None if loc is None else convert_to_tensor(loc, name="loc")
            self._scale = diagonal_scale(loc, scale_diag, scale_identity_multiplier)
            batch, event = shapes_of(loc, self._scale)
            diagonal = self._scale.diag_part()
            dtype = diagonal.dtype
            if distribution is None:
                distribution = Normal(loc=api.zeros([], dtype=dtype), scale=api.ones([], dtype=dtype),
                                      allow_nan_stats=allow_nan_stats)
            else:
                diagonal = _scale_of_single_numbers(diagonal, distribution, validate_args)
            self._loc = loc
            self._skewness = convert_to_tensor(0.0 if skewness is None else skewness, dtype=dtype, name="skewness")
            self._tailweight = convert_to_tensor(1.0 if tailweight is None else tailweight, dtype=dtype,
                                                 name="tailweight")
            bent, factor = self._transform(diagonal, skewness is None)
            affine = Affine(shift=loc, scale_diag=factor, validate_args=validate_args)
            super().__init__(distribution=distribution, bijector=Chain([affine, bent]), batch_shape=batch,
                             event_shape=event, validate_args=validate_args, name=scope)
        self._parameters = parameters

    @property
    def scale(self) -> Any:
        """How far it spreads, a linear operator."""
        return self._scale
