"""Recurrent nets: every cell and wrapper, run over time in every way, with gradients and training."""

import numpy as np

from . import Case, program


def ramp(*shape):
    """Small fixed values between -0.5 and 0.5."""
    return np.linspace(-0.5, 0.5, int(np.prod(shape)), dtype=np.float32).reshape(shape)


def constant(tf):
    return tf.constant_initializer(0.25)


def names(tf):
    return {"variables": [v.name for v in tf.global_variables()],
            "trainable": [v.name for v in tf.trainable_variables()]}


def with_gradients(tf, value, feeds=None, **more):
    """A case that fetches a value and its gradients by all variables, with seeded initial values."""
    total = tf.add_n([tf.reduce_sum(tf.square(tf.cast(part, tf.float32))) for part in flat(value)])
    found = [g for g in tf.gradients(total, tf.trainable_variables()) if g is not None]
    return Case(init=True, steps=[([flat(value), found], feeds)], show=flat(value), facts=names(tf), **more)


def flat(value):
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in flat(part)]
    return [value]


# Random ops of a loop whose turns overlap draw in any order: programs with dropout say parallel_iterations=1.


def batch(tf, steps=4, depth=3, size=None):
    tf.set_random_seed(11)
    return tf.placeholder(tf.float32, [size, steps, depth], name="x")


@program
def rnn_dynamic_basic(tf):
    x = batch(tf)
    return with_gradients(tf, tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicRNNCell(5), x, dtype=tf.float32),
                          {x: ramp(2, 4, 3)})


@program
def rnn_dynamic_basic_lstm(tf):
    x = batch(tf)
    return with_gradients(tf, tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicLSTMCell(5), x, dtype=tf.float32),
                          {x: ramp(2, 4, 3)})


@program
def rnn_dynamic_lstm(tf):
    x = batch(tf)
    cell = tf.nn.rnn_cell.LSTMCell(5, initializer=tf.orthogonal_initializer(seed=3))
    return with_gradients(tf, tf.nn.dynamic_rnn(cell, x, dtype=tf.float32), {x: ramp(2, 4, 3)})


@program
def rnn_dynamic_lstm_with_everything(tf):
    x = batch(tf)
    cell = tf.nn.rnn_cell.LSTMCell(5, use_peepholes=True, cell_clip=0.6, num_proj=4, proj_clip=0.3, forget_bias=0.5,
                                   activation=tf.nn.softsign, initializer=tf.random_uniform_initializer(-1, 1, seed=2))
    return with_gradients(tf, tf.nn.dynamic_rnn(cell, x, dtype=tf.float32), {x: ramp(2, 4, 3)})


@program
def rnn_dynamic_gru(tf):
    x = batch(tf)
    cell = tf.nn.rnn_cell.GRUCell(5, activation=tf.nn.relu, kernel_initializer=tf.glorot_normal_initializer(seed=4),
                                  bias_initializer=constant(tf))
    return with_gradients(tf, tf.nn.dynamic_rnn(cell, x, dtype=tf.float32), {x: ramp(2, 4, 3)})


@program
def rnn_dynamic_gru_of_defaults(tf):
    x = batch(tf, size=2)
    return with_gradients(tf, tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(3), x, dtype=tf.float32), {x: ramp(2, 4, 3)})


@program
def rnn_dynamic_stacked(tf):
    x = batch(tf)
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(n) for n in (4, 3)])
    return with_gradients(tf, tf.nn.dynamic_rnn(cell, x, dtype=tf.float32), {x: ramp(2, 4, 3)})


@program
def rnn_dynamic_with_lengths(tf):
    x = batch(tf)
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    out, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicLSTMCell(4), x, sequence_length=lengths, dtype=tf.float32)
    return with_gradients(tf, [out, state.c, state.h], {x: ramp(3, 4, 3), lengths: [2, 0, 4]})


@program
def rnn_dynamic_with_int64_lengths(tf):
    x = batch(tf, size=3)
    out, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(4), x, dtype=tf.float32,
                                   sequence_length=tf.constant([1, 2, 3], tf.int64))
    return with_gradients(tf, [out, state], {x: ramp(3, 4, 3)})


@program
def rnn_dynamic_time_major(tf):
    tf.set_random_seed(5)
    x = tf.placeholder(tf.float32, [None, None, 3], name="x")
    out, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicRNNCell(4, activation=tf.nn.relu), x, dtype=tf.float32,
                                   time_major=True, sequence_length=[3, 1], swap_memory=True, parallel_iterations=4,
                                   scope="net")
    return with_gradients(tf, [out, state], {x: ramp(3, 2, 3)})


