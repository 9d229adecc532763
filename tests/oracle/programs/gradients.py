"""tf.gradients of one thing at a time: node names, structure and values."""

from __future__ import division

import numpy as np

from . import Case, program


@program
def gradient_scalar(tf):
    x = tf.constant(3.0, name="x")
    y = x * x + 2.0 * x + 1.0
    g = tf.gradients(y, x)
    return Case(steps=[(g, None)], show=g)


@program
def gradient_scalar_functions(tf):
    x = tf.constant(0.5, name="x")
    out = [tf.exp(x), tf.log(x), tf.sqrt(x), tf.square(x), tf.sin(x), tf.cos(x), tf.tanh(x), tf.sigmoid(x),
           tf.reciprocal(x), tf.abs(x)]
    g = [tf.gradients(y, x)[0] for y in out]
    return Case(steps=[(g, None)])


@program
def gradient_scalar_functions_more(tf):
    x = tf.constant(0.5, name="x")
    out = [tf.rsqrt(x), tf.log1p(x), tf.expm1(x), tf.tan(x), tf.asin(x), tf.acos(x), tf.atan(x), tf.erf(x),
           tf.sinh(x), tf.cosh(x), -x]
    out += [tf.nn.softplus(x), tf.nn.softsign(x), tf.nn.elu(x), tf.nn.selu(x), tf.nn.relu6(x), tf.lgamma(x),
            tf.nn.leaky_relu(x)]
    g = [tf.gradients(y, x)[0] for y in out]
    return Case(steps=[(g, None)])


@program
def gradient_pow(tf):
    x = tf.constant(2.0, name="x")
    y = tf.constant(3.0, name="y")
    g = tf.gradients(x**y, [x, y]) + tf.gradients(x**2.0, x)
    return Case(steps=[(g, None)])


@program
def gradient_same_shapes(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    y = tf.constant([[4.0, 3.0], [2.0, 1.0]], name="y")
    g = [tf.gradients(z, [x, y]) for z in (x + y, x - y, x * y, x / y)]
    return Case(steps=[(g, None)])


@program
def gradient_broadcast_static(tf):
    x = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="x")
    y = tf.constant([1.0, 2.0, 4.0], name="y")
    g = [tf.gradients(z, [x, y]) for z in (x + y, x - y, x * y, x / y, y - x, tf.add(y, x))]
    return Case(steps=[(g, None)])


@program
def gradient_broadcast_dynamic(tf):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.float32, name="y")
    g = [tf.gradients(z, [x, y]) for z in (x + y, x - y, x * y, x / y)]
    return Case(steps=[(g, {x: [[1, 2, 3], [4, 5, 6]], y: [1, 2, 4]})], show=[z for pair in g for z in pair])


@program
def gradient_scalar_times_matrix(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    s = tf.constant(3.0, name="s")
    g = [tf.gradients(z, [x, s]) for z in (x * s, s * x, x + s, s - x, x / s)]
    return Case(steps=[(g, None)])


@program
def gradient_maximum(tf):
    x = tf.constant([1.0, 5.0, 3.0], name="x")
    y = tf.constant([2.0, 4.0, 3.0], name="y")
    g = [tf.gradients(z, [x, y]) for z in (tf.maximum(x, y), tf.minimum(x, y), tf.squared_difference(x, y),
                                           tf.where(x > y, x, y))]
    return Case(steps=[(g, None)])


@program
def gradient_matmul(tf):
    a = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="a")
    b = tf.constant([[1.0, 0.0], [2.0, 1.0], [3.0, 1.0]], name="b")
    c = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]], name="c")
    out = [tf.matmul(a, b), tf.matmul(a, c, transpose_b=True), tf.matmul(a, c, transpose_a=True)]
    out += [tf.matmul(a, b, transpose_a=True, transpose_b=True)]
    g = [tf.gradients(z, [a, b, c]) for z in out]
    return Case(steps=[([[x for x in row if x is not None] for row in g], None)],
                facts={"none": [[x is None for x in row] for row in g]})


