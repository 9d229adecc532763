"""String ops: joins, splits, patterns, numbers, hashes, encodings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmagic import tf
from tfmagic.ops.strings import read_numbers

# Printed by TensorFlow 2.21 for the strings below.
SAMPLES = ["", "a", "abcdef", "hello world", "x" * 17, "y" * 40, "z" * 70, "w" * 200]
FAST = [1936946117179621455, 3694432073954588131, 227774409681912525, 1769834696496558107, 2082709914559524773,
        276292113409495006, 4496752230148318907, 526236191678461824]
STRONG = [887865449656487406, 2150915142212405420, 1174331950358993753, 3157629594444378878, 1067430206084356362,
          411560665529853827, 2343549409886367874, 2520956141373332584]
PLAIN = [105434511174508091, 2996632905371535868, 1933051638346102479, 936430787915428847, 4161156153655800118,
         2760375234777655417, 3167011311279653072, 2813016474444713456]


pytestmark = pytest.mark.usefixtures("graph")


def run(fetch, feed=None):
    with tf.Session() as sess:
        return sess.run(fetch, feed)


def test_hashes_are_tensorflows_bit_for_bit() -> None:
    buckets = 2**62
    assert run(tf.strings.to_hash_bucket_fast(SAMPLES, buckets)).tolist() == FAST
    assert run(tf.strings.to_hash_bucket_strong(SAMPLES, buckets, [123, 456])).tolist() == STRONG
    assert run(tf.strings.to_hash_bucket(SAMPLES, buckets)).tolist() == PLAIN
    assert run(tf.fingerprint([[1, 2], [3, 4]])).tolist() == [[76, 18, 253, 133, 168, 204, 240, 10],
                                                             [254, 162, 60, 240, 103, 244, 53, 255]]


def test_joins() -> None:
    s = tf.constant([["a", "b"], ["c", "d"]])
    assert run(tf.strings.join([s, "-", s])).tolist() == [[b"a-a", b"b-b"], [b"c-c", b"d-d"]]
    assert run(tf.reduce_join(s, 0, separator=".")).tolist() == [b"a.c", b"b.d"]
    assert run(tf.reduce_join(s)) == b"abcd"
    assert run(tf.reduce_join(s, [0, 1])) == b"acbd"


def test_splits_are_sparse_tensors() -> None:
    result = run(tf.string_split(["a b  c", "", "d"]))
    assert result.indices.tolist() == [[0, 0], [0, 1], [0, 2], [2, 0]]
    assert result.values.tolist() == [b"a", b"b", b"c", b"d"]
    assert result.dense_shape.tolist() == [3, 3]
    assert run(tf.strings.split(["a,b,,c"], sep=",", maxsplit=2)).values.tolist() == [b"a", b"b", b",c"]


def test_patterns_are_re2s() -> None:
    assert run(tf.strings.regex_replace(["abcabc"], "b(.)", r"<\1\0>")).tolist() == [b"a<cbc>a<cbc>"]
    assert run(tf.strings.regex_replace(["baac"], "a*", "x")).tolist() == [b"xbxcx"]
    assert run(tf.strings.regex_full_match(["abc", "abcd"], "a.c")).tolist() == [True, False]
    # Python's own engine would take years over this.
    assert run(tf.strings.regex_full_match(["a" * 5000], "(a*)*(a|a)*b")).tolist() == [False]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid pattern"):
        run(tf.strings.regex_replace(["a"], "(", "x"))


def test_what_is_not_named_is_a_letter_of_utf8() -> None:
    assert run(tf.strings.regex_replace(["aé世b", "a?b"], "[^a-z]", "_")).tolist() == [b"a__b", b"a_b"]


def test_numbers() -> None:
    assert run(tf.as_string([1.5, -2.0], precision=1)).tolist() == [b"1.5", b"-2.0"]
    assert run(tf.as_string([7], width=3, fill="0")).tolist() == [b"007"]
    np.testing.assert_array_equal(run(tf.string_to_number(["1.5", " -2 ", "1e3", "inf"])), [1.5, -2, 1000, np.inf])
    for text in ("1_0", "", "abc", "0b1"):
        with pytest.raises(tf.errors.InvalidArgumentError, match="could not correctly convert string"):
            run(tf.string_to_number([text]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="99999999999"):
        run(tf.string_to_number(["99999999999"], tf.int32))


NUMBERS = ["0", "7", "-12", "007", "-0", "2147483647", "2147483648", "-2147483648", "-2147483649",
           "9223372036854775806", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "9" * 20]
ODD = ["1.5", "-.5", "1.", ".", "1e3", "1e", "+5", "-+5", "1e400", " 3", "4 5", "", "-", "--1", "1-2", "- 1", "1_0",
       "inf", "x", "0x10", "1\n"]


@pytest.mark.parametrize("kind", ["int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("seed", range(8))
def test_numbers_read_at_once_are_those_read_one_by_one(kind: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.RandomState(seed)
    given = tf.placeholder(tf.string, [None])
    read = tf.string_to_number(given, kind)
    lists = [chance.choice(NUMBERS[:4 + 5 * (turn % 3)], 1 + turn) for turn in range(12)]
    lists += [chance.choice(NUMBERS[:4] + [chance.choice(ODD)], 5) for _ in range(40)] + [["4 5", ""], ["- ", "1"], []]

    def outcomes() -> list:
        made: list = []
        with tf.Session() as sess:
            for texts in lists:
                try:
                    value = sess.run(read, {given: texts})
                    made.append((value.dtype, value.tolist()))
                except tf.errors.InvalidArgumentError as refused:
                    made.append(refused.message)
        return made

    at_once = outcomes()
    for name in ("plain_whole", "plain_reals"):
        monkeypatch.setattr(read_numbers, name, lambda texts: None)
    assert at_once == outcomes()


@pytest.mark.parametrize("seed", range(6))
def test_many_decimals_read_at_once_are_pythons(seed: int) -> None:
    chance = np.random.RandomState(seed)
    texts = [f"{chance.randn() * 10.0 ** chance.randint(-6, 5):.{1 + chance.randint(9)}f}" for _ in range(300)]
    texts[:4] = ["0.1", ".5", "7.", "-0000.30"]
    for odd in ([], ["-0.0"], ["0.0"], ["12"], ["9007199254740993.0"], [f"0.{'0' * 23}1"], ["1.-5"], ["1.2.3"], ["."],
                ["-."], ["1.5 2"]):
        given = [text.encode() for text in texts + odd]
        try:
            expected = [float(text) for text in given]
        except ValueError:
            assert read_numbers.plain_reals(given) is None
        else:
            assert str(read_numbers.plain_reals(given).tolist()) == str(expected)
        assert (read_numbers._plain_decimals(given) is not None) == (odd in ([], ["-0.0"], ["0.0"]))


def test_parts_and_lengths_count_bytes_or_characters() -> None:
    s = tf.constant(["olá", "x"])
    assert run(tf.strings.length(s)).tolist() == [4, 1]
    assert run(tf.strings.length(s, unit="UTF8_CHAR")).tolist() == [3, 1]
    assert run(tf.strings.substr(["olá"], 2, 1, unit="UTF8_CHAR")).tolist() == ["á".encode()]
    with pytest.raises(tf.errors.InvalidArgumentError, match="pos 5 out of range"):
        run(tf.strings.substr("ab", 5, 1))


def test_bytes() -> None:
    assert run(tf.decode_raw(["\x01\x02", "\x03\x04"], tf.uint8)).tolist() == [[1, 2], [3, 4]]
    assert run(tf.decode_raw("\x01\x02", tf.int16, little_endian=False)).tolist() == [258]
    assert run(tf.decode_base64(tf.encode_base64(["hello?>"]))).tolist() == [b"hello?>"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="not a multiple of 4"):
        run(tf.decode_raw("abc", tf.int32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="base64"):
        run(tf.decode_base64("a*"))


def test_unicode() -> None:
    assert run(tf.strings.unicode_transcode([b"a\xffb"], "UTF-8", "UTF-8")).tolist() == ["a\ufffdb".encode()]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid formatting"):
        run(tf.strings.unicode_transcode([b"a\xffb"], "UTF-8", "UTF-8", errors="strict"))


def test_format_shows_both_ends_of_long_tensors() -> None:
    assert run(tf.strings.format("x {} y {}", [tf.range(8), "s"])) == b'x [0 1 2 ... 5 6 7] y "s"'
    with pytest.raises(ValueError, match="placeholder"):
        tf.strings.format("{} {}", [tf.range(8)])


@pytest.mark.parametrize("texts", [[], [b""], [b"plain", b"", b"words"], [b"caf\xc3\xa9", b"x"], [b"a\xc3", b"\xa9"],
                                   [b"a\0b\n", b"\x7f"]])
def test_code_points_of_a_column_are_those_of_each_string(texts: list[bytes]) -> None:
    def points(column: list[bytes]) -> list[list[int]]:
        x = tf.placeholder(tf.string, [None])
        rows = run(tf.strings.unicode_decode_with_offsets(x, "UTF-8"), {x: np.array(column, object).reshape(-1)})
        return [part.to_list() for part in rows]

    alone = [points([text, "\N{GREEK SMALL LETTER ALPHA}".encode()]) for text in texts]  # which is no ASCII
    assert points(texts) == [[rows[which][0] for rows in alone] for which in (0, 1)]


@pytest.mark.parametrize(("start", "length"), [(0, 0), (0, 3), (1, 9), (2, -1), (-1, 1), (3, 2)])
def test_parts_of_a_column_are_those_of_each_string(start: int, length: int) -> None:
    texts = [b"abc", b"defg", b"hij\0"]
    expected = [run(tf.substr(text, start, length)) for text in texts]
    assert run(tf.substr(texts, start, length)).tolist() == expected
    assert run(tf.substr(texts, [start] * 3, [length] * 3)).tolist() == expected


def test_a_start_beyond_one_of_the_strings_is_refused() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="pos 4 out of range for string b'abc' at index 1"):
        run(tf.substr([b"abcd", b"abc"], 4, 1))


BYTES = st.lists(st.sampled_from([b"a", b"\0", b"\x1f", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xf0\x9f",
                                  b"\x80", b"\xff", b"\xed\xa0\x80", b"=", b"A", b"-_"]), max_size=5).map(b"".join)


@pytest.mark.parametrize("function", [
    lambda s: tf.strings.length(s, unit="UTF8_CHAR"),
    lambda s: tf.strings.lower(s, encoding="utf-8"),
    lambda s: tf.strings.unicode_transcode(s, "UTF-8", "UTF-16-BE", replace_control_characters=True),
    lambda s: tf.strings.unicode_transcode(s, "UTF-16-LE", "UTF-8"),
    lambda s: tf.strings.substr(s, 0, 0, unit="UTF8_CHAR")],
    ids=["length", "lower", "transcode", "from pairs of bytes", "substr"])
@given(texts=st.lists(BYTES, min_size=1, max_size=4))
def test_strings_of_a_column_are_treated_as_each_alone(function: Any, texts: list[bytes]) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        p = tf.placeholder(tf.string, [None])
        result = function(p)
        together = sess.run(result, {p: texts})
        assert together.tolist() == [sess.run(result, {p: [text]})[0] for text in texts]


def test_bytes_are_told_at_which_code_points_begin() -> None:
    texts = [b"caf\xc3\xa9", b"", b"\xe2\x82\xac\xf0\x9f\x98\x80x", b"plain"]
    for broken in ([], [b"\xe2\x82"]):
        points, starts = run(list(tf.strings.unicode_decode_with_offsets(texts + broken, "UTF-8")))
        assert points.to_list()[:4] == [[99, 97, 102, 233], [], [8364, 128512, 120], [112, 108, 97, 105, 110]]
        assert starts.to_list()[:4] == [[0, 1, 2, 3], [], [0, 3, 7], [0, 1, 2, 3, 4]]


@pytest.mark.parametrize(("text", "message"), [
    (b"ab=d", "Invalid character"), (b"a+b/", "Invalid character"), (b"abcde", "length cannot be 1 modulo 4")])
def test_a_string_that_is_no_base64_is_refused_among_others(text: bytes, message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run(tf.decode_base64([b"YWJj", text]))
    good = [b"YWJj", b"YWI=", b"YWI", b"", b"_-8="]
    assert run(tf.decode_base64(good)).tolist() == [b"abc", b"ab", b"ab", b"", b"\xff\xef"]
