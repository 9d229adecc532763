"""Optimisers and whole small models: their graphs and what they learn in a few steps."""

from __future__ import division

import numpy as np

from . import Case, program

X = np.array([[0.0, 1.0], [1.0, 0.5], [2.0, -1.0], [-1.0, 2.0]], np.float32)
Y = np.array([[1.0], [2.5], [3.0], [0.5]], np.float32)
CLASSES = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]], np.float32)


def ramp(*shape):
    """Small fixed weights between -0.5 and 0.5."""
    return np.linspace(-0.5, 0.5, int(np.prod(shape)), dtype=np.float32).reshape(shape)


def quadratic(tf, optimizer, **options):
    v = tf.Variable([3.0, -2.0], name="v")
    loss = tf.reduce_sum(tf.square(v))
    train = optimizer.minimize(loss, **options)
    return v, loss, train


@program
def gradient_descent(tf):
    v, loss, train = quadratic(tf, tf.train.GradientDescentOptimizer(0.1))
    return Case(init=True, steps=[(train, None), (train, None), ([v, loss], None)],
                show=[train.name, train.type])


@program
def momentum(tf):
    optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
    v, loss, train = quadratic(tf, optimizer)
    slot = optimizer.get_slot(v, "momentum")
    return Case(init=True, steps=[(train, None), (train, None), ([v, slot, loss], None)], show=[slot],
                facts={"slots": optimizer.get_slot_names()})


@program
def momentum_nesterov(tf):
    step = tf.Variable(0, trainable=False, name="global_step")
    v, loss, train = quadratic(tf, tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True), global_step=step)
    return Case(init=True, steps=[(train, None), (train, None), ([v, loss, step], None)])


@program
def adam(tf):
    optimizer = tf.train.AdamOptimizer(0.1)
    step = tf.train.get_or_create_global_step()
    v, loss, train = quadratic(tf, optimizer, global_step=step, name="train")
    slots = [optimizer.get_slot(v, "m"), optimizer.get_slot(v, "v")]
    facts = {"slots": optimizer.get_slot_names(), "variables": [x.name for x in optimizer.variables()]}
    return Case(init=True, steps=[(train, None), (train, None), ([v, slots, loss, step], None)],
                show=slots + [train.name], facts=facts)


@program
def adam_resource(tf):
    v = tf.get_variable("v", initializer=[3.0, -2.0], use_resource=True)
    train = tf.train.AdamOptimizer(0.1, beta1=0.8).minimize(tf.reduce_sum(v * v))
    return Case(init=True, steps=[(train, None), (train, None), (v, None)])


@program
def gradient_descent_resource(tf):
    v = tf.get_variable("v", initializer=[3.0, -2.0], use_resource=True)
    step = tf.get_variable("step", initializer=0, use_resource=True, trainable=False)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(v * v), global_step=step)
    return Case(init=True, steps=[(train, None), (train, None), ([v, step], None)])


@program
def compute_and_apply(tf):
    v = tf.Variable([3.0, -2.0], name="v")
    w = tf.Variable(1.0, name="w")
    unused = tf.Variable(0.0, name="unused")
    optimizer = tf.train.GradientDescentOptimizer(learning_rate=tf.constant(0.5))
    pairs = optimizer.compute_gradients(tf.reduce_sum(v) * w)
    facts = {"pairs": [[g is None, x.name] for g, x in pairs], "unused": unused.name}
    train = optimizer.apply_gradients([(tf.clip_by_value(g, -1.0, 1.0), x) for g,
                                       x in pairs if g is not None], name="step")
    return Case(init=True, steps=[(train, None), ([v, w], None)], facts=facts)


@program
def minimize_var_list(tf):
    with tf.variable_scope("one"):
        a = tf.get_variable("a", initializer=1.0)
    with tf.variable_scope("two"):
        b = tf.get_variable("b", initializer=2.0)
    optimizer = tf.train.AdamOptimizer()
    train = optimizer.minimize(a * a * b,
                               var_list=tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope="two"))
    other = optimizer.minimize(a * b, var_list=[a])
    return Case(init=True, steps=[(train, None), (other, None), ([a, b], None)])


