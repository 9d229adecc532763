"""Batches of segments of sequences, filled by threads."""

from __future__ import annotations

import numbers
from collections import OrderedDict
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.errors import CancelledError, OutOfRangeError
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.tf.contrib.training.sequence_checks import is_multiple
from tfmagic.tf.contrib.training.sequences import NextQueuedSequenceBatch, SequenceQueueingStateSaver
from tfmagic.tf.queues.runner import QueueRunner, add_queue_runner


@export("contrib.training.batch_sequences_with_states")
def batch_sequences_with_states(input_key: Any, input_sequences: Any, input_context: Any, input_length: Any,
                                initial_states: Any, num_unroll: int, batch_size: Any, num_threads: int = 3,
                                capacity: int = 1000, allow_small_batch: bool = True, pad: bool = True,
                                make_keys_unique: bool = False, make_keys_unique_seed: int | None = None,
                                name: str | None = None) -> NextQueuedSequenceBatch:
    """Batches of segments of sequences with their states, which a `SequenceQueueingStateSaver` cuts in threads.

    Args:
      input_key: a string scalar which no two examples on their way may share.
      input_sequences: tensors [steps, ...] by name, all of the same number of steps.
      input_context: tensors by name, the same for all of an example's segments.
      input_length: the length without padding, an int32 scalar; None with `pad` takes the sequences' length.
      initial_states: the first states by name.
      num_unroll: how many steps are in a segment.
      batch_size: how many segments are in a batch.
      num_threads: how many threads take examples in.
      capacity: how many examples can be on their way at a time.
      allow_small_batch: whether the last batches may be smaller.
      pad: whether sequences get zeros at their ends, up to a multiple of `num_unroll`.
      make_keys_unique, make_keys_unique_seed: whether keys get a random number at their ends, and its seed.
      name: the scope of the nodes.

    Returns:
      A `NextQueuedSequenceBatch`.

    Raises:
      TypeError: names are not strings.
      ValueError: `num_unroll` is no integer, or as `SequenceQueueingStateSaver`.
      NotImplementedError: a sequence or a context is sparse; `tf.sparse_tensor_to_dense` makes it dense.
    """
    values = [*input_sequences.values(), *input_context.values(), *initial_states.values(), input_key, input_length]
    for what, tensors in (("input_sequences", input_sequences), ("input_context", input_context)):
        for key, value in tensors.items():
            if isinstance(value, SparseTensor):
                raise NotImplementedError(f"{what}[{key!r}] is a SparseTensor, of which tfmagic makes no segments; "
                                          "use tf.sparse_tensor_to_dense")
    with name_scope(name, "batch_sequences_with_states", values):
        if pad:
            length, sequences = _padded(input_sequences, num_unroll)
            input_length = length if input_length is None else input_length
        else:
            sequences = _multiples(input_sequences, num_unroll)
        steps = constant(1)  # nodes that sparse context needs and that are there without it; no sequence: refused below
        for first in list(sequences.values())[:1]:
            with get_default_graph().control_dependencies([first]):
                steps = api.shape(first)[0]
        api.cast(steps, dtypes.int64)
        if make_keys_unique:
            number = api.random_uniform([], minval=0, maxval=100000000, dtype=dtypes.int32,
                                        seed=make_keys_unique_seed)
            input_key = api.string_join([input_key, api.as_string(number)])
        saver = SequenceQueueingStateSaver(
            batch_size, num_unroll, input_length, input_key, sequences, input_context, initial_states,
            capacity=capacity, allow_small_batch=allow_small_batch)
        ready = saver.barrier.ready_size()
        api.summary.scalar(f"queue/{saver.barrier.name}/ready_segment_batches_", api.cast(ready, dtypes.float32))
        add_queue_runner(QueueRunner(saver, [saver.prefetch_op] * num_threads,
                                     queue_closed_exception_types=(OutOfRangeError, CancelledError)))
        return saver.next_batch


def _padded(sequences: Any, unroll: Any) -> tuple[Tensor | None, OrderedDict[str, Tensor]]:
    """The length of the sequences, and the sequences with zeros up to a multiple of `unroll`."""
    for name in sequences:
        if not isinstance(name, str):
            raise TypeError(f"Unsupported sequences key expected string, got: {name}")
    if not isinstance(unroll, numbers.Integral):
        raise ValueError(f"Unsupported num_unroll expected int, got: {unroll}")
    if not sequences:
        return None, OrderedDict()
    made = OrderedDict((name, api.convert_to_tensor(sequences[name])) for name in sorted(sequences))
    lengths = [api.shape(value)[0] for value in made.values()]
    same = [api.Assert(api.equal(length, lengths[0]), [api.string_join(
        ["All sequence lengths must match, but received lengths: ", api.as_string(lengths)])]) for length in lengths]
    length = with_dependencies(same, lengths[0])
    of = constant(unroll)
    steps = length + (of - length % of) % of
    padded = OrderedDict()
    for name, value in made.items():
        missing = steps - api.shape(value)[0]
        shape = api.concat([[missing], api.shape(value)[1:]], 0)
        padded[name] = api.concat([value, raw.fill(shape, constant(_nothing(value.dtype), dtype=value.dtype))], 0)
    return length, padded


def _nothing(dtype: dtypes.DType) -> Any:
    return "" if dtype.base_dtype == dtypes.string else 0


def _multiples(sequences: Any, unroll: Any) -> OrderedDict[str, Tensor]:
    """The sequences, once their steps are seen to be a multiple of `unroll`."""
    made = OrderedDict()
    for name in sorted(sequences):
        value = api.convert_to_tensor(sequences[name])
        steps = api.shape(value)[0]
        check = is_multiple(steps % unroll, steps, unroll, f"Tensor {name} first dimension")
        with get_default_graph().control_dependencies([check]):
            made[name] = raw.identity(value, name="multiple_of_checked")
    return made
