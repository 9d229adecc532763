"""Dilation by machine code: the sums that torch finds, wherever windows lie."""

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.base.machine import pictures

pytest.importorskip("llvmlite")


@pytest.mark.parametrize("channels", [1, 3, 8, 37])
@pytest.mark.parametrize("sizes", [(1, 1), (3, 3), (4, 2)])
@pytest.mark.parametrize("stride, rate, padding", [(1, 1, "SAME"), (2, 1, "VALID"), (3, 2, "SAME"), (1, 3, "VALID")])
def test_runs_stay_what_the_first_one_gave(channels: int, sizes: tuple[int, int], stride: int, rate: int,
                                           padding: str) -> None:
    random = np.random.RandomState(0)
    images = random.randn(2, 20, 13, channels).astype(np.float32)
    images[0, 3, 4], images[1, 7, 7], images[1, 9] = np.nan, np.inf, -np.inf
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, images.shape)
        filters = tf.constant(random.randn(*sizes, channels).astype(np.float32))
        y = tf.nn.dilation2d(x, filters, [1, stride, stride, 1], [1, rate, rate, 1], padding)
        first = session.run(y, {x: images})
        for _ in range(pictures._CALLS_OF_FEW):
            last = session.run(y, {x: images})
    np.testing.assert_array_equal(first, last)
