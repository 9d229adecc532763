"""Training steps of models: sparse matrices, columns of words, sampled losses, attention, loops of functions.

This file is read by the peer's interpreter too, which may be a Python 2.
"""

import numpy as np

from benchmarks.programs import session


def ready(tf, threads):
    """A session whose variables have values."""
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    return sess


def sparse(random, rows, columns, count):
    """The places of at most so many elements of a sparse matrix, in order, and their values."""
    places = np.unique(np.stack([random.randint(0, rows, count), random.randint(0, columns, count)], 1), axis=0)
    return places, random.rand(len(places)).astype(np.float32)


def graph_step(tf, threads, nodes=2708, features=500, classes=7):
    """An Adam step of a graph convolution: two layers on a sparse graph with sparse features of its nodes."""
    links, given = tf.sparse_placeholder(tf.float32), tf.sparse_placeholder(tf.float32)
    labels, keep = tf.placeholder(tf.float32, [nodes, classes]), tf.placeholder_with_default(1.0, [])
    first = tf.Variable(tf.random_normal([features, 16], stddev=0.1, seed=1))
    second = tf.Variable(tf.random_normal([16, classes], stddev=0.1, seed=2))
    times = tf.sparse_tensor_dense_matmul
    hidden = tf.nn.dropout(tf.nn.relu(times(links, times(given, first))), keep, seed=3)
    logits = times(links, tf.matmul(hidden, second))
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits))
    train = tf.train.AdamOptimizer(0.01).minimize(loss + 5e-4 * tf.nn.l2_loss(first))
    sess, random = ready(tf, threads), np.random.RandomState(0)
    fed = {links: sparse(random, nodes, nodes, 12000) + ((nodes, nodes),),
           given: sparse(random, nodes, features, 40000) + ((nodes, features),),
           labels: np.eye(classes, dtype=np.float32)[random.randint(0, classes, nodes)], keep: 0.5}
    return (lambda: sess.run([train, loss], feed_dict=fed)), 1


def sampled_step(tf, threads, words=5000, width=64, batch=64):
    """An Adagrad step of word vectors by a sampled softmax."""
    around, middle = tf.placeholder(tf.int32, [batch, 2]), tf.placeholder(tf.int64, [batch, 1])
    vectors = tf.Variable(tf.random_uniform([words, width], -1.0, 1.0, seed=1))
    weights = tf.Variable(tf.truncated_normal([words, width], stddev=0.1, seed=2))
    biases = tf.Variable(tf.zeros([words]))
    mean = tf.reduce_mean(tf.nn.embedding_lookup(vectors, around), 1)
    loss = tf.reduce_mean(tf.nn.sampled_softmax_loss(weights, biases, middle, mean, 64, words))
    train = tf.train.AdagradOptimizer(1.0).minimize(loss)
    sess, random = ready(tf, threads), np.random.RandomState(0)
    fed = {around: random.randint(0, words, (batch, 2)), middle: random.randint(0, words, (batch, 1))}
    return (lambda: sess.run([train, loss], feed_dict=fed)), 1


def wide_and_deep_step(tf, threads, batch=128):
    """A step of a linear model of words and their combinations (FTRL) beside a network on embeddings (Adagrad)."""
    columns, strings = tf.feature_column, ("school", "job", "kin")
    x = {name: tf.placeholder(tf.string if name in strings else tf.float32, [None]) for name in strings + ("age",)}
    labels = tf.placeholder(tf.float32, [None, 1])
    school, job = (columns.categorical_column_with_hash_bucket(*each) for each in (("school", 100), ("job", 1000)))
    kin = columns.categorical_column_with_vocabulary_list("kin", ["a", "b", "c", "d"])
    age = columns.numeric_column("age")
    ages = columns.bucketized_column(age, [18, 25, 30, 35, 40, 45, 50, 55, 60, 65])
    crossed = [columns.crossed_column(["school", "job"], 1000), columns.crossed_column([ages, "school", "job"], 10000)]
    with tf.variable_scope("wide"):
        wide = columns.linear_model(x, [school, job, kin, ages] + crossed)
    with tf.variable_scope("deep"):
        deep = columns.input_layer(x, [age, columns.indicator_column(kin), columns.embedding_column(school, 8),
                                       columns.embedding_column(job, 8)])
        for units in (100, 50):
            deep = tf.layers.dense(deep, units, tf.nn.relu)
        deep = tf.layers.dense(deep, 1)
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=wide + deep))
    train = [optimizer.minimize(loss, var_list=tf.trainable_variables(scope)) for scope, optimizer in
             (("wide", tf.train.FtrlOptimizer(0.1)), ("deep", tf.train.AdagradOptimizer(0.05)))]
    sess, random = ready(tf, threads), np.random.RandomState(0)
    sess.run(tf.tables_initializer())
    fed = {x[name]: np.array(["w" + str(number) for number in random.randint(0, count, batch)])
           for name, count in (("school", 16), ("job", 300))}
    fed.update({x["kin"]: np.array(list("abcde"))[random.randint(0, 5, batch)], x["age"]: random.randint(17, 80, batch),
                labels: random.randint(0, 2, (batch, 1))})
    return (lambda: sess.run([train, loss], feed_dict=fed)), 1


