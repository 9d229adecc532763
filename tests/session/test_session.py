"""Session.run: fetches, feeds, state, plans."""

from __future__ import annotations

import collections
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import tfmagic
from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


@pytest.fixture
def sess(graph):
    with tf.Session() as s:
        yield s


def test_scalars_come_back_as_numpy_scalars_and_strings_as_bytes(sess) -> None:
    value = sess.run(tf.constant(5))
    assert type(value) is np.int32 and value == 5
    assert sess.run(tf.constant("Hello")) == b"Hello"
    assert sess.run(tf.constant(["a", "b"])).tolist() == [b"a", b"b"]


def test_results_have_the_form_of_the_fetches(sess) -> None:
    a, b = tf.constant(1), tf.constant(2)
    Pair = collections.namedtuple("Pair", "x y")
    assert sess.run([a, (b, [a])]) == [1, (2, [1])]
    assert sess.run({"a": a, "n": {"b": b}}) == {"a": 1, "n": {"b": 2}}
    assert sess.run(Pair(a, b)) == Pair(1, 2)
    assert sess.run([a.op, "Const_1:0", "Const"]) == [None, 2, None]
    assert sess.run([]) == [] and sess.run(()) == ()


def test_any_tensor_can_be_fed_and_cuts_off_what_is_above_it(sess) -> None:
    x = tf.placeholder(tf.float32)
    middle = x * 2.0
    y = middle + 1.0
    assert sess.run(y, {middle: 10.0}) == 11.0
    assert sess.run([middle, y], {middle: 3.0}) == [3.0, 4.0]


def test_a_feed_of_another_type_is_cast_as_numpy_casts(sess) -> None:
    x = tf.placeholder(tf.float32, [None])
    assert sess.run(x, {x: [1, 2]}).dtype == np.float32
    assert sess.run(x, {x: np.arange(6.0)[::2]}).tolist() == [0.0, 2.0, 4.0]
    assert sess.run(x, {x: range(3)}).tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("array", [
    np.arange(6.0, dtype=np.float32).reshape(2, 3)[::-1, ::-1], np.arange(3.0, dtype=np.float32).reshape(1, 3)[::-1],
    np.zeros((0, 3), np.float32)[::-1], np.ones(1, [("a", np.float32), ("b", np.uint8)])["a"]],
    ids=["turned round", "one row turned round", "no rows turned round", "a field of one record"])
def test_an_array_is_fed_however_its_numbers_lie(sess, array: np.ndarray) -> None:
    x = tf.placeholder(tf.float32)
    assert sess.run(x * 2.0, {x: array}).tolist() == (array * 2).tolist()


def test_a_fetched_array_is_the_callers_own(sess) -> None:
    fed = np.ones(2, np.float32)
    x = tf.placeholder(tf.float32, [2])
    v = tf.Variable([1.0, 2.0])
    sess.run(v.initializer)
    for fetch, feeds in ((tf.identity(x), {x: fed}), (v, None), (tf.constant([1.0, 2.0]), None),
                         (tf.reshape(v, [2, 1]), None)):
        value = sess.run(fetch, feeds)
        value[...] = 9.0
        assert sess.run(fetch, feeds).max() < 9.0
    assert fed.tolist() == [1.0, 1.0]


def test_what_is_fed_and_fetched_comes_back_as_it_was_fed(sess) -> None:
    text, x = tf.placeholder(tf.string), tf.placeholder(tf.float32)
    fed = np.ones(2, np.float32)
    assert sess.run(x, {x: fed}) is fed
    found = sess.run({"text": text, "both": [x, x + 1.0, text]}, {text: ["olá", b"b"], x: 2})
    assert found["text"].dtype == object and found["text"].tolist() == ["olá", b"b"]
    assert found["both"][0].dtype == np.float32 and found["both"][0].shape == () and found["both"][1] == 3.0
    assert sess.make_callable([text, tf.identity(text)], [text])("a") == ["a", b"a"]
    metadata = tf.RunMetadata()
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    assert sess.run(text, {text: "é"}, options, metadata) == "é"
    assert sess.run(text, {text: "é"}, tf.RunOptions(timeout_in_ms=60_000)) == "é"
    with pytest.raises(tf.errors.InvalidArgumentError, match="both fed and fetched"):
        sess.partial_run_setup([x], [x])


