"""Sums of the rows of segments by machine code: those that torch gives, number by number."""

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.base.machine import segments

pytest.importorskip("llvmlite")


def made(dtype: torch.dtype, kind: torch.dtype) -> None:
    """The machine code for these types is there."""
    for _ in range(segments._CALLS + 1):
        segments.segment_sums(torch.zeros((1, 1), dtype=dtype), torch.zeros(1, dtype=kind), 1)


@pytest.mark.parametrize("kind", [torch.int32, torch.int64])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("count, width", [(200, 1), (33, 3), (128, 64), (1, 5)])
def test_the_sums_of_torch(dtype: torch.dtype, kind: torch.dtype, count: int, width: int) -> None:
    made(dtype, kind)
    random = np.random.RandomState(0)
    ids = torch.from_numpy(random.randint(0, 20, 2 * count)).to(kind)[::2]
    rows = torch.from_numpy(random.rand(width, count)).to(dtype).t()
    expected = torch.zeros((20, width), dtype=dtype).index_add(0, ids, rows)
    assert torch.equal(segments.segment_sums(rows, ids, 20), expected)


def test_a_negative_number_is_left_out_and_a_large_one_left_to_others() -> None:
    made(torch.float32, torch.int32)
    rows, ids = torch.ones((3, 2)), torch.tensor([-1, 2, 2], dtype=torch.int32)
    assert segments.segment_sums(rows, ids, 3).tolist() == [[0, 0], [0, 0], [2, 2]]
    assert segments.segment_sums(rows, ids, 2) is None


def made_of_named(kind: torch.dtype, ordered: bool = True) -> None:
    """The machine code for rows that indices name is there."""
    zero = torch.zeros(1, dtype=kind)
    for _ in range(segments._CALLS + 1):
        segments.segment_sums(torch.zeros((1, 1)), zero, 1, zero, ordered)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("kind", [torch.int32, torch.int64])
def test_rows_that_indices_name(kind: torch.dtype, ordered: bool) -> None:
    made_of_named(kind, ordered)
    random = np.random.RandomState(0)
    rows = torch.from_numpy(random.rand(7, 3).astype(np.float32))
    segment = random.randint(0, 20, 50)
    at, ids = (torch.from_numpy(numbers).to(kind) for numbers in (random.randint(0, 7, 50),
                                                                  np.sort(segment) if ordered else segment))
    expected = torch.zeros((20, 3)).index_add(0, ids, rows.index_select(0, at))
    assert torch.equal(segments.segment_sums(rows, ids, 20, at, ordered), expected)


@pytest.mark.parametrize("ids, at", [([0, 2, 1], [0, 0, 0]), ([0, 1, 3], [0, 0, 0]), ([-1, 0, 1], [0, 0, 0]),
                                     ([0, 1, 2], [0, 2, 0]), ([0, 1, 2], [0, -1, 0])])
def test_bad_indices_and_numbers_out_of_order_are_left_to_others(ids: list[int], at: list[int]) -> None:
    made_of_named(torch.int64)
    made_of_named(torch.int64, ordered=False)
    rows, in_order = torch.ones((2, 2)), sorted(ids) == ids
    assert segments.segment_sums(rows, torch.tensor(ids), 3, torch.tensor(at), ordered=True) is None
    assert (segments.segment_sums(rows, torch.tensor(ids), 3, torch.tensor(at)) is None) == in_order


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
def test_lookups_and_their_gradients_are_the_same_by_either_way(combiner: str) -> None:
    ids, rows = np.array([4, 1, 4, 0, 2]), np.array([[0, 0], [0, 1], [1, 0], [3, 0], [3, 1]])
    with tf.Graph().as_default(), tf.Session() as sess:
        table = tf.Variable(np.random.RandomState(0).rand(5, 3).astype(np.float32))
        given = tf.sparse_placeholder(tf.int64)
        looked_up = tf.nn.embedding_lookup_sparse(table, given, None, combiner=combiner)
        slices = tf.gradients(looked_up ** 2, table)[0]
        sess.run(table.initializer)
        results = [sess.run([looked_up, slices], {given: (rows, ids, (4, 2))}) for _ in range(segments._CALLS + 2)]
    for first, last in zip(results[0], results[-1]):
        np.testing.assert_array_equal(getattr(first, "values", first), getattr(last, "values", last))


@pytest.mark.parametrize("dims", [(300,), (300, 2)])
def test_a_run_is_the_same_by_either_way_and_refuses_the_same(dims: tuple[int, ...]) -> None:
    random = np.random.RandomState(1)
    data, ids = random.rand(*dims), random.randint(-1, 9, 300)
    with tf.Graph().as_default(), tf.Session() as sess:
        given, numbers = tf.placeholder(tf.float64, [None, *dims[1:]]), tf.placeholder(tf.int64, [None])
        sums = tf.unsorted_segment_sum(given, numbers, 9)
        before = sess.run(sums, {given: data, numbers: ids})
        with pytest.raises(tf.errors.InvalidArgumentError) as first:
            sess.run(sums, {given: data, numbers: ids + 1})
        made(torch.float64, torch.int64)
        np.testing.assert_array_equal(sess.run(sums, {given: data, numbers: ids}), before)
        with pytest.raises(tf.errors.InvalidArgumentError) as second:
            sess.run(sums, {given: data, numbers: ids + 1})
    assert str(first.value) == str(second.value)


def test_many_rows_of_any_shape_are_summed_so() -> None:
    random = np.random.RandomState(0)
    rows, ids = random.randint(0, 9, (200, 20, 5, 3)).astype(np.float32), random.randint(-1, 7, (200, 20))
    expected = np.zeros((7, 5, 3))
    np.add.at(expected, ids[ids >= 0], rows[ids >= 0])
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, rows.shape)
        sums = tf.unsorted_segment_sum(x, ids.astype(np.int32), 7)
        for _ in range(2 * segments._CALLS_OF_MANY):
            assert session.run(sums, {x: rows}).tolist() == expected.tolist()
