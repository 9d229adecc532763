"""What every distribution can do: samples, densities, moments, shapes, each in a scope under its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value, constant_value_as_shape
from tfmagic.graph.tensor_like import is_tensor
from tfmagic.ops import api
from tfmagic.tf.distributions import kullback_leibler
from tfmagic.tf.distributions.choices import pick_vector
from tfmagic.tf.distributions.moving import moved


@export("distributions.ReparameterizationType")
class ReparameterizationType:
    """Whether gradients reach the parameters through samples.

    Args:
      rep_type: its name.
    """

    @moved("distribution")
    def __init__(self, rep_type: str):
        self._rep_type = rep_type

    def __repr__(self) -> str:
        return f"<Reparameteriation Type: {self._rep_type}>"  # TensorFlow's own spelling

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


def _kind(name: str) -> ReparameterizationType:
    kind = ReparameterizationType.__new__(ReparameterizationType)  # the warning is for users
    kind._rep_type = name
    return kind


FULLY_REPARAMETERIZED = _kind("FULLY_REPARAMETERIZED")
NOT_REPARAMETERIZED = _kind("NOT_REPARAMETERIZED")
export("distributions.FULLY_REPARAMETERIZED")(FULLY_REPARAMETERIZED)
export("contrib.distributions.FULLY_REPARAMETERIZED")(FULLY_REPARAMETERIZED)
export("distributions.NOT_REPARAMETERIZED")(NOT_REPARAMETERIZED)
export("contrib.distributions.NOT_REPARAMETERIZED")(NOT_REPARAMETERIZED)


def _first_that_is_there(*ways: Callable[[], Tensor]) -> Tensor:
    """What the first of several ways gives that a distribution has; the error of the first where it has none."""
    refusals: list[NotImplementedError] = []
    for way in ways:
        try:
            return way()
        except NotImplementedError as error:
            refusals.append(error)
    raise refusals[0]


def expand_to_vector(shape: Tensor, name: str) -> tuple[Tensor, Any]:
    """A shape as a vector, and how many elements it has.

    Args:
      shape: an integer scalar or vector.
      name: of the vector where a new one is made.

    Returns:
      The vector, and the number: a NumPy scalar where it is known, else a tensor.

    Raises:
      ValueError: it has another rank.
    """
    known = constant_value(shape)
    count = api.reduce_prod(shape) if known is None else np.prod(known, dtype=shape.dtype.as_numpy_dtype)
    rank = shape.get_shape().ndims
    if rank is None:
        vector_shape = pick_vector(api.equal(api.rank(shape), 0), np.array([1], np.int32), api.shape(shape))
        return api.reshape(shape, vector_shape), count
    if rank == 0:
        if known is None:
            return api.reshape(shape, [1]), count
        return convert_to_tensor(np.array([known], shape.dtype.as_numpy_dtype), name=name), count
    if rank != 1:
        raise ValueError("Input is neither scalar nor vector.")
    return shape, count


@export("distributions.Distribution")
class Distribution:
    """A probability distribution, or a batch of them.

    A class of one's own calls this constructor and gives `_sample_n`, `_log_prob` (or `_prob`), `_batch_shape`,
    `_event_shape` and what else it has: `_mean`, `_entropy`, ... get values that are tensors, within the right scope.

    Args:
      dtype: the type of samples.
      reparameterization_type: `FULLY_REPARAMETERIZED` or `NOT_REPARAMETERIZED`.
      validate_args: whether parameters and values are checked in each run.
      allow_nan_stats: whether a moment that does not exist is NaN; else it is an error.
      parameters: what the constructor was called with.
      graph_parents: the tensors that it is made of.
      name: of the scopes of what it makes.

    Raises:
      ValueError: one of `graph_parents` is no tensor.
    """

    @moved("distribution")
    def __init__(self, dtype: Any, reparameterization_type: Any, validate_args: bool, allow_nan_stats: bool,
                 parameters: dict[str, Any] | None = None, graph_parents: Any = None, name: str | None = None):
        graph_parents = [] if graph_parents is None else graph_parents
        for place, parent in enumerate(graph_parents):
            if parent is None or not is_tensor(parent):
                raise ValueError(f"Graph parent item {place} is not a Tensor; {parent}.")
        if not name or name[-1] != "/":
            with name_scope(name or type(self).__name__) as name:
                pass
        self._dtype = dtype
        self._reparameterization_type = reparameterization_type
        self._allow_nan_stats = allow_nan_stats
        self._validate_args = validate_args
        self._parameters = parameters or {}
        self._graph_parents = graph_parents
        self._name = name

    # --- what it is -------------------------------------------------------------------------------------------------

    @classmethod
    def param_shapes(cls, sample_shape: Any, name: str = "DistributionParamShapes") -> dict[str, Any]:
        """The shapes of parameters with which one sample has the given shape.

        Raises:
          NotImplementedError: the class does not say.
        """
        with name_scope(name, values=[sample_shape]):
            return cls._param_shapes(sample_shape)

    @classmethod
    def _param_shapes(cls, sample_shape: Any) -> dict[str, Any]:
        raise NotImplementedError("_param_shapes not implemented")

    @classmethod
    def param_static_shapes(cls, sample_shape: Any) -> dict[str, TensorShape]:
        """`param_shapes` as static shapes.

        Raises:
          ValueError: `sample_shape` is not fully known.
        """
        if isinstance(sample_shape, TensorShape):
            if not sample_shape.is_fully_defined():
                raise ValueError("TensorShape sample_shape must be fully defined")
            sample_shape = sample_shape.as_list()
        found = {}
        for name, shape in cls.param_shapes(sample_shape).items():
            known = constant_value(shape)
            if known is None:
                raise ValueError("sample_shape must be a fully-defined TensorShape or list/tuple")
            found[name] = TensorShape(known)
        return found

    @property
    def name(self) -> str:
        """The scope of what it makes, with a slash behind."""
        return self._name

    @property
    def dtype(self) -> Any:
        """The type of samples."""
        return self._dtype

    @property
    def parameters(self) -> dict[str, Any]:
        """What the constructor was called with."""
        return {name: value for name, value in self._parameters.items()
                if not name.startswith("__") and name != "self"}

    @property
    def reparameterization_type(self) -> ReparameterizationType:
        """Whether gradients reach the parameters through samples."""
        return self._reparameterization_type

    @property
    def allow_nan_stats(self) -> bool:
        """Whether a moment that does not exist is NaN; else it is an error."""
        return self._allow_nan_stats

    @property
    def validate_args(self) -> bool:
        """Whether parameters and values are checked in each run."""
        return self._validate_args

    def copy(self, **override_parameters_kwargs: Any) -> Distribution:
        """A distribution of the same class with other parameters."""
        return type(self)(**dict(self.parameters, **override_parameters_kwargs))

    @contextmanager
    def _name_scope(self, name: str | None = None, values: Any = None) -> Iterator[str]:
        with name_scope(self.name), name_scope(name, values=([] if values is None else values) + self._graph_parents) \
                as scope:
            yield scope

    def _lacks(self, what: str) -> NoReturn:
        raise NotImplementedError(f"{what} is not implemented: {type(self).__name__}")

    # --- shapes -----------------------------------------------------------------------------------------------------

    def _shape_tensor(self, kind: str, static: TensorShape, name: str) -> Tensor:
        with self._name_scope(name):
            if static.is_fully_defined():
                return convert_to_tensor(static.as_list(), dtype=dtypes.int32, name=f"{kind}_shape")
            return self._batch_shape_tensor() if kind == "batch" else self._event_shape_tensor()

    def _batch_shape_tensor(self) -> Tensor:
        self._lacks("batch_shape_tensor")

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Tensor:
        """How many distributions it is, as an int32 vector."""
        return self._shape_tensor("batch", self.batch_shape, name)

    def _batch_shape(self) -> Any:
        return TensorShape(None)

    @property
    def batch_shape(self) -> TensorShape:
        """How many distributions it is, as far as that is known."""
        return as_shape(self._batch_shape())

    def _event_shape_tensor(self) -> Tensor:
        self._lacks("event_shape_tensor")

    def event_shape_tensor(self, name: str = "event_shape_tensor") -> Tensor:
        """The shape of one sample of one of them, as an int32 vector."""
        return self._shape_tensor("event", self.event_shape, name)

    def _event_shape(self) -> Any:
        return TensorShape(None)

    @property
    def event_shape(self) -> TensorShape:
        """The shape of one sample of one of them, as far as that is known."""
        return as_shape(self._event_shape())

    def is_scalar_event(self, name: str = "is_scalar_event") -> Tensor:
        """Whether one sample of one of them is a scalar."""
        with self._name_scope(name):
            scalar = self._is_scalar(self.event_shape, self.event_shape_tensor)
            return convert_to_tensor(scalar, name="is_scalar_event")

    def is_scalar_batch(self, name: str = "is_scalar_batch") -> Tensor:
        """Whether it is a single distribution."""
        with self._name_scope(name):
            scalar = self._is_scalar(self.batch_shape, self.batch_shape_tensor)
            return convert_to_tensor(scalar, name="is_scalar_batch")

    @staticmethod
    def _is_scalar(static: TensorShape, dynamic: Callable[[], Tensor]) -> Any:
        if static.ndims is not None:
            return static.ndims == 0
        shape = dynamic()
        dims = shape.get_shape()
        if dims.ndims is not None and dims[0].value is not None:
            return dims.as_list() == [0]
        return api.equal(api.shape(shape)[0], 0)

    def _expand_sample_shape_to_vector(self, x: Tensor, name: str) -> tuple[Tensor, Any]:
        return expand_to_vector(x, name)

    def _set_sample_static_shape(self, x: Tensor, sample_shape: Any) -> Tensor:
        """Note on `x` what the shapes of samples, batch and event say."""
        samples = constant_value_as_shape(sample_shape)
        batch, event = self.batch_shape, self.event_shape
        rank = x.get_shape().ndims
        ranks: list[Any] = [samples.ndims, batch.ndims, event.ndims]
        if rank is None:
            if None in ranks:
                return x
            rank = sum(ranks)
            x.set_shape([None] * rank)
        if samples.ndims is not None:
            x.set_shape(x.get_shape().merge_with(samples.concatenate([None] * (rank - samples.ndims))))
        if event.ndims is not None:
            x.set_shape(x.get_shape().merge_with(TensorShape([None] * (rank - event.ndims)).concatenate(event)))
        if batch.ndims is not None and ranks.count(None) <= 1:
            before = rank - ranks[1] - ranks[2] if samples.ndims is None else samples.ndims
            after = rank - before - batch.ndims
            x.set_shape(x.get_shape().merge_with(
                TensorShape([None] * before).concatenate(batch).concatenate([None] * after)))
        return x

    # --- samples ----------------------------------------------------------------------------------------------------

    def _sample_n(self, *args: Any, **kwargs: Any) -> Tensor:
        self._lacks("sample_n")

    def _call_sample_n(self, sample_shape: Any, seed: int | None, name: str, **kwargs: Any) -> Tensor:
        with self._name_scope(name, values=[sample_shape]):
            shape = convert_to_tensor(sample_shape, dtype=dtypes.int32, name="sample_shape")
            shape, count = self._expand_sample_shape_to_vector(shape, "sample_shape")
            found = self._sample_n(count, seed, **kwargs)
            rest = api.shape(found)[1:]
            found = api.reshape(found, api.concat([shape, rest], 0))
            return self._set_sample_static_shape(found, shape)

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: str = "sample") -> Tensor:
        """Samples.

        Args:
          sample_shape: how many, an int32 scalar or vector.
          seed: an int for the same samples in each session.
          name: of the scope.

        Returns:
          A tensor [*sample_shape, *batch_shape, *event_shape].
        """
        return self._call_sample_n(sample_shape, seed, name)

    # --- densities --------------------------------------------------------------------------------------------------

    def _at(self, value: Any, name: str, *ways: Callable[..., Tensor], **kwargs: Any) -> Tensor:
        """What the first way that is there gives for a value, in a scope of its own."""
        with self._name_scope(name, values=[value]):
            tensor = convert_to_tensor(value, name="value", preferred_dtype=self.dtype)
            return _first_that_is_there(*(lambda way=way: way(tensor, **kwargs) for way in ways))

    def _log_prob(self, *args: Any, **kwargs: Any) -> Tensor:
        self._lacks("log_prob")

    def _call_log_prob(self, value: Any, name: str, **kwargs: Any) -> Tensor:
        return self._at(value, name, self._log_prob, lambda x, **more: api.log(self._prob(x, **more)), **kwargs)

    def log_prob(self, value: Any, name: str = "log_prob") -> Tensor:
        """The logarithm of the density (or probability) at a value."""
        return self._call_log_prob(value, name)

    def _prob(self, *args: Any, **kwargs: Any) -> Tensor:
        self._lacks("prob")

    def _call_prob(self, value: Any, name: str, **kwargs: Any) -> Tensor:
        return self._at(value, name, self._prob, lambda x, **more: api.exp(self._log_prob(x, **more)), **kwargs)

    def prob(self, value: Any, name: str = "prob") -> Tensor:
        """The density (or probability) at a value."""
        return self._call_prob(value, name)

    def _log_cdf(self, *args: Any, **kwargs: Any) -> Tensor:
        self._lacks("log_cdf")

    def _call_log_cdf(self, value: Any, name: str, **kwargs: Any) -> Tensor:
        return self._at(value, name, self._log_cdf, lambda x, **more: api.log(self._cdf(x, **more)), **kwargs)

    def log_cdf(self, value: Any, name: str = "log_cdf") -> Tensor:
        """The logarithm of the probability of at most a value."""
        return self._call_log_cdf(value, name)

    def _cdf(self, *args: Any, **kwargs: Any) -> Tensor:
        self._lacks("cdf")

    def _call_cdf(self, value: Any, name: str, **kwargs: Any) -> Tensor:
        return self._at(value, name, self._cdf, lambda x, **more: api.exp(self._log_cdf(x, **more)), **kwargs)

    def cdf(self, value: Any, name: str = "cdf") -> Tensor:
        """The probability of at most a value."""
        return self._call_cdf(value, name)

    def _log_survival_function(self, *args: Any, **kwargs: Any) -> Tensor:
        self._lacks("log_survival_function")

    def _call_log_survival_function(self, value: Any, name: str, **kwargs: Any) -> Tensor:
        return self._at(value, name, self._log_survival_function,
                        lambda x, **more: api.math.log1p(-self.cdf(x, **more)), **kwargs)

    def log_survival_function(self, value: Any, name: str = "log_survival_function") -> Tensor:
        """The logarithm of the probability of more than a value."""
        return self._call_log_survival_function(value, name)

    def _survival_function(self, *args: Any, **kwargs: Any) -> Tensor:
        self._lacks("survival_function")

    def _call_survival_function(self, value: Any, name: str, **kwargs: Any) -> Tensor:
        return self._at(value, name, self._survival_function, lambda x, **more: 1.0 - self.cdf(x, **more), **kwargs)

    def survival_function(self, value: Any, name: str = "survival_function") -> Tensor:
        """The probability of more than a value."""
        return self._call_survival_function(value, name)

    def _quantile(self, *args: Any, **kwargs: Any) -> Tensor:
        self._lacks("quantile")

    def _call_quantile(self, value: Any, name: str, **kwargs: Any) -> Tensor:
        return self._at(value, name, self._quantile, **kwargs)

    def quantile(self, value: Any, name: str = "quantile") -> Tensor:
        """The value below which samples fall with a probability."""
        return self._call_quantile(value, name)

    # --- moments ----------------------------------------------------------------------------------------------------

    def _entropy(self) -> Tensor:
        self._lacks("entropy")

    def entropy(self, name: str = "entropy") -> Tensor:
        """Shannon's entropy in nats."""
        with self._name_scope(name):
            return self._entropy()

    def _mean(self) -> Tensor:
        self._lacks("mean")

    def mean(self, name: str = "mean") -> Tensor:
        """The mean."""
        with self._name_scope(name):
            return self._mean()

    def _variance(self) -> Tensor:
        self._lacks("variance")

    def variance(self, name: str = "variance") -> Tensor:
        """The variance of each number."""
        with self._name_scope(name):
            return _first_that_is_there(self._variance, lambda: api.square(self._stddev()))

    def _stddev(self) -> Tensor:
        self._lacks("stddev")

    def stddev(self, name: str = "stddev") -> Tensor:
        """The standard deviation of each number."""
        with self._name_scope(name):
            return _first_that_is_there(self._stddev, lambda: api.sqrt(self._variance()))

    def _covariance(self) -> Tensor:
        self._lacks("covariance")

    def covariance(self, name: str = "covariance") -> Tensor:
        """The covariances of the numbers of one sample."""
        with self._name_scope(name):
            return self._covariance()

    def _mode(self) -> Tensor:
        self._lacks("mode")

    def mode(self, name: str = "mode") -> Tensor:
        """The most probable value."""
        with self._name_scope(name):
            return self._mode()

    # --- two distributions ------------------------------------------------------------------------------------------

    def _cross_entropy(self, other: Distribution) -> Tensor:
        return kullback_leibler.cross_entropy(self, other, allow_nan_stats=self.allow_nan_stats)

    def cross_entropy(self, other: Distribution, name: str = "cross_entropy") -> Tensor:
        """Shannon's cross entropy with another distribution."""
        with self._name_scope(name):
            return self._cross_entropy(other)

    def _kl_divergence(self, other: Distribution) -> Tensor:
        return kullback_leibler.kl_divergence(self, other, allow_nan_stats=self.allow_nan_stats)

    def kl_divergence(self, other: Distribution, name: str = "kl_divergence") -> Tensor:
        """The Kullback-Leibler divergence from another distribution (see `tf.distributions.kl_divergence`)."""
        with self._name_scope(name):
            return self._kl_divergence(other)

    # --- as text ----------------------------------------------------------------------------------------------------

    def _shown(self, form: str) -> str:
        return "".join(form.format(kind, shape) for kind, shape in (
            ("batch", self.batch_shape), ("event", self.event_shape))
            if shape.ndims is not None or form[0] == " ")

    def __str__(self) -> str:
        return (f'tfp.distributions.{type(self).__name__}("{self.name}"{self._shown(", {}_shape={}")}, '
                f"dtype={self.dtype.name})")

    def __repr__(self) -> str:
        return (f"<tfp.distributions.{type(self).__name__} '{self.name}'{self._shown(' {}_shape={}')} "
                f"dtype={self.dtype.name}>")
