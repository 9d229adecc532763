"""Operators that Fourier transforms make diagonal: circulant matrices, nested ones, and Toeplitz's."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.linalg.operators.base import LinearOperator
from tfmagic.tf.linalg.operators.broadcasting import (
    assert_no_entries_with_modulus_zero,
    assert_zero_imag_part,
    broadcast_matrix_batch_dims,
    rotate_transpose,
)

_COMPLEX = {dtypes.float16: dtypes.complex64, dtypes.float32: dtypes.complex64, dtypes.float64: dtypes.complex128}
_TRANSFORMS = {1: ("fft", "ifft"), 2: ("fft2d", "ifft2d"), 3: ("fft3d", "ifft3d")}


def _to_complex(x: Tensor) -> Tensor:
    return api.cast(x, _COMPLEX.get(x.dtype, x.dtype))


class _Circulant(LinearOperator):
    """A matrix that a Fourier transform over the last one to three dimensions makes diagonal."""

    def _set_up(self, spectrum: Any, depth: int, input_output_dtype: Any, hints: dict[str, Any], name: str) -> None:
        self._block_depth = depth
        with name_scope(name, values=[spectrum]):
            self._spectrum = convert_to_tensor(spectrum, name="spectrum")
            rank = self._spectrum.get_shape().ndims
            if rank is not None and rank < depth:
                raise ValueError(f"Argument spectrum must have at least {depth} dimensions.  Found: {self._spectrum}")
            if not self._spectrum.dtype.is_complex:
                if hints["is_self_adjoint"] is False:
                    raise ValueError("A real spectrum always corresponds to a self-adjoint operator.")
                hints["is_self_adjoint"] = True
            if hints["is_square"] is False:
                raise ValueError(f"A [[nested] block] circulant operator is always square.  Found: {hints}")
            LinearOperator.__init__(self, dtypes.as_dtype(input_output_dtype), [self._spectrum], name=name, **hints)
            self._block_shape = api.shape(self._spectrum)[-depth:]
            self._complex_spectrum = _to_complex(self._spectrum)
            self._abs_spectrum = api.abs(self._spectrum)
            self._conj_spectrum = api.math.conj(self._complex_spectrum)

    @property
    def block_depth(self) -> int:
        """Over how many dimensions it is transformed."""
        return self._block_depth

    @property
    def spectrum(self) -> Tensor:
        """What stands on the diagonal once it is transformed."""
        return self._spectrum

    @property
    def block_shape(self) -> TensorShape:
        """The static sizes of the transformed dimensions."""
        return self.spectrum.get_shape()[-self.block_depth:]

    def block_shape_tensor(self) -> Tensor:
        """The sizes of the transformed dimensions in a run."""
        return self._block_shape

    def _fft(self, x: Tensor) -> Tensor:
        return getattr(api.signal, _TRANSFORMS[self.block_depth][0])(_to_complex(x))

    def _ifft(self, x: Tensor) -> Tensor:
        return getattr(api.signal, _TRANSFORMS[self.block_depth][1])(_to_complex(x))

    def convolution_kernel(self, name: str = "convolution_kernel") -> Tensor:
        """The inverse transform of the spectrum."""
        with self._name_scope(name):
            return api.cast(self._ifft(self._complex_spectrum), self.dtype)

    def assert_hermitian_spectrum(self, name: str = "assert_hermitian_spectrum") -> Operation:
        """An operation that fails a run in which the convolution kernel is not real."""
        with self._name_scope(name):
            eps = np.finfo(self.dtype.real_dtype.as_numpy_dtype).eps
            bound = int(eps) * self.domain_dimension_tensor()  # TensorFlow makes an integer of it too, and refuses then
            imaginary = api.abs(api.math.imag(self.convolution_kernel()))
            return api.debugging.assert_less(imaginary, bound, message="Spectrum was not Hermitian")

    def _assert_non_singular(self) -> Operation:
        return assert_no_entries_with_modulus_zero(
            self.spectrum, message="Singular operator:  Spectrum contained zero values.")

    def _assert_positive_definite(self) -> Operation:
        return api.debugging.assert_positive(
            api.math.real(self.spectrum),
            message="Not positive definite:  Real part of spectrum was not all positive.")

    def _assert_self_adjoint(self) -> Operation:
        return assert_zero_imag_part(
            self.spectrum, message="Not self-adjoint:  The spectrum contained non-zero imaginary part.")

    def _shape(self) -> TensorShape:
        dims = self.spectrum.get_shape()
        if dims.ndims is None:
            return dims
        size = dims[-self.block_depth:].num_elements()
        return dims[:-self.block_depth].concatenate(TensorShape([size, size]))

    def _shape_tensor(self) -> Tensor:
        shape = api.shape(self.spectrum)
        batch = shape[:-self.block_depth]
        size = api.reduce_prod(shape[-self.block_depth:])
        return api.concat((batch, [size, size]), 0)

    def _together(self, x: Tensor, spectrum: Tensor) -> tuple[Tensor, Tensor]:
        """A matrix and the spectrum, each repeated for the other's batch."""
        spectrum = api.reshape(spectrum, api.concat((self.batch_shape_tensor(), [-1, 1]), axis=0))
        x, spectrum = broadcast_matrix_batch_dims([x, spectrum])
        spectrum = api.reshape(spectrum, api.concat((api.shape(x)[:-2], self.block_shape_tensor()), axis=0))
        return x, spectrum

    def _as_blocks(self, x: Tensor) -> Tensor:
        columns = rotate_transpose(x, shift=1)
        if columns.get_shape().is_fully_defined() and self.block_shape.is_fully_defined():
            shape: Any = columns.get_shape()[:-1].concatenate(self.block_shape)
        else:
            shape = api.concat((api.shape(columns)[:-1], self.block_shape_tensor()), axis=0)
        return api.reshape(columns, shape)

    def _as_matrix(self, x: Tensor) -> Tensor:
        dims = x.get_shape()
        if dims.is_fully_defined():
            shape: Any = dims[:-self.block_depth].concatenate([dims[-self.block_depth:].num_elements()])
        else:
            whole = api.shape(x)
            batch, block = whole[:-self.block_depth], whole[-self.block_depth:]
            shape = api.concat((batch, [api.reduce_prod(block)]), axis=0)
        return rotate_transpose(api.reshape(x, shape), shift=-1)

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        x = _to_complex(api.linalg.adjoint(x) if adjoint_arg else x)
        x, spectrum = self._together(x, self._conj_spectrum if adjoint else self._complex_spectrum)
        product = self._ifft(spectrum * self._fft(self._as_blocks(x)))
        return api.cast(self._as_matrix(product), self.dtype)

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        rhs = api.linalg.adjoint(rhs) if adjoint_arg else rhs
        rhs, spectrum = self._together(rhs, self._conj_spectrum if adjoint else self._complex_spectrum)
        solution = self._ifft(self._fft(self._as_blocks(rhs)) / spectrum)
        return api.cast(self._as_matrix(solution), self.dtype)

    def _axes(self) -> list[int]:
        return [-1, -2, -3][:self.block_depth]

    def _determinant(self) -> Tensor:
        return api.cast(api.reduce_prod(self.spectrum, axis=self._axes()), self.dtype)

    def _log_abs_determinant(self) -> Tensor:
        return api.cast(api.reduce_sum(api.log(self._abs_spectrum), axis=self._axes()), self.dtype)

    def _diag_part(self) -> Tensor:
        if self.shape.is_fully_defined():
            shape: Any = self.shape[:-1]
            size: Any = self.domain_dimension.value
        else:
            shape, size = self.shape_tensor()[:-1], self.domain_dimension_tensor()
        ones = api.ones(shape=shape, dtype=self.dtype)
        return (self.trace() / api.cast(size, self.dtype))[..., None] * ones

    def _trace(self) -> Tensor:
        if self.spectrum.get_shape().is_fully_defined():
            rank: Any = self.spectrum.get_shape().ndims
            axes: Any = np.arange(rank - self.block_depth, rank, dtype=np.int32)
        else:
            rank = api.rank(self.spectrum)
            axes = api.range(rank - self.block_depth, rank)
        real = api.reduce_sum(api.math.real(self.spectrum), axis=axes)
        if not self.dtype.is_complex:
            return api.cast(real, self.dtype)
        if not self.spectrum.dtype.is_complex:
            return api.cast(api.complex(real, api.zeros_like(real)), self.dtype)
        imaginary = api.reduce_sum(api.math.imag(self.spectrum), axis=axes)
        return api.cast(api.complex(real, imaginary), self.dtype)


