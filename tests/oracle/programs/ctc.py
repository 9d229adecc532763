"""CTC: its loss with the gradients, and both decoders."""

import numpy as np

from . import Case, program
from .windows_refused import outcomes


def logits(steps=5, batch=2, classes=4):
    numbers = np.arange(steps * batch * classes)
    return np.sin(numbers * 1.7).astype(np.float32).reshape(steps, batch, classes) * 2


def labels(tf):
    return tf.SparseTensor([[0, 0], [0, 1], [1, 0], [1, 1]], tf.constant([0, 2, 1, 1]), [2, 2])


@program
def ctc_loss(tf):
    x = tf.placeholder(tf.float32, [None, None, 4], name="x")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    found = [tf.nn.ctc_loss(labels(tf), x, lengths),
             tf.nn.ctc_loss(labels(tf), logits=x, sequence_length=lengths, preprocess_collapse_repeated=True),
             tf.nn.ctc_loss(labels(tf), x, lengths, ctc_merge_repeated=False),
             tf.nn.ctc_loss(labels(tf), x, lengths, ctc_merge_repeated=False, preprocess_collapse_repeated=True)]
    slopes = [tf.gradients(loss, x, grad_ys=tf.constant([1.0, 2.0])) for loss in found]
    return Case(steps=[([found, slopes], {x: logits(), lengths: [5, 4]})], show=found)


@program
def ctc_loss_batch_major(tf):
    x = tf.placeholder(tf.float32, [2, 5, 4], name="x")
    loss = tf.reduce_mean(tf.nn.ctc_loss(labels(tf), x, tf.constant([5, 5]), time_major=False))
    feeds = {x: logits().transpose(1, 0, 2)}
    return Case(steps=[([loss, tf.gradients(loss, x)], feeds)], show=[loss])


@program
def ctc_loss_ignoring_long_labels(tf):
    x = tf.placeholder(tf.float32, [5, 2, 4], name="x")
    loss = tf.nn.ctc_loss(labels(tf), x, tf.constant([1, 5]), ignore_longer_outputs_than_inputs=True)
    return Case(steps=[([loss, tf.gradients(loss, x)], {x: logits()})], show=[loss])


@program
def ctc_greedy_decoder(tf):
    x = tf.placeholder(tf.float32, [None, None, 4], name="x")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    found = [tf.nn.ctc_greedy_decoder(x, lengths), tf.nn.ctc_greedy_decoder(x, lengths, merge_repeated=False)]
    values = [[decoded[0], scores] for decoded, scores in found]
    values.append(tf.sparse_tensor_to_dense(found[0][0][0], default_value=-1))
    peaks = logits(6)
    peaks[1] = peaks[0]
    return Case(steps=[(values, {x: peaks, lengths: [6, 3]})], show=[found[0][0][0], found[0][1]])


@program
def ctc_beam_search_decoder(tf):
    x = tf.placeholder(tf.float32, [None, None, 4], name="x")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    found = [tf.nn.ctc_beam_search_decoder(x, lengths),
             tf.nn.ctc_beam_search_decoder(x, lengths, beam_width=3, top_paths=2),
             tf.nn.ctc_beam_search_decoder(x, lengths, beam_width=20, top_paths=3, merge_repeated=False),
             tf.nn.ctc_beam_search_decoder_v2(x, lengths, beam_width=5, top_paths=1)]
    return Case(steps=[([[decoded, scores] for decoded, scores in found], {x: logits(7), lengths: [7, 5]})],
                show=[found[1][0][1], found[1][1]])


@program
def ctc_beams_of_many(tf):
    """Sequences of different lengths, with so few beams that some are lost on the way and found again."""
    x = tf.placeholder(tf.float32, [20, 5, 6], name="x")
    found = [tf.nn.ctc_beam_search_decoder(x, [20, 12, 1, 17, 20], beam_width=width, top_paths=3, merge_repeated=False)
             for width in (3, 4, 6, 10, 60)]
    return Case(steps=[([[decoded, scores] for decoded, scores in found], {x: logits(20, 5, 6) * scale})
                       for scale in (0.5, 1.5)])


@program
def ctc_beams_of_equals(tf):
    """Of equals those stay that were beams before."""
    decoded, scores = tf.nn.ctc_beam_search_decoder(tf.zeros([3, 1, 3]), [3], beam_width=1)
    return Case(steps=[([decoded, scores], None)])


@program
def ctc_trained(tf):
    tf.set_random_seed(4)
    x = tf.placeholder(tf.float32, [None, 6, 3], name="x")
    targets = tf.sparse_placeholder(tf.int32, name="targets")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(5, state_is_tuple=True), x, lengths, dtype=tf.float32)
    scores = tf.transpose(tf.layers.dense(outputs, 4), (1, 0, 2))
    cost = tf.reduce_mean(tf.nn.ctc_loss(targets, scores, lengths))
    train = tf.train.MomentumOptimizer(0.05, 0.9).minimize(cost)
    decoded, _ = tf.nn.ctc_greedy_decoder(scores, lengths)
    feeds = {x: np.cos(np.arange(36)).astype(np.float32).reshape(2, 6, 3), lengths: [6, 5],
             targets: ([[0, 0], [0, 1], [1, 0]], [2, 1, 0], [2, 2])}
    return Case(init=True, steps=[([train, cost, decoded[0]], feeds)] * 3)


