"""tf.sparse: arithmetic, order, parts, reductions and conversions, with their gradients."""

import numpy as np

from . import Case, program


def two(tf, shape=(3, 4)):
    """Two fed sparse matrices."""
    a = tf.sparse_placeholder(tf.float32, list(shape) if shape else None, name="a")
    b = tf.sparse_placeholder(tf.float32, list(shape) if shape else None, name="b")
    feed = {a.indices: [[0, 1], [1, 0], [2, 3]], a.values: [1.0, 2.0, 3.0], b.indices: [[0, 1], [2, 0]],
            b.values: [-1.0, 5.0]}
    if not shape:
        feed.update({a.dense_shape: [3, 4], b.dense_shape: [3, 4]})
    return a, b, feed


@program
def sparse_sums(tf):
    a, b, feed = two(tf)
    dense = tf.ones([3, 4])
    found = [tf.sparse.add(a, b), tf.sparse.add(a, b, threshold=0.5), tf.sparse.add(a, dense),
             tf.sparse_add(dense, a), tf.sparse.add(a, a, thresh=3.0)]
    grads = tf.gradients([tf.sparse.to_dense(found[0]), found[2]], [a.values, b.values, dense])
    return Case(steps=[(found + grads, feed)], show=found)


@program
def sparse_extremes(tf):
    a, b, feed = two(tf, None)
    found = [tf.sparse.maximum(a, b), tf.sparse.minimum(a, b, name="least")]
    return Case(steps=[(found, feed)], show=found)


@program
def sparse_order(tf):
    a, b, feed = two(tf)
    u = tf.sparse_placeholder(tf.float32, name="u")
    feed[u] = tf.SparseTensorValue([[2, 3], [0, 1], [1, 0]], np.array([3.0, 1.0, 2.0], np.float32), [3, 4])
    found = [tf.sparse.reorder(a), tf.sparse.reorder(u), tf.sparse.transpose(a), tf.sparse_transpose(u, [1, 0]),
             tf.sparse.transpose(u), tf.sparse.transpose(a, [1, 0])]
    grads = tf.gradients(found[1].values * [1.0, 2.0, 3.0], u.values)
    return Case(steps=[(found + grads, feed)], show=found)


@program
def sparse_joined_and_split(tf):
    a, b, feed = two(tf)
    c = tf.sparse_placeholder(tf.float32, name="c")
    feed[c] = tf.SparseTensorValue([[0, 0], [4, 4]], np.array([7.0, 8.0], np.float32), [5, 5])
    words = tf.SparseTensor([[0, 0], [1, 1]], ["x", "y"], [2, 2])
    found = [tf.sparse.concat(0, [a, b]), tf.sparse.concat(1, [a, b]), tf.sparse.concat(axis=-1, sp_inputs=[a, b]),
             tf.sparse_concat(0, [a, c], expand_nonconcat_dim=True), tf.sparse.concat(1, [words, words]),
             tf.sparse.concat(-1, [a, c], expand_nonconcat_dim=True)]
    found += tf.sparse.split(sp_input=a, num_split=3, axis=1) + tf.sparse_split(sp_input=c, num_split=2, axis=0)
    return Case(steps=[(found, feed)], show=found)


@program
def sparse_reductions(tf):
    a, b, feed = two(tf)
    u = tf.sparse_placeholder(tf.float32, name="u")
    feed[u] = tf.SparseTensorValue([[0, 1], [0, 2], [1, 0]], np.array([3.0, -1.0, -2.0], np.float32), [3, 4])
    found = [tf.sparse.reduce_sum(a), tf.sparse.reduce_sum(a, 1), tf.sparse.reduce_sum(u, [0, -1], keepdims=True),
             tf.sparse.reduce_max(u, axis=0), tf.sparse_reduce_max(a, axis=1, keepdims=True), tf.sparse.reduce_max(u),
             tf.sparse.reduce_sum_sparse(u, 1), tf.sparse.reduce_max_sparse(a, [0]),
             tf.sparse.reduce_sum_sparse(a, 0, keepdims=True)]
    grads = tf.gradients([found[1], found[2]], [a.values, u.values])
    return Case(steps=[(found + grads, feed)], show=found)


@program
def sparse_softmax_of_rows(tf):
    u = tf.sparse_placeholder(tf.float32, name="u")
    feed = {u: tf.SparseTensorValue([[0, 1], [0, 2], [2, 0]], np.array([3.0, -1.0, -2.0], np.float32), [3, 4])}
    found = tf.sparse.softmax(u)
    return Case(steps=[([found] + tf.gradients(found.values * [1.0, 2.0, 3.0], u.values), feed)], show=[found])


