"""Candidate samplers: machine code gives what NumPy gives, number by number."""

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.base.machine import hits
from tfmagic.ops.nn import candidates, log_uniform

pytest.importorskip("llvmlite")


def runs(count: int, classes: int, sampled: int, monkeypatch: pytest.MonkeyPatch | None) -> list:
    """What so many runs of a seeded sampler give, with true classes that change; by NumPy where that is asked for."""
    random = np.random.RandomState(0)
    with tf.Graph().as_default(), tf.Session() as sess:
        true = tf.placeholder(tf.int64, [None, 2])
        drawn = tf.nn.log_uniform_candidate_sampler(true, 2, sampled, True, classes, seed=5)
        if monkeypatch is None:
            return [sess.run(drawn, {true: random.randint(0, classes, (4, 2))}) for _ in range(count)]
        with monkeypatch.context() as patch:
            patch.setattr(log_uniform, "drawn", lambda *given: None)
            return [sess.run(drawn, {true: random.randint(0, classes, (4, 2))}) for _ in range(count)]


@pytest.mark.parametrize("classes, sampled", [(5000, 64), (10, 10), (7, 1)])
def test_the_same_classes_and_expectations(classes: int, sampled: int, monkeypatch: pytest.MonkeyPatch) -> None:
    count = log_uniform._CALLS + 20
    runs(count, classes, sampled, None)
    later = log_uniform._later()
    assert later is not None and later.made is not None
    for mine, expected in zip(runs(30, classes, sampled, None), runs(30, classes, sampled, monkeypatch)):
        np.testing.assert_array_equal(mine.sampled_candidates, expected.sampled_candidates)
        np.testing.assert_allclose(mine.true_expected_count, expected.true_expected_count, rtol=1e-7)
        np.testing.assert_allclose(mine.sampled_expected_count, expected.sampled_expected_count, rtol=1e-7)


def test_a_true_class_that_there_is_not_is_left_to_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    runs(log_uniform._CALLS + 20, 10, 3, None)
    with tf.Graph().as_default(), tf.Session() as sess:
        drawn = tf.nn.log_uniform_candidate_sampler([[12, -1]], 2, 3, True, 10, seed=5)
        expected = sess.run(drawn)
    with monkeypatch.context() as patch, tf.Graph().as_default(), tf.Session() as sess:
        patch.setattr(log_uniform, "drawn", lambda *given: None)
        again = sess.run(tf.nn.log_uniform_candidate_sampler([[12, -1]], 2, 3, True, 10, seed=5))
    for mine, other in zip(expected, again):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("way", ["NumPy", "a dictionary", "machine code"])
def test_hits_are_the_last_places_of_sampled_classes(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "_COMPARISONS", 0 if way == "a dictionary" else 1 << 14)
    if way != "machine code":
        monkeypatch.setattr(candidates, "hits", lambda *given: None)
    with tf.Graph().as_default(), tf.Session() as sess:
        true, sampled = tf.placeholder(tf.int64, [None, 2]), tf.placeholder(tf.int64, [None])
        found = tf.nn.compute_accidental_hits(true, sampled, 2)
        for _ in range(hits._CALLS + 2 if way == "machine code" else 1):
            rows, places, least = sess.run(found, {true: [[1, 2], [9, 1], [5, 3]], sampled: [3, 1, 9, 3]})
        assert rows.tolist() == [0, 1, 1, 2] and places.tolist() == [1, 2, 1, 3]
        assert least.tolist() == [np.finfo(np.float32).min] * 4
        rows, places, least = sess.run(found, {true: [[1, 2]], sampled: [3, 4]})
        assert rows.shape == places.shape == least.shape == (0,)
