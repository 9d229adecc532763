"""What programs of 2016 to 2019 did that only trying many of them shows."""

from __future__ import division

import collections
import functools

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


@program
def shapes_known_to_python(tf):
    """What the shape of a sparse tensor tells before the run: slices of shapes count, sizes taken out do not."""
    known = tf.placeholder(tf.float32, [300, 2])
    open_ended = tf.placeholder(tf.float32, [None, 2])
    sizes = tf.placeholder(tf.int64, [3])

    def shape(x):
        return tf.shape(x, out_type=tf.int64)

    tries = {
        "one size": tf.stack([shape(known)[0], 4]), "sizes": tf.stack([shape(open_ended)[0], shape(open_ended)[1]]),
        "a cast": tf.cast(tf.stack([tf.shape(known)[0], 4]), tf.int64),
        "cast, partly": tf.cast(tf.shape(open_ended), tf.int64),
        "a slice": shape(open_ended)[1:], "reversed": shape(open_ended)[::-1], "fed": sizes[1:],
        "joined": tf.concat([shape(open_ended)[:1], sizes], 0), "inside": tf.concat([[shape(known)[0]], sizes], 0),
        "sliced twice": tf.concat([shape(known)[1:], shape(open_ended)], 0)[1:],
    }
    facts = {}
    for name in sorted(tries):
        indices = tf.zeros([1, tries[name].shape[0].value], tf.int64)
        sparse = tf.SparseTensor(indices, tf.zeros([1]), tries[name])
        facts[name] = str(sparse.get_shape().as_list())
    matrix = tf.SparseTensor(tf.zeros([1, 2], tf.int64), tf.zeros([1]), [300, 4])
    reshaped = tf.sparse_reshape(matrix, [tf.shape(known)[0] * 2, -1])
    return Case([(reshaped.dense_shape, {known: np.zeros([300, 2])})], facts=facts)


@program
def names_imported_twice(tf):
    """A name that is taken gets a number that no name in what is imported has either."""
    with tf.Graph().as_default() as source:
        first = tf.constant(1.0, name="a")
        second = tf.constant(2.0, name="a")
        total = tf.add(tf.add(first, second, name="s/c"), second, name="s/c")
        tf.identity(total, name="a_1/x")
    definition = source.as_graph_def()
    for taken in ("a", "s/c"):
        tf.constant(0.0, name=taken)
    tf.import_graph_def(definition, name="")
    tf.import_graph_def(definition, name="")
    last = tf.constant(1.0, name="a")
    return Case([([last, "a_2:0", "s/c_2:0"], None)])


@program
def controls_in_a_node(tf):
    """A node lists what runs before it in the order it was asked for, a whole graph by name."""
    b, a, c = (tf.Variable(1.0, name=name) for name in "bac")
    with tf.control_dependencies([c.initializer, b.initializer, a.initializer]):
        done = tf.no_op("done")
        value = tf.identity(3.0, name="value")
    listed = [node for node in tf.get_default_graph().as_graph_def().node if node.name == "done"]
    return Case([(value, None)], facts={"node": str(list(map(str, done.node_def.input))), "str": str(done),
                                "graph": str(list(map(str, listed[0].input)))})


@program
def names_that_do_not_do(tf):
    """A node's name that can be no name is refused as a scope's: every node function opens one."""
    makers = {"placeholder": lambda name: tf.placeholder(tf.float32, [2], name), "no_op": tf.no_op,
              "constant": lambda name: tf.constant(1.0, name=name), "add": lambda name: tf.add(1.0, 2.0, name),
              "variable": lambda name: tf.Variable(1.0, name=name), "identity": lambda name: tf.identity(1.0, name),
              "get_variable": lambda name: tf.get_variable(name, [2]),
              "mean": lambda name: tf.reduce_mean(1.0, name=name),
              "queue": lambda name: tf.FIFOQueue(3, tf.float32, name=name).name,
              "stack": lambda name: tf.stack([1.0, 2.0], name=name)}
    facts = {}
    for maker in sorted(makers):
        for name in ("my input", "_x", "-x", "/x", "a:0", "loss(train)"):
            facts[maker + " " + name] = outcome(functools.partial(makers[maker], name)).split("\n")[0]
    with tf.name_scope("inside"):
        inside = tf.placeholder_with_default(1.0, [], name="_x")
    op = tf.no_op()
    facts["no session"] = outcome(lambda: op.run())
    return Case([(inside, None)], facts=facts)


@program
def rows_of_several_lengths(tf):
    """NumPy puts rows of several lengths into an array of objects: as a tensor it is refused as no text."""
    rows = np.empty(2, dtype=object)
    rows[0], rows[1] = [1, 2, 3], [4]
    arrays = np.empty(2, dtype=object)
    arrays[0], arrays[1] = (1.0, 2.0), (3.0,)
    numbers = np.array([1, 2], dtype=object)
    tries = {
        "constant": lambda: tf.constant(rows), "as text": lambda: tf.constant(rows, tf.string),
        "as numbers": lambda: tf.constant(rows, tf.int32), "as reals": lambda: tf.convert_to_tensor(rows, tf.float32),
        "variable": lambda: tf.Variable(rows), "tuples": lambda: tf.constant(arrays),
        "slices": lambda: tf.data.Dataset.from_tensor_slices(rows), "numbers": lambda: tf.constant(numbers),
        "numbers with a dtype": lambda: tf.constant(numbers, tf.int32).shape,
        "looked up": lambda: tf.nn.embedding_lookup(np.eye(5, dtype=np.float32), rows),
    }
    return Case(facts={name: outcome(tries[name]) for name in sorted(tries)})
