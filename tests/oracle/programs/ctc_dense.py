"""CTC of dense labels: its nodes, values and gradients, and the pieces of `ctc_ops` that it is made of."""

import numpy as np

from . import Case, program
from .functions import internal
from .windows_refused import outcomes

LABELS = np.array([[1, 2, 0], [2, 2, 1]], np.int32)
LOGITS = np.sin(np.arange(40) * 1.7).astype(np.float32).reshape(5, 2, 4)


@program
def ctc_dense(tf):
    x = tf.placeholder(tf.float32, [5, 2, 4], name="x")
    loss = tf.nn.ctc_loss_v2(LABELS, x, [2, 3], [5, 4])
    short = tf.nn.ctc_loss_v2(LABELS, x, [0, 3], [0, 2], name="short")
    return Case(steps=[([loss, tf.gradients(loss, x), short, tf.gradients(short, x)], {x: LOGITS})], show=[loss])


@program
def ctc_dense_with_unique_labels(tf):
    x = tf.placeholder(tf.float32, [2, 5, 4], name="x")
    labels = tf.constant(LABELS)
    unique = tf.nn.ctc_unique_labels(labels)
    loss = tf.nn.ctc_loss_v2(labels, x, [2, 3], [5, 4], logits_time_major=False, unique=unique, blank_index=-2)
    return Case(steps=[([loss, tf.gradients(loss, x)], {x: LOGITS.transpose(1, 0, 2)})], show=[loss])


@program
def ctc_dense_of_unknown_shapes(tf):
    x = tf.placeholder(tf.float32, [None, None, 4], name="x")
    labels = tf.placeholder(tf.int64, [None, None], name="labels")
    label_length, logit_length = (tf.placeholder(tf.int64, [None], name=name) for name in ("labelled", "steps"))
    loss = tf.nn.ctc_loss_v2(labels, x, label_length, logit_length, blank_index=3)
    single = {x: LOGITS[:, :1], labels: LABELS[:1], label_length: [2], logit_length: [4]}
    none = {x: LOGITS, labels: np.zeros([2, 0]), label_length: [0, 0], logit_length: [5, 1]}
    fetches = [loss, tf.gradients(loss, x)]
    return Case(steps=[(fetches, {x: LOGITS, labels: LABELS, label_length: [2, 3], logit_length: [5, 4]}),
                       (fetches, single), (fetches, none)], show=[loss])


@program
def ctc_unique_labels_of_unknown_shapes(tf):
    labels = tf.placeholder(tf.int32, [None, None], name="labels")
    found = tf.nn.ctc_unique_labels(labels)
    return Case(steps=[(list(found), {labels: [[3, 3, 1, 0], [7, 1, 7, 1]]})], show=list(found))


@program
def ctc_dense_refused(tf):
    """What does not fit, in TensorFlow's words; second slopes that there are not."""
    sparse = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [1, 2, 0], [2, 2])

    def twice():
        with tf.Graph().as_default():
            x = tf.constant(LOGITS)
            return tf.gradients(tf.gradients(tf.nn.ctc_loss_v2(LABELS, x, [2, 3], [5, 4]), x)[0], x)[0]

    return Case(facts={"found": outcomes(tf, [
        twice,
        lambda: tf.nn.ctc_loss_v2(sparse, LOGITS, None, [5, 4]),
        lambda: tf.nn.ctc_loss_v2(sparse, LOGITS, None, [5, 4], blank_index=0),
        lambda: tf.nn.ctc_loss_v2(LABELS, LOGITS, None, [5, 4]),
        lambda: tf.nn.ctc_loss_v2(LABELS, LOGITS.astype(np.float64), [2, 3], [5, 4]),
        lambda: tf.nn.ctc_loss_v2(LABELS, LOGITS.astype(np.int32), [2, 3], [5, 4]),
        lambda: tf.nn.ctc_loss_v2(LABELS[0], LOGITS, [2, 3], [5, 4]),
        lambda: tf.nn.ctc_loss_v2(LABELS, LOGITS, [2, 3, 4], [5, 4]),
        lambda: tf.nn.ctc_loss_v2(LABELS, LOGITS, [2, 3], [5, 4], unique=3)])})


@program
def ctc_pieces(tf):
    ctc_ops = internal(tf, "tensorflow.python.ops.ctc_ops")

    states = tf.constant(np.log(np.random.RandomState(0).rand(5, 2, 8)).astype(np.float32))
    labels = tf.constant(LABELS)
    initial, final = ctc_ops.ctc_state_log_probs(tf.constant([2, 3]), 3)
    trans = ctc_ops._ctc_state_trans(labels)
    sparse = ctc_ops.dense_labels_to_sparse(labels, tf.constant([2, 3]))
    out = [trans, initial, final, ctc_ops._ilabel_to_state(labels, 4, tf.constant(LOGITS)),
           ctc_ops._state_to_olabel(labels, 4, states[:, :, 1:]),
           ctc_ops._state_to_olabel_unique(labels, 4, states, tf.nn.ctc_unique_labels(labels)),
           ctc_ops._forward_backward_log(tf.log(trans), initial, final, states, tf.constant([5, 3])),
           ctc_ops._sum_states([[0, 1, 0], [2, 2, 2]], states[:, :, :3]), sparse]
    return Case(steps=[(out, {})])


@program
def ctc_scans(tf):
    ctc_ops = internal(tf, "tensorflow.python.ops.ctc_ops")

    rows, start = tf.reshape(tf.range(8.0), [4, 2]), tf.constant([1.0, -1.0])
    out = [ctc_ops._scan(lambda a, b: a * 0.5 + b, rows, start, reverse=reverse, inclusive=inclusive, final_only=final)
           for reverse in (False, True) for inclusive in (False, True) for final in (False, True)]
    out += ctc_ops._scan(lambda a, b: [a[0] + b[0], a[1] * b[1]], [rows, rows + 1.0], [start, start], inclusive=True)
    return Case(steps=[(out, {})])
