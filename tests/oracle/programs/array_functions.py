"""Functions that make, index, mask and rearrange arrays of several nodes, in their usual forms."""

from __future__ import division

import numpy as np

from . import Case, program


@program
def zeros_and_ones(tf):
    n = tf.placeholder(tf.int32, [], name="n")
    out = [tf.zeros(5), tf.zeros([]), tf.ones(3, tf.int32), tf.zeros((2, 3)), tf.ones(tf.TensorShape([2])),
           tf.zeros(tf.constant([2, 2])), tf.ones([n, 2]), tf.zeros([n], tf.string), tf.zeros(np.array([1, 2])),
           tf.ones([2], tf.float64, name="named"), tf.zeros([1, 0, 2], tf.complex64), tf.ones([], tf.bool)]
    return Case(steps=[(out, {n: 2})], show=out)


@program
def large_zeros_and_ones(tf):
    out = [tf.zeros([999]), tf.zeros([1000]), tf.zeros([1001]), tf.ones([40, 25]), tf.ones([50, 40]),
           tf.zeros([10, 200, 3])]
    return Case(steps=[([tf.reduce_sum(x) for x in out], None)], show=out)


@program
def zeros_and_ones_like(tf):
    x = tf.constant([[1, 2], [3, 4]], name="x")
    p = tf.placeholder(tf.float32, [None, 2], name="p")
    u = tf.placeholder(tf.float32, name="u")
    s = tf.constant(["a", "b"])
    v = tf.Variable([1.0, 2.0], name="v")
    out = [tf.zeros_like(x), tf.ones_like(x, tf.float32), tf.zeros_like(p), tf.ones_like(p), tf.zeros_like(u),
           tf.ones_like(u), tf.zeros_like(s), tf.zeros_like(p, tf.bool), tf.ones_like(v), tf.zeros_like(v),
           tf.zeros_like(x, optimize=False), tf.ones_like([1.0, 2.0], name="named")]
    return Case(init=True, steps=[(out, {p: [[1, 2]], u: 3.0})], show=out)


@program
def fill_forms(tf):
    n = tf.placeholder(tf.int32, [], name="n")
    out = [tf.fill([2, 3], 7), tf.fill([n, 2], 0.5), tf.fill([], True), tf.fill(tf.constant([3]), "s"),
           tf.fill([2], tf.constant(1.0))]
    return Case(steps=[(out, {n: 1})], show=out)


@program
def eye_forms(tf):
    n = tf.placeholder(tf.int32, [], name="n")
    out = [tf.eye(3), tf.eye(2, 4), tf.eye(2, batch_shape=[3]), tf.eye(n), tf.eye(n, 3, dtype=tf.int32),
           tf.eye(2, dtype=tf.float64)]
    return Case(steps=[(out, {n: 2})], show=out)


@program
def sequence_masks(tf):
    n = tf.placeholder(tf.int32, [None], name="n")
    out = [tf.sequence_mask([1, 3, 2]), tf.sequence_mask([1, 3], 5), tf.sequence_mask([[1], [2]], 3, tf.float32),
           tf.sequence_mask(n), tf.sequence_mask(n, tf.reduce_max(n) + 1, dtype=tf.int32, name="mask"),
           tf.sequence_mask(tf.constant([2, 0], tf.int64), 2)]
    return Case(steps=[(out, {n: [0, 2]})], show=out)


@program
def meshgrids(tf):
    p = tf.placeholder(tf.float32, [None], name="p")
    out = [tf.meshgrid([1, 2, 3], [4, 5]), tf.meshgrid([1.0, 2.0], [3.0], [4.0, 5.0], indexing="ij"),
           tf.meshgrid(p, tf.range(2.0)), tf.meshgrid([1, 2])]
    return Case(steps=[(out, {p: [1.0, 2.0]})], show=[x for grid in out for x in grid])


@program
def boolean_masks(tf):
    x = tf.constant(np.arange(12).reshape(3, 4))
    p = tf.placeholder(tf.float32, [None, 2], name="p")
    m = tf.placeholder(tf.bool, [None], name="m")
    out = [tf.boolean_mask(x, [True, False, True]), tf.boolean_mask(x, x > 5),
           tf.boolean_mask(x, [True, False, False, True], axis=1), tf.boolean_mask(p, m),
           tf.boolean_mask(p, p > 1.0, name="above")]
    return Case(steps=[(out, {p: [[1, 2], [3, 4]], m: [False, True]})], show=out)


