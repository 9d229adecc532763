"""Products at a few places, and the sums of alternating least squares; numbers as TensorFlow 1.15 gives them."""

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.ops import raw

A = np.arange(6, dtype=np.float32).reshape(2, 3)
B = np.arange(12, dtype=np.float32).reshape(3, 4) + 1
PLACES = np.int64([[0, 0], [1, 3], [1, 0]])


def run(tensors):
    with tf.Session() as session:
        return session.run(tensors)


def masked(a, b, places=PLACES, transpose_a=False, transpose_b=False):
    return run(raw.masked_matmul(a, b, tf.constant(places, tf.int64), transpose_a, transpose_b))


@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize("transpose_b", [False, True])
def test_a_masked_product_has_the_products_numbers_at_its_places(transpose_a, transpose_b):
    found = masked(A.T if transpose_a else A, B.T if transpose_b else B, PLACES, transpose_a, transpose_b)
    np.testing.assert_array_equal(found, [23, 104, 68])


@pytest.mark.parametrize("arguments, words", [
    ((A[0], B), "Input a should be a matrix."),
    ((A, B[0]), "Input b should be a matrix."),
    ((A, B, [0, 1]), "Input mask_indices should be a matrix."),
    ((A, B, [[0, 1, 2]]), "mask_indices should be a matrix of shape [nnz 2], where nnz is the number of non-zero "
                          "elements."),
    ((A, B.T), "Matrix shapes are incompatible: a has shape [2,3], while b has shape [4,3]."),
    ((A, B, PLACES, [True]), "Input transpose_a should be a scalar."),
    ((A, B, [[2, 0]]), "In mask_indices[0, :], the row index 2 is out of bounds [0, 2)."),
    ((A, B, [[0, 1], [5, 9]]), "In mask_indices[1, :], the row index 5 is out of bounds [0, 2)."),
    ((A, B, [[0, 4]]), "In mask_indices[0, :], the column index 4 is out of bounds [0, 4)."),
])
def test_a_masked_product_refuses(arguments, words):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        masked(*arguments)
    assert caught.value.message.splitlines()[0] == words


def sums(**changed):
    given = {"factors": np.arange(8, dtype=np.float32).reshape(4, 2) / 3, "factor_weights": [0.5, 1.0, 2.0, 3.0],
             "unobserved_weights": 0.1, "input_weights": [1.0, 2.0, 3.0], "input_indices": [[0, 1], [0, 3], [2, 0]],
             "input_values": [1.0, 2.0, 3.0], "entry_weights": np.float32([]), "input_block_size": 3,
             "input_is_transpose": False} | changed
    given["input_indices"] = tf.constant(given["input_indices"], tf.int64)
    given["input_block_size"] = tf.constant(given["input_block_size"], tf.int64)
    return run(list(raw.wals_compute_partial_lhs_and_rhs(**given)))


@pytest.mark.parametrize("changed, first_left, first_right, last", [
    ({}, [[12.444445, 14.666665], [14.666665, 17.33333]], [13.133333, 15.566666], 1.6),
    ({"unobserved_weights": 0.0}, [[12.444445, 14.666665], [14.666665, 17.33333]], [12.666667, 15.0], 1.5),
    ({"input_indices": [[1, 0], [3, 0], [0, 2]], "input_is_transpose": True},
     [[12.444445, 14.666665], [14.666665, 17.33333]], [13.133333, 15.566666], 1.6),
    ({"factor_weights": np.float32([]), "input_weights": np.float32([]), "entry_weights": [0.3, 0.2, 0.1]},
     [[0.9333333, 1.1333333], [1.1333333, 1.3888888]], [1.4666667, 1.8], 0.2),
])
def test_sums_over_observed_entries(changed, first_left, first_right, last):
    left, right = sums(**changed)
    np.testing.assert_allclose(left[0], first_left, rtol=1e-6)
    np.testing.assert_allclose(right, [first_right, [0, 0], [0, last]], rtol=1e-6)
    assert not left[1].any()


@pytest.mark.parametrize("changed, words", [
    ({"factors": [1.0]}, "Input factors should be a matrix."),
    ({"input_values": [[1.0]]}, "Input input_values should be a vector"),
    ({"input_values": [1.0]}, "Input input_values' length should match the first dimension of Input input_indices "),
    ({"input_block_size": [3]}, "Input input_block_size should be a scalar."),
    ({"entry_weights": [0.3, 0.2, 0.1]},
     "To specify the weights for observed entries, either (1) entry_weights must be set or (2) input_weights and "
     "factor_weights must be set, but not both."),
])
def test_sums_refuse(changed, words):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        sums(**changed)
    assert caught.value.message.splitlines()[0] == words


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_the_other_triangle_is_not_read(dtype: type) -> None:
    random = np.random.RandomState(0)
    factor = np.tril(random.rand(3, 4, 4) + np.eye(4)).astype(dtype)
    above = np.triu(np.full([4, 4], np.nan, dtype), 1)
    rhs = random.rand(3, 4, 2).astype(dtype)
    matrix = np.tril(factor @ factor.conj().swapaxes(1, 2)) + above
    with tf.Session() as sess:
        np.testing.assert_allclose(sess.run(tf.cholesky(matrix)), factor, rtol=1e-4, atol=1e-6)
        solved = sess.run(tf.matrix_triangular_solve(factor + above, rhs))
        np.testing.assert_allclose(factor @ solved, rhs, rtol=1e-4, atol=1e-6)
        solved = sess.run(tf.matrix_triangular_solve(factor.swapaxes(1, 2) + above.T, rhs, lower=False, adjoint=True))
        np.testing.assert_allclose(factor.conj() @ solved, rhs, rtol=1e-4, atol=1e-6)
