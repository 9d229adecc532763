"""Losses of predictions and labels, each the mean over the elements whose weight is not 0."""

from __future__ import annotations

from typing import Any

from tfmagic.base.deprecation import deprecated, deprecated_args
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf.contrib.framework.arguments import add_arg_scope


def _old(instead: str, also: str = "") -> Any:
    return deprecated("2016-12-30", f"Use tf.losses.{instead} instead.{also}")


_LOGITS = " Note that the order of the logits and labels arguments has been changed."
_PREDICTIONS = " Note that the order of the predictions and labels arguments has been changed."
_UNWEIGHTED = _LOGITS[:-1] + ", and to stay unweighted, reduction=Reduction.NONE"


def _scaled(losses: Tensor, weights: Tensor) -> Tensor:
    """The sum of the losses, each times its weight."""
    first = weights.shape.ndims
    assert first is not None  # checked by compute_weighted_loss
    sums = api.reduce_sum(losses, axis=list(range(first, losses.shape.ndims or 0)))
    return api.reduce_sum(raw.mul(sums, weights))


def _present(losses: Tensor, weights: Tensor, per_batch: bool = False) -> Tensor:
    """How many elements have a weight that is not 0, in all or for each example."""
    if weights.shape.ndims == 0:
        batch = api.reshape(api.slice(api.shape(losses), [0], [1]), [])
        elements = api.div(api.cast(api.size(losses), api.float32), api.cast(batch, api.float32))
        each = api.where(api.equal(weights, 0), 0.0, elements)
        counts = raw.mul(api.ones(api.reshape(batch, [1])), each)
        return counts if per_batch else api.reduce_sum(counts)
    given = api.cast(api.not_equal(weights, 0), api.float32)
    sums = api.reduce_sum(given, axis=list(range(1, weights.shape.ndims or 0)))
    rest = api.cast(api.reduce_prod(api.slice(api.shape(losses), [weights.shape.ndims], [-1])), api.float32)
    counts = raw.mul(sums, rest)
    return counts if per_batch else api.reduce_sum(counts)


@export("contrib.losses.compute_weighted_loss")
@_old("compute_weighted_loss")
def compute_weighted_loss(losses: Any, weights: Any = 1.0, scope: str | None = None) -> Tensor:
    """The mean of the losses whose weight is not 0, each times its weight.

    Args:
      losses: a tensor of shape [batch, d1, ... dN].
      weights: a scalar, or a tensor of shape [batch, d1, ... dK], K < N.

    Raises:
      ValueError: a rank is unknown or does not fit.
    """
    return _weighted(losses, weights, scope)


def _weighted(losses: Any, weights: Any, scope: str | None) -> Tensor:
    with name_scope(scope, "weighted_loss", [losses, weights]):
        losses = convert_to_tensor(losses)
        dtype = losses.dtype
        losses = api.cast(losses, api.float32)
        weights = api.cast(convert_to_tensor(weights), api.float32)
        if losses.shape.ndims is None:
            raise ValueError("losses.get_shape().ndims cannot be None")
        if weights.shape.ndims is None:
            raise ValueError("weights.get_shape().ndims cannot be None")
        if weights.shape.ndims > 1 and weights.shape.dims[-1].is_compatible_with(1):
            weights = api.squeeze(weights, [-1])
        total = _scaled(losses, weights)
        count = _present(losses, weights)
        mean = api.math.divide_no_nan(api.reduce_sum(total), count, name="value")
        mean = api.cast(mean, dtype)
        get_default_graph().add_to_collection(GraphKeys.LOSSES, mean)
        return mean


@export("contrib.losses.add_loss")
@add_arg_scope
@_old("add_loss")
def add_loss(loss: Any, loss_collection: Any = GraphKeys.LOSSES) -> None:
    """Add a loss to a collection."""
    if loss_collection:
        get_default_graph().add_to_collection(loss_collection, loss)


