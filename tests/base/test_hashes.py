"""Hashes by machine code: bit for bit those of Python's numbers, which are compared with TensorFlow's."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfmagic import tf
from tfmagic.base.machine import hashes
from tfmagic.ops.strings.hashing import fingerprint64


def column(texts: list[bytes]) -> np.ndarray:
    made = np.empty(len(texts), object)
    made[:] = texts
    return made


def made() -> None:
    """The machine code is there."""
    for name in hashes._STRINGS:
        hashes._of_strings(name).asked(1e6)  # type: ignore[union-attr]  # so that the compiler is waited for
    for _ in range(hashes._CALLS + 1):
        hashes.crossed([np.zeros(hashes._FEWEST, np.int64)] * 2, 0, 1)


@given(st.lists(st.binary(max_size=32), min_size=hashes._FEWEST, max_size=40))
@example([bytes(range(200, 200 + size)) for size in range(33)])
@settings(max_examples=200, deadline=None)
def test_fingerprints_of_strings(texts: list[bytes]) -> None:
    made()
    found = hashes.of_strings("fingerprint", column(texts))
    assert found is not None and found.tolist() == [fingerprint64(text) for text in texts]
    every_second = hashes.of_strings("fingerprint", column([text for text in texts for _ in range(2)])[::2])
    assert every_second is not None and every_second.tolist() == found.tolist()


def test_long_strings_and_what_is_no_string_are_left_to_others() -> None:
    made()
    for other in (b"x" * 33, "text", None, 5, bytearray(b"x")):
        assert hashes.of_strings("fingerprint", column([b"a"] * hashes._FEWEST + [other])) is None  # type: ignore[list-item]


def test_only_the_fingerprints_of_long_strings_are_left_to_others() -> None:
    made()
    texts = column([b"x" * size for size in range(20, 200, 9)])
    for name in ("keyed", "old"):
        assert hashes.of_strings(name, texts, (1, 2)) is not None
        texts[3] = bytearray(b"x")
        assert hashes.of_strings(name, texts, (1, 2)) is None
        texts[3] = b""


def test_a_run_is_the_same_by_either_way() -> None:
    words = [b"w%d" % number for number in range(40)]
    words += [b"a word of more than sixteen bytes"[:size] for size in range(33)]
    numbers = np.arange(-30, len(words) - 30)
    with tf.Graph().as_default(), tf.Session() as sess:
        given, of_numbers = tf.placeholder(tf.string, [None, 1]), tf.placeholder(tf.int64, [None, 1])
        fetched = [tf.sparse.cross_hashed([given, of_numbers, given]).values,
                   tf.sparse.cross_hashed([given, of_numbers], 1000, hash_key=-5).values,
                   tf.string_to_hash_bucket_fast(given, 1 << 40)]
        fed = {given: np.array(words)[:, None], of_numbers: numbers[:, None]}
        results = [[value.tolist() for value in sess.run(fetched, fed)] for _ in range(hashes._CALLS + 5)]
    assert results[0] == results[-1]
