"""Gradients of gradients, and of ops that programs rarely differentiate."""

from __future__ import division

import numpy as np

from . import Case, program

SQUARE = [[4.0, 1.0, 0.5], [1.0, 3.0, -0.25], [0.5, -0.25, 2.0]]


def ramp(*shape):
    """Small fixed values between -0.5 and 0.5."""
    return np.linspace(-0.5, 0.5, int(np.prod(shape)), dtype=np.float32).reshape(shape)


def twice(tf, y, x):
    """The gradient of y, and the gradient of the sum of its squares."""
    first = tf.gradients(y, x)[0]
    second = tf.gradients(tf.reduce_sum(first * first), x)[0]
    return [first] if second is None else [first, second]


def once(tf, results, xs):
    """The gradients of every result, those that are None left out."""
    return [[g for g in tf.gradients(y * y, xs) if g is not None] for y in results]


@program
def second_gradient_of_activations(tf):
    x = tf.constant([0.5, -0.7, 2.0], name="x")
    functions = [tf.nn.relu, tf.nn.relu6, tf.nn.elu, tf.nn.selu, tf.nn.leaky_relu, tf.sigmoid, tf.tanh, tf.nn.softplus]
    return Case(steps=[([twice(tf, f(x) * x, x) for f in functions], None)])


@program
def second_gradient_of_roots_and_reciprocals(tf):
    x = tf.constant([0.5, 2.0], name="x")
    functions = [tf.sqrt, tf.rsqrt, tf.reciprocal, tf.square, tf.log, tf.raw_ops.Inv, tf.exp, tf.erf, tf.sin]
    functions = [(lambda x, f=f: f(x=x)) if f is tf.raw_ops.Inv else f for f in functions]
    return Case(steps=[([twice(tf, f(x), x) for f in functions], None)])


@program
def second_gradient_of_products(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    out = [tf.matmul(x, x), x * x * x, x / (x + 1.0), x ** 3.0, tf.maximum(x, 2.0) * x, tf.reduce_prod(x, 1),
           tf.nn.l2_normalize(x, 1), tf.reduce_mean(x * x, 0)]
    return Case(steps=[([twice(tf, y, x) for y in out], None)])


@program
def second_gradient_of_softmax_and_entropies(tf):
    x = tf.constant([[1.0, 2.0, 0.5]], name="x")
    labels = tf.constant([[0.2, 0.3, 0.5]])
    out = [tf.nn.softmax(x), tf.nn.log_softmax(x), tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=x),
           tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=x)]
    return Case(steps=[([twice(tf, y, x) for y in out], None)])


@program
def second_gradient_of_convolution(tf):
    x, w = tf.constant(ramp(1, 4, 4, 2), name="x"), tf.Variable(ramp(2, 2, 2, 3), name="w")
    y = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME"), [0.1, 0.2, 0.3]))
    first = tf.gradients(y * y, [x, w])
    penalty = tf.reduce_sum(first[0] ** 2.0) + tf.reduce_sum(first[1] ** 2.0)
    return Case(init=True, steps=[(tf.gradients(penalty, [x, w]), None)])


@program
def second_gradient_of_pools(tf):
    x = tf.constant(ramp(1, 4, 4, 1), name="x")
    v = tf.constant(ramp(1, 2, 4, 4, 1), name="v")
    out = [tf.nn.max_pool(x, 2, 2, "SAME"), tf.nn.avg_pool(x, 2, 1, "VALID")]
    solid = [tf.nn.max_pool3d(v, [1, 2, 2, 2, 1], [1, 2, 2, 2, 1], "SAME"),
             tf.nn.avg_pool3d(v, [1, 2, 2, 2, 1], [1, 2, 2, 2, 1], "SAME")]
    return Case(steps=[([twice(tf, y * y, x) for y in out] + [twice(tf, y * y, v) for y in solid], None)])


