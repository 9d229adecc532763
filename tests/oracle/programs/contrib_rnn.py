"""tf.contrib.rnn: cells of one op, wrappers with projections, stacks of bidirectional nets."""

from . import Case, program
from .functions import internal
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


@program
def contrib_rnn_layer_norm_lstm(tf):
    x = batch(tf)
    cell = tf.contrib.rnn.LayerNormBasicLSTMCell
    values = [tf.nn.dynamic_rnn(cell(4, forget_bias=0.5, norm_gain=0.8, norm_shift=0.1), x, dtype=tf.float32),
              tf.nn.dynamic_rnn(cell(3, layer_norm=False, activation=tf.nn.relu), x, dtype=tf.float32, scope="plain")]
    return with_gradients(tf, values, {x: ramp(2, 4, 3)})


@program
def contrib_rnn_layer_norm_lstm_with_dropout(tf):
    x = batch(tf, steps=2)
    cell = tf.contrib.rnn.LayerNormBasicLSTMCell(4, dropout_keep_prob=0.5, dropout_prob_seed=3)
    return with_gradients(tf, tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32), {x: ramp(2, 2, 3)})


@program
def contrib_rnn_coupled_gates(tf):
    x = batch(tf)
    cell = tf.contrib.rnn.CoupledInputForgetGateLSTMCell
    values = [tf.nn.dynamic_rnn(cell(4, use_peepholes=True, num_proj=3, proj_clip=0.3, layer_norm=True), x,
                                dtype=tf.float32),
              tf.nn.dynamic_rnn(cell(4, state_is_tuple=False), x, dtype=tf.float32, scope="joined")]
    return with_gradients(tf, values, {x: ramp(2, 4, 3)})


@program
def contrib_rnn_coupled_gates_in_shards(tf):
    x = batch(tf, steps=2)
    cell = tf.contrib.rnn.CoupledInputForgetGateLSTMCell(4, num_unit_shards=2, num_proj=3, num_proj_shards=2)
    return with_gradients(tf, tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32), {x: ramp(2, 2, 3)})


@program
def contrib_rnn_nas(tf):
    x = batch(tf)
    values = [tf.nn.dynamic_rnn(tf.contrib.rnn.NASCell(4), x, dtype=tf.float32),
              tf.nn.dynamic_rnn(tf.contrib.rnn.NASCell(4, num_proj=2, use_bias=True), x, dtype=tf.float32,
                                scope="projected")]
    return with_gradients(tf, values, {x: ramp(2, 4, 3)})


@program
def contrib_rnn_independent(tf):
    x = batch(tf)
    start = tf.constant_initializer(0.2)
    rnn = tf.contrib.rnn
    cells = [rnn.IndRNNCell(3), rnn.IndRNNCell(2, activation=tf.nn.relu), rnn.IndyGRUCell(3),
             rnn.IndyGRUCell(2, kernel_initializer=start, bias_initializer=start), rnn.IndyLSTMCell(3),
             rnn.IndyLSTMCell(2, forget_bias=0.3, kernel_initializer=start, bias_initializer=start), rnn.SRUCell(3)]
    values = [tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, scope="net%d" % i) for i, cell in enumerate(cells)]
    return with_gradients(tf, values, {x: ramp(2, 4, 3)})


@program
def contrib_rnn_intersection(tf):
    x = batch(tf)
    start = tf.random_uniform_initializer(-1, 1, seed=2)
    cell = tf.contrib.rnn.IntersectionRNNCell
    values = [tf.nn.dynamic_rnn(cell(3), x, dtype=tf.float32),
              tf.nn.dynamic_rnn(cell(4, num_in_proj=4, initializer=start, y_activation=tf.tanh), x, dtype=tf.float32,
                                scope="projected")]
    return with_gradients(tf, values, {x: ramp(2, 4, 3)})


@program
def contrib_rnn_grouped(tf):
    x = batch(tf, depth=4)
    cell = tf.contrib.rnn.GLSTMCell
    values = [tf.nn.dynamic_rnn(cell(4, number_of_groups=2, initializer=tf.glorot_normal_initializer(seed=4)), x,
                                dtype=tf.float32),
              tf.nn.dynamic_rnn(cell(4, number_of_groups=2, num_proj=2), x, dtype=tf.float32, scope="projected")]
    return with_gradients(tf, values, {x: ramp(2, 4, 4)})


