"""Programs with branches, loops and TensorArrays: each returns what to fetch, and the feeds of its runs.

`record_programs.py` runs them with TensorFlow 1.15, `test_programs.py` with tfmagic: they are written in the common
subset of Python 2.7 and 3.
"""

from __future__ import division

import collections
import random

import numpy as np

PROGRAMS = {}


def program(build):
    PROGRAMS[build.__name__] = build
    return build


@program
def gradient_of_nested_branches(tf):
    x = tf.placeholder(tf.float32, [])
    y = tf.placeholder(tf.float32, [2])

    def negative():
        return tf.cond(x < -5.0, lambda: tf.reduce_prod(y) * x, lambda: tf.reduce_sum(y * y))

    z = tf.cond(x > 0.0, lambda: tf.reduce_sum(x * x * y * tf.sin(x)), negative)
    return [z] + tf.gradients(z * z, [x, y]), [{x: v, y: [1.0, 3.0]} for v in (2.0, -2.0, -7.0)]


@program
def branch_that_reads_one_input(tf):
    x = tf.placeholder(tf.float32, [None])
    y = tf.placeholder(tf.float32, [None])
    p = tf.placeholder(tf.bool, [])
    z = tf.cond(p, lambda: x * 2.0, lambda: y * 3.0)
    return [z] + tf.gradients(z, [x, y]), [{x: [1.0, 2.0], y: [3.0, 4.0], p: v} for v in (True, False)]


@program
def branch_in_loop(tf):
    x = tf.placeholder(tf.float32, [])
    n = tf.placeholder(tf.int32, [])

    def body(i, y):
        return i + 1, tf.cond(tf.equal(i % 2, 0), lambda: y * x + tf.sin(y), lambda: y + x * x)

    _, y = tf.while_loop(lambda i, y: i < n, body, [tf.constant(0), x])
    return [y] + tf.gradients(y, x), [{x: 1.1, n: 5}, {x: 0.5, n: 0}, {x: 0.7, n: 1}]


@program
def loop_in_branch(tf):
    x = tf.placeholder(tf.float32, [])
    p = tf.placeholder(tf.bool, [])
    z = tf.cond(p, lambda: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, x])[1], lambda: x * 7.0)
    return [z] + tf.gradients(z * 2.0, x), [{x: 2.0, p: True}, {x: 2.0, p: False}]


@program
def branch_in_loop_in_loop(tf):
    x = tf.placeholder(tf.float32, [3])

    def outer(i, a):
        def inner(j, b):
            return j + 1, tf.cond(tf.greater(b[0], 2.0), lambda: b * 0.5, lambda: b * x + 1.0)

        _, b = tf.while_loop(lambda j, b: j < i + 1, inner, [tf.constant(0), a])
        return i + 1, tf.tanh(b) * x

    _, r = tf.while_loop(lambda i, a: i < 3, outer, [tf.constant(0), x])
    return [r] + tf.gradients(tf.reduce_sum(r), x), [{x: [0.1, 2.0, -1.0]}, {x: [3.0, 2.0, -1.0]}]


@program
def loop_over_unknown_shapes(tf):
    x = tf.placeholder(tf.float32, [None, 2])
    w = tf.Variable([[0.5, 0.1], [0.2, 0.3]])
    _, h = tf.while_loop(lambda i, h: i < 4, lambda i, h: (i + 1, tf.nn.relu(tf.matmul(h, w)) + x),
                         [tf.constant(0), tf.zeros_like(x)])
    return [h] + tf.gradients(h, [x, w]), [{x: [[1.0, 2.0], [3.0, -4.0]]}, {x: [[1.0, 2.0]]}]


@program
def slices_as_gradient_of_a_loop(tf):
    table = tf.Variable(np.arange(12, dtype=np.float32).reshape(4, 3))
    ids = tf.constant([1, 3, 1, 0])
    _, s = tf.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s + tf.reduce_sum(tf.gather(table, ids[i:i + 2]))),
                         [tf.constant(0), tf.constant(0.0)])
    return [s, tf.convert_to_tensor(tf.gradients(s, table)[0])], [{}]