@program
def second_gradient_of_batch_normalization(tf):
    x, scale = tf.constant(ramp(2, 2, 2, 1), name="x"), tf.constant([1.5], name="scale")
    y = tf.nn.fused_batch_norm(x, scale, [0.5])[0]
    first = tf.gradients(y * y * y, [x, scale])
    fixed = tf.nn.fused_batch_norm(x, scale, [0.5], [0.1], [0.9], is_training=False)[0]
    others = tf.gradients(fixed * fixed, x)
    return Case(steps=[(tf.gradients(tf.reduce_sum(first[0] ** 2.0) + tf.reduce_sum(first[1]), [x, scale]), None),
                       (tf.gradients(tf.reduce_sum(others[0] * x), [x, scale]), None)])


@program
def second_gradient_of_batch_normalization_by_layout(tf):
    scale, mean, variance = [tf.constant(v, name=n) for v, n in (([1.5, 0.5], "scale"), ([0.1, 0.3], "mean"),
                                                                 ([0.9, 1.1], "variance"))]
    found = []
    for layout, dims, training in (("NHWC", (2, 2, 1, 2), True), ("NHWC", (2, 2, 1, 2), False),
                                   ("NCHW", (2, 2, 2, 1), True), ("NCHW", (2, 2, 2, 1), False)):
        for dtype in (tf.float32, tf.float16):
            x, dy = tf.constant(ramp(*dims), dtype, name="x"), tf.constant(ramp(*dims) * 0.5 - 0.2, dtype, name="dy")
            first = tf.raw_ops.FusedBatchNormGradV2(y_backprop=dy, x=x, scale=scale, reserve_space_1=mean,
                                                    reserve_space_2=variance, data_format=layout,
                                                    is_training=training)
            found.append(tf.gradients(first[:3], [dy, x, scale], [dy, scale * 0.5, scale]))
    return Case(steps=[(found, None)])


@program
def second_gradient_of_depthwise_convolution(tf):
    x, w = tf.constant(ramp(1, 4, 4, 2), name="x"), tf.constant(ramp(2, 2, 2, 1), name="w")
    first = tf.gradients(tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME") ** 2.0, [x, w])
    return Case(steps=[(tf.gradients([tf.reduce_sum(g * g) for g in first], [x, w]), None)])


@program
def second_gradient_of_gathers_and_cuts(tf):
    x = tf.constant(ramp(3, 4), name="x")
    out = [tf.gather(x, [0, 2, 0]) * x, tf.pad(x, [[1, 1], [0, 0]], "REFLECT"), tf.transpose(x), x[1:, ::2],
           tf.concat([x, x * x], 0), tf.cumsum(x), tf.reverse(x, [0])]
    return Case(steps=[([twice(tf, tf.reduce_sum(y * y * y), x) for y in out], None)])


@program
def gradient_penalty(tf):
    x, w = tf.placeholder(tf.float32, [None, 2], name="x"), tf.Variable([[0.5], [-0.3]], name="w")
    y = tf.nn.leaky_relu(tf.matmul(tf.tanh(x), w))
    slope = tf.sqrt(tf.reduce_sum(tf.square(tf.gradients(y, [x])[0]), axis=1))
    penalty = tf.reduce_mean((slope - 1.0) ** 2)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(y) + 10.0 * penalty)
    feed = {x: [[1.0, 2.0], [0.5, -1.0]]}
    return Case(init=True, steps=[([penalty, train], feed), (w, None)])


@program
def gradient_of_transforms(tf):
    x = tf.constant(ramp(2, 2, 4), name="x")
    z = tf.complex(x, x * 2.0)
    out = [tf.real(tf.fft2d(z)), tf.imag(tf.fft3d(z)), tf.real(tf.ifft(z)), tf.imag(tf.ifft2d(z)),
           tf.real(tf.ifft3d(z)), tf.abs(tf.signal.rfft2d(x)), tf.signal.irfft(z), tf.signal.irfft2d(z),
           tf.abs(tf.signal.rfft(x))]
    return Case(steps=[(once(tf, out, x), None)])


