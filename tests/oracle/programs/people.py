"""What programs of 2016 to 2019 did that only trying many of them shows."""

from __future__ import division

import collections

import numpy as np

from . import Case, program
from .refused import outcome

Pair = collections.namedtuple("Pair", "x y")


@program
def feeds_that_nest(tf):
    """A recurrent net's state, fed as the tuple that it is."""
    a, b, c = (tf.placeholder(tf.float32, [], name) for name in "abc")
    total = a + 10.0 * b
    all_three = total + 100.0 * c
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(2), tf.nn.rnn_cell.GRUCell(3)])
    start = cell.zero_state(1, tf.float32)
    values = (tf.nn.rnn_cell.LSTMStateTuple(np.ones((1, 2)), np.full((1, 2), 2.0)), np.full((1, 3), 3.0))
    session = tf.Session()
    refused = {
        "too many": outcome(lambda: session.run(total, {(a, b): (1, 2, 3)})),
        "one": outcome(lambda: session.run(total, {(a, b): 3})),
        "twice": outcome(lambda: session.run(total, collections.OrderedDict([((a, b), (1, 2)), (a, 5)]))),
        "a list of pairs": outcome(lambda: session.run(total, [(a, 1)])),
        "None": outcome(lambda: session.run(total, {None: 2})),
    }
    return Case([(total, {(a, b): (1, 2)}), (all_three, {(a, (b, c)): [1, [2, 3]]}),
                 (all_three, {(a, (b, c)): (1, 2, 3)}),
                 (total, {Pair(a, b): (1, 2)}), (total, {(a, "b:0"): [3, 4]}), (total, {(): (), a: 1, b: 2}),
                 (start, {start: values})], facts=refused)


@program
def values_that_do_not_fit(tf):
    """What beginners try first, and the first line of what they are told."""
    whole = tf.Variable([1, 2], name="whole")
    real = tf.Variable(1.0, name="real")
    text = tf.Variable("x", name="text")
    tries = {
        "assign": lambda: whole.assign(1.5), "assign with tf": lambda: tf.assign(whole, 1.5),
        "add": lambda: whole.assign_add([1.5, 2]), "subtract a text": lambda: tf.assign_sub(whole, "x"),
        "a number to a text": lambda: text.assign(3), "a text to a number": lambda: real.assign("a"),
        "a tensor": lambda: whole.assign(tf.constant(1.0)), "a variable": lambda: real.assign(whole),
        "scatter": lambda: tf.scatter_update(whole, [0], [1.5]), "index": lambda: tf.scatter_update(whole, [0.5], [1]),
        "mixed": lambda: tf.constant([1, "a"]), "mixed, text first": lambda: tf.constant(["a", 1]),
        "text and None": lambda: tf.constant([["a", "b"], ["c", None]]),
        "no GraphDef": lambda: tf.import_graph_def(3), "input_map": lambda: tf.import_graph_def(tf.GraphDef(), 3),
        "return_elements": lambda: tf.import_graph_def(tf.GraphDef(), return_elements=[3]),
        "boundaries": lambda: tf.train.piecewise_constant(real, [1, 2], [1.0, 2.0, 3.0]),
    }
    return Case(facts={name: outcome(tries[name]).replace("<type '", "<class '") for name in sorted(tries)})
