"""What exactly a shape rule refuses: the dimensions that do not fit together, and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmagic import tf
from tfmagic.graph.conflict import Conflict, conflict
from tfmagic.ops.refusals import refused_by


def given_shape(*dims: int | None) -> Any:
    return tf.compat.v1.placeholder(tf.float32, dims)


def refused(build: Callable[[], Any]) -> Conflict:
    """The conflict in the node that `build` is refused."""
    with tf.Graph().as_default(), pytest.raises(ValueError) as caught:
        build()
    op = refused_by(caught.value)
    assert op is not None and op not in op.graph.get_operations()
    return conflict(op, [tensor._dims for tensor in op.inputs])


@pytest.mark.parametrize("build, expected", [
    (lambda: tf.matmul(given_shape(None, 4), given_shape(5, 3)), {0: (1,), 1: (0,)}),
    (lambda: tf.matmul(given_shape(4, None), given_shape(5, 3), transpose_a=True), {0: (0,), 1: (0,)}),
    (lambda: tf.matmul(given_shape(4), given_shape(5, 3)), {0: ()}),
    (lambda: given_shape(2, 4) + given_shape(3, 4), {0: (0,), 1: (0,)}),
    (lambda: given_shape(7, 2, 4) + given_shape(3, 4), {0: (1,), 1: (0,)}),
    (lambda: tf.concat([given_shape(2, 4), given_shape(3, 4), given_shape(3, 5)], 0), {1: (1,), 2: (1,)}),
    (lambda: tf.nn.bias_add(given_shape(2, 4), given_shape(5)), {0: (1,), 1: (0,)}),
    (lambda: tf.stack([given_shape(2, 4), given_shape(2, 4), given_shape(9, 4)]), {1: (0,), 2: (0,)}),
], ids=lambda value: "built" if callable(value) else str(value))
def test_the_dimensions_that_do_not_fit(build: Callable[[], Any], expected: Conflict) -> None:
    assert refused(build) == expected


def test_shapes_that_fit_have_no_conflict() -> None:
    with tf.Graph().as_default():
        op = tf.matmul(given_shape(None, 4), given_shape(4, 3)).op
    assert conflict(op, [(None, 4), (4, 3)]) == {}
    assert conflict(op, [(2, 4), (7, 3)]) == {0: (1,), 1: (0,)}  # of a run


@given(st.lists(st.integers(2, 5), max_size=4), st.lists(st.integers(2, 5), max_size=4))
def test_of_a_broadcast_one_pair_of_different_sizes_is_enough(a: list[int], b: list[int]) -> None:
    with tf.Graph().as_default():
        op = (given_shape() + given_shape()).op
    found = conflict(op, [tuple(a), tuple(b)])
    different = [back for back in range(1, min(len(a), len(b)) + 1) if a[-back] != b[-back]]
    if not different:
        assert found == {}
    else:
        ((first,), (second,)) = found[0], found[1]
        assert len(a) - first == len(b) - second and len(a) - first in different


def test_a_refused_type_knows_its_node() -> None:
    with tf.Graph().as_default(), pytest.raises(TypeError) as caught:
        tf.add(given_shape(2), tf.constant([1, 2]), name="sum")
    op = refused_by(caught.value)
    assert op is not None and (op.name, op.type, len(op.inputs)) == ("sum", "Add", 2)


def test_an_error_of_the_user_belongs_to_no_node() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        1 / 0  # noqa: B018
    assert refused_by(caught.value) is None
