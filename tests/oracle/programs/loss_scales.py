"""Loss scales, fixed and dynamic, and optimizers that use them."""

import numpy as np

from . import Case, program
from .refused import outcome


@program
def loss_scale_fixed(tf):
    scale = tf.train.experimental.FixedLossScale(8.0)
    again = tf.train.experimental.FixedLossScale.from_config(scale.get_config())
    update, apply = scale.update([tf.constant([1.0])])
    return Case([((scale(), again()), None)], facts={
        "config": scale.get_config(), "repr": repr(scale), "update": [update.type, apply],
        "small": outcome(lambda: tf.train.experimental.FixedLossScale(0.5)),
        "word": outcome(lambda: tf.train.experimental.FixedLossScale("a"))})


@program
def loss_scale_dynamic(tf):
    scale = tf.train.experimental.DynamicLossScale(4.0, 2, 2.0)
    x = tf.placeholder(tf.float32, [2])
    value = scale()
    update, apply = scale.update([x, None, tf.constant([2.0])])
    good, bad = {x: [1.0, 2.0]}, {x: [1.0, np.inf]}
    steps = []
    for feed in (good, good, good, bad, good, bad, bad, bad, good):
        steps += [(apply, feed), (update, feed), (value, None)]
    return Case(steps, init=True, show=[value, update, apply], facts={
        "config": sorted(scale.get_config().items()), "repr": repr(scale),
        "of it": [scale.initial_loss_scale, scale.increment_period, scale.multiplier]})


@program
def loss_scale_optimizer_dynamic(tf):
    v = tf.get_variable("v", initializer=[1.0, 2.0])
    factor = tf.placeholder_with_default(1.0, [])
    scale = tf.train.experimental.DynamicLossScale(1024.0, 2)
    optimizer = tf.train.experimental.MixedPrecisionLossScaleOptimizer(tf.train.MomentumOptimizer(0.1, 0.9), scale)
    train = optimizer.minimize(tf.reduce_sum(v * v) * factor, global_step=tf.train.get_or_create_global_step())
    state = (v, scale(), tf.train.get_global_step())
    steps = [(train, None), (state, None), (train, {factor: np.inf}), (state, None), (train, None), (train, None),
             (state, None)]
    return Case(steps, init=True, show=[train.name], facts={
        "slots": optimizer.get_slot_names(), "variables": [x.name for x in optimizer.variables()]})


@program
def loss_scale_optimizer_fixed(tf):
    v = tf.get_variable("v", initializer=[[1.0, 2.0], [3.0, 4.0]])
    optimizer = tf.train.experimental.MixedPrecisionLossScaleOptimizer(tf.train.GradientDescentOptimizer(0.1), 128)
    loss = tf.reduce_sum(tf.square(tf.nn.embedding_lookup(v, [0])))
    pairs = optimizer.compute_gradients(loss)
    train = optimizer.apply_gradients(pairs, name="apply")
    make = tf.train.experimental.MixedPrecisionLossScaleOptimizer
    plain = tf.train.GradientDescentOptimizer(0.1)
    return Case([(train, None), (v, None)], init=True, facts={
        "word": outcome(lambda: make(plain, "foo")), "none": outcome(lambda: make(3, "dynamic")).split("<")[0]})


@program
def mixed_precision_rewrite(tf):
    experimental = tf.train.experimental
    v = tf.get_variable("v", initializer=[1.0, 2.0])
    optimizer = experimental.enable_mixed_precision_graph_rewrite(tf.train.GradientDescentOptimizer(0.1))
    train = optimizer.minimize(tf.reduce_sum(v * v))
    twice = outcome(lambda: experimental.enable_mixed_precision_graph_rewrite(optimizer))
    none = outcome(lambda: experimental.enable_mixed_precision_graph_rewrite(5))
    experimental.disable_mixed_precision_graph_rewrite()
    return Case([(train, None), (train, None), (v, None)], init=True, facts={"twice": twice, "none": none})
