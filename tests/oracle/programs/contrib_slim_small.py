"""Small names of tf.contrib.slim and tf.contrib.layers: known values, rows of sparse tensors, adaptive clipping."""

import numpy as np

from . import Case, program
from .refused import outcome


@program
def slim_known_values(tf):
    utils = tf.contrib.slim.utils
    x = tf.placeholder(tf.int32)

    def known(value):
        return [outcome(lambda: utils.constant_value(value)), outcome(lambda: utils.constant_value(value, tf.float32)),
                outcome(lambda: utils.static_cond(value, lambda: 1, lambda: 2))]

    facts = {"value %r" % (value,): known(value) for value in (True, False, 0, 2, "a", None, [1, 2])}
    facts.update({
        "constant": outcome(lambda: int(utils.constant_value(tf.constant(3)))),
        "other type": outcome(lambda: utils.constant_value(tf.constant(3.0), tf.int32)),
        "placeholder": outcome(lambda: utils.constant_value(x)),
        "variable": outcome(lambda: utils.constant_value(tf.Variable(3))),
        "variable of a type": outcome(lambda: utils.constant_value(tf.Variable(3), tf.int32)),
        "tensor": outcome(lambda: utils.static_cond(tf.constant(True), lambda: 1, lambda: 2)),
        "no function": [outcome(lambda: utils.static_cond(True, 1, lambda: 2)),
                        outcome(lambda: utils.static_cond(True, lambda: 1, 2))],
        "named": str(utils.NamedOutputs("a", 1)),
    })
    return Case(show=[x], facts=facts)


@program
def slim_rows_and_indicators(tf):
    ops = tf.contrib.slim.contrib_sparse_ops
    flat = tf.SparseTensor([[0, 0], [2, 0], [2, 1], [2, 2]], [0, 1, 2, 3], [3, 3])
    deep = tf.SparseTensor([[0, 0, 1], [2, 0, 2], [2, 1, 0], [2, 2, 0]], [0, 1, 2, 3], [3, 3, 4])
    reach = [ops.sparse_row_envelope(flat), ops.sparse_row_envelope(deep, 1, 2), ops.sparse_row_envelope(flat, 1, 0)]
    known = ops.indicators_to_sparse_ids(tf.constant([[0, 0, 1], [1, 0, 1]]))
    words = ops.indicators_to_sparse_ids([["", "a"], ["b", ""]])
    x = tf.placeholder(tf.float32)
    fed = ops.indicators_to_sparse_ids(x, ignore_value=-1, dtype=tf.int32)
    flags = ops.indicators_to_sparse_ids(tf.constant([True, False, True]))
    feeds = [{x: np.float32(value)} for value in ([[0, -1, 5], [-1, -1, -1]], [[[0, 1], [1, -1]], [[-1, -1], [2, 0]]])]
    return Case([(reach, None), (known, None), (words, None), (flags, None)] + [(fed, feed) for feed in feeds],
                facts={"scalar": outcome(lambda: ops.indicators_to_sparse_ids(5))})


@program
def slim_adaptive_clipping(tf):
    step = tf.train.get_or_create_global_step()
    gradient = tf.placeholder(tf.float32, [2])
    rows = tf.IndexedSlices(tf.constant([[1.0, 2.0]]), tf.constant([0]), tf.constant([2, 2]))
    pairs = [(gradient, tf.get_variable("v", [2])), (None, tf.get_variable("w", [2])),
             (rows, tf.get_variable("u", [2, 2]))]
    clip = tf.contrib.slim.adaptive_clipping_fn
    plain = clip(decay=0.9)(pairs)
    other = clip(1.0, 0.5, static_max_norm=2.0, global_step=step, report_summary=True, name="my")(pairs)
    fetched = [plain[0][0], plain[2][0].values, other[0][0], other[2][0].values]
    return Case([(fetched, {gradient: np.float32(value)}) for value in ([3, 4], [1, 1], [100, 1], [0.1, 0.2])],
                init=True, facts={"none": [plain[1][0] is None, other[1][0] is None]})