@program
def gradient_matmul_batch(tf):
    a = tf.constant(np.arange(12, dtype=np.float32).reshape(2, 2, 3), name="a")
    b = tf.constant(np.arange(12, dtype=np.float32).reshape(2, 3, 2), name="b")
    g = [tf.gradients(tf.matmul(a, b), [a, b]), tf.gradients(tf.matmul(a, a, adjoint_b=True), a)]
    return Case(steps=[(g, None)])


@program
def gradient_reductions(tf):
    x = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="x")
    g = [tf.gradients(z, x)[0] for z in (tf.reduce_sum(x), tf.reduce_mean(x), tf.reduce_max(x))]
    return Case(steps=[(g, None)])


@program
def gradient_reductions_axis(tf):
    x = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="x")
    g = [tf.gradients(z, x)[0] for z in (tf.reduce_sum(x, 1), tf.reduce_mean(x, 0),
                                         tf.reduce_max(x, 1, keepdims=True))]
    return Case(steps=[(g, None)])


@program
def gradient_reductions_dynamic(tf):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    g = [tf.gradients(z, x)[0] for z in (tf.reduce_sum(x), tf.reduce_mean(x), tf.reduce_sum(x, 1),
                                         tf.reduce_mean(x, 0))]
    return Case(steps=[(g, {x: [[1, 2, 3], [4, 5, 6]]})], show=g)


@program
def gradient_reduce_prod(tf):
    x = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="x")
    return Case(steps=[(tf.gradients(tf.reduce_prod(x, 1), x), None)])


@program
def gradient_shapes(tf):
    x = tf.constant(np.arange(6, dtype=np.float32).reshape(2, 3), name="x")
    out = [tf.reshape(x, [3, 2]) * 2.0, tf.transpose(x), tf.expand_dims(x, 1), tf.squeeze(x[None]),
           tf.tile(x, [2, 1]), tf.pad(x, [[1, 0], [0, 1]])]
    g = [tf.gradients(z, x)[0] for z in out]
    return Case(steps=[(g, None)])


@program
def gradient_joins(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    y = tf.constant([[5.0, 6.0]], name="y")
    g = [tf.gradients(tf.concat([x, y], 0) * 2.0, [x, y]), tf.gradients(tf.concat([x, x], 1), x)]
    g += [tf.gradients(tf.stack([x, x * 2.0]), x), tf.gradients(tf.unstack(x)[0], x),
          tf.gradients(tf.split(x, 2, 1)[1], x)]
    return Case(steps=[(g, None)])


@program
def gradient_concat_dynamic(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    y = tf.placeholder(tf.float32, [None, 2], name="y")
    g = tf.gradients(tf.concat([x, y], 0) ** 2.0, [x, y])
    return Case(steps=[(g, {x: [[1, 2]], y: [[3, 4], [5, 6]]})])


@program
def gradient_slices(tf):
    x = tf.constant(np.arange(12, dtype=np.float32).reshape(3, 4), name="x")
    g = [tf.gradients(z, x)[0] for z in (x[0], x[:, 1:3], x[::-1, ::2], x[..., None],
                                         tf.slice(x, [0, 1], [2, 2]))]
    return Case(steps=[(g, None)])


@program
def gradient_gather(tf):
    x = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="x")
    rows = tf.gather(x, [0, 2, 0])
    g = tf.gradients(tf.reduce_sum(rows * 3.0), x)[0]
    dense = tf.convert_to_tensor(g)
    return Case(init=True, steps=[([g.values, g.indices, g.dense_shape, dense], None), (g, None)],
                show=[g.values, dense])


@program
def gradient_gather_axis(tf):
    x = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="x")
    return Case(init=True, steps=[(tf.gradients(tf.gather(x, [1, 1], axis=1), x), None)])


@program
def gradient_gather_sum(tf):
    x = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="x")
    loss = tf.reduce_sum(tf.gather(x, [0])) + tf.reduce_sum(tf.gather(x, [1, 1]) * 2.0)
    g = tf.gradients(loss, x)[0]
    return Case(init=True, steps=[(g, None)], show=[g.values.name, g.indices.name])


