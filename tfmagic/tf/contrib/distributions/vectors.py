"""Vectors of exponential and of Laplace's numbers, multiplied with a diagonal and shifted."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.scaled_vectors import CenteredVector, ScaledVector, shapes_of
from tfmagic.tf.contrib.distributions.scales import diagonal_scale
from tfmagic.tf.distributions.exponential import Exponential
from tfmagic.tf.distributions.laplace import Laplace
from tfmagic.tf.distributions.moving import moved_from_contrib


class VectorExponentialLinearOperator(ScaledVector):
    """A vector of exponential numbers, multiplied with a linear operator and shifted."""

    @moved_from_contrib("vector_exponential_linear_operator")
    def __init__(self, loc: Any = None, scale: Any = None, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "VectorExponentialLinearOperator"):
        parameters = dict(locals())
        self._check_scale(scale)
        with name_scope(name, values=[loc, *scale.graph_parents]) as scope:
            loc = None if loc is None else convert_to_tensor(loc, name="loc")
            batch, event = shapes_of(loc, scale)
            numbers = Exponential(rate=api.ones([], dtype=scale.dtype), allow_nan_stats=allow_nan_stats)
            self._shifted_and_scaled(numbers, loc, scale, batch, event, validate_args, scope)
        self._parameters = parameters

    def _at_all(self, fill: Any) -> Tensor:
        """What becomes of vectors that have the same number everywhere."""
        shape: Any = self.batch_shape.concatenate(self.event_shape)
        if not shape.is_fully_defined():
            shape = api.concat([self.batch_shape_tensor(), self.event_shape_tensor()], 0)
        moved = self.scale.matvec(fill(shape, self.dtype))
        return moved if self.loc is None else api.identity(self.loc) + moved

    def _mean(self) -> Tensor:
        return self._at_all(api.ones)

    def _mode(self) -> Tensor:
        return self._at_all(api.zeros)


class VectorLaplaceLinearOperator(CenteredVector):
    """A vector of Laplace's numbers, multiplied with a linear operator and shifted."""

    @moved_from_contrib("vector_laplace_linear_operator")
    def __init__(self, loc: Any = None, scale: Any = None, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "VectorLaplaceLinearOperator"):
        parameters = dict(locals())
        self._check_scale(scale)
        with name_scope(name, values=[loc, *scale.graph_parents]):
            loc = None if loc is None else convert_to_tensor(loc, name="loc")
            batch, event = shapes_of(loc, scale)
            numbers = Laplace(loc=api.zeros([], dtype=scale.dtype), scale=api.ones([], dtype=scale.dtype),
                              allow_nan_stats=allow_nan_stats)
            self._shifted_and_scaled(numbers, loc, scale, batch, event, validate_args, name)
        self._parameters = parameters

    # Laplace's number with scale 1 has variance 2.

    def _covariance(self) -> Tensor:
        return 2.0 * super()._covariance()

    def _variance(self) -> Tensor:
        return 2.0 * super()._variance()

    def _stddev(self) -> Tensor:
        return np.sqrt(2.0) * super()._stddev()


@export("contrib.distributions.VectorExponentialDiag")
class VectorExponentialDiag(VectorExponentialLinearOperator):
    """Exponential numbers that are independent, scaled and shifted.

    Args:
      loc: by how much they are shifted, [..., n]; zeros.
      scale_diag: what they are multiplied with, [..., n]; ones.
      scale_identity_multiplier: what is added to that, or the one factor of all.
      validate_args: whether these are found not to be zero in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      ValueError: nothing says how many numbers there are.
    """

    @moved_from_contrib("vector_exponential_diag")
    def __init__(self, loc: Any = None, scale_diag: Any = None, scale_identity_multiplier: Any = None,
                 validate_args: bool = False, allow_nan_stats: bool = True, name: str = "VectorExponentialDiag"):
        parameters = dict(locals())
        with name_scope(name) as scope, name_scope("init", values=[loc, scale_diag, scale_identity_multiplier]):
            scale = diagonal_scale(loc, scale_diag, scale_identity_multiplier)
        super().__init__(loc=loc, scale=scale, validate_args=validate_args, allow_nan_stats=allow_nan_stats,
                         name=scope)
        self._parameters = parameters


@export("contrib.distributions.VectorLaplaceDiag")
class VectorLaplaceDiag(VectorLaplaceLinearOperator):
    """Laplace's numbers that are independent, scaled and shifted.

    Args:
      loc: by how much they are shifted, [..., n]; zeros.
      scale_diag: what they are multiplied with, [..., n]; ones.
      scale_identity_multiplier: what is added to that, or the one factor of all.
      validate_args: whether these are found not to be zero in each run.
      allow_nan_stats: see `tf.distributions.Distribution`.
      name: of the scopes.

    Raises:
      ValueError: nothing says how many numbers there are.
    """

    @moved_from_contrib("vector_laplace_diag")
    def __init__(self, loc: Any = None, scale_diag: Any = None, scale_identity_multiplier: Any = None,
                 validate_args: bool = False, allow_nan_stats: bool = True, name: str = "VectorLaplaceDiag"):
        parameters = dict(locals())
        with name_scope(name), name_scope("init", values=[loc, scale_diag, scale_identity_multiplier]):
            scale = diagonal_scale(loc, scale_diag, scale_identity_multiplier)
        super().__init__(loc=loc, scale=scale, validate_args=validate_args, allow_nan_stats=allow_nan_stats,
                         name=name)
        self._parameters = parameters
