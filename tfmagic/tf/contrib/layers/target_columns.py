"""tf.contrib.layers: what a model is to tell, as the estimators of old had it: its loss, its answers, its metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.contrib.losses.weighted import hinge_loss
from tfmagic.tf.contrib.metrics import streaming as _streaming

_old = deprecated("2016-11-12", "This file will be removed after the deprecation date.Please switch to "
                  "third_party/tensorflow/contrib/learn/python/learn/estimators/head.py")
streaming: Any = _streaming  # most of its functions are made in a loop
_CLASSES, _PROBABILITIES = "classes", "probabilities"


@export("contrib.slim.ProblemType")
class ProblemType:
    """What a model is asked."""

    UNSPECIFIED = 0
    CLASSIFICATION = 1
    LINEAR_REGRESSION = 2
    LOGISTIC_REGRESSION = 3


@export("contrib.layers.regression_target")
@_old
def regression_target(label_name: str | None = None, weight_column_name: str | None = None,
                      label_dimension: int = 1) -> _RegressionTargetColumn:
    """A model that tells numbers, judged by their squared error.

    Args:
      label_name: which of the labels it is, where they are a dict.
      weight_column_name: the feature that says how much an example counts.
      label_dimension: how many numbers an example has.
    """
    return _RegressionTargetColumn(_mean_squared_loss, label_name, weight_column_name, label_dimension)


@export("contrib.layers.multi_class_target")
@_old
def multi_class_target(n_classes: int, label_name: str | None = None,
                       weight_column_name: str | None = None) -> _MultiClassTargetColumn:
    """A model that tells one of several classes, judged by the cross entropy.

    Raises:
      ValueError: there are fewer than two.
    """
    if n_classes < 2:
        raise ValueError("n_classes must be > 1 for classification.")
    loss = _log_loss_with_two_classes if n_classes == 2 else _softmax_cross_entropy_loss
    return _MultiClassTargetColumn(loss, n_classes, label_name, weight_column_name)


@export("contrib.slim.binary_svm_target")
@_old
def binary_svm_target(label_name: str | None = None, weight_column_name: str | None = None) -> _BinarySvmTargetColumn:
    """A model that tells one of two classes by the sign of a number, judged by the hinge loss."""
    return _BinarySvmTargetColumn(label_name, weight_column_name)


class _TargetColumn:
    """What all of them do."""

    def __init__(self, loss_fn: Callable[..., Tensor], num_label_columns: int, label_name: str | None,
                 weight_column_name: str | None, problem_type: int):
        if loss_fn is None:
            raise ValueError("loss_fn can not be None")
        self._loss_fn = loss_fn
        self._num_label_columns = num_label_columns
        self._label_name = label_name
        self._weight_column_name = weight_column_name
        self._problem_type = problem_type

    def logits_to_predictions(self, logits: Any, proba: bool = False) -> Tensor:
        """What the model tells, from the numbers that it computed."""
        raise NotImplementedError()

    def get_eval_ops(self, features: Any, logits: Any, labels: Any, metrics: Any = None) -> dict[str, Any]:
        """Its metrics by name, each as its value and its update."""
        raise NotImplementedError

    @property
    def label_name(self) -> str | None:
        """Which of the labels it is."""
        return self._label_name

    @property
    def weight_column_name(self) -> str | None:
        """The feature that says how much an example counts."""
        return self._weight_column_name

    @property
    def num_label_columns(self) -> int:
        """How many numbers a label has."""
        return self._num_label_columns

    def get_weight_tensor(self, features: Any) -> Tensor | None:
        """How much the examples count: float32 [batch], or None for all the same."""
        if not self._weight_column_name:
            return None
        return api.reshape(api.cast(features[self._weight_column_name], dtypes.float32), shape=(-1,))

    @property
    def problem_type(self) -> int:
        """What is asked, of `ProblemType`."""
        return self._problem_type

    def _weighted_loss(self, loss: Tensor, weight_tensor: Tensor) -> Tensor:
        unweighted = api.reshape(loss, shape=(-1,))
        return api.multiply(unweighted, api.reshape(weight_tensor, shape=(-1,)))

    def training_loss(self, logits: Any, target: Any, features: Any, name: str = "training_loss") -> Tensor:
        """The loss to be minimised: a scalar, the mean over the batch."""
        unweighted, weights = self._losses(logits, target, features)
        if weights is None:
            return api.reduce_mean(unweighted, name=name)
        return api.reduce_mean(self._weighted_loss(unweighted, weights), name=name)

    def loss(self, logits: Any, target: Any, features: Any) -> Tensor:
        """The loss of the examples that count: a scalar, the mean by weight."""
        unweighted, weights = self._losses(logits, target, features)
        if weights is None:
            return api.reduce_mean(unweighted, name="loss")
        weighted = self._weighted_loss(unweighted, weights)
        return api.div(api.reduce_sum(weighted), api.cast(api.reduce_sum(weights), dtypes.float32), name="loss")

    def _losses(self, logits: Any, target: Any, features: Any) -> tuple[Tensor, Tensor | None]:
        # TensorFlow asks for a name that no target has, so that labels in a dict fail there too.
        target = target[self.name] if isinstance(target, dict) else target  # type: ignore[attr-defined]
        unweighted = self._loss_fn(logits, target)
        return unweighted, self.get_weight_tensor(features)


class _RegressionTargetColumn(_TargetColumn):
    """Numbers."""

    def __init__(self, loss_fn: Callable[..., Tensor], label_name: str | None, weight_column_name: str | None,
                 label_dimension: int):
        super().__init__(loss_fn, label_dimension, label_name, weight_column_name, ProblemType.LINEAR_REGRESSION)

    def logits_to_predictions(self, logits: Any, proba: bool = False) -> Tensor:
        if self.num_label_columns == 1:
            return api.squeeze(logits, axis=[1])
        return logits

    def get_eval_ops(self, features: Any, logits: Any, labels: Any, metrics: Any = None) -> dict[str, Any]:
        result = {"loss": streaming.streaming_mean(self.loss(logits, labels, features))}
        if metrics:
            predictions = self.logits_to_predictions(logits, proba=False)
            result.update(_run_metrics(predictions, labels, metrics, self.get_weight_tensor(features)))
        return result


class _MultiClassTargetColumn(_TargetColumn):
    """One of several classes."""

    def __init__(self, loss_fn: Callable[..., Tensor], n_classes: int, label_name: str | None,
                 weight_column_name: str | None):
        if n_classes < 2:
            raise ValueError("n_classes must be >= 2")
        super().__init__(loss_fn, 1 if n_classes == 2 else n_classes, label_name, weight_column_name,
                         ProblemType.CLASSIFICATION)

    def logits_to_predictions(self, logits: Any, proba: bool = False) -> Tensor:
        if self.num_label_columns == 1:
            logits = api.concat([api.zeros_like(logits), logits], 1)
        return api.nn.softmax(logits) if proba else api.argmax(logits, 1)

    def _default_eval_metrics(self) -> dict[str, Any]:
        if self._num_label_columns == 1:
            return get_default_binary_metrics_for_eval(thresholds=[0.5])
        return {}

    def get_eval_ops(self, features: Any, logits: Any, labels: Any, metrics: Any = None) -> dict[str, Any]:
        result = {"loss": streaming.streaming_mean(self.loss(logits, labels, features))}
        predictions, targets = api.sigmoid(logits), api.cast(labels, dtypes.float32)
        for name, metric in self._default_eval_metrics().items():
            result[name] = metric(predictions, targets)
        of_classes: dict[str, Any] = {}
        of_probabilities: dict[str, Any] = {}
        for name, metric in (metrics or {("accuracy", _CLASSES): streaming.streaming_accuracy}).items():
            if not isinstance(name, tuple):
                of_classes[name] = metric
                continue
            if len(name) != 2:
                raise ValueError(f"Ignoring metric {name}. It returned a tuple with len {len(name)}, expected 2.")
            if name[1] not in (_CLASSES, _PROBABILITIES):
                raise ValueError(f"Ignoring metric {name}. The 2nd element of its name should be either 'classes' or "
                                 "'probabilities'.")
            (of_classes if name[1] == _CLASSES else of_probabilities)[name[0]] = metric
        for proba, chosen in ((False, of_classes), (True, of_probabilities)):
            if chosen:
                answers = self.logits_to_predictions(logits, proba=proba)
                result.update(_run_metrics(answers, labels, chosen, self.get_weight_tensor(features)))
        return result


class _BinarySvmTargetColumn(_MultiClassTargetColumn):
    """One of two classes, by the sign of a number."""

    def __init__(self, label_name: str | None, weight_column_name: str | None):
        def loss(logits: Any, target: Any) -> Tensor:
            known = api.control_dependencies([api.Assert(
                api.less_equal(api.rank(target), 2),
                ["target's shape should be either [batch_size, 1] or [batch_size]"])])
            with known:
                target = api.reshape(target, shape=[api.shape(target)[0], 1])
            return hinge_loss(logits, target)

        super().__init__(loss, 2, label_name, weight_column_name)

    def logits_to_predictions(self, logits: Any, proba: bool = False) -> Tensor:
        if proba:
            raise ValueError("logits to probabilities is not supported for _BinarySvmTargetColumn")
        return api.argmax(api.concat([api.zeros_like(logits), logits], 1), 1)


def _mean_squared_loss(logits: Any, target: Any) -> Tensor:
    # Without it a row of numbers and a column of answers would be compared each with each.
    if len(target.get_shape()) == 1:
        target = api.expand_dims(target, axis=1)
    logits.get_shape().assert_is_compatible_with(target.get_shape())
    return api.squared_difference(logits, api.cast(target, dtypes.float32))


def _log_loss_with_two_classes(logits: Any, target: Any) -> Tensor:
    if len(target.get_shape()) == 1:
        target = api.expand_dims(target, axis=1)
    return api.nn.sigmoid_cross_entropy_with_logits(labels=api.cast(target, dtypes.float32), logits=logits)


def _softmax_cross_entropy_loss(logits: Any, target: Any) -> Tensor:
    if not target.dtype.is_integer:
        raise ValueError(f"Target's dtype should be integer Instead got {target.dtype}.")
    if len(target.get_shape()) == 2:
        target = api.squeeze(target, axis=[1])
    return api.nn.sparse_softmax_cross_entropy_with_logits(labels=target, logits=logits)


def _run_metrics(predictions: Any, targets: Any, metrics: Any, weights: Any) -> dict[str, Any]:
    result = {}
    targets = api.cast(targets, predictions.dtype)
    for name, metric in (metrics or {}).items():
        result[name] = metric(predictions, targets) if weights is None else metric(predictions, targets,
                                                                                   weights=weights)
    return result


@export("contrib.slim.get_default_binary_metrics_for_eval")
@_old
def get_default_binary_metrics_for_eval(thresholds: Any) -> dict[str, Any]:
    """Metrics of two classes by name: functions of probabilities, labels and, optionally, weights.

    Args:
      thresholds: from which probability on an example is said to be of the second class: metrics for each.
    """
    # In the order in which Python 2 shows TensorFlow's own dict.
    metrics: dict[str, Any] = {}
    for threshold in thresholds:
        metrics[f"accuracy/threshold_{threshold:f}_mean"] = _accuracy_at_threshold(threshold)
    metrics["auc"] = _streaming_auc
    metrics["labels/actual_target_mean"] = _labels_streaming_mean
    for threshold in thresholds:
        metrics[f"recall/positive_threshold_{threshold:f}_mean"] = _streaming_at_threshold(
            streaming.streaming_recall_at_thresholds, threshold)
    metrics["labels/prediction_mean"] = _predictions_streaming_mean
    metrics["accuracy/baseline_target_mean"] = _labels_streaming_mean
    for threshold in thresholds:
        metrics[f"precision/positive_threshold_{threshold:f}_mean"] = _streaming_at_threshold(
            streaming.streaming_precision_at_thresholds, threshold)
    return metrics


def _float_weights_or_none(weights: Any) -> Tensor | None:
    return None if weights is None else api.cast(weights, dtypes.float32)


def _labels_streaming_mean(unused_predictions: Any, labels: Any, weights: Any = None) -> Any:
    return streaming.streaming_mean(labels, weights=weights)


def _predictions_streaming_mean(predictions: Any, unused_labels: Any, weights: Any = None) -> Any:
    return streaming.streaming_mean(predictions, weights=weights)


def _streaming_auc(predictions: Any, labels: Any, weights: Any = None) -> Any:
    return streaming.streaming_auc(predictions, labels, weights=_float_weights_or_none(weights))


def _accuracy_at_threshold(threshold: float) -> Callable[..., Any]:
    def _accuracy_metric(predictions: Any, labels: Any, weights: Any = None) -> Any:
        decided = api.cast(api.greater_equal(predictions, threshold), dtypes.float32)
        return streaming.streaming_accuracy(predictions=decided, labels=labels, weights=weights)

    return _accuracy_metric


def _streaming_at_threshold(metric: Callable[..., Any], threshold: float) -> Callable[..., Any]:
    def _streaming_metrics(predictions: Any, labels: Any, weights: Any = None) -> Any:
        tensor, update = metric(predictions, labels=labels, thresholds=[threshold],
                                weights=_float_weights_or_none(weights))
        return api.squeeze(tensor), update

    return _streaming_metrics
