"""Whole small models as courses build them: their graphs, and what they learn in a few steps from seeded beginnings."""

from __future__ import division

import numpy as np

from . import Case, program

X = np.array([[0.0, 1.0], [1.0, 0.5], [2.0, -1.0], [-1.0, 2.0]], np.float32)
Y = np.array([[1.0], [2.5], [3.0], [0.5]], np.float32)
CLASSES = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]], np.float32)
IMAGES = np.linspace(0.0, 1.0, 256, dtype=np.float32).reshape(4, 64)


@program
def model_line(tf):
    xs = np.linspace(-1.0, 1.0, 6).astype(np.float32)
    w = tf.Variable(tf.random_uniform([1], -1.0, 1.0, seed=1))
    b = tf.Variable(tf.zeros([1]))
    y = w * xs + b
    loss = tf.reduce_mean(tf.square(y - (0.3 * xs + 0.1)))
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    return Case(init=True, steps=[([train, loss], None)] * 3 + [([w, b], None)])


@program
def model_line_of_fed_points(tf):
    tf.set_random_seed(4)
    x, y = tf.placeholder(tf.float32, name="x"), tf.placeholder(tf.float32, name="y")
    w, b = tf.Variable(tf.random_normal([]), name="w"), tf.Variable(tf.random_normal([]), name="b")
    predicted = tf.add(tf.multiply(x, w), b)
    cost = tf.reduce_sum(tf.pow(predicted - y, 2)) / (2 * 4)
    train = tf.train.GradientDescentOptimizer(0.01).minimize(cost)
    return Case(init=True, steps=[([train, cost], {x: a, y: c}) for a,
                                  c in ((1.0, 2.0), (2.0, 2.5))] + [([w, b], None)])


@program
def model_polynomial(tf):
    x, y = tf.placeholder(tf.float32, [None], name="x"), tf.placeholder(tf.float32, [None], name="y")
    w = tf.Variable([0.1] * 4, name="parameters")
    terms = [tf.multiply(w[i], tf.pow(x, i)) for i in range(4)]
    cost = tf.reduce_sum(tf.square(y - tf.add_n(terms))) / 2.0
    cost = tf.div(tf.add(cost, tf.multiply(0.1, tf.reduce_sum(tf.square(w)))), 2 * 4)
    train = tf.train.GradientDescentOptimizer(0.01).minimize(cost)
    feed = {x: [0.5, 1.0, -1.0], y: [1.0, 2.0, 0.0]}
    return Case(init=True, steps=[([train, cost], feed)] * 2 + [(w, None)])


@program
def model_logistic(tf):
    x, y = tf.placeholder(tf.float32, [None, 2], name="x"), tf.placeholder(tf.float32, [None, 1], name="y")
    w, b = tf.Variable(tf.zeros([2, 1]), name="w"), tf.Variable(tf.zeros([1]), name="b")
    logits = tf.matmul(x, w) + b
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits)) + 0.1 * tf.nn.l2_loss(w)
    train = tf.train.AdamOptimizer(0.1).minimize(loss)
    right = tf.equal(tf.round(tf.sigmoid(logits)), y)
    accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
    feed = {x: X, y: [[1], [0], [0], [1]]}
    return Case(init=True, steps=[([train, loss], feed)] * 3 + [([accuracy, w, b], feed)])


@program
def model_logistic_by_hand(tf):
    x, y = tf.constant(X), tf.constant([[1.0], [0.0], [0.0], [1.0]])
    w = tf.get_variable("w", [2, 1], initializer=tf.zeros_initializer())
    h = 1.0 / (1.0 + tf.exp(-tf.matmul(x, w)))
    loss = -tf.reduce_mean(y * tf.log(h) + (1 - y) * tf.log(1 - h))
    step = tf.assign_sub(w, 0.5 * tf.matmul(tf.transpose(x), h - y) / 4.0)
    return Case(init=True, steps=[(loss, None), (step, None), (loss, None), (tf.gradients(loss, w), None)])


@program
def model_softmax(tf):
    x, y = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    w, b = tf.Variable(tf.truncated_normal([2, 3], stddev=0.1, seed=5)), tf.Variable(tf.constant(0.1, shape=[3]))
    logits = tf.matmul(x, w) + b
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1)), "float"))
    feed = {x: X, y: CLASSES}
    return Case(init=True, steps=[([train, loss], feed)] * 3 + [([accuracy, w], feed)])


