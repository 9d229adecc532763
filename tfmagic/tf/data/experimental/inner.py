"""What TensorFlow has within `tf.data.experimental`: sleep, optimisations, thread pools, maps of rows, sharding."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.type_spec import TensorSpec
from tfmagic.ops import raw
from tfmagic.tf.data import nest, structure
from tfmagic.tf.data.dataset import DatasetV2, Node
from tfmagic.tf.data.dataset_v1 import DatasetV1Adapter
from tfmagic.tf.data.experimental.elementwise import Transformation
from tfmagic.tf.data.functions import ElementFunction
from tfmagic.tf.data.kinds import OptimizeDataset, UnaryDataset, UnaryUnchangedStructureDataset, kind

# --- pace and threads ---------------------------------------------------------------------------------------------

SleepDataset = kind(
    "_SleepDataset(input_dataset, sleep_microseconds)", UnaryUnchangedStructureDataset,
    lambda input_dataset, sleep_microseconds: input_dataset._derived(raw.sleep_dataset, sleep_microseconds),
    "The elements, each after a time.")


def sleep(sleep_microseconds: int) -> Transformation:
    """Wait before each element.

    Args:
      sleep_microseconds: how long.
    """
    return lambda dataset: SleepDataset(dataset, sleep_microseconds)


_numbers = itertools.count()


def generate_shared_name(prefix: str) -> str:
    """A name that no other call gives."""
    return f"{prefix}{next(_numbers)}"


class PrivateThreadPool:
    """Threads for data sets.

    Args:
      num_threads: how many.
      display_name: the name under which they are shown.
      max_intra_op_parallelism: how many of them one op may use.
    """

    def __init__(self, num_threads: int, display_name: str | None = None, max_intra_op_parallelism: int = 1):
        self._resource = raw.thread_pool_handle(num_threads=num_threads, display_name=display_name,
                                                max_intra_op_parallelism=max_intra_op_parallelism)


ThreadPoolDataset = kind(
    "_ThreadPoolDataset(input_dataset, thread_pool)", UnaryUnchangedStructureDataset,
    lambda input_dataset, thread_pool: input_dataset._derived(raw.thread_pool_dataset, thread_pool._resource),
    "The elements, made by some threads.")


def override_threadpool(dataset: DatasetV2, thread_pool: PrivateThreadPool) -> Any:
    """A data set whose elements some threads make."""
    return ThreadPoolDataset(dataset, thread_pool)


# --- rewriting ----------------------------------------------------------------------------------------------------

AssertNextDataset = kind(
    "_AssertNextDataset(input_dataset, transformations)", UnaryUnchangedStructureDataset,
    lambda input_dataset, transformations: input_dataset._derived(raw.assert_next_dataset, _named(transformations)),
    "Checked transformations.")
NonSerializableDataset = kind(
    "_NonSerializableDataset(input_dataset)", UnaryUnchangedStructureDataset,
    lambda input_dataset: input_dataset._derived(raw.non_serializable_dataset), "Elements that cannot be written.")


def _named(transformations: Sequence[str] | None) -> Tensor:
    if transformations is None:
        raise ValueError("At least one transformation should be specified")
    return convert_to_tensor(transformations, dtypes.string, "transformations")


def assert_next(transformations: Sequence[str]) -> Transformation:
    """Check which transformations come next: their names, as iterators have them ("Map")."""
    return lambda dataset: AssertNextDataset(dataset, transformations)


def non_serializable() -> Transformation:
    """A data set that cannot be written as a graph."""
    return NonSerializableDataset


def optimize(optimizations: Sequence[str] | None = None) -> Transformation:
    """Rewrite a data set.

    Args:
      optimizations: the names of the rewritings ("map_fusion").
    """
    return lambda dataset: OptimizeDataset(dataset, optimizations)


def _fastest(datasets: Sequence[Any], num_experiments: int = 10) -> DatasetV2:
    first = datasets[0]
    variant = raw.choose_fastest_dataset([dataset._variant_tensor for dataset in datasets],
                                         num_experiments=num_experiments, **first._flat_structure)
    return Node(variant, first.element_spec, datasets)


def _fastest_branch(input_dataset: Any, functions: Sequence[Callable[..., Any]], ratio_numerator: int = 1,
                    ratio_denominator: int = 1, num_elements_per_branch: int | None = None) -> DatasetV2:
    nested = structure.spec_of(input_dataset)
    made = [ElementFunction(function, "ChooseFastest", nested, add=False) for function in functions]
    for function in made:
        function.add_to_graph(input_dataset._variant_tensor.graph)
    if num_elements_per_branch is None:
        num_elements_per_branch = 10
    spec = made[0].spec._element_spec
    captured = [tensor for function in made for tensor in function.captured]
    variant = raw.choose_fastest_branch_dataset(
        input_dataset._variant_tensor, ratio_numerator, ratio_denominator, captured, branches=made,
        other_arguments_lengths=[len(function.captured) for function in made],
        num_elements_per_branch=num_elements_per_branch, **structure.flat_attrs(spec))
    return Node(variant, spec, [input_dataset], made)


ChooseFastestDataset = kind(
    "_ChooseFastestDataset(datasets, num_experiments=10)", DatasetV2, _fastest, "One of some, whichever is fastest.")
ChooseFastestBranchDataset = kind(
    "_ChooseFastestBranchDataset(input_dataset, functions, ratio_numerator=1, ratio_denominator=1, "
    "num_elements_per_branch=None)",
    UnaryDataset, _fastest_branch, "What one of some functions makes of a data set, whichever is fastest.")

# --- shares -------------------------------------------------------------------------------------------------------

AutoShardDataset = kind(
    "_AutoShardDataset(input_dataset, num_workers, index)", UnaryDataset,
    lambda input_dataset, num_workers, index: input_dataset._derived(raw.auto_shard_dataset, num_workers, index),
    "What one of several workers reads.")


def auto_shard_dataset(input_dataset: Any, num_workers: Any, index: Any) -> Any:
    """What one of several workers reads."""
    return DatasetV1Adapter(AutoShardDataset(input_dataset, num_workers, index))


def _rebatched(input_dataset: Any, num_replicas: int, use_fallback: bool = True) -> DatasetV2:
    # TensorFlow 1.15 does not hand `use_fallback` on to the node.
    def smaller(shape: Any) -> Any:
        if shape is None or shape.ndims is None:
            return TensorShape(None)
        if shape.ndims < 1:
            raise ValueError("Input shape should have at least one dimension. Perhaps your input dataset is not "
                             "batched?")
        size = shape.dims[0].value
        if size is None or size % num_replicas:
            return TensorShape([None]).concatenate(shape[1:])
        return TensorShape([size // num_replicas]).concatenate(shape[1:])

    types, classes = (structure.legacy(input_dataset.element_spec, which) for which in (0, 2))
    shapes = nest.map_structure(smaller, structure.legacy(input_dataset.element_spec, 1))
    return input_dataset._derived(raw.rebatch_dataset, num_replicas, spec=structure.from_legacy(types, shapes, classes))


RebatchDataset = kind(
    "_RebatchDataset(input_dataset, num_replicas, use_fallback=True)", UnaryDataset, _rebatched,
    "Batches in as many parts as there are replicas.")

# --- others -------------------------------------------------------------------------------------------------------


def _matching(patterns: Any) -> DatasetV2:
    return Node(raw.matching_files_dataset(convert_to_tensor(patterns, dtypes.string, "patterns")),
                TensorSpec([], dtypes.string))


MatchingFilesDataset = kind(
    "MatchingFilesDataset(patterns)", DatasetV2, _matching, "The names of files that match patterns.")


def map_defun(fn: Any, elems: Sequence[Any], output_dtypes: Sequence[Any], output_shapes: Sequence[Any],
              max_intra_op_parallelism: int = 1) -> list[Tensor]:
    """A function of the rows of tensors.

    Args:
      fn: a `tf.function` with a signature, of a row of each.
      elems: the tensors, with first axes of one length.
      output_dtypes, output_shapes: the types and shapes of what it gives for a row.
      max_intra_op_parallelism: how many threads an op may use; 0: as many as there are.

    Raises:
      ValueError: `elems` is no list.
    """
    for name, given, what in (("elems", elems, "tensors"), ("output_dtypes", output_dtypes, "`tf.DType` objects"),
                              ("output_shapes", output_shapes, "`tf.TensorShape` objects")):
        if not isinstance(given, list):
            raise ValueError(f"`{name}` must be a list of {what}.")
    tensors = [convert_to_tensor(tensor, name="Const") for tensor in elems]
    function = fn.get_concrete_function()
    function.add_to_graph()
    return raw.map_defun(tensors, function.captured_inputs, f=function, output_types=output_dtypes,
                         output_shapes=[as_shape(shape) for shape in output_shapes],
                         max_intra_op_parallelism=max_intra_op_parallelism)
