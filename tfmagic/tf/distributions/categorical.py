"""The categorical distribution: the number of one of several classes."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import casting_closed, categorical_event_shape, logits_and_probs
from tfmagic.tf.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.kullback_leibler import divergence
from tfmagic.tf.distributions.moving import moved


def _broadcast(event: Tensor, params: Tensor, base_dtype: Any) -> tuple[Tensor, Tensor]:
    """Class numbers and parameters, each repeated for the other's batch."""
    event = api.cast(event, event.dtype if event.dtype.is_integer else base_dtype)
    given, own = event.get_shape(), params.get_shape()
    known = own.ndims is not None and own[:-1].is_fully_defined() and given.is_fully_defined()
    if not known or own[:-1] != given:
        params = params * api.ones_like(event[..., None], dtype=params.dtype)
        event = event * api.ones(api.shape(params)[:-1], dtype=event.dtype)
        if params.get_shape().ndims is not None:
            event.set_shape(params.get_shape()[:-1])
    return event, params


@export("distributions.Categorical")
class Categorical(Distribution):
    """The number of one of several classes.

    Args:
      logits: [..., classes], the logarithms of the probabilities but for a constant.
      probs: or the probabilities.
      dtype: the type of samples.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: see `Distribution`.
      name: of the scopes.

    Raises:
      ValueError: `logits` and `probs` are both given, or none.
    """

    @moved("categorical")
    def __init__(self, logits: Any = None, probs: Any = None, dtype: Any = dtypes.int32, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Categorical"):
        parameters = dict(locals())
        with name_scope(name, values=[logits, probs]) as scope:
            self._logits, self._probs = logits_and_probs(logits=logits, probs=probs, validate_args=validate_args,
                                                         multidimensional=True, name=scope)
            if validate_args:
                self._logits = categorical_event_shape(self._logits)
            known = self._logits.get_shape().with_rank_at_least(1)
            if known.ndims is not None:
                self._batch_rank = convert_to_tensor(known.ndims - 1, dtype=dtypes.int32, name="batch_rank")
            else:
                with name_scope("batch_rank"):
                    self._batch_rank = api.rank(self._logits) - 1
            dims = api.shape(self._logits, name="logits_shape")
            if known[-1].value is not None:
                self._event_size = convert_to_tensor(known[-1].value, dtype=dtypes.int32, name="event_size")
            else:
                with name_scope("event_size"):
                    self._event_size = dims[self._batch_rank]
            if known[:-1].is_fully_defined():
                self._batch_shape_val = api.constant(known[:-1].as_list(), dtype=dtypes.int32, name="batch_shape")
            else:
                with name_scope("batch_shape"):
                    self._batch_shape_val = dims[:-1]
        Distribution.__init__(self, dtype=dtype, reparameterization_type=NOT_REPARAMETERIZED,
                              validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters,
                              graph_parents=[self._logits, self._probs], name=scope)

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
        return api.identity(self._batch_shape_val)

    def _batch_shape(self) -> TensorShape:
        return self.logits.get_shape()[:-1]

    def _event_shape_tensor(self) -> Tensor:
        return api.constant([], dtype=dtypes.int32)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        rows = self.logits if self.logits.get_shape().ndims == 2 else api.reshape(self.logits, [-1, self.event_size])
        dtype = dtypes.int64 if self.dtype.size > 4 else dtypes.int32
        drawn = api.random.multinomial(rows, n, seed=seed, output_dtype=dtype)
        drawn = api.reshape(api.transpose(drawn), api.concat([[n], self.batch_shape_tensor()], 0))
        return api.cast(drawn, self.dtype)

    def _cdf(self, k: Tensor) -> Tensor:
        k = convert_to_tensor(k, name="k")
        if self.validate_args:
            k = casting_closed(k, target_dtype=dtypes.int32)
        k, probs = _broadcast(k, self.probs, base_dtype=self.dtype.base_dtype)
        # What comes before a class: a mask over the rows, so that gradients need no indices.
        rows = api.reshape(probs, [-1, self._event_size])
        below = api.sequence_mask(api.reshape(k, [-1]), self._event_size)
        before = api.reduce_sum(api.where(below, rows, api.zeros_like(rows)), axis=-1)
        return api.reshape(before, api.shape(k))

    def _log_prob(self, k: Tensor) -> Tensor:
        k = convert_to_tensor(k, name="k")
        if self.validate_args:
            k = casting_closed(k, target_dtype=dtypes.int32)
        k, logits = _broadcast(k, self.logits, base_dtype=self.dtype.base_dtype)
        return -api.nn.sparse_softmax_cross_entropy_with_logits(labels=k, logits=logits)

    def _entropy(self) -> Tensor:
        return -api.reduce_sum(api.nn.log_softmax(self.logits) * self.probs, axis=-1)

    def _mode(self) -> Tensor:
        mode = api.math.argmax(self.logits, axis=self._batch_rank)
        return api.cast(mode, self.dtype)


@divergence(Categorical, Categorical)
def _kl(a: Categorical, b: Categorical, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_categorical_categorical", values=[a.logits, b.logits]):
        difference = api.nn.log_softmax(a.logits) - api.nn.log_softmax(b.logits)
        return api.reduce_sum(api.nn.softmax(a.logits) * difference, axis=-1)