def test_a_variable_keeps_its_own_copy_of_what_is_assigned(sess) -> None:
    x = tf.placeholder(tf.float32, [2])
    v = tf.Variable([0.0, 0.0])
    given = np.array([1.0, 2.0], np.float32)
    sess.run(v.assign(x), {x: given})
    given[0] = 100.0
    assert sess.run(v).tolist() == [1.0, 2.0]


def test_reads_without_an_edge_see_the_value_from_before_the_run(sess) -> None:
    v = tf.Variable(1.0)
    sess.run(v.initializer)
    before = v + 0.0
    update = v.assign_add(10.0)
    assert sess.run([before, update]) == [1.0, 11.0]


def test_control_dependencies_order_reads_and_assignments_of_a_reference(sess) -> None:
    v = tf.Variable(1.0)
    sess.run(v.initializer)
    before = v.read_value()
    with tf.control_dependencies([before]):
        first = v.assign(before * 10.0)
    with tf.control_dependencies([first]):
        between = v.read_value()
    with tf.control_dependencies([between]):
        second = v.assign_add(5.0)
    with tf.control_dependencies([between]):
        tenfold = between * 10.0
    with tf.control_dependencies([tenfold]):
        third = v.assign_add(100.0)
    assert sess.run([tenfold, third]) == [100.0, 110.0]
    assert sess.run(v.initializer) is None
    # What is fetched of a reference is its value at the end of the run, as in TensorFlow.
    assert sess.run([before, first, between, second]) == [15.0] * 4
    assert sess.run(v) == 15.0


def test_a_reference_is_fetched_as_it_is_at_the_end_of_the_run_and_a_computed_value_is_not(sess) -> None:
    v = tf.Variable([1.0, 2.0])
    train = tf.train.GradientDescentOptimizer(1.0).minimize(tf.reduce_sum(v))
    for update in (train, v.assign_add([-1.0, -1.0]), v.assign(v - 1.0)):
        sess.run(v.initializer)
        fetched = sess.run([v, v.read_value(), v * 1.0, update])
        assert [value.tolist() for value in fetched[:3]] == [[0.0, 1.0], [0.0, 1.0], [1.0, 2.0]]


def test_a_failed_run_changes_no_variable(sess) -> None:
    v = tf.Variable([1.0])
    x = tf.placeholder(tf.float32)
    sess.run(v.initializer)
    update = v.assign_add([1.0])
    with tf.control_dependencies([update]):
        bad = tf.matmul(x, x)
    with pytest.raises(tf.errors.InvalidArgumentError):
        sess.run(bad, {x: np.ones((2, 3))})
    assert sess.run(v) == [1.0]
    assert sess.run(bad, {x: np.ones((1, 1))}) == [[1.0]] and sess.run(v) == [2.0]


def test_two_sessions_have_variables_of_their_own(graph) -> None:
    v = tf.Variable(0)
    one, two = tf.Session(), tf.Session()
    one.run(v.initializer)
    one.run(v.assign_add(5))
    with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value Variable"):
        two.run(v)
    two.run(v.initializer)
    assert one.run(v) == 5 and two.run(v) == 0


def test_counting_from_many_threads_loses_nothing(sess) -> None:
    v = tf.Variable(0)
    sess.run(v.initializer)
    step = v.assign_add(1)

    def count() -> None:
        for _ in range(100):
            sess.run(step)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sess.run(v) == 400


def test_nodes_added_after_a_run_can_be_run(sess) -> None:
    a = tf.constant(1)
    assert sess.run(a) == 1
    assert sess.run(a + 1) == 2


