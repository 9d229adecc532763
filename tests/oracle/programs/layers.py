"""Every layer of tf.layers, as function and as class, with its gradients and what it puts into collections."""

import numpy as np

from . import Case, program


def ramp(*shape):
    """Small fixed values between -0.5 and 0.5."""
    return np.linspace(-0.5, 0.5, int(np.prod(shape)), dtype=np.float32).reshape(shape)


def constant(tf):
    return tf.constant_initializer(0.25)


@program
def layers_dense(tf):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    h = tf.layers.dense(x, 4, activation=tf.nn.relu, kernel_initializer=constant(tf))
    h = tf.layers.dense(inputs=h, units=2, use_bias=False, kernel_initializer=tf.ones_initializer(), name="second")
    y = tf.layers.dense(tf.expand_dims(h, 1), 1, activation=tf.sigmoid, kernel_initializer=constant(tf), name="batch")
    found = tf.gradients(tf.reduce_sum(y), tf.trainable_variables())
    return Case(init=True, steps=[([y, found], {x: ramp(2, 3)})], show=[h, y] + tf.trainable_variables())


@program
def layers_dense_with_seeds(tf):
    tf.set_random_seed(7)
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    h = tf.layers.dense(x, 4, tf.nn.tanh)
    y = tf.layers.dense(h, 2)
    return Case(init=True, steps=[(y, {x: ramp(2, 3)}), (tf.trainable_variables(), None)])


@program
def layers_dense_with_regularizers(tf):
    x = tf.constant(ramp(2, 3), name="x")

    def squares(w):
        return 0.01 * tf.nn.l2_loss(w)

    y = tf.layers.dense(x, 2, kernel_regularizer=squares, bias_regularizer=squares, activity_regularizer=tf.nn.l2_loss,
                        kernel_initializer=constant(tf), bias_initializer=tf.ones_initializer(),
                        kernel_constraint=lambda w: tf.clip_by_norm(w, 1.0), trainable=True)
    losses = tf.losses.get_regularization_losses()
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(y) + tf.add_n(losses))
    return Case(init=True, steps=[([y, losses], None), (train, None), (tf.trainable_variables(), None)], show=losses)


@program
def layers_shared_by_scope(tf):
    x = tf.placeholder(tf.float32, [None, 3], name="x")

    def net(x, reuse):
        with tf.variable_scope("net", reuse=reuse):
            h = tf.layers.dense(x, 3, activation=tf.nn.relu, kernel_initializer=constant(tf), name="hidden")
            return tf.layers.dense(h, 1, kernel_initializer=constant(tf), name="out")

    first, second = net(x, False), net(x * 2.0, True)
    with tf.variable_scope("other", reuse=tf.AUTO_REUSE):
        third = tf.layers.dense(first, 2, kernel_initializer=constant(tf), name="d", reuse=tf.AUTO_REUSE)
        fourth = tf.layers.dense(second, 2, name="d")
    facts = {"names": [v.name for v in tf.global_variables()]}
    return Case(init=True, steps=[([first, second, third, fourth], {x: ramp(2, 3)})],
                show=[first, second, third, fourth], facts=facts)


@program
def layers_as_classes(tf):
    layer = tf.layers.Dense(3, activation=tf.nn.relu, kernel_initializer=constant(tf), name="shared")
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    first, second = layer(x), layer(x + 1.0)
    flat = tf.layers.Flatten()(tf.reshape(x, [-1, 2, 1]))
    facts = {"kernel": layer.kernel.name, "weights": [w.name for w in layer.weights],
             "trainable": [w.name for w in layer.trainable_weights], "name": layer.name, "built": layer.built,
             "units": layer.units}
    return Case(init=True, steps=[([first, second, flat], {x: ramp(2, 2)})], show=[first, second, flat, layer.bias],
                facts=facts)