@program
def gradient_of_transforms_of_real_numbers(tf):
    x, length = tf.placeholder(tf.float32, [None, None, None], "x"), tf.placeholder(tf.int32, [None], "length")
    z = tf.complex(x, x * 0.5)
    one = [tf.signal.rfft(x), tf.signal.rfft(x, [6]), tf.signal.rfft(x, length[1:]), tf.signal.irfft(z),
           tf.signal.irfft(z, [9])]
    two = [tf.signal.rfft2d(x), tf.signal.rfft2d(x, length), tf.signal.irfft2d(z, [3, 8]), tf.signal.irfft2d(z, length)]
    parts = [tf.real(y * y) if y.dtype.is_complex else y * y for y in one + two]
    return Case(steps=[(once(tf, parts, x), {x: ramp(2, 3, 5), length: [4, 8]})])


@program
def gradient_of_roots_of_matrices(tf):
    x = tf.placeholder(tf.float64, [None, None, None], name="x")
    out = [tf.matrix_square_root(x), tf.real(tf.matrix_square_root(tf.complex(x, x[:, ::-1]))),
           tf.svd(tf.complex(x, x * 0.5), compute_uv=False)]
    return Case(steps=[(once(tf, out, x), {x: [[[4.0, 1.0], [1.0, 3.0]], [[2.0, 0.5], [0.25, 1.0]]]})])


@program
def gradient_of_products_of_many_zeros(tf):
    x, y = tf.constant(ramp(2, 2), name="x"), tf.constant(ramp(2, 2) * 0.5, name="y")
    out = []
    for first in (False, True):
        for second in (False, True):
            z = tf.sparse_matmul(x, y, first, second, a_is_sparse=first, b_is_sparse=not first)
            out += [z, tf.nn.relu(z)]
    return Case(steps=[(once(tf, out, [x, y]), None)])


@program
def gradient_of_matrices(tf):
    x = tf.constant(SQUARE, name="x")
    d = tf.constant([1.0, 2.0, 3.0], name="d")
    raw = tf.raw_ops
    out = [tf.matrix_square_root(x), tf.matrix_diag(d), tf.diag(d), tf.matrix_solve_ls(x, d[:, None]),
           tf.sparse_matmul(x, x), raw.BatchMatMul(x=x, y=x), tf.cross(x, x + 1.0), tf.linalg.adjoint(x),
           tf.real(tf.transpose(tf.complex(x, x), conjugate=True)), raw.MatrixSetDiag(input=x, diagonal=d),
           raw.MatrixDiagPart(input=x), raw.ConjugateTranspose(x=x, perm=[1, 0])]
    return Case(steps=[(once(tf, out, [x, d]), None)])


@program
def gradient_of_rounding(tf):
    x, y = tf.constant([1.5, -2.5, 3.25], name="x"), tf.constant([0.5, 2.0, -1.0], name="y")
    out = [tf.ceil(x) + x, tf.floor(x), tf.round(x) * x, tf.rint(x) * x, tf.floordiv(x, y) + x,
           tf.raw_ops.Div(x=x, y=y), tf.math.multiply_no_nan(x, y), tf.sign(x) * y,
           tf.polygamma(tf.constant([1.0, 2.0, 1.0]), tf.abs(x)), tf.math.cumulative_logsumexp(x),
           tf.accumulate_n([x, y]), tf.where_v2(x > 0.0, x, y * 2.0), tf.where_v2(x > 0.0, x, 1.0)]
    return Case(steps=[(once(tf, out, [x, y]), None)])


