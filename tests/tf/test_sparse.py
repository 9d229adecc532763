"""Sparse tensors: other shapes, fewer elements, filled rows, element-wise functions, and what is refused."""

from __future__ import annotations

import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


def run(value, feed=None):
    with tf.Session() as session:
        return session.run(value, feed)


def matrix():
    return tf.SparseTensor([[0, 1], [2, 0]], [5.0, -7.0], [3, 2])


def test_a_reshape_keeps_the_order_of_elements_and_knows_its_shape() -> None:
    found = tf.sparse.reshape(matrix(), [2, -1])
    assert found.get_shape().as_list() == [2, 3] and run(found).indices.tolist() == [[0, 1], [1, 1]]


def test_a_reshape_to_a_size_that_only_the_run_knows() -> None:
    shape = tf.placeholder(tf.int64, [None])
    assert run(tf.sparse.reshape(matrix(), shape), {shape: [1, 6]}).indices.tolist() == [[0, 1], [0, 4]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="6 dense values, but the requested shape has 4"):
        run(tf.sparse.reshape(matrix(), shape).indices, {shape: [2, 2]})


@pytest.mark.parametrize("shape, words", [
    ([4, 2], r"Cannot reshape a tensor with 6 elements to shape \[4, 2\] \(8 elements\)"),
    ([4, -1], r"Cannot reshape a tensor with 6 elements to shape \[4, None\] \(4 elements\)"),
    ([-1, -1], r"At most one dimension can be inferred \(-1\). Found: \[-1 -1\]"),
])
def test_a_reshape_that_cannot_be_is_refused_while_building(shape: list[int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        tf.sparse.reshape(matrix(), shape)


def test_some_elements_are_kept_and_empty_rows_filled() -> None:
    kept = tf.sparse.retain(matrix(), [False, True])
    filled, empty = tf.sparse.fill_empty_rows(kept, 9)
    value, rows = run([filled, empty])
    assert value.indices.tolist() == [[0, 0], [1, 0], [2, 0]] and value.values.tolist() == [9, 9, -7]
    assert rows.tolist() == [True, True, False]


def test_element_wise_functions_take_sparse_tensors() -> None:
    for function, values in ((tf.abs, [5, 7]), (tf.square, [25, 49]), (tf.negative, [-5, 7]), (tf.sign, [1, -1])):
        found = function(matrix(), name="f")
        assert isinstance(found, tf.SparseTensor) and run(found).values.tolist() == values


def test_what_is_no_sparse_tensor_is_refused() -> None:
    with pytest.raises(TypeError, match="Input must be a SparseTensor"):
        tf.sparse.reshape(tf.ones([2]), [1, 2])
    with pytest.raises(TypeError, match="Failed to convert object of type <class '.*SparseTensor'>"):
        tf.exp(matrix())


def test_a_sparse_tensor_has_a_spec_that_takes_it_apart() -> None:
    sparse = matrix()
    spec = sparse._type_spec
    assert spec == tf.SparseTensorSpec([3, 2], tf.float32)
    parts = spec._to_components(sparse)
    assert parts == [sparse.indices, sparse.values, sparse.dense_shape]
    assert run(spec._from_components(parts)).values.tolist() == [5, -7]


@pytest.mark.parametrize("function", [tf.sparse.reduce_sum, tf.sparse.reduce_max, tf.sparse.reduce_sum_sparse])
def test_axes_of_sparse_reductions_are_a_vector(function) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"to be a scalar or a vector; got shape: \[1,2\]"):
        run(function(matrix(), [[0, 1]]))
    with pytest.raises(ValueError, match="Can't specify both axis' and 'reduction_indices'"):
        function(matrix(), 1, reduction_axes=1)
    with pytest.raises(TypeError, match="Expected bool for argument 'keep_dims' not 1"):
        function(matrix(), keepdims=1)


@pytest.mark.parametrize("function", [tf.sparse.maximum, tf.sparse.add])
def test_sparse_tensors_of_other_ranks_do_not_combine(function) -> None:
    parts = [tf.placeholder_with_default(value, None) for value in ([[0]], [1.0], [2])]
    other = tf.SparseTensor(tf.cast(parts[0], tf.int64), parts[1], tf.cast(parts[2], tf.int64))
    with pytest.raises(tf.errors.InvalidArgumentError, match="not have the same ranks; got shapes: 3 2 and 2"):
        run(function(matrix(), other))


def test_elements_out_of_order_are_told() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"is out of order. Many sparse ops require sorted indi"):
        run(tf.sparse.to_dense(tf.SparseTensor([[1, 1], [0, 0]], [1.0, 2.0], [2, 3])))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"not valid \(out of bounds\).  Shape: \[2,3\]"):
        run(tf.sparse.to_dense(tf.SparseTensor([[0, 5]], [1.0], [2, 3]), validate_indices=False))