@program
def rnn_dynamic_with_a_first_state(tf):
    x = batch(tf)
    cell = tf.nn.rnn_cell.BasicLSTMCell(4, state_is_tuple=True, forget_bias=0.0)
    first = tf.nn.rnn_cell.LSTMStateTuple(tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.float32, [None, 4]))
    out, state = tf.nn.dynamic_rnn(cell, x, initial_state=first)
    return with_gradients(tf, [out, state.c, state.h], {x: ramp(2, 4, 3), first.c: ramp(2, 4), first.h: -ramp(2, 4)})


@program
def rnn_dynamic_from_a_zero_state(tf):
    x = batch(tf, size=2)
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.LSTMCell(4), tf.nn.rnn_cell.GRUCell(3)])
    out, state = tf.nn.dynamic_rnn(cell, x, initial_state=cell.zero_state(2, tf.float32))
    return with_gradients(tf, [out, state[0].c, state[0].h, state[1]], {x: ramp(2, 4, 3)})


@program
def rnn_zero_states(tf):
    n = tf.placeholder(tf.int32, [], name="n")
    cells = [tf.nn.rnn_cell.BasicRNNCell(2), tf.nn.rnn_cell.BasicLSTMCell(2),
             tf.nn.rnn_cell.BasicLSTMCell(2, state_is_tuple=False), tf.nn.rnn_cell.LSTMCell(2, num_proj=3)]
    cells.append(tf.nn.rnn_cell.MultiRNNCell(cells[:2]))
    cells.append(tf.nn.rnn_cell.DropoutWrapper(cells[1], 0.5))
    states = [cell.zero_state(size, tf.float32) for cell in cells for size in (n, 3)]
    states.append(cells[0].get_initial_state(inputs=tf.zeros([4, 3])))
    states.append(cells[0].get_initial_state(inputs=tf.placeholder(tf.float64, [None, 3])))
    facts = {"state sizes": str([cell.state_size for cell in cells]),
             "output sizes": str([cell.output_size for cell in cells]), "shapes": str([s.shape for s in flat(states)])}
    return Case(steps=[(flat(states[:-1]), {n: 2})], show=flat(states), facts=facts)


@program
def rnn_concatenated_states(tf):
    x = batch(tf)
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(3, state_is_tuple=False),
                                        tf.nn.rnn_cell.LSTMCell(2, num_proj=3, state_is_tuple=False)],
                                       state_is_tuple=False)
    return with_gradients(tf, tf.nn.dynamic_rnn(cell, x, dtype=tf.float32), {x: ramp(2, 4, 3)})


@program
def rnn_a_cell_called_by_hand(tf):
    tf.set_random_seed(3)
    cell = tf.nn.rnn_cell.BasicLSTMCell(3, name="cell")
    state = cell.zero_state(2, tf.float32)
    outputs = []
    for step in range(3):
        output, state = cell(tf.constant(ramp(2, 2)) * step, state)
        outputs.append(output)
    case = with_gradients(tf, outputs + [state.c])
    case.facts.update({"name": cell.name, "scope": cell.scope_name, "weights": [w.name for w in cell.weights],
                       "built": cell.built, "dtype": str(cell.dtype), "params": cell.count_params()})
    return case


@program
def rnn_cells_in_scopes(tf):
    tf.set_random_seed(3)
    x = tf.constant(ramp(2, 2))
    outputs = []
    for reuse in (False, True):
        with tf.variable_scope("net", reuse=reuse):
            cell = tf.nn.rnn_cell.GRUCell(3)
            outputs.append(cell(x, cell.zero_state(2, tf.float32))[0])
            stacked = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicRNNCell(2), tf.nn.rnn_cell.BasicLSTMCell(2)])
            outputs.append(stacked(x, stacked.zero_state(2, tf.float32))[0])
    other = tf.nn.rnn_cell.BasicRNNCell(2, reuse=tf.AUTO_REUSE, name="own")
    outputs.append(other(x, other.zero_state(2, tf.float32), scope="given")[0])
    again = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicRNNCell(2)])
    outputs.append(again(x, again.zero_state(2, tf.float32), scope="stack")[0])
    case = with_gradients(tf, outputs)
    case.facts["weights"] = [[w.name for w in c.trainable_weights] for c in (cell, stacked, other, again)]
    return case


@program
def rnn_dropout(tf):
    x = batch(tf)
    cell = tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.BasicLSTMCell(4), input_keep_prob=0.8, output_keep_prob=0.5,
                                         state_keep_prob=0.75, seed=9)
    return with_gradients(tf, tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, parallel_iterations=1), {x: ramp(2, 4, 3)})


