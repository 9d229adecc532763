"""What losses, samplers and look-ups of tf.nn refuse, and in which words; and what they make of unusual arguments."""

import numpy as np

from . import Case, program
from .windows_refused import outcomes


@program
def losses_refused(tf):
    """Axes that are not known or given twice, sequences without time, second slopes that there are not."""
    nn = tf.nn
    unknown, x = tf.placeholder(tf.float32), tf.constant(np.random.RandomState(1).randn(5, 2, 4).astype("f"))
    labels = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [0, 1, 2], [2, 2])
    pair = [[1.0, 2.0]]

    def twice(loss):
        return lambda: tf.gradients(tf.gradients(loss(), x)[0], x)[0]

    return Case(facts={"found": outcomes(tf, [
        lambda: nn.softmax(unknown, axis=0), lambda: nn.log_softmax(unknown, axis=-2),
        lambda: nn.softmax_cross_entropy_with_logits(labels=pair, logits=pair, axis=0),
        lambda: nn.ctc_loss(labels, x, [0, 4]), lambda: nn.ctc_loss(labels, x, [1, 4]),
        lambda: nn.ctc_loss(labels, x, [0, 4], ignore_longer_outputs_than_inputs=True),
        twice(lambda: nn.ctc_loss(labels, x, [5, 4])),
        twice(lambda: nn.sparse_softmax_cross_entropy_with_logits(labels=np.zeros([5, 2], "i"), logits=x)),
        lambda: nn.fixed_unigram_candidate_sampler([[0]], 1, 1, True, 1, vocab_file="a", unigrams=[1.0])[0],
        lambda: nn.log_uniform_candidate_sampler([[-1]], 1, 2, False, 5)[1]])})


@program
def a_scalar_row_of_a_clipped_table(tf):
    """The rank of a scalar is asked for in the graph."""
    table = tf.constant(np.arange(6, dtype="f").reshape([3, 2]))
    return Case([([tf.nn.embedding_lookup(table, 2, max_norm=1.0),
                   tf.nn.embedding_lookup([table, table], 3, max_norm=1.0), tf.nn.swish([1.0, 2.0])], None)])
