"""What a session keeps for later runs: calls and plans, as long as they are right, and no more than it may."""

from __future__ import annotations

import collections
import threading

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.session import session as session_module
from tfmagic.session.cache import Cache

pytestmark = pytest.mark.usefixtures("graph")


@pytest.fixture
def sess(graph):
    with tf.Session() as s:
        yield s


class Kept:
    def __init__(self) -> None:
        self.recent = False


def test_a_full_cache_drops_the_oldest_that_was_not_used_since() -> None:
    cache, kept = Cache(3), [Kept() for _ in range(5)]
    for key in range(3):
        cache.put(key, kept[key])
    kept[0].recent = True
    cache.put(3, kept[3])
    assert list(cache.entries) == [2, 0, 3]
    cache.put(4, kept[4])
    assert list(cache.entries) == [0, 3, 4]


def test_a_full_cache_of_used_entries_drops_the_oldest() -> None:
    cache = Cache(2)
    for key in range(4):
        entry = Kept()
        entry.recent = True
        cache.put(key, entry)
    assert list(cache.entries) == [2, 3]


Pair = collections.namedtuple("Pair", "x y")
Other = collections.namedtuple("Other", "x y")
FORMS = {
    "nested": lambda a, b: [[a], b], "dict": lambda a, b: {"x": a, "y": b}, "other keys": lambda a, b: {"y": a, "x": b},
    "dict in a tuple": lambda a, b: (a, {"y": b}), "pair": Pair, "other pair": Other,
    "pair in a list": lambda a, b: [Pair(a, b)], "other pair in a list": lambda a, b: [Other(a, b)],
    "tuple in a list": lambda a, b: [(a, b)], "ordered": lambda a, b: collections.OrderedDict(x=a, y=b),
}


def test_nested_fetches_keep_their_calls_each_with_its_form(sess, monkeypatch) -> None:
    a, b = tf.constant(1), tf.placeholder(tf.int32, [])
    prepared = []
    prepare = session_module.BaseSession._prepare
    monkeypatch.setattr(session_module.BaseSession, "_prepare",
                        lambda self, *given: prepared.append(given) or prepare(self, *given))
    for _ in range(3):
        for form in FORMS.values():
            value, expected = sess.run(form(a, b), {b: 2}), form(1, 2)
            assert value == expected
            inner = [(value, expected), *zip(value, expected)]
            assert all(type(one) is type(other) for one, other in inner if isinstance(other, (tuple, list, dict)))
    assert len(prepared) == len(FORMS)


def test_calls_and_plans_of_a_session_are_limited(sess, monkeypatch) -> None:
    monkeypatch.setattr(session_module, "_CALLS_KEPT", 10)
    with tf.Session() as s:
        x = tf.constant(1.0)
        for i in range(30):
            assert s.run(x + float(i)) == 1.0 + i
        assert len(s._plans.entries) <= 10 and len(s._calls.entries) <= 10


def kept_by(session: tf.Session) -> dict[str, int]:
    """How much a session keeps, kind by kind."""
    calls, variables = session._calls.entries, session.resources.variables
    plans = sum(len(call._plans) for call in calls.values())
    return {"calls": len(calls), "plans": len(session._plans.entries), "plans of calls": plans,
            "tallies": len(variables._tallies), "counted": len(variables._told), "parts": len(session._parts)}


@pytest.mark.parametrize("runs, kept", [(300, 8), pytest.param(10000, 64, marks=pytest.mark.slow)])
def test_no_number_of_fetch_sets_and_shapes_makes_a_session_grow(monkeypatch, runs, kept) -> None:
    monkeypatch.setattr(session_module, "_CALLS_KEPT", kept)
    x = tf.placeholder(tf.float32, [None])
    ones = tf.ones_like(x)
    variables = [tf.Variable(0.0) for _ in range(14)]
    steps, starts = [v.assign_add(1.0) for v in variables], [v.initializer for v in variables]
    with tf.Session() as s:
        s.run(starts)
        for i in range(1, runs + 1):
            s.run(ones, {x: np.zeros(i)})  # a shape
            s.run([step for bit, step in enumerate(steps) if i >> bit & 1])  # a set of fetches, and of variables
            handle = s.partial_run_setup([ones], [x])
            s.partial_run(handle, ones, {x: np.zeros(1)})
        assert s.run(variables) == [sum(i >> bit & 1 for i in range(1, runs + 1)) for bit in range(14)]
        found = kept_by(s)
        assert s.resources.variables.updates(variables[0].op.name) == (runs + 1) // 2
    assert found["calls"] <= kept and found["plans"] <= kept and found["plans of calls"] <= 6 * kept, found
    assert found["tallies"] <= 2 * kept and found["counted"] <= 14 and found["parts"] == 0, found


