"""What a run does beside giving values: it runs all that was asked for, and says whose fault an error is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.graph import registry

pytestmark = pytest.mark.usefixtures("graph")


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Run `work(0)`, `work(1)`, ... side by side and pass on the first error."""
    failed: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "a thread waits for ever"
    if failed:
        raise failed[0]


# --- what is asked for runs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [lambda op: op, lambda op: tf.group(op), lambda op: [op, tf.constant(1)]])
def test_a_fetched_operation_computes_though_nobody_takes_its_result(wrap: Callable[[Any], Any]) -> None:
    rows = tf.placeholder(tf.float32, [None, 2])
    product = tf.matmul(rows, tf.placeholder_with_default(np.ones([2, 3], np.float32), [None, None]))
    with tf.Session() as session:
        plan = session.execution([], [product.op], [rows]).plan
        assert "matmul" in plan.code() or "mm" in plan.code()
        session.run(wrap(product.op), {rows: np.ones([4, 2])})


def test_a_fetched_operation_shows_its_error() -> None:
    index = tf.placeholder(tf.int32, [])
    row = tf.gather(tf.constant([1.0, 2.0]), index)
    with tf.Session() as session:
        with pytest.raises(tf.errors.InvalidArgumentError, match="not in \\[0, 2\\)"):
            session.run(row.op, {index: 5})
        with pytest.raises(tf.errors.InvalidArgumentError, match="not in \\[0, 2\\)"):
            session.run(tf.group(row), {index: 5})


# --- whose fault it is -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [AttributeError("none"), KeyError("gone"), TypeError("wrong"), NameError("x"),
                                   AssertionError("never")])
def test_a_fault_of_a_kernel_is_internal_and_keeps_its_cause(fault: Exception, monkeypatch: Any) -> None:
    def broken(op: Any, *values: Any) -> Any:
        raise fault

    softplus = registry.lookup("Softplus")
    assert softplus is not None
    monkeypatch.setattr(softplus, "kernel", broken)
    monkeypatch.setattr(softplus, "traced", False)
    y = tf.nn.softplus(tf.placeholder_with_default([1.0], [1]), name="soft")
    with tf.Session() as session, pytest.raises(tf.errors.InternalError, match="soft") as caught:
        session.run(y)
    assert caught.value.__cause__ is fault and caught.value.op is y.op


# --- side by side ---------------------------------------------------------------------------------------------


def test_traced_and_plain_runs_of_one_plan_go_side_by_side() -> None:
    v = tf.Variable(0.0)
    more = tf.assign_add(v, tf.reduce_sum(tf.random_uniform([8], 1.0, 1.0001)))
    with tf.Session() as session:
        session.run(v.initializer)
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)

        def work(number: int) -> None:
            for _ in range(20):
                metadata = tf.RunMetadata()
                session.run(more, options=options if number % 2 else None, run_metadata=metadata)
                assert bool(metadata.step_stats.dev_stats) == bool(number % 2)

        in_threads(4, work)
        assert session.run(v) == pytest.approx(640, rel=1e-3)


@pytest.mark.parametrize("expression", ["[][0]", "()[3]", "(lambda a, b: 0)(*[1])"])
def test_pythons_own_errors_about_a_kernels_code_are_internal_too(expression: str, monkeypatch: Any) -> None:
    softplus = registry.lookup("Softplus")
    assert softplus is not None
    monkeypatch.setattr(softplus, "kernel", lambda op, value: eval(expression))
    monkeypatch.setattr(softplus, "traced", False)
    y = tf.nn.softplus(tf.placeholder_with_default([1.0], [1]))
    with tf.Session() as session, pytest.raises(tf.errors.InternalError, match="a fault of tfmagic"):
        session.run(y)


def test_a_fault_while_a_plan_is_made_is_internal_and_keeps_its_cause(monkeypatch: Any) -> None:
    from tfmagic.session.lower import control_flow

    fault = KeyError("gone")

    def broken(*_: Any) -> Any:
        raise fault

    monkeypatch.setattr(control_flow, "recover", broken)
    with tf.Session() as session, pytest.raises(tf.errors.InternalError, match="Making the plan") as caught:
        session.run(tf.constant(1.0))
    assert caught.value.__cause__ is fault


# --- fetches from inside an imported loop or branch ------------------------------------------------------------


@pytest.fixture
def imported() -> Iterator[Any]:
    with tf.Graph().as_default() as first:
        x = tf.constant(3.0)
        tf.cond(tf.placeholder_with_default(True, [], name="p"), lambda: tf.multiply(x, 2.0, name="twice"),
                lambda: tf.add(x, 1.0, name="plus"))
        tf.while_loop(lambda i: i < 3, lambda i: tf.add(i, 1, name="next"), [tf.constant(0)])
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(first.as_graph_def(), name="")
        yield session


@pytest.mark.parametrize(("fetch", "value"), [("cond/twice:0", 6.0), ("while/Enter:0", 0), ("cond/Switch:1", True),
                                              ("cond/plus", None), ("while/next", None)])
def test_what_is_given_once_inside_a_loop_or_branch_can_be_fetched(imported: Any, fetch: str, value: Any) -> None:
    assert imported.run(fetch) == value


@pytest.mark.parametrize(("fetches", "feeds", "error", "words"), [
    ("cond/plus:0", {}, tf.errors.InvalidArgumentError, r"Retval\[0\] does not have value"),
    (["cond/Merge:0", "cond/plus:0"], {}, tf.errors.InvalidArgumentError, r"Retval\[1\] does not have value"),
    ("cond/twice:0", {"p:0": False}, tf.errors.InvalidArgumentError, r"Retval\[0\] does not have value"),
    ("cond/Switch:0", {}, tf.errors.InvalidArgumentError, r"Retval\[0\] does not have value"),
    ("while/next:0", {}, tf.errors.InternalError, r"Retval\[0\] has already been set\."),
    (["while/Exit:0", "while/Merge:0"], {}, tf.errors.InternalError, r"Retval\[1\] has already been set\."),
    ("while/LoopCond:0", {}, tf.errors.InternalError, r"Retval\[0\] has already been set\."),
])
def test_what_has_no_value_or_many_is_refused_as_tensorflow_does(imported: Any, fetches: Any, feeds: Any, error: Any,
                                                                 words: str) -> None:
    with pytest.raises(error, match=words):
        imported.run(fetches, feeds)
    assert imported.run("while/Exit:0") == 3
