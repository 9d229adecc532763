"""Steps that change some rows of a large variable change them in place, with the values of the whole computation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.session.passes import one_pass, row_steps, row_updates
from tfmagic.session.planning import make_plan
from tfmagic.session.resources.store import ResourceStore

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "adam": lambda: tf.train.AdamOptimizer(0.1),
    "gradient descent": lambda: tf.train.GradientDescentOptimizer(0.5),
    "momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9),
    "nesterov": lambda: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "rmsprop": lambda: tf.train.RMSPropOptimizer(0.1),
    "ftrl": lambda: tf.train.FtrlOptimizer(0.1),
    "adadelta": lambda: tf.train.AdadeltaOptimizer(0.1),
}
ROWS = 300


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variable counts as large, and blocks are short."""
    monkeypatch.setattr(row_updates, "_LARGE", 1)
    monkeypatch.setattr(row_updates, "_BLOCK", 8 * 70)


def code(*fetches: Any) -> str:
    graph = tf.get_default_graph()
    ops = [fetch for fetch in fetches if isinstance(fetch, tf.Operation)]
    tensors = [fetch for fetch in fetches if not isinstance(fetch, tf.Operation)]
    feeds = [op.outputs[0] for op in graph.get_operations() if op.type == "Placeholder"]
    return make_plan(tensors, ops, feeds, lambda op: "cpu", ResourceStore()).code()


def trained(make: Callable[[], Any], resource: bool) -> tuple[list[np.ndarray], str]:
    """All variables after some steps on an embedding whose rows come up more than once; and the plan's code."""
    with tf.Graph().as_default(), tf.Session() as sess:
        table = tf.get_variable("table", initializer=tf.random_normal([ROWS, 8], seed=3), use_resource=resource)
        ids = tf.placeholder(tf.int64, [None])
        loss = tf.reduce_mean(tf.square(tf.nn.embedding_lookup(table, ids) - 0.3))
        train = make().minimize(loss)
        random = np.random.RandomState(0)
        sess.run(tf.global_variables_initializer())
        for _ in range(5):
            sess.run([train, loss], {ids: random.randint(0, ROWS, 40)})
        return sess.run(tf.global_variables()), code(train)


