"""Plans that settle: what follows from variables that stay as they are is computed once, and no run sees an old one."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.base.machine import compiler
from tfmagic.session.tiers import choices, engines, machine, settled
from tfmagic.session.tiers.machine import settling

pytestmark = pytest.mark.skipif(not compiler.available(), reason="there is no compiler of machine code")

RUNS = 8
IS_OF_IMAGES = settling._is_of_images


@pytest.fixture(autouse=True)
def soon(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Plans settle in their third run; nothing was measured before."""
    monkeypatch.setattr(choices, "_file", lambda: tmp_path / "choices.json")
    monkeypatch.setattr(machine, "_calls_before", lambda plan: 10)
    monkeypatch.setattr(engines, "_ROUNDS", 1)
    monkeypatch.setattr(settling, "_PATIENCE", 1)
    monkeypatch.setattr(settling, "_LEAST", 1)
    monkeypatch.setattr(settling, "_is_of_images", lambda node: True)
    choices._known.cache_clear()
    yield
    choices._known.cache_clear()


@pytest.fixture
def settled_plans(monkeypatch: pytest.MonkeyPatch) -> list[settling.Parts]:
    """The plans that settled, each as often as it did."""
    found: list[settling.Parts] = []
    original = settling.Settling._keep

    def noted(self: Any, seen: Any, settled: Any, parameters: Any) -> bool:
        kept = original(self, seen, settled, parameters)
        if kept:
            found.append(settled.parts)
        return kept

    monkeypatch.setattr(settling.Settling, "_keep", noted)
    return found


