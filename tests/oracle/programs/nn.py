"""Neural network functions: activations, losses, convolution, pooling, normalisation, dropout."""

from __future__ import division

import numpy as np

from . import Case, program


def image(tf, *shape):
    """A float32 constant 0, 1, 2, ... scaled into [0, 1)."""
    size = int(np.prod(shape))
    return tf.constant((np.arange(size, dtype=np.float32) / size).reshape(shape))


@program
def activations(tf):
    x = tf.constant([-2.0, -0.5, 0.0, 0.5, 8.0])
    out = [tf.nn.relu(x), tf.nn.relu6(x), tf.nn.elu(x), tf.nn.selu(x), tf.nn.softplus(x), tf.nn.softsign(x),
           tf.nn.sigmoid(x), tf.nn.tanh(x)]
    out += [tf.nn.leaky_relu(x), tf.nn.leaky_relu(x, alpha=0.1), tf.nn.crelu(x)]
    return Case(steps=[(out, None)], show=out)


@program
def softmaxes(tf):
    x = tf.constant([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]])
    out = [tf.nn.softmax(x), tf.nn.softmax(x, axis=0), tf.nn.log_softmax(x), tf.nn.softmax(x, dim=-1),
           tf.nn.softmax(x[None, :, :], name="third")]
    return Case(steps=[(out, None)], show=out)


@program
def cross_entropies(tf):
    logits = tf.constant([[1.0, 2.0, 3.0], [0.0, -1.0, 5.0]])
    labels = tf.constant([[0.0, 0.0, 1.0], [0.5, 0.5, 0.0]])
    out = [tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)]
    out += [tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)]
    out += [tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)]
    out += [tf.nn.weighted_cross_entropy_with_logits(labels, logits, 2.0)]
    return Case(steps=[(out, None)], show=out)


@program
def sparse_cross_entropy(tf):
    logits = tf.constant([[1.0, 2.0, 3.0], [0.0, -1.0, 5.0]])
    p = tf.placeholder(tf.float32, [None, 3])
    y = tf.placeholder(tf.int64, [None])
    out = [tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[2, 0], logits=logits)]
    out += [tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=p, name="xent")]
    return Case(steps=[(out, {p: [[1, 2, 3]], y: [1]})], show=out)


@program
def losses(tf):
    labels = tf.constant([[0.0, 1.0], [1.0, 0.0]])
    predictions = tf.constant([[0.2, 0.7], [0.9, 0.4]])
    out = [tf.losses.mean_squared_error(labels, predictions),
           tf.losses.absolute_difference(labels, predictions, weights=2.0)]
    out += [tf.losses.log_loss(labels, predictions), tf.losses.softmax_cross_entropy(labels, predictions),
            tf.losses.get_total_loss()]
    return Case(steps=[(out, None)], show=out)


@program
def bias_add_l2_loss(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    out = [tf.nn.bias_add(x, [10.0, 20.0]), tf.nn.bias_add(x, tf.constant([1.0, 1.0]), name="shifted"),
           tf.nn.l2_loss(x), tf.nn.xw_plus_b(x, x, [1.0, 2.0])]
    out += [tf.nn.l2_normalize(x, 1), tf.clip_by_norm(x, 1.0), tf.global_norm([x, x]),
            tf.clip_by_global_norm([x, x], 1.0)[0][0]]
    return Case(steps=[(out, None)], show=out)


@program
def convolution(tf):
    x = image(tf, 2, 6, 6, 2)
    w = image(tf, 3, 3, 2, 4)
    out = [tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME"),
           tf.nn.conv2d(x, w, strides=[1, 2, 2, 1], padding="VALID", name="strided")]
    out += [tf.nn.conv2d(x, w, [1, 1, 1, 1], "VALID", dilations=[1, 2, 2, 1]), tf.nn.conv2d(x, w, 2, "SAME")]
    out += [tf.nn.depthwise_conv2d(x, image(tf, 3, 3, 2, 1), [1, 1, 1, 1], "SAME")]
    return Case(steps=[([tf.reduce_sum(y, [0, 1, 2]) for y in out], None), (out[1], None)], show=out)


@program
def pooling(tf):
    x = image(tf, 1, 5, 5, 2)
    out = [tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),
           tf.nn.max_pool(x, ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding="VALID", name="pool")]
    out += [tf.nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),
            tf.nn.avg_pool(x, ksize=[1, 3, 3, 1], strides=[1, 1, 1, 1], padding="VALID")]
    return Case(steps=[(out, None)], show=out)


@program
def lrn_and_conv_transpose(tf):
    x = image(tf, 1, 4, 4, 3)
    w = image(tf, 3, 3, 2, 3)
    out = [tf.nn.lrn(x, 2, bias=1.0, alpha=0.001, beta=0.75),
           tf.nn.conv2d_transpose(x, w, [1, 8, 8, 2], [1, 2, 2, 1])]
    return Case(steps=[([tf.reduce_sum(y, [0, 1, 2]) for y in out], None)], show=out)


