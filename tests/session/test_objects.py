"""TensorArrays, stacks, optionals, streams in plans: calls on an object of the run, in order, none lost or merged."""

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.ops import raw
from tfmagic.session.plan.run_time import RunTimeKernel
from tfmagic.session.planning import make_plan


@pytest.fixture
def sess(graph):
    with tf.Session() as session:
        yield session


def plan_of(sess, *fetches, targets=(), feeds=()):
    """The plan of a run, and all nodes of it and of the bodies that it calls."""
    plan = make_plan(list(fetches), list(targets), list(feeds), sess._torch_device, sess.resources)
    nodes, waiting = [], [plan]
    while waiting:
        found = list(waiting.pop().graph.nodes)
        nodes += found
        waiting += [body for node in found for body in getattr(node.target, "bodies", ())]
    return plan, nodes


def test_a_scan_and_its_gradient_are_calls_of_torch_and_on_arrays_and_stacks(sess):
    x = tf.placeholder(tf.float32, [3, 2])
    y = tf.scan(lambda a, b: a * b, x)
    _, nodes = plan_of(sess, tf.gradients(y, x)[0], feeds=[x])
    methods = {node.target for node in nodes if node.meta.get("on_object") and node.op == "call_method"}
    assert methods == {"scatter", "read", "write", "gradient", "gather", "push", "pop"}
    late = {node.target.op.type for node in nodes if isinstance(node.target, RunTimeKernel)}
    assert not late


def test_calls_on_objects_have_the_effect_of_the_op(sess):
    array = tf.TensorArray(tf.float32, size=2, clear_after_read=False).write(0, 1.0).write(1, 2.0)
    plan, nodes = plan_of(sess, array.read(0), array.read(0))
    calls = [node for node in nodes if node.meta.get("on_object")]
    assert {node.meta["effect"] for node in calls} == {"writes"}
    assert [node.target for node in calls if node.op == "call_method"] == ["write", "write", "read", "read"]


def test_what_nobody_reads_is_written_all_the_same(sess):
    array = tf.TensorArray(tf.float32, size=1, infer_shape=False)
    first = array.write(0, [1.0])
    with tf.control_dependencies([first.flow]):
        answer = tf.constant(1.0) + 1.0
    with pytest.raises(tf.errors.InvalidArgumentError, match="because it has already been written to") as caught:
        sess.run([answer, first.write(0, [2.0], name="again").flow])
    assert caught.value.op.name == "again/again"


def test_reading_twice_is_not_merged(sess):
    array = tf.TensorArray(tf.float32, size=1).write(0, 1.0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Could not read index 0 twice"):
        sess.run([array.read(0), array.read(0)])


def test_an_array_of_a_fed_index_refuses_what_is_no_scalar(sess):
    index = tf.placeholder(tf.int32)
    read = tf.TensorArray(tf.float32, size=2).unstack([1.0, 2.0]).read(index, name="read")
    assert sess.run(read, {index: 1}) == 2.0
    with pytest.raises(tf.errors.InvalidArgumentError, match="index must be scalar, but had shape: .1."):
        sess.run(read, {index: [1]})
    assert sess.run(read, {index: 0}) == 1.0


def test_a_type_that_the_graph_does_not_show_is_compared_in_the_run(sess):
    made = tf.TensorArray(tf.float32, size=1).write(0, 1.0)
    array = tf.TensorArray(tf.int32, handle=tf.cond(tf.constant(True), lambda: made.handle, lambda: made.handle),
                           flow=made.flow)
    with pytest.raises(tf.errors.InvalidArgumentError, match="TensorArray dtype is float but Op requested dtype int32"):
        sess.run(array.read(0))


def test_memory_that_an_array_gives_is_not_the_users(sess):
    v = tf.Variable([1.0, 2.0])
    sess.run(v.initializer)
    held = sess.run(tf.TensorArray(tf.float32, size=1).write(0, v).read(0))
    held[0] = 9.0
    assert sess.run(v).tolist() == [1.0, 2.0]


def test_an_optional_may_be_empty(sess):
    there, gone = raw.optional_from_value([tf.constant(1.0), tf.constant([2, 3])]), raw.optional_none()
    values = raw.optional_get_value(there, [tf.float32, tf.int32], [[], [2]])
    one, two = sess.run(values)
    assert (one, two.tolist()) == (1.0, [2, 3])
    assert [bool(b) for b in sess.run([raw.optional_has_value(there), raw.optional_has_value(gone)])] == [True, False]
    with pytest.raises(tf.errors.InvalidArgumentError, match="The given optional does not have a value"):
        sess.run(raw.optional_get_value(gone, [tf.float32], [[]], name="get"))


def test_numbers_of_a_fed_pair_of_seeds_are_those_of_a_known_pair(sess):
    seed = tf.placeholder(tf.int32)
    for function, more in ((tf.random.stateless_uniform, {}), (tf.random.stateless_normal, {}),
                           (tf.random.stateless_uniform, {"minval": 3, "maxval": 90, "dtype": tf.int32})):
        drawn = function([5], seed, **more)
        _, nodes = plan_of(sess, drawn, feeds=[seed])
        assert not any(isinstance(node.target, RunTimeKernel) for node in nodes)
        known = sess.run(function([5], [3, 4], **more))
        assert np.array_equal(sess.run(drawn, {seed: [3, 4]}), known)
    with pytest.raises(tf.errors.InvalidArgumentError, match="seed must have shape .2., not .3."):
        sess.run(drawn, {seed: [1, 2, 3]})


def test_a_reference_is_chosen_by_a_fed_number(sess):
    one, two = tf.Variable([1.0], use_resource=False), tf.Variable([2.0], use_resource=False)
    sess.run([one.initializer, two.initializer])
    index = tf.placeholder(tf.int32, [])
    chosen = tf.identity(raw.ref_select(index, [one._ref(), two._ref()]))
    _, nodes = plan_of(sess, chosen, feeds=[index])
    assert not any(isinstance(node.target, RunTimeKernel) for node in nodes)
    assert [sess.run(chosen, {index: i}).tolist() for i in (0, 1)] == [[1.0], [2.0]]
    for wrong in (-1, 2):
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            sess.run(chosen, {index: wrong})
        assert str(caught.value).startswith(f"Index must be in the range [0, 2) but got {wrong}")
