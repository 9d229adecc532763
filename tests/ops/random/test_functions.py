"""tf.random's functions: the nodes they make, their names, static shapes and what they refuse."""

from __future__ import annotations

import pytest

from tfmagic import tf
from tfmagic.graph import registry
from tfmagic.tf import random  # noqa: F401

pytestmark = pytest.mark.usefixtures("graph")


def nodes(graph):
    """Name and type of every node, in order."""
    return [(op.name, op.type) for op in graph.get_operations()]


def test_random_normal(graph):
    result = tf.random_normal([2, 3])
    assert nodes(graph) == [
        ("random_normal/shape", "Const"), ("random_normal/mean", "Const"), ("random_normal/stddev", "Const"),
        ("random_normal/RandomStandardNormal", "RandomStandardNormal"), ("random_normal/mul", "Mul"),
        ("random_normal", "Add")]
    assert result.name == "random_normal:0"
    assert graph.get_tensor_by_name("random_normal/RandomStandardNormal:0").shape.as_list() == [2, 3]


def test_random_uniform_of_floats(graph):
    tf.random_uniform([2], name="u")
    assert nodes(graph) == [
        ("u/shape", "Const"), ("u/min", "Const"), ("u/max", "Const"), ("u/RandomUniform", "RandomUniform"),
        ("u/sub", "Sub"), ("u/mul", "Mul"), ("u", "Add")]


def test_random_uniform_of_integers(graph):
    result = tf.random_uniform([2, 5], 0, 10, tf.int32)
    assert nodes(graph) == [
        ("random_uniform/shape", "Const"), ("random_uniform/min", "Const"), ("random_uniform/max", "Const"),
        ("random_uniform", "RandomUniformInt")]
    assert result.shape.as_list() == [2, 5]


def test_the_graph_seed_counts_nodes(graph):
    tf.set_random_seed(42)
    tf.truncated_normal([1])
    tf.truncated_normal([1])
    tf.random_shuffle([1, 2, 3])
    seeds = [(op.get_attr("seed"), op.get_attr("seed2")) for op in graph.get_operations() if "seed2" in op._attrs]
    assert seeds == [(42, 3), (42, 9), (42, 12)]


@pytest.mark.parametrize("function", ["stateless_normal", "stateless_truncated_normal"])
def test_stateless_normals(graph, function):
    getattr(tf.random, function)([3], [1, 2])
    scope = {"stateless_normal": "stateless_random_normal"}.get(function, function)
    drawn = {"stateless_normal": "StatelessRandomNormal"}.get(function, "StatelessTruncatedNormal")
    assert nodes(graph) == [
        (f"{scope}/shape", "Const"), (f"{scope}/mean", "Const"), (f"{scope}/stddev", "Const"),
        (f"{scope}/{drawn}/seed", "Const"), (f"{scope}/{drawn}", drawn), (f"{scope}/mul", "Mul"), (scope, "Add")]


def test_stateless_uniform_of_integers(graph):
    result = tf.random.stateless_uniform([3], [1, 2], 0, 10, tf.int64)
    assert nodes(graph) == [
        ("stateless_random_uniform/shape", "Const"), ("stateless_random_uniform/min", "Const"),
        ("stateless_random_uniform/max", "Const"), ("stateless_random_uniform/seed", "Const"),
        ("stateless_random_uniform", "StatelessRandomUniformInt")]
    assert result.dtype == tf.int64


def test_stateless_categorical(graph):
    result = tf.random.stateless_categorical([[1.0, 2.0]], 3, [1, 2])
    assert [name for name, _ in nodes(graph)] == [
        "stateless_categorical/logits", "stateless_categorical/StatelessMultinomial/num_samples",
        "stateless_categorical/StatelessMultinomial/seed", "stateless_categorical/StatelessMultinomial"]
    assert result.dtype == tf.int64


def test_poisson_and_categorical_have_their_aliases():
    assert tf.random.poisson is tf.random_poisson
    assert tf.random.normal is tf.random_normal
    assert tf.random.shuffle is tf.random_shuffle


@pytest.mark.parametrize(("arguments", "message"), [
    (([2], 0, None, tf.int32), "Must specify maxval for integer dtype tf.int32"),
    (([2], 0, 1, tf.uint8), "Invalid dtype tf.uint8"),
])
def test_random_uniform_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        tf.random_uniform(*arguments)


def test_a_stateless_op_needs_two_seeds():
    with pytest.raises(ValueError, match="Dimension must be 2 but is 3"):
        tf.random.stateless_normal([2], [1, 2, 3])


@pytest.mark.parametrize(("make", "arguments", "message"), [
    (lambda: tf.raw_ops.RandomUniformInt(shape=[1], minval=5, maxval=5), ([1], 5, 5),
     "Need minval < maxval, got 5 >= 5"),
    (lambda: tf.raw_ops.RandomUniform(shape=[1], dtype=tf.float32), ([-3],), "Dimension -3 must be >= 0"),
    (lambda: tf.raw_ops.RandomUniform(shape=[1], dtype=tf.float32), ([2**40, 2**40],), "too many elements"),
])
def test_kernels_refuse(make, arguments, message):
    op = make().op
    declaration = registry.lookup(op.type)
    state = declaration.state(registry.Node(op))
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        declaration.kernel(registry.Node(op), state, *arguments)
