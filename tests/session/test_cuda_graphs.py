"""CUDA graphs: what is captured, and that nobody sees it: on this machine's GPU, or on one that is only pretended."""

from __future__ import annotations

import contextlib
import gc
import threading
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from pretended_gpus import pretended_gpus

from tfmagic import tf
from tfmagic.session.tiers import captures, cuda_graphs

real = torch.cuda.is_available()
# A GPU adds in another order.
CLOSE = {"rtol": 1e-3, "atol": 1e-4} if real else {"rtol": 1e-5, "atol": 1e-6}
ON_CPU = tf.ConfigProto(device_count={"GPU": 0})


@pytest.fixture(autouse=True)
def _gpus():
    with contextlib.nullcontext() if real else pretended_gpus(2), tf.Graph().as_default():
        yield


@pytest.fixture(autouse=True)
def seen(monkeypatch):
    """How often regions were captured, replayed, and run as they stand."""
    counts = SimpleNamespace(captures=0, replays=0, plain=0)

    def counting(owner, name, count):
        method = getattr(owner, name)

        def counted(*args):
            setattr(counts, count, getattr(counts, count) + 1)
            return method(*args)

        monkeypatch.setattr(owner, name, counted)

    counting(captures.Captures, "capture", "captures")
    counting(captures.Captured, "run", "replays")
    counting(cuda_graphs.CapturedRegion, "_as_it_stands", "plain")
    return counts


def chain(x, turns=4):
    for _ in range(turns):
        x = tf.tanh(x * 0.5) + 0.25
    return x


def same_as_on_the_cpu(fetches, feeds, *between):
    """The results of a run per feed_dict, which are those of the CPU; after each run so many more are made."""
    results = []
    for config in (None, ON_CPU):
        with tf.Session(config=config) as session:
            session.run(tf.global_variables_initializer())
            results.append([])
            for feed in feeds:
                results[-1].append(session.run(fetches, feed))
                session.run(between)
    on_gpu, on_cpu = (tf.nest.flatten(each) for each in results)
    for one, other in zip(on_gpu, on_cpu):
        if other is not None:
            np.testing.assert_allclose(one, other, **CLOSE)
    return results[0]


# --- what is captured -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("optimizer", [
    tf.train.GradientDescentOptimizer, lambda rate: tf.train.MomentumOptimizer(rate, 0.9), tf.train.AdamOptimizer,
    tf.train.RMSPropOptimizer, tf.train.AdagradOptimizer, tf.train.FtrlOptimizer])
def test_a_training_loop_is_captured_and_learns_what_it_learns_on_a_cpu(optimizer, seen):
    tf.set_random_seed(1)
    x, keep = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [])
    h = tf.nn.dropout(tf.layers.dense(x, 20, tf.nn.relu), keep)
    loss = tf.losses.mean_squared_error(tf.ones([4, 2]), tf.layers.dense(h, 2))
    number = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.1, number, 3, 0.5)
    step = optimizer(rate).minimize(loss, global_step=number)
    random = np.random.RandomState(1)
    feeds = [{x: random.rand(4, 3), keep: 0.5 + i / 20} for i in range(8)]
    same_as_on_the_cpu([loss, number, step], feeds)
    assert seen.captures == 1 and seen.replays == 8 - cuda_graphs._RUNS + 1


@pytest.mark.parametrize("draw, count", [
    (tf.random_normal, 5), (tf.random_normal, 301), (tf.random_uniform, 300), (tf.truncated_normal, 300),
    (lambda sizes, seed: tf.random_uniform(sizes, dtype=tf.float64, seed=seed), 300),
    (lambda sizes, seed: tf.random_uniform(sizes, 0, 9, tf.int64, seed=seed), 300)])
def test_random_numbers_stay_those_of_the_seeds(draw, count, seen):
    drawn = draw([count], seed=2)
    results = same_as_on_the_cpu([drawn, chain(tf.to_float(drawn))], [{}] * 6)
    assert seen.captures == 1 and len({float(first[0]) + float(first[1]) for first, _ in results}) > 1


def test_large_draws_are_made_in_the_graph_of_what_takes_them(seen):
    drawn = tf.random_uniform([20, 10], seed=2)
    same_as_on_the_cpu(tf.reduce_sum(drawn), [{}] * 6)
    assert seen.captures == 1, "alone they are worth a graph"


