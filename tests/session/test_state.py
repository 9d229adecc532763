"""What runs do to a session's state: acquire, compute, commit."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.session.passes.split import split
from tfmagic.session.planning import make_plan
from tfmagic.session.resources.keys import resource_key, shown

pytestmark = pytest.mark.usefixtures("graph")


@pytest.fixture
def sess(graph):
    with tf.Session() as s:
        yield s


class Gate:
    """A Python function for a node: tells when it is reached, and goes on when it may."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def node(self, *inputs):
        y = tf.py_func(self, list(inputs) or [tf.constant(1.0)], tf.float32)
        y.set_shape([])
        return y

    def __call__(self, value):
        self.reached.set()
        assert self.opened.wait(20)
        return value


def in_threads(*works: Callable[[], object]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    return threads


def join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_a_run_that_waits_keeps_no_other_writer_waiting_and_loses_no_update_of_theirs(sess) -> None:
    v, gate, results = tf.Variable(1.0), Gate(), []
    sess.run(v.initializer)
    slow, fast = v.assign_add(gate.node(v * 10.0)), v.assign_add(1.0)
    waiting = in_threads(lambda: results.append(sess.run(slow)))
    assert gate.reached.wait(20)
    for _ in range(5):
        sess.run(fast)
    assert sess.run(v) == 6.0
    gate.opened.set()
    join(waiting)
    assert results == [16.0] and sess.run(v) == 16.0


def test_an_assignment_that_a_waiting_node_follows_is_made_from_the_value_at_the_end_of_the_wait(sess) -> None:
    v, gate, results = tf.Variable(1.0), Gate(), []
    sess.run(v.initializer)
    with tf.control_dependencies([v.assign_add(100.0)]):
        seen = gate.node(v.read_value())
    waiting = in_threads(lambda: results.append(sess.run(seen)))
    assert gate.reached.wait(20)
    sess.run(v.assign_add(1.0))
    gate.opened.set()
    join(waiting)
    assert results == [101.0] and sess.run(v) == 102.0


def test_what_waits_and_changes_variables_is_two_plans(sess) -> None:
    v = tf.Variable(1.0)
    y = tf.py_func(lambda a: a, [tf.exp(v)], tf.float32)
    y.set_shape([])
    plan = make_plan([], [v.assign_add(y).op], [], sess._torch_device, sess.resources)
    first, second = split(plan)
    assert "py_func" in first.code() and "exp" in first.code() and "variable +" not in first.code()
    assert "exp" not in second.code() and "variable + " in second.code()
    once = tf.py_func(lambda: np.float32(1.0), [], tf.float32)
    once.set_shape([])
    assert split(make_plan([], [v.assign(once).op], [], sess._torch_device, sess.resources)) is None


def test_a_value_overwritten_while_another_run_computes_from_it_is_not_lost(sess) -> None:
    """A loop that waits and changes a variable keeps its claim: the other run comes after it, not in between."""
    v, gate, done = tf.Variable(1.0), Gate(), []
    sess.run(v.initializer)

    def body(i):
        with tf.control_dependencies([v.assign_add(gate.node())]):
            return i + 1

    loop = tf.while_loop(lambda i: i < 2, body, [0])
    waiting = in_threads(lambda: done.append(sess.run(loop)))
    assert gate.reached.wait(20)
    waiting += in_threads(lambda: sess.run(v.assign(50.0).op))
    gate.opened.set()
    join(waiting)
    assert done == [2] and sess.run(v) == 50.0


@pytest.mark.parametrize("resource", [False, True])
def test_counting_from_sixteen_threads_loses_nothing(sess, resource) -> None:
    v = tf.get_variable("v", initializer=0, use_resource=resource)
    w = tf.get_variable("w", initializer=0, use_resource=resource)
    sess.run([v.initializer, w.initializer])
    one, both = v.assign_add(1), [v.assign_add(1), w.assign_add(1)]

    def count(step) -> Callable[[], None]:
        def work() -> None:
            for _ in range(40):
                sess.run(step)
        return work

    join(in_threads(*[count(one) if i % 2 else count(both) for i in range(16)]))
    assert sess.run([v, w]) == [640, 320]


def test_who_reads_several_variables_sees_them_as_one_run_left_them(sess) -> None:
    """The values fit each other whatever steps go on beside, those in place included."""
    n = 30000
    a, b = tf.Variable(np.zeros(n, np.float32)), tf.Variable(np.zeros(n, np.float32))
    ones = tf.Variable(np.ones(n, np.float32)) * 1.0
    step = tf.train.GradientDescentOptimizer(-1.0).apply_gradients([(ones, a), (ones, b)])
    sess.run(tf.global_variables_initializer())
    assert make_plan([], [step], [], sess._torch_device, sess.resources).in_place == [a.op, b.op]
    both = [a + 0.0, b * 1.0, tf.reduce_sum(tf.abs(a - b))]
    wrong, stop = [], threading.Event()

    def train() -> None:
        for _ in range(200):
            sess.run(step)
        stop.set()

    def read() -> None:
        while not stop.is_set():
            x, y, difference = sess.run(both)
            if difference or (x != y).any() or (x != x[0]).any():
                wrong.append((x, y))

    join(in_threads(train, read, read))
    assert not wrong and sess.run(a)[0] == 200.0


def test_a_run_that_holds_values_keeps_them_while_others_change_them_in_place(sess) -> None:
    v, gate, results = tf.Variable([1.0, 2.0]), Gate(), []
    ones = tf.Variable([1.0, 1.0]) * 1.0
    sess.run(tf.global_variables_initializer())
    step = tf.train.GradientDescentOptimizer(1.0).apply_gradients([(ones, v)])
    assert make_plan([], [step], [], sess._torch_device, sess.resources).in_place == [v.op]
    with tf.control_dependencies([gate.node()]):
        late = v * 1.0
    waiting = in_threads(lambda: results.append(sess.run([late, v])))
    assert gate.reached.wait(20)
    sess.run(step)
    gate.opened.set()
    join(waiting)
    assert [value.tolist() for value in results[0]] == [[1.0, 2.0], [1.0, 2.0]]
    assert sess.run(v).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("optimizer", [
    lambda: tf.train.AdamOptimizer(0.1), lambda: tf.train.AdagradOptimizer(0.1),
    lambda: tf.train.MomentumOptimizer(0.1, 0.9), lambda: tf.train.RMSPropOptimizer(0.1, momentum=0.9, centered=True),
    lambda: tf.train.FtrlOptimizer(0.1), lambda: tf.train.AdadeltaOptimizer(0.1)])
def test_what_an_optimiser_keeps_stays_with_its_variable_while_others_read(sess, optimizer) -> None:
    """Steps of several variables with slots: in copies they come to the same as in place."""
    variables = [tf.Variable(np.full(shape, 2.0, np.float32)) for shape in ((3, 2), (2,), (2, 4))]
    step = optimizer().minimize(tf.add_n([tf.reduce_sum(v ** 2 * (1 + i)) for i, v in enumerate(variables)]))
    with_slots, gate = tf.global_variables(), Gate()
    with tf.control_dependencies([gate.node()]):
        late = [tf.identity(v) for v in variables]

    def trained(first: Callable[[], object], last: Callable[[], object]) -> list[np.ndarray]:
        sess.run(tf.global_variables_initializer())
        first()
        for _ in range(3):
            sess.run(step)
        last()
        return sess.run(with_slots)

    def read() -> None:
        waiting.extend(in_threads(lambda: sess.run(late)))
        assert gate.reached.wait(20)

    def stop_reading() -> None:
        gate.opened.set()
        join(waiting)

    waiting: list[threading.Thread] = []
    alone = trained(lambda: None, lambda: None)
    beside_a_reader = trained(read, stop_reading)
    for one, other in zip(alone, beside_a_reader):
        assert one.shape == other.shape and np.allclose(one, other)


def raising(error: BaseException) -> Callable[..., object]:
    def function(*_):
        raise error
    return function


@pytest.mark.parametrize("error, shown_as", [(ValueError("no"), tf.errors.InvalidArgumentError),
                                             (KeyboardInterrupt(), KeyboardInterrupt)])
def test_a_failed_or_interrupted_run_gives_back_the_random_numbers_that_it_took(sess, error, shown_as) -> None:
    r = tf.random_uniform([2], seed=3)
    with tf.control_dependencies([r]):
        bad = tf.py_func(raising(error), [tf.constant(1.0)], tf.float32)
    first = sess.run(r)
    with pytest.raises(shown_as):
        sess.run([r, bad])
    second = sess.run(r)
    with tf.Session() as other:
        assert [other.run(r).tolist() for _ in range(2)] == [first.tolist(), second.tolist()]


def test_numbers_that_another_run_took_since_are_not_given_twice(sess) -> None:
    r, gate = tf.random_uniform([2], seed=3), Gate()
    with tf.control_dependencies([r]):
        seen = gate.node()
    with tf.control_dependencies([seen]):
        bad = tf.py_func(raising(ValueError("no")), [tf.constant(1.0)], tf.float32)

    def fail() -> None:
        with pytest.raises(tf.errors.InvalidArgumentError):
            sess.run([r, bad])

    failing = in_threads(fail)
    assert gate.reached.wait(20)
    during = sess.run(r).tolist()
    gate.opened.set()
    join(failing)
    assert sess.run(r).tolist() != during


def test_a_resource_has_one_name_container_and_shared_name_or_that_of_its_node() -> None:
    assert resource_key("", "", "node") == "node" == resource_key(b"", b"node", "other")
    assert resource_key("a/b", "c", "n") != resource_key("a", "b/c", "n") != resource_key("", "a/b/c", "n")
    assert shown(resource_key("box", "", "n")) == ("box", "n") and shown("n") == ("localhost", "n")


def test_two_containers_keep_two_values_under_one_shared_name(sess, graph) -> None:
    handles = []
    for container in ("one", "two"):
        with graph.container(container):
            handles.append(tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], shared_name="v"))
    sess.run([tf.raw_ops.AssignVariableOp(resource=h, value=tf.constant(float(i))) for i, h in enumerate(handles)])
    assert sess.run([tf.raw_ops.ReadVariableOp(resource=h, dtype=tf.float32) for h in handles]) == [0.0, 1.0]