def _circulant(depth: int, name: str, doc: str) -> Any:
    def __init__(self: Any, spectrum: Any, input_output_dtype: Any = dtypes.complex64,
                 is_non_singular: bool | None = None, is_self_adjoint: bool | None = None,
                 is_positive_definite: bool | None = None, is_square: bool | None = True, name: str = name) -> None:
        self._set_up(spectrum, depth, input_output_dtype, {
            "is_non_singular": is_non_singular, "is_self_adjoint": is_self_adjoint,
            "is_positive_definite": is_positive_definite, "is_square": is_square}, name)

    cls = type(name, (_Circulant,), {"__init__": __init__, "__doc__": doc, "__module__": __name__})
    return export(f"linalg.{name}")(cls)


LinearOperatorCirculant = _circulant(1, "LinearOperatorCirculant", (
    "A matrix whose rows turn: it convolves in a circle (see `LinearOperator` for the hints)."))
LinearOperatorCirculant2D = _circulant(2, "LinearOperatorCirculant2D", (
    "A circulant matrix of circulant blocks (see `LinearOperator` for the hints)."))
LinearOperatorCirculant3D = _circulant(3, "LinearOperatorCirculant3D", (
    "A circulant matrix of circulant blocks of circulant blocks (see `LinearOperator` for the hints)."))


