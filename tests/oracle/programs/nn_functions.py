"""Functions of tf.nn that are built from several nodes: convolutions, pooling, normalisation, losses, embeddings."""

from __future__ import division

import numpy as np

from . import Case, program


def ramp(*shape):
    """Small fixed values between -0.5 and 0.5."""
    return np.linspace(-0.5, 0.5, int(np.prod(shape)), dtype=np.float32).reshape(shape)


def sums(tf, tensors):
    """The sum of each tensor weighted by position, a short value of a large result."""
    return [tf.reduce_sum(x * tf.cast(tf.reshape(tf.range(tf.size(x)), tf.shape(x)), tf.float32)) for x in tensors]


def gradients_of(tf, tensors, xs):
    """The gradients of every tensor, those that are None left out."""
    return [[g for g in tf.gradients(y, xs) if g is not None] for y in tensors]


@program
def convolutions_of_one_dimension(tf):
    x = tf.constant(ramp(2, 6, 3), name="x")
    w = tf.Variable(ramp(3, 3, 2), name="w")
    p = tf.placeholder(tf.float32, [None, None, 3], name="p")
    out = [tf.nn.conv1d(x, w, 1, "SAME"), tf.nn.conv1d(value=x, filters=w, stride=2, padding="VALID", name="strided"),
           tf.nn.conv1d(p, w, stride=1, padding="SAME"), tf.nn.conv1d(x, w, 1, "SAME", dilations=2)]
    return Case(init=True, steps=[(out + gradients_of(tf, out[:3], [x, w]), {p: ramp(1, 4, 3)})], show=out)


@program
def convolutions_of_three_dimensions(tf):
    x = tf.constant(ramp(1, 3, 4, 4, 2), name="x")
    w = tf.Variable(ramp(2, 2, 2, 2, 3), name="w")
    out = [tf.nn.conv3d(x, w, [1, 1, 1, 1, 1], "SAME"), tf.nn.conv3d(x, w, strides=[1, 1, 2, 2, 1], padding="VALID")]
    found = tf.gradients(out, [x, w])
    pools = [tf.nn.max_pool3d(x, [1, 2, 2, 2, 1], [1, 1, 2, 2, 1], "SAME"),
             tf.nn.avg_pool3d(x, [1, 2, 2, 2, 1], [1, 2, 2, 2, 1], "VALID")]
    found += gradients_of(tf, pools, x)
    return Case(init=True, steps=[(found, None)], show=out + pools)


@program
def dilated_convolutions(tf):
    x = tf.constant(ramp(1, 6, 6, 2), name="x")
    w = tf.Variable(ramp(2, 2, 2, 3), name="w")
    p = tf.placeholder(tf.float32, [None, None, None, 2], name="p")
    out = [tf.nn.atrous_conv2d(x, w, 2, "SAME"), tf.nn.atrous_conv2d(x, w, rate=2, padding="VALID"),
           tf.nn.convolution(x, w, "SAME", dilation_rate=[2, 2]), tf.nn.convolution(p, w, "SAME", dilation_rate=[2, 1]),
           tf.nn.atrous_conv2d(x, w, 1, "SAME"), tf.nn.convolution(x, w, "VALID", dilation_rate=[1, 2])]
    return Case(init=True, steps=[(out + gradients_of(tf, out[:3], [x, w]), {p: ramp(1, 4, 4, 2)})], show=out)


@program
def convolutions_of_any_dimension(tf):
    x1, x2, x3 = tf.constant(ramp(1, 5, 2)), tf.constant(ramp(1, 4, 4, 2)), tf.constant(ramp(1, 3, 3, 3, 2))
    out = [tf.nn.convolution(x1, ramp(2, 2, 3), "SAME"), tf.nn.convolution(x2, ramp(2, 2, 2, 1), "VALID",
                                                                           strides=[2, 1]),
           tf.nn.convolution(x3, ramp(2, 2, 2, 2, 1), "SAME", name="cube"),
           tf.nn.convolution(x1, ramp(2, 2, 3), padding="VALID", dilation_rate=[2])]
    return Case(steps=[(out, None)], show=out)


