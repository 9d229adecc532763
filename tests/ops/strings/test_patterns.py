"""Patterns: what Python's engine is asked for, it finds as RE2 does; the rest is RE2's."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.ops.strings import patterns
from tfmagic.ops.strings.patterns import pattern_of

ALIKE = [
    "a", "a-b", "<br />", " +", "_+", "[^a-z]", "[^a]+", "[0-9]+", "[^a-zA-Z0-9 ]", r"[\[\]\-\.]", "[.,!?()]+", "[\t ]",
    r"[\^a]+", r"\d+", r"\w", r"\W", "[^\n]+", "[_a-b.]", r"\s+", "(a)", "a|b", "a.b", "^a", "a$", r"[\d]", "(?i)a",
    "([ab])1", "a+b", "a*b", "a?b", "(a|b|-)1?", r"\ba", r"a\b", r"^\s+|\s+$", "<[^>]+>", "<.+?>", "(?:a|ab)(1|b1)?",
    "a+?b+", r"(\w+) (\w+)", r"[\w-]+", r"[^\s]+b", "(?i)[ab]+1", r"\S+\s", "(a(b)|1)-", "((a)|b)(1|-)", "a.*b",
    "(?:a.)", "b$|^a"]
BEYOND = ["(?:a|b)+", "(ab)*", "a++", "a{2}", "[[:alpha:]]", "[a--b]", "é+", r"\pL", "a**", "(?P<n>a)", r"\Qa.b\E",
          r"\x41", "(a", "a)", "[]a]", "(?:^a)*", r"\b+", "a|b{2}", "(?s)a.b"]


def texts(letters: str, count: int) -> list[bytes]:
    chance = np.random.RandomState(len(letters))
    return [b"", *("".join(chance.choice(list(letters), chance.randint(14))).encode() for _ in range(count))]


@pytest.mark.parametrize("pattern", ALIKE)
def test_what_is_read_here_is_found_alike(pattern: str) -> None:
    found = pattern_of(pattern.encode())
    assert found._plain is not None
    alone = pattern_of(b"(?:" + pattern.encode() + b"){1}")  # which is not read
    assert alone._plain is None
    some = texts("ab1 -_.,\n\t<>[]^AB\v", 300) + texts("ab1 -é世<>", 60) + [b"a\xff1", b"\xffab-\xfe"]
    for text in some:
        assert found.matches(text) == alone.matches(text)
        for rewrite in (b"<>", rb"[\0]", rb"\1-\2\\"):
            for everywhere in (True, False):
                # No group is counted anew, for the group around has no number.
                assert found.replacing(rewrite, everywhere)(text) == alone.replacing(rewrite, everywhere)(text), text


@pytest.mark.parametrize("pattern", BEYOND)
def test_what_could_be_read_in_two_ways_stays_with_re2(pattern: str) -> None:
    assert patterns._plain(pattern.encode()) is None


def test_what_may_be_empty_and_escapes_that_are_none_stay_with_re2() -> None:
    for pattern, rewrite in ((b"a*", b"x"), (b"a?b?", b"x"), (b"a", rb"x\y")):
        assert pattern_of(pattern).replacing(rewrite, True).__name__ == "by_re2"
    assert pattern_of(b"a+").replacing(rb"\0", True).__name__ != "by_re2"


@pytest.mark.parametrize("pattern", ["a+b", ".*.*.*b", "(a|aa)" * 7 + "a*b", "a?" * 20 + "a" * 20])
def test_what_would_take_too_many_tries_is_re2s(pattern: str) -> None:
    found, text = pattern_of(pattern.encode()), b"a" * 30_000
    begin = time.process_time()
    assert not found.matches(text)
    assert found.replacing(b"x", True)(text)[-1:] in (b"a", b"x")
    assert time.process_time() - begin < 5


@pytest.mark.usefixtures("graph")
def test_patterns_of_nodes_keep_groups_letters_and_the_first_match() -> None:
    with tf.Session() as sess:
        given = tf.constant(["the cat sat", "caté sat\n"])
        found = sess.run([tf.strings.regex_replace(given, "([a-z])at", r"<\1>"),
                          tf.strings.regex_replace(given, r"\bs.*", "", replace_global=False),
                          tf.strings.regex_full_match(given, ".*cat.*")])
    assert [each.tolist() for each in found] == [
        [b"the <c> <s>", "<c>é <s>\n".encode()], [b"the cat ", "caté \n".encode()], [True, False]]
