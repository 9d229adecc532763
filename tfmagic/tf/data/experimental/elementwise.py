"""Other transformations for `Dataset.apply`: batches of maps, unique elements, errors left out, devices, statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.type_spec import SparseTensorSpec
from tfmagic.ops import raw
from tfmagic.tf.data import structure
from tfmagic.tf.data.dataset import AUTOTUNE, DatasetV2, predicate_function
from tfmagic.tf.data.dataset_v1 import DatasetV1Adapter
from tfmagic.tf.data.experimental.grouping import scan
from tfmagic.tf.data.functions import ElementFunction
from tfmagic.tf.data.numbers import fixed_size, int64
from tfmagic.tf.data.seeds import get_seed

Transformation = Callable[[Any], Any]
_OLD = "Use `tf.data.Dataset."
export("data.experimental.AUTOTUNE")(AUTOTUNE)
INFINITE = export("data.experimental.INFINITE_CARDINALITY")(-1)
UNKNOWN = export("data.experimental.UNKNOWN_CARDINALITY")(-2)


@export("data.experimental.map_and_batch")
@deprecated(None, "Use `tf.data.Dataset.map(map_func, num_parallel_calls)` followed by `tf.data.Dataset.batch("
                  "batch_size, drop_remainder)`. Static tf.data optimizations will take care of using the fused "
                  "implementation.")
def map_and_batch(map_func: Callable[..., Any], batch_size: Any, num_parallel_batches: Any = None,
                  drop_remainder: Any = False, num_parallel_calls: Any = None) -> Transformation:
    """Batches of a function of each element.

    Args:
      map_func: takes an element, returns a structure of tensors.
      batch_size: how many elements make a batch.
      num_parallel_batches: of how many batches elements are computed at the same time.
      drop_remainder: whether the last batch is left out when it is smaller.
      num_parallel_calls: how many elements are computed at the same time.

    Raises:
      ValueError: both numbers are given.
    """
    if num_parallel_batches is not None and num_parallel_calls is not None:
        raise ValueError("The `num_parallel_batches` and `num_parallel_calls` arguments are mutually exclusive.")

    def transform(dataset: DatasetV2) -> DatasetV2:
        calls = num_parallel_calls
        if num_parallel_batches is not None:
            calls = batch_size * num_parallel_batches
        elif calls is None:
            calls = batch_size
        made = ElementFunction(map_func, "tf.data.experimental.map_and_batch()", dataset.element_spec)
        size = int64(batch_size, "batch_size")
        parallel = int64(calls, "num_parallel_calls")
        drop = convert_to_tensor(drop_remainder, dtypes.bool_, "drop_remainder")
        return dataset._derived(raw.map_and_batch_dataset, made.captured, size, parallel, drop, made,
                                spec=structure.batched(made.spec, fixed_size(size, drop)), functions=[made],
                                preserve_cardinality=True)

    return transform


@export("data.experimental.map_and_batch_with_legacy_function")
@deprecated(None, "Use `tf.data.experimental.map_and_batch()")
def map_and_batch_with_legacy_function(map_func: Callable[..., Any], batch_size: Any, num_parallel_batches: Any = None,
                                       drop_remainder: Any = False, num_parallel_calls: Any = None) -> Transformation:
    """Batches of a function of each element; see `map_and_batch`."""
    return map_and_batch(map_func, batch_size, num_parallel_batches, drop_remainder, num_parallel_calls)


@export("data.experimental.shuffle_and_repeat")
@deprecated(None, "Use `tf.data.Dataset.shuffle(buffer_size, seed)` followed by `tf.data.Dataset.repeat(count)`. "
                  "Static tf.data optimizations will take care of using the fused implementation.")
def shuffle_and_repeat(buffer_size: Any, count: Any = None, seed: Any = None) -> Transformation:
    """The elements in random order, several times; the buffer goes over from one pass to the next.

    Args:
      buffer_size: among so many one is chosen.
      count: how often; by default without end.
      seed: of the order.
    """
    def transform(dataset: DatasetV2) -> DatasetV2:
        size = int64(buffer_size, "buffer_size")
        times = constant(-1, dtypes.int64, name="count") if count is None else int64(count, "count")
        first, second = get_seed(seed)
        return dataset._derived(raw.shuffle_and_repeat_dataset, size, first, second, times)

    return transform


@export("data.experimental.unbatch")
@deprecated(None, _OLD + "unbatch()`.")
def unbatch() -> Transformation:
    """The rows of elements as elements."""
    return lambda dataset: dataset.unbatch()


@export("data.experimental.enumerate_dataset")
@deprecated(None, _OLD + "enumerate()")
def enumerate_dataset(start: Any = 0) -> Transformation:
    """Pairs of a number, counted from `start`, and an element."""
    return lambda dataset: dataset.enumerate(start)


@export("data.experimental.take_while")
def take_while(predicate: Callable[..., Any]) -> Transformation:
    """The elements before the first of which a function does not hold."""
    def transform(dataset: DatasetV2) -> DatasetV2:
        made = predicate_function(predicate, "tf.data.experimental.take_while()", dataset.element_spec,
                                  "`predicate` must return a scalar boolean tensor.")
        return dataset._derived(raw.take_while_dataset, made.captured, made, functions=[made])

    return transform


@export("data.experimental.unique")
def unique() -> Transformation:
    """Each element once: of one component, a whole number or a string."""
    def transform(dataset: DatasetV2) -> DatasetV2:
        if structure.legacy(dataset.element_spec, 0) not in (dtypes.int32, dtypes.int64, dtypes.string):
            raise TypeError("`tf.data.experimental.unique()` only supports inputs with a single `tf.int32`, "
                            "`tf.int64`, or `tf.string` component.")
        return dataset._derived(raw.unique_dataset)

    return transform


@export("data.experimental.ignore_errors")
def ignore_errors() -> Transformation:
    """The elements without those whose computation fails."""
    return lambda dataset: dataset._derived(raw.ignore_errors_dataset)


@export("data.experimental.dense_to_sparse_batch")
def dense_to_sparse_batch(batch_size: Any, row_shape: Any) -> Transformation:
    """Elements of different shapes, so many together, as one sparse tensor.

    Args:
      batch_size: how many.
      row_shape: the shape of a row of the result; None for the largest size.
    """
    def transform(dataset: DatasetV2) -> DatasetV2:
        types = structure.legacy(dataset.element_spec, 0)
        if not isinstance(types, dtypes.DType):
            if isinstance(types, tuple) and len(types) != 1:
                raise TypeError("not all arguments converted during string formatting")
            shown = types[0] if isinstance(types, tuple) else types
            raise TypeError("DenseToSparseDataset requires an input whose elements have a single component, whereas "
                            f"the input has {shown!r}.")
        dims = as_shape(row_shape)
        spec = SparseTensorSpec(TensorShape([None]).concatenate(dims), types)
        row = convert_to_tensor([-1 if size is None else size for size in dims.as_list()], dtypes.int64)
        return dataset._derived(raw.dense_to_sparse_batch_dataset, batch_size, row, spec=spec)

    return transform


@export("data.experimental.Counter")
def counter(start: Any = 0, step: Any = 1, dtype: Any = dtypes.int64) -> Any:
    """Numbers without end, counted from `start` by `step`."""
    with name_scope("counter"):
        first = convert_to_tensor(start, dtype, name="start")
        by = convert_to_tensor(step, dtype, name="step")
        dataset = DatasetV2.from_tensors(0).repeat(None)
        return DatasetV1Adapter(dataset.apply(scan(first, lambda state, _: (state + by, state))))


@export("data.experimental.cardinality")
def cardinality(dataset: Any) -> Tensor:
    """How many elements a dataset has; INFINITE_CARDINALITY, or UNKNOWN_CARDINALITY where that is not known."""
    return raw.dataset_cardinality(dataset._variant_tensor)


@export("data.experimental.get_single_element")
def get_single_element(dataset: Any) -> Any:
    """The only element of a dataset.

    Raises:
      TypeError: it is no dataset.
    """
    if not isinstance(dataset, DatasetV2):
        raise TypeError("`dataset` must be a `tf.data.Dataset` object.")
    tensors = raw.dataset_to_single_element(dataset._variant_tensor, **dataset._flat_structure)
    return structure.from_tensors(dataset.element_spec, tensors)


@export("data.experimental.bytes_produced_stats")
def bytes_produced_stats(tag: Any) -> Transformation:
    """The elements as they are; their size counts under a name."""
    def transform(dataset: DatasetV2) -> DatasetV2:
        return dataset._derived(raw.bytes_produced_stats_dataset, convert_to_tensor(tag, dtypes.string))

    return transform


@export("data.experimental.latency_stats")
def latency_stats(tag: Any) -> Transformation:
    """The elements as they are; the time that they take counts under a name."""
    def transform(dataset: DatasetV2) -> DatasetV2:
        return dataset._derived(raw.latency_stats_dataset, convert_to_tensor(tag, dtypes.string))

    return transform


@export("data.experimental.TFRecordWriter")
class TFRecordWriter:
    """Writes the elements of a dataset of strings to a TFRecord file.

    Args:
      filename: the file.
      compression_type: "", "ZLIB" or "GZIP".
    """

    def __init__(self, filename: Any, compression_type: Any = None):
        self._filename = convert_to_tensor(filename, dtypes.string, name="filename")
        self._compression_type = convert_to_tensor("" if compression_type is None else compression_type, dtypes.string,
                                                   "compression_type")

    def write(self, dataset: Any) -> Operation:
        """An operation that writes all elements.

        Raises:
          TypeError: it is no dataset of string scalars.
        """
        if not isinstance(dataset, DatasetV2):
            raise TypeError("`dataset` must be a `tf.data.Dataset` object.")
        types, shapes = (structure.legacy(dataset.element_spec, which) for which in (0, 1))
        if types != dtypes.string or not shapes.is_compatible_with([]):
            raise TypeError("`dataset` must produce scalar `DT_STRING` tensors whereas it produces shape "
                            f"{shapes} and types {types!r}")
        return raw.dataset_to_tf_record(dataset._variant_tensor, self._filename, self._compression_type)