@program
def model_softmax_with_clipped_logarithm(tf):
    x, y = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    w, b = tf.Variable(tf.zeros([2, 3])), tf.Variable(tf.zeros([3]))
    p = tf.nn.softmax(tf.matmul(x, w) + b)
    loss = tf.reduce_mean(-tf.reduce_sum(y * tf.log(tf.clip_by_value(p, 1e-10, 1.0)), axis=1))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    feed = {x: X, y: CLASSES}
    return Case(init=True, steps=[([train, loss], feed)] * 2 + [([w, p], feed)])


@program
def model_exclusive_or(tf):
    tf.set_random_seed(777)
    x, y = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 1])
    w1, b1 = tf.Variable(tf.random_normal([2, 2]), name="w1"), tf.Variable(tf.random_normal([2]), name="b1")
    w2, b2 = tf.Variable(tf.random_normal([2, 1]), name="w2"), tf.Variable(tf.random_normal([1]), name="b2")
    h = tf.sigmoid(tf.matmul(tf.sigmoid(tf.matmul(x, w1) + b1), w2) + b2)
    cost = -tf.reduce_mean(y * tf.log(h) + (1 - y) * tf.log(1 - h))
    train = tf.train.GradientDescentOptimizer(learning_rate=0.1).minimize(cost)
    predicted = tf.cast(h > 0.5, dtype=tf.float32)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(predicted, y), dtype=tf.float32))
    feed = {x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [[0], [1], [1], [0]]}
    return Case(init=True, steps=[([cost, train], feed)] * 3 + [([w1, h, accuracy], feed)])


@program
def model_perceptron_with_dropout(tf):
    tf.set_random_seed(3)
    x, y = tf.placeholder(tf.float32, [None, 64]), tf.placeholder(tf.float32, [None, 3])
    keep = tf.placeholder(tf.float32)
    xavier = tf.glorot_uniform_initializer()
    w1, b1 = tf.get_variable("w1", [64, 8], initializer=xavier), tf.Variable(tf.random_normal([8]))
    w2, b2 = tf.get_variable("w2", [8, 3], initializer=xavier), tf.Variable(tf.random_normal([3]))
    h = tf.nn.dropout(tf.nn.relu(tf.matmul(x, w1) + b1), keep_prob=keep)
    logits = tf.matmul(h, w2) + b2
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=logits, labels=y))
    train = tf.train.AdamOptimizer(learning_rate=0.001).minimize(loss)
    feed = {x: IMAGES, y: CLASSES, keep: 0.7}
    return Case(init=True, steps=[([loss, train], feed)] * 3 + [(logits, {x: IMAGES, keep: 1.0})])


@program
def model_perceptron_in_name_scopes(tf):
    def layer(name, x, units, activation):
        with tf.name_scope(name):
            with tf.name_scope("weights"):
                w = tf.Variable(tf.truncated_normal([int(x.get_shape()[1]), units], stddev=1.0 / np.sqrt(8), seed=1),
                                name="w")
            with tf.name_scope("biases"):
                b = tf.Variable(tf.zeros([units]), name="b")
            with tf.name_scope("sum"):
                z = tf.add(tf.matmul(x, w), b)
            return activation(z, name="activation")

    with tf.name_scope("input"):
        x, y = tf.placeholder(tf.float32, [None, 64], name="x"), tf.placeholder(tf.int64, [None], name="y")
    logits = layer("output", layer("hidden", x, 8, tf.nn.relu), 3, tf.identity)
    with tf.name_scope("loss"):
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits), name="mean")
    with tf.name_scope("train"):
        train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    with tf.name_scope("accuracy"):
        accuracy = tf.reduce_mean(tf.cast(tf.nn.in_top_k(logits, y, 1), tf.float32))
    feed = {x: IMAGES, y: [0, 1, 2, 1]}
    return Case(init=True, steps=[([train, loss], feed)] * 2 + [(accuracy, feed)])


