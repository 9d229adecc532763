"""The different numbers of a vector by machine code: in the order in which they appear, as Python tells them."""

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.base.machine import distinct

pytest.importorskip("llvmlite")
KINDS = [torch.int32, torch.int64]


@pytest.fixture
def made() -> None:
    """All kinds of machine code are there."""
    for kind in KINDS:
        for places in KINDS:
            distinct._soon(kind, places).asked(1e6)  # so that the compiler is waited for


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("low, high, count", [(0, 2000, 500), (-5, 3, 200), (7, 8, 128), (0, 9, 12),
                                              (-(1 << 31), 100 - (1 << 31), 300), (-(1 << 31), (1 << 31) - 1, 9000)])
def test_numbers_in_order_of_appearance(made: None, dtype: torch.dtype, kind: torch.dtype, low: int, high: int,
                                        count: int) -> None:
    for seed in range(3):  # what a call leaves in the table is nothing to the next one
        x = torch.from_numpy(np.random.RandomState(seed).randint(low, high, 2 * count)).to(dtype)[::2]
        values, places = distinct.distinct(x, kind)
        expected = {number: place for place, number in enumerate(dict.fromkeys(x.tolist()))}
        assert values.dtype == dtype and values.tolist() == list(expected)
        assert places.dtype == kind and places.tolist() == [expected[number] for number in x.tolist()]


def test_numbers_with_the_same_hash(made: None) -> None:
    x = torch.arange(500, dtype=torch.int64) << 58  # all but the highest bits are the same
    values, places = distinct.distinct(x, torch.int32)
    assert values.tolist() == list(dict.fromkeys(x.tolist())) and values.tolist()[int(places[499])] == int(x[499])


def test_very_short_vectors_are_left_to_others(made: None) -> None:
    assert distinct.distinct(torch.zeros(distinct._LEAST - 1, dtype=torch.int64), torch.int32) is None


def test_long_vectors_have_a_table_of_their_own(made: None) -> None:
    x = torch.arange(1 << distinct._LARGE - 2, dtype=torch.int64) % 70_000 * -3
    for _ in range(2):
        values, places = distinct.distinct(x, torch.int32)
        assert torch.equal(values, torch.arange(70_000) * -3)
        assert torch.equal(values[places], x)


def test_unique_is_the_same_by_either_way(made: None) -> None:
    numbers = np.random.RandomState(1).randint(0, 50, 300)
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.int32, [None])
        y, places = sess.run(tf.unique(x), {x: numbers})
    assert y.tolist() == list(dict.fromkeys(numbers.tolist()))
    np.testing.assert_array_equal(y[places], numbers)
