"""`test_base.DatasetTestBase`: the test case with which tests of data sets compare elements."""

import pytest

from tfmagic import tf
from tfmagic.tf.test.datasets import DatasetTestBase, default_test_combinations

range_of = tf.data.Dataset.range


@pytest.fixture
def case():
    class Case(DatasetTestBase):
        def runTest(self):
            """It is only made."""

    made = Case()
    made.setUp()
    yield made
    made.tearDown()


def failing(words="m"):
    return range_of(1).map(lambda x: tf.check_numerics(1.0 / tf.cast(x, tf.float32), words))


def test_what_a_dataset_gives(case):
    case.assertDatasetProduces(range_of(3), [0, 1, 2], expected_shapes=tf.TensorShape([]))
    case.assertDatasetProduces(range_of(3), [2, 1, 0], assert_items_equal=True)
    case.assertDatasetProduces(range_of(3), [0, 1, 2], requires_initialization=True, num_test_iterations=2)
    case.assertDatasetProduces(tf.data.Dataset.from_tensors((1, {"a": "x"})), [(1, {"a": "x"})])
    ragged = tf.ragged.constant([[1], [2, 3]])
    case.assertDatasetProduces(tf.data.Dataset.from_tensors(ragged), [ragged])
    sparse = tf.SparseTensor([[0]], [1], [2])
    case.assertDatasetProduces(tf.data.Dataset.from_tensors(sparse), [tf.SparseTensorValue([[0]], [1], [2])])
    case.assertDatasetProduces(failing(), expected_error=(tf.errors.InvalidArgumentError, "m"))


@pytest.mark.parametrize("expected", [[0, 1, 3], [0, 1], [5, 6, 7]])
def test_other_elements_are_told(case, expected):
    with pytest.raises(AssertionError):
        case.assertDatasetProduces(range_of(3), expected)


def test_an_error_that_does_not_come_is_told(case):
    with pytest.raises(AssertionError, match="not raised"):
        case.assertDatasetProduces(range_of(3), expected_error=(tf.errors.InvalidArgumentError, "m"))


def test_two_datasets(case):
    case.assertDatasetsEqual(range_of(3), tf.data.Dataset.from_tensor_slices(tf.range(3, dtype=tf.int64)))
    for other in (range_of(4), range_of(1, 4), range_of(3).map(lambda x: (x, x))):
        with pytest.raises(AssertionError):
            case.assertDatasetsEqual(range_of(3), other)
    case.assertDatasetsRaiseSameError(failing(), failing(), tf.errors.InvalidArgumentError)
    with pytest.raises(AssertionError):
        case.assertDatasetsRaiseSameError(failing(), failing("other"), tf.errors.InvalidArgumentError)


def test_datasets_of_a_structure(case):
    dataset = case.structuredDataset((None, (None,)), shape=[2], dtype=tf.float32)
    case.assertAllEqual(case.evaluate(case.getNext(dataset)()[1][0]), [0.0, 0.0])
    assert case.structuredElement((None,), shape=[3])[0].shape.as_list() == [3]


def test_combinations():
    assert [dict(found) for found in default_test_combinations()][0] == {"mode": "eager", "tf_api_version": 1}
