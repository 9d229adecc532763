"""Sequences of any length in segments, which come in batches; each sequence's state goes from segment to segment."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.contrib.training.sequence_checks import checked_multiple, checked_rank, checked_shape, checked_sizes
from tfmagic.tf.queues.barrier import Barrier
from tfmagic.tf.queues.queue import FIFOQueue

#: What stands for a sequence in the queue that counts those on their way; nobody reads it.
_TOKEN = 21051976


class _Input:
    """One example: its length, its key, and sequences and context by name, in the order of the names."""

    def __init__(self, length: Any, key: Any, sequences: Any, context: Any):
        self.length = api.convert_to_tensor(length, name="length")
        self.key = api.convert_to_tensor(key, name="key")
        self.sequences = _named(sequences, "sequence")
        self.context = _named(context, "context")


def _named(values: Any, what: str) -> OrderedDict[str, Tensor]:
    """Tensors by name, in the order of the names."""
    for name in values:
        if not isinstance(name, str):
            raise TypeError(f"{what} key must be string: {name}")
    made = {name: api.convert_to_tensor(value, name=f"{what}_{name}") for name, value in values.items()}
    return OrderedDict(sorted(made.items()))


def _require_known(values: OrderedDict[str, Tensor], what: str, first: int = 0) -> None:
    for name, value in values.items():
        shape = value.get_shape()
        known = shape.rank is not None and shape[first:].is_fully_defined()
        if not known:
            less = "(ignoring first dimension)" if first else ""
            raise ValueError(f"Shape for {what} {name} is not fully defined {less}: {shape}")


@export("contrib.training.SequenceQueueingStateSaver")
class SequenceQueueingStateSaver:
    """Cuts sequences into segments of `num_unroll` steps and gives them out in batches, with a state for each sequence.

    `prefetch_op` takes one example in; `next_batch` has the tensors of a batch. A sequence's next segment comes once
    the state after the one before is saved, as `tf.nn.static_state_saving_rnn` does.

    Args:
      batch_size: how many segments are in a batch.
      num_unroll: how many steps are in a segment.
      input_length: the length of the example without its padding, an int32 scalar.
      input_key: a string scalar which no two examples on their way may share.
      input_sequences: tensors [steps, ...] by name; the steps are a multiple of `num_unroll`, the other sizes known.
      input_context: tensors of known shape by name, the same for all of an example's segments.
      initial_states: the first states by name, of known shapes.
      capacity: how many examples can be on their way at a time; by default any number.
      allow_small_batch: whether the last batches after `close` may be smaller.
      name: the scope of the nodes.

    Raises:
      TypeError: names are not strings; the key is not a string or the length no int32.
      ValueError: there is no sequence or no state, a shape is not known, the capacity is below the batch size.
      InvalidArgumentError: a run sees lengths that do not fit.
    """

    def __init__(self, batch_size: Any, num_unroll: Any, input_length: Any, input_key: Any, input_sequences: Any,
                 input_context: Any, initial_states: Any, capacity: int | None = None,
                 allow_small_batch: bool = False, name: str | None = None):
        if isinstance(capacity, int) and isinstance(batch_size, int) and capacity < batch_size:
            raise ValueError(f"capacity {capacity} needs to be >= batch_size {batch_size}")
        self._batch_size, self._num_unroll = batch_size, num_unroll
        self._allow_small_batch = allow_small_batch
        # The queue counts sequences on their way: a token goes in with the first segment and out with the last.
        self._counter = FIFOQueue(capacity=-1 if capacity is None else capacity, dtypes=[dtypes.int32], shapes=[[]],
                                  name="fifo_queue")
        values = [*input_sequences.values(), *input_context.values()]
        with name_scope(name, "InputQueueingStateSaver", values) as scope, \
                get_default_graph().colocate_with(self._counter.queue_ref):
            self._scope = scope
            self._input = _Input(input_length, input_key, input_sequences, input_context)
            if not isinstance(initial_states, dict):
                raise TypeError("initial_states must be a dictionary")
            if not self._input.sequences:
                raise ValueError("must have at least one sequence tensor")
            self._states = _named(initial_states, "state")
            _require_known(self._input.sequences, "sequence", 1)
            _require_known(self._input.context, "context")
            _require_known(self._states, "state")
            self._check()
            if not initial_states:
                raise ValueError("initial_states may not be empty: at least one state variable is required to "
                                 "properly enqueue split sequences to run in separate iterations")
            self._make_barrier()
        self._prefetch: Any = None
        self._next_batch: NextQueuedSequenceBatch | None = None

    def _check(self) -> None:
        """Replaces the parts of the example by what is looked at in each run."""
        given = self._input
        given.length = checked_rank(given.length, 0)
        given.key = checked_rank(given.key, 0)
        if given.length.dtype != dtypes.int32:
            raise TypeError(f"length dtype must be int32, but received: {given.length.dtype}")
        if given.key.dtype != dtypes.string:
            raise TypeError(f"key dtype must be string, but received: {given.key.dtype}")
        first = next(iter(given.sequences.values()))
        steps = raw.identity(api.shape(first)[0], name="padded_length")
        self._steps = checked_multiple(steps, self._num_unroll)
        for name, value in given.sequences.items():
            given.sequences[name] = checked_sizes(value, [0], [self._steps], f"sorted_sequences_{name}")
        fits = api.Assert(api.less_equal(given.length, self._steps), [
            "Input length should be <= than length from sequences:", given.length, " vs. ", self._steps])
        with get_default_graph().control_dependencies([fits]):
            given.length = raw.identity(given.length)

    def _make_barrier(self) -> None:
        given = self._input
        parts: list[Any] = [
            ("length", dtypes.int32, []), ("total_length", dtypes.int32, []), ("next_key", dtypes.string, []),
            ("sequence", dtypes.int32, []), ("sequence_count", dtypes.int32, [])]
        sequences = [(("sequence", name), value.dtype.base_dtype,
                      [self._num_unroll, *value.get_shape().as_list()[1:]]) for name, value in given.sequences.items()]
        others = [((what, name), value.dtype.base_dtype, value.get_shape().as_list())
                  for what, values in (("context", given.context), ("state", self._states))
                  for name, value in values.items()]
        made = [*parts, *sequences, *others]
        self._index = {part: index for index, (part, _, _) in enumerate(made)}
        self._barrier = Barrier(types=[dtype for _, dtype, _ in made], shapes=[shape for _, _, shape in made])

    @property
    def name(self) -> str:
        """The scope of the nodes, with its slash."""
        return self._scope

    @property
    def barrier(self) -> Barrier:
        """The barrier in which segments are put together."""
        return self._barrier

    @property
    def batch_size(self) -> Any:
        """How many segments are in a batch."""
        return self._batch_size

    @property
    def num_unroll(self) -> Any:
        """How many steps are in a segment."""
        return self._num_unroll

    @property
    def prefetch_op(self) -> Operation:
        """The operation that takes an example in."""
        if self._prefetch is None:
            with name_scope(self._scope):
                self._prefetch = self._make_prefetch()
        return self._prefetch

    @property
    def next_batch(self) -> NextQueuedSequenceBatch:
        """The batch: a run that asks for a part of it takes one."""
        if self._next_batch is None:
            self.prefetch_op  # noqa: B018 - its nodes come before those of the batch
            with name_scope(self._scope):
                self._take()
            self._next_batch = NextQueuedSequenceBatch(self)
        return self._next_batch

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Operation:
        """An operation after which no example comes in; with `cancel_pending_enqueues` no waiting ones either."""
        with name_scope(name, "SQSSClose", [self.prefetch_op]) as scope:
            closed = self._barrier.close(cancel_pending_enqueues, "BarrierClose")
            counter = self._counter.close(cancel_pending_enqueues, "FIFOClose")
            return group(closed, counter, name=scope)

    def _insert(self, part: Any, keys: Any, values: Any, name: str) -> Operation:
        return self._barrier.insert_many(self._index[part], keys, values, name=name)

    def _make_prefetch(self) -> Operation:
        """All segments of an example into the barrier; only the first one gets its state, so it alone is whole."""
        given, unroll = self._input, self._num_unroll
        count = api.div(self._steps, unroll)
        ones = api.ones(api.expand_dims(count, 0), dtype=dtypes.int32)
        numbers = api.range(count)
        lengths = api.minimum(unroll, api.maximum(0, given.length - unroll * numbers))
        totals, counts = given.length * ones, count * ones
        keys = api.string_join([api.as_string(numbers, width=5, fill="0"), "_of_",
                                api.as_string(count, width=5, fill="0"), ":", given.key], name="StringJoinCurrentKeys")
        after = api.slice(keys, [1], [-1])
        stop = api.string_join(["STOP:", given.key], name="StringJoinStop")
        next_keys = api.concat([after, api.expand_dims(stop, 0)], 0, name="concat_next_keys")
        sequences = {name: self._segments(name, value, count) for name, value in given.sequences.items()}
        context = {name: self._repeated(name, value, count) for name, value in given.context.items()}
        first = self._insert("sequence", keys, numbers, "BarrierInsertSequence")
        inserted = [
            first,
            self._insert("sequence_count", keys, counts, "BarrierInsertSequenceCount"),
            self._insert("next_key", keys, next_keys, "BarrierInsertNextKey"),
            self._insert("length", keys, lengths, "BarrierInsertLength"),
            self._insert("total_length", keys, totals, "BarrierInsertTotalLength")]
        context_in = [self._insert(("context", name), keys, value, f"BarrierInsertContext_{name}")
                      for name, value in context.items()]
        sequences_in = [self._insert(("sequence", name), keys, value, f"BarrierInsertSequences_{name}")
                        for name, value in sequences.items()]
        counted = self._counter.enqueue([_TOKEN])
        with get_default_graph().control_dependencies([first, counted]):
            states_in = [self._insert(("state", name), api.stack([keys[0]]), api.stack([value]),
                                      f"BarrierInitialInsertState_{name}") for name, value in self._states.items()]
        return group(counted, *inserted, *states_in, *context_in, *sequences_in, name="StateSaverPrefetchGroup")

    def _segments(self, name: str, value: Tensor, count: Tensor) -> Tensor:
        """[segments, steps of one, ...] from [steps, ...]."""
        rest = value.get_shape().as_list()[1:]
        shape = api.concat([api.expand_dims(count, 0), api.expand_dims(self._num_unroll, 0), rest], 0,
                           name=f"concat_sequences_{name}")
        cut = api.reshape(value, shape, name=f"reshape_sequences_{name}")
        sizes = [count, self._num_unroll, *rest]
        return checked_sizes(cut, range(len(sizes)), sizes, f"reshaped_sequences_{name}")

    def _repeated(self, name: str, value: Tensor, count: Tensor) -> Tensor:
        """[segments, ...] from [...], the same for each."""
        shape = value.get_shape().as_list()
        row = api.expand_dims(value, 0)
        times = api.concat([api.expand_dims(count, 0), [1] * len(shape)], 0, name=f"concat_context_{name}")
        repeated = api.tile(row, times, name=f"tile_context_{name}")
        sizes = [count, *shape]
        return checked_sizes(repeated, range(len(sizes)), sizes, f"expanded_context_{name}")

    def _take(self) -> None:
        """The nodes of a batch."""
        taken = self._barrier.take_many(self._batch_size, self._allow_small_batch, name="BarrierTakeMany")
        self._taken = taken
        outputs = list(taken.indices.op.outputs)
        self._parts = {part: outputs[2 + index] for part, index in self._index.items()}
        self._batch_size_now = api.squeeze(api.shape(self._parts["length"]))
        self._done = api.greater_equal(self._parts["sequence"] + 1, self._parts["sequence_count"])
        done = api.reduce_sum(api.cast(self._done, dtypes.int32))
        with get_default_graph().control_dependencies([self._counter.dequeue_many(done).op]):
            for name in self._states:
                self._parts["state", name] = raw.identity(self._parts["state", name])


@export("contrib.training.NextQueuedSequenceBatch")
class NextQueuedSequenceBatch:
    """The tensors of a batch that a `SequenceQueueingStateSaver` gives out; with what the states are saved.

    Args:
      state_saver: the `SequenceQueueingStateSaver`, whose `next_batch` this is.
    """

    def __init__(self, state_saver: SequenceQueueingStateSaver):
        self._saver = state_saver

    def _part(self, part: Any) -> Tensor:
        return self._saver._parts[part]

    def _by_name(self, what: str, names: Any) -> OrderedDict[str, Any]:
        return OrderedDict((name, self._part((what, name))) for name in names)

    @property
    def total_length(self) -> Tensor:
        """The lengths of the whole sequences without padding, int32 [batch]."""
        return self._part("total_length")

    @property
    def length(self) -> Tensor:
        """How many steps of each segment are no padding, int32 [batch]."""
        return self._part("length")

    @property
    def batch_size(self) -> Tensor:
        """How many segments there are, an int32 scalar."""
        return self._saver._batch_size_now

    @property
    def insertion_index(self) -> Tensor:
        """The numbers of the segments in the order of their arrival, int64 [batch]."""
        return self._saver._taken.indices

    @property
    def key(self) -> Tensor:
        """The keys of the segments, strings [batch]."""
        return self._saver._taken.keys

    @property
    def next_key(self) -> Tensor:
        """The keys of the segments that follow, strings [batch]; "STOP:" and the sequence's key after the last."""
        return self._part("next_key")

    @property
    def sequence(self) -> Tensor:
        """Which segment of its sequence each one is, from 0, int32 [batch]."""
        return self._part("sequence")

    @property
    def sequence_count(self) -> Tensor:
        """Of how many segments each one's sequence consists, int32 [batch]."""
        return self._part("sequence_count")

    @property
    def context(self) -> OrderedDict[str, Any]:
        """The context by name, each [batch, ...]."""
        return self._by_name("context", self._saver._input.context)

    @property
    def sequences(self) -> OrderedDict[str, Any]:
        """The segments by name, each [batch, steps, ...]."""
        return self._by_name("sequence", self._saver._input.sequences)

    def state(self, state_name: str) -> Tensor:
        """The states before the segments, [batch, ...].

        Raises:
          KeyError: there is no such state.
        """
        if state_name not in self._saver._states:
            raise KeyError(state_name)
        return self._part(("state", state_name))

    def save_state(self, state_name: str, value: Any, name: str | None = None) -> Operation:
        """An operation that saves the states after the segments, without which the following ones never come.

        Args:
          state_name: which state.
          value: [batch, ...].
          name: the scope of the nodes.

        Raises:
          KeyError: there is no such state.
          ValueError: the value has another rank.
        """
        saver = self._saver
        if state_name not in saver._states:
            raise KeyError(f"state was not declared: {state_name}")
        with name_scope(name, "InputQueueingStateSaver_SaveState", [value]), \
                get_default_graph().colocate_with(saver._counter.queue_ref):
            going_on = api.reshape(api.where(api.logical_not(saver._done)), [-1])
            keys = api.gather(self.next_key, going_on)
            shape_of = self.state(state_name)
            value = api.identity(value, name=f"convert_{state_name}")
            value = checked_shape(value, api.shape(shape_of))
            return saver._insert(("state", state_name), keys, api.gather(value, going_on),
                                 f"BarrierInsertState_{state_name}")
