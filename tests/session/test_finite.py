"""Watched runs: the first node that makes a NaN or an infinity, its way to what is fetched and back to what was fed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.session.finite import CONSTANT, FED, MADE, VARIABLE, Origin, Watch, seen


class Net:
    """relu, log and a variable, with a loss."""

    def __init__(self) -> None:
        self.x = tf.placeholder(tf.float32, [None], name="x")
        self.w = tf.get_variable("w", [3], initializer=tf.zeros_initializer())
        self.y = tf.nn.relu(self.x) * 2.0
        self.z = tf.log(self.y, name="log")
        self.loss = tf.reduce_mean(self.z + self.w, name="loss")
        self.session = tf.Session()
        self.session.run(self.w.initializer)
        self.watch = Watch(self.session)

    def origin(self, fetches: Any, *feed: float) -> Origin | None:
        return self.watch.run(fetches, {self.x: feed} if feed else None)[1]


@pytest.fixture
def net() -> Iterator[Net]:
    with tf.Graph().as_default():
        yield Net()


def names(operations: Any) -> list[str]:
    return [op.name for op in operations]


def test_a_run_of_finite_numbers_gives_what_it_gives_unwatched(net: Net) -> None:
    value, origin = net.watch.run([net.loss, {"z": net.z}], {net.x: [1, 2, 3]})
    expected = net.session.run([net.loss, {"z": net.z}], {net.x: [1, 2, 3]})
    assert origin is None and value[0] == expected[0]
    np.testing.assert_array_equal(value[1]["z"], expected[1]["z"])


def test_the_node_that_makes_it_from_finite_inputs(net: Net) -> None:
    origin = net.origin(net.loss, -1, 2, 3)
    assert origin is not None and (origin.op.name, origin.kind, origin.turn) == ("log", MADE, 0)
    assert (origin.value.inf, origin.value.nan, origin.value.size) == (1, 0, 3)
    (read,) = origin.inputs
    assert read is not None and (read.low, read.high) == (0.0, 6.0)
    assert names(origin.path) == ["log", "add", "loss"] and names(origin.sources[0]) == ["x", "Relu", "mul"]
    assert not origin.is_hidden


def test_what_was_fed_is_told_as_such(net: Net) -> None:
    origin = net.origin(net.loss, np.nan, 2, 3)
    assert origin is not None and (origin.op.name, origin.kind, origin.value.nan) == ("x", FED, 1)
    assert names(origin.path)[0] == "x" and names(origin.path)[-1] == "loss"


def test_what_stood_in_a_variable_is_told_as_such(net: Net) -> None:
    net.session.run(net.w.assign([0.0, np.inf, 0.0]))
    origin = net.origin(net.loss, 1, 2, 3)
    assert origin is not None and (origin.op.name, origin.kind, origin.value.inf) == ("w", VARIABLE, 1)


def test_a_constant_and_what_is_computed_before_the_run(net: Net) -> None:
    origin = net.origin(tf.constant([1.0, np.inf], name="c") * 2.0 + 1.0)
    assert origin is not None and (origin.op.name, origin.kind) == ("c", CONSTANT)
    origin = net.origin(tf.log(tf.constant(0.0), name="early") + 1.0)
    assert origin is not None and (origin.op.name, origin.kind) == ("early", MADE)
    assert origin.inputs[0] is not None and origin.inputs[0].low == 0.0


def test_a_mask_of_infinities_that_ends_in_finite_numbers_is_no_fault(net: Net) -> None:
    assert net.origin(tf.nn.softmax(tf.constant([0.0, -np.inf]) + net.x), 1, 1) is None


def test_what_is_hidden_is_told(net: Net) -> None:
    origin = net.origin(tf.where(net.y > 0, net.z, net.y), -1, 2, 3)
    assert origin is not None and (origin.op.name, origin.is_hidden) == ("log", True)


def test_the_turn_of_a_loop(net: Net) -> None:
    out = tf.while_loop(lambda i, m: i < 6, lambda i, m: (i + 1, tf.exp(m)), [0, 1.0])[1] + 1.0
    origin = net.origin(out)
    assert origin is not None and (origin.op.name, origin.turn) == ("while/Exp", 4)
    assert names(origin.path)[-1] == out.op.name


def test_a_training_step_says_which_variables_it_spoils_and_makes_its_step(net: Net) -> None:
    step = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(tf.sqrt(net.w)))
    origin = net.origin(step)
    assert origin is not None and (origin.op.type, names(origin.changed)) == ("SqrtGrad", ["w"])
    assert not np.isfinite(net.session.run(net.w)).any()


def test_a_watched_run_draws_the_same_random_numbers() -> None:
    def drawn(watched: bool) -> Any:
        with tf.Graph().as_default(), tf.Session() as session:
            tf.set_random_seed(3)
            numbers = tf.random_normal([4])
            return [Watch(session).run(numbers)[0] if watched else session.run(numbers) for _ in range(2)]

    np.testing.assert_array_equal(drawn(True), drawn(False))


def test_a_run_that_fails_fails_as_ever(net: Net) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed"):
        net.watch.run(net.loss)


@pytest.mark.parametrize("value, expected", [
    (np.float32([1, np.nan, np.inf]), (1.0, 1.0, 1, 1)), (np.float16([np.nan]), (None, None, 1, 0)),
    (np.array([3, -2]), (-2.0, 3.0, 0, 0)), (np.array([], np.float32), (None, None, 0, 0)), (True, (1.0, 1.0, 0, 0)),
    (np.complex64([1j, np.nan]), (1.0, 1.0, 1, 0)),
])
def test_what_a_value_is_like(value: Any, expected: Any) -> None:
    found = seen(value)
    assert found is not None and (found.low, found.high, found.nan, found.inf) == expected


def test_texts_are_no_numbers() -> None:
    assert seen(np.array([b"a"], object)) is None and seen("a") is None