@program
def transposed_convolutions(tf):
    x = tf.constant(ramp(1, 3, 3, 2), name="x")
    w = tf.Variable(ramp(2, 2, 4, 2), name="w")
    p = tf.placeholder(tf.float32, [None, 3, 3, 2], name="p")
    n = tf.shape(p)[0]
    out = [tf.nn.conv2d_transpose(x, w, [1, 6, 6, 4], [1, 2, 2, 1]),
           tf.nn.conv2d_transpose(p, w, tf.stack([n, 6, 6, 4]), strides=[1, 2, 2, 1], padding="SAME", name="up"),
           tf.nn.conv2d_transpose(x, w, [1, 4, 4, 4], [1, 1, 1, 1], "VALID"),
           tf.nn.conv2d_transpose(p, w, [n, 6, 6, 4], 2), tf.nn.conv1d_transpose(x[0], w[0], [3, 6, 4], 2),
           tf.nn.conv3d_transpose(x[:, None], w[None], [1, 1, 6, 6, 4], [1, 1, 2, 2, 1]),
           tf.nn.atrous_conv2d_transpose(x, w, [1, 3, 3, 4], 2, "SAME")]
    found = gradients_of(tf, [out[0], out[1], out[4], out[5]], [x, w])
    return Case(init=True, steps=[(sums(tf, out), {p: ramp(2, 3, 3, 2)}), (found, {p: ramp(2, 3, 3, 2)})], show=out)


@program
def depthwise_and_separable_convolutions(tf):
    x = tf.constant(ramp(1, 5, 5, 2), name="x")
    depthwise = tf.Variable(ramp(3, 3, 2, 2), name="depthwise")
    pointwise = tf.Variable(ramp(1, 1, 4, 3), name="pointwise")
    out = [tf.nn.depthwise_conv2d(x, depthwise, [1, 1, 1, 1], "SAME"),
           tf.nn.depthwise_conv2d(x, depthwise, strides=[1, 2, 2, 1], padding="VALID"),
           tf.nn.depthwise_conv2d(x, depthwise, [1, 1, 1, 1], "SAME", rate=[2, 2]),
           tf.nn.separable_conv2d(x, depthwise, pointwise, [1, 1, 1, 1], "SAME"),
           tf.nn.separable_conv2d(x, depthwise, pointwise, strides=[1, 1, 1, 1], padding="VALID", rate=[2, 2],
                                  name="sparse"), tf.nn.depthwise_conv2d_native(x, depthwise, [1, 1, 1, 1], "SAME")]
    found = gradients_of(tf, [out[0], out[1], out[3]], [x, depthwise, pointwise])
    return Case(init=True, steps=[(sums(tf, out), None), (found, None)], show=out)


@program
def strides_and_padding_of_convolutions(tf):
    x = tf.constant(ramp(1, 5, 5, 2), name="x")
    w = tf.Variable(ramp(3, 3, 2, 2), name="w")
    out = [tf.nn.conv2d(x, w, [1, 2, 1, 1], "SAME"), tf.nn.conv2d(x, w, 1, "VALID"), tf.nn.conv2d(x, w, [2, 2], "SAME"),
           tf.nn.conv2d(x, w, [1, 1, 1, 1], [[0, 0], [1, 0], [0, 2], [0, 0]]),
           tf.nn.conv2d(input=x, filters=w, strides=[1, 1, 1, 1], padding="SAME", dilations=[1, 2, 2, 1], name="wide")]
    return Case(init=True, steps=[(sums(tf, out), None), (gradients_of(tf, out[:4], [x, w]), None)], show=out)


