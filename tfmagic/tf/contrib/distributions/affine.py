"""The bijector that multiplies with a linear operator and shifts."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.sample_shapes import SampleShapes
from tfmagic.tf.distributions.bijector import Bijector
from tfmagic.tf.linalg.operators.base import LinearOperator


@export("contrib.distributions.bijectors.AffineLinearOperator")
class AffineLinearOperator(Bijector):
    """`scale @ x + shift`.

    Args:
      shift: a vector, or None.
      scale: a linear operator, or None.
      validate_args: whether the operator is found to have an inverse in each run.
      name: of the scopes.

    Raises:
      TypeError: `scale` is no linear operator, or of another type than `shift`.
      ValueError: `validate_args`, and the operator does not say that it has an inverse.
    """

    def __init__(self, shift: Any = None, scale: Any = None, validate_args: bool = False,
                 name: str = "affine_linear_operator"):
        self._name, self._graph_parents, self._validate_args = name, [], validate_args
        parents: list[Tensor] = []
        with self._name_scope("init", values=[shift]):
            dtype = None
            if shift is not None:
                shift = convert_to_tensor(shift, name="shift")
                parents.append(shift)
                dtype = shift.dtype.base_dtype
            self._shift = shift
            batch_ndims: Any = 0
            if scale is not None:
                if dtype is not None and scale.dtype.base_dtype != dtype:
                    raise TypeError(f"shift.dtype({shift.dtype}) is incompatible with scale.dtype({scale.dtype}).")
                if not isinstance(scale, LinearOperator):
                    raise TypeError("scale is not an instance of tf.LinearOperator")
                if validate_args and not scale.is_non_singular:
                    raise ValueError("Scale matrix must be non-singular.")
                parents += scale.graph_parents
                if scale.tensor_rank is not None:
                    batch_ndims = scale.tensor_rank - 2
                else:
                    batch_ndims = scale.tensor_rank_tensor() - 2
                    parents.append(batch_ndims)
                dtype = scale.dtype.base_dtype
            self._scale = scale
            self._shapes = SampleShapes(batch_ndims, 1)
            super().__init__(forward_min_event_ndims=1, graph_parents=parents, is_constant_jacobian=True, dtype=dtype,
                             validate_args=validate_args, name=name)

    @property
    def shift(self) -> Any:
        """The vector, or None."""
        return self._shift

    @property
    def scale(self) -> Any:
        """The linear operator, or None."""
        return self._scale

    def _forward(self, x: Tensor) -> Tensor:
        y = x
        if self.scale is not None:
            y, samples = self._shapes.as_matrices(y)
            with get_default_graph().control_dependencies(self._checks()):
                y = self.scale.matmul(y)
            y = self._shapes.from_matrices(y, samples)
        return y if self.shift is None else y + self.shift

    def _inverse(self, y: Tensor) -> Tensor:
        x = y if self.shift is None else y - self.shift
        if self.scale is not None:
            x, samples = self._shapes.as_matrices(x)
            x = self.scale.solve(x)
            x = self._shapes.from_matrices(x, samples)
        return x

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        if self.scale is None:
            return api.constant(0, dtype=x.dtype.base_dtype)
        with get_default_graph().control_dependencies(self._checks()):
            return self.scale.log_abs_determinant()

    def _checks(self) -> list[Operation]:
        if not self.validate_args:
            return []
        try:
            return [self.scale.assert_non_singular()]
        except NotImplementedError:
            return []  # an operator that cannot say so