@program
def gradient_of_old_ops(tf):
    x, v = tf.constant(ramp(2, 4), name="x"), tf.constant(ramp(1, 2, 2, 2), name="v")
    raw = tf.raw_ops
    out = [raw.Gather(params=x, indices=[1, 0]), raw.Concat(concat_dim=0, values=[x, x]),
           raw.Reverse(tensor=x, dims=[True, False]), raw.PadV2(input=x, paddings=[[1, 0], [0, 1]],
                                                                constant_values=2.0), raw.BiasAddV1(value=x, bias=x[0]),
           raw.Fill(dims=[2], value=x[0, 0]), raw.SelectV2(condition=x > 0.0, t=x, e=x * 2.0),
           raw.ScatterNdNonAliasingAdd(input=x, indices=[[0]], updates=x[1:]),
           raw.SparseToDense(sparse_indices=[[0], [2]], output_shape=[4], sparse_values=x[0, :2],
                             default_value=x[1, 0]), raw.NthElement(input=x, n=1)]
    batches = [raw.SpaceToBatch(input=v, paddings=[[0, 0], [0, 0]], block_size=2),
               raw.BatchToSpace(input=tf.reshape(v, [4, 1, 1, 2]), crops=[[0, 0], [0, 0]], block_size=2),
               tf.extract_image_patches(v, [1, 2, 2, 1], [1, 1, 1, 1], [1, 1, 1, 1], "SAME"),
               tf.nn.max_pool_v2(v, 2, 1, "SAME"), tf.nn.avg_pool_v2(v, 2, 1, "VALID"),
               raw.MaxPoolV2(input=v, ksize=[1, 2, 2, 1], strides=[1, 1, 1, 1], padding="SAME"),
               tf.extract_volume_patches(tf.reshape(v, [1, 2, 2, 2, 1]), [1, 2, 1, 1, 1], [1, 1, 1, 1, 1], "VALID")]
    return Case(steps=[(once(tf, out, x), None), (once(tf, batches, v), None)])


@program
def gradient_of_patches(tf):
    x = tf.placeholder(tf.float32, [None, None, 5, 2], name="x")
    y = tf.placeholder(tf.float64, [None, 2, 4, 2, 2], name="y")
    out = [tf.extract_image_patches(x, [1, 2, 3, 1], [1, 2, 1, 1], [1, 1, 2, 1], "SAME"),
           tf.image.extract_image_patches(x, sizes=[1, 1, 2, 1], strides=[1, 1, 3, 1], rates=[1, 1, 1, 1],
                                          padding="VALID")]
    of_y = tf.extract_volume_patches(y, [1, 2, 1, 2, 1], [1, 1, 2, 1, 1], "SAME")
    feeds = {x: ramp(2, 3, 5, 2), y: ramp(1, 2, 4, 2, 2)}
    return Case(steps=[([out, once(tf, out, x)], feeds), ([of_y, once(tf, [of_y], y)], feeds)])


@program
def products_and_parts_of_sparse_tensors(tf):
    values, b = tf.placeholder(tf.float32, [3], name="values"), tf.constant(ramp(3, 2), name="b")
    a = tf.SparseTensor([[0, 1], [1, 2], [3, 0]], values, [4, 3])
    out = [tf.sparse.matmul(a, b), tf.sparse.sparse_dense_matmul(a, tf.constant(ramp(4, 2)), adjoint_a=True),
           tf.sparse_tensor_dense_matmul(a, tf.transpose(b), adjoint_b=True, name="product"),
           tf.sparse.matmul(a, tf.constant(ramp(2, 4)), adjoint_a=True, adjoint_b=True)]
    parts = [tf.sparse.slice(a, [0, 1], [2, 2]), tf.sparse_slice(a, [1, 0], [9, 9], name="rest")]
    values_of_parts = [part.values for part in parts]
    found = once(tf, out + values_of_parts, [values, b])
    second = tf.gradients(found[0][0] * found[0][0], [values, b])
    return Case(steps=[([out, parts, found, second], {values: [1.0, -2.0, 0.5]})])


