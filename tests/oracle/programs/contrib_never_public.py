"""What tf.contrib has inside, for tests and for its own functions: fading signs, derivatives forward, exact areas."""

import numpy as np

from . import Case, program
from .functions import internal


@program
def contrib_sign_decay(tf):
    decay = internal(tf, "tensorflow.contrib.opt.python.training.sign_decay")
    step = tf.placeholder(tf.int32, [], name="step")
    long_step = tf.cast(step, tf.int64)
    values = [decay.get_linear_decay_fn(8)(step), decay.get_linear_decay_fn(8)(long_step),
              decay.get_cosine_decay_fn(8)(step), decay.get_cosine_decay_fn(8, num_periods=3, zero_after=2)(step),
              decay.get_restart_decay_fn(8, num_periods=2)(step),
              decay.get_restart_decay_fn(8, num_periods=2, zero_after=1)(step)]
    refused = []
    for function in (decay.get_linear_decay_fn, decay.get_cosine_decay_fn, decay.get_restart_decay_fn):
        try:
            function(8)(None)
        except ValueError as error:
            refused.append(str(error))
    return Case(steps=[(values, {step: at}) for at in (0, 1, 5, 20)], facts={"refused": refused})


@program
def contrib_forward_gradients(tf):
    forward = internal(tf, "tensorflow.contrib.nn.python.ops.fwd_gradients").fwd_gradients
    x = tf.constant([1.0, 2.0, 3.0], name="x")
    y = tf.constant(2.0, name="y")
    along = forward([tf.sin(x), x * x], [x], grad_xs=[tf.constant([1.0, 0.0, -1.0])])
    both = forward([x * y], [x, y], assert_unused=True)
    apart = forward([x * 2.0, tf.square(y)], [x])
    return Case(steps=[(along + both + apart[:1], None)], facts={"apart": apart[1] is None})


@program
def contrib_dynamic_auc(tf):
    labels = tf.placeholder(tf.int32, [None], name="labels")
    predictions = tf.placeholder(tf.float32, [None], name="predictions")
    weights = tf.placeholder(tf.float32, [None], name="weights")
    metrics = tf.contrib.metrics
    made = [metrics.streaming_dynamic_auc(labels, predictions),
            metrics.streaming_dynamic_auc(labels, predictions, curve="PR", name="pr", metrics_collections=["a"],
                                          updates_collections=["b"]),
            metrics.streaming_dynamic_auc(labels, predictions, weights=weights)]
    refused = []
    for arguments in ({"curve": "x"}, {"predictions": tf.zeros([2, 2])}):
        try:
            metrics.streaming_dynamic_auc(labels, **dict({"predictions": predictions}, **arguments))
        except ValueError as error:
            refused.append(str(error))
    areas, updates = [area for area, _ in made], [update for _, update in made]
    steps = [(tf.local_variables_initializer(), None)]
    for given in ([[0, 0, 0], [0.1, 0.4, 0.3], [1, 1, 1]], [[1, 0, 1], [0.4, 0.4, 0.9], [2, 1, 0.5]],
                  [[1, 1, 0, 0], [0.2, 0.6, 0.7, 0.1], [1, 3, 1, 2]]):
        feeds = dict(zip([labels, predictions, weights], given))
        steps += [(updates, feeds), (areas, feeds)]
    return Case(steps=steps, facts={
        "refused": refused, "collected": [len(tf.get_collection(name)) for name in ("a", "b")]})


@program
def contrib_distribution_functions(tf):
    functions = internal(tf, "tensorflow.contrib.distributions.python.ops.distribution_util")
    unknown = tf.placeholder_with_default(np.ones([2, 1], np.float32), None)
    moved = [functions.move_dimension(tf.ones([2, 3, 4]), *places) for places in ((0, -1), (1, 1), (2, 0), (0, 1))]
    return Case(steps=[([[tf.shape(x) for x in moved], functions.get_broadcast_shape(unknown, tf.zeros([3]))], None)],
                facts={"broadcast": functions.get_broadcast_shape(tf.zeros([2, 1]), tf.zeros([3])),
                       "diagonal": [functions.is_diagonal_scale(tf.linalg.LinearOperatorDiag([1.0])),
                                    functions.is_diagonal_scale(tf.linalg.LinearOperatorFullMatrix([[1.0]]))],
                       "known": [functions.static_value(3).tolist(), functions.static_value(unknown) is None]})
