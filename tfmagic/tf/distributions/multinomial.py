"""The multinomial distribution: how often each class comes in several draws."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import after, logits_and_probs, nonnegative_integer_form
from tfmagic.tf.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.moving import moved
from tfmagic.tf.distributions.special import log_combinations


@export("distributions.Multinomial")
class Multinomial(Distribution):
    """How often each class comes in several draws.

    Args:
      total_count: how many draws.
      logits: [..., classes], the logarithms of the probabilities but for a constant.
      probs: or the probabilities.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: see `Distribution`.
      name: of the scopes.

    Raises:
      ValueError: `logits` and `probs` are both given, or none.
    """

    @moved("multinomial")
    def __init__(self, total_count: Any, logits: Any = None, probs: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Multinomial"):
        parameters = dict(locals())
        with name_scope(name, values=[total_count, logits, probs]) as scope:
            self._total_count = convert_to_tensor(total_count, name="total_count")
            if validate_args:
                self._total_count = nonnegative_integer_form(self._total_count)
            self._logits, self._probs = logits_and_probs(logits=logits, probs=probs, multidimensional=True,
                                                         validate_args=validate_args, name=scope)
            self._mean_val = self._total_count[..., None] * self._probs
        super().__init__(dtype=self._probs.dtype, reparameterization_type=NOT_REPARAMETERIZED,
                         validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters,
                         graph_parents=[self._total_count, self._logits, self._probs], name=scope)

    @property
    def total_count(self) -> Tensor:
        """How many draws."""
        return self._total_count

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities but for a constant."""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self._probs

    def _batch_shape_tensor(self) -> Tensor:
        return api.shape(self._mean_val)[:-1]

    def _batch_shape(self) -> TensorShape:
        return self._mean_val.get_shape().with_rank_at_least(1)[:-1]

    def _event_shape_tensor(self) -> Tensor:
        return api.shape(self._mean_val)[-1:]

    def _event_shape(self) -> TensorShape:
        return self._mean_val.get_shape().with_rank_at_least(1)[-1:]

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        draws = api.cast(self.total_count, dtype=dtypes.int32)
        k = self.event_shape_tensor()[0]
        # Counts and parameters broadcast, then one member of the batch after the other, each with its own count.
        draws = api.ones_like(self.logits[..., 0], dtype=draws.dtype) * draws
        logits = api.ones_like(draws[..., None], dtype=self.logits.dtype) * self.logits
        rows, counts = api.reshape(logits, [-1, k]), api.reshape(draws, [-1])

        def draw(member: tuple[Tensor, Tensor]) -> Tensor:
            row, count = member[0], member[1]
            drawn = api.random.multinomial(row[None, ...], count, seed=seed)
            return api.reduce_sum(api.one_hot(api.reshape(drawn, shape=[n, -1]), depth=k), axis=-2)

        found = api.map_fn(draw, [rows, n * counts], dtype=self.dtype)
        found = api.transpose(found, perm=[1, 0, 2])
        return api.reshape(found, api.concat([[n], self.batch_shape_tensor(), [k]], 0))

    def _log_prob(self, counts: Tensor) -> Tensor:
        return self._log_unnormalized_prob(counts) - self._log_normalization(counts)

    def _log_unnormalized_prob(self, counts: Tensor) -> Tensor:
        return api.reduce_sum(self._checked(counts) * api.nn.log_softmax(self.logits), -1)

    def _log_normalization(self, counts: Tensor) -> Tensor:
        return -log_combinations(self.total_count, self._checked(counts))

    def _mean(self) -> Tensor:
        return api.identity(self._mean_val)

    def _covariance(self) -> Tensor:
        p = self.probs * api.ones_like(self.total_count)[..., None]
        return api.linalg.set_diag(-api.matmul(self._mean_val[..., None], p[..., None, :]), self._variance())

    def _variance(self) -> Tensor:
        p = self.probs * api.ones_like(self.total_count)[..., None]
        return self._mean_val - self._mean_val * p

    def _checked(self, counts: Tensor) -> Tensor:
        if not self.validate_args:
            return counts
        counts = nonnegative_integer_form(counts)
        return after([api.debugging.assert_equal(self.total_count, api.reduce_sum(counts, -1),
                                                 message="counts must sum to `self.total_count`")], counts)
