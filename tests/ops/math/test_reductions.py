"""Reductions: nodes of their axes, default axes, old argument names, empty inputs, and functions made of several."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfmagic import tf
from tfmagic.graph import registry
from tfmagic.ops.math import reduce

pytestmark = pytest.mark.usefixtures("graph")


def value(tensor, feeds=None):
    with tf.Session() as session:
        return session.run(tensor, feeds)


def test_all_axes_are_a_constant_where_the_rank_is_known(graph):
    tf.reduce_sum(tf.placeholder(tf.float32, [None, 3]))
    assert [op.name for op in graph.get_operations()] == ["Placeholder", "Const", "Sum"]


def test_all_axes_are_a_range_where_it_is_not(graph):
    total = tf.reduce_sum(tf.placeholder(tf.float32, name="x"))
    assert [op.name for op in graph.get_operations()] == ["x", "Rank", "range/start", "range/delta", "range", "Sum"]
    assert total.shape.as_list() == []
    assert value(total, {"x:0": [[1, 2], [3, 4]]}) == 10


def test_a_given_axis_is_named_after_the_ops_own_argument(graph):
    tf.reduce_mean(tf.ones([2, 3]), axis=1)
    assert "Mean/reduction_indices" in [op.name for op in graph.get_operations()]


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "std", "variance", "euclidean_norm"])
@pytest.mark.parametrize("axis", [None, 0, [0, 2], -1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_values_are_numpys(name, axis, keepdims):
    x = np.random.RandomState(0).randn(2, 3, 4)
    expected = {"variance": np.var, "euclidean_norm": lambda v, **k: np.sqrt(np.sum(v * v, **k))}.get(
        name, getattr(np, name, None))(x, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims)
    function = getattr(tf, f"reduce_{name}", None) or getattr(tf.math, f"reduce_{name}")
    result = function(tf.constant(x), axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(value(result), expected)
    assert tuple(result.shape.as_list()) == np.shape(expected)


REDUCTIONS = {"sum": np.sum, "mean": np.mean, "prod": np.prod, "max": np.max, "min": np.min, "any": np.any,
              "all": np.all}


@pytest.mark.parametrize("name", REDUCTIONS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shape=st.lists(st.integers(1, 12), min_size=1, max_size=5), data=st.data(), keepdims=st.booleans(),
       turned=st.booleans())
def test_many_numbers_are_reduced_axis_by_axis(name, shape, data, keepdims, turned):
    """What holds of few numbers holds of many, in whichever order their axes are gone over."""
    axes = tuple(data.draw(st.sets(st.integers(0, len(shape) - 1), min_size=1)))
    x = np.random.RandomState(0).uniform(0.5, 1.5, shape)
    x = x > 1.3 if name in ("any", "all") else x
    tensor = torch.from_numpy(x)
    tensor = tensor.transpose(0, -1).contiguous().transpose(0, -1) if turned else tensor
    op = SimpleNamespace(T=tf.as_dtype(x.dtype), keep_dims=keepdims, op=None,
                         input=SimpleNamespace(_dims=tuple(shape)))
    kernel = registry.lookup(name.capitalize()).kernel
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reduce, "_MANY", 1)
        patch.setattr(reduce, "_SIDE_BY_SIDE", 8)
        found = kernel(op, tensor, list(axes))
    expected = REDUCTIONS[name](x, axis=axes, keepdims=keepdims)
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9, atol=1e-300)


def test_sums_of_halves_are_rounded_once():
    x = np.full([64, 16, 64], 0.1, np.float16)
    expected = x.astype(np.float32).sum((0, 2)).astype(np.float16)
    np.testing.assert_array_equal(value(tf.reduce_sum(tf.placeholder_with_default(x, x.shape), [0, 2])), expected)


def test_old_argument_names_work():
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(value(tf.reduce_sum(x, reduction_indices=0, keep_dims=True)), [[4, 6]])
    with pytest.raises(ValueError, match="Cannot specify both 'reduction_indices' and 'axis'"):
        tf.reduce_sum(x, axis=0, reduction_indices=0)


def test_the_mean_of_integers_rounds_towards_zero():
    assert value(tf.reduce_mean(tf.constant([1, 2, 4]))) == 2
    assert value(tf.reduce_mean(tf.constant([-1, -2, -4]))) == -2


def test_nothing_has_neutral_elements():
    empty = tf.placeholder(tf.float32, [None])
    feeds = {empty: np.zeros(0, np.float32)}
    assert value([tf.reduce_sum(empty), tf.reduce_prod(empty), tf.reduce_max(empty), tf.reduce_min(empty)],
                 feeds) == [0, 1, -np.inf, np.inf]


def test_logsumexp_survives_large_and_infinite_numbers():
    x = np.float64([[1000.0, 1000.0], [-np.inf, -np.inf], [-1e4, 0.0]])
    np.testing.assert_allclose(value(tf.reduce_logsumexp(tf.constant(x), axis=1)), np.logaddexp(x[:, 0], x[:, 1]))


def test_the_gradient_of_a_product_survives_zeros():
    x = tf.constant([2.0, 0.0, 3.0])
    np.testing.assert_array_equal(value(tf.gradients(tf.reduce_prod(x), x)[0]), [0, 6, 0])


def test_the_gradient_of_a_maximum_is_shared():
    x = tf.constant([1.0, 3.0, 3.0])
    np.testing.assert_array_equal(value(tf.gradients(tf.reduce_max(x), x)[0]), [0, 0.5, 0.5])


def test_argmax_takes_the_first_of_equal_entries():
    x = tf.constant([[1, 5, 5], [7, 7, 0]])
    assert value(tf.argmax(x, 1)).tolist() == [1, 0]
    assert tf.argmax(x, 1, output_type=tf.int32).dtype == tf.int32


def test_a_wrong_axis_is_refused_when_the_graph_is_built():
    with pytest.raises(ValueError, match="Invalid reduction dimension 2 for input with 2 dimensions"):
        tf.reduce_sum(tf.ones([2, 3]), axis=2)


@pytest.mark.parametrize(("axes", "expected"), [([[0]], [3, 5, 7]), ([0, -2], [3, 5, 7]), ([[[1]]], [3, 12]),
                                                ([[0, 1]], 15)])
def test_axes_known_in_the_run_alone_are_taken_flat_and_once_each(axes, expected):
    where = tf.placeholder(tf.int32)
    x = tf.placeholder_with_default(np.arange(6.0).reshape(2, 3), None)
    assert value(tf.reduce_sum(x, where), {where: axes}).tolist() == expected


def test_the_mean_of_no_whole_numbers_is_zero():
    assert value(tf.reduce_mean(tf.zeros([0, 2], tf.int32), 0)).tolist() == [0, 0]


@pytest.mark.parametrize("keepdims", ["a", 1, 0, np.bool_(True), [], 1.0])
@pytest.mark.parametrize("function", [tf.reduce_sum, tf.reduce_any, tf.reduce_logsumexp, tf.count_nonzero,
                                      tf.math.reduce_variance])
def test_whether_dimensions_are_kept_is_a_bool(function, keepdims):
    x = [[True]] if function is tf.reduce_any else [[1.0, 2.0]]
    with pytest.raises(TypeError, match="Expected bool for argument 'keep_dims' not"):
        function(x, keepdims=keepdims)
