"""Elements put into groups by a key: windows, buckets of like lengths, one result per key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import as_shape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.type_spec import TensorSpec
from tfmagic.ops import api, raw
from tfmagic.tf.data import nest, structure
from tfmagic.tf.data.dataset import DatasetSpec, DatasetV2
from tfmagic.tf.data.functions import ElementFunction
from tfmagic.tf.data.reducing import state_function

_KEY = TensorSpec([], dtypes.int64)
Transformation = Callable[[Any], Any]


@export("data.experimental.group_by_window")
def group_by_window(key_func: Callable[..., Any], reduce_func: Callable[..., Any], window_size: Any = None,
                    window_size_func: Callable[..., Any] | None = None) -> Transformation:
    """Collect elements by a key; each full window of a key becomes the elements of a dataset.

    Args:
      key_func: takes an element, returns an int64 scalar.
      reduce_func: takes a key and the dataset of a window, returns a dataset.
      window_size: how many elements make a window.
      window_size_func: takes a key, returns that number.

    Raises:
      ValueError: not exactly one of `window_size` and `window_size_func` is given.
    """
    if (window_size is not None and window_size_func) or not (window_size is not None or window_size_func):
        raise ValueError("Must pass either window_size or window_size_func.")
    if window_size is not None:
        def constant_window_func(unused: Any) -> Any:
            return convert_to_tensor(window_size, dtypes.int64)

        window_size_func = constant_window_func
    sizes: Any = window_size_func
    what = "tf.data.experimental.group_by_window()"

    def transform(dataset: DatasetV2) -> DatasetV2:
        spec = dataset.element_spec

        def key_func_wrapper(*args: Any) -> Any:
            return convert_to_tensor(key_func(*args), dtypes.int64)

        def window_size_func_wrapper(key: Any) -> Any:
            return convert_to_tensor(sizes(key), dtypes.int64)

        key = ElementFunction(key_func_wrapper, what, spec)
        if not _KEY.is_compatible_with(key.spec):
            raise ValueError("`key_func` must return a single tf.int64 scalar tensor.")
        reduce = ElementFunction(reduce_func, what, (_KEY, DatasetSpec(spec)))
        if not isinstance(reduce.spec, DatasetSpec):
            raise TypeError("`reduce_func` must return a `Dataset` object.")
        size = ElementFunction(window_size_func_wrapper, what, _KEY)
        if not _KEY.is_compatible_with(size.spec):
            raise ValueError("`window_size_func` must return a single tf.int64 scalar tensor.")
        return dataset._derived(raw.group_by_window_dataset, key.captured, reduce.captured, size.captured, key, reduce,
                                size, spec=reduce.spec._element_spec, functions=[key, reduce, size])

    return transform


@export("data.experimental.bucket_by_sequence_length")
def bucket_by_sequence_length(element_length_func: Callable[..., Any], bucket_boundaries: Sequence[int],
                              bucket_batch_sizes: Sequence[int], padded_shapes: Any = None,
                              padding_values: Any = None, pad_to_bucket_boundary: bool = False,
                              no_padding: bool = False, drop_remainder: bool = False) -> Transformation:
    """Batches of elements of like lengths, filled up to one.

    Args:
      element_length_func: takes an element, returns its length, an int32 scalar.
      bucket_boundaries: the lengths from which on a new bucket begins.
      bucket_batch_sizes: how many elements make a batch, for each bucket (one more than boundaries).
      padded_shapes, padding_values: see `Dataset.padded_batch`.
      pad_to_bucket_boundary: whether to fill up to the longest that a bucket may hold.
      no_padding: whether not to fill up at all.
      drop_remainder: whether batches that are smaller are left out.

    Raises:
      ValueError: the numbers of boundaries and sizes do not fit.
    """
    with name_scope("bucket_by_seq_length"):
        if len(bucket_batch_sizes) != len(bucket_boundaries) + 1:
            raise ValueError("len(bucket_batch_sizes) must equal len(bucket_boundaries) + 1")
        sizes = constant(bucket_batch_sizes, dtypes.int64)

        def element_to_bucket_id(*args: Any) -> Any:
            length = element_length_func(*args)
            limits = np.iinfo(np.int32)
            least, most = [limits.min, *bucket_boundaries], [*bucket_boundaries, limits.max]
            inside = api.logical_and(api.less_equal(least, length), api.less(length, most))
            return api.reduce_min(api.where(inside))

        def window_size_fn(bucket_id: Any) -> Any:
            return sizes[bucket_id]

        def batching_fn(bucket_id: Any, grouped_dataset: Any) -> Any:
            size = window_size_fn(bucket_id)
            if no_padding:
                return grouped_dataset.batch(size, drop_remainder=drop_remainder)
            longest = None
            if pad_to_bucket_boundary:
                check = api.debugging.assert_less(
                    bucket_id, constant(len(bucket_batch_sizes) - 1, dtypes.int64),
                    message="When pad_to_bucket_boundary=True, elements must have length < max(bucket_boundaries).")
                with get_default_graph().control_dependencies([check]):
                    longest = constant(bucket_boundaries, dtypes.int64)[bucket_id] - 1
            shapes = padded_shapes or structure.legacy(grouped_dataset.element_spec, 1)
            filled = nest.map_structure(lambda shape: [longest if d is None else d for d in as_shape(shape).as_list()],
                                        shapes)
            return grouped_dataset.padded_batch(size, filled, padding_values, drop_remainder=drop_remainder)

        def transform(dataset: Any) -> Any:
            return dataset.apply(group_by_window(element_to_bucket_id, batching_fn, window_size_func=window_size_fn))

        return transform


@export("data.experimental.Reducer")
class Reducer:
    """Three functions that make one element of all elements of a key.

    Args:
      init_func: takes the key, returns the first state.
      reduce_func: takes a state and an element, returns the next state.
      finalize_func: takes the last state, returns an element.
    """

    def __init__(self, init_func: Callable[..., Any], reduce_func: Callable[..., Any],
                 finalize_func: Callable[..., Any]):
        self._functions = init_func, reduce_func, finalize_func

    @property
    def init_func(self) -> Callable[..., Any]:
        """Makes the first state."""
        return self._functions[0]

    @property
    def reduce_func(self) -> Callable[..., Any]:
        """Takes an element in."""
        return self._functions[1]

    @property
    def finalize_func(self) -> Callable[..., Any]:
        """Makes the element."""
        return self._functions[2]


@export("data.experimental.group_by_reducer")
def group_by_reducer(key_func: Callable[..., Any], reducer: Reducer) -> Transformation:
    """One element per key: what a `Reducer` makes of all elements of the key.

    Args:
      key_func: takes an element, returns an int64 scalar.
      reducer: makes the element.
    """
    what = "tf.data.experimental.group_by_reducer()"

    def transform(dataset: DatasetV2) -> DatasetV2:
        spec = dataset.element_spec
        key = ElementFunction(key_func, what, spec)
        if not key.spec.is_compatible_with(_KEY):
            dtype, shape = (structure.legacy(key.spec, which) for which in (0, 1))
            raise ValueError(f"`key_func` must return a single tf.int64 tensor. Got type={dtype} and shape={shape}")
        init = ElementFunction(reducer.init_func, what, _KEY)
        reduce, state = state_function(reducer.reduce_func, what, init.spec, spec)
        finalize = ElementFunction(reducer.finalize_func, what, state)
        functions = [key, init, reduce, finalize]
        captured = [function.captured for function in functions]
        return dataset._derived(raw.experimental_group_by_reducer_dataset, *captured, *functions,
                                spec=finalize.spec, functions=functions)

    return transform


@export("data.experimental.scan")
def scan(initial_state: Any, scan_func: Callable[..., Any]) -> Transformation:
    """A function of a state and each element, which gives the next state and an element.

    Args:
      initial_state: the first state.
      scan_func: takes a state and an element, returns a pair of the next state and an element.
    """
    what = "tf.data.experimental.scan()"

    def transform(dataset: DatasetV2) -> DatasetV2:
        first = structure.normalized(initial_state)

        def state_of(spec: Any) -> Any:
            if not isinstance(spec, tuple) or len(spec) != 2:
                raise TypeError("The scan function must return a pair comprising the new state and the output value.")
            return spec[0]

        made, state = state_function(scan_func, what, structure.spec_of(first), dataset.element_spec, state_of)
        return dataset._derived(raw.scan_dataset, structure.to_tensors(state, first), made.captured, made,
                                spec=made.spec[1], functions=[made], preserve_cardinality=True)

    return transform
