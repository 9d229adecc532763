"""Layers and cells of users: AutoGraph converts their `call`, and what it raises is told as of converted code."""

from __future__ import print_function

import functools

from . import Case, program
from .refused import words


def last(error):
    """What an error of converted code says in the end."""
    return str(error).strip().split("\n")[-1].strip()


def told(call):
    """How an error of a layer is told: its class, its first line and its last."""
    try:
        call()
    except Exception as error:
        return [words(error), last(error)]
    return "accepted"


@program
def conditions_and_loops_in_layers(tf):
    class Base(tf.layers.Layer):
        def build(self, shape):
            self.w = self.add_weight("w", [int(shape[-1]), 2], initializer=tf.ones_initializer())
            self.built = True

        def call(self, x):
            return tf.matmul(x, self.w)

    class Chooses(Base):
        def call(self, x, times=3):
            y = super(Chooses, self).call(x)
            if tf.reduce_sum(y) > 0:
                y = self.scaled(y)
            else:
                y = y - 1.0
            i = tf.constant(0)
            while i < times:
                y = tf.matmul(y, self.w)
                i += 1
            return y

        def scaled(self, x):
            for _ in tf.range(2):
                x = x * 0.5
            return x

    class Dense(tf.layers.Dense):
        def call(self, x):
            y = super(Dense, self).call(x)
            total = tf.constant(0.0)
            for row in y:
                if tf.reduce_sum(row) < 0:
                    continue
                total += tf.reduce_sum(row)
            return total

    x = tf.placeholder(tf.float32, [3, 2])
    layer = Chooses(name="chooses")
    y, again = layer(x), layer.apply(x, times=1)
    z = Dense(2, kernel_initializer=tf.ones_initializer())(x)
    left = tf.autograph.experimental.do_not_convert(lambda: Base()(x))()
    feeds = {x: [[1.0, 2.0], [-3.0, 4.0], [-1.0, -2.0]]}
    return Case(init=True, steps=[([y, again, z, left], feeds), ([y, tf.gradients(z, x)], {x: [[-1.0, 0.0]] * 3})])


@program
def conditions_in_cells(tf):
    class Cell(tf.nn.rnn_cell.RNNCell):
        @property
        def state_size(self):
            return 2

        @property
        def output_size(self):
            return 2

        def call(self, x, state):
            if tf.reduce_sum(state) > 3.0:
                state = state * 0.0
            else:
                state = state + x
            return state * 2.0, state

    outputs, state = tf.nn.dynamic_rnn(Cell(), tf.ones([2, 4, 2]), dtype=tf.float32)
    static, _ = tf.nn.static_rnn(Cell(name="own"), [tf.ones([1, 2])] * 3, dtype=tf.float32)
    return Case(steps=[([outputs, state, static], None)])


@program
def errors_told_by_layers(tf):
    class Mine(ValueError):
        pass

    class Raises(tf.layers.Layer):
        def call(self, error):
            raise self.error

        def raises(self, error):
            self.error = error
            return self(tf.ones([2, 2]))

    class Wraps(tf.layers.Layer):
        def call(self, x):
            return Raises().raises(ValueError("deep"))

    class Builds(tf.layers.Layer):
        def build(self, shape):
            raise ValueError("in build")

    class Nothing(tf.layers.Layer):
        def call(self, x):
            return None

    x, image = tf.ones([2, 2]), tf.ones([1, 3, 3, 1])
    cells = tf.nn.rnn_cell
    raised = [ValueError("v"), ValueError("a", "b"), TypeError("t"), KeyError("k"), IndexError("i"), Mine("m"),
              AttributeError("a"), RuntimeError("r"), AssertionError(), ZeroDivisionError("z"), LookupError("l"),
              Exception("e"), StopIteration("s"), tf.errors.OutOfRangeError(None, None, "o"), NameError("n")]
    tries = [lambda: Wraps()(x), lambda: Builds()(x), lambda: Nothing()(x), lambda: tf.layers.conv2d(image, 2, 5),
             lambda: tf.layers.max_pooling2d(image, 4, 1), lambda: tf.layers.dropout(x, 2.0, training=True),
             lambda: tf.layers.dense(x, 3, activation=lambda y: tf.matmul(y, y)),
             lambda: tf.contrib.layers.conv2d(image, 2, 5, padding="VALID"),
             lambda: tf.contrib.layers.fully_connected(x, 3, lambda y: tf.matmul(y, y)),
             lambda: cells.BasicRNNCell(3)(x, tf.zeros([3, 3])),
             lambda: cells.MultiRNNCell([cells.DropoutWrapper(cells.GRUCell(2))])(x, (tf.zeros([3, 2]),)),
             lambda: tf.nn.static_rnn(cells.GRUCell(3), [x], initial_state=tf.zeros([3, 3])),
             lambda: tf.layers.dense(x, 2, kernel_regularizer=lambda w: tf.matmul(w, tf.ones([7, 7]))),
             lambda: tf.layers.dense(x, 2, activation=3), lambda: cells.GRUCell(2, activation=2.5)(x, x),
             lambda: tf.layers.dense(x, 2, activation={"a": 1}), lambda: cells.BasicRNNCell(2, activation="no")]
    undecided = [lambda: tf.layers.dense(x, 2, activation=lambda y: y if tf.reduce_sum(y) > 0 else -y),
                 lambda: cells.LSTMCell(3)(x, x)]
    return Case(facts={"raised": [told(functools.partial(Raises().raises, error)) for error in raised],
                       "tried": [told(call) for call in tries],
                       "undecided": [told(call)[0] for call in undecided]})


@program
def steps_that_cells_refuse(tf):
    """Inputs and states of which nothing can be learned, or that are none."""
    x, whole = tf.ones([2, 2]), tf.ones([2, 2], tf.int32)
    cells = tf.nn.rnn_cell
    kinds = [cells.BasicRNNCell, cells.GRUCell, cells.BasicLSTMCell, cells.LSTMCell]
    steps = [(x, None), (whole, x), (x, whole), (x, (x, whole)), (x, (x, None)), ([[1.0, 2.0]], x)]
    return Case(facts={kind.__name__: [told(functools.partial(kind(2), *step)) for step in steps] for kind in kinds})
