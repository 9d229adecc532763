"""Plans that assume shapes which only a run tells: the same results, states and errors as without them."""

from __future__ import annotations

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.session import assuming, call
from tfmagic.session.plan.run_time import Assumption


def batches(size, count=20, seed=3):
    numbers = np.random.RandomState(seed).rand(count, 3).astype("f")
    dataset = tf.data.Dataset.from_tensor_slices((numbers, numbers.sum(1, keepdims=True)))
    return dataset.repeat().batch(size) if count % size == 0 else dataset.batch(size).repeat()


def training(dataset, dropout=False):
    tf.set_random_seed(5)
    x, y = dataset.make_one_shot_iterator().get_next()
    hidden = tf.layers.dense(x, 4, tf.nn.relu)
    if dropout:
        hidden = tf.nn.dropout(hidden, 0.5)
    loss = tf.losses.mean_squared_error(y, tf.layers.dense(hidden, 1))
    return [tf.train.AdamOptimizer(0.01).minimize(loss), loss, x]


def losses(step, runs):
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return [sess.run(step)[1:] for _ in range(runs)]


def without(step, runs, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(call, "may_assume", lambda execution: False)
        return losses(step, runs)


def is_used(one):
    return one._now not in (one._sure, one._waiting)


def assumed(one):
    return {node.target.shape for node in one.second.plan.graph.nodes if isinstance(node.target, Assumption)}


def same(mine, others):
    for (loss, x), (other, same_x) in zip(mine, others, strict=True):
        np.testing.assert_array_equal(x, same_x)
        np.testing.assert_allclose(loss, other, rtol=1e-5)


def test_batches_of_a_data_set_are_assumed_to_stay_as_large(made, monkeypatch):
    step = training(batches(5))
    same(losses(step, 20), without(step, 20, monkeypatch))
    assert is_used(made[-1])


def test_the_smaller_batch_at_the_end_of_an_epoch_is_run_by_the_first_plan(made, monkeypatch):
    step = training(batches(6))
    mine = losses(step, 40)
    assert sum(len(x) == 2 for _, x in mine) == 10
    same(mine, without(step, 40, monkeypatch))


def test_batches_of_strings_are_assumed_to_stay_as_large_and_smaller_ones_run_by_the_first_plan(made, monkeypatch):
    monkeypatch.setattr(assuming, "_SHOWING", 8)
    monkeypatch.setattr(assuming, "_AGREEING", 6)
    words = np.array(["a", "bc", "no"] * 6 + ["a", "yes"])
    dataset = tf.data.Dataset.from_tensor_slices(({"word": words, "same": words, "number": np.arange(20.0)}, words))
    features, word = dataset.batch(3).repeat().make_one_shot_iterator().get_next()
    named = tf.feature_column.categorical_column_with_vocabulary_list("word", ["a", "bc", "no"])
    hashed = tf.feature_column.categorical_column_with_hash_bucket("same", 5)
    columns = [named, hashed, tf.feature_column.numeric_column("number")]
    loss = tf.reduce_sum(tf.square(tf.feature_column.linear_model(features, columns) - 1))
    step = [tf.train.GradientDescentOptimizer(0.01).minimize(loss), loss, word]

    def run():
        with tf.Session() as sess:
            sess.run([tf.global_variables_initializer(), tf.tables_initializer()])
            return [sess.run(step)[1:] for _ in range(21)]

    mine = run()
    assert is_used(made[-1])
    assert "tfmagic_ops_shape" not in made[-1].second.plan.code()
    monkeypatch.setattr(call, "may_assume", lambda execution: False)
    same(mine, run())
    assert [len(each) for _, each in mine] == ([3] * 6 + [2]) * 3


def test_a_smaller_batch_among_the_runs_that_show_shapes_is_outvoted(made, monkeypatch):
    monkeypatch.setattr(assuming, "_SHOWING", 8)
    monkeypatch.setattr(assuming, "_AGREEING", 6)
    step = training(batches(3))  # six of 3 and one of 2
    same(losses(step, 40), without(step, 40, monkeypatch))
    assert (3, 3) in assumed(made[-1])


def test_sizes_that_are_the_same_by_chance_are_seldom_assumed(made, monkeypatch):
    monkeypatch.setattr(assuming, "_SHOWING", 8)
    monkeypatch.setattr(assuming, "_AGREEING", 6)
    numbers = tf.data.Dataset.from_tensor_slices(np.int64([[1, 1, 2], [1, 3, 2], [3, 3, 1], [0, 0, 0]])).repeat()
    numbers = numbers.batch(1).make_one_shot_iterator().get_next()
    different = tf.unique(tf.reshape(numbers, [-1])).y  # two, three, two, one
    rows = tf.gather(tf.Variable(tf.ones([4, 3])), different)
    total = tf.reduce_sum(tf.nn.relu(tf.matmul(rows, tf.ones([3, 3]))))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert [sess.run(total) for _ in range(24)] == [18, 27, 18, 9] * 6
    assert assumed(made[-1]) == {(1, 3)}


def test_where_assumptions_fail_too_often_the_first_plan_stays(made):
    rows = tf.data.Dataset.range(60).map(lambda n: tf.ones([tf.where(n < 10, tf.constant(2, tf.int64), n), 3]))
    x = rows.make_one_shot_iterator().get_next()
    w = tf.Variable(tf.ones([3, 1]))
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w)))
    step = [tf.train.GradientDescentOptimizer(0.001).minimize(loss), loss, tf.shape(x)]
    assert [shape[0] for _, shape in losses(step, 60)] == [2] * 10 + list(range(10, 60))
    assert made[-1]._now == made[-1]._sure


