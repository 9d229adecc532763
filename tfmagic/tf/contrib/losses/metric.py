"""Losses that bring what is alike together: of pairs, of triplets, of all pairs of a batch."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api


def distances_of(feature: Tensor, squared: bool = False) -> Tensor:
    """The distances of all pairs of rows, zero on the diagonal."""
    squares = api.maximum(
        api.add(api.reduce_sum(api.square(feature), axis=[1], keepdims=True),
                api.reduce_sum(api.square(api.transpose(feature)), axis=[0], keepdims=True))
        - 2.0 * api.matmul(feature, api.transpose(feature)), 0.0)
    is_zero = api.less_equal(squares, 0.0)
    # A root has no gradient at zero: a tiny number keeps it finite.
    distances = squares if squared else api.sqrt(squares + api.cast(is_zero, dtypes.float32) * 1e-16)
    distances = api.multiply(distances, api.cast(api.logical_not(is_zero), dtypes.float32))
    count = api.shape(feature)[0]
    off_diagonal = api.ones_like(distances) - api.diag(api.ones([count]))
    return api.multiply(distances, off_diagonal)


def _masked_maximum(data: Tensor, mask: Tensor, dim: int = 1) -> Tensor:
    lowest = api.reduce_min(data, dim, keepdims=True)
    return api.reduce_max(api.multiply(data - lowest, mask), dim, keepdims=True) + lowest


def _masked_minimum(data: Tensor, mask: Tensor, dim: int = 1) -> Tensor:
    highest = api.reduce_max(data, dim, keepdims=True)
    return api.reduce_min(api.multiply(data - highest, mask), dim, keepdims=True) + highest


def _as_column(labels: Tensor) -> Tensor:
    shape = api.shape(labels)
    return api.reshape(labels, [shape[0], 1])


def _one_rank_labels(labels: Any) -> None:
    assert labels.get_shape().ndims == 1, "lshape.shape[0] == 1"


@export("contrib.losses.metric_learning.contrastive_loss")
def contrastive_loss(labels: Any, embeddings_anchor: Any, embeddings_positive: Any, margin: float = 1.0) -> Tensor:
    """Pairs: what is alike shall be close, what is not farther apart than `margin`.

    Args:
      labels: [batch] of any number type, 1 for pairs that are alike, else 0.
      embeddings_anchor, embeddings_positive: float32 [batch, n].
      margin: how far apart is far enough.
    """
    distances = api.sqrt(api.reduce_sum(api.squared_difference(embeddings_anchor, embeddings_positive), 1))
    near = api.cast(labels, dtypes.float32) * api.square(distances)
    far = (1.0 - api.cast(labels, dtypes.float32)) * api.square(api.maximum(margin - distances, 0.0))
    losses = near + far
    return api.reduce_mean(losses, name="contrastive_loss")


@export("contrib.losses.metric_learning.triplet_semihard_loss")
def triplet_semihard_loss(labels: Any, embeddings: Any, margin: float = 1.0) -> Tensor:
    """Triplets: what is alike shall be closer, by `margin`, than the nearest of what is not and is farther.

    Args:
      labels: int32 [batch].
      embeddings: float32 [batch, n].
      margin: by how much.
    """
    _one_rank_labels(labels)
    labels = _as_column(labels)
    distances = distances_of(embeddings, squared=True)
    alike = api.equal(labels, api.transpose(labels))
    unlike = api.logical_not(alike)
    size = api.size(labels)
    tiled = api.tile(distances, [size, 1])
    mask = api.logical_and(api.tile(unlike, [size, 1]),
                           api.greater(tiled, api.reshape(api.transpose(distances), [-1, 1])))
    has_outer = api.reshape(
        api.greater(api.reduce_sum(api.cast(mask, dtype=dtypes.float32), 1, keepdims=True), 0.0), [size, size])
    has_outer = api.transpose(has_outer)
    unlike = api.cast(unlike, dtype=dtypes.float32)
    mask = api.cast(mask, dtype=dtypes.float32)
    outside = api.transpose(api.reshape(_masked_minimum(tiled, mask), [size, size]))
    inside = api.tile(_masked_maximum(distances, unlike), [1, size])
    nearest = api.where(has_outer, outside, inside)
    losses = api.add(margin, distances - nearest)
    positive = api.cast(alike, dtype=dtypes.float32) - api.diag(api.ones([size]))
    count = api.reduce_sum(positive)
    return api.truediv(api.reduce_sum(api.maximum(api.multiply(losses, positive), 0.0)), count,
                       name="triplet_semihard_loss")


@export("contrib.losses.metric_learning.npairs_loss")
def npairs_loss(labels: Any, embeddings_anchor: Any, embeddings_positive: Any, reg_lambda: float = 0.002,
                print_losses: bool = False) -> Tensor:
    """N pairs: each anchor shall be most like its own positive, among all of the batch.

    Args:
      labels: int32 [batch].
      embeddings_anchor, embeddings_positive: float32 [batch, n].
      reg_lambda: the weight of the embeddings' squares.
      print_losses: whether each run prints both parts.
    """
    squares = (api.reduce_mean(api.reduce_sum(api.square(embeddings_anchor), 1))
               + api.reduce_mean(api.reduce_sum(api.square(embeddings_positive), 1)))
    squares = api.multiply(0.25 * reg_lambda, squares, name="l2loss")
    similarity = api.matmul(embeddings_anchor, embeddings_positive, transpose_a=False, transpose_b=True)
    _one_rank_labels(labels)
    labels = _as_column(labels)
    alike = api.cast(api.equal(labels, api.transpose(labels)), dtypes.float32)
    alike /= api.reduce_sum(alike, 1, keepdims=True)
    entropy = api.nn.softmax_cross_entropy_with_logits(logits=similarity, labels=alike)
    entropy = api.reduce_mean(entropy, name="xentropy")
    if print_losses:
        entropy = api.Print(entropy, ["cross entropy:", entropy, "l2loss:", squares])
    return squares + entropy


@export("contrib.losses.metric_learning.npairs_loss_multilabel")
def npairs_loss_multilabel(sparse_labels: list[Any], embeddings_anchor: Any, embeddings_positive: Any,
                           reg_lambda: float = 0.002, print_losses: bool = False) -> Tensor:
    """`npairs_loss` where rows have several labels: alike as far as they share them.

    Args:
      sparse_labels: a `SparseTensor` of counts by label for each row.
      embeddings_anchor, embeddings_positive: float32 [batch, n].
      reg_lambda: the weight of the embeddings' squares.
      print_losses: whether each run prints both parts.

    Raises:
      TypeError: the labels are no list of `SparseTensor`s.
    """
    if False in [isinstance(labels, api.SparseTensor) for labels in sparse_labels]:
        raise TypeError("sparse_labels must be a list of SparseTensors, but got %s", str(sparse_labels))
    with name_scope(None, "NpairsLossMultiLabel"):
        squares = (api.reduce_mean(api.reduce_sum(api.square(embeddings_anchor), 1))
                   + api.reduce_mean(api.reduce_sum(api.square(embeddings_positive), 1)))
        squares = api.multiply(0.25 * reg_lambda, squares, name="l2loss")
        similarity = api.matmul(embeddings_anchor, embeddings_positive, transpose_a=False, transpose_b=True)
        alike = _multilabel_adjacency(sparse_labels)
        targets = api.cast(alike, dtype=dtypes.float32)
        targets /= api.reduce_sum(targets, 1, keepdims=True)
        entropy = api.nn.softmax_cross_entropy_with_logits(logits=similarity, labels=targets)
        entropy = api.reduce_mean(entropy, name="xentropy")
        if print_losses:
            entropy = api.Print(entropy, ["cross entropy:", entropy, "l2loss:", squares])
        return squares + entropy


def _multilabel_adjacency(sparse_labels: list[Any]) -> Tensor:
    """How much each pair of rows has in common: the sum of the smaller counts of each label."""
    count = len(sparse_labels)
    total = api.zeros([count, count])
    for row in range(count):
        for column in range(count):
            common = api.sparse_reduce_sum(api.sparse_minimum(sparse_labels[row], sparse_labels[column]))
            common = api.cast(common, dtypes.float32)
            common = api.expand_dims(api.expand_dims(common, 0), 1)
            total += api.pad(common, [[row, count - row - 1], [column, count - column - 1]], "CONSTANT")
    return total


@export("contrib.losses.metric_learning.lifted_struct_loss")
def lifted_struct_loss(labels: Any, embeddings: Any, margin: float = 1.0) -> Tensor:
    """All pairs of a batch: what is alike shall be closer, by `margin`, than what is not is to either.

    Args:
      labels: int32 [batch].
      embeddings: float32 [batch, n].
      margin: by how much.
    """
    _one_rank_labels(labels)
    labels = _as_column(labels)
    distances = distances_of(embeddings)
    alike = api.equal(labels, api.transpose(labels))
    unlike = api.logical_not(alike)
    size = api.size(labels)
    gaps = margin - distances
    unlike = api.cast(unlike, dtype=dtypes.float32)
    row_highest = _masked_maximum(gaps, unlike)
    highest = api.maximum(row_highest, api.transpose(row_highest))
    tiled = api.tile(gaps, [size, 1])
    mask = api.tile(unlike, [size, 1])
    beside = api.reshape(api.transpose(highest), [-1, 1])
    sums = api.reshape(api.reduce_sum(api.multiply(api.exp(tiled - beside), mask), 1, keepdims=True), [size, size])
    losses = highest + api.log(sums + api.transpose(sums))
    losses += distances
    positive = api.cast(alike, dtype=dtypes.float32) - api.diag(api.ones([size]))
    count = api.reduce_sum(positive) / 2.0
    return api.truediv(0.25 * api.reduce_sum(api.square(api.maximum(api.multiply(losses, positive), 0.0))), count,
                       name="liftedstruct_loss")
