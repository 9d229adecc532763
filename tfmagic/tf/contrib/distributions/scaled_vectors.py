"""What vectors have in common that are multiplied with a linear operator and shifted."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.affine import AffineLinearOperator
from tfmagic.tf.contrib.distributions.scales import is_diagonal
from tfmagic.tf.distributions.transformed import TransformedDistribution
from tfmagic.tf.linalg.operators.low_rank import LinearOperatorLowRankUpdate


def _broadcast(a: Any, b: Any) -> Any:
    with name_scope("prefer_static_broadcast_shape", values=[a, b]):
        known = [constant_value(one) for one in (a, b)]
        if known[0] is not None and known[1] is not None:
            return api.broadcast_static_shape(TensorShape(known[0].tolist()), TensorShape(known[1].tolist()))
        return api.broadcast_dynamic_shape(a, b)


def shapes_of(loc: Tensor | None, scale: Any) -> tuple[Any, Any]:
    """The shapes of batch and event."""
    with name_scope("shapes_from_loc_and_scale", values=[loc, *scale.graph_parents]):
        size = scale.range_dimension_tensor()
        known = constant_value(size)
        event: Any = size[None] if known is None else np.reshape(known, [1])
        batch: Any = scale.batch_shape_tensor()
        if loc is not None:
            dims = loc.get_shape()
            own = dims.with_rank_at_least(1)[:-1] if dims.ndims is not None else TensorShape(None)
            if own.is_fully_defined():
                shape = convert_to_tensor(own, name="loc_batch_shape")
            else:
                shape = api.shape(loc)[:-1]
            return _broadcast(batch, shape), event
        static = constant_value(batch)
        return batch if static is None else static, event


class ScaledVector(TransformedDistribution):
    """A vector of independent numbers with variance 1, multiplied with a linear operator and shifted."""

    @staticmethod
    def _check_scale(scale: Any) -> None:
        """Refuse what is no operator on floats.

        Raises:
          ValueError: nothing is given.
          TypeError: an operator of another type.
        """
        if scale is None:
            raise ValueError("Missing required `scale` parameter.")
        if not scale.dtype.is_floating:
            raise TypeError("`scale` parameter must have floating-point dtype.")

    def _shifted_and_scaled(self, numbers: Any, loc: Any, scale: Any, batch: Any, event: Any, validate_args: bool,
                            name: str) -> None:
        """Say what it is: `numbers` in vectors."""
        TransformedDistribution.__init__(
            self, distribution=numbers,
            bijector=AffineLinearOperator(shift=loc, scale=scale, validate_args=validate_args), batch_shape=batch,
            event_shape=event, validate_args=validate_args, name=name)

    @property
    def loc(self) -> Any:
        """The shift, or None."""
        return self.bijector.shift

    @property
    def scale(self) -> Any:
        """The linear operator."""
        return self.bijector.scale

    def _product(self) -> Tensor:
        if isinstance(self.scale, LinearOperatorLowRankUpdate) and self.scale.is_self_adjoint:
            return api.linalg.diag_part(self.scale.matmul(self.scale.to_dense()))
        return api.linalg.diag_part(self.scale.matmul(self.scale.to_dense(), adjoint_arg=True))

    def _covariance(self) -> Tensor:
        if is_diagonal(self.scale):
            return api.linalg.diag(api.square(self.scale.diag_part()))
        return self.scale.matmul(self.scale.to_dense(), adjoint_arg=True)

    def _variance(self) -> Tensor:
        return api.square(self.scale.diag_part()) if is_diagonal(self.scale) else self._product()

    def _stddev(self) -> Tensor:
        return api.abs(self.scale.diag_part()) if is_diagonal(self.scale) else api.sqrt(self._product())


class CenteredVector(ScaledVector):
    """A vector whose numbers are spread evenly on both sides of 0 before they are shifted."""

    def _mean(self) -> Tensor:
        shape: Any = self.batch_shape.concatenate(self.event_shape)
        known = shape.is_fully_defined()
        if not known:
            shape = api.concat([self.batch_shape_tensor(), self.event_shape_tensor()], 0)
        if self.loc is None:
            return api.zeros(shape, self.dtype)
        if known and shape == self.loc.get_shape():
            return api.identity(self.loc)
        return api.identity(self.loc) + api.zeros(shape, self.dtype)  # broadcast

    def _mode(self) -> Tensor:
        return self._mean()
