"""Pools where the numbers are none, infinite or alike, and where windows are given in unusual ways."""

import numpy as np

from . import Case, program
from .functions import internal
from .windows_refused import outcomes

NAN, INF = np.nan, np.inf
WINDOWS = [
    [NAN, 1, NAN, 2],
    [1, NAN, 2, NAN],
    [NAN] * 4,
    [-INF] * 4,
    [-INF, NAN, -INF, -INF],
    [INF, NAN, INF, 1],
    [NAN, NAN, -INF, 5],
    [3, NAN, 3, 3],
    [7, 7, 7, 7],
    [-1, -2, -3, -1],
]


def pictures(dtype, channels):
    """Two rows in which each window of 2 x 2 is one of the above."""
    rows = np.concatenate([np.array(numbers, dtype).reshape(1, 2, 2, 1) for numbers in WINDOWS], 2)
    return np.repeat(rows, channels, 3)


@program
def largest_of_no_numbers(tf):
    """NaN is never larger; where it stands first, the gradient goes there."""
    gen_nn_ops = internal(tf, "tensorflow.python.ops.gen_nn_ops")
    found = []
    for dtype, channels in (("float32", 1), ("float64", 2), ("float16", 1), ("float32", 16)):
        given = pictures(dtype, channels)
        x = tf.constant(given)
        two = [1, 2, 2, 1]
        y = tf.nn.max_pool(x, two, two, "VALID")
        places = list(tf.nn.max_pool_with_argmax(x, two, two, "VALID"))
        numbers = tf.constant(np.arange(given.size).reshape(given.shape).astype(dtype))
        found += [y, tf.gradients(y, x)[0]] + places + [
            gen_nn_ops.max_pool_grad_grad(x, y, numbers, two, two, "VALID"),
            tf.nn.max_pool(x, [1, 2, 3, 1], [1, 1, 1, 1], "SAME"), tf.nn.relu(tf.nn.max_pool(x, two, two, "VALID")),
        ]
    return Case([(found, None)])


@program
def largest_of_volumes(tf):
    """All that are as large as the largest of a volume's window get its gradient."""
    gen_nn_ops = internal(tf, "tensorflow.python.ops.gen_nn_ops")
    found = []
    for x in (
        tf.ones([1, 3, 3, 2, 1]),
        tf.constant(np.arange(48, dtype="f").reshape([1, 4, 3, 4, 1]) // 5),
        tf.constant([1, 1 - 1e-6, 0.5, 1 - 1e-4], shape=[1, 2, 2, 1, 1]),
    ):
        for ksize, strides, padding in (
            (2, 1, "SAME"),
            ([1, 2, 2, 2, 1], [1, 2, 1, 2, 1], "SAME"),
            ([1, 1, 2, 1, 1], [1, 1, 2, 1, 1], "VALID"),
        ):
            y = tf.nn.max_pool3d(x, ksize, strides, padding)
            (dx,) = tf.gradients(y, x)
            found += [y, dx]
    x = tf.ones([1, 2, 2, 2, 1])
    two = [1, 2, 2, 2, 1]
    found.append(gen_nn_ops.max_pool3d_grad_grad(x, tf.nn.max_pool3d(x, two, two, "SAME"), x * 3, two, two, "SAME"))
    return Case([(found, None)])


@program
def windows_given_oddly(tf):
    """Sizes for each dimension of sequences, arrays as tensors, windows of nothing, vectors as channels."""
    nn = tf.nn
    x, sequences = tf.constant(np.arange(24, dtype="f").reshape([1, 4, 3, 2])), tf.ones([4, 8, 9])
    made = [
        [pool(sequences, ksize, ksize, "SAME", data_format).op.inputs[0].op.get_attr(name)[:]
         for name in ("ksize", "strides")]
        for pool in (nn.max_pool1d, nn.avg_pool1d)
        for ksize, data_format in (([1, 2, 1], "NWC"), ([2], "NCW"), ([1, 1, 2], "NCW"), (3, "NWC"))
    ]
    kinds = [
        [
            str(pool(np.arange(16).reshape([1, 4, 2, 2]).astype(dtype), 2, 2, "SAME").dtype)
            for pool in (nn.max_pool_v2, nn.avg_pool_v2, nn.max_pool)
        ]
        for dtype in ("float32", "float64", "float16")
    ]
    nothing = nn.avg_pool(x, [1, 0, 2, 1], 1, "SAME")
    calls = [
        lambda: nn.max_pool_v2([[1.0]], 2, 2, "SAME"),
        lambda: nn.max_pool_v2(tf.placeholder(tf.float32), 2, 2, "SAME"),
        lambda: nn.avg_pool_v2(tf.placeholder(tf.float32), 2, 2, "SAME", data_format="NHWC"),
        lambda: nn.max_pool(x, [1, 0, 1, 1], [1, 1, 1], "SAME"),
        lambda: nn.max_pool(x, [1, 0, 1, 1], 1, "SAME"),
        lambda: nn.max_pool_v2(x, [1, 0, 1, 1], 1, "SAME"),
        lambda: nn.max_pool(x, 2, 1, "SAME", "NCHW_VECT_C"),
        lambda: nn.max_pool(x[None], 2, 1, "SAME", "NCHW_VECT_C"),
        lambda: nn.max_pool(x, [1, 1, 1, 2], [1, 2, 2, 1], "SAME"),
        lambda: nn.max_pool3d(x[None], [1, 1, 1, 1, 2], 1, "SAME"),
        lambda: nn.dilation2d(x, tf.ones([6, 2, 2]), [1] * 4, [1] * 4, "VALID"),
    ]
    vectors = nn.max_pool(
        tf.placeholder(tf.float32, [1, 4, 4, 6, 4]), [1, 1, 2, 2], [1, 1, 2, 3], "SAME", "NCHW_VECT_C"
    )
    level = nn.dilation2d(x, tf.ones([2, 2, 2]), [1] * 4, [1, 0, 1, 1], "SAME")
    facts = {"kinds": kinds, "made": made, "refused": outcomes(tf, calls), "vectors": vectors.shape.as_list()}
    return Case([([nothing, tf.gradients(nothing, x)[0], level], None)], facts=facts)


@program
def fractions_that_divide(tf):
    """A whole number of pixels to each window still takes its random numbers."""
    x = tf.constant(np.random.RandomState(1).randn(2, 8, 9, 2).astype("f"))
    parts = [part for pool in (tf.nn.fractional_max_pool, tf.nn.fractional_avg_pool)
             for overlapping in (False, True)
             for part in pool(x, [1.0, 1.0, 2.0, 1.0], False, overlapping, deterministic=True, seed=5, seed2=2)]
    return Case([(parts, None)])
