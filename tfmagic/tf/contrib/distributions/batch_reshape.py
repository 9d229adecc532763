"""BatchReshape: the same distributions in a batch of another shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value, constant_value_as_shape
from tfmagic.ops import api
from tfmagic.tf.distributions.distribution import Distribution
from tfmagic.tf.distributions.moving import moved_from_contrib


def _filled_in(original: Tensor, shape: Tensor, validate_args: bool) -> tuple[Tensor, list[Operation]]:
    """A shape with the size that -1 stands for, and the checks that it fits."""
    known = constant_value(shape)
    if known is not None and (known >= 0).all():
        return shape, []
    with name_scope("calculate_reshape", values=[original, shape]):
        elements = api.reduce_prod(original)
        is_missing = api.equal(shape, -1)
        missing = elements // api.maximum(1, -api.reduce_prod(shape))
        filled = api.where_v2(is_missing, api.fill(api.shape(shape), missing), shape)
        if not validate_args:
            return filled, []
        return filled, [
            api.debugging.assert_rank(original, 1, message="Original shape must be a vector."),
            api.debugging.assert_rank(shape, 1, message="New shape must be a vector."),
            api.debugging.assert_less_equal(api.math.count_nonzero(is_missing, dtype=dtypes.int32), 1,
                                            message="At most one dimension can be unknown."),
            api.debugging.assert_positive(filled, message="Shape elements must be >=-1."),
            api.debugging.assert_equal(api.reduce_prod(filled), elements, message="Shape sizes do not match.")]


@export("contrib.distributions.BatchReshape")
class BatchReshape(Distribution):
    """The same distributions in a batch of another shape.

    Args:
      distribution: a batch of distributions.
      batch_shape: the shape that it gets, in which one size may be -1.
      validate_args: whether it is found to fit in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes; "BatchReshape" and the name of the distribution.

    Raises:
      ValueError: `batch_shape` is no vector, or has another number of elements.
    """

    @moved_from_contrib("batch_reshape")
    def __init__(self, distribution: Any, batch_shape: Any, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str | None = None):
        parameters = dict(locals())
        name = name or "BatchReshape" + distribution.name
        with name_scope(name, values=[batch_shape, *distribution._graph_parents]) as scope:
            given = convert_to_tensor(batch_shape, dtype=dtypes.int32, name="batch_shape")
            self._check_what_is_known(distribution, given)
            self._given_batch_shape = given
            self._filled_batch_shape, self._runtime_checks = _filled_in(
                distribution.batch_shape_tensor(), given, validate_args)
            self._distribution = distribution
            self._static_batch_shape = constant_value_as_shape(given)
            super().__init__(
                dtype=distribution.dtype, reparameterization_type=distribution.reparameterization_type,
                validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters,
                graph_parents=[given, *distribution._graph_parents], name=scope)

    @staticmethod
    def _check_what_is_known(distribution: Any, shape: Tensor) -> None:
        if shape.get_shape().ndims not in (None, 1):
            raise ValueError(f"`batch_shape` must be a vector (saw rank: {shape.get_shape().ndims}).")
        known = constant_value(shape)
        own = distribution.batch_shape.num_elements() if distribution.batch_shape.is_fully_defined() else None
        if known is None or own is None or (known < 0).any():
            return
        size = int(np.prod(known))
        if size != own:
            raise ValueError(f"`batch_shape` size ({size}) must match `distribution.batch_shape` size ({own}).")

    @property
    def distribution(self) -> Any:
        """The batch of distributions."""
        return self._distribution

    def _once_checked(self, *checks: Operation) -> Any:
        return get_default_graph().control_dependencies([*self._runtime_checks, *checks])

    def _batch_shape_tensor(self) -> Tensor:
        with self._once_checked():
            return api.identity(self._filled_batch_shape)

    def _batch_shape(self) -> TensorShape:
        return self._static_batch_shape

    def _event_shape_tensor(self) -> Tensor:
        with self._once_checked():
            return api.identity(self.distribution.event_shape_tensor())

    def _event_shape(self) -> TensorShape:
        return self.distribution.event_shape

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        with self._once_checked():
            x = self.distribution.sample(sample_shape=n, seed=seed)
            shape = api.concat([[n], self._given_batch_shape, self.event_shape_tensor()], axis=0)
            return api.reshape(x, shape)

    def _log_prob(self, x: Tensor) -> Tensor:
        return self._of_values(self.distribution.log_prob, x)

    def _prob(self, x: Tensor) -> Tensor:
        return self._of_values(self.distribution.prob, x)

    def _log_cdf(self, x: Tensor) -> Tensor:
        return self._of_values(self.distribution.log_cdf, x)

    def _cdf(self, x: Tensor) -> Tensor:
        return self._of_values(self.distribution.cdf, x)

    def _log_survival_function(self, x: Tensor) -> Tensor:
        return self._of_values(self.distribution.log_survival_function, x)

    def _survival_function(self, x: Tensor) -> Tensor:
        return self._of_values(self.distribution.survival_function, x)

    def _entropy(self) -> Tensor:
        return self._reshaped(self.distribution.entropy, [], [])

    def _mean(self) -> Tensor:
        return self._reshaped(self.distribution.mean)

    def _mode(self) -> Tensor:
        return self._reshaped(self.distribution.mode)

    def _stddev(self) -> Tensor:
        return self._reshaped(self.distribution.stddev)

    def _variance(self) -> Tensor:
        return self._reshaped(self.distribution.variance)

    def _covariance(self) -> Tensor:
        return self._reshaped(self.distribution.covariance, [self.event_shape_tensor()] * 2, [self.event_shape] * 2)

    def _reshaped(self, moment: Callable[[], Tensor], event: list[Tensor] | None = None,
                  static_event: list[TensorShape] | None = None) -> Tensor:
        with self._once_checked():
            event = [self._event_shape_tensor()] if event is None else event
            shape = api.concat([self._given_batch_shape, *event], axis=0)
            found = api.reshape(moment(), shape)
            static = self.batch_shape
            for part in [self.event_shape] if static_event is None else static_event:
                static = static.concatenate(part)
            found.set_shape(static)
            return found

    def _ranks(self, x: Tensor) -> tuple[Any, Any, Any]:
        """How many dimensions there are, and how many are batch and event: ints where that is known."""
        rank, event, batch = x.get_shape().ndims, self.event_shape.ndims, self.batch_shape.ndims
        return (api.rank(x) if rank is None else rank,
                api.size(self.batch_shape_tensor()) if batch is None else batch,
                api.size(self.event_shape_tensor()) if event is None else event)

    def _of_values(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        with self._once_checked(*self._checked_values(x)):
            rank, batch, event = self._ranks(x)
            count = rank - batch - event
            static = x.get_shape()[:count] if isinstance(count, int) else TensorShape(None)
            samples = np.array(static.as_list(), np.int32) if static.is_fully_defined() else api.shape(x)[:count]
            inside = api.concat([samples, self.distribution.batch_shape_tensor(), self.event_shape_tensor()], axis=0)
            found = function(api.reshape(x, inside))
            found = api.reshape(found, api.concat([samples, self._given_batch_shape], axis=0))
            if static.ndims is not None and self.batch_shape.ndims is not None:
                found.set_shape(static.concatenate(self.batch_shape))
            return found

    def _checked_values(self, x: Tensor) -> list[Operation]:
        """Values have all dimensions of batch and event: they are not repeated for a batch."""
        with name_scope("validate_sample_arg", values=[x]):
            words = "Broadcasting is not supported; "
            checks = []
            rank, batch, event = self._ranks(x)
            expected = batch + event
            if isinstance(rank, int) and isinstance(expected, int):
                if rank < expected:
                    raise NotImplementedError(f"{words}too few batch and event dims (expected at least {expected}, saw "
                                              f"{rank}).")
            elif self.validate_args:
                checks.append(api.debugging.assert_greater_equal(
                    rank, expected, message=f"{words}too few batch and event dims.",
                    name="assert_batch_and_event_ndims_large_enough"))
            static = self.batch_shape.concatenate(self.event_shape)
            if static.is_fully_defined():
                wanted: Any = np.array(static.as_list(), np.int32)
            else:
                wanted = api.concat([self.batch_shape_tensor(), self.event_shape_tensor()], axis=0)
            count = rank - expected
            count = max(count, 0) if isinstance(count, int) else api.maximum(count, 0)
            known = x.get_shape()[count:] if isinstance(count, int) else TensorShape(None)
            found: Any = (np.array(known.as_list(), np.int32) if known.is_fully_defined() else api.shape(x)[count:])
            if isinstance(wanted, np.ndarray) and isinstance(found, np.ndarray):
                if not np.array_equal(wanted, found):
                    raise NotImplementedError(f"{words}unexpected batch and event shape (expected {wanted}, saw "
                                              f"{found}).")
            elif self.validate_args:
                with get_default_graph().control_dependencies(checks):
                    return [api.debugging.assert_equal(
                        wanted, found, message=f"{words}unexpected batch and event shape.",
                        name="assert_batch_and_event_shape_same")]
            return checks
