"""Buckets: batches of examples that belong together, as those of about the same length do."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.errors import CancelledError, OutOfRangeError
from tfmagic.base.export import export
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.ops.control_flow.cond import smart_cond
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.queues import batches
from tfmagic.tf.queues.queue import FIFOQueue, PaddingFIFOQueue
from tfmagic.tf.queues.runner import QueueRunner, add_queue_runner


def _batch_sizes(batch_size: Any, count: int) -> list[Any]:
    """The size of a batch of each bucket, a number where it is known."""
    sizes = batch_size if isinstance(batch_size, (list, tuple)) else [batch_size] * count
    made = [api.convert_to_tensor(size, dtype=dtypes.int32, name="batch_size") for size in sizes]
    known = [constant_value(size) for size in made]
    return [size if value is None else int(value) for size, value in zip(made, known)]


def _top_shapes(shapes: list[Any], sizes: list[Any], smaller: bool) -> list[Any]:
    """The shapes of a batch: all buckets' batch size in front, if it is one."""
    known = {None if smaller or not isinstance(size, int) else size for size in sizes}
    front = known.pop() if len(known) == 1 else None
    return [[], *([front, *shape] for shape in shapes)]


@export("contrib.training.bucket")
def bucket(tensors: Any, which_bucket: Any, batch_size: Any, num_buckets: int, num_threads: int = 1,
           capacity: int = 32, bucket_capacities: Any = None, shapes: Any = None, dynamic_pad: bool = False,
           allow_smaller_final_batch: bool = False, keep_input: Any = True, shared_name: str | None = None,
           name: str | None = None) -> tuple[Any, Any]:
    """Batches of examples of one bucket each, which queue runners of the graph collect.

    Args:
      tensors: an example: a list or dictionary of tensors, sparse ones too.
      which_bucket: the number of its bucket, a scalar int32 tensor.
      batch_size: how many examples a batch has, or a list with a number for each bucket.
      num_buckets: how many buckets there are.
      num_threads: how many threads compute examples.
      capacity: how many examples a bucket holds, and how many batches wait.
      bucket_capacities: how many examples each bucket holds; by default `capacity`.
      shapes: the shapes of an example; by default those that `tensors` have.
      dynamic_pad: whether examples of different shapes are padded with zeros.
      allow_smaller_final_batch: whether the last batches may have fewer examples.
      keep_input: a bool, whether this example is taken.
      shared_name: a name under which several nodes mean one queue.

    Returns:
      The number of the bucket, and the batch in the form of `tensors`.

    Raises:
      ValueError: there are no tensors, their ranks are not known, or lists do not have `num_buckets` elements.
    """
    example = batches.as_list(tensors)
    if isinstance(batch_size, (list, tuple)) and len(batch_size) != num_buckets:
        raise ValueError("If batch_size is a list it must have num_buckets elements")
    if bucket_capacities is None:
        bucket_capacities = [capacity] * num_buckets
    if len(bucket_capacities) != num_buckets:
        raise ValueError(f"The list bucket_capacities ({bucket_capacities}) must have exactly num_buckets "
                         f"({num_buckets}) elements.")
    with name_scope(name, "bucket", example):
        converted = batches.converted_example(example, "bucket")
        keep = batches.keep_condition(keep_input, False)
        stored, hows = batches.store_example(converted, False, keep)
        sizes = _batch_sizes(batch_size, num_buckets)
        which_bucket = api.convert_to_tensor(which_bucket, dtype=dtypes.int32, name="which_bucket")
        types = batches.types_of([stored])
        known = batches.shapes_of([stored], shapes, False)
        kind = PaddingFIFOQueue if dynamic_pad else FIFOQueue
        queues = [kind(capacity=bucket_capacities[i], dtypes=types, shapes=known,
                       shared_name=None if shared_name is None else f"{shared_name}_{i}", name=f"bucket_queue_{i}")
                  for i in range(num_buckets)]
        top = PaddingFIFOQueue(capacity=capacity, dtypes=[dtypes.int32, *types],
                               shapes=_top_shapes(known, sizes, allow_smaller_final_batch), shared_name=shared_name,
                               name="top_queue")

        def enqueue_all() -> Any:
            chosen = [api.cond(api.equal(which_bucket, i), lambda queue=queue: queue.enqueue(stored), api.no_op)
                      for i, queue in enumerate(queues)]
            return group(*chosen, name="group_enqueues")

        into_buckets = smart_cond(keep, enqueue_all, api.no_op)
        to_top = []
        for i, (queue, size) in enumerate(zip(queues, sizes)):
            number = api.constant(i, dtype=dtypes.int32)
            take = queue.dequeue_up_to if allow_smaller_final_batch else queue.dequeue_many
            batch = take(size, name=f"read_bucket_{i}")
            to_top.append(top.enqueue([number, *(batch if isinstance(batch, (list, tuple)) else [batch])],
                                      name=f"enqueue_from_bucket_{i}"))
        closed = (OutOfRangeError, CancelledError)
        add_queue_runner(QueueRunner(queues[0], to_top, close_op=top.close(),
                                     cancel_op=top.close(cancel_pending_enqueues=True),
                                     queue_closed_exception_types=closed))
        add_queue_runner(QueueRunner(
            top, [into_buckets] * num_threads, close_op=group(*[queue.close() for queue in queues]),
            cancel_op=group(*[queue.close(cancel_pending_enqueues=True) for queue in queues]),
            queue_closed_exception_types=closed))
        for queue in queues:
            api.summary.scalar(f"bucket/{queue.name}/size", api.cast(top.size(), dtypes.float32))
        api.summary.scalar(f"bucket/{top.name}/fraction_of_{capacity}_full",
                           api.cast(top.size(), dtypes.float32) * (1.0 / capacity))
        number, *batch = top.dequeue(name="dequeue_top")
        restored = batches.restored(batch, hows)
        return number, batches.as_given(tensors, restored if isinstance(restored, list) else [restored])