def test_random_numbers_go_on_where_a_plan_is_changed_and_where_it_begins_anew(made, monkeypatch):
    step = training(batches(6), dropout=True)
    same(losses(step, 40), without(step, 40, monkeypatch))
    assert is_used(made[-1])


def test_nothing_that_was_taken_from_a_queue_is_lost(made):
    queue = tf.FIFOQueue(100, tf.float32)
    numbers = tf.placeholder(tf.float32, [None, 2])
    put = queue.enqueue([numbers])
    taken = queue.dequeue()
    taken.set_shape([None, 2])
    w = tf.Variable(tf.ones([2, 1]))
    loss = tf.reduce_mean(tf.square(tf.matmul(taken, w)))
    step = [tf.train.GradientDescentOptimizer(0.01).minimize(loss), taken]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        rows = [3] * 15 + [7] + [3] * 15
        for number, count in enumerate(rows):
            sess.run(put, {numbers: np.full([count, 2], number)})
        for number, count in enumerate(rows):
            np.testing.assert_array_equal(sess.run(step)[1], np.full([count, 2], number))
    assert is_used(made[-1])


def test_an_error_is_that_of_the_first_plan(made):
    ids = tf.sparse_placeholder(tf.int64)
    table = tf.Variable(tf.ones([5, 2]))
    found = tf.nn.embedding_lookup_sparse(table, ids, None, combiner="mean")
    loss = tf.reduce_sum(tf.layers.dense(found, 3) ** 2)
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    good = tf.SparseTensorValue([[0, 0], [0, 1], [1, 0]], [1, 2, 3], [2, 2])
    bad = tf.SparseTensorValue([[0, 0], [0, 1], [1, 0]], [1, 2, 30], [2, 2])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError) as first:
            sess.run(step, {ids: bad})
        for _ in range(10):
            sess.run([step, loss], {ids: good})
        kept = sess.run(table)
        with pytest.raises(tf.errors.InvalidArgumentError) as later:
            sess.run([step, loss], {ids: bad})
        np.testing.assert_array_equal(sess.run(table), kept)
    assert str(first.value) == str(later.value)
    assert is_used(made[-1])


def test_a_python_function_is_called_once_a_run(made):
    seen = []
    x = batches(6).make_one_shot_iterator().get_next()[0]
    y = tf.py_func(lambda value: seen.append(len(value)) or value, [x * 2.0 + 1.0], tf.float32)
    total = tf.reduce_sum(tf.nn.relu(tf.square(tf.matmul(x, tf.ones([3, 3]))) - y))
    with tf.Session() as sess:
        for _ in range(24):
            sess.run(total)
    assert seen == [6, 6, 6, 2] * 6


def test_what_prints_is_not_run_by_a_plan_that_assumes(made, capfd):
    x = batches(6).make_one_shot_iterator().get_next()[0]
    with tf.control_dependencies([tf.print("a row", tf.shape(x)[0])]):
        total = tf.reduce_sum(tf.nn.relu(tf.square(tf.matmul(x, tf.ones([3, 3]))) - x))
    with tf.Session() as sess:
        for _ in range(24):
            sess.run(total)
    assert capfd.readouterr().err.count("a row") == 24
    assert not made


def test_values_of_composite_and_named_keys_find_their_call_again(made):
    ids = tf.sparse_placeholder(tf.float32, name="ids")
    scale = tf.placeholder(tf.float32, [], name="scale")
    total = tf.sparse.reduce_sum(ids) * scale
    with tf.Session() as sess:
        for value in (2.0, 3.0, 4.0):
            fed = {ids: tf.SparseTensorValue([[0, 0]], [value], [1, 1]), "scale:0": 10.0}
            assert sess.run(total, fed) == value * 10
            assert sess.run(total, {"scale:0": 1.0, scale: 2.0, ids: fed[ids]}) == value * 2
        assert len(sess._calls.entries) == 1


def test_a_plan_that_cannot_be_made_is_done_without(made, monkeypatch):
    def refuse(shapes):
        raise tf.errors.InvalidArgumentError(None, None, "these shapes do not fit")

    begin = assuming.Assuming.__init__
    monkeypatch.setattr(assuming.Assuming, "__init__", lambda self, execution, finish, assume: begin(
        self, execution, finish, refuse))
    step = training(batches(5))
    same(losses(step, 20), without(step, 20, monkeypatch))
    assert made[-1]._now == made[-1]._sure


def test_rows_of_a_large_table_stay_in_place_where_their_number_is_assumed(made):
    table = tf.Variable(tf.ones([1000, 80]))
    ids = tf.placeholder(tf.int32, [4])
    step = tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(tf.nn.embedding_lookup(table, ids) ** 2))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(10):
            sess.run(step, {ids: [1, 2, 3, 5]})
        changed = np.flatnonzero((sess.run(table) != 1).any(1))
        assert changed.tolist() == [1, 2, 3, 5]
    assert is_used(made[-1])
    assert len(made[-1].second.plan.in_place) == 3  # the table and its two slots


def test_a_run_with_a_loop_that_only_adds_up_begins_anew(made, monkeypatch):
    tf.set_random_seed(5)
    x, y = batches(6).map(lambda x, y: (tf.expand_dims(x, 2), y)).make_one_shot_iterator().get_next()
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(4), x, tf.fill([tf.shape(x)[0]], 2), dtype=tf.float32)
    loss = tf.losses.mean_squared_error(y, tf.layers.dense(outputs[:, -1], 1))
    step = [tf.train.GradientDescentOptimizer(0.1).minimize(loss), loss, x]
    same(losses(step, 16), without(step, 16, monkeypatch))
    assert hasattr(made[-1], "second")
