"""Every loss of tf.losses with its weights and reductions, and the gradients of some."""

import numpy as np

from . import Case, program

LABELS = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]], np.float32)
PREDICTIONS = np.array([[0.2, 0.7, 0.6], [0.9, 0.4, 0.3]], np.float32)


def with_all_weights(tf, loss, **options):
    """A loss with static and fed arrays, and with the usual weights."""
    labels, predictions = tf.constant(LABELS, name="labels"), tf.constant(PREDICTIONS, name="predictions")
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    w = tf.placeholder(tf.float32, [None, 1], name="w")
    out = [loss(labels, predictions, **options), loss(labels, p, weights=w, **options),
           loss(labels, predictions, weights=2.0, scope="doubled", **options)]
    found = tf.gradients(out[0], predictions) + tf.gradients(out[1], p)
    feed = {p: PREDICTIONS, w: [[2.0], [1.0]]}
    return Case(steps=[(out, feed), (found, feed), (tf.losses.get_total_loss(), feed)], show=out)


@program
def loss_mean_squared_error(tf):
    return with_all_weights(tf, tf.losses.mean_squared_error)


@program
def loss_absolute_difference(tf):
    return with_all_weights(tf, tf.losses.absolute_difference)


@program
def loss_hinge(tf):
    return with_all_weights(tf, tf.losses.hinge_loss)


@program
def loss_huber(tf):
    return with_all_weights(tf, tf.losses.huber_loss, delta=0.3)


@program
def loss_log(tf):
    return with_all_weights(tf, tf.losses.log_loss)


@program
def loss_sigmoid_cross_entropy(tf):
    return with_all_weights(tf, tf.losses.sigmoid_cross_entropy, label_smoothing=0.1)


@program
def loss_pairwise(tf):
    labels, predictions = tf.constant(LABELS), tf.constant(PREDICTIONS, name="predictions")
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    out = [tf.losses.mean_pairwise_squared_error(labels, predictions),
           tf.losses.mean_pairwise_squared_error(labels, p, weights=[[1.0], [2.0]], scope="pairs")]
    return Case(steps=[(out + tf.gradients(out[0], predictions), {p: PREDICTIONS})], show=out)


@program
def loss_cosine_distance(tf):
    labels, p = tf.constant(LABELS), tf.placeholder(tf.float32, [None, 3], name="p")
    out = [tf.losses.cosine_distance(labels, PREDICTIONS, axis=1),
           tf.losses.cosine_distance(labels, p, 1, weights=0.5, scope="angle")]
    return Case(steps=[(out + tf.gradients(out[1], p), {p: PREDICTIONS})], show=out)


@program
def loss_softmax_cross_entropy(tf):
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    one_hot = tf.one_hot([2, 0], 3)
    out = [tf.losses.softmax_cross_entropy(one_hot, p), tf.losses.softmax_cross_entropy(onehot_labels=one_hot, logits=p,
                                                                                        weights=[1.0, 0.5],
                                                                                        label_smoothing=0.2),
           tf.losses.softmax_cross_entropy(one_hot, PREDICTIONS, weights=tf.constant(2.0), scope="static")]
    return Case(steps=[(out + tf.gradients(out[1], p), {p: PREDICTIONS})], show=out)


@program
def loss_sparse_softmax_cross_entropy(tf):
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    y = tf.placeholder(tf.int64, [None], name="y")
    columns = tf.placeholder(tf.int32, [None, 1], name="columns")
    out = [tf.losses.sparse_softmax_cross_entropy(y, p), tf.losses.sparse_softmax_cross_entropy(labels=[2, 0],
                                                                                                logits=PREDICTIONS,
                                                                                                weights=0.5),
           tf.losses.sparse_softmax_cross_entropy(columns, p, scope="columns")]
    feed = {p: PREDICTIONS, y: [2, 0], columns: [[1], [0]]}
    return Case(steps=[(out + tf.gradients(out[0], p), feed)], show=out)


@program
def loss_reductions(tf):
    labels, p = tf.constant(LABELS), tf.placeholder(tf.float32, [None, 3], name="p")
    kinds = tf.losses.Reduction
    out = [tf.losses.mean_squared_error(labels, p, reduction=kind) for kind in (kinds.NONE, kinds.SUM, kinds.MEAN,
                                                                                kinds.SUM_OVER_BATCH_SIZE,
                                                                                kinds.SUM_BY_NONZERO_WEIGHTS)]
    out += [tf.losses.absolute_difference(labels, PREDICTIONS, weights=[[1.0], [2.0]],
                                          reduction=kind) for kind in (kinds.NONE, kinds.SUM, kinds.MEAN)]
    out += [tf.losses.mean_squared_error(labels, p, reduction=kinds.SUM_OVER_NONZERO_WEIGHTS)]
    return Case(steps=[(out, {p: PREDICTIONS})], show=out)


@program
def loss_of_ones_own(tf):
    x = tf.constant([1.0, 2.0, 3.0], name="x")
    u = tf.placeholder(tf.float32, name="u")
    weighted = tf.losses.compute_weighted_loss(x, [1.0, 0.0, 2.0])
    unknown = tf.losses.compute_weighted_loss(u, 2.0, scope="unknown", loss_collection=None)
    broadcast = tf.losses.compute_weighted_loss(u, u)
    tf.losses.add_loss(tf.reduce_sum(x), loss_collection=tf.GraphKeys.LOSSES)
    tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, 0.5 * tf.nn.l2_loss(x))
    total = tf.losses.get_total_loss()
    plain = tf.losses.get_total_loss(add_regularization_losses=False, name="plain")
    regular = tf.losses.get_regularization_loss()
    facts = {"losses": [loss.name for loss in tf.losses.get_losses()]}
    return Case(steps=[([weighted, unknown, broadcast, total, plain, regular], {u: [1.0, 2.0]})],
                show=[total, plain, regular], facts=facts)
