"""Distributions of what a bijector makes of samples of another distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value, constant_value_as_shape
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.distributions.bijector import Identity
from tfmagic.tf.distributions.choices import pick_vector
from tfmagic.tf.distributions.distribution import Distribution
from tfmagic.tf.distributions.moving import moved

# Conditions and sizes are constants of the graph where they are known while it is built.


def _known(x: Any) -> Any:
    return constant_value(convert_to_tensor(x))


def _all(*conditions: Tensor) -> Tensor:
    known = [_known(condition) for condition in conditions]
    if any(one is not None and not bool(one) for one in known):
        return api.constant(False)
    if all(one is not None and bool(one) for one in known):
        return api.constant(True)
    return api.logical_and(*conditions) if len(conditions) == 2 else api.reduce_all(conditions)


def _same(x: Any, y: Any) -> Tensor:
    known_x, known_y = _known(x), _known(y)
    if known_x is None or known_y is None:
        return api.equal(x, y)
    return api.constant(np.array_equal(known_x, known_y))


def _not(x: Tensor) -> Tensor:
    known = _known(x)
    return api.logical_not(x) if known is None else api.constant(np.logical_not(known))


def _one_of(condition: Tensor, there: Any, otherwise: Any) -> Any:
    known = _known(condition)
    if known is None:
        return api.where_v2(condition, there, otherwise)
    return there if known else otherwise


def _rank_of(shape: Tensor) -> Tensor:
    if shape.get_shape().ndims not in (None, 1):
        raise ValueError("input is not a valid shape: not 1D")
    if not shape.dtype.is_integer:
        raise TypeError("input is not a valid shape: wrong dtype")
    if shape.get_shape().is_fully_defined():
        return api.constant(shape.get_shape().as_list()[0])
    return api.shape(shape)[0]


def _joined(*vectors: Any) -> Tensor:
    known = [_known(vector) for vector in vectors]
    if any(one is None for one in known):
        return api.concat(vectors, axis=0)
    return api.constant([int(size) for vector in known for size in vector], dtype=dtypes.int32)


def _ones_like(x: Tensor) -> Tensor:
    if x.get_shape().is_fully_defined():
        return api.ones(x.get_shape().as_list(), dtype=x.dtype)
    return api.ones_like(x)


@export("contrib.distributions.TransformedDistribution")
class TransformedDistribution(Distribution):
    """The distribution of what a bijector makes of samples.

    Args:
      distribution: whose samples.
      bijector: what is made of them; nothing.
      batch_shape: how many distributions it becomes, where `distribution` is a single one.
      event_shape: the shape that samples become, where those of `distribution` are scalars.
      validate_args: whether these shapes are checked in each run.
      name: of the scopes; the names of bijector and distribution.

    Raises:
      ValueError: a shape is given for a distribution that has one.
    """

    _stretch_comes_first = False  # in sums and products

    @moved("transformed_distribution")
    def __init__(self, distribution: Any, bijector: Any = None, batch_shape: Any = None, event_shape: Any = None,
                 validate_args: bool = False, name: str | None = None):
        parameters = dict(locals())
        name = name or (("" if bijector is None else bijector.name) + distribution.name)
        with name_scope(name, values=[event_shape, batch_shape]) as scope:
            self._zero = api.constant(0, dtype=dtypes.int32, name="zero")
            self._empty = api.constant([], dtype=dtypes.int32, name="empty")
            if bijector is None:
                bijector = Identity(validate_args=validate_args)
            self._distribution, self._bijector = distribution, bijector
            self._override_batch_shape = self._given_shape(
                batch_shape, distribution.is_scalar_batch(), validate_args, "batch_shape")
            self._is_batch_override = _not(_same(_rank_of(self._override_batch_shape), self._zero))
            self._is_maybe_batch_override = self._is_given(self._override_batch_shape)
            self._override_event_shape = self._given_shape(
                event_shape, distribution.is_scalar_event(), validate_args, "event_shape")
            self._is_event_override = _not(_same(_rank_of(self._override_event_shape), self._zero))
            self._is_maybe_event_override = self._is_given(self._override_event_shape)
            # A scalar distribution becomes one of vectors by further samples, which then have to move behind the batch.
            self._needs_rotation = _all(self._is_event_override, _not(self._is_batch_override),
                                        _not(distribution.is_scalar_batch()))
            override_rank = _rank_of(self._override_event_shape)
            self._rotate_ndims = _one_of(self._needs_rotation, override_rank, 0)
            self._reduce_event_indices = api.range(self._rotate_ndims - override_rank, self._rotate_ndims)
        super().__init__(dtype=distribution.dtype, reparameterization_type=distribution.reparameterization_type,
                         validate_args=validate_args, allow_nan_stats=distribution.allow_nan_stats,
                         parameters=parameters, name=scope,
                         graph_parents=[*distribution._graph_parents, *bijector.graph_parents])

    @staticmethod
    def _is_given(shape: Tensor) -> bool:
        known = constant_value(shape)
        return bool(known is None or known.size != 0)

    def _given_shape(self, shape: Any, base_is_scalar: Tensor, validate_args: bool, name: str) -> Tensor:
        shape = convert_to_tensor([] if shape is None else shape, dtype=dtypes.int32, name=name)
        is_scalar = _same(_rank_of(shape), 0)
        if constant_value(is_scalar):
            return self._empty
        checks = []
        if shape.get_shape().ndims is not None:
            if shape.get_shape().ndims != 1:
                raise ValueError("shape override must be a vector")
        elif validate_args:
            checks.append(api.debugging.assert_rank(shape, 1, message="shape override must be a vector"))
        known = constant_value(shape)
        if known is not None:
            if any(size <= 0 for size in known):
                raise ValueError("shape override must have positive elements")
        elif validate_args:
            checks.append(api.debugging.assert_positive(shape, message="shape override must have positive elements"))
        both = _all(_not(base_is_scalar), _not(is_scalar))
        if constant_value(both) is not None:
            if constant_value(both):
                raise ValueError("base distribution not scalar")
        elif validate_args:
            checks.append(api.debugging.assert_equal(both, False, message="base distribution not scalar"))
        return after(checks, shape) if checks else shape

    @property
    def distribution(self) -> Any:
        """Whose samples are changed."""
        return self._distribution

    @property
    def bijector(self) -> Any:
        """What is made of them."""
        return self._bijector

    def _event_shape_tensor(self) -> Tensor:
        return self.bijector.forward_event_shape_tensor(pick_vector(
            self._is_event_override, self._override_event_shape, self.distribution.event_shape_tensor()))

    def _event_shape(self) -> TensorShape:
        given = constant_value_as_shape(self._override_event_shape)
        return self.bijector.forward_event_shape(
            given if self._is_maybe_event_override else self.distribution.event_shape)

    def _batch_shape_tensor(self) -> Tensor:
        return pick_vector(self._is_batch_override, self._override_batch_shape,
                           self.distribution.batch_shape_tensor())

    def _batch_shape(self) -> TensorShape:
        given = constant_value_as_shape(self._override_batch_shape)
        return given if self._is_maybe_batch_override else self.distribution.batch_shape

    def _sample_n(self, n: Any, seed: int | None = None, **kwargs: Any) -> Tensor:
        shape = _joined(pick_vector(self._needs_rotation, self._empty, [n]), self._override_batch_shape,
                        self._override_event_shape, pick_vector(self._needs_rotation, [n], self._empty))
        return self._rotated(self.distribution.sample(sample_shape=shape, seed=seed, **kwargs))

    def _call_sample_n(self, sample_shape: Any, seed: int | None, name: str, **kwargs: Any) -> Tensor:
        with self._name_scope(name, values=[sample_shape]):
            shape = convert_to_tensor(sample_shape, dtype=dtypes.int32, name="sample_shape")
            shape, count = self._expand_sample_shape_to_vector(shape, "sample_shape")
            given, kwargs = self._divided(kwargs)
            x = self._sample_n(count, seed, **given)
            # Shaped before the bijector sees it, so that the bijector knows the sample again.
            x = api.reshape(x, api.concat([shape, api.shape(x)[1:]], 0))
            return self._set_sample_static_shape(self.bijector.forward(x, **kwargs), shape)

    def _rotated(self, x: Tensor, right: bool = False) -> Tensor:
        known = constant_value(self._needs_rotation)
        if known is not None and not known:
            return x
        rank = api.rank(x)
        n = rank - self._rotate_ndims if right else self._rotate_ndims
        return api.transpose(x, _joined(api.range(n, rank), api.range(0, n)))

    def _event_ndims(self) -> Any:
        if self.event_shape.ndims is not None:
            return self.event_shape.ndims
        return api.size(self.event_shape_tensor())

    def _for_each_inverse(self, y: Tensor, one: Any, **kwargs: Any) -> Any:
        """What `one(x, stretch)` gives for the inverse of `y`: a list where the bijector has several."""
        event_ndims = self._event_ndims()
        x = self.bijector.inverse(y, **kwargs)
        stretch = self.bijector.inverse_log_det_jacobian(y, event_ndims=event_ndims, **kwargs)

        def term(x: Tensor, stretch: Tensor) -> Tensor:
            return self._shaped(one(x, stretch), y, event_ndims)

        if self.bijector._is_injective:
            return term(x, stretch)
        return [term(*pair) for pair in zip(x, stretch, strict=True)]

    def _log_prob(self, y: Tensor, **kwargs: Any) -> Tensor:
        def one(x: Tensor, stretch: Tensor) -> Tensor:
            found = self.distribution.log_prob(self._rotated(x, right=True), **given)
            if self._is_maybe_event_override:
                found = api.reduce_sum(found, self._reduce_event_indices)
            stretch = api.cast(stretch, found.dtype)
            return stretch + found if self._stretch_comes_first else found + stretch

        given, kwargs = self._divided(kwargs)
        found = self._for_each_inverse(y, one, **kwargs)
        return api.reduce_logsumexp(api.stack(found), axis=0) if isinstance(found, list) else found

    def _prob(self, y: Tensor, **kwargs: Any) -> Tensor:
        def one(x: Tensor, stretch: Tensor) -> Tensor:
            found = self.distribution.prob(self._rotated(x, right=True), **given)
            if self._is_maybe_event_override:
                found = api.reduce_prod(found, self._reduce_event_indices)
            stretch = api.exp(api.cast(stretch, found.dtype))
            return stretch * found if self._stretch_comes_first else found * stretch

        if not hasattr(self.distribution, "_prob"):
            return api.exp(self.log_prob(y, **kwargs))
        given, kwargs = self._divided(kwargs)
        found = self._for_each_inverse(y, one, **kwargs)
        return sum(found) if isinstance(found, list) else found  # type: ignore[return-value]

    def _divided(self, kwargs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Keyword arguments of the distribution, and of the bijector."""
        return {}, kwargs

    def _shaped(self, found: Tensor, y: Tensor, event_ndims: Any) -> Tensor:
        if self._is_maybe_event_override and isinstance(event_ndims, int):
            found.set_shape(api.broadcast_static_shape(
                y.get_shape().with_rank_at_least(1)[:-event_ndims], self.batch_shape))
        return found

    def _refuse(self, what: str) -> None:
        if self._is_maybe_event_override:
            raise NotImplementedError(f"{what} is not implemented when overriding event_shape")
        self._refuse_several_inverses(what)

    def _refuse_several_inverses(self, what: str) -> None:
        if not self.bijector._is_injective:
            raise NotImplementedError(f"{what} is not implemented when bijector is not injective.")

    def _log_cdf(self, y: Tensor, **kwargs: Any) -> Tensor:
        self._refuse("log_cdf")
        given, kwargs = self._divided(kwargs)
        return self.distribution.log_cdf(self.bijector.inverse(y, **kwargs), **given)

    def _cdf(self, y: Tensor, **kwargs: Any) -> Tensor:
        self._refuse("cdf")
        given, kwargs = self._divided(kwargs)
        return self.distribution.cdf(self.bijector.inverse(y, **kwargs), **given)

    def _log_survival_function(self, y: Tensor, **kwargs: Any) -> Tensor:
        self._refuse("log_survival_function")
        given, kwargs = self._divided(kwargs)
        return self.distribution.log_survival_function(self.bijector.inverse(y, **kwargs), **given)

    def _survival_function(self, y: Tensor, **kwargs: Any) -> Tensor:
        self._refuse("survival_function")
        given, kwargs = self._divided(kwargs)
        return self.distribution.survival_function(self.bijector.inverse(y, **kwargs), **given)

    def _quantile(self, value: Tensor, **kwargs: Any) -> Tensor:
        self._refuse("quantile")
        given, kwargs = self._divided(kwargs)
        return self.bijector.forward(self.distribution.quantile(value, **given), **kwargs)

    def _entropy(self) -> Tensor:
        if not self.bijector.is_constant_jacobian:
            raise NotImplementedError("entropy is not implemented")
        self._refuse_several_inverses("entropy")
        entropy = self.distribution.entropy()
        if self._is_maybe_event_override:  # the parts of an event are independent
            entropy *= api.cast(api.reduce_prod(self._override_event_shape), dtype=entropy.dtype.base_dtype)
        if self._is_maybe_batch_override:
            entropy = api.reshape(entropy, api.concat([_ones_like(self._override_batch_shape),
                                                       self.distribution.batch_shape_tensor()], 0))
            entropy = api.tile(entropy, api.concat([self._override_batch_shape, _ones_like(
                self.distribution.batch_shape_tensor())], 0))
        anywhere = api.zeros(shape=api.concat([self.batch_shape_tensor(), self.event_shape_tensor()], 0),
                             dtype=self.dtype)
        stretch = self.bijector.inverse_log_det_jacobian(anywhere, event_ndims=self._event_ndims())
        entropy -= api.cast(stretch, entropy.dtype)
        entropy.set_shape(self.batch_shape)
        return entropy
