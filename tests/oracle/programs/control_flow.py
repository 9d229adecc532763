"""Branches and loops as Switch/Merge/Enter/Exit nodes, with their gradients, and TensorArrays."""

from __future__ import division

import numpy as np

from . import Case, program


@program
def cond_simple(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.cond(x > 0.0, lambda: x * 2.0, lambda: x - 1.0)
    return Case(steps=[(y, {x: 3.0}), (y, {x: -3.0})], show=[y])


@program
def cond_outputs(tf):
    p = tf.placeholder(tf.bool, [], name="p")
    a = tf.constant([1.0, 2.0], name="a")
    b = tf.constant([3.0, 4.0], name="b")
    first, second = tf.cond(p, true_fn=lambda: (a + b, 1), false_fn=lambda: (a - b, 0), name="choice")
    constants = tf.cond(p, lambda: tf.constant("yes"), lambda: tf.constant("no"))
    return Case(steps=[([first, second, constants], {p: True}), ([first, second, constants], {p: False})],
                show=[first, second])


@program
def cond_nested(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.cond(x > 0.0, lambda: tf.cond(x > 10.0, lambda: x * 100.0, lambda: x * 10.0), lambda: -x)
    return Case(steps=[(y, {x: v}) for v in (20.0, 2.0, -2.0)], show=[y])


@program
def cond_gradient(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.cond(x > 0.0, lambda: x * x, lambda: 3.0 * x)
    g = tf.gradients(y, x)
    return Case(steps=[(g, {x: 4.0}), (g, {x: -4.0})], show=g)


@program
def cond_side_effect(tf):
    v = tf.Variable(1.0, name="v")
    p = tf.placeholder(tf.bool, [], name="p")
    update = tf.cond(p, lambda: tf.assign(v, 5.0), lambda: tf.identity(v))
    return Case(init=True, steps=[(update, {p: False}), (v, None), (update, {p: True}), (v, None)])


@program
def case_of(tf):
    x = tf.placeholder(tf.int32, [], name="x")
    y = tf.case([(tf.less(x, 0), lambda: tf.constant(-1)), (tf.greater(x, 10), lambda: tf.constant(1))],
                default=lambda: tf.constant(0))
    return Case(steps=[(y, {x: v}) for v in (-5, 5, 50)])


@program
def while_simple(tf):
    i = tf.constant(0)
    r = tf.while_loop(lambda i: tf.less(i, 10), lambda i: tf.add(i, 1), [i])
    return Case(steps=[(r, None)], show=[r])


@program
def while_two_variables(tf):
    n = tf.placeholder(tf.int32, [], name="n")
    i, total = tf.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, s + tf.cast(i, tf.float32)),
                             [tf.constant(0), tf.constant(0.0)])
    return Case(steps=[([i, total], {n: 5}), ([i, total], {n: 0})], show=[i, total])


@program
def while_shape_invariant(tf):
    x = tf.constant([1.0])
    _, y = tf.while_loop(
        lambda i, x: i < 3, lambda i, x: [i + 1, tf.concat([x, x], 0)], [tf.constant(0), x],
        shape_invariants=[tf.TensorShape([]),
                          tf.TensorShape([None])], parallel_iterations=4, back_prop=False, name="double",
    )
    return Case(steps=[(y, None)], show=[y])


@program
def while_nested(tf):
    def outer(i, s):
        _, t = tf.while_loop(lambda j, t: j < i, lambda j, t: (j + 1, t + j), [0, s])
        return i + 1, t

    i, s = tf.while_loop(lambda i, s: i < 5, outer, [tf.constant(0), tf.constant(0)])
    return Case(steps=[([i, s], None)])


@program
def while_cond_inside(tf):
    i, s = tf.while_loop(
        lambda i, s: i < 6,
        lambda i, s: (i + 1, tf.cond(tf.equal(i % 2, 0), lambda: s + i, lambda: s - 1)),
        [tf.constant(0), tf.constant(0)],
    )
    return Case(steps=[([i, s], None)])


@program
def while_gradient(tf):
    x = tf.constant(2.0, name="x")
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [tf.constant(0), tf.constant(1.0)])
    return Case(steps=[([y, tf.gradients(y, x)], None)])


