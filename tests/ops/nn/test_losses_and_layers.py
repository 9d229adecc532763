"""Cross-entropies, losses, dropout, normalisation, embeddings and sampled losses: values, nodes and refusals."""

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.ops.nn import top_k

pytestmark = pytest.mark.usefixtures("graph")


def value(tensor, feeds=None):
    with tf.Session() as session:
        return session.run(tensor, feeds)


LOGITS = np.random.RandomState(0).randn(3, 4)
LABELS = np.array([0, 3, 1])


def losses():
    """The cross-entropies of the rows of LOGITS and LABELS."""
    return np.log(np.exp(LOGITS).sum(1)) - LOGITS[np.arange(3), LABELS]


def test_all_softmax_cross_entropies_agree():
    onehot = np.eye(4)[LABELS]
    logits = tf.constant(LOGITS)
    by_number = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=LABELS, logits=logits)
    old = tf.nn.softmax_cross_entropy_with_logits(labels=onehot, logits=logits)
    new = tf.nn.softmax_cross_entropy_with_logits_v2(labels=onehot, logits=logits)
    across = tf.nn.softmax_cross_entropy_with_logits_v2(labels=onehot.T, logits=tf.transpose(logits), axis=0)
    for found in value([by_number, old, new, across]):
        np.testing.assert_allclose(found, losses())
    expected = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True) - onehot
    for loss in (by_number, old, new):
        np.testing.assert_allclose(value(tf.gradients(loss, logits)[0]), expected)


def test_a_label_out_of_range_is_refused():
    labels = tf.placeholder(tf.int32, [None])
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=LOGITS)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"label value of 9 which is outside the valid range of"):
        value(loss, {labels: [0, 9, 1]})


def test_labels_and_logits_go_by_name():
    with pytest.raises(ValueError, match="Only call `softmax_cross_entropy_with_logits` with named arguments"):
        tf.nn.softmax_cross_entropy_with_logits(LOGITS, LOGITS)


def test_sigmoid_cross_entropy_does_not_overflow():
    loss = tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.0, 0.0, 1.0], logits=[1000.0, 1000.0, -1000.0])
    np.testing.assert_array_equal(value(loss), [0, 1000, 1000])


def test_softmax_along_any_axis():
    x = np.random.RandomState(0).randn(2, 3, 4)
    for axis in (0, 1, 2, -1, -2):
        expected = np.exp(x) / np.exp(x).sum(axis, keepdims=True)
        np.testing.assert_allclose(value(tf.nn.softmax(x, axis=axis)), expected)
        np.testing.assert_allclose(value(tf.nn.log_softmax(x, axis=axis)), np.log(expected))


def test_dropout_makes_115s_nodes(graph):
    tf.nn.dropout(tf.ones([2, 3], name="x"), keep_prob=tf.placeholder(tf.float32, name="keep"))
    names = [op.name for op in graph.get_operations()]
    assert names == ["x", "keep", "sub/x", "sub", "dropout/Shape", "dropout/random_uniform/min",
                     "dropout/random_uniform/max", "dropout/random_uniform/RandomUniform", "dropout/random_uniform/sub",
                     "dropout/random_uniform/mul", "dropout/random_uniform", "dropout/sub/x", "dropout/sub",
                     "dropout/truediv/x", "dropout/truediv", "dropout/GreaterEqual", "dropout/mul", "dropout/Cast",
                     "dropout/mul_1"]


