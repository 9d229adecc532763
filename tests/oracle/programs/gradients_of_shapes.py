"""Gradients of functions that reduce, cut, join and rearrange."""

from __future__ import division

import numpy as np

from . import Case, program

CUBE = np.linspace(0.5, 2.8, 24, dtype=np.float32).reshape(2, 3, 4)


def of_each(tf, results, xs):
    """The gradients of every result with respect to `xs`, those that are None left out."""
    return [[g for g in tf.gradients(y, xs) if g is not None] for y in results]


@program
def gradient_of_sums_over_axes(tf):
    x = tf.constant(CUBE, name="x")
    out = [tf.reduce_sum(x, 0), tf.reduce_sum(x, [0, 2]), tf.reduce_sum(x, -1, keepdims=True),
           tf.reduce_sum(x, [0, 1, 2]), tf.reduce_sum(x, [])]  # fmt: skip
    return Case(steps=[(of_each(tf, out, x), None)])


@program
def gradient_of_sums_of_unknown_shape(tf):
    x = tf.placeholder(tf.float32, [None, 3, 4], name="x")
    u = tf.placeholder(tf.float32, name="u")
    out = [tf.reduce_sum(x, 0), tf.reduce_sum(x, [1, 2]), tf.reduce_sum(x, 1, keepdims=True), tf.reduce_sum(x),
           tf.reduce_sum(u), tf.reduce_sum(u, 1)]  # fmt: skip
    return Case(steps=[(of_each(tf, out[:4], x) + of_each(tf, out[4:], u), {x: CUBE, u: CUBE})])


@program
def gradient_of_a_sum_over_a_tensor_axis(tf):
    x = tf.constant(CUBE, name="x")
    axis = tf.placeholder(tf.int32, [], name="axis")
    return Case(steps=[(of_each(tf, [tf.reduce_sum(x, axis), tf.reduce_mean(x, axis)], x), {axis: 1})])


@program
def gradient_of_the_sum_of_a_scalar(tf):
    x = tf.constant(3.0, name="x")
    v = tf.Variable(2.0, name="v")
    out = of_each(tf, [tf.reduce_sum(x), tf.reduce_mean(x * x), tf.reduce_sum(tf.reduce_sum([x, x]))], x)
    return Case(init=True, steps=[(out + of_each(tf, [tf.reduce_sum(v * v)], v), None)])


@program
def gradient_of_means_over_axes(tf):
    x = tf.constant(CUBE, name="x")
    p = tf.placeholder(tf.float32, [None, 3, 4], name="p")
    out = [tf.reduce_mean(x, 1), tf.reduce_mean(x, [0, 1], keepdims=True)]
    other = [tf.reduce_mean(p), tf.reduce_mean(p, [1, 2]), tf.reduce_mean(p, 0)]
    return Case(steps=[(of_each(tf, out, x) + of_each(tf, other, p), {p: CUBE})])


@program
def gradient_of_extrema_and_products(tf):
    x = tf.constant(CUBE, name="x")
    p = tf.placeholder(tf.float32, [None, 4], name="p")
    out = [tf.reduce_max(x, 2), tf.reduce_min(x, [0, 1]), tf.reduce_prod(x, 1), tf.reduce_prod(x)]
    other = [tf.reduce_max(p, 1), tf.reduce_min(p), tf.reduce_prod(p, 0)]
    return Case(steps=[(of_each(tf, out, x) + of_each(tf, other, p), {p: CUBE[0]})])


@program
def gradient_of_deviations(tf):
    x = tf.constant(CUBE, name="x")
    out = [tf.math.reduce_variance(x), tf.math.reduce_std(x, 1), tf.math.reduce_euclidean_norm(x, 2),
           tf.norm(x, axis=0)]  # fmt: skip
    return Case(steps=[(of_each(tf, out, x), None)])


@program
def gradient_of_log_sum_exp(tf):
    x = tf.constant(CUBE, name="x")
    p = tf.placeholder(tf.float32, [None, 4], name="p")
    out = [tf.reduce_logsumexp(x), tf.reduce_logsumexp(x, 1), tf.reduce_logsumexp(x, [0, 2], keepdims=True)]
    return Case(steps=[(of_each(tf, out, x) + of_each(tf, [tf.reduce_logsumexp(p, 1)], p), {p: CUBE[0]})])


@program
def gradient_of_scans(tf):
    x = tf.constant(CUBE[0], name="x")
    out = [tf.cumsum(x), tf.cumsum(x, 1, exclusive=True, reverse=True), tf.cumprod(x, 1), tf.cumprod(x, reverse=True)]
    return Case(steps=[(of_each(tf, out, x), None)])


