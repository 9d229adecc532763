"""Binomial numbers: their mean and variance, the parameters' edges, and what is refused."""

from __future__ import annotations

import math

import pytest

from tfmagic import tf
from tfmagic.ops.random.binomial import binomial
from tfmagic.ops.random.philox import Stream


@pytest.mark.parametrize(("count", "prob"), [(20.0, 0.1), (20.0, 0.9), (60.0, 0.3), (1000.0, 0.8)])
def test_moments(count, prob):
    drawn = binomial(Stream(3, 5), 1, 4000, [count], [prob])
    assert all(0 <= number <= count and number == math.floor(number) for number in drawn)
    mean, variance = count * prob, count * prob * (1 - prob)
    found = sum(drawn) / len(drawn)
    assert abs(found - mean) < 4 * math.sqrt(variance / len(drawn))
    assert sum((number - found) ** 2 for number in drawn) / len(drawn) == pytest.approx(variance, rel=0.1)


@pytest.mark.parametrize(("count", "prob", "always"), [
    (3.0, 1.5, 3), (3.0, 0.0, 0), (0.0, 0.5, 0), (-2.0, 0.5, 0), (math.nan, 0.5, 0), (math.inf, 0.5, 0),
    (3.0, math.nan, 0)])
def test_edges(count, prob, always):
    assert binomial(Stream(3, 5), 1, 3, [count], [prob]) == [always] * 3


def test_generator_moves_on(graph):
    generator = tf.random.experimental.Generator.from_seed(1)
    drawn = generator.binomial([4, 3], [40.0, 50.0, 60.0, 70.0], 0.4)
    with tf.Session() as session:
        session.run(generator.state.initializer)
        assert session.run(drawn).tolist() != session.run(drawn).tolist()
        assert session.run(generator.state).tolist() == [1 + 2 * 4 * 200 * 6 // 4 * 256, 0, 0]


def test_refuses_counts_of_another_number(graph):
    generator = tf.random.experimental.Generator.from_seed(1)
    drawn = generator.binomial([2], [1.0, 2.0, 3.0], 0.4)
    with tf.Session() as session:
        session.run(generator.state.initializer)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"Input counts should have length 1 or shape\[0\], "
                                                                 r"got shape: \[3\]"):
            session.run(drawn)
