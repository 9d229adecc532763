"""Batches out of queues: `tf.train.batch`, `shuffle_batch`, and those that join or leave out examples."""

from __future__ import annotations

import dataclasses
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.shapes import as_shape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor, convert_to_tensor_or_indexed_slices
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.cond import smart_cond
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.tf.queues.producers import INSTEAD
from tfmagic.tf.queues.queue import FIFOQueue, PaddingFIFOQueue, QueueBase, RandomShuffleQueue
from tfmagic.tf.queues.runner import QueueRunner, add_queue_runner

Example = list[Any]


# --- what is given ----------------------------------------------------------------------------------------------


def as_list(tensors: Any) -> Any:
    """The tensors of an example; those of a dictionary by their keys."""
    return [tensors[key] for key in sorted(tensors)] if isinstance(tensors, dict) else tensors


def _as_lists(tensors_list: Any) -> list[Any]:
    """The tensors of several examples.

    Raises:
      ValueError: there are none, or dictionaries of other keys.
    """
    if not tensors_list:
        raise ValueError("Expected at least one set of tensors")
    if isinstance(tensors_list[0], dict):
        keys = set(tensors_list[0])
        for tensors in tensors_list[1:]:
            if set(tensors.keys()) != keys:
                raise ValueError("All dictionaries in tensors_list must have the same keys")
    return [as_list(tensors) for tensors in tensors_list]


def as_given(given: Any, batch: Any) -> Any:
    """A batch in the form of the examples: a dictionary, a list, or a single tensor."""
    tensors = batch if isinstance(batch, (list, tuple)) else [batch]
    if isinstance(given, dict):
        return dict(zip(sorted(given), tensors))
    return tensors[0] if len(tensors) == 1 else list(tensors)


def _converted(tensors: Any) -> Example:
    return [tensor if isinstance(tensor, SparseTensor) else convert_to_tensor_or_indexed_slices(tensor)
            for tensor in tensors]


def converted_example(tensors: Any, caller: str = "batch") -> Example:
    """The tensors of an example.

    Raises:
      ValueError: there are none.
    """
    made = _converted(tensors)
    if not made:
        raise ValueError(f"Expected at least one tensor in {caller}().")
    return made


def keep_condition(keep_input: Any, enqueue_many: bool) -> Tensor:
    """Which examples are taken: a scalar, or one value for each of many.

    Raises:
      ValueError: it has another rank.
    """
    keep = convert_to_tensor(keep_input)
    rank = keep.shape.ndims
    if rank is None:
        raise ValueError("`keep_input` dimensions must be known at graph construction.")
    if rank > 1:
        raise ValueError("`keep_input` must be a scalar or a vector.")
    if rank == 1 and not enqueue_many:
        raise ValueError("`keep_input` cannot be a vector when `enqueue_many=False`.")
    return keep


def types_of(examples: list[Example]) -> list[Any]:
    """The types of the tensors of an example.

    Raises:
      TypeError: examples have others.
    """
    every = [[tensor.dtype for tensor in example] for example in examples]
    for types in every[1:]:
        if types != every[0]:
            raise TypeError(f"Expected types to be consistent: {', '.join(t.base_dtype.name for t in every[0])} vs. "
                            f"{', '.join(t.base_dtype.name for t in types)}.")
    return [dtype.base_dtype for dtype in every[0]]


def shapes_of(examples: list[Example], shapes: Any, enqueue_many: bool) -> Any:
    """The shapes of an element, as given or as the tensors have them.

    Raises:
      ValueError: one has no known rank, or examples do not fit together.
    """
    if shapes is not None:
        return shapes
    made = []
    for column in zip(*examples):
        for tensor in column:
            if tensor.shape.ndims is None:
                raise ValueError(f"Cannot infer Tensor's rank: {tensor}")
        known = [as_shape(tensor.shape) for tensor in column]
        if enqueue_many:
            known = [shape.with_rank_at_least(1)[1:] for shape in known]
        for shape in known[1:]:
            known[0].merge_with(shape)
        made.append(known[0].as_list())
    return made


# --- sparse tensors: the queue holds numbers that stand for them -----------------------------------------------------


@dataclasses.dataclass(frozen=True)
class _Sparse:
    """How a tensor of an example is kept.

    Attributes:
      map_op: the operation that keeps it; one of another type where none is kept; None for a tensor that stands for
        itself.
      rank: the rank of what is kept.
      dtype: the type of its values.
    """

    map_op: Operation | None = None
    rank: int | None = None
    dtype: Any = None