@program
def contrib_rnn_phased(tf):
    x = batch(tf)
    times = tf.placeholder(tf.float32, [None, 4, 1], name="times")
    cell = tf.contrib.rnn.PhasedLSTMCell
    values = [tf.nn.dynamic_rnn(cell(3), (times, x), dtype=tf.float32),
              tf.nn.dynamic_rnn(cell(2, use_peepholes=True, leak=0.1, ratio_on=0.6, trainable_ratio_on=False,
                                     period_init_max=10.0), (times, x), dtype=tf.float32, scope="peep")]
    return with_gradients(tf, values, {x: ramp(2, 4, 3), times: ramp(2, 4, 1) * 9 + 5})


@program
def contrib_rnn_highway(tf):
    x = batch(tf)
    wrapper, cell = tf.contrib.rnn.HighwayWrapper, tf.nn.rnn_cell.GRUCell
    values = [tf.nn.dynamic_rnn(wrapper(cell(3)), x, dtype=tf.float32),
              tf.nn.dynamic_rnn(wrapper(cell(3), couple_carry_transform_gates=False, carry_bias_init=2.0), x,
                                dtype=tf.float32, scope="uncoupled")]
    return with_gradients(tf, values, {x: ramp(2, 4, 3)})


@program
def contrib_rnn_convolutional(tf):
    tf.set_random_seed(11)
    rnn = tf.contrib.rnn
    x, y = tf.constant(ramp(2, 3, 5, 2)), tf.constant(ramp(1, 2, 4, 3, 2))
    z = tf.constant(ramp(1, 2, 2, 3, 2, 1))
    cells = [rnn.Conv1DLSTMCell(input_shape=[5, 2], output_channels=3, kernel_shape=[3]),
             rnn.Conv2DLSTMCell(input_shape=[4, 3, 2], output_channels=2, kernel_shape=[3, 2], use_bias=False),
             rnn.Conv3DLSTMCell(input_shape=[2, 3, 2, 1], output_channels=1, kernel_shape=[2, 2, 1], forget_bias=0.5)]
    values = [tf.nn.dynamic_rnn(cell, inputs, dtype=tf.float32) for cell, inputs in zip(cells, (x, y, z))]
    cells.append(rnn.Conv1DLSTMCell(input_shape=[5, 2], output_channels=3, kernel_shape=[3], skip_connection=True,
                                    name="skipping"))
    values.append(cells[-1](x[:, 0], cells[-1].zero_state(2, tf.float32)))
    sizes = [str(cell.state_size) + str(cell.output_size) for cell in cells]
    case = with_gradients(tf, values)
    case.facts["sizes"] = [size.replace("Dimension(", "(") for size in sizes]
    return case


@program
def contrib_rnn_time_and_frequency(tf):
    tf.set_random_seed(5)
    x = tf.constant(ramp(2, 3))
    start = tf.constant_initializer(0.3)
    cell = tf.contrib.rnn.TimeFreqLSTMCell
    state = tf.constant(ramp(2, 8))
    values = [cell(2, use_peepholes=True, feature_size=2, frequency_skip=1, cell_clip=0.2, initializer=start)(x, state),
              cell(2, feature_size=2, num_unit_shards=2)(x, state, scope="plain")]
    return with_gradients(tf, values)


def grid_state(tf, cell):
    sizes = list(cell.state_size)
    return cell.state_tuple_type(*[tf.constant(ramp(2, size) * (i + 1)) for i, size in enumerate(sizes)])


@program
def contrib_rnn_grid(tf):
    tf.set_random_seed(5)
    x = tf.constant(ramp(2, 3))
    grid = tf.contrib.rnn.GridLSTMCell
    first = grid(2, use_peepholes=True, feature_size=2, frequency_skip=1, num_frequency_blocks=[2], cell_clip=0.2)
    second = grid(2, feature_size=2, frequency_skip=1, num_frequency_blocks=[1, 1], start_freqindex_list=[0, 1],
                  end_freqindex_list=[2, 3], num_unit_shards=2)
    values = [first(x, grid_state(tf, first)), second(x, grid_state(tf, second), scope="blocks")]
    case = with_gradients(tf, values)
    case.facts["state"] = [str(first.state_size), str(second.state_size), first.output_size]
    return case


@program
def contrib_rnn_grid_of_shared_weights(tf):
    tf.set_random_seed(5)
    x = tf.placeholder(tf.float32, [None, 3])
    cell = tf.contrib.rnn.GridLSTMCell(
        2, use_peepholes=True, share_time_frequency_weights=True, feature_size=2, frequency_skip=1,
        num_frequency_blocks=[1, 1], couple_input_forget_gates=True, state_is_tuple=False,
        start_freqindex_list=[0, 1], end_freqindex_list=[2, 3])
    return with_gradients(tf, cell(x, tf.constant(ramp(2, 8))), {x: ramp(2, 3)})


