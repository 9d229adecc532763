"""Names of tf.contrib.data that TensorFlow moved to tf.data.experimental: each warns, and does what that does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.type_spec import TensorSpec
from tfmagic.ops import raw
from tfmagic.tf.data import records, structure
from tfmagic.tf.data.dataset import Node
from tfmagic.tf.data.dataset_v1 import DatasetV1, make_one_shot_iterator
from tfmagic.tf.data.experimental import devices, elementwise, grouping, interleaving, resampling, saving, tables
from tfmagic.tf.data.readers import TFRecordDatasetV1
from tfmagic.tf.monitored import positions

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
    return devices.copy_to_device(target_device, source_device)


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
    return devices.prefetch_to_device(device, buffer_size)


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


@moved("make_batched_features_dataset")
def make_batched_features_dataset(
        file_pattern: Any, batch_size: Any, features: dict[Any, Any], reader: Any = TFRecordDatasetV1,
        label_key: Any = None, reader_args: Any = None, num_epochs: int | None = None, shuffle: bool = True,
        shuffle_buffer_size: int = 10000, shuffle_seed: int | None = None, prefetch_buffer_size: Any = None,
        reader_num_threads: int | None = None, parser_num_threads: int | None = None, sloppy_ordering: bool = False,
        drop_final_batch: bool = False) -> Any:
    """Batches of features of examples; see `tf.data.experimental.make_batched_features_dataset`."""
    return records.make_batched_features_dataset(
        file_pattern, batch_size, features, reader, label_key, reader_args, num_epochs, shuffle, shuffle_buffer_size,
        shuffle_seed, prefetch_buffer_size, reader_num_threads, parser_num_threads, sloppy_ordering, drop_final_batch)


@moved("rejection_resample")
def rejection_resample(class_func: Callable[..., Any], target_dist: Any, initial_dist: Any = None,
                       seed: int | None = None) -> Transformation:
    """Classes in other proportions; see `tf.data.experimental.rejection_resample`."""
    return resampling.rejection_resample(class_func, target_dist, initial_dist, seed)


@moved("make_csv_dataset")
def make_csv_dataset(
        file_pattern: Any, batch_size: Any, column_names: Any = None, column_defaults: Any = None,
        label_name: str | None = None, select_columns: Any = None, field_delim: str = ",",
        use_quote_delim: bool = True, na_value: str = "", header: bool = True, num_epochs: int | None = None,
        shuffle: bool = True, shuffle_buffer_size: int = 10000, shuffle_seed: int | None = None,
        prefetch_buffer_size: Any = None, num_parallel_reads: int | None = None, sloppy: bool = False,
        num_rows_for_inference: Any = 100, compression_type: Any = None) -> Any:
    """Batches of columns of CSV files; see `tf.data.experimental.make_csv_dataset`."""
    return records.make_csv_dataset(
        file_pattern, batch_size, column_names, column_defaults, label_name, select_columns, field_delim,
        use_quote_delim, na_value, header, num_epochs, shuffle, shuffle_buffer_size, shuffle_seed,
        prefetch_buffer_size, num_parallel_reads, sloppy, num_rows_for_inference, compression_type)


@moved("parse_example_dataset")
def parse_example_dataset(features: dict[Any, Any], num_parallel_calls: Any = 1) -> Transformation:
    """The features of batches of examples; see `tf.data.experimental.parse_example_dataset`."""
    return records.parse_example_dataset(features, num_parallel_calls)


@export("contrib.data.read_batch_features")
@deprecated(None, "Use `tf.data.experimental.make_batched_features_dataset(...)`")
def read_batch_features(file_pattern: Any, batch_size: Any, features: dict[Any, Any],
                        reader: Any = TFRecordDatasetV1, reader_args: Any = None, randomize_input: bool = True,
                        num_epochs: int | None = None, capacity: int = 10000) -> Any:
    """The next batch of features of examples.

    Args:
      randomize_input: whether examples are shuffled.
      capacity: among how many.
      file_pattern, batch_size, features, reader, reader_args, num_epochs: as in
        `tf.data.experimental.make_batched_features_dataset`.
    """
    dataset = records.make_batched_features_dataset(
        file_pattern, batch_size, features, reader=reader, reader_args=reader_args, shuffle=randomize_input,
        num_epochs=num_epochs, shuffle_buffer_size=capacity)
    return make_one_shot_iterator(dataset).get_next()


@export("contrib.data.CsvDataset")
class CsvDataset(tables.CsvDatasetV1):
    """The records of CSV files; see `tf.data.experimental.CsvDataset`."""

    __init__ = deprecated(None, "Use `tf.data.experimental.CsvDataset(...)`.")(tables.CsvDatasetV1.__init__)


@export("contrib.data.SqlDataset")
class SqlDataset(tables.SqlDatasetV1):
    """The rows of a query; see `tf.data.experimental.SqlDataset`."""

    __init__ = deprecated(None, "Use `tf.data.experimental.SqlDataset(...)`.")(tables.SqlDatasetV1.__init__)


@export("contrib.data.LMDBDataset")
class LMDBDataset(Node):
    """The entries of LMDB data bases, each a key and a value.

    Args:
      filenames: names of data bases.
    """

    def __init__(self, filenames: Any):
        names = convert_to_tensor(filenames, dtypes.string, name="filenames")
        spec = (TensorSpec([], dtypes.string), TensorSpec([], dtypes.string))
        super().__init__(raw.lmdb_dataset(names, **structure.flat_attrs(spec)), spec)


@export("contrib.data.RandomDataset")
class RandomDataset(interleaving.RandomDatasetV1):
    """Random numbers without end; see `tf.data.experimental.RandomDataset`."""

    @deprecated(None, "Use `tf.data.experimental.RandomDataset(...)`.")
    def __init__(self, seed: Any = None):
        super().__init__(seed)


@export("contrib.data.Reducer")
class Reducer(grouping.Reducer):
    """Three functions that make one element of many; see `tf.data.experimental.Reducer`."""

    @deprecated(None, "Use `tf.data.experimental.Reducer(...)`.")
    def __init__(self, init_func: Any, reduce_func: Any, finalize_func: Any):
        super().__init__(init_func, reduce_func, finalize_func)


@export("contrib.data.TFRecordWriter")
class TFRecordWriter(elementwise.TFRecordWriter):
    """Writes a dataset to a file; see `tf.data.experimental.TFRecordWriter`."""

    @deprecated(None, "Use `tf.data.experimental.TFRecordWriter(...)`.")
    def __init__(self, filename: Any, compression_type: str | None = None):
        super().__init__(filename, compression_type)


AUTOTUNE = export("contrib.data.AUTOTUNE")(-1)


@export("contrib.data.CheckpointInputPipelineHook")
class CheckpointInputPipelineHook(positions.CheckpointInputPipelineHook):
    """Saves where iterators stand; see `tf.data.experimental.CheckpointInputPipelineHook`."""

    @deprecated(None, "Use `tf.data.experimental.CheckpointInputPipelineHook(...)`.")
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
