"""Lines of CSV: columns at once have the values, and the refusals, of the lines one by one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.ops.parsing.csv import _Layout

FIELDS = ["1", "-7", " 3 ", "2.5", "1e3", "nan", "NA", "", "x", "a b", '"q"', '"a,b"', "+4", "1_0", "99999999999",
          "inf"]


def layout(types, defaults, **attrs) -> _Layout:
    given = {"field_delim": ",", "na_value": "NA", "select_cols": [], "use_quote_delim": True, "OUT_TYPE": types}
    return _Layout(SimpleNamespace(**given | attrs), [np.array(default) for default in defaults])


@pytest.mark.parametrize("seed", range(60))
def test_columns_at_once_are_the_values_of_lines(seed: int) -> None:
    chance = np.random.RandomState(seed)
    types = [tf.float32, tf.int32, tf.string, tf.int64][:chance.randint(1, 5)]
    defaults = [[1.5], [3], [b"none"], []][:len(types)]
    plain = FIELDS[:3] if seed % 2 else FIELDS
    read = layout(types, defaults, use_quote_delim=bool(seed % 3),
                  select_cols=[0] if seed % 5 == 0 and len(types) == 1 else [])
    for _ in range(20):
        lines = [",".join(chance.choice(plain, len(types) + (chance.rand() < 0.02))).encode()
                 for _ in range(chance.randint(1, 5))]
        try:
            expected = list(map(list, zip(*[read.values(line, row) for row, line in enumerate(lines)])))
        except tf.errors.InvalidArgumentError as refused:
            with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                read.columns(lines)
            assert caught.value.message == refused.message
        else:
            assert str(list(map(list, read.columns(lines)))) == str(expected)


@pytest.mark.parametrize("seed", range(40))
def test_a_line_at_once_has_the_values_of_its_fields(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.RandomState(seed)
    types = [tf.float32, tf.int32, tf.string, tf.int64][:chance.randint(1, 5)]
    read = layout(types, [[1.5], [3], [b"none"], []][:len(types)])
    plain = [",".join(chance.choice(FIELDS[:3] + ["99999999999"] * (seed % 2), len(types))).encode() for _ in range(20)]
    odd = [",".join(chance.choice(FIELDS, len(types) + (chance.rand() < 0.1))).encode() for _ in range(20)]

    def outcome(line: bytes):
        try:
            return [(value.dtype, value.tolist()) for value in read.of_one(line)]
        except tf.errors.InvalidArgumentError as refused:
            return refused.message

    fast = str([outcome(line) for line in plain + odd])
    monkeypatch.setattr(_Layout, "_plain_values", lambda *given: None)
    assert fast == str([outcome(line) for line in plain + odd])


def test_numbers_of_one_line_stay_when_the_next_is_read() -> None:
    read = layout([tf.float32, tf.int64, tf.float32], [[], [], []])
    lines = [(number, -number, number / 2) for number in range(2000)]
    found = [read.of_one(",".join(map(str, line)).encode()) for line in lines]
    assert [tuple(value.item() for value in values) for values in found] == lines


def test_no_lines_and_one_missing_number() -> None:
    read = layout([tf.float32, tf.string], [[0.5], [b"?"]])
    assert read.columns([]) == []
    assert [list(column) for column in read.columns([b"1,a_b", b",", b"NA,c+d"])] == [
        [1.0, 0.5, 0.5], [b"a_b", b"?", b"c+d"]]
    assert read._plain_columns([b"1,a_b"]) is not None
    for line in (b"1_0,a", b"infinity,a", b"1,a\n", b'1,"a"', b"1", b"x,a"):
        assert read._plain_columns([line]) is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("lines", [b"1e300", [b"1e300", b"-1e39"]])
def test_a_number_too_large_for_its_type_is_infinite_without_a_word(lines: object) -> None:
    found = tf.Session().run(tf.decode_csv(tf.constant(lines), [[0.0]])[0])
    assert (abs(found) == float("inf")).all()
