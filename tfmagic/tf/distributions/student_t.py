"""Student's t distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import after, positive
from tfmagic.tf.distributions.distribution import FULLY_REPARAMETERIZED, Distribution
from tfmagic.tf.distributions.moving import moved
from tfmagic.tf.distributions.new_seed import new_seed
from tfmagic.tf.distributions.scalar_events import ScalarEvent


@export("distributions.StudentT")
class StudentT(ScalarEvent):
    """A bell with heavy tails.

    Args:
      df: the degrees of freedom, positive.
      loc: the middle.
      scale: how far it spreads, positive.
      validate_args: whether `df` and `scale` are checked in each run.
      allow_nan_stats: whether moments that do not exist are NaN; else they are errors.
      name: of the scopes.

    Raises:
      TypeError: `loc` and `scale` are of two types.
    """

    @moved("student_t")
    def __init__(self, df: Any, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "StudentT"):
        parameters = dict(locals())
        with name_scope(name, values=[df, loc, scale]) as scope, positive(df, validate=validate_args):
            self._df = api.identity(df, name="df")
            self._loc = api.identity(loc, name="loc")
            self._scale = api.identity(scale, name="scale")
            api.debugging.assert_same_float_dtype((self._df, self._loc, self._scale))
        Distribution.__init__(self, dtype=self._scale.dtype, reparameterization_type=FULLY_REPARAMETERIZED,
                              validate_args=validate_args, allow_nan_stats=allow_nan_stats, parameters=parameters,
                              graph_parents=[self._df, self._loc, self._scale], name=scope)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Tensor]:
        return dict.fromkeys(("df", "loc", "scale"), convert_to_tensor(sample_shape, dtype=dtypes.int32))

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self._df

    @property
    def loc(self) -> Tensor:
        """The middle."""
        return self._loc

    @property
    def scale(self) -> Tensor:
        """How far it spreads."""
        return self._scale

    def _batch_shape_tensor(self) -> Tensor:
        return api.broadcast_dynamic_shape(
            api.shape(self.df), api.broadcast_dynamic_shape(api.shape(self.loc), api.shape(self.scale)))

    def _batch_shape(self) -> TensorShape:
        both = api.broadcast_static_shape(self.df.get_shape(), self.loc.get_shape())
        return api.broadcast_static_shape(both, self.scale.get_shape())

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        # A normal number over the root of a mean of squares of df such numbers.
        shape = api.concat([[n], self.batch_shape_tensor()], 0)
        normal = api.random.normal(shape, dtype=self.dtype, seed=seed)
        df = self.df * api.ones(self.batch_shape_tensor(), dtype=self.dtype)
        squares = api.random.gamma([n], 0.5 * df, beta=0.5, dtype=self.dtype, seed=new_seed(seed, salt="student_t"))
        return normal * api.rsqrt(squares / df) * self.scale + self.loc

    def _log_prob(self, x: Tensor) -> Tensor:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _log_unnormalized_prob(self, x: Tensor) -> Tensor:
        z = (x - self.loc) / self.scale
        return -0.5 * (self.df + 1.0) * api.math.log1p(z ** 2.0 / self.df)

    def _log_normalization(self) -> Tensor:
        lgamma = api.math.lgamma
        return (api.log(api.abs(self.scale)) + 0.5 * api.log(self.df) + 0.5 * np.log(np.pi) + lgamma(0.5 * self.df)
                - lgamma(0.5 * (self.df + 1.0)))

    def _cdf(self, x: Tensor) -> Tensor:
        z = (x - self.loc) / api.abs(self.scale)
        ratio = self.df / (z ** 2.0 + self.df)
        negative = 0.5 * api.math.betainc(0.5 * self.df, 0.5, ratio)
        return api.where_v2(api.less(z, 0.0), negative, 1.0 - negative)

    def _entropy(self) -> Tensor:
        v = api.ones(self.batch_shape_tensor(), dtype=self.dtype)[..., None]
        u = v * self.df[..., None]
        halves = api.concat([u, v], -1) / 2.0
        return (api.log(api.abs(self.scale)) + 0.5 * api.log(self.df) + api.math.lbeta(halves)
                + 0.5 * (self.df + 1.0) * (api.math.digamma(0.5 * (self.df + 1.0)) - api.math.digamma(0.5 * self.df)))

    def _nan(self) -> Tensor:
        nan = np.array(np.nan, dtype=self.dtype.as_numpy_dtype)
        return api.fill(self.batch_shape_tensor(), nan, name="nan")

    def _defined_where(self, least: Tensor, message: str, value: Tensor) -> Tensor:
        return after([api.debugging.assert_less(least, self.df, message=message)], value)

    def _mean(self) -> Tensor:
        mean = self.loc * api.ones(self.batch_shape_tensor(), dtype=self.dtype)
        if self.allow_nan_stats:
            return api.where_v2(api.greater(self.df, api.ones(self.batch_shape_tensor(), dtype=self.dtype)), mean,
                             self._nan())
        return self._defined_where(api.ones([], dtype=self.dtype), "mean not defined for components of df <= 1", mean)

    def _variance(self) -> Tensor:
        # 1 stands where df <= 2, so that nothing is divided by 0 there.
        denominator = api.where_v2(api.greater(self.df, 2.0), self.df - 2.0, api.ones_like(self.df))
        variance = (api.ones(self.batch_shape_tensor(), dtype=self.dtype) * api.square(self.scale) * self.df
                    / denominator)
        infinity = np.array(np.inf, dtype=self.dtype.as_numpy_dtype)
        result = api.where_v2(self.df > api.fill(self.batch_shape_tensor(), 2.0), variance,
                           api.fill(self.batch_shape_tensor(), infinity, name="inf"))
        if self.allow_nan_stats:
            return api.where_v2(api.greater(self.df, api.ones(self.batch_shape_tensor(), dtype=self.dtype)), result,
                             self._nan())
        return self._defined_where(api.ones([], dtype=self.dtype), "variance not defined for components of df <= 1",
                                   result)

    def _mode(self) -> Tensor:
        return api.identity(self.loc)


@export("contrib.distributions.StudentTWithAbsDfSoftplusScale")
class StudentTWithAbsDfSoftplusScale(StudentT):
    """`StudentT` with `floor(abs(df))` degrees of freedom, and whose scale is given before softplus."""

    @moved("student_t")
    def __init__(self, df: Any, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "StudentTWithAbsDfSoftplusScale"):
        parameters = dict(locals())
        with name_scope(name, values=[df, scale]) as scope:
            super().__init__(df=api.floor(api.abs(df)), loc=loc, scale=api.nn.softplus(scale, name="softplus_scale"),
                             validate_args=validate_args, allow_nan_stats=allow_nan_stats, name=scope)
        self._parameters = parameters