@program
def array_written_in_loop(tf):
    x = tf.placeholder(tf.float32, [])
    array = tf.TensorArray(tf.float32, size=4)
    _, _, array = tf.while_loop(lambda i, a, t: i < 4, lambda i, a, t: (i + 1, a * x, t.write(i, a * x)),
                                [0, tf.constant(1.0), array])
    stacked = array.stack()
    y = tf.reduce_sum(stacked * [1.0, 2.0, 3.0, 4.0])
    return [stacked] + tf.gradients(y, x), [{x: 2.0}]


@program
def arrays_split_and_joined(tf):
    x = tf.placeholder(tf.float32, [6])
    array = tf.TensorArray(tf.float32, size=3, infer_shape=False).split(x, [1, 2, 3])
    y = array.concat() * [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    z = tf.TensorArray(tf.float32, 3).unstack(tf.reshape(x, [3, 2])).concat()
    return [y] + tf.gradients(y, x) + [z] + tf.gradients(z * z, x), [{x: [1.0, 2, 3, 4, 5, 6]}]


@program
def functions_over_rows(tf):
    x = tf.placeholder(tf.float32, [None, 2])
    w = tf.constant([2.0, 3.0])
    results = [tf.map_fn(lambda v: tf.reduce_sum(v * w * v), x), tf.scan(lambda a, v: a * 0.5 + v * w, x),
               tf.scan(lambda a, v: a + v, x, initializer=tf.zeros([2]), reverse=True),
               tf.foldl(lambda a, v: a * v, x), tf.foldr(lambda a, v: a + v * a, x, initializer=tf.ones([2]))]
    grads = [tf.gradients(r, x)[0] for r in results]
    return results + grads + tf.gradients(results[1], w), [{x: [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]}, {x: [[1.0, 2.0]]}]


@program
def variables_changed_in_branches(tf):
    v = tf.Variable(1.0)
    r = tf.get_variable("r", initializer=2.0, use_resource=True)
    p = tf.placeholder(tf.bool, [])

    def yes():
        with tf.control_dependencies([tf.assign_add(v, 10.0), r.assign_add(5.0)]):
            return tf.identity(3.0)

    def no():
        with tf.control_dependencies([r.assign(0.0)]):
            return tf.identity(4.0)

    z = tf.cond(p, yes, no)
    with tf.control_dependencies([z]):
        values = [v.read_value(), r.read_value()]
    return [z] + values, [{p: True}, {p: False}, {p: True}]


@program
def variables_changed_in_loop(tf):
    v = tf.get_variable("v", initializer=tf.zeros([2]), use_resource=True)
    s = tf.Variable(0.0)

    def body(i):
        with tf.control_dependencies([v.assign_add(tf.ones([2]) * tf.cast(i, tf.float32)), tf.assign_add(s, 1.0)]):
            return tf.identity(i + 1)

    i = tf.while_loop(lambda i: i < 4, body, [tf.constant(0)])
    with tf.control_dependencies([i]):
        return [i, v.read_value(), s.read_value()], [{}, {}]


@program
def loop_variable_that_forgets(tf):
    x = tf.placeholder(tf.float32, [])
    _, a, b = tf.while_loop(lambda i, a, b: i < 3, lambda i, a, b: (i + 1, b * x, tf.constant(2.0)),
                            [tf.constant(0), x, x])
    return [a, b] + tf.gradients(a, x) + tf.gradients(a + b, x), [{x: 3.0}]


@program
def loop_in_loop_over_a_matrix(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])

    def row(i, s):
        return i + 1, s + tf.while_loop(lambda j, t: j < 2, lambda j, t: (j + 1, t + x[i, j] * s), [0, 0.0])[1]

    _, s = tf.while_loop(lambda i, s: i < 2, row, [0, 1.0])
    return [s] + tf.gradients(s, x), [{}]


@program
def bare_stack(tf):
    stack = tf.raw_ops.StackV2(max_size=-1, elem_type=tf.float32)
    pushed = tf.raw_ops.StackPushV2(handle=stack, elem=3.0)
    with tf.control_dependencies([pushed]):
        return [pushed, tf.raw_ops.StackPopV2(handle=stack, elem_type=tf.float32)], [{}]


