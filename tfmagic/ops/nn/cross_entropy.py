"""Cross-entropies between logits and labels, dense or sparse, with the gradient computed beside the loss."""

from __future__ import annotations

from typing import Any

from tfmagic.base import shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.declare import op
from tfmagic.ops.math.matmul import matmul
from tfmagic.ops.shape_rules import broadcast_dims, merge, merge_dim, with_rank


def _times_rows(vector: Tensor, matrix: Tensor) -> Tensor:
    """Each row of `matrix` times its element of `vector`."""
    return shape_ops.expand_dims(vector, -1) * matrix


def _is_zero(gradient: Tensor) -> bool:
    """Whether a gradient is a tensor of zeros that `tf.gradients` put in for "none"."""
    if gradient.op.type == "ZerosLike":
        return True
    value = constant_value(gradient)
    return value is not None and bool((value == 0).all())


def _refused_dense(op: Any, features: Any, labels: Any) -> str | None:
    try:
        dims = broadcast_dims(features, labels)
    except ValueError:
        return (f"logits and labels must be broadcastable: logits_size={shapes.brackets(features)} "
                f"labels_size={shapes.brackets(labels)}")
    if dims is None or len(dims) != 2:
        return "logits and labels must be either 2-dimensional, or broadcasted to be 2-dimensional"
    return None


@op("SoftmaxCrossEntropyWithLogits", check=_refused_dense)
class SoftmaxCrossEntropyWithLogits:
    """The cross-entropy of rows of logits and label probabilities, and its gradient by the logits."""

    def shape(op: Any, features: Dims, labels: Dims) -> tuple[Dims, Dims]:
        try:
            dims = merge(with_rank(features, 2), with_rank(labels, 2))
        except ValueError:
            dims = broadcast_dims(features, labels)
            if dims is None or len(dims) != 2:
                raise ValueError("Shape must be broadcasted with rank 2, but is rank "
                                 f"{'is unknown.' if dims is None else len(dims)}") from None
        dims = (None, None) if dims is None else dims
        return (dims[0],), dims

    def kernel(op: Any, features: Any, labels: Any) -> tuple[Any, Any]:
        known = op.features._dims, op.labels._dims
        if known[0] is None or None in known[0] or known[0] != known[1]:
            features, labels = torch.broadcast_tensors(features, labels)
        log = torch.log_softmax(features, -1)
        return -torch.sum(labels * log, -1), torch.exp(log) - labels

    def gradient(op: Any, dloss: Tensor, dbackprop: Tensor | None) -> tuple[Tensor, Tensor]:
        gradient = _times_rows(dloss, op.backprop)
        if dbackprop is not None and not _is_zero(dbackprop):
            softmax = raw.softmax(op.features)
            row = matmul(shape_ops.expand_dims(dbackprop, 1), shape_ops.expand_dims(softmax, 2))
            gradient += (dbackprop - shape_ops.squeeze(row, axis=1)) * softmax
        return gradient, _times_rows(dloss, -raw.log_softmax(op.features))


def _refused_sparse(op: Any, features: Any, labels: Any) -> str | None:
    """TensorFlow's words for shapes that do not belong together."""
    if len(features) != 2:
        return f"logits must be 2-D, but got shape {shapes.brackets(features)}"
    if len(labels) != 1:
        return f"labels must be 1-D, but got shape {shapes.brackets(labels)}"
    if labels[0] != features[0]:
        return ("logits and labels must have the same first dimension, got logits shape "
                f"{shapes.brackets(features)} and labels shape {shapes.brackets(labels)}")
    if not features[1]:
        return f"Must have at least one class, but got logits shape {shapes.brackets(features)}"
    return None


def _explain_sparse(op: Any, features: Any, labels: Any) -> str | None:
    wrong = [label for label in labels.tolist() if not 0 <= label < features.shape[1]]
    return (f"Received a label value of {wrong[0]} which is outside the valid range of [0, {features.shape[1]}).  "
            f"Label values: {' '.join(str(v) for v in labels.tolist())}") if wrong else None


@op("SparseSoftmaxCrossEntropyWithLogits", traced="shapes", check=_refused_sparse, explain=_explain_sparse)
class SparseSoftmaxCrossEntropyWithLogits:
    """The cross-entropy of rows of logits and class numbers, and its gradient by the logits."""

    def shape(op: Any, features: Dims, labels: Dims) -> tuple[Dims, Dims]:
        rows, classes = with_rank(features, 2)
        (count,) = with_rank(labels, 1)
        rows = merge_dim(rows, count)
        return (rows,), (rows, classes)

    def kernel(op: Any, features: Any, labels: Any) -> tuple[Any, Any]:
        classes = features.shape[1]
        index = labels.to(torch.int64)
        log = torch.log_softmax(features, -1)
        if not features.is_cuda:
            loss, backprop = _at(log, index)
        else:
            # A GPU's answer to a label out of range is NaN, as TensorFlow's is; it stops nothing.
            valid = (index >= 0) & (index < classes)
            loss, backprop = _at(log, torch.where(valid, index, 0))
            nan = torch.full((), float("nan"), dtype=loss.dtype, device=loss.device)
            loss = torch.where(valid, loss, nan)
            backprop = torch.where(valid.unsqueeze(1), backprop, nan)
        return loss, backprop

    def gradient(op: Any, dloss: Tensor, _: Tensor | None) -> tuple[Tensor, None]:
        once = raw.prevent_gradient(
            op.backprop, message="Currently there is no way to take the second derivative of "
            "sparse_softmax_cross_entropy_with_logits due to the fused implementation's interaction with "
            "tf.gradients()")
        return _times_rows(dloss, once), None


def _at(log: Any, index: Any) -> tuple[Any, Any]:
    column = index.unsqueeze(1)
    loss = -torch.gather(log, 1, column).squeeze(1)
    probabilities = torch.exp(log)
    return loss, torch.scatter_add(probabilities, 1, column, torch.full_like(column, -1, dtype=log.dtype))