@program
def gradient_of_slices_of_unknown_shape(tf):
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    i = tf.placeholder(tf.int32, [], name="i")
    out = [x[0], x[:, 1:3], x[-1, ::2], x[i], x[i:, 0], tf.slice(x, [0, 1], [-1, 2]), x[..., None]]
    return Case(steps=[(of_each(tf, out, x), {x: CUBE[0], i: 1})])


@program
def gradient_of_slices_of_a_variable(tf):
    v = tf.Variable(CUBE[0], name="v")
    w = tf.get_variable("w", initializer=CUBE[0], use_resource=True)
    out = [v[1], v[:, 0], tf.slice(v, [1, 0], [2, 3])]
    return Case(init=True, steps=[(of_each(tf, out, v) + of_each(tf, [w[0], w[1:, 2]], w), None)])


@program
def gradient_of_splits(tf):
    x = tf.constant(CUBE, name="x")
    p = tf.placeholder(tf.float32, [None, 4], name="p")
    parts = tf.split(x, 3, axis=1) + tf.split(x, [1, 3], axis=2) + tf.unstack(x, axis=1)
    out = [parts[0] * 2.0 + parts[2], parts[4] * parts[4], parts[5] + parts[7]]
    other = tf.split(p, 2, axis=1)
    return Case(steps=[(of_each(tf, out, x) + of_each(tf, [other[0] * other[1]], p), {p: CUBE[0]})])


@program
def gradient_of_joins(tf):
    x, y = tf.constant(CUBE[0], name="x"), tf.constant(CUBE[1], name="y")
    out = [tf.concat([x, y], 0), tf.concat([x, y, x], -1), tf.stack([x, y], 1), tf.concat([x], 0),
           tf.parallel_stack([x, y])]  # fmt: skip
    return Case(steps=[(of_each(tf, [z * z for z in out[:4]], [x, y]), None), (out[4], None)])


@program
def gradient_of_joins_of_unknown_shape(tf):
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    y = tf.placeholder(tf.float32, [None, None], name="y")
    out = [tf.concat([x, y], 0), tf.concat([x, y], 1), tf.stack([x, y])]
    feed = {x: CUBE[0], y: CUBE[1]}
    return Case(steps=[(of_each(tf, [z * z for z in out], [x, y]), feed)])


@program
def gradient_of_rearrangements(tf):
    x = tf.constant(CUBE, name="x")
    out = [tf.transpose(x, [2, 0, 1]), tf.reverse(x, [1]), tf.roll(x, [1, 2], [0, 2]), tf.tile(x, [1, 2, 1]),
           tf.pad(x, [[0, 0], [1, 1], [0, 2]]), tf.pad(x, [[0, 0], [1, 1], [2, 1]], "REFLECT"),
           tf.reshape(x, [-1, 6]), tf.matrix_transpose(x), tf.broadcast_to(x, [2, 2, 3, 4]),
           tf.expand_dims(x, -1), tf.squeeze(x[:1], 0)]  # fmt: skip
    return Case(steps=[(of_each(tf, [y * y for y in out], x), None)])


@program
def gradient_of_rearrangements_of_unknown_shape(tf):
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    n = tf.shape(x)[0]
    out = [tf.transpose(x), tf.reverse(x, [0]), tf.tile(x, [2, 1]), tf.pad(x, [[1, 0], [0, 2]]), tf.reshape(x, [-1]),
           tf.reshape(x, [n, 2, 2]), tf.expand_dims(x, 1), tf.tile(x[:1], [n, 1])]  # fmt: skip
    return Case(steps=[(of_each(tf, [y * y for y in out], x), {x: CUBE[0]})])


@program
def gradient_of_gathers(tf):
    x = tf.constant(CUBE[0], name="x")
    v = tf.Variable(CUBE[0], name="v")
    out = [tf.gather(x, [2, 0, 2]), tf.gather(x, [[1], [3]], axis=1), tf.gather_nd(x, [[0, 1], [2, 3]]),
           tf.gather_nd(x, [[1], [1]]), tf.boolean_mask(x, [True, False, True]), tf.batch_gather(x, [[0], [3], [3]])]
    rows = tf.nn.embedding_lookup(v, [[0, 1], [1, 2]])
    return Case(init=True, steps=[(of_each(tf, [y * y for y in out], x) + of_each(tf, [rows * rows], v), None)])


@program
def gradient_of_gathers_of_unknown_shape(tf):
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    ids = tf.placeholder(tf.int64, [None], name="ids")
    out = [tf.gather(x, ids), tf.gather(x, ids, axis=1), tf.boolean_mask(x, x[:, 0] > 0.6), tf.where(x > 1.0, x, -x)]
    return Case(steps=[(of_each(tf, [y * y for y in out], x), {x: CUBE[0], ids: [1, 2, 1]})])


