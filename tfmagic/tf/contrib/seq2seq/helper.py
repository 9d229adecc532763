"""Helpers: what a decoder reads at each step, the truth while training or its own output."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.tf.contrib.seq2seq.sampling import bernoulli, categorical
from tfmagic.tf.recurrent.sizes import transpose_batch_time


@export("contrib.seq2seq.Helper")
class Helper:
    """Base of helpers: what a decoder asks at the start and at each step."""

    @property
    def batch_size(self) -> Any:
        """The batch size, an int32 scalar."""
        raise NotImplementedError("batch_size has not been implemented")

    @property
    def sample_ids_shape(self) -> TensorShape:
        """The shape of one sample, without the batch."""
        raise NotImplementedError("sample_ids_shape has not been implemented")

    @property
    def sample_ids_dtype(self) -> Any:
        """The type of samples."""
        raise NotImplementedError("sample_ids_dtype has not been implemented")

    def initialize(self, name: str | None = None) -> Any:
        """Which sequences are over before the first step, and the first inputs."""
        raise NotImplementedError

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """The samples of a step's outputs."""
        raise NotImplementedError

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> Any:
        """Which sequences are over, the inputs of the next step, and the state."""
        raise NotImplementedError


class _Sized(Helper):
    """A helper that knows its batch size, with samples that are class numbers."""

    _batch_size: Any

    @property
    def batch_size(self) -> Any:
        return self._batch_size

    @property
    def sample_ids_shape(self) -> TensorShape:
        return TensorShape([])

    @property
    def sample_ids_dtype(self) -> Any:
        return dtypes.int32


@export("contrib.seq2seq.CustomHelper")
class CustomHelper(Helper):
    """A helper made of functions.

    Args:
      initialize_fn: gives `(finished, next_inputs)`.
      sample_fn: `(time, outputs, state)` gives the samples.
      next_inputs_fn: `(time, outputs, state, sample_ids)` gives `(finished, next_inputs, next_state)`.
      sample_ids_shape, sample_ids_dtype: of one sample; by default an int32 scalar.
    """

    def __init__(self, initialize_fn: Any, sample_fn: Any, next_inputs_fn: Any, sample_ids_shape: Any = None,
                 sample_ids_dtype: Any = None):
        self._initialize_fn = initialize_fn
        self._sample_fn = sample_fn
        self._next_inputs_fn = next_inputs_fn
        self._batch_size: Any = None
        self._sample_ids_shape = TensorShape(sample_ids_shape or [])
        self._sample_ids_dtype = sample_ids_dtype or dtypes.int32

    @property
    def batch_size(self) -> Any:
        if self._batch_size is None:
            raise ValueError("batch_size accessed before initialize was called")
        return self._batch_size

    @property
    def sample_ids_shape(self) -> TensorShape:
        return self._sample_ids_shape

    @property
    def sample_ids_dtype(self) -> Any:
        return self._sample_ids_dtype

    def initialize(self, name: str | None = None) -> Any:
        with name_scope(name, f"{type(self).__name__}Initialize"):
            finished, following = self._initialize_fn()
            if self._batch_size is None:
                self._batch_size = api.size(finished)
        return finished, following

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        with name_scope(name, f"{type(self).__name__}Sample", nest.flatten((time, outputs, state))):
            return self._sample_fn(time=time, outputs=outputs, state=state)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> Any:
        with name_scope(name, f"{type(self).__name__}NextInputs", nest.flatten((time, outputs, state))):
            return self._next_inputs_fn(time=time, outputs=outputs, state=state, sample_ids=sample_ids)


def _unstack(inp: Any) -> TensorArray:
    return TensorArray(dtype=inp.dtype, size=api.shape(inp)[0], element_shape=inp.get_shape()[1:]).unstack(inp)


