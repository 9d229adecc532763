"""What a plan knows of the elements of lists: their shapes, through loops too, and never more than holds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.ops.control_flow.elements import Elements, of_rows
from tfmagic.session.plan.run_time import RunTimeKernel
from tfmagic.session.planning import make_plan


@pytest.fixture
def sess(graph):
    with tf.Session() as s:
        yield s


@pytest.fixture
def v2():
    tf.enable_control_flow_v2()
    yield
    tf.disable_control_flow_v2()


def meta(*dims: int):
    return torch.empty(dims, device="meta")


def late(plan) -> list[str]:
    """The kernels that a plan and the bodies in it call at run time."""
    found = [node.target.op.type for node in plan.graph.nodes if isinstance(node.target, RunTimeKernel)]
    for node in plan.graph.nodes:
        for body in getattr(node.target, "bodies", ()):
            found += late(body)
    return found


@pytest.mark.parametrize("known, other, both", [
    (Elements(None, 3, True), Elements(meta(2), 3, True), Elements(meta(2), 3, True)),
    (Elements(meta(2), 3, False), Elements(meta(2), 4, True), Elements(meta(2), None, True)),
    (Elements(meta(2), 3, False), Elements(meta(5), 3, False), None)])
def test_what_is_known_of_one_list_or_another(known, other, both) -> None:
    found = known.together(other)
    assert (found is None) == (both is None)
    if both is not None:
        assert found.like.shape == both.like.shape and found[1:] == both[1:]


@pytest.mark.parametrize("assumed, after, holds", [
    (Elements(None, None, False), Elements(meta(2), None, False), True),  # nothing was concluded from no element
    (Elements(meta(2), None, True), Elements(meta(2), 4, False), True),
    (Elements(meta(2), 4, True), Elements(meta(2), None, True), False),
    (Elements(meta(2), 4, False), Elements(meta(2), 4, True), False),
    (Elements(meta(2), 4, False), Elements(None, 4, False), False),
    (Elements(meta(2), 4, False), Elements(meta(3), 4, False), False)])
def test_when_an_assumption_on_a_loop_variable_holds(assumed, after, holds) -> None:
    assert assumed.covers(after) == holds


def test_elements_and_all_of_them_as_one() -> None:
    whole = of_rows(meta(4, 2))
    assert whole.element().shape == (2,) and whole.stacked(None, -1).shape == (4, 2)
    assert whole.stacked((None,), 4).shape == (4, 2) and whole.stacked((3,), -1) is None
    gaps = Elements(meta(2), 4, True)
    assert gaps.element((None,)).shape == (2,) and gaps.element((3,)) is None
    assert whole.with_one(None) is None and whole.with_one(meta(2), more=True).count is None


def test_the_gradient_of_a_v2_loop_knows_its_shapes(sess, v2) -> None:
    x = tf.placeholder(tf.float32, [None, 5, 3])
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(4), x, dtype=tf.float32)
    slopes = tf.gradients(outputs[:, -1] ** 2, tf.trainable_variables())
    fed = np.random.RandomState(0).rand(2, 5, 3).astype(np.float32)
    plan = make_plan(slopes, [], [x], sess._torch_device, sess.resources, (fed.shape,))
    assert set(late(plan)) <= {"ZerosLike", "AddN"}  # of lists
    sess.run(tf.global_variables_initializer())
    kernel = tf.trainable_variables()[0]
    got, start = sess.run([slopes[0], kernel], {x: fed})
    total, moved, step = tf.reduce_sum(outputs[:, -1] ** 2), start.copy(), 1e-2
    moved[2, 5] += step
    above = sess.run(total, {x: fed, kernel: moved})
    moved[2, 5] -= 2 * step
    assert got[2, 5] == pytest.approx((above - sess.run(total, {x: fed, kernel: moved})) / (2 * step), rel=2e-2)


def test_elements_that_grow_are_taken_as_they_are(sess, v2) -> None:
    x = tf.placeholder(tf.float32, [None])
    grown = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.concat([y, y * 2.0], 0)), [0, x],
                          shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])])[1]
    slope = tf.gradients(grown, x)[0]
    assert sess.run([grown, slope], {x: [1.0]})[1].tolist() == [27.0]
    assert sess.run(slope, {x: [1.0, 2.0]}).tolist() == [27.0, 27.0]


def test_elements_that_were_never_set_have_the_shape_that_is_asked(sess) -> None:
    from tfmagic.ops import raw

    value = tf.placeholder(tf.float32, [2])
    hollow = raw.tensor_list_reserve(-1, 3, tf.float32)
    assert sess.run(raw.tensor_list_get_item(hollow, 1, [4], tf.float32)).shape == (4,)
    filled = raw.tensor_list_set_item(hollow, 0, value)
    item = raw.tensor_list_get_item(filled, 1, [-1], tf.float32)
    whole = raw.tensor_list_stack(filled, -1, tf.float32)
    assert [part.shape for part in sess.run([item, whole], {value: [1.0, 2.0]})] == [(2,), (3, 2)]
    rest, last = raw.tensor_list_pop_back(filled, [5], tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError):
        sess.run(raw.tensor_list_get_item(filled, 1, [5], tf.float32), {value: [1.0, 2.0]})
    assert sess.run(last, {value: [1.0, 2.0]}).shape == (5,)
