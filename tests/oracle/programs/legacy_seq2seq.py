"""tf.contrib.legacy_seq2seq: encoders and decoders unrolled over lists, their losses, buckets."""

import collections

from . import Case, program
from .recurrent import flat, ramp, with_gradients


def sequences(tf):
    tf.set_random_seed(8)
    inside = [tf.placeholder(tf.int32, [None], name="in%d" % i) for i in range(3)]
    outside = [tf.placeholder(tf.int32, [None], name="out%d" % i) for i in range(2)]
    feeds = {x: [i, 3 - i] for i, x in enumerate(inside)}
    feeds.update({x: [i + 1, 4 - i] for i, x in enumerate(outside)})
    return inside, outside, feeds


def vectors(tf):
    tf.set_random_seed(8)
    inside = [tf.constant(ramp(2, 3) * i) for i in range(1, 4)]
    return inside, [x * 2.0 for x in inside[:2]]


@program
def legacy_seq2seq_losses(tf):
    logits = [tf.placeholder(tf.float32, [2, 3], name="logits%d" % i) for i in range(2)]
    targets, weights = [tf.constant([0, 2]), tf.constant([1, 1])], [tf.constant([1.0, 0.5]), tf.constant([1.0, 0.0])]
    module = tf.contrib.legacy_seq2seq
    values = [module.sequence_loss_by_example(logits, targets, weights),
              module.sequence_loss_by_example(logits, targets, weights, average_across_timesteps=False, name="plain"),
              module.sequence_loss(logits, targets, weights),
              module.sequence_loss(logits, targets, weights, average_across_batch=False,
                                   softmax_loss_function=lambda labels, logits: tf.reduce_sum(logits, 1))]
    feeds = {x: ramp(2, 3) * (i + 1) for i, x in enumerate(logits)}
    return Case(steps=[([values, tf.gradients(values[2], logits)], feeds)], show=values)


@program
def legacy_seq2seq_basic_and_tied(tf):
    inside, outside = vectors(tf)
    values = [tf.contrib.legacy_seq2seq.basic_rnn_seq2seq(inside, outside, tf.contrib.rnn.GRUCell(3)),
              tf.contrib.legacy_seq2seq.tied_rnn_seq2seq(inside, outside, tf.contrib.rnn.BasicLSTMCell(3))]
    return with_gradients(tf, values)


@program
def legacy_seq2seq_rnn_decoder_with_a_loop(tf):
    inside, _ = vectors(tf)
    cell = tf.contrib.rnn.BasicRNNCell(3)
    values = tf.contrib.legacy_seq2seq.rnn_decoder(inside, cell.zero_state(2, tf.float32), cell,
                                                   loop_function=lambda previous, i: previous * 2.0)
    return with_gradients(tf, values)


@program
def legacy_seq2seq_embedding(tf):
    inside, outside, feeds = sequences(tf)
    values = tf.contrib.legacy_seq2seq.embedding_rnn_seq2seq(
        inside, outside, tf.contrib.rnn.BasicLSTMCell(4), num_encoder_symbols=5, num_decoder_symbols=6,
        embedding_size=3)
    return with_gradients(tf, values, feeds)


@program
def legacy_seq2seq_embedding_fed_by_itself(tf):
    inside, outside, feeds = sequences(tf)
    values = tf.contrib.legacy_seq2seq.embedding_rnn_seq2seq(inside, outside, tf.contrib.rnn.GRUCell(4), 5, 6, 3,
                                                             feed_previous=True)
    return with_gradients(tf, values, feeds)


@program
def legacy_seq2seq_embedding_fed_by_choice(tf):
    inside, outside, feeds = sequences(tf)
    choice = tf.placeholder(tf.bool, [], name="choice")
    outputs, state = tf.contrib.legacy_seq2seq.embedding_rnn_seq2seq(
        inside, outside, tf.contrib.rnn.BasicLSTMCell(4), 5, 6, 3, feed_previous=choice)
    values = flat([outputs, state])
    return Case(init=True, steps=[(values, given(feeds, choice, True)), (values, given(feeds, choice, False))],
                show=values)


def given(feeds, key, value):
    feeds = dict(feeds)
    feeds[key] = value
    return feeds


@program
def legacy_seq2seq_embedding_tied(tf):
    inside, outside, feeds = sequences(tf)
    values = tf.contrib.legacy_seq2seq.embedding_tied_rnn_seq2seq(inside, outside, tf.contrib.rnn.GRUCell(4), 6, 3)
    return with_gradients(tf, values, feeds)


@program
def legacy_seq2seq_attention(tf):
    inside, outside, feeds = sequences(tf)
    values = tf.contrib.legacy_seq2seq.embedding_attention_seq2seq(
        inside, outside, tf.contrib.rnn.BasicLSTMCell(4), 5, 6, embedding_size=3, num_heads=2)
    return with_gradients(tf, values, feeds)


@program
def legacy_seq2seq_attention_from_the_start(tf):
    inside, outside, feeds = sequences(tf)
    projection = (tf.get_variable("w", [4, 6]), tf.get_variable("b", [6]))
    values = tf.contrib.legacy_seq2seq.embedding_attention_seq2seq(
        inside, outside, tf.contrib.rnn.GRUCell(4), 5, 6, 3, output_projection=projection, feed_previous=True,
        initial_state_attention=True)
    return with_gradients(tf, values, feeds)


@program
def legacy_seq2seq_buckets(tf):
    inside, outside, feeds = sequences(tf)
    weights = [tf.ones([2]), tf.constant([1.0, 0.0])]

    def model(encoder_inputs, decoder_inputs):
        return tf.contrib.legacy_seq2seq.embedding_rnn_seq2seq(encoder_inputs, decoder_inputs,
                                                               tf.contrib.rnn.GRUCell(4), 5, 6, 3)

    outputs, losses = tf.contrib.legacy_seq2seq.model_with_buckets(
        inside, outside, outside, weights, [(2, 1), (3, 2)], model)
    train = tf.train.GradientDescentOptimizer(0.5).minimize(losses[1])
    return Case(init=True, steps=[([outputs, losses], feeds), (train, feeds), (losses, feeds)], show=losses)


def one2many(name, feed_previous):
    def build(tf):
        cells = collections.OrderedDict((key, tf.nn.rnn_cell.BasicLSTMCell(2)) for key in "ab")
        inputs = collections.OrderedDict((key, [tf.constant(i, shape=[2]) for i in range(3 - n)])
                                         for n, key in enumerate("ab"))
        with tf.variable_scope("root", initializer=tf.constant_initializer(0.5)):
            outputs, states = tf.contrib.legacy_seq2seq.one2many_rnn_seq2seq(
                [tf.constant(1, shape=[2])] * 2, inputs, tf.nn.rnn_cell.BasicLSTMCell(2), cells, 2, {"a": 5, "b": 6}, 3,
                feed_previous=tf.constant(True) if feed_previous == "tensor" else feed_previous)
        return Case(init=True, steps=[([outputs[key] for key in "ab"] + [states[key] for key in "ab"], None)])

    build.__name__ = name
    return program(build)


one2many("one2many_fed", False)
one2many("one2many_by_itself", True)
one2many("one2many_by_a_tensor", "tensor")