@export("contrib.seq2seq.TrainingHelper")
class TrainingHelper(_Sized):
    """Reads the true inputs.

    Args:
      inputs: [batch, time, ...], or a structure of such.
      sequence_length: int32 [batch].
      time_major: whether the inputs are [time, batch, ...].

    Raises:
      ValueError: `sequence_length` is no vector.
    """

    def __init__(self, inputs: Any, sequence_length: Any, time_major: bool = False, name: str | None = None):
        with name_scope(name, "TrainingHelper", [*nest.flatten(inputs), sequence_length]):
            inputs = convert_to_tensor(inputs, name="inputs") if not nest.is_nested(inputs) else inputs
            self._inputs = inputs
            if not time_major:
                inputs = nest.map_structure(transpose_batch_time, inputs)
            self._arrays = nest.map_structure(_unstack, inputs)
            self._sequence_length = convert_to_tensor(sequence_length, name="sequence_length")
            if self._sequence_length.get_shape().ndims != 1:
                raise ValueError("Expected sequence_length to be a vector, but received shape: "
                                 f"{self._sequence_length.get_shape()}")
            self._zero_inputs = nest.map_structure(lambda x: api.zeros_like(x[0, :]), inputs)
            self._batch_size = api.size(sequence_length)

    @property
    def inputs(self) -> Any:
        """The inputs as they were given."""
        return self._inputs

    @property
    def sequence_length(self) -> Any:
        """The lengths of the sequences."""
        return self._sequence_length

    def _read(self, finished: Tensor, time: Any) -> Any:
        """The inputs of a time, zeros once all sequences are over."""
        return api.cond(api.reduce_all(finished), lambda: self._zero_inputs,
                        lambda: nest.map_structure(lambda array: array.read(time), self._arrays))

    def initialize(self, name: str | None = None) -> Any:
        with name_scope(name, "TrainingHelperInitialize"):
            finished = raw.equal(0, self._sequence_length)
            return finished, self._read(finished, 0)

    def sample(self, time: Any, outputs: Any, name: str | None = None,  # type: ignore[override]
               **unused_kwargs: Any) -> Any:
        with name_scope(name, "TrainingHelperSample", [time, *nest.flatten(outputs)]):
            return api.cast(api.argmax(outputs, axis=-1), dtypes.int32)

    def next_inputs(self, time: Any, outputs: Any, state: Any, name: str | None = None,  # type: ignore[override]
                    **unused_kwargs: Any) -> Any:
        with name_scope(name, "TrainingHelperNextInputs", nest.flatten([time, outputs, state])):
            next_time = time + 1
            finished = next_time >= self._sequence_length
            return finished, self._read(finished, next_time), state


def _embedding_function(embedding: Any) -> Any:
    return embedding if callable(embedding) else lambda ids: api.nn.embedding_lookup(embedding, ids)


def _sampling_probability(given: Any) -> Tensor:
    result = convert_to_tensor(given, name="sampling_probability")
    if result.get_shape().ndims not in (0, 1):
        raise ValueError("sampling_probability must be either a scalar or a vector. "
                         f"saw shape: {result.get_shape()}")
    return result


@export("contrib.seq2seq.ScheduledEmbeddingTrainingHelper")
class ScheduledEmbeddingTrainingHelper(TrainingHelper):
    """Reads the true inputs, or with some probability the embedding of what the decoder said.

    Args:
      inputs, sequence_length, time_major: as for `TrainingHelper`.
      embedding: a function of class numbers, or the table of `tf.nn.embedding_lookup`.
      sampling_probability: float scalar or [batch].
      seed, scheduling_seed: of the samples, and of the choice.

    Raises:
      ValueError: `sampling_probability` is neither scalar nor vector.
    """

    def __init__(self, inputs: Any, sequence_length: Any, embedding: Any, sampling_probability: Any,
                 time_major: bool = False, seed: int | None = None, scheduling_seed: int | None = None,
                 name: str | None = None):
        with name_scope(name, "ScheduledEmbeddingSamplingWrapper", [
                part for part in (embedding, sampling_probability) if not callable(part)]):
            self._embedding_fn = _embedding_function(embedding)
            self._sampling_probability = _sampling_probability(sampling_probability)
            self._seed = seed
            self._scheduling_seed = scheduling_seed
            super().__init__(inputs=inputs, sequence_length=sequence_length, time_major=time_major, name=name)

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:  # type: ignore[override]
        with name_scope(name, "ScheduledEmbeddingTrainingHelperSample", nest.flatten([time, outputs, state])):
            chosen = bernoulli(self._sampling_probability, dtypes.bool_, self.batch_size, self._scheduling_seed)
            return api.where(chosen, categorical(outputs, self._seed), raw.fill([self.batch_size], -1))

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any,  # type: ignore[override]
                    name: str | None = None) -> Any:
        with name_scope(name, "ScheduledEmbeddingTrainingHelperNextInputs",
                        nest.flatten([time, outputs, state, sample_ids])):
            finished, true_inputs, state = super().next_inputs(time=time, outputs=outputs, state=state,
                                                               sample_ids=sample_ids, name=name)

            def sampled() -> Tensor:
                own = api.cast(api.where(sample_ids > -1), dtypes.int32)
                true = api.cast(api.where(sample_ids <= -1), dtypes.int32)
                own_ids = api.gather_nd(sample_ids, own)
                true_rows = api.gather_nd(true_inputs, true)
                own_rows = self._embedding_fn(own_ids)
                whole = api.shape(true_inputs)
                return (api.scatter_nd(indices=own, updates=own_rows, shape=whole)
                        + api.scatter_nd(indices=true, updates=true_rows, shape=whole))

            return finished, api.cond(api.reduce_all(finished), lambda: true_inputs, sampled), state


