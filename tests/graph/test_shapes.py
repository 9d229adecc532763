"""TensorShape and Dimension, and the broadcasting rule against NumPy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmagic import tf
from tfmagic.ops import shape_rules

known = st.lists(st.integers(0, 4), max_size=4).map(tuple)
partly = st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=4).map(tuple)


@given(known, known)
def test_broadcasting_is_numpys(x, y) -> None:
    try:
        expected = np.broadcast_shapes(x, y)
    except ValueError:
        with pytest.raises(ValueError, match="must be equal"):
            shape_rules.broadcast_dims(x, y)
    else:
        assert shape_rules.broadcast_dims(x, y) == expected


@given(partly, partly, st.data())
def test_a_partly_known_broadcast_holds_for_every_shape_it_stands_for(x, y, data) -> None:
    full_x, full_y = (tuple(data.draw(st.integers(0, 4)) if d is None else d for d in dims) for dims in (x, y))
    try:
        full = np.broadcast_shapes(full_x, full_y)
    except ValueError:
        return
    result = shape_rules.broadcast_dims(x, y)
    assert tf.TensorShape(result).is_compatible_with(full)


@given(partly, partly)
def test_merging_says_what_both_say(x, y) -> None:
    a, b = tf.TensorShape(x), tf.TensorShape(y)
    if not a.is_compatible_with(b):
        with pytest.raises(ValueError, match="not compatible"):
            a.merge_with(b)
        return
    merged = a.merge_with(b).as_list()
    assert all(m == (p if p is not None else q) for m, p, q in zip(merged, x, y))


def test_shapes_print_as_tensorflow_prints_them() -> None:
    assert str(tf.TensorShape([2, None])) == "(2, ?)"
    assert str(tf.TensorShape([3])) == "(3,)" and str(tf.TensorShape(None)) == "<unknown>"
    assert repr(tf.TensorShape([2, None])) == "TensorShape([Dimension(2), Dimension(None)])"


def test_dimensions_calculate_and_compare_as_in_tensorflow_1() -> None:
    shape = tf.TensorShape([2, None])
    assert shape[0] * 3 == 6 and shape[0].value == 2 and int(shape[0]) == 2
    assert (shape[1] + 1).value is None and (shape[1] == 3) is None
    with pytest.raises(TypeError, match="//"):
        shape[0] / 2
    with pytest.raises(ValueError, match=">= 0"):
        tf.Dimension(-1)


def test_slices_and_concatenation() -> None:
    shape = tf.TensorShape([1, None, 3])
    assert shape[1:].as_list() == [None, 3]
    assert shape.concatenate([4]).as_list() == [1, None, 3, 4]
    assert tf.TensorShape(None)[1:3].as_list() == [None, None]
    assert shape.num_elements() is None and tf.TensorShape([2, 3]).num_elements() == 6


def test_unknown_rank_has_no_length() -> None:
    with pytest.raises(ValueError):
        len(tf.TensorShape(None))
    with pytest.raises(ValueError):
        tf.TensorShape(None).as_list()
    assert not tf.TensorShape(None)
