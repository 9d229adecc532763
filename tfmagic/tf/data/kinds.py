"""The classes that TensorFlow has for transformations of data sets: each makes what the method of its name makes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw
from tfmagic.tf.data import structure
from tfmagic.tf.data.dataset import DatasetV2, Node, WithOptions
from tfmagic.tf.data.dataset_v1 import DatasetV1
from tfmagic.tf.data.functions import ElementFunction
from tfmagic.tf.data.numbers import int64
from tfmagic.tf.data.padding import default_values


class DatasetSource(DatasetV2):
    """A data set that takes its elements from no other.

    Args:
      variant_tensor: the tensor that stands for it.
    """

    def _inputs(self) -> list[DatasetV2]:
        return []


class UnaryDataset(DatasetV2):
    """A data set that takes its elements from one other.

    Args:
      input_dataset: the other one.
      variant_tensor: the tensor that stands for it.
    """

    def __init__(self, input_dataset: DatasetV2, variant_tensor: Tensor):
        self._input_dataset = input_dataset
        super().__init__(variant_tensor)

    def _inputs(self) -> list[DatasetV2]:
        return [self._input_dataset]


class UnaryUnchangedStructureDataset(UnaryDataset):
    """One whose elements have the structure of those that it takes."""

    @property
    def element_spec(self) -> Any:
        """The structure of an element: its type specs."""
        return self._input_dataset.element_spec


def kind(call: str, base: type, make: Callable[..., DatasetV2], doc: str) -> Any:
    """A class of data sets.

    Args:
      call: its name, and its arguments in brackets.
      base: one of the three above, or `DatasetV2`.
      make: makes the data set from the arguments by position.
      doc: what it is.
    """
    name, _, arguments = call[:-1].partition("(")
    signature = inspect.signature(eval(f"lambda {arguments}: None"))

    class Kind(base):
        def __init__(self, *args: Any, **kwargs: Any):
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            self._made = made = make(*bound.args)
            if issubclass(base, UnaryDataset):
                base.__init__(self, bound.args[0], made._variant_tensor)
            else:
                base.__init__(self, made._variant_tensor)  # type: ignore[call-arg]

        @property
        def element_spec(self) -> Any:
            """The structure of an element: its type specs."""
            return self._made.element_spec

        def _inputs(self) -> list[DatasetV2]:
            return self._made._inputs()

        def _functions(self) -> list[Any]:
            return self._made._functions()

        def options(self) -> Any:
            """The options of it and of all that it is made from."""
            return self._made.options()

    Kind.__name__ = Kind.__qualname__ = name
    Kind.__doc__ = doc
    Kind.__signature__ = signature
    return Kind


def _mapped(input_dataset: Any, map_func: Any, use_inter_op_parallelism: Any = True, preserve_cardinality: Any = False,
            use_legacy_function: Any = False) -> DatasetV2:
    return input_dataset._mapped(map_func, None, use_inter_op_parallelism=use_inter_op_parallelism,
                                 preserve_cardinality=preserve_cardinality)


def _mapped_in_parallel(input_dataset: Any, map_func: Any, num_parallel_calls: Any,
                        use_inter_op_parallelism: Any = True, preserve_cardinality: Any = False,
                        use_legacy_function: Any = False) -> DatasetV2:
    return input_dataset._mapped(map_func, num_parallel_calls, use_inter_op_parallelism=use_inter_op_parallelism,
                                 preserve_cardinality=preserve_cardinality)


def _filtered(input_dataset: Any, predicate: Any, use_legacy_function: Any = False) -> DatasetV2:
    return DatasetV2.filter(input_dataset, predicate)


def _prefetched(input_dataset: Any, buffer_size: Any, slack_period: Any = None) -> DatasetV2:
    return input_dataset._derived(raw.prefetch_dataset, int64(-1 if buffer_size is None else buffer_size,
                                                              "buffer_size"), slack_period=slack_period or 0)


def _optimized(input_dataset: Any, optimizations: Any, optimization_configs: Any = None) -> DatasetV2:
    names = convert_to_tensor(optimizations or [], dtypes.string, "optimizations")
    return input_dataset._derived(raw.optimize_dataset, names, optimization_configs=optimization_configs or [])


def _restructured(dataset: Any, spec: Any) -> DatasetV2:
    return Node(dataset._variant_tensor, spec, [dataset])


def _limited(make: Callable[..., Any], name: str) -> Callable[..., DatasetV2]:
    return lambda input_dataset, count: input_dataset._derived(make, int64(count, name))


_SAME, _OTHER, _SOURCE = UnaryUnchangedStructureDataset, UnaryDataset, DatasetSource

TensorDataset = kind("TensorDataset(element)", _SOURCE, DatasetV2.from_tensors, "One element.")
TensorSliceDataset = kind(
    "TensorSliceDataset(element)", _SOURCE, DatasetV2.from_tensor_slices, "Rows of tensors as elements.")
SparseTensorSliceDataset = kind(
    "SparseTensorSliceDataset(sparse_tensor)", _SOURCE,
    lambda sparse_tensor: DatasetV1.from_sparse_tensor_slices(sparse_tensor)._dataset,
    "Rows of a sparse tensor as elements.")
RangeDataset = kind("RangeDataset(*args)", _SOURCE, DatasetV2.range, "Whole numbers.")
ZipDataset = kind("ZipDataset(datasets)", DatasetV2, DatasetV2.zip, "Elements side by side.")
ConcatenateDataset = kind(
    "ConcatenateDataset(input_dataset, dataset_to_concatenate)", DatasetV2, DatasetV2.concatenate,
    "One after the other.")
RepeatDataset = kind("RepeatDataset(input_dataset, count)", _SAME, DatasetV2.repeat, "The elements several times.")
TakeDataset = kind("TakeDataset(input_dataset, count)", _SAME, DatasetV2.take, "The first elements.")
SkipDataset = kind("SkipDataset(input_dataset, count)", _SAME, DatasetV2.skip, "Without the first elements.")
ShardDataset = kind(
    "ShardDataset(input_dataset, num_shards, index)", _SAME, DatasetV2.shard, "Every so many elements one.")
ShuffleDataset = kind(
    "ShuffleDataset(input_dataset, buffer_size, seed=None, reshuffle_each_iteration=None)", _SAME, DatasetV2.shuffle,
    "The elements in random order.")
CacheDataset = kind(
    "CacheDataset(input_dataset, filename)", _SAME, DatasetV2.cache, "The elements of the first pass, kept.")
PrefetchDataset = kind(
    "PrefetchDataset(input_dataset, buffer_size, slack_period=None)", _SAME, _prefetched,
    "Elements computed before they are asked for.")
FilterDataset = kind(
    "FilterDataset(input_dataset, predicate, use_legacy_function=False)", _SAME, _filtered,
    "The elements of which a predicate holds.")
BatchDataset = kind(
    "BatchDataset(input_dataset, batch_size, drop_remainder)", _OTHER, DatasetV2.batch, "So many elements together.")
PaddedBatchDataset = kind(
    "PaddedBatchDataset(input_dataset, batch_size, padded_shapes, padding_values, drop_remainder)", _OTHER,
    DatasetV2.padded_batch, "Filled up to one shape, together.")
WindowDataset = kind(
    "WindowDataset(input_dataset, size, shift, stride, drop_remainder)", _OTHER, DatasetV2.window,
    "Data sets of so many elements.")
UnbatchDataset = kind(
    "_UnbatchDataset(input_dataset)", _OTHER,
    lambda input_dataset: input_dataset._derived(raw.unbatch_dataset, spec=structure.unbatched(
        input_dataset.element_spec)),
    "Rows of elements as elements.")
MapDataset = kind(
    "MapDataset(input_dataset, map_func, use_inter_op_parallelism=True, preserve_cardinality=False, "
    "use_legacy_function=False)",
    _OTHER, _mapped, "A function of each element.")
ParallelMapDataset = kind(
    "ParallelMapDataset(input_dataset, map_func, num_parallel_calls, use_inter_op_parallelism=True, "
    "preserve_cardinality=False, use_legacy_function=False)",
    _OTHER, _mapped_in_parallel, "A function of several at a time.")
FlatMapDataset = kind(
    "FlatMapDataset(input_dataset, map_func)", _OTHER, DatasetV2.flat_map,
    "Data sets of elements, one after the other.")
InterleaveDataset = kind(
    "InterleaveDataset(input_dataset, map_func, cycle_length, block_length)", _OTHER, DatasetV2.interleave,
    "Data sets of elements, by turns.")
ParallelInterleaveDataset = kind(
    "ParallelInterleaveDataset(input_dataset, map_func, cycle_length, block_length, num_parallel_calls)", _OTHER,
    DatasetV2.interleave, "Data sets of elements, by turns, several at a time.")
OptionsDataset = kind("_OptionsDataset(input_dataset, options)", _SAME, WithOptions, "The same with options.")
OptimizeDataset = kind(
    "_OptimizeDataset(input_dataset, optimizations, optimization_configs=None)", _SAME, _optimized,
    "The same, rewritten.")
ModelDataset = kind(
    "_ModelDataset(input_dataset, algorithm, cpu_budget)", _SAME,
    lambda input_dataset, algorithm, cpu_budget: input_dataset._derived(
        raw.model_dataset, algorithm=algorithm, cpu_budget=cpu_budget),
    "The same, tuned.")
MaxIntraOpParallelismDataset = kind(
    "_MaxIntraOpParallelismDataset(input_dataset, max_intra_op_parallelism)", _SAME,
    _limited(raw.max_intra_op_parallelism_dataset, "max_intra_op_parallelism"),
    "The same, with so many threads for an op.")
PrivateThreadPoolDataset = kind(
    "_PrivateThreadPoolDataset(input_dataset, num_threads)", _SAME,
    _limited(raw.private_thread_pool_dataset, "num_threads"), "The same, with threads of its own.")
SetStatsAggregatorDataset = kind(
    "_SetStatsAggregatorDataset(input_dataset, aggregator, prefix, counter_prefix)", _SAME,
    lambda input_dataset, aggregator, prefix, counter_prefix: input_dataset._derived(
        raw.set_stats_aggregator_dataset, aggregator._resource, prefix, counter_prefix),
    "The same, counted.")
RestructuredDataset = kind(
    "_RestructuredDataset(dataset, structure)", _OTHER, _restructured, "The same in another structure.")


class StructuredFunctionWrapper(ElementFunction):
    """A function of elements, as transformations call it.

    Args:
      func: takes an element, returns a structure of tensors.
      transformation_name: what calls it, as messages name it.
      dataset: whose elements it takes; or these are described by
      input_classes, input_shapes, input_types: structures of classes, shapes and types, or by
      input_structure: the structure of an element.
      add_to_graph: whether it comes into the graph's library at once.

    Raises:
      ValueError: elements are described in no way, or in two.
    """

    def __init__(self, func: Callable[..., Any], transformation_name: str, dataset: Any = None,
                 input_classes: Any = None, input_shapes: Any = None, input_types: Any = None,
                 input_structure: Any = None, add_to_graph: bool = True, use_legacy_function: bool = False,
                 defun_kwargs: Any = None):
        described = not (input_classes is None and input_shapes is None and input_types is None)
        if input_structure is None:
            if dataset is None:
                if input_classes is None or input_shapes is None or input_types is None:
                    raise ValueError("Either `dataset`, `input_structure` or all of `input_classes`, `input_shapes`, "
                                     "and `input_types` must be specified.")
                input_structure = structure.from_legacy(input_types, input_shapes, input_classes)
            else:
                if described:
                    raise ValueError("Either `dataset`, `input_structure` or all of `input_classes`, `input_shapes`, "
                                     "and `input_types` must be specified.")
                input_structure = dataset.element_spec
        elif dataset is not None or described:
            raise ValueError("Either `dataset`, `input_structure`, or all of `input_classes`, `input_shapes`, and "
                             "`input_types` must be specified.")
        super().__init__(func, transformation_name, input_structure, add_to_graph)
        self._input_structure = input_structure

    @property
    def output_structure(self) -> Any:
        """The structure of what it gives."""
        return self.spec

    @property
    def output_types(self) -> Any:
        """The structure of the types of what it gives."""
        return structure.legacy(self.spec, 0)

    @property
    def output_shapes(self) -> Any:
        """The structure of the shapes of what it gives."""
        return structure.legacy(self.spec, 1)

    @property
    def output_classes(self) -> Any:
        """The structure of the classes of what it gives."""
        return structure.legacy(self.spec, 2)


def default_padding(input_dataset: Any) -> Any:
    """What padded batches are filled up with: a structure of zeros and empty texts."""
    return default_values(structure.legacy(input_dataset.element_spec, 0))


def should_unpack_args(args: Any) -> bool:
    """Whether functions take an element as several arguments."""
    return type(args) is tuple
