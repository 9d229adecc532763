"""tf.contrib.seq2seq: losses, decoders with their helpers, attention and beam search."""

import numpy as np

from . import Case, program
from .recurrent import flat, ramp, with_gradients


@program
def seq2seq_loss(tf):
    logits = tf.placeholder(tf.float32, [2, 3, 4], name="logits")
    targets = tf.placeholder(tf.int32, [2, 3], name="targets")
    weights = tf.placeholder(tf.float32, [2, 3], name="weights")
    loss = tf.contrib.seq2seq.sequence_loss
    found = [loss(logits, targets, weights),
             loss(logits, targets, weights, average_across_timesteps=False),
             loss(logits, targets, weights, average_across_batch=False),
             loss(logits, targets, weights, average_across_timesteps=False, average_across_batch=False, name="each"),
             loss(logits, targets, weights, False, False, True, True),
             loss(logits, targets, weights, False, False, True, False),
             loss(logits, targets, weights, False, False, False, True),
             loss(logits, targets, weights, softmax_loss_function=lambda labels, logits: tf.reduce_sum(logits, 1))]
    found.append(tf.gradients(found[0], logits))
    feeds = {logits: ramp(2, 3, 4) * 5, targets: [[1, 2, 3], [0, 0, 1]], weights: [[1, 1, 0], [0.5, 0, 0]]}
    return Case(steps=[(found, feeds)], show=flat(found))


def encoded(tf, places=5, depth=4):
    tf.set_random_seed(21)
    memory = tf.placeholder(tf.float32, [None, places, depth], name="memory")
    return memory, tf.placeholder(tf.int32, [None], name="places")


FEEDS = (ramp(2, 5, 4), [3, 5])


@program
def seq2seq_training_decoder(tf):
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [None, 4, 3], name="x")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    cell = tf.nn.rnn_cell.BasicLSTMCell(5)
    helper = tf.contrib.seq2seq.TrainingHelper(x, lengths)
    decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32),
                                              output_layer=tf.layers.Dense(6, name="projection"))
    outputs, state, sizes = tf.contrib.seq2seq.dynamic_decode(decoder)
    return with_gradients(tf, [outputs.rnn_output, outputs.sample_id, state, sizes], {
        x: ramp(2, 4, 3), lengths: [4, 2]})


@program
def seq2seq_training_decoder_with_options(tf):
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [4, None, 3], name="x")
    cell = tf.nn.rnn_cell.GRUCell(5)
    helper = tf.contrib.seq2seq.TrainingHelper(x, tf.constant([4, 2]), time_major=True, name="helper")
    decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, tf.ones([2, 5]))
    outputs, state, sizes = tf.contrib.seq2seq.dynamic_decode(
        decoder, output_time_major=True, impute_finished=True, maximum_iterations=3, swap_memory=True, scope="d")
    return with_gradients(tf, [outputs.rnn_output, outputs.sample_id, state, sizes], {x: ramp(4, 2, 3)})


@program
def seq2seq_greedy_decoder(tf):
    tf.set_random_seed(3)
    table = tf.get_variable("table", [6, 3])
    cell = tf.nn.rnn_cell.BasicRNNCell(6)
    helper = tf.contrib.seq2seq.GreedyEmbeddingHelper(table, start_tokens=tf.fill([3], 1), end_token=2)
    decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(3, tf.float32))
    outputs, state, sizes = tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=5, impute_finished=True)
    return Case(init=True, steps=[([outputs.rnn_output, outputs.sample_id, state, sizes], None)],
                show=flat([outputs, state, sizes]))


@program
def seq2seq_sampling_decoder(tf):
    tf.set_random_seed(3)
    table = tf.get_variable("table", [6, 3])
    cell = tf.nn.rnn_cell.BasicRNNCell(6)
    helper = tf.contrib.seq2seq.SampleEmbeddingHelper(lambda ids: tf.nn.embedding_lookup(table, ids), [1, 1, 3], 2,
                                                      softmax_temperature=0.5, seed=7)
    decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(3, tf.float32))
    outputs, state, sizes = tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=5, parallel_iterations=1)
    return Case(init=True, steps=[([outputs.rnn_output, outputs.sample_id, state, sizes], None)],
                show=flat([outputs, state, sizes]))