@program
def gradient_of_choices(tf):
    x, y = tf.constant(CUBE[0], name="x"), tf.constant(CUBE[1], name="y")
    out = [tf.where([True, False, True], x, y), tf.where(x > 1.0, x * 2.0, y), tf.clip_by_value(x, 0.8, 1.2),
           tf.clip_by_value(x, 0.8, y), tf.nn.top_k(x, 2)[0], tf.sort(x, direction="DESCENDING")]  # fmt: skip
    return Case(steps=[(of_each(tf, out, [x, y]), None)])


@program
def gradient_of_segments(tf):
    x = tf.constant(CUBE[0], name="x")
    ids = tf.constant([0, 0, 1])
    out = [tf.segment_sum(x, ids), tf.segment_mean(x, ids), tf.segment_max(x, ids), tf.segment_min(x, ids),
           tf.unsorted_segment_sum(x, ids, 3), tf.unsorted_segment_max(x, [2, 0, 2], 3),
           tf.unsorted_segment_mean(x, ids, 2), tf.unsorted_segment_sqrt_n(x, ids, 2),
           tf.unsorted_segment_prod(x, ids, 2)]  # fmt: skip
    return Case(steps=[(of_each(tf, out, x), None)])


@program
def gradient_of_sparse_segments(tf):
    x = tf.constant(CUBE[0], name="x")
    rows, ids = tf.constant([0, 2, 1]), tf.constant([0, 0, 1])
    out = [tf.sparse_segment_sum(x, rows, ids), tf.sparse_segment_mean(x, rows, ids),
           tf.sparse_segment_sqrt_n(x, rows, ids)]  # fmt: skip
    return Case(steps=[(of_each(tf, out, x), None)])


@program
def gradient_of_partition_and_stitch(tf):
    x = tf.constant(CUBE[0], name="x")
    first, second = tf.dynamic_partition(x, [0, 1, 0], 2)
    back = tf.dynamic_stitch([[0, 2], [1]], [first * 2.0, second * 3.0])
    return Case(steps=[([back] + of_each(tf, [back, first], x), None)])


@program
def gradient_of_scatters(tf):
    updates = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="updates")
    x = tf.constant(CUBE[0][:, :2], name="x")
    out = [tf.scatter_nd([[0], [2]], updates, [3, 2]), tf.tensor_scatter_update(x, [[0], [2]], updates),
           tf.tensor_scatter_add(x, [[0], [0]], updates), tf.tensor_scatter_sub(x, [[1], [2]], updates)]  # fmt: skip
    return Case(steps=[(of_each(tf, [y * y for y in out], [x, updates]), None)])


@program
def gradient_of_sequences(tf):
    x = tf.constant(CUBE, name="x")
    out = [tf.reverse_sequence(x, [2, 3], seq_axis=1, batch_axis=0), tf.space_to_depth(tf.reshape(x, [1, 2, 4, 3]), 2),
           tf.depth_to_space(tf.reshape(x, [1, 2, 3, 4]), 2),
           tf.batch_to_space(tf.reshape(x, [4, 1, 2, 3]), [[0, 0], [0, 0]], 2),
           tf.space_to_batch(tf.reshape(x, [1, 2, 4, 3]), [[0, 0], [0, 0]], 2)]  # fmt: skip
    return Case(steps=[(of_each(tf, [y * y for y in out], x), None)])


@program
def gradient_of_casts_and_checks(tf):
    x = tf.constant(CUBE[0], name="x")
    out = [tf.cast(tf.cast(x, tf.float64) * 2.0, tf.float32), tf.check_numerics(x, "x"), tf.identity_n([x, x])[1],
           tf.ensure_shape(x, [3, 4]), tf.placeholder_with_default(x, [3, 4]), tf.Print(x, [], "x"),
           tf.saturate_cast(x, tf.float16), tf.stop_gradient(x) + x]  # fmt: skip
    return Case(steps=[(of_each(tf, out, x), None)])


@program
def gradient_of_complex_numbers(tf):
    x, y = tf.constant([1.0, 2.0], name="x"), tf.constant([0.5, -1.0], name="y")
    z = tf.complex(x, y)
    out = [tf.real(z * z), tf.imag(z * z), tf.abs(z), tf.real(tf.conj(z) * z), tf.angle(z), tf.real(tf.exp(z) / z)]
    return Case(steps=[(of_each(tf, out, [x, y]), None)])
