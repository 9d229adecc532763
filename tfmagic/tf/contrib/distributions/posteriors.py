"""What is known of a normal distribution's mean once numbers are seen."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.distributions.normal import Normal


def _posterior(prior: Any, scale: Any, s: Any, n: Any) -> tuple[Tensor, Tensor, Tensor]:
    """The mean, its variance, and that of a number."""
    if not isinstance(prior, Normal):
        raise TypeError("Expected prior to be an instance of type Normal")
    if s.dtype != prior.dtype:
        raise TypeError(f"Observation sum s.dtype does not match prior dtype: {s.dtype} vs. {prior.dtype}")
    n = api.cast(n, prior.dtype)
    before, own = api.square(prior.scale), api.square(scale)
    variance = 1.0 / (1 / before + n / own)
    return (prior.loc / before + s / own) * variance, variance, own


@export("contrib.distributions.normal_conjugates_known_scale_posterior")
def normal_conjugates_known_scale_posterior(prior: Any, scale: Any, s: Any, n: Any) -> Normal:
    """The distribution of the mean, once numbers are seen.

    Args:
      prior: its `Normal` distribution before.
      scale: the numbers' standard deviation.
      s: their sum, a tensor of the type of the prior.
      n: how many there are.

    Raises:
      TypeError: `prior` is not normal, or `s` of another type.
    """
    loc, variance, _ = _posterior(prior, scale, s, n)
    return Normal(loc=loc, scale=api.sqrt(variance))


@export("contrib.distributions.normal_conjugates_known_scale_predictive")
def normal_conjugates_known_scale_predictive(prior: Any, scale: Any, s: Any, n: Any) -> Normal:
    """The distribution of the next number, once numbers are seen.

    Args:
      prior: the `Normal` distribution of their mean before.
      scale: the numbers' standard deviation.
      s: their sum, a tensor of the type of the prior.
      n: how many there are.

    Raises:
      TypeError: `prior` is not normal, or `s` of another type.
    """
    loc, variance, own = _posterior(prior, scale, s, n)
    return Normal(loc=loc, scale=api.sqrt(variance + own))