@export("contrib.seq2seq.ScheduledOutputTrainingHelper")
class ScheduledOutputTrainingHelper(TrainingHelper):
    """Reads the true inputs, or with some probability the decoder's own outputs.

    Args:
      inputs, sequence_length, time_major: as for `TrainingHelper`.
      sampling_probability: float scalar or [batch].
      seed: of the choice.
      next_inputs_fn: a function or layer from outputs to inputs.
      auxiliary_inputs: [batch, time, ...]: what all inputs get appended.

    Raises:
      ValueError: `sampling_probability` is neither scalar nor vector.
    """

    def __init__(self, inputs: Any, sequence_length: Any, sampling_probability: Any, time_major: bool = False,
                 seed: int | None = None, next_inputs_fn: Any = None, auxiliary_inputs: Any = None,
                 name: str | None = None):
        with name_scope(name, "ScheduledOutputTrainingHelper", [
                *nest.flatten(inputs), *([] if auxiliary_inputs is None else nest.flatten(auxiliary_inputs)),
                sampling_probability]):
            self._sampling_probability = _sampling_probability(sampling_probability)
            joined = inputs
            if auxiliary_inputs is not None:
                inputs = convert_to_tensor(inputs, name="inputs")
                auxiliary_inputs = convert_to_tensor(auxiliary_inputs, name="auxiliary_inputs")
                joined = nest.map_structure(lambda x, y: api.concat((x, y), -1), inputs, auxiliary_inputs)
                if not time_major:
                    auxiliary_inputs = nest.map_structure(transpose_batch_time, auxiliary_inputs)
            self._auxiliary = None if auxiliary_inputs is None else nest.map_structure(_unstack, auxiliary_inputs)
            self._next_inputs_fn = next_inputs_fn
            self._seed = seed
            super().__init__(inputs=joined, sequence_length=sequence_length, time_major=time_major, name=name)

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:  # type: ignore[override]
        with name_scope(name, "ScheduledOutputTrainingHelperSample", nest.flatten([time, outputs, state])):
            return bernoulli(self._sampling_probability, dtypes.int32, self.batch_size, self._seed)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any,  # type: ignore[override]
                    name: str | None = None) -> Any:
        with name_scope(name, "ScheduledOutputTrainingHelperNextInputs",
                        nest.flatten([time, outputs, state, sample_ids])):
            finished, true_inputs, state = super().next_inputs(time=time, outputs=outputs, state=state,
                                                               sample_ids=sample_ids, name=name)
            chosen = api.cast(sample_ids, dtypes.bool_)

            def with_auxiliary(rows: Any, indices: Any = None) -> Any:
                if self._auxiliary is None:
                    return rows
                added = nest.map_structure(lambda array: array.read(time + 1), self._auxiliary)
                if indices is not None:
                    added = api.gather_nd(added, indices)
                return nest.map_structure(lambda x, y: api.concat((x, y), -1), rows, added)

            def sampled() -> Any:
                if self._next_inputs_fn is None:
                    return api.where(chosen, with_auxiliary(outputs), true_inputs)
                own = api.cast(api.where(chosen), dtypes.int32)
                true = api.cast(api.where(api.logical_not(chosen)), dtypes.int32)
                own_outputs = api.gather_nd(outputs, own)
                true_rows = api.gather_nd(true_inputs, true)
                own_rows = with_auxiliary(self._next_inputs_fn(own_outputs), own)
                whole = api.shape(true_inputs)
                return (api.scatter_nd(indices=own, updates=own_rows, shape=whole)
                        + api.scatter_nd(indices=true, updates=true_rows, shape=whole))

            ended = api.reduce_all(finished)
            none = api.logical_not(api.reduce_any(chosen))
            return finished, api.cond(api.logical_or(ended, none), lambda: true_inputs, sampled), state