def test_a_run_that_fails_gives_its_random_numbers_back(seen):
    x = tf.placeholder(tf.float32, [])
    drawn = tf.random_uniform([200], seed=2)
    with tf.control_dependencies([drawn]):
        checked = tf.check_numerics(x, "x")
    with tf.Session() as session, tf.Session(config=ON_CPU) as other:
        for _ in range(7):
            with pytest.raises(tf.errors.InvalidArgumentError):
                session.run([drawn, checked], {x: np.nan})
            np.testing.assert_array_equal(session.run([drawn, checked], {x: 1})[0], other.run(drawn))
    assert seen.captures == 1


def test_the_turns_of_a_loop_are_replays(seen):
    x = tf.placeholder(tf.float32, [3])
    _, end = tf.while_loop(lambda i, _: i < 9, lambda i, y: (i + 1, chain(y)), [0, x])
    same_as_on_the_cpu(end, [{x: [1, 2, 3]}, {x: [3, 2, 1]}])
    assert seen.captures == 1 and seen.replays > 10


@pytest.mark.parametrize("between", [
    lambda y: tf.reshape(tf.py_func(np.square, [y], tf.float32), [3]),
    lambda y: tf.to_float(tf.string_to_number(tf.as_string(y))),
    lambda y: tf.reshape(tf.boolean_mask(y, y < 9.0), [3]),
    lambda y: y * tf.to_float(tf.where(y < 9.0)[0, 0] + 2)])
def test_what_the_host_computes_stands_between_graphs(between, seen):
    x = tf.placeholder(tf.float32, [3])
    same_as_on_the_cpu(chain(between(chain(x))), [{x: [i, 2, 3]} for i in range(6)])
    assert seen.captures == 2


def test_elements_of_queues_and_data_sets_go_into_a_graph(seen):
    element = tf.data.Dataset.range(8).map(lambda i: tf.to_float(i) * tf.ones([3])).make_one_shot_iterator().get_next()
    same_as_on_the_cpu(chain(element), [{}] * 7)
    assert seen.captures == 1


@pytest.mark.skipif(real and torch.cuda.device_count() < 2, reason="two GPUs")
def test_a_plan_on_two_gpus_runs_kernel_by_kernel(seen):
    x = tf.placeholder(tf.float32, [3])
    with tf.device("/gpu:0"):
        a = chain(x)
    with tf.device("/gpu:1"):
        b = chain(a)
    with tf.Session() as session:
        for _ in range(5):
            session.run(b, {x: [1, 2, 3]})
    assert seen.captures == 0


def test_few_calls_are_not_worth_a_graph(seen):
    x = tf.placeholder(tf.float32, [3])
    with tf.Session() as session:
        for _ in range(5):
            session.run(tf.exp(x) + tf.abs(x), {x: [1, 2, 3]})
    assert seen.captures == 0


# --- memory -----------------------------------------------------------------------------------------------------------

def test_what_a_run_gave_stays_when_others_follow():
    x = tf.placeholder(tf.float32, [3])
    kept = same_as_on_the_cpu([chain(x), tf.transpose(chain(x))], [{x: [i, i, i]} for i in range(8)])
    assert len({float(first[0]) for first, _ in kept}) == 8


def test_a_fed_array_may_be_changed_after_the_run():
    x = tf.placeholder(tf.float32, [64, 64])
    y = chain(x)
    array = np.zeros([64, 64], np.float32)
    with tf.Session() as session, tf.Session(config=ON_CPU) as other:
        for turn in range(6):
            array[:] = turn
            result = session.run(y, {x: array})
            array[:] = -1
            np.testing.assert_allclose(result, other.run(y, {x: np.full([64, 64], turn)}), **CLOSE)


@pytest.mark.parametrize("behind_handle", [False, True])
def test_variables_are_read_as_they_are_now(behind_handle, seen):
    w = tf.get_variable("w", [3], initializer=tf.ones_initializer(), use_resource=behind_handle)
    y = chain(w)
    with tf.Session() as session, tf.Session(config=ON_CPU) as other:
        for each in (session, other):
            each.run(w.initializer)
        for turn in range(40):
            if turn % 6 == 5:
                for each in (session, other):
                    w.load([turn, 1, 2], each)
            np.testing.assert_allclose(session.run(y), other.run(y), **CLOSE)
    assert 2 <= seen.captures <= cuda_graphs._CAPTURES + 1, "in the end it is copied"


