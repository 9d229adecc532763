"""Test cases that save and restore positions, and those with files: they pass and fail as TensorFlow 1.15's do."""

from __future__ import annotations

from typing import Any

import pytest

from tfmagic import tf
from tfmagic.tf.data.records import make_tf_record_dataset
from tfmagic.tf.test.positions import DatasetSerializationTestBase
from tfmagic.tf.test.reading import (
    FixedLengthRecordDatasetTestBase,
    MakeBatchedFeaturesDatasetTestBase,
    TextLineDatasetTestBase,
    TFRecordDatasetTestBase,
)

Dataset = tf.data.Dataset


def made(kind: Any) -> Any:
    class Case(kind):
        def runTest(self) -> None:
            pass

    case = Case()
    case.setUp()
    return case


@pytest.mark.parametrize("source", [
    lambda: Dataset.range(8).map(lambda x: x * 2), lambda: Dataset.range(8).shuffle(5, seed=3),
    lambda: Dataset.range(4).flat_map(lambda x: Dataset.range(2)),
    lambda: Dataset.range(4).apply(tf.data.experimental.scan(tf.constant(0, tf.int64), lambda s, x: (s + x, x)))
    .repeat(2)])
def test_a_dataset_goes_on_after_each_break(source: Any) -> None:
    case = made(DatasetSerializationTestBase)
    case.run_core_tests(source, 8)
    case.tearDown()


@pytest.mark.parametrize("count, error", [(7, AssertionError), (9, tf.errors.OutOfRangeError)])
def test_a_wrong_number_of_elements_is_seen(count: int, error: type[Exception]) -> None:
    case = made(DatasetSerializationTestBase)
    with pytest.raises(error):
        case.run_core_tests(lambda: Dataset.range(8), count)
    case.tearDown()


def test_a_position_goes_on_from_a_checkpoint() -> None:
    case = made(DatasetSerializationTestBase)
    source = lambda: Dataset.range(6)  # noqa: E731
    assert case.gen_outputs(source, [2], 3, verify_exhausted=False, save_checkpoint_at_end=False) == [0, 1, 2]
    assert case.gen_outputs(source, [], 4, ckpt_saved=True) == [2, 3, 4, 5]
    case.tearDown()


@pytest.mark.parametrize("source, op", [
    (lambda: Dataset.range(8).map(lambda x: tf.random_uniform([], seed=1)), "RandomUniform"),
    (lambda: Dataset.range(8).map(lambda x: tf.py_func(int, [x], tf.int64)), "PyFunc"),
    (lambda: Dataset.range(8).flat_map(lambda x: Dataset.range(3).filter(lambda y: tf.random_uniform([]) < 2)),
     "RandomUniform")])
def test_no_position_is_saved_where_a_function_has_a_state(source: Any, op: str) -> None:
    iterator = source().make_initializable_iterator()
    state = tf.raw_ops.SerializeIterator(resource_handle=iterator._iterator_resource)
    with tf.Session() as sess:
        sess.run(iterator.initializer)
        with pytest.raises(tf.errors.FailedPreconditionError, match=f"{op} is stateful"):
            sess.run(state)


def test_records_of_files_are_what_they_should_be() -> None:
    case = made(TFRecordDatasetTestBase)
    with case.test_session():
        following = case.getNext(make_tf_record_dataset(
            case.test_filenames, 3, num_epochs=2, shuffle=False, num_parallel_reads=2,
            parser_fn=lambda record: tf.strings.substr(record, 1, 99)))
        case._verify_records(following, 3, None, 2, 2, False, True)
    with case.test_session(), pytest.raises(AssertionError):
        case._verify_records(case.getNext(make_tf_record_dataset(
            case.test_filenames, 3, num_epochs=1, shuffle=False)), 3, 0, 1, 1, False, False)


@pytest.mark.parametrize("options", [{}, {"label_key": "label", "num_epochs": 2}, {"reader_num_threads": 2}])
def test_examples_of_files_are_what_they_should_be(options: dict[str, Any]) -> None:
    case = made(MakeBatchedFeaturesDatasetTestBase)
    epochs = options.pop("num_epochs", 1)
    with case.test_session():
        case.outputs = case.getNext(case.make_batch_feature(case.test_filenames, epochs, 2, **options))
        case.verify_records(2, None, epochs, "label_key" in options, options.get("reader_num_threads", 1))


def test_lines_and_records_of_one_length() -> None:
    case = made(TextLineDatasetTestBase)
    for kind in (None, "GZIP", "ZLIB"):
        names = case._createFiles(2, 3, crlf=True, compression_type=kind)
        with case.test_session():
            case.assertDatasetProduces(tf.data.TextLineDataset(names, compression_type=kind),
                                       [case._lineText(f, line) for f in range(2) for line in range(3)])
    fixed = made(FixedLengthRecordDatasetTestBase)
    with fixed.test_session():
        fixed.assertDatasetProduces(tf.data.FixedLengthRecordDataset(fixed._createFiles(), 3, 5, 2),
                                    [fixed._record(f, r) for f in range(2) for r in range(7)])