@program
def while_gradient_matrix(tf):
    w = tf.Variable([[0.5, 0.1], [0.2, 0.3]], name="w")
    _, h = tf.while_loop(lambda i, h: i < 3, lambda i, h: (i + 1, tf.tanh(tf.matmul(h, w))),
                         [tf.constant(0), tf.constant([[1.0, -1.0]])])
    return Case(init=True, steps=[([h, tf.gradients(tf.reduce_sum(h), w)], None)])


@program
def while_nested_gradient(tf):
    x = tf.constant(1.5, name="x")

    def outer(i, y):
        _, z = tf.while_loop(lambda j, z: j < 2, lambda j, z: (j + 1, z * x), [tf.constant(0), y])
        return i + 1, z

    _, y = tf.while_loop(lambda i, y: i < 2, outer, [tf.constant(0), tf.constant(1.0)])
    return Case(steps=[([y, tf.gradients(y, x)], None)])


@program
def while_maximum_iterations(tf):
    r = tf.while_loop(lambda i: True, lambda i: i + 2, [tf.constant(0)], maximum_iterations=4)
    return Case(steps=[(r, None)])


@program
def while_with_assign(tf):
    v = tf.Variable(0.0, name="v", use_resource=True)

    def body(i):
        with tf.control_dependencies([v.assign_add(1.0)]):
            return tf.identity(i + 1)

    done = tf.while_loop(lambda i: i < 4, body, [tf.constant(0)])
    return Case(init=True, steps=[(done, None), (v, None), (done, None), (v, None)])


@program
def tensor_array(tf):
    ta = tf.TensorArray(tf.float32, size=3, clear_after_read=False)
    ta = ta.write(0, 1.0).write(1, 2.0).write(2, 4.0)
    out = [ta.stack(), ta.read(1), ta.size(), ta.gather([2, 0])]
    other = tf.TensorArray(tf.float32, 2, clear_after_read=False).unstack([[1.0, 2.0], [3.0, 4.0]])
    return Case(steps=[(out, None), (other.read(1), None)], show=out)


@program
def tensor_array_loop(tf):
    ta = tf.TensorArray(tf.int32, size=0, dynamic_size=True, infer_shape=False)
    _, ta = tf.while_loop(lambda i, ta: i < 4, lambda i, ta: (i + 1, ta.write(i, i * i)),
                          [tf.constant(0), ta])
    return Case(steps=[(ta.stack(), None)])


@program
def tensor_array_gradient(tf):
    x = tf.constant([1.0, 2.0, 3.0], name="x")
    source = tf.TensorArray(tf.float32, 3).unstack(x)
    _, total = tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s + source.read(i) ** 2),
                             [tf.constant(0), tf.constant(0.0)])
    return Case(steps=[([total, tf.gradients(total, x)], None)])


@program
def map_scan_fold(tf):
    x = tf.constant([1.0, 2.0, 3.0])
    out = [tf.map_fn(lambda v: v * 2.0, x), tf.scan(lambda a, v: a + v, x), tf.foldl(lambda a, v: a + v, x),
           tf.foldr(lambda a, v: a - v, x)]
    return Case(steps=[(out, None)], show=out)


@program
def assert_in_cond(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    y = tf.cond(tf.size(x) > 0, lambda: tf.reduce_mean(x), lambda: tf.constant(np.float32(-1.0)))
    return Case(steps=[(y, {x: [1.0, 3.0]}), (y, {x: []})])


@program
def arrays_of_given_shapes(tf):
    def array(**options):
        return tf.TensorArray(tf.float32, size=3, clear_after_read=False, **options)

    fixed, loose, x = array(element_shape=[2]), array(element_shape=[None]), tf.constant([1.0, 2.0, 3.0])
    show = [array(infer_shape=False).write(0, 1.0).gather([2, 0]), fixed.gather([2, 0]), loose.gather([2, 0]),
            array(element_shape=[None], infer_shape=False).gather([1, 2]), fixed.stack(), fixed.read(1), loose.read(1),
            array(element_shape=[None]).unstack([[1.0], [2.0], [3.0]]).gather([1, 2])]
    _, total = tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s + tf.reduce_sum(fixed.gather([i]))), [0, 0.0])
    stacked = array(element_shape=[]).unstack(x)
    joined = array(element_shape=[1]).split(x, [1, 1, 1])
    grads = tf.gradients(stacked.gather([0, 1]), x) + tf.gradients(joined.concat(), x)
    return Case(steps=[(grads, None)], show=show + [total] + grads)