def test_the_plan_is_made_once_per_fetches_and_feeds(sess) -> None:
    x = tf.placeholder(tf.float32)
    y = x + 1.0
    for i in range(5):
        assert sess.run(y, {x: float(i)}) == i + 1
        assert sess.run([[y]], {x: float(i)}) == [[i + 1]]
    assert len(sess._plans.entries) == 1


def test_the_default_session_evaluates_tensors_and_runs_operations(graph) -> None:
    v = tf.Variable(3)
    with pytest.raises(ValueError, match="No default session"):
        v.initializer.run()
    with tf.Session() as sess:
        v.initializer.run()
        assert (v + 1).eval() == 4 and v.eval() == 3 and tf.get_default_session() is sess
    with pytest.raises(RuntimeError, match="closed"):
        sess.run(v)


def test_an_interactive_session_is_the_default_until_it_closes(graph) -> None:
    sess = tf.InteractiveSession()
    try:
        assert tf.constant(2).eval() == 2
    finally:
        sess.close()
    assert tf.get_default_session() is None


def test_make_callable_takes_its_feeds_as_arguments(sess) -> None:
    x, y = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    add = sess.make_callable(x + y, [x, y])
    assert add(1.0, 2.0) == 3.0
    with pytest.raises(TypeError, match="2 arguments"):
        add(1.0, 2.0, 3.0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must feed a value for placeholder"):
        add(1.0)


def test_a_partial_run_goes_on_where_it_stopped(sess) -> None:
    a, b, c = (tf.placeholder(tf.float32, []) for _ in range(3))
    r1 = a + b
    r2 = r1 * c
    handle = sess.partial_run_setup([r1, r2], [a, b, c])
    first = sess.partial_run(handle, r1, feed_dict={a: 1.0, b: 2.0})
    assert first == 3.0
    assert sess.partial_run(handle, r2, feed_dict={c: 10.0}) == 30.0
    with pytest.raises(tf.errors.InvalidArgumentError):
        sess.partial_run(handle, r2, feed_dict={c: 10.0})


def test_what_a_partial_run_is_set_up_for_runs_once_its_feeds_are_there(sess) -> None:
    """What TensorFlow 1.15 gives: an operation runs without being asked for, and so does what is never fetched."""
    x, y = (tf.placeholder(tf.float32, []) for _ in range(2))
    doubled = x * 2.0
    total = doubled + y
    count, other = tf.Variable(0), tf.Variable(0)
    with tf.control_dependencies([total]):
        counted, also = tf.assign_add(count, 1), tf.assign_add(other, 1)
    sess.run(tf.global_variables_initializer())
    for turn in (1, 2):
        handle = sess.partial_run_setup([doubled, total, counted.op, also], [x, y])
        assert sess.partial_run(handle, doubled, {x: 1.0}) == 2.0
        assert sess.run([count, other]) == [turn - 1, turn - 1]
        assert sess.partial_run(handle, total, {y: 1.0}) == 3.0
        assert sess.run([count, other]) == [turn, turn]
        with pytest.raises(RuntimeError, match="requires empty target_list"):
            sess.partial_run(handle, counted.op)
        assert sess.partial_run(handle, also) == turn
        assert sess.run([count, other]) == [turn, turn]


def test_a_random_node_runs_once_in_a_partial_run(sess) -> None:
    x = tf.placeholder(tf.float32, [])
    r = tf.random_uniform([])
    y = r + x
    handle = sess.partial_run_setup([r, y], [x])
    value = sess.partial_run(handle, r)
    assert sess.partial_run(handle, y, {x: 0.0}) == value


def test_a_chain_of_five_thousand_nodes_runs(sess) -> None:
    x = tf.placeholder(tf.float32, [])
    y = x
    for _ in range(5000):
        y = y + 1.0
    assert sess.run(y, {x: 1.0}) == 5001.0


def test_shapes_unknown_until_the_run(sess) -> None:
    x = tf.placeholder(tf.float32)
    y = tf.reshape(tf.transpose(x), [-1, tf.shape(x)[0]])
    assert sess.run(y, {x: np.ones((2, 3))}).shape == (3, 2)
    assert sess.run(y, {x: np.ones((2, 3, 4))}).shape == (12, 2)


def test_strings_and_numbers_in_one_plan(sess) -> None:
    s = tf.placeholder(tf.string, [None])
    joined = tf.string_join([s, tf.as_string(tf.constant([1, 2]) * 2)], separator="-")
    assert sess.run([joined, tf.size(s)], {s: ["a", "b"]})[0].tolist() == [b"a-2", b"b-4"]


def test_python_functions_run_inside_a_plan(sess) -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.py_func(lambda a: np.sort(a)[::-1].copy(), [x * 2.0], tf.float32)
    assert sess.run(y + 1.0, {x: [1.0, 3.0, 2.0]}).tolist() == [7.0, 5.0, 3.0]


@pytest.mark.parametrize("make", [tf.py_func, tf.numpy_function, tf.py_function])
@pytest.mark.parametrize("raised, told", [
    (tf.errors.NotFoundError(None, None, "gone"), "NotFoundError: gone"),
    (tf.errors.OutOfRangeError(None, None, "the end"), "OutOfRangeError: the end"),
    (tf.errors.CancelledError(None, None, "no more"), "CancelledError: no more"),
    (tf.errors.OpError(None, None, "odd", 3), "OpError: odd"), (KeyError("k"), "KeyError: 'k'")])
def test_what_a_python_function_raises_is_told_as_an_unknown_error(sess, make, raised, told) -> None:
    def fails(value):
        raise raised

    y = make(fails, [1.0], tf.float32, name="called")
    with pytest.raises(tf.errors.UnknownError) as caught:
        sess.run(y)
    assert type(caught.value) is tf.errors.UnknownError
    assert str(caught.value).splitlines()[0] == told
    assert caught.value.op.name == "called"


def test_gradients_of_a_python_function_are_taken_in_a_loop_and_twice_in_a_run(sess) -> None:
    def squared(v):
        y = tf.py_function(lambda a: a * a, [v], tf.float32)
        y.set_shape([])
        return y

    x = tf.placeholder(tf.float32, [])
    _, fourth_power = tf.while_loop(lambda i, v: i < 2, lambda i, v: (i + 1, squared(v)), [0, x])
    y = squared(x)
    wanted = [tf.gradients(fourth_power, x)[0], tf.gradients(y, x)[0], tf.gradients(2.0 * y, x)[0]]
    assert sess.run(wanted, {x: 3.0}) == [108.0, 6.0, 12.0]


def test_a_branch_of_a_switch_case_may_hold_a_loop(sess) -> None:
    i, x = tf.placeholder(tf.int32, []), tf.placeholder(tf.float32, [])
    y = tf.switch_case(i, [lambda: tf.while_loop(lambda v: v < x, lambda v: v * 2.0, [1.0]), lambda: x])
    assert [sess.run(y, {i: k, x: 5.0}) for k in (0, 1, 7)] == [8.0, 5.0, 5.0]


def test_a_gradient_override_is_used(sess, graph) -> None:
    @tf.RegisterGradient("TestSessionDouble")
    def _double(op, grad):
        return 2.0 * grad

    x = tf.constant(3.0)
    with graph.gradient_override_map({"Identity": "TestSessionDouble"}):
        y = tf.identity(x)
    assert sess.run(tf.gradients(y, x)[0]) == 2.0


def test_virtual_cpu_devices_and_soft_placement(graph) -> None:
    with tf.device("/cpu:1"):
        y = tf.constant(2.0) * 3.0
    with tf.device("/device:GPU:7"):
        z = y + 1.0
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match=r"CPU:1.*available devices"):
        sess.run(y)
    config = tf.ConfigProto(device_count={"CPU": 2}, allow_soft_placement=True)
    with tf.Session(config=config) as sess:
        assert sess.run(z) == 7.0
        assert [d.name for d in sess.list_devices()][:2] == ["/job:localhost/replica:0/task:0/device:CPU:0",
                                                            "/job:localhost/replica:0/task:0/device:CPU:1"]


