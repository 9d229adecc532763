"""What TensorFlow's recurrent code keeps to itself and copies of it import: shapes, steps, configurations of cells."""

from . import Case, program
from .functions import internal
from .recurrent import flat, ramp


@program
def recurrent_inner(tf):
    """Shapes and zeros of states, one step of a sequence with and without branches, steps turned round."""
    rnn, cells = internal(tf, "tensorflow.python.ops.rnn"), internal(tf, "tensorflow.python.ops.rnn_cell_impl")
    found = [cells._concat(2, 3), cells._concat(tf.constant(2), tf.TensorShape([3, 4])),
             cells._zero_state_tensors([3, (4, tf.TensorShape([2, 5]))], tf.constant(2), tf.float32),
             rnn._reverse_seq([tf.constant(ramp(2, 3)), tf.ones([2, 3])], None),
             rnn._reverse_seq([tf.constant(ramp(2, 3)), tf.ones([2, 3])], [1, 2])]
    for masked in (False, True):
        found.append(rnn._rnn_step(
            tf.constant(1), tf.constant([1, 2]), tf.constant(1), tf.constant(2), tf.zeros([2, 3]),
            tf.constant(ramp(2, 3)), lambda: (tf.ones([2, 3]), tf.ones([2, 3]) * 2), 3, skip_conditionals=masked))
    facts = {"static": cells._concat(tf.constant(2), 3, static=True), "has": cells._hasattr(tf, "no"),
             "cached": rnn._should_cache(), "keras": rnn._is_keras_rnn_cell(tf.nn.rnn_cell.GRUCell(2)),
             "names": [cells._BIAS_VARIABLE_NAME, cells._WEIGHTS_VARIABLE_NAME,
                       cells.ASSERT_LIKE_RNNCELL_ERROR_REGEXP]}
    return Case(steps=[(flat(found), None)], facts=facts)



@program
def recurrent_wrappers_configured(tf):
    """Wrapped cells have no variables of their own; their configurations make them again, functions included."""
    cells = tf.nn.rnn_cell
    x = tf.constant(ramp(2, 3))
    made = {"residual": cells.ResidualWrapper(cells.GRUCell(3)),
            "function": cells.ResidualWrapper(cells.GRUCell(3), residual_fn=lambda i, o: i * 2.0 + o),
            "dropout": cells.DropoutWrapper(cells.GRUCell(3), 0.5, seed=3),
            "device": cells.DeviceWrapper(cells.GRUCell(3), "/cpu:0"),
            "rows": cells.MultiRNNCell([cells.GRUCell(3), cells.ResidualWrapper(cells.GRUCell(3))])}
    outputs, facts = [], {}
    for name in sorted(made):
        cell = made[name]
        with tf.variable_scope(name, initializer=tf.constant_initializer(0.5)):
            outputs.append(cell(x, cell.zero_state(2, tf.float32)))
        facts[name] = [[v.name for v in given] for given in (
            cell.weights, cell.variables, cell.trainable_weights, cell.trainable_variables)]
        if name in ("residual", "function"):
            config = cell.get_config()
            facts[name + " config"] = sorted(config)
            again = type(cell).from_config(dict(config, cell=cell.cell))
            with tf.variable_scope(name + "_again", initializer=tf.constant_initializer(0.5)):
                outputs.append(again(x, cell.zero_state(2, tf.float32)))
    return Case(init=True, steps=[(flat(outputs), None)], facts=facts)


@program
def vectors_of_channels(tf):
    """NCHW_VECT_C: shapes of depth and space with four channels side by side."""
    shapes = []
    for dims in ([1, 4, 6, 8, 4], [1, None, None, None, None], [1, 4, 6, 8, 3]):
        x = tf.placeholder(tf.qint8, dims)
        deep = tf.space_to_depth(x, 2, data_format="NCHW_VECT_C")
        shapes.append([str(deep.shape), str(tf.depth_to_space(deep, 2, data_format="NCHW_VECT_C").shape)])
    refused = []
    for dims in ([1, 4, 6, 8], [1, 4, 5, 8, 4]):
        try:
            tf.space_to_depth(tf.placeholder(tf.float32, dims), 2, data_format="NCHW_VECT_C")
        except ValueError as error:
            refused.append(str(error))
    x = tf.placeholder(tf.float32, [1, 4, 6, 8, 4])
    try:
        tf.gradients(tf.space_to_depth(x, 2, data_format="NCHW_VECT_C"), x)
    except ValueError as error:
        refused.append(str(error))
    return Case(facts={"shapes": shapes, "refused": refused})
