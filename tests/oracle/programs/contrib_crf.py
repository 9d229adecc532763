"""tf.contrib.crf: scores, norms and likelihoods of chains of tags, and the best ones."""

import numpy as np

from . import Case, program
from .recurrent import ramp, with_gradients


def chain(tf, steps=4, kind="int32"):
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [None, steps, 3], name="x")
    tags = tf.placeholder(kind, [None, steps], name="tags")
    return x, tags, tf.placeholder(kind, [None], name="lengths")


def fed(x, tags, lengths, steps=4):
    values = np.sin(np.arange(3 * steps * 3) * 1.7).reshape(3, steps, 3)
    return {x: values, tags: np.arange(3 * steps).reshape(3, steps) % 3, lengths: [steps, steps - 1, 0]}


def transitions(tf):
    return tf.get_variable("moves", initializer=ramp(3, 3))


@program
def crf_likelihood(tf):
    x, tags, lengths = chain(tf)
    likelihood, moves = tf.contrib.crf.crf_log_likelihood(x, tags, lengths)
    loss = tf.reduce_mean(-likelihood)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    feeds = fed(x, tags, lengths)
    steps = [([likelihood, train], feeds)] * 2 + [([loss, moves], feeds)]
    return Case(init=True, steps=steps, show=[likelihood, moves])


@program
def crf_likelihood_of_one_step(tf):
    x, tags, lengths = chain(tf, 1, "int64")
    likelihood, _ = tf.contrib.crf.crf_log_likelihood(x, tags, lengths, transitions(tf))
    return with_gradients(tf, likelihood, fed(x, tags, lengths, 1))


@program
def crf_likelihood_of_any_length(tf):
    x, tags, lengths = chain(tf, None)
    likelihood, _ = tf.contrib.crf.crf_log_likelihood(x, tags, lengths, transitions(tf))
    scores = tf.contrib.crf.crf_decode(x, transitions_again(tf), lengths)
    case = with_gradients(tf, [likelihood, scores[1]], fed(x, tags, lengths))
    case.steps.append(([likelihood, scores], fed(x, tags, lengths, 1)))
    return case


def transitions_again(tf):
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return tf.get_variable("moves", [3, 3])


@program
def crf_decoded(tf):
    x, tags, lengths = chain(tf)
    best = tf.contrib.crf.crf_decode(x, transitions(tf), lengths)
    return Case(init=True, steps=[(best, fed(x, tags, lengths))], show=best)


@program
def crf_decoded_of_one_step(tf):
    x, tags, lengths = chain(tf, 1, "int64")
    best = tf.contrib.crf.crf_decode(x, transitions(tf), lengths)
    return Case(init=True, steps=[(best, fed(x, tags, lengths, 1))], show=best)


@program
def crf_scores(tf):
    x, tags, lengths = chain(tf, kind="int64")
    moves = transitions(tf)
    allowed = tf.not_equal(tf.one_hot(tags, 3), 1.0)
    crf = tf.contrib.crf
    values = [crf.crf_unary_score(tags, lengths, x), crf.crf_binary_score(tags, lengths, moves),
              crf.crf_sequence_score(x, tags, lengths, moves), crf.crf_log_norm(x, lengths, moves),
              crf.crf_multitag_sequence_score(x, allowed, lengths, moves)]
    return with_gradients(tf, values, fed(x, tags, lengths))


@program
def crf_multitag_of_one_step(tf):
    x, tags, lengths = chain(tf, 1)
    value = tf.contrib.crf.crf_multitag_sequence_score(x, tf.equal(tf.one_hot(tags, 3), 0.0), lengths, transitions(tf))
    return Case(init=True, steps=[(value, fed(x, tags, lengths, 1))], show=[value])


@program
def crf_cells_and_viterbi(tf):
    moves = transitions(tf)
    crf = tf.contrib.crf
    cells = [crf.CrfForwardRnnCell(moves), crf.CrfDecodeForwardRnnCell(moves), crf.CrfDecodeBackwardRnnCell(3)]
    forward, decoding, back = cells
    x = tf.constant(ramp(2, 3))
    states = [forward(x, x), decoding(x, x), back(tf.constant([[0, 1, 2], [2, 1, 0]]), tf.constant([[1], [2]]))]
    tags, score = crf.viterbi_decode(np.sin(np.arange(15).reshape(5, 3)), ramp(3, 3))
    return Case(init=True, steps=[(states, None)], show=[part for pair in states for part in pair],
                facts={"sizes": [[cell.state_size, cell.output_size] for cell in cells],
                       "tags": [int(tag) for tag in tags], "score": float(score)})
