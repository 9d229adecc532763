"""Diagonals: matrices from them, matrices to them, bands, and the identity matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import static_ints
from tfmagic.ops import api, raw, shape_rules
from tfmagic.ops.array.constants import ones, zeros, zeros_like
from tfmagic.ops.array.join import concat
from tfmagic.ops.array.shape_ops import rank, shape
from tfmagic.ops.declare import old_names, op


@op("Diag", check=lambda op, x: None if x else "Input must be at least rank 1, got 0")
class Diag:
    """A tensor of twice the rank with the input on its diagonal."""

    def shape(op, x):
        return None if x is None else (*shape_rules.with_rank_at_least(x, 1), *x)

    def kernel(op, x):
        return torch.diag(x.reshape(-1)).reshape(*x.shape, *x.shape)

    def gradient(op, dy):
        return raw.diag_part(dy)


def _refused_diag_part(op: Any, x: Any) -> str | None:
    """TensorFlow's words for a run with a value of this shape."""
    half = len(x) // 2
    if len(x) % 2 or not x:
        return f"The rank of the tensor should be{' ' * 42}even and positive, got shape {shapes.brackets(x)}"
    return next((f"Invalid shape {shapes.brackets(x)}: dimensions {axis} and {half + axis} do not match."
                 for axis in range(half) if x[axis] != x[half + axis]), None)


