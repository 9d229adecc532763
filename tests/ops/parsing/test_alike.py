"""Batches of examples that are alike are parsed at once, with the values and errors of parsing each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmagic import tf
from tfmagic.ops.parsing import alike, examples

SPEC = {"x": tf.FixedLenFeature([2, 2], tf.float32), "label": tf.FixedLenFeature([], tf.int64),
        "name": tf.FixedLenFeature([2], tf.string), "count": tf.FixedLenFeature([3], tf.int64, [7, 8, 9])}


def example(x=(1.0, 2, 3, 4), label=3, name=(b"ab", b"c"), count=(1, 2, 3), **more) -> bytes:
    features = {"x": tf.train.Feature(float_list=tf.train.FloatList(value=x)),
                "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
                "name": tf.train.Feature(bytes_list=tf.train.BytesList(value=name)),
                "count": tf.train.Feature(int64_list=tf.train.Int64List(value=count)), **more}
    return tf.train.Example(features=tf.train.Features(
        feature={key: value for key, value in features.items() if value is not None})).SerializeToString()


def outcome(batch):
    with tf.Graph().as_default(), tf.Session() as sess:
        parsed = tf.parse_example(tf.placeholder(tf.string, [None], name="given"), SPEC)
        try:
            return {key: (value.dtype, value.tolist()) for key, value in sess.run(parsed, {"given:0": batch}).items()}
        except tf.errors.InvalidArgumentError as error:
            return str(error).partition("\n")[0]


def both(batch):
    """What is parsed at once, and what one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples, "_TRIES", 0)
        slow = outcome(batch)
    return outcome(batch), slow


floats = st.floats(width=32, allow_nan=False, allow_subnormal=False)  # a run may take denormal numbers for 0
plain = st.builds(example, st.tuples(*[floats] * 4), st.integers(0, 127), st.tuples(st.just(b"ab"), st.sampled_from([
    b"c", b"d", b"\0"])), st.tuples(*[st.integers(0, 127)] * 3))
odd = st.builds(example, st.lists(floats, min_size=3, max_size=5), st.integers(-2 ** 63, 2 ** 63 - 1),
                st.lists(st.binary(max_size=3), max_size=3), st.lists(st.integers(0, 300), max_size=4))


@given(st.lists(plain, min_size=1, max_size=5))
def test_examples_that_are_alike(batch) -> None:
    columns = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alike.Alike, "values", lambda self, given, whole=alike.Alike.values: columns.append(
            whole(self, given)) or columns[-1])
        fast = outcome(batch)
    assert columns[-1] is not None, "it was parsed at once"
    assert fast == both(batch)[1]


@given(st.lists(st.one_of(plain, odd, st.binary(max_size=40)), min_size=1, max_size=4))
def test_any_other_batch(batch) -> None:
    fast, slow = both(batch)
    assert fast == slow


def test_single_examples_that_are_alike_are_read_where_their_values_are() -> None:
    chance = np.random.RandomState(0)
    with tf.Graph().as_default(), tf.Session() as sess, pytest.MonkeyPatch.context() as patch:
        parse = sess.make_callable(tf.parse_single_example(tf.placeholder(tf.string, [], name="given"), SPEC),
                                   [tf.get_default_graph().get_tensor_by_name("given:0")])
        asked = []
        whole = examples.Columns._features
        patch.setattr(examples.Columns, "_features", lambda self, given: asked.append(given) or whole(self, given))
        found, expected = [], []
        for turn in range(300):
            # Labels of two bytes, and a name that is longer, are read by the library, and change nothing.
            values = {"x": chance.rand(2, 2).astype(np.float32).tolist(), "label": int(chance.choice([5, 127, 300])),
                      "name": [b"ab", b"c" * (1 + turn % 50 // 49)], "count": chance.randint(0, 128, 3).tolist()}
            found.append(parse(example(np.ravel(values["x"]), values["label"], values["name"], values["count"])))
            expected.append(values)
        assert [{key: value.tolist() for key, value in parsed.items()} for parsed in found] == expected
        assert len(asked) < 200


@given(st.lists(st.one_of(plain, odd, st.binary(max_size=40)), min_size=1, max_size=6))
def test_any_other_single_example(given) -> None:
    def outcomes(columns):
        made = []
        for serialized in given:
            try:
                made.append([(value.dtype, value.tolist()) for value in columns.of_one(serialized)])
            except tf.errors.InvalidArgumentError as error:
                made.append(error.message)
        return made

    def columns():
        return examples.Columns((), [("x", tf.float32, [2, 2]), ("label", tf.int64, []), ("name", tf.string, [2]),
                                     ("count", tf.int64, [3])],
                                [np.array(default) for default in ([], [], [], [7, 8, 9])], ())

    slow = outcomes(columns())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples, "_SINGLES", 1)
        assert outcomes(columns()) == slow


def field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2, len(data)]) + data


def entry(key: bytes, value: bytes) -> bytes:
    return field(1, field(1, key) + field(2, value))


X = field(2, field(1, np.arange(4, dtype="<f4").tobytes()))
REST = entry(b"label", field(3, field(1, b"\5"))) + entry(b"name", field(1, field(1, b"p") + field(1, b"q")))
FORMS = {
    "plain": field(1, entry(b"x", X) + REST + entry(b"count", field(3, field(1, b"\1\2\3")))),
    "without a default": field(1, entry(b"x", X) + REST),
    "a key twice": field(1, entry(b"x", X) + entry(b"x", field(2, field(1, bytes(16)))) + REST),
    "features twice": field(1, entry(b"x", X)) + field(1, REST),
    "a list in two parts": field(1, entry(b"x", field(2, field(1, bytes(8)) + field(1, bytes(8)))) + REST),
    "two kinds": field(1, entry(b"x", field(3, field(1, b"\1")) + X) + REST),
    "single numbers": field(1, entry(b"x", field(2, b"".join(b"\x0d" + bytes(4) for _ in range(4)))) + REST),
    "value before key": field(1, field(1, field(2, X) + field(1, b"x")) + REST),
    "something unknown": field(1, entry(b"x", X) + REST) + field(9, b"abc"),
    "an unknown number": field(1, entry(b"x", X) + REST) + b"\x48\x01",
    "a key that is no text": field(1, entry(b"x", X) + REST + entry(b"\xff", X)),
    "cut off": field(1, entry(b"x", X) + REST)[:-1],
    "an entry without a value": field(1, entry(b"x", X) + REST + field(1, field(1, b"other"))),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_a_message(form) -> None:
    fast, slow = both([FORMS[form]] * 3)
    assert fast == slow
    if form == "plain":
        assert fast["x"][1] == [[[0, 1], [2, 3]]] * 3


def test_what_differs_between_batches() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        parsed = tf.parse_example(tf.placeholder(tf.string, [None], name="given"), SPEC)
        for turn in range(20):
            label = (3, 200, 5)[turn % 3]
            batch = [example(label=label), example(label=label + turn)]
            assert sess.run(parsed["label"], {"given:0": batch}).tolist() == [label, label + turn]