@program
def case_with_default(tf):
    x = tf.placeholder(tf.int32, [])
    r = tf.case([(tf.equal(x, 1), lambda: tf.constant([1])), (tf.equal(x, 2), lambda: tf.constant([2]))],
                default=lambda: x * tf.ones([1], tf.int32), exclusive=True)
    return [r], [{x: v} for v in (1, 2, 9)]


@program
def bare_switch_and_merge(tf):
    x = tf.placeholder(tf.float32, [])
    p = tf.placeholder(tf.bool, [])
    no, yes = tf.raw_ops.Switch(data=x, pred=p)
    return list(tf.raw_ops.Merge(inputs=[no + 1.0, yes * 2.0])), [{x: 5.0, p: True}, {x: 5.0, p: False}]


@program
def merge_of_three(tf):
    x = tf.placeholder(tf.float32, [])
    p = tf.placeholder(tf.bool, [])
    q = tf.placeholder(tf.bool, [])
    no, yes = tf.raw_ops.Switch(data=x, pred=p)
    neither, second = tf.raw_ops.Switch(data=no, pred=q)
    merged = tf.raw_ops.Merge(inputs=[yes * 10.0, second * 100.0, neither * 1000.0])
    return list(merged), [{x: 5.0, p: a, q: b} for a, b in ((True, True), (False, True), (False, False))]


@program
def python_functions(tf):
    x = tf.placeholder(tf.float32, [None])
    y = tf.py_func(lambda a: (a * 2, np.int64(len(a))), [x], [tf.float32, tf.int64])
    z = tf.py_function(lambda a: tf.exp(a) * a, [x], tf.float32)
    n = tf.numpy_function(lambda a, b: a.sum() + b, [x, 2.0], tf.float32)
    return list(y) + [z, n] + tf.gradients(z, x), [{x: [1.0, 2.0]}]


@program
def limited_iterations(tf):
    n = tf.placeholder(tf.int32, [])
    r = tf.while_loop(lambda i, x: tf.constant(True), lambda i, x: [i + 1, x * 2.0],
                      [tf.constant(0), tf.constant([1.0, 2.0])], maximum_iterations=3)
    s = tf.while_loop(lambda i: i < 100, lambda i: i + 7, [0], maximum_iterations=n)
    return list(r) + [s], [{n: 2}, {n: 50}]


@program
def nested_loop_variables(tf):
    pair = collections.namedtuple("pair", "a b")
    r = tf.while_loop(lambda d: d["i"] < 3,
                      lambda d: [{"i": d["i"] + 1, "v": pair(d["v"].a * 2.0, d["v"].b + d["v"].a)}],
                      [{"i": tf.constant(0), "v": pair(tf.constant(1.0), tf.constant(0.0))}])
    r = r[0] if isinstance(r, list) else r
    return [r["i"], r["v"].a, r["v"].b], [{}]


@program
def growing_loop_variable(tf):
    x = tf.placeholder(tf.float32, [None])
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.concat([y, y * 2.0], 0)), [tf.constant(0), x],
                         shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])])
    return [y] + tf.gradients(y, x), [{x: [1.0, 2.0]}]


@program
def loop_after_loop(tf):
    x = tf.placeholder(tf.float32, [])
    _, a = tf.while_loop(lambda i, a: i < 2, lambda i, a: (i + 1, a * x), [0, x])
    _, b = tf.while_loop(lambda i, b: i < 3, lambda i, b: (i + 1, b + a * x), [0, a])
    return [a, b] + tf.gradients(b, x) + tf.gradients([a, b], [x], grad_ys=[2.0, 3.0]), [{x: 1.5}]