@pytest.fixture
def sess() -> Iterator[tf.Session]:
    """A session, with seeded variables."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(1)
        yield sess


def calls_of(plan: Any) -> list[str]:
    """The names of what a plan calls."""
    return [getattr(node.target, "__name__", str(node.target)) for node in plan.graph.nodes
            if node.op.startswith("call_")]


def norm(x: Any, fused: bool = True) -> Any:
    """A normalisation whose statistics are not those of new variables."""
    made = tf.layers.batch_normalization(x, training=False, fused=fused,
                                         moving_mean_initializer=tf.random_normal_initializer(0.3, 0.2),
                                         moving_variance_initializer=tf.random_uniform_initializer(0.5, 2.0),
                                         beta_initializer=tf.random_normal_initializer(),
                                         gamma_initializer=tf.random_uniform_initializer(0.5, 2.0))
    return made


def conv(x: Any, filters: int = 16, size: int = 3, **others: Any) -> Any:
    return tf.layers.conv2d(x, filters, size, bias_initializer=tf.random_normal_initializer(), **others)


def residual(x: Any) -> Any:
    return tf.nn.relu(x + norm(conv(tf.nn.relu(norm(conv(x, padding="same"))), padding="same", use_bias=False)))


def channels_first(x: Any) -> Any:
    turned = tf.transpose(x, [0, 3, 1, 2])
    y = tf.nn.conv2d(turned, tf.get_variable("w", [3, 3, 16, 16]), [1, 1, 1, 1], "SAME", data_format="NCHW")
    scale, offset, mean, variance = (tf.get_variable(name, [16], initializer=tf.random_uniform_initializer(0.5, 2.0))
                                     for name in ("scale", "offset", "mean", "variance"))
    y, _, _ = tf.nn.fused_batch_norm(y, scale, offset, mean, variance, is_training=False, data_format="NCHW")
    return tf.nn.relu(y)


NETS: dict[str, tuple[Callable[[Any], Any], tuple[int, ...]]] = {
    "a convolution": (conv, (2, 12, 12, 16)),
    "made positive": (lambda x: conv(x, activation=tf.nn.relu), (2, 12, 12, 16)),
    "normalised": (lambda x: tf.nn.relu(norm(conv(x))), (2, 12, 12, 16)),
    "normalised step by step": (lambda x: tf.nn.relu(norm(conv(x), fused=False)), (2, 12, 12, 16)),
    "normalised without a bias": (lambda x: norm(conv(x, use_bias=False)), (2, 12, 12, 16)),
    "normalised before": (lambda x: conv(tf.nn.relu(norm(x))), (2, 12, 12, 16)),
    "residual": (residual, (2, 12, 12, 16)),
    "of which somebody else reads the middle": (lambda x: [y := conv(x), norm(y)], (2, 12, 12, 16)),
    "channels first": (channels_first, (2, 12, 12, 16)),
    "one pixel": (lambda x: tf.nn.relu(norm(conv(x, 32, 1))), (2, 12, 12, 16)),
    "one pixel in two": (lambda x: norm(conv(x, 32, 1, strides=2)), (2, 12, 12, 32)),
    "few windows, many filters": (lambda x: tf.nn.relu(norm(conv(x, 128, padding="same"))), (1, 6, 6, 64)),
    "few windows, with steps": (lambda x: norm(conv(x, 128, strides=2, padding="same")), (1, 7, 7, 64)),
    "few windows, not padded": (lambda x: norm(conv(x, 128)), (1, 7, 7, 64)),
    "with steps": (lambda x: norm(conv(x, strides=2, padding="same")), (2, 13, 13, 16)),
    "with holes": (lambda x: norm(conv(x, dilation_rate=2)), (2, 12, 12, 16)),
    "few channels": (lambda x: norm(conv(x, 16, 5)), (2, 20, 20, 3)),
    "over one axis": (lambda x: norm(conv(x, 32, (3, 1))), (2, 40, 1, 32)),
    "depthwise": (lambda x: norm(tf.nn.depthwise_conv2d(x, tf.get_variable("d", [3, 3, 32, 2]), [1, 1, 1, 1], "SAME")),
                  (2, 16, 16, 32)),
    "dense": (lambda x: tf.layers.dense(x, 128, tf.nn.relu), (64, 128)),
    "dense without a bias, times a number": (lambda x: 0.5 * tf.layers.dense(x, 128, use_bias=False), (64, 128)),
    "dense of lines of lines": (lambda x: tf.layers.dense(x, 128, tf.nn.relu), (4, 16, 128)),
    "by the same filters twice": (lambda x: tf.matmul(tf.matmul(x, w := tf.get_variable("w", [128, 128])), w),
                                  (64, 128)),
    "by constants": (lambda x: tf.nn.conv2d(x, tf.constant(np.random.RandomState(0).rand(3, 3, 16, 16), tf.float32),
                                            [1, 1, 1, 1], "SAME") * 2.0 + 1.0, (2, 12, 12, 16)),
}


@pytest.mark.parametrize("engine", [0, 1, -1])
@pytest.mark.parametrize("name", NETS)
def test_a_settled_net_gives_the_same_by_every_engine(name: str, engine: int, sess: tf.Session,
                                                      settled_plans: list[settling.Parts],
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled.ByFilters, "choose", lambda self, names, *others: list(names)[engine])
    net, shape = NETS[name]
    x = tf.placeholder(tf.float32, shape)
    y = net(x)
    sess.run(tf.global_variables_initializer())
    given = [np.random.RandomState(seed).randn(*shape).astype(np.float32) for seed in range(RUNS)]
    got = [sess.run(y, {x: each}) for each in given]
    assert len(settled_plans) == 1
    assert any(isinstance(node.target, settled.ByFilters) for node in settled_plans[0].rest.graph.nodes)
    with tf.Session() as other, monkeypatch.context() as patch:
        patch.setattr(machine, "_calls_before", lambda plan: None)
        for variable in tf.global_variables():
            variable.load(sess.run(variable), other)
        for each, values in zip(given, got):
            torch.testing.assert_close(values, other.run(y, {x: each}), rtol=1e-4, atol=1e-4)


def test_the_quickest_engine_is_measured_once(sess: tf.Session, settled_plans: list[settling.Parts],
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[list[str]] = []
    quickest = engines._quickest
    monkeypatch.setattr(engines, "_quickest",
                        lambda found, turns: measured.append(list(found)) or quickest(found, turns))
    settled_line(sess)
    packed = ["packed"] * torch.backends.mkldnn.is_available()
    assert measured == [["torch", *packed, "by blocks"]]
    (call,) = [node.target for node in settled_plans[0].rest.graph.nodes if isinstance(node.target, settled.ByFilters)]
    assert call.chosen() is call.chosen() and len(measured) == 1


def test_filters_take_in_what_normalises_and_what_makes_positive(sess: tf.Session,
                                                                 settled_plans: list[settling.Parts]) -> None:
    x = tf.placeholder(tf.float32, [2, 12, 12, 16])
    y = tf.nn.relu(norm(conv(tf.nn.relu(norm(conv(x))))))
    sess.run(tf.global_variables_initializer())
    for _ in range(RUNS):
        sess.run(y, {x: np.ones(x.shape)})
    assert [name for name in calls_of(settled_plans[0].rest) if name != "permute"] == ["settled_conv2d"] * 2


# --- variables that do not stay ---------------------------------------------------------------------------------------


def settled_line(sess: tf.Session) -> tuple[Any, Any, Any]:
    """A fed value, a variable, and a product of the two which has settled."""
    x = tf.placeholder(tf.float32, [256, 256])
    w = tf.get_variable("w", [256, 256], initializer=tf.ones_initializer())
    y = tf.matmul(x, w)[0, 0]
    sess.run(tf.global_variables_initializer())
    for _ in range(RUNS):
        assert sess.run(y, {x: np.ones([256, 256])}) == 256
    return x, w, y


CHANGES: dict[str, Callable[[Any], Any]] = {
    "assigned": lambda w: w.assign(2 * tf.ones([256, 256])),
    "added to": lambda w: w.assign_add(tf.ones([256, 256])),
    "rows added to": lambda w: tf.scatter_add(w, tf.range(256), tf.ones([256, 256])),
    "descended": lambda w: tf.train.GradientDescentOptimizer(1.0).minimize(-tf.reduce_sum(w), var_list=[w]),
    "descended with momentum": lambda w: tf.train.MomentumOptimizer(1.0, 0.0).minimize(-tf.reduce_sum(w), var_list=[w]),
    "descended by Adam": lambda w: tf.train.AdamOptimizer(1.0, 0.0, 0.0, 0.0).minimize(-tf.reduce_sum(w), var_list=[w]),
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_change_of_a_variable_is_seen_by_the_next_run(how: str, sess: tf.Session,
                                                        settled_plans: list[settling.Parts]) -> None:
    x, w, y = settled_line(sess)
    before = set(tf.global_variables())
    change = CHANGES[how](w)
    sess.run(tf.variables_initializer(set(tf.global_variables()) - before))
    for round_ in range(2, 5):
        sess.run(change)
        expected = sess.run(w)[:, 0].sum()
        assert expected == pytest.approx(256 * round_ if how != "assigned" else 512)
        for _ in range(RUNS):
            assert sess.run(y, {x: np.ones([256, 256])}) == pytest.approx(expected)
    assert len(settled_plans) == 4


def test_variables_that_change_between_any_two_runs_leave_a_plan_as_it_is(sess: tf.Session,
                                                                          settled_plans: list[settling.Parts]) -> None:
    x, w, y = settled_line(sess)
    settled_plans.clear()
    more = w.assign_add(tf.ones([256, 256]))
    for count in range(RUNS):
        sess.run(more)
        assert sess.run(y, {x: np.ones([256, 256])}) == 256 * (count + 2)
    assert not settled_plans


def test_a_restored_variable_is_seen(sess: tf.Session, tmp_path: Any) -> None:
    x, w, y = settled_line(sess)
    saver = tf.train.Saver()
    path = saver.save(sess, str(tmp_path / "model"))
    w.load(np.zeros([256, 256], np.float32), sess)
    assert sess.run(y, {x: np.ones([256, 256])}) == 0
    saver.restore(sess, path)
    assert sess.run(y, {x: np.ones([256, 256])}) == 256


def test_each_session_sees_its_own_variables(sess: tf.Session) -> None:
    x, w, y = settled_line(sess)
    with tf.Session() as other:
        w.load(np.zeros([256, 256], np.float32), other)
        for _ in range(RUNS):
            assert other.run(y, {x: np.ones([256, 256])}) == 0
            assert sess.run(y, {x: np.ones([256, 256])}) == 256


def test_a_variable_without_a_value_is_asked_for_as_ever(sess: tf.Session) -> None:
    x = tf.placeholder(tf.float32, [256, 256])
    w = tf.get_variable("w", [256, 256], initializer=tf.ones_initializer())
    y = tf.matmul(x, w)[0, 0]
    for _ in range(RUNS):
        with pytest.raises(tf.errors.FailedPreconditionError, match="Attempting to use uninitialized value w"):
            sess.run(y, {x: np.ones([256, 256])})
    sess.run(w.initializer)
    for _ in range(RUNS):
        assert sess.run(y, {x: np.ones([256, 256])}) == 256


def test_readers_in_many_threads_see_a_whole_change_or_none(sess: tf.Session) -> None:
    x, w, y = settled_line(sess)
    more = w.assign_add(tf.ones([256, 256]))
    seen: list[float] = []
    writing = threading.Event()

    def read() -> None:
        while not writing.is_set():
            seen.append(float(sess.run(y, {x: np.ones([256, 256])})))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(30):
        sess.run(more)
    writing.set()
    for reader in readers:
        reader.join()
    assert set(seen) <= {256.0 * count for count in range(1, 32)}
    assert sess.run(y, {x: np.ones([256, 256])}) == 256 * 31


def test_what_a_slow_thread_keeps_is_nothing_for_those_who_see_other_values(sess: tf.Session,
                                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    x, w, y = settled_line(sess)
    given = np.ones([256, 256])
    original = settling.Settling._keep
    slow: list[Any] = []

    def keep(self: Any, *given_to_it: Any) -> bool:
        if not slow:  # the first thread is still at it while another changes the variable and runs
            slow.append(threading.current_thread())
            other = threading.Thread(target=lambda: [w.load(np.full([256, 256], 3, np.float32), sess),
                                                     *(sess.run(y, {x: given}) for _ in range(2))])
            other.start()
            other.join()
        return original(self, *given_to_it)

    monkeypatch.setattr(settling.Settling, "_keep", keep)
    w.load(np.full([256, 256], 2, np.float32), sess)
    got = [sess.run(y, {x: given}) for _ in range(RUNS)]
    assert slow and got == sorted(got) and set(got) == {512, 768}


# --- what does not settle ---------------------------------------------------------------------------------------------


def test_who_fetches_what_is_settled_may_change_it(sess: tf.Session) -> None:
    x, w, y = settled_line(sess)
    twice = 2 * w
    for _ in range(RUNS):
        values, first = sess.run([twice, tf.matmul(x, w)], {x: np.ones([256, 256])})
        assert (values == 2).all() and first[0, 0] == 256
        values[:] = 0


def test_a_plan_that_counts_beside_its_products_settles(sess: tf.Session, settled_plans: list[settling.Parts]) -> None:
    x = tf.placeholder(tf.float32, [256, 256])
    w = tf.get_variable("w", [256, 256], initializer=tf.ones_initializer())
    y = tf.matmul(x, w)[0, 0]
    mean, more = tf.metrics.mean(y)
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    assert [sess.run(more, {x: np.full([256, 256], i)}) for i in range(RUNS)] == [128 * i for i in range(RUNS)]
    assert sess.run(mean) == 128 * (RUNS - 1)
    assert len(settled_plans) == 1


def test_a_plan_that_takes_from_a_data_set_settles(sess: tf.Session, settled_plans: list[settling.Parts]) -> None:
    x = tf.data.Dataset.from_tensors(np.ones([256, 256], np.float32)).repeat(RUNS).make_one_shot_iterator().get_next()
    w = tf.get_variable("w", [256, 256], initializer=tf.ones_initializer())
    y = tf.matmul(x, w)[0, 0]
    sess.run(w.initializer)
    for _ in range(RUNS):
        given, made = sess.run([x, y])
        assert (given == 1).all() and made == 256
    with pytest.raises(tf.errors.OutOfRangeError):
        sess.run(y)
    assert len(settled_plans) == 1


def test_two_products_may_have_the_same_filters(sess: tf.Session, settled_plans: list[settling.Parts]) -> None:
    """A Siamese net; and a transposed convolution with its gradient, which reads filters and value."""
    x, y = (tf.placeholder(tf.float32, [2, 12, 12, 8]) for _ in range(2))
    filters = tf.get_variable("filters", [3, 3, 8, 8])
    twins = [tf.nn.conv2d(each, filters, 1, "SAME") for each in (x, y)]
    larger = tf.nn.conv2d_transpose(x, filters, [2, 24, 24, 8], 2)
    fetches = [*twins, larger, *tf.gradients(tf.reduce_sum(larger ** 2), [x, filters])]
    sess.run(tf.global_variables_initializer())
    feeds = {x: np.random.rand(2, 12, 12, 8), y: np.random.rand(2, 12, 12, 8)}
    first, *others = [sess.run(fetches, feeds) for _ in range(RUNS)]
    assert settled_plans
    for one, other in zip(first, others[-1], strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-3)


def test_what_is_settled_is_no_new_value_of_a_variable(sess: tf.Session) -> None:
    x, w, y = settled_line(sess)
    other = tf.get_variable("other", [256, 256], initializer=tf.zeros_initializer())
    fetches = [y, other.assign(2 * w).op]
    more = other.assign_add(tf.ones([256, 256]))
    sess.run(other.initializer)
    for _ in range(RUNS):
        assert sess.run(fetches, {x: np.ones([256, 256])})[0] == 256
        assert (sess.run(more) == 3).all()


def test_what_is_settled_is_nothing_that_a_queue_keeps(sess: tf.Session) -> None:
    x, w, y = settled_line(sess)
    queue = tf.FIFOQueue(RUNS, [tf.float32], [[256, 256]])
    fetches, taken = [y, queue.enqueue(2 * w)], queue.dequeue()
    for _ in range(RUNS):
        assert sess.run(fetches, {x: np.ones([256, 256])})[0] == 256
        values = sess.run(taken)
        assert (values == 2).all()
        values[:] = 0


def test_a_plan_that_changes_variables_in_place_does_not_settle(sess: tf.Session,
                                                                settled_plans: list[settling.Parts]) -> None:
    x, w, y = settled_line(sess)
    settled_plans.clear()
    head = tf.get_variable("head", [256, 256], initializer=tf.zeros_initializer())
    train = tf.train.AdamOptimizer().minimize(tf.reduce_sum(tf.matmul(tf.matmul(x, w), head)), var_list=[head])
    sess.run(tf.variables_initializer(set(tf.global_variables()) - {w}))
    for _ in range(RUNS):
        sess.run(train, {x: np.ones([256, 256])})
    assert not settled_plans


def test_what_is_small_does_not_settle(sess: tf.Session, settled_plans: list[settling.Parts],
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "_LEAST", 1e12)
    settled_line(sess)
    assert not settled_plans


def test_products_alone_do_not_settle(sess: tf.Session, settled_plans: list[settling.Parts],
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "_is_of_images", IS_OF_IMAGES)
    settled_line(sess)
    assert not settled_plans
    x = tf.placeholder(tf.float32, [2, 12, 12, 16])
    y = conv(x)
    sess.run(tf.global_variables_initializer())
    for _ in range(RUNS):
        sess.run(y, {x: np.ones(x.shape)})
    assert len(settled_plans) == 1


def test_all_plans_together_keep_so_much_and_no_more(sess: tf.Session, settled_plans: list[settling.Parts],
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    gc.collect()  # what other tests left
    held = sum(settling._held.values())
    monkeypatch.setattr(settling, "_MOST_OF_ALL", held + 2 * 256 * 256)
    x = tf.placeholder(tf.float32, [256, 256])
    w = tf.get_variable("w", [256, 256], initializer=tf.ones_initializer())
    products = [tf.matmul(x, w) * float(count) for count in range(1, 4)]
    sess.run(w.initializer)
    for _ in range(RUNS):
        assert [sess.run(each, {x: np.ones([256, 256])})[0, 0] for each in products] == [256, 512, 768]
    assert len(settled_plans) == 2 and sum(settling._held.values()) == held + 2 * 256 * 256
    sess.close()
    gc.collect()
    assert sum(settling._held.values()) == held


def test_what_cannot_be_computed_fails_in_the_plan_itself(sess: tf.Session, settled_plans: list[settling.Parts],
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(call: Any) -> Any:
        raise RuntimeError("no memory")

    monkeypatch.setattr(settled.Filters, "bind", lambda self: refused)
    settled_line(sess)
    assert not settled_plans


def test_numbers_that_are_none_stay_none(sess: tf.Session) -> None:
    x = tf.placeholder(tf.float32, [2, 12, 12, 16])
    y = tf.nn.relu(norm(conv(x)))
    sess.run(tf.global_variables_initializer())
    given = np.zeros([2, 12, 12, 16], np.float32)
    for _ in range(RUNS):
        assert np.isfinite(sess.run(y, {x: given})).all()
    given[0, 0, 0, 0] = np.nan
    got = sess.run(y, {x: given})
    assert np.isnan(got[0, 0, 0]).all() and np.isfinite(got[0, 1:, 1:]).all() and np.isfinite(got[1]).all()