@program
def seq2seq_scheduled_embeddings(tf):
    tf.set_random_seed(3)
    table = tf.get_variable("table", [5, 3])
    x = tf.placeholder(tf.float32, [None, 4, 3], name="x")
    cell = tf.nn.rnn_cell.GRUCell(5)
    helper = tf.contrib.seq2seq.ScheduledEmbeddingTrainingHelper(x, [4, 3], table, 0.5, seed=1, scheduling_seed=2)
    decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
    outputs, state, sizes = tf.contrib.seq2seq.dynamic_decode(decoder, parallel_iterations=1)
    return Case(init=True, steps=[([outputs.rnn_output, outputs.sample_id, state, sizes], {x: ramp(2, 4, 3)})])


@program
def seq2seq_scheduled_outputs(tf):
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [None, 4, 3], name="x")
    outputs = []
    for number, more in enumerate(({}, {"next_inputs_fn": lambda out: out * 2.0},
                                   {"auxiliary_inputs": tf.ones([2, 4, 1])})):
        cell = tf.nn.rnn_cell.GRUCell(3)
        helper = tf.contrib.seq2seq.ScheduledOutputTrainingHelper(x, [4, 3], 0.5, seed=4, **more)
        decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
        outputs.append(tf.contrib.seq2seq.dynamic_decode(decoder, parallel_iterations=1, scope="d%d" % number))
    return Case(init=True, steps=[(flat(outputs), {x: ramp(2, 4, 3)})])


@program
def seq2seq_custom_and_inference_helpers(tf):
    tf.set_random_seed(3)
    cell = tf.nn.rnn_cell.BasicRNNCell(2)

    def following(time, outputs, state, sample_ids):
        return tf.fill([2], time >= 2), outputs, state

    custom = tf.contrib.seq2seq.CustomHelper(
        initialize_fn=lambda: (tf.constant([False, False]), tf.ones([2, 2])),
        sample_fn=lambda time, outputs, state: tf.to_int32(tf.argmax(outputs, 1)), next_inputs_fn=following)
    decoder = tf.contrib.seq2seq.BasicDecoder(cell, custom, cell.zero_state(2, tf.float32))
    first = tf.contrib.seq2seq.dynamic_decode(decoder)
    inference = tf.contrib.seq2seq.InferenceHelper(
        sample_fn=lambda outputs: outputs * 2.0, sample_shape=[2], sample_dtype=tf.float32,
        start_inputs=tf.ones([2, 2]), end_fn=lambda ids: tf.reduce_sum(ids, 1) > 100.0,
        next_inputs_fn=lambda ids: ids + 1.0)
    other = tf.nn.rnn_cell.BasicRNNCell(2)
    decoder = tf.contrib.seq2seq.BasicDecoder(other, inference, other.zero_state(2, tf.float32))
    second = tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=3, scope="other")
    return Case(init=True, steps=[(flat([first, second]), None)], show=flat([first, second]))


def decoded_with(tf, mechanism, memory, units=4, **options):
    cell = tf.contrib.seq2seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(units), mechanism, **options)
    x = tf.constant(ramp(2, 3, 3))
    helper = tf.contrib.seq2seq.TrainingHelper(x, [3, 2])
    decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
    outputs, state, _ = tf.contrib.seq2seq.dynamic_decode(decoder)
    return [outputs.rnn_output, state.attention, state.alignments]


@program
def seq2seq_luong(tf):
    memory, places = encoded(tf)
    mechanism = tf.contrib.seq2seq.LuongAttention(4, memory, memory_sequence_length=places)
    values = decoded_with(tf, mechanism, memory, attention_layer_size=3)
    return with_gradients(tf, values, dict(zip((memory, places), FEEDS)))


@program
def seq2seq_luong_scaled(tf):
    memory, places = encoded(tf)
    mechanism = tf.contrib.seq2seq.LuongAttention(4, memory, scale=True, probability_fn=tf.contrib.seq2seq.hardmax)
    values = decoded_with(tf, mechanism, memory, output_attention=False,
                          cell_input_fn=lambda inputs, attention: tf.concat([attention, inputs], 1))
    return with_gradients(tf, values, {memory: FEEDS[0]})