@program
def sparse_update(tf):
    table = tf.Variable(ramp(4, 2), name="table")
    loss = tf.reduce_sum(tf.square(tf.nn.embedding_lookup(table, [1, 3, 1])))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return Case(init=True, steps=[(train, None), (table, None)])


@program
def sparse_update_momentum_adam(tf):
    table = tf.Variable(ramp(4, 2), name="table")
    loss = tf.reduce_sum(tf.square(tf.gather(table, [1, 3, 1])))
    train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    other = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Case(init=True, steps=[(train, None), (other, None), (train, None), (table, None)])


@program
def linear_regression(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="X")
    y = tf.placeholder(tf.float32, [None, 1], name="Y")
    w = tf.Variable(tf.zeros([2, 1]), name="weights")
    b = tf.Variable(0.0, name="bias")
    prediction = tf.add(tf.matmul(x, w), b)
    cost = tf.reduce_mean(tf.square(prediction - y))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(cost)
    feed = {x: X, y: Y}
    return Case(init=True, steps=[(train, feed), ([train, cost], feed), (train, feed), ([w, b, cost], feed)],
                show=[prediction, cost])


@program
def linear_regression_scalar(tf):
    hour = tf.placeholder("float")
    sold = tf.placeholder("float")
    base = tf.Variable(-0.25, name="base")
    slope = tf.Variable(0.75, name="slope")
    estimate = tf.add(base, tf.multiply(hour, slope))
    error = tf.reduce_sum(tf.pow(sold - estimate, 2)) / 5
    train = tf.train.GradientDescentOptimizer(0.02).minimize(error)
    steps = [(train, {hour: h, sold: n}) for h, n in ((1.5, 2.0), (3.0, 2.5), (-1.0, 0.5))]
    return Case(init=True, steps=steps + [([slope, base], None), (error, {hour: [1.5, 4.0], sold: [2.0, 3.0]})])


@program
def logistic_regression(tf):
    x = tf.placeholder(tf.float32, [None, 2])
    taken = tf.placeholder(tf.float32, [None, 3])
    w = tf.Variable(tf.zeros([2, 3]))
    b = tf.Variable(tf.zeros([3]))
    shares = tf.nn.softmax(b + tf.matmul(x, w))
    likelihood = tf.reduce_sum(tf.log(shares) * taken, reduction_indices=1)
    loss = tf.reduce_mean(-likelihood)
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    hits = tf.cast(tf.equal(tf.argmax(taken, 1), tf.argmax(shares, 1)), tf.float32)
    right = tf.reduce_mean(hits)
    feed = {x: X, taken: CLASSES}
    return Case(init=True, steps=[([train, loss], feed)] * 3 + [([w, b, right], feed)], show=[shares, loss, right])


