"""tf.contrib.rnn: cells of one op, wrappers with projections, stacks of bidirectional nets."""

from . import Case, program
from .recurrent import batch, ramp, with_gradients


@program
def contrib_rnn_lstm_block_cell(tf):
    x = batch(tf)
    values = [tf.nn.dynamic_rnn(tf.contrib.rnn.LSTMBlockCell(4), x, dtype=tf.float32),
              tf.nn.dynamic_rnn(tf.contrib.rnn.LSTMBlockCell(3, forget_bias=0.5, cell_clip=0.2, use_peephole=True), x,
                                dtype=tf.float32, scope="peep")]
    return with_gradients(tf, values, {x: ramp(2, 4, 3)})


@program
def contrib_rnn_lstm_block_fused_cell(tf):
    tf.set_random_seed(4)
    x = tf.placeholder(tf.float32, [4, None, 3], name="x")
    first, state = tf.contrib.rnn.LSTMBlockFusedCell(5)(x, dtype=tf.float32)
    second, last = tf.contrib.rnn.LSTMBlockFusedCell(2, use_peephole=True, cell_clip=0.3, name="other")(
        x, initial_state=(tf.ones([2, 2]), tf.zeros([2, 2])), sequence_length=tf.constant([4, 2]))
    return with_gradients(tf, [first, state, second, last], {x: ramp(4, 2, 3)})


@program
def contrib_rnn_gru_block_cells(tf):
    x = batch(tf)
    values = [tf.nn.dynamic_rnn(tf.contrib.rnn.GRUBlockCell(4), x, dtype=tf.float32),
              tf.nn.dynamic_rnn(tf.contrib.rnn.GRUBlockCellV2(num_units=3), x, dtype=tf.float32, scope="second")]
    return with_gradients(tf, values, {x: ramp(2, 4, 3)})


@program
def contrib_rnn_projections(tf):
    x = batch(tf)
    cell = tf.contrib.rnn.InputProjectionWrapper(tf.contrib.rnn.BasicLSTMCell(4), 2, activation=tf.nn.relu)
    cell = tf.contrib.rnn.OutputProjectionWrapper(cell, output_size=3)
    return with_gradients(tf, tf.nn.dynamic_rnn(cell, x, dtype=tf.float32), {x: ramp(2, 4, 3)})


@program
def contrib_rnn_output_projection_with_an_activation(tf):
    x = batch(tf, steps=3)
    cell = tf.contrib.rnn.OutputProjectionWrapper(tf.contrib.rnn.BasicRNNCell(num_units=4, activation=tf.nn.relu), 1,
                                                  activation=tf.tanh)
    return with_gradients(tf, tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32), {x: ramp(2, 3, 3)})


@program
def contrib_rnn_embedding_wrapper(tf):
    tf.set_random_seed(4)
    x = tf.placeholder(tf.int32, [None], name="x")
    cell = tf.contrib.rnn.EmbeddingWrapper(tf.contrib.rnn.GRUCell(3), embedding_classes=5, embedding_size=2)
    return with_gradients(tf, tf.contrib.rnn.static_rnn(cell, [x, x + 1], dtype=tf.float32), {x: [1, 3]})


@program
def contrib_rnn_ugrnn(tf):
    x = batch(tf)
    cell = tf.contrib.rnn.UGRNNCell(4, initializer=tf.random_uniform_initializer(-1, 1, seed=2))
    return with_gradients(tf, tf.nn.dynamic_rnn(cell, x, dtype=tf.float32), {x: ramp(2, 4, 3)})


@program
def contrib_rnn_attention_cell(tf):
    x = batch(tf)
    values = [
        tf.nn.dynamic_rnn(tf.contrib.rnn.AttentionCellWrapper(tf.contrib.rnn.BasicLSTMCell(4), 2), x, dtype=tf.float32),
        tf.nn.dynamic_rnn(tf.contrib.rnn.AttentionCellWrapper(tf.contrib.rnn.GRUCell(3), 3, attn_size=2,
                                                              attn_vec_size=5, state_is_tuple=False), x,
                          dtype=tf.float32, scope="second")]
    return with_gradients(tf, values, {x: ramp(2, 4, 3)})


@program
def contrib_rnn_stacked_bidirectional(tf):
    x = batch(tf)
    cell = tf.contrib.rnn.LSTMCell
    dynamic = tf.contrib.rnn.stack_bidirectional_dynamic_rnn([cell(3), cell(2)], [cell(3), cell(2)], x,
                                                             dtype=tf.float32, sequence_length=[4, 2])
    static = tf.contrib.rnn.stack_bidirectional_rnn(
        [tf.contrib.rnn.GRUCell(2)] * 1, [tf.contrib.rnn.GRUCell(3)], tf.unstack(x, axis=1), dtype=tf.float32,
        scope="static")
    return with_gradients(tf, [dynamic, static], {x: ramp(2, 4, 3)})


@program
def contrib_rnn_names_of_the_core(tf):
    names = ("BasicLSTMCell", "BasicRNNCell", "DeviceWrapper", "DropoutWrapper", "GRUCell", "LSTMCell",
             "LSTMStateTuple", "MultiRNNCell", "RNNCell", "ResidualWrapper")
    same = [getattr(tf.contrib.rnn, name) is getattr(tf.nn.rnn_cell, name) for name in names]
    x = tf.placeholder(tf.float32, [None, 4, 3], name="x")
    turned = tf.contrib.rnn.transpose_batch_time(x)
    sizes = [tf.contrib.rnn.best_effort_input_batch_size([turned]),
             tf.contrib.rnn.best_effort_input_batch_size([turned, x])]
    return Case(steps=[([turned, sizes[0]], {x: ramp(2, 4, 3)})], show=[turned, sizes[0]],
                facts={"same": same, "known": sizes[1]})
