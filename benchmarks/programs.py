"""What is timed: TF1 programs that run on any `tf`, and their PyTorch twins.

Each function prepares one program and returns `(step, units)`: calling `step()` does `units` pieces of work.
This file is read by the peer's interpreter too: it imports NumPy and nothing of tfmagic.
"""

import os

import numpy as np

DEVICE = os.environ.get("TFMAGIC_DEVICE", "cpu")


def session(tf, threads):
    """A session with so many threads; 0: as many as the framework takes by itself. peers.py may ask it to compile."""
    config = tf.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
    if os.environ.get("BENCHMARKS_JIT"):
        config.graph_options.optimizer_options.global_jit_level = tf.OptimizerOptions.ON_1
    return tf.Session(config=config)


def scalar_run(tf, threads):
    """A fetched scalar, its plan cached."""
    a = tf.constant(2.0)
    b = tf.placeholder_with_default(3.0, [])
    total = a * b + 1.0
    sess = session(tf, threads)
    return (lambda: sess.run(total)), 1


def variable_run(tf, threads):
    """A scalar computed from a variable."""
    v = tf.Variable(2.0)
    total = v * 3.0 + 1.0
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    return (lambda: sess.run(total)), 1


def feed_two(tf, threads):
    """The sum of two fed vectors of ten numbers."""
    x = tf.placeholder(tf.float32, [10])
    y = tf.placeholder(tf.float32, [10])
    total = x + y
    sess = session(tf, threads)
    feed = {x: np.ones(10, np.float32), y: np.arange(10, dtype=np.float32)}
    return (lambda: sess.run(total, feed_dict=feed)), 1


def build_nodes(tf, threads, layers=200):
    """Nodes built: sums and products in name scopes, in a new graph each time."""

    def build():
        with tf.Graph().as_default() as graph:
            x = tf.placeholder(tf.float32, [None, 4], name="x")
            y = tf.placeholder(tf.float32, [4], name="y")
            for _ in range(layers):
                with tf.name_scope("layer"):
                    x = tf.add(x, y, name="sum")
                    x = x * y
                    with tf.name_scope("inner"):
                        x = x - y
                        x = tf.multiply(x, y)
        return graph

    return build, len(build().get_operations())


def digits(batch=64):
    """A fixed batch in the shape of MNIST, its labels smoothed.

    With hard labels a net knows the batch by heart after some thousand steps: what is left of gradients and of Adam's
    averages are denormal numbers, with which a processor is several times slower.
    """
    random = np.random.RandomState(0)
    images = random.rand(batch, 784).astype(np.float32)
    labels = 0.9 * np.eye(10, dtype=np.float32)[random.randint(0, 10, batch)] + np.float32(0.01)
    return images, labels


def mlp_step(tf, threads):
    """One Adam step of a 784-100-10 perceptron, batch 64, with the batch fed."""
    x = tf.placeholder(tf.float32, [None, 784])
    y = tf.placeholder(tf.float32, [None, 10])
    w1 = tf.Variable(tf.truncated_normal([784, 100], stddev=0.1, seed=1))
    b1 = tf.Variable(tf.zeros([100]))
    w2 = tf.Variable(tf.truncated_normal([100, 10], stddev=0.1, seed=2))
    b2 = tf.Variable(tf.zeros([10]))
    hidden = tf.nn.relu(tf.matmul(x, w1) + b1)
    logits = tf.matmul(hidden, w2) + b2
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
    train = tf.train.AdamOptimizer(1e-3).minimize(loss)
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    images, labels = digits()
    feed = {x: images, y: labels}
    return (lambda: sess.run([train, loss], feed_dict=feed)), 1


def started(torch, threads):
    """Set what every PyTorch twin sets."""
    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(0)


def on_device(torch, array):
    """An array as a tensor of the device that is measured."""
    return torch.from_numpy(array).to(DEVICE)


def stepping(optimizer, loss):
    """One step of eager PyTorch: the loss, its gradients, the update."""
    def step():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        return value.item()

    return step


