"""Trained models of language: LSTMs unrolled and dynamic, seq2seq with attention, word vectors."""

from __future__ import division

import numpy as np

from . import whole

STEPS = 20
WORDS, BATCH, TIME = 30, 4, 6


def text(length):
    """Word numbers that are not quite random: each follows from the two before."""
    random, words = np.random.RandomState(3), [1, 2]
    while len(words) < length:
        words.append(int(words[-1] * 3 + words[-2] + random.randint(3)) % WORDS)
    return np.array(words, np.int32)


def batches():
    """(inputs, targets) of [BATCH, TIME], without end."""
    rows = text(BATCH * (TIME * 5 + 1)).reshape(BATCH, -1)
    while True:
        for start in range(0, rows.shape[1] - TIME, TIME):
            yield rows[:, start:start + TIME], rows[:, start + 1:start + TIME + 1]


@whole
def train_language_model_unrolled(tf):
    x, y = (tf.placeholder(tf.int32, [BATCH, TIME], name=name) for name in ("x", "y"))
    with tf.variable_scope("Model", initializer=tf.random_uniform_initializer(-0.1, 0.1)):
        cells = [tf.nn.rnn_cell.BasicLSTMCell(16, forget_bias=0.0, state_is_tuple=True) for _ in range(2)]
        cell = tf.nn.rnn_cell.MultiRNNCell(cells, state_is_tuple=True)
        first = state = cell.zero_state(BATCH, tf.float32)
        with tf.device("/cpu:0"):
            embedding = tf.get_variable("embedding", [WORDS, 16])
            inputs = tf.nn.embedding_lookup(embedding, x)
        outputs = []
        with tf.variable_scope("RNN"):
            for step in range(TIME):
                if step > 0:
                    tf.get_variable_scope().reuse_variables()
                output, state = cell(inputs[:, step, :], state)
                outputs.append(output)
        output = tf.reshape(tf.concat(outputs, 1), [-1, 16])
        logits = tf.nn.xw_plus_b(output, tf.get_variable("softmax_w", [16, WORDS]),
                                 tf.get_variable("softmax_b", [WORDS]))
        logits = tf.reshape(logits, [BATCH, TIME, WORDS])
        loss = tf.contrib.seq2seq.sequence_loss(logits, y, tf.ones([BATCH, TIME]), average_across_timesteps=False,
                                                average_across_batch=True)
        cost = tf.reduce_sum(loss)
    rate = tf.Variable(0.0, trainable=False)
    variables = tf.trainable_variables()
    gradients, _ = tf.clip_by_global_norm(tf.gradients(cost, variables), 5)
    step = tf.train.get_or_create_global_step()
    train = tf.train.GradientDescentOptimizer(rate).apply_gradients(zip(gradients, variables), global_step=step)
    new_rate = tf.placeholder(tf.float32, shape=[], name="new_learning_rate")
    update = tf.assign(rate, new_rate)

    def run(sess):
        sess.run(tf.global_variables_initializer())
        values, source, losses = sess.run(first), batches(), []
        for number in range(STEPS):
            sess.run(update, {new_rate: 1.0 * 0.9 ** number})
            feeds = dict(zip((x, y), next(source)))
            for (c, h), value in zip(first, values):
                feeds[c], feeds[h] = value.c, value.h
            found, values, _ = sess.run([cost, state, train], feeds)
            losses.append(found)
        return losses

    return run