def test_a_partial_run_is_over_when_everything_has_come(sess) -> None:
    x, y = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    first, second = x + 1.0, y * 2.0
    handle, other = (sess.partial_run_setup([first, second], [x, y]) for _ in range(2))
    assert handle != other
    assert sess.partial_run(handle, first, {x: 1.0}) == 2.0 and sess.partial_run(handle, second, {y: 1.0}) == 2.0
    with pytest.raises(tf.errors.InvalidArgumentError, match="Must run 'setup' before performing partial runs!"):
        sess.partial_run(handle, first)
    assert sess.partial_run(other, second, {y: 3.0}) == 6.0


def test_a_graph_that_only_grows_keeps_its_plans(sess) -> None:
    x = tf.placeholder(tf.float32, [])
    fetched = [x * float(i) for i in range(5)]
    for y in fetched:
        sess.run(y, {x: 1.0})
    plans = list(sess._plans.entries.values())
    for i in range(50):
        sess.run(fetched[i % 5] + 1.0, {x: 1.0})
        assert sess.run(fetched[i % 5], {x: 2.0}) == 2.0 * (i % 5)
    assert list(sess._plans.entries.values())[:5] == plans
    assert len(sess._plans.entries) == 55


@pytest.mark.parametrize("edit, after", [
    (lambda y, z: y.op._update_input(1, z), 21.0),
    (lambda y, z: y.op._set_attr("T", tf.float32), 3.0),
    (lambda y, z: y.op._add_control_input(tf.Print(z, [z]).op), 3.0)])
def test_a_change_of_a_node_drops_the_plans_with_it_and_no_others(sess, edit, after) -> None:
    x, w, z = tf.constant(1.0), tf.constant(2.0), tf.constant(20.0)
    y, other = tf.add(x, w), tf.multiply(x, w)
    assert sess.run(y) == 3.0 and sess.run([other]) == [2.0]
    before = list(sess._plans.entries.values())
    call = sess.make_callable(y)
    edit(y, z)
    assert sess.run(y) == after and call() == after and sess.run([other]) == [2.0]
    kept = list(sess._plans.entries.values())
    assert len(kept) == 2 and before[1] in kept and before[0] not in kept


def test_a_node_moved_to_another_device_is_placed_anew(graph) -> None:
    y = tf.add(1.0, 2.0)
    with tf.Session() as sess:
        assert sess.run(y) == 3.0
        y.op._set_device("/device:GPU:7")
        with pytest.raises(tf.errors.InvalidArgumentError, match="GPU:7"):
            sess.run(y)


def test_sixteen_threads_build_and_run_one_graph(sess, graph) -> None:
    """Nothing is lost and nobody gets another's result."""
    count = tf.Variable(0)
    sess.run(count.initializer)
    step = count.assign_add(1)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with graph.as_default():
                x = tf.placeholder(tf.float32, [None], name=f"x{number}")
                y = x
                for i in range(8):
                    y = y * 2.0 + float(number)
                    value = sess.run(y, {x: np.ones(2, np.float32)})
                    expected = 2.0 ** (i + 1) + number * (2.0 ** (i + 1) - 1)
                    assert value.tolist() == [expected] * 2
                    sess.run(step)
                v = tf.Variable(float(number), name=f"v{number}")
                sess.run(v.initializer)
                assert sess.run(v.assign_add(1.0)) == number + 1.0
        except BaseException as exception:
            failed.append(exception)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    assert sess.run(count) == 16 * 8