def sparse_rows(tf, *rows):
    """Labels, a list for each row."""
    indices = [[row, place] for row, given in enumerate(rows) for place in range(len(given))]
    return tf.SparseTensor(indices, [label for given in rows for label in given], [len(rows), max(map(len, rows))])


@program
def ctc_loss_of_blanks_and_of_no_path(tf):
    """Labels that are only blanks; repeats for which there is no time; sequences without steps that are left out."""
    x = tf.placeholder(tf.float32, [5, 2, 4], name="x")
    found = [tf.nn.ctc_loss(sparse_rows(tf, [3], [4, 3]), x, [5, 2]),
             tf.nn.ctc_loss(sparse_rows(tf, [1, 1, 1], [1, 3, 3]), x, [4, 5]),
             tf.nn.ctc_loss(sparse_rows(tf, [1, 1, 1], [3, 3]), x, [4, 0], preprocess_collapse_repeated=True,
                            ignore_longer_outputs_than_inputs=True)]
    return Case(steps=[([found, [tf.gradients(loss, x) for loss in found]], {x: logits()})])


@program
def ctc_loss_of_many(tf):
    """Sequences and labels of different lengths, some with labels twice, one after the other."""
    rows = [[1, 1, 2], [0], [3, 4, 3, 4, 3], [2, 2], [4, 0, 4, 4, 4, 1], [3, 2, 1, 0, 5]]
    x = tf.placeholder(tf.float32, [11, 6, 6], name="x")
    found = [tf.nn.ctc_loss(sparse_rows(tf, *rows), x, [7, 3, 11, 2, 11, 4], ctc_merge_repeated=merge,
                            ignore_longer_outputs_than_inputs=True) for merge in (True, False)]
    return Case(steps=[([found, [tf.gradients(loss, x) for loss in found]], {x: logits(11, 6, 6)})])


@program
def ctc_loss_of_improbable_labels(tf):
    """A probability that is too small for a normal number counts as none."""
    x = tf.placeholder(tf.float32, [3, 4, 3], name="x")
    rows = [[0, 1]] * 4
    found = [tf.nn.ctc_loss(sparse_rows(tf, *rows), x, [3] * 4, ctc_merge_repeated=merge) for merge in (True, False)]
    far = np.zeros([3, 4, 3], np.float32)
    far[:, :, 2] = [50, 86, 88, 200]
    return Case(steps=[([found, [tf.gradients(loss, x) for loss in found]], {x: far})])


@program
def ctc_refused(tf):
    """Labels and lengths that do not fit."""
    x = tf.constant(logits())

    def loss(rows, lengths=(5, 5), **options):
        return lambda: tf.nn.ctc_loss(sparse_rows(tf, *rows), x, lengths, **options)

    def at(*indices):
        return lambda: tf.nn.ctc_loss(tf.SparseTensor(indices, [1, 2], [2, 2]), x, [5, 5])

    return Case(facts={"found": outcomes(tf, [
        loss([[1], []]), loss([[0, 0, 3, 2], [1]]), loss([[0, 0, 3, 2], [1]], preprocess_collapse_repeated=True),
        loss([[1, 1, -1], [1]]), loss([[1, 1, -1], [1]], preprocess_collapse_repeated=True),
        loss([[1, 3, 3], [1]], (2, 5)), loss([[1, 1, 1], [1]], (2, 5), preprocess_collapse_repeated=True),
        loss([[3], [1]], (0, 5)), loss([[1], [1]], (5, -1)), loss([[1], [1]], (6, 5)),
        at([1, 0], [0, 0]), at([0, 0], [0, 0]), at([0, 0], [2, 0]),
        lambda: tf.nn.ctc_loss(tf.SparseTensor(np.zeros([0, 2], "q"), np.zeros([0], "i"), [0, 0]),
                               np.zeros([5, 0, 4], "f"), np.zeros([0], "i"))])})


@program
def ctc_decoders_of_negative_lengths(tf):
    """A decoder takes a negative length as none."""
    x = tf.constant(logits())
    return Case(steps=[([tf.nn.ctc_greedy_decoder(x, [-1, 2]), tf.nn.ctc_beam_search_decoder(x, [-1, 2], 3)], None)])


@program
def ctc_decoders_of_unknown_steps(tf):
    """Logits that are NaN or infinite: in one step, for one class, in all steps of a sequence, in all of all."""
    x = tf.placeholder(tf.float32, [8, 3, 6], name="x")
    found = [tf.nn.ctc_greedy_decoder(x, [8, 6, 7]), tf.nn.ctc_greedy_decoder(x, [8, 6, 7], merge_repeated=False)]
    found += [tf.nn.ctc_beam_search_decoder(x, [8, 6, 7], width, top_paths=count, merge_repeated=False)
              for width, count in ((1, 1), (4, 2), (17, 17), (40, 2), (100, 1), (100, 5))]
    steps = []
    for step, label in ((2, 0), (3, 2), (4, 5), (7, 1), (3, slice(None))):
        for odd in (np.nan, np.inf, -np.inf):
            given = logits(8, 3, 6)
            given[step, 0, label], given[4, 2, 3] = odd, np.nan
            steps.append(([[decoded, scores] for decoded, scores in found], {x: given}))
    whole = logits(8, 3, 6)
    whole[:, 1] = np.nan
    few = [[decoded, scores] for (decoded, scores), count in zip(found, (1, 1, 1, 2, 17, 2, 1, 5)) if count == 1]
    return Case(steps=steps + [(few, {x: whole}), (few, {x: np.full_like(whole, np.nan)})])
