"""VectorDiffeomixture: vectors that a mixture of two affine maps makes of independent numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.affine import AffineLinearOperator
from tfmagic.tf.contrib.distributions.interpolating import (
    BIMIXTURES_ONLY,
    interpolated_scales,
    interpolated_shifts,
    refuse_vectors,
    shapes_of_mixture,
)
from tfmagic.tf.contrib.distributions.quadrature import quadrature_scheme_softmaxnormal_quantiles
from tfmagic.tf.contrib.distributions.shapes import joined_vectors
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.distributions.categorical import Categorical
from tfmagic.tf.distributions.choices import pick_vector
from tfmagic.tf.distributions.distribution import FULLY_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.moving import moved_from_contrib
from tfmagic.tf.distributions.new_seed import new_seed
from tfmagic.tf.linalg.operators.addition import add_operators
from tfmagic.tf.linalg.operators.identity import LinearOperatorIdentity, LinearOperatorScaledIdentity
from tfmagic.tf.linalg.operators.stored import LinearOperatorDiag, LinearOperatorFullMatrix


def _sum(total: Any, term: Any) -> Any:
    """The sum of what is there."""
    if total is None or term is None:
        return term if total is None else total
    return total + term


@export("contrib.distributions.VectorDiffeomixture")
class VectorDiffeomixture(Distribution):
    """Vectors `scale @ x + loc` of independent numbers x, where scale and loc lie between two given ones, and where
    they lie is the softmax of a normal number.

    Args:
      mix_loc: [..., 1], the mean of that number, times `temperature`.
      temperature: [..., 1], the smaller the nearer to one of the two.
      distribution: a scalar `Distribution`, which x is drawn of.
      loc: two vectors [..., n] or None, or None for no shifts.
      scale: two linear operators: multiples of the identity, diagonal or lower triangular ones.
      quadrature_size: of how many weights the mixture is made, an int.
      quadrature_fn: takes the mean and standard deviation of the normal number, `quadrature_size` and `validate_args`
        and gives the weights of the two [..., 2, quadrature_size], and how probable they are [quadrature_size].
      validate_args: whether operators and the distribution are found to fit.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      ValueError: fewer than two scales, as many locs, or `distribution` is not scalar.
      NotImplementedError: more than two scales, or one of another class.
      TypeError: several types.
    """

    @moved_from_contrib("vector_diffeomixture")
    def __init__(self, mix_loc: Any, temperature: Any, distribution: Distribution, loc: Sequence[Any] | None = None,
                 scale: Sequence[Any] | None = None, quadrature_size: int = 8,
                 quadrature_fn: Callable[..., Any] = quadrature_scheme_softmaxnormal_quantiles,
                 validate_args: bool = False, allow_nan_stats: bool = True, name: str = "VectorDiffeomixture"):
        parameters = dict(locals())
        with name_scope(name, values=[mix_loc, temperature]) as scope:
            if not scale or len(scale) < 2:
                raise ValueError("Must specify list (or list-like object) of scale LinearOperators, one for each "
                                 "component with num_component >= 2.")
            given: Sequence[Any] = [None] * len(scale) if loc is None else loc
            if len(given) != len(scale):
                raise ValueError("loc/scale must be same-length lists (or same-length list-like objects).")
            dtype = scale[0].dtype.base_dtype
            shifts = [None if one is None else convert_to_tensor(one, dtype=dtype, name=f"loc{place}")
                      for place, one in enumerate(given)]
            for place, operator in enumerate(scale):
                if validate_args and not operator.is_positive_definite:
                    raise ValueError(f"scale[{place}].is_positive_definite = {operator.is_positive_definite} != True")
                if operator.dtype.base_dtype != dtype:
                    raise TypeError(f'dtype mismatch; scale[{place}].base_dtype="{operator.dtype.base_dtype.name}" != '
                                    f'"{dtype.name}"')
            self._endpoint_affine = self._affine(shifts, scale, validate_args, "endpoint_affine")
            if len(scale) > 2:
                raise NotImplementedError(BIMIXTURES_ONLY.format(len(scale)))
            mix_loc = convert_to_tensor(mix_loc, dtype=dtype, name="mix_loc")
            temperature = convert_to_tensor(temperature, dtype=dtype, name="temperature")
            self._grid, probs = tuple(quadrature_fn(mix_loc / temperature, 1.0 / temperature, quadrature_size,
                                                    validate_args))
            self._mixture_distribution = Categorical(logits=api.log(probs), validate_args=validate_args,
                                                     allow_nan_stats=allow_nan_stats)
            checks = refuse_vectors(distribution, dtype, validate_args)
            if checks:
                self._grid = after(checks, self._grid)
            self._distribution = distribution
            self._interpolated_affine = self._affine(
                interpolated_shifts(self._grid, shifts), interpolated_scales(self._grid, scale), validate_args,
                "interpolated_affine")
            self._shapes = shapes_of_mixture(self._grid, self._endpoint_affine)
        super().__init__(
            # Whether it holds is asked with validate_args alone: a distribution of constants need not say so.
            dtype=dtype, reparameterization_type=FULLY_REPARAMETERIZED, validate_args=validate_args,
            allow_nan_stats=allow_nan_stats, parameters=parameters, name=scope,
            graph_parents=[*distribution._graph_parents, *(one for one in shifts if one is not None),
                           *(parent for operator in scale for parent in operator.graph_parents)])

    @staticmethod
    def _affine(shifts: Sequence[Any], scales: Sequence[Any], validate_args: bool,
                name: str) -> list[AffineLinearOperator]:
        return [AffineLinearOperator(shift=shift, scale=scale, validate_args=validate_args, name=f"{name}_{place}")
                for place, (shift, scale) in enumerate(zip(shifts, scales))]

    @property
    def mixture_distribution(self) -> Categorical:
        """What draws one of the weights."""
        return self._mixture_distribution

    @property
    def distribution(self) -> Distribution:
        """The distribution of the numbers that are mapped."""
        return self._distribution

    @property
    def grid(self) -> Tensor:
        """The weights of the two maps, [..., 2, quadrature_size]."""
        return self._grid

    @property
    def endpoint_affine(self) -> list[AffineLinearOperator]:
        """The two maps."""
        return self._endpoint_affine

    @property
    def interpolated_affine(self) -> list[AffineLinearOperator]:
        """The map of each weight."""
        return self._interpolated_affine

    def _batch_shape_tensor(self) -> Tensor:
        return self._shapes.batch_tensor

    def _batch_shape(self) -> TensorShape:
        return self._shapes.batch

    def _event_shape_tensor(self) -> Tensor:
        return self._shapes.event_tensor

    def _event_shape(self) -> TensorShape:
        return self._shapes.event

    @staticmethod
    def _count(static: TensorShape, shape: Callable[[], Tensor]) -> Any:
        known = static.num_elements()
        return api.reduce_prod(shape()) if known is None else known

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        x = self.distribution.sample(
            sample_shape=joined_vectors([n], self.batch_shape_tensor(), self.event_shape_tensor()), seed=seed)
        ends = [affine.forward(x) for affine in self.endpoint_affine]
        drawn_from = self.mixture_distribution
        batch = self._count(self.batch_shape, self.batch_shape_tensor)
        own_batch = self._count(drawn_from.batch_shape, drawn_from.batch_shape_tensor)
        each = pick_vector(self.is_scalar_batch(), np.array([], np.int32), [batch // own_batch])
        drawn = drawn_from.sample(sample_shape=joined_vectors([n], each), seed=new_seed(seed, "vector_diffeomixture"))
        flat = pick_vector(self.is_scalar_batch(), np.array([], np.int32), np.array([-1], np.int32))
        drawn = api.reshape(drawn, shape=joined_vectors([n], flat))
        # The weights of an element of the batch, those of both maps, lie together.
        weights = self.grid.shape.with_rank_at_least(2)[-2:]
        stride = self._count(weights, lambda: api.shape(self.grid)[-2:])
        starts = api.range(start=0, limit=batch * stride, delta=stride, dtype=drawn.dtype)
        weight = api.gather(api.reshape(self.grid, shape=[-1]), drawn + starts)
        if self.batch_shape.is_fully_defined():
            shape: Any = [-1, *self.batch_shape.as_list(), 1]
        else:
            shape = api.concat(([-1], self.batch_shape_tensor(), [1]), axis=0)
        return api.reshape(weight, shape=shape) * (ends[0] - ends[1]) + ends[1]

    def _log_prob(self, x: Tensor) -> Tensor:
        y = api.stack([affine.inverse(x) for affine in self.interpolated_affine], axis=-1)
        of_numbers = api.reduce_sum(self.distribution.log_prob(y), axis=-2)
        of_maps = api.stack([affine.forward_log_det_jacobian(x, event_ndims=api.rank(self.event_shape_tensor()))
                             for affine in self.interpolated_affine], axis=-1)
        return api.reduce_logsumexp(self.mixture_distribution.logits - of_maps + of_numbers, axis=-1)

    def _mean(self) -> Tensor:
        probs, mean = self._probs_for_events(), self._mean_of_numbers()
        total: Any = None
        for place, affine in enumerate(self.interpolated_affine):
            total = _sum(total, probs[..., place] * affine.forward(mean))
        return total

    def _covariance(self) -> Tensor:
        # The mean of the covariances, and the covariance of the means.
        return _sum(self._mean_of_covariances(False), self._covariance_of_means(False))

    def _variance(self) -> Tensor:
        return _sum(self._mean_of_covariances(True), self._covariance_of_means(True))

    def _probs_for_events(self) -> Tensor:
        """Probabilities [..., 1, quadrature_size]."""
        probs = self.mixture_distribution.probs
        known = probs.shape.with_rank_at_least(1)[-1].value if probs.shape.ndims is not None else None
        size = api.shape(probs)[-1] if known is None else known
        rank = self.event_shape.ndims
        rank = api.shape(self.event_shape_tensor())[0] if rank is None else rank
        return api.reshape(probs, shape=api.concat([
            self.mixture_distribution.batch_shape_tensor(), api.ones([rank], dtype=dtypes.int32), [size]], axis=0))

    def _mean_of_numbers(self) -> Tensor:
        shape = joined_vectors(self.batch_shape_tensor(), self.event_shape_tensor())
        mean = api.reshape(self.distribution.mean(), shape=api.ones_like(shape, dtype=dtypes.int32))
        mean = api.tile(mean, multiples=shape)
        mean.set_shape(self.batch_shape.concatenate(self.event_shape))
        return mean

    def _mean_of_covariances(self, diag_only: bool) -> Any:
        probs = self.mixture_distribution.probs
        multiplier = diag = full = None
        for place, affine in enumerate(self.interpolated_affine):
            scale = affine.scale
            if scale is None or isinstance(scale, LinearOperatorIdentity):
                multiplier = _sum(multiplier, probs[..., place, None])
            elif isinstance(scale, LinearOperatorScaledIdentity):
                multiplier = _sum(multiplier, probs[..., place, None] * api.square(scale.multiplier))
            elif isinstance(scale, LinearOperatorDiag):
                diag = _sum(diag, probs[..., place, None] * api.square(scale.diag_part()))
            else:
                product = probs[..., place, None, None] * scale.matmul(scale.to_dense(), adjoint_arg=True)
                full = _sum(full, api.linalg.diag_part(product) if diag_only else product)
        # The numbers that are mapped need not have variance 1.
        variance = self.distribution.variance()
        multiplier = None if multiplier is None else multiplier * variance
        diag = None if diag is None else diag * variance[..., None]
        full = None if full is None else full * variance[..., None]
        if diag_only:
            total = _sum(diag, full)
            if total is None and multiplier is not None:
                ones = api.ones(self.event_shape_tensor(), dtype=self.dtype)
                return multiplier[..., None] * ones
            return _sum(total, multiplier)
        is_positive = True if all(affine.scale.is_positive_definite for affine in self.endpoint_affine) else None
        parts: list[Any] = []
        if diag is not None:
            parts.append(LinearOperatorDiag(diag=diag, is_positive_definite=is_positive))
        if full is not None:
            parts.append(LinearOperatorFullMatrix(matrix=full, is_positive_definite=is_positive))
        if multiplier is not None:
            parts.append(LinearOperatorScaledIdentity(num_rows=self.event_shape_tensor()[0], multiplier=multiplier,
                                                      is_positive_definite=is_positive))
        return add_operators(parts)[0].to_dense() if parts else None

    def _covariance_of_means(self, diag_only: bool) -> Any:
        probs = self._probs_for_events()
        if not diag_only:
            probs = probs[..., None, :]
        of_numbers = self._mean_of_numbers()
        total: Any = None
        mean = self._mean()
        for place, affine in enumerate(self.interpolated_affine):
            there, weight = affine.forward(of_numbers), probs[..., place]
            away = there - mean
            squares = api.square(away) if diag_only else away[..., :, None] * away[..., None, :]
            total = _sum(total, weight * squares)
        return total