@program
def rnn_dropout_of_a_placeholder(tf):
    x = batch(tf)
    keep = tf.placeholder(tf.float32, name="keep")
    cells = [tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(4), output_keep_prob=keep) for _ in range(2)]
    out, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.MultiRNNCell(cells), x, dtype=tf.float32, parallel_iterations=1)
    return with_gradients(tf, [out, state], {x: ramp(2, 4, 3), keep: 0.5})


@program
def rnn_variational_dropout(tf):
    x = batch(tf)
    cell = tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.BasicLSTMCell(4), input_keep_prob=0.8, output_keep_prob=0.5,
                                         state_keep_prob=0.75, variational_recurrent=True, input_size=3,
                                         dtype=tf.float32, seed=9)
    return with_gradients(tf, tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, parallel_iterations=1), {x: ramp(2, 4, 3)})


@program
def rnn_dropout_of_chosen_states(tf):
    x = batch(tf)
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(3), tf.nn.rnn_cell.GRUCell(3)])
    cell = tf.nn.rnn_cell.DropoutWrapper(cell, state_keep_prob=0.5, seed=4)
    other = tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.BasicLSTMCell(3), state_keep_prob=0.5, seed=4,
                                          dropout_state_filter_visitor=lambda s: True)
    values = [tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, parallel_iterations=1),
              tf.nn.dynamic_rnn(other, x, dtype=tf.float32, parallel_iterations=1, scope="b")]
    return with_gradients(tf, values, {x: ramp(2, 4, 3)})


@program
def rnn_residual_and_device(tf):
    x = batch(tf)
    cell = tf.nn.rnn_cell.MultiRNNCell([
        tf.nn.rnn_cell.ResidualWrapper(tf.nn.rnn_cell.BasicRNNCell(3)),
        tf.nn.rnn_cell.DeviceWrapper(tf.nn.rnn_cell.BasicLSTMCell(3), "/cpu:0"),
        tf.nn.rnn_cell.ResidualWrapper(tf.nn.rnn_cell.GRUCell(3), residual_fn=lambda i, o: i * o)])
    return with_gradients(tf, tf.nn.dynamic_rnn(cell, x, dtype=tf.float32), {x: ramp(2, 4, 3)})


@program
def rnn_static(tf):
    x = batch(tf, steps=3)
    out, state = tf.nn.static_rnn(tf.nn.rnn_cell.BasicLSTMCell(4), tf.unstack(x, axis=1), dtype=tf.float32)
    return with_gradients(tf, [out, state.c, state.h], {x: ramp(2, 3, 3)})


@program
def rnn_static_with_lengths(tf):
    x = batch(tf, steps=3)
    lengths = tf.placeholder(tf.int64, [None], name="lengths")
    out, state = tf.nn.static_rnn(tf.nn.rnn_cell.GRUCell(4), tf.unstack(x, axis=1), dtype=tf.float32,
                                  sequence_length=lengths)
    return with_gradients(tf, [out, state], {x: ramp(3, 3, 3), lengths: [1, 2, 0]})


@program
def rnn_static_stacked(tf):
    x = batch(tf, steps=2, size=2)
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicRNNCell(3), tf.nn.rnn_cell.GRUCell(2)])
    out, state = tf.nn.static_rnn(cell, tf.unstack(x, axis=1), initial_state=cell.zero_state(2, tf.float32),
                                  scope="static")
    return with_gradients(tf, [out, state], {x: ramp(2, 2, 3)})


@program
def rnn_static_bidirectional(tf):
    x = batch(tf, steps=3)
    steps = tf.unstack(x, axis=1)
    cells = [tf.nn.rnn_cell.BasicLSTMCell(2), tf.nn.rnn_cell.BasicLSTMCell(3)]
    out, fw, bw = tf.nn.static_bidirectional_rnn(cells[0], cells[1], steps, dtype=tf.float32)
    again = tf.nn.static_bidirectional_rnn(tf.nn.rnn_cell.GRUCell(2), tf.nn.rnn_cell.GRUCell(2), steps,
                                           dtype=tf.float32, sequence_length=tf.constant([1, 3]), scope="again")
    return with_gradients(tf, [out, fw, bw, again], {x: ramp(2, 3, 3)})


@program
def rnn_bidirectional_dynamic(tf):
    x = batch(tf)
    outputs, states = tf.nn.bidirectional_dynamic_rnn(tf.nn.rnn_cell.LSTMCell(3), tf.nn.rnn_cell.LSTMCell(2), x,
                                                      dtype=tf.float32)
    return with_gradients(tf, [tf.concat(outputs, 2), states], {x: ramp(2, 4, 3)})


