"""tf.contrib.nn and tf.contrib.losses.metric_learning: dropout, softplus, sampled losses, losses of likeness."""

import numpy as np

from . import Case, program
from .recurrent import flat, ramp


def differentiated(tf, values, inputs, feeds=None):
    total = tf.add_n([tf.reduce_sum(value) for value in flat(values)])
    return Case(steps=[([values, [g for g in tf.gradients(total, inputs) if g is not None]], feeds)], show=flat(values))


@program
def contrib_nn_alpha_dropout(tf):
    tf.set_random_seed(4)
    x = tf.constant(ramp(6, 4))
    keep = tf.placeholder(tf.float32, [], name="keep")
    nn = tf.contrib.nn
    values = [nn.alpha_dropout(x, 0.8, seed=3), nn.alpha_dropout(x, keep, noise_shape=[1, 4], name="rows"),
              nn.alpha_dropout(x, 1.0), nn.alpha_dropout(x, tf.constant(1.0))]
    return differentiated(tf, values, [x, keep], {keep: 0.5})


@program
def contrib_nn_scaled_softplus(tf):
    x, alpha, clip = tf.constant(ramp(3, 4) * 8), tf.constant(0.7), tf.constant([0.5, 1.0, 2.0, 9.0])
    nn = tf.contrib.nn
    values = [nn.scaled_softplus(x, alpha), nn.scaled_softplus(x, 0.5, clip=clip, name="clipped"),
              nn.scaled_softplus(tf.cast(x, tf.float64), tf.constant(2.0, tf.float64), clip=1.0)]
    return differentiated(tf, [tf.cast(v, tf.float32) for v in values], [x, alpha, clip])


@program
def contrib_nn_flipped(tf):
    x, labels = tf.constant(ramp(3, 4)), tf.constant(np.abs(ramp(3, 4)))
    nn = tf.contrib.nn
    values = [nn.deprecated_flipped_softmax_cross_entropy_with_logits(x, labels),
              nn.deprecated_flipped_sigmoid_cross_entropy_with_logits(x, labels),
              nn.deprecated_flipped_sparse_softmax_cross_entropy_with_logits(x, [0, 3, 1], name="sparse")]
    return differentiated(tf, values, [x])


def classes(tf):
    tf.set_random_seed(8)
    labels = tf.constant([[1], [4], [0]], tf.int64)
    return tf.constant(ramp(5, 4)), tf.constant(ramp(5)), labels, tf.constant(ramp(3, 4) * 3)


@program
def contrib_nn_sampled_sparse_softmax(tf):
    weights, biases, labels, inputs = classes(tf)
    values = tf.nn.uniform_candidate_sampler(labels, 1, 3, True, 5, seed=2)
    loss = tf.contrib.nn.sampled_sparse_softmax_loss
    return differentiated(tf, [loss(weights, biases, labels, inputs, 3, 5, sampled_values=values),
                               loss(weights, biases, labels, inputs, 2, 5, remove_accidental_hits=False, name="own")],
                          [weights, biases, inputs])


@program
def contrib_nn_rank_sampled_softmax(tf):
    weights, biases, labels, inputs = classes(tf)
    values = tf.nn.uniform_candidate_sampler(labels, 1, 4, True, 5, seed=2)
    loss = tf.contrib.nn.rank_sampled_softmax_loss
    parts = [weights[:3], weights[3:]]
    chosen = [loss(weights, biases, labels, inputs, 4, 2, 5, 1, values, 0.5, True, "mod"),
              loss(parts, biases, labels, inputs, 4, 2, 5, 1, values, tf.constant(2.0), False, "mod", name="parted")]
    return differentiated(tf, chosen, [inputs])  # those by the weights stand in the order in which top_k finds them


@program
def contrib_nth_element(tf):
    x = tf.constant(ramp(3, 4)[:, ::-1].copy())
    return differentiated(tf, [tf.contrib.nn.nth_element(x, 1), tf.contrib.nn.nth_element(x, 2, reverse=True)], [x])


def embedded(tf):
    values = np.sin(np.arange(24) * 1.3).reshape(6, 4).astype(np.float32)
    return tf.constant([0, 1, 0, 2, 1, 1]), tf.constant(values), tf.constant(values[::-1] * 0.7)


@program
def metric_contrastive_loss(tf):
    _, anchor, positive = embedded(tf)
    loss = tf.contrib.losses.metric_learning.contrastive_loss(tf.constant([1.0, 0, 1, 0, 0, 1]), anchor, positive, 1.5)
    return differentiated(tf, [loss], [anchor, positive])


@program
def metric_contrastive_loss_of_whole_numbers(tf):
    anchor, positive = tf.constant(ramp(3, 4)), tf.constant(ramp(3, 4) * 0.5)
    loss = tf.contrib.losses.metric_learning.contrastive_loss(tf.constant([1, 0, 1]), anchor, positive)
    return differentiated(tf, loss, [anchor, positive])


@program
def lookup_in_a_loop_of_rows_of_unknown_number(tf):
    """The gradient of a table looked up in a loop, whose slices' rows are not known."""
    table = tf.constant(ramp(5, 3))
    rows = tf.placeholder(tf.int32, [None], name="rows")
    _, total = tf.while_loop(lambda i, _: i < 3, lambda i, t: (i + 1, t + tf.reduce_sum(tf.gather(table, rows) * t)),
                             [0, 1.0])
    return differentiated(tf, total, [table], {rows: [1, 4, 1]})


@program
def metric_triplet_loss(tf):
    labels, anchor, _ = embedded(tf)
    loss = tf.contrib.losses.metric_learning.triplet_semihard_loss(labels, anchor)
    unknown = tf.placeholder_with_default(anchor, [None, 4])
    again = tf.contrib.losses.metric_learning.triplet_semihard_loss(tf.placeholder_with_default(labels, [None]),
                                                                    unknown, margin=0.3)
    return differentiated(tf, [loss, again], [anchor])


@program
def metric_lifted_struct_loss(tf):
    labels, anchor, _ = embedded(tf)
    loss = tf.contrib.losses.metric_learning.lifted_struct_loss(labels, anchor, margin=2.0)
    return differentiated(tf, [loss], [anchor])


@program
def metric_npairs_loss(tf):
    labels, anchor, positive = embedded(tf)
    npairs = tf.contrib.losses.metric_learning.npairs_loss
    return differentiated(tf, [npairs(labels, anchor, positive), npairs(labels, anchor, positive, 0.1, True)],
                          [anchor, positive])


@program
def metric_npairs_loss_of_several_labels(tf):
    _, anchor, positive = embedded(tf)
    sparse = [tf.SparseTensor([[row % 3], [3]], [1, 2], [4]) for row in range(3)]
    loss = tf.contrib.losses.metric_learning.npairs_loss_multilabel(sparse, anchor[:3], positive[:3])
    return differentiated(tf, [loss], [anchor, positive])