def test_dropout_keeps_the_expected_sum():
    kept = value(tf.nn.dropout(tf.ones([10000]), rate=0.25, seed=1))
    assert set(np.unique(kept)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs(kept.mean() - 1) < 0.03


def test_dropout_of_nothing_is_the_tensor_itself():
    x = tf.ones([2])
    assert tf.nn.dropout(x, rate=0) is x
    with pytest.raises(ValueError, match="You must provide a rate to dropout"):
        tf.nn.dropout(x)


@pytest.mark.parametrize("training", [True, False])
def test_fused_batch_normalisation_is_the_plain_one(training):
    random = np.random.RandomState(0)
    x = tf.constant(random.randn(4, 3, 3, 2).astype("f"))
    scale, offset = tf.constant([1.0, 2.0]), tf.constant([0.5, -1.0])
    mean, variance = tf.nn.moments(x, [0, 1, 2]) if training else (tf.constant([0.1, 0.2]), tf.constant([0.5, 2.0]))
    given = (None, None) if training else (mean, variance)
    fused = tf.nn.fused_batch_norm(x, scale, offset, *given, is_training=training)[0]
    plain = tf.nn.batch_normalization(x, mean, variance, offset, scale, 0.001)
    weights = tf.constant(random.randn(4, 3, 3, 2).astype("f"))
    ends = [[y, *tf.gradients(tf.reduce_sum(y * weights), [x, scale, offset])] for y in (fused, plain)]
    for a, b in zip(*value(ends)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_losses_are_weighted_collected_and_named(graph):
    loss = tf.losses.mean_squared_error([[1.0], [2.0]], [[2.0], [5.0]], weights=[[1.0], [0.0]])
    assert loss.op.name == "mean_squared_error/value"
    assert tf.losses.get_losses() == [loss]
    assert value([loss, tf.losses.get_total_loss()]) == [1.0, 1.0]
    mean = tf.losses.mean_squared_error([1.0, 2.0], [2.0, 5.0], reduction=tf.losses.Reduction.SUM)
    assert value(mean) == 10.0


def test_weights_that_do_not_broadcast_are_refused():
    with pytest.raises(ValueError, match="weights can not be broadcast to values"):
        tf.losses.mean_squared_error(tf.ones([2, 3]), tf.ones([2, 3]), weights=tf.ones([3, 3]))
    with pytest.raises(ValueError, match="labels must not be None"):
        tf.losses.mean_squared_error(None, tf.ones([2]))


def test_rows_of_shared_tables():
    rows = np.arange(20, dtype=np.float32).reshape(5, 4)
    tables = {"mod": [rows[0::2], rows[1::2]], "div": [rows[:3], rows[3:]]}
    for strategy, parts in tables.items():
        found = tf.nn.embedding_lookup([tf.constant(p) for p in parts], [[4, 0], [3, 3]], partition_strategy=strategy)
        np.testing.assert_array_equal(value(found), rows[[[4, 0], [3, 3]]])


def test_samplers_draw_tensorflows_numbers():
    """Expected numbers: TensorFlow 2.21.0 compat.v1, seed 7."""
    classes = tf.constant([[1], [3]], tf.int64)
    weighted = tf.nn.fixed_unigram_candidate_sampler(classes, 1, 4, True, 6, unigrams=[1.0, 2, 3, 4, 5, 6], seed=7)
    assert value(weighted.sampled_candidates).tolist() == [1, 4, 3, 5]
    np.testing.assert_allclose(value(weighted.true_expected_count), [[0.3937], [0.6523]], atol=1e-4)
    uniform = tf.nn.uniform_candidate_sampler(classes, 1, 5, True, 10, seed=7)
    logarithmic = tf.nn.log_uniform_candidate_sampler(classes, 1, 5, True, 50, seed=7)
    assert value(uniform.sampled_candidates).tolist() == [9, 8, 4, 6, 2]
    assert value(logarithmic.sampled_candidates).tolist() == [29, 0, 5, 25, 10]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_is_sorted_with_the_first_of_equal_entries_first(k):
    x = tf.constant([[1.0, 5.0, 5.0], [3.0, 2.0, 1.0]])
    values, places = value(tf.nn.top_k(x, k))
    assert values.tolist() == [[5, 5, 1][:k], [3, 2, 1][:k]]
    assert places.tolist() == [[1, 2, 0][:k], [0, 1, 2][:k]]
    assert value(tf.nn.in_top_k([[0.1, 0.8, 0.3]], [2], 2)).tolist() == [True]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "uint8"])