@whole
def train_language_model_dynamic(tf):
    x, y = (tf.placeholder(tf.int32, [None, TIME], name=name) for name in ("x", "y"))
    keep = tf.placeholder_with_default(1.0, [], name="keep_prob")
    embedding = tf.get_variable("embedding", [WORDS, 16], initializer=tf.contrib.layers.xavier_initializer())
    inputs = tf.nn.dropout(tf.nn.embedding_lookup(embedding, x), keep_prob=keep)

    def one():
        return tf.contrib.rnn.DropoutWrapper(tf.contrib.rnn.LSTMCell(16), output_keep_prob=keep)

    cell = tf.contrib.rnn.MultiRNNCell([one() for _ in range(2)])
    outputs, state = tf.nn.dynamic_rnn(cell, inputs, dtype=tf.float32, parallel_iterations=1)  # see programs/recurrent
    logits = tf.layers.dense(outputs, WORDS)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    optimizer = tf.train.AdamOptimizer(0.01)
    clipped = [(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in optimizer.compute_gradients(loss)]
    train = optimizer.apply_gradients(clipped)

    def run(sess):
        sess.run(tf.global_variables_initializer())
        source = batches()
        return [sess.run([loss, train], dict(zip((x, y, keep), next(source) + (0.8,))))[0] for _ in range(STEPS)]

    return run


@whole
def train_seq2seq_with_attention(tf):
    seq2seq = tf.contrib.seq2seq
    source = tf.placeholder(tf.int32, [None, None], name="source")
    target = tf.placeholder(tf.int32, [None, None], name="target")
    source_lengths = tf.placeholder(tf.int32, [None], name="source_lengths")
    target_lengths = tf.placeholder(tf.int32, [None], name="target_lengths")
    batch, go, end = tf.shape(source)[0], 1, 2
    embedding = tf.get_variable("embedding", [12, 8])
    cell = tf.nn.rnn_cell.GRUCell
    outputs, states = tf.nn.bidirectional_dynamic_rnn(
        cell(8), cell(8), tf.nn.embedding_lookup(embedding, source), source_lengths, dtype=tf.float32)
    memory, state = tf.concat(outputs, 2), tf.concat(states, 1)
    attention = seq2seq.BahdanauAttention(16, memory, memory_sequence_length=source_lengths)
    decoder_cell = seq2seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(16), attention, attention_layer_size=10)
    start = decoder_cell.zero_state(batch, tf.float32).clone(cell_state=state)
    output_layer = tf.layers.Dense(12, use_bias=False, name="output_projection")
    shifted = tf.concat([tf.fill([batch, 1], go), target[:, :-1]], 1)
    helper = seq2seq.TrainingHelper(tf.nn.embedding_lookup(embedding, shifted), target_lengths)
    decoded, _, _ = seq2seq.dynamic_decode(seq2seq.BasicDecoder(decoder_cell, helper, start, output_layer))
    mask = tf.sequence_mask(target_lengths, dtype=tf.float32)
    loss = seq2seq.sequence_loss(decoded.rnn_output, target, mask)
    optimizer = tf.train.AdamOptimizer(0.02)
    gradients, variables = zip(*optimizer.compute_gradients(loss))
    train = optimizer.apply_gradients(zip(tf.clip_by_global_norm(gradients, 1.0)[0], variables))
    greedy = seq2seq.GreedyEmbeddingHelper(embedding, tf.fill([batch], go), end)
    answers, _, _ = seq2seq.dynamic_decode(seq2seq.BasicDecoder(decoder_cell, greedy, start, output_layer),
                                           maximum_iterations=6)

    def run(sess):
        random, losses = np.random.RandomState(4), []
        sess.run(tf.global_variables_initializer())
        for _ in range(STEPS):
            lengths = random.randint(2, 6, 4)
            words = np.zeros([4, lengths.max()], np.int32)
            answer = np.zeros([4, lengths.max() + 1], np.int32)
            for row, length in enumerate(lengths):
                words[row, :length] = random.randint(3, 12, length)
                answer[row, :length] = words[row, :length][::-1]
                answer[row, length] = end
            feeds = {source: words, source_lengths: lengths, target: answer, target_lengths: lengths + 1}
            losses.append(sess.run([loss, train], feeds)[0])
        return losses + sess.run(answers.sample_id, feeds)[0].tolist()

    return run


def pairs():
    """(words, neighbours), without end."""
    words, random = text(400), np.random.RandomState(5)
    while True:
        centers = random.randint(1, len(words) - 1, 16)
        yield words[centers], words[centers + random.choice([-1, 1], 16)].reshape(16, 1)


@whole
def train_word2vec(tf):
    words, neighbours = tf.placeholder(tf.int32, [16]), tf.placeholder(tf.int32, [16, 1])
    with tf.device("/cpu:0"):
        embeddings = tf.Variable(tf.random_uniform([WORDS, 8], -1.0, 1.0))
        embedded = tf.nn.embedding_lookup(embeddings, words)
        weights = tf.Variable(tf.truncated_normal([WORDS, 8], stddev=1.0 / np.sqrt(8)))
        biases = tf.Variable(tf.zeros([WORDS]))
    loss = tf.reduce_mean(tf.nn.nce_loss(weights=weights, biases=biases, labels=neighbours, inputs=embedded,
                                         num_sampled=6, num_classes=WORDS))
    train = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    norm = tf.sqrt(tf.reduce_sum(tf.square(embeddings), 1, keep_dims=True))
    normalized = embeddings / norm
    near = tf.matmul(tf.nn.embedding_lookup(normalized, [3, 5]), normalized, transpose_b=True)

    def run(sess):
        sess.run(tf.global_variables_initializer())
        source = pairs()
        losses = [sess.run([train, loss], dict(zip((words, neighbours), next(source))))[1] for _ in range(STEPS)]
        return losses + np.sort(sess.run(near)[0])[-3:].tolist()

    return run


@whole
def train_word2vec_sampled_softmax(tf):
    words, neighbours = tf.placeholder(tf.int32, [16]), tf.placeholder(tf.int32, [16, 1])
    embeddings = tf.get_variable("embeddings", [WORDS, 8], initializer=tf.random_uniform_initializer(-1.0, 1.0))
    weights = tf.get_variable("w", [WORDS, 8], initializer=tf.truncated_normal_initializer(stddev=0.3))
    biases = tf.get_variable("b", [WORDS], initializer=tf.zeros_initializer())
    embedded = tf.nn.embedding_lookup(embeddings, words)
    loss = tf.reduce_mean(tf.nn.sampled_softmax_loss(weights, biases, neighbours, embedded, 5, WORDS))
    train = tf.train.AdagradOptimizer(0.5).minimize(loss)

    def run(sess):
        sess.run(tf.global_variables_initializer())
        source = pairs()
        return [sess.run([train, loss], dict(zip((words, neighbours), next(source))))[1] for _ in range(STEPS)]

    return run