@program
def gradient_that_comes_as_rows(tf):
    x, y = tf.constant(ramp(3, 2), name="x"), tf.constant(ramp(3, 2) + 2.0, name="y")
    open_x = tf.placeholder(tf.float32, [None, 2], name="open_x")
    out = [f(a, b) for f in (tf.add, tf.subtract, tf.multiply, tf.divide, tf.maximum, tf.squared_difference, tf.pow)
           for a, b in ((y, x), (y, y[0]), (open_x, y), (y, 2.0))]
    out += [tf.concat([x, open_x, y], 0), tf.concat([x, y], 1), tf.concat([x, y], -1), tf.tile(x, [2, 1]),
            tf.dynamic_stitch([[2, 0, 1]], [open_x]), tf.square(x), tf.clip_by_value(open_x, -1.0, 1.0)]
    found = [tf.gradients(tf.gather(z, tf.constant([1, 2, 1], dtype)), [x, y, open_x])
             for z, dtype in zip(out, [tf.int32, tf.int64] * len(out))]
    dense = [tf.convert_to_tensor(g) for grads in found for g in grads if g is not None]
    return Case(steps=[(dense, {open_x: ramp(3, 2) + 1.0})])


@program
def gradient_of_segments_with_counts(tf):
    x = tf.constant(ramp(3, 2) + 1.0, name="x")
    rows, ids = tf.constant([0, 2, 1]), tf.constant([0, 0, 2])
    out = [tf.sparse_segment_sum(x, rows, ids, num_segments=4), tf.sparse_segment_mean(x, rows, ids, num_segments=4),
           tf.sparse_segment_sqrt_n(x, rows, ids, num_segments=3), tf.unsorted_segment_min(x, ids, 3)]
    return Case(steps=[(once(tf, out, x), None), (tf.segment_prod(x, [0, 0, 1]), None)])


@program
def gradient_of_filters_given_as_functions(tf):
    x, w, dy = tf.constant(ramp(1, 4, 4, 2), name="x"), tf.constant(ramp(2, 2, 2, 3),
                                                                    name="w"), tf.constant(ramp(1, 4, 4, 3), name="dy")
    out = [tf.nn.conv2d_backprop_input([1, 4, 4, 2], w, dy, [1, 1, 1, 1], "SAME"),
           tf.nn.conv2d_backprop_filter(x, [2, 2, 2, 3], dy, [1, 1, 1, 1], "SAME"),
           tf.nn.conv3d_backprop_filter(x[:, None], [1, 2, 2, 2, 3], dy[:, None], [1, 1, 1, 1, 1], "SAME"),
           tf.nn.conv_transpose(dy, w, [1, 8, 8, 2], 2)]
    return Case(steps=[(out, None), (once(tf, out, [x, w, dy]), None)])


@program
def gradient_of_rows_of_resource_variables(tf):
    v = tf.get_variable("v", initializer=ramp(3, 2), use_resource=True)
    out = [tf.gather_nd(v, [[0], [2]]), tf.gather(v, [1, 1]), v.sparse_read([0, 2]),
           tf.nn.embedding_lookup(v, [[0], [1]])]
    found = [tf.convert_to_tensor(tf.gradients(y * y, v)[0]) for y in out]
    return Case(init=True, steps=[(out, None), (found, None)])


@program
def gradient_through_batch_normalization_of_old(tf):
    x = tf.constant(ramp(2, 2, 2, 2), name="x")
    m, v, beta, gamma = [tf.constant(values, name=name) for values,
                         name in (([0.1, 0.2], "m"), ([0.5, 0.6], "v"), ([0.0, 1.0], "beta"), ([1.0, 2.0], "gamma"))]
    raw = tf.raw_ops
    out = [raw.FusedBatchNorm(x=x, scale=gamma, offset=beta, mean=[], variance=[], is_training=True)[0],
           raw.FusedBatchNormV2(x=x, scale=gamma, offset=beta, mean=[], variance=[], is_training=True)[0],
           tf.nn.batch_norm_with_global_normalization(x, m, v, beta, gamma, 1e-3, True)]
    return Case(steps=[(once(tf, out, [x, m, v, beta, gamma]), None)])
