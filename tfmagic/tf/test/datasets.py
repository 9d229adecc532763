"""Test cases for data sets: what they give, what they raise, and data sets of a structure to try."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes, errors
from tfmagic.graph.sparse_tensor import SparseTensorValue
from tfmagic.ops.array.constants import zeros
from tfmagic.tf.data import nest
from tfmagic.tf.data.dataset_v1 import DatasetV1 as Dataset
from tfmagic.tf.data.dataset_v1 import get_output_shapes, make_initializable_iterator, make_one_shot_iterator
from tfmagic.tf.ragged.tensor import RaggedTensor
from tfmagic.tf.test.case import TensorFlowTestCase


def default_test_combinations() -> list[OrderedDict[str, Any]]:
    """The modes in which TensorFlow's own tests of data sets run."""
    return [OrderedDict(mode=mode, tf_api_version=version) for mode in ("eager", "graph") for version in (1, 2)]


class DatasetTestBase(TensorFlowTestCase):
    """A test case that compares the elements of data sets."""

    def assertValuesEqual(self, expected: Any, actual: Any) -> None:
        """Check that two values of a run are equal: sparse, ragged, arrays, or text."""
        if isinstance(expected, SparseTensorValue):
            for part in ("indices", "values", "dense_shape"):
                self.assertAllEqual(getattr(expected, part), getattr(actual, part))
        elif isinstance(expected, RaggedTensor):
            self.assertEqual(self.evaluate(expected).to_list(), actual.to_list())
        else:
            self.assertAllEqual(expected.encode() if isinstance(expected, str) else expected, actual)

    def getNext(self, dataset: Any, requires_initialization: bool = False,
                shared_name: str | None = None) -> Callable[[], Any]:
        """A function that gives the tensors of the next element.

        Args:
          requires_initialization: whether an iterator with an initialiser is made, and initialised.
          shared_name: its shared name.
        """
        if requires_initialization:
            iterator = make_initializable_iterator(dataset, shared_name)
            self.evaluate(iterator.initializer)
        else:
            iterator = make_one_shot_iterator(dataset)
        element = iterator.get_next()
        return lambda: element

    def _compareOutputToExpected(self, result_values: Any, expected_values: Any, assert_items_equal: bool) -> None:
        if assert_items_equal:
            self.assertItemsEqual(expected_values, result_values)
            return
        for result, expected in zip(result_values, expected_values):
            nest.assert_same_structure(result, expected)
            for one, other in zip(nest.flatten(result), nest.flatten(expected)):
                self.assertValuesEqual(other, one)

    def assertDatasetProduces(self, dataset: Any, expected_output: Any = None, expected_shapes: Any = None,
                              expected_error: Any = None, requires_initialization: bool = False,
                              num_test_iterations: int = 1, assert_items_equal: bool = False,
                              expected_error_iter: int = 1) -> None:
        """Check what a data set gives.

        Args:
          expected_output: its elements.
          expected_shapes: the structure of their static shapes.
          expected_error: instead of elements, the class of an error and a pattern of its message.
          requires_initialization: whether its iterator needs an initialiser.
          num_test_iterations: how many times it is gone through.
          assert_items_equal: whether the order of the elements does not count.
          expected_error_iter: how many elements are taken at most until the error comes.
        """
        self.assertTrue(expected_error is not None or expected_output is not None,
                        "Exactly one of expected_output or expected error should be provided.")
        if expected_error:
            self.assertIsNone(expected_output, "Exactly one of expected_output or expected error should be provided.")
            with self.assertRaisesWithPredicateMatch(expected_error[0], expected_error[1]):
                following = self.getNext(dataset, requires_initialization=requires_initialization)
                for _ in range(expected_error_iter):
                    self.evaluate(following())
            return
        if expected_shapes:
            self.assertEqual(expected_shapes, get_output_shapes(dataset))
        self.assertGreater(num_test_iterations, 0)
        for _ in range(num_test_iterations):
            following = self.getNext(dataset, requires_initialization=requires_initialization)
            result = [self.evaluate(following()) for _ in range(len(expected_output))]
            self._compareOutputToExpected(result, expected_output, assert_items_equal)
            for _ in range(2):  # the end stays the end
                with self.assertRaises(errors.OutOfRangeError):
                    self.evaluate(following())

    def assertDatasetsEqual(self, dataset1: Any, dataset2: Any) -> None:
        """Check that two data sets have the same structure and elements."""
        self.assertEqual(nest.map_structure(str, dataset1.element_spec), nest.map_structure(str, dataset2.element_spec))
        self.assertTrue(dataset1._type_spec.is_compatible_with(dataset2._type_spec))
        first, second = self.getNext(dataset1), self.getNext(dataset2)
        while True:
            try:
                one = self.evaluate(first())
            except errors.OutOfRangeError:
                with self.assertRaises(errors.OutOfRangeError):
                    self.evaluate(second())
                return
            other = self.evaluate(second())
            nest.assert_same_structure(one, other)
            for a, b in zip(nest.flatten(one), nest.flatten(other)):
                self.assertValuesEqual(a, b)

    def assertDatasetsRaiseSameError(self, dataset1: Any, dataset2: Any, exception_class: Any,
                                     replacements: Any = None) -> None:
        """Check that the first elements of two data sets fail alike.

        Args:
          exception_class: the class of the error.
          replacements: triples: what is replaced in the first message, by what, and how many times.
        """
        first, second = self.getNext(dataset1), self.getNext(dataset2)
        try:
            self.evaluate(first())
            raise ValueError(f"Expected dataset to raise an error of type {exception_class!r}, but it did not.")
        except exception_class as error:
            expected = str(error).split("\n", 1)[0]
            for old, new, count in replacements or []:
                expected = expected.replace(old, new, count)
        expected = re.sub(r"\{\{.*?\}\}\s*", "", expected)
        with self.assertRaisesRegex(exception_class, re.escape(expected)):
            self.evaluate(second())

    def structuredDataset(self, dataset_structure: Any, shape: Any = None, dtype: Any = dtypes.int64) -> Any:
        """Data sets without end of zeros, zipped to a structure; None stands for each."""
        if dataset_structure is None:
            return Dataset.from_tensors(zeros([] if shape is None else shape, dtype=dtype)).repeat()
        return Dataset.zip(self._in_structure(dataset_structure, lambda leaf: self.structuredDataset(
            leaf, shape, dtype)))

    def structuredElement(self, element_structure: Any, shape: Any = None, dtype: Any = dtypes.int64) -> Any:
        """Zeros in a structure; None stands for each."""
        return self._in_structure(element_structure, lambda _: zeros([] if shape is None else shape, dtype=dtype))

    @staticmethod
    def _in_structure(structure: Any, make: Callable[[Any], Any]) -> Any:
        return nest.map_structure(make, structure)

    def assert_op_cancelled(self, op: Any) -> None:
        """Check that a run of an op, begun in another thread, is cancelled when its session is closed."""
        with self.assertRaisesRegex(errors.CancelledError, "was cancelled"):
            self.evaluate(op)
