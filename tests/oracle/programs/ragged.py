"""tf.ragged and tf.RaggedTensor: made, converted, cut, joined and computed with."""

import numpy as np

from . import Case, program


def placeholders(tf):
    """Values and splits that are fed."""
    v = tf.placeholder(tf.float32, [None], name="v")
    s = tf.placeholder(tf.int64, [None], name="s")
    return v, s


@program
def ragged_constants(tf):
    made = [tf.ragged.constant([[1, 2], [], [3]]), tf.ragged.constant([[[1, 2]], [], [[3], []]], dtype=tf.float32,
                                                                      name="x", row_splits_dtype=tf.int32),
            tf.ragged.constant([[[1, 2]], [], [[3, 4]]], ragged_rank=1), tf.ragged.constant([["a", "b"], ["c"]]),
            tf.ragged.constant([[[1, 2]], [], [[3, 4]]], inner_shape=(2,)), tf.ragged.constant([1, 2]),
            tf.ragged.constant([]), tf.ragged.constant([[], []]), tf.ragged.constant([], ragged_rank=2),
            tf.ragged.constant(3)]
    values = [tf.ragged.constant_value([[1, 2], [], [3]]), tf.ragged.constant_value([[[1, 2]], []], dtype="float32"),
              tf.ragged.constant_value([1, 2])]
    facts = {"values": [str(value) for value in values], "ranks": [each.ragged_rank for each in made[:5]],
             "shapes": [str(each.shape) for each in made], "list": values[1].to_list()}
    ragged = [each for each in made if isinstance(each, tf.RaggedTensor)]
    parts = [part for each in ragged for part in [each.flat_values] + list(each.nested_row_splits)]
    return Case(steps=[(parts + [each for each in made if each not in ragged], None)], show=made, facts=facts)


@program
def ragged_from_parts(tf):
    v, s = placeholders(tf)
    rows = tf.placeholder(tf.int64, [None], name="rows")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    made = [tf.RaggedTensor.from_row_splits(v, s), tf.RaggedTensor.from_row_lengths(v, lengths),
            tf.RaggedTensor.from_row_starts(v, s[:-1]), tf.RaggedTensor.from_row_limits(v, s[1:]),
            tf.RaggedTensor.from_value_rowids(v, rows), tf.RaggedTensor.from_value_rowids(v, rows, 5)]
    feed = {v: [1.0, 2.0, 3.0], s: [0, 2, 2, 3], rows: [0, 0, 2], lengths: [2, 0, 1]}
    kept = [made[1].row_lengths(), made[4].row_lengths(), made[4].value_rowids(), made[4].nrows(),
            made[4].with_row_splits_dtype(tf.int32).nrows(), made[5].nrows()]
    return Case(steps=[([each.values for each in made] + [each.row_splits for each in made] + kept, feed)],
                show=made + kept)


@program
def ragged_from_parts_unchecked(tf):
    v, s = placeholders(tf)
    rows = tf.placeholder(tf.int64, [None], name="rows")
    make = tf.RaggedTensor
    made = [make.from_row_splits([1, 2, 3], [0, 2, 3]), make.from_row_lengths([[1], [2]], np.array([2], np.int32)),
            make.from_value_rowids([1, 2, 3], [0, 0, 2]), make.from_value_rowids(v, rows, nrows=3, validate=False),
            make.from_nested_row_splits(v, [[0, 1], s], validate=False),
            make.from_nested_row_lengths(v, [[2], [1, 2]], validate=False),
            make.from_nested_value_rowids(v, [[0, 0], rows], [3, 2], validate=False)]
    feed = {v: [1.0, 2.0, 3.0], s: [0, 3], rows: [0, 0, 1]}
    parts = [part for each in made for part in [each.flat_values] + list(each.nested_row_splits)]
    return Case(steps=[(parts, feed)], show=made)


