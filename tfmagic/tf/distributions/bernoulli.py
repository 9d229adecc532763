"""The Bernoulli distribution: yes or no."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import casting_closed, logits_and_probs
from tfmagic.tf.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.kullback_leibler import divergence
from tfmagic.tf.distributions.moving import moved
from tfmagic.tf.distributions.scalar_events import ScalarEvent


@export("distributions.Bernoulli")
class Bernoulli(ScalarEvent):
    """1 with a probability, else 0.

    Args:
      logits: the log-odds of 1.
      probs: or its probability.
      dtype: the type of samples.
      validate_args: whether the parameters and values are checked in each run.
      allow_nan_stats: see `Distribution`.
      name: of the scopes.

    Raises:
      ValueError: `logits` and `probs` are both given, or none.
    """

    @moved("bernoulli")
    def __init__(self, logits: Any = None, probs: Any = None, dtype: Any = dtypes.int32, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Bernoulli"):
        parameters = dict(locals())
        with name_scope(name) as scope:
            self._logits, self._probs = logits_and_probs(logits=logits, probs=probs, validate_args=validate_args,
                                                         name=scope)
        Distribution.__init__(self, dtype=dtype, reparameterization_type=NOT_REPARAMETERIZED,
                              validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters,
                              graph_parents=[self._logits, self._probs], name=scope)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return {"logits": convert_to_tensor(sample_shape, dtype=dtypes.int32)}

    @property
    def logits(self) -> Tensor:
        """The log-odds of 1."""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """The probability of 1."""
        return self._probs

    def _batch_shape_tensor(self) -> Tensor:
        return api.shape(self._logits)

    def _batch_shape(self) -> TensorShape:
        return self._logits.get_shape()

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        drawn = api.random.uniform(api.concat([[n], self.batch_shape_tensor()], 0), seed=seed, dtype=self.probs.dtype)
        return api.cast(api.less(drawn, self.probs), self.dtype)

    def _log_prob(self, event: Tensor) -> Tensor:
        if self.validate_args:
            event = casting_closed(event, target_dtype=dtypes.bool_)
        event = api.cast(event, self.logits.dtype)
        logits = self.logits
        given, own = event.get_shape(), logits.get_shape()
        if not (given.is_fully_defined() and own.is_fully_defined() and given == own):
            logits, event = api.ones_like(event) * logits, api.ones_like(logits) * event
        return -api.nn.sigmoid_cross_entropy_with_logits(labels=event, logits=logits)

    def _entropy(self) -> Tensor:
        return -self.logits * (api.sigmoid(self.logits) - 1) + api.nn.softplus(-self.logits)

    def _mean(self) -> Tensor:
        return api.identity(self.probs)

    def _variance(self) -> Tensor:
        return self._mean() * (1.0 - self.probs)

    def _mode(self) -> Tensor:
        return api.cast(self.probs > 0.5, self.dtype)


@divergence(Bernoulli, Bernoulli)
def _kl(a: Bernoulli, b: Bernoulli, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_bernoulli_bernoulli", values=[a.logits, b.logits]):
        softplus = api.nn.softplus
        no = softplus(-b.logits) - softplus(-a.logits)
        yes = softplus(b.logits) - softplus(a.logits)
        return api.sigmoid(a.logits) * no + api.sigmoid(-a.logits) * yes