@op("DiagPart", check=_refused_diag_part)
class DiagPart:
    """The diagonal of a tensor of even rank."""

    def shape(op, x):
        if x is None:
            return None
        if len(x) % 2 or not x:
            raise ValueError(f"Input must have even and non-zero rank, input rank is {len(x)}")
        half = len(x) // 2
        return tuple(map(shape_rules.merge_dim, x[:half], x[half:]))

    def kernel(op, x):
        half = x.shape[:x.ndim // 2]
        count = int(np.prod(half, dtype=np.int64))
        return torch.diagonal(x.reshape(count, count)).reshape(half).contiguous()

    def gradient(op, dy):
        return raw.diag(dy)


def _diag_dims(op: Any, x: Any) -> Any:
    shape_rules.with_rank_at_least(x, 1)
    return None if x is None else (*x, x[-1])


def _diag_part_dims(op: Any, x: Any) -> Any:
    if x is None:
        return None
    shape_rules.with_rank_at_least(x, 2)
    size = None if None in x[-2:] and 0 not in x[-2:] else min(d for d in x[-2:] if d is not None)
    return (*x[:-2], size)


def _refused_rank(**least: int) -> Any:
    """A check that inputs have at least these ranks."""

    def refused(op: Any, *inputs: Any) -> str | None:
        return next((f"{name} must be at least {rank}-dim, received shape: {shapes.brackets(dims)}"
                     for (name, rank), dims in zip(least.items(), inputs) if len(dims) < rank), None)

    return refused


_NOT_FITTING = ("Either first dimensions of diagonal don't match input.shape[:-2], or diagonal.shape[:-1] is not equal "
                "to the longests diagonal in range [lower_diag_index:upper_diag_index].")


def _refused_set_diag(op: Any, x: Any, diagonal: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    return _refused_rank(input=2, diagonal=1)(op, x, diagonal) or (
        None if diagonal == (*x[:-2], min(x[-2:])) else _not_fitting(x, diagonal, (*x[:-2], min(x[-2:]))))


def _not_fitting(x: Any, diagonal: Any, wanted: Any) -> str:
    return (f"{_NOT_FITTING}\nInput shape: {shapes.brackets(x)}\nDiagonal shape: {shapes.brackets(diagonal)}\n"
            f"Expected diagonal shape: {shapes.brackets(wanted)}")


@op("MatrixDiag", check=_refused_rank(diagonal=1))
class MatrixDiag:
    """Matrices with the rows of the input on their diagonals."""

    shape = _diag_dims

    def kernel(op, x):
        return torch.diag_embed(x)

    def gradient(op, dy):
        return matrix_diag_part(dy)


@op("MatrixDiagPart", check=_refused_rank(input=2))
class MatrixDiagPart:
    """The diagonals of matrices."""

    shape = _diag_part_dims

    def kernel(op, x):
        return torch.diagonal(x, dim1=-2, dim2=-1).contiguous()

    def gradient(op, dy):
        dims = op.input.shape[-2:]
        if dims.is_fully_defined() and dims._dims[0] == dims._dims[1]:
            return matrix_diag(dy)
        return matrix_set_diag(zeros_like(op.input), dy)


@op("MatrixSetDiag", check=_refused_set_diag)
class MatrixSetDiag:
    """Matrices with other diagonals."""

    def shape(op, x, diagonal):
        shape_rules.with_rank_at_least(x, 2)
        shape_rules.with_rank_at_least(diagonal, 1)
        if x is not None and diagonal is not None:
            part: Any = _diag_part_dims(op, x)
            shape_rules.with_rank(diagonal, len(part))
            shape_rules.merge_dim(part[-1], diagonal[-1])
        if diagonal is None or (x is not None and None not in x):
            return x
        return shape_rules.merge(x, (*diagonal[:-1], None, None))

    def kernel(op, x, diagonal):
        return torch.diagonal_scatter(x, diagonal, dim1=-2, dim2=-1)

    def gradient(op, dy):
        input_shape = op.input.shape.merge_with(dy.shape)
        batch = input_shape[:-2].merge_with(op.diagonal.shape[:-1])
        matrix = input_shape[-2:]
        if batch.is_fully_defined() and matrix.is_fully_defined():
            wanted = [*batch.as_list(), min(matrix.as_list())]
        else:
            with get_default_graph().colocate_with(dy.op):
                dy_shape, dy_rank = shape(dy), rank(dy)
                lead = raw.slice(dy_shape, [0], [raw.sub(dy_rank, 2, name="sub")])
                sides = raw.slice(dy_shape, [raw.sub(dy_rank, 2, name="sub")], [2])
                wanted = concat([lead, [api.math.reduce_min(sides)]], 0)
        return matrix_set_diag(dy, zeros(wanted, dtype=dy.dtype)), matrix_diag_part(dy)


def _refused_band(op: Any, x: Any, num_lower: Any, num_upper: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    return _refused_rank(input=2)(op, x) or next(
        (f"{name} must be scalar, got shape {shapes.brackets(dims)}"
         for name, dims in (("num_lower", num_lower), ("num_upper", num_upper)) if dims), None)


@op("MatrixBandPart", host=("num_lower", "num_upper"), traced="shapes", check=_refused_band)
class MatrixBandPart:
    """Matrices with everything outside of a band set to zero."""

    shape = shape_rules.same

    def kernel(op, x, num_lower, num_upper):
        for name, number, size, what in (("num_lower", num_lower, x.shape[-2], "rows"),
                                         ("num_upper", num_upper, x.shape[-1], "columns")):
            if number > size:
                raise errors.InvalidArgumentError(None, None, f"{name} must be negative or less or equal to number of "
                                                              f"{what} ({size}) got: {number}")
        if num_lower >= 0:
            x = torch.triu(x, -num_lower)
        if num_upper >= 0:
            x = torch.tril(x, num_upper)
        return x

    def gradient(op, dy):
        return raw.matrix_band_part(dy, op.num_lower, op.num_upper), None, None


old_names(BatchMatrixDiag="MatrixDiag", BatchMatrixDiagPart="MatrixDiagPart", BatchMatrixSetDiag="MatrixSetDiag",
          BatchMatrixBandPart="MatrixBandPart")

# --- several diagonals ------------------------------------------------------------------------------------------


def _static_bounds(k: Tensor, dims: Dims) -> tuple[int, int] | None:
    """The lowest and the highest diagonal, where they are known."""
    shape_rules.with_rank_at_most(dims, 1)
    items = static_ints(k)
    if items is None:
        return None
    if not 1 <= len(items) <= 2:
        raise ValueError(f"diag_index must be a vector with one or two elements. It has {len(items)} elements.")
    if items[0] > items[-1]:
        raise ValueError("lower_diag_index is greater than upper_diag_index")
    return items[0], items[-1]


def _check_within(matrix: Any, bounds: tuple[int, int]) -> None:
    """Refuse diagonals that a matrix of static size has not."""
    for name, d in zip(("lower_diag_index", "upper_diag_index"), bounds):
        if None not in matrix and d and not -matrix[0] < d < matrix[1]:
            raise ValueError(f"{name} is out of bound.")


def _refused_diagonals(op: Any, k: Any) -> str | None:
    """TensorFlow's words for diagonals that are chosen by a tensor of this shape."""
    if len(k) > 1:
        return f"diag_index must be a scalar or vector, received shape: {shapes.brackets(k)}"
    return None if k in ((), (1,), (2,)) else (
        f"diag_index must have only one or two elements, received {k[0]} elements.")


def _bounds(k: Any, matrix: Any = None, end: str = "") -> tuple[int, int]:
    """The lowest and the highest diagonal.

    Args:
      matrix: the shape of matrices that must have these diagonals.
      end: how the first half of TensorFlow's words for a low one ends.

    Raises:
      InvalidArgumentError: there are no such diagonals.
    """
    items = [int(v) for v in np.asarray(k).reshape(-1)]
    low, high = items[0], items[-1]
    words = None
    if matrix is not None:
        words = next((f"{name} is out of bound: {d}{dot} It must be between {-matrix[-2]} and {matrix[-1]}"
                      for name, d, dot in (("lower_diag_index", low, end), ("upper_diag_index", high, ""))
                      if d and not -matrix[-2] < d < matrix[-1]), None)
    if low > high:
        words = words or f"lower_diag_index must not be larger than upper_diag_index: {low} > {high}"
    if words is not None:
        raise errors.InvalidArgumentError(None, None, words)
    return low, high


def _length(rows: int, columns: int, d: int) -> int:
    """The length of diagonal `d` of a matrix."""
    return max(0, min(rows + min(d, 0), columns - max(d, 0)))


@op("MatrixDiagPartV2", host=("k",), traced="shapes", check=lambda op, x, k, padding_value:
    _refused_diagonals(op, k) or _refused_rank(input=2)(op, x))
class MatrixDiagPartV2:
    """Several diagonals of matrices, the shorter ones filled up."""

    def shape(op, x, k, padding_value):
        shape_rules.with_rank_at_least(x, 2)
        shape_rules.with_rank_at_most(k, 1)
        shape_rules.with_rank(padding_value, 0)
        bounds = _static_bounds(op.k, k)
        if x is None or bounds is None:
            return None
        _check_within(x[-2:], bounds)
        low, high = bounds
        count = () if low == high else (high - low + 1,)
        if None in x[-2:]:
            return (*x[:-2], *count, None)
        return (*x[:-2], *count, max(_length(x[-2], x[-1], d) for d in range(low, high + 1)))

    def kernel(op, x, k, padding_value):
        low, high = _bounds(k, x.shape, ".")
        width = max(_length(x.shape[-2], x.shape[-1], d) for d in range(low, high + 1))
        rows = []
        for d in range(high, low - 1, -1):
            diagonal = torch.diagonal(x, offset=d, dim1=-2, dim2=-1)
            fill = padding_value.expand(*x.shape[:-2], width - diagonal.shape[-1])
            rows.append(torch.cat([diagonal, fill], -1))
        return rows[0] if low == high else torch.stack(rows, -2)

    def gradient(op, dy):
        dims = op.input.shape[-2:]
        if dims.is_fully_defined():
            sides = dims.as_list()
            zero = convert_to_tensor(0, dy.dtype)
            return raw.matrix_diag_v2(dy, op.k, sides[0], sides[1], zero), None, None
        return raw.matrix_set_diag_v2(zeros_like(op.input), dy, op.k), None, None


def _write_diagonals(x: Any, diagonal: Any, low: int, high: int) -> Any:
    """`x` with diagonals `low` to `high` replaced."""
    for index, d in enumerate(range(high, low - 1, -1)):
        row = diagonal if low == high else diagonal[..., index, :]
        length = _length(x.shape[-2], x.shape[-1], d)
        x = torch.diagonal_scatter(x, row[..., :length], offset=d, dim1=-2, dim2=-1)
    return x


@op("MatrixDiagV2", host=("k", "num_rows", "num_cols"), traced="shapes", check=lambda op, diagonal, k, *rest:
    _refused_diagonals(op, k) or _refused_rank(diagonal=1)(op, diagonal))
class MatrixDiagV2:
    """Matrices with several diagonals."""

    def shape(op, diagonal, k, num_rows, num_cols, padding_value):
        shape_rules.with_rank_at_least(diagonal, 1)
        shape_rules.with_rank_at_most(k, 1)
        for dims in (num_rows, num_cols, padding_value):
            shape_rules.with_rank(dims, 0)
        bounds, sizes = _static_bounds(op.k, k), [static_ints(t) for t in (op.num_rows, op.num_cols)]
        if diagonal is None or bounds is None or None in sizes:
            return None
        low, high = bounds
        if low < high:
            count = diagonal[-2] if len(diagonal) > 1 else diagonal[-1]
            if count is not None and count != high - low + 1:
                raise ValueError("The number of rows of `diagonal` doesn't match the number of diagonals implied from "
                                 f"`d_lower` and `d_upper`.\nnum_diags = {count}, d_lower = {low}, d_upper = {high} "
                                 f"{len(diagonal)} {diagonal[-1]}")
        lead = diagonal[:-1] if low == high else diagonal[:-2]
        (rows,), (columns,) = sizes
        if diagonal[-1] is None:
            return (*lead, *(None if size == -1 else size for size in (rows, columns)))
        least = _least_size(diagonal[-1], low, high)
        for name, size, enough in (("num_rows", rows, least[0]), ("num_cols", columns, least[1])):
            if size != -1 and size < enough:
                raise ValueError(f"{name} is too small")
        size = _matrix_size(least, rows, columns)
        if size[0] != least[0] and size[1] != least[1] and (rows, columns) != (-1, -1):
            raise ValueError("num_rows and num_cols are not consistent with lower_diag_index, upper_diag_index, and "
                             f"the length of the given diagonals.\nnum_rows = {size[0]} != min_num_rows = {least[0]}, "
                             f"num_cols = {size[1]} != min_num_cols = {least[1]}")
        return (*lead, *size)

    def kernel(op, diagonal, k, num_rows, num_cols, padding_value):
        low, high = _bounds(k)
        least = _least_size(diagonal.shape[-1], low, high)
        rows, columns = _matrix_size(least, num_rows, num_cols)
        words = None
        if low < high and (diagonal.ndim < 2 or diagonal.shape[-2] != high - low + 1):
            words = ("The number of diagonals provided in the input does not match the lower_diag_index and "
                     "upper_diag_index range.")
        elif rows < least[0] or columns < least[1]:
            words = f"The number of {'rows' if rows < least[0] else 'columns'} is too small."
        elif rows != least[0] and columns != least[1] and (num_rows, num_cols) != (-1, -1):
            words = ("The number of rows or columns is not consistent with the specified d_lower, d_upper, and "
                     "diagonal.")
        if words is not None:
            raise errors.InvalidArgumentError(None, None, words)
        lead = diagonal.shape[:-1] if low == high else diagonal.shape[:-2]
        return _write_diagonals(padding_value.expand(*lead, rows, columns).contiguous(), diagonal, low, high)

    def gradient(op, dy):
        return (raw.matrix_diag_part_v2(dy, op.k, convert_to_tensor(0, dy.dtype)),) + (None,) * 4


def _least_size(length: int, low: int, high: int) -> tuple[int, int]:
    """The sides of the smallest matrix whose longest diagonal has a length."""
    return length - min(high, 0), length + max(low, 0)


def _matrix_size(least: tuple[int, int], rows: int, columns: int) -> tuple[int, int]:
    """The sides of a matrix, those of the smallest where they are not given."""
    if rows == -1 and columns == -1:
        return max(least), max(least)
    return (least[0] if rows == -1 else rows), (least[1] if columns == -1 else columns)


@op("MatrixSetDiagV2", host=("k",), traced="shapes", check=lambda op, x, diagonal, k:
    _refused_diagonals(op, k) or _refused_rank(input=2, diagonal=1)(op, x, diagonal) or "")
class MatrixSetDiagV2:
    """Matrices with several diagonals replaced."""

    def shape(op, x, diagonal, k):
        shape_rules.with_rank_at_least(x, 2)
        shape_rules.with_rank_at_least(diagonal, 1)
        shape_rules.with_rank_at_most(k, 1)
        if x is not None:
            shape_rules.with_rank_at_most(shape_rules.with_rank_at_least(diagonal, len(x) - 1), len(x))
        bounds = _static_bounds(op.k, k)
        low, high = bounds or (0, 0)  # TensorFlow takes one that is not known for the main diagonal
        if x is not None and bounds is not None:
            shape_rules.with_rank(diagonal, len(x) - (low == high))
            _check_within(x[-2:], bounds)
        if diagonal is not None and (x is None or None in x):
            x = shape_rules.merge(x, (*diagonal[:-1 if low == high else -2], None, None))
        return x

    def kernel(op, x, diagonal, k):
        dims, given = tuple(x.shape), tuple(diagonal.shape)
        low, high = _bounds(k, dims)
        count = () if low == high else (high - low + 1,)
        wanted = (*dims[:-2], *count, max(_length(dims[-2], dims[-1], d) for d in range(low, high + 1)))
        words = None
        if count and (len(given) < len(dims) or given[len(dims) - 2] != count[0]):
            words = ("The number of diagonals provided in `diag` is not consistent with `lower_diag_index` and "
                     "`upper_diag_index`")
        elif given != wanted:
            words = _not_fitting(dims, given, wanted)
        if words is not None:
            raise errors.InvalidArgumentError(None, None, words)
        return _write_diagonals(x, diagonal, low, high)

    def gradient(op, dy):
        part = raw.matrix_diag_part_v2(dy, op.k, convert_to_tensor(0, dy.dtype))
        return raw.matrix_set_diag_v2(dy, zeros_like(op.diagonal), op.k), part, None


# --- public functions -------------------------------------------------------------------------------------------


@export("linalg.diag")
def matrix_diag(diagonal: Any, name: str = "diag", k: Any = 0, num_rows: Any = -1, num_cols: Any = -1,
                padding_value: Any = 0) -> Tensor:
    """Matrices with given diagonals.

    Args:
      diagonal: tensor whose last axis holds diagonals.
      k: which diagonal (0 the main one, positive above it), or a pair for a band.
      num_rows, num_cols: the sides; -1 for the least possible.
      padding_value: a scalar for the rest of the matrix.
    """
    if _is_number(k, 0) and _is_number(num_rows, -1) and _is_number(num_cols, -1) and _is_number(padding_value, 0):
        return raw.matrix_diag(diagonal, name=name)
    return raw.matrix_diag_v2(diagonal, k, num_rows, num_cols, padding_value, name=name)


@export("linalg.diag_part")
def matrix_diag_part(input: Any, name: str = "diag_part", k: Any = 0, padding_value: Any = 0) -> Tensor:
    """The diagonals of matrices.

    Args:
      input: tensor whose last two axes hold matrices.
      k: which diagonal, or a pair for a band.
      padding_value: a scalar that fills up the shorter diagonals of a band.
    """
    if _is_number(k, 0):
        return raw.matrix_diag_part(input, name=name)
    return raw.matrix_diag_part_v2(input, k, padding_value, name=name)


@export("linalg.set_diag")
def matrix_set_diag(input: Any, diagonal: Any, name: str = "set_diag", k: Any = 0) -> Tensor:
    """Matrices with other diagonals.

    Args:
      input: tensor whose last two axes hold matrices.
      diagonal: tensor with the new diagonals.
      k: which diagonal, or a pair for a band.
    """
    if _is_number(k, 0):
        return raw.matrix_set_diag(input, diagonal, name=name)
    return raw.matrix_set_diag_v2(input, diagonal, k, name=name)


def _is_number(value: Any, number: int) -> bool:
    return isinstance(value, (int, float)) and value == number


@export("eye")
def eye(num_rows: Any, num_columns: Any = None, batch_shape: Any = None, dtype: Any = dtypes.float32,
        name: str | None = None) -> Tensor:
    """An identity matrix, or a batch of them.

    Args:
      num_rows, num_columns: int32 scalars; the matrix is square when `num_columns` is left out.
      batch_shape: the shape of the batch.
      dtype: the type of the elements.
    """
    with name_scope(name, "eye", [num_rows, num_columns, batch_shape]):
        square = num_columns is None
        batch_shape = [] if batch_shape is None else batch_shape
        num_columns = num_rows if num_columns is None else num_columns
        if isinstance(num_rows, Tensor) or isinstance(num_columns, Tensor):
            size: Any = raw.minimum(num_rows, num_columns)
        else:
            if not all(isinstance(n, (int, np.integer)) for n in (num_rows, num_columns)):
                raise TypeError("num_rows and num_columns must be positive integer values.")
            square = num_rows == num_columns
            size = min(num_rows, num_columns)
        if isinstance(batch_shape, Tensor) or isinstance(size, Tensor):
            batch_shape = convert_to_tensor(batch_shape, name="shape", dtype=dtypes.int32)
            diagonal_shape: Any = concat((batch_shape, [size]), axis=0)
            whole: Any = None if square else concat((batch_shape, [num_rows, num_columns]), axis=0)
        else:
            batch_shape = list(shapes.TensorShape(batch_shape).as_list())
            diagonal_shape, whole = [*batch_shape, size], [*batch_shape, num_rows, num_columns]
        diagonal = ones(diagonal_shape, dtype=dtype)
        if square:
            return matrix_diag(diagonal)
        return matrix_set_diag(zeros(whole, dtype=dtype), diagonal)
