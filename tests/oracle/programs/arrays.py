"""Shapes, slices, joins, gathers, reductions and products."""

from __future__ import division

import numpy as np

from . import Case, program


@program
def reductions(tf):
    x = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    out = [tf.reduce_sum(x), tf.reduce_sum(x, 0), tf.reduce_sum(x, [0, 1]), tf.reduce_sum(x, -1),
           tf.reduce_mean(x, axis=1)]
    out += [tf.reduce_max(x, 1, keepdims=True), tf.reduce_min(x, axis=[-1]), tf.reduce_prod(x, 0),
            tf.reduce_sum(x, [])]
    out += [tf.reduce_sum(x, 1, keep_dims=True), tf.reduce_logsumexp(x), tf.reduce_logsumexp(x, 1)]
    out += [tf.reduce_sum(x, reduction_indices=[1]), tf.reduce_mean(x, name="average")]
    return Case(steps=[(out, None)], show=out)


@program
def reductions_bool_int(tf):
    b = tf.constant([[True, False], [True, True]])
    i = tf.constant([[1, 2], [3, 4]])
    out = [tf.reduce_all(b), tf.reduce_any(b, 0), tf.reduce_all(b, 1, keepdims=True), tf.reduce_mean(i),
           tf.reduce_sum(i, 1)]
    out += [tf.count_nonzero(i), tf.count_nonzero([[0.0, 1.0], [2.0, 0.0]], axis=0)]
    return Case(steps=[(out, None)])


@program
def reductions_unknown_rank(tf):
    x = tf.placeholder(tf.float32, name="x")
    out = [tf.reduce_sum(x), tf.reduce_mean(x, 0), tf.reduce_max(x, axis=-1, keepdims=True)]
    return Case(steps=[(out, {x: [[1.0, 2.0], [3.0, 5.0]]})], show=out)


@program
def reductions_tensor_axis(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    axis = tf.placeholder(tf.int32, [], name="axis")
    return Case(steps=[(tf.reduce_sum(x, axis), {axis: 1}), (tf.reduce_sum(x, tf.constant([0, 1])), None)])


@program
def scans(tf):
    x = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    out = [tf.cumsum(x), tf.cumsum(x, 1, exclusive=True), tf.cumsum(x, 1, reverse=True), tf.cumprod(x, 1)]
    return Case(steps=[(out, None)])


@program
def matmul(tf):
    a = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="a")
    b = tf.constant([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], name="b")
    out = [tf.matmul(a, b), tf.matmul(a, a, transpose_b=True), tf.matmul(b, b, transpose_a=True, name="gram")]
    out += [tf.matmul(a, b, transpose_a=True, transpose_b=True),
            a.__matmul__(b)]
    out += [tf.matmul(a, b, a_is_sparse=True)]
    return Case(steps=[(out, None)], show=out)


@program
def matmul_batch(tf):
    a = tf.constant(np.arange(12, dtype=np.float32).reshape(2, 2, 3))
    b = tf.constant(np.arange(12, dtype=np.float32).reshape(2, 3, 2))
    c = tf.constant(np.ones((3, 2), np.float32))
    out = [tf.matmul(a, b), tf.matmul(a, a, transpose_b=True), tf.matmul(a, a, adjoint_a=True),
           tf.matmul(a, c)]
    return Case(steps=[(out, None)], show=out)


@program
def matmul_placeholders(tf):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.placeholder(tf.float32, name="w")
    y = tf.matmul(x, w)
    z = tf.matmul(x, x, transpose_b=True)
    return Case(steps=[([y, z], {x: [[1, 2, 3]], w: [[1], [1], [2]]})], show=[y, z])


@program
def reshapes(tf):
    x = tf.constant(np.arange(24).reshape(2, 3, 4), dtype=tf.float32)
    p = tf.placeholder(tf.float32, [None, 4])
    out = [tf.reshape(x, [6, 4]), tf.reshape(x, [-1]), tf.reshape(x, [2, -1, 2]), tf.reshape(x, (4, 6)),
           tf.transpose(x)]
    out += [tf.transpose(x, [1, 0, 2]), tf.transpose(x, perm=[0, 2, 1], name="swap"), tf.expand_dims(x, 0),
            tf.expand_dims(x, -1)]
    out += [tf.expand_dims(x, axis=1), tf.squeeze(tf.expand_dims(x, 0)),
            tf.squeeze(tf.reshape(x, [1, 24, 1]), [0])]
    out += [tf.reshape(p, [-1, 2, 2]), tf.reshape(p, [tf.shape(p)[0], 2, 2]), tf.transpose(p),
            tf.matrix_transpose(x)]
    return Case(steps=[(out, {p: [[1, 2, 3, 4]]})], show=out)