@program
def one_hots(tf):
    i = tf.placeholder(tf.int64, [None], name="i")
    depth = tf.placeholder(tf.int32, [], name="depth")
    out = [tf.one_hot([0, 2], 3), tf.one_hot(i, 4), tf.one_hot(i, depth), tf.one_hot([1], 3, on_value=5.0),
           tf.one_hot([1], 3, off_value=-1), tf.one_hot([1, 0], 2, True, False),
           tf.one_hot(i, 3, axis=0, dtype=tf.int32), tf.one_hot([[0], [1]], 2, axis=1), tf.one_hot(1, depth=3)]
    return Case(steps=[(out, {i: [3, 0], depth: 5})], show=out)


@program
def splits(tf):
    x = tf.constant(np.arange(12).reshape(2, 6))
    p = tf.placeholder(tf.float32, [None, 6], name="p")
    sizes = tf.placeholder(tf.int32, [2], name="sizes")
    axis = tf.constant(1)
    out = tf.split(x, 2) + tf.split(x, 3, axis=1) + tf.split(x, [1, 2, 3], 1)
    out += tf.split(p, 2, axis=-1) + tf.split(p, [2, -1], 1)
    out += tf.split(p, sizes, axis=1) + tf.split(value=x, num_or_size_splits=2, axis=axis, name="halves")
    return Case(steps=[(out, {p: np.ones((1, 6)), sizes: [2, 4]})], show=out)


@program
def stacks_of_unknown_shape(tf):
    p = tf.placeholder(tf.float32, [2, None], name="p")
    u = tf.placeholder(tf.float32, name="u")
    out = [tf.stack([p, p], 1), tf.stack([u, u]), tf.stack([p[0, 0], 1.0]), tf.stack([tf.shape(p)[1], 4]),
           tf.stack([[1, 2], [3, 4]])]
    out += tf.unstack(p) + tf.unstack(u, num=2) + tf.unstack([[1, 2], [3, 4]], axis=-1)
    out += [tf.concat([p, u], 1), tf.concat([[tf.shape(p)[0]], [7]], 0), tf.concat(p, 0),
            tf.concat([p, p], tf.constant(1))]
    return Case(steps=[(out, {p: np.ones((2, 2)), u: [[1, 2], [3, 4]]})], show=out)


@program
def reverses(tf):
    x = tf.constant(np.arange(12).reshape(3, 4))
    lengths = tf.placeholder(tf.int64, [None], name="lengths")
    out = [tf.reverse(x, [0]), tf.reverse(x, axis=[-1]), tf.reverse_sequence(x, [1, 4, 2], seq_axis=1),
           tf.reverse_sequence(x, [3, 1, 2, 0], seq_dim=0, batch_dim=1),
           tf.reverse_sequence(x, lengths, 1, name="turned"), tf.roll(x, 1, 0), tf.roll(x, shift=[1, -2], axis=[0, 1])]
    return Case(steps=[(out, {lengths: [2, 2, 3]})], show=out)