@program
def seq2seq_bahdanau(tf):
    memory, places = encoded(tf)
    mechanism = tf.contrib.seq2seq.BahdanauAttention(num_units=6, memory=memory, memory_sequence_length=places)
    values = decoded_with(tf, mechanism, memory, attention_layer_size=3, name="attended")
    return with_gradients(tf, values, dict(zip((memory, places), FEEDS)))


@program
def seq2seq_bahdanau_normalized_with_history(tf):
    memory, places = encoded(tf)
    mechanism = tf.contrib.seq2seq.BahdanauAttention(6, memory, places, normalize=True, score_mask_value=-1e9)
    cell = tf.contrib.seq2seq.AttentionWrapper(tf.nn.rnn_cell.BasicLSTMCell(4), mechanism, alignment_history=True,
                                               attention_layer=tf.layers.Dense(3, activation=tf.tanh, use_bias=False))
    helper = tf.contrib.seq2seq.TrainingHelper(tf.constant(ramp(2, 3, 3)), [3, 2])
    decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
    outputs, state, _ = tf.contrib.seq2seq.dynamic_decode(decoder)
    return with_gradients(tf, [outputs.rnn_output, state.alignment_history.stack()],
                          dict(zip((memory, places), FEEDS)))


@program
def seq2seq_two_attentions(tf):
    memory, places = encoded(tf)
    mechanisms = [tf.contrib.seq2seq.LuongAttention(4, memory, places),
                  tf.contrib.seq2seq.BahdanauAttention(5, memory, places)]
    values = decoded_with(tf, mechanisms, memory, attention_layer_size=[3, 2], alignment_history=True)
    return with_gradients(tf, values, dict(zip((memory, places), FEEDS)))


@program
def seq2seq_monotonic(tf):
    memory, places = encoded(tf)
    values = []
    for number, mode in enumerate(("parallel", "recursive", "hard")):
        with tf.variable_scope(mode):
            mechanism = tf.contrib.seq2seq.LuongMonotonicAttention(4, memory, places, scale=number == 1, mode=mode,
                                                                   score_bias_init=0.5)
            values.append(decoded_with(tf, mechanism, memory, attention_layer_size=3))
            mechanism = tf.contrib.seq2seq.BahdanauMonotonicAttention(4, memory, normalize=number == 1, mode=mode)
            values.append(mechanism(tf.ones([2, 4]), mechanism.initial_state(2, tf.float32)))
    return Case(init=True, steps=[(flat(values), dict(zip((memory, places), FEEDS)))])


@program
def seq2seq_attention_from_an_encoder(tf):
    tf.set_random_seed(5)
    source = tf.placeholder(tf.int32, [None, 5], name="source")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    table = tf.get_variable("table", [7, 3])
    with tf.variable_scope("encoder"):
        memory, last = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(4), tf.nn.embedding_lookup(table, source), lengths,
                                         dtype=tf.float32)
    mechanism = tf.contrib.seq2seq.LuongAttention(4, memory, lengths)
    cell = tf.contrib.seq2seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(4), mechanism, attention_layer_size=4)
    first = cell.zero_state(tf.shape(source)[0], tf.float32).clone(cell_state=last)
    helper = tf.contrib.seq2seq.TrainingHelper(tf.nn.embedding_lookup(table, source), lengths)
    decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, first, tf.layers.Dense(7, use_bias=False))
    outputs, _, sizes = tf.contrib.seq2seq.dynamic_decode(decoder, impute_finished=True)
    weights = tf.sequence_mask(lengths, dtype=tf.float32)
    loss = tf.contrib.seq2seq.sequence_loss(outputs.rnn_output, source, weights)
    train = tf.train.AdamOptimizer(0.1).minimize(loss)
    feeds = {source: [[1, 2, 3, 4, 5], [6, 5, 4, 0, 0]], lengths: [5, 3]}
    return Case(init=True, steps=[([train, loss], feeds)] * 3, show=[loss])


@program
def seq2seq_tiles(tf):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    values = [tf.contrib.seq2seq.tile_batch(x, 2), tf.contrib.seq2seq.tile_batch(
        tf.nn.rnn_cell.LSTMStateTuple(x, tf.constant(ramp(2, 2, 2))), multiplier=3, name="tiled")]
    return Case(steps=[(flat(values), {x: ramp(2, 3)})], show=flat(values))


