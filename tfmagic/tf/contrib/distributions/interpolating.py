"""Affine maps between two: their shifts, scales and shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfmagic.base.shapes import TensorShape
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.shapes import static_value
from tfmagic.tf.debugging import assertions
from tfmagic.tf.distributions.distribution import FULLY_REPARAMETERIZED
from tfmagic.tf.linalg.operators.addition import add_operators
from tfmagic.tf.linalg.operators.identity import LinearOperatorIdentity, LinearOperatorScaledIdentity
from tfmagic.tf.linalg.operators.stored import LinearOperatorDiag, LinearOperatorLowerTriangular

BIMIXTURES_ONLY = "Currently only bimixtures are supported; len(scale)={} is not 2."


def refuse_vectors(distribution: Any, dtype: Any, validate_args: bool) -> list[Any]:
    """Refuse a distribution that is not of one number; what is not known is asked in the run.

    Raises:
      TypeError: it is of another type.
      ValueError: it is not scalar; or, with `validate_args`, its samples have no gradients.
    """
    if distribution.dtype != dtype:
        raise TypeError(f'dtype mismatch; distribution.dtype="{distribution.dtype.name}" is not "{dtype.name}"')
    if validate_args and distribution.reparameterization_type != FULLY_REPARAMETERIZED:
        raise ValueError(
            "Base distribution should be reparameterized or be a function of non-trainable variables; "
            f'distribution.reparameterization_type = "{distribution.reparameterization_type}" != '
            '"FULLY_REPARAMETERIZED".')
    checks = []
    with name_scope("check_distribution"):
        for asked in ("is_scalar_event", "is_scalar_batch"):
            is_scalar = getattr(distribution, asked)()
            words = f"distribution must be scalar; distribution.{asked}=False is not True"
            known = static_value(is_scalar)
            if known is not None and not known:
                raise ValueError(words)
            if known is None and validate_args:
                checks.append(assertions.assert_equal(is_scalar, True, message=words))
    return checks


def _points(grid: Tensor) -> int:
    size = grid.shape.with_rank_at_least(1)[-1].value if grid.shape.ndims is not None else None
    if size is None:
        raise ValueError("Num quadrature grid points must be known prior to graph execution.")
    return size


def interpolated_shifts(grid: Tensor, shifts: Sequence[Any]) -> list[Any]:
    """The shift of each pair of weights in a grid [..., 2, n].

    Raises:
      NotImplementedError: there are not two shifts.
      ValueError: n is not known.
    """
    if len(shifts) != 2:
        raise NotImplementedError(BIMIXTURES_ONLY.format(len(shifts)))
    size = _points(grid)
    with name_scope("interpolate_loc", values=[grid, shifts]):
        if shifts[0] is None and shifts[1] is None:
            return [None] * size
        weights = grid[..., None, :, :]
        first, second = (None if shift is None else shift[..., None] for shift in shifts)
        if first is None:
            found = weights[..., 1, :] * second
        elif second is None:
            found = weights[..., 0, :] * first
        else:
            away = first - second
            found = weights[..., 0, :] * away + second
        return [found[..., place] for place in range(size)]


def interpolated_scales(grid: Tensor, scales: Sequence[Any]) -> list[Any]:
    """The linear operator of each pair of weights in a grid [..., 2, n].

    Raises:
      NotImplementedError: there are not two operators, or one that is neither diagonal nor lower triangular.
      ValueError: n is not known.
    """
    if len(scales) != 2:
        raise NotImplementedError(BIMIXTURES_ONLY.format(len(scales)))
    size = _points(grid)
    with name_scope("interpolate_scale", values=[grid]):
        return [add_operators([_weighted(grid[..., which, place], scale) for which, scale in enumerate(scales)])[0]
                for place in range(size)]


def _weighted(weight: Tensor, operator: Any) -> Any:
    """A linear operator times a positive weight: an operator of its kind."""
    with name_scope("linop_scale", values=[weight]):
        promises = {"is_non_singular": operator.is_non_singular, "is_self_adjoint": operator.is_self_adjoint,
                    "is_positive_definite": operator.is_positive_definite}
        if isinstance(operator, (LinearOperatorIdentity, LinearOperatorScaledIdentity)):
            if isinstance(operator, LinearOperatorScaledIdentity):
                weight = weight * operator.multiplier
            return LinearOperatorScaledIdentity(num_rows=operator.range_dimension_tensor(), multiplier=weight,
                                                **promises)
        if isinstance(operator, LinearOperatorDiag):
            return LinearOperatorDiag(diag=weight[..., None] * operator.diag_part(), **promises)
        if isinstance(operator, LinearOperatorLowerTriangular):
            return LinearOperatorLowerTriangular(tril=weight[..., None, None] * operator.to_dense(), **promises)
        raise NotImplementedError(f"Unsupported Linop type ({type(operator).__name__})")


@dataclass
class MixtureShapes:
    """The shapes of batch and event, as far as they are known and in a run."""

    batch: TensorShape
    batch_tensor: Tensor
    event: Any = None
    event_tensor: Any = None

    def widen_batch(self, static: TensorShape, shape: Tensor) -> None:
        """Broadcast with another map's batch."""
        self.batch = api.broadcast_static_shape(self.batch, static)
        self.batch_tensor = api.broadcast_dynamic_shape(self.batch_tensor, shape)

    def widen_event(self, static: TensorShape, shape: Tensor) -> None:
        """Broadcast with another map's events."""
        if self.event is None:
            self.event, self.event_tensor = static, shape
        else:
            self.event = api.broadcast_static_shape(self.event, static)
            self.event_tensor = api.broadcast_dynamic_shape(self.event_tensor, shape)


def shapes_of_mixture(grid: Tensor, maps: Sequence[Any]) -> MixtureShapes:
    """The shapes of what lies between affine maps, for a grid of weights [..., 2, n]."""
    with name_scope("determine_batch_event_shapes"):
        shapes = MixtureShapes(grid.shape[:-2], api.shape(grid)[:-2])
        for affine in maps:
            shift, scale = affine.shift, affine.scale
            if shift is not None:
                shapes.widen_batch(shift.shape[:-1], api.shape(shift)[:-1])
                shapes.widen_event(shift.shape[-1:], api.shape(shift)[-1:])
            if scale is not None:
                shapes.widen_batch(scale.batch_shape, scale.batch_shape_tensor())
                shapes.widen_event(TensorShape([scale.range_dimension]), scale.range_dimension_tensor()[None])
        return shapes
