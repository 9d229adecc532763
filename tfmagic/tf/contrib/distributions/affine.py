"""The bijectors that multiply with a linear operator and shift."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.sample_shapes import SampleShapes
from tfmagic.tf.contrib.distributions.scales import diagonal_scale, triangular_scale
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.distributions.bijector import Bijector
from tfmagic.tf.distributions.moving import moved_bijector
from tfmagic.tf.linalg.operators.base import LinearOperator
from tfmagic.tf.linalg.operators.low_rank import LinearOperatorLowRankUpdate


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

    @moved_bijector("affine_linear_operator")
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
            super().__init__(forward_min_event_ndims=1, graph_parents=parents, is_constant_jacobian=True,
                             dtype=dtype or dtypes.float32, validate_args=validate_args, name=name)

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


@export("contrib.distributions.bijectors.Affine")
class Affine(Bijector):
    """`scale @ x + shift`, where `scale` is a sum of what is given.

    Args:
      shift: a vector, or None.
      scale_identity_multiplier: a number by which the identity is multiplied.
      scale_diag: a diagonal [..., n].
      scale_tril: a lower triangular matrix [..., n, n].
      scale_perturb_factor: U [..., n, k], of which U U^T (or U D U^T) is added.
      scale_perturb_diag: the diagonal of D [..., k].
      validate_args: whether the matrix is found to have an inverse in each run.
      name: of the scopes.

    Raises:
      ValueError: `scale_perturb_diag` is given without `scale_perturb_factor`.
      TypeError: `shift` is of another type than what is multiplied.
    """

    @moved_bijector("affine")
    def __init__(self, shift: Any = None, scale_identity_multiplier: Any = None, scale_diag: Any = None,
                 scale_tril: Any = None, scale_perturb_factor: Any = None, scale_perturb_diag: Any = None,
                 validate_args: bool = False, name: str = "affine"):
        self._name, self._graph_parents, self._validate_args = name, [], validate_args
        if scale_perturb_diag is not None and scale_perturb_factor is None:
            raise ValueError("When scale_perturb_diag is specified, scale_perturb_factor must be specified.")
        # Only a multiple of the identity needs no size.
        self._is_only_identity_multiplier = (
            scale_tril is None and scale_diag is None and scale_perturb_factor is None)
        given = [shift, scale_identity_multiplier, scale_diag, scale_tril, scale_perturb_diag, scale_perturb_factor]
        with self._name_scope("init", values=given):
            dtype = None
            if shift is not None:
                shift = convert_to_tensor(shift, name="shift")
                dtype = shift.dtype.base_dtype
            self._shift = shift
            if self._is_only_identity_multiplier and scale_identity_multiplier is None:
                scale: Any = api.constant(1.0, dtype=dtypes.float32 if dtype is None else dtype)
            else:
                scale = self._scale_operator(scale_identity_multiplier, scale_diag, scale_tril, scale_perturb_factor,
                                             scale_perturb_diag, validate_args)
                if dtype is not None and scale is not None and dtype != scale.dtype.base_dtype:
                    raise TypeError(f"shift.dtype({shift.dtype}) is incompatible with scale.dtype({scale.dtype}).")
                dtype = scale.dtype.base_dtype
            self._scale = scale
            batch_ndims: Any = 0
            parents: list[Tensor] = [scale]
            if isinstance(scale, LinearOperator):
                parents = [] if shift is None else [*scale.graph_parents, shift]  # so 1.15 counts them
                if scale.tensor_rank is not None:
                    batch_ndims = scale.tensor_rank - 2
                else:
                    batch_ndims = scale.tensor_rank_tensor() - 2
            self._shapes = SampleShapes(batch_ndims, 1)
            super().__init__(forward_min_event_ndims=1, graph_parents=parents, is_constant_jacobian=True,
                             dtype=dtype or dtypes.float32, validate_args=validate_args, name=name)

    @staticmethod
    def _scale_operator(multiplier: Any, diag: Any, tril: Any, factor: Any, factor_diag: Any,
                        validate_args: bool) -> Any:
        multiplier, diag, tril, factor_diag, factor = (
            None if one is None else convert_to_tensor(one, name=name) for one, name in (
                (multiplier, "identity_multiplier"), (diag, "diag"), (tril, "tril"), (factor_diag, "perturb_diag"),
                (factor, "perturb_factor")))
        if factor is not None:
            base = Affine._base_operator(multiplier, diag, tril, False, factor)
            return LinearOperatorLowRankUpdate(
                base, u=factor, diag_update=factor_diag, is_diag_update_positive=factor_diag is None,
                is_non_singular=True, is_self_adjoint=True, is_positive_definite=True, is_square=True)
        if diag is None and tril is None:
            if validate_args:
                zero = api.zeros([], multiplier.dtype)
                multiplier = after([api.debugging.assert_none_equal(
                    multiplier, zero, ["identity_multiplier should be non-zero."])], multiplier)
            return multiplier
        return Affine._base_operator(multiplier, diag, tril, validate_args, None)

    @staticmethod
    def _base_operator(multiplier: Any, diag: Any, tril: Any, validate_args: bool, sized_by: Any) -> Any:
        if tril is not None:
            return triangular_scale(tril, diag, multiplier, validate_args)
        rows = None if sized_by is None else (
            api.shape(sized_by)[-2] if sized_by.get_shape()[-2].value is None else sized_by.get_shape()[-2].value)
        return diagonal_scale(None, diag, multiplier, rows, validate_args)

    @property
    def shift(self) -> Any:
        """The vector, or None."""
        return self._shift

    @property
    def scale(self) -> Any:
        """What is multiplied with: a linear operator, or a number as a tensor."""
        return self._scale

    def _forward(self, x: Tensor) -> Tensor:
        y = x
        if self._is_only_identity_multiplier:
            y *= self._scale
            return y if self.shift is None else y + self.shift
        y, samples = self._shapes.as_matrices(y)
        with get_default_graph().control_dependencies(self._checks()):
            y = self.scale.matmul(y)
        y = self._shapes.from_matrices(y, samples)
        return y if self.shift is None else y + self.shift

    def _inverse(self, y: Tensor) -> Tensor:
        x = y if self.shift is None else y - self.shift
        if self._is_only_identity_multiplier:
            return x / self._scale
        x, samples = self._shapes.as_matrices(x)
        x = self.scale.solve(x)
        return self._shapes.from_matrices(x, samples)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        if self._is_only_identity_multiplier:
            size = api.cast(api.shape(x)[-1], dtype=self._scale.dtype)
            return api.log(api.abs(self._scale)) * size
        return self.scale.log_abs_determinant()

    def _checks(self) -> list[Operation]:
        return [self.scale.assert_non_singular()] if self.validate_args else []
