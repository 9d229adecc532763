"""Losses of unrolled sequences, and models with buckets of several lengths."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf.variable.scope import get_variable_scope, variable_scope


@export("contrib.legacy_seq2seq.sequence_loss_by_example")
def sequence_loss_by_example(logits: Any, targets: Any, weights: Any, average_across_timesteps: bool = True,
                             softmax_loss_function: Any = None, name: str | None = None) -> Any:
    """The weighted cross entropy of each sequence of a batch.

    Args:
      logits: a list with one [batch, classes] for each step.
      targets: a list of int [batch].
      weights: a list of float [batch].
      average_across_timesteps: whether to divide by the sum of the weights.
      softmax_loss_function: `function(labels, logits)` in place of the softmax cross entropy.

    Returns:
      float [batch].

    Raises:
      ValueError: the lists have different lengths.
    """
    if len(targets) != len(logits) or len(weights) != len(logits):
        raise ValueError("Lengths of logits, weights, and targets must be the same "
                         f"{len(logits)}, {len(weights)}, {len(targets)}.")
    with name_scope(name, "sequence_loss_by_example", [*logits, *targets, *weights]):
        losses = []
        for logit, target, weight in zip(logits, targets, weights):
            if softmax_loss_function is None:
                target = raw.reshape(target, [-1])
                loss = api.nn.sparse_softmax_cross_entropy_with_logits(labels=target, logits=logit)
            else:
                loss = softmax_loss_function(labels=target, logits=logit)
            losses.append(loss * weight)
        total = api.add_n(losses)
        if average_across_timesteps:
            size = api.add_n(weights)
            size = size + 1e-12
            total = total / size
    return total


@export("contrib.legacy_seq2seq.sequence_loss")
def sequence_loss(logits: Any, targets: Any, weights: Any, average_across_timesteps: bool = True,
                  average_across_batch: bool = True, softmax_loss_function: Any = None,
                  name: str | None = None) -> Any:
    """The weighted cross entropy of a batch of sequences, a scalar (see `sequence_loss_by_example`)."""
    with name_scope(name, "sequence_loss", [*logits, *targets, *weights]):
        cost = api.reduce_sum(sequence_loss_by_example(
            logits, targets, weights, average_across_timesteps=average_across_timesteps,
            softmax_loss_function=softmax_loss_function))
        if average_across_batch:
            return cost / api.cast(api.shape(targets[0])[0], cost.dtype)
        return cost


@export("contrib.legacy_seq2seq.model_with_buckets")
def model_with_buckets(encoder_inputs: Any, decoder_inputs: Any, targets: Any, weights: Any, buckets: Any, seq2seq: Any,
                       softmax_loss_function: Any = None, per_example_loss: bool = False,
                       name: str | None = None) -> tuple[list[Any], list[Any]]:
    """One model for several lengths, which share its variables.

    Args:
      encoder_inputs, decoder_inputs, targets, weights: lists as long as the longest bucket, at least.
      buckets: pairs of lengths, of inputs and of outputs.
      seq2seq: `function(encoder_inputs, decoder_inputs)` that gives outputs and a state.
      softmax_loss_function: as for `sequence_loss`.
      per_example_loss: whether the losses are those of each sequence.

    Returns:
      The outputs and the loss of each bucket.

    Raises:
      ValueError: a list is too short.
    """
    for values, what, wanted in ((encoder_inputs, "encoder_inputs", buckets[-1][0]),
                                 (targets, "targets", buckets[-1][1]),
                                 (weights, "weights", buckets[-1][1])):
        if len(values) < wanted:
            raise ValueError(f"Length of {what} ({len(values)}) must be at least that of last bucket ({wanted}).")
    loss = sequence_loss_by_example if per_example_loss else sequence_loss
    losses, outputs = [], []
    with name_scope(name, "model_with_buckets", [*encoder_inputs, *decoder_inputs, *targets, *weights]):
        for number, (inside, outside) in enumerate(buckets):
            with variable_scope(get_variable_scope(), reuse=True if number > 0 else None):
                found, _ = seq2seq(encoder_inputs[:inside], decoder_inputs[:outside])
                outputs.append(found)
                losses.append(loss(found, targets[:outside], weights[:outside],
                                   softmax_loss_function=softmax_loss_function))
    return outputs, losses