@program
def multilayer_perceptron(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    y = tf.placeholder(tf.float32, [None, 3], name="y")
    kernels = {"in": tf.Variable(ramp(2, 4)), "last": tf.Variable(ramp(4, 3))}
    biases = {"in": tf.Variable(ramp(4)), "last": tf.Variable(ramp(3))}
    hidden = tf.nn.relu(tf.add(biases["in"], tf.matmul(x, kernels["in"])))
    logits = tf.matmul(hidden, kernels["last"]) + biases["last"]
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.AdamOptimizer(learning_rate=0.02).minimize(loss)
    feed = {x: X, y: CLASSES}
    return Case(init=True,
                steps=[([train, loss], feed)] * 3 + [([kernels, biases], None),
                                                     (tf.nn.softmax(logits), feed)])


@program
def perceptron_in_scopes(tf):
    def dense(x, units, name, activation=None):
        with tf.variable_scope(name):
            w = tf.get_variable("kernel", [x.shape[1].value, units],
                                initializer=tf.constant_initializer(ramp(x.shape[1].value, units)))
            b = tf.get_variable("bias", [units], initializer=tf.zeros_initializer())
            out = tf.nn.bias_add(tf.matmul(x, w), b)
            return activation(out) if activation else out

    with tf.name_scope("input"):
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        y = tf.placeholder(tf.int64, [None], name="y")
    logits = dense(dense(x, 4, "hidden", tf.nn.tanh), 3, "output")
    with tf.name_scope("loss"):
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    with tf.name_scope("train"):
        step = tf.train.get_or_create_global_step()
        rate = tf.train.exponential_decay(0.5, step, 1, 0.9)
        train = tf.train.MomentumOptimizer(rate, 0.9).minimize(loss, global_step=step)
    feed = {x: X, y: [0, 1, 2, 1]}
    return Case(init=True, steps=[([train, loss], feed)] * 3 + [([step, rate], None), (loss, feed)])


@program
def regularised_regression(tf):
    x = tf.constant(X)
    y = tf.constant(Y)
    w = tf.get_variable("w", [2, 1], initializer=tf.zeros_initializer())
    error = tf.matmul(x, w) - y
    loss = tf.reduce_mean(tf.square(error)) + 0.01 * tf.nn.l2_loss(w)
    train = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
    return Case(init=True, steps=[([train, loss], None)] * 2 + [(w, None)])


@program
def convolutional_network(tf):
    x = tf.placeholder(tf.float32, [None, 64], name="x")
    y = tf.placeholder(tf.float32, [None, 3], name="y")
    image = tf.reshape(x, [-1, 8, 8, 1])
    w1 = tf.Variable(ramp(3, 3, 1, 4), name="w1")
    b1 = tf.Variable(tf.constant(0.1, shape=[4]), name="b1")
    h1 = tf.nn.relu(tf.nn.conv2d(image, w1, strides=[1, 1, 1, 1], padding="SAME") + b1)
    p1 = tf.nn.max_pool(h1, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
    w2 = tf.Variable(ramp(64, 3), name="w2")
    b2 = tf.Variable(tf.zeros([3]), name="b2")
    logits = tf.matmul(tf.reshape(p1, [-1, 4 * 4 * 4]), w2) + b2
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
    train = tf.train.AdamOptimizer(1e-3).minimize(loss)
    feed = {x: np.linspace(0, 1, 128).reshape(2, 64), y: CLASSES[:2]}
    return Case(init=True, steps=[([train, loss], feed)] * 2 + [([b1, b2, w1], None)], show=[h1, p1, logits])


@program
def convolutional_network_dropout(tf):
    x = tf.placeholder(tf.float32, [None, 4, 4, 1], name="x")
    keep = tf.placeholder(tf.float32, name="keep")
    w = tf.Variable(ramp(3, 3, 1, 2), name="w")
    h = tf.nn.relu(tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME"))
    flat = tf.nn.dropout(tf.reshape(h, [-1, 32]), keep, seed=3)
    loss = tf.reduce_mean(tf.square(tf.reduce_sum(flat, 1) - 1.0))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    feed = {x: np.linspace(0, 1, 32).reshape(2, 4, 4, 1), keep: 1.0}
    return Case(init=True, steps=[([train, loss], feed), (loss, feed)])


@program
def grouped_train_ops(tf):
    v = tf.Variable(1.0, name="v")
    w = tf.Variable(2.0, name="w")
    first = tf.train.GradientDescentOptimizer(0.1).minimize(v * v * w, var_list=[v])
    with tf.control_dependencies([first]):
        second = tf.train.GradientDescentOptimizer(0.1).minimize(v * w * w, var_list=[w])
    both = tf.group(first, second)
    return Case(init=True, steps=[(both, None), ([v, w], None)], show=[first.name, second.name])