def _kept_rows(tensor: SparseTensor, keep: Tensor) -> SparseTensor:
    """A sparse tensor with the values in those rows that are taken."""
    rows = api.gather(keep, tensor.indices[:, 0])
    chosen = api.reshape(api.where(rows), [-1])
    return SparseTensor(api.gather(tensor.indices, chosen), api.gather(tensor.values, chosen),
                        api.identity(tensor.dense_shape))


def _stored(tensor: Any, enqueue_many: bool, keep: Tensor) -> tuple[Tensor, _Sparse]:
    if not isinstance(tensor, SparseTensor):
        return tensor, _Sparse()
    made: list[Operation] = []

    def store(given: SparseTensor) -> Tensor:
        function = raw.add_many_sparse_to_tensors_map if enqueue_many else raw.add_sparse_to_tensors_map
        handle = function(given.indices, given.values, given.dense_shape)
        made.append(handle.op)
        return handle

    if keep.shape.ndims == 1:
        handle = store(_kept_rows(tensor, keep))
    elif enqueue_many:
        handle = smart_cond(keep, lambda: store(tensor), lambda: -1 * api.ones(
            api.shape(tensor)[0:1], dtypes.int64))
    else:
        handle = smart_cond(keep, lambda: store(tensor), lambda: api.constant(-1, dtypes.int64))
    rank = tensor.dense_shape.shape.with_rank(1).as_list()[0]
    if rank is not None and enqueue_many:
        rank -= 1
    handle.set_shape([None] if enqueue_many else [])
    return api.expand_dims(handle, [-1]), _Sparse(made[0] if made else handle.op, rank, tensor.values.dtype)


def store_example(example: Example, enqueue_many: bool, keep: Tensor) -> tuple[Example, list[_Sparse]]:
    pairs = [_stored(tensor, enqueue_many, keep) for tensor in example]
    return [tensor for tensor, _ in pairs], [how for _, how in pairs]


def _store_all(examples: list[Example], enqueue_many: bool, keep: Tensor) -> tuple[list[Example], list[_Sparse]]:
    """Several examples with numbers in place of sparse tensors: all in one map.

    Raises:
      ValueError: they do not have sparse tensors in the same places.
    """
    first, hows = store_example(examples[0], enqueue_many, keep)
    made = [first]
    for example in examples[1:]:
        if any(isinstance(tensor, SparseTensor) != (how.dtype is not None) for tensor, how in zip(example, hows)):
            raise ValueError(f"Inconsistent SparseTensors list: {list(examples[0])} vs. {list(example)}")
        made.append([_stored_beside(tensor, how, enqueue_many, keep) for tensor, how in zip(example, hows)])
    return made, hows


def _stored_beside(tensor: Any, how: _Sparse, enqueue_many: bool, keep: Tensor) -> Tensor:
    """A tensor of another example, in the map of the first one's."""
    if how.dtype is None:
        return tensor
    shared = how.map_op.name if how.map_op is not None else ""

    def store(given: SparseTensor) -> Tensor:
        function = raw.add_many_sparse_to_tensors_map if enqueue_many else raw.add_sparse_to_tensors_map
        return function(given.indices, given.values, given.dense_shape, shared_name=shared)

    if keep.shape.ndims == 1:
        handle = store(_kept_rows(tensor, keep))
    elif enqueue_many:
        handle = smart_cond(keep, lambda: store(tensor), lambda: -1 * api.ones(
            api.shape(tensor)[0:1], dtypes.int64))
    else:
        handle = smart_cond(keep, lambda: store(tensor), lambda: api.constant(-1, dtypes.int64))
    handle.set_shape([None] if enqueue_many else [])
    return api.expand_dims(handle, [-1])


def restored(batch: Any, hows: list[_Sparse]) -> Any:
    """A batch with the sparse tensors for which it has numbers."""
    tensors = list(batch) if isinstance(batch, (list, tuple)) else [batch]
    if all(how.dtype is None for how in hows):
        return batch
    made: list[Any] = []
    for tensor, how in zip(tensors, hows):
        if how.dtype is None:
            made.append(tensor)
            continue
        handles = api.squeeze(tensor, [1])
        keeper: Any = how.map_op
        if keeper.type not in ("AddSparseToTensorsMap", "AddManySparseToTensorsMap"):
            raise TypeError("sparse_map_op must be one of AddSparseToTensorsMap or AddSparseToTensorsMap. Instead, "
                            f"found `{keeper.type}`.")
        with get_default_graph().colocate_with(keeper):
            indices, values, shape = raw.take_many_sparse_from_tensors_map(
                handles, dtype=how.dtype, shared_name=keeper.name)
        rank = None if how.rank is None else how.rank + 1
        indices.set_shape([None, rank])
        shape.set_shape([rank])
        made.append(SparseTensor(indices, values, shape))
    ops: list[Operation] = []
    for tensor in made:
        op = tensor.values.op if isinstance(tensor, SparseTensor) else tensor.op
        if op not in ops:
            ops.append(op)
    waiting = [SparseTensor(*(with_dependencies(ops, part) for part in (tensor.indices, tensor.values,
                                                                        tensor.dense_shape)))
               if isinstance(tensor, SparseTensor) else with_dependencies(ops, tensor) for tensor in made]
    return waiting if len(waiting) > 1 else made[0]  # TensorFlow makes these nodes, and gives the others