@program
def pools(tf):
    x = tf.constant(ramp(1, 5, 5, 2), name="x")
    p = tf.placeholder(tf.float32, [None, None, 5, 2], name="p")
    line = tf.constant(ramp(1, 6, 2), name="line")
    out = [tf.nn.max_pool(p, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"), tf.nn.avg_pool(p, 2, 2, "VALID"),
           tf.nn.max_pool2d(x, 3, 1, "SAME"), tf.nn.avg_pool2d(x, [2, 2], [1, 1], "SAME"),
           tf.nn.max_pool1d(line, 2, 2, "VALID"), tf.nn.avg_pool1d(line, [2], [1], "SAME"),
           tf.nn.max_pool_with_argmax(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")[0], tf.nn.pool(x, [2, 2], "MAX", "SAME"),
           tf.nn.pool(x, window_shape=[2, 2], pooling_type="AVG", padding="VALID", strides=[2, 2], name="pooled"),
           tf.nn.pool(x, [2, 2], "AVG", "VALID", dilation_rate=[2, 2]),
           tf.nn.pool(line, [3], "MAX", "SAME", strides=[2])]
    found = gradients_of(tf, out[:8], [x, line, p])
    return Case(steps=[(out, {p: ramp(1, 3, 5, 2)}), (found, {p: ramp(1, 3, 5, 2)})], show=out)


@program
def moments_of_many_forms(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 5.0], [2.0, 8.0]], name="x")
    p = tf.placeholder(tf.float32, [None, 2], name="p")
    half = tf.constant([[1.0, 2.0]], tf.float16)
    count, mean_sum, square_sum, shift = tf.nn.sufficient_statistics(x, [0])
    unknown = tf.nn.sufficient_statistics(p, [0], shift=tf.constant([1.0, 2.0]), keep_dims=True, name="stats")
    out = [tf.nn.moments(x, [0]), tf.nn.moments(p, [0, 1]), tf.nn.moments(x, [1], keepdims=True),
           tf.nn.moments(half, [0]), tf.nn.moments(x, 0, shift=1.0, name="m"), count, mean_sum, square_sum, unknown,
           tf.nn.normalize_moments(count, mean_sum, square_sum, shift), tf.nn.normalize_moments(*unknown)]
    found = [tf.gradients(y, [x, p]) for y in tf.nn.moments(x, [0])]
    return Case(steps=[(out, {p: [[1, 2], [5, 8]]}), ([g[0] for g in found], None)], facts={"shift": shift is None})


@program
def weighted_moments(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 5.0], [2.0, 8.0]], name="x")
    p = tf.placeholder(tf.float32, [None, 2], name="p")
    out = [tf.nn.weighted_moments(x, [0], [[1.0], [2.0], [1.0]]),
           tf.nn.weighted_moments(x, [0, 1], 2.0, keep_dims=True),
           tf.nn.weighted_moments(p, [0], tf.constant([1.0, 0.5]), name="w"), tf.nn.weighted_moments(x, 1, x)]
    return Case(steps=[(out, {p: [[1, 2], [5, 8]]})], show=[y for pair in out for y in pair])


@program
def batch_normalizations(tf):
    x = tf.constant(ramp(2, 2, 2, 2), name="x")
    p = tf.placeholder(tf.float32, [None, 2, 2, 2], name="p")
    scale, offset = tf.Variable([1.0, 2.0], name="scale"), tf.Variable([0.5, 0.0], name="offset")
    mean, variance = tf.nn.moments(p, [0, 1, 2])
    out = [tf.nn.batch_normalization(p, mean, variance, offset, scale, 1e-3),
           tf.nn.batch_normalization(x, mean, variance, None, scale, 1e-3),
           tf.nn.batch_norm_with_global_normalization(x, mean, variance, offset, scale, 1e-3, True),
           tf.nn.fused_batch_norm(x, scale, offset)[0], tf.nn.fused_batch_norm(p, scale, offset, epsilon=1e-2)[0],
           tf.nn.fused_batch_norm(x, scale, offset, mean, variance, is_training=False, name="fixed")[0]]
    found = gradients_of(tf, [y * y for y in out], [x, scale, offset])
    return Case(init=True, steps=[(sums(tf, out), {p: ramp(1, 2, 2, 2)}), (found, {p: ramp(1, 2, 2, 2)})], show=out)


@program
def normalizations(tf):
    x = tf.constant(ramp(1, 2, 2, 4) + 1.0, name="x")
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    out = [tf.nn.l2_normalize(p, 1), tf.nn.l2_normalize(x, axis=[1, 2]), tf.math.l2_normalize(p, dim=0, epsilon=1e-3),
           tf.nn.lrn(x), tf.nn.local_response_normalization(x, depth_radius=1, bias=2.0, alpha=0.5, beta=0.3,
                                                            name="norm")]
    return Case(steps=[(out + gradients_of(tf, out, [x, p]), {p: ramp(2, 3)})], show=out)


@program
def activations_with_gradients(tf):
    x = tf.constant([-1.0, -0.25, 0.5, 2.0, 7.0], name="x")
    p = tf.placeholder(tf.float32, [None], name="p")
    out = [tf.nn.relu(x), tf.nn.relu6(x), tf.nn.elu(x), tf.nn.selu(x), tf.nn.softplus(x), tf.nn.softsign(x),
           tf.nn.leaky_relu(x), tf.nn.leaky_relu(p, 0.3), tf.nn.crelu(x), tf.nn.swish(x), tf.nn.sigmoid(p),
           tf.nn.tanh(p), tf.nn.swish(p), tf.nn.leaky_relu(tf.constant([1, -2])),
           tf.nn.relu_layer([[1.0, 2.0]], [[1.0], [-3.0]], [0.5])]
    return Case(steps=[(out, {p: [1.0, -1.0]}), (gradients_of(tf, out, [x, p]), {p: [1.0, -1.0]})], show=out)


