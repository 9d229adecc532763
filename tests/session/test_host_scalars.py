"""Counters, conditions and indices of loops are Python numbers, with the values that tensors would have."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.session.planning import make_plan

pytestmark = pytest.mark.usefixtures("graph")


@pytest.fixture
def sess(graph):
    with tf.Session() as s:
        yield s


def code_of(sess, fetch):
    return make_plan([fetch], [], [], sess._torch_device, sess.resources).code()


def test_a_loop_of_scalars_has_no_torch_in_it(sess) -> None:
    i, x = tf.while_loop(lambda i, x: tf.logical_and(i < 10, x > -1.0), lambda i, x: (i + 1, x * 0.5 + 0.25),
                         [tf.constant(0), tf.constant(2.0)])
    bodies = code_of(sess, x).partition("# condition")[2]
    assert "torch." not in bodies and "add_int32" in bodies
    assert sess.run([i, x]) == [10, np.float32(0.5 + 1.5 / 1024)]


@pytest.mark.parametrize("kind", [tf.int32, tf.int64, tf.float32, tf.float64], ids=lambda kind: kind.name)
@pytest.mark.parametrize("factor", [3, -7])
def test_numbers_wrap_around_and_are_rounded_as_tensors_are(sess, kind, factor) -> None:
    turns = 60
    scale = tf.constant(factor, kind) if kind.is_integer else tf.constant(factor / 7.1, kind)
    x = tf.constant(5, kind)
    looped = tf.while_loop(lambda i, _: i < turns, lambda i, x: (i + 1, x * scale - x + 3), [tf.constant(0), x])[1]
    for _ in range(turns):
        x = x * scale - x + 3
    result, expected = sess.run([looped, x])
    assert result.dtype == expected.dtype == kind.as_numpy_dtype
    assert result == expected


def test_numbers_that_grow_beyond_their_type_become_infinite(sess) -> None:
    x = tf.while_loop(lambda i, _: i < 200, lambda i, x: (i + 1, x * 10.0), [tf.constant(0), tf.constant(1.0)])[1]
    assert math.isinf(sess.run(x))


def test_a_counter_that_tensors_are_computed_with_is_one_for_them(sess) -> None:
    x = tf.while_loop(lambda i, _: i < 3, lambda i, x: (i + 1, x + tf.cast(i, tf.float32) * [1.0, 2.0]),
                      [tf.constant(0), tf.zeros([2])])[1]
    assert sess.run(x).tolist() == [3.0, 6.0]


def test_a_limit_that_is_fed_is_read_once(sess) -> None:
    limit = tf.placeholder(tf.int32, [])
    i = tf.while_loop(lambda i: i < limit, lambda i: i + 1, [tf.constant(0)])
    assert [sess.run(i, {limit: n}) for n in (3, 0, -1)] == [3, 0, 0]


def test_what_another_thing_reads_as_a_tensor_stays_one(sess) -> None:
    limit = tf.placeholder(tf.int32, [])
    i, x = tf.while_loop(lambda i, _: i < limit, lambda i, x: (i + 1, x + tf.fill([2], limit)),
                         [tf.constant(0), tf.zeros([2], tf.int32)])
    assert sess.run(x, {limit: 3}).tolist() == [9, 9]


def test_what_a_number_chooses_is_taken_and_not_computed(sess) -> None:
    """As `raw_rnn` keeps the state when a flag says that everything is finished."""
    def turn(i, done, x, y):
        return i + 1, tf.logical_or(done, i >= 2), tf.where(done, x, x + 1.0), tf.where(done, y, x)

    i, done, x, y = tf.while_loop(lambda i, *_: i < 5, turn,
                                  [tf.constant(0), tf.constant(False), tf.zeros([2]), tf.constant([7.0, 8.0])])
    code = code_of(sess, x + y)
    assert "chosen" in code and "torch.where" not in code
    assert sess.run([x, y])[0].tolist() == [3.0, 3.0]
    assert sess.run(y).tolist() == [2.0, 2.0]


def test_a_choice_for_each_row_is_computed(sess) -> None:
    x = tf.while_loop(lambda i, _: i < 3, lambda i, x: (i + 1, tf.where(tf.fill([2], i > 0), x + 1.0, x)),
                      [tf.constant(0), tf.zeros([2])])[1]
    assert sess.run(x).tolist() == [2.0, 2.0]


def test_loops_in_loops_hand_their_numbers_on(sess) -> None:
    def outer(i, total):
        return i + 1, total + tf.while_loop(lambda j, _: j < i, lambda j, s: (j + 1, s + j), [tf.constant(0), i])[1]

    assert sess.run(tf.while_loop(lambda i, _: i < 5, outer, [tf.constant(0), tf.constant(0)])[1]) == \
        sum(i + sum(range(i)) for i in range(5))


def test_gradients_pass_through_numbers(sess) -> None:
    x = tf.constant(1.5)
    y = tf.while_loop(lambda i, _: i < 4, lambda i, y: (i + 1, y * x), [tf.constant(0), x])[1]
    assert sess.run(tf.gradients(y, x)) == [np.float32(5 * 1.5 ** 4)]


def test_an_index_beyond_an_array_is_refused_by_name(sess) -> None:
    array = tf.TensorArray(tf.float32, 2)
    last = tf.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, a.write(i, 1.0)), [tf.constant(0), array])[1]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Tried to write to index 2") as caught:
        sess.run(last.stack())
    assert caught.value.op.type == "TensorArrayWriteV3"


def test_a_loop_without_end_answers_its_time_limit(graph) -> None:
    i = tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [tf.constant(0)])
    with tf.Session(config=tf.ConfigProto(operation_timeout_in_ms=200)) as sess, \
            pytest.raises(tf.errors.DeadlineExceededError):
        sess.run(i)


def test_a_slice_at_a_counter_takes_its_number(sess) -> None:
    """Its gradient, too, and that of a Hessian, where a loop goes along the variable."""
    x = tf.constant(np.random.RandomState(0).rand(5, 3))

    def turn(i, total):
        return i + 1, total + x[i] * tf.sin(x[i, 1]) + x[-1 - i] * x[i, ::-1]

    total = tf.while_loop(lambda i, _: i < 4, turn, [tf.constant(0), tf.zeros([3], tf.float64)])[1]
    unrolled = tf.zeros([3], tf.float64)
    for i in range(4):
        unrolled = turn(i, unrolled)[1]
    bodies = code_of(sess, tf.gradients(total, x)[0]).partition("# iteration")[2]
    assert "indices_place(" in bodies and "indices_alone(" in bodies
    assert "strided_slice(" not in bodies and "strided_slice_grad(" not in bodies
    for looped, plain in ((total, unrolled), (tf.gradients(total, x)[0], tf.gradients(unrolled, x)[0])):
        np.testing.assert_allclose(*sess.run([looped, plain]), rtol=1e-12)
    row = x[0]
    assert "strided_slice_grad(" not in code_of(sess, tf.hessians(tf.reduce_sum(row ** 3.0), row)[0])
