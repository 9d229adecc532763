"""The different numbers of a vector by machine code: in the order in which they appear, as Python tells them."""

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.base.machine import distinct

pytest.importorskip("llvmlite")


@pytest.fixture
def made() -> None:
    """Both kinds of machine code are there."""
    for kind in (torch.int32, torch.int64):
        for _ in range(distinct._CALLS + 1):
            distinct.distinct(torch.zeros(distinct._LEAST, dtype=kind))


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize("low, high, count", [(0, 2000, 500), (-5, 3, 200), (7, 8, 128),
                                              (-(1 << 31), 100 - (1 << 31), 300)])
def test_numbers_in_order_of_appearance(made: None, dtype: torch.dtype, low: int, high: int, count: int) -> None:
    x = torch.from_numpy(np.random.RandomState(0).randint(low, high, 2 * count)).to(dtype)[::2]
    values, places = distinct.distinct(x)
    expected = list(dict.fromkeys(x.tolist()))
    assert values.dtype == dtype and values.tolist() == expected
    assert places.tolist() == [expected.index(number) for number in x.tolist()]


def test_short_vectors_and_wide_ranges_are_left_to_others(made: None) -> None:
    assert distinct.distinct(torch.zeros(distinct._LEAST - 1, dtype=torch.int64)) is None
    wide = torch.zeros(distinct._LEAST, dtype=torch.int64)
    wide[0], wide[1] = torch.iinfo(torch.int64).min, torch.iinfo(torch.int64).max
    assert distinct.distinct(wide) is None


def test_unique_is_the_same_by_either_way(made: None) -> None:
    numbers = np.random.RandomState(1).randint(0, 50, 300)
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.int32, [None])
        y, places = sess.run(tf.unique(x), {x: numbers})
    assert y.tolist() == list(dict.fromkeys(numbers.tolist()))
    np.testing.assert_array_equal(y[places], numbers)
