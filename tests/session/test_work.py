"""How many threads the calls of a plan have: large ones those of torch, the small ones beside them one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.session.passes import work
from tfmagic.session.planning import make_plan
from tfmagic.session.tiers import python, threads

pytestmark = pytest.mark.usefixtures("graph")


@pytest.fixture
def four_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def plan_of(fetches, feeds):
    with tf.Session() as sess:
        return make_plan(fetches, [], feeds, sess._torch_device, sess.resources)


def test_a_plan_wants_threads_for_a_large_call_in_a_body_too() -> None:
    x = tf.placeholder(tf.float32, [1000, 1000])
    loop = tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, tf.matmul(y, x)), [0, x])[1]
    assert work.wants_threads(plan_of([loop], [x])) and not work.wants_one_thread(plan_of([loop], [x]))
    small = tf.matmul(x[:10, :10], x[:10, :10])
    assert not work.wants_threads(plan_of([small], [x]))


def test_an_op_may_say_how_much_it_does() -> None:
    def wants(steps: int) -> bool:
        x, labels = tf.placeholder(tf.float32, [steps, 2, 5]), tf.SparseTensor([[0, 0], [1, 0]], [1, 2], [2, 1])
        return work.wants_threads(plan_of([tf.nn.ctc_loss(labels, x, [steps, steps])], [x]))

    assert wants(5000) and not wants(50)


@pytest.mark.parametrize("function", [tf.linalg.qr, tf.linalg.inv, tf.linalg.svd, tf.linalg.cholesky,
                                      lambda x: tf.linalg.solve(x, x), lambda x: tf.linalg.cholesky_solve(x, x)])
def test_linear_algebra_has_one_thread_where_matrices_are_small(function) -> None:
    for shape, several in (([3, 100, 100], False), ([300, 300], True), ([200, 50, 50], True)):
        x = tf.placeholder(tf.float32, shape)
        plan = plan_of([tf.convert_to_tensor(tf.contrib.framework.nest.flatten(function(x))[0])], [x])
        assert (work.wants_threads(plan), work.wants_one_thread(plan)) == (several, not several)


def test_the_large_calls_alone_have_threads_and_give_the_same(four_threads, monkeypatch) -> None:
    x = tf.placeholder(tf.float32, [500, 500])
    large = tf.matmul(x, x)
    small = tf.matmul(large[:10], x[:, :10])
    plan = plan_of([small], [x])
    given, seen = torch.from_numpy(np.random.RandomState(0).rand(500, 500).astype(np.float32)), []
    expected = python.function(plan)(given)[0][0]
    threads.give(plan, 4)
    product = torch.matmul
    called = [node.target for node in threads.divided(plan).graph.nodes if isinstance(node.target, threads._OnAll)]
    assert [target._target for target in called] == [product]
    monkeypatch.setattr(called[0], "_target", lambda *given: seen.append(torch.get_num_threads()) or product(*given))
    torch.set_num_threads(1)
    assert torch.equal(called[0].bind()(given, given), product(given, given)) and seen == [4]
    assert torch.get_num_threads() == 1
    torch.testing.assert_close(python.function(plan)(given)[0][0], expected)


def test_a_failed_large_call_leaves_one_thread_and_names_its_node(four_threads) -> None:
    x, y = tf.placeholder(tf.float32, [None, None]), tf.placeholder(tf.float32, [600, 600])
    with tf.Session() as sess:
        failing = tf.matmul(tf.matmul(y, y), x, name="failing")
        with pytest.raises(tf.errors.InvalidArgumentError, match="failing"):
            sess.run(failing, {x: np.ones([3, 3]), y: np.ones([600, 600])})
    assert torch.get_num_threads() == 4