@program
def gradient_gather_nd(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    return Case(steps=[(tf.gradients(tf.gather_nd(x, [[0, 1], [1, 0]]), x), None)])


@program
def gradient_conv_net(tf):
    x = tf.placeholder(tf.float32, [2, 6, 6, 1], name="x")
    w = tf.Variable(np.linspace(-1, 1, 36, dtype=np.float32).reshape(3, 3, 1, 4), name="w")
    b = tf.Variable(tf.zeros([4]), name="b")
    conv = tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="SAME")
    pool = tf.nn.max_pool(tf.nn.relu(tf.nn.bias_add(conv, b)), [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    g = tf.gradients(tf.reduce_sum(pool), [w, b, x])
    feed = np.linspace(0, 1, 72, dtype=np.float32).reshape(2, 6, 6, 1)
    return Case(init=True, steps=[(g[:2], {x: feed})], show=[conv, pool] + g)


@program
def gradient_avg_pool(tf):
    x = tf.constant(np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1), name="x")
    y = tf.nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    return Case(steps=[(tf.gradients(y, x), None)])


@program
def gradient_conv_dynamic(tf):
    x = tf.placeholder(tf.float32, [None, 4, 4, 2], name="x")
    w = tf.constant(np.ones((2, 2, 2, 3), np.float32), name="w")
    y = tf.nn.conv2d(x, w, [1, 2, 2, 1], "VALID")
    g = tf.gradients(y, [x, w])
    return Case(steps=[(g, {x: np.linspace(0, 1, 32).reshape(1, 4, 4, 2)})], show=[y] + g)


@program
def gradient_softmax(tf):
    x = tf.constant([[1.0, 2.0, 3.0]], name="x")
    g = tf.gradients(tf.nn.softmax(x) * [1.0, 2.0, 3.0], x) + tf.gradients(tf.nn.log_softmax(x)[0, 1], x)
    return Case(steps=[(g, None)])


@program
def gradient_softmax_xent(tf):
    logits = tf.placeholder(tf.float32, [None, 3], name="logits")
    labels = tf.placeholder(tf.float32, [None, 3], name="labels")
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits))
    g = tf.gradients(loss, [logits, labels])
    return Case(steps=[([loss, g], {logits: [[1, 2, 3], [0, 0, 1]], labels: [[0, 0, 1], [1, 0, 0]]})], show=g)


@program
def gradient_softmax_xent_old(tf):
    logits = tf.constant([[1.0, 2.0, 3.0], [0.0, 0.0, 1.0]], name="logits")
    labels = tf.constant([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], name="labels")
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    g = tf.gradients(loss, [logits, labels])
    return Case(steps=[([loss, g[0]], None)], facts={"labels": g[1] is None})


@program
def gradient_sparse_xent(tf):
    logits = tf.placeholder(tf.float32, [None, 3], name="logits")
    labels = tf.placeholder(tf.int32, [None], name="labels")
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    g = tf.gradients(loss, logits)
    return Case(steps=[([loss, g], {logits: [[1, 2, 3], [0, 0, 1]], labels: [2, 0]})], show=g)


@program
def gradient_sigmoid_xent(tf):
    logits = tf.constant([[1.0, -2.0]], name="logits")
    labels = tf.constant([[0.0, 1.0]], name="labels")
    loss = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))
    return Case(steps=[([loss, tf.gradients(loss, logits)], None)])


@program
def gradient_second(tf):
    x = tf.constant(2.0, name="x")
    y = x**3 + tf.exp(x)
    first = tf.gradients(y, x)[0]
    second = tf.gradients(first, x)[0]
    return Case(steps=[([first, second], None)], show=[first, second])


