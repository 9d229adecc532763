"""Extremes of so many numbers that torch is asked first whether one is NaN: they are those of the other numbers."""

from __future__ import annotations

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


@pytest.mark.parametrize("axes", [None, 0, [1, 2], 3, [0, 3], -2])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("spoilt", ["nowhere", "somewhere", "everywhere along an axis"])
def test_nan_is_no_extreme(axes: int | list[int] | None, keepdims: bool, spoilt: str) -> None:
    numbers = np.random.RandomState(0).randn(4, 64, 64, 16).astype(np.float32)
    if spoilt != "nowhere":
        numbers[1, 2, 3, 4] = numbers[0, 0, 0, 0] = np.nan
    if spoilt.startswith("everywhere"):
        numbers[2, :, :, 3] = numbers[:, 5, :, 1] = numbers[3, 1, 1] = np.nan
    x = tf.placeholder(tf.float32, numbers.shape)
    named = None if axes is None else tuple(np.ravel(axes))
    with tf.Session() as sess:
        highest, lowest = sess.run([tf.reduce_max(x, axes, keepdims=keepdims),
                                    tf.reduce_min(x, axes, keepdims=keepdims)], {x: numbers})
    for found, function, nothing in ((highest, np.max, -np.inf), (lowest, np.min, np.inf)):
        expected = function(np.where(np.isnan(numbers), np.float32(nothing), numbers), named, keepdims=keepdims)
        np.testing.assert_array_equal(found, expected)