@program
def sparse_by_dense(tf):
    a, b, feed = two(tf)
    d = tf.placeholder(tf.float32, [3, 4], name="d")
    row = tf.constant([1.0, 2.0, 3.0, 4.0])
    feed[d] = np.arange(1.0, 13.0).reshape(3, 4)
    found = [a * d, a * row, a.__truediv__(d), a.__truediv__(2.0), a * 2.0]
    grads = tf.gradients([each.values for each in found[:3]], [a.values, d, row])
    whole = tf.SparseTensor([[0], [1]], [7, -9], [2]).__truediv__([2, 4])
    return Case(steps=[(found + grads + [whole], feed)], show=found)


@program
def sparse_made(tf):
    t = tf.placeholder(tf.float32, [None, 2], name="t")
    slices = tf.IndexedSlices(tf.constant([[1.0], [2.0], [3.0]]), tf.constant([4, 5, 6]))
    found = [tf.sparse.from_dense([[0, 1], [2, 0]]), tf.sparse.from_dense(t), tf.sparse.eye(3),
             tf.sparse.eye(3, 2, dtype=tf.int32, name="thin")]
    masked = tf.sparse_mask(slices, [5])
    return Case(steps=[(found + [masked], {t: [[0.0, 3.0], [4.0, 0.0]]})], show=found + [masked])


@program
def sparse_of_ids(tf):
    ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant([4, 1, 2], tf.int64), [2, 2])
    values = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [0.5, 1.5, 2.5], [2, 2])
    found = [tf.sparse.merge(ids, values, 5), tf.sparse_merge([ids, ids], values, [5, 5], already_sorted=True),
             tf.sparse.to_indicator(ids, 6, name="marks")]
    return Case(steps=[(found, None)], show=found)


@program
def sparse_other_shapes(tf):
    a, b, feed = two(tf)
    u = tf.sparse_placeholder(tf.float32, name="u")
    n = tf.placeholder(tf.int64, [2], name="n")
    feed[u] = tf.SparseTensorValue([[0, 1], [0, 2], [1, 0]], np.array([3.0, -1.0, -2.0], np.float32), [3, 4])
    feed[n] = [7, 8]
    found = [tf.sparse.reset_shape(a), tf.sparse.reset_shape(u), tf.sparse.reset_shape(a, [5, 6]),
             tf.sparse_reset_shape(u, n)]
    return Case(steps=[(found, feed)], show=found)


@program
def sparse_packed(tf):
    a, b, feed = two(tf)
    words = tf.SparseTensor([[0, 1], [1, 0]], ["x", "yz"], [2, 2])
    vector, rows = tf.serialize_sparse(a), tf.io.serialize_many_sparse(b, name="rows")
    found = [tf.io.deserialize_many_sparse(rows, tf.float32),
             tf.deserialize_many_sparse(tf.stack([vector, tf.io.serialize_sparse(b)]), tf.float32, rank=3, name="both"),
             tf.io.deserialize_many_sparse(tf.serialize_many_sparse(words), tf.string, 2)]
    handle = tf.io.serialize_sparse(a, out_type=tf.variant)
    refused = []
    for wrong in (3, tf.constant([1.0])):
        try:
            tf.io.serialize_sparse(wrong)
        except TypeError as error:
            refused.append(str(error))
    return Case(steps=[(found, feed)], show=found + [vector, rows, handle], facts={"refused": refused})


@program
def sizes_of_dimensions(tf):
    size, shape = tf.dimension_value, tf.TensorShape([2, None])
    axes = [tf.dimension_at_index(shape, i) for i in range(2)] + [tf.dimension_at_index(tf.TensorShape(None), 3)]
    try:
        tf.dimension_at_index(shape, 2)
        beyond = "no error"
    except IndexError as error:
        beyond = str(error)
    return Case(facts={"sizes": [size(axis) for axis in axes] + [size(5), size(None), size("x")], "beyond": beyond,
                       "axes": [str(axis) for axis in axes]})


@program
def sparse_with_one_dimension_more(tf):
    a, b, feed = two(tf)
    found = [tf.sparse.expand_dims(a), tf.sparse.expand_dims(b, 0, name="first"), tf.sparse.expand_dims(a, axis=-2)]
    try:
        tf.sparse.expand_dims(tf.sparse_placeholder(tf.float32, name="of_any_rank"), 1)
        unknown = "no error"
    except (TypeError, ValueError) as error:
        unknown = type(error).__name__ + str(error)
    return Case(steps=[(found, feed)], show=found, facts={"unknown": unknown})


@program
def what_is_a_tensor(tf):
    things = [tf.constant(1), tf.Variable(1), tf.get_variable("r", [], use_resource=True), 3, None, "x", np.ones(2),
              tf.SparseTensor([[0]], [1], [2]), tf.SparseTensorValue([[0]], [1], [2]),
              tf.IndexedSlices(tf.constant([1.0]), tf.constant([0])), tf.ragged.constant([[1]]),
              tf.TensorArray(tf.float32, 1), tf.no_op(), tf.constant([1]).op, tf.TensorShape([1])]
    return Case(facts={"are": [tf.is_tensor(thing) for thing in things],
                       "in_contrib": [tf.contrib.framework.is_tensor(thing) for thing in things]})
