"""Values and shapes that are known while the graph is built."""

from __future__ import annotations

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.graph.static_value import constant_value, constant_value_as_shape, static_value

pytestmark = pytest.mark.usefixtures("graph")


def test_a_constant_is_known_and_may_not_be_fed_afterwards(graph) -> None:
    c = tf.constant([1, 2])
    assert graph.is_feedable(c)
    np.testing.assert_array_equal(constant_value(c), [1, 2])
    assert not graph.is_feedable(c)


def test_a_placeholder_is_not_known() -> None:
    assert constant_value(tf.placeholder(tf.int32)) is None
    assert constant_value(tf.shape(tf.placeholder(tf.float32, [None, 3]))) is None


def test_python_api_folds_what_tensorflow_folds_and_no_more() -> None:
    a = tf.constant(2)
    assert constant_value(a + 1) is None
    assert static_value(a + 1) == 3
    np.testing.assert_array_equal(constant_value(tf.stack([a, tf.constant(3)])), [2, 3])
    np.testing.assert_array_equal(constant_value(tf.range(1, 7, 2)), [1, 3, 5])
    np.testing.assert_array_equal(constant_value(tf.fill([2], 7)), [7, 7])
    np.testing.assert_array_equal(constant_value(tf.cast([1.7], tf.int32)), [1])


def test_part_of_a_stack_is_given_on_request() -> None:
    packed = tf.stack([tf.constant(4), tf.placeholder(tf.int32, [])])
    assert constant_value(packed) is None
    assert constant_value(packed, partial=True).tolist() == [4, None]


def test_shapes_are_known_in_part() -> None:
    x = tf.placeholder(tf.float32, [None, 3, 4])
    assert constant_value_as_shape(tf.shape(x)).as_list() == [None, 3, 4]
    assert constant_value_as_shape(tf.shape(x)[1:]).as_list() == [3, 4]
    assert constant_value_as_shape(tf.concat([tf.shape(x)[:1], [7]], 0)).as_list() == [None, 7]
    assert constant_value_as_shape(tf.stack([tf.shape(x)[0], -1])).as_list() == [None, None]
    assert constant_value_as_shape(tf.constant(-1)).ndims is None
    assert static_value(tf.shape(x)[2]) is None  # a size counts as known only with the whole shape, as in TensorFlow
    assert static_value(tf.shape(tf.zeros([2, 3, 4]))[2]) == 4


def test_shape_rules_use_computed_shapes() -> None:
    x = tf.placeholder(tf.float32, [None, 3, 4])
    assert tf.reshape(x, [tf.shape(x)[0], tf.shape(x)[1] * 4]).shape.as_list() == [None, None]
    assert tf.reshape(x, [tf.shape(x)[0], 12]).shape.as_list() == [None, 12]
    assert tf.zeros(tf.shape(x)).shape.as_list() == [None, 3, 4]
    assert tf.tile(x, [tf.placeholder(tf.int32, []), 2, 1]).shape.as_list() == [None, 6, 4]


def test_a_scalar_is_no_shape() -> None:
    with pytest.raises(ValueError, match="scalar"):
        constant_value_as_shape(tf.constant(3))


def test_long_chains_are_folded_without_recursion() -> None:
    x = tf.constant(0)
    for _ in range(3000):
        x = tf.identity(x)
    assert static_value(x) == 0


def test_large_values_are_not_computed_for_the_sake_of_a_shape() -> None:
    assert static_value(tf.fill([1 << 20], 1) + 1) is None


def test_values_that_a_run_would_refuse_are_unknown() -> None:
    assert static_value(tf.gather(tf.constant([1, 2]), 5)) is None