def test_an_assigned_variable_keeps_its_value_while_graphs_are_replayed():
    w = tf.get_variable("w", [3], initializer=tf.ones_initializer())
    x = tf.placeholder(tf.float32, [3])
    assigned = tf.assign(w, chain(x) + w)
    same_as_on_the_cpu([assigned, chain(x * 2)], [{x: [i, 2, 3]} for i in range(8)], w + 1.0)


def test_graphs_that_share_memory_do_not_see_each_other(seen):
    x, z = tf.placeholder(tf.float32, [3]), tf.placeholder(tf.float32, [2, 2])
    first, second = chain(x), chain(tf.matmul(z, z))
    with tf.Session() as session, tf.Session(config=ON_CPU) as other:
        for turn in range(8):
            for fetch, feed in ((first, {x: [turn, 1, 2]}), (second, {z: np.eye(2) * turn})):
                np.testing.assert_allclose(session.run(fetch, feed), other.run(fetch, feed), **CLOSE)
    assert seen.captures == 2


def test_a_variable_of_another_shape_than_its_own_runs_as_it_stands(seen):
    w = tf.get_variable("w", [2], initializer=tf.zeros_initializer())
    longer, shorter = (tf.assign(w, value, validate_shape=False) for value in ([1.0, 2.0], [1.0]))
    y = chain(w)
    with tf.Session() as session:
        for _ in range(5):
            session.run(longer.op)
            assert session.run(y).shape == (2,)
        assert seen.captures == 1
        session.run(shorter.op)
        assert session.run(y).shape == (1,)


def test_a_closed_session_lets_go_of_its_graphs():
    x = tf.placeholder(tf.float32, [3])
    y = chain(x)
    session = tf.Session()
    for _ in range(5):
        session.run(y, {x: [1, 2, 3]})
    kept = [weakref.ref(captured._graph) for captured in session._captures.entries.values()]
    session.close()
    assert kept and not any(graph() for graph in kept)


def test_graphs_are_kept_within_a_number_and_seldom_made_anew(monkeypatch, seen):
    monkeypatch.setattr(captures, "_KEPT", 2)
    x = tf.placeholder(tf.float32, [3])
    fetches = [chain(x + float(i)) for i in range(4)]
    with tf.Session() as session:
        for _ in range(60):
            for fetch in fetches:
                session.run(fetch, {x: [1, 2, 3]})
        assert len(session._captures.entries) == 2
    assert 8 <= seen.captures <= 20


def test_a_plan_that_is_gone_takes_its_graph_along():
    x = tf.placeholder(tf.float32, [3])
    y = chain(x)
    with tf.Session() as session:
        for _ in range(5):
            session.run(y, {x: [1, 2, 3]})
        assert len(session._captures.entries) == 1
        session._calls.clear()
        session._plans.clear()
        gc.collect()
        other = chain(x, 5)
        for _ in range(5):
            session.run(other, {x: [1, 2, 3]})
        assert len(session._captures.entries) == 1


# --- threads, streams, failures ---------------------------------------------------------------------------------------

