"""What else tf.nn has: dilation and erosion, pools of random windows, averages of losses, CTC with any blank."""

from __future__ import division

import numpy as np

from . import Case, program

PICTURE = (np.arange(2 * 6 * 7 * 2).reshape(2, 6, 7, 2) * 37 % 101 / 50 - 1).astype("float32")
KERNEL = (np.arange(12).reshape(2, 3, 2) * 7 % 5 / 5).astype("float32")


@program
def nn_dilation_and_erosion(tf):
    x = tf.placeholder(tf.float32, [2, 6, 7, 2], name="x")
    kernel = tf.constant(KERNEL, name="kernel")
    out = [tf.nn.dilation2d(x, kernel, [1, 1, 1, 1], [1, 1, 1, 1], "VALID"),
           tf.nn.dilation2d(x, filters=kernel, strides=[1, 2, 1, 1], dilations=[1, 1, 2, 1], padding="SAME", name="d"),
           tf.nn.erosion2d(x, kernel, [1, 1, 2, 1], [1, 2, 1, 1], "SAME")]
    grads = tf.gradients([out[0] ** 2, out[1], out[2]], [x, kernel])
    return Case(steps=[(out + grads, {x: PICTURE})])


@program
def nn_gradients_of_dilation_among_equals(tf):
    """Of equal sums the first one gets the gradient; without a number it is the window's first pixel."""
    equal = (np.arange(1 * 6 * 7 * 3).reshape(1, 6, 7, 3) * 5 % 3).astype("float32")
    equal[0, :3, :2], equal[0, 5] = np.nan, -np.inf
    x = tf.placeholder(tf.float32, [1, 6, 7, 3])
    kernel = tf.ones([3, 2, 3])
    ways = [(1, 1, "SAME"), (2, 2, "SAME"), (1, 0, "SAME"), (2, 1, "VALID")]
    dilated = [tf.nn.dilation2d(x, kernel, [1, stride, stride, 1], [1, rate, 1, 1], padding)
               for stride, rate, padding in ways]
    weights = [tf.reshape(tf.range(1.0, 1.0 + y.shape.num_elements()), y.shape) for y in dilated]
    grads = [tf.gradients(y, [x, kernel], weight) for y, weight in zip(dilated, weights)]
    return Case(steps=[(grads, {x: equal})])


@program
def nn_fractional_pools(tf):
    x = tf.placeholder(tf.float32, [2, 6, 7, 2], name="x")
    out = [tuple(f(x, [1.0, 1.4, 1.7, 1.0], deterministic=True, seed=seed, seed2=3, pseudo_random=pseudo,
                   overlapping=overlapping))
           for f in (tf.nn.fractional_max_pool, tf.nn.fractional_avg_pool)
           for seed, pseudo, overlapping in ((1, False, False), (2, True, False), (5, False, True))]
    grads = [tf.gradients(tf.square(pool[0]), [x]) for pool in out]
    return Case(steps=[([out, grads], {x: PICTURE})] * 2)


@program
def nn_averages_of_losses(tf):
    losses = tf.placeholder(tf.float32, [4], name="losses")
    some = tf.placeholder(tf.float32, name="some")
    average = tf.nn.compute_average_loss
    out = [average(losses, global_batch_size=8), average(losses, sample_weight=[1.0, 2.0, 3.0, 4.0]), average(losses),
           average(some, global_batch_size=3), tf.nn.scale_regularization_loss(losses)]
    return Case(steps=[(out, {losses: [1, 2, 3, 4], some: [5, 6]})])


@program
def nn_ctc_with_any_blank(tf):
    labels = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant([2, 3, 0]), [2, 2])
    logits = tf.placeholder(tf.float32, [5, 2, 4], name="logits")
    out = [tf.nn.ctc_loss_v2(labels, logits, None, [5, 4], blank_index=1),
           tf.nn.ctc_loss_v2(tf.SparseTensor(labels.indices, tf.constant([2, 1, 0]), [2, 2]), logits, None, [5, 4],
                             blank_index=-1)]
    out += tf.gradients(out[0], [logits])
    return Case(steps=[(out, {logits: np.sin(np.arange(40)).reshape(5, 2, 4)})])


@program
def nn_repeated_and_unique_labels(tf):
    labels = tf.constant([[1, 1, 2, 2, 1], [1, 1, 1, 1, 1], [3, 4, 4, 5, 5]])
    some = tf.placeholder(tf.int32, [None, None], name="some")
    lengths = tf.constant([4, 5, 2])
    out = [tf.nn.collapse_repeated(labels, lengths), tf.nn.collapse_repeated(some, lengths - 2, name="short"),
           tuple(tf.nn.ctc_unique_labels(labels))]
    return Case(steps=[(out, {some: [[1, 1, 0], [2, 3, 3], [4, 4, 4]]})])


@program
def nn_windows_that_do_not_fit(tf):
    """A run takes a window that is larger than the image by less than a step, and gives nothing."""
    x, wide = tf.placeholder(tf.float32, name="x"), [1, 7, 7, 1]
    kernel = tf.placeholder(tf.float32, name="kernel")
    out = [tf.nn.conv2d(x, kernel, [1, 3, 3, 1], "VALID"), tf.nn.depthwise_conv2d(x, kernel, [1, 3, 3, 1], "VALID"),
           tf.nn.max_pool(x, wide, [1, 3, 3, 1], "VALID"), tf.nn.avg_pool(x, wide, [1, 3, 3, 1], "VALID")]
    return Case(steps=[(out, {x: np.ones([1, 5, 5, 2]), kernel: np.ones([7, 7, 2, 1])})])


@program
def nn_convolution_of_any_steps(tf):
    x, kernel = tf.constant(PICTURE[:, :, :, :1]), np.ones([2, 2, 1, 1], "float32")
    out = [tf.nn.convolution(x, kernel, "SAME", strides=2), tf.nn.convolution(x, kernel, "SAME", dilation_rate=2),
           tf.nn.convolution(x, kernel, "VALID", strides=[1, 2, 1, 1]),
           tf.nn.convolution(PICTURE[0], np.ones([2, 2, 1], "float32"), "SAME", data_format="NWC")]
    return Case(steps=[(out, {})])
