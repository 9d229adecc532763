"""The categorical distribution whose samples are vectors with a single 1."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import after, logits_and_probs
from tfmagic.tf.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.kullback_leibler import divergence
from tfmagic.tf.distributions.moving import moved_from_contrib


class OverClasses(Distribution):
    """A distribution of vectors with a number for each of several classes."""

    _logits: Tensor
    _probs: Tensor

    def _count_classes(self) -> None:
        """Make the nodes of how many batch dimensions and classes there are."""
        known = self._logits.get_shape().with_rank_at_least(1)
        if known.ndims is not None:
            self._batch_rank = convert_to_tensor(known.ndims - 1, dtype=dtypes.int32, name="batch_rank")
        else:
            with name_scope("batch_rank"):
                self._batch_rank = api.rank(self._logits) - 1
        with name_scope("event_size"):
            self._event_size = api.shape(self._logits)[-1]

    @property
    def event_size(self) -> Tensor:
        """How many classes there are, an int32 scalar."""
        return self._event_size

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities but for a constant."""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self._probs

    def _batch_shape_tensor(self) -> Tensor:
        return api.shape(self.logits)[:-1]

    def _batch_shape(self) -> TensorShape:
        return self.logits.get_shape()[:-1]

    def _event_shape_tensor(self) -> Tensor:
        return api.shape(self.logits)[-1:]

    def _event_shape(self) -> TensorShape:
        return self.logits.get_shape().with_rank_at_least(1)[-1:]

    def _rows(self, x: Tensor) -> Tensor:
        return api.reshape(x, [-1, self.event_size])

    def _broadcast(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Values and logits, each repeated for the other's batch."""
        logits = self.logits
        given, own = x.get_shape(), logits.get_shape()
        if not (given.is_fully_defined() and own.is_fully_defined() and given == own):
            logits = api.ones_like(x, dtype=logits.dtype) * logits
            x = api.ones_like(logits, dtype=x.dtype) * x
        return x, logits

    def _checked(self, x: Tensor) -> Tensor:
        if not self.validate_args:
            return x
        return after([api.debugging.assert_non_positive(x),
                      api.debugging.assert_near(api.zeros([], dtype=self.dtype),
                                                api.reduce_logsumexp(x, axis=[-1]))], x)


@export("contrib.distributions.OneHotCategorical")
class OneHotCategorical(OverClasses):
    """One of several classes as a vector with a single 1.

    Args:
      logits: [..., classes], the logarithms of the probabilities but for a constant.
      probs: or the probabilities.
      dtype: the type of samples.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.
    """

    @moved_from_contrib("onehot_categorical")
    def __init__(self, logits: Any = None, probs: Any = None, dtype: Any = dtypes.int32, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "OneHotCategorical"):
        parameters = dict(locals())
        with name_scope(name, values=[logits, probs]) as scope:
            self._logits, self._probs = logits_and_probs(name=scope, logits=logits, probs=probs,
                                                         validate_args=validate_args, multidimensional=True)
            self._count_classes()
        super().__init__(dtype=dtype, reparameterization_type=NOT_REPARAMETERIZED, validate_args=validate_args,
                         allow_nan_stats=allow_nan_stats, parameters=parameters,
                         graph_parents=[self._logits, self._probs], name=scope)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        shape = api.concat([[n], api.shape(self.logits)], 0)
        logits = self.logits
        rows = logits if logits.get_shape().ndims == 2 else self._rows(logits)
        drawn = api.transpose(api.random.multinomial(rows, n, seed=seed))
        found = api.reshape(api.one_hot(drawn, self.event_size, dtype=self.dtype), shape)
        found.set_shape(self._with_samples(n))
        return found

    def _with_samples(self, n: Any) -> TensorShape:
        count = None if isinstance(n, Tensor) else int(n)
        return TensorShape([count]).concatenate(self.logits.get_shape())

    def _log_prob(self, x: Tensor) -> Tensor:
        x, logits = self._broadcast(self._checked(x))
        shape = api.shape(api.reduce_sum(logits, axis=-1))
        logits, x = self._rows(logits), self._rows(x)
        found = -api.nn.softmax_cross_entropy_with_logits(labels=x, logits=logits)
        return api.reshape(found, shape)

    def _entropy(self) -> Tensor:
        return -api.reduce_sum(api.nn.log_softmax(self.logits) * self.probs, axis=-1)

    def _mode(self) -> Tensor:
        mode = api.math.argmax(self.logits, axis=self._batch_rank)
        found = api.one_hot(mode, self.event_size, dtype=self.dtype)
        found.set_shape(self.logits.get_shape())
        return found

    def _covariance(self) -> Tensor:
        product = -api.matmul(self.probs[..., None], self.probs[..., None, :])
        return api.linalg.set_diag(product, self._variance())

    def _variance(self) -> Tensor:
        return self.probs * (1.0 - self.probs)


@divergence(OneHotCategorical, OneHotCategorical)
def _kl(a: OneHotCategorical, b: OneHotCategorical, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_categorical_categorical", values=[a.logits, b.logits]):
        return api.reduce_sum(
            api.nn.softmax(a.logits) * (api.nn.log_softmax(a.logits) - api.nn.log_softmax(b.logits)), axis=-1)
