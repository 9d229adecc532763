"""tf.nn's sampled losses for many classes: noise-contrastive estimation, sampled softmax, candidate samplers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.matmul import matmul
from tfmagic.ops.random.seeds import get_seed
from tfmagic.tf.nn.cross_entropy import sigmoid_cross_entropy_with_logits, softmax_cross_entropy_with_logits_v2
from tfmagic.tf.nn.embeddings import embedding_lookup
from tfmagic.tf.variable.partitioned import PartitionedVariable

# --- samplers --------------------------------------------------------------------------------------------------


def _sampler(function: str, public_name: str, what: str) -> None:
    maker: Callable[..., Any] = getattr(raw, function)

    def sampler(true_classes: Any, num_true: int, num_sampled: int, unique: bool, range_max: int,
                seed: int | None = None, name: str | None = None) -> Any:
        first, second = get_seed(seed)
        return maker(true_classes, num_true, num_sampled, unique, range_max, seed=first or 0, seed2=second or 0,
                     name=name)

    sampler.__name__ = sampler.__qualname__ = public_name.rpartition(".")[2]
    sampler.__doc__ = f"""Draws classes: {what}.

    Args:
      true_classes: int64 of shape [batch, num_true], the true classes of each row.
      num_true: how many true classes a row has.
      num_sampled: how many classes are drawn for the batch.
      unique: whether they all differ.
      range_max: how many classes there are.
      seed: a seed of the op.

    Returns:
      A named tuple: the classes drawn, how often the true ones are expected among them, and how often the drawn ones.
    """
    export(public_name)(sampler)


_sampler("uniform_candidate_sampler", "random.uniform_candidate_sampler", "every one equally likely")
_sampler("log_uniform_candidate_sampler", "random.log_uniform_candidate_sampler",
         "the lower, the likelier (for classes sorted by frequency)")
_sampler("learned_unigram_candidate_sampler", "random.learned_unigram_candidate_sampler",
         "the more often it was a true one, the likelier")


@export("random.fixed_unigram_candidate_sampler")
def fixed_unigram_candidate_sampler(true_classes: Any, num_true: int, num_sampled: int, unique: bool, range_max: int,
                                    vocab_file: str = "", distortion: float = 1.0, num_reserved_ids: int = 0,
                                    num_shards: int = 1, shard: int = 0, unigrams: Any = (), seed: int | None = None,
                                    name: str | None = None) -> Any:
    """Draws classes with given frequencies.

    Args:
      true_classes: int64 of shape [batch, num_true], the true classes of each row.
      num_true, num_sampled, unique, range_max, seed: as for the other samplers.
      vocab_file: a file with one class a line, its frequency after the last comma.
      distortion: the power that frequencies are raised to.
      num_reserved_ids: how many classes before those of the file are never drawn.
      num_shards, shard: which part of the classes is drawn from.
      unigrams: the frequencies themselves, instead of a file.

    Returns:
      A named tuple: the classes drawn, how often the true ones are expected among them, and how often the drawn ones.
    """
    first, second = get_seed(seed)
    return raw.fixed_unigram_candidate_sampler(
        true_classes, num_true, num_sampled, unique, range_max, vocab_file=vocab_file, distortion=distortion,
        num_reserved_ids=num_reserved_ids, num_shards=num_shards, shard=shard, unigrams=list(unigrams),
        seed=first or 0, seed2=second or 0, name=name)


@export("nn.all_candidate_sampler")
def all_candidate_sampler(true_classes: Any, num_true: int, num_sampled: int, unique: bool, seed: int | None = None,
                          name: str | None = None) -> Any:
    """Takes all classes.

    Args:
      true_classes: int64 of shape [batch, num_true], the true classes of each row.
      num_true, num_sampled, unique, seed: as for the other samplers.

    Returns:
      A named tuple: the classes, and ones.
    """
    first, second = get_seed(seed)
    return raw.all_candidate_sampler(true_classes, num_true, num_sampled, unique, seed=first or 0, seed2=second or 0,
                                     name=name)


@export("nn.compute_accidental_hits")
def compute_accidental_hits(true_classes: Any, sampled_candidates: Any, num_true: int, seed: int | None = None,
                            name: str | None = None) -> Any:
    """Finds where a sampled class is a true one.

    Args:
      true_classes: int64 of shape [batch, num_true].
      sampled_candidates: int64 of shape [num_sampled].
      num_true: how many true classes a row has.

    Returns:
      A named tuple: rows, places among the samples, and the lowest float32 for each hit.
    """
    first, second = get_seed(seed)
    return raw.compute_accidental_hits(true_classes, sampled_candidates, num_true, seed=first or 0, seed2=second or 0,
                                       name=name)


# --- losses ----------------------------------------------------------------------------------------------------


def _sum_rows(x: Tensor) -> Tensor:
    """The sums of rows, as a product with ones."""
    columns = shape_ops.shape(x)[1]
    ones = constants.ones(api.stack([columns, 1]), x.dtype.base_dtype)
    return raw.reshape(matmul(x, ones), [-1])


def sampled_logits(weights: Any, biases: Any, labels: Any, inputs: Any, num_sampled: int, num_classes: int,
                   num_true: int = 1, sampled_values: Any = None, subtract_log_q: bool = True,
                   remove_accidental_hits: bool = False, partition_strategy: str = "mod", name: str | None = None,
                   seed: int | None = None) -> tuple[Tensor, Tensor]:
    """The logits of true and sampled classes side by side, and labels to go with them."""
    if isinstance(weights, PartitionedVariable):
        weights = list(weights)
    if not isinstance(weights, list):
        weights = [weights]
    concat, slice_op, stack = api.concat, api.slice, api.stack
    with name_scope(name, "compute_sampled_logits", [*weights, biases, inputs, labels]):
        labels = cast(labels, dtypes.int64)
        flat = raw.reshape(labels, [-1])
        if sampled_values is None:
            sampled_values = api.random.log_uniform_candidate_sampler(
                true_classes=labels, num_true=num_true, num_sampled=num_sampled, unique=True, range_max=num_classes,
                seed=seed)
        sampled, true_expected, sampled_expected = (raw.stop_gradient(s) for s in sampled_values)
        sampled = cast(sampled, dtypes.int64)
        ids = concat([flat, sampled], 0)
        all_w = cast(embedding_lookup(weights, ids, partition_strategy=partition_strategy), inputs.dtype)
        true_w = slice_op(all_w, [0, 0], stack([shape_ops.shape(flat)[0], -1]))
        sampled_w = slice_op(all_w, stack([shape_ops.shape(flat)[0], 0]), [-1, -1])
        sampled_logits = matmul(inputs, sampled_w, transpose_b=True)
        all_b = cast(embedding_lookup(biases, ids, partition_strategy=partition_strategy), inputs.dtype)
        true_b = slice_op(all_b, [0], shape_ops.shape(flat))
        sampled_b = slice_op(all_b, shape_ops.shape(flat), [-1])
        size = shape_ops.shape(true_w)[1:2]
        by_row = concat([[-1, num_true], size], 0)
        dots = raw.mul(shape_ops.expand_dims(inputs, 1), raw.reshape(true_w, by_row))
        dots = raw.reshape(dots, concat([[-1], size], 0))
        true_logits = raw.reshape(_sum_rows(dots), [-1, num_true])
        true_logits += raw.reshape(true_b, [-1, num_true])
        sampled_logits += sampled_b
        if remove_accidental_hits:
            rows, places, lowest = compute_accidental_hits(labels, sampled, num_true=num_true)
            rows = raw.reshape(rows, [-1, 1])
            places = raw.reshape(cast(places, dtypes.int32), [-1, 1])
            where = concat([rows, places], 1, "sparse_indices")
            whole = concat([shape_ops.shape(labels)[:1], shape_ops.expand_dims(num_sampled, 0)], 0)
            lowest = cast(lowest, sampled_logits.dtype)
            sampled_logits += raw.sparse_to_dense(where, whole, lowest, default_value=0.0, validate_indices=False,
                                                  name="SparseToDense")
        if subtract_log_q:
            true_logits -= raw.log(true_expected)
            sampled_logits -= raw.log(sampled_expected)
        logits = concat([true_logits, sampled_logits], 1)
        wanted = concat([constants.ones_like(true_logits) / num_true, constants.zeros_like(sampled_logits)], 1)
        return logits, wanted


@export("nn.nce_loss")
def nce_loss(weights: Any, biases: Any, labels: Any, inputs: Any, num_sampled: int, num_classes: int,
             num_true: int = 1, sampled_values: Any = None, remove_accidental_hits: bool = False,
             partition_strategy: str = "mod", name: str = "nce_loss") -> Tensor:
    """The loss of noise-contrastive estimation: true classes against sampled ones.

    Args:
      weights: class vectors, a tensor of shape [num_classes, dim], or a list of them that share the rows.
      biases: a tensor of shape [num_classes].
      labels: int64 of shape [batch, num_true].
      inputs: a tensor of shape [batch, dim].
      num_sampled: how many classes are drawn for the batch.
      num_classes: how many classes there are.
      num_true: how many true classes a row has.
      sampled_values: what a candidate sampler returned; by default the log-uniform one is asked.
      remove_accidental_hits: whether sampled classes that are true ones are left out.
      partition_strategy: how several tables share the rows: "mod" or "div".

    Returns:
      The losses, of shape [batch].
    """
    logits, wanted = sampled_logits(weights, biases, labels, inputs, num_sampled, num_classes, num_true,
                                     sampled_values, True, remove_accidental_hits, partition_strategy, name)
    losses = sigmoid_cross_entropy_with_logits(labels=wanted, logits=logits, name="sampled_losses")
    return _sum_rows(losses)


@export("nn.sampled_softmax_loss")
def sampled_softmax_loss(weights: Any, biases: Any, labels: Any, inputs: Any, num_sampled: int, num_classes: int,
                        num_true: int = 1, sampled_values: Any = None, remove_accidental_hits: bool = True,
                         partition_strategy: str = "mod", name: str = "sampled_softmax_loss",
                         seed: int | None = None) -> Tensor:
    """The cross-entropy of a softmax over true and sampled classes only, for training.

    Args:
      weights: class vectors, a tensor of shape [num_classes, dim], or a list of them that share the rows.
      biases: a tensor of shape [num_classes].
      labels: int64 of shape [batch, num_true].
      inputs: a tensor of shape [batch, dim].
      num_sampled: how many classes are drawn for the batch.
      num_classes: how many classes there are.
      num_true: how many true classes a row has.
      sampled_values: what a candidate sampler returned; by default the log-uniform one is asked.
      remove_accidental_hits: whether sampled classes that are true ones are left out.
      partition_strategy: how several tables share the rows: "mod" or "div".
      seed: a seed of the sampler.

    Returns:
      The losses, of shape [batch].
    """
    logits, wanted = sampled_logits(weights, biases, labels, inputs, num_sampled, num_classes, num_true,
                                     sampled_values, True, remove_accidental_hits, partition_strategy, name, seed)
    wanted = raw.stop_gradient(wanted, name="labels_stop_gradient")
    return softmax_cross_entropy_with_logits_v2(labels=wanted, logits=logits)