# --- into the queue -------------------------------------------------------------------------------------------------


def _chosen(example: Example, keep: Tensor) -> Example:
    """Of many examples, those that are taken."""
    number = api.cast(keep, dtypes.int32)
    return [api.dynamic_partition(tensor, number, num_partitions=2)[1] for tensor in example]


def _enqueues(queue: QueueBase, examples: list[Example], enqueue_many: bool, keep: Tensor) -> list[Any]:
    if keep.shape.ndims == 1:
        return [queue.enqueue_many(_chosen(example, keep)) for example in examples]
    enqueue = queue.enqueue_many if enqueue_many else queue.enqueue
    return [smart_cond(keep, lambda example=example: enqueue(example), api.no_op)  # type: ignore[misc]
            for example in examples]


def _run(queue: QueueBase, examples: list[Example], threads: int, enqueue_many: bool, keep: Tensor) -> None:
    """Have a queue runner fill a queue: `threads` threads for one example, else one for each."""
    add_queue_runner(QueueRunner(queue, _enqueues(queue, examples, enqueue_many, keep) * threads))


def _dequeued(queue: QueueBase, size: Any, smaller: bool, name: str) -> Any:
    return queue.dequeue_up_to(size, name=name) if smaller else queue.dequeue_many(size, name=name)


def _batch(given: Any, keep_input: Any, size: Any, threads: int, capacity: int, enqueue_many: bool, shapes: Any,
           pad: bool, smaller: bool, shared_name: str | None, name: str | None) -> Any:
    example = as_list(given)
    with name_scope(name, "batch", [*list(example), keep_input]) as scope:
        tensors = converted_example(example)
        keep = keep_condition(keep_input, enqueue_many)
        stored, hows = store_example(tensors, enqueue_many, keep)
        return as_given(given, _through(FIFOQueue, [stored], hows, keep, size, threads, capacity, enqueue_many,
                                         shapes, pad, smaller, shared_name, scope))


def _batch_join(given: Any, keep_input: Any, size: Any, capacity: int, enqueue_many: bool, shapes: Any, pad: bool,
                smaller: bool, shared_name: str | None, name: str | None) -> Any:
    examples = _as_lists(given)
    with name_scope(name, "batch_join", [*(t for example in examples for t in example), keep_input]) as scope:
        converted = [_converted(example) for example in examples]
        keep = keep_condition(keep_input, enqueue_many)
        stored, hows = _store_all(converted, enqueue_many, keep)
        return as_given(given[0], _through(FIFOQueue, stored, hows, keep, size, 1, capacity, enqueue_many, shapes,
                                            pad, smaller, shared_name, scope))


def _through(kind: Any, examples: list[Example], hows: list[_Sparse], keep: Tensor, size: Any, threads: int,
             capacity: int, enqueue_many: bool, shapes: Any, pad: bool, smaller: bool, shared_name: str | None,
             scope: str) -> Any:
    """A batch through a queue in the order of arrival, with a summary that tells how full it is."""
    types, known = types_of(examples), shapes_of(examples, shapes, enqueue_many)
    queue = (PaddingFIFOQueue if pad else kind)(capacity=capacity, dtypes=types, shapes=known,
                                                shared_name=shared_name)
    _run(queue, examples, threads, enqueue_many, keep)
    api.summary.scalar(f"fraction_of_{capacity}_full", api.cast(queue.size(), dtypes.float32) * (1.0 / capacity))
    return restored(_dequeued(queue, size, smaller, scope), hows)


def _shuffled(examples: list[Example], hows: list[_Sparse], keep: Tensor, size: Any, threads: int, capacity: int,
              least: int, seed: int | None, enqueue_many: bool, shapes: Any, smaller: bool, shared_name: str | None,
              scope: str) -> Any:
    """A batch through a queue in random order, with a summary that tells how full it is beyond `least`."""
    types, known = types_of(examples), shapes_of(examples, shapes, enqueue_many)
    queue = RandomShuffleQueue(capacity=capacity, min_after_dequeue=least, seed=seed, dtypes=types, shapes=known,
                               shared_name=shared_name)
    _run(queue, examples, threads, enqueue_many, keep)
    full = api.cast(api.maximum(0, queue.size() - least), dtypes.float32) * (1.0 / (capacity - least))
    api.summary.scalar(f"fraction_over_{least}_of_{capacity - least}_full", full)
    return restored(_dequeued(queue, size, smaller, scope), hows)


