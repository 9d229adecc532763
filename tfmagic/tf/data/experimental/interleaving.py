"""Elements of several datasets: by turns, by chance, by choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.type_spec import TensorSpec
from tfmagic.ops import api, raw
from tfmagic.tf.data import nest, structure
from tfmagic.tf.data.dataset import DatasetV2, Node, made_dataset
from tfmagic.tf.data.dataset_v1 import DatasetV1Adapter
from tfmagic.tf.data.numbers import int64
from tfmagic.tf.data.seeds import get_seed

_WHAT = "tf.data.experimental.parallel_interleave()"


def parallel_interleaved(dataset: DatasetV2, function: Callable[..., Any], cycle_length: Any, block_length: Any,
                         sloppy: Any, buffer_output_elements: Any, prefetch_input_elements: Any) -> DatasetV2:
    """See `parallel_interleave`."""
    made = made_dataset(function, _WHAT, dataset.element_spec, told=False)
    cycle, block = int64(cycle_length, "cycle_length"), int64(block_length, "block_length")
    loose = convert_to_tensor(sloppy, dtypes.bool_, "sloppy")
    buffer = int64(2 * block_length if buffer_output_elements is None else buffer_output_elements,
                   "buffer_output_elements")
    ahead = int64(2 * cycle_length if prefetch_input_elements is None else prefetch_input_elements,
                  "prefetch_input_elements")
    return dataset._derived(raw.parallel_interleave_dataset, made.captured, cycle, block, loose, buffer, ahead, made,
                            spec=made.spec._element_spec, functions=[made])


@export("data.experimental.parallel_interleave")
@deprecated(None, "Use `tf.data.Dataset.interleave(map_func, cycle_length, block_length, "
                  "num_parallel_calls=tf.data.experimental.AUTOTUNE)` instead. If sloppy execution is desired, use "
                  "`tf.data.Options.experimental_determinstic`.")
def parallel_interleave(map_func: Callable[..., Any], cycle_length: Any, block_length: Any = 1, sloppy: Any = False,
                        buffer_output_elements: Any = None,
                        prefetch_input_elements: Any = None) -> Callable[[Any], Any]:
    """The elements of the datasets that a function makes of elements, by turns, read beside.

    Args:
      map_func: takes an element, returns a dataset.
      cycle_length: of how many datasets at a time.
      block_length: how many elements of one come together.
      sloppy: whether another order may be taken.
      buffer_output_elements: how many elements of each are computed before they are asked for.
      prefetch_input_elements: how many datasets more are made ready.
    """
    def transform(dataset: DatasetV2) -> DatasetV2:
        return parallel_interleaved(dataset, map_func, cycle_length, block_length, sloppy, buffer_output_elements,
                                    prefetch_input_elements)

    return transform


def _directed(selector: DatasetV2, datasets: Sequence[DatasetV2]) -> DatasetV1Adapter:
    first = datasets[0]
    for other in datasets[1:]:
        if any(structure.legacy(first.element_spec, which) != structure.legacy(other.element_spec, which)
               for which in (0, 2)):
            raise TypeError("All datasets must have the same type and class.")
    leaves = nest.flatten(first.element_spec)
    for other in datasets[1:]:
        leaves = [one.most_specific_compatible_type(two) for one, two in zip(leaves, nest.flatten(other.element_spec))]
    spec = nest.pack_as(first.element_spec, leaves)
    variant = raw.directed_interleave_dataset(selector._variant_tensor, [one._variant_tensor for one in datasets],
                                              **structure.flat_attrs(spec))
    return DatasetV1Adapter(Node(variant, spec, [selector, *datasets]))


def _selected(dataset: DatasetV2, function: Callable[..., Any]) -> DatasetV2:
    """A map by which numbers of datasets are drawn."""
    return dataset._mapped(function, None, use_inter_op_parallelism=False, preserve_cardinality=False)


@export("data.experimental.sample_from_datasets")
def sample_from_datasets(datasets: Sequence[Any], weights: Any = None, seed: Any = None) -> Any:
    """Elements of datasets, each time of one that is chosen at random.

    Args:
      datasets: of elements of one kind.
      weights: how likely each is chosen, as numbers, a tensor or a dataset of them; by default all alike.
      seed: of the choice.

    Raises:
      TypeError: the datasets have elements of different types, or weights are no floats.
      ValueError: there are more or fewer weights than datasets.
    """
    if isinstance(weights, DatasetV2):
        chances = weights.map(lambda *p: api.log(p, name="logits"))

        def select_dataset_varying_logits(logits: Any, seed: Any) -> Any:
            return api.squeeze(raw.stateless_multinomial(logits, 1, seed=seed), axis=[0, 1])

        pairs = DatasetV2.zip((chances, random_dataset(seed).batch(2)))
        return _directed(_selected(pairs, select_dataset_varying_logits), datasets)
    if weights is None:
        logits: Any = [[1.0] * len(datasets)]
    else:
        weights = convert_to_tensor(weights, name="weights")
        if weights.dtype not in (dtypes.float32, dtypes.float64):
            raise TypeError("`weights` must be convertible to a tensor of `tf.float32` or `tf.float64` elements.")
        if not weights.shape.is_compatible_with([len(datasets)]):
            raise ValueError("`weights` must be a vector of length `len(datasets)`.")
        logits = api.expand_dims(api.log(weights, name="logits"), 0)
    if len(datasets) == 1:
        return datasets[0]

    def select_dataset_constant_logits(seed: Any) -> Any:
        return api.squeeze(raw.stateless_multinomial(logits, 1, seed=seed), axis=[0, 1])

    return _directed(_selected(random_dataset(seed).batch(2), select_dataset_constant_logits), datasets)


@export("data.experimental.choose_from_datasets")
def choose_from_datasets(datasets: Sequence[Any], choice_dataset: Any) -> Any:
    """Elements of datasets, each time of the one whose number comes next.

    Args:
      datasets: of elements of one kind.
      choice_dataset: of the numbers, int64 scalars.

    Raises:
      TypeError: the numbers are none, or the elements of different types.
    """
    if not isinstance(choice_dataset.element_spec, TensorSpec) or not TensorSpec([], dtypes.int64).is_compatible_with(
            choice_dataset.element_spec):
        raise TypeError("`choice_dataset` must be a dataset of scalar `tf.int64` tensors.")
    return _directed(choice_dataset, datasets)


def random_dataset(seed: Any) -> DatasetV2:
    """Random int64 numbers without end."""
    first, second = get_seed(seed)
    spec = TensorSpec([], dtypes.int64)
    return Node(raw.random_dataset(first, second, **structure.flat_attrs(spec)), spec)


@export("data.experimental.RandomDataset")
class RandomDatasetV1(DatasetV1Adapter):
    """Random int64 numbers without end.

    Args:
      seed: of the numbers.
    """

    def __init__(self, seed: Any = None):
        super().__init__(random_dataset(seed))