@program
def model_convolutional(tf):
    tf.set_random_seed(0)

    def weight(shape):
        return tf.Variable(tf.truncated_normal(shape, stddev=0.1))

    def pool(x):
        return tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")

    x, y, keep = tf.placeholder(tf.float32, [None, 64]), tf.placeholder(tf.float32,
                                                                        [None, 3]), tf.placeholder(tf.float32)
    image = tf.reshape(x, [-1, 8, 8, 1])
    h = pool(tf.nn.relu(tf.nn.conv2d(image, weight([3, 3, 1, 4]), strides=[1, 1, 1, 1],
                                     padding="SAME") + tf.Variable(tf.constant(0.1, shape=[4]))))
    h = pool(tf.nn.relu(tf.nn.conv2d(h, weight([3, 3, 4, 6]), strides=[1, 1, 1, 1],
                                     padding="SAME") + tf.Variable(tf.constant(0.1, shape=[6]))))
    h = tf.nn.relu(tf.matmul(tf.reshape(h, [-1, 24]), weight([24, 8])) + tf.Variable(tf.constant(0.1, shape=[8])))
    logits = tf.matmul(tf.nn.dropout(h, keep), weight([8, 3])) + tf.Variable(tf.constant(0.1, shape=[3]))
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.AdamOptimizer(1e-3).minimize(loss)
    feed = {x: IMAGES, y: CLASSES, keep: 0.5}
    return Case(init=True, steps=[([train, loss], feed)] * 3 + [(logits, {x: IMAGES, keep: 1.0})])


@program
def model_autoencoder(tf):
    x = tf.placeholder(tf.float32, [None, 64])
    sizes = [64, 16, 4]
    weights = {"e1": tf.Variable(tf.random_normal(sizes[:2], seed=1)),
               "e2": tf.Variable(tf.random_normal(sizes[1:], seed=2)),
               "d1": tf.Variable(tf.random_normal([4, 16], seed=3)),
               "d2": tf.Variable(tf.random_normal([16, 64], seed=4))}
    h = tf.nn.sigmoid(tf.matmul(tf.nn.sigmoid(tf.matmul(x, weights["e1"])), weights["e2"]))
    y = tf.nn.sigmoid(tf.matmul(tf.nn.sigmoid(tf.matmul(h, weights["d1"])), weights["d2"]))
    loss = tf.reduce_mean(tf.pow(x - y, 2))
    train = tf.train.RMSPropOptimizer(0.01).minimize(loss)
    return Case(init=True, steps=[([train, loss], {x: IMAGES})] * 3 + [(h, {x: IMAGES})])


@program
def model_denoising_autoencoder(tf):
    tf.set_random_seed(8)
    x = tf.placeholder(tf.float32, [None, 64], name="x")
    noisy = x + 0.1 * tf.random_normal(tf.shape(x))
    w = tf.Variable(tf.random_uniform([64, 8], -0.3, 0.3), name="w")
    h = tf.tanh(tf.matmul(noisy, w) + tf.Variable(tf.zeros([8])))
    y = tf.matmul(h, w, transpose_b=True) + tf.Variable(tf.zeros([64]))
    loss = 0.5 * tf.reduce_sum(tf.square(tf.subtract(y, x)))
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Case(init=True, steps=[([train, loss], {x: IMAGES})] * 2 + [(h, {x: IMAGES})])


@program
def model_variational_autoencoder(tf):
    tf.set_random_seed(2)
    x = tf.placeholder(tf.float32, [None, 64], name="x")
    h = tf.layers.dense(x, 8, tf.nn.relu)
    mean, log_variance = tf.layers.dense(h, 2), tf.layers.dense(h, 2)
    z = mean + tf.exp(log_variance / 2) * tf.random_normal(tf.shape(mean))
    logits = tf.layers.dense(tf.layers.dense(z, 8, tf.nn.relu), 64)
    likelihood = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=x), 1)
    divergence = -0.5 * tf.reduce_sum(1 + log_variance - tf.square(mean) - tf.exp(log_variance), axis=1)
    loss = tf.reduce_mean(likelihood + divergence)
    train = tf.train.AdamOptimizer().minimize(loss)
    return Case(init=True, steps=[([train, loss], {x: IMAGES})] * 2 + [([mean, loss], {x: IMAGES})])


