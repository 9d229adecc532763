"""Samples for ops of sparse tensors."""

from oracle.samples.values import D, N, i32, i64, row, text

MATRIX = i64([[0, 1], [0, 2], [3, 0]])

SAMPLES = {
    "SparseReshape": [
        row(input_indices=MATRIX, input_shape=i64([4, 3]), new_shape=i64([2, -1])),
        row(input_indices=MATRIX, input_shape=i64([4, 3]), new_shape=i64([12])),
        row(input_indices=MATRIX, input_shape=i64([4, 3]), new_shape=i64([3, 2, 2])),
        row(input_indices=i64([[5], [1]]), input_shape=i64([6]), new_shape=i64([2, 3])),
        row(input_indices=i64([]).reshape(0, 2), input_shape=i64([4, 3]), new_shape=i64([6, 2])),
        row(input_indices=i64([]).reshape(0, 2), input_shape=i64([0, 3]), new_shape=i64([3, 0])),
        row(input_indices=MATRIX, input_shape=i64([4, 3]), new_shape=i64([5, -1])),
        row(input_indices=MATRIX, input_shape=i64([4, 3]), new_shape=i64([5, 2])),
        row(input_indices=MATRIX, input_shape=i64([4, 3]), new_shape=i64([-1, -1])),
        row(input_indices=MATRIX, input_shape=i64([4, 3]), new_shape=i64([-2, 6])),
        row(input_indices=i64([]).reshape(0, 2), input_shape=i64([0, 3]), new_shape=i64([0, -1])),
    ],
    "SparseFillEmptyRows": [
        row(indices=MATRIX, values=N(3), dense_shape=i64([5, 3]), default_value=N()),
        row(indices=i64([[3, 0], [0, 2], [0, 1]]), values=N(3), dense_shape=i64([4, 3]), default_value=N()),
        row(indices=i64([[0], [1]]), values=D(2), dense_shape=i64([2]), default_value=D()),
        row(indices=i64([[1, 0, 1]]), values=N(1), dense_shape=i64([3, 2, 2]), default_value=N()),
        row(indices=i64([]).reshape(0, 2), values=N(0), dense_shape=i64([2, 3]), default_value=N()),
        row(indices=i64([]).reshape(0, 2), values=N(0), dense_shape=i64([0, 3]), default_value=N()),
        row(indices=i64([[1, 0]]), values=text(["a"]), dense_shape=i64([2, 3]), default_value=text("none")),
        row(indices=i64([[4, 0]]), values=N(1), dense_shape=i64([2, 3]), default_value=N()),
        row(indices=i64([[-1, 0]]), values=N(1), dense_shape=i64([2, 3]), default_value=N()),
        row(indices=i64([[0, 1]]), values=N(1), dense_shape=i64([0, 3]), default_value=N()),
        row(indices=MATRIX, values=N(2), dense_shape=i64([5, 3]), default_value=N()),
    ],
    "SparseTensorDenseAdd": [
        row(a_indices=MATRIX, a_values=N(3), a_shape=i64([4, 3]), b=N(4, 3)),
        row(a_indices=i64([[3, 0], [0, 1], [0, 1]]), a_values=D(3), a_shape=i64([4, 3]), b=D(4, 3)),
        row(a_indices=i32([[1], [0]]), a_values=N(2), a_shape=i32([2]), b=N(2)),
        row(a_indices=i64([]).reshape(0, 2), a_values=N(0), a_shape=i64([2, 3]), b=N(2, 3)),
        row(a_indices=i64([[4, 0]]), a_values=N(1), a_shape=i64([4, 3]), b=N(4, 3)),
        row(a_indices=MATRIX, a_values=N(3), a_shape=i64([4, 4]), b=N(4, 3)),
        row(a_indices=MATRIX, a_values=N(3), a_shape=i64([4, 3, 1]), b=N(4, 3)),
    ],
    "SparseFillEmptyRowsGrad": [
        row(reverse_index_map=i64([2, 0]), grad_values=N(4)),
        row(reverse_index_map=i64([]), grad_values=N(2)),
        row(reverse_index_map=i64([0]), grad_values=D(1)),
    ],
}
