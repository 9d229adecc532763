"""sequence_loss: the weighted cross entropy of sequences."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw


@export("contrib.seq2seq.sequence_loss")
def sequence_loss(logits: Any, targets: Any, weights: Any, average_across_timesteps: bool = True,
                  average_across_batch: bool = True, sum_over_timesteps: bool = False, sum_over_batch: bool = False,
                  softmax_loss_function: Any = None, name: str | None = None) -> Any:
    """The cross entropy of sequences of classes.

    Args:
      logits: float [batch, time, classes].
      targets: int [batch, time].
      weights: float [batch, time]: 0 leaves a place out.
      average_across_timesteps, average_across_batch: whether to divide by the sum of the weights along that axis.
      sum_over_timesteps, sum_over_batch: whether to divide by the number of weights that are not 0 along that axis.
      softmax_loss_function: `function(labels, logits)` in place of the softmax cross entropy.

    Returns:
      A scalar, or [batch], [time] or [batch, time].

    Raises:
      ValueError: a rank is another, or averages and sums contradict each other.
    """
    if logits.get_shape().ndims != 3:
        raise ValueError("Logits must be a [batch_size x sequence_length x logits] tensor")
    if targets.get_shape().ndims != 2:
        raise ValueError("Targets must be a [batch_size x sequence_length] tensor")
    if weights.get_shape().ndims != 2:
        raise ValueError("Weights must be a [batch_size x sequence_length] tensor")
    if average_across_timesteps and sum_over_timesteps:
        raise ValueError("average_across_timesteps and sum_over_timesteps cannot be set to True at same time.")
    if average_across_batch and sum_over_batch:
        raise ValueError("average_across_batch and sum_over_batch cannot be set to True at same time.")
    with name_scope(name, "sequence_loss", [logits, targets, weights]):
        flat = raw.reshape(logits, [-1, api.shape(logits)[2]])
        targets = raw.reshape(targets, [-1])
        if softmax_loss_function is None:
            loss = api.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=flat)
        else:
            loss = softmax_loss_function(labels=targets, logits=flat)
        loss = loss * raw.reshape(weights, [-1])
        if average_across_timesteps and average_across_batch:
            return api.div_no_nan(api.reduce_sum(loss), api.reduce_sum(weights))
        if sum_over_timesteps and sum_over_batch:
            total = api.reduce_sum(loss)
            return api.div_no_nan(total, api.cast(api.count_nonzero(weights), total.dtype))
        loss = raw.reshape(loss, api.shape(logits)[0:2])
        if average_across_timesteps or average_across_batch:
            axis = [0] if average_across_batch else [1]
            loss = api.reduce_sum(loss, axis=axis)
            return api.div_no_nan(loss, api.reduce_sum(weights, axis=axis))
        if sum_over_timesteps or sum_over_batch:
            axis = [0] if sum_over_batch else [1]
            loss = api.reduce_sum(loss, axis=axis)
            return api.div_no_nan(loss, api.cast(api.count_nonzero(weights, axis=axis), loss.dtype))
        return loss
