"""How many threads the calls of a plan have: large ones those of torch, the small ones beside them one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


VALUES, PLACES = torch.linspace(0.1, 1, 8000).view(500, 16), torch.arange(0, 400, 2)
ROWS, IMAGES = VALUES[:200], VALUES[:64].reshape(2, 4, 16, 8)
CALLS = {
    "index_add": lambda: VALUES.index_add(0, PLACES, ROWS),
    "scatter_add": lambda: VALUES.scatter_add(0, PLACES[:, None].expand(-1, 16), ROWS),
    "index_put": lambda: VALUES.index_put((PLACES,), ROWS),
    "max": lambda: VALUES.max(1),
    "logsumexp": lambda: VALUES.logsumexp(1),
    "softmax": lambda: VALUES.softmax(1),
    "log_softmax": lambda: VALUES.log_softmax(1),
    "tril": lambda: VALUES.tril(),
    "one_hot": lambda: torch.nn.functional.one_hot(PLACES, 500),
    "max_pool2d": lambda: torch.max_pool2d(IMAGES, 2),
    "avg_pool2d": lambda: torch.nn.functional.avg_pool2d(IMAGES, 2),
    "layer_norm": lambda: torch.nn.functional.layer_norm(VALUES, (16,)),
    "add": lambda: VALUES + VALUES,
    "index_select": lambda: VALUES.index_select(0, PLACES),
    "sum": lambda: VALUES.sum(0),
    "cat": lambda: torch.cat([VALUES, VALUES]),
    "argmax": lambda: VALUES.argmax(1),
    "masked_select": lambda: VALUES.masked_select(VALUES > 0.5),
    "cumsum": lambda: VALUES.cumsum(0),
}


@pytest.mark.skipif(not hasattr(os, "fork") or not Path("/proc/self/status").exists(), reason="needs Linux")
def test_torch_wakes_threads_for_few_values_where_we_say_so() -> None:
    code = """
import os
import torch
from tests.session.test_work import CALLS
from tfmagic.session.passes.work import WAKING

torch.set_num_threads(2)
for name, call in CALLS.items():
    if not os.fork():  # a process of which nothing was asked yet
        with torch.inference_mode():
            call()
        status = open("/proc/self/status").read()
        threads = int(status.partition("Threads:")[2].split()[0])
        os._exit(int((threads > 1) is not (name in WAKING)))
    assert os.wait()[1] == 0, name
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "OMP_NUM_THREADS": "2"})


def test_a_plan_of_few_rows_has_one_thread() -> None:
    rows, x = tf.placeholder(tf.int32, [20]), tf.placeholder(tf.float32, [20, 8])
    table = tf.get_variable("table", [50, 8])
    assert work.wants_one_thread(plan_of([tf.scatter_add(table, rows, x)], [rows, x]))
    assert work.wants_one_thread(plan_of([tf.nn.softmax(x)], [x]))
    assert not work.wants_one_thread(plan_of([x + 2 * x], [x]))