@program
def model_words_by_noise_contrast(tf):
    words, labels = tf.placeholder(tf.int32, [4]), tf.placeholder(tf.int32, [4, 1])
    with tf.device("/cpu:0"):
        table = tf.Variable(tf.random_uniform([12, 5], -1.0, 1.0, seed=1))
        embedded = tf.nn.embedding_lookup(table, words)
        weights = tf.Variable(tf.truncated_normal([12, 5], stddev=1.0 / np.sqrt(5.0), seed=2))
        biases = tf.Variable(tf.zeros([12]))
    tf.set_random_seed(6)
    loss = tf.reduce_mean(tf.nn.nce_loss(weights=weights, biases=biases, labels=labels, inputs=embedded, num_sampled=3,
                                         num_classes=12))
    train = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    norm = tf.sqrt(tf.reduce_sum(tf.square(table), 1, keep_dims=True))
    normalized = table / norm
    similar = tf.matmul(tf.nn.embedding_lookup(normalized, tf.constant([1, 2])), normalized, transpose_b=True)
    feed = {words: [1, 5, 1, 7], labels: [[2], [6], [0], [8]]}
    return Case(init=True, steps=[([train, loss], feed)] * 2 + [(similar, None)])


@program
def model_words_by_sampled_softmax(tf):
    tf.set_random_seed(9)
    words, labels = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.int32, [None, 1])
    table = tf.Variable(tf.random_uniform([12, 5], -1.0, 1.0))
    embedded = tf.nn.embedding_lookup(table, words)
    weights, biases = tf.Variable(tf.truncated_normal([12, 5], stddev=0.4)), tf.Variable(tf.zeros([12]))
    loss = tf.reduce_mean(tf.nn.sampled_softmax_loss(weights=weights, biases=biases, inputs=embedded, labels=labels,
                                                     num_sampled=4, num_classes=12))
    train = tf.train.AdagradOptimizer(1.0).minimize(loss)
    feed = {words: [1, 5, 7], labels: [[2], [6], [8]]}
    return Case(init=True, steps=[([train, loss], feed)] * 2 + [(table, None)])


@program
def model_recurrent_by_hand(tf):
    x = tf.placeholder(tf.float32, [None, 3, 2], name="x")
    wx, wh, b = [tf.Variable(tf.random_normal(shape, stddev=0.5, seed=i)) for i,
                 shape in enumerate(([2, 4], [4, 4], [4]))]
    h = tf.zeros([tf.shape(x)[0], 4])
    for step in tf.unstack(x, axis=1):
        h = tf.tanh(tf.matmul(step, wx) + tf.matmul(h, wh) + b)
    loss = tf.reduce_mean(h ** 2)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    feed = {x: np.arange(12.0).reshape(2, 3, 2) / 10.0}
    return Case(init=True, steps=[([train, loss], feed)] * 2 + [(h, feed)])


@program
def model_recurrent_by_scan(tf):
    x = tf.placeholder(tf.float32, [None, None, 2], name="x")
    w = tf.get_variable("w", [6, 4], initializer=tf.random_normal_initializer(stddev=0.3, seed=1))
    b = tf.get_variable("b", [4], initializer=tf.zeros_initializer())
    steps = tf.transpose(x, [1, 0, 2])
    states = tf.scan(lambda h, step: tf.tanh(tf.matmul(tf.concat([step, h], 1), w) + b), steps,
                     initializer=tf.zeros([tf.shape(x)[0], 4]))
    loss = tf.reduce_mean(tf.square(states[-1]))
    found = tf.gradients(loss, [w, b])
    return Case(init=True, steps=[([loss, states, found], {x: np.arange(12.0).reshape(2, 3, 2) / 10.0})])


