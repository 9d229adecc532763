"""Relaxed categories: numbers between 0 and 1 near to one of two, or of several, classes, with gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.bijectors.elementwise import Exp, Sigmoid
from tfmagic.tf.contrib.distributions.one_hot import OverClasses
from tfmagic.tf.contrib.distributions.real import Logistic
from tfmagic.tf.distributions.arguments import logits_and_probs, positive
from tfmagic.tf.distributions.distribution import FULLY_REPARAMETERIZED
from tfmagic.tf.distributions.moving import moved_from_contrib
from tfmagic.tf.distributions.transformed import TransformedDistribution


@export("contrib.distributions.RelaxedBernoulli")
class RelaxedBernoulli(TransformedDistribution):
    """Numbers between 0 and 1, the nearer to either the lower the temperature.

    Args:
      temperature: positive.
      logits: the log-odds of 1.
      probs: or its probability.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      ValueError: `logits` and `probs` are both given, or none.
    """

    @moved_from_contrib("relaxed_bernoulli")
    def __init__(self, temperature: Any, logits: Any = None, probs: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "RelaxedBernoulli"):
        parameters = dict(locals())
        with name_scope(name, values=[logits, probs, temperature]) as scope:
            with positive(temperature, validate=validate_args):
                self._temperature = api.identity(temperature, name="temperature")
            self._logits, self._probs = logits_and_probs(logits=logits, probs=probs, validate_args=validate_args)
            super().__init__(
                distribution=Logistic(self._logits / self._temperature, 1.0 / self._temperature,
                                      validate_args=validate_args, allow_nan_stats=allow_nan_stats,
                                      name=f"{scope}/Logistic"),
                bijector=Sigmoid(validate_args=validate_args), validate_args=validate_args, name=scope)
        self._parameters = parameters

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return {"logits": convert_to_tensor(sample_shape, dtype=dtypes.int32)}

    @property
    def temperature(self) -> Tensor:
        """How far from 0 and 1 samples lie."""
        return self._temperature

    @property
    def logits(self) -> Tensor:
        """The log-odds of 1."""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """The probability of 1."""
        return self._probs


@export("contrib.distributions.ExpRelaxedOneHotCategorical")
class ExpRelaxedOneHotCategorical(OverClasses):
    """The logarithms of what `RelaxedOneHotCategorical` gives.

    Args:
      temperature: positive.
      logits: [..., classes], the logarithms of the probabilities but for a constant.
      probs: or the probabilities.
      dtype: the type of samples; that of the parameters.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      ValueError: `logits` and `probs` are both given, or none.
    """

    @moved_from_contrib("relaxed_onehot_categorical")
    def __init__(self, temperature: Any, logits: Any = None, probs: Any = None, dtype: Any = None,
                 validate_args: bool = False, allow_nan_stats: bool = True, name: str = "ExpRelaxedOneHotCategorical"):
        parameters = dict(locals())
        with name_scope(name, values=[logits, probs, temperature]) as scope:
            self._logits, self._probs = logits_and_probs(name=scope, logits=logits, probs=probs,
                                                         validate_args=validate_args, multidimensional=True)
            dtype = self._logits.dtype if dtype is None else dtype
            temperature = api.cast(temperature, dtype)
            with positive(temperature, validate=validate_args):
                self._temperature = api.identity(temperature, name="temperature")
                self._temperature_2d = api.reshape(temperature, [-1, 1], name="temperature_2d")
            self._count_classes()
        super().__init__(dtype=dtype, reparameterization_type=FULLY_REPARAMETERIZED, validate_args=validate_args,
                         allow_nan_stats=allow_nan_stats, parameters=parameters,
                         graph_parents=[self._logits, self._probs, self._temperature], name=scope)

    @property
    def temperature(self) -> Tensor:
        """How far from a single class samples lie."""
        return self._temperature

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        shape = api.concat([[n], api.shape(self.logits)], 0)
        logits = self._rows(self.logits * api.ones(shape, dtype=self.dtype))
        # Never 0, of which there is no logarithm.
        drawn = api.random.uniform(shape=api.shape(logits), minval=np.finfo(self.dtype.as_numpy_dtype).tiny,
                                   maxval=1.0, dtype=self.dtype, seed=seed)
        gumbel = -api.log(-api.log(drawn))
        return api.reshape(api.nn.log_softmax(api.div(gumbel + logits, self._temperature_2d)), shape)

    def _log_prob(self, x: Tensor) -> Tensor:
        x, logits = self._broadcast(self._checked(x))
        shape = api.shape(api.reduce_sum(logits, axis=[-1]))
        logits, x = self._rows(logits), self._rows(x)
        classes = api.cast(self.event_size, x.dtype)
        constant = api.math.lgamma(classes) + (classes - 1.0) * api.log(self.temperature)
        terms = api.nn.log_softmax(logits - x * self._temperature_2d)
        return api.reshape(constant + api.reduce_sum(terms, axis=[-1]), shape)


@export("contrib.distributions.RelaxedOneHotCategorical")
class RelaxedOneHotCategorical(TransformedDistribution):
    """Vectors that sum up to 1, the nearer to a single class the lower the temperature.

    Args:
      temperature: positive.
      logits: [..., classes], the logarithms of the probabilities but for a constant.
      probs: or the probabilities.
      dtype: the type of samples; that of the parameters.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      ValueError: `logits` and `probs` are both given, or none.
    """

    @moved_from_contrib("relaxed_onehot_categorical")
    def __init__(self, temperature: Any, logits: Any = None, probs: Any = None, dtype: Any = None,
                 validate_args: bool = False, allow_nan_stats: bool = True, name: str = "RelaxedOneHotCategorical"):
        logarithms = ExpRelaxedOneHotCategorical(temperature, logits=logits, probs=probs, dtype=dtype,
                                                 validate_args=validate_args, allow_nan_stats=allow_nan_stats)
        super().__init__(distribution=logarithms, bijector=Exp(), name=name)
