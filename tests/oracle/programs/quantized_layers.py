"""Networks whose layers work on small integers, as old quantized graphs have them."""

import numpy as np

from . import Case, program


def quantized(tf, x, low, high):
    return tf.quantize(x, low, high, tf.quint8, mode="MIN_FIRST")


def pictures(seed=0):
    return np.round(np.random.RandomState(seed).uniform(-1, 2, (2, 6, 5, 3)), 2).astype(np.float32)


def shrunk(tf, values):
    """32 bits as 8."""
    low, high = tf.raw_ops.RequantizationRange(input=values[0], input_min=values[1], input_max=values[2])
    return tf.raw_ops.Requantize(input=values[0], input_min=values[1], input_max=values[2], requested_output_min=low,
                                 requested_output_max=high, out_type=tf.quint8)


@program
def quantized_network(tf):
    x = tf.placeholder(tf.float32, [2, 6, 5, 3], name="x")
    filters = tf.constant(np.round(np.random.RandomState(1).uniform(-1, 1, (3, 3, 3, 4)), 2), tf.float32)
    q, f = quantized(tf, x, -1.0, 2.0), quantized(tf, filters, -1.0, 1.0)
    conv = shrunk(tf, tf.raw_ops.QuantizedConv2D(
        input=q[0], filter=f[0], min_input=q[1], max_input=q[2], min_filter=f[1], max_filter=f[2],
        strides=[1, 1, 1, 1], padding="SAME"))
    bias = quantized(tf, tf.constant([0.5, -0.25, 1.0, 0.0]), -1.0, 1.0)
    added = shrunk(tf, tf.raw_ops.QuantizedBiasAdd(
        input=conv[0], bias=bias[0], min_input=conv[1], max_input=conv[2], min_bias=bias[1], max_bias=bias[2],
        out_type=tf.qint32))
    relu = tf.raw_ops.QuantizedRelu(features=added[0], min_features=added[1], max_features=added[2])
    pool = tf.raw_ops.QuantizedMaxPool(input=relu[0], min_input=relu[1], max_input=relu[2], ksize=[1, 2, 2, 1],
                                       strides=[1, 2, 2, 1], padding="SAME")
    flat = tf.raw_ops.QuantizedReshape(tensor=pool[0], shape=[2, -1], input_min=pool[1], input_max=pool[2])
    y = tf.dequantize(flat[0], flat[1], flat[2], mode="MIN_FIRST")
    return Case(steps=[(y, {x: pictures()}), (y, {x: pictures(3)})], show=[conv[0], added[0], pool[0], flat[0], y])


@program
def quantized_pools_and_sums(tf):
    x = tf.placeholder(tf.float32, [2, 6, 5, 3], name="x")
    q = quantized(tf, x, -1.0, 2.0)
    means = tf.raw_ops.QuantizedAvgPool(input=q[0], min_input=q[1], max_input=q[2], ksize=[1, 3, 3, 1],
                                        strides=[1, 2, 2, 1], padding="VALID")
    sums = tf.raw_ops.QuantizedAdd(x=means[0], y=means[0], min_x=means[1], max_x=means[2], min_y=means[1],
                                   max_y=means[2])
    joined = tf.raw_ops.QuantizedConcat(concat_dim=3, values=[means[0], q[0][:, :2, :2]],
                                        input_mins=[means[1], q[1]], input_maxes=[means[2], q[2]])
    ys = [tf.dequantize(*means, mode="MIN_FIRST"), tf.dequantize(*sums), tf.dequantize(*joined, mode="MIN_FIRST")]
    return Case(steps=[(ys, {x: pictures()})], show=ys)


@program
def quantized_sizes(tf):
    x = tf.placeholder(tf.float32, [2, 6, 5, 3], name="x")
    q = quantized(tf, x, -1.0, 2.0)
    larger = tf.raw_ops.QuantizedResizeBilinear(images=q[0], size=[9, 7], min=q[1], max=q[2])
    normal = tf.raw_ops.QuantizedInstanceNorm(x=q[0], x_min=q[1], x_max=q[2])
    ys = [tf.dequantize(*larger, mode="MIN_FIRST"), tf.dequantize(*normal, mode="MIN_FIRST")]
    return Case(steps=[(ys, {x: pictures()})], show=ys)


@program
def data_formats(tf):
    x = tf.placeholder(tf.int32, [None], name="x")
    axes = tf.raw_ops.DataFormatDimMap(x=x)
    sizes = tf.raw_ops.DataFormatVecPermute(x=[8, 28, 28, 3], src_format="NHWC", dst_format="NCHW")
    bits = tf.raw_ops.CompareAndBitpack(input=tf.reshape(tf.cast(tf.range(32), tf.float32), [2, 16]), threshold=11.5)
    return Case(steps=[([axes, sizes, bits], {x: [0, 1, 2, 3, -1]})], show=[axes, sizes, bits])


@program
def pictures_scaled_and_moved(tf):
    x = tf.placeholder(tf.float32, [2, 6, 5, 3], name="x")
    ys = [tf.raw_ops.ScaleAndTranslate(images=x, size=[4, 8], scale=[0.6, 1.5], translation=[0.5, -1.0],
                                       kernel_type=kind) for kind in ("lanczos3", "triangle", "keyscubic")]
    g = tf.gradients([y * y for y in ys], x)
    return Case(steps=[([ys, g], {x: pictures()})], show=ys)


@program
def sampled_by_what_was_seen(tf):
    classes = tf.placeholder(tf.int64, [None, 1], name="classes")
    sampled = tf.raw_ops.LearnedUnigramCandidateSampler(true_classes=classes, num_true=1, num_sampled=4, unique=True,
                                                        range_max=8, seed=3, seed2=5)
    return Case(steps=[(sampled, {classes: [[1], [7], [7]]}), (sampled, {classes: [[2], [7]]}),
                       (sampled, {classes: [[0]]})], show=list(sampled))