@export("contrib.seq2seq.GreedyEmbeddingHelper")
class GreedyEmbeddingHelper(_Sized):
    """Reads the embedding of the likeliest class of the step before.

    Args:
      embedding: a function of class numbers, or the table of `tf.nn.embedding_lookup`.
      start_tokens: int32 [batch].
      end_token: int32 scalar that ends a sequence.

    Raises:
      ValueError: a rank is another.
    """

    def __init__(self, embedding: Any, start_tokens: Any, end_token: Any):
        self._embedding_fn = _embedding_function(embedding)
        self._start_tokens = convert_to_tensor(start_tokens, dtype=dtypes.int32, name="start_tokens")
        self._end_token = convert_to_tensor(end_token, dtype=dtypes.int32, name="end_token")
        if self._start_tokens.get_shape().ndims != 1:
            raise ValueError("start_tokens must be a vector")
        self._batch_size = api.size(start_tokens)
        if self._end_token.get_shape().ndims != 0:
            raise ValueError("end_token must be a scalar")
        self._start_inputs = self._embedding_fn(self._start_tokens)

    def initialize(self, name: str | None = None) -> Any:
        return raw.tile([False], [self._batch_size]), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        _check_single(outputs)
        return api.argmax(outputs, axis=-1, output_type=dtypes.int32)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> Any:
        finished = api.equal(sample_ids, self._end_token)
        following = api.cond(api.reduce_all(finished), lambda: self._start_inputs,
                             lambda: self._embedding_fn(sample_ids))
        return finished, following, state


def _check_single(outputs: Any) -> None:
    if not isinstance(outputs, Tensor):
        raise TypeError(f"Expected outputs to be a single Tensor, got: {type(outputs)}")


@export("contrib.seq2seq.SampleEmbeddingHelper")
class SampleEmbeddingHelper(GreedyEmbeddingHelper):
    """Reads the embedding of a class drawn by the probabilities of the step before.

    Args:
      embedding, start_tokens, end_token: as for `GreedyEmbeddingHelper`.
      softmax_temperature: what the logits are divided by.
      seed: of the samples.
    """

    def __init__(self, embedding: Any, start_tokens: Any, end_token: Any, softmax_temperature: Any = None,
                 seed: int | None = None):
        super().__init__(embedding, start_tokens, end_token)
        self._softmax_temperature = softmax_temperature
        self._seed = seed

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        _check_single(outputs)
        logits = outputs if self._softmax_temperature is None else outputs / self._softmax_temperature
        return categorical(logits, self._seed)


@export("contrib.seq2seq.InferenceHelper")
class InferenceHelper(_Sized):
    """Reads what a function makes of the samples.

    Args:
      sample_fn: from outputs to samples.
      sample_shape, sample_dtype: of one sample.
      start_inputs: [batch, ...].
      end_fn: from samples to which sequences are over.
      next_inputs_fn: from samples to inputs; by default the samples themselves.
    """

    def __init__(self, sample_fn: Any, sample_shape: Any, sample_dtype: Any, start_inputs: Any, end_fn: Any,
                 next_inputs_fn: Any = None):
        self._sample_fn = sample_fn
        self._end_fn = end_fn
        self._sample_shape = TensorShape(sample_shape)
        self._sample_dtype = sample_dtype
        self._next_inputs_fn = next_inputs_fn
        self._batch_size = api.shape(start_inputs)[0]
        self._start_inputs = convert_to_tensor(start_inputs, name="start_inputs")

    @property
    def sample_ids_shape(self) -> TensorShape:
        return self._sample_shape

    @property
    def sample_ids_dtype(self) -> Any:
        return self._sample_dtype

    def initialize(self, name: str | None = None) -> Any:
        return raw.tile([False], [self._batch_size]), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        return self._sample_fn(outputs)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> Any:
        following = sample_ids if self._next_inputs_fn is None else self._next_inputs_fn(sample_ids)
        return self._end_fn(sample_ids), following, state
