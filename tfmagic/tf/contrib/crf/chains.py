"""Conditional random fields over chains of tags: scores, the norm, the likelihood, and the best tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.ops.control_flow.cond import smart_cond
from tfmagic.tf.recurrent.cell import RNNCell
from tfmagic.tf.recurrent.dynamic import dynamic_rnn
from tfmagic.tf.variable.scope import get_variable


def _one_step_or_more(inputs: Any, one: Callable[[], Any], more: Callable[[], Any]) -> Any:
    """`one()` where sequences have a single step, else `more()`; both as branches where the length is unknown."""
    steps = inputs.shape.dims[1].value
    return smart_cond(api.equal(steps or api.shape(inputs)[1], 1), one, more)


def _nothing_where_empty(values: Tensor, lengths: Tensor) -> Tensor:
    return api.where(api.less_equal(lengths, 0), api.zeros_like(values), values)


def _first_step(inputs: Any) -> Tensor:
    return api.squeeze(api.slice(inputs, [0, 0, 0], [-1, 1, -1]), [1])


def _later_steps(inputs: Any) -> Tensor:
    return api.slice(inputs, [0, 1, 0], [-1, -1, -1])


def _one_less(lengths: Tensor) -> Tensor:
    return api.maximum(constant(0, dtype=lengths.dtype), lengths - 1)


@export("contrib.crf.crf_sequence_score")
def crf_sequence_score(inputs: Any, tag_indices: Tensor, sequence_lengths: Tensor,
                       transition_params: Any) -> Tensor:
    """The unnormalized score of each sequence of tags.

    Args:
      inputs: [batch, steps, tags], the scores of single tags.
      tag_indices: int [batch, steps].
      sequence_lengths: int [batch].
      transition_params: [tags, tags], the scores of one tag after another.

    Returns:
      [batch].
    """
    def one() -> Tensor:
        size = api.shape(inputs, out_type=tag_indices.dtype)[0]
        rows = api.reshape(api.range(size, dtype=tag_indices.dtype), [-1, 1])
        scores = api.gather_nd(api.squeeze(inputs, [1]), api.concat([rows, tag_indices], axis=1))
        return _nothing_where_empty(scores, sequence_lengths)

    def more() -> Tensor:
        unary = crf_unary_score(tag_indices, sequence_lengths, inputs)
        return unary + crf_binary_score(tag_indices, sequence_lengths, transition_params)

    return _one_step_or_more(inputs, one, more)


@export("contrib.crf.crf_multitag_sequence_score")
def crf_multitag_sequence_score(inputs: Any, tag_bitmap: Tensor, sequence_lengths: Tensor,
                                transition_params: Any) -> Tensor:
    """The unnormalized score of all sequences of tags that a map allows, together.

    Args:
      inputs: [batch, steps, tags].
      tag_bitmap: bool [batch, steps, tags], which tags are allowed at each step.
      sequence_lengths: int [batch].
      transition_params: [tags, tags].

    Returns:
      [batch].
    """
    steps = inputs.shape.dims[1].value
    is_one = api.equal(steps or api.shape(inputs)[1], 1)
    allowed = api.where(tag_bitmap, inputs, api.fill(api.shape(inputs), float("-inf")))
    return smart_cond(is_one, lambda: api.reduce_logsumexp(allowed, axis=[1, 2], keepdims=False),
                      lambda: crf_log_norm(allowed, sequence_lengths, transition_params))


@export("contrib.crf.crf_log_norm")
def crf_log_norm(inputs: Any, sequence_lengths: Tensor, transition_params: Any) -> Tensor:
    """The logarithm of the sum over all sequences of tags.

    Args:
      inputs: [batch, steps, tags].
      sequence_lengths: int [batch].
      transition_params: [tags, tags].

    Returns:
      [batch].
    """
    first = _first_step(inputs)

    def one() -> Tensor:
        return _nothing_where_empty(api.reduce_logsumexp(first, [1]), sequence_lengths)

    def more() -> Tensor:
        rest = _later_steps(inputs)
        cell = CrfForwardRnnCell(transition_params)
        _, alphas = dynamic_rnn(cell=cell, inputs=rest, sequence_length=_one_less(sequence_lengths),
                                initial_state=first, dtype=api.float32)
        return _nothing_where_empty(api.reduce_logsumexp(alphas, [1]), sequence_lengths)

    return _one_step_or_more(inputs, one, more)


@export("contrib.crf.crf_log_likelihood")
def crf_log_likelihood(inputs: Any, tag_indices: Tensor, sequence_lengths: Tensor,
                       transition_params: Any = None) -> tuple[Tensor, Any]:
    """The logarithm of the likelihood of sequences of tags.

    Args:
      inputs: [batch, steps, tags].
      tag_indices: int [batch, steps].
      sequence_lengths: int [batch].
      transition_params: [tags, tags]; by default a variable "transitions".

    Returns:
      [batch], and the transition scores.
    """
    tags = inputs.get_shape().dims[2].value
    if transition_params is None:
        transition_params = get_variable("transitions", [tags, tags])
    scores = crf_sequence_score(inputs, tag_indices, sequence_lengths, transition_params)
    norms = crf_log_norm(inputs, sequence_lengths, transition_params)
    return scores - norms, transition_params


@export("contrib.crf.crf_unary_score")
def crf_unary_score(tag_indices: Tensor, sequence_lengths: Tensor, inputs: Any) -> Tensor:
    """The sum of the scores of single tags.

    Args:
      tag_indices: int [batch, steps].
      sequence_lengths: int [batch].
      inputs: [batch, steps, tags].

    Returns:
      [batch].
    """
    size, steps, tags = api.shape(inputs)[0], api.shape(inputs)[1], api.shape(inputs)[2]
    flat = api.reshape(inputs, [-1])
    places = api.expand_dims(api.range(size) * steps * tags, 1)
    places = places + api.expand_dims(api.range(steps) * tags, 0)
    if tag_indices.dtype == api.int64:
        places = api.cast(places, api.int64)
    places = api.reshape(places + tag_indices, [-1])
    scores = api.reshape(api.gather(flat, places), [size, steps])
    mask = api.sequence_mask(sequence_lengths, maxlen=api.shape(tag_indices)[1], dtype=api.float32)
    return api.reduce_sum(scores * mask, 1)


@export("contrib.crf.crf_binary_score")
def crf_binary_score(tag_indices: Tensor, sequence_lengths: Tensor, transition_params: Any) -> Tensor:
    """The sum of the scores of tags after others.

    Args:
      tag_indices: int [batch, steps].
      sequence_lengths: int [batch].
      transition_params: [tags, tags].

    Returns:
      [batch].
    """
    tags = transition_params.get_shape().dims[0].value
    moves = api.shape(tag_indices)[1] - 1
    before = api.slice(tag_indices, [0, 0], [-1, moves])
    after = api.slice(tag_indices, [0, 1], [-1, moves])
    places = before * tags + after
    scores = api.gather(api.reshape(transition_params, [-1]), places)
    mask = api.sequence_mask(sequence_lengths, maxlen=api.shape(tag_indices)[1], dtype=api.float32)
    return api.reduce_sum(scores * api.slice(mask, [0, 1], [-1, -1]), 1)


class _TagsCell(RNNCell):
    """A cell whose state and output are numbers of tags."""

    def __init__(self, transition_params: Any):
        super().__init__()
        self._transition_params = api.expand_dims(transition_params, 0)
        self._num_tags = transition_params.get_shape().dims[0].value

    @property
    def state_size(self) -> Any:
        return self._num_tags

    @property
    def output_size(self) -> Any:
        return self._num_tags

    def _ways(self, state: Any) -> Tensor:
        """The numbers of all ways from a tag to a tag, [batch, tags, tags]."""
        return api.expand_dims(state, 2) + self._transition_params


@export("contrib.crf.CrfForwardRnnCell")
class CrfForwardRnnCell(_TagsCell):
    """One step of the forward algorithm: the logarithm of the sum over the ways to each tag.

    Args:
      transition_params: [tags, tags].
    """

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        ways = self._ways(state)
        alphas = inputs + api.reduce_logsumexp(ways, [1])
        return alphas, alphas


@export("contrib.crf.viterbi_decode")
def viterbi_decode(score: Any, transition_params: Any) -> tuple[list[int], Any]:
    """The best sequence of tags, of NumPy arrays.

    Args:
      score: [steps, tags].
      transition_params: [tags, tags].

    Returns:
      The tags, and the score of their sequence.
    """
    trellis = np.zeros_like(score)
    origins = np.zeros_like(score, dtype=np.int32)
    trellis[0] = score[0]
    for step in range(1, score.shape[0]):
        ways = np.expand_dims(trellis[step - 1], 1) + transition_params
        trellis[step] = score[step] + np.max(ways, 0)
        origins[step] = np.argmax(ways, 0)
    tags: list[Any] = [np.argmax(trellis[-1])]
    for origin in reversed(origins[1:]):
        tags.append(origin[tags[-1]])
    return tags[::-1], np.max(trellis[-1])


@export("contrib.crf.CrfDecodeForwardRnnCell")
class CrfDecodeForwardRnnCell(_TagsCell):
    """One step of decoding: the best way to each tag, and where it came from.

    Args:
      transition_params: [tags, tags].
    """

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        ways = self._ways(state)
        best = inputs + api.reduce_max(ways, [1])
        return api.cast(api.argmax(ways, 1), dtype=api.int32), best


@export("contrib.crf.CrfDecodeBackwardRnnCell")
class CrfDecodeBackwardRnnCell(RNNCell):
    """One step back along the best way: from a tag to that which came before.

    Args:
      num_tags: the number of tags.
    """

    def __init__(self, num_tags: int):
        super().__init__()
        self._num_tags = num_tags

    @property
    def state_size(self) -> Any:
        return 1

    @property
    def output_size(self) -> Any:
        return 1

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        tags = api.squeeze(state, axis=[1])
        rows = api.range(api.shape(inputs)[0])
        before = api.expand_dims(api.gather_nd(inputs, api.stack([rows, tags], axis=1)), axis=-1)
        return before, before


@export("contrib.crf.crf_decode")
def crf_decode(potentials: Any, transition_params: Any, sequence_length: Tensor) -> tuple[Tensor, Tensor]:
    """The best sequences of tags.

    Args:
      potentials: [batch, steps, tags].
      transition_params: [tags, tags].
      sequence_length: int [batch].

    Returns:
      The tags, int32 [batch, steps], and their scores, [batch].
    """
    def one() -> tuple[Tensor, Tensor]:
        scores = api.squeeze(potentials, [1])
        tags = api.expand_dims(api.argmax(scores, axis=1), 1)
        best = api.reduce_max(scores, axis=1)
        return api.cast(tags, dtype=api.int32), best

    def more() -> tuple[Tensor, Tensor]:
        forward = CrfDecodeForwardRnnCell(transition_params)
        first, rest, lengths = _first_step(potentials), _later_steps(potentials), _one_less(sequence_length)
        origins, scores = dynamic_rnn(forward, inputs=rest, sequence_length=lengths, initial_state=first,
                                      time_major=False, dtype=api.int32)
        origins = api.reverse_sequence(origins, lengths, seq_axis=1)
        backward = CrfDecodeBackwardRnnCell(potentials.get_shape().dims[2].value)
        last = api.expand_dims(api.cast(api.argmax(scores, axis=1), dtype=api.int32), axis=-1)
        tags, _ = dynamic_rnn(backward, inputs=origins, sequence_length=lengths, initial_state=last,
                              time_major=False, dtype=api.int32)
        tags = api.concat([last, api.squeeze(tags, axis=[2])], axis=1)
        return api.reverse_sequence(tags, sequence_length, seq_axis=1), api.reduce_max(scores, axis=1)

    return _one_step_or_more(potentials, one, more)