@program
def pads(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    p = tf.placeholder(tf.float32, [None, 2], name="p")
    n = tf.placeholder(tf.int32, [], name="n")
    out = [tf.pad(x, [[1, 0], [0, 2]]), tf.pad(p, [[0, 1], [1, 1]]),
           tf.pad(x, tf.constant([[1, 1], [0, 0]]), "CONSTANT", constant_values=7.0),
           tf.pad(x, [[1, 1], [1, 1]], "reflect"), tf.pad(p, [[0, 0], [1, 1]], mode="SYMMETRIC", name="mirrored"),
           tf.pad(x, [[0, n], [0, 0]])]
    return Case(steps=[(out, {p: [[1, 2]], n: 2})], show=out)


@program
def transposes(tf):
    x = tf.constant(np.arange(6).reshape(1, 2, 3))
    u = tf.placeholder(tf.float32, name="u")
    p = tf.placeholder(tf.float32, [None, None, 3], name="p")
    z = tf.constant([[1 + 2j, 3.0]])
    out = [tf.transpose(x), tf.transpose(u), tf.transpose(p, [1, 0, 2]), tf.matrix_transpose(p), tf.matrix_transpose(u),
           tf.transpose(z, conjugate=True), tf.linalg.adjoint(z),
           tf.transpose(x, tf.constant([2, 0, 1]), name="turned")]
    return Case(steps=[(out, {u: [[1, 2]], p: np.ones((1, 2, 3))})], show=out)


@program
def squeezes_and_expansions(tf):
    x = tf.constant(np.arange(6).reshape(1, 2, 1, 3))
    p = tf.placeholder(tf.float32, [None, 1], name="p")
    out = [tf.squeeze(x), tf.squeeze(x, [0]), tf.squeeze(x, axis=[0, -2]), tf.squeeze(p, 1), tf.squeeze(p),
           tf.squeeze(x, squeeze_dims=[2]), tf.expand_dims(p, 0), tf.expand_dims(p, -1, name="more"),
           tf.expand_dims(5, 0), tf.expand_dims(x, dim=1)]
    return Case(steps=[(out, {p: [[1], [2]]})], show=out)


@program
def where_forms(tf):
    x = tf.constant([[1.0, -2.0], [-3.0, 4.0]])
    p = tf.placeholder(tf.float32, [None], name="p")
    out = [tf.where(x > 0.0), tf.where(x > 0.0, x, tf.zeros_like(x)), tf.where([True, False], x, -x), tf.where(p > 1.0),
           tf.where(p > 1.0, p, p * 0.0), tf.where_v2(x > 0.0, x, 0.0), tf.where_v2(p > 1.0),
           tf.where_v2(x > 1.0, [1.0, 2.0], [[3.0], [4.0]])]
    return Case(steps=[(out, {p: [1.0, 2.0]})], show=out)


@program
def sets_and_counts(tf):
    x = tf.constant([5, 1, 5, 2])
    out = [tf.unique(x), tf.unique_with_counts(x), tf.setdiff1d([1, 2, 3, 4], [2, 4]), tf.bincount(x),
           tf.bincount(x, [1.0, 2.0, 3.0, 4.0]), tf.bincount(x, minlength=8, dtype=tf.int64),
           tf.bincount(x, maxlength=3), tf.confusion_matrix([1, 0, 2], [1, 1, 2]),
           tf.confusion_matrix([1, 0], [1, 1], 3, weights=[1.0, 2.0], dtype=tf.float32), tf.count_nonzero(x),
           tf.count_nonzero([[0, 1], [2, 3]], 1, keepdims=True, dtype=tf.int32)]
    return Case(steps=[(out, None)])


@program
def order_and_search(tf):
    x = tf.constant([[3.0, 1.0, 2.0], [0.0, 5.0, 5.0]])
    i = tf.constant([3, 1, 2])
    out = [tf.sort(x), tf.sort(x, axis=0), tf.sort(x, direction="DESCENDING"), tf.argsort(x),
           tf.argsort(x, 0, "DESCENDING", stable=True), tf.sort(i), tf.argsort(i),
           tf.searchsorted([1.0, 3.0, 5.0], [2.0, 5.0]), tf.searchsorted([[1, 3, 5]], [[3, 6]], side="right",
                                                                         out_type=tf.int64), tf.nn.top_k(x),
           tf.nn.top_k(x, 2), tf.math.top_k(i, k=2), tf.invert_permutation([2, 0, 1])]
    return Case(steps=[(out, None)])


@program
def repeats(tf):
    x = tf.constant([[1, 2], [3, 4]])
    n = tf.placeholder(tf.int32, [2], name="n")
    out = [tf.repeat(x, 2), tf.repeat(x, [1, 2], axis=0), tf.repeat(x, repeats=n, axis=1),
           tf.repeat([1, 2], 3, axis=0), tf.repeat(7, 2)]
    return Case(steps=[(out, {n: [2, 0]})], show=out)


@program
def gathers_in_batches(tf):
    x = tf.constant(np.arange(12, dtype=np.float32).reshape(2, 2, 3))
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    out = [tf.batch_gather(x, [[[1, 0], [2, 2]], [[0, 0], [1, 1]]]), tf.gather(x, [[1], [0]], batch_dims=1),
           tf.gather(p, tf.argmax(p, 1)), tf.gather(x, [2, 0], axis=2), tf.gather(x, [0, 1], axis=-2),
           tf.gather_nd(x, [[[0]], [[1]]], batch_dims=1), tf.gather(x, [[1], [0]], axis=2, batch_dims=1)]
    return Case(steps=[(out, {p: [[0, 1, 0], [1, 0, 0]]})], show=out)


@program
def diagonals(tf):
    x = tf.constant(np.arange(9, dtype=np.float32).reshape(3, 3))
    out = [tf.diag([1, 2]), tf.diag_part(x), tf.matrix_diag([[1.0, 2.0], [3.0, 4.0]]), tf.matrix_diag_part(x),
           tf.matrix_set_diag(x, [7.0, 8.0, 9.0]), tf.matrix_band_part(x, 1, 0), tf.linalg.band_part(x, -1, 1),
           tf.trace(x), tf.linalg.tensor_diag([1.0]), tf.linalg.diag([1.0, 2.0])]
    return Case(steps=[(out, None)], show=out)


@program
def space_and_batch(tf):
    x = tf.constant(np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1))
    shape, crops = tf.required_space_to_batch_paddings([5, 4], [2, 2])
    out = [tf.space_to_batch(x, [[0, 0], [0, 0]], 2), tf.space_to_batch_nd(x, [2, 2], [[0, 0], [2, 0]]),
           tf.batch_to_space(tf.reshape(x, [4, 2, 2, 1]), [[0, 0], [0, 1]], 2),
           tf.space_to_depth(x, 2), tf.depth_to_space(tf.reshape(x, [1, 2, 2, 4]), 2), shape, crops,
           tf.extract_image_patches(x, [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID")]
    return Case(steps=[(out, None)])


@program
def shapes_that_broadcast(tf):
    a = tf.placeholder(tf.int32, [None], name="a")
    out = [tf.broadcast_dynamic_shape([2, 1], [3]), tf.broadcast_dynamic_shape(a, [1]),
           tf.broadcast_to([1, 2], [3, 2]), tf.broadcast_to(a, tf.stack([2, tf.size(a)]))]
    return Case(steps=[(out, {a: [4, 5]})], show=out, facts={"static": tf.broadcast_static_shape(tf.TensorShape([2, 1]),
                                                                                                 tf.TensorShape([3])).as_list()})


@program
def shape_functions(tf):
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    out = [tf.shape(p), tf.shape(p, out_type=tf.int64), tf.size(p), tf.size(p, out_type=tf.int64), tf.rank(p),
           tf.shape([1, 2]), tf.size([[1, 2]]), tf.rank([[1]]), tf.shape(p, name="s")[-1], tf.unstack(tf.shape(p))[0],
           tf.reduce_prod(tf.shape(p)), tf.unravel_index(5, [2, 3]), tf.shape_n([p, p])[0]]
    return Case(steps=[(out, {p: [[1, 2, 3]]})], show=out)


@program
def partitions_and_stitches(tf):
    x = tf.constant([10.0, 20.0, 30.0, 40.0])
    parts = tf.dynamic_partition(x, [0, 1, 1, 0], 2)
    out = parts + [tf.dynamic_stitch([[0, 3], [1, 2]], parts), tf.parallel_stack([x, x]),
                   tf.scatter_nd([[1], [3]], [5.0, 6.0], [4])]
    out += [tf.tensor_scatter_update(x, [[0]], [1.0]), tf.sparse_to_dense([1, 3], [4], [5, 6]),
            tf.sparse_to_dense([[0, 1]], [2, 2], 9, default_value=-1)]
    return Case(steps=[(out, None)], show=out)


@program
def ranges_and_spaces(tf):
    n = tf.placeholder(tf.int32, [], name="n")
    f = tf.placeholder(tf.float32, [], name="f")
    out = [tf.range(3), tf.range(n), tf.range(1, n), tf.range(0, n, 2), tf.range(f), tf.range(3, dtype=tf.float32),
           tf.range(1.0, 2.0, 0.5), tf.range(10, 0, -3), tf.range(tf.constant(2, tf.int64), 5),
           tf.linspace(0.0, 1.0, 3), tf.linspace(f, 5.0, n), tf.lin_space(1.0, 2.0, num=2, name="l"),
           tf.range(start=2, limit=4)]
    return Case(steps=[(out, {n: 4, f: 2.5})], show=out)


@program
def pads_known_in_part(tf):
    x, n = tf.placeholder(tf.float32, [None, 3], name="x"), tf.placeholder(tf.int32, [], name="n")
    a = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    out = [tf.pad(a, [[0, n], [0, 0]], constant_values=1.0), tf.pad(a, [[0, n], [0, 0]], "REFLECT"),
           tf.pad(x, [[n, 0], tf.constant([1, 2])]), tf.pad(a, tf.stack([[0, n], [1, 1]])),
           tf.pad(a, [tf.stack([0, n]), [1, 1]]), tf.pad(a, [[tf.shape(x)[1], 0], [0, 0]]),
           tf.pad(a, tf.concat([[[1, 1]], [[0, n]]], 0))]
    return Case(steps=[(out, {x: [[1, 2, 3]], n: 1})], show=out)
