"""Feeds: what is fed most often goes a shorter way to the same tensor, and shapes are looked at alike on every way."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tfmagic import tf
from tfmagic.base import shapes
from tfmagic.session import feeds

NUMBERS = [0.1, 1e300, -1e-320, math.inf, 1, True, np.float32(0.1), np.arange(6.0).reshape(2, 3), np.arange(6) - 300,
           np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(6.0)[::-2], np.array([True, False]),
           np.array(2.5), np.array([1.5, 2.5], ">f8"), np.array([-1.7, 1.7, 300.9]), np.float16([0.1, 2.0])]


@pytest.mark.parametrize("dtype", [tf.float16, tf.float32, tf.float64, tf.int8, tf.uint8, tf.int32, tf.int64, tf.bool])
@pytest.mark.parametrize("value", NUMBERS, ids=repr)
def test_numbers_are_cast_as_numpy_casts_them(graph: tf.Graph, dtype: Any, value: Any) -> None:
    fed = feeds.converter(tf.placeholder(dtype))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of numbers that a type cannot hold
        wanted = np.asarray(value).astype(dtype.as_numpy_dtype)
        found = fed(value).numpy()
    assert found.dtype == wanted.dtype and found.flags.c_contiguous
    np.testing.assert_array_equal(found, wanted)


sizes = st.lists(st.integers(0, 3), max_size=3)


@given(st.none() | st.lists(st.none() | st.integers(0, 3), max_size=3), sizes)
def test_a_shape_fits_where_the_placeholder_could_have_it(stated: Any, fed: list[int]) -> None:
    dims = None if stated is None else tuple(stated)
    assert feeds._fits(dims)(tuple(fed)) == shapes.compatible(dims, tuple(fed))


@pytest.mark.parametrize("value", [np.zeros((2, 5), np.float32), np.zeros((2, 5)), [[0.0] * 5], 0.5], ids=repr)
@pytest.mark.parametrize("stated", [(None, 4), (2, 4), (None, 4, None)], ids=repr)
def test_a_shape_that_does_not_fit_is_refused_whatever_is_fed(graph: tf.Graph, stated: Any, value: Any) -> None:
    x = tf.placeholder(tf.float32, stated, name="x")
    with pytest.raises(ValueError, match=r"Cannot feed value of shape \(.*\) for Tensor 'x:0', which has shape '\("):
        feeds.converter(x)(value)


@pytest.mark.parametrize("dtype", [tf.float32, tf.int32, tf.uint16, tf.uint32, tf.bfloat16])
def test_a_tensor_of_torch_is_fed_to_any_type(graph: tf.Graph, dtype: Any) -> None:
    x = tf.placeholder(dtype, [2])
    with tf.Session(graph=graph) as sess:
        assert sess.run(tf.cast(x, tf.float64), {x: torch.tensor([1.0, 2.0])}).tolist() == [1.0, 2.0]