@program
def joins(tf):
    a = tf.constant([[1, 2], [3, 4]])
    b = tf.constant([[5, 6]])
    out = [tf.concat([a, b], 0), tf.concat([a, a], axis=1), tf.concat([a, a], -1, name="wide"),
           tf.concat([a], 0)]
    out += [tf.stack([a, a]), tf.stack([a, a], axis=1), tf.stack([a, a], axis=-1), tf.stack([1, 2, 3]),
            tf.stack([1.0, tf.constant(2.0)])]
    out += tf.unstack(a) + tf.unstack(a, axis=1, name="columns") + tf.unstack(a, num=2)
    out += tf.split(a, 2) + tf.split(a, 2, axis=1) + tf.split(tf.range(6), [1, 2, 3]) + tf.split(tf.range(6),
                                                                                                 [1, -1, 3])
    return Case(steps=[(out, None)], show=out)


@program
def slices(tf):
    x = tf.constant(np.arange(24).reshape(2, 3, 4))
    out = [x[0], x[1, 2], x[1, 2, 3], x[:, 1], x[..., 0], x[:, None, 1:, ::2], x[-1], x[0, ::-1],
           x[..., None, 1:-1:2], x[..., tf.newaxis]]
    out += [x[:, :, 1:3], x[1:], x[:1, ..., -1], x[::-1, ::2, 3:0:-1], x[5:9], x[0:1, 1], x[...]]
    return Case(steps=[(out, None)], show=out)