@program
def model_generator_and_judge(tf):
    tf.set_random_seed(5)

    def dense(x, units, name):
        w = tf.get_variable(name + "_w", [x.shape[1], units], initializer=tf.random_normal_initializer(stddev=0.2))
        return tf.matmul(x, w) + tf.get_variable(name + "_b", [units], initializer=tf.zeros_initializer())

    def judge(x, reuse=None):
        with tf.variable_scope("judge", reuse=reuse):
            return dense(tf.nn.leaky_relu(dense(x, 4, "hidden")), 1, "out")

    z, real = tf.placeholder(tf.float32, [None, 2], name="z"), tf.placeholder(tf.float32, [None, 3], name="real")
    with tf.variable_scope("generator"):
        fake = tf.tanh(dense(tf.nn.relu(dense(z, 4, "hidden")), 3, "out"))
    on_real, on_fake = judge(real), judge(fake, reuse=True)

    def entropy(x, label):
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(logits=x, labels=label(x)))

    d_loss, g_loss = entropy(on_real, tf.ones_like) + entropy(on_fake, tf.zeros_like), entropy(on_fake, tf.ones_like)
    mine = {scope: [v for v in tf.trainable_variables() if v.name.startswith(scope)] for scope in ("judge",
                                                                                                   "generator")}
    d_train = tf.train.AdamOptimizer(0.01, beta1=0.5).minimize(d_loss, var_list=mine["judge"])
    g_train = tf.train.AdamOptimizer(0.01, beta1=0.5).minimize(g_loss, var_list=mine["generator"])
    feed = {z: X, real: CLASSES}
    return Case(init=True, steps=[([d_train, d_loss], feed), ([g_train, g_loss], {z: X}), (fake, {z: X})])


@program
def model_twins(tf):
    left, right = tf.placeholder(tf.float32, [None, 2], name="left"), tf.placeholder(tf.float32, [None, 2],
                                                                                     name="right")
    same = tf.placeholder(tf.float32, [None], name="same")

    def embed(x):
        with tf.variable_scope("twin", reuse=tf.AUTO_REUSE):
            w = tf.get_variable("w", [2, 3], initializer=tf.constant_initializer(0.3))
            return tf.nn.l2_normalize(tf.matmul(x, w), 1)

    distance = tf.sqrt(tf.reduce_sum(tf.square(embed(left) - embed(right + 1.0)), 1) + 1e-6)
    loss = tf.reduce_mean(same * tf.square(distance) + (1.0 - same) * tf.square(tf.maximum(0.0, 0.5 - distance)))
    train = tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss)
    feed = {left: X, right: X[::-1], same: [1, 0, 1, 0]}
    return Case(init=True, steps=[([train, loss], feed)] * 2 + [(distance, feed)])


@program
def model_factors_of_a_matrix(tf):
    users, items, rating = [tf.placeholder(t, [None]) for t in (tf.int32, tf.int32, tf.float32)]
    u, v = [tf.Variable(tf.truncated_normal([n, 3], stddev=0.2, seed=n), name=name) for n,
            name in ((5, "users"), (4, "items"))]
    bias = tf.get_variable("bias", [], initializer=tf.zeros_initializer())
    predicted = tf.reduce_sum(tf.multiply(tf.nn.embedding_lookup(u, users), tf.nn.embedding_lookup(v, items)), 1) + bias
    loss = tf.nn.l2_loss(predicted - rating) + 0.01 * (tf.nn.l2_loss(u) + tf.nn.l2_loss(v))
    train = tf.train.AdamOptimizer(0.1).minimize(loss)
    feed = {users: [0, 1, 4], items: [3, 0, 3], rating: [1.0, 0.5, 0.2]}
    return Case(init=True, steps=[([train, loss], feed)] * 2 + [(predicted, feed)])


@program
def model_means_of_clusters(tf):
    points = tf.constant(np.array([[0.0, 0.1], [0.2, 0.0], [2.0, 2.1], [1.9, 2.2], [0.1, 0.3]], np.float32))
    centres = tf.Variable(tf.slice(tf.random_shuffle(points, seed=3), [0, 0], [2, -1]))
    distances = tf.reduce_sum(tf.square(tf.subtract(tf.expand_dims(points, 0), tf.expand_dims(centres, 1))), 2)
    nearest = tf.argmin(distances, 0)
    means = tf.concat([tf.reduce_mean(tf.gather(points, tf.reshape(tf.where(tf.equal(nearest, c)), [1, -1])),
                                      axis=1) for c in range(2)], 0)
    update = tf.assign(centres, means)
    return Case(init=True, steps=[(centres, None), ([update, nearest], None), (update, None)])


@program
def model_nearest_neighbour(tf):
    train, test = tf.placeholder("float", [None, 2]), tf.placeholder("float", [2])
    distance = tf.reduce_sum(tf.abs(tf.add(train, tf.negative(test))), reduction_indices=1)
    return Case(steps=[(tf.arg_min(distance, 0), {train: X, test: [0.9, 0.4]})])