@program
def contrib_rnn_bidirectional_grid(tf):
    tf.set_random_seed(5)
    x = tf.constant(ramp(2, 3))
    grid = tf.contrib.rnn.BidirectionalGridLSTMCell
    cells = [grid(2, feature_size=2, frequency_skip=1, num_frequency_blocks=[2], backward_slice_offset=offset)
             for offset in (0, 1, -1)]
    values = [cell(x, grid_state(tf, cell), scope="net%d" % i) for i, cell in enumerate(cells)]
    case = with_gradients(tf, values)
    case.facts["state"] = [str(cells[0].state_size), cells[0].output_size]
    return case


@program
def contrib_rnn_fused_adaptors(tf):
    tf.set_random_seed(5)
    x = tf.constant(ramp(3, 2, 2))
    rnn = tf.contrib.rnn
    lengths = tf.constant([1, 3])
    values = [rnn.FusedRNNCellAdaptor(rnn.BasicRNNCell(2))(x, dtype=tf.float32, sequence_length=lengths),
              rnn.FusedRNNCellAdaptor(rnn.GRUCell(2), use_dynamic_rnn=True)(tf.unstack(x), dtype=tf.float32, scope="d"),
              rnn.TimeReversedFusedRNN(rnn.FusedRNNCellAdaptor(rnn.BasicRNNCell(2), True))(x, dtype=tf.float32,
                                                                                         scope="reversed"),
              rnn.TimeReversedFusedRNN(rnn.LSTMBlockFusedCell(2))(x, dtype=tf.float32, sequence_length=lengths)]
    return with_gradients(tf, values)


@program
def cudnn_compatible_cells(tf):
    x = batch(tf)
    cudnn = tf.contrib.cudnn_rnn
    start = tf.glorot_normal_initializer(seed=4)
    values = [tf.nn.dynamic_rnn(cudnn.CudnnCompatibleLSTMCell(4), x, dtype=tf.float32),
              tf.nn.dynamic_rnn(cudnn.CudnnCompatibleGRUCell(3), x, dtype=tf.float32, scope="gru"),
              tf.nn.dynamic_rnn(cudnn.CudnnCompatibleGRUCell(2, kernel_initializer=start), x, dtype=tf.float32,
                                scope="other")]
    return with_gradients(tf, values, {x: ramp(2, 4, 3)})


@program
def contrib_rnn_compiled(tf):
    inputs = tf.ones([2, 3])
    with tf.variable_scope("root", initializer=tf.constant_initializer(0.5)):
        cell = tf.contrib.rnn.CompiledWrapper(tf.nn.rnn_cell.LSTMCell(3))
        first = cell(inputs, cell.zero_state(2, tf.float32))
        whole = tf.contrib.rnn.CompiledWrapper(tf.nn.rnn_cell.GRUCell(2), compile_stateful=True)
        second = whole(inputs, tf.ones([2, 2]), scope="own")
    return Case(init=True, steps=[((first, second), None)], facts={"sizes": [str(cell.state_size), whole.output_size]})


@program
def contrib_rnn_cells_never_public(tf):
    cells = internal(tf, "tensorflow.contrib.rnn.python.ops.rnn_cell")
    x = batch(tf)
    with tf.variable_scope("weights", initializer=tf.random_uniform_initializer(-0.5, 0.5, seed=3)):
        values = [tf.nn.dynamic_rnn(cells.LayerNormLSTMCell(3, use_peepholes=True, num_proj=2, layer_norm=True), x,
                                    dtype=tf.float32),
                  tf.nn.dynamic_rnn(cells.LayerNormLSTMCell(3, cell_clip=0.1), x, dtype=tf.float32, scope="plain"),
                  tf.nn.dynamic_rnn(cells.WeightNormLSTMCell(3, use_peepholes=True, num_proj=2, proj_clip=0.2), x,
                                    dtype=tf.float32, scope="lengths"),
                  tf.nn.dynamic_rnn(cells.MinimalRNNCell(2), x, dtype=tf.float32, scope="minimal"),
                  tf.nn.dynamic_rnn(cells.CFNCell(2, activation="relu"), x, dtype=tf.float32, scope="free")]
        first = x[:, 0]
        lengths = cells.WeightNormLSTMCell(2)
        values.append(lengths(first, lengths.zero_state(tf.shape(first)[0], tf.float32)))
    return with_gradients(tf, values, {x: ramp(2, 4, 3)})