def factorization_step(tf, threads, users=2000, items=3000, batch=256):
    """An Adam step of the factors and biases of a matrix of ratings."""
    user, item = (tf.placeholder(tf.int32, [None]) for _ in range(2))
    rating = tf.placeholder(tf.float32, [None])
    of_user, of_item = (tf.nn.embedding_lookup(tf.Variable(tf.random_normal([count, 32], stddev=0.1, seed=count)), row)
                        for count, row in ((users, user), (items, item)))
    bias = sum(tf.nn.embedding_lookup(tf.Variable(tf.zeros([count])), row)
               for count, row in ((users, user), (items, item)))
    guess = tf.reduce_sum(of_user * of_item, 1) + bias + tf.Variable(0.0)
    loss = tf.reduce_mean(tf.square(guess - rating)) + 0.01 * (tf.nn.l2_loss(of_user) + tf.nn.l2_loss(of_item))
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    sess, random = ready(tf, threads), np.random.RandomState(0)
    fed = {user: random.randint(0, users, batch), item: random.randint(0, items, batch), rating: random.rand(batch)}
    return (lambda: sess.run([train, loss], feed_dict=fed)), 1


def clipped_step(tf, threads):
    """An Adam step of a small network whose gradients are clipped by their global norm."""
    x, y = tf.placeholder(tf.float32, [None, 100]), tf.placeholder(tf.float32, [None, 10])
    hidden = tf.layers.dense(tf.layers.dense(x, 64, tf.nn.tanh), 64, tf.nn.tanh)
    logits = tf.layers.dense(hidden, 10)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
    optimizer = tf.train.AdamOptimizer(1e-3)
    gradients, variables = zip(*optimizer.compute_gradients(loss))
    clipped, norm = tf.clip_by_global_norm(gradients, 1.0)
    train = optimizer.apply_gradients(zip(clipped, variables))
    sess, random = ready(tf, threads), np.random.RandomState(0)
    labels = 0.9 * np.eye(10)[random.randint(0, 10, 64)] + 0.01
    fed = {x: random.rand(64, 100).astype(np.float32), y: labels.astype(np.float32)}
    return (lambda: sess.run([train, loss, norm], feed_dict=fed)), 1


