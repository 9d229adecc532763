"""Autoregressive: vectors each of whose numbers is drawn from a distribution that the numbers before it give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.tf.distributions.distribution import Distribution
from tfmagic.tf.distributions.moving import moved_from_contrib


@export("contrib.distributions.Autoregressive")
class Autoregressive(Distribution):
    """Samples that a function turns into the distribution of the next sample, several times.

    Args:
      distribution_fn: `distribution_fn(sample)` gives a distribution, each number of which depends on the numbers
        before it alone.
      sample0: what it is first called with; nothing.
      num_steps: how many times a sample is drawn anew, an int; once for each number of an event.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      ValueError: fewer than one step, or no `num_steps` and an event shape that is not known.
    """

    @moved_from_contrib("autoregressive")
    def __init__(self, distribution_fn: Callable[..., Any], sample0: Any = None, num_steps: Any = None,
                 validate_args: bool = False, allow_nan_stats: bool = True, name: str = "Autoregressive"):
        parameters = dict(locals())
        with name_scope(name) as scope:
            self._distribution_fn, self._sample0 = distribution_fn, sample0
            self._distribution0 = distribution_fn() if sample0 is None else distribution_fn(sample0)
            if num_steps is None:
                num_steps = self._distribution0.event_shape.num_elements()
                if num_steps is None:
                    raise ValueError("distribution_fn must generate a distribution with fully known `event_shape`.")
            if num_steps < 1:
                raise ValueError(f"num_steps ({num_steps}) must be at least 1.")
            self._num_steps = num_steps
        first = self._distribution0
        super().__init__(dtype=first.dtype, reparameterization_type=first.reparameterization_type,
                         validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters,
                         graph_parents=first._graph_parents, name=scope)

    @property
    def distribution_fn(self) -> Callable[..., Any]:
        """What gives the distribution of the next sample."""
        return self._distribution_fn

    @property
    def sample0(self) -> Any:
        """What it is first called with, or None."""
        return self._sample0

    @property
    def num_steps(self) -> Any:
        """How many times a sample is drawn anew."""
        return self._num_steps

    @property
    def distribution0(self) -> Any:
        """The first distribution."""
        return self._distribution0

    def _batch_shape(self) -> TensorShape:
        return self.distribution0.batch_shape

    def _batch_shape_tensor(self) -> Tensor:
        return self.distribution0.batch_shape_tensor()

    def _event_shape(self) -> TensorShape:
        return self.distribution0.event_shape

    def _event_shape_tensor(self) -> Tensor:
        return self.distribution0.event_shape_tensor()

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        samples = self.distribution0.sample(n, seed=seed)
        for _ in range(self._num_steps):
            samples = self.distribution_fn(samples).sample(seed=seed)
        return samples

    def _log_prob(self, value: Tensor) -> Tensor:
        return self.distribution_fn(value).log_prob(value)

    def _prob(self, value: Tensor) -> Tensor:
        return self.distribution_fn(value).prob(value)