def mlp_step_torch(torch, threads):
    """The same step as a PyTorch user writes it: eager autograd and fused Adam."""
    started(torch, threads)
    model = torch.nn.Sequential(torch.nn.Linear(784, 100), torch.nn.ReLU(), torch.nn.Linear(100, 10)).to(DEVICE)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    images, labels = digits()

    def loss():
        return torch.nn.functional.cross_entropy(model(on_device(torch, images)), on_device(torch, labels))

    return stepping(optimizer, loss), 1


def count_loop(tf, threads):
    """A turn of a loop that counts to 10,000."""
    last = tf.while_loop(lambda i: i < 10000, lambda i: i + 1, [tf.constant(0)])
    sess = session(tf, threads)
    return (lambda: sess.run(last)), 10000


def product_loop(tf, threads):
    """A turn of a loop of 200 products, 64 x 64."""
    a = tf.placeholder(tf.float32, [64, 64])
    last = tf.while_loop(lambda i, _: i < 200, lambda i, x: (i + 1, tf.matmul(x, a)), [tf.constant(0), a])
    sess = session(tf, threads)
    feed = {a: np.eye(64, dtype=np.float32)}
    return (lambda: sess.run(last, feed_dict=feed)), 200


def rows(batch=32):
    """A fixed batch of images, to be read row by row."""
    random = np.random.RandomState(0)
    return random.rand(batch, 28, 28).astype(np.float32), random.randint(0, 10, batch)


def lstm_step(tf, threads):
    """One Adam step of an LSTM of 64 units over the 28 rows of 32 images, by dynamic_rnn."""
    x = tf.placeholder(tf.float32, [None, 28, 28])
    y = tf.placeholder(tf.int64, [None])
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicLSTMCell(64), x, dtype=tf.float32)
    w = tf.Variable(tf.truncated_normal([64, 10], stddev=0.1, seed=1))
    logits = tf.matmul(outputs[:, -1], w)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.AdamOptimizer(1e-3).minimize(loss)
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    images, labels = rows()
    feed = {x: images, y: labels}
    return (lambda: sess.run([train, loss], feed_dict=feed)), 1


def lstm_step_torch(torch, threads):
    """The same step with torch.nn.LSTM, eager autograd and fused Adam."""
    started(torch, threads)
    net, out = torch.nn.LSTM(28, 64, batch_first=True).to(DEVICE), torch.nn.Linear(64, 10, bias=False).to(DEVICE)
    optimizer = torch.optim.Adam(list(net.parameters()) + list(out.parameters()), lr=1e-3, fused=True)
    images, labels = rows()

    def loss():
        outputs, _ = net(on_device(torch, images))
        return torch.nn.functional.cross_entropy(out(outputs[:, -1]), on_device(torch, labels))

    return stepping(optimizer, loss), 1


def wide_mlp_step(tf, threads):
    """One momentum step of a 784-1024-1024-10 perceptron, batch 256."""
    x = tf.placeholder(tf.float32, [None, 784])
    y = tf.placeholder(tf.float32, [None, 10])
    hidden = tf.layers.dense(tf.layers.dense(x, 1024, tf.nn.relu), 1024, tf.nn.relu)
    logits = tf.layers.dense(hidden, 10)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
    train = tf.train.MomentumOptimizer(1e-3, 0.9).minimize(loss)
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    images, labels = digits(256)
    return (lambda: sess.run([train, loss], feed_dict={x: images, y: labels})), 1