@program
def seq2seq_gather_tree(tf):
    ids = tf.placeholder(tf.int32, [None, None, None], name="ids")
    parents = tf.placeholder(tf.int32, [4, 2, 3], name="parents")
    found = tf.contrib.seq2seq.gather_tree(ids, parents, tf.constant([4, 2]), 9)
    feeds = {ids: np.arange(24).reshape(4, 2, 3) % 10,
             parents: [[[0, 0, 0]] * 2, [[0, 0, 1], [2, 1, 0]], [[1, 2, 1]] * 2, [[2, 0, 1]] * 2]}
    return Case(steps=[(found, feeds)], show=[found])


def beams(tf, length=0.0, **options):
    tf.set_random_seed(6)
    table = tf.get_variable("table", [5, 3])
    cell = tf.nn.rnn_cell.GRUCell(4)
    start = tf.contrib.seq2seq.tile_batch(tf.constant(ramp(2, 4)) * 3.0, 3)
    decoder = tf.contrib.seq2seq.BeamSearchDecoder(
        cell, table, tf.fill([2], 1), 2, start, beam_width=3,
        output_layer=tf.layers.Dense(5, kernel_initializer=tf.random_uniform_initializer(-2, 2)),
        length_penalty_weight=length, **options)
    return tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=4)


@program
def seq2seq_beam_search(tf):
    outputs, state, sizes = beams(tf)
    values = [outputs.predicted_ids, outputs.beam_search_decoder_output, state.log_probs, state.lengths, state.finished,
              sizes]
    return Case(init=True, steps=[(flat(values), None)], show=flat(values))


@program
def seq2seq_beam_search_with_a_length_penalty(tf):
    outputs, state, sizes = beams(tf, length=0.7)
    values = [outputs.predicted_ids, outputs.beam_search_decoder_output, state.log_probs, state.lengths, sizes]
    return Case(init=True, steps=[(flat(values), None)], show=flat(values))


def stacked(history):
    """A history that was put in order is a tensor already."""
    return history.stack() if hasattr(history, "stack") else history


@program
def seq2seq_beam_search_with_attention(tf):
    memory, places = encoded(tf)
    tile = tf.contrib.seq2seq.tile_batch
    values = []
    for number, coverage in enumerate((0.0, 0.3)):
        with tf.variable_scope("s%d" % number):
            mechanism = tf.contrib.seq2seq.BahdanauAttention(4, tile(memory, 2), tile(places, 2))
            cell = tf.contrib.seq2seq.AttentionWrapper(tf.nn.rnn_cell.BasicLSTMCell(4), mechanism,
                                                       attention_layer_size=4, alignment_history=True)
            decoder = tf.contrib.seq2seq.BeamSearchDecoder(
                cell, tf.get_variable("table", [5, 3]), tf.fill([2], 1), 2, cell.zero_state(4, tf.float32), 2,
                output_layer=tf.layers.Dense(5), coverage_penalty_weight=coverage)
            outputs, state, _ = tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=4)
            values.append([outputs.predicted_ids, outputs.beam_search_decoder_output.scores,
                           stacked(state.cell_state.alignment_history)])
    return Case(init=True, steps=[(flat(values), dict(zip((memory, places), FEEDS)))])


@program
def seq2seq_beam_search_that_orders_its_history(tf):
    memory, places = encoded(tf)
    batch = tf.shape(memory)[0]
    tile = tf.contrib.seq2seq.tile_batch
    mechanism = tf.contrib.seq2seq.LuongAttention(4, tile(memory, 3), tile(places, 3))
    cell = tf.contrib.seq2seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(4), mechanism, attention_layer_size=4,
                                               alignment_history=True)
    decoder = tf.contrib.seq2seq.BeamSearchDecoder(
        cell, tf.get_variable("table", [5, 3], initializer=tf.random_uniform_initializer(-3, 3)),
        tf.fill([batch], 1), 2, cell.zero_state(batch * 3, tf.float32), 3,
        output_layer=tf.layers.Dense(5, kernel_initializer=tf.random_uniform_initializer(-4, 4)))
    outputs, state, _ = tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=5)
    values = [outputs.predicted_ids, outputs.beam_search_decoder_output, state.cell_state.alignment_history,
              state.lengths]
    return Case(init=True, steps=[(flat(values), dict(zip((memory, places), FEEDS)))])
