"""The machine tier on random numbers, and what is done by chance: the numbers stay, and few calls are left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.planning import make_plan
from tfmagic.session.tiers import machine
from tfmagic.session.tiers.machine.ranges import range_of

pytest.importorskip("llvmlite")
pytestmark = pytest.mark.usefixtures("graph")

IMAGES = np.random.RandomState(0).randint(0, 255, [20, 12, 10, 3]).astype(np.uint8)


def before_and_after(run: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch) -> list[list[Any]]:
    """What a program gives without machine code, and where it comes after 4 calls; its plans must change."""
    made: list[list[Any]] = []
    for calls in (None, 4):
        monkeypatch.setattr(machine, "_calls_before", lambda plan, calls=calls: calls)
        with tf.Graph().as_default():
            tf.set_random_seed(5)
            made.append(run())
    return made


@pytest.fixture
def codes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[PlanGraph]]:
    """The plans with machine code that are made meanwhile."""
    made: list[PlanGraph] = []
    real = machine.with_machine_code

    def with_machine_code(plan: PlanGraph) -> PlanGraph:
        made.append(real(plan))
        return made[-1]

    monkeypatch.setattr(machine, "with_machine_code", with_machine_code)
    yield made


def calls_of(plan: PlanGraph) -> list[str]:
    return [node.target.__name__ for node in plan.graph.nodes if node.op == "call_function"]


DRAWS: dict[str, Callable[[], Any]] = {
    "a number": lambda: tf.random_uniform([]), "five": lambda: tf.random_uniform([5], -1.0, 3.0),
    "many": lambda: tf.random_uniform([7, 9]), "doubles": lambda: tf.random_uniform([3], dtype=tf.float64),
    "normals": lambda: tf.random_normal([2, 3], 1.0, 2.0), "too many": lambda: tf.random_uniform([1 << 15]),
    "whole numbers": lambda: tf.random_uniform([6], -3, 9, tf.int32) + 1,
    "of all": lambda: tf.random_uniform([3], -2**31, 2**31 - 1, tf.int32) + 1,
    "long ones": lambda: tf.random_uniform([5], -5, 2**40, tf.int64) * 2,
    "half": lambda: tf.random_uniform([3], dtype=tf.float16), "cut normals": lambda: tf.truncated_normal([3])}


@pytest.mark.parametrize("name", DRAWS)
def test_the_numbers_stay(name: str, monkeypatch: pytest.MonkeyPatch, codes: list[PlanGraph]) -> None:
    def run() -> list[Any]:
        drawn = DRAWS[name]()
        with tf.Session() as sess:
            return [sess.run(drawn) for _ in range(12)]

    before, after = before_and_after(run, monkeypatch)
    np.testing.assert_array_equal(after, before)
    assert len(codes) == 1


@pytest.mark.parametrize("name", DRAWS)
def test_the_numbers_of_a_data_set_stay_and_begin_anew(name: str, monkeypatch: pytest.MonkeyPatch,
                                                       codes: list[PlanGraph]) -> None:
    def run() -> list[Any]:
        data = tf.data.Dataset.range(9).map(lambda index: DRAWS[name]())
        iterator = data.make_initializable_iterator()
        drawn = iterator.get_next()
        found = []
        with tf.Session() as sess:
            for _ in range(2):
                sess.run(iterator.initializer)
                found.append([sess.run(drawn) for _ in range(9)])
        return found

    before, after = before_and_after(run, monkeypatch)
    np.testing.assert_array_equal(after, before)
    np.testing.assert_array_equal(after[0], after[1])
    assert codes


def test_a_run_that_fails_draws_nothing(monkeypatch: pytest.MonkeyPatch, codes: list[PlanGraph]) -> None:
    def run() -> list[Any]:
        x = tf.placeholder(tf.float32, [])
        drawn = tf.random_uniform([3]) * 2.0
        checked = tf.check_numerics(x, "no number") + drawn
        found = []
        with tf.Session() as sess:
            for index in range(12):
                if index % 3 == 2:
                    with pytest.raises(tf.errors.InvalidArgumentError, match="no number"):
                        sess.run(checked, {x: float("nan")})
                found.append(sess.run(checked, {x: 1.0}))
        return found

    before, after = before_and_after(run, monkeypatch)
    np.testing.assert_array_equal(after, before)
    assert codes


def augmented(image: Any) -> Any:
    image = tf.random_crop(tf.cast(image, tf.float32), [8, 7, 3])
    image = tf.image.random_flip_up_down(tf.image.random_flip_left_right(image))
    image = tf.image.random_contrast(tf.image.random_brightness(image, 63), 0.2, 1.8)
    return tf.image.per_image_standardization(image)


def test_an_augmentation_is_one_call(monkeypatch: pytest.MonkeyPatch, codes: list[PlanGraph]) -> None:
    def run() -> list[Any]:
        data = tf.data.Dataset.from_tensor_slices(tf.constant(IMAGES)).repeat(2).map(augmented).batch(8)
        element = data.make_one_shot_iterator().get_next()
        with tf.Session() as sess:
            return [sess.run(element) for _ in range(5)]

    before, after = before_and_after(run, monkeypatch)
    for one, other in zip(before, after):
        np.testing.assert_allclose(other, one, atol=1e-5)
    (plan,) = [plan for plan in codes if "small_values" in calls_of(plan)]
    assert calls_of(plan) == ["random_uniform_int", *["random_uniform"] * 4, "small_values"]


def changed(fetch: Any, feeds: dict[Any, tuple[int, ...]]) -> PlanGraph:
    """The plan of a fetch with machine code in it."""
    with tf.Session() as sess:
        return machine.with_machine_code(make_plan([fetch], [], list(feeds), sess._torch_device, sess.resources,
                                                   list(feeds.values())))


def test_where_it_is_not_sure_that_a_box_lies_inside_torch_cuts() -> None:
    x = tf.placeholder(tf.float32, [12, 10, 3])
    begin = tf.random_uniform([3], 0, 4, tf.int32)
    for sizes, sure in (([9, 7, 0], False), ([9, 7, 3], False), ([8, 6, 3], False)):
        assert ("slice" not in calls_of(changed(tf.slice(x, begin, sizes) * 2.0, {x: (12, 10, 3)}))) == sure
    begin = tf.concat([tf.random_uniform([2], 0, 4, tf.int32), [0]], 0) % [4, 4, 1]
    assert "slice" not in calls_of(changed(tf.slice(x, begin, [9, 7, 3]) * 2.0, {x: (12, 10, 3)}))
    with tf.Session() as sess:
        given = np.arange(360, dtype=np.float32).reshape(12, 10, 3)
        cut, start = sess.run([tf.slice(x, begin, [9, 7, 3]), begin], {x: given})
        assert (cut == given[start[0]:start[0] + 9, start[1]:start[1] + 7]).all()


def test_a_box_whose_place_is_fed_may_lie_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_calls_before", lambda plan: 2)
    x, begin = tf.placeholder(tf.float32, [6]), tf.placeholder(tf.int32, [1])
    cut = tf.reduce_sum(tf.slice(x, begin, [3]) * 2.0)
    with tf.Session() as sess:
        for _ in range(6):
            assert sess.run(cut, {x: range(6), begin: [2]}) == 18.0
        with pytest.raises(tf.errors.InvalidArgumentError, match="Expected size"):
            sess.run(cut, {x: range(6), begin: [4]})


def choice(of: Callable[[Any], Any], other: Callable[[Any], Any], *shape: int) -> list[str]:
    x, yes = tf.placeholder(tf.float32, shape), tf.placeholder(tf.float32, [])
    y = tf.cond(yes > 0.5, lambda: of(x), lambda: other(x))
    return calls_of(changed(tf.reduce_sum(tf.tanh(y * 2.0 + 1.0), 0) * 3.0 + 1.0, {x: shape, yes: ()}))


def test_both_sides_of_a_cheap_condition_are_computed() -> None:
    assert choice(lambda x: tf.reverse(x, [0]), lambda x: x, 5, 4) == ["small_values"]
    assert choice(lambda x: x * 2.0 + 1.0, lambda x: tf.transpose(tf.transpose(x)), 5, 4) == ["small_values"]


@pytest.mark.parametrize(("of", "other", "shape"), [
    (lambda x: tf.matmul(x, x), lambda x: x, (5, 5)),
    (lambda x: x * 2.0, lambda x: x, (400, 400)),
    (lambda x: tf.check_numerics(x, "no number"), lambda x: x, (5, 5)),
    (lambda x: x * tf.random_uniform([5, 5]), lambda x: x, (5, 5))])
def test_of_others_one_is(of: Callable[[Any], Any], other: Callable[[Any], Any], shape: tuple[int, ...]) -> None:
    assert "cond" in choice(of, other, *shape)


def test_a_condition_gives_the_same_before_and_after(monkeypatch: pytest.MonkeyPatch, codes: list[PlanGraph]) -> None:
    def run() -> list[Any]:
        x, weight = tf.placeholder(tf.float32, [3, 4]), tf.Variable(0.5)
        y = tf.cond(tf.reduce_sum(x) > 0.0, lambda: tf.reverse(x, [1]) * weight, lambda: x / 0.0)
        train = tf.train.GradientDescentOptimizer(0.01).minimize(tf.reduce_mean(tf.square(y)))
        found = []
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for index in range(10):
                found.append(sess.run([y, weight, train], {x: np.full([3, 4], (-1) ** (index % 3) * index)})[:2])
        return found

    for one, other in zip(*before_and_after(run, monkeypatch)):
        for mine, theirs in zip(other, one):
            np.testing.assert_allclose(mine, theirs, rtol=1e-6)


def test_ranges_are_known_number_by_number() -> None:
    with tf.Session() as sess:
        drawn = tf.random_uniform([3], -7, 100, tf.int32)
        place = tf.where([True, False, False], tf.constant([4, 4, 4]), drawn % [9, 5, 1])
        plan = machine.apart(make_plan([drawn, place], [], [], sess._torch_device, sess.resources, []))
        first, second = (range_of(node, plan) for node in plan.results[0])
    assert first is not None and [bound.tolist() for bound in first] == [[-7] * 3, [99] * 3]
    assert second is not None and [bound.tolist() for bound in second] == [[0, 0, 0], [8, 4, 4]]
    assert range_of(torch.fx.Graph().placeholder("x"), plan) is None