@export("contrib.losses.get_losses")
@_old("get_losses")
def get_losses(scope: str | None = None, loss_collection: Any = GraphKeys.LOSSES) -> list[Tensor]:
    """The losses of a collection whose names begin with `scope`."""
    return get_default_graph().get_collection(loss_collection, scope)


@export("contrib.losses.get_regularization_losses")
@_old("get_regularization_losses")
def get_regularization_losses(scope: str | None = None) -> list[Tensor]:
    """The regularization losses whose names begin with `scope`."""
    return get_default_graph().get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


@export("contrib.losses.get_total_loss")
@_old("get_total_loss")
def get_total_loss(add_regularization_losses: bool = True, name: str = "total_loss") -> Tensor:
    """The sum of all losses.

    Args:
      add_regularization_losses: whether those of the regularizers count.
    """
    losses = list(get_default_graph().get_collection(GraphKeys.LOSSES))
    if add_regularization_losses:
        losses += get_default_graph().get_collection(GraphKeys.REGULARIZATION_LOSSES)
    return api.add_n(losses, name=name)


def _pair(predictions: Any, labels: Any) -> tuple[Tensor, Tensor]:
    predictions.shape.assert_is_compatible_with(labels.shape)
    return api.cast(predictions, api.float32), api.cast(labels, api.float32)


@export("contrib.losses.absolute_difference")
@_old("absolute_difference")
def absolute_difference(predictions: Any, labels: Any = None, weights: Any = 1.0, scope: str | None = None) -> Tensor:
    """The mean absolute difference of predictions and labels."""
    with name_scope(scope, "absolute_difference", [predictions, labels, weights]) as own:
        predictions, labels = _pair(predictions, labels)
        return _weighted(raw.abs(raw.sub(predictions, labels)), weights, own)


@export("contrib.losses.sigmoid_cross_entropy")
@_old("sigmoid_cross_entropy", _PREDICTIONS)
def sigmoid_cross_entropy(logits: Any, multi_class_labels: Any, weights: Any = 1.0, label_smoothing: Any = 0,
                          scope: str | None = None) -> Tensor:
    """The cross entropy of classes that do not exclude each other.

    Args:
      label_smoothing: above 0, labels are moved towards 0.5.
    """
    with name_scope(scope, "sigmoid_cross_entropy_loss", [logits, multi_class_labels, weights]) as own:
        logits.shape.assert_is_compatible_with(multi_class_labels.shape)
        labels = api.cast(multi_class_labels, logits.dtype)
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = api.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return _weighted(losses, weights, own)


@export("contrib.losses.softmax_cross_entropy")
@_old("softmax_cross_entropy", _LOGITS)
def softmax_cross_entropy(logits: Any, onehot_labels: Any, weights: Any = 1.0, label_smoothing: Any = 0,
                          scope: str | None = None) -> Tensor:
    """The cross entropy of classes given as rows that are 1 at the label.

    Args:
      label_smoothing: above 0, labels are moved towards 1 / classes.
    """
    with name_scope(scope, "softmax_cross_entropy_loss", [logits, onehot_labels, weights]) as own:
        logits.shape.assert_is_compatible_with(onehot_labels.shape)
        labels = api.cast(onehot_labels, logits.dtype)
        if label_smoothing > 0:
            classes = api.cast(api.shape(labels)[1], logits.dtype)
            share = label_smoothing / classes
            labels = labels * (1.0 - label_smoothing) + share
        losses = api.nn.softmax_cross_entropy_with_logits_v2(
            labels=raw.stop_gradient(labels, name="xentropy/labels_stop_gradient"), logits=logits, name="xentropy")
        return _weighted(losses, weights, own)


@export("contrib.losses.sparse_softmax_cross_entropy")
@_old("sparse_softmax_cross_entropy", _LOGITS)
def sparse_softmax_cross_entropy(logits: Any, labels: Any, weights: Any = 1.0, scope: str | None = None) -> Tensor:
    """The cross entropy of classes given as numbers."""
    with name_scope(scope, "sparse_softmax_cross_entropy_loss", [logits, labels, weights]) as own:
        labels = api.reshape(labels, shape=[api.shape(labels)[0]])
        losses = api.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return _weighted(losses, weights, own)


