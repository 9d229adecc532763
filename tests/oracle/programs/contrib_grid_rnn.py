"""tf.contrib.grid_rnn: cells along several dimensions, tied or not, with layers in the place of cells."""

import numpy as np

from . import Case, program


def declare(name, make, steps=2):
    def build(tf):
        cell = make(tf, tf.contrib.grid_rnn)
        inputs = [tf.constant(np.arange(8, dtype=np.float32).reshape(2, 4) / (8.0 + i), name="x") for i in range(steps)]
        with tf.variable_scope("grid", initializer=tf.constant_initializer(0.3)):
            outputs, state = tf.nn.static_rnn(cell, inputs, dtype=tf.float32)
        return Case(init=True, steps=[((outputs, state), None)],
                    facts={"sizes": [str(cell.state_size), str(cell.output_size)],
                           "variables": [x.name for x in tf.global_variables()]})

    build.__name__ = "grid_" + name
    return program(build)


declare("one_lstm", lambda tf, grids: grids.Grid1LSTMCell(3, use_peepholes=True))
declare("two_rnn_tied", lambda tf, grids: grids.Grid2BasicRNNCell(3, tied=True))
declare("two_lstm_side_by_side", lambda tf, grids: grids.Grid2BasicLSTMCell(
    3, state_is_tuple=False, output_is_tuple=False))
declare("two_gru_and_layer", lambda tf, grids: grids.Grid2GRUCell(3, non_recurrent_fn=tf.nn.relu))
declare("three_lstm_tied", lambda tf, grids: grids.Grid3LSTMCell(3, tied=True, state_is_tuple=False), steps=1)
declare("three_of_ones_own", lambda tf, grids: grids.GridRNNCell(
    3, num_dims=3, input_dims=[0, 2], output_dims=[1, 2], priority_dims=1, non_recurrent_dims=[2],
    cell_fn=lambda units: tf.nn.rnn_cell.LSTMCell(units)), steps=1)