@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimisers_change_rows_in_place(name: str, resource: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as alone:
        alone.setattr(row_steps, "rule", lambda update: None)
        expected, copies = trained(OPTIMIZERS[name], resource)
        alone.setattr(row_updates, "_LARGE", 1)
        alone.setattr(row_updates, "_BLOCK", 8 * 70)
        large, in_place = trained(OPTIMIZERS[name], resource)
    call = "adam_of_rows" if name == "adam" else "update_rows"
    assert call not in copies and call in in_place
    fused, by_rows = trained(OPTIMIZERS[name], resource)
    assert name == "adam" or "update_rows" not in by_rows and "return ((), (), (" in by_rows
    monkeypatch.setattr(one_pass, "_COMPILING", 0)
    made, _ = trained(OPTIMIZERS[name], resource)
    for values in (large, fused, made):
        for value, other in zip(values, expected):
            np.testing.assert_allclose(value, other, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("rule", ["update", "add", "sub", "mul", "div", "min", "max"])
def test_scatters_change_rows_in_place(rule: str, large: None) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.Variable(np.arange(12, dtype=np.float32).reshape(6, 2) + 1)
        step = getattr(tf, f"scatter_{rule}")(v, [4, 1, 4], [[2.0, 3.0], [5.0, 0.5], [0.25, 7.0]])
        sess.run(tf.global_variables_initializer())
        assert ("update_rows" in code(step.op)) == (rule not in ("mul", "min", "max"))  # these torch has no rows for
        sess.run(step.op)
        expected = np.arange(12, dtype=np.float32).reshape(6, 2) + 1
        with np.errstate(divide="ignore"):
            for row, update in ((4, [2.0, 3.0]), (1, [5.0, 0.5]), (4, [0.25, 7.0])):
                change = {"update": lambda x, y: y, "add": np.add, "sub": np.subtract, "mul": np.multiply,
                          "div": np.divide, "min": np.minimum, "max": np.maximum}[rule]
                expected[row] = change(expected[row], np.float32(update))
        np.testing.assert_allclose(sess.run(v), expected)


def test_a_row_that_is_not_there_changes_nothing(large: None) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.Variable(tf.zeros([6, 2]))
        w = tf.Variable(tf.zeros([6, 2]))
        ids = tf.placeholder(tf.int32, [2])
        both = tf.group(tf.scatter_add(v, [1, 2], tf.ones([2, 2])), tf.scatter_add(w, ids, tf.ones([2, 2]), name="bad"))
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[1\] = 6 is not in \[0, 6\)"):
            sess.run(both, {ids: [0, 6]})
        assert not sess.run(v).any() and not sess.run(w).any()


@pytest.fixture
def made_at_once(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Machine code from the second step on; what it is called with."""
    pytest.importorskip("llvmlite")
    called: list[Any] = []
    monkeypatch.setattr(one_pass, "_COMPILING", 0)
    call = row_steps.RowStepper.call
    monkeypatch.setattr(row_steps.RowStepper, "call", lambda self, *given: called.append(given) or call(self, *given))
    return called


@pytest.mark.parametrize("dtype, index", [(tf.float32, tf.int32), (tf.float64, tf.int64)])
def test_a_row_named_twice_has_its_turns_one_after_the_other(made_at_once: list[Any], dtype: Any, index: Any) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        v, w = tf.Variable(tf.ones([6, 2], dtype)), tf.Variable(tf.ones([9], dtype))
        ids, grad = tf.placeholder(index, [None]), tf.placeholder(dtype, [None, 2])
        slices = [tf.IndexedSlices(grad, ids, tf.constant([6, 2])), tf.IndexedSlices(grad[:, 0], ids, tf.constant([9]))]
        optimizer = tf.train.AdagradOptimizer(0.5, initial_accumulator_value=1.0)
        # Not by `apply_gradients`, which would add up the gradients of a row before.
        step = tf.group(*(optimizer._apply_sparse(one, variable) if optimizer._create_slots([variable]) or
                          optimizer._prepare() is None else None for one, variable in zip(slices, (v, w))))
        sess.run(tf.global_variables_initializer())
        expected, sums = np.ones([6, 2]), np.ones([6, 2])
        for _ in range(5):
            sess.run(step, {ids: [3, 1, 3], grad: [[1, 2], [3, 4], [5, 6]]})
            for row, values in ((3, [1, 2]), (1, [3, 4]), (3, [5, 6])):
                sums[row] += np.square(values)
                expected[row] -= 0.5 * np.array(values) / np.sqrt(sums[row])
        np.testing.assert_allclose(sess.run(v), expected, rtol=1e-6)
        np.testing.assert_allclose(sess.run(w)[:6], expected[:, 0], rtol=1e-6)
        assert len(made_at_once) >= 3 and len(made_at_once[0][2]) == 2  # both variables in one call
        with pytest.raises(tf.errors.InvalidArgumentError, match="Index 6 at offset 1 in indices is out of range"):
            sess.run(step, {ids: [0, 6], grad: [[1, 2], [3, 4]]})
        with pytest.raises(tf.errors.InvalidArgumentError, match="grad must be the same size as indices"):
            sess.run(step, {ids: [0, 1], grad: [[1, 2]]})
        np.testing.assert_allclose(sess.run(v), expected, rtol=1e-6)


def test_indices_that_are_a_variable_are_those_from_before_the_run(made_at_once: list[Any]) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.Variable(tf.zeros([6, 2]))
        ids = tf.get_variable("ids", initializer=[1, 2], use_resource=True)
        read = ids.read_value()
        with tf.control_dependencies([read]):
            moved = ids.assign_add([1, 1])
        ones = tf.placeholder(tf.float32, [2, 2])
        step = tf.scatter_add(v, read, ones)
        sess.run(tf.global_variables_initializer())
        for _ in range(4):
            sess.run([step.op, moved.op], {ones: np.ones([2, 2])})
        assert sess.run(v)[:, 0].tolist() == [0, 1, 2, 2, 2, 1]
        assert made_at_once


def test_a_new_value_that_is_read_is_computed(large: None) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.Variable(tf.zeros([6, 2]))
        step = tf.scatter_add(v, [1, 2], tf.ones([2, 2]))
        assert "update_rows" not in code(step)
        assert "update_rows" not in code(tf.reduce_sum(step))
        sess.run(tf.global_variables_initializer())
        assert sess.run(tf.reduce_sum(step)) == 4


def test_a_fetched_old_value_stays_what_it_was(large: None) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.get_variable("v", [6, 2], initializer=tf.zeros_initializer(), use_resource=True)
        old = v.read_value()
        with tf.control_dependencies([old]):
            step = tf.scatter_add(v, [1, 2], tf.ones([2, 2]))
        sess.run(tf.global_variables_initializer())
        value, _ = sess.run([old, step.op])
        assert not value.any() and sess.run(v).sum() == 4


def test_while_others_read_copies_are_changed(large: None) -> None:
    """A run that holds the old values keeps them: the step then changes copies, in blocks too."""
    with tf.Graph().as_default(), tf.Session() as sess:
        table = tf.Variable(tf.ones([ROWS, 8]))
        ids = tf.placeholder(tf.int64, [None])
        loss = tf.reduce_sum(tf.nn.embedding_lookup(table, ids))
        train = tf.train.AdamOptimizer(0.1).minimize(loss)
        sess.run(tf.global_variables_initializer())

        def meanwhile(value: np.ndarray) -> np.ndarray:
            sess.run(train, {ids: [3, 5]})
            return value

        before = tf.py_func(meanwhile, [tf.identity(table[0])], tf.float32, stateful=True)
        with tf.control_dependencies([before]):
            total = tf.reduce_sum(table)
        assert sess.run(total) == ROWS * 8
        assert sess.run(table)[3].sum() == pytest.approx(8 * 0.9, abs=1e-4)


def test_rows_of_blocks() -> None:
    values = torch.arange(10.0).reshape(5, 2)
    parts = row_updates._parts(torch.tensor([0, 2, 3, 7, 9]), values, 11, 3)
    assert [None if part is None else part[0].tolist() for part in parts] == [[0, 2], [0], [1], [0]]
    assert torch.equal(torch.cat([part[1] for part in parts if part is not None]), values)
