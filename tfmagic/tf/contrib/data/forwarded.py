"""Names of tf.contrib.data that TensorFlow moved to tf.data.experimental: each warns, and does what that does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.tf.data.dataset_v1 import DatasetV1
from tfmagic.tf.data.experimental import elementwise, grouping, interleaving, saving

Transformation = Callable[[Any], Any]


def moved(name: str, use: str = "tf.data.experimental.{}(...)") -> Callable[[Any], Any]:
    """Make a function public in tf.contrib.data, with TensorFlow's warning of what to use.

    Args:
      name: its name.
      use: what to use instead.
    """
    return lambda function: export(f"contrib.data.{name}")(
        deprecated(None, f"Use `{use.format(name)}`.")(function))


@moved("Counter")
def Counter(start: Any = 0, step: Any = 1, dtype: Any = dtypes.int64) -> Any:
    """Numbers without end; see `tf.data.experimental.Counter`."""
    return elementwise.counter(start, step, dtype)


@moved("batch_and_drop_remainder", "tf.data.Dataset.batch(..., drop_remainder=True)")
def batch_and_drop_remainder(batch_size: Any) -> Transformation:
    """Batches, without one that is smaller; see `tf.data.Dataset.batch`."""
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


@moved("padded_batch_and_drop_remainder", "tf.data.Dataset.padded_batch(..., drop_remainder=True)")
def padded_batch_and_drop_remainder(batch_size: Any, padded_shapes: Any, padding_values: Any = None) -> Transformation:
    """Batches that are filled up, without one that is smaller; see `tf.data.Dataset.padded_batch`."""
    return lambda dataset: dataset.padded_batch(batch_size, padded_shapes, padding_values, drop_remainder=True)


@moved("bucket_by_sequence_length")
def bucket_by_sequence_length(element_length_func: Callable[..., Any], bucket_boundaries: Sequence[int],
                              bucket_batch_sizes: Sequence[int], padded_shapes: Any = None,
                              padding_values: Any = None, pad_to_bucket_boundary: bool = False,
                              no_padding: bool = False) -> Transformation:
    """Batches of elements of like lengths; see `tf.data.experimental.bucket_by_sequence_length`."""
    return grouping.bucket_by_sequence_length(element_length_func, bucket_boundaries, bucket_batch_sizes, padded_shapes,
                                              padding_values, pad_to_bucket_boundary, no_padding)


@moved("choose_from_datasets")
def choose_from_datasets(datasets: Sequence[Any], choice_dataset: Any) -> Any:
    """Elements as numbers choose; see `tf.data.experimental.choose_from_datasets`."""
    return interleaving.choose_from_datasets(datasets, choice_dataset)


@moved("copy_to_device")
def copy_to_device(target_device: Any, source_device: Any = "/cpu:0") -> Transformation:
    """The elements for a device; see `tf.data.experimental.copy_to_device`."""
    return elementwise.copy_to_device(target_device, source_device)


@moved("dense_to_sparse_batch")
def dense_to_sparse_batch(batch_size: Any, row_shape: Any) -> Transformation:
    """Batches as sparse tensors; see `tf.data.experimental.dense_to_sparse_batch`."""
    return elementwise.dense_to_sparse_batch(batch_size, row_shape)


@moved("enumerate_dataset")
def enumerate_dataset(start: Any = 0) -> Transformation:
    """Pairs of a number and an element; see `tf.data.Dataset.enumerate`."""
    return elementwise.enumerate_dataset(start)


@moved("get_single_element")
def get_single_element(dataset: Any) -> Any:
    """The only element of a dataset; see `tf.data.experimental.get_single_element`."""
    return elementwise.get_single_element(dataset)


@moved("group_by_reducer")
def group_by_reducer(key_func: Callable[..., Any], reducer: grouping.Reducer) -> Transformation:
    """One element per key; see `tf.data.experimental.group_by_reducer`."""
    return grouping.group_by_reducer(key_func, reducer)


@moved("group_by_window")
def group_by_window(key_func: Callable[..., Any], reduce_func: Callable[..., Any], window_size: Any = None,
                    window_size_func: Callable[..., Any] | None = None) -> Transformation:
    """Windows of elements of one key; see `tf.data.experimental.group_by_window`."""
    return grouping.group_by_window(key_func, reduce_func, window_size, window_size_func)


@moved("ignore_errors", "tf.data.experimental.{}()")
def ignore_errors() -> Transformation:
    """The elements whose computation does not fail; see `tf.data.experimental.ignore_errors`."""
    return elementwise.ignore_errors()


@moved("make_saveable_from_iterator")
def make_saveable_from_iterator(iterator: Any) -> Any:
    """Where an iterator stands, for a `Saver`; see `tf.data.experimental.make_saveable_from_iterator`."""
    return saving.make_saveable_from_iterator(iterator)


@moved("map_and_batch")
def map_and_batch(map_func: Callable[..., Any], batch_size: Any, num_parallel_batches: Any = None,
                  drop_remainder: Any = False, num_parallel_calls: Any = None) -> Transformation:
    """Batches of a function of each element; see `tf.data.experimental.map_and_batch`."""
    return elementwise.map_and_batch(map_func, batch_size, num_parallel_batches, drop_remainder, num_parallel_calls)


@moved("parallel_interleave")
def parallel_interleave(map_func: Callable[..., Any], cycle_length: Any, block_length: Any = 1, sloppy: Any = False,
                        buffer_output_elements: Any = None, prefetch_input_elements: Any = None) -> Transformation:
    """Elements of several datasets by turns; see `tf.data.experimental.parallel_interleave`."""
    return interleaving.parallel_interleave(map_func, cycle_length, block_length, sloppy, buffer_output_elements,
                                            prefetch_input_elements)


@moved("sloppy_interleave", "tf.contrib.data.parallel_interleave(..., sloppy=True)")
def sloppy_interleave(map_func: Callable[..., Any], cycle_length: Any, block_length: Any = 1) -> Transformation:
    """Elements of several datasets in an order that may change; see `tf.data.experimental.parallel_interleave`."""
    return interleaving.parallel_interleave(map_func, cycle_length, block_length, sloppy=True)


@moved("prefetch_to_device")
def prefetch_to_device(device: Any, buffer_size: Any = None) -> Transformation:
    """Elements for a device before they are asked for; see `tf.data.experimental.prefetch_to_device`."""
    return elementwise.prefetch_to_device(device, buffer_size)


@moved("reduce_dataset", "tf.data.Dataset.reduce(...)")
def reduce_dataset(dataset: Any, reducer: grouping.Reducer) -> Any:
    """What a reducer makes of all elements, as a tensor.

    Raises:
      TypeError: it is no dataset.
    """
    if not isinstance(dataset, DatasetV1):
        raise TypeError("`dataset` must be a `tf.data.Dataset` object.")
    return elementwise.get_single_element(dataset.apply(grouping.group_by_reducer(
        lambda *unused: dtypes.int64.as_numpy_dtype(0), reducer)))


@moved("sample_from_datasets")
def sample_from_datasets(datasets: Sequence[Any], weights: Any = None, seed: Any = None) -> Any:
    """Elements by chance; see `tf.data.experimental.sample_from_datasets`."""
    return interleaving.sample_from_datasets(datasets, weights, seed)


@moved("scan")
def scan(initial_state: Any, scan_func: Callable[..., Any]) -> Transformation:
    """A function that carries a state along; see `tf.data.experimental.scan`."""
    return grouping.scan(initial_state, scan_func)


@moved("shuffle_and_repeat")
def shuffle_and_repeat(buffer_size: Any, count: Any = None, seed: Any = None) -> Transformation:
    """Elements in random order, several times; see `tf.data.experimental.shuffle_and_repeat`."""
    return elementwise.shuffle_and_repeat(buffer_size, count, seed)


@moved("unbatch", "tf.data.experimental.{}()")
def unbatch() -> Transformation:
    """The rows of elements; see `tf.data.Dataset.unbatch`."""
    return elementwise.unbatch()


@moved("unique", "tf.data.experimental.{}()")
def unique() -> Transformation:
    """Each element once; see `tf.data.experimental.unique`."""
    return elementwise.unique()


@export("contrib.data.RandomDataset")
class RandomDataset(interleaving.RandomDatasetV1):
    """Random numbers without end; see `tf.data.experimental.RandomDataset`."""


@export("contrib.data.Reducer")
class Reducer(grouping.Reducer):
    """Three functions that make one element of many; see `tf.data.experimental.Reducer`."""


@export("contrib.data.TFRecordWriter")
class TFRecordWriter(elementwise.TFRecordWriter):
    """Writes a dataset to a file; see `tf.data.experimental.TFRecordWriter`."""


AUTOTUNE = export("contrib.data.AUTOTUNE")(-1)
