"""Runs on arrays: after some runs of a plan on few numbers no tensor stands between what is fed and what is fetched."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tests.session.plans_of_functions import plan_of
from tests.session.test_machine_parts import STEPS, numbers
from tfmagic import tf
from tfmagic.base.machine import arrays, compiler
from tfmagic.session.tiers import python
from tfmagic.session.tiers.machine import on_arrays

pytest.importorskip("llvmlite")
RUNS = 12
FEED = np.arange(12, dtype=np.float32).reshape(3, 4) - 5.0


@pytest.fixture
def sess(graph: tf.Graph, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A session whose runs go over to arrays within `RUNS`."""
    monkeypatch.setattr(on_arrays, "calls_before", lambda part: RUNS)
    with tf.Session(graph=graph) as session:
        yield session


def settled(sess: tf.Session, fetches: Any, feed: Any = None) -> Any:
    """The result of a first run, after enough others that later ones go by arrays where they can."""
    first = sess.run(fetches, feed)
    for _ in range(RUNS):
        sess.run(fetches, feed)
    return first


def go_by_arrays(sess: tf.Session) -> list[bool]:
    """Of the calls that a session keeps, which go by arrays."""
    return [getattr(call.run, "__code__", None) is not None and call.run.__code__.co_filename.startswith(
        "<tfmagic run on arrays") for call in sess._calls.entries.values()]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", STEPS)
def test_code_on_arrays_gives_the_values_of_torch(name: str, dtype: Any) -> None:
    function, shapes = STEPS[name]
    given = [numbers(*shape, dtype=torch.from_numpy(np.zeros(0, dtype)).dtype) for shape in shapes]
    plan = plan_of(function, *given)
    part = on_arrays.found(plan)
    assert part is not None
    by_source = dict(zip((node for node in plan.graph.nodes if node.op == "placeholder"), given))
    call, scratch = on_arrays.compiled(part, frozenset(by_source))
    fed = [by_source[node].numpy() if node.op == "placeholder" else plan.constants[str(node.target)].numpy()
           for node in part.arguments()]
    made = {node: np.empty(tuple(node.meta["val"].shape), dtype) for node in part.results()}
    memory = np.empty(scratch + 1, np.uint8)
    call(np.array([*map(id, [*fed, *made.values()]), memory.ctypes.data], np.uint64).tobytes())
    for node, theirs in zip(plan.results[0], python.function(plan)(*given)[0]):
        torch.testing.assert_close(torch.from_numpy(made[node]), theirs)


def _policy(x: tf.Tensor) -> Any:
    hidden = tf.nn.relu(tf.matmul(x, tf.constant(np.linspace(-1, 1, 20).reshape(4, 5), tf.float32)) + 0.5)
    return [tf.nn.softmax(tf.reduce_sum(hidden, axis=1)), hidden]


PROGRAMS: dict[str, Callable[[tf.Tensor], Any]] = {
    "sum": lambda x: x + x,
    "scalar": lambda x: tf.reduce_sum(x * 2.0),
    "list": lambda x: [x * 2.0, x - 1.0],
    "dict": lambda x: {"a": x * 2.0, "b": (tf.reduce_mean(x), x > 0.0)},
    "bool": lambda x: tf.logical_and(x > 0.0, x < 3.0),
    "int": lambda x: tf.cast(x > 0.0, tf.int32) * 3,
    "double": lambda x: tf.cast(x, tf.float64) / 3.0,
    "net": _policy,
    "the same twice": lambda x: [x * 2.0, x * 2.0],
    "look at a feed": lambda x: tf.transpose(x),
    "shape of a feed": lambda x: x * tf.cast(tf.shape(x)[0], tf.float32),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_results_stay_the_same_in_value_type_and_form(sess: tf.Session, name: str) -> None:
    x = tf.placeholder(tf.float32, [None, 4])
    fetches = PROGRAMS[name](x)
    first = settled(sess, fetches, {x: FEED})
    then = sess.run(fetches, {x: FEED})
    assert tf.contrib.framework.nest.map_structure(lambda value: (type(value), value.dtype, value.shape), then) == \
        tf.contrib.framework.nest.map_structure(lambda value: (type(value), value.dtype, value.shape), first)
    for mine, theirs in zip(tf.contrib.framework.nest.flatten(then), tf.contrib.framework.nest.flatten(first)):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)
    assert go_by_arrays(sess) == [True]