@program
def softmaxes_over_axes(tf):
    x = tf.constant(ramp(2, 3, 4), name="x")
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    u = tf.placeholder(tf.float32, name="u")
    out = [tf.nn.softmax(x, 1), tf.nn.log_softmax(x, axis=0), tf.nn.softmax(p), tf.nn.softmax(p, axis=0),
           tf.nn.softmax(u), tf.nn.log_softmax(u), tf.nn.softmax(x[0, 0], name="flat")]
    feed = {p: ramp(2, 3), u: ramp(2, 2)}
    return Case(steps=[(out, feed), (gradients_of(tf, [y * y for y in out], [x, p, u]), feed)], show=out)


@program
def cross_entropies_over_axes(tf):
    logits = tf.constant(ramp(2, 3, 4), name="logits")
    labels = tf.nn.softmax(tf.constant(ramp(2, 3, 4)[::-1]), name="labels")
    p = tf.placeholder(tf.float32, [None, None, 4], name="p")
    y = tf.placeholder(tf.int32, [None, None], name="y")
    out = [tf.nn.softmax_cross_entropy_with_logits_v2(labels, logits),
           tf.nn.softmax_cross_entropy_with_logits_v2(labels, logits, axis=1),
           tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits, dim=0),
           tf.nn.softmax_cross_entropy_with_logits_v2(labels=p, logits=p * 2.0, name="xent"),
           tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[[0, 1, 2], [3, 0, 1]], logits=logits),
           tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=p)]
    feed = {p: ramp(1, 3, 4), y: [[0, 3, 1]]}
    return Case(steps=[(out, feed), (gradients_of(tf, out, [logits, p]), feed)], show=out)


@program
def binary_cross_entropies(tf):
    logits = tf.constant([[1.0, -2.0, 0.0]], name="logits")
    targets = tf.constant([[0.0, 1.0, 0.5]], name="targets")
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    out = [tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits),
           tf.nn.sigmoid_cross_entropy_with_logits(labels=p, logits=p),
           tf.nn.weighted_cross_entropy_with_logits(targets=targets, logits=logits, pos_weight=3.0),
           tf.nn.weighted_cross_entropy_with_logits(labels=p, logits=p, pos_weight=tf.constant([1.0, 2.0, 3.0]),
                                                    name="weighted"), tf.nn.log_poisson_loss(targets, logits),
           tf.nn.log_poisson_loss(targets + 2.0, logits, compute_full_loss=True)]
    feed = {p: [[0.5, 1.0, -1.0]]}
    return Case(steps=[(out, feed), (gradients_of(tf, out, [logits, targets, p]), feed)], show=out)


@program
def dropout_forms(tf):
    tf.set_random_seed(3)
    x = tf.ones([2, 5])
    p = tf.placeholder(tf.float32, [None, 4], name="p")
    rate = tf.placeholder(tf.float32, [], name="rate")
    out = [tf.nn.dropout(x, 0.5), tf.nn.dropout(x, keep_prob=0.8, seed=1),
           tf.nn.dropout(x, rate=0.3, noise_shape=[2, 1]), tf.nn.dropout(p, rate=rate, seed=2),
           tf.nn.dropout(p, keep_prob=1.0 - rate), tf.nn.dropout(p, rate=0.5, noise_shape=[tf.shape(p)[0], 1],
                                                                 name="rows"), tf.nn.dropout(x, rate=0),
           tf.nn.dropout(tf.cast(x, tf.float64), rate=0.25)]
    feed = {p: ramp(3, 4), rate: 0.4}
    return Case(steps=[(out, feed), (out, feed), (gradients_of(tf, [out[3]], p), feed)], show=out)