@program
def layers_convolution_1d(tf):
    x = tf.placeholder(tf.float32, [None, 6, 2], name="x")
    h = tf.layers.conv1d(x, 3, 3, padding="same", activation=tf.nn.relu, kernel_initializer=constant(tf))
    p = tf.layers.max_pooling1d(h, 2, 2)
    y = tf.layers.conv1d(p, filters=2, kernel_size=2, strides=2, kernel_initializer=constant(tf), name="second")
    a = tf.layers.average_pooling1d(x, pool_size=3, strides=1, padding="same", name="mean")
    s = tf.layers.separable_conv1d(x, 2, 3, depthwise_initializer=constant(tf), pointwise_initializer=constant(tf))
    d = tf.layers.conv1d(x, 1, 2, dilation_rate=2, kernel_initializer=constant(tf))
    found = tf.gradients(tf.reduce_sum(y) + tf.reduce_sum(s) + tf.reduce_sum(a), tf.trainable_variables()[:7])
    return Case(init=True, steps=[([y, a, s, d, found], {x: ramp(2, 6, 2)})], show=[h, p, y, a, s, d])


@program
def layers_convolution_2d(tf):
    x = tf.placeholder(tf.float32, [None, 6, 6, 1], name="x")
    h = tf.layers.conv2d(x, 2, [3, 3], padding="same", activation=tf.nn.relu, kernel_initializer=constant(tf))
    p = tf.layers.max_pooling2d(h, [2, 2], 2)
    h = tf.layers.conv2d(inputs=p, filters=3, kernel_size=2, strides=(1, 1), use_bias=False,
                         kernel_initializer=constant(tf), name="second")
    a = tf.layers.average_pooling2d(h, 2, 1, padding="same")
    y = tf.layers.flatten(a)
    d = tf.layers.conv2d(x, 1, 2, dilation_rate=2, kernel_initializer=constant(tf), name="dilated")
    found = tf.gradients(tf.reduce_sum(y), tf.trainable_variables()[:3])
    return Case(init=True, steps=[([y, d, found], {x: ramp(2, 6, 6, 1)})], show=[h, p, a, y, d])


@program
def layers_convolution_transposed(tf):
    x = tf.placeholder(tf.float32, [None, 3, 3, 2], name="x")
    up = tf.layers.conv2d_transpose(x, 4, 2, strides=2, activation=tf.nn.relu, kernel_initializer=constant(tf))
    y = tf.layers.conv2d_transpose(up, filters=1, kernel_size=[3, 3], strides=(2, 2), padding="same", use_bias=False,
                                   kernel_initializer=constant(tf), name="out")
    z = tf.layers.conv3d_transpose(tf.constant(ramp(1, 2, 2, 2, 1)), 1, 2, 2, kernel_initializer=constant(tf))
    found = tf.gradients(tf.reduce_mean(tf.square(y)), tf.trainable_variables()[:3])
    return Case(init=True, steps=[([tf.reduce_sum(y), tf.reduce_sum(z), found], {x: ramp(2, 3, 3, 2)})],
                show=[up, y, z])


@program
def layers_convolution_separable(tf):
    x = tf.placeholder(tf.float32, [None, 5, 5, 2], name="x")
    y = tf.layers.separable_conv2d(x, 3, 3, depth_multiplier=2, padding="same", depthwise_initializer=constant(tf),
                                   pointwise_initializer=constant(tf))
    z = tf.layers.separable_conv2d(x, filters=1, kernel_size=2, strides=2, activation=tf.nn.relu,
                                   depthwise_initializer=constant(tf), pointwise_initializer=constant(tf),
                                   use_bias=False, name="small")
    found = tf.gradients(tf.reduce_sum(y * y), tf.trainable_variables()[:3])
    return Case(init=True, steps=[([z, found], {x: ramp(1, 5, 5, 2)})], show=[y, z])


@program
def layers_convolution_3d(tf):
    x = tf.placeholder(tf.float32, [None, 3, 4, 4, 1], name="x")
    h = tf.layers.conv3d(x, 2, 2, padding="same", activation=tf.nn.relu, kernel_initializer=constant(tf))
    p = tf.layers.max_pooling3d(h, 2, 1)
    a = tf.layers.average_pooling3d(p, [2, 2, 2], [1, 2, 2], padding="same")
    found = tf.gradients(tf.reduce_sum(a), tf.trainable_variables())
    # Away from sums that are zero: how they are rounded decides what relu passes on.
    return Case(init=True, steps=[([a, found], {x: ramp(1, 3, 4, 4, 1) + np.float32(0.01)})], show=[h, p, a])


