"""Batch normalization beyond the plain one: renorm, virtual batches, adjustments, fused where it cannot be."""

import numpy as np

from . import Case, program


def ramp(*shape):
    """Small fixed values between -0.5 and 0.5, uneven so that variances differ."""
    values = np.linspace(-0.7, 0.7, int(np.prod(shape)), dtype=np.float32)
    return (values * np.abs(values)).reshape(shape)


def trained(tf, y, feeds, still):
    """Steps that train with what a layer gave, then look at it without training, and at all variables."""
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    loss = tf.reduce_mean(tf.square(y - 1.0))
    with tf.control_dependencies(updates):
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    steps = [([train, loss, y], feeds)] * 3 + [(y, still), (tf.global_variables(), None)]
    return Case(init=True, steps=steps, show=[y] + updates)


@program
def batch_renorm_in_both_phases(tf):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    training = tf.placeholder(tf.bool, [], name="training")
    y = tf.layers.batch_normalization(x, training=training, renorm=True, renorm_momentum=0.8,
                                      renorm_clipping={"rmax": 1.5, "rmin": 0.6, "dmax": 0.2})
    return trained(tf, y, {x: ramp(4, 3), training: True}, {x: ramp(4, 3), training: False})


@program
def batch_renorm_of_images(tf):
    x = tf.placeholder(tf.float32, [None, 2, 2, 3], name="x")
    a = tf.layers.batch_normalization(x, training=True, renorm=True)
    b = tf.layers.batch_normalization(a, axis=1, training=True, renorm=True, scale=False, fused=True,
                                      renorm_clipping={"rmax": tf.constant(1.1)}, name="first")
    c = tf.layers.batch_normalization(b, training=True, renorm=True, center=False, momentum=0.5, epsilon=0.1,
                                      renorm_clipping={"dmax": tf.constant(0.3)}, name="centred")
    d = tf.layers.batch_normalization(c, axis=[1, 3], training=True, renorm=True, center=False, scale=False,
                                      name="plain")
    e = tf.layers.batch_normalization(d, training=False, renorm=True, name="still")
    found = tf.gradients(tf.reduce_sum(e * e * x), [x] + tf.trainable_variables()[:2])
    case = trained(tf, e, {x: ramp(2, 2, 2, 3)}, {x: ramp(2, 2, 2, 3)})
    case.steps.append((found, {x: ramp(2, 2, 2, 3)}))
    return case


@program
def batch_renorm_of_resources_in_parts(tf):
    x = tf.placeholder(tf.float32, [4, 2], name="x")
    with tf.variable_scope("net", use_resource=True, partitioner=tf.fixed_size_partitioner(2)):
        y = tf.layers.batch_normalization(x, training=True, renorm=True)
    return trained(tf, y, {x: ramp(4, 2)}, {x: ramp(4, 2)})


@program
def batch_renorm_layer_shared(tf):
    x = tf.placeholder(tf.float16, [4, 2], name="x")
    layer = tf.layers.BatchNormalization(
        renorm=True, moving_mean_initializer=tf.constant_initializer(0.5),
        moving_variance_initializer=tf.constant_initializer(4.0), name="shared")
    a = layer(x, training=True)
    b = layer(a)
    feed = {x: ramp(4, 2)}
    return Case(init=True, steps=[([a, b], feed), (layer.updates, feed), (layer.weights, None), ([a, b], feed)],
                show=[a, b] + layer.weights + layer.updates)


@program
def virtual_batches(tf):
    x = tf.placeholder(tf.float32, [None, 3, 2], name="x")
    training = tf.placeholder(tf.bool, [], name="training")
    a = tf.layers.batch_normalization(x, training=training, virtual_batch_size=2)
    b = tf.layers.batch_normalization(a, axis=1, training=True, virtual_batch_size=2, renorm=True, name="first")
    c = tf.layers.batch_normalization(b, axis=[1, 2], training=True, virtual_batch_size=4, name="both")
    d = tf.layers.batch_normalization(c, training=False, virtual_batch_size=2, fused=True, name="still")
    return trained(tf, d, {x: ramp(4, 3, 2), training: True}, {x: ramp(4, 3, 2), training: False})


@program
def adjusted_batches(tf):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    training = tf.placeholder(tf.bool, [], name="training")

    def some(shape):
        return tf.fill(shape[1:], 1.5), tf.constant([0.1, 0.2, 0.3])

    a = tf.layers.batch_normalization(x, training=training, adjustment=some)
    b = tf.layers.batch_normalization(a, training=True, adjustment=some, renorm=True, name="renorm")
    c = tf.layers.batch_normalization(b, training=True, adjustment=some, scale=False, center=False, name="alone")
    d = tf.layers.batch_normalization(c, training=False, adjustment=some, name="still")
    return trained(tf, d, {x: ramp(4, 3), training: True}, {x: ramp(4, 3), training: False})


@program
def fused_where_it_cannot_be(tf):
    x = tf.placeholder(tf.float32, [2, 2, 2, 3], name="x")
    a = tf.layers.batch_normalization(x, axis=2, training=True, fused=True)
    b = tf.layers.batch_normalization(tf.reshape(a, [8, 3]), training=True, fused=True, name="flat")
    c = tf.layers.batch_normalization(x, training=True, fused=False, name="plain")
    return Case(init=True, steps=[([a, b, c], {x: ramp(2, 2, 2, 3)})], show=[a, b, c])