def attention_step(tf, threads, batch=8, length=32, width=64, heads=4):
    """An Adam step of a block of attention: four heads, layer norms, dropout, a layer for each place."""
    x, y = (tf.placeholder(tf.float32, [None, length, width]) for _ in range(2))

    def normal(value):
        return tf.contrib.layers.layer_norm(value, begin_norm_axis=-1)

    def dropped(value):
        return tf.nn.dropout(value, rate=0.1, seed=3)

    query, key, value = (tf.concat(tf.split(tf.layers.dense(x, width, use_bias=False), heads, axis=2), axis=0)
                         for _ in range(3))
    weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) / (width // heads) ** 0.5)
    seen = tf.concat(tf.split(tf.matmul(dropped(weights), value), heads, axis=0), axis=2)
    hidden = normal(x + dropped(seen))
    hidden = normal(hidden + dropped(tf.layers.dense(tf.layers.dense(hidden, 4 * width, tf.nn.relu), width)))
    train = tf.train.AdamOptimizer(1e-3).minimize(tf.reduce_mean(tf.square(hidden - y)))
    sess, random = ready(tf, threads), np.random.RandomState(0)
    fed = {each: random.randn(batch, length, width).astype(np.float32) for each in (x, y)}
    return (lambda: sess.run(train, feed_dict=fed)), 1


def generator_step(tf, threads):
    """An Adam step of a small generator of images through what judges them: two convolutions transposed, and one."""
    noise = tf.placeholder(tf.float32, [32, 32])
    x = tf.reshape(tf.layers.dense(noise, 4 * 4 * 32), [-1, 4, 4, 32])
    x = tf.nn.leaky_relu(tf.layers.batch_normalization(x, training=True))
    x = tf.layers.conv2d_transpose(x, 16, 5, 2, "same")
    x = tf.nn.leaky_relu(tf.layers.batch_normalization(x, training=True))
    x = tf.tanh(tf.layers.conv2d_transpose(x, 1, 5, 2, "same"))
    x = tf.nn.leaky_relu(tf.layers.conv2d(x, 16, 5, 2, "same"))
    train = tf.train.AdamOptimizer().minimize(tf.reduce_mean(tf.layers.dense(tf.layers.flatten(x), 1) ** 2))
    sess = ready(tf, threads)
    fed = {noise: np.random.RandomState(0).rand(32, 32)}
    return (lambda: sess.run(train, feed_dict=fed)), 1


def functional_lstm_step(tf, threads):
    """An Adam step of an LSTM whose loops are While nodes: 20 turns, 32 units, a batch of 16."""
    tf.enable_control_flow_v2()
    try:
        x, y = tf.placeholder(tf.float32, [None, 20, 8]), tf.placeholder(tf.float32, [None, 1])
        outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(32), x, dtype=tf.float32)
        loss = tf.reduce_mean((tf.layers.dense(outputs[:, -1], 1) - y) ** 2)
        train = tf.train.AdamOptimizer().minimize(loss)
    finally:
        tf.disable_control_flow_v2()
    sess, random = ready(tf, threads), np.random.RandomState(0)
    fed = {x: random.rand(16, 20, 8), y: random.rand(16, 1)}
    return (lambda: sess.run([train, loss], feed_dict=fed)), 1


def tiny_numbers(tf, threads):
    """A layer on numbers whose products are too small to be normal."""
    x = tf.Variable(tf.fill([256, 256], 1e-20))
    layer = tf.nn.relu(tf.matmul(x, x * 0.5)) + 1e-39
    sess = ready(tf, threads)
    return (lambda: sess.run(layer.op)), 1


def regions_step(tf, threads, count=100):
    """An SGD step of a head that looks at regions of a picture, the best of which are chosen: crops, pools, scores."""
    pixels = tf.placeholder(tf.float32, [2, 38, 38, 64])
    boxes, of_boxes, scores = (tf.placeholder(kind, shape) for kind, shape in (
        (tf.float32, [count, 4]), (tf.int32, [count]), (tf.float32, [count])))
    features = tf.nn.relu(tf.layers.conv2d(pixels, 64, 1, kernel_initializer=tf.ones_initializer()))
    crops = tf.layers.max_pooling2d(tf.image.crop_and_resize(features, boxes, of_boxes, [14, 14]), 2, 2)
    loss = tf.reduce_mean(tf.squared_difference(tf.layers.dense(tf.layers.flatten(crops), 5), 1.0))
    train = tf.train.GradientDescentOptimizer(1e-4).minimize(loss)
    best = tf.image.non_max_suppression(boxes, scores, 20)
    sess, random = ready(tf, threads), np.random.RandomState(0)
    corners = random.rand(count, 2) * 0.6
    fed = {pixels: random.rand(2, 38, 38, 64), boxes: np.concatenate([corners, corners + 0.3], 1),
           of_boxes: random.randint(0, 2, count), scores: random.rand(count)}
    return (lambda: sess.run([train, loss, best], feed_dict=fed)), 1


TENSORFLOW = {f.__name__: f for f in (graph_step, sampled_step, wide_and_deep_step, factorization_step, clipped_step,
                                      attention_step, generator_step, functional_lstm_step, tiny_numbers,
                                      regions_step)}