@program
def gradient_second_matrix(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    y = tf.reduce_sum(tf.tanh(tf.matmul(x, x)))
    first = tf.gradients(y, x)[0]
    second = tf.gradients(tf.reduce_sum(first * first), x)[0]
    return Case(steps=[([first, second], None)])


@program
def hessian(tf):
    x = tf.constant([1.0, 2.0], name="x")
    y = tf.reduce_sum(x * x * x)
    return Case(steps=[(tf.hessians(y, x), None)])


@program
def gradient_stop(tf):
    x = tf.constant(3.0, name="x")
    y = tf.stop_gradient(x * x) * x
    z = x * 2.0
    g = tf.gradients(y, x)
    h = tf.gradients(z * x, [z, x], stop_gradients=[z])
    none = tf.gradients(tf.stop_gradient(x), x)
    return Case(steps=[([g, h], None)], facts={"none": none})


@program
def gradient_grad_ys(tf):
    x = tf.constant([1.0, 2.0], name="x")
    y = x * x
    z = x * 3.0
    g = tf.gradients([y, z], x, grad_ys=[tf.constant([1.0, 10.0]), None])
    h = tf.gradients([y, z], [x], name="named")
    return Case(steps=[([g, h], None)], show=[g[0], h[0]])


@program
def gradient_integers_and_none(tf):
    x = tf.constant(1.0, name="x")
    i = tf.constant(2, name="i")
    y = x * tf.cast(i, tf.float32)
    g = tf.gradients(y, [x, i])
    u = tf.constant(1.0)
    n = tf.gradients(y, [u, x])
    return Case(steps=[([g[0], n[1]], None)], facts={"integer": g[1] is None, "unconnected": n[0] is None})


@program
def gradient_unconnected_zero(tf):
    x = tf.constant([1.0, 2.0], name="x")
    y = tf.constant(3.0) * 2.0
    g = tf.gradients(y, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return Case(steps=[(g, None)], show=g)


@program
def gradient_aggregation(tf):
    x = tf.constant([1.0, 2.0], name="x")
    y = x + x * 2.0 + tf.sin(x) + tf.exp(x)
    g = tf.gradients(y, x)
    h = tf.gradients(y, x, aggregation_method=tf.AggregationMethod.EXPERIMENTAL_TREE)
    return Case(steps=[([g, h], None)], show=g)


@program
def gradient_clipped(tf):
    v = tf.Variable([3.0, 4.0], name="v")
    g = tf.gradients(tf.reduce_sum(v * v), v)
    clipped, norm = tf.clip_by_global_norm(g, 5.0)
    value = tf.clip_by_value(g[0], -1.0, 7.0)
    return Case(init=True, steps=[([clipped, norm, value], None)])


@program
def gradient_colocated(tf):
    with tf.device("/cpu:0"):
        x = tf.constant([1.0, 2.0], name="x")
        y = tf.reduce_sum(x * x)
    g = tf.gradients(y, x, colocate_gradients_with_ops=True)
    return Case(steps=[(g, None)], facts={"device": g[0].device})


@program
def gradient_override(tf):
    @tf.RegisterGradient("OracleDouble")
    def double(op, dy):
        return dy * 2.0

    x = tf.constant(1.0, name="x")
    with tf.get_default_graph().gradient_override_map({"Identity": "OracleDouble"}):
        y = tf.identity(x, name="y")
    return Case(steps=[(tf.gradients(y * y, x), None)])


@program
def gradient_custom(tf):
    @tf.custom_gradient
    def clipped(x):
        return tf.identity(x), lambda dy: tf.clip_by_value(dy, -1.0, 1.0)

    x = tf.constant([1.0, 2.0], name="x")
    y = clipped(x) * tf.constant([5.0, 0.5])
    return Case(steps=[([y, tf.gradients(y, x)], None)])


@program
def gradient_batch_norm(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 5.0], [2.0, 8.0]], name="x")
    mean, variance = tf.nn.moments(x, [0])
    y = tf.nn.batch_normalization(x, mean, variance, None, None, 1e-3)
    g = tf.gradients(y * y * [[1.0, 2.0]], x)
    return Case(steps=[(g, None)])


@program
def gradient_casts_and_identity(tf):
    x = tf.constant([1.0, 2.0], name="x")
    y = tf.cast(tf.cast(x, tf.float64) * 2.0, tf.float32)
    z = tf.identity(y)
    t = tf.tuple([z, x])
    return Case(steps=[(tf.gradients(t[0] + t[1], x), None)])


@program
def gradient_norms(tf):
    x = tf.constant([3.0, 4.0], name="x")
    g = [tf.gradients(z, x)[0] for z in (tf.nn.l2_loss(x), tf.norm(x), tf.reduce_logsumexp(x), tf.cumsum(x))]
    return Case(steps=[(g, None)])
