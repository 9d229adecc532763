"""Statistics, iterators over several devices and RecordInput: what they keep between runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tfmagic import tf
from tfmagic.tf.data.multi_device import MultiDeviceIterator
from tfmagic.tf.data.record_input import RecordInput

Dataset = tf.data.Dataset
experimental = tf.data.experimental


def collected(dataset: Any, count: int, prefix: str = "") -> dict[str, Any]:
    """The values of a summary after some elements."""
    aggregator = experimental.StatsAggregator()
    options = tf.data.Options()
    options.experimental_stats.aggregator = aggregator
    options.experimental_stats.prefix = prefix
    iterator = dataset.with_options(options).make_initializable_iterator()
    following, summary = iterator.get_next(), aggregator.get_summary()
    with tf.Session() as sess:
        sess.run(iterator.initializer)
        assert sess.run(summary) == b""
        for _ in range(count):
            sess.run(following)
        return {value.tag: value for value in tf.Summary.FromString(sess.run(summary)).value}


def test_bytes_and_times_of_elements_are_collected() -> None:
    dataset = Dataset.range(10).map(lambda x: (x, tf.as_string(x * 100)))
    found = collected(dataset.apply(experimental.bytes_produced_stats("bytes")).apply(
        experimental.latency_stats("time")), 3, "p")
    assert set(found) == {"p::bytes", "p::time"}
    size = found["p::bytes"].histo
    assert (size.num, size.min, size.max, size.sum) == (3, 17, 19, 55)  # 8 bytes, and a string's own and 8
    assert found["p::time"].histo.num == 3 and found["p::time"].histo.min > 0


def test_a_filter_counts_what_it_keeps_and_drops() -> None:
    found = collected(Dataset.range(20).filter(lambda x: tf.equal(x % 3, 0)), 4)
    assert {tag.partition("::")[2]: value.simple_value for tag, value in found.items()} == {
        "filtered_elements": 4, "dropped_elements": 6}


def test_without_an_aggregator_elements_come_as_they_are() -> None:
    following = Dataset.range(3).apply(experimental.latency_stats("x")).make_one_shot_iterator().get_next()
    with tf.Session() as sess:
        assert [sess.run(following) for _ in range(3)] == [0, 1, 2]


def test_devices_take_elements_by_turns() -> None:
    iterator = MultiDeviceIterator(Dataset.range(5), ["/cpu:0", "/cpu:0"])
    first, second = iterator.get_next()
    with tf.Session() as sess:
        for _ in range(2):
            sess.run(iterator.initializer)
            assert sess.run([first, second]) == [0, 1]
            assert [sess.run(second), sess.run(first)] == [3, 2]
            assert sess.run(first) == 4
            with pytest.raises(tf.errors.OutOfRangeError):
                sess.run(second)


def test_an_incarnation_that_is_over_gives_nothing() -> None:
    kind = {"output_types": [tf.int64], "output_shapes": [[]]}
    iterator = tf.raw_ops.MultiDeviceIterator(devices=["a"], shared_name="s", container="", **kind)
    begin = tf.raw_ops.MultiDeviceIteratorInit(dataset=experimental.to_variant(Dataset.range(3)),
                                               multi_device_iterator=iterator, max_buffer_size=1)
    which = tf.placeholder(tf.int64, [])
    following = tf.raw_ops.MultiDeviceIteratorGetNextFromShard(multi_device_iterator=iterator, shard_num=0,
                                                               incarnation_id=which, **kind)
    with tf.Session() as sess:
        number = sess.run(begin)
        assert sess.run(following, {which: number})[0] == 0
        sess.run(begin)
        with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid incarnation id"):
            sess.run(following, {which: number})


@pytest.mark.parametrize("batches", [None, 2])
def test_record_input_gives_each_record_once_in_an_epoch(tmp_path: Path, batches: int | None) -> None:
    for f in range(4):
        with tf.python_io.TFRecordWriter(str(tmp_path / f"x.{f}")) as writer:
            for r in range(5):
                writer.write(f"{f}.{r}".encode())
    records = RecordInput(str(tmp_path / "x.*"), batch_size=5, buffer_size=7, seed=3, batches=batches).get_yield_op()
    flat = tf.concat([tf.reshape(part, [-1]) for part in records], 0) if batches else records
    with tf.Session() as sess:
        taken = [record for _ in range(12) for record in sess.run(flat).tolist()]
    epochs = [taken[start:start + 20] for start in range(0, len(taken), 20)]
    assert all(len(set(epoch)) == 20 for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_record_input_without_files(tmp_path: Path) -> None:
    with tf.Session() as sess, pytest.raises(tf.errors.NotFoundError, match="Found no files at .*/x"):
        sess.run(RecordInput(str(tmp_path / "x*")).get_yield_op())
