"""tf.losses: losses with weights and reductions, kept in the collection of losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated_args, deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_sum
from tfmagic.ops.math.sums import add_n
from tfmagic.ops.math.unary import abs as _abs
from tfmagic.tf.array.weights import assert_broadcastable, broadcast_weights
from tfmagic.tf.math.confusion import remove_squeezable_dimensions
from tfmagic.tf.nn.cross_entropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)


@export("losses.Reduction")
class Reduction:
    """How the losses of a batch become one."""

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """All reductions."""
        return (cls.NONE, cls.SUM, cls.MEAN, cls.SUM_OVER_BATCH_SIZE, cls.SUM_OVER_NONZERO_WEIGHTS,
                cls.SUM_BY_NONZERO_WEIGHTS)

    @classmethod
    def validate(cls, key: str) -> None:
        """Refuse what is no reduction.

        Raises:
          ValueError: `key` is none.
        """
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key {key}.")


_BY_WEIGHTS = Reduction.SUM_BY_NONZERO_WEIGHTS


# --- the collection --------------------------------------------------------------------------------------------


@export("losses.add_loss")
def add_loss(loss: Tensor, loss_collection: Any = GraphKeys.LOSSES) -> None:
    """Adds a loss to the collection of losses.

    Args:
      loss: a loss.
      loss_collection: the collection, or None for none.
    """
    if loss_collection:
        get_default_graph().add_to_collection(loss_collection, loss)


@export("losses.get_losses")
def get_losses(scope: str | None = None, loss_collection: Any = GraphKeys.LOSSES) -> list[Tensor]:
    """The losses that were added so far.

    Args:
      scope: only those whose name starts with this.
      loss_collection: the collection.

    Returns:
      A list of tensors.
    """
    return get_default_graph().get_collection(loss_collection, scope)


@export("losses.get_regularization_losses")
def get_regularization_losses(scope: str | None = None) -> list[Tensor]:
    """The regularization losses of variables that were made so far.

    Args:
      scope: only those whose name starts with this.

    Returns:
      A list of tensors.
    """
    return get_default_graph().get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


@export("losses.get_regularization_loss")
def get_regularization_loss(scope: str | None = None, name: str = "total_regularization_loss") -> Tensor:
    """The sum of the regularization losses.

    Args:
      scope: only those whose name starts with this.

    Returns:
      A scalar; 0 when there are none.
    """
    losses = get_regularization_losses(scope)
    return add_n(losses, name=name) if losses else constant(0.0)


@export("losses.get_total_loss")
def get_total_loss(add_regularization_losses: bool = True, name: str = "total_loss",
                   scope: str | None = None) -> Tensor:
    """The sum of all losses.

    Args:
      add_regularization_losses: whether those of variables are among them.
      scope: only those whose name starts with this.

    Returns:
      A scalar.

    Raises:
      ValueError: there are no losses.
    """
    losses = get_losses(scope=scope)
    if add_regularization_losses:
        losses = losses + get_regularization_losses(scope=scope)
    return add_n(losses, name=name)


# --- weights and reductions ------------------------------------------------------------------------------------


def _safe_mean(losses: Tensor, num_present: Tensor) -> Tensor:
    total = reduce_sum(losses)
    return api.math.divide_no_nan(total, num_present, name="value")


def _present(losses: Tensor, weights: Tensor, per_batch: bool = False) -> Tensor:
    """How many losses count, in all or per row."""
    with name_scope(None, "num_present", (losses, weights)) as scope:
        weights = cast(weights, dtypes.float32)
        present = raw.select(raw.equal(weights, 0.0), constants.zeros_like(weights), constants.ones_like(weights))
        present = broadcast_weights(present, losses)
        if per_batch:
            axes = api.range(1, shape_ops.rank(present))
            return reduce_sum(present, axis=axes, keepdims=True, name=scope)
        return reduce_sum(present, name=scope)


def _elements(losses: Tensor) -> Tensor:
    with name_scope(None, "num_elements", values=[losses]) as scope:
        return cast(shape_ops.size(losses, name=scope), losses.dtype)


@export("losses.compute_weighted_loss")
def compute_weighted_loss(losses: Any, weights: Any = 1.0, scope: str | None = None,
                          loss_collection: Any = GraphKeys.LOSSES, reduction: str = _BY_WEIGHTS) -> Tensor:
    """Weighs losses and reduces them to one.

    Args:
      losses: a tensor of shape [batch, ...].
      weights: a scalar, or a tensor of the same rank that broadcasts to `losses`.
      scope: a name for the nodes.
      loss_collection: the collection that the result is added to.
      reduction: one of `tf.losses.Reduction`.

    Returns:
      The loss, of the type of `losses`: a scalar unless `reduction` is NONE.

    Raises:
      ValueError: no such reduction, or the weights do not broadcast.
    """
    Reduction.validate(reduction)
    with name_scope(scope, "weighted_loss", (losses, weights)):
        graph = get_default_graph()
        with graph.control_dependencies((assert_broadcastable(weights, losses),)):
            losses = convert_to_tensor(losses)
            kind = losses.dtype
            losses = cast(losses, dtypes.float32)
            weights = cast(weights, dtypes.float32)
            weighted = raw.mul(losses, weights)
            if reduction == Reduction.NONE:
                loss = weighted
            else:
                loss = reduce_sum(weighted)
                if reduction == Reduction.MEAN:
                    loss = _safe_mean(loss, reduce_sum(constants.ones_like(losses) * weights))
                elif reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
                    loss = _safe_mean(loss, _present(losses, weights))
                elif reduction == Reduction.SUM_OVER_BATCH_SIZE:
                    loss = _safe_mean(loss, _elements(losses))
            loss = cast(loss, kind)
            add_loss(loss, loss_collection)
            return loss


def _given(**values: Any) -> None:
    for name, value in values.items():
        if value is None:
            raise ValueError(f"{name} must not be None.")


def _of_pairs(default_scope: str, labels: Any, predictions: Any, weights: Any, scope: str | None,
              loss_collection: Any, reduction: str, function: Callable[[Tensor, Tensor], Tensor],
              second: str = "predictions") -> Tensor:
    """The weighted loss `function(labels, predictions)` of two float32 tensors of one shape."""
    _given(labels=labels, **{second: predictions})
    with name_scope(scope, default_scope, (predictions, labels, weights)) as inner:
        predictions = cast(predictions, dtypes.float32)
        labels = cast(labels, dtypes.float32)
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
        losses = function(labels, predictions)
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction=reduction)


# --- differences -----------------------------------------------------------------------------------------------


@export("losses.absolute_difference")
def absolute_difference(labels: Any, predictions: Any, weights: Any = 1.0, scope: str | None = None,
                        loss_collection: Any = GraphKeys.LOSSES, reduction: str = _BY_WEIGHTS) -> Tensor:
    """The absolute difference.

    Args:
      labels, predictions: tensors of one shape.
      weights, scope, loss_collection, reduction: as for `compute_weighted_loss`.

    Returns:
      The loss.

    Raises:
      ValueError: the shapes do not fit, or an argument is None.
    """
    return _of_pairs("absolute_difference", labels, predictions, weights, scope, loss_collection, reduction,
                     lambda y, x: _abs(raw.sub(x, y)))


@export("losses.mean_squared_error")
def mean_squared_error(labels: Any, predictions: Any, weights: Any = 1.0, scope: str | None = None,
                       loss_collection: Any = GraphKeys.LOSSES, reduction: str = _BY_WEIGHTS) -> Tensor:
    """The squared difference.

    Args:
      labels, predictions: tensors of one shape.
      weights, scope, loss_collection, reduction: as for `compute_weighted_loss`.

    Returns:
      The loss.

    Raises:
      ValueError: the shapes do not fit, or an argument is None.
    """
    return _of_pairs("mean_squared_error", labels, predictions, weights, scope, loss_collection, reduction,
                     lambda y, x: raw.squared_difference(x, y))


@export("losses.huber_loss")
def huber_loss(labels: Any, predictions: Any, weights: Any = 1.0, delta: float = 1.0, scope: str | None = None,
               loss_collection: Any = GraphKeys.LOSSES, reduction: str = _BY_WEIGHTS) -> Tensor:
    """The squared difference up to `delta`, and its tangent beyond.

    Args:
      labels, predictions: tensors of one shape.
      delta: where the square ends.
      weights, scope, loss_collection, reduction: as for `compute_weighted_loss`.

    Returns:
      The loss.

    Raises:
      ValueError: the shapes do not fit, or an argument is None.
    """

    def function(y: Tensor, x: Tensor) -> Tensor:
        size = _abs(raw.sub(x, y))
        square = raw.minimum(size, delta)
        rest = raw.sub(size, square)
        half = convert_to_tensor(0.5, dtype=square.dtype)
        return raw.add(raw.mul(half, raw.mul(square, square)), raw.mul(delta, rest))

    return _of_pairs("huber_loss", labels, predictions, weights, scope, loss_collection, reduction, function)


@export("losses.log_loss")
def log_loss(labels: Any, predictions: Any, weights: Any = 1.0, epsilon: float = 1e-7, scope: str | None = None,
             loss_collection: Any = GraphKeys.LOSSES, reduction: str = _BY_WEIGHTS) -> Tensor:
    """The cross-entropy of probabilities of two classes.

    Args:
      labels, predictions: tensors of one shape with values in [0, 1].
      epsilon: keeps the logarithms finite.
      weights, scope, loss_collection, reduction: as for `compute_weighted_loss`.

    Returns:
      The loss.

    Raises:
      ValueError: the shapes do not fit, or an argument is None.
    """
    return _of_pairs("log_loss", labels, predictions, weights, scope, loss_collection, reduction,
                     lambda y, x: -raw.mul(y, raw.log(x + epsilon)) - raw.mul(1 - y, raw.log(1 - x + epsilon)))


@export("losses.hinge_loss")
def hinge_loss(labels: Any, logits: Any, weights: Any = 1.0, scope: str | None = None,
               loss_collection: Any = GraphKeys.LOSSES, reduction: str = _BY_WEIGHTS) -> Tensor:
    """The hinge loss of labels 0 and 1.

    Args:
      labels: a tensor of the shape of `logits` with values 0 and 1.
      logits: a tensor of a floating type.
      weights, scope, loss_collection, reduction: as for `compute_weighted_loss`.

    Returns:
      The loss.

    Raises:
      ValueError: the shapes do not fit, or an argument is None.
    """

    def function(y: Tensor, x: Tensor) -> Tensor:
        ones = constants.ones_like(y)
        y = raw.sub(2 * y, ones)
        return raw.relu(raw.sub(ones, raw.mul(y, x)))

    return _of_pairs("hinge_loss", labels, logits, weights, scope, loss_collection, reduction, function, "logits")


@export("losses.cosine_distance")
@deprecated_args(None, "dim is deprecated, use axis instead", "dim")
def cosine_distance(labels: Any, predictions: Any, axis: int | None = None, weights: Any = 1.0,
                    scope: str | None = None, loss_collection: Any = GraphKeys.LOSSES, reduction: str = _BY_WEIGHTS,
                    dim: int | None = None) -> Tensor:
    """One less the cosine of the angle between vectors of length one.

    Args:
      labels, predictions: tensors of one shape.
      axis: the axis of the vectors (also called `dim`).
      weights, scope, loss_collection, reduction: as for `compute_weighted_loss`.

    Returns:
      The loss.

    Raises:
      ValueError: the shapes do not fit, or an argument is None.
    """
    axis = deprecated_argument_lookup("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("You must specify 'axis'.")
    return _of_pairs("cosine_distance_loss", labels, predictions, weights, scope, loss_collection, reduction,
                     lambda y, x: 1 - reduce_sum(raw.mul(x, y), axis=(axis,), keepdims=True))


@export("losses.mean_pairwise_squared_error")
def mean_pairwise_squared_error(labels: Any, predictions: Any, weights: Any = 1.0, scope: str | None = None,
                                loss_collection: Any = GraphKeys.LOSSES) -> Tensor:
    """The squared difference between the differences of all pairs of elements of a row.

    Args:
      labels, predictions: tensors of one shape [batch, ...].
      weights: a scalar, or a tensor that broadcasts.
      scope: a name for the nodes.
      loss_collection: the collection that the result is added to.

    Returns:
      A scalar.

    Raises:
      ValueError: the shapes do not fit, or an argument is None.
    """
    _given(labels=labels, predictions=predictions)
    divide = api.math.divide_no_nan
    with name_scope(scope, "mean_pairwise_squared_error", (predictions, labels, weights)):
        weights = cast(weights, dtypes.float32)
        labels = cast(labels, dtypes.float32)
        with get_default_graph().control_dependencies((assert_broadcastable(weights, labels),)):
            predictions = cast(predictions, dtypes.float32)
            predictions.get_shape().assert_is_compatible_with(labels.get_shape())
            differences = raw.sub(predictions, labels)
            axes = api.range(1, shape_ops.rank(differences))
            squares = reduce_sum(raw.square(differences), axis=axes, keepdims=True)
            count = _present(differences, weights, per_batch=True)
            first = 2.0 * divide(squares, raw.maximum(count - 1, 0), name="value")
            total = reduce_sum(differences, axis=axes, keepdims=True)
            second = 2.0 * divide(raw.square(total), raw.maximum(raw.mul(count, count - 1), 0), name="value")
            loss = reduce_sum(raw.mul(first - second, weights))
            loss = raw.select(reduce_sum(count) > 0, loss, constants.zeros_like(loss), name="value")
            add_loss(loss, loss_collection)
            return loss


# --- cross-entropies -------------------------------------------------------------------------------------------


@export("losses.sigmoid_cross_entropy")
def sigmoid_cross_entropy(multi_class_labels: Any, logits: Any, weights: Any = 1.0, label_smoothing: Any = 0,
                          scope: str | None = None, loss_collection: Any = GraphKeys.LOSSES,
                          reduction: str = _BY_WEIGHTS) -> Tensor:
    """The cross-entropy of classes that do not exclude each other.

    Args:
      multi_class_labels: a tensor of the shape of `logits` with values 0 and 1.
      logits: a tensor of shape [batch, classes].
      label_smoothing: how far labels are drawn towards 1/2.
      weights, scope, loss_collection, reduction: as for `compute_weighted_loss`.

    Returns:
      The loss.

    Raises:
      ValueError: the shapes do not fit, or an argument is None.
    """
    _given(multi_class_labels=multi_class_labels, logits=logits)
    with name_scope(scope, "sigmoid_cross_entropy_loss", (logits, multi_class_labels, weights)) as inner:
        logits = convert_to_tensor(logits)
        labels = cast(multi_class_labels, logits.dtype)
        logits.get_shape().assert_is_compatible_with(labels.get_shape())
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction=reduction)


@export("losses.softmax_cross_entropy")
def softmax_cross_entropy(onehot_labels: Any, logits: Any, weights: Any = 1.0, label_smoothing: Any = 0,
                          scope: str | None = None, loss_collection: Any = GraphKeys.LOSSES,
                          reduction: str = _BY_WEIGHTS) -> Tensor:
    """The cross-entropy of classes that exclude each other, with one-hot labels.

    Args:
      onehot_labels: a tensor of the shape of `logits`.
      logits: a tensor of shape [batch, classes].
      label_smoothing: how far labels are drawn towards equal probabilities.
      weights, scope, loss_collection, reduction: as for `compute_weighted_loss`.

    Returns:
      The loss.

    Raises:
      ValueError: the shapes do not fit, or an argument is None.
    """
    _given(onehot_labels=onehot_labels, logits=logits)
    with name_scope(scope, "softmax_cross_entropy_loss", (logits, onehot_labels, weights)) as inner:
        logits = convert_to_tensor(logits)
        labels = cast(onehot_labels, logits.dtype)
        logits.get_shape().assert_is_compatible_with(labels.get_shape())
        if label_smoothing > 0:
            classes = cast(shape_ops.shape(labels)[-1], logits.dtype)
            others = label_smoothing / classes
            labels = labels * (1.0 - label_smoothing) + others
        labels = raw.stop_gradient(labels, name="labels_stop_gradient")
        losses = softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction=reduction)


@export("losses.sparse_softmax_cross_entropy")
def sparse_softmax_cross_entropy(labels: Any, logits: Any, weights: Any = 1.0, scope: str | None = None,
                                 loss_collection: Any = GraphKeys.LOSSES, reduction: str = _BY_WEIGHTS) -> Tensor:
    """The cross-entropy of classes that exclude each other, with class numbers as labels.

    Args:
      labels: int32 or int64 class numbers of shape [batch] or [batch, 1].
      logits: a tensor of shape [batch, classes].
      weights, scope, loss_collection, reduction: as for `compute_weighted_loss`.

    Returns:
      The loss.

    Raises:
      ValueError: the shapes do not fit, or an argument is None.
    """
    _given(labels=labels, logits=logits)
    with name_scope(scope, "sparse_softmax_cross_entropy_loss", (logits, labels, weights)) as inner:
        labels, logits = remove_squeezable_dimensions(labels, logits, expected_rank_diff=1)
        weights = _squeezed(convert_to_tensor(weights), labels)
        losses = sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction=reduction)


def _squeezed(weights: Tensor, labels: Tensor) -> Tensor:
    """Weights without a last dimension of 1 that the labels do not have."""
    rank, labels_rank = weights.get_shape().ndims, labels.get_shape().ndims
    if rank is not None and labels_rank is not None:
        return shape_ops.squeeze(weights, [-1]) if rank - labels_rank == 1 else weights
    difference = shape_ops.rank(weights) - shape_ops.rank(labels)
    if rank is None or (rank > 0 and weights.get_shape()[-1].is_compatible_with(1)):
        return api.cond(raw.equal(1, difference), lambda: shape_ops.squeeze(weights, [-1]), lambda: weights)
    return weights
