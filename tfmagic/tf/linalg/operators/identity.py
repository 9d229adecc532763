"""Operators that need no matrix: the identity, a multiple of it, and zeros."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.tf.linalg.operators.base import LinearOperator
from tfmagic.tf.linalg.operators.broadcasting import shape_tensor
from tfmagic.tf.linalg.operators.references import assert_not_ref_type, convert_nonref_to_tensor


class _Sized(LinearOperator):
    """An operator that is made of sizes."""

    _assert_proper_shapes: bool
    _batch_shape_arg: Tensor | None
    _num_rows: Tensor
    _num_columns: Tensor

    @functools.cached_property
    def _known_sizes(self) -> dict[str, int | None]:
        return {}

    def _take_batch(self, batch_shape: Any) -> None:
        self._batch_shape_static: Any = None
        if batch_shape is None:
            self._batch_shape_arg = None
            return
        assert_not_ref_type(batch_shape, "batch_shape")
        self._batch_shape_arg = shape_tensor(batch_shape, name="batch_shape_arg")
        self._batch_shape_static = constant_value(self._batch_shape_arg)
        self._check_batch_shape()

    def _size(self, size: Any, name: str) -> Tensor:
        """One of the sizes, checked.

        Raises:
          TypeError: it is no integer.
          ValueError: it is no scalar, or negative.
        """
        assert_not_ref_type(size, name)
        tensor = shape_tensor(size, name=name)
        known = constant_value(tensor)
        self._known_sizes[name] = None if known is None or known.ndim else int(known)
        checks = []
        if self._assert_proper_shapes:
            checks = [api.debugging.assert_rank(tensor, 0, message=f"Argument {name} must be a 0-D Tensor."),
                      api.debugging.assert_non_negative(tensor, message=f"Argument {name} must be non-negative.")]
        result = with_dependencies(checks, tensor) if checks else tensor
        if not tensor.dtype.is_integer:
            raise TypeError(f"Argument {name} must be integer type.  Found: {tensor}")
        if known is None:
            return result
        if known.ndim != 0:
            raise ValueError(f"Argument {name} must be a 0-D Tensor.  Found: {known}")
        if known < 0:
            raise ValueError(f"Argument {name} must be non-negative.  Found: {known}")
        return result

    def _check_batch_shape(self) -> None:
        batch = self._batch_shape_arg
        if batch is None:
            return
        if self._assert_proper_shapes:
            self._batch_shape_arg = with_dependencies(
                [api.debugging.assert_rank(batch, 1, message="Argument batch_shape must be a 1-D Tensor."),
                 api.debugging.assert_non_negative(batch, message="Argument batch_shape must be non-negative.")], batch)
        if not batch.dtype.is_integer:
            raise TypeError(f"Argument batch_shape must be integer type.  Found: {batch}")
        known = self._batch_shape_static
        if known is None:
            return
        if known.ndim != 1:
            raise ValueError(f"Argument batch_shape must be a 1-D Tensor.  Found: {known}")
        if np.any(known < 0):
            raise ValueError(f"Argument batch_shape must be non-negative.  Found:{known}")

    def _sized_shape(self, rows: str, columns: str) -> TensorShape:
        matrix = TensorShape([self._known_sizes[rows], self._known_sizes[columns]])
        if self._batch_shape_arg is None:
            return matrix
        batch = TensorShape(self._batch_shape_static)
        return batch.concatenate(matrix)

    def _sized_shape_tensor(self, rows: Tensor, columns: Tensor) -> Tensor:
        matrix = api.stack((rows, columns), axis=0)
        return matrix if self._batch_shape_arg is None else api.concat((self._batch_shape_arg, matrix), 0)

    def _in_batch(self, x: Tensor) -> Tensor:
        """`x` repeated for the batch."""
        if self._batch_shape_arg is None:
            return x
        own = self.batch_shape.concatenate(TensorShape([1, 1]))
        both = api.broadcast_static_shape(x.get_shape(), own)
        if own.is_fully_defined():
            return x if x.get_shape() == both else x + api.zeros(shape=own, dtype=self.dtype)
        return x + api.zeros(shape=api.concat((self.batch_shape_tensor(), [1, 1]), 0), dtype=self.dtype)

    def _min_matrix_dim(self) -> int | None:
        sizes = (self.domain_dimension.value, self.range_dimension.value)
        return None if None in sizes else min(size for size in sizes if size is not None)

    def _min_matrix_dim_tensor(self) -> Tensor:
        return api.reduce_min(self.shape_tensor()[-2:])

    def _diagonal_shape(self) -> Any:
        if self.shape.is_fully_defined():
            return self.batch_shape.concatenate([self._min_matrix_dim()])
        return api.concat([self.batch_shape_tensor(), [self._min_matrix_dim_tensor()]], axis=0)

    def _ones_diag(self) -> Tensor:
        return api.ones(shape=self._diagonal_shape(), dtype=self.dtype)

    def _assert_fits(self, x: Tensor) -> Tensor:
        """`x`, once its size is found to fit."""
        rows, columns = api.shape(x)[-2], self.domain_dimension_tensor()
        check = api.debugging.assert_equal(rows, columns, message=(
            "Dimensions are not compatible.  shape[-2] of argument to be the same as this operator"))
        return with_dependencies([check], x)

    def add_to_tensor(self, mat: Any, name: str = "add_to_tensor") -> Tensor:
        """Its sum with a matrix."""
        with self._name_scope(name):
            return self._add(convert_to_tensor(mat, name="mat"))

    def _add(self, mat: Tensor) -> Tensor:
        raise NotImplementedError

    def _ones_or_zeros(self, make: Any) -> Tensor:
        if self.batch_shape.is_fully_defined():
            return make(shape=self.batch_shape, dtype=self.dtype)
        return make(shape=self.batch_shape_tensor(), dtype=self.dtype)


@export("linalg.LinearOperatorIdentity")
class LinearOperatorIdentity(_Sized):
    """The identity (see `LinearOperator` for the hints).

    Args:
      num_rows: how many rows.
      batch_shape: the shape of the batch.
      dtype: the type of its numbers; float32.
      assert_proper_shapes: whether sizes are checked in each run.
      name: of the scopes.
    """

    def __init__(self, num_rows: Any, batch_shape: Any = None, dtype: Any = None, is_non_singular: bool | None = True,
                 is_self_adjoint: bool | None = True, is_positive_definite: bool | None = True,
                 is_square: bool | None = True, assert_proper_shapes: bool = False,
                 name: str = "LinearOperatorIdentity"):
        dtype = dtypes.as_dtype(dtype or dtypes.float32)
        self._assert_proper_shapes = assert_proper_shapes
        with name_scope(name):
            if not is_self_adjoint:
                raise ValueError("An identity operator is always self adjoint.")
            if not is_non_singular:
                raise ValueError("An identity operator is always non-singular.")
            if not is_positive_definite:
                raise ValueError("An identity operator is always positive-definite.")
            if not is_square:
                raise ValueError("An identity operator is always square.")
            super().__init__(dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)
            self._num_rows = self._size(num_rows, "num_rows")
            self._take_batch(batch_shape)

    def _shape(self) -> TensorShape:
        return self._sized_shape("num_rows", "num_rows")

    def _shape_tensor(self) -> Tensor:
        return self._sized_shape_tensor(self._num_rows, self._num_rows)

    def _assert_non_singular(self) -> Operation:
        return api.no_op("assert_non_singular")

    def _assert_positive_definite(self) -> Operation:
        return api.no_op("assert_positive_definite")

    def _assert_self_adjoint(self) -> Operation:
        return api.no_op("assert_self_adjoint")

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        x = api.linalg.adjoint(x) if adjoint_arg else x
        return self._in_batch(self._assert_fits(x) if self._assert_proper_shapes else x)

    def _determinant(self) -> Tensor:
        return api.ones(shape=self.batch_shape_tensor(), dtype=self.dtype)

    def _log_abs_determinant(self) -> Tensor:
        return api.zeros(shape=self.batch_shape_tensor(), dtype=self.dtype)

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self._matmul(rhs, adjoint_arg=adjoint_arg)

    def _trace(self) -> Tensor:
        ones = self._ones_or_zeros(api.ones)
        least = self._min_matrix_dim()
        return (api.cast(self._min_matrix_dim_tensor(), self.dtype) if least is None else least) * ones

    def _diag_part(self) -> Tensor:
        return self._ones_diag()

    def _add(self, mat: Tensor) -> Tensor:
        diagonal = api.linalg.diag_part(mat)
        return api.linalg.set_diag(mat, 1 + diagonal)


@export("linalg.LinearOperatorScaledIdentity")
class LinearOperatorScaledIdentity(_Sized):
    """A multiple of the identity (see `LinearOperator` for the hints).

    Args:
      num_rows: how many rows.
      multiplier: the factor, of the shape of the batch.
      assert_proper_shapes: whether sizes are checked in each run.
      name: of the scopes.
    """

    def __init__(self, num_rows: Any, multiplier: Any, is_non_singular: bool | None = None,
                 is_self_adjoint: bool | None = None, is_positive_definite: bool | None = None,
                 is_square: bool | None = True, assert_proper_shapes: bool = False,
                 name: str = "LinearOperatorScaledIdentity"):
        self._assert_proper_shapes = assert_proper_shapes
        with name_scope(name, values=[multiplier, num_rows]):
            self._multiplier = convert_nonref_to_tensor(multiplier, name="multiplier")
            if not self._multiplier.dtype.is_complex:
                if is_self_adjoint is False:
                    raise ValueError("A real diagonal operator is always self adjoint.")
                is_self_adjoint = True
            if not is_square:
                raise ValueError("A ScaledIdentity operator is always square.")
            super().__init__(self._multiplier.dtype.base_dtype, None, is_non_singular, is_self_adjoint,
                             is_positive_definite, is_square, name)
            self._num_rows = self._size(num_rows, "num_rows")
            self._batch_shape_arg = None
            self._rows_as_number = api.cast(self._num_rows, self.dtype)
            self._rows_as_real = api.cast(self._num_rows, self.dtype.real_dtype)

    @property
    def multiplier(self) -> Tensor:
        """The factor."""
        return self._multiplier

    def _shape(self) -> TensorShape:
        return self._multiplier.get_shape().concatenate(self._sized_shape("num_rows", "num_rows"))

    def _shape_tensor(self) -> Tensor:
        matrix = api.stack((self._num_rows, self._num_rows), axis=0)
        return api.concat((api.shape(self.multiplier), matrix), 0)

    def _factor(self, adjoint: bool) -> Tensor:
        factor = api.expand_dims(api.expand_dims(self.multiplier, axis=-1), axis=-1)
        return api.math.conj(factor) if adjoint else factor

    def _assert_non_singular(self) -> Operation:
        return api.debugging.assert_positive(api.abs(self.multiplier), message="LinearOperator was singular")

    def _assert_positive_definite(self) -> Operation:
        return api.debugging.assert_positive(api.math.real(self.multiplier),
                                             message="LinearOperator was not positive definite.")

    def _assert_self_adjoint(self) -> Operation:
        imaginary = api.math.imag(self.multiplier)
        return api.debugging.assert_equal(api.zeros_like(imaginary), imaginary,
                                          message="LinearOperator was not self-adjoint")

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        x = api.linalg.adjoint(x) if adjoint_arg else x
        x = self._assert_fits(x) if self._assert_proper_shapes else x
        return x * self._factor(adjoint)

    def _determinant(self) -> Tensor:
        return self.multiplier ** self._rows_as_number

    def _log_abs_determinant(self) -> Tensor:
        return self._rows_as_real * api.log(api.abs(self.multiplier))

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        rhs = api.linalg.adjoint(rhs) if adjoint_arg else rhs
        rhs = self._assert_fits(rhs) if self._assert_proper_shapes else rhs
        return rhs / self._factor(adjoint)

    def _trace(self) -> Tensor:
        ones = self._ones_or_zeros(api.ones)
        least = self._min_matrix_dim()
        size = api.cast(self._min_matrix_dim_tensor(), self.dtype) if least is None else least
        return self.multiplier * size * ones

    def _diag_part(self) -> Tensor:
        return self._ones_diag() * self.multiplier[..., None]

    def _add(self, mat: Tensor) -> Tensor:
        factor = api.expand_dims(self.multiplier, -1)
        return api.linalg.set_diag(mat, factor + api.linalg.diag_part(mat))


@export("linalg.LinearOperatorZeros")
class LinearOperatorZeros(_Sized):
    """Zeros (see `LinearOperator` for the hints).

    Args:
      num_rows: how many rows.
      num_columns: how many columns; as many as rows.
      batch_shape: the shape of the batch.
      dtype: the type of its numbers; float32.
      assert_proper_shapes: whether sizes are checked in each run.
      name: of the scopes.
    """

    def __init__(self, num_rows: Any, num_columns: Any = None, batch_shape: Any = None, dtype: Any = None,
                 is_non_singular: bool | None = False, is_self_adjoint: bool | None = True,
                 is_positive_definite: bool | None = False, is_square: bool | None = True,
                 assert_proper_shapes: bool = False, name: str = "LinearOperatorZeros"):
        dtype = dtypes.as_dtype(dtype or dtypes.float32)
        self._assert_proper_shapes = assert_proper_shapes
        with name_scope(name):
            if not is_self_adjoint and is_square:
                raise ValueError("A zero operator is always self adjoint.")
            if is_non_singular:
                raise ValueError("A zero operator is always singular.")
            if is_positive_definite:
                raise ValueError("A zero operator is always not positive-definite.")
            super().__init__(dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)
            columns = num_rows if num_columns is None else num_columns
            self._num_rows = self._size(num_rows, "num_rows")
            self._num_columns = self._size(columns, "num_columns")
            self._take_batch(batch_shape)

    def _shape(self) -> TensorShape:
        return self._sized_shape("num_rows", "num_columns")

    def _shape_tensor(self) -> Tensor:
        return self._sized_shape_tensor(self._num_rows, self._num_columns)

    def _assert_non_singular(self) -> Operation:
        raise errors.InvalidArgumentError(None, None, "Zero operators are always non-invertible.")

    def _assert_positive_definite(self) -> Operation:
        raise errors.InvalidArgumentError(None, None, "Zero operators are always non-positive definite.")

    def _assert_self_adjoint(self) -> Operation:
        return api.no_op("assert_self_adjoint")

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        if self._assert_proper_shapes:
            x = self._assert_fits(api.linalg.adjoint(x) if adjoint_arg else x)
        if self.is_square:
            if adjoint_arg:
                batch, columns, rows = api.shape(x)[:-2], api.shape(x)[-1], api.shape(x)[-2]
                shape = api.concat([batch, [columns, rows]], axis=0)
            else:
                shape = api.shape(x)
            return self._in_batch(api.zeros(shape=shape, dtype=x.dtype))
        shape = api.shape(x)
        rows = self._num_columns if adjoint else self._num_rows
        columns = shape[-2] if adjoint_arg else shape[-1]
        return self._in_batch(api.zeros(shape=api.concat([shape[:-2], [rows, columns]], axis=0), dtype=x.dtype))

    def _determinant(self) -> Tensor:
        return self._ones_or_zeros(api.zeros)

    def _trace(self) -> Tensor:
        return self._ones_or_zeros(api.zeros)

    def _diag_part(self) -> Tensor:
        return api.zeros(shape=self._diagonal_shape(), dtype=self.dtype)

    def add_to_tensor(self, mat: Any, name: str = "add_to_tensor") -> Tensor:
        """Its sum with a matrix."""
        return self._in_batch(mat)
