"""Seeds of ops come from the number of nodes in the graph: the numbers are right only when all nodes before are."""

import numpy as np

from . import Case, program


@program
def seeded_after_layers(tf):
    tf.set_random_seed(42)
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    h = tf.layers.dense(x, 3, tf.nn.relu)
    y = tf.layers.dense(h, 1)
    noise = tf.random_normal([2])
    return Case(init=True, steps=[(tf.trainable_variables(), None), (noise, None), (y, {x: np.ones((1, 2))})])


def seeded_after(name, make):
    def build(tf):
        tf.set_random_seed(1234)
        v = tf.Variable([1.0, 2.0], name="v")
        w = tf.get_variable("w", [2, 2], initializer=tf.constant_initializer(0.5))
        loss = tf.reduce_mean(tf.square(tf.matmul([v], w) - 1.0)) + 0.1 * tf.nn.l2_loss(w)
        make(tf).minimize(loss, global_step=tf.train.get_or_create_global_step())
        late = tf.Variable(tf.random_normal([3]), name="late")
        drawn = [tf.random_uniform([2]), tf.truncated_normal([2]), tf.random_shuffle(tf.range(5)),
                 tf.nn.dropout(tf.ones([6]), rate=0.5)]
        return Case(init=True, steps=[([late, drawn], None), (drawn, None)])

    build.__name__ = "seeded_after_" + name
    return build


for _name, _make in (("gradient_descent", lambda tf: tf.train.GradientDescentOptimizer(0.1)),
                     ("momentum", lambda tf: tf.train.MomentumOptimizer(0.1, 0.9)),
                     ("adam", lambda tf: tf.train.AdamOptimizer(0.1)),
                     ("rms_prop", lambda tf: tf.train.RMSPropOptimizer(0.1)),
                     ("adagrad", lambda tf: tf.train.AdagradOptimizer(0.1)),
                     ("ftrl", lambda tf: tf.train.FtrlOptimizer(0.1)),
                     ("adadelta", lambda tf: tf.train.AdadeltaOptimizer(0.1))):
    program(seeded_after(_name, _make))


@program
def seeded_after_gradients(tf):
    tf.set_random_seed(7)
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.Variable(tf.random_normal([3, 2]), name="w")
    y = tf.nn.softmax(tf.matmul(x, w) + tf.Variable(tf.zeros([2])))
    tf.gradients(tf.reduce_mean(tf.log(y)), w)
    return Case(init=True, steps=[([w, tf.random_normal([2]), tf.random_uniform([2], 1, 9, tf.int32)], None)])


@program
def seeded_after_losses(tf):
    tf.set_random_seed(8)
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    labels = tf.one_hot([0, 2], 3)
    tf.losses.softmax_cross_entropy(labels, p)
    a = tf.random_normal([2])
    tf.losses.mean_squared_error(labels, p)
    tf.losses.huber_loss(labels, p)
    b = tf.random_normal([2])
    tf.losses.get_total_loss()
    return Case(steps=[([a, b, tf.random_normal([2])], None)])


@program
def seeded_initializers(tf):
    tf.set_random_seed(99)
    makers = [("normal", tf.random_normal_initializer()), ("uniform", tf.random_uniform_initializer(-1.0, 1.0)),
              ("truncated", tf.truncated_normal_initializer(stddev=0.1)),
              ("glorot_uniform", tf.glorot_uniform_initializer()), ("glorot_normal", tf.glorot_normal_initializer()),
              ("he_normal", tf.initializers.he_normal()), ("he_uniform", tf.initializers.he_uniform()),
              ("lecun_normal", tf.initializers.lecun_normal()), ("scaling",
                                                                 tf.variance_scaling_initializer(2.0, "fan_avg",
                                                                                                 "uniform")),
              ("untruncated", tf.variance_scaling_initializer(distribution="untruncated_normal")),
              ("unit", tf.uniform_unit_scaling_initializer(1.5)), ("default", None)]
    made = [tf.get_variable(name, [3, 4], initializer=maker) for name, maker in makers]
    orthogonal = tf.get_variable("orthogonal", [3, 2], initializer=tf.orthogonal_initializer())
    kernel = tf.get_variable("kernel", [2, 2, 3, 4])
    return Case(init=True, steps=[(made + [kernel, tf.matmul(orthogonal, orthogonal, transpose_a=True)], None)])


@program
def seeded_initializers_of_other_types(tf):
    tf.set_random_seed(3)
    a = tf.get_variable("a", [4], tf.float64, tf.random_normal_initializer(1.0, 2.0))
    b = tf.get_variable("b", [4], tf.int32, tf.random_uniform_initializer(0, 10))
    c = tf.get_variable("c", [4], tf.float16, tf.truncated_normal_initializer())
    d = tf.get_variable("d", [2, 2], initializer=tf.random_normal_initializer(seed=5), use_resource=True)
    e = tf.Variable(tf.random_normal([3], dtype=tf.float64, seed=2), name="e")
    return Case(init=True, steps=[([a, b, c, d, e], None)])


@program
def seeded_dropout_and_shuffles(tf):
    tf.set_random_seed(21)
    x = tf.reshape(tf.range(12.0), [6, 2])
    out = [tf.random_shuffle(x), tf.random_crop(x, [2, 2]), tf.nn.dropout(x, 0.5), tf.multinomial([[1.0, 2.0, 3.0]], 5),
           tf.random.categorical([[0.0, 1.0]], 4), tf.random_gamma([2], 1.5), tf.random_poisson(3.0, [4]),
           tf.random.stateless_uniform([2], [1, 2]), tf.random.stateless_normal([2], seed=[3, 4]),
           tf.random.stateless_truncated_normal([2], [5, 6]), tf.random.stateless_uniform([3], [1, 2], minval=0,
                                                                                          maxval=10, dtype=tf.int32),
           tf.random.stateless_categorical([[0.0, 1.0]], 3, [1, 2])]
    return Case(steps=[(out, None), (out, None)], show=out)


@program
def seeded_in_branches_and_loops(tf):
    tf.set_random_seed(6)
    p = tf.placeholder(tf.bool, [], name="p")
    a = tf.cond(p, lambda: tf.random_normal([2]), lambda: tf.random_uniform([2]))
    _, b = tf.while_loop(lambda i, _: i < 3, lambda i, s: (i + 1, s + tf.random_uniform([])), [0, 0.0])
    c = tf.map_fn(lambda x: x + tf.random_normal([]), tf.zeros([3]))
    return Case(steps=[([a, b, c], {p: True}), ([a, b, c], {p: False})])


@program
def seeds_of_the_graph_and_the_op(tf):
    a = tf.random_normal([2], seed=1)
    tf.set_random_seed(10)
    b, c = tf.random_normal([2]), tf.random_normal([2], seed=1)
    tf.set_random_seed(11)
    d = tf.random_normal([2], seed=1)
    ops = tf.get_default_graph().get_operations()
    facts = {"seeds": [[op.get_attr("seed"), op.get_attr("seed2")] for op in ops if op.type == "RandomStandardNormal"],
             "graph": tf.get_default_graph().seed, "pairs": [list(tf.get_seed(None)), list(tf.get_seed(5))]}
    return Case(steps=[([a, b, c, d], None), ([a, b, c, d], None)], facts=facts)