def wide_mlp_step_torch(torch, threads):
    """The same step in eager PyTorch."""
    started(torch, threads)
    nn = torch.nn
    model = nn.Sequential(nn.Linear(784, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    images, labels = digits(256)

    def loss():
        return nn.functional.cross_entropy(model(on_device(torch, images)), on_device(torch, labels))

    return stepping(optimizer, loss), 1


def weights(tf, shape):
    """A variable of small numbers; `tf.layers` is not in every TensorFlow that is measured."""
    return tf.Variable(tf.truncated_normal(shape, stddev=0.1, seed=1))


def cnn_step(tf, threads):
    """One gradient descent step of a network of two convolutions on 32 images of 28 x 28."""
    x = tf.placeholder(tf.float32, [None, 784])
    y = tf.placeholder(tf.float32, [None, 10])
    hidden = tf.reshape(x, [-1, 28, 28, 1])
    for taken, filters in ((1, 32), (32, 64)):
        hidden = tf.nn.relu(tf.nn.conv2d(hidden, weights(tf, [5, 5, taken, filters]), [1, 1, 1, 1], "SAME")
                            + tf.Variable(tf.zeros([filters])))
        hidden = tf.nn.max_pool(hidden, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    hidden = tf.matmul(tf.reshape(hidden, [-1, 3136]), weights(tf, [3136, 256])) + tf.Variable(tf.zeros([256]))
    hidden = tf.nn.relu(hidden)
    logits = tf.matmul(hidden, weights(tf, [256, 10])) + tf.Variable(tf.zeros([10]))
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
    train = tf.train.GradientDescentOptimizer(1e-2).minimize(loss)
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    images, labels = digits(32)
    return (lambda: sess.run([train, loss], feed_dict={x: images, y: labels})), 1


def cnn_step_torch(torch, threads):
    """The same step in eager PyTorch, channels last."""
    started(torch, threads)
    nn = torch.nn
    model = nn.Sequential(nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                          nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                          nn.Linear(3136, 256), nn.ReLU(), nn.Linear(256, 10)).to(
                              DEVICE, memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    images, labels = digits(32)

    def loss():
        given = on_device(torch, images).reshape(-1, 1, 28, 28).to(memory_format=torch.channels_last)
        return nn.functional.cross_entropy(model(given), on_device(torch, labels))

    return stepping(optimizer, loss), 1


def small_mix(tf, threads):
    """A chain of 1,500 operations of several kinds on ten numbers."""
    x = tf.placeholder(tf.float32, [10])
    y = x
    for _ in range(250):
        y = tf.tanh(y * 0.9 + x)
        y = tf.square(y) - x
        y = tf.maximum(y, -0.5)
    sess = session(tf, threads)
    feed = {x: np.linspace(-1, 1, 10).astype(np.float32)}
    return (lambda: sess.run(y, feed_dict=feed)), 1


def unrolled_cells(tf, threads):
    """A gradient descent step of 20 GRU cells in a row, 16 units, batch 8."""
    x = tf.placeholder(tf.float32, [8, 20, 10])
    outputs, _ = tf.nn.static_rnn(tf.nn.rnn_cell.GRUCell(16), tf.unstack(x, axis=1), dtype=tf.float32)
    loss = tf.reduce_mean(tf.square(outputs[-1] - 0.5))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    feed = {x: np.random.RandomState(0).rand(8, 20, 10).astype(np.float32)}
    return (lambda: sess.run([train, loss], feed_dict=feed)), 1


def small_attention(tf, threads):
    """Four layers of attention and layer norm on 2 x 8 vectors of 16 numbers, and a gradient descent step."""
    x = tf.placeholder(tf.float32, [2, 8, 16])
    hidden = x
    for _ in range(4):
        q, k, v = (tf.layers.dense(hidden, 16, use_bias=False) for _ in range(3))
        weights = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) / 4.0)
        hidden = hidden + tf.matmul(weights, v)
        mean, variance = tf.nn.moments(hidden, [-1], keep_dims=True)
        hidden = (hidden - mean) * tf.rsqrt(variance + 1e-6)
        inner = tf.layers.dense(hidden, 32)
        inner = 0.5 * inner * (1.0 + tf.tanh(0.7978845608 * (inner + 0.044715 * tf.pow(inner, 3))))
        hidden = hidden + tf.layers.dense(inner, 16)
    loss = tf.reduce_mean(tf.square(hidden))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    feed = {x: np.random.RandomState(0).rand(2, 8, 16).astype(np.float32)}
    return (lambda: sess.run([train, loss], feed_dict=feed)), 1


def element_wise(tf, threads):
    """A few element-wise functions of 2 million numbers."""
    x = tf.Variable(tf.ones([2000000]) * 0.5)
    result = tf.reduce_sum(tf.tanh(x * 2.0 + 1.0) * tf.sigmoid(x) - x)
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    return (lambda: sess.run(result)), 1


def small_ops(tf, threads, count=1500):
    """A chain of 1,500 small operations on 4 numbers."""
    x = tf.placeholder(tf.float32, [4])
    y = x
    for _ in range(count // 2):
        y = tf.add(tf.multiply(y, 0.999), 0.001)
    sess = session(tf, threads)
    feed = {x: np.ones(4, np.float32)}
    return (lambda: sess.run(y, feed_dict=feed)), 1


def normals(tf, threads):
    """2 million normal numbers."""
    numbers = tf.random_normal([2000000], seed=1)
    sess = session(tf, threads)
    return (lambda: sess.run(numbers.op)), 1


def many_kinds(tf, threads):
    """Random numbers of many kinds: gamma, Poisson, truncated normal, whole ones."""
    numbers = [tf.random_gamma([10000], 2.0, seed=1), tf.random_poisson(4.0, [10000], seed=2),
               tf.truncated_normal([100000], seed=3), tf.random_uniform([100000], maxval=100, dtype=tf.int32, seed=4)]
    sess = session(tf, threads)
    return (lambda: sess.run([each.op for each in numbers])), 1


def product(tf, threads):
    """A product of two matrices of 1,500 x 1,500."""
    a = tf.Variable(tf.ones([1500, 1500]))
    result = tf.matmul(a, a)
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    return (lambda: sess.run(result.op)), 1


def embedding_step(tf, threads):
    """One Adam step on 256 rows of an embedding of 100,000 rows of 64."""
    table = tf.get_variable("table", [100000, 64])
    ids = tf.placeholder(tf.int64, [None])
    loss = tf.reduce_mean(tf.square(tf.nn.embedding_lookup(table, ids)))
    train = tf.train.AdamOptimizer(1e-3).minimize(loss)
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    given = np.random.RandomState(0).randint(0, 100000, 256)
    return (lambda: sess.run([train, loss], feed_dict={ids: given})), 1


def factors_step(tf, threads):
    """One FTRL step of a matrix factorisation with biases: 500 ratings by 2,000 users of 3,000 things, 16 factors."""
    rows, columns, ratings = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.int32, [None]), tf.placeholder("float")
    users, things = tf.get_variable("users", [2000, 16]), tf.get_variable("things", [3000, 16])
    of_users, of_things = tf.get_variable("of_users", [2000]), tf.get_variable("of_things", [3000])
    take = tf.nn.embedding_lookup
    products = tf.reduce_sum(take(users, rows) * take(things, columns), 1)
    guess = products + take(of_users, rows) + take(of_things, columns)
    train = tf.train.FtrlOptimizer(0.01).minimize(tf.nn.l2_loss(guess - ratings))
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    random = np.random.RandomState(0)
    given = {rows: random.randint(0, 2000, 500), columns: random.randint(0, 3000, 500), ratings: random.rand(500)}
    return (lambda: sess.run(train, feed_dict=given)), 1


TENSORFLOW = {f.__name__: f for f in (
    scalar_run, variable_run, feed_two, build_nodes, mlp_step, count_loop, product_loop, lstm_step, wide_mlp_step,
    cnn_step, small_ops, small_mix, unrolled_cells, small_attention, element_wise, normals, many_kinds, product,
    embedding_step, factors_step)}
PYTORCH = {"mlp_step": mlp_step_torch, "lstm_step": lstm_step_torch, "wide_mlp_step": wide_mlp_step_torch,
           "cnn_step": cnn_step_torch}