def test_threads_that_run_one_plan_get_each_their_own_results():
    x = tf.placeholder(tf.float32, [3])
    y = chain(x)
    with tf.Session(config=ON_CPU) as session:
        expected = [session.run(y, {x: [i, i, i]}) for i in range(4)]
    wrong = []

    def work(session, number):
        for _ in range(25):
            result = session.run(y, {x: [number] * 3})
            if not np.allclose(result, expected[number], **CLOSE):
                wrong.append(result)

    with tf.Session() as session:
        threads = [threading.Thread(target=work, args=(session, i)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_counting_from_threads_loses_nothing():
    w = tf.get_variable("w", [4], initializer=tf.zeros_initializer())
    step = tf.train.GradientDescentOptimizer(1.0).minimize(tf.reduce_sum(w) + 0.0 * tf.reduce_sum(chain(w)))
    with tf.Session() as session:
        session.run(w.initializer)
        threads = [threading.Thread(target=lambda: [session.run(step) for _ in range(20)]) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        np.testing.assert_allclose(session.run(w), [-60] * 4)


def test_on_another_stream_a_run_goes_as_it_stands(seen):
    x = tf.placeholder(tf.float32, [3])
    y = chain(x)
    with tf.Session() as session:
        expected = [session.run(y, {x: [1, 2, 3]}) for _ in range(5)][-1]
        before = seen.plain
        with torch.cuda.stream(torch.cuda.Stream()):
            np.testing.assert_array_equal(session.run(y, {x: [1, 2, 3]}), expected)
        assert seen.plain == before + 1


@pytest.fixture
def told(monkeypatch):
    lines = []
    monkeypatch.setattr(cuda_graphs.tf_logging, "info", lambda text, *args: lines.append(text % args))
    return lines


def raising(results):
    raise RuntimeError("out of memory")


@pytest.mark.parametrize("at_the_end, why", [(lambda results: results[0].sum().item(), "captur"),
                                             (raising, "RuntimeError: out of memory")])
def test_what_cannot_be_captured_runs_as_ever_and_is_told_once(at_the_end, why, monkeypatch, told, seen):
    capture = captures.Captures.capture

    def failing(self, function, values, inputs):
        def failing_function(*given):
            results = function(*given)
            at_the_end(results)
            return results

        return capture(self, failing_function, values, inputs)

    x = tf.placeholder(tf.float32, [3])
    with monkeypatch.context() as patch:
        patch.setattr(captures.Captures, "capture", failing)
        same_as_on_the_cpu(chain(x), [{x: [i, 1, 2]} for i in range(7)])
    assert seen.captures == 1 and len(told) == 1 and why in told[0]
    same_as_on_the_cpu(chain(x, 5), [{x: [i, 1, 2]} for i in range(7)])
    assert seen.captures == 2 and seen.replays and len(told) == 1, "others are captured"


def test_an_error_of_a_captured_part_names_its_operation():
    w = tf.Variable([1.0, 2.0], validate_shape=False)
    y = tf.add(chain(w), [1.0, 2.0], name="culprit")
    with tf.Session() as session:
        session.run(w.initializer)
        for _ in range(5):
            session.run(y)
        session.run(tf.assign(w, [1.0, 2.0, 3.0], validate_shape=False))
        with pytest.raises(tf.errors.InvalidArgumentError, match="culprit"):
            session.run(y)


# --- what is pretended ------------------------------------------------------------------------------------------------

@pytest.mark.skipif(real, reason="for GPUs that are not there")
class TestPretendedGraphs:
    def capture(self, function, *given):
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.stream(torch.cuda.Stream()):
            graph.capture_begin(pool=self.pool, capture_error_mode="thread_local")
            try:
                results = function(*given)
            finally:
                graph.capture_end()
        return graph, results

    @pytest.fixture(autouse=True)
    def _pool(self):
        self.pool = torch.cuda.graph_pool_handle()
        self.x = torch.ones(2, device="cudalike:0")

    def test_a_replay_reads_and_writes_the_memory_of_the_capture(self):
        graph, y = self.capture(lambda x: x * 2 + 1, self.x)
        assert y.tolist() != [3, 3], "a capture computes nothing"
        graph.replay()
        assert y.tolist() == [3, 3]
        self.x.fill_(2)
        graph.replay()
        assert y.tolist() == [5, 5]

    def test_graphs_of_one_pool_overwrite_each_other(self):
        graph, y = self.capture(lambda x: x * 2, self.x)
        other, _ = self.capture(lambda x: x * 3, self.x)
        graph.replay()
        other.replay()
        assert y.tolist() != [2, 2]

    def test_numbers_of_the_host_are_part_of_a_graph(self):
        number = torch.tensor(2.0)
        graph, y = self.capture(lambda x: x * number, self.x)
        number.fill_(3)
        graph.replay()
        assert y.tolist() == [2, 2]

    @pytest.mark.parametrize("waiting", [
        lambda x: x.sum().item(), lambda x: x.cpu(), lambda x: x[x > 0], lambda x: x.nonzero(), lambda x: x.tolist(),
        lambda x: torch.cuda.synchronize(), lambda x: x.copy_(torch.ones(2)), lambda x: torch.ones(2).to(x.device)])
    def test_a_capture_refuses_what_waits(self, waiting):
        with pytest.raises(RuntimeError, match="capturing"):
            self.capture(waiting, self.x)

    def test_memory_that_a_graph_reads_must_be_held(self):
        graph, _ = self.capture(lambda x: x * 2, self.x)
        del self.x
        with pytest.raises(RuntimeError, match="nobody holds"):
            graph.replay()

    def test_what_is_copied_to_the_host_meanwhile_arrives_with_a_wait(self):
        copied = self.x.to("cpu", non_blocking=True)
        assert copied.tolist() != [1, 1]
        torch.cuda.current_stream("cudalike:0").synchronize()
        assert copied.tolist() == [1, 1]