@export("contrib.training.bucket_by_sequence_length")
def bucket_by_sequence_length(input_length: Any, tensors: Any, batch_size: Any, bucket_boundaries: Any,
                              num_threads: int = 1, capacity: int = 32, bucket_capacities: Any = None,
                              shapes: Any = None, dynamic_pad: bool = False,
                              allow_smaller_final_batch: bool = False, keep_input: Any = True,
                              shared_name: str | None = None, name: str | None = None) -> tuple[Any, Any]:
    """Batches of examples of about the same length.

    Args:
      input_length: the length of the example, a scalar int32 tensor.
      tensors, batch_size, num_threads, capacity, bucket_capacities, shapes, dynamic_pad, allow_smaller_final_batch,
        keep_input, shared_name, name: as for `bucket`, with a bucket more than there are boundaries.
      bucket_boundaries: increasing integers; a boundary's lengths belong to the bucket that it begins.

    Returns:
      The lengths of the examples, int32 of shape [batch], and the batch in the form of `tensors`.

    Raises:
      TypeError: the boundaries are no list of integers.
      ValueError: they are empty or do not increase.
    """
    tensors = list(tensors) if isinstance(tensors, tuple) else tensors
    if not isinstance(bucket_boundaries, (list, tuple)):
        raise TypeError(f"bucket_boundaries must be a list or tuple, but received: {bucket_boundaries}")
    if not bucket_boundaries:
        raise ValueError("bucket_boundaries must not be empty")
    for lower, upper in zip(bucket_boundaries[:-1], bucket_boundaries[1:]):
        if not isinstance(lower, int) or not isinstance(upper, int):
            raise TypeError(f"bucket boundaries must be integers, but saw: {lower} and {upper}")
        if lower >= upper:
            raise ValueError(f"Buckets must contain sequential increasing lengths, but saw: {lower} before {upper}")
    with name_scope(name, "bucket_by_sequence_length", [input_length, *batches.as_list(tensors)]):
        input_length = api.convert_to_tensor(input_length, dtype=dtypes.int32, name="input_length")
        bounds = list(bucket_boundaries)
        within = api.logical_and(api.less_equal([np.iinfo(np.int32).min, *bounds], input_length),
                                 api.less(input_length, [*bounds, np.iinfo(np.int32).max]))
        which = api.cast(api.reduce_min(api.where(within)), dtypes.int32)
        if shapes is not None:
            shapes = [[], *shapes]
        keys = sorted(tensors) if isinstance(tensors, dict) else None
        example = [input_length, *([tensors[key] for key in keys] if keys is not None else tensors)]
        _, batch = bucket(example, which, batch_size, len(bounds) + 1, num_threads=num_threads, capacity=capacity,
                          bucket_capacities=bucket_capacities, shapes=shapes, dynamic_pad=dynamic_pad,
                          allow_smaller_final_batch=allow_smaller_final_batch, keep_input=keep_input,
                          shared_name=shared_name)
        rest = batch[1:]
        return batch[0], rest if keys is None else dict(zip(keys, rest))