def test_threads_asked_for_are_torchs_threads(graph) -> None:
    import torch

    before = torch.get_num_threads()
    try:
        with tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=1)) as sess:
            sess.run(tf.constant(1.0))
            assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_log_device_placement_prints_every_node(graph, capsys) -> None:
    y = tf.constant(2.0, name="two")
    with tf.device("/cpu:0"), tf.Session(config=tf.ConfigProto(log_device_placement=True)) as sess:
        sess.run(y)
    assert "two: (Const): /job:localhost/replica:0/task:0/device:CPU:0" in capsys.readouterr().err


def test_a_traced_run_fills_step_stats(sess) -> None:
    x = tf.placeholder(tf.float32, [2, 2], name="x")
    y = tf.matmul(x, x, name="product")
    metadata = tf.RunMetadata()
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    sess.run(y, {x: np.ones((2, 2))}, options=options, run_metadata=metadata)
    stats = {n.node_name: n for d in metadata.step_stats.dev_stats for n in d.node_stats}
    assert "product" in stats and stats["product"].timeline_label == "product = MatMul(x:0, x:0)"


def test_an_op_without_a_kernel_is_named_when_it_runs(sess) -> None:
    y = tf.raw_ops.CrossReplicaSum(input=[1.0, 2.0], group_assignment=[[0]])
    with pytest.raises(tf.errors.UnimplementedError, match="CrossReplicaSum cannot run: it needs a TPU"):
        sess.run(y)


