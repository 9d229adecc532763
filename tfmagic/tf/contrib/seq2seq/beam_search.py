"""BeamSearchDecoder: decodes with the best few sequences so far."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from tfmagic.base import dtypes, nest, tf_logging
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.tf.contrib.seq2seq.attention_wrapper import AttentionWrapperState
from tfmagic.tf.contrib.seq2seq.beams import (
    beam_scores,
    gather_beams,
    gather_tree,
    gather_tree_from_array,
    known_size,
    masked_log_probs,
)
from tfmagic.tf.contrib.seq2seq.decoder import Decoder, check_output_layer, flat_tensors, output_size_of
from tfmagic.tf.recurrent.cell import assert_like_cell
from tfmagic.tf.recurrent.sizes import static_size


@export("contrib.seq2seq.BeamSearchDecoderState")
class BeamSearchDecoderState(namedtuple("BeamSearchDecoderState", (
        "cell_state", "log_probs", "finished", "lengths", "accumulated_attention_probs"))):
    """The state of a beam search: that of the cell, and of each beam its log probability, end and length."""


@export("contrib.seq2seq.BeamSearchDecoderOutput")
class BeamSearchDecoderOutput(namedtuple("BeamSearchDecoderOutput", ("scores", "predicted_ids", "parent_ids"))):
    """One step of a beam search: of each beam its score, its class, and the beam that it continues."""


@export("contrib.seq2seq.FinalBeamSearchDecoderOutput")
class FinalBeamSearchDecoderOutput(namedtuple("FinalBeamDecoderOutput", (
        "predicted_ids", "beam_search_decoder_output"))):
    """What a beam search found: the classes [batch, time, beam], best beam first, and the steps."""


@export("contrib.seq2seq.BeamSearchDecoder")
class BeamSearchDecoder(Decoder):
    """Decodes with the best few sequences so far.

    Args:
      cell: an `RNNCell`.
      embedding: a function of class numbers, or the table of `tf.nn.embedding_lookup`.
      start_tokens: int32 [batch].
      end_token: int32 scalar that ends a sequence.
      initial_state: the cell's first state for batch * beam_width rows (see `tile_batch`).
      beam_width: the number of sequences.
      output_layer: a layer behind the cell that gives logits.
      length_penalty_weight: how much long sequences are favoured.
      coverage_penalty_weight: how much it costs to leave places of the memory without attention.
      reorder_tensor_arrays: whether arrays in the state (the history of alignments) are put in order at the end.

    Raises:
      TypeError, ValueError: an argument is not what it should be.
    """

    def __init__(self, cell: Any, embedding: Any, start_tokens: Any, end_token: Any, initial_state: Any,
                 beam_width: int, output_layer: Any = None, length_penalty_weight: float = 0.0,
                 coverage_penalty_weight: float = 0.0, reorder_tensor_arrays: bool = True):
        assert_like_cell("cell", cell)
        check_output_layer(output_layer)
        self._cell = cell
        self._output_layer = output_layer
        self._reorder_tensor_arrays = reorder_tensor_arrays
        self._embedding_fn = embedding if callable(embedding) else (
            lambda ids: api.nn.embedding_lookup(embedding, ids))
        self._start_tokens = convert_to_tensor(start_tokens, dtype=dtypes.int32, name="start_tokens")
        if self._start_tokens.get_shape().ndims != 1:
            raise ValueError("start_tokens must be a vector")
        self._end_token = convert_to_tensor(end_token, dtype=dtypes.int32, name="end_token")
        if self._end_token.get_shape().ndims != 0:
            raise ValueError("end_token must be a scalar")
        self._batch_size = api.size(start_tokens)
        self._beam_width = beam_width
        self._length_penalty_weight = length_penalty_weight
        self._coverage_penalty_weight = coverage_penalty_weight
        self._initial_cell_state = nest.map_structure(self._maybe_split, initial_state, cell.state_size)
        self._start_tokens = api.tile(api.expand_dims(self._start_tokens, 1), [1, beam_width])
        self._start_inputs = self._embedding_fn(self._start_tokens)
        self._finished = api.one_hot(api.zeros([self._batch_size], dtype=dtypes.int32), depth=beam_width,
                                     on_value=False, off_value=True, dtype=dtypes.bool_)

    @property
    def batch_size(self) -> Any:
        return self._batch_size

    @property
    def tracks_own_finished(self) -> bool:
        return True

    @property
    def output_size(self) -> Any:
        size = TensorShape([self._beam_width])
        return BeamSearchDecoderOutput(scores=size, predicted_ids=size, parent_ids=size)

    @property
    def output_dtype(self) -> Any:
        dtype = nest.flatten(self._initial_cell_state)[0].dtype
        return BeamSearchDecoderOutput(
            scores=nest.map_structure(lambda _: dtype, output_size_of(self._cell, self._output_layer)),
            predicted_ids=dtypes.int32, parent_ids=dtypes.int32)

    def initialize(self, name: str | None = None) -> Any:
        dtype = nest.flatten(self._initial_cell_state)[0].dtype
        log_probs = api.one_hot(
            api.zeros([self._batch_size], dtype=dtypes.int32), depth=self._beam_width,
            on_value=convert_to_tensor(0.0, dtype=dtype), off_value=convert_to_tensor(-np.inf, dtype=dtype),
            dtype=dtype)
        attention = attention_probs(self._initial_cell_state, self._coverage_penalty_weight)
        state = BeamSearchDecoderState(
            cell_state=self._initial_cell_state, log_probs=log_probs, finished=self._finished,
            lengths=api.zeros([self._batch_size, self._beam_width], dtype=dtypes.int64),
            accumulated_attention_probs=() if attention is None else attention)
        return self._finished, self._start_inputs, state

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> Any:
        longest = api.cast(api.reduce_max(final_state.lengths, axis=1), dtypes.int32)
        predicted = gather_tree(outputs.predicted_ids, outputs.parent_ids, max_sequence_lengths=longest,
                                end_token=self._end_token)
        if self._reorder_tensor_arrays:
            final_state = final_state._replace(cell_state=nest.map_structure(
                lambda t: self._sorted_array(t, outputs.parent_ids, final_state.lengths), final_state.cell_state))
        return FinalBeamSearchDecoderOutput(beam_search_decoder_output=outputs, predicted_ids=predicted), final_state

    def _sorted_array(self, value: Any, parent_ids: Any, lengths: Any) -> Any:
        """A history in the order of the final beams."""
        if not isinstance(value, TensorArray):
            return value
        element = value.element_shape
        if not value._infer_shape or not value._shapes or not element.ndims:
            tf_logging.warning("The TensorArray %s in the cell state is not amenable to sorting based on the beam "
                               "search result. For a TensorArray to be sorted, its elements shape must be defined and "
                               "have at least a rank of 1, but saw shape: %s", value.handle.name, element)
            return value
        if not self._fits(element):
            return value
        stacked = value.stack()
        with get_default_graph().control_dependencies([self._assert_fits(stacked)]):
            return gather_tree_from_array(stacked, parent_ids, lengths)

    def _assert_fits(self, stacked: Tensor) -> Any:
        """Check steps [time, batch * beam, ...] or [time, batch, beam, ...] when the graph runs."""
        found = api.shape(stacked)
        fits = api.equal(found[1], self._batch_size * self._beam_width)
        if stacked.shape.ndims != 2:
            fits = api.logical_or(fits, api.logical_and(api.equal(found[1], self._batch_size),
                                                        api.equal(found[2], self._beam_width)))
        return api.Assert(fits, [
            "TensorArray reordering expects elements to be reshapable to [batch_size, beam_size, -1] which is "
            f"incompatible with the dynamic shape of {stacked.name} elements. Consider setting reorder_tensor_arrays "
            "to False to disable TensorArray reordering during the beam search."])

    def _fits(self, element: TensorShape) -> bool:
        """Whether the elements of an array can be told apart by row of the batch and beam."""
        batch, beam, dims = self._static_batch(), self._beam_width, element.as_list()
        if batch is None or dims[0] is None or (dims[0] == batch * beam and (
                len(dims) == 1 or dims[1] is None or (dims[0] == batch and dims[1] == beam))):
            return True
        tf_logging.warning("TensorArray reordering expects elements to be reshapable to %s which is incompatible with "
                           "the current shape %s. Consider setting reorder_tensor_arrays to False to disable "
                           "TensorArray reordering during the beam search.", TensorShape([batch, beam, None]), element)
        return False

    def _static_batch(self) -> int | None:
        return known_size(self._batch_size)

    def _merge(self, t: Tensor, size: Any) -> Tensor:
        """[batch, beam, ...] as [batch * beam, ...]."""
        size = TensorShape(static_size(size))
        batch, whole = self._static_batch(), api.shape(t)
        merged = raw.reshape(t, api.concat(([self._batch_size * self._beam_width], whole[2:]), 0))
        merged.set_shape(TensorShape([None if batch is None else batch * self._beam_width]).concatenate(size))
        return merged

    def _split(self, t: Tensor, size: Any) -> Tensor:
        """[batch * beam, ...] as [batch, beam, ...]."""
        size = TensorShape(static_size(size))
        whole = api.shape(t)
        split = raw.reshape(t, api.concat(([self._batch_size, self._beam_width], whole[1:]), 0))
        expected = TensorShape([self._static_batch(), self._beam_width]).concatenate(size)
        if not split.shape.is_compatible_with(expected):
            raise ValueError(
                "Unexpected behavior when reshaping between beam width and batch size.  The reshaped tensor has "
                f"shape: {split.shape}.  We expected it to have shape (batch_size, beam_width, depth) == {expected}.  "
                "Perhaps you forgot to create a zero_state with batch_size=encoder_batch_size * beam_width?")
        split.set_shape(expected)
        return split

    def _maybe_split(self, t: Any, size: Any) -> Any:
        if isinstance(t, TensorArray):
            return t
        if t.shape.ndims is None:
            raise ValueError(f"Expected tensor ({t}) to have known rank, but ndims == None.")
        return self._split(t, size) if t.shape.ndims >= 1 else t

    def _maybe_merge(self, t: Any, size: Any) -> Any:
        if isinstance(t, TensorArray):
            return t
        if t.shape.ndims is None:
            raise ValueError(f"Expected tensor ({t}) to have known rank, but ndims == None.")
        return self._merge(t, size) if t.shape.ndims >= 2 else t

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        with name_scope(name, "BeamSearchDecoderStep", flat_tensors((time, inputs, state))):
            inputs = nest.map_structure(lambda x: self._merge(x, x.shape[2:]), inputs)
            cell_state = nest.map_structure(self._maybe_merge, state.cell_state, self._cell.state_size)
            outputs, cell_state = self._cell(inputs, cell_state)
            outputs = nest.map_structure(lambda x: self._split(x, x.shape[1:]), outputs)
            cell_state = nest.map_structure(self._maybe_split, cell_state, self._cell.state_size)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            output, new_state = beam_search_step(
                time, outputs, cell_state, state, self._batch_size, self._beam_width, self._end_token,
                self._length_penalty_weight, self._coverage_penalty_weight)
            finished, ids = new_state.finished, output.predicted_ids
            following = api.cond(api.reduce_all(finished), lambda: self._start_inputs, lambda: self._embedding_fn(ids))
        return output, new_state, following, finished


def beam_search_step(time: Any, logits: Any, next_cell_state: Any, beam_state: Any, batch_size: Any, beam_width: Any,
                     end_token: Any, length_penalty_weight: Any,
                     coverage_penalty_weight: Any) -> tuple[BeamSearchDecoderOutput, BeamSearchDecoderState]:
    """The best beams after one step more.

    Args:
      time: int32 scalar.
      logits: [batch, beam, classes].
      next_cell_state: the state of the cell after the step, [batch, beam, ...].
      beam_state: the `BeamSearchDecoderState` before the step.
      batch_size, beam_width, end_token: int32 scalars.
      length_penalty_weight, coverage_penalty_weight: what short sequences and places without attention cost.

    Returns:
      The step's scores, classes and parents, and the state after it.
    """
    batch, beam, state, cell_state = batch_size, beam_width, beam_state, next_cell_state
    over = state.finished
    not_over = api.logical_not(over)
    step_log_probs = masked_log_probs(api.nn.log_softmax(logits), end_token, over)
    log_probs = api.expand_dims(state.log_probs, 2) + step_log_probs
    classes = logits.shape[-1].value or api.shape(logits)[-1]
    longer = api.one_hot(indices=api.fill([batch, beam], end_token), depth=classes, dtype=dtypes.int64,
                         on_value=api.cast(0, dtypes.int64, name="ToInt64"),
                         off_value=api.cast(1, dtypes.int64, name="ToInt64"))
    longer = longer * api.expand_dims(api.cast(not_over, dtypes.int64), 2)
    lengths = longer + api.expand_dims(state.lengths, 2)
    accumulated = None
    attention = attention_probs(cell_state, coverage_penalty_weight)
    if attention is not None:
        attention = attention * api.expand_dims(api.cast(not_over, dtypes.float32), 2)
        accumulated = state.accumulated_attention_probs + attention
    scores = beam_scores(log_probs, lengths, length_penalty_weight, coverage_penalty_weight, over,
                         accumulated)
    convert_to_tensor(time, name="time")
    flat = raw.reshape(scores, [batch, -1])
    width = convert_to_tensor(beam, dtype=dtypes.int32, name="beam_width")
    best, places = api.nn.top_k(flat, k=width)
    known = known_size(batch_size)
    best.set_shape([known, beam])
    places.set_shape([known, beam])
    best_log_probs = gather_beams(places, log_probs, batch, beam * classes, [-1], name="next_beam_probs")
    ids = api.cast(api.mod(places, classes, name="next_beam_word_ids"), dtypes.int32)
    parents = api.cast(places / classes, dtypes.int32, name="next_beam_parent_ids")
    over = gather_beams(parents, over, batch, beam, [-1])
    finished = api.logical_or(over, api.equal(ids, end_token), name="next_beam_finished")
    added = api.cast(api.logical_not(over), dtypes.int64)
    lengths = gather_beams(parents, state.lengths, batch, beam, [-1]) + added
    accumulated_next: Any = ()
    if accumulated is not None:
        accumulated_next = gather_beams(parents, accumulated, batch, beam, [batch * beam, -1],
                                        name="next_accumulated_attention_probs")

    def chosen(t: Any) -> Any:
        shape = [batch * beam, -1]
        if isinstance(t, TensorArray) or t.shape.ndims < len(shape):
            return t
        return gather_beams(parents, t, batch, beam, shape)

    cell_state = nest.map_structure(chosen, cell_state)
    new_state = BeamSearchDecoderState(cell_state=cell_state, log_probs=best_log_probs, lengths=lengths,
                                       finished=finished, accumulated_attention_probs=accumulated_next)
    return BeamSearchDecoderOutput(scores=best, predicted_ids=ids, parent_ids=parents), new_state


def attention_probs(next_cell_state: Any, coverage_penalty_weight: Any) -> Any:
    """The alignments in a cell's state, summed over all attentions; None where they cost nothing."""
    if coverage_penalty_weight == 0.0:
        return None
    found: list[Any] = []

    def search(state: Any) -> None:
        if isinstance(state, AttentionWrapperState):
            found.extend(nest.flatten(state.alignments) if isinstance(state.alignments, tuple) else [state.alignments])
        elif isinstance(state, tuple):
            for part in state:
                search(part)

    search(next_cell_state)
    if not found:
        raise ValueError("coverage_penalty_weight must be 0.0 if no cell is attentional.")
    if len(found) == 1:
        return found[0]
    return sum(found[1:], found[0])
