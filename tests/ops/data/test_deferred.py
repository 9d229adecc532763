"""Examples that are parsed by the batch although the program parses them one by one: nothing shows it but the speed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tfmagic import tf
from tfmagic.ops.parsing.examples import Deferred

FEATURES = {"label": tf.FixedLenFeature([], tf.int64), "numbers": tf.FixedLenFeature([2], tf.float32)}


def example(label: int, numbers: int = 2) -> bytes:
    return tf.train.Example(features=tf.train.Features(feature={
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
        "numbers": tf.train.Feature(float_list=tf.train.FloatList(value=[float(label)] * numbers)),
    })).SerializeToString()


def write(path: Path, records: list[bytes]) -> str:
    with tf.python_io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    return str(path)


def parse(record: Any) -> Any:
    return tf.parse_single_example(record, FEATURES)


def same(element: Any) -> Any:
    return {key: tf.identity(value) for key, value in element.items()}


def taken(data: Any) -> list[Any]:
    """Labels of each batch; an error is its first words."""
    following = data.make_one_shot_iterator().get_next()
    found: list[Any] = []
    with tf.Session() as sess:
        while len(found) < 40:
            try:
                found.append(sess.run(following)["label"].tolist())
            except tf.errors.OutOfRangeError:
                break
            except tf.errors.InvalidArgumentError as error:
                found.append(error.message.split(".")[0])
    return found


PIPELINES: dict[str, Callable[[Any], Any]] = {
    "batch": lambda data: data.batch(4),
    "shuffle": lambda data: data.shuffle(5, seed=3).batch(4),
    "repeat": lambda data: data.repeat(2).shuffle(5, seed=3).batch(3, drop_remainder=True),
    "shuffle and repeat": lambda data: data.shuffle(5, seed=3).repeat(3).batch(4),
    "ignore_errors": lambda data: data.shuffle(5, seed=3).batch(4).apply(tf.data.experimental.ignore_errors()),
}
RECORDS = {
    "alike": [example(n) for n in range(11)],
    "some longer": [example(n if n % 3 else n + 1000) for n in range(11)],
    "one damaged": [example(n) if n != 6 else b"no example" for n in range(11)],
    "one with another count": [example(n, 2 if n != 6 else 3) for n in range(11)],
    "the first damaged": [b"none", *(example(n) for n in range(6))],
    "none": [],
}


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("records", RECORDS)
def test_batches_and_errors_are_those_of_parsing_one_by_one(records: str, pipeline: str, tmp_path: Path) -> None:
    path = write(tmp_path / "records", RECORDS[records])
    data = tf.data.TFRecordDataset(path).map(parse)
    assert taken(PIPELINES[pipeline](data)) == taken(PIPELINES[pipeline](data.map(same)))


@pytest.mark.parametrize("data", [
    lambda path: tf.data.TFRecordDataset(path).map(parse).shuffle(5, seed=1),
    lambda path: tf.data.TFRecordDataset(path).shuffle(5, seed=1).map(parse),
    lambda path: tf.data.TFRecordDataset(path).map(parse, num_parallel_calls=2).repeat(2),
    lambda path: tf.data.TFRecordDataset([path, path]).map(parse)])
def test_parsing_waits_for_the_batch(data: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[int] = []
    together = Deferred.together

    def seen(self: Deferred, serialized: list[bytes]) -> Any:
        found.append(len(serialized))
        return together(self, serialized)

    monkeypatch.setattr(Deferred, "together", seen)
    assert len(taken(data(write(tmp_path / "records", RECORDS["alike"])).batch(4).take(2))) == 2
    assert found == [4, 4]


def test_a_position_with_parsing_put_off_can_be_saved(tmp_path: Path) -> None:
    path = write(tmp_path / "records", RECORDS["some longer"])
    data = tf.data.TFRecordDataset(path).map(parse).shuffle(5, seed=3).batch(2)
    iterator = data.make_initializable_iterator()
    following = iterator.get_next()["label"]
    saver = tf.train.Saver([tf.data.experimental.make_saveable_from_iterator(iterator)])
    with tf.Session() as sess:
        sess.run(iterator.initializer)
        sess.run(following)
        saver.save(sess, str(tmp_path / "position"))
        expected = [sess.run(following).tolist() for _ in range(4)]
        sess.run(iterator.initializer)
        saver.restore(sess, str(tmp_path / "position"))
        assert [sess.run(following).tolist() for _ in range(4)] == expected