@pytest.mark.parametrize("fed", [
    FEED.tolist(), FEED.astype(np.float64), np.asfortranarray(FEED), FEED[::-1], FEED.astype(">f4"),
    torch.from_numpy(FEED), np.ma.masked_array(FEED), FEED[:2], np.zeros((0, 4), np.float32),
], ids=["list", "double", "by columns", "backwards", "other bytes", "tensor", "another class", "fewer", "none"])
def test_what_is_no_plain_array_of_the_usual_shape_is_taken_as_before(sess: tf.Session, fed: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4])
    total = x * 2.0
    settled(sess, total, {x: FEED})
    assert go_by_arrays(sess) == [True]
    np.testing.assert_array_equal(sess.run(total, {x: fed}), np.asarray(fed, np.float32) * 2.0)


def test_an_array_that_must_not_be_written_to_is_taken(sess: tf.Session) -> None:
    x = tf.placeholder(tf.float32, [3, 4])
    total = x * 2.0
    settled(sess, total, {x: FEED})
    kept = FEED.copy()
    kept.flags.writeable = False
    np.testing.assert_array_equal(sess.run(total, {x: kept}), FEED * 2.0)


def test_several_shapes_take_turns(sess: tf.Session) -> None:
    x = tf.placeholder(tf.float32, [None, 4])
    total = x + 1.0
    for rows in (1, 2, 3, 2, 1):
        fed = np.ones((rows, 4), np.float32)
        settled(sess, total, {x: fed})
        np.testing.assert_array_equal(sess.run(total, {x: fed}), fed + 1.0)


@pytest.mark.parametrize("fed", [np.zeros((3, 5), np.float32), "words", None], ids=repr)
def test_what_does_not_fit_is_refused_as_before(sess: tf.Session, fed: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4])
    total = x + 1.0

    def refused() -> tuple[type, str]:
        with pytest.raises((TypeError, ValueError)) as caught:
            sess.run(total, {x: fed})
        return caught.type, str(caught.value)

    before = refused()
    settled(sess, total, {x: FEED})
    assert go_by_arrays(sess) == [True]
    assert refused() == before


def test_results_are_new_arrays_that_belong_to_who_asked(sess: tf.Session) -> None:
    x = tf.placeholder(tf.float32, [3, 4])
    total = x + 1.0
    settled(sess, total, {x: FEED})
    one, other = sess.run(total, {x: FEED}), sess.run(total, {x: FEED})
    one[:] = 0.0
    assert one.flags.writeable and one.flags.owndata
    np.testing.assert_array_equal(other, FEED + 1.0)


def test_runs_see_what_a_variable_is_now(sess: tf.Session) -> None:
    v = tf.Variable(2.0)
    x = tf.placeholder(tf.float32, [2])
    total, double = v * x, v * 2.0
    sess.run(v.initializer)
    settled(sess, total, {x: [1.0, 2.0]})
    settled(sess, double)
    assert go_by_arrays(sess).count(True) == 2
    for value in (3.0, 4.0):
        v.load(value, sess)
        np.testing.assert_array_equal(sess.run(total, {x: np.array([1.0, 2.0], np.float32)}), [value, 2 * value])
        assert sess.run(double) == 2 * value
        sess.run(v.assign_add(1.0))
        assert sess.run(double) == 2 * value + 2


def test_a_variable_without_a_value_is_told_as_before(graph: tf.Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_arrays, "calls_before", lambda part: RUNS)
    v = tf.get_variable("v", initializer=2.0, use_resource=True)
    double = v * 2.0
    destroyed = tf.raw_ops.DestroyResourceOp(resource=v.handle)
    with tf.Session(graph=graph) as session:
        with pytest.raises(tf.errors.FailedPreconditionError) as before:
            session.run(double)
        session.run(v.initializer)
        settled(session, double)
        session.run(destroyed)
        with pytest.raises(tf.errors.FailedPreconditionError) as after:
            session.run(double)
        assert str(after.value).splitlines()[0] == str(before.value).splitlines()[0]
        session.run(v.initializer)
        assert session.run(double) == 4.0


@pytest.mark.parametrize("name", ["random", "assigned", "string", "fed and fetched", "sparse", "large", "fed bool",
                                  "checked", "limited"])