def test_to_module_gives_a_torch_module_without_a_session(sess) -> None:
    import torch

    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.Variable(np.arange(6, dtype=np.float32).reshape(3, 2), name="w")
    y = tf.nn.relu(tf.matmul(x, w) - 1.0)
    sess.run(tf.global_variables_initializer())
    module = tfmagic.to_module(y, [x], session=sess)
    given = np.ones((2, 3), np.float32)
    assert np.allclose(module(torch.from_numpy(given)).detach().numpy(), sess.run(y, {x: given}))
    assert [name for name, _ in module.named_parameters()] == ["w"]


def test_interrupting_a_run_leaves_the_session_usable(sess) -> None:
    v = tf.Variable(1.0)
    sess.run(v.initializer)
    first = v.assign_add(1.0)

    def interrupt(x):
        raise KeyboardInterrupt

    with tf.control_dependencies([first]):
        y = tf.py_func(interrupt, [tf.constant(1.0)], tf.float32)
    with pytest.raises(KeyboardInterrupt):
        sess.run(y)
    assert sess.run(v) == 1.0 and sess.run(first) == 2.0


def test_threads_of_torch_sleep_while_they_wait() -> None:
    """What OpenMP is told must be there before torch is imported, and what the user said of it stays."""
    program = """
import os, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print(os.environ["OMP_WAIT_POLICY"])
sys.meta_path.insert(0, Finder())
from tfmagic import tf
tf.Session().run(tf.constant(1.0) + 1.0)
"""
    for said, found in ((None, "PASSIVE"), ("ACTIVE", "ACTIVE")):
        environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True,
                             env=environment | ({"OMP_WAIT_POLICY": said} if said else {}))
        assert ran.stdout.split() == [found]


@pytest.mark.parametrize("layout", [lambda x: tf.transpose(x), lambda x: tf.transpose(x * 2.0),
                                    lambda x: (x + 1.0)[:, 1:3],
                                    lambda x: tf.broadcast_to(x[:1] * 2.0, [3, 5]), lambda x: x[::2, ::2]])
def test_what_is_fetched_lies_line_by_line_in_memory_of_its_own(layout) -> None:
    given = np.random.RandomState(0).rand(3, 5).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [3, 5])
        y = layout(x)
        for feeds in (given, given, np.asfortranarray(given)):
            found = sess.run(y, {x: feeds})
            assert found.flags.c_contiguous and found.flags.writeable and not np.shares_memory(found, feeds)
            np.testing.assert_array_equal(found, sess.run(tf.identity(y), {x: given}))