@program
def layers_channels_first(tf):
    x = tf.placeholder(tf.float32, [None, 2, 4, 4], name="x")
    h = tf.layers.conv2d(x, 3, 2, data_format="channels_first", kernel_initializer=constant(tf))
    p = tf.layers.max_pooling2d(h, 2, 1, data_format="channels_first")
    b = tf.layers.batch_normalization(p, axis=1)
    f = tf.layers.flatten(b, data_format="channels_first")
    return Case(show=[h, p, b, f])


@program
def layers_dropout(tf):
    tf.set_random_seed(11)
    x = tf.ones([2, 6])
    training = tf.placeholder(tf.bool, [], name="training")
    out = [tf.layers.dropout(x), tf.layers.dropout(x, 0.4, training=True),
           tf.layers.dropout(x, rate=0.5, training=training), tf.layers.dropout(x, 0.5, noise_shape=[2, 1], seed=3,
                                                                                training=True, name="rows")]
    return Case(steps=[(out, {training: True}), (out, {training: False}), (out[1:], {training: True})], show=out)


@program
def layers_batch_normalization(tf):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    training = tf.placeholder(tf.bool, [], name="training")
    y = tf.layers.batch_normalization(x, training=training)
    loss = tf.reduce_mean(tf.square(y - 1.0))
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    with tf.control_dependencies(updates):
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    feed = {x: ramp(4, 3), training: True}
    steps = [([train, loss], feed), (y, {x: ramp(4, 3), training: False}), (tf.global_variables(), None)]
    return Case(init=True, steps=steps, show=[y] + updates)


@program
def layers_batch_normalization_of_images(tf):
    x = tf.placeholder(tf.float32, [None, 2, 2, 3], name="x")
    a = tf.layers.batch_normalization(x, training=True)
    b = tf.layers.batch_normalization(x, momentum=0.9, epsilon=1e-5, center=False, scale=False, training=True,
                                      name="plain")
    c = tf.layers.batch_normalization(x, training=False, name="still")
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    found = tf.gradients(tf.reduce_sum(a * a * x), [x] + tf.trainable_variables()[:2])
    feed = {x: ramp(2, 2, 2, 3)}
    return Case(init=True, steps=[([a, b, c], feed), (updates, feed), (c, feed), (found, feed)], show=[a, b, c])


@program
def layers_network(tf):
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [None, 36], name="x")
    y = tf.placeholder(tf.int32, [None], name="y")
    h = tf.reshape(x, [-1, 6, 6, 1])
    h = tf.layers.conv2d(h, 4, 3, padding="same", activation=tf.nn.relu)
    h = tf.layers.max_pooling2d(h, 2, 2)
    h = tf.layers.dropout(tf.layers.dense(tf.layers.flatten(h), 8, activation=tf.nn.relu), rate=0.25, training=True)
    logits = tf.layers.dense(h, 3)
    loss = tf.losses.sparse_softmax_cross_entropy(labels=y, logits=logits)
    train = tf.train.AdamOptimizer(0.01).minimize(loss, global_step=tf.train.get_or_create_global_step())
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1, output_type=tf.int32), y), tf.float32))
    feed = {x: ramp(4, 36), y: [0, 1, 2, 1]}
    return Case(init=True, steps=[([train, loss], feed)] * 3 + [([loss, accuracy], feed)], show=[logits, loss])


@program
def layers_of_ones_own(tf):
    class Scaled(tf.layers.Layer):
        def build(self, shape):
            self.scale = self.add_variable("scale", [int(shape[-1])], initializer=tf.ones_initializer(),
                                           regularizer=lambda w: tf.reduce_sum(w * w))
            self.count = self.add_variable("count", [], initializer=tf.zeros_initializer(), trainable=False)
            self.built = True

        def call(self, x):
            self.add_update(tf.assign_add(self.count, 1.0), inputs=True)
            return x * self.scale

    x = tf.placeholder(tf.float32, [None, 3], name="x")
    layer = Scaled(name="scaled")
    first, second = layer(x), layer.apply(x * 2.0)
    other = Scaled()(first)
    facts = {"weights": [w.name for w in layer.weights], "trainable": [w.name for w in layer.trainable_weights],
             "updates": len(layer.updates), "losses": [loss.name for loss in layer.losses], "scope": layer.scope_name,
             "parameters": int(layer.count_params())}
    return Case(init=True, steps=[([first, second, other], {x: ramp(2, 3)}), (layer.updates, {x: ramp(2, 3)})],
                show=[first, second, other], facts=facts)
