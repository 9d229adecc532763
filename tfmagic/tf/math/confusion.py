"""tf.confusion_matrix, and what labels and predictions have in common."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_max


@export("confusion_matrix", "math.confusion_matrix")
def confusion_matrix(labels: Any, predictions: Any, num_classes: Any = None, dtype: Any = dtypes.int32,
                     name: str | None = None, weights: Any = None) -> Tensor:
    """Counts which class was predicted how often for which.

    Args:
      labels: true class numbers, a vector.
      predictions: predicted class numbers, a vector.
      num_classes: how many classes there are; by default the greatest number tells.
      dtype: the type of the result.
      weights: what each pair counts.

    Returns:
      A matrix: row = label, column = prediction.

    Raises:
      ValueError: the shapes do not fit.
    """
    debugging = {which: getattr(api.debugging, f"assert_{which}") for which in ("non_negative", "less")}
    with name_scope(name, "confusion_matrix", (predictions, labels, num_classes, weights)):
        labels, predictions = remove_squeezable_dimensions(convert_to_tensor(labels, name="labels"),
                                                           convert_to_tensor(predictions, name="predictions"))
        predictions, labels = cast(predictions, dtypes.int64), cast(labels, dtypes.int64)

        def checked(value: Tensor, check: Any) -> Tensor:
            return with_dependencies([check], value)

        labels = checked(labels, debugging["non_negative"](labels, message="`labels` contains negative values"))
        predictions = checked(predictions, debugging["non_negative"](
            predictions, message="`predictions` contains negative values"))
        if num_classes is None:
            num_classes = raw.maximum(reduce_max(predictions), reduce_max(labels)) + 1
        else:
            count = cast(num_classes, dtypes.int64)
            labels = checked(labels, debugging["less"](labels, count, message="`labels` out of bound"))
            predictions = checked(predictions, debugging["less"](predictions, count,
                                                                 message="`predictions` out of bound"))
        if weights is not None:
            weights = convert_to_tensor(weights, name="weights")
            predictions.get_shape().assert_is_compatible_with(weights.get_shape())
            weights = cast(weights, dtype)
        shape = api.stack([num_classes, num_classes])
        places = api.stack([labels, predictions], axis=1)
        values = constants.ones_like(predictions, dtype) if weights is None else weights
        dense_shape = cast(shape, dtypes.int64)
        counted = SparseTensor(places, values, dense_shape)  # which refuses what is no vector
        nothing = constants.zeros(cast(shape, dtypes.int32), dtype)
        return raw.sparse_tensor_dense_add(counted.indices, counted.values, counted.dense_shape, nothing)


def remove_squeezable_dimensions(labels: Any, predictions: Any, expected_rank_diff: int = 0,
                                 name: str | None = None) -> tuple[Tensor, Tensor]:
    """Drops the last dimension of labels or predictions where only one of them has it, with length 1.

    Args:
      labels, predictions: tensors.
      expected_rank_diff: the rank of the predictions less that of the labels, as it should be.

    Returns:
      Labels and predictions.
    """
    with name_scope(name, "remove_squeezable_dimensions", [labels, predictions]):
        predictions, labels = convert_to_tensor(predictions), convert_to_tensor(labels)
        ranks = predictions.get_shape().ndims, labels.get_shape().ndims
        if None not in ranks:
            difference = ranks[0] - ranks[1]
            if difference == expected_rank_diff + 1:
                predictions = shape_ops.squeeze(predictions, [-1])
            elif difference == expected_rank_diff - 1:
                labels = shape_ops.squeeze(labels, [-1])
            return labels, predictions
        difference = shape_ops.rank(predictions) - shape_ops.rank(labels)
        cond = api.cond
        if ranks[0] is None or predictions.get_shape().dims[-1].is_compatible_with(1):
            whole = predictions
            predictions = cond(raw.equal(expected_rank_diff + 1, difference),
                               lambda: shape_ops.squeeze(whole, [-1]), lambda: whole)
        if ranks[1] is None or labels.get_shape().dims[-1].is_compatible_with(1):
            every = labels
            labels = cond(raw.equal(expected_rank_diff - 1, difference), lambda: shape_ops.squeeze(every, [-1]),
                          lambda: every)
        return labels, predictions


def confusion_matrix_v2(labels: Any, predictions: Any, num_classes: Any = None, weights: Any = None,
                        dtype: Any = dtypes.int32, name: str | None = None) -> Tensor:
    """`confusion_matrix` with its arguments in the order of TensorFlow 2."""
    return confusion_matrix(labels, predictions, num_classes, dtype, name, weights)
