"""Ops on rows that numbers name: large and small inputs, in order and not, take different ways to the same values."""

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


def value(tensor, feeds=None):
    with tf.Session() as session:
        return session.run(tensor, feeds)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("adjoint", [True, False])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("count", "columns"), [(40, 6), (600, 6), (600, 1)])
def test_a_sparse_matrix_times_a_dense_one(ordered, adjoint, known, count, columns):
    random = np.random.RandomState(0)
    places = np.unique(random.randint(0, 50, (count, 2)), axis=0)
    if not ordered:
        places = places[random.permutation(len(places))]
    values, dense = random.rand(len(places)), random.rand(50, columns)
    matrix = np.zeros((50, 50))
    matrix[tuple(places.T)] = values
    given = tf.SparseTensor(places, values, [50, 50]) if known else tf.sparse_placeholder(tf.float64)
    product = tf.sparse_tensor_dense_matmul(given, dense, adjoint_a=adjoint)
    found = value(product, None if known else {given: (places, values, (50, 50))})
    np.testing.assert_allclose(found, (matrix.T if adjoint else matrix) @ dense)


@pytest.mark.parametrize("adjoint", [True, False])
@pytest.mark.parametrize("place", [(50, 3), (3, 50), (-1, 3), (3, -1)])
def test_a_place_outside_of_a_sparse_matrix_is_refused(adjoint, place):
    places = np.concatenate([np.argwhere(np.ones((20, 20))), [place]])
    given = tf.sparse_placeholder(tf.float32)
    product = tf.sparse_tensor_dense_matmul(given, np.ones((50, 5), np.float32), adjoint_a=adjoint)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"out of bounds \(>=50\)"):
        value(product, {given: (places, np.ones(401), (50, 50))})


@pytest.mark.parametrize("count", [0, 1, 10, 5000])
@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_different_numbers_come_in_the_order_of_their_appearance(count, dtype):
    numbers = np.random.RandomState(0).randint(-20, 20, count)
    x = tf.placeholder(dtype, [None])
    different, places = value(tf.unique(x), {x: numbers})
    assert different.tolist() == list(dict.fromkeys(numbers.tolist()))
    np.testing.assert_array_equal(different[places], numbers)
    assert places.dtype == np.int32


@pytest.mark.parametrize("rows", [[0, 1, 2], [0, 2], [2, 0, 2], [1, 1, 0, 2], []])
def test_rows_without_an_element_get_one(rows):
    places = np.array([[row, turn] for turn, row in enumerate(rows)], np.int64).reshape(-1, 2)
    indices, values = tf.placeholder(tf.int64, [None, 2]), tf.placeholder(tf.float32, [None])
    filled, empty = tf.sparse_fill_empty_rows(tf.SparseTensor(indices, values, [3, 4]), 9.0)
    found, missing = value([filled, empty], {indices: places, values: np.arange(len(rows))})
    assert missing.tolist() == [row not in rows for row in range(3)]
    assert [[row, turn, turn] for row in range(3) for turn, other in enumerate(rows) if other == row] == [
        [*place, number] for place, number in zip(found.indices.tolist(), found.values) if not missing[place[0]]]
    assert [[row, 0, 9] for row in range(3) if missing[row]] == [
        [*place, number] for place, number in zip(found.indices.tolist(), found.values) if missing[place[0]]]


def test_rows_with_a_negative_number_belong_to_no_segment():
    ids = tf.placeholder(tf.int32, [None])
    total = tf.unsorted_segment_sum(tf.reshape(tf.range(2 * tf.size(ids)), [-1, 2]), ids, 3)
    assert value(total, {ids: [2, -1, 0, 2]}).tolist() == [[4, 5], [0, 0], [6, 8]]
    assert value(total, {ids: [0, 0]}).tolist() == [[2, 4], [0, 0], [0, 0]]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"segment_ids\[1\] = 3 is out of range \[0, 3\)"):
        value(total, {ids: [0, 3]})


@pytest.mark.parametrize("optimizer", [tf.train.FtrlOptimizer, tf.train.AdagradOptimizer])
def test_a_row_that_is_named_twice_moves_as_its_sum_does(optimizer):
    rows, different, times = (tf.placeholder(kind, [None]) for kind in (tf.int32, tf.int32, tf.float32))
    tables = [tf.Variable(np.ones((4, 2), np.float32)) for _ in range(2)]
    weighted = tf.gather(tables[1], different) * tf.expand_dims(times, 1)
    step = optimizer(0.1).minimize(tf.reduce_sum(tf.gather(tables[0], rows)) + tf.reduce_sum(weighted))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for named in ([1, 3, 1], [3, 2], [0]):
            session.run(step, {rows: named, different: sorted(set(named)),
                               times: [named.count(row) for row in sorted(set(named))]})
            np.testing.assert_allclose(*session.run(tables), rtol=1e-6)


@pytest.mark.parametrize("buckets", [0, 7])
def test_crosses_of_single_features_are_crosses(buckets):
    words, numbers = np.array([["a"], ["b"], ["a"], [""]]), np.array([[3], [-4], [1 << 40], [3]])
    # With one example more that has two features each example is gone through by itself.
    places = np.array([[0, 0], [1, 0], [2, 0], [3, 0], [4, 0], [4, 1]])
    more = tf.SparseTensor(places, tf.constant(["a", "b", "a", "", "x", "y"]), [5, 2])
    alone = tf.sparse.cross_hashed([tf.constant(words), tf.constant(numbers)], buckets)
    beside = tf.sparse.cross_hashed([more, tf.constant(np.append(numbers, [[5]], 0))], buckets)
    single, several = value([alone, beside])
    assert single.values.tolist() == several.values.tolist()[:4]
    assert single.indices.tolist() == several.indices.tolist()[:4]
    assert single.dense_shape.tolist() == [4, 1]
