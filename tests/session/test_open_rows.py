"""Rows whose number only a run tells are taken, told apart and summed by the calls that others are, to the same."""

from __future__ import annotations

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.session import assuming
from tfmagic.session.passes import open_rows

# What a plan calls at run time, where rows are open.
LATE = ("unique(", "shape(", "size(", "reshape(", "gather_v2(", "resource_gather(", "unsorted_segment_sum(",
        "sparse_segment_sum(", "sparse_segment_mean(", "sparse_segment_sqrt_n(", "sparse_segment_mean_grad(",
        "sparse_segment_sqrt_n_grad(", "sparse_fill_empty_rows(")


def late(code):
    """The kernels that a plan calls at run time, of those above."""
    calls = [line.split(" = ", 1)[1] for line in code.splitlines() if " = " in line]
    return [call for call in calls if call.startswith(tuple("tfmagic_ops_" + name[:-1] for name in LATE))]


def trained(dataset, logits, optimizer, runs=24):
    """All variables after some steps, and the losses."""
    tf.set_random_seed(5)
    features, labels = dataset.make_one_shot_iterator().get_next()
    loss = tf.losses.mean_squared_error(labels, logits(features))
    step = optimizer.minimize(loss)
    with tf.Session() as sess:
        sess.run([tf.global_variables_initializer(), tf.tables_initializer()])
        losses = [sess.run([step, loss])[1] for _ in range(runs)]
        return sess.run(tf.global_variables()), losses


def words(count=60):
    """Batches of words and numbers, in which another number of words is different each time."""
    random = np.random.RandomState(3)
    word = np.array(["ab", "cd", "", "ef", "gh", "ij", "kl", "mn", "no"])[random.randint(0, 9, count)]
    other = np.array(["x", "y", "z", "of none"])[random.randint(0, 4, count)]
    features = {"word": word, "other": other, "number": random.rand(count).astype("f")}
    return tf.data.Dataset.from_tensor_slices((features, random.rand(count, 1).astype("f"))).repeat().batch(6)


def columns():
    column = tf.feature_column
    hashed = column.categorical_column_with_hash_bucket("word", 50)
    named = column.categorical_column_with_vocabulary_list("other", ["x", "y", "z"])
    ranges = column.bucketized_column(column.numeric_column("number"), [0.2, 0.4, 0.6])
    return hashed, named, ranges, column.crossed_column(["word", "other"], 30)


def same_without(made, monkeypatch, run):
    """Run with the pass and without: the values are the same; what the two plans that assume call late."""
    monkeypatch.setattr(assuming, "_SHOWING", 8)  # fewer have as many different words by chance
    monkeypatch.setattr(assuming, "_AGREEING", 6)
    with tf.Graph().as_default():
        mine, mine_losses = run()
    found = [one.second.plan.code() for one in made if hasattr(one, "second")]
    made.clear()
    monkeypatch.setattr(open_rows, "run", lambda plan: False)
    with tf.Graph().as_default():
        others, other_losses = run()
    before = [one.second.plan.code() for one in made if hasattr(one, "second")]
    np.testing.assert_array_equal(mine_losses, other_losses)
    for one, other in zip(mine, others, strict=True):
        np.testing.assert_array_equal(one, other)
    return late(found[-1]), late(before[-1])


def test_a_linear_model_of_words_calls_nothing_of_them_late(made, monkeypatch):
    def run():
        return trained(words(), lambda features: tf.feature_column.linear_model(features, columns()),
                       tf.train.FtrlOptimizer(0.1))

    mine, without = same_without(made, monkeypatch, run)
    assert without and not mine


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
def test_nor_does_an_embedding(combiner, made, monkeypatch):
    def run():
        column = tf.feature_column.embedding_column(columns()[0], 3, combiner)
        return trained(words(), lambda features: tf.layers.dense(tf.feature_column.input_layer(features, [column]), 1),
                       tf.train.AdagradOptimizer(0.1))

    mine, without = same_without(made, monkeypatch, run)
    assert without and not mine
