"""Softmax losses over sampled classes: with one label a row, and with samples chosen among samples."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.random.seeds import get_seed
from tfmagic.tf.nn.embeddings import lookup
from tfmagic.tf.nn.sampling import sampled_logits
from tfmagic.tf.variable.partitioned import PartitionedVariable


def _resampled(tables: list[Any], biases: Any, inputs: Any, values: Any, count: int, temperature: Any,
               strategy: str) -> tuple[Tensor, Tensor, Tensor]:
    """The samples that the inputs find most likely, with their expected counts."""
    sampled, true_expected, sampled_expected = (raw.stop_gradient(value) for value in values)
    scaled = inputs / temperature

    def likely(rows: Tensor) -> Tensor:
        return api.reduce_logsumexp(api.matmul(rows, scaled, transpose_b=True), axis=1, keepdims=False)

    logits = lookup(tables, sampled, strategy, None, None, transform_fn=likely)
    logits = logits + api.reshape(api.nn.embedding_lookup(biases, sampled), [-1]) / temperature
    _, places = api.nn.top_k(logits, k=count, sorted=False)
    return api.gather(sampled, places), true_expected, api.gather(sampled_expected, places)


@export("contrib.nn.rank_sampled_softmax_loss")
def rank_sampled_softmax_loss(weights: Any, biases: Any, labels: Any, inputs: Any, num_sampled: int,
                              num_resampled: int, num_classes: int, num_true: int, sampled_values: Any,
                              resampling_temperature: Any, remove_accidental_hits: bool, partition_strategy: str,
                              name: str | None = None) -> Tensor:
    """`tf.nn.sampled_softmax_loss` over those samples that the batch finds most likely.

    Args:
      num_sampled: how many classes are drawn.
      num_resampled: how many of them are kept.
      sampled_values: what a candidate sampler gave; None: the learned unigram one.
      resampling_temperature: what logits are divided by before the choice.
      weights, biases, labels, inputs, num_classes, num_true, remove_accidental_hits, partition_strategy: as there.

    Returns:
      [batch].

    Raises:
      ValueError: not more are drawn than are to be kept.
    """
    if num_sampled > num_classes:
        raise ValueError(f"num_sampled ({num_sampled}) cannot be greater than num_classes ({num_classes})")
    if num_resampled >= num_sampled:
        raise ValueError(f"num_resampled ({num_resampled}) must be less than num_sampled ({num_sampled})")
    tables = list(weights) if isinstance(weights, PartitionedVariable) else weights
    if not isinstance(tables, list):
        tables = [tables]
    with name_scope(name, "rank_sampled_softmax_loss", [*tables, biases, labels, inputs]) as scope:
        if sampled_values is None:
            first, second = get_seed(None)
            sampled_values = raw.learned_unigram_candidate_sampler(
                labels, num_true, num_sampled, True, num_classes, seed=first or 0, seed2=second or 0)
        kept = _resampled(tables, biases, inputs, sampled_values, num_resampled, resampling_temperature,
                          partition_strategy)
        return api.nn.sampled_softmax_loss(
            weights=tables, biases=biases, labels=labels, inputs=inputs, num_sampled=num_resampled,
            num_classes=num_classes, num_true=num_true, sampled_values=kept,
            remove_accidental_hits=remove_accidental_hits, partition_strategy=partition_strategy, name=scope)


@export("contrib.nn.sampled_sparse_softmax_loss")
def sampled_sparse_softmax_loss(weights: Any, biases: Any, labels: Any, inputs: Any, num_sampled: int,
                                num_classes: int, sampled_values: Any = None, remove_accidental_hits: bool = True,
                                partition_strategy: str = "mod", name: str = "sampled_sparse_softmax_loss") -> Tensor:
    """`tf.nn.sampled_softmax_loss` with one label a row, computed as a sparse cross-entropy.

    Args:
      labels: int64 [batch, 1].
      weights, biases, inputs, num_sampled, num_classes, sampled_values, remove_accidental_hits,
        partition_strategy: as there.

    Returns:
      [batch].
    """
    logits, _ = sampled_logits(weights, biases, labels, inputs, num_sampled, num_classes, 1, sampled_values, True,
                               remove_accidental_hits, partition_strategy, name)
    # The true class is the first column.
    first = api.squeeze(api.zeros([api.shape(logits)[0], 1], dtype=dtypes.int64))
    return api.nn.sparse_softmax_cross_entropy_with_logits(labels=first, logits=logits)
