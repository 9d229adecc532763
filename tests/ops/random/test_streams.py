"""The numbers of the random ops, run in sessions, against TensorFlow 1.15's, recorded in tests/oracle/random.json."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest

from tfmagic import tf

ORACLE = json.loads((pathlib.Path(__file__).parents[2] / "oracle" / "random.json").read_text())
# Integers and uniform numbers are bit-exact; the others go through logarithms and sines.
EXACT = {
    "RandomUniform", "RandomUniformInt", "RandomShuffle", "Multinomial", "RandomPoissonV2",
    "StatelessRandomUniform", "StatelessRandomUniformInt", "StatelessMultinomial",
}  # fmt: skip
TOLERANCE = {"float16": 1e-3, "bfloat16": 8e-3, "float32": 1e-6, "float64": 1e-14}


def label(case):
    inputs = ",".join(f"{value}" for value, _ in case["inputs"].values())
    return f"{case['op']}-{case['attrs'].get('dtype', '')}-{inputs}"[:70]


def build(case):
    """The op of a case in the default graph."""
    inputs = {name: np.array(value, dtype) for name, (value, dtype) in case["inputs"].items()}
    attrs = {name: tf.as_dtype(value) if isinstance(value, str) else value for name, value in case["attrs"].items()}
    return getattr(tf.raw_ops, case["op"])(**inputs, **attrs)


@pytest.mark.parametrize("case", ORACLE["cases"], ids=label)
def test_three_runs_give_the_numbers_that_tensorflow_gives(case):
    with tf.Graph().as_default(), tf.Session() as session:
        result = build(case)
        for run in range(3):
            found, expected = session.run(result), case["runs"][run if len(case["runs"]) > 1 else 0]
            for part, wanted in zip(found, expected) if isinstance(expected, list) else [(found, expected)]:
                check(case["op"], part, wanted)


def check(op, result, expected):
    assert list(result.shape) == expected["shape"]
    assert str(result.dtype) == expected["dtype"]
    flat = np.ravel(result)
    kept = len(expected["values"])
    values = flat if flat.size == kept else np.append(flat[: kept // 2], flat[-(kept // 2):])
    wanted = np.array(expected["values"], flat.dtype)
    tolerance = 0 if op in EXACT or flat.dtype.kind in "iu" else TOLERANCE[str(flat.dtype)]
    exact = np.int64 if flat.dtype.kind in "iu" else np.float64
    np.testing.assert_allclose(values.astype(exact), wanted.astype(exact), rtol=tolerance, atol=tolerance)
    if "sum" in expected:
        slack = 1e-9 if op in EXACT else tolerance
        total = flat.astype(np.float64).sum()
        assert total == pytest.approx(expected["sum"], rel=slack, abs=slack * max(1.0, flat.size))


def test_a_fetch_of_something_else_does_not_move_the_stream():
    with tf.Graph().as_default(), tf.Session() as session:
        numbers = tf.raw_ops.RandomUniform(shape=[2], dtype=tf.float32, seed=1, seed2=2)
        other = tf.raw_ops.RandomUniform(shape=[2], dtype=tf.float32, seed=3, seed2=4)
        first = session.run(numbers)
        session.run(other)
        second, _ = session.run([numbers, other])
    with tf.Session(graph=numbers.graph) as session:
        assert np.array_equal(session.run(numbers), first), "a new session starts the stream again"
        assert np.array_equal(session.run(numbers), second)


def test_without_seeds_two_sessions_differ():
    with tf.Graph().as_default() as graph:
        numbers = tf.raw_ops.RandomUniform(shape=[4], dtype=tf.float32)
        runs = []
        for _ in range(2):
            with tf.Session(graph=graph) as session:
                runs.append(session.run(numbers))
    assert not np.array_equal(*runs)


def test_strings_are_shuffled():
    with tf.Graph().as_default(), tf.Session() as session:
        words = tf.convert_to_tensor([b"a", b"b", b"c", b"d", b"e"])
        shuffled = session.run(tf.raw_ops.RandomShuffle(value=words, seed=42, seed2=7))
        numbers = session.run(tf.raw_ops.RandomShuffle(value=[0, 1, 2, 3, 4], seed=42, seed2=7))
    assert [b"abcde"[n:n + 1] for n in numbers] == list(shuffled)


def test_a_shape_that_only_the_run_knows():
    with tf.Graph().as_default(), tf.Session() as session:
        shape = tf.raw_ops.Placeholder(dtype=tf.int32, shape=[2])
        fed = tf.raw_ops.RandomUniform(shape=shape, dtype=tf.float32, seed=42, seed2=7)
        known = tf.raw_ops.RandomUniform(shape=[2, 3], dtype=tf.float32, seed=42, seed2=7)
        assert np.array_equal(session.run(fed, {shape: [2, 3]}), session.run(known))
        with pytest.raises(tf.errors.InvalidArgumentError, match="Dimension -1 must be >= 0"):
            session.run(fed, {shape: [2, -1]})
        assert session.run(fed, {shape: [0, 3]}).shape == (0, 3)


@pytest.mark.parametrize(("logits", "count", "message"), [
    ([[1.0]], -1, "num_samples should be nonnegative, got -1"),
    (np.zeros([2, 0], np.float32), 1, "num_classes should be positive, got 0"),
])
def test_multinomial_refuses(logits, count, message):
    with tf.Graph().as_default(), tf.Session() as session:
        number = tf.raw_ops.Placeholder(dtype=tf.int32, shape=[])
        drawn = tf.raw_ops.Multinomial(logits=logits, num_samples=number)
        with pytest.raises(tf.errors.InvalidArgumentError, match=message) as raised:
            session.run(drawn, {number: count})
        assert raised.value.op is drawn.op


def test_a_poisson_rate_that_is_no_number_is_refused():
    with tf.Graph().as_default(), tf.Session() as session:
        drawn = tf.raw_ops.RandomPoissonV2(shape=[2], rate=np.array([1.0, np.nan], np.float32), dtype=tf.float32)
        with pytest.raises(tf.errors.InvalidArgumentError, match="NaN"):
            session.run(drawn)
