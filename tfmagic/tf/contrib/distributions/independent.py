"""Independent: several distributions of a batch taken as one, whose samples have more dimensions."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.tf.distributions.distribution import Distribution
from tfmagic.tf.distributions.kullback_leibler import divergence, kl_divergence
from tfmagic.tf.distributions.moving import moved_from_contrib


@export("contrib.distributions.Independent")
class Independent(Distribution):
    """Distributions of a batch as one: their logarithmic densities are summed up.

    Args:
      distribution: a batch of distributions.
      reinterpreted_batch_ndims: how many of its last batch dimensions become dimensions of samples; all but the first.
      validate_args: whether `reinterpreted_batch_ndims` is checked in each run.
      name: of the scopes; "Independent" and the name of the distribution.

    Raises:
      ValueError: the distribution has not as many batch dimensions.
    """

    @moved_from_contrib("independent")
    def __init__(self, distribution: Any, reinterpreted_batch_ndims: Any = None, validate_args: bool = False,
                 name: str | None = None):
        parameters = dict(locals())
        name = name or "Independent" + distribution.name
        self._distribution = distribution
        with name_scope(name) as scope:
            if reinterpreted_batch_ndims is None:
                reinterpreted_batch_ndims = self._all_but_the_first(distribution)
            ndims = convert_to_tensor(reinterpreted_batch_ndims, dtype=dtypes.int32, name="reinterpreted_batch_ndims")
            self._reinterpreted_batch_ndims = ndims
            known = constant_value(ndims)
            self._static_ndims = None if known is None else int(known)
            if self._static_ndims is not None:
                self._reinterpreted_batch_ndims = self._static_ndims  # type: ignore[assignment]
            super().__init__(dtype=distribution.dtype, validate_args=validate_args,
                             allow_nan_stats=distribution.allow_nan_stats,
                             reparameterization_type=distribution.reparameterization_type, parameters=parameters,
                             graph_parents=[ndims, *distribution._graph_parents], name=scope)
            self._runtime_checks = self._checks(validate_args)

    @property
    def distribution(self) -> Any:
        """The batch of distributions."""
        return self._distribution

    @property
    def reinterpreted_batch_ndims(self) -> Any:
        """How many of its batch dimensions became dimensions of samples."""
        return self._reinterpreted_batch_ndims

    @staticmethod
    def _all_but_the_first(distribution: Any) -> Any:
        rank = distribution.batch_shape.ndims
        if rank is not None:
            return max(0, rank - 1)
        return api.maximum(0, api.size(distribution.batch_shape_tensor()) - 1)

    def _checks(self, validate_args: bool) -> list[Any]:
        words = "reinterpreted_batch_ndims({}) cannot exceed distribution.batch_ndims({})"
        rank = self.distribution.batch_shape.ndims
        if self._static_ndims is not None and rank is not None:
            if self._static_ndims > rank:
                raise ValueError(words.format(self._static_ndims, rank))
            return []
        if not validate_args:
            return []
        size = api.size(self.distribution.batch_shape_tensor()) if rank is None else rank
        return [api.debugging.assert_less_equal(self._reinterpreted_batch_ndims, size, message=(
            "reinterpreted_batch_ndims cannot exceed distribution.batch_ndims"))]

    def _batch_rank_left(self, shape: Any) -> Any:
        rank = self.distribution.batch_shape.ndims
        return (api.size(shape) if rank is None else rank) - self._reinterpreted_batch_ndims

    def _batch_shape_tensor(self) -> Tensor:
        with get_default_graph().control_dependencies(self._runtime_checks):
            shape = self.distribution.batch_shape_tensor()
            return shape[:self._batch_rank_left(shape)]

    def _batch_shape(self) -> TensorShape:
        shape = self.distribution.batch_shape
        if self._static_ndims is None or shape.ndims is None:
            return TensorShape(None)
        return shape[:shape.ndims - self._static_ndims]

    def _event_shape_tensor(self) -> Tensor:
        with get_default_graph().control_dependencies(self._runtime_checks):
            shape = self.distribution.batch_shape_tensor()
            left = self._batch_rank_left(shape)
            return api.concat([shape[left:], self.distribution.event_shape_tensor()], axis=0)

    def _event_shape(self) -> TensorShape:
        shape = self.distribution.batch_shape
        if self._static_ndims is None or shape.ndims is None:
            return TensorShape(None)
        return shape[shape.ndims - self._static_ndims:].concatenate(self.distribution.event_shape)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        with get_default_graph().control_dependencies(self._runtime_checks):
            return self.distribution.sample(sample_shape=n, seed=seed)

    def _sum(self, x: Tensor) -> Tensor:
        if self._static_ndims is not None:
            return api.reduce_sum(x, axis=[-1 - place for place in range(self._static_ndims)])
        return api.reduce_sum(x, axis=-1 - api.range(self._reinterpreted_batch_ndims))

    def _log_prob(self, x: Tensor) -> Tensor:
        with get_default_graph().control_dependencies(self._runtime_checks):
            return self._sum(self.distribution.log_prob(x))

    def _entropy(self) -> Tensor:
        with get_default_graph().control_dependencies(self._runtime_checks):
            return self._sum(self.distribution.entropy())

    def _mean(self) -> Tensor:
        with get_default_graph().control_dependencies(self._runtime_checks):
            return self.distribution.mean()

    def _variance(self) -> Tensor:
        with get_default_graph().control_dependencies(self._runtime_checks):
            return self.distribution.variance()

    def _stddev(self) -> Tensor:
        with get_default_graph().control_dependencies(self._runtime_checks):
            return self.distribution.stddev()

    def _mode(self) -> Tensor:
        with get_default_graph().control_dependencies(self._runtime_checks):
            return self.distribution.mode()


@divergence(Independent, Independent)
def _kl(a: Independent, b: Independent, name: str | None = None) -> Tensor:
    p, q = a.distribution, b.distribution
    if not (a.event_shape.is_fully_defined() and b.event_shape.is_fully_defined()):
        raise NotImplementedError("KL between Independents whose `event_shape`s are not fully defined: give the "
                                  "distributions static shapes.")
    if a.event_shape != b.event_shape:
        raise ValueError("Event shapes do not match.")
    if p.event_shape != q.event_shape:
        raise NotImplementedError("KL between Independents with different event shapes not supported.")
    dims = a.event_shape.ndims - p.event_shape.ndims
    return api.reduce_sum(kl_divergence(p, q, name=name), axis=[-1 - place for place in range(dims)])
