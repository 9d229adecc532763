"""Distances of sequences: by machine code as by Python, whatever the values are, wherever rows are empty."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmagic import tf
from tfmagic.base.machine import distances as machine


def by_definition(a: list[int], b: list[int]) -> int:
    if not a or not b:
        return len(a) + len(b)
    return min(by_definition(a[1:], b) + 1, by_definition(a, b[1:]) + 1, by_definition(a[1:], b[1:]) + (a[0] != b[0]))


@given(pairs=st.lists(st.tuples(*[st.lists(st.integers(0, 2), max_size=4)] * 2), max_size=5))
def test_machine_code_finds_the_least_number_of_changes(pairs: list[tuple[list[int], list[int]]]) -> None:
    machine._soon().asked(1e6)  # type: ignore[union-attr]  # so that the compiler is waited for
    given = []
    for side in zip(*pairs) if pairs else ((), ()):
        given += [np.array(sum(side, []), np.int64), np.cumsum([0, *map(len, side)])]
    found = machine.distances(*given)
    assert found.tolist() == [by_definition(*pair) for pair in pairs]
    assert found.tolist() == [machine._distance(*pair) for pair in pairs]


def sparse(rows: list[list[object]], dtype: str) -> tf.SparseTensorValue:
    places = [(row, column) for row, values in enumerate(rows) for column in range(len(values))]
    return tf.SparseTensorValue(np.array(places, np.int64).reshape(-1, 2),
                                np.array([value for values in rows for value in values], dtype), (len(rows), 9))


@pytest.mark.parametrize(("dtype", "values"), [("int32", [1, 2, 3]), ("float32", [0.0, -0.0, float("nan")]),
                                               ("object", [b"a", b"", b"ab"]), ("bool", [True, False, True])])
def test_values_of_any_type(dtype: str, values: list[object]) -> None:
    x, y, z = values
    said, true = sparse([[x, y], [], [z], []], dtype), sparse([[x], [y], [z], []], dtype)
    with tf.Graph().as_default(), tf.Session() as sess:
        kind = tf.string if dtype == "object" else tf.as_dtype(dtype)
        a, b = tf.sparse_placeholder(kind), tf.sparse_placeholder(kind)
        found = sess.run([tf.edit_distance(a, b, normalize=False), tf.edit_distance(b, a)], {a: said, b: true})
    last = 0.0 if z == z else 1.0  # NaN is equal to none
    assert found[0].tolist() == [1, 1, last, 0]
    assert found[1].tolist() == [0.5, float("inf"), last, 0]


def test_rows_in_another_order_are_put_together() -> None:
    places = np.array([[1, 0], [0, 0], [1, 1], [7, 0]], np.int64)
    with tf.Graph().as_default(), tf.Session() as sess:
        a = tf.SparseTensor(places, [5, 6, 7, 8], [2, 2])
        b = tf.SparseTensor(places[[1, 0, 2]], [6, 5, 9], [2, 2])
        assert sess.run(tf.edit_distance(a, b, normalize=False)).tolist() == [0, 1]
