"""Distributions with a single value: a number, or a vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.moving import moved_from_contrib


class _OneValue(Distribution):
    """A distribution whose samples are all the same."""

    @moved_from_contrib("deterministic")
    def __init__(self, loc: Any, atol: Any = None, rtol: Any = None, is_vector: bool = False,
                 validate_args: bool = False, allow_nan_stats: bool = True, name: str = "_BaseDeterministic"):
        parameters = dict(locals())
        with name_scope(name, values=[loc, atol, rtol]) as scope:
            loc = convert_to_tensor(loc, name="loc")
            if is_vector and validate_args:
                loc = self._of_rank_at_least_one(loc)
            self._loc = loc
            self._atol = self._tolerance(atol, validate_args)
            self._rtol = self._tolerance(rtol, validate_args)
            # How far from `loc` a value may lie.
            self._slack = self._atol if rtol is None else self._atol + self._rtol * api.abs(self.loc)
        super().__init__(dtype=self._loc.dtype, reparameterization_type=NOT_REPARAMETERIZED,
                         validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters,
                         graph_parents=[self._loc, self._atol, self._rtol], name=scope)

    @staticmethod
    def _of_rank_at_least_one(loc: Tensor) -> Tensor:
        words = "Argument loc must be at least rank 1."
        rank = loc.get_shape().ndims
        if rank is not None:
            if rank < 1:
                raise ValueError(words)
            return loc
        return after([api.debugging.assert_rank_at_least(loc, 1, message=words)], loc)

    def _tolerance(self, tolerance: Any, validate_args: bool) -> Tensor:
        found = convert_to_tensor(0 if tolerance is None else tolerance, dtype=self._loc.dtype)
        if tolerance is None or not validate_args:
            return found
        return after([api.debugging.assert_non_negative(found, message="Argument 'tol' must be non-negative")], found)

    @property
    def loc(self) -> Tensor:
        """The value."""
        return self._loc

    @property
    def atol(self) -> Tensor:
        """How far from it a value may lie."""
        return self._atol

    @property
    def rtol(self) -> Tensor:
        """How far in addition, as a part of its size."""
        return self._rtol

    def _mean(self) -> Tensor:
        return api.identity(self.loc)

    def _variance(self) -> Tensor:
        return api.zeros_like(self.loc)

    def _mode(self) -> Tensor:
        return self.mean()

    def _entropy(self) -> Tensor:
        return api.zeros(self.batch_shape_tensor(), dtype=self.dtype)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        convert_to_tensor(n)
        rank = self.loc.get_shape().ndims
        if rank is None:
            multiples = api.concat([[n], api.ones_like(api.shape(self.loc))], axis=0)
        elif isinstance(n, Tensor):
            multiples = api.concat([[n], np.ones(rank, np.int32)], axis=0)
        else:
            multiples = [int(n)] + [1] * rank
        return api.tile(self.loc[None, ...], multiples)

    def _near(self, x: Tensor) -> Tensor:
        return api.math.less_equal(api.abs(x - self.loc), self._slack)


@export("contrib.distributions.Deterministic")
class Deterministic(_OneValue):
    """A number that is certain.

    Args:
      loc: the number.
      atol: how far from it a value counts as the same; 0.
      rtol: how far in addition, as a part of its size; 0.
      validate_args: whether these are found not to be negative in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.
    """

    @moved_from_contrib("deterministic")
    def __init__(self, loc: Any, atol: Any = None, rtol: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Deterministic"):
        super().__init__(loc, atol=atol, rtol=rtol, validate_args=validate_args, allow_nan_stats=allow_nan_stats,
                         name=name)

    def _batch_shape_tensor(self) -> Tensor:
        return api.shape(self.loc)

    def _batch_shape(self) -> TensorShape:
        return self.loc.get_shape()

    def _event_shape_tensor(self) -> Tensor:
        return api.constant([], dtype=dtypes.int32)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _prob(self, x: Tensor) -> Tensor:
        return api.cast(self._near(x), dtype=self.dtype)

    def _cdf(self, x: Tensor) -> Tensor:
        return api.cast(api.math.greater_equal(x, self.loc - self._slack), dtype=self.dtype)


@export("contrib.distributions.VectorDeterministic")
class VectorDeterministic(_OneValue):
    """A vector that is certain.

    Args:
      loc: the vector [..., n].
      atol: how far from it the numbers of a value may lie; 0.
      rtol: how far in addition, as a part of their sizes; 0.
      validate_args: whether these are found not to be negative, and values to be vectors, in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      ValueError: `validate_args`, and `loc` is a scalar.
    """

    @moved_from_contrib("deterministic")
    def __init__(self, loc: Any, atol: Any = None, rtol: Any = None, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "VectorDeterministic"):
        super().__init__(loc, atol=atol, rtol=rtol, is_vector=True, validate_args=validate_args,
                         allow_nan_stats=allow_nan_stats, name=name)

    def _batch_shape_tensor(self) -> Tensor:
        return api.shape(self.loc)[:-1]

    def _batch_shape(self) -> TensorShape:
        return self.loc.get_shape()[:-1]

    def _event_shape_tensor(self) -> Tensor:
        return api.shape(self.loc)[-1]

    def _event_shape(self) -> TensorShape:
        return self.loc.get_shape()[-1:]

    def _prob(self, x: Tensor) -> Tensor:
        if self.validate_args:
            with get_default_graph().control_dependencies([
                    api.debugging.assert_rank_at_least(x, 1),
                    api.debugging.assert_equal(
                        self.event_shape_tensor(), api.gather(api.shape(x), api.rank(x) - 1),
                        message="Argument 'x' not defined in the same space R^k as this distribution")]):
                x = api.identity(x)
        return api.cast(api.reduce_all(self._near(x), axis=-1), dtype=self.dtype)