@program
def rnn_bidirectional_dynamic_with_lengths(tf):
    x = batch(tf)
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    outputs, states = tf.nn.bidirectional_dynamic_rnn(
        tf.nn.rnn_cell.GRUCell(3), tf.nn.rnn_cell.GRUCell(2), x, sequence_length=lengths, dtype=tf.float32,
        initial_state_fw=tf.zeros([2, 3]), initial_state_bw=tf.ones([2, 2]), swap_memory=True, scope="both")
    return with_gradients(tf, [outputs, states], {x: ramp(2, 4, 3), lengths: [2, 4]})


@program
def rnn_raw(tf):
    x = batch(tf)
    cell = tf.nn.rnn_cell.BasicLSTMCell(4)
    array = tf.TensorArray(tf.float32, size=4).unstack(tf.transpose(x, [1, 0, 2]))
    lengths = tf.constant([2, 4])

    def loop(time, output, state, loop_state):
        following = cell.zero_state(2, tf.float32) if output is None else state
        finished = time >= lengths
        ended = tf.reduce_all(finished)
        read = tf.cond(ended, lambda: tf.zeros([2, 3]), lambda: array.read(time))
        read.set_shape([2, 3])
        return finished, read, following, output, None

    arrays, state, loop_state = tf.nn.raw_rnn(cell, loop)
    return with_gradients(tf, [arrays.stack(), state.c, state.h], {x: ramp(2, 4, 3)})


@program
def rnn_raw_with_a_loop_state(tf):
    tf.set_random_seed(8)
    cell = tf.nn.rnn_cell.GRUCell(3)

    def loop(time, output, state, loop_state):
        if output is None:
            return (tf.zeros([2], tf.bool), tf.ones([2, 3]), cell.zero_state(2, tf.float32), tf.zeros([]),
                    tf.constant(1.0))
        return tf.fill([2], time >= 3), output * 2.0, state, tf.reduce_sum(output, 1), loop_state * 2.0

    arrays, state, loop_state = tf.nn.raw_rnn(cell, loop, parallel_iterations=2, swap_memory=True, scope="raw")
    return with_gradients(tf, [arrays.stack(), state, loop_state])


class Saver(object):
    """Keeps states in variables."""

    def __init__(self, tf, names):
        self.tf = tf
        self.kept = {name: tf.get_variable(name, [2, 3], initializer=tf.zeros_initializer(), trainable=False)
                     for name in names}

    def state(self, name):
        return self.kept[name].read_value()

    def save_state(self, name, value):
        return self.tf.assign(self.kept[name], value)


@program
def rnn_state_saving(tf):
    x = batch(tf, steps=2, size=2)
    saver = Saver(tf, ["a", "c", "h"])
    first, state = tf.nn.static_state_saving_rnn(tf.nn.rnn_cell.GRUCell(3), tf.unstack(x, axis=1), saver, "a")
    second, pair = tf.nn.static_state_saving_rnn(tf.nn.rnn_cell.BasicLSTMCell(3), tf.unstack(x, axis=1), saver,
                                                 ("c", "h"), scope="other")
    fetches = [first, state, second, pair]
    feeds = {x: ramp(2, 2, 3)}
    return Case(init=True, steps=[(flat(fetches), feeds), (flat(fetches), feeds)], show=flat(fetches), facts=names(tf))


@program
def rnn_a_cell_of_ones_own(tf):
    tf.set_random_seed(12)

    class Own(tf.nn.rnn_cell.RNNCell):
        def __init__(self, units):
            super(Own, self).__init__()
            self.units = units

        @property
        def state_size(self):
            return self.units

        @property
        def output_size(self):
            return self.units

        def call(self, inputs, state):
            w = tf.get_variable("w", [inputs.shape[-1].value + self.units, self.units])
            b = tf.get_variable("b", [self.units], initializer=tf.zeros_initializer(), trainable=False)
            new = tf.tanh(tf.matmul(tf.concat([inputs, state], 1), w) + b)
            return new, new

    x = tf.placeholder(tf.float32, [None, 3, 2], name="x")
    cell = Own(3)
    case = with_gradients(tf, tf.nn.dynamic_rnn(cell, x, dtype=tf.float32), {x: ramp(2, 3, 2)})
    case.facts.update(weights=[w.name for w in cell.weights], fixed=[w.name for w in cell.non_trainable_weights],
                      own=cell.name)
    return case


