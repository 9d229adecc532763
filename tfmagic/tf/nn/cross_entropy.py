"""tf.nn's losses: cross-entropies of logits and labels, and the Poisson loss."""

from __future__ import annotations

import math
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated, deprecated_args, deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.unary import abs as _abs


def _require_names(function: str, sentinel: Any, labels: Any, logits: Any) -> None:
    """Both orders of labels and logits were in use once, so that neither may be given by place."""
    if sentinel is not None:
        raise ValueError(f"Only call `{function}` with named arguments (labels=..., logits=..., ...)")
    if labels is None or logits is None:
        raise ValueError("Both labels and logits must be provided.")


# --- probabilities as labels -----------------------------------------------------------------------------------


def _as_matrix(logits: Tensor) -> Tensor:
    """All dimensions but the last one made into one."""
    rank = shape_ops.rank(logits)
    last = api.slice(shape_ops.shape(logits), [raw.sub(rank, 1)], [1])
    matrix = raw.reshape(logits, api.concat([[-1], last], 0))
    dims: Any = logits._dims
    if dims is not None and None not in dims[:-1]:
        matrix.set_shape([math.prod(dims[:-1]), dims[-1]])
    return matrix


def _to_end(tensor: Tensor, axis: Any, rank: Tensor) -> Tensor:
    every = api.range
    return api.transpose(tensor, api.concat([every(axis), every(axis + 1, rank), [axis]], 0))


def _cross_entropy(labels: Any, logits: Any, axis: Any, name: str | None) -> Tensor:
    if labels is None or logits is None:
        raise ValueError("Both labels and logits must be provided.")
    with name_scope(name, "softmax_cross_entropy_with_logits", [logits, labels]) as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        short = logits.dtype.base_dtype in (dtypes.float16, dtypes.bfloat16)
        precise = cast(logits, dtypes.float32) if short else logits
        labels = cast(labels, precise.dtype)
        rank = shape_ops.rank(precise)
        shape = logits.get_shape()
        if axis != -1:
            precise, labels = _to_end(precise, axis, rank), _to_end(labels, axis, rank)
        input_shape = shape_ops.shape(precise)
        precise = _as_matrix(precise)
        labels = _as_matrix(labels)
        cost, _ = raw.softmax_cross_entropy_with_logits(precise, labels, name=scope)
        cost = raw.reshape(cost, api.slice(input_shape, [0], [raw.sub(rank, 1)]))
        if shape.dims is not None:
            sizes = shape.as_list()
            del sizes[axis]
            cost.set_shape(sizes)
        return cast(cost, logits.dtype) if short else cost


@export("nn.softmax_cross_entropy_with_logits_v2")
@deprecated_args(None, "dim is deprecated, use axis instead", "dim")
def softmax_cross_entropy_with_logits_v2(labels: Any, logits: Any, axis: Any = None, name: str | None = None,
                                         dim: Any = None) -> Tensor:
    """The cross-entropy between softmax(logits) and label probabilities; gradients flow to both.

    Args:
      labels: a tensor of the shape of `logits`; each row along `axis` is a probability distribution.
      logits: a tensor of a floating type.
      axis: the axis of the classes; by default the last.
      dim: old name of `axis`.

    Returns:
      The losses, with the shape of `logits` without `axis`.

    Raises:
      ValueError: labels or logits are missing, or their shapes do not fit.
    """
    axis = deprecated_argument_lookup("axis", axis, "dim", dim)
    return _cross_entropy(labels, logits, -1 if axis is None else axis, name)


@export("nn.softmax_cross_entropy_with_logits")
@deprecated(None, "\nFuture major versions of TensorFlow will allow gradients to flow\ninto the labels input on "
                  "backprop by default.\n\nSee `tf.nn.softmax_cross_entropy_with_logits_v2`.\n")
