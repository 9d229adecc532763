"""Losses scaled by tf.contrib.mixed_precision, fixed and as steps go."""

import numpy as np

from . import Case, program
from .refused import refusals


@program
def scaled_loss_fixed(tf):
    mixed = tf.contrib.mixed_precision
    manager = mixed.FixedLossScaleManager(8.)
    v, w = tf.Variable(2., name="v"), tf.Variable([1., 2.], name="w")
    step = tf.train.get_or_create_global_step()
    train = mixed.LossScaleOptimizer(tf.train.GradientDescentOptimizer(.1), manager).minimize(
        v * v + tf.reduce_sum(w * v), global_step=step)
    return Case(init=True, steps=[(train, None), ([v, w, step], None), (train, None), ([v, w, step], None)],
                show=[manager.get_loss_scale()],
                facts={"said": refusals([lambda: mixed.FixedLossScaleManager(.5)])})


@program
def scaled_loss_as_steps_go(tf):
    mixed = tf.contrib.mixed_precision
    x = tf.placeholder(tf.float32, [])
    manager = mixed.ExponentialUpdateLossScaleManager(8., 2, 2, incr_ratio=4., decr_ratio=.5)
    v = tf.Variable(2., name="v")
    train = mixed.LossScaleOptimizer(tf.train.GradientDescentOptimizer(.1), manager).minimize(v * v * x)
    scale = manager.get_loss_scale()
    steps = []
    for value in (1., 1., 1., np.inf, 1., np.inf, np.nan, np.nan, 1.):
        steps += [(train, {x: value}), ([v, scale], None)]
    return Case(init=True, steps=steps, show=[scale, train])


@program
def scaled_loss_of_rows(tf):
    mixed = tf.contrib.mixed_precision
    table = tf.get_variable("table", initializer=tf.ones([4, 2]))
    rows = tf.nn.embedding_lookup(table, [1, 3])
    optimizer = mixed.LossScaleOptimizer(tf.train.GradientDescentOptimizer(.5), mixed.FixedLossScaleManager(16.))
    (gradient, variable), = optimizer.compute_gradients(tf.reduce_sum(rows * rows))
    return Case(init=True, steps=[(gradient, None)], show=[gradient, variable])
