"""Lookups by sparse numbers in one step: what machine code finds is what the ops one after another find."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tfmagic import tf
from tfmagic.base.machine import lookups
from tfmagic.ops.sparse import lookups as by_either
from tfmagic.session.planning import make_plan


def made(dtype: torch.dtype, matrix: torch.Tensor | None = None) -> None:
    """The machine code for numbers of a type, and sums of rows of such a matrix, is there."""
    for _ in range(lookups._CALLS + 1):
        lookups.lookups(torch.zeros((1, 2), dtype=torch.int64), torch.zeros(1, dtype=dtype), 1, 0, 1, matrix)


def by_ops(*arguments: Any) -> tuple[Any, ...]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(by_either, "lookups", lambda *arguments: None)
        return by_either.looked_up(*arguments)


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(-2, 5)), max_size=12), st.integers(0, 3))
@settings(max_examples=200, deadline=None)
def test_what_the_ops_find(dtype: torch.dtype, elements: list[tuple[int, int]], default: int) -> None:
    made(dtype)
    elements = sorted(elements, key=lambda element: element[0])
    indices = torch.tensor([[row, place] for place, (row, _) in enumerate(elements)], dtype=torch.int64).reshape(-1, 2)
    numbers = torch.tensor([number for _, number in elements], dtype=dtype)
    expected = by_ops(indices, numbers, 9, default, 0)
    room = len(expected[1])
    found = lookups.lookups(indices, numbers, 9, default, room)
    assert found is not None
    assert [(part.dtype, part.tolist()) for part in found[:4]] == [(part.dtype, part.tolist()) for part in expected[:4]]
    assert found[4].shape == expected[4].shape
    for other in (room - 1, room + 1):
        assert lookups.lookups(indices, numbers, 9, default, other) is None


@pytest.mark.parametrize("kind", ["sum", "mean", "sqrt_n"])
@pytest.mark.parametrize("dtype, of", [(torch.int64, torch.float32), (torch.int32, torch.float64)])
def test_sums_of_rows_are_those_of_the_ops(dtype: torch.dtype, of: torch.dtype, kind: str) -> None:
    matrix = torch.from_numpy(np.random.RandomState(0).rand(5, 3)).to(of)
    made(dtype, matrix)
    for rows, of_rows in (([0, 0, 0, 2, 4], [1, 4, -1, 4, 0]), ([1, 2], [-1, -2]), ([0, 1, 1], [3, 2, 2])):
        indices = torch.tensor([[row, place] for place, row in enumerate(rows)])
        numbers = torch.tensor(of_rows, dtype=dtype)
        expected = by_ops(indices, numbers, 5, 1, 0)
        room = len(expected[1])
        found = by_either.looked_up_sums(indices, numbers, 5, 1, room, matrix, kind)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(by_either, "lookups", lambda *arguments: None)
            other = by_either.looked_up_sums(indices, numbers, 5, 1, room, matrix, kind)
        for place, (part, expected_part) in enumerate(zip(found, other, strict=True)):
            if place == 4:  # only how many there are
                assert part.shape == expected_part.shape
            else:
                assert part.tolist() == expected_part.tolist()


def test_a_number_outside_of_the_matrix_is_left_to_the_ops() -> None:
    matrix = torch.ones((3, 2))
    made(torch.int64, matrix)
    indices, numbers = torch.tensor([[0, 0], [1, 0]]), torch.tensor([0, 3])
    assert lookups.lookups(indices, numbers, 2, 0, 2) is not None
    assert lookups.lookups(indices, numbers, 2, 0, 2, matrix) is None
    with pytest.raises(IndexError):
        by_either.looked_up_sums(indices, numbers, 2, 0, 2, matrix, "sum")


@pytest.mark.parametrize("rows", [[0, 2, 1], [0, 1, 3], [-1, 0, 1]])
def test_rows_outside_or_out_of_order_are_left_to_the_ops(rows: list[int]) -> None:
    made(torch.int64)
    indices = torch.tensor([[row, 0] for row in rows])
    assert lookups.lookups(indices, torch.tensor([1, 2, 3]), 3, 0, 3) is None
    bad = 0 if rows[0] < 0 else 2  # where nothing is looked up for it, it is no fault
    numbers = torch.tensor([1, 2, 3])
    numbers[bad] = -1
    assert lookups.lookups(indices, numbers, 3, 0, 3) is not None


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
def test_a_run_is_the_same_before_and_after_shapes_are_assumed(combiner: str) -> None:
    rows, ids = np.array([[0, 0], [0, 1], [2, 0], [2, 1], [4, 0]]), np.array([4, 4, -1, 1, -1])
    with tf.Graph().as_default(), tf.Session() as sess:
        table = tf.Variable(np.random.RandomState(0).rand(5, 3).astype(np.float32))
        places, numbers = tf.placeholder(tf.int64, [None, 2]), tf.placeholder(tf.int64, [None])
        sparse = tf.SparseTensor(places, numbers, [5, 2])
        looked_up = tf.nn.safe_embedding_lookup_sparse(table, sparse, combiner=combiner)
        slices = tf.gradients(looked_up ** 2, table)[0]
        sess.run(table.initializer)

        def results(of: Any) -> list[Any]:
            dense, part = sess.run([looked_up, slices], {places: rows, numbers: of})
            return [dense.tolist(), part.values.tolist(), part.indices.tolist()]

        others = [ids[::-1].copy(), np.array([0, 1, 2, 3, 4]), np.full(5, -1), np.array([4, 4, 1, -1, -1])]
        expected, of_others = results(ids), [results(other) for other in others]
        for _ in range(lookups._CALLS + 200):
            last = results(ids)
        assert last == expected
        assert [results(other) for other in others] == of_others
        with pytest.raises(tf.errors.InvalidArgumentError):
            sess.run(looked_up, {places: rows + 1, numbers: np.abs(ids)})


def test_what_is_read_besides_stays_as_it_is() -> None:
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        places, numbers = tf.placeholder(tf.int64, [5, 2]), tf.placeholder(tf.int64, [5])
        table = tf.constant(np.random.RandomState(0).rand(5, 3).astype(np.float32))
        looked_up = tf.nn.safe_embedding_lookup_sparse(table, tf.SparseTensor(places, numbers, [5, 2]))
        where, filled, unique = (next(op for op in graph.get_operations() if op.type == kind).outputs
                                 for kind in ("Where", "SparseFillEmptyRows", "Unique"))
        assumed = {where[0]: (3, 1), filled[0]: (6, 2), filled[1]: (6,), filled[3]: (3,), unique[0]: (3,)}

        def code(*fetches: Any) -> str:
            return make_plan([looked_up, *fetches], (), [places, numbers], sess._torch_device, sess.resources,
                             assumed=assumed).code()

        assert "looked_up(" in code() and "with_every_row" not in code() and "true_places" not in code()
        assert ", 5, 'mean')" in code()  # each of the five rows has an element
        assert code().count("session_assume_shape") == len(assumed) - 1  # nobody reads where elements went
        for tensor in (filled[0], filled[1], filled[3]):
            assert "looked_up(" not in code(tensor) and "with_every_row(" in code(tensor)
        assert "looked_up(" in code(where[0]) and "true_places(" in code(where[0])


def test_rows_and_their_gradients_are_summed_where_they_are() -> None:
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        places, numbers = tf.placeholder(tf.int64, [5, 2]), tf.placeholder(tf.int64, [5])
        table = tf.Variable(np.random.RandomState(0).rand(5, 3).astype(np.float32), use_resource=True)
        looked_up = tf.nn.safe_embedding_lookup_sparse(table, tf.SparseTensor(places, numbers, [5, 2]), combiner="sum")
        values = tf.gradients(looked_up ** 2, table)[0].values
        where, filled, unique = (next(op for op in graph.get_operations() if op.type == kind).outputs
                                 for kind in ("Where", "SparseFillEmptyRows", "Unique"))
        assumed = {where[0]: (5, 1), filled[0]: (5, 2), filled[1]: (5,), filled[3]: (5,), unique[0]: (3,)}
        code = make_plan([looked_up, values], (), [places, numbers], sess._torch_device, sess.resources,
                         assumed=assumed).code()
        assert "sum_of_taken(" in code and "unsorted_sum(" not in code
        assert "looked_up_sums(" in code and "gathered(" not in code
