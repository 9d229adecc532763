"""Segment ops: rows without a segment, segments without rows, gradients, and numbers out of range."""

import numpy as np
import pytest

from tfmagic import tf

DATA = np.float32([[1, 2], [3, 4], [5, 6], [7, 8]])


pytestmark = pytest.mark.usefixtures("graph")


def value(tensor):
    with tf.Session() as session:
        return session.run(tensor)


@pytest.mark.parametrize(("name", "expected"), [
    ("sum", [[4, 6], [0, 0], [12, 14]]), ("mean", [[2, 3], [0, 0], [6, 7]]), ("max", [[3, 4], [0, 0], [7, 8]]),
    ("min", [[1, 2], [0, 0], [5, 6]]), ("prod", [[3, 8], [1, 1], [35, 48]])])
def test_a_missing_segment_has_a_row(name, expected):
    np.testing.assert_allclose(value(getattr(tf, f"segment_{name}")(DATA, [0, 0, 2, 2])), expected)


def test_a_negative_number_drops_a_row():
    total = tf.unsorted_segment_sum(DATA, [1, -1, 1, 0], 3)
    np.testing.assert_array_equal(value(total), [[7, 8], [6, 8], [0, 0]])
    x = tf.constant(DATA)
    gradient = tf.gradients(tf.unsorted_segment_sum(x, [1, -1, 1, 0], 3), x)[0]
    np.testing.assert_array_equal(value(gradient), [[1, 1], [0, 0], [1, 1], [1, 1]])


def test_numbers_out_of_order_or_range_are_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="segment ids are not increasing"):
        value(tf.segment_sum(DATA, tf.constant([0, 1, 0, 2])))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"segment_ids\[2\] = 9 is out of range \[0, 3\)"):
        value(tf.unsorted_segment_sum(DATA, [0, 1, 9, 2], 3))


def test_picked_rows_are_combined():
    np.testing.assert_allclose(value(tf.sparse_segment_mean(DATA, [0, 2, 3], [0, 0, 1])), [[3, 4], [7, 8]])
    np.testing.assert_allclose(value(tf.sparse_segment_sum(DATA, [0, 3], [0, 2], num_segments=4)),
                               [[1, 2], [0, 0], [7, 8], [0, 0]])


def test_counts_of_values():
    assert value(tf.bincount([1, 3, 3])).tolist() == [0, 1, 0, 2]
    assert value(tf.confusion_matrix([0, 1, 1], [1, 1, 0])).tolist() == [[0, 1], [1, 1]]


@pytest.mark.parametrize(("ids", "count", "words"), [
    ([0, 1], 0, "segment ids must be < num_segments"), ([-1, -1], 0, "segment ids must be >= 0"),
    ([-1, -1], 1, r"Segment id -1 out of range \[0, 1\), possibly because"),
    ([0, -1], 1, "segment ids are not increasing")])
def test_numbers_of_picked_rows_are_refused_by_how_many_segments_there_are(ids, count, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        value(tf.sparse_segment_sum(DATA, [0, 1], ids, num_segments=count))


def test_how_many_segments_there_are_is_no_negative_number():
    with pytest.raises(ValueError, match="Cannot specify a negative value for num_segments"):
        tf.sparse_segment_mean(DATA, [0, 1], [0, 1], num_segments=-1)
    with pytest.raises(ValueError, match="Shape must be rank 0 but is rank 1"):
        tf.sparse_segment_mean(DATA, [0, 1, 2], [0, 1], num_segments=[3])
    with pytest.raises(ValueError, match="Cannot specify a negative value for output_dim0"):
        tf.raw_ops.SparseSegmentMeanGrad(grad=DATA, indices=[0, 1], segment_ids=[0, 1], output_dim0=-1)