@pytest.mark.parametrize("k", [0, 1, 5, 30, 40])
@pytest.mark.parametrize("alike", ["none", "some", "all"])
def test_the_first_of_equal_entries_of_long_rows_comes_first(dtype, k, alike):
    """Whether a few of many, where not all are sorted, or all."""
    rows = np.stack([np.random.RandomState(i).permutation(40) for i in range(30)]).astype(dtype)
    rows[1:4] = {"none": rows[1:4], "some": rows[1:4] // 3, "all": 1}[alike]
    places = np.argsort(-rows.astype(np.float64), axis=1, kind="stable")[:, :k]
    found = value(tf.nn.top_k(tf.placeholder_with_default(rows, [None, 40]), k))
    assert found.indices.tolist() == places.tolist() and found.indices.dtype == np.int32
    assert found.values.tolist() == np.take_along_axis(rows, places, 1).tolist() and found.values.dtype == dtype


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize("k", [100, 300])
def test_whole_numbers_of_64_bits_sort_as_their_entries_do(dtype, k):
    random = np.random.RandomState(0)
    rows = random.randint(-50, 50, (4, 300)).astype(dtype)
    rows[0] = random.choice([0, 1, np.iinfo(dtype).min, np.iinfo(dtype).max] if dtype == "int32" else
                            [-0.0, 0.0, -1e30, np.finfo(dtype).tiny], 300)
    places = top_k._by_keys(torch.from_numpy(rows), k)
    assert places.tolist() == np.argsort(-rows.astype(np.float64), axis=1, kind="stable")[:, :k].tolist()


def test_what_is_not_finite_spoils_all_channels_of_a_local_response():
    """As in TensorFlow 1.15, which multiplies by a matrix of zeros and ones."""
    x = np.ones((1, 1, 2, 8), np.float32)
    x[0, 0, 0, 0] = np.inf
    found = value(tf.nn.lrn(x, 1, 1.0, 0.5, 0.75))
    assert np.isnan(found[0, 0, 0]).sum() == 7 and np.isfinite(found[0, 0, 1]).all()


@pytest.mark.parametrize("depth", [1, 7, 600])
@pytest.mark.parametrize("radius", [0, 2, 9])
def test_a_local_response_divides_by_its_neighbours(depth, radius):
    x = np.random.RandomState(0).randn(2, 3, 2, depth).astype(np.float32)
    near = np.abs(np.subtract.outer(np.arange(depth), np.arange(depth))) <= radius
    expected = x / (1.5 + 0.1 * np.square(x) @ near) ** 0.5
    np.testing.assert_allclose(value(tf.nn.lrn(x, radius, 1.5, 0.1, 0.5)), expected, rtol=1e-5)


@pytest.mark.parametrize("numbers", [
    np.random.RandomState(0).randn(4, 500), np.random.RandomState(0).randint(20, size=(4, 500)),
    np.full((4, 500), -np.inf)], ids=["all different", "some equal", "all equal"])
def test_top_k_of_many_entries_is_that_of_a_stable_sort(numbers):
    values, places = value(tf.nn.top_k(tf.constant(numbers), 7))
    expected = np.argsort(-numbers, axis=1, kind="stable")[:, :7]
    np.testing.assert_array_equal(places, expected)
    np.testing.assert_array_equal(values, np.take_along_axis(numbers, expected, 1))


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
def test_a_row_with_a_number_that_is_not_finite_has_nothing_in_its_top_k(number):
    assert value(tf.nn.in_top_k([[0.1, 0.8, number], [0.1, 0.8, 0.3]], [1, 1], 2)).tolist() == [False, True]


def test_beams_are_followed_from_where_their_sequence_ends():
    ids = np.arange(1, 13, dtype=np.int32).reshape(3, 2, 2)
    parents = [[[0, 0], [0, 0]], [[1, 0], [5, 0]], [[0, 0], [7, 7]]]
    found = value(tf.contrib.seq2seq.gather_tree(ids, parents, [3, 1], 99))
    assert found.transpose(1, 0, 2).tolist() == [[[2, 2], [5, 5], [9, 10]], [[3, 4], [99, 99], [99, 99]]]
    with pytest.raises(tf.errors.InvalidArgumentError,
                       match=r"Saw invalid parent id 5 at \(batch, time, beam\) == \(1, 0, 0\)"):
        value(tf.contrib.seq2seq.gather_tree(ids, parents, [3, 2], 99))