@program
def moments_and_batch_norm(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 5.0], [2.0, 8.0]])
    mean, variance = tf.nn.moments(x, [0])
    kept_mean, kept_variance = tf.nn.moments(x, axes=[0, 1], keep_dims=True, name="all")
    y = tf.nn.batch_normalization(x, mean, variance, tf.constant([0.5, 0.5]), tf.constant([2.0, 2.0]), 1e-3)
    z = tf.nn.batch_normalization(x, mean, variance, None, None, 1e-3, name="plain")
    return Case(steps=[([mean, variance, kept_mean, kept_variance, y, z], None)], show=[mean, variance, y, z])


@program
def fused_batch_norm(tf):
    x = image(tf, 2, 3, 3, 2)
    y, mean, variance = tf.nn.fused_batch_norm(x, [1.0, 1.0], [0.0, 0.5])
    return Case(steps=[([tf.reduce_sum(y, [0, 1, 2]), mean, variance], None)], show=[y])


@program
def dropout_rate(tf):
    x = tf.constant([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
    y = tf.nn.dropout(x, rate=0.5, seed=1)
    return Case(show=[y])


@program
def dropout_keep_prob(tf):
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    keep = tf.placeholder(tf.float32, name="keep")
    y = tf.nn.dropout(x, keep, seed=7)
    z = tf.nn.dropout(x, keep_prob=1.0)
    w = tf.nn.dropout(x, rate=0.0)
    return Case(show=[y, z, w])


@program
def random_streams(tf):
    a = tf.random_normal([3], seed=1)
    b = tf.random_normal([2, 2], mean=1.0, stddev=0.5, seed=2, name="noise")
    c = tf.truncated_normal([4], seed=3)
    d = tf.random_uniform([3], seed=4)
    e = tf.random_uniform([3], -1.0, 1.0, seed=5)
    f = tf.random_uniform([5], 0, 10, dtype=tf.int32, seed=6)
    out = [a, b, c, d, e, f]
    return Case(steps=[(out, None), (out, None), (a, None)], show=out)


@program
def random_choices(tf):
    a = tf.random_shuffle(tf.range(8), seed=1)
    b = tf.multinomial([[0.0, 1.0, 2.0]], 6, seed=2)
    c = tf.random_crop(tf.reshape(tf.range(12), [3, 4]), [2, 2], seed=3)
    out = [a, b, c]
    return Case(steps=[(out, None), (out, None)], show=out)


@program
def random_graph_seed(tf):
    tf.set_random_seed(1234)
    a = tf.random_normal([2])
    b = tf.random_shuffle([1, 2, 3, 4])
    c = tf.truncated_normal([2], stddev=0.1)
    out = [a, b, c]
    return Case(steps=[(out, None), (out, None)], show=out)


@program
def initializers(tf):
    shape = [3, 4]
    makers = [
        ("zeros", tf.zeros_initializer()),
        ("ones", tf.ones_initializer()),
        ("constant", tf.constant_initializer(2.5)),
        ("values", tf.constant_initializer(list(range(12)))),
        ("uniform", tf.random_uniform_initializer(-1, 1, seed=1)),
        ("normal", tf.random_normal_initializer(0.0, 0.5, seed=2)),
        ("truncated", tf.truncated_normal_initializer(stddev=0.1, seed=3)),
        ("scaling", tf.variance_scaling_initializer(2.0, seed=4)),
        ("fan_out", tf.variance_scaling_initializer(mode="fan_out", distribution="uniform", seed=5)),
        ("glorot_uniform", tf.glorot_uniform_initializer(seed=6)),
        ("glorot_normal", tf.glorot_normal_initializer(seed=7)),
        ("he_normal", tf.initializers.he_normal(seed=8)),
        ("lecun_uniform", tf.initializers.lecun_uniform(seed=9)),
        ("unit_scaling", tf.uniform_unit_scaling_initializer(seed=10)),
        ("he_uniform", tf.initializers.he_uniform(seed=11)),
    ]
    variables = [tf.get_variable(name, shape, initializer=maker) for name, maker in makers]
    return Case(init=True, steps=[(variables, None)])


@program
def initializers_linear(tf):
    a = tf.get_variable("orthogonal", [3, 3], initializer=tf.orthogonal_initializer(seed=1))
    b = tf.get_variable("identity", [2, 3], initializer=tf.initializers.identity())
    c = tf.get_variable("default", [2, 3], initializer=None)
    d = tf.get_variable("integers", [2], tf.int32)
    return Case(init=True, steps=[([tf.matmul(a, a, transpose_b=True), b, d], None)], show=[c, d])


@program
def image_and_embedding(tf):
    with tf.variable_scope("embed"):
        table = tf.get_variable("table", [10, 3], initializer=tf.constant_initializer(0.5))
        rows = tf.nn.embedding_lookup(table, tf.constant([1, 2, 1]), name="rows")
    total = tf.reduce_sum(rows)
    grads = tf.gradients(total, table)
    return Case(init=True, steps=[([rows, grads[0]], None)], show=[rows, grads[0]])