@program
def rows_of_different_lengths(tf):
    x = tf.placeholder(tf.float32, [None, 4, 3])
    w = tf.get_variable("w", initializer=np.full((5, 2), 0.1, np.float32))
    inputs = tf.TensorArray(tf.float32, size=4).unstack(tf.transpose(x, [1, 0, 2]))
    lengths = tf.constant([2, 4])

    def step(t, h, out):
        new = tf.tanh(tf.matmul(tf.concat([inputs.read(t), h], 1), w))
        keep = tf.expand_dims(tf.cast(t < lengths, tf.float32), 1)
        h = new * keep + h * (1.0 - keep)
        return t + 1, h, out.write(t, h)

    _, h, out = tf.while_loop(lambda t, *_: t < 4, step,
                              [tf.constant(0), tf.zeros([2, 2]), tf.TensorArray(tf.float32, size=4)])
    y = tf.transpose(out.stack(), [1, 0, 2])
    grads = tf.gradients(tf.reduce_sum(y * y), [x, w])
    return [y, h] + grads, [{x: np.arange(24).reshape(2, 4, 3) / 10.0}]


@program
def sparse_tensors_in_branches(tf):
    p = tf.placeholder(tf.bool, [])
    a = tf.SparseTensor([[0, 1]], [5.0], [2, 2])
    b = tf.SparseTensor([[1, 1], [1, 0]], [7.0, 8.0], [3, 2])
    c = tf.cond(p, lambda: a, lambda: b)
    return [c.indices, c.values, c.dense_shape], [{p: True}, {p: False}]


@program
def slices_and_tensor_as_gradients_of_branches(tf):
    p = tf.placeholder(tf.bool, [])
    table = tf.Variable(np.ones((4, 2), np.float32))
    y = tf.cond(p, lambda: tf.reduce_sum(tf.gather(table, [0, 1])), lambda: tf.reduce_sum(table * 2.0))
    return [y, tf.convert_to_tensor(tf.gradients(y, table)[0])], [{p: True}, {p: False}]


@program
def array_written_in_branches(tf):
    p = tf.placeholder(tf.bool, [])
    x = tf.placeholder(tf.float32, [])
    array = tf.TensorArray(tf.float32, 2, clear_after_read=False).write(0, x)
    stacked = tf.cond(p, lambda: array.write(1, x * x), lambda: array.write(1, x * 3.0)).stack()
    return [stacked] + tf.gradients(stacked, x), [{p: True, x: 4.0}, {p: False, x: 4.0}]


@program
def loop_in_the_condition_of_a_loop(tf):
    def goes_on(i, x):
        _, y = tf.while_loop(lambda j, y: j < 2, lambda j, y: (j + 1, y * 1.5), [0, x])
        return y < 20.0

    return list(tf.while_loop(goes_on, lambda i, x: (i + 1, x + 1.0), [tf.constant(0), tf.constant(1.0)])), [{}]


@program
def variable_as_loop_variable(tf):
    v = tf.Variable(1.0)
    i, r = tf.while_loop(lambda i, r: i < 3, lambda i, r: (i + 1, r + v), [tf.constant(0), v])
    return [i, r] + tf.gradients(r, v), [{}]


@program
def gradient_of_a_resource_variable(tf):
    v = tf.get_variable("v", initializer=[1.0, 2.0], use_resource=True)
    p = tf.placeholder(tf.bool, [])
    _, r = tf.while_loop(lambda i, r: i < 3, lambda i, r: (i + 1, r * v + v), [tf.constant(0), tf.ones([2])])
    c = tf.cond(p, lambda: tf.reduce_sum(v * 3.0), lambda: tf.reduce_sum(v * v))
    return [r] + tf.gradients(r, v) + tf.gradients(c, v), [{p: True}, {p: False}]


@program
def rows_of_a_resource_variable(tf):
    v = tf.get_variable("v", initializer=np.ones((5, 2), np.float32), use_resource=True)
    n = tf.placeholder(tf.int32, [])

    def body(i, r):
        return i + 1, r + tf.reduce_sum(tf.gather(v, [i, 0]) * tf.cast(i, tf.float32))

    _, r = tf.while_loop(lambda i, r: i < n, body, [tf.constant(0), 0.0])
    return [r, tf.convert_to_tensor(tf.gradients(r, v)[0])], [{n: 3}]


