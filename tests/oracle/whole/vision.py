"""Trained networks of images: ResNet-50 of tf.contrib.slim, and a DCGAN."""

import numpy as np

from . import whole
from .networks import nets

STEPS = 20


@whole
def train_resnet_50(tf):
    slim, resnet = tf.contrib.slim, nets(tf).resnet_v1
    random = np.random.RandomState(0)
    images = random.rand(8, 64, 64, 3).astype(np.float32)
    labels = random.randint(0, 5, 8)
    x = tf.placeholder(tf.float32, [None, 64, 64, 3], name="images")
    y = tf.placeholder(tf.int64, [None], name="labels")
    with slim.arg_scope(resnet.resnet_arg_scope(batch_norm_decay=0.9)):
        logits, _ = resnet.resnet_v1_50(x, num_classes=5, is_training=True)
    logits = tf.squeeze(logits, [1, 2], name="squeezed")
    tf.losses.sparse_softmax_cross_entropy(y, logits)
    total = tf.losses.get_total_loss()
    optimizer = tf.train.MomentumOptimizer(1e-3, 0.9)
    train = slim.learning.create_train_op(total, optimizer)
    # Each residual begins as nothing: an untrained net of fifty normalized layers would make of the last bit of a sum
    # a hundredth of the next loss, in TensorFlow itself.
    calm = tf.group(*[v.assign(tf.zeros_like(v)) for v in tf.global_variables() if "conv3/BatchNorm/gamma:" in v.name])

    def run(sess):
        sess.run(tf.global_variables_initializer())
        sess.run(calm)
        batches = [slice(0, 4), slice(4, 8)]
        return [sess.run(train, {x: images[batches[n % 2]], y: labels[batches[n % 2]]}) for n in range(STEPS)]

    return run


def generator(tf, noise, training):
    """Images from noise."""
    with tf.variable_scope("generator", reuse=tf.AUTO_REUSE):
        net = tf.layers.dense(noise, 4 * 4 * 32, use_bias=False)
        net = tf.layers.batch_normalization(tf.reshape(net, [-1, 4, 4, 32]), training=training)
        net = tf.nn.relu(net)
        net = tf.layers.conv2d_transpose(net, 16, 5, strides=2, padding="same", use_bias=False)
        net = tf.nn.relu(tf.layers.batch_normalization(net, training=training))
        return tf.layers.conv2d_transpose(net, 1, 5, strides=2, padding="same", activation=tf.nn.tanh)


def discriminator(tf, images, training, reuse=False):
    """A logit for each image: whether it is a real one."""
    with tf.variable_scope("discriminator", reuse=reuse):
        net = tf.nn.leaky_relu(tf.layers.conv2d(images, 16, 5, strides=2, padding="same"), 0.2)
        net = tf.layers.conv2d(net, 32, 5, strides=2, padding="same", use_bias=False)
        net = tf.nn.leaky_relu(tf.layers.batch_normalization(net, training=training), 0.2)
        return tf.layers.dense(tf.layers.flatten(net), 1)


@whole
def train_dcgan(tf):
    real = tf.placeholder(tf.float32, [None, 16, 16, 1], name="real")
    noise = tf.placeholder(tf.float32, [None, 10], name="noise")
    training = tf.placeholder_with_default(True, [], name="training")
    fake = generator(tf, noise, training)
    on_real = discriminator(tf, real, training)
    on_fake = discriminator(tf, fake, training, reuse=True)
    cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits
    d_loss = tf.reduce_mean(cross_entropy(labels=tf.ones_like(on_real) * 0.9, logits=on_real)) + tf.reduce_mean(
        cross_entropy(labels=tf.zeros_like(on_fake), logits=on_fake))
    g_loss = tf.reduce_mean(cross_entropy(labels=tf.ones_like(on_fake), logits=on_fake))
    variables = tf.trainable_variables()
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    trains = []
    for loss, scope in ((d_loss, "discriminator"), (g_loss, "generator")):
        with tf.control_dependencies([u for u in updates if u.name.startswith(scope)]):
            trains.append(tf.train.AdamOptimizer(2e-4, beta1=0.5).minimize(
                loss, var_list=[v for v in variables if v.name.startswith(scope)]))

    def run(sess):
        random = np.random.RandomState(0)
        sess.run(tf.global_variables_initializer())
        losses = []
        for _ in range(STEPS // 2):
            feeds = {real: random.rand(8, 16, 16, 1) * 2 - 1, noise: random.uniform(-1, 1, [8, 10])}
            losses.append(sess.run([trains[0], d_loss], feeds)[1])
            losses.append(sess.run([trains[1], g_loss], {noise: random.uniform(-1, 1, [8, 10])})[1])
        picture = sess.run(fake, {noise: random.uniform(-1, 1, [1, 10]), training: False})
        return losses + [picture.mean()]

    return run