@program
def embeddings_in_parts(tf):
    table = tf.Variable(ramp(6, 2), name="table")
    parts = [tf.Variable(ramp(3, 2), name="even"), tf.Variable(ramp(3, 2) * 2.0, name="odd")]
    ids = tf.placeholder(tf.int64, [None], name="ids")
    out = [tf.nn.embedding_lookup(table, ids), tf.nn.embedding_lookup(table, [[0, 1], [2, 3]], name="words"),
           tf.nn.embedding_lookup(parts, ids), tf.nn.embedding_lookup(parts, ids, partition_strategy="div"),
           tf.nn.embedding_lookup(table, ids, max_norm=0.5), tf.nn.embedding_lookup([table], tf.constant(2))]
    found = [[tf.convert_to_tensor(g) for g in row] for row in gradients_of(tf, out[:4], [table] + parts)]
    feed = {ids: [0, 5, 2, 1]}
    return Case(init=True, steps=[(out, feed), (found, feed)], show=out)


@program
def sparse_embeddings(tf):
    table = tf.Variable(ramp(6, 2), name="table")
    ids = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], tf.constant([1, 3, 0], tf.int64), [3, 2])
    weights = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], [1.0, 0.5, 2.0], [3, 2])
    out = [tf.nn.embedding_lookup_sparse(table, ids, None, combiner="sum"),
           tf.nn.embedding_lookup_sparse(table, ids, weights, combiner="mean"),
           tf.nn.embedding_lookup_sparse(table, ids, weights, combiner="sqrtn", name="rooted"),
           tf.nn.embedding_lookup_sparse(table, ids, None, combiner="mean"),
           tf.nn.safe_embedding_lookup_sparse([table], ids, weights),
           tf.nn.safe_embedding_lookup_sparse([table], ids, default_id=2)]
    found = [[tf.convert_to_tensor(g) for g in row] for row in gradients_of(tf, out[:2], table)]
    return Case(init=True, steps=[(out, None), (found, None)], show=out)


@program
def sampled_losses(tf):
    tf.set_random_seed(1)
    weights, biases = tf.Variable(ramp(10, 3), name="weights"), tf.Variable(tf.zeros([10]), name="biases")
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.int64, [None, 1], name="y")
    nce = tf.nn.nce_loss(weights, biases, y, x, num_sampled=4, num_classes=10)
    sampled = tf.nn.sampled_softmax_loss(weights=weights, biases=biases, labels=y, inputs=x, num_sampled=3,
                                         num_classes=10, seed=5)
    found = [tf.convert_to_tensor(g) for g in tf.gradients(tf.reduce_mean(nce) + tf.reduce_mean(sampled),
                                                           [weights, biases, x])]
    feed = {x: ramp(2, 3), y: [[1], [7]]}
    return Case(init=True, steps=[([nce, sampled], feed), ([nce, sampled], feed), (found, feed)], show=[nce, sampled])


@program
def sampled_losses_with_options(tf):
    weights, biases = tf.Variable(ramp(8, 3), name="weights"), tf.Variable(tf.zeros([8]), name="biases")
    x, y = tf.constant(ramp(2, 3)), tf.constant([[1, 2], [7, 0]], tf.int64)
    given = tf.nn.uniform_candidate_sampler(y, 2, 4, True, 8, seed=2)
    out = [tf.nn.nce_loss(weights, biases, y, x, 4, 8, num_true=2, sampled_values=given, remove_accidental_hits=True,
                          name="nce"), tf.nn.nce_loss([weights], biases, y[:, :1], x, 4, 8,
                                                      sampled_values=tf.nn.log_uniform_candidate_sampler(y[:, :1], 1, 3,
                                                                                                         True, 8,
                                                                                                         seed=1),
                                                      partition_strategy="div"),
           tf.nn.sampled_softmax_loss(weights, biases, y, x, 4, 8, num_true=2, sampled_values=given,
                                      remove_accidental_hits=False)]
    return Case(init=True, steps=[(out, None), (out, None)], show=out)


@program
def candidate_samplers(tf):
    y = tf.constant([[1], [3]], tf.int64)
    out = [tf.nn.uniform_candidate_sampler(y, 1, 4, True, 9, seed=1),
           tf.nn.log_uniform_candidate_sampler(y, 1, 4, False, 9, seed=2),
           tf.nn.all_candidate_sampler(y, 1, 4, True, seed=3), tf.nn.compute_accidental_hits(y, [3, 1, 5], 1, seed=4),
           tf.nn.fixed_unigram_candidate_sampler(y, 1, 3, True, 5, unigrams=[1.0, 2.0, 3.0, 4.0, 5.0], seed=5)]
    return Case(steps=[(out, None), (out, None)])