def _check_capacity(capacity: int, least: int) -> None:
    if capacity <= least:
        raise ValueError(f"capacity {capacity} must be bigger than min_after_dequeue {least}.")


def _shuffle_batch(given: Any, size: Any, capacity: int, least: int, keep_input: Any, threads: int, seed: int | None,
                   enqueue_many: bool, shapes: Any, smaller: bool, shared_name: str | None, name: str | None) -> Any:
    example = as_list(given)
    with name_scope(name, "shuffle_batch", [*list(example), keep_input]) as scope:
        _check_capacity(capacity, least)
        tensors = converted_example(example)
        keep = keep_condition(keep_input, enqueue_many)
        stored, hows = store_example(tensors, enqueue_many, keep)
        return as_given(given, _shuffled([stored], hows, keep, size, threads, capacity, least, seed, enqueue_many,
                                          shapes, smaller, shared_name, scope))


def _shuffle_batch_join(given: Any, size: Any, capacity: int, least: int, keep_input: Any, seed: int | None,
                        enqueue_many: bool, shapes: Any, smaller: bool, shared_name: str | None,
                        name: str | None) -> Any:
    examples = _as_lists(given)
    with name_scope(name, "shuffle_batch_join", [*(t for example in examples for t in example), keep_input]) as scope:
        converted = [_converted(example) for example in examples]
        keep = keep_condition(keep_input, enqueue_many)
        stored, hows = _store_all(converted, enqueue_many, keep)
        return as_given(given[0], _shuffled(stored, hows, keep, size, 1, capacity, least, seed, enqueue_many, shapes,
                                             smaller, shared_name, scope))


# --- public functions -------------------------------------------------------------------------------------------

_PADDED = " (or `padded_batch(...)` if `dynamic_pad=True`)."


@export("train.batch")
@deprecated(None, f"{INSTEAD}batch(batch_size)`{_PADDED}")
def batch(tensors: Any, batch_size: Any, num_threads: int = 1, capacity: int = 32, enqueue_many: bool = False,
          shapes: Any = None, dynamic_pad: bool = False, allow_smaller_final_batch: bool = False,
          shared_name: str | None = None, name: str | None = None) -> Any:
    """Batches of examples, which a queue runner of the graph collects in a queue.

    Args:
      tensors: an example: a list or dictionary of tensors, sparse ones too.
      batch_size: how many examples a batch has.
      num_threads: how many threads compute examples; with several their order varies.
      capacity: how many examples the queue holds.
      enqueue_many: whether `tensors` are many examples, a row for each.
      shapes: the shapes of an example; by default those that `tensors` have.
      dynamic_pad: whether examples of different shapes are padded with zeros.
      allow_smaller_final_batch: whether the last batch may have fewer examples.
      shared_name: a name under which several nodes mean one queue.
      name: the name of the nodes.

    Returns:
      A list or dictionary as `tensors` is, or the only tensor.

    Raises:
      ValueError: there are no tensors, or their shapes are not known.
    """
    return _batch(tensors, True, batch_size, num_threads, capacity, enqueue_many, shapes, dynamic_pad,
                  allow_smaller_final_batch, shared_name, name)


@export("train.maybe_batch")
@deprecated(None, f"{INSTEAD}filter(...).batch(batch_size)`{_PADDED}")
def maybe_batch(tensors: Any, keep_input: Any, batch_size: Any, num_threads: int = 1, capacity: int = 32,
                enqueue_many: bool = False, shapes: Any = None, dynamic_pad: bool = False,
                allow_smaller_final_batch: bool = False, shared_name: str | None = None,
                name: str | None = None) -> Any:
    """Batches of those examples for which `keep_input` is true; see `batch`.

    Args:
      keep_input: a bool scalar; with `enqueue_many` there may be one for each example.
    """
    return _batch(tensors, keep_input, batch_size, num_threads, capacity, enqueue_many, shapes, dynamic_pad,
                  allow_smaller_final_batch, shared_name, name)


