"""Products and solutions of batches of matrices that broadcast, and the checks of operators' parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api


def broadcast_matrix_batch_dims(batch_matrices: list[Any], name: str | None = None) -> list[Tensor]:
    """Batches of matrices with the same batch each.

    Raises:
      ValueError: none are given, or one is no matrix.
    """
    with name_scope(name or "broadcast_matrix_batch_dims", values=batch_matrices):
        if not batch_matrices:
            return []
        tensors = []
        for matrix in batch_matrices:
            tensor = convert_to_tensor(matrix)
            assert_is_batch_matrix(tensor)
            tensors.append(tensor)
        if len(tensors) == 1:
            return tensors
        batch = tensors[0].get_shape()[:-2]
        for tensor in tensors[1:]:
            batch = api.broadcast_static_shape(batch, tensor.get_shape()[:-2])
        if batch.is_fully_defined():
            for place, tensor in enumerate(tensors):
                if tensor.get_shape()[:-2] != batch:
                    shape = api.concat([batch.as_list(), api.shape(tensor)[-2:]], axis=0)
                    tensors[place] = api.broadcast_to(tensor, shape)
            return tensors
        dynamic = api.shape(tensors[0])[:-2]
        for tensor in tensors[1:]:
            dynamic = api.broadcast_dynamic_shape(dynamic, api.shape(tensor)[:-2])
        for place, tensor in enumerate(tensors):
            tensors[place] = api.broadcast_to(tensor, api.concat([dynamic, api.shape(tensor)[-2:]], axis=0))
        return tensors


def assert_is_batch_matrix(tensor: Tensor) -> None:
    """Refuse a tensor that surely holds no matrices.

    Raises:
      ValueError: it has too few dimensions.
    """
    dims = tensor.get_shape()
    if dims.ndims is not None and dims.ndims < 2:
        raise ValueError(f"Expected [batch] matrix to have at least two dimensions.  Found: {tensor}")


def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """`tf.linalg.cholesky_solve` of batches that broadcast."""
    with name_scope(name or "CholeskySolveWithBroadcast", values=[chol, rhs]):
        chol, rhs = broadcast_matrix_batch_dims([chol, rhs])
        return api.linalg.cholesky_solve(chol, rhs)


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, adjoint_a: bool = False,
           adjoint_b: bool = False, name: str | None = None) -> Tensor:
    """`tf.matmul` of batches that broadcast."""
    with name_scope(name, "MatMulWithBroadcast", [a, b]):
        return api.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b, adjoint_a=adjoint_a,
                          adjoint_b=adjoint_b)


def matrix_solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """`tf.linalg.solve` of batches that broadcast."""
    with name_scope(name, "MatrixSolveWithBroadcast", [matrix, rhs]):
        matrix = convert_to_tensor(matrix, name="matrix")
        rhs = convert_to_tensor(rhs, name="rhs", dtype=matrix.dtype)
        flat = _batch_as_columns(matrix, rhs, adjoint)
        if flat is not None:
            return flat.undo(api.linalg.solve(flat.a, flat.b))
        matrix, rhs = broadcast_matrix_batch_dims([matrix, rhs])
        return api.linalg.solve(matrix, rhs, adjoint=adjoint)


def triangular_solve(matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False,
                     name: str | None = None) -> Tensor:
    """`tf.linalg.triangular_solve` of batches that broadcast."""
    with name_scope(name, "MatrixTriangularSolve", [matrix, rhs]):
        matrix = convert_to_tensor(matrix, name="matrix")
        rhs = convert_to_tensor(rhs, name="rhs", dtype=matrix.dtype)
        flat = _batch_as_columns(matrix, rhs, adjoint)
        if flat is not None:
            return flat.undo(api.linalg.triangular_solve(flat.a, flat.b, lower=lower != adjoint))
        matrix, rhs = broadcast_matrix_batch_dims([matrix, rhs])
        return api.linalg.triangular_solve(matrix, rhs, lower=lower, adjoint=adjoint)


class _Flattened:
    """The extra batch of right-hand sides as further columns of them: one factorisation serves all."""

    def __init__(self, a: Tensor, b: Tensor, undo: Callable[[Tensor], Tensor]):
        self.a, self.b, self.undo = a, b, undo


def _batch_as_columns(a: Tensor, b: Tensor, adjoint_a: bool) -> _Flattened | None:
    """The adjoint done, and `b` with its extra batch dimensions as columns; or None where that does not pay."""
    a_dims, b_dims = a.get_shape(), b.get_shape()
    if a_dims.ndims is None or b_dims.ndims is None or a_dims.ndims >= b_dims.ndims:
        return None
    extra = b_dims.ndims - a_dims.ndims
    api.shape(b)[:extra], api.shape(b)[extra:]  # TensorFlow makes these nodes, and the same again below
    rows = a_dims[-2 if adjoint_a else -1].value
    columns = b_dims[-1].value
    more = int(np.prod(b_dims[:extra].as_list())) if b_dims[:extra].is_fully_defined() else None
    if rows is not None and columns is not None and more is not None and (more < 2 or rows <= columns):
        return None
    a = api.linalg.adjoint(a) if adjoint_a else a
    extra_shape, main_shape = api.shape(b)[:extra], api.shape(b)[extra:]
    order = list(range(extra, b_dims.ndims)) + list(range(extra))
    moved = api.transpose(b, perm=order)
    flat = api.reshape(moved, api.concat((main_shape[:-1], [-1]), axis=0))

    def undo(x: Tensor) -> Tensor:
        whole = api.concat((api.shape(x)[:-1], [main_shape[-1]], extra_shape), axis=0)
        return api.transpose(api.reshape(x, whole), perm=np.argsort(order))

    return _Flattened(a, flat, undo)


def shape_tensor(shape: Any, name: str | None = None) -> Tensor:
    """A shape as an int32 (or int64) tensor."""
    dtype = dtypes.int32 if isinstance(shape, (tuple, list)) and not shape else None
    return convert_to_tensor(shape, dtype=dtype, name=name)


def assert_no_entries_with_modulus_zero(x: Any, message: str | None = None,
                                        name: str = "assert_no_entries_with_modulus_zero") -> Operation:
    """An operation that fails the run where a number is zero."""
    with name_scope(name, values=[x]):
        x = convert_to_tensor(x, name="x")
        size = api.abs(x)
        return api.debugging.assert_less(api.constant(0, dtype=size.dtype), size, message=message)


def assert_zero_imag_part(x: Any, message: str | None = None, name: str = "assert_zero_imag_part") -> Operation:
    """An operation that fails the run where a number is not real."""
    with name_scope(name, values=[x]):
        x = convert_to_tensor(x, name="x")
        if x.dtype.is_floating:
            return api.no_op()
        zero = convert_to_tensor(np.array(0, x.dtype.real_dtype.as_numpy_dtype))
        return api.debugging.assert_equal(zero, api.math.imag(x), message=message)


def assert_compatible_matrix_dimensions(operator: Any, x: Tensor) -> Operation:
    """An operation that fails the run where a matrix does not fit an operator."""
    rows, columns = api.shape(x)[-2], operator.domain_dimension_tensor()
    return api.debugging.assert_equal(
        rows, columns, message="Dimensions are not compatible.  shape[-2] of argument to be the same as this operator")


def agreed_hint(operator: Any, hint_attr_name: str, provided_hint_value: bool | None, message: str) -> bool | None:
    """A hint as it is given, or as an operator has it.

    Raises:
      ValueError: they contradict each other, with the words `message`.
    """
    own = getattr(operator, hint_attr_name)
    if own is None:
        return provided_hint_value
    if provided_hint_value is None or own == provided_hint_value:
        return own
    raise ValueError(message)


def diagonal_shape(diagonal: Tensor) -> TensorShape:
    """The shape of the square matrices with this diagonal."""
    dims = diagonal.get_shape()
    return dims.concatenate(dims[-1:])


def diagonal_shape_tensor(diagonal: Tensor) -> Tensor:
    """The shape of the square matrices with this diagonal, in a run."""
    shape = api.shape(diagonal)
    return api.concat((shape, [shape[-1]]), axis=0)


def rotate_transpose(x: Any, shift: Any, name: str = "rotate_transpose") -> Tensor:
    """`x` with its dimensions moved round by `shift` places."""
    with name_scope(name, values=[x, shift]):
        x = convert_to_tensor(x, name="x")
        shift = convert_to_tensor(shift, name="shift")
        api.debugging.assert_integer(shift)
        known, rank = constant_value(shift), x.get_shape().ndims
        if rank is not None and known is not None:
            by = int(np.sign(known) * (abs(known) % rank)) if rank >= 2 else 0
            return api.transpose(x, perm=np.roll(np.arange(rank), by)) if by else x
        # The same in a run.
        dims = api.rank(x)
        shift = api.where_v2(api.less(shift, 0), api.math.mod(-shift, dims), dims - api.math.mod(shift, dims))
        first, last = api.range(0, shift), api.range(shift, dims)
        return api.transpose(x, perm=api.concat([last, first], 0))