@program
def model_with_batch_normalization(tf):
    tf.set_random_seed(1)
    x, y, training = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32,
                                                                           [None, 1]), tf.placeholder(tf.bool, [])
    h = tf.layers.dense(x, 4, use_bias=False)
    h = tf.nn.relu(tf.layers.batch_normalization(h, training=training, momentum=0.9))
    loss = tf.losses.mean_squared_error(y, tf.layers.dense(h, 1))
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.1, step, 2, 0.5, staircase=True)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.MomentumOptimizer(rate, 0.9).minimize(loss, global_step=step)
    feed = {x: X, y: Y, training: True}
    return Case(init=True, steps=[([train, loss], feed)] * 3 + [([loss, rate], {x: X, y: Y, training: False})])


@program
def model_with_moving_statistics_by_hand(tf):
    x, training = tf.placeholder(tf.float32, [None, 2], name="x"), tf.placeholder(tf.bool, [], name="training")
    mean, variance = tf.nn.moments(x, [0])
    averages = tf.train.ExponentialMovingAverage(decay=0.5)

    def updated():
        with tf.control_dependencies([averages.apply([mean, variance])]):
            return tf.identity(mean), tf.identity(variance)

    m, v = tf.cond(training, updated, lambda: (averages.average(mean), averages.average(variance)))
    gamma = tf.Variable(tf.ones([2]), name="gamma")
    y = tf.nn.batch_normalization(x, m, v, None, gamma, 1e-3)
    found = tf.gradients(tf.reduce_sum(y * y), gamma)
    return Case(init=True, steps=[([y, found], {x: X, training: True}), (y, {x: X, training: False})])


@program
def model_with_two_heads(tf):
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    y, c = tf.placeholder(tf.float32, [None, 1], name="y"), tf.placeholder(tf.int32, [None], name="c")
    with tf.variable_scope("shared"):
        h = tf.layers.dense(x, 4, tf.nn.elu, kernel_initializer=tf.variance_scaling_initializer())
    value, logits = tf.layers.dense(h, 1, name="value"), tf.layers.dense(h, 3, name="policy")
    policy = tf.nn.softmax(logits)
    chosen = tf.reduce_sum(policy * tf.one_hot(c, 3), 1)
    advantage = y - value
    entropy = -tf.reduce_sum(policy * tf.log(policy + 1e-8))
    gain = tf.reduce_mean(tf.log(chosen + 1e-8) * tf.stop_gradient(tf.squeeze(advantage, 1)))
    loss = 0.5 * tf.reduce_mean(tf.square(advantage)) - gain - 0.01 * entropy
    local = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES)
    grads, norm = tf.clip_by_global_norm(tf.gradients(loss, local), 1.0)
    train = tf.train.RMSPropOptimizer(0.01).apply_gradients(zip(grads, local))
    feed = {x: X, y: Y, c: [0, 1, 2, 1]}
    return Case(init=True, steps=[([train, loss, norm], feed)] * 2 + [([policy, entropy], feed)])


@program
def model_of_actions(tf):
    state, action = tf.placeholder(tf.float32, [None, 2], name="state"), tf.placeholder(tf.int32, [None], name="action")
    target = tf.placeholder(tf.float32, [None], name="target")

    def net(scope):
        with tf.variable_scope(scope):
            w = tf.get_variable("w", [2, 3], initializer=tf.random_uniform_initializer(-0.1, 0.1, seed=4))
            return tf.matmul(state, w), tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope=scope)

    (q, online), (late, frozen) = net("online"), net("frozen")
    taken = tf.gather_nd(q, tf.stack([tf.range(tf.shape(action)[0]), action], axis=1))
    loss = tf.reduce_mean(tf.losses.huber_loss(target, taken))
    train = tf.train.AdamOptimizer(0.01).minimize(loss, var_list=online)
    copy = tf.group(*[tf.assign(b, a) for a, b in zip(online, frozen)])
    soft = [b.assign(0.9 * b + 0.1 * a) for a, b in zip(online, frozen)]
    feed = {state: X, action: [0, 1, 2, 0], target: [1.0, 0.0, 0.5, 2.0]}
    return Case(init=True, steps=[([train, loss], feed), (copy, None), (late, {state: X}), ([train, loss], feed),
                                  (soft, None)])