@export("contrib.losses.log_loss")
@_old("log_loss", _PREDICTIONS)
def log_loss(predictions: Any, labels: Any = None, weights: Any = 1.0, epsilon: float = 1e-7,
             scope: str | None = None) -> Tensor:
    """The cross entropy of probabilities and labels, kept finite by `epsilon`."""
    with name_scope(scope, "log_loss", [predictions, labels, weights]) as own:
        predictions, labels = _pair(predictions, labels)
        losses = -raw.mul(labels, raw.log(predictions + epsilon)) - raw.mul(
            1 - labels, raw.log(1 - predictions + epsilon))
        return _weighted(losses, weights, own)


@export("contrib.losses.hinge_loss")
@_old("hinge_loss", _UNWEIGHTED)
def hinge_loss(logits: Any, labels: Any = None, scope: str | None = None) -> Tensor:
    """The hinge loss of each element; it is in no collection.

    Args:
      labels: 0 or 1.
    """
    with name_scope(scope, "hinge_loss", [logits, labels]):
        logits.shape.assert_is_compatible_with(labels.shape)
        labels = api.cast(labels, api.float32)
        ones = api.ones_like(labels)
        labels = raw.sub(2 * labels, ones)
        return raw.relu(raw.sub(ones, raw.mul(labels, logits)))


@export("contrib.losses.mean_squared_error")
@_old("mean_squared_error")
def mean_squared_error(predictions: Any, labels: Any = None, weights: Any = 1.0, scope: str | None = None) -> Tensor:
    """The mean squared difference of predictions and labels."""
    with name_scope(scope, "mean_squared_error", [predictions, labels, weights]) as own:
        predictions, labels = _pair(predictions, labels)
        return _weighted(raw.squared_difference(predictions, labels), weights, own)


@export("contrib.losses.mean_pairwise_squared_error")
@_old("mean_pairwise_squared_error", _PREDICTIONS)
def mean_pairwise_squared_error(predictions: Any, labels: Any = None, weights: Any = 1.0,
                                scope: str | None = None) -> Tensor:
    """The mean squared difference between pairs of elements of an example, compared with those of the labels."""
    with name_scope(scope, "mean_pairwise_squared_error", [predictions, labels, weights]):
        predictions, labels = _pair(predictions, labels)
        weights = api.cast(convert_to_tensor(weights), api.float32)
        differences = raw.sub(predictions, labels)
        axes = list(range(1, differences.shape.ndims or 0))
        squares = api.reduce_sum(raw.square(differences), axis=axes)
        count = _present(differences, weights, per_batch=True)
        first = 2.0 * api.math.divide_no_nan(squares, count, name="value")
        sums = api.reduce_sum(differences, axis=axes)
        second = 2.0 * api.math.divide_no_nan(raw.square(sums), raw.square(count), name="value")
        losses = _scaled(first - second, weights)
        mean = api.where(api.reduce_sum(count) > 0, losses, api.zeros_like(losses), name="value")
        get_default_graph().add_to_collection(GraphKeys.LOSSES, mean)
        return mean


@export("contrib.losses.cosine_distance")
@_old("cosine_distance")
@deprecated_args(None, "dim is deprecated, use axis instead", "dim")
def cosine_distance(predictions: Any, labels: Any = None, axis: int | None = None, weights: Any = 1.0,
                    scope: str | None = None, dim: int | None = None) -> Tensor:
    """1 less the product of predictions and labels, which have length 1 along an axis.

    Raises:
      ValueError: there is no axis.
    """
    axis = dim if axis is None else axis
    if axis is None:
        raise ValueError("You must specify 'axis'.")
    with name_scope(scope, "cosine_distance_loss", [predictions, labels, weights]) as own:
        predictions, labels = _pair(predictions, labels)
        losses = 1 - api.reduce_sum(raw.mul(predictions, labels), axis=[axis])
        return _weighted(losses, weights, own)