@program
def rnn_an_old_style_cell(tf):
    tf.set_random_seed(12)

    class Old(tf.nn.rnn_cell.RNNCell):
        state_size = property(lambda self: 3)
        output_size = property(lambda self: 3)

        def __call__(self, inputs, state, scope=None):
            with tf.variable_scope(scope or type(self).__name__):
                w = tf.get_variable("W", [5, 3])
                new = tf.nn.tanh(tf.matmul(tf.concat([inputs, state], 1), w))
            return new, new

    x = tf.placeholder(tf.float32, [None, 3, 2], name="x")
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.DropoutWrapper(Old(), output_keep_prob=0.5, seed=1)])
    return with_gradients(tf, [tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, parallel_iterations=1),
                               tf.nn.static_rnn(Old(), tf.unstack(x, axis=1), dtype=tf.float32, scope="static")],
                          {x: ramp(2, 3, 2)})


@program
def rnn_nested_sizes(tf):
    class Pair(tf.nn.rnn_cell.RNNCell):
        state_size = property(lambda self: (tf.TensorShape([2, 2]), 3))
        output_size = property(lambda self: {"a": tf.TensorShape([2, 2]), "b": 3})

        def __call__(self, inputs, state, scope=None):
            square, line = state
            first, second = inputs
            square, line = square + first, line * 0.5 + second
            return {"a": square, "b": line}, (square, line)

    inputs = (tf.placeholder(tf.float32, [None, 3, 2, 2]), tf.placeholder(tf.float32, [None, 3, 3]))
    out, state = tf.nn.dynamic_rnn(Pair(), inputs, dtype=tf.float32, sequence_length=[2, 3])
    values = [out["a"], out["b"], state[0], state[1]]
    found = tf.gradients([tf.reduce_sum(tf.square(v)) for v in values], list(inputs))
    return Case(steps=[([values, found], {inputs[0]: ramp(2, 3, 2, 2), inputs[1]: ramp(2, 3, 3)})], show=values)


@program
def rnn_resource_variables_and_partitions(tf):
    x = batch(tf)
    with tf.variable_scope("net", use_resource=True):
        a = tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicLSTMCell(4), x, dtype=tf.float32)
    with tf.variable_scope("cut", partitioner=tf.fixed_size_partitioner(2)):
        b = tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicRNNCell(4), x, dtype=tf.float32)
    return with_gradients(tf, [a, b], {x: ramp(2, 4, 3)})


@program
def rnn_of_doubles_with_regularizers(tf):
    tf.set_random_seed(2)
    x = tf.placeholder(tf.float64, [None, 3, 2], name="x")
    with tf.variable_scope("net", regularizer=tf.nn.l2_loss, initializer=tf.random_normal_initializer(stddev=0.1)):
        out, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(3, use_peepholes=True), x, dtype=tf.float64)
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    case = with_gradients(tf, [out, state.c, state.h] + losses, {x: ramp(2, 3, 2)})
    case.facts["losses"] = [loss.name for loss in losses]
    return case


@program
def rnn_trained_on_rows(tf):
    """The lesson of many courses: digits read row by row."""
    tf.set_random_seed(1)
    x = tf.placeholder("float", [None, 6, 4])
    y = tf.placeholder("float", [None, 3])
    weights = {"out": tf.Variable(tf.random_normal([8, 3]))}
    biases = {"out": tf.Variable(tf.random_normal([3]))}
    outputs, states = tf.nn.static_rnn(tf.nn.rnn_cell.BasicLSTMCell(8, forget_bias=1.0), tf.unstack(x, 6, 1),
                                       dtype=tf.float32)
    logits = tf.matmul(outputs[-1], weights["out"]) + biases["out"]
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=y))
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    feeds = {x: ramp(6, 6, 4), y: np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]}
    return Case(init=True, steps=[([train, loss], feeds)] * 4)


@program
def rnn_trained_dynamically(tf):
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [None, 5, 1])
    y = tf.placeholder(tf.float32, [None, 5, 1])
    cell = tf.nn.rnn_cell.MultiRNNCell([
        tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.BasicLSTMCell(6), output_keep_prob=0.9) for _ in range(2)])
    outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, parallel_iterations=1)
    predicted = tf.layers.dense(outputs, 1)
    loss = tf.reduce_mean(tf.square(predicted - y))
    optimizer = tf.train.RMSPropOptimizer(0.01)
    found, variables = zip(*optimizer.compute_gradients(loss))
    found, norm = tf.clip_by_global_norm(found, 1.0)
    train = optimizer.apply_gradients(zip(found, variables))
    return Case(init=True, steps=[([train, loss, norm], {x: ramp(3, 5, 1), y: ramp(3, 5, 1) ** 2})] * 4)
