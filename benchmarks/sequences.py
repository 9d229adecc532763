"""Training steps of models of sequences: characters, translations, texts, sounds; and what is looked for in results.

This file is read by the peer's interpreter too, which may be a Python 2.
"""

import numpy as np

from benchmarks.models import ready


def characters_step(tf, threads, batch=50, length=50, units=128, letters=80):
    """An Adam step of a language of characters: two layers of GRU with dropout."""
    letters_in = tf.placeholder(tf.int32, [batch, length])
    vectors = tf.Variable(tf.random_uniform([letters, units], -0.1, 0.1, seed=1))
    cells = [tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(units), output_keep_prob=0.8, seed=2)
             for _ in range(2)]
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.MultiRNNCell(cells), tf.nn.embedding_lookup(vectors, letters_in),
                                   dtype=tf.float32)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(
        logits=tf.layers.dense(outputs, letters), labels=letters_in))
    train = tf.train.AdamOptimizer(0.002).minimize(loss)
    sess = ready(tf, threads)
    fed = {letters_in: np.random.RandomState(0).randint(0, letters, (batch, length))}
    return (lambda: sess.run([train, loss], feed_dict=fed)), 1


def translation_step(tf, threads, batch=32, words=500, units=128):
    """An Adam step of a translator: GRU to GRU, with attention."""
    given, wanted = tf.placeholder(tf.int32, [batch, 15]), tf.placeholder(tf.int32, [batch, 12])
    lengths = tf.placeholder(tf.int32, [batch])
    seq2seq, cell = tf.contrib.seq2seq, tf.nn.rnn_cell.GRUCell
    vectors = tf.Variable(tf.random_uniform([words, 64], -0.1, 0.1, seed=1))
    read, state = tf.nn.dynamic_rnn(cell(units), tf.nn.embedding_lookup(vectors, given), lengths, dtype=tf.float32)
    attending = seq2seq.AttentionWrapper(cell(units), seq2seq.BahdanauAttention(units, read, lengths), units)
    helper = seq2seq.TrainingHelper(tf.nn.embedding_lookup(vectors, wanted), tf.fill([batch], 12))
    begin = attending.zero_state(batch, tf.float32).clone(cell_state=state)
    decoder = seq2seq.BasicDecoder(attending, helper, begin, tf.layers.Dense(words))
    outputs, _, _ = seq2seq.dynamic_decode(decoder)
    loss = seq2seq.sequence_loss(outputs.rnn_output, wanted, tf.ones([batch, 12]))
    train = tf.train.AdamOptimizer().minimize(loss)
    sess, random = ready(tf, threads), np.random.RandomState(0)
    fed = {given: random.randint(0, words, (batch, 15)), wanted: random.randint(0, words, (batch, 12)),
           lengths: random.randint(5, 15, batch)}
    return (lambda: sess.run([train, loss], feed_dict=fed)), 1


def sentences_step(tf, threads, batch=64, length=56, width=128, words=18000):
    """An Adam step of a network on sentences: filters over three, four and five words, the largest of each."""
    given, labels = tf.placeholder(tf.int32, [batch, length]), tf.placeholder(tf.int32, [batch])
    vectors = tf.Variable(tf.random_uniform([words, width], -1.0, 1.0, seed=1))
    image, found = tf.expand_dims(tf.nn.embedding_lookup(vectors, given), -1), []
    for size in (3, 4, 5):
        filters = tf.Variable(tf.truncated_normal([size, width, 1, width], stddev=0.1, seed=size))
        hidden = tf.nn.relu(tf.nn.conv2d(image, filters, [1, 1, 1, 1], "VALID") + tf.Variable(tf.fill([width], 0.1)))
        found.append(tf.nn.max_pool(hidden, [1, length - size + 1, 1, 1], [1, 1, 1, 1], "VALID"))
    hidden = tf.nn.dropout(tf.reshape(tf.concat(found, 3), [batch, 3 * width]), 0.5, seed=9)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(
        logits=tf.layers.dense(hidden, 2), labels=labels))
    train = tf.train.AdamOptimizer(1e-3).minimize(loss)
    sess, random = ready(tf, threads), np.random.RandomState(0)
    fed = {given: random.randint(0, words, (batch, length)), labels: random.randint(0, 2, batch)}
    return (lambda: sess.run([train, loss], feed_dict=fed)), 1


def speech_step(tf, threads, batch=16, length=50, letters=28):
    """A momentum step of an LSTM on sounds by CTC."""
    sounds, lengths = tf.placeholder(tf.float32, [batch, length, 13]), tf.fill([batch], length)
    said = tf.sparse_placeholder(tf.int32)
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(50), sounds, dtype=tf.float32)
    logits = tf.transpose(tf.layers.dense(outputs, letters), [1, 0, 2])
    loss = tf.reduce_mean(tf.nn.ctc_loss(said, logits, lengths))
    train = tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss)
    sess, random = ready(tf, threads), np.random.RandomState(0)
    places = np.array([[row, letter] for row in range(batch) for letter in range(8)])
    values = random.randint(0, letters - 1, len(places)).astype(np.int32)
    fed = {sounds: random.rand(batch, length, 13), said: (places, values, (batch, 8))}
    return (lambda: sess.run([train, loss], feed_dict=fed)), 1


def tags_step(tf, threads, batch=16, length=20, tags=9):
    """An Adam step of a conditional random field."""
    given, labels = tf.placeholder(tf.float32, [batch, length, 32]), tf.placeholder(tf.int32, [batch, length])
    lengths = tf.placeholder(tf.int32, [batch])
    likely, _ = tf.contrib.crf.crf_log_likelihood(tf.layers.dense(given, tags), labels, lengths)
    train = tf.train.AdamOptimizer().minimize(tf.reduce_mean(-likely))
    sess, random = ready(tf, threads), np.random.RandomState(0)
    fed = {given: random.rand(batch, length, 32), labels: random.randint(0, tags, (batch, length)),
           lengths: random.randint(5, length, batch)}
    return (lambda: sess.run(train, feed_dict=fed)), 1


def best_words(tf, threads):
    """The ten largest of 5,000 numbers in each of 64 rows, and whether given ones are among the best five."""
    scores, given = tf.placeholder(tf.float32, [64, 5000]), tf.placeholder(tf.int32, [64])
    best = [tf.nn.top_k(scores, 10), tf.nn.in_top_k(scores, given, 5)]
    sess, random = ready(tf, threads), np.random.RandomState(0)
    fed = {scores: random.rand(64, 5000).astype(np.float32), given: random.randint(0, 5000, 64)}
    return (lambda: sess.run(best, feed_dict=fed)), 1


TENSORFLOW = {f.__name__: f for f in (characters_step, translation_step, sentences_step, speech_step, tags_step,
                                      best_words)}