@program
def slices_tensor_indices(tf):
    x = tf.constant(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    i = tf.constant(1)
    p = tf.placeholder(tf.int32, [], name="p")
    q = tf.placeholder(tf.float32, [None, None, 4], name="q")
    out = [x[i], x[0, i], x[i:], x[:, :i], x[0, p], x[:, p:], x[np.int64(1)], q[0], q[:, 0], q[..., 1:],
           q[p, :, p]]
    return Case(steps=[(out, {p: 2, q: np.arange(36).reshape(3, 3, 4)})], show=out)


@program
def slice_function(tf):
    x = tf.constant(np.arange(24).reshape(2, 3, 4))
    out = [tf.slice(x, [0, 1, 0], [1, 2, 4]), tf.slice(x, [0, 1, 2], [-1, -1, -1], name="rest"),
           tf.slice(tf.range(5), [1], [3])]
    out += [tf.strided_slice(x, [0, 0, 0], [2, 3, 4], [1, 2, 3]),
            tf.strided_slice(x, [0], [1], shrink_axis_mask=1)]
    return Case(steps=[(out, None)], show=out)


@program
def gathers(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    out = [tf.gather(x, [2, 0]), tf.gather(x, 1), tf.gather(x, [[0, 1], [1, 0]]),
           tf.gather(x, [1, 0], axis=1), tf.gather(x, [0], axis=-1)]
    out += [tf.gather_nd(x, [[0, 0], [2, 1]]), tf.gather_nd(x, [[1]]), tf.nn.embedding_lookup(x, [1, 1, 0])]
    out += [tf.gather(tf.range(4), tf.constant([3, 3], tf.int64), name="picked"),
            tf.boolean_mask(x, [True, False, True])]
    return Case(steps=[(out, None)], show=out)


@program
def tile_pad_one_hot(tf):
    x = tf.constant([[1, 2], [3, 4]])
    out = [tf.tile(x, [2, 1]), tf.tile(x, (1, 3)), tf.pad(x, [[1, 0], [0, 2]]),
           tf.pad(x, [[1, 1], [1, 1]], constant_values=9)]
    out += [tf.pad(x, [[1, 1], [1, 1]], "REFLECT"), tf.pad(x, [[1, 1], [1, 1]], mode="SYMMETRIC"),
            tf.one_hot([0, 2, -1, 5], 3)]
    out += [tf.one_hot([1, 0], 2, on_value=5, off_value=-5), tf.one_hot([[1]], 3, axis=0),
            tf.one_hot([1], 2, dtype=tf.int64)]
    out += [tf.reverse(x, [0]), tf.reverse(x, [-1, 0]), tf.sequence_mask([1, 3], 4), tf.roll(x, 1, 0)]
    return Case(steps=[(out, None)], show=out)


@program
def casts(tf):
    x = tf.constant([1.7, -1.7, 0.0])
    out = [tf.cast(x, tf.int32), tf.cast(x, tf.bool), tf.cast(x, tf.float64), tf.cast(x, tf.float32),
           tf.cast(x, "int64")]
    out += [tf.cast([True, False], tf.float32), tf.cast([1, 2], tf.float16),
            tf.saturate_cast(tf.constant([300.0, -5.0]), tf.uint8)]
    out += [tf.to_float(tf.constant([1])), tf.bitcast(tf.constant(1.0), tf.int32),
            tf.cast(tf.constant(3), tf.complex64)]
    return Case(steps=[(out, None)], show=out)


@program
def shape_size_rank(tf):
    x = tf.constant(np.zeros((2, 3), np.float32))
    p = tf.placeholder(tf.float32, [None, 3])
    u = tf.placeholder(tf.float32)
    out = [tf.shape(x), tf.size(x), tf.rank(x), tf.shape(p), tf.size(p), tf.rank(p), tf.shape(u), tf.size(u),
           tf.rank(u)]
    out += [tf.shape(x, out_type=tf.int64), tf.shape_n([x, p])[1], tf.shape(p)[0],
            tf.broadcast_dynamic_shape(tf.shape(x), tf.shape(p))]
    return Case(steps=[(out, {p: np.ones((1, 3)), u: np.ones((2, 2, 2))})], show=out)


@program
def fills(tf):
    p = tf.placeholder(tf.float32, [None, 2])
    n = tf.shape(p)[0]
    out = [tf.zeros([2, 3]), tf.ones((2,), tf.int32), tf.zeros([]), tf.zeros([0, 2]), tf.fill([2, 2], 9),
           tf.fill([3], "s"), tf.zeros([n, 2])]
    out += [tf.ones([n]), tf.zeros_like(p), tf.ones_like(p), tf.zeros_like([1, 2, 3]), tf.ones_like([[1.0]]),
            tf.zeros_like(p, dtype=tf.int64)]
    out += [tf.zeros([2], tf.bool), tf.ones([2], tf.bool), tf.zeros([1], tf.string), tf.eye(2),
            tf.eye(2, 3, batch_shape=[2]), tf.fill([n], 1.0)]
    out += [tf.zeros([40, 50]), tf.ones([1100])]
    return Case(steps=[(out[:-2], {p: [[1, 2], [3, 4]]}),
                       ([tf.reduce_sum(out[-1]), tf.shape(out[-2])], None)], show=out)


@program
def ranges(tf):
    n = tf.placeholder(tf.int32, [])
    out = [tf.range(5), tf.range(1, 9, 2), tf.range(3.0), tf.range(0.0, 1.0, 0.25), tf.range(n),
           tf.range(5, 0, -2), tf.range(tf.constant(4))]
    out += [tf.lin_space(0.0, 1.0, 5), tf.linspace(1.0, 2.0, 3, name="points"),
            tf.range(0, 3, dtype=tf.int64), tf.range(2, n, name="up")]
    return Case(steps=[(out, {n: 4})], show=out)


@program
def where_and_select(tf):
    c = tf.constant([True, False, True])
    a = tf.constant([1, 2, 3])
    b = tf.constant([10, 20, 30])
    m = tf.constant([[1, 2], [3, 4], [5, 6]])
    out = [tf.where(c, a, b), tf.where(c), tf.where(c, m, -m), tf.where(a > 1), tf.clip_by_value(a, 2, 2),
           tf.clip_by_value([0.5, 3.0], 0.0, 1.0)]
    return Case(steps=[(out, None)], show=out)


@program
def argmax_topk(tf):
    x = tf.constant([[3.0, 1.0, 2.0], [0.0, 5.0, 5.0]])
    out = [tf.argmax(x, 1), tf.argmax(x), tf.argmin(x, axis=-1), tf.argmax(x, 1, output_type=tf.int32),
           tf.arg_max(x, 1)]
    out += list(tf.nn.top_k(x, 2)) + [tf.nn.in_top_k(x, [0, 2],
                                                     1)] + list(tf.unique([1, 1, 2,
                                                                           4])) + [tf.invert_permutation([1,
                                                                                                          0])]
    out += [tf.segment_sum(x, [0, 0]), tf.unsorted_segment_sum(x, [1, 0], 3),
            tf.dynamic_stitch([[0], [1]], [[1], [2]])]
    out += [tf.sort([3, 1, 2]), tf.argsort([3.0, 1.0, 2.0])]
    return Case(steps=[(out, None)], show=out)


@program
def linear_algebra(tf):
    x = tf.constant([[2.0, 1.0], [1.0, 3.0]])
    out = [tf.matrix_inverse(x), tf.matrix_determinant(x), tf.trace(x), tf.diag([1.0, 2.0]), tf.diag_part(x),
           tf.norm(x), tf.norm(x, axis=1)]
    out += [tf.matrix_diag([1.0, 2.0]), tf.matrix_band_part(x, 0, -1), tf.cholesky(x),
            tf.matrix_solve(x, [[1.0], [2.0]]), tf.norm(x, ord=1)]
    return Case(steps=[(out, None)])


@program
def einsum(tf):
    a = tf.constant(np.arange(6, dtype=np.float32).reshape(2, 3))
    b = tf.constant(np.arange(6, dtype=np.float32).reshape(3, 2))
    return Case(steps=[([tf.matmul(a, b), tf.tensordot(a, b, axes=[[1], [0]]), tf.tensordot(a, b, axes=0)],
                        None)])


@program
def shape_setting(tf):
    p = tf.placeholder(tf.float32)
    p.set_shape([None, 2])
    q = tf.placeholder(tf.float32, [None, None])
    q.set_shape([3, None])
    r = tf.ensure_shape(q, [3, 2]) if hasattr(tf, "ensure_shape") else q
    s = tf.matmul(q, p, transpose_b=True)
    t = tf.placeholder_with_default(tf.zeros([2]), None)
    return Case(show=[p, q, r, s, t], steps=[(s, {p: [[1, 2]], q: [[1, 1], [2, 2], [3, 3]]})])


@program
def static_shapes(tf):
    x = tf.placeholder(tf.float32, [None, 28, 28, 1])
    u = tf.placeholder(tf.float32)
    n = tf.placeholder(tf.int32, [2])
    v = tf.placeholder(tf.float32, [5])
    out = [tf.reshape(x, [-1, 784]), x + u, x * tf.ones([28, 1, 3]), tf.concat([x, x], 3),
           tf.reduce_mean(x, [1, 2]), tf.transpose(x, [3, 0, 1, 2])]
    out += [tf.reshape(x, n), tf.fill(n, 1.0), tf.zeros(n), tf.stack([v, v]), tf.tile(x, [1, 2, 1, 1]),
            tf.expand_dims(u, 0), tf.squeeze(x)]
    out += [tf.argmax(x, 3), tf.where(u), tf.boolean_mask(v, tf.greater(v, 0.0)),
            tf.one_hot(tf.argmax(x, 3), 10), tf.pad(x, [[0, 0], [2, 2], [2, 2], [0, 0]])]
    out += [tf.nn.conv2d(x, tf.zeros([5, 5, 1, 8]), [1, 2, 2, 1], "SAME"),
            tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID"), tf.shape(u), x[:, 3:, ::2]]
    out += [tf.range(n[0]), tf.reshape(v, tf.stack([n[0], 5])), tf.slice(x, [0, 0, 0, 0], [-1, 14, 14, 1]),
            tf.unstack(v)[0], tf.gather(x, [0, 1])]
    out += [tf.linspace(0.0, 1.0, 7), tf.matmul(tf.reshape(x, [-1, 784]), tf.zeros([784, 10])),
            tf.broadcast_to(v, [3, 5]), tf.reduce_sum(u)]
    return Case(show=out)
