"""Products with what is repeated over a batch, or added up over it, are fewer products with the same values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.session.passes import repeats
from tfmagic.session.planning import make_plan

pytestmark = pytest.mark.usefixtures("graph")

Shape = Sequence[int]
REPEATED: dict[str, tuple[Callable[..., Any], Shape, Shape]] = {
    "columns of a layer of capsules": (lambda w, x: tf.matmul(tf.tile(w, [6, 1, 1, 1, 1]), x), (1, 7, 5, 4, 8),
                                       (6, 7, 5, 8, 1)),
    "from the left": (lambda w, x: tf.matmul(tf.tile(w, [6, 1, 1]), x), (1, 9, 8), (6, 8, 3)),
    "from the left, turned": (lambda w, x: tf.matmul(tf.tile(w, [6, 1, 1]), x, transpose_a=True), (1, 40, 8),
                              (6, 40, 2)),
    "from the right": (lambda w, x: tf.matmul(x, tf.tile(w, [6, 1, 1])), (1, 9, 8), (6, 3, 9)),
    "from the right, turned": (lambda w, x: tf.matmul(x, tf.tile(w, [6, 1, 1]), transpose_b=True), (1, 9, 8),
                               (6, 3, 8)),
    "an axis in the middle": (lambda w, x: tf.matmul(x, tf.tile(w, [1, 6, 1, 1])), (3, 1, 20, 8), (3, 6, 2, 20)),
    "the first and the last axis": (lambda w, x: tf.matmul(tf.tile(w, [3, 1, 6, 1, 1]), x), (1, 4, 1, 20, 8),
                                    (3, 4, 6, 8, 2)),
    "an axis at the end": (lambda w, x: tf.matmul(tf.tile(w, [1, 6, 1, 1]), x), (3, 1, 20, 8), (3, 6, 8, 2))}
SUMMED: dict[str, tuple[Callable[..., Any], Shape, Shape]] = {
    "outer products": (lambda a, b: tf.reduce_sum(tf.matmul(a, b), [0, 2]), (3, 4, 6, 9, 1), (3, 4, 6, 1, 8)),
    "products": (lambda a, b: tf.reduce_sum(tf.matmul(a, b), 1), (3, 6, 20, 2), (3, 6, 2, 9)),
    "axes that stay": (lambda a, b: tf.reduce_sum(tf.matmul(a, b), [1], keepdims=True), (3, 6, 20, 2), (3, 6, 2, 9)),
    "other names of the axes": (lambda a, b: tf.reduce_sum(tf.reshape(tf.matmul(a, b), [3, 1, 6, 20, 1, 9]), [0, 1, 4]),
                                (3, 6, 20, 2), (3, 6, 2, 9))}


def products(fetches: Any, feeds: Sequence[Any]) -> list[tuple[int, ...]]:
    """The shapes of what the products of a plan give."""
    with tf.Session() as sess:
        plan = make_plan(list(fetches), [], list(feeds), sess._torch_device, sess.resources,
                         [tuple(feed.shape.as_list()) for feed in feeds])
    return [tuple(node.meta["val"].shape) for node in plan.graph.nodes
            if getattr(node.target, "__name__", "") in ("matmul", "bmm")]


@pytest.mark.parametrize("name", [*REPEATED, *SUMMED])
def test_values_and_gradients_stay(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function, first, second = {**REPEATED, **SUMMED}[name]
    a, b = tf.placeholder(tf.float64, first), tf.placeholder(tf.float64, second)
    result = function(a, b)
    weights = np.random.RandomState(2).randn(*result.shape.as_list())
    fetches = [result, *tf.gradients(result * weights, [a, b])]
    given = {each: np.random.RandomState(seed).randn(*each.shape.as_list()) for seed, each in enumerate((a, b))}
    with tf.Session() as sess:
        mine = sess.run(fetches, given)
    monkeypatch.setattr(repeats, "run", lambda plan: False)
    with tf.Session() as sess:
        theirs = sess.run(fetches, given)
    for one, other in zip(mine, theirs):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", REPEATED)
def test_what_is_repeated_is_multiplied_once(name: str) -> None:
    function, first, second = REPEATED[name]
    a, b = tf.placeholder(tf.float32, first), tf.placeholder(tf.float32, second)
    ((*batch, _, _),) = products([function(a, b)], [a, b])
    assert batch == [size for size in first[:-2] if size != 1]


@pytest.mark.parametrize("name", SUMMED)
def test_what_is_added_up_is_never_there(name: str) -> None:
    function, first, second = SUMMED[name]
    a, b = tf.placeholder(tf.float32, first), tf.placeholder(tf.float32, second)
    result = function(a, b)
    (made,) = products([result], [a, b])
    assert np.prod(made) == result.shape.num_elements()


def test_where_it_would_be_more_work_all_stays() -> None:
    w, x = tf.placeholder(tf.float32, [1, 2, 2]), tf.placeholder(tf.float32, [6, 2, 100])
    assert products([tf.matmul(tf.tile(w, [6, 1, 1]), x)], [w, x]) == [(6, 2, 100)]
    a, b = tf.placeholder(tf.float32, [6, 2, 100]), tf.placeholder(tf.float32, [6, 100, 2])
    assert products([tf.reduce_sum(tf.matmul(a, b), 0)], [a, b]) == [(6, 2, 2)]
    product = tf.matmul(a, b)
    assert products([tf.reduce_sum(product, [0, 1]), product], [a, b]) == [(6, 2, 2)]


def test_an_inner_axis_of_one_number_is_a_multiplication() -> None:
    a, b = tf.placeholder(tf.float32, [3, 4, 1]), tf.placeholder(tf.float32, [3, 1, 5])
    assert products([tf.matmul(a, b)], [a, b]) == []
    with tf.Session() as sess:
        given = {a: np.arange(12).reshape(3, 4, 1), b: np.arange(15).reshape(3, 1, 5)}
        np.testing.assert_array_equal(sess.run(tf.matmul(a, b), given), given[a] * given[b])
