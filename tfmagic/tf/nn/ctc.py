"""tf.nn.ctc_loss and the decoders of CTC."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.base.shapes import dimension_value
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw
from tfmagic.tf.nn.ctc_dense import ctc_loss_dense, get_dim


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


@export("nn.ctc_loss_v2")
def ctc_loss_v2(labels: Any, logits: Any, label_length: Any, logit_length: Any, logits_time_major: bool = True,
                unique: Any = None, blank_index: int | None = None, name: str | None = None) -> Tensor:
    """The negative log probability of labels whose places in time are not known, with any class as the blank.

    Args:
      labels: int32 `SparseTensor` [batch, n], or dense: int [batch, n].
      logits: float [time, batch, classes]; float32 with dense labels.
      label_length: of dense labels: int [batch], the number of labels of each sequence. Not looked at with sparse ones.
      logit_length: int32 [batch], the number of steps of each sequence.
      logits_time_major: whether the logits are [time, batch, classes], not [batch, time, classes].
      unique: of dense labels: what `ctc_unique_labels` says of them; with it less is computed.
      blank_index: the class that is the blank; negative: counted from the end. Dense labels: by default 0.
      name: of dense labels' scope.

    Returns:
      The loss of each sequence, [batch].

    Raises:
      ValueError: the labels are sparse and there is no blank; or the labels are dense and a length is None.
    """
    if not isinstance(labels, SparseTensor):
        return ctc_loss_dense(labels, logits, label_length, logit_length, logits_time_major, unique,
                              0 if blank_index is None else blank_index, name)
    if blank_index is None:
        raise ValueError("blank_index must be given when using SparseTensor labels.")
    if blank_index < 0:
        blank_index += get_dim(logits, 2)
    if blank_index != get_dim(logits, 2) - 1:
        logits = api.concat([logits[:, :, :blank_index], logits[:, :, blank_index + 1:],
                             logits[:, :, blank_index:blank_index + 1]], axis=2)
        values = api.where(labels.values < blank_index, labels.values, labels.values - 1)
        labels = SparseTensor(labels.indices, values, labels.dense_shape)
    return ctc_loss(labels=labels, inputs=logits, sequence_length=logit_length, time_major=logits_time_major)


@export("nn.collapse_repeated")
def collapse_repeated(labels: Any, seq_length: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Labels with repeats made one.

    Args:
      labels: [batch, n].
      seq_length: int [batch], how many labels of each row count.
      name: of the scope.

    Returns:
      The labels [batch, most], padded with zeros, and how many each row has.
    """
    with name_scope(name, "collapse_repeated_labels", [labels, seq_length]):
        labels, seq_length = convert_to_tensor(labels, name="labels"), convert_to_tensor(seq_length, name="seq_length")
        new = api.concat([api.ones_like(labels[:, :1], bool), api.not_equal(labels[:, 1:], labels[:, :-1])],
                         axis=1)
        most = dimension_value(labels.get_shape()[1]) or api.shape(labels)[1]
        new = api.logical_and(new, api.sequence_mask(seq_length, maxlen=most))
        lengths = api.reduce_sum(api.cast(new, dtypes.int32), axis=1)
        longest = api.reduce_max(lengths)
        mask = api.sequence_mask(lengths, maxlen=longest)
        flat, kept, places = (api.reshape(x, [-1]) for x in (labels, new, mask))
        indices = api.range(dimension_value(places.get_shape()[0]) or api.shape(places)[0])
        flat = api.scatter_nd(indices=api.expand_dims(api.boolean_mask(indices, places), axis=1),
                              updates=api.boolean_mask(flat, kept), shape=api.shape(places))
        batch = dimension_value(labels.get_shape()[0]) or api.shape(labels)[0]
        return api.reshape(flat, [batch, longest]), api.cast(lengths, seq_length.dtype)


@export("nn.ctc_unique_labels")
def ctc_unique_labels(labels: Any, name: str | None = None) -> list[Tensor]:
    """The different labels of each row, and the place of each label among them.

    Args:
      labels: int [batch, n].
      name: of the scope.

    Returns:
      int64 [batch, n], padded with zeros, and int32 [batch, n].
    """
    with name_scope(name, "ctc_unique_labels", [labels]):
        labels = convert_to_tensor(labels, name="labels")

        def of_row(row: Tensor) -> list[Tensor]:
            found = raw.unique(row)
            padded = api.pad(found.y, [[0, get_dim(found.idx, 0) - api.shape(found.y)[0]]])
            return [api.cast(padded, dtypes.int64), found.idx]

        return api.map_fn(of_row, labels, dtype=[dtypes.int64, dtypes.int32])
