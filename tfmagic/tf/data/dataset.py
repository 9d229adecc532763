"""Dataset: a sequence of elements as a node of the graph, and what makes other data sets of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes, tf_logging
from tfmagic.base.export import export
from tfmagic.base.shapes import Dimension, TensorShape
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.type_spec import TensorSpec, TypeSpec, register_spec
from tfmagic.ops import raw
from tfmagic.tf.data import generated, matching, nest, padding, reducing, structure
from tfmagic.tf.data.functions import ElementFunction
from tfmagic.tf.data.numbers import fixed_size, int64
from tfmagic.tf.data.options import Options
from tfmagic.tf.data.seeds import get_seed

AUTOTUNE = -1


class DatasetV2:
    """A sequence of elements, which are tensors or structures of them.

    Args:
      variant_tensor: the tensor that stands for it in the graph.
    """

    def __init__(self, variant_tensor: Tensor):
        self._variant_tensor_attr = variant_tensor
        self._graph_attr = variant_tensor.graph

    # --- what it is -------------------------------------------------------------------------------------------

    @property
    def _variant_tensor(self) -> Tensor:
        return self._variant_tensor_attr

    @property
    def element_spec(self) -> Any:
        """The structure of an element: its type specs."""
        raise NotImplementedError(f"{type(self).__name__}.element_spec")

    def _inputs(self) -> list[DatasetV2]:
        """The data sets from which it takes elements."""
        raise NotImplementedError(f"{type(self).__name__}._inputs()")

    def _functions(self) -> list[ElementFunction]:
        """The functions that it calls."""
        return []

    @property
    def _flat_structure(self) -> dict[str, Any]:
        return structure.flat_attrs(self.element_spec)

    @property
    def _flat_shapes(self) -> list[TensorShape]:
        return self._flat_structure["output_shapes"]

    @property
    def _flat_types(self) -> list[Any]:
        return self._flat_structure["output_types"]

    @property
    def _type_spec(self) -> DatasetSpec:
        return DatasetSpec(self.element_spec)

    def options(self) -> Options:
        """The options of it and of all that it is made from."""
        options = Options()
        for source in self._inputs():
            options = options.merge(source.options())
        return options

    def _has_captured_ref(self) -> bool:
        return any(function.captures_references() for function in self._functions()) or any(
            source._has_captured_ref() for source in self._inputs())

    def _apply_options(self) -> DatasetV2:
        """The data set as an iterator runs it: its options are nodes around it."""
        dataset: DatasetV2 = self
        options = self.options()
        threading = options.experimental_threading
        if threading.max_intra_op_parallelism is not None:
            count = int64(threading.max_intra_op_parallelism, "max_intra_op_parallelism")
            dataset = dataset._derived(raw.max_intra_op_parallelism_dataset, count)
        if threading.private_threadpool_size is not None:
            count = int64(threading.private_threadpool_size, "num_threads")
            dataset = dataset._derived(raw.private_thread_pool_dataset, count)
        names = options._static_optimizations()
        if names:
            if self._has_captured_ref():
                tf_logging.warning("tf.data static optimizations are not compatible with tf.Variable. The following "
                                   "optimizations will be disabled: %s. To enable optimizations, use resource "
                                   "variables instead by calling `tf.enable_resource_variables()` at the start of the "
                                   "program.", ", ".join(names))
            else:
                dataset = dataset._derived(raw.optimize_dataset, convert_to_tensor(
                    names, dtypes.string, "optimizations"),
                    optimization_configs=options._static_optimization_configs())
        autotune, algorithm, budget = options.experimental_optimization._autotune_settings()
        if autotune:
            dataset = dataset._derived(raw.model_dataset, algorithm=algorithm, cpu_budget=budget)
        stats = options.experimental_stats
        if stats.aggregator is not None:
            dataset = dataset._derived(raw.set_stats_aggregator_dataset, stats.aggregator._resource, stats.prefix,
                                       stats.counter_prefix)
        return dataset

    def __iter__(self) -> Any:
        raise RuntimeError("__iter__() is only supported inside of tf.function or when eager execution is enabled.\n"
                           "Make an iterator: element = dataset.make_one_shot_iterator().get_next(), and run it.")

    def __repr__(self) -> str:
        shapes, types = (structure.legacy(self.element_spec, which) for which in (1, 0))
        shown = nest.map_structure(str, shapes), nest.map_structure(repr, types)
        return f"<{type(self).__name__} shapes: {shown[0]}, types: {shown[1]}>".replace("'", "")

    # --- making others ------------------------------------------------------------------------------------------

    def _derived(self, make: Callable[..., Any], *arguments: Any, spec: Any = None,
                 functions: Sequence[ElementFunction] = (), **attrs: Any) -> DatasetV2:
        """A data set whose node takes this one's.

        Args:
          make: makes the node.
          spec: the structure of its elements, where it is another.
          functions: the functions that it calls.
        """
        spec = self.element_spec if spec is None else spec
        return Node(make(self._variant_tensor, *arguments, **structure.flat_attrs(spec), **attrs), spec, [self],
                    functions)

    @staticmethod
    def from_tensors(tensors: Any) -> Any:
        """One element.

        Args:
          tensors: a structure of what converts to tensors.
        """
        element = structure.normalized(tensors)
        spec = structure.spec_of(element)
        return Node(raw.tensor_dataset(structure.to_tensors(spec, element), structure.flat_attrs(spec)[
            "output_shapes"]), spec)

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Any:
        """The rows of tensors as elements.

        Args:
          tensors: a structure of what converts to tensors, with first axes of one length.

        Raises:
          ValueError: their lengths differ, or one is a scalar.
          IndexError: there is none.
        """
        element = structure.normalized(tensors)
        whole = structure.spec_of(element)
        rows = structure.to_batched_tensors(whole, element)
        spec = structure.unbatched(whole)
        sizes = [Dimension(tensor._dims[0] if tensor._dims else None) for tensor in rows]
        length = sizes[0]
        for size in sizes[1:]:
            length = length.merge_with(size)
        return Node(raw.tensor_slice_dataset(rows, structure.flat_attrs(spec)["output_shapes"]), spec)

    @staticmethod
    def from_generator(generator: Callable[..., Any], output_types: Any, output_shapes: Any = None,
                       args: Any = None) -> Any:
        """What a Python generator gives.

        Args:
          generator: a function whose result can be iterated over.
          output_types: a structure of types: those of an element.
          output_shapes: a structure of shapes.
          args: tensors whose values the function takes, as NumPy arrays.

        Raises:
          TypeError: `generator` cannot be called.
        """
        init, step, finalize = generated.functions(generator, output_types, output_shapes, args)
        what = "Dataset.from_generator()"

        def flat_map_fn(dummy: Tensor) -> DatasetV2:
            given = structure.spec_of(dummy)
            first = ElementFunction(init, what, given)
            following, last = (ElementFunction(function, what, first.spec) for function in (step, finalize))
            variant = raw.generator_dataset(
                structure.to_tensors(given, dummy) + first.captured, following.captured, last.captured, first,
                following, last, **structure.flat_attrs(following.spec))
            return Node(variant, following.spec, functions=[first, following, last])

        return DatasetV2.from_tensors(0).flat_map(flat_map_fn)

    @staticmethod
    def range(*args: Any) -> Any:
        """Whole numbers: `range(stop)`, `range(start, stop)` or `range(start, stop, step)`.

        Raises:
          ValueError: there are no or too many arguments.
        """
        if not 1 <= len(args) <= 3:
            raise ValueError(f"Invalid arguments to RangeDataset: {args}")
        start, stop, step = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
        numbers = [int64(value, name) for value, name in ((start, "start"), (stop, "stop"), (step, "step"))]
        spec = TensorSpec([], dtypes.int64)
        return Node(raw.range_dataset(*numbers, **structure.flat_attrs(spec)), spec)

    @staticmethod
    def zip(datasets: Any) -> Any:
        """Elements of several data sets side by side.

        Args:
          datasets: a structure of data sets.

        Raises:
          TypeError: it holds something else.
        """
        sources = nest.flatten(datasets)
        for source in sources:
            if not isinstance(source, DatasetV2):
                text = "The argument to `Dataset.zip()` must be a nested structure of `Dataset` objects."
                if isinstance(source, list):
                    text += " Nested structures do not support Python lists; please use a tuple instead."
                raise TypeError(text)
        spec = nest.pack_as(datasets, [source.element_spec for source in sources])
        return Node(raw.zip_dataset([source._variant_tensor for source in sources], **structure.flat_attrs(spec)),
                    spec, sources)

    def concatenate(self, dataset: Any) -> Any:
        """The elements of this data set, then those of another one.

        Raises:
          TypeError: its elements have other types.
        """
        for which, what in ((0, "types"), (2, "classes")):
            own, other = (structure.legacy(structure.get_structure(source), which) for source in (self, dataset))
            if own != other:
                raise TypeError(f"Two datasets to concatenate have different {what} {own} and {other}")
        leaves = [_joined(one, other) for one, other in zip(nest.flatten(self.element_spec),
                                                            nest.flatten(dataset.element_spec))]
        spec = nest.pack_as(self.element_spec, leaves)
        return Node(raw.concatenate_dataset(self._variant_tensor, dataset._variant_tensor, **structure.flat_attrs(
            spec)), spec, [self, dataset])

    def prefetch(self, buffer_size: Any) -> Any:
        """Compute elements before they are asked for.

        Args:
          buffer_size: how many; `tf.data.experimental.AUTOTUNE` for a good number.
        """
        size = int64(AUTOTUNE if buffer_size is None else buffer_size, "buffer_size")
        return self._derived(raw.prefetch_dataset, size, slack_period=0)

    @staticmethod
    def list_files(file_pattern: Any, shuffle: Any = None, seed: Any = None) -> Any:
        """The names of the files that match patterns.

        Args:
          file_pattern: a pattern ("data/*.txt"), or a tensor of them.
          shuffle: whether they come in random order (by default, yes).
          seed: of that order.

        Raises:
          InvalidArgumentError: when it runs: no file matches.
        """
        with name_scope("list_files"):
            names = matching.names_of(file_pattern)
            dataset = DatasetV2.from_tensor_slices(names)
            if shuffle is None or shuffle:
                dataset = dataset.shuffle(matching.count_of(names), seed=seed)
            return dataset

    def repeat(self, count: Any = None) -> Any:
        """The elements several times; without `count`, or with -1, without end."""
        return self._derived(raw.repeat_dataset, constant(-1, dtypes.int64, name="count") if count is None
                             else int64(count, "count"))

    def enumerate(self, start: Any = 0) -> Any:
        """Pairs of a number, counted from `start`, and an element."""
        return DatasetV2.zip((DatasetV2.range(start, np.iinfo(np.int64).max), self))

    def shuffle(self, buffer_size: Any, seed: Any = None, reshuffle_each_iteration: Any = None) -> Any:
        """The elements in random order.

        Args:
          buffer_size: among so many one is chosen.
          seed: of the order.
          reshuffle_each_iteration: whether each pass has an order of its own (by default, yes).
        """
        size = int64(buffer_size, "buffer_size")
        first, second = get_seed(seed)
        return self._derived(raw.shuffle_dataset, size, first, second,
                             reshuffle_each_iteration=True if reshuffle_each_iteration is None
                             else reshuffle_each_iteration)

    def cache(self, filename: Any = "") -> Any:
        """Keep the elements of the first pass for later ones.

        Args:
          filename: where; "" for in memory.
        """
        return self._derived(raw.cache_dataset, convert_to_tensor(filename, dtypes.string, "filename"))

    def take(self, count: Any) -> Any:
        """The first elements; -1 for all."""
        return self._derived(raw.take_dataset, int64(count, "count"))

    def skip(self, count: Any) -> Any:
        """Leave the first elements out; -1 for all."""
        return self._derived(raw.skip_dataset, int64(count, "count"))

    def shard(self, num_shards: Any, index: Any) -> Any:
        """One element of every `num_shards`.

        Args:
          num_shards: how many parts there are.
          index: which part this is.
        """
        shards = int64(num_shards, "num_shards")
        return self._derived(raw.shard_dataset, shards, int64(index, "index"))

    def batch(self, batch_size: Any, drop_remainder: Any = False) -> Any:
        """So many elements together, with a new first axis.

        Args:
          batch_size: how many.
          drop_remainder: whether the last batch is left out when it is smaller.
        """
        size = int64(batch_size, "batch_size")
        drop = convert_to_tensor(drop_remainder, dtypes.bool_, "drop_remainder")
        return self._derived(raw.batch_dataset_v2, size, drop,
                             spec=structure.batched(self.element_spec, fixed_size(size, drop)))

    def padded_batch(self, batch_size: Any, padded_shapes: Any, padding_values: Any = None,
                     drop_remainder: Any = False) -> Any:
        """So many elements together, filled up to one shape.

        Args:
          batch_size: how many.
          padded_shapes: a structure of shapes to fill up to; None for the largest size of each batch.
          padding_values: a structure of what fills up; by default zeros and empty strings.
          drop_remainder: whether the last batch is left out when it is smaller.
        """
        variant, spec = padding.padded_batch(self._variant_tensor, self.element_spec, batch_size, padded_shapes,
                                             padding_values, drop_remainder)
        return Node(variant, spec, [self])

    def map(self, map_func: Callable[..., Any], num_parallel_calls: Any = None) -> Any:
        """A function of each element.

        Args:
          map_func: takes an element (a tuple as several arguments), returns a structure of tensors.
          num_parallel_calls: how many elements are computed at the same time.
        """
        return self._mapped(map_func, num_parallel_calls, preserve_cardinality=True)

    def _mapped(self, map_func: Callable[..., Any], num_parallel_calls: Any, **attrs: Any) -> DatasetV2:
        function = ElementFunction(map_func, "Dataset.map()", self.element_spec)
        given: dict[str, Any] = {"use_inter_op_parallelism": True, **attrs}
        if num_parallel_calls is None:
            return self._derived(raw.map_dataset, function.captured, function, spec=function.spec,
                                 functions=[function], **given)
        calls = convert_to_tensor(num_parallel_calls, dtypes.int32, "num_parallel_calls")
        return self._derived(raw.parallel_map_dataset, function.captured, calls, function, spec=function.spec,
                             functions=[function], **given)

    def flat_map(self, map_func: Callable[..., Any]) -> Any:
        """The elements of the data sets that a function makes of elements, one after the other.

        Args:
          map_func: takes an element, returns a data set.
        """
        function = made_dataset(map_func, "Dataset.flat_map()", self.element_spec)
        return self._derived(raw.flat_map_dataset, function.captured, function, spec=function.spec._element_spec,
                             functions=[function])

    def interleave(self, map_func: Callable[..., Any], cycle_length: Any = AUTOTUNE, block_length: Any = 1,
                   num_parallel_calls: Any = None) -> Any:
        """The elements of the data sets that a function makes of elements, by turns.

        Args:
          map_func: takes an element, returns a data set.
          cycle_length: of how many data sets at a time.
          block_length: how many elements of one come together.
          num_parallel_calls: how many data sets are read at the same time.
        """
        function = made_dataset(map_func, "Dataset.interleave()", self.element_spec)
        cycle, block = int64(cycle_length, "cycle_length"), int64(block_length, "block_length")
        inner = function.spec._element_spec
        if num_parallel_calls is None:
            return self._derived(raw.interleave_dataset, function.captured, cycle, block, function, spec=inner,
                                 functions=[function])
        calls = int64(num_parallel_calls, "num_parallel_calls")
        return self._derived(raw.parallel_interleave_dataset_v2, function.captured, cycle, block, calls, function,
                             spec=inner, functions=[function])

    def filter(self, predicate: Callable[..., Any]) -> Any:
        """The elements of which a function holds.

        Args:
          predicate: takes an element, returns a bool scalar.

        Raises:
          ValueError: it returns something else.
        """
        function = predicate_function(predicate, "Dataset.filter()", self.element_spec)
        return self._derived(raw.filter_dataset, function.captured, function, functions=[function])

    def apply(self, transformation_func: Callable[[Any], Any]) -> Any:
        """What a function makes of this data set.

        Raises:
          TypeError: no data set.
        """
        made = transformation_func(self)
        if not isinstance(made, DatasetV2):
            raise TypeError(f"`transformation_func` must return a Dataset. Got {made}.")
        return made

    def window(self, size: Any, shift: Any = None, stride: Any = 1, drop_remainder: Any = False) -> Any:
        """Data sets of so many elements each.

        Args:
          size: how many elements.
          shift: how many elements lie between the beginnings of windows (by default, `size`).
          stride: how many elements lie between those of a window.
          drop_remainder: whether windows that are smaller at the end are left out.
        """
        numbers = [int64(value, name) for value, name in (
            (size, "size"), (size if shift is None else shift, "shift"), (stride, "stride"))]
        drop = convert_to_tensor(drop_remainder, dtypes.bool_, "drop_remainder")
        leaves = [DatasetSpec(leaf) for leaf in nest.flatten(self.element_spec)]
        return self._derived(raw.window_dataset, *numbers, drop, spec=nest.pack_as(self.element_spec, leaves))

    def reduce(self, initial_state: Any, reduce_func: Callable[..., Any]) -> Any:
        """A function folded over all elements, as a tensor or structure of them.

        Args:
          initial_state: the first state.
          reduce_func: takes a state and an element, returns the next state.

        Raises:
          TypeError: the states have different types.
        """
        with name_scope("initial_state"):
            first = structure.normalized(initial_state)
        made, state = reducing.state_function(reduce_func, "reduce()", structure.spec_of(first), self.element_spec)
        tensors = raw.reduce_dataset(self._variant_tensor, structure.to_tensors(state, first),
                                     made.captured, made, **structure.flat_attrs(state))
        return structure.from_tensors(state, tensors)

    def unbatch(self) -> Any:
        """The rows of elements as elements."""
        spec = self.element_spec

        def normalize(*args: Any) -> Any:
            return structure.to_batched_tensors(spec, args if type(spec) is tuple else args[0])

        rows = self.map(normalize)
        sizes = Dimension(None)
        for shape in self._flat_shapes:
            if shape.ndims == 0:
                raise ValueError("Cannot unbatch an input with scalar components.")
            if shape.ndims is not None:
                try:
                    sizes = sizes.merge_with(shape[0])
                except ValueError:
                    raise ValueError("Cannot unbatch an input whose components have different batch sizes.") from None

        return rows._derived(raw.unbatch_dataset, spec=structure.unbatched(spec))

    def with_options(self, options: Options) -> Any:
        """The same with options.

        Raises:
          TypeError: `options` is something else.
        """
        return WithOptions(self, options)


def _joined(one: Any, other: Any) -> Any:
    try:
        return one.most_specific_compatible_type(other)
    except ValueError:
        return one




class Node(DatasetV2):
    """A data set that is one node.

    Args:
      variant: its tensor.
      spec: the structure of its elements.
      inputs: the data sets from which it takes elements.
      functions: the functions that it calls.
    """

    def __init__(self, variant: Tensor, spec: Any, inputs: Sequence[DatasetV2] = (),
                 functions: Sequence[ElementFunction] = ()):
        super().__init__(variant)
        self._spec, self._sources, self._called = spec, list(inputs), list(functions)

    @property
    def element_spec(self) -> Any:
        return self._spec

    def _inputs(self) -> list[DatasetV2]:
        return list(self._sources)

    def _functions(self) -> list[ElementFunction]:
        return list(self._called)


class _VariantDataset(Node):
    """A data set of which only the tensor is known."""

    def __init__(self, dataset_variant: Tensor, structure: Any):
        super().__init__(dataset_variant, structure)


class WithOptions(Node):
    """A data set with options of its own; it has no node."""

    def __init__(self, source: DatasetV2, options: Options):
        super().__init__(source._variant_tensor, source.element_spec, [source])
        self._own_options = source.options().merge(options)

    def options(self) -> Options:
        return self._own_options


def predicate_function(predicate: Callable[..., Any], what: str, spec: Any, refusal: str = "") -> ElementFunction:
    """A function that says yes or no of an element.

    Raises:
      ValueError: it says something else, as `refusal` puts it.
      AttributeError: it says several things.
    """
    function = ElementFunction(predicate, what, spec)
    if not function.spec.is_compatible_with(TensorSpec([], dtypes.bool_)):
        raise ValueError(refusal or "`predicate` return type must be convertible to a scalar boolean tensor. Was "
                         f"{function.spec}.")
    return function


def made_dataset(function: Callable[..., Any], what: str, spec: Any, told: bool = True) -> ElementFunction:
    """A function that makes a data set of an element.

    Args:
      told: whether the message tells what it makes instead.

    Raises:
      TypeError: it makes something else.
    """
    made = ElementFunction(function, what, spec)
    if not isinstance(made.spec, DatasetSpec):
        raise TypeError("`map_func` must return a `Dataset` object." + (f" Got {type(made.spec)}" if told else ""))
    return made


@export("data.DatasetSpec")
class DatasetSpec(TypeSpec):
    """What is known of a data set.

    Args:
      element_spec: the structure of its elements.
      dataset_shape: the shape of its tensor.
    """

    __slots__ = ("_element_spec", "_dataset_shape")

    def __init__(self, element_spec: Any, dataset_shape: Any = ()):
        self._element_spec = element_spec
        self._dataset_shape = TensorShape(dataset_shape)

    @property
    def value_type(self) -> Any:
        """The class of data sets."""
        return Node

    @staticmethod
    def from_value(value: DatasetV2) -> DatasetSpec:
        """What is known of a data set."""
        return DatasetSpec(value.element_spec)

    def _serialize(self) -> tuple[Any, ...]:
        return self._element_spec, self._dataset_shape

    def _batch(self, size: int | None) -> DatasetSpec:
        return DatasetSpec(self._element_spec, TensorShape([size]).concatenate(self._dataset_shape))

    def _unbatch(self) -> DatasetSpec:
        if self._dataset_shape.ndims == 0:
            raise ValueError("Unbatching a dataset is only supported for rank >= 1")
        return DatasetSpec(self._element_spec, self._dataset_shape[1:])

    def _component_specs_of_elements(self) -> list[TensorSpec]:
        return [TensorSpec(self._dataset_shape, dtypes.variant)]

    def _to_element_tensors(self, value: Any) -> list[Tensor]:
        return [value._variant_tensor]

    def _to_batched_tensors(self, value: Any) -> list[Tensor]:
        if self._dataset_shape.ndims == 0:
            raise ValueError("Unbatching a dataset is only supported for rank >= 1")
        return self._to_element_tensors(value)

    def _from_element_tensors(self, tensors: list[Tensor]) -> Any:
        tensors[0].set_shape(self._dataset_shape)
        return _VariantDataset(tensors[0], self._element_spec)


register_spec(DatasetV2, DatasetSpec.from_value)
