"""Hashes of many strings at once are those of each alone, which are TensorFlow's (`tests/conformance/test_ops.py`)."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tfmagic.base.hash64 import hash64
from tfmagic.ops.strings import hashing

TEXTS = st.lists(st.one_of(st.binary(max_size=40), st.binary(min_size=200, max_size=300)), max_size=40)
WORDS = st.integers(0, (1 << 64) - 1)


def column(texts):
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


@given(texts=TEXTS, key=st.tuples(WORDS, WORDS))
def test_keyed_hashes(texts, key):
    assert hashing.siphashes(key, column(texts)).tolist() == [hashing.siphash(key, text) for text in texts]


@given(texts=TEXTS)
def test_old_hashes(texts):
    assert hashing.hashes64(column(texts)).tolist() == [hash64(text) for text in texts]


def test_the_shape_stays():
    texts = column([b"%d" % number for number in range(24)]).reshape(2, 3, 4)
    assert hashing.hashes64(texts).shape == (2, 3, 4)
    assert hashing.siphashes((1, 2), texts)[1, 2, 3] == hashing.siphash((1, 2), b"23")