def test_what_does_more_than_to_compute_with_few_numbers_stays(
        graph: tf.Graph, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(on_arrays, "calls_before", lambda part: RUNS)
    x = tf.placeholder(tf.float32, [3, 4])
    v = tf.Variable(np.zeros((3, 4), np.float32))
    sparse = tf.sparse_placeholder(tf.float32, [3, 4])
    flag, big = tf.placeholder(tf.bool, []), tf.placeholder(tf.float32, [300, 400])
    indices = np.array([[0, 1]], np.int64)
    fetches: Any
    fetches, feed = {
        "random": (x + tf.random_uniform([3, 4], seed=1), {x: FEED}),
        "assigned": (v.assign(x + 1.0), {x: FEED}),
        "string": (tf.as_string(x), {x: FEED}),
        "fed and fetched": ([x, x + 1.0], {x: FEED}),
        "sparse": (sparse.values + 1.0, {sparse: (indices, np.ones(1, np.float32), [3, 4])}),
        "large": (big + 1.0, {big: np.ones((300, 400), np.float32)}),
        "fed bool": (tf.cond(flag, lambda: x + 1.0, lambda: x - 1.0), {flag: True, x: FEED}),
        "checked": (tf.check_numerics(x, "x") + 1.0, {x: FEED}),
        "limited": (x + 1.0, {x: FEED}),
    }[name]
    config = tf.ConfigProto(operation_timeout_in_ms=60000 if name == "limited" else 0)
    with tf.Session(graph=graph, config=config) as session:
        session.run(tf.global_variables_initializer())
        settled(session, fetches, feed)
        assert not any(go_by_arrays(session))


def test_denormal_numbers_are_taken_for_zero(sess: tf.Session) -> None:
    x = tf.placeholder(tf.float32, [2])
    total = x * 0.5
    tiny = np.array([1.2e-38, 2.0], np.float32)
    first = settled(sess, total, {x: tiny})
    assert first.tolist() == sess.run(total, {x: tiny}).tolist() == [0.0, 1.0]
    assert 1e-310 * 1.0 != 0.0  # what the caller computes is as it was


def test_a_callable_goes_by_arrays_too(sess: tf.Session) -> None:
    x = tf.placeholder(tf.float32, [None, 4])
    run = sess.make_callable(x * 2.0, [x])
    for _ in range(RUNS + 1):
        np.testing.assert_array_equal(run(FEED), FEED * 2.0)
    np.testing.assert_array_equal(run(FEED[:1]), FEED[:1] * 2.0)


def test_many_threads_each_get_their_own(sess: tf.Session) -> None:
    x = tf.placeholder(tf.float32, [8])
    total = tf.reduce_sum(tf.nn.softmax(x) * x) + x
    wrong: list[int] = []
    alone = {number: sess.run(total, {x: np.full(8, number, np.float32)}) for number in range(8)}
    settled(sess, total, {x: np.zeros(8, np.float32)})

    def work(number: int) -> None:
        fed = {x: np.full(8, number, np.float32)}
        wrong.extend(number for _ in range(300) if not np.allclose(sess.run(total, fed), alone[number]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and any(go_by_arrays(sess))


def test_where_an_array_does_not_tell_where_its_numbers_are_everything_stays(
        sess: tf.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "_place", lambda: None)
    x = tf.placeholder(tf.float32, [3, 4])
    settled(sess, x + 1.0, {x: FEED})
    assert not any(go_by_arrays(sess))


def test_a_change_of_a_node_is_seen(sess: tf.Session) -> None:
    x = tf.placeholder(tf.float32, [2])
    five, six = tf.constant(5.0), tf.constant(6.0)
    total = x * five
    settled(sess, total, {x: [1.0, 2.0]})
    total.op._update_input(1, six)
    np.testing.assert_array_equal(sess.run(total, {x: np.array([1.0, 2.0], np.float32)}), [6.0, 12.0])


def test_a_compiler_that_fails_leaves_the_runs_as_they_were(sess: tf.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("no compiler today")

    monkeypatch.setattr(compiler, "compiled", broken)
    monkeypatch.setattr(compiler, "_broken", True)
    x = tf.placeholder(tf.float32, [2])
    total = x + 1.0
    settled(sess, total, {x: [1.0, 2.0]})
    assert sess.run(total, {x: [1.0, 2.0]}).tolist() == [2.0, 3.0] and not any(go_by_arrays(sess))
