"""tf.nn.ctc_loss and the decoders of CTC."""

from __future__ import annotations

from typing import Any

from tfmagic.base.deprecation import deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw


@export("nn.ctc_loss")
def ctc_loss(labels: Any, inputs: Any = None, sequence_length: Any = None, preprocess_collapse_repeated: bool = False,
             ctc_merge_repeated: bool = True, ignore_longer_outputs_than_inputs: bool = False, time_major: bool = True,
             logits: Any = None) -> Any:
    """The negative log probability of labels whose places in time are not known.

    Args:
      labels: int32 `SparseTensor` [batch, n]: the labels of each sequence.
      inputs: float [time, batch, classes], logits of which the last class is the blank.
      sequence_length: int32 [batch], the number of steps of each sequence.
      preprocess_collapse_repeated: whether repeated labels are made one before.
      ctc_merge_repeated: whether repeats without a blank between them are one label.
      ignore_longer_outputs_than_inputs: whether sequences with more labels than steps are left out, not refused.
      time_major: whether the inputs are [time, batch, classes], not [batch, time, classes].
      logits: another name of `inputs`.

    Returns:
      The loss of each sequence, [batch].

    Raises:
      TypeError: `labels` is no `SparseTensor`.
    """
    if not isinstance(labels, SparseTensor):
        raise TypeError("Expected labels (first argument) to be a SparseTensor")
    inputs = deprecated_argument_lookup("logits", logits, "inputs", inputs)
    if not time_major:
        inputs = api.transpose(inputs, [1, 0, 2])
    loss, _ = raw.ctc_loss(inputs, labels.indices, labels.values, sequence_length,
                           preprocess_collapse_repeated=preprocess_collapse_repeated,
                           ctc_merge_repeated=ctc_merge_repeated,
                           ignore_longer_outputs_than_inputs=ignore_longer_outputs_than_inputs)
    return loss


@export("nn.ctc_greedy_decoder")
def ctc_greedy_decoder(inputs: Any, sequence_length: Any, merge_repeated: bool = True) -> tuple[list[Any], Any]:
    """The likeliest class of each step, without blanks.

    Args:
      inputs: float [time, batch, classes], logits of which the last class is the blank.
      sequence_length: int32 [batch].
      merge_repeated: whether repeats without a blank between them are one label.

    Returns:
      A list of one int64 `SparseTensor` [batch, n], and the negative sums of the logits taken, [batch, 1].
    """
    indices, values, shape, scores = raw.ctc_greedy_decoder(inputs, sequence_length, merge_repeated=merge_repeated)
    return [SparseTensor(indices, values, shape)], scores


@export("nn.ctc_beam_search_decoder")
def ctc_beam_search_decoder(inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1,
                            merge_repeated: bool = True) -> tuple[list[Any], Any]:
    """The likeliest sequences of labels.

    Args:
      inputs: float [time, batch, classes], logits of which the last class is the blank.
      sequence_length: int32 [batch].
      beam_width: the number of sequences that are followed.
      top_paths: the number of sequences that are given.
      merge_repeated: whether repeated labels in the results are made one.

    Returns:
      A list of int64 `SparseTensor`s [batch, n], best first, and their log probabilities, [batch, top_paths].
    """
    indices, values, shapes, scores = raw.ctc_beam_search_decoder(
        inputs, sequence_length, beam_width=beam_width, top_paths=top_paths, merge_repeated=merge_repeated)
    return [SparseTensor(*parts) for parts in zip(indices, values, shapes)], scores


@export("nn.ctc_beam_search_decoder_v2")
def ctc_beam_search_decoder_v2(inputs: Any, sequence_length: Any, beam_width: int = 100,
                               top_paths: int = 1) -> tuple[list[Any], Any]:
    """The likeliest sequences of labels, with their repeats (see `ctc_beam_search_decoder`)."""
    return ctc_beam_search_decoder(inputs, sequence_length=sequence_length, beam_width=beam_width, top_paths=top_paths,
                                   merge_repeated=False)
