"""Hashes of many strings at once are those of each alone, which are TensorFlow's (`tests/conformance/test_ops.py`)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmagic.base.hash64 import hash64
from tfmagic.base.machine import hashes
from tfmagic.ops.strings import hashing

TEXTS = st.lists(st.one_of(st.binary(max_size=40), st.binary(min_size=200, max_size=300)), max_size=40)
WORDS = st.integers(0, (1 << 64) - 1)


def column(texts):
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


@pytest.fixture(params=["Python", "machine code"], autouse=True, scope="module")
def way(request):
    """Whether the compiler is waited for at the first call."""
    with pytest.MonkeyPatch.context() as patched:
        if request.param == "Python":
            patched.setattr(hashes, "of_strings", lambda *_: None)
        else:
            for name in hashes._STRINGS:
                hashes._of_strings(name).asked(1e6)
        yield


@given(texts=TEXTS, key=st.tuples(WORDS, WORDS))
def test_keyed_hashes(texts, key):
    assert hashing.siphashes(key, column(texts)).tolist() == [hashing.siphash(key, text) for text in texts]


@given(texts=TEXTS)
def test_old_hashes(texts):
    assert hashing.hashes64(column(texts)).tolist() == [hash64(text) for text in texts]


def test_the_shape_stays():
    texts = column([b"%d" % number for number in range(24)]).reshape(2, 3, 4)
    assert hashing.hashes64(texts).shape == (2, 3, 4)
    assert hashing.fingerprints(texts.ravel())[5] == hashing.fingerprint64(b"5")
    assert hashing.siphashes((1, 2), texts)[1, 2, 3] == hashing.siphash((1, 2), b"23")