@program
def training_step_in_a_branch(tf):
    w = tf.Variable([1.0, 2.0])
    p = tf.placeholder(tf.bool, [])
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    grads = optimizer.compute_gradients(tf.reduce_sum(w * w))
    step = tf.cond(p, lambda: tf.group(optimizer.apply_gradients(grads)), lambda: tf.no_op())
    with tf.control_dependencies([step]):
        return [w.read_value()], [{p: True}, {p: False}, {p: True}]


@program
def gradient_descent_inside_a_loop(tf):
    x = tf.placeholder(tf.float32, [2])

    def body(i, w):
        return i + 1, w - 0.1 * tf.gradients(tf.reduce_sum((w - x) ** 2), w)[0]

    return [tf.while_loop(lambda i, w: i < 20, body, [tf.constant(0), tf.zeros([2])])[1]], [{x: [1.0, -2.0]}]


@program
def random_numbers_in_a_loop(tf):
    tf.set_random_seed(3)
    _, r = tf.while_loop(lambda i, r: i < 3, lambda i, r: (i + 1, r + tf.random_normal([2], seed=1)),
                         [tf.constant(0), tf.zeros([2])])
    return [r], [{}, {}]


class Chance(object):
    """Random choices that Python 2 and 3 make alike."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def randint(self, low, high):
        return low + int(self.random() * (high - low + 1))

    def uniform(self, low, high):
        return low + self.random() * (high - low)

    def choice(self, values):
        return values[self.randint(0, len(values) - 1)]


def random_scalar(tf, rng, values, depth):
    """A scalar made of `values` by random operations, branches and loops."""
    made = list(values)
    for _ in range(rng.randint(1, 3)):
        kind = rng.random()
        a, b = rng.choice(made), rng.choice(made)
        if depth > 0 and kind < 0.3:
            seeds = [rng.randint(0, 1 << 30) for _ in range(2)]
            scope = list(made)
            branches = [lambda s=s, scope=scope: random_scalar(tf, Chance(s), scope, depth - 1) for s in seeds]
            made.append(tf.cond(a > b if rng.random() < 0.7 else a < 0.3, *branches))
        elif depth > 0 and kind < 0.55:
            made.extend(random_loop(tf, rng, made, depth))
        else:
            made.append(rng.choice([
                lambda: a + b, lambda: a * b, lambda: tf.sin(a) - b, lambda: tf.tanh(a) * b,  # noqa: B023
                lambda: tf.maximum(a, b), lambda: a * a, lambda: tf.exp(-a * a)])())  # noqa: B023
    return made[-1] + rng.choice(made) * 0.5


def random_loop(tf, rng, made, depth):
    """The results of a random loop that starts with some of `made`."""
    seed, scope, count = rng.randint(0, 1 << 30), list(made), rng.randint(0, 3)
    start = [rng.choice(made) for _ in range(rng.randint(1, 2))]
    limit = rng.uniform(0.5, 5)

    def body(i, *v):
        inner = Chance(seed)
        inside = list(v) + scope + [tf.cast(i, tf.float32) * 0.1]
        return [i + 1] + [tf.tanh(random_scalar(tf, inner, inside, depth - 1)) for _ in v]

    def goes_on(i, *v):
        return tf.logical_and(i < count + 1, v[0] < limit) if limited else i < count

    limited = rng.random() < 0.4
    options = {"maximum_iterations": 2} if rng.random() < 0.2 else {}
    return tf.while_loop(goes_on, body, [tf.constant(0)] + start, **options)[1:]


def random_program(tf, seed):
    """A random scalar of two inputs, and its gradients."""
    x, y = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    z = random_scalar(tf, Chance(seed), [x, y], 3)
    grads = [g for g in tf.gradients(z, [x, y]) if g is not None]
    return [z] + grads, [{x: a, y: b} for a, b in ((0.5, 1.2), (-1.0, 0.3), (2.0, 2.0))]


def run(tf, build):
    """The fetched values of every run of a program, as nested lists."""
    graph = tf.Graph()
    with graph.as_default():
        fetches, feeds = build(tf)
        fetches = [f for f in fetches if f is not None]
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return [[np.asarray(v).tolist() for v in session.run(fetches, feed)] for feed in feeds]
