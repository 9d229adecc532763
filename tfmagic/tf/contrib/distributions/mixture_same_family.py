"""MixtureSameFamily: one distribution of a batch, drawn anew for every sample."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.mixing import one_hot_mask, pad_mixture_dimensions
from tfmagic.tf.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.moving import moved_from_contrib


@export("contrib.distributions.MixtureSameFamily")
class MixtureSameFamily(Distribution):
    """One distribution of a batch, drawn anew for every sample.

    Args:
      mixture_distribution: a `Categorical` distribution that draws it.
      components_distribution: a batch of distributions, whose last dimension is drawn from.
      validate_args: whether shapes are compared in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      ValueError: `mixture_distribution` does not draw whole numbers, or shapes do not fit.
    """

    @moved_from_contrib("mixture_same_family")
    def __init__(self, mixture_distribution: Any, components_distribution: Any, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "MixtureSameFamily"):
        parameters = dict(locals())
        with name_scope(name) as scope:
            self._mixture_distribution, self._components_distribution = mixture_distribution, components_distribution
            event = components_distribution.event_shape_tensor()
            known = event.get_shape()
            rank = known[0].value if known.ndims is not None else None
            self._event_ndims: Any = api.size(event) if rank is None else rank
            if not mixture_distribution.dtype.is_integer:
                raise ValueError(f"`mixture_distribution.dtype` ({mixture_distribution.dtype.name}) is not over "
                                 "integers")
            if mixture_distribution.event_shape.ndims not in (None, 0):
                raise ValueError("`mixture_distribution` must have scalar `event_dim`s")
            self._runtime_checks = self._fitting_batches(validate_args)
            self._num_components = self._count()
        super().__init__(
            dtype=components_distribution.dtype, reparameterization_type=NOT_REPARAMETERIZED,
            validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters, name=scope,
            graph_parents=[*mixture_distribution._graph_parents, *components_distribution._graph_parents])

    def _fitting_batches(self, validate_args: bool) -> list[Operation]:
        ours, theirs = self.mixture_distribution.batch_shape, self.components_distribution.batch_shape
        theirs = theirs.with_rank_at_least(1)[:-1]
        if ours.is_fully_defined() and theirs.is_fully_defined():
            if ours.ndims and ours != theirs:
                raise ValueError(
                    f"`mixture_distribution.batch_shape` (`{ours.as_list()}`) is not compatible with "
                    f"`components_distribution.batch_shape` (`{theirs.as_list()}`)")
            return []
        if not validate_args:
            return []
        ours = self.mixture_distribution.batch_shape_tensor()
        theirs = self.components_distribution.batch_shape_tensor()[:-1]
        words = "`mixture_distribution.batch_shape` is not compatible with `components_distribution.batch_shape`"
        same = api.cond(api.equal(api.size(ours), 0), lambda: api.constant(True),
                        lambda: api.reduce_all(api.equal(ours, theirs)))
        return [api.debugging.Assert(same, [words])]

    def _count(self) -> Any:
        logits = self.mixture_distribution.logits
        ours = logits.get_shape().with_rank_at_least(1)[-1].value if logits.get_shape().ndims is not None else None
        theirs = self.components_distribution.batch_shape
        last = theirs.with_rank_at_least(1)[-1].value if theirs.ndims is not None else None
        if ours is not None and last is not None and ours != last:
            raise ValueError(f"`mixture_distribution components` ({ours}) does not equal "
                             f"`components_distribution.batch_shape[-1]` ({last})")
        known = ours if ours is not None else last
        return api.shape(logits)[-1] if known is None else known

    @property
    def mixture_distribution(self) -> Any:
        """What draws the component."""
        return self._mixture_distribution

    @property
    def components_distribution(self) -> Any:
        """The batch whose last dimension is drawn from."""
        return self._components_distribution

    def _batch_shape_tensor(self) -> Tensor:
        with self._once_checked():
            return self.components_distribution.batch_shape_tensor()[:-1]

    def _batch_shape(self) -> TensorShape:
        shape = self.components_distribution.batch_shape
        return TensorShape(None) if shape.ndims is None else shape.with_rank_at_least(1)[:-1]

    def _event_shape_tensor(self) -> Tensor:
        with self._once_checked():
            return self.components_distribution.event_shape_tensor()

    def _event_shape(self) -> TensorShape:
        return self.components_distribution.event_shape

    def _once_checked(self) -> Any:
        return get_default_graph().control_dependencies(self._runtime_checks)

    def _padded(self, weights: Tensor) -> Tensor:
        return pad_mixture_dimensions(weights, self, self.mixture_distribution, self._event_ndims)

    def _for_components(self, x: Tensor) -> Tensor:
        """`x` with a dimension of size 1 where the components are."""
        with name_scope("pad_sample_dims", values=[x]):
            rank = x.get_shape().ndims
            shape = api.shape(x)
            before = (api.rank(x) if rank is None else rank) - self._event_ndims
            return api.reshape(x, shape=api.concat([shape[:before], [1], shape[before:]], axis=0))

    def _over_components(self, x: Tensor, more: int = 0) -> Tensor:
        return api.reduce_sum(x, axis=-1 - self._event_ndims - more)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        with self._once_checked():
            # As in TensorFlow 1.15 the seed reaches neither of the two.
            x = self.components_distribution.sample(n)
            drawn = self.mixture_distribution.sample(n)
            mask = self._padded(one_hot_mask(drawn, self._num_components, x.dtype))
            return self._over_components(x * mask)

    def _mixed(self, terms: Tensor) -> Tensor:
        return api.reduce_logsumexp(terms + api.nn.log_softmax(self.mixture_distribution.logits, axis=-1), axis=-1)

    def _log_prob(self, x: Tensor) -> Tensor:
        with self._once_checked():
            return self._mixed(self.components_distribution.log_prob(self._for_components(x)))

    def _log_cdf(self, x: Tensor) -> Tensor:
        with self._once_checked():
            return self._mixed(self.components_distribution.log_cdf(self._for_components(x)))

    def _mean(self) -> Tensor:
        with self._once_checked():
            weights = self._padded(self.mixture_distribution.probs)
            return self._over_components(weights * self.components_distribution.mean())

    def _variance(self) -> Tensor:
        with self._once_checked():
            # The mean of the variances, and the variance of the means.
            weights = self._padded(self.mixture_distribution.probs)
            within = self._over_components(weights * self.components_distribution.variance())
            between = self._over_components(weights * api.math.squared_difference(
                self.components_distribution.mean(), self._for_components(self._mean())))
            return within + between

    def _covariance(self) -> Tensor:
        if self._event_ndims != 1:
            raise NotImplementedError("covariance is not implemented")
        with self._once_checked():
            weights = self._padded(self._padded(self.mixture_distribution.probs))
            within = self._over_components(weights * self.components_distribution.covariance(), 1)
            away = self.components_distribution.mean() - self._for_components(self._mean())
            between = self._over_components(weights * (away[..., None, :] * away[..., None]), 1)
            return within + between
