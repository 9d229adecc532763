"""LinearOperator: what a matrix can do that is only known by what it makes of vectors."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tfmagic.base import dtypes, tf_logging
from tfmagic.base.export import export
from tfmagic.base.shapes import Dimension, TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.tensor_like import is_tensor
from tfmagic.ops import api
from tfmagic.tf.linalg.operators import algebra
from tfmagic.tf.linalg.operators.broadcasting import cholesky_solve, matrix_solve


@export("linalg.LinearOperator")
class LinearOperator(api.Module, abc.ABC):
    """A matrix [..., m, n] that is only known by what it does to vectors.

    A class of one's own gives `_shape`, `_shape_tensor` and `_matmul`; what else it can do faster, it overrides.

    Args:
      dtype: the type of its numbers.
      graph_parents: the tensors that it is made of.
      is_non_singular: whether it surely has an inverse; None: that is not known.
      is_self_adjoint: whether it surely equals its adjoint.
      is_positive_definite: whether it surely is positive definite.
      is_square: whether it surely has as many rows as columns.
      name: of the scopes of what it makes.

    Raises:
      ValueError: the hints contradict each other, or one of `graph_parents` is no tensor.
    """

    def __init__(self, dtype: Any, graph_parents: Any = None, is_non_singular: bool | None = None,
                 is_self_adjoint: bool | None = None, is_positive_definite: bool | None = None,
                 is_square: bool | None = None, name: str | None = None):
        if is_positive_definite:
            if is_non_singular is False:
                raise ValueError("A positive definite matrix is always non-singular.")
            is_non_singular = True
        if is_non_singular:
            if is_square is False:
                raise ValueError("A non-singular matrix is always square.")
            is_square = True
        if is_self_adjoint:
            if is_square is False:
                raise ValueError("A self-adjoint matrix is always square.")
            is_square = True
        self._is_square_set_or_implied_by_hints = is_square
        parents = [] if graph_parents is None else list(graph_parents)
        for place, parent in enumerate(parents):
            if parent is None or not is_tensor(parent):
                raise ValueError(f"Graph parent item {place} is not a Tensor; {parent}.")
        self._dtype = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
        self._graph_parents = parents
        self._is_non_singular = is_non_singular
        self._is_self_adjoint = is_self_adjoint
        self._is_positive_definite = is_positive_definite
        self._name = self._scope_name = name or type(self).__name__

    @contextmanager
    def _name_scope(self, name: str | None = None) -> Iterator[str]:
        with name_scope(f"{self.name}/{name}" if name is not None else self.name) as scope:
            yield scope

    # --- what it is -------------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> Any:
        """The type of its numbers."""
        return self._dtype

    @property
    def name(self) -> str:
        """The name of the scopes of what it makes."""
        return self._name

    @property
    def graph_parents(self) -> list[Tensor]:
        """The tensors that it is made of."""
        return self._graph_parents

    @property
    def is_non_singular(self) -> bool | None:
        """Whether it surely has an inverse."""
        return self._is_non_singular

    @property
    def is_self_adjoint(self) -> bool | None:
        """Whether it surely equals its adjoint."""
        return self._is_self_adjoint

    @property
    def is_positive_definite(self) -> bool | None:
        """Whether it surely is positive definite."""
        return self._is_positive_definite

    @property
    def is_square(self) -> bool | None:
        """Whether it has as many rows as columns, as far as that is known.

        Raises:
          ValueError: it was said not to be square, and is.
        """
        found = self.domain_dimension == self.range_dimension
        if self._is_square_set_or_implied_by_hints is False and found:
            raise ValueError("User set is_square hint to False, but the operator was square.")
        return found if self._is_square_set_or_implied_by_hints is None else self._is_square_set_or_implied_by_hints

    @property
    def shape(self) -> TensorShape:
        """Its static shape."""
        return self._shape()

    @property
    def batch_shape(self) -> TensorShape:
        """The static shape of its batch."""
        return self.shape[:-2]

    @property
    def tensor_rank(self) -> int | None:
        """How many dimensions it has."""
        return self.shape.ndims

    @property
    def domain_dimension(self) -> Dimension:
        """How many columns it has."""
        return self.shape[-1] if self.shape.ndims is not None else Dimension(None)

    @property
    def range_dimension(self) -> Dimension:
        """How many rows it has."""
        return self.shape[-2] if self.shape.ndims is not None else Dimension(None)

    @abc.abstractmethod
    def _shape(self) -> TensorShape:
        raise NotImplementedError("_shape is not implemented.")

    @abc.abstractmethod
    def _shape_tensor(self) -> Tensor:
        raise NotImplementedError("_shape_tensor is not implemented.")

    def shape_tensor(self, name: str = "shape_tensor") -> Tensor:
        """Its shape in a run."""
        with self._name_scope(name):
            if self.shape.is_fully_defined():
                return api.constant(self.shape.as_list(), dtype=dtypes.int32)
            return self._shape_tensor()

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Tensor:
        """The shape of its batch in a run."""
        with self._name_scope(name):
            return self._batch_shape_tensor()

    def _batch_shape_tensor(self, shape: Tensor | None = None) -> Tensor:
        if self.batch_shape.is_fully_defined():
            return convert_to_tensor(self.batch_shape.as_list(), dtype=dtypes.int32, name="batch_shape")
        return (self.shape_tensor() if shape is None else shape)[:-2]

    def tensor_rank_tensor(self, name: str = "tensor_rank_tensor") -> Tensor:
        """How many dimensions it has in a run."""
        with self._name_scope(name):
            if self.tensor_rank is not None:
                return convert_to_tensor(self.tensor_rank)
            return api.size(self.shape_tensor())

    def domain_dimension_tensor(self, name: str = "domain_dimension_tensor") -> Tensor:
        """How many columns it has in a run."""
        with self._name_scope(name):
            return self._dimension_tensor(self.domain_dimension, -1)

    def range_dimension_tensor(self, name: str = "range_dimension_tensor") -> Tensor:
        """How many rows it has in a run."""
        with self._name_scope(name):
            return self._dimension_tensor(self.range_dimension, -2)

    def _domain_dimension_tensor(self, shape: Tensor | None = None) -> Tensor:
        return self._dimension_tensor(self.domain_dimension, -1, shape)

    def _range_dimension_tensor(self, shape: Tensor | None = None) -> Tensor:
        return self._dimension_tensor(self.range_dimension, -2, shape)

    def _dimension_tensor(self, known: Dimension, place: int, shape: Tensor | None = None) -> Tensor:
        if known.value is not None:
            return convert_to_tensor(known.value)
        return (self.shape_tensor() if shape is None else shape)[place]

    # --- checks -----------------------------------------------------------------------------------------------------

    def assert_non_singular(self, name: str = "assert_non_singular") -> Operation:
        """An operation that fails a run in which it has no inverse."""
        with self._name_scope(name):
            return self._assert_non_singular()

    def _assert_non_singular(self) -> Operation:
        tf_logging.warning("Using (possibly slow) default implementation of assert_non_singular."
                           "  Requires conversion to a dense matrix and O(N^3) operations.")
        if self._can_use_cholesky():
            return self.assert_positive_definite()
        values = api.svd(self.to_dense(), compute_uv=False)
        condition = api.reduce_max(values, axis=-1) / api.reduce_min(values, axis=-1)
        return api.debugging.assert_less(condition, self._max_condition_number_to_be_non_singular(),
                                         message="Singular matrix up to precision epsilon.")

    def _max_condition_number_to_be_non_singular(self) -> Any:
        with name_scope("max_nonsingular_condition_number"):
            of_type = np.finfo(self.dtype.as_numpy_dtype).eps
            real = self.dtype.real_dtype
            largest = api.reduce_max([100.0, api.cast(self.range_dimension_tensor(), real),
                                      api.cast(self.domain_dimension_tensor(), real)])
            return 1.0 / (largest * of_type)

    def assert_positive_definite(self, name: str = "assert_positive_definite") -> Operation:
        """An operation that fails a run in which it is not positive definite."""
        with self._name_scope(name):
            return self._assert_positive_definite()

    def _assert_positive_definite(self) -> Operation:
        tf_logging.warning("Using (possibly slow) default implementation of assert_positive_definite."
                           "  Requires conversion to a dense matrix and O(N^3) operations.")
        if not self.is_self_adjoint:
            raise NotImplementedError("assert_positive_definite is not implemented.")
        return api.debugging.assert_positive(api.linalg.diag_part(api.linalg.cholesky(self.to_dense())),
                                             message="Matrix was not positive definite.")

    def assert_self_adjoint(self, name: str = "assert_self_adjoint") -> Operation:
        """An operation that fails a run in which it is not its adjoint."""
        with self._name_scope(name):
            return self._assert_self_adjoint()

    def _assert_self_adjoint(self) -> Operation:
        dense = self.to_dense()
        tf_logging.warning("Using (possibly slow) default implementation of assert_self_adjoint."
                           "  Requires conversion to a dense matrix.")
        return api.debugging.assert_equal(dense, api.linalg.adjoint(dense),
                                          message="Matrix was not equal to its adjoint.")

    def _check_input_dtype(self, arg: Tensor) -> None:
        if arg.dtype.base_dtype != self.dtype:
            raise TypeError(f"Expected argument to have dtype {self.dtype}.  Found: {arg.dtype} in tensor {arg}")

    def _can_use_cholesky(self) -> bool:
        return bool(self.is_self_adjoint and self.is_positive_definite)

    # --- products ---------------------------------------------------------------------------------------------------

    @abc.abstractmethod
    def _matmul(self, x: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        raise NotImplementedError("_matmul is not implemented.")

    def _operand(self, x: Any, name: str, own: int, other: int) -> Tensor:
        """An argument as a tensor whose size fits."""
        x = convert_to_tensor(x, name=name)
        self._check_input_dtype(x)
        if self.shape.ndims is not None and x.get_shape().ndims is not None:
            self.shape[own].assert_is_compatible_with(x.get_shape()[other])
        return x

    def matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "matmul") -> Any:
        """Its product with a matrix, or with another operator.

        Args:
          x: [..., n, k], or an operator.
          adjoint: whether its adjoint is taken.
          adjoint_arg: whether that of `x` is taken.
          name: of the scope.

        Raises:
          TypeError: `x` has another type.
          ValueError: the sizes do not fit.
        """
        if isinstance(x, LinearOperator):
            left, right = self._both(x, adjoint, adjoint_arg, "x")
            with self._name_scope(name):
                return algebra.matmul(left, right)
        with self._name_scope(name):
            x = self._operand(x, "x", -2 if adjoint else -1, -1 if adjoint_arg else -2)
            return self._matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _both(self, x: LinearOperator, adjoint: bool, adjoint_arg: bool,
              what: str) -> tuple[LinearOperator, LinearOperator]:
        left = self.adjoint() if adjoint else self
        right = x.adjoint() if adjoint_arg else x
        if not right.range_dimension.is_compatible_with(left.domain_dimension):
            raise ValueError(f"Operators are incompatible. Expected `{what}` to have dimension "
                             f"{left.domain_dimension} but got {right.range_dimension}.")
        return left, right

    def __matmul__(self, other: Any) -> Any:
        return self.matmul(other)

    def _matvec(self, x: Tensor, adjoint: bool = False) -> Tensor:
        return api.squeeze(self.matmul(api.expand_dims(x, axis=-1), adjoint=adjoint), axis=-1)

    def matvec(self, x: Any, adjoint: bool = False, name: str = "matvec") -> Tensor:
        """Its product with a vector [..., n]."""
        with self._name_scope(name):
            return self._matvec(self._operand(x, "x", -2 if adjoint else -1, -1), adjoint=adjoint)

    def _determinant(self) -> Tensor:
        tf_logging.warning("Using (possibly slow) default implementation of determinant."
                           "  Requires conversion to a dense matrix and O(N^3) operations.")
        return api.exp(self.log_abs_determinant()) if self._can_use_cholesky() else api.linalg.det(self.to_dense())

    def determinant(self, name: str = "det") -> Tensor:
        """Its determinant.

        Raises:
          NotImplementedError: it surely is not square.
        """
        self._refuse_unless_square()
        with self._name_scope(name):
            return self._determinant()

    def _refuse_unless_square(self) -> None:
        if self.is_square is False:
            raise NotImplementedError("Determinant not implemented for an operator that is expected to not be square.")

    def _log_abs_determinant(self) -> Tensor:
        tf_logging.warning("Using (possibly slow) default implementation of determinant."
                           "  Requires conversion to a dense matrix and O(N^3) operations.")
        if self._can_use_cholesky():
            diagonal = api.linalg.diag_part(api.linalg.cholesky(self.to_dense()))
            return 2 * api.reduce_sum(api.log(diagonal), axis=[-1])
        return api.linalg.slogdet(self.to_dense())[1]

    def log_abs_determinant(self, name: str = "log_abs_det") -> Tensor:
        """The logarithm of the magnitude of its determinant.

        Raises:
          NotImplementedError: it surely is not square.
        """
        self._refuse_unless_square()
        with self._name_scope(name):
            return self._log_abs_determinant()

    # --- solving ----------------------------------------------------------------------------------------------------

    def _solve(self, rhs: Tensor, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        if self.is_square is False:
            raise NotImplementedError("Solve is not yet implemented for non-square operators.")
        tf_logging.warning("Using (possibly slow) default implementation of solve."
                           "  Requires conversion to a dense matrix and O(N^3) operations.")
        return self._dense_solve(rhs, adjoint, adjoint_arg)

    def _dense_solve(self, rhs: Tensor, adjoint: bool, adjoint_arg: bool) -> Tensor:
        rhs = api.linalg.adjoint(rhs) if adjoint_arg else rhs
        if self._can_use_cholesky():
            return cholesky_solve(api.linalg.cholesky(self.to_dense()), rhs)
        return matrix_solve(self.to_dense(), rhs, adjoint=adjoint)

    def solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "solve") -> Any:
        """The matrix (or operator) with which its product is `rhs`.

        Args:
          rhs: [..., n, k], or an operator.
          adjoint: whether its adjoint is taken.
          adjoint_arg: whether that of `rhs` is taken.
          name: of the scope.

        Raises:
          NotImplementedError: it surely is singular, or not square.
        """
        if self.is_non_singular is False:
            raise NotImplementedError("Exact solve not implemented for an operator that is expected to be singular.")
        if self.is_square is False:
            raise NotImplementedError("Exact solve not implemented for an operator that is expected to not be square.")
        if isinstance(rhs, LinearOperator):
            left, right = self._both(rhs, adjoint, adjoint_arg, "rhs")
            with self._name_scope(name):
                return algebra.solve(left, right)
        with self._name_scope(name):
            rhs = self._operand(rhs, "rhs", -1 if adjoint else -2, -1 if adjoint_arg else -2)
            return self._solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _solvevec(self, rhs: Tensor, adjoint: bool = False) -> Tensor:
        return api.squeeze(self.solve(api.expand_dims(rhs, axis=-1), adjoint=adjoint), axis=-1)

    def solvevec(self, rhs: Any, adjoint: bool = False, name: str = "solve") -> Tensor:
        """The vector with which its product is `rhs` [..., n]."""
        with self._name_scope(name):
            return self._solvevec(self._operand(rhs, "rhs", -1 if adjoint else -2, -1), adjoint=adjoint)

    # --- other operators --------------------------------------------------------------------------------------------

    def adjoint(self, name: str = "adjoint") -> LinearOperator:
        """Its adjoint, as an operator."""
        if self.is_self_adjoint is True:
            return self
        with self._name_scope(name):
            return algebra.adjoint(self)

    H = property(adjoint)

    def inverse(self, name: str = "inverse") -> LinearOperator:
        """Its inverse, as an operator.

        Raises:
          ValueError: it surely is not square, or singular.
        """
        if self.is_square is False:
            raise ValueError("Cannot take the Inverse: This operator represents a non square matrix.")
        if self.is_non_singular is False:
            raise ValueError("Cannot take the Inverse: This operator represents a singular matrix.")
        with self._name_scope(name):
            return algebra.inverse(self)

    def cholesky(self, name: str = "cholesky") -> LinearOperator:
        """Cholesky's factor, as an operator.

        Raises:
          ValueError: it is not said to be positive definite and self-adjoint.
        """
        if not self._can_use_cholesky():
            raise ValueError("Cannot take the Cholesky decomposition: Not a positive definite self adjoint matrix.")
        with self._name_scope(name):
            return algebra.cholesky(self)

    # --- as a matrix ------------------------------------------------------------------------------------------------

    def _to_dense(self) -> Tensor:
        tf_logging.warning("Using (possibly slow) default implementation of to_dense.  Converts by self.matmul("
                           "identity).")
        batch = self.batch_shape if self.batch_shape.is_fully_defined() else self.batch_shape_tensor()
        size: Any = self.domain_dimension.value
        size = self.domain_dimension_tensor() if size is None else size
        return self.matmul(api.eye(num_rows=size, batch_shape=batch, dtype=self.dtype))

    def to_dense(self, name: str = "to_dense") -> Tensor:
        """The whole matrix."""
        with self._name_scope(name):
            return self._to_dense()

    def _diag_part(self) -> Tensor:
        return api.linalg.diag_part(self.to_dense())

    def diag_part(self, name: str = "diag_part") -> Tensor:
        """Its diagonal."""
        with self._name_scope(name):
            return self._diag_part()

    def _trace(self) -> Tensor:
        return api.reduce_sum(self.diag_part(), axis=-1)

    def trace(self, name: str = "trace") -> Tensor:
        """The sum of its diagonal."""
        with self._name_scope(name):
            return self._trace()

    def _add_to_tensor(self, x: Tensor) -> Tensor:
        return self.to_dense() + x

    def add_to_tensor(self, x: Any, name: str = "add_to_tensor") -> Tensor:
        """Its sum with a matrix."""
        with self._name_scope(name):
            x = convert_to_tensor(x, name="x")
            self._check_input_dtype(x)
            return self._add_to_tensor(x)
