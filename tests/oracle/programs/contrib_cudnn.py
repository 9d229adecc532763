"""The layers of tf.contrib.cudnn_rnn as graphs: TensorFlow 1.15 runs them on GPUs only."""

from . import Case, program
from .refused import refusals


def _inputs(tf):
    return tf.placeholder(tf.float32, [5, 2, 4])


@program
def cudnn_lstm_built(tf):
    tf.set_random_seed(3)
    layer = tf.contrib.cudnn_rnn.CudnnLSTM(1, 3)
    outputs, state = layer(_inputs(tf), training=True)
    again, _ = layer(_inputs(tf), initial_state=state)
    return Case(show=[outputs, state, again, layer.canonical_weight_shapes, layer.canonical_bias_shapes,
                      layer.state_shape(7), layer.saveable.name, layer.num_dirs, layer.rnn_mode,
                      layer.trainable_variables] + [(each.name, each.dtype) for each in layer.saveable.specs])


@program
def cudnn_lstm_two_ways(tf):
    layer = tf.contrib.cudnn_rnn.CudnnLSTM(2, 3, direction="bidirectional", dropout=0.5, seed=7, name="both",
                                           bias_initializer=tf.ones_initializer())
    outputs, state = layer(_inputs(tf), training=False)
    tf.train.Saver()
    return Case(show=[outputs, state, layer.input_size, layer.state_shape(2)]
                + [each.name for each in layer.saveable.specs])


@program
def cudnn_gru_built(tf):
    with tf.variable_scope("net"):
        layer = tf.contrib.cudnn_rnn.CudnnGRU(2, 3, direction="bidirectional")
        outputs, state = layer(_inputs(tf))
    tf.train.Saver()
    return Case(show=[outputs, state] + [each.name for each in layer.saveable.specs])


@program
def cudnn_plain_built(tf):
    cudnn = tf.contrib.cudnn_rnn
    layer = cudnn.CudnnRNNTanh(2, 3)
    outputs, state = layer(_inputs(tf), time_major=False)
    relu = cudnn.CudnnRNNRelu(1, 3, kernel_initializer=tf.ones_initializer(), dtype=tf.float64)
    other, _ = relu(tf.placeholder(tf.float64, [5, 2, 4]))
    tf.train.Saver()
    return Case(show=[outputs, state, other] + [each.name for each in layer.saveable.specs])


@program
def cudnn_gradients(tf):
    x = _inputs(tf)
    cudnn = tf.contrib.cudnn_rnn
    first = cudnn.CudnnGRU(1, 3, kernel_initializer=tf.ones_initializer())
    outputs, _ = first(x)
    second = cudnn.CudnnLSTM(1, 3, kernel_initializer=tf.ones_initializer())
    short, state = second(x, sequence_lengths=tf.constant([5, 2]))
    return Case(show=tf.gradients(outputs, [x] + first.trainable_variables)
                + tf.gradients([short, state[1]], [x] + second.trainable_variables))


@program
def cudnn_refused(tf):
    cudnn = tf.contrib.cudnn_rnn
    built = cudnn.CudnnLSTM(1, 3)
    said = refusals([
        lambda: cudnn.CudnnLSTM(1, 3, direction="x"),
        lambda: cudnn.CudnnLSTM(1, 3, dtype=tf.int32),
        lambda: cudnn.CudnnLSTM(1, 3, input_mode="x"),
        lambda: built.input_size,
        lambda: cudnn.CudnnLSTM(1, 3)(tf.ones([2, 3])),
        lambda: cudnn.CudnnLSTM(1, 3)(tf.placeholder(tf.float32, [2, 3, None])),
    ])
    return Case(facts={"said": said})
