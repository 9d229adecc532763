"""Numbers at the edges of arithmetic: NaN, the largest unsigned integers, truth values where numbers are asked for."""

from __future__ import division

import numpy as np

from . import Case, program

LARGE = np.array([0, 1, 2 ** 63, 2 ** 64 - 1, 2 ** 63 + 5, 7], np.uint64)
OTHER = np.array([1, 2 ** 63, 3, 2 ** 64 - 1, 2 ** 63 + 6, 0], np.uint64)


@program
def extremes_of_nan(tf):
    nan = np.array([np.nan] * 3 + [2.0] * 3, np.float32)
    number = np.array([1.0, 3.0, np.nan] * 2, np.float32)
    p, q = tf.placeholder(tf.float32, [6], name="p"), tf.placeholder(tf.float32, [6], name="q")
    out = [f(*pair) for f in (tf.maximum, tf.minimum)
           for pair in ((p, q), (q, p), (p, 1.5), (1.5, p), (nan, p), (p, nan), (p[:1], q))]
    slopes = tf.gradients(tf.maximum(p, q) + tf.minimum(p, q) * 3.0, [p, q])
    return Case(steps=[(out + slopes, {p: nan, q: number})], show=out + slopes)


@program
def large_unsigned_integers(tf):
    b = tf.bitwise
    out = [f(LARGE, OTHER) for f in (tf.less, tf.less_equal, tf.greater, tf.greater_equal, b.bitwise_and,
                                     b.bitwise_or, b.bitwise_xor)]
    out += [b.left_shift(LARGE, OTHER % np.uint64(64)), b.right_shift(LARGE, OTHER % np.uint64(64)), b.invert(LARGE)]
    return Case(steps=[(out, None)], show=out)


@program
def truth_values_as_numbers(tf):
    x = tf.constant([1.5, 2.0])
    v = tf.Variable(1.0)
    out = [tf.constant(True, tf.float32), tf.constant([False, 1.5], tf.float64), x + True, True - x, x > True,
           tf.multiply(x, [[True]]), x // True, tf.constant(True, tf.complex64), tf.clip_by_value(x, False, True),
           tf.concat([x, [True]], 0), tf.stack([x[0], True]), tf.constant([1.0], tf.float16) * True]
    return Case(init=True, steps=[(out, None), (tf.assign_add(v, True), None)], show=out)


@program
def bessel_functions_of_sparse_tensors(tf):
    s = tf.SparseTensor([[0, 1]], [0.25], [2, 2])
    out = [tf.math.bessel_i0e(s).values, tf.math.bessel_i1e(s, name="named").values, tf.math.bessel_i0([0.5]),
           tf.real(tf.Variable([1.0]))[:0]]
    return Case(steps=[(out[:3], None)], show=out)


@program
def reductions_of_nan(tf):
    nan = np.nan
    x = tf.constant(np.array([[1.0, nan, 3.0], [nan, nan, nan], [nan, 2.0, -np.inf]], np.float32))
    one = tf.constant([[nan], [2.0]])
    p = tf.placeholder(tf.float32, name="p")
    out = [f(x, axis) for f in (tf.reduce_max, tf.reduce_min) for axis in (None, 0, 1, [0, 1], [])]
    out += [f(x, axis) for f in (tf.argmax, tf.argmin) for axis in (0, 1)]
    out += [f(one, 1) for f in (tf.reduce_max, tf.reduce_min, tf.argmax)] + [tf.reduce_max(one, 1, keepdims=True)]
    out += [tf.reduce_max(p, 1), tf.argmin(p, 1), tf.reduce_max(tf.cast(x, tf.float64), 1), tf.norm(x, np.inf)]
    out += [tf.cast(f(tf.cast(x, dtype), 1), tf.float32) for f in (tf.reduce_min, tf.argmax)
            for dtype in (tf.float16, tf.bfloat16)]
    out += [tf.sparse.reduce_max(tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [1.0, nan, nan], [2, 2]), 1)]
    out += tf.gradients(tf.reduce_max(x, 1), x) + tf.gradients(tf.reduce_min(x, 0), x)
    return Case(steps=[(out, {p: [[nan, 1.0], [nan, nan]]})], show=out)


@program
def smallest_numbers_divided(tf):
    small, large = np.array([-128, -128, 0, 7, 100, -7], np.int8), np.array([3, 127, -128, -128, -3, 2], np.int8)
    out = [tf.floordiv(small, large), tf.floordiv(np.array([-32768, -32768], np.int16), np.array([3, -1], np.int16))]
    x = tf.placeholder(tf.complex64, [2, 3], name="x")
    out += [tf.math.reduce_variance(x), tf.math.reduce_variance(x, 0), tf.math.reduce_std(x, 1)]
    return Case(steps=[(out, {x: [[1 + 2j, 3, 1j], [2, 4j, 1]]})], show=out)


@program
def parts_of_words_of_other_ranks(tf):
    part = tf.strings.substr
    out = [part(["hello", "world"], 1, -1), part(["hello", "world"], [[0, 1]], [[1, 2]]), part("ab", [[0]], [[1]]),
           part([["ab"], ["cd"]], [[0, 1]], [[1, 1]]), part([b"h\xc3\xa9llo"], [1], [-1], unit="UTF8_CHAR")]
    return Case(steps=[(out, None)], show=out)


@program
def slopes_of_hue(tf):
    colours = tf.constant(np.array([[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [.5, .5, .2], [.2, .5, .5],
                                    [.5, .2, .5], [.1, .2, .4], [.4, .1, .2], [.2, .4, .1]], np.float32))
    out = tf.gradients(tf.image.rgb_to_hsv(colours), colours)
    return Case(steps=[(out, None)], show=out)