@program
def small_functions_of_nn(tf):
    x = tf.constant(ramp(2, 3), name="x")
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    out = [tf.nn.xw_plus_b(p, ramp(3, 2), [1.0, 2.0]), tf.nn.xw_plus_b(x, tf.ones([3, 1]), tf.zeros([1]), name="line"),
           tf.nn.bias_add(p, [1.0, 2.0, 3.0]), tf.nn.l2_loss(p), tf.nn.zero_fraction(tf.nn.relu(x)),
           tf.nn.in_top_k(p, [1], 2), tf.nn.in_top_k(predictions=x, targets=[0, 2], k=1, name="hit"),
           tf.nn.bias_add(tf.constant(ramp(1, 2, 2, 2)), [1.0, 2.0], data_format="NHWC")]
    return Case(steps=[(out, {p: ramp(1, 3)}), (gradients_of(tf, out[:4], [x, p]), {p: ramp(1, 3)})], show=out)


@program
def space_to_batch_around_a_function(tf):
    x = tf.constant(ramp(1, 4, 4, 1), name="x")
    y = tf.nn.with_space_to_batch(x, [2, 2], "SAME", lambda x, *_: x * 2.0, filter_shape=[2, 2])
    return Case(steps=[(y, None)], show=[y])


@program
def rebuilt_in_the_gradient(tf):
    x = tf.constant([1.0, 2.0, 3.0], name="x")
    with tf.variable_scope("again", use_resource=True):
        y = tf.recompute_grad(lambda x: tf.tanh(x * x) * 2.0)(x)
    return Case(steps=[([y, tf.gradients(y, x)], None)])


@program
def rebuilt_with_unused_parts(tf):
    x, z = tf.constant([[1.0, 2.0], [3.0, -1.0], [0.5, 2.0]], name="x"), tf.placeholder(tf.float32, [None, 2], "z")

    def parts(x, z):
        first, _ = tf.split(x * z, 2, axis=1)
        row, largest = tf.unstack(x)[1], tf.nn.top_k(z, 1)[0]
        return first * largest + row - tf.stop_gradient(z) * x + tf.maximum(z, 0.0) / 2.0 ** x

    def rows(x, z):
        return tf.gather(x, [0, 2]) * tf.gather(tf.sin(x), [1, 1]) + tf.gather(z, [0, 0])

    with tf.variable_scope("again", use_resource=True):
        found = [tf.recompute_grad(f)(x, z) for f in (parts, rows)]
    grads = [tf.gradients(y, [x, z]) for y in found]
    return Case(steps=[([found, [[tf.convert_to_tensor(g) for g in pair] for pair in grads]], {z: np.ones((3, 2))})])


@program
def rebuilt_with_variables(tf):
    x = tf.constant([[1.0, -2.0, 3.0]], name="x")
    with tf.variable_scope("model", use_resource=True):
        w = tf.get_variable("w", [3, 2], initializer=tf.ones_initializer())
        y = tf.recompute_grad(lambda x: tf.nn.relu(tf.matmul(x * x, w)) * tf.reduce_sum(tf.gather(w, [1, 1])))(x)
        y = tf.gather(tf.recompute_grad(lambda x: tf.sigmoid(x) * x)(y), [0, 0])
    return Case(steps=[(y, None), ([tf.convert_to_tensor(g) for g in tf.gradients(y, [x, w])], None)], init=True)


@program
def fake_quantization(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    low, high = tf.Variable(-1.0, name="low"), tf.Variable(2.0, name="high")
    lows, highs = tf.constant([-1.0, -2.0], name="lows"), tf.constant([1.0, 2.0], name="highs")
    out = [tf.fake_quant_with_min_max_args(x, min=-1.0, max=1.5, num_bits=4),
           tf.quantization.fake_quant_with_min_max_vars(x, low, high, num_bits=6, narrow_range=True),
           tf.fake_quant_with_min_max_vars_per_channel(x, lows, highs, name="channels")]
    found = [tf.gradients(out[0] * 2.0, x), tf.gradients(out[1] * x, [x, low, high]),
             tf.gradients(out[2] * x, [x, lows, highs])]
    return Case(init=True, steps=[([out, found], {x: [[-1.5, 0.2], [0.7, -3.0], [1.2, 9.0]]})], show=out)
