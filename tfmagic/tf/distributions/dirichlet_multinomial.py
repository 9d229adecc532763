"""The Dirichlet-multinomial distribution: counts of classes whose probabilities are not known."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import after, categorical_event_shape, nonnegative_integer_form
from tfmagic.tf.distributions.dirichlet import Weighted
from tfmagic.tf.distributions.distribution import NOT_REPARAMETERIZED
from tfmagic.tf.distributions.moving import moved
from tfmagic.tf.distributions.new_seed import new_seed
from tfmagic.tf.distributions.special import log_combinations


@export("distributions.DirichletMultinomial")
class DirichletMultinomial(Weighted):
    """Counts of classes whose probabilities are themselves drawn.

    Args:
      total_count: how many draws.
      concentration: the weights [..., classes], positive.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: see `Distribution`.
      name: of the scopes.
    """

    @moved("dirichlet_multinomial")
    def __init__(self, total_count: Any, concentration: Any, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "DirichletMultinomial"):
        parameters = dict(locals())
        with name_scope(name, values=[total_count, concentration]) as scope:
            self._total_count = convert_to_tensor(total_count, name="total_count")
            if validate_args:
                self._total_count = nonnegative_integer_form(self._total_count)
            self._concentration = convert_to_tensor(concentration, name="concentration")
            if validate_args:
                weights = categorical_event_shape(self._concentration)
                self._concentration = after([api.debugging.assert_positive(
                    weights, message="Concentration parameter must be positive.")], weights)
            self._total_concentration = api.reduce_sum(self._concentration, -1)
        super().__init__(dtype=self._concentration.dtype, validate_args=validate_args,
                         allow_nan_stats=allow_nan_stats, reparameterization_type=NOT_REPARAMETERIZED,
                         parameters=parameters, graph_parents=[self._total_count, self._concentration], name=scope)

    @property
    def total_count(self) -> Tensor:
        """How many draws."""
        return self._total_count

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        draws = api.cast(self.total_count, dtype=dtypes.int32)
        k = self.event_shape_tensor()[0]
        weights = api.random.gamma(shape=[n], alpha=self.concentration, dtype=self.dtype, seed=seed)
        drawn = api.random.multinomial(logits=api.reshape(api.log(weights), [-1, k]), num_samples=draws,
                                       seed=new_seed(seed, salt="dirichlet_multinomial"))
        counts = api.reduce_sum(api.one_hot(drawn, depth=k), -2)
        counts = api.reshape(counts, api.concat([[n], self.batch_shape_tensor(), [k]], 0))
        return api.cast(counts, self.dtype)

    def _log_prob(self, counts: Tensor) -> Tensor:
        counts = self._checked(counts)
        probability = (api.math.lbeta(self.concentration + counts) - api.math.lbeta(self.concentration))
        return probability + log_combinations(self.total_count, counts)

    def _prob(self, counts: Tensor) -> Tensor:
        return api.exp(self._log_prob(counts))

    def _mean(self) -> Tensor:
        return self.total_count * (self.concentration / self.total_concentration[..., None])

    def _covariance(self) -> Tensor:
        x = self._variance_scale_term() * self._mean()
        return api.linalg.set_diag(-api.matmul(x[..., None], x[..., None, :]), self._variance())

    def _variance(self) -> Tensor:
        scale = self._variance_scale_term()
        x = scale * self._mean()
        return x * (self.total_count * scale - x)

    def _variance_scale_term(self) -> Tensor:
        c0 = self.total_concentration[..., None]
        return api.sqrt((1.0 + c0 / self.total_count) / (1.0 + c0))

    def _checked(self, counts: Tensor) -> Tensor:
        if not self.validate_args:
            return counts
        counts = nonnegative_integer_form(counts)
        return after([api.debugging.assert_equal(self.total_count, api.reduce_sum(counts, -1),
                                                 message="counts last-dimension must sum to `self.total_count`")],
                     counts)
