"""Distributions whose methods take conditions as keyword arguments."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.tf.distributions.distribution import Distribution
from tfmagic.tf.distributions.moving import moved_from_contrib
from tfmagic.tf.distributions.transformed import TransformedDistribution


@export("contrib.distributions.ConditionalDistribution")
class ConditionalDistribution(Distribution):
    """A distribution whose methods hand keyword arguments on to `_sample_n`, `_log_prob`, ... of a class of one's own.

    See `tf.distributions.Distribution` for the arguments.
    """

    @moved_from_contrib("conditional_distribution")
    def __init__(self, dtype: Any, reparameterization_type: Any, validate_args: bool, allow_nan_stats: bool,
                 parameters: dict[str, Any] | None = None, graph_parents: Any = None, name: str | None = None):
        super().__init__(dtype, reparameterization_type, validate_args, allow_nan_stats, parameters, graph_parents,
                         name)

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: str = "sample",
               **condition_kwargs: Any) -> Tensor:
        """Samples under conditions (see `tf.distributions.Distribution`)."""
        return self._call_sample_n(sample_shape, seed, name, **condition_kwargs)

    def log_prob(self, value: Any, name: str = "log_prob", **condition_kwargs: Any) -> Tensor:
        """The logarithm of the density (or probability) at a value, under conditions."""
        return self._call_log_prob(value, name, **condition_kwargs)

    def prob(self, value: Any, name: str = "prob", **condition_kwargs: Any) -> Tensor:
        """The density (or probability) at a value, under conditions."""
        return self._call_prob(value, name, **condition_kwargs)

    def log_cdf(self, value: Any, name: str = "log_cdf", **condition_kwargs: Any) -> Tensor:
        """The logarithm of the probability of at most a value, under conditions."""
        return self._call_log_cdf(value, name, **condition_kwargs)

    def cdf(self, value: Any, name: str = "cdf", **condition_kwargs: Any) -> Tensor:
        """The probability of at most a value, under conditions."""
        return self._call_cdf(value, name, **condition_kwargs)

    def log_survival_function(self, value: Any, name: str = "log_survival_function",
                              **condition_kwargs: Any) -> Tensor:
        """The logarithm of the probability of more than a value, under conditions."""
        return self._call_log_survival_function(value, name, **condition_kwargs)

    def survival_function(self, value: Any, name: str = "survival_function", **condition_kwargs: Any) -> Tensor:
        """The probability of more than a value, under conditions."""
        return self._call_survival_function(value, name, **condition_kwargs)


@export("contrib.distributions.ConditionalTransformedDistribution")
class ConditionalTransformedDistribution(ConditionalDistribution, TransformedDistribution):
    """`TransformedDistribution` whose methods take `bijector_kwargs` and `distribution_kwargs`, two dictionaries.

    See `tf.contrib.distributions.TransformedDistribution` for the arguments.
    """

    _stretch_comes_first = True

    @moved_from_contrib("conditional_transformed_distribution")
    def __init__(self, distribution: Any, bijector: Any = None, batch_shape: Any = None, event_shape: Any = None,
                 validate_args: bool = False, name: str | None = None):
        TransformedDistribution.__init__(self, distribution, bijector, batch_shape, event_shape, validate_args, name)

    def _divided(self, kwargs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        return kwargs.get("distribution_kwargs") or {}, kwargs.get("bijector_kwargs") or {}
