"""Operations on the rows of tensors as sets."""

from __future__ import annotations

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")
_OPERATIONS = {"difference": set.difference, "intersection": set.intersection, "union": set.union}


def run(fetch):
    with tf.Session() as sess:
        return sess.run(fetch)


def sparse(indices, values, shape) -> tf.SparseTensor:
    return tf.SparseTensor(np.array(indices, np.int64).reshape(-1, len(shape)), np.array(values), shape)


@pytest.mark.parametrize("operation", _OPERATIONS)
@pytest.mark.parametrize("make", [np.int32, np.uint8, lambda numbers: np.array(list("abcdef"), object)[numbers]])
def test_they_are_those_of_pythons_sets_in_ascending_order(operation, make) -> None:
    chance = np.random.RandomState(0)
    a, b = make(chance.randint(6, size=(2, 3, 4))), make(chance.randint(6, size=(2, 3, 5)))
    found = run(getattr(tf.sets, f"set_{operation}")(a, b))
    rows = {row: sorted(_OPERATIONS[operation](set(a[row].tolist()), set(b[row].tolist()))) for row in np.ndindex(2, 3)}
    assert found.indices.tolist() == [[*row, place] for row in rows for place in range(len(rows[row]))]
    members = [value.decode() if isinstance(value, bytes) else value for value in found.values.tolist()]
    assert members == sum(rows.values(), [])
    assert found.dense_shape.tolist() == [2, 3, max(map(len, rows.values()))]


def test_rows_may_be_sparse_and_empty() -> None:
    dense, none = np.arange(6).reshape(2, 3), sparse([], np.arange(0), [2, 4])
    some = sparse([[0, 1], [0, 2], [1, 0]], [1, 9, 4], [2, 4])
    assert run(tf.sets.set_union(dense, some)).values.tolist() == [0, 1, 2, 9, 3, 4, 5]
    assert run(tf.sets.set_intersection(some, some)).indices.tolist() == [[0, 0], [0, 1], [1, 0]]
    assert run(tf.sets.set_union(none, none)).dense_shape.tolist() == [2, 0]
    assert run(tf.sets.set_difference(none, dense)).values.tolist() == []
    assert run(tf.sets.set_size(sparse([[0, 1], [0, 2], [1, 0]], [9, 9, 4], [2, 4]))).tolist() == [1, 1]
    assert run(tf.sets.set_size(none)).tolist() == [0, 0]


def test_rows_and_places_may_be_more_than_numbers_count() -> None:
    many = sparse([[3, 5], [1 << 40, 0], [1 << 40, 1 << 39]], [7, 2, 1], [1 << 41, 1 << 40])
    found = run(tf.sets.set_union(many, many))
    assert found.indices.tolist() == [[3, 0], [1 << 40, 0], [1 << 40, 1]]
    assert found.values.tolist() == [7, 1, 2]


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize(("indices", "refused"), [
    ([[0, 1], [0, 1]], r"indices\[1\] = \[0,1\] is repeated"),
    ([[1, 0], [0, 3]], r"indices\[1\] = \[0,3\] is out of order"),
    ([[0, 1], [0, 4]], r"indices\[1\] = \[0,4\] is out of bounds: need 0 <= index < \[2,4\]"),
    ([[-1, 0], [0, 0]], r"indices\[0\] = \[-1,0\] is out of bounds")])
def test_coordinates_are_looked_at_also_where_nobody_asks(indices, refused, checked) -> None:
    """As TensorFlow 1.15 does."""
    with pytest.raises(tf.errors.InvalidArgumentError, match=refused):
        run(tf.sets.set_size(sparse(indices, [3, 3], [2, 4]), validate_indices=checked))
