"""tf.contrib.layers: targets of the estimators of old."""

import numpy as np

from . import Case, program
from .refused import outcome


def inputs(tf):
    return (tf.placeholder(tf.float32, [None, 1]), tf.placeholder(tf.float32, [None, 1]),
            tf.placeholder(tf.int64, [None, 1]), tf.placeholder(tf.float32, [None, 3]),
            tf.placeholder(tf.float32, [None, 1]))


def fed(x, number, label, three, weight):
    return {x: np.float32([[0.5], [-1.0]]), number: np.float32([[1.0], [2.0]]), label: [[1], [0]],
            three: np.float32([[1, 2, 3], [3, 1, 2]]), weight: np.float32([[1.0], [3.0]])}


@program
def target_columns(tf):
    layers, slim = tf.contrib.layers, tf.contrib.slim
    given = x, number, label, three, weight = inputs(tf)
    weighted = {"w": weight}
    regression = layers.regression_target(weight_column_name="w")
    binary, several = layers.multi_class_target(2, weight_column_name="w"), layers.multi_class_target(3)
    svm = slim.binary_svm_target()
    shown = [regression.loss(x, number, weighted), regression.training_loss(x, number, weighted),
             layers.regression_target().training_loss(x, number, {}), regression.logits_to_predictions(x),
             layers.regression_target(label_dimension=3).logits_to_predictions(three),
             binary.loss(x, label, weighted), binary.training_loss(x, label, weighted),
             binary.logits_to_predictions(x), binary.logits_to_predictions(x, True), several.loss(three, label, {}),
             several.logits_to_predictions(three), several.logits_to_predictions(three, True),
             svm.loss(x, label, {}), svm.logits_to_predictions(x)]
    known = [(kind.label_name, kind.weight_column_name, kind.num_label_columns, kind.problem_type)
             for kind in (regression, binary, several, svm, layers.multi_class_target(4, "l"))]
    facts = {
        "known": known, "types": [type(kind).__name__ for kind in (regression, binary, several, svm)],
        "svm": outcome(lambda: svm.logits_to_predictions(x, True)),
        "none": outcome(lambda: layers.multi_class_target(1)),
        "labels": [outcome(lambda: regression.loss(x, {"l": label}, {})),
                   outcome(lambda: several.loss(x, {"l": label}, {}))],
        "weights": outcome(lambda: binary.loss(x, label, {})),
        "shapes": outcome(lambda: regression.loss(three, number, {})),
        "numbers": outcome(lambda: several.loss(three, number, {})),
        "metrics": sorted(slim.get_default_binary_metrics_for_eval([0.5, 0.25])),
        "problems": [slim.ProblemType.UNSPECIFIED, slim.ProblemType.CLASSIFICATION,
                     slim.ProblemType.LINEAR_REGRESSION, slim.ProblemType.LOGISTIC_REGRESSION],
    }
    return Case([(shown, fed(*given))], facts=facts)


@program
def target_columns_judged(tf):
    layers, slim = tf.contrib.layers, tf.contrib.slim
    given = x, number, label, three, weight = inputs(tf)
    regression = layers.regression_target(weight_column_name="w")
    binary, several = layers.multi_class_target(2, weight_column_name="w"), layers.multi_class_target(3)
    found = []
    for kind, logits, labels in ((regression, x, number), (binary, x, label), (several, three, label),
                                 (slim.binary_svm_target(), x, label)):
        metrics = kind.get_eval_ops({"w": weight}, logits, labels)
        for name in sorted(metrics):
            found += list(metrics[name])
    steps = [(tf.local_variables_initializer(), None), (found[1::2], fed(*given)), (found[::2], None)]
    return Case(steps, init=True, facts={
        "name": outcome(lambda: binary.get_eval_ops({"w": weight}, x, label,
                                                    {("a", "b", "c"): tf.contrib.metrics.streaming_auc}))})