@export("train.batch_join")
@deprecated(None, f"{INSTEAD}interleave(...).batch(batch_size)`{_PADDED}")
def batch_join(tensors_list: Any, batch_size: Any, capacity: int = 32, enqueue_many: bool = False, shapes: Any = None,
               dynamic_pad: bool = False, allow_smaller_final_batch: bool = False, shared_name: str | None = None,
               name: str | None = None) -> Any:
    """Batches of examples from several sources, a thread for each; see `batch`.

    Args:
      tensors_list: an example of each source.
    """
    return _batch_join(tensors_list, True, batch_size, capacity, enqueue_many, shapes, dynamic_pad,
                       allow_smaller_final_batch, shared_name, name)


@export("train.maybe_batch_join")
@deprecated(None, f"{INSTEAD}interleave(...).filter(...).batch(batch_size)`{_PADDED}")
def maybe_batch_join(tensors_list: Any, keep_input: Any, batch_size: Any, capacity: int = 32,
                     enqueue_many: bool = False, shapes: Any = None, dynamic_pad: bool = False,
                     allow_smaller_final_batch: bool = False, shared_name: str | None = None,
                     name: str | None = None) -> Any:
    """Batches of those examples from several sources for which `keep_input` is true; see `maybe_batch`."""
    return _batch_join(tensors_list, keep_input, batch_size, capacity, enqueue_many, shapes, dynamic_pad,
                       allow_smaller_final_batch, shared_name, name)


@export("train.shuffle_batch")
@deprecated(None, INSTEAD + "shuffle(min_after_dequeue).batch(batch_size)`.")
def shuffle_batch(tensors: Any, batch_size: Any, capacity: int, min_after_dequeue: int, num_threads: int = 1,
                  seed: int | None = None, enqueue_many: bool = False, shapes: Any = None,
                  allow_smaller_final_batch: bool = False, shared_name: str | None = None,
                  name: str | None = None) -> Any:
    """Batches of examples in random order; see `batch`.

    Args:
      min_after_dequeue: among how many examples, at least, one is chosen.
      seed: makes the order the same each time, with one thread.

    Raises:
      ValueError: the queue holds no more than `min_after_dequeue`.
    """
    return _shuffle_batch(tensors, batch_size, capacity, min_after_dequeue, True, num_threads, seed, enqueue_many,
                          shapes, allow_smaller_final_batch, shared_name, name)


@export("train.maybe_shuffle_batch")
@deprecated(None, INSTEAD + "filter(...).shuffle(min_after_dequeue).batch(batch_size)`.")
def maybe_shuffle_batch(tensors: Any, batch_size: Any, capacity: int, min_after_dequeue: int, keep_input: Any,
                        num_threads: int = 1, seed: int | None = None, enqueue_many: bool = False, shapes: Any = None,
                        allow_smaller_final_batch: bool = False, shared_name: str | None = None,
                        name: str | None = None) -> Any:
    """Batches in random order of chosen examples; see `shuffle_batch`, `maybe_batch`."""
    return _shuffle_batch(tensors, batch_size, capacity, min_after_dequeue, keep_input, num_threads, seed,
                          enqueue_many, shapes, allow_smaller_final_batch, shared_name, name)


@export("train.shuffle_batch_join")
@deprecated(None, INSTEAD + "interleave(...).shuffle(min_after_dequeue).batch(batch_size)`.")
def shuffle_batch_join(tensors_list: Any, batch_size: Any, capacity: int, min_after_dequeue: int,
                       seed: int | None = None, enqueue_many: bool = False, shapes: Any = None,
                       allow_smaller_final_batch: bool = False, shared_name: str | None = None,
                       name: str | None = None) -> Any:
    """Batches in random order of examples from several sources; see `shuffle_batch`, `batch_join`."""
    return _shuffle_batch_join(tensors_list, batch_size, capacity, min_after_dequeue, True, seed, enqueue_many, shapes,
                               allow_smaller_final_batch, shared_name, name)


@export("train.maybe_shuffle_batch_join")
@deprecated(None, INSTEAD + "interleave(...).filter(...).shuffle(min_after_dequeue).batch(batch_size)`.")
def maybe_shuffle_batch_join(tensors_list: Any, batch_size: Any, capacity: int, min_after_dequeue: int,
                             keep_input: Any, seed: int | None = None, enqueue_many: bool = False, shapes: Any = None,
                             allow_smaller_final_batch: bool = False, shared_name: str | None = None,
                             name: str | None = None) -> Any:
    """Batches in random order of chosen examples from several sources; see `shuffle_batch_join`, `maybe_batch`."""
    return _shuffle_batch_join(tensors_list, batch_size, capacity, min_after_dequeue, keep_input, seed, enqueue_many,
                               shapes, allow_smaller_final_batch, shared_name, name)