def softmax_cross_entropy_with_logits(_sentinel: Any = None, labels: Any = None, logits: Any = None, dim: Any = -1,
                                      name: str | None = None, axis: Any = None) -> Tensor:
    """The cross-entropy between softmax(logits) and label probabilities; no gradient flows to the labels.

    Args:
      _sentinel: keeps others from being given by place.
      labels: a tensor of the shape of `logits`; each row along `axis` is a probability distribution.
      logits: a tensor of a floating type.
      dim: the axis of the classes; by default the last.
      axis: None; TensorFlow 1.15 takes `dim` alone here.

    Returns:
      The losses, with the shape of `logits` without `axis`.

    Raises:
      ValueError: labels or logits are missing or given by place, their shapes do not fit, or `axis` is given.
    """
    axis = deprecated_argument_lookup("axis", axis, "dim", dim)
    _require_names("softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "softmax_cross_entropy_with_logits_sg", [logits, labels]) as scope:
        labels = raw.stop_gradient(labels, name="labels_stop_gradient")
    return _cross_entropy(labels, logits, axis, scope)


# --- class numbers as labels -----------------------------------------------------------------------------------


@export("nn.sparse_softmax_cross_entropy_with_logits")
def sparse_softmax_cross_entropy_with_logits(_sentinel: Any = None, labels: Any = None, logits: Any = None,
                                             name: str | None = None) -> Tensor:
    """The cross-entropy between softmax(logits) and class numbers.

    Args:
      _sentinel: keeps others from being given by place.
      labels: int32 or int64 class numbers, with the shape of `logits` without the last dimension.
      logits: a tensor of a floating type with the classes last.

    Returns:
      The losses, with the shape of `labels`.

    Raises:
      ValueError: labels or logits are missing or given by place, or their shapes do not fit.
    """
    _require_names("sparse_softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "SparseSoftmaxCrossEntropyWithLogits", [labels, logits]):
        labels = convert_to_tensor(labels)
        logits = convert_to_tensor(logits)
        half = logits.dtype.base_dtype is dtypes.float16
        precise = cast(logits, dtypes.float32) if half else logits
        labels_static, logits_static = labels.get_shape(), logits.get_shape()
        labels_shape = shape_ops.shape(labels)
        if logits_static.ndims == 0:
            raise ValueError(f"Logits cannot be scalars - received shape {logits_static}.")
        if logits_static.ndims is not None and labels_static.ndims not in (None, logits_static.ndims - 1):
            raise ValueError(f"Rank mismatch: Rank of labels (received {labels_static.ndims}) should equal rank of "
                             f"logits minus 1 (received {logits_static.ndims}).")
        rows = None if logits_static.ndims is None else logits_static[:-1]
        known = labels_static.is_fully_defined() and rows is not None and rows.is_fully_defined()
        if known and labels_static != rows:
            raise ValueError(f"Shape mismatch: The shape of labels (received {labels_static}) should equal the shape "
                             f"of logits except for the last dimension (received {logits_static}).")
        if logits_static.ndims == 2:
            cost, _ = raw.sparse_softmax_cross_entropy_with_logits(precise, labels, name=name)
            return cast(cost, dtypes.float16) if half else cost
        checks = []
        if not known:
            checks.append(api.debugging.assert_equal(shape_ops.shape(labels), shape_ops.shape(logits)[:-1]))
        with get_default_graph().control_dependencies(checks):
            classes = shape_ops.shape(logits)[shape_ops.rank(logits) - 1]
            precise = raw.reshape(precise, [-1, classes])
            labels = raw.reshape(labels, [-1])
            cost, _ = raw.sparse_softmax_cross_entropy_with_logits(precise, labels, name=name)
            cost = raw.reshape(cost, labels_shape)
            cost.set_shape(labels_static)
            return cast(cost, dtypes.float16) if half else cost


# --- independent classes ---------------------------------------------------------------------------------------


def _same_shape(logits: Tensor, labels: Tensor, what: str = "labels") -> None:
    try:
        labels.get_shape().merge_with(logits.get_shape())
    except ValueError:
        raise ValueError(f"logits and {what} must have the same shape ({logits.get_shape()} vs "
                         f"{labels.get_shape()})") from None


@export("nn.sigmoid_cross_entropy_with_logits")
def sigmoid_cross_entropy_with_logits(_sentinel: Any = None, labels: Any = None, logits: Any = None,
                                      name: str | None = None) -> Tensor:
    """The cross-entropy between sigmoid(logits) and labels, for classes that exclude each other not.

    Args:
      _sentinel: keeps others from being given by place.
      labels: a tensor of the shape and type of `logits`.
      logits: a tensor of a floating type.

    Returns:
      The losses, with the shape of `logits`.

    Raises:
      ValueError: labels or logits are missing or given by place, or their shapes differ.
    """
    _require_names("sigmoid_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "logistic_loss", [logits, labels]) as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        _same_shape(logits, labels)
        # exp() is only taken of numbers that are not positive, so that nothing overflows.
        zeros = constants.zeros_like(logits, dtype=logits.dtype)
        positive = logits >= zeros
        relu = raw.select(positive, logits, zeros)
        minus_abs = raw.select(positive, -logits, logits)
        return raw.add(relu - logits * labels, raw.log1p(raw.exp(minus_abs)), name=scope)


@export("nn.weighted_cross_entropy_with_logits")
@deprecated_args(None, "targets is deprecated, use labels instead", "targets")
def weighted_cross_entropy_with_logits(labels: Any = None, logits: Any = None, pos_weight: Any = None,
                                       name: str | None = None, targets: Any = None) -> Tensor:
    """The cross-entropy between sigmoid(logits) and labels, where positive ones count `pos_weight` times.

    Args:
      labels: a tensor of the shape and type of `logits`.
      logits: a tensor of a floating type.
      pos_weight: the weight of positive labels.
      targets: old name of `labels`.

    Returns:
      The losses, with the shape of `logits`.

    Raises:
      ValueError: the shapes differ.
    """
    labels = deprecated_argument_lookup("labels", labels, "targets", targets)
    with name_scope(name, "logistic_loss", [logits, labels]) as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        _same_shape(logits, labels)
        weight = 1 + (pos_weight - 1) * labels
        return raw.add((1 - labels) * logits,
                       weight * (raw.log1p(raw.exp(-_abs(logits))) + raw.relu(-logits)), name=scope)


@export("nn.log_poisson_loss")
def log_poisson_loss(targets: Any, log_input: Any, compute_full_loss: bool = False,
                     name: str | None = None) -> Tensor:
    """The loss of counts that follow a Poisson distribution: `exp(log_input) - log_input * targets`.

    Args:
      targets: a tensor of the shape and type of `log_input`.
      log_input: the logarithm of the predicted rates.
      compute_full_loss: whether to add Stirling's approximation of log(targets!).

    Returns:
      The losses, with the shape of `log_input`.

    Raises:
      ValueError: the shapes differ.
    """
    with name_scope(name, "log_poisson_loss", [log_input, targets]):
        log_input = convert_to_tensor(log_input, name="log_input")
        targets = convert_to_tensor(targets, name="targets")
        try:
            targets.get_shape().merge_with(log_input.get_shape())
        except ValueError:
            raise ValueError(f"log_input and targets must have the same shape ({log_input.get_shape()} vs "
                             f"{targets.get_shape()})") from None
        result = raw.exp(log_input) - log_input * targets
        if compute_full_loss:
            half = constant(0.5, dtype=targets.dtype.base_dtype)
            two_pi = constant(2 * math.pi, dtype=targets.dtype.base_dtype)
            stirling = (targets * raw.log(targets)) - targets + (half * raw.log(two_pi * targets))
            zeros = constants.zeros_like(targets, dtype=targets.dtype)
            ones = constants.ones_like(targets, dtype=targets.dtype)
            small = raw.logical_and(targets >= zeros, targets <= ones)
            result += raw.select(small, zeros, stirling)
        return result