@export("linalg.LinearOperatorToeplitz")
class LinearOperatorToeplitz(LinearOperator):
    """A matrix with the same number all along each diagonal (see `LinearOperator` for the hints).

    Args:
      col: its first column [..., n].
      row: its first row [..., n].
      name: of the scopes.
    """

    def __init__(self, col: Any, row: Any, is_non_singular: bool | None = None, is_self_adjoint: bool | None = None,
                 is_positive_definite: bool | None = None, is_square: bool | None = None,
                 name: str = "LinearOperatorToeplitz"):
        with name_scope(name, values=[row, col]):
            self._row = convert_to_tensor(row, name="row")
            self._col = convert_to_tensor(col, name="col")
            for what, tensor in (("row", self._row), ("col", self._col)):
                if tensor.get_shape().ndims == 0:
                    raise ValueError(f"Argument {what} must have at least 1 dimension.  Found: {tensor}")
            if self._row.get_shape()[-1].value is not None and self._col.get_shape()[-1].value is not None and (
                    self._row.get_shape()[-1].value != self._col.get_shape()[-1].value):
                raise ValueError(f"Expected square matrix, got row and col with mismatched dimensions.\nrow "
                                 f"shape {self._row.get_shape()} col shape {self._col.get_shape()}.")
            whole = api.concat([self._col, api.zeros_like(self._col[..., 0:1]),
                                api.reverse(self._row[..., 1:], axis=[-1])], -1)
            self._whole_circle = LinearOperatorCirculant(
                api.signal.fft(_to_complex(whole)), input_output_dtype=self._row.dtype)
            if is_square is False:
                raise ValueError("Only square Toeplitz operators currently supported.")
            super().__init__(self._row.dtype, [self._row, self._col], is_non_singular, is_self_adjoint,
                             is_positive_definite, True, name)

    @property
    def col(self) -> Tensor:
        """Its first column."""
        return self._col

    @property
    def row(self) -> Tensor:
        """Its first row."""
        return self._row

    def _shape(self) -> TensorShape:
        dims = api.broadcast_static_shape(self.row.get_shape(), self.col.get_shape())
        return dims.concatenate(dims[-1:])

    def _shape_tensor(self) -> Tensor:
        shape = api.broadcast_dynamic_shape(api.shape(self.row), api.shape(self.col))
        return api.concat((shape, [shape[-1]]), 0)

    def _assert_self_adjoint(self) -> Operation:
        return api.debugging.assert_equal(self.row, self.col, message=("row and col are not the same, and "
                                                                       "so this operator is not self-adjoint."))

    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        x = api.linalg.adjoint(x) if adjoint_arg else x
        long = api.concat([x, api.zeros_like(x)], axis=-2)
        result = self._whole_circle.matmul(long, adjoint=adjoint)
        return api.cast(result[..., :self.domain_dimension_tensor(), :], self.dtype)

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self._dense_solve(rhs, adjoint, adjoint_arg)

    def _trace(self) -> Tensor:
        return api.cast(self.domain_dimension_tensor(), self.dtype) * self.col[..., 0]

    def _diag_part(self) -> Tensor:
        first = self.col[..., 0:1]
        return first * api.ones([self.domain_dimension_tensor()], self.dtype)