@program
def ragged_parts(tf):
    v, s = placeholders(tf)
    rt = tf.RaggedTensor.from_row_splits(v, s, validate=False)
    nested = tf.RaggedTensor.from_nested_row_splits(v, [[0, 1, 3], s], validate=False)
    found = [rt.row_lengths(), rt.nrows(), rt.nrows(tf.int32), rt.value_rowids(), rt.row_starts(), rt.row_limits(),
             rt.bounding_shape(), nested.bounding_shape(), rt.bounding_shape(axis=1), rt.bounding_shape(axis=0),
             nested.bounding_shape(axis=[0, 2]), nested.row_lengths(0), nested.row_lengths(),
             nested.row_lengths(2).values]
    found += list(nested.nested_row_lengths()) + list(nested.nested_value_rowids())
    found += [rt.with_row_splits_dtype(tf.int32).row_splits, nested.with_flat_values(v + 1.0).flat_values,
              rt.with_values(v * 2.0).values]
    facts = {"shape": str(nested.shape), "rank": nested.ragged_rank, "dtype": nested.dtype.name,
             "consumers": sorted(op.name for op in rt.consumers())}
    return Case(steps=[(found, {v: [1.0, 2.0, 3.0], s: [0, 2, 2, 3]})], show=[rt, nested], facts=facts)


@program
def ragged_to_dense(tf):
    v, s = placeholders(tf)
    rt = tf.RaggedTensor.from_row_splits(v, s, validate=False)
    nested = tf.RaggedTensor.from_nested_row_splits(v, [[0, 1, 3], s], validate=False)
    pairs = tf.ragged.constant([[[1, 2]], [], [[3, 4], [5, 6]]], ragged_rank=1)
    words = tf.ragged.constant([["a"], ["b", "c"]])
    dense = [rt.to_tensor(), rt.to_tensor(9.0, name="filled"), nested.to_tensor(), nested.to_tensor(5.0),
             pairs.to_tensor(7), pairs.to_tensor([7, 8]), words.to_tensor(), words.to_tensor("?")]
    sparse = [rt.to_sparse(), nested.to_sparse(), pairs.to_sparse(), words.to_sparse("s")]
    return Case(steps=[(dense + sparse, {v: [1.0, 2.0, 3.0], s: [0, 2, 2, 3]})], show=dense + sparse)


@program
def ragged_from_dense(tf):
    t = tf.placeholder(tf.float32, [None, None, 2], name="t")
    u = tf.placeholder(tf.int32, [None, None], name="u")
    make = tf.RaggedTensor.from_tensor
    made = [make(t), make(t, ragged_rank=2), make(u, padding=0), make(u, lengths=[1, 2], row_splits_dtype=tf.int32),
            make(t, ragged_rank=2, padding=0.0), make(t, padding=[0.0, 0.0], name="pairs"), make([[1, 2], [3, 4]])]
    sparse = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], [1.0, 2.0, 3.0], [4, 3])
    made.append(tf.RaggedTensor.from_sparse(sparse))
    parts = [part for each in made for part in [each.flat_values] + list(each.nested_row_splits)]
    feed = {t: [[[1.0, 2.0], [0.0, 0.0]], [[3.0, 0.0], [4.0, 0.0]]], u: [[1, 0, 2, 0], [0, 0, 0, 0]]}
    return Case(steps=[(parts, feed)], show=made)


@program
def ragged_placeholders(tf):
    p = tf.ragged.placeholder(tf.float32, 2)
    q = tf.ragged.placeholder(tf.int32, 1, [2], name="q")
    dense = tf.ragged.placeholder(tf.float32, 0)
    feed = {p: tf.ragged.constant_value([[[1.0], []], [[2.0, 3.0]]], dtype="float32"), dense: 3.0,
            q: tf.ragged.constant_value([[[1, 2]], []], ragged_rank=1, dtype="int32")}
    return Case(steps=[([p.flat_values * 2.0, q.row_lengths(), dense, p.to_tensor()], feed)], show=[p, q, dense])


@program
def ragged_ranges(tf):
    n = tf.placeholder(tf.int64, [None], name="n")
    made = [tf.ragged.range([1, 2, 3]), tf.ragged.range([1, 2], [4, 5], 2, row_splits_dtype=tf.int32),
            tf.ragged.range(5), tf.ragged.range([0.0, 1.0], [1.0, 2.5], 0.5), tf.ragged.range(n, 5, [1, 2]),
            tf.ragged.range([5, 0], 0, -1, dtype=tf.int64, name="down")]
    ids = [tf.ragged.row_splits_to_segment_ids([0, 2, 3]), tf.ragged.row_splits_to_segment_ids(n, out_type=tf.int32),
           tf.ragged.segment_ids_to_row_splits([0, 0, 2]), tf.ragged.segment_ids_to_row_splits(n, 5),
           tf.ragged.segment_ids_to_row_splits(n, out_type=tf.int32, name="ends")]
    parts = [part for each in made for part in (each.values, each.row_splits)]
    return Case(steps=[(parts + ids, {n: [0, 3]})], show=made + ids)
