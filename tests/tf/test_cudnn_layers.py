"""cuDNN's layers compute what the cells do that their checkpoints are for, gradients included."""

import numpy as np
import pytest

from tfmagic import tf

TIME, BATCH, DEPTH, UNITS = 5, 3, 4, 3
LENGTHS = [5, 2, 4]
CUDNN = tf.contrib.cudnn_rnn
LAYERS = {
    "lstm": (CUDNN.CudnnLSTM, lambda: CUDNN.CudnnCompatibleLSTMCell(UNITS)),
    "gru": (CUDNN.CudnnGRU, lambda: CUDNN.CudnnCompatibleGRUCell(UNITS)),
    "tanh": (CUDNN.CudnnRNNTanh, lambda: tf.nn.rnn_cell.BasicRNNCell(UNITS)),
    "relu": (CUDNN.CudnnRNNRelu, lambda: tf.nn.rnn_cell.BasicRNNCell(UNITS, activation=tf.nn.relu)),
}


def _inputs():
    return np.random.RandomState(0).randn(TIME, BATCH, DEPTH).astype(np.float32)


def _by_the_layer(kind, layers, direction, lengths, folder, **options):
    """Outputs, last states and gradients of inputs and states, and a checkpoint in `folder`."""
    tf.reset_default_graph()
    tf.set_random_seed(4)
    x = tf.constant(_inputs())
    layer = LAYERS[kind][0](layers, UNITS, direction=direction, bias_initializer=tf.random_uniform_initializer(),
                            **options)
    states = tuple(0.1 * tf.ones(shape) for shape in layer.state_shape(BATCH))
    outputs, after = layer(x, states, sequence_lengths=lengths)
    loss = tf.reduce_sum(tf.sin(outputs)) + sum(tf.reduce_sum(tf.cos(state)) for state in after)
    gradients = tf.gradients(loss, [x, *states])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        found = sess.run([outputs, after, gradients])
        tf.train.Saver().save(sess, f"{folder}/net")
    return found


def _by_cells(kind, layers, direction, lengths, folder):
    tf.reset_default_graph()
    x = tf.constant(_inputs())
    cells = [LAYERS[kind][1]() for _ in range(layers)]
    first = 0.1 * tf.ones([BATCH, UNITS])

    def state():
        return tf.nn.rnn_cell.LSTMStateTuple(first, first) if kind == "lstm" else first

    scope = {"lstm": "cudnn_lstm", "gru": "cudnn_gru", "tanh": "cudnn_rnn_tanh", "relu": "cudnn_rnn_relu"}[kind]
    with tf.variable_scope(scope):
        if direction == "unidirectional":
            outputs, after = tf.nn.dynamic_rnn(tf.nn.rnn_cell.MultiRNNCell(cells), x, lengths,
                                               tuple(state() for _ in cells), time_major=True)
            after = [list(after)]
        else:
            outputs, forward, backward = tf.contrib.rnn.stack_bidirectional_dynamic_rnn(
                cells, [LAYERS[kind][1]() for _ in range(layers)], x, [state() for _ in cells],
                [state() for _ in cells], sequence_length=lengths, time_major=True)
            after = [list(forward), list(backward)]
    flat = [way[layer] for layer in range(layers) for way in after]
    parts = [tf.stack([each.h for each in flat]), tf.stack([each.c for each in flat])] if kind == "lstm" else [
        tf.stack(flat)]
    loss = tf.reduce_sum(tf.sin(outputs)) + sum(tf.reduce_sum(tf.cos(part)) for part in parts)
    gradient = tf.gradients(loss, [x, first])
    with tf.Session() as sess:
        tf.train.Saver().restore(sess, f"{folder}/net")
        return sess.run([outputs, parts, gradient])


@pytest.mark.parametrize("kind", sorted(LAYERS))
@pytest.mark.parametrize("layers, direction", [(1, "unidirectional"), (2, "unidirectional"), (2, "bidirectional")])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
def test_a_layer_computes_what_its_cells_do(kind, layers, direction, lengths, tmp_path):
    outputs, after, gradients = _by_the_layer(kind, layers, direction, lengths, tmp_path)
    cell_outputs, cell_after, (d_x, d_state) = _by_cells(kind, layers, direction, lengths, tmp_path)
    np.testing.assert_allclose(outputs, cell_outputs, atol=1e-5)
    for own, other in zip(after, cell_after):
        np.testing.assert_allclose(own, other, atol=1e-5)
    np.testing.assert_allclose(gradients[0], d_x, atol=1e-5)
    np.testing.assert_allclose(sum(part.sum(0) for part in gradients[1:]), d_state, atol=1e-4)


@pytest.mark.parametrize("kind", sorted(LAYERS))
def test_parameters_come_back_from_a_checkpoint(kind, tmp_path):
    outputs, _, _ = _by_the_layer(kind, 2, "bidirectional", None, tmp_path)
    tf.reset_default_graph()
    layer = LAYERS[kind][0](2, UNITS, direction="bidirectional")
    again, _ = layer(tf.constant(_inputs()), tuple(0.1 * tf.ones(s) for s in layer.state_shape(BATCH)))
    with tf.Session() as sess:
        tf.train.Saver().restore(sess, f"{tmp_path}/net")
        np.testing.assert_allclose(sess.run(again), outputs, atol=1e-5)


def test_dropout_is_seeded_and_its_gradient_has_the_same_mask(tmp_path):
    first = _by_the_layer("lstm", 2, "unidirectional", None, tmp_path, dropout=0.5, seed=3)
    again = _by_the_layer("lstm", 2, "unidirectional", None, tmp_path, dropout=0.5, seed=3)
    plain = _by_the_layer("lstm", 2, "unidirectional", None, tmp_path, seed=3)
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.allclose(first[0], plain[0])
    np.testing.assert_array_equal(first[2][0], again[2][0])


def test_the_size_of_the_parameters_and_their_gradient():
    tf.reset_default_graph()
    layer = CUDNN.CudnnGRU(2, UNITS, dtype=tf.float64)
    outputs, _ = layer(tf.constant(_inputs().astype(np.float64)))
    loss = tf.reduce_sum(tf.square(outputs))
    slope = tf.gradients(loss, layer.kernel)[0]
    size = tf.raw_ops.CudnnRNNParamsSize(num_layers=2, num_units=UNITS, input_size=DEPTH, T=tf.float64, S=tf.int32,
                                         rnn_mode="gru")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        params, slopes = sess.run([layer.kernel, slope])
        assert sess.run(size).tolist() == [params.size]
        step = 1e-6 * np.sin(np.arange(params.size))
        before, after = sess.run(loss), sess.run(loss, {layer.kernel: params + step})
        np.testing.assert_allclose(after - before, slopes @ step, rtol=1e-4)


def test_what_does_not_run_says_what_to_do():
    tf.reset_default_graph()
    outputs, _ = CUDNN.CudnnLSTM(1, UNITS, input_mode="skip_input")(tf.constant(_inputs()))
    with tf.Session() as sess, pytest.raises(tf.errors.UnimplementedError, match="use linear_input"):
        sess.run(tf.global_variables_initializer())


def test_lengths_are_checked():
    tf.reset_default_graph()
    outputs, _ = CUDNN.CudnnLSTM(1, UNITS)(tf.constant(_inputs()), sequence_lengths=[5, 0, 1])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="from 1 to 5"):
            sess.run(outputs)
