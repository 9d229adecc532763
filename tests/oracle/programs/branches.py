"""More branches, loops, folds and arrays: gradients, options, nesting and what they capture."""

from __future__ import division

import numpy as np

from . import Case, program


@program
def cond_gradients_of_variables(tf):
    p = tf.placeholder(tf.bool, [], name="p")
    v = tf.Variable([1.0, 2.0], name="v")
    w = tf.get_variable("w", initializer=[3.0, 4.0], use_resource=True)
    y = tf.cond(p, lambda: tf.reduce_sum(v * w), lambda: tf.reduce_sum(v - w))
    found = tf.gradients(y, [v, w])
    return Case(init=True, steps=[([y, found], {p: True}), ([y, found], {p: False})], show=[y] + found)


@program
def cond_of_structures(tf):
    p = tf.placeholder(tf.bool, [], name="p")
    x = tf.constant([1.0, 2.0], name="x")
    pair = tf.cond(p, lambda: [x, x * 2.0], lambda: [x + 1.0, x])
    named = tf.cond(p, lambda: {"a": x, "b": tf.constant(1)}, lambda: {"a": -x, "b": tf.constant(2)}, name="named")
    single = tf.cond(p, lambda: [x], lambda: [x * 3.0], strict=True)
    nothing = tf.cond(p, lambda: tf.no_op(), lambda: tf.group(x))
    return Case(steps=[([pair, named, single], {p: True}), ([pair, named, single], {p: False}), (nothing, {p: True})])


@program
def cond_of_the_shape(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    y = tf.cond(tf.shape(x)[0] > 1, lambda: tf.reduce_mean(x, 0), lambda: tf.zeros([2]))
    z = tf.cond(tf.equal(tf.size(x), 0), lambda: tf.constant([-1.0]), lambda: tf.reshape(x, [-1]))
    return Case(steps=[([y, z], {x: [[1, 2], [3, 4]]}), ([y, z], {x: [[1, 2]]})], show=[y, z])


@program
def cond_second_gradient(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.cond(x > 1.0, lambda: x * x * x, lambda: tf.exp(x))
    first = tf.gradients(y, x)[0]
    return Case(steps=[([first, tf.gradients(first, x)], {x: v}) for v in (2.0, 0.5)])


@program
def cond_with_assertions(tf):
    x = tf.placeholder(tf.float32, [None], name="x")

    def checked():
        with tf.control_dependencies([tf.assert_positive(x), tf.assert_less(x, 10.0)]):
            return tf.sqrt(x)

    y = tf.cond(tf.reduce_any(x > 0.0), checked, lambda: x)
    return Case(steps=[(y, {x: [1.0, 4.0]}), (y, {x: [-1.0]})])


@program
def cond_smart_with_known_predicates(tf):
    x = tf.constant(2.0)
    out = [tf.cond(tf.constant(True), lambda: x + 1.0, lambda: x - 1.0),
           tf.cond(tf.less(1, 2), lambda: x * 3.0, lambda: x)]
    return Case(steps=[(out, None)], show=out)


@program
def cases(tf):
    x = tf.placeholder(tf.int32, [], name="x")
    pairs = [(tf.equal(x, 1), lambda: tf.constant(10)), (x > 5, lambda: x * 2)]
    out = [tf.case(pairs, default=lambda: tf.constant(-1)), tf.case(pairs, default=lambda: x, exclusive=True,
                                                                    name="one"),
           tf.case([(tf.equal(x, 1), lambda: (tf.constant(1), x)), (x > 0, lambda: (tf.constant(2), -x))])]
    return Case(steps=[(out, {x: v}) for v in (1, 7)])


@program
def switch_cases(tf):
    i = tf.placeholder(tf.int32, [], name="i")
    out = [tf.switch_case(i, [lambda: tf.constant(10.0), lambda: tf.constant(20.0), lambda: tf.constant(30.0)]),
           tf.switch_case(i, {0: lambda: i, 1: lambda: i * 2}, default=lambda: tf.constant(-1), name="some")]
    return Case(steps=[(out, {i: v}) for v in (0, 1, 2)])


@program
def switch_cases_of_many_forms(tf):
    i = tf.placeholder(tf.int32, [], name="i")
    x, y = tf.placeholder(tf.float32, [None, 2], name="x"), tf.placeholder(tf.float32, [], name="y")
    v, w = [tf.Variable(2.0, name=name, use_resource=name == "v") for name in ("v", "w")]
    tf.set_random_seed(5)
    out = [tf.switch_case(i, [lambda: x * y, lambda: y + tf.ones([3, 2]), lambda: x], name="captures"),
           tf.switch_case(i, {1: lambda: {"a": 1.0, "b": [2, x]}, 0: lambda: {"a": y, "b": [3, x]}}, name="trees"),
           tf.switch_case(i, [(0, lambda: v + 1.0), (1, lambda: w * 2.0)], default=lambda: v.read_value(), name="vs"),
           tf.switch_case(i, [lambda: tf.random_uniform([]), lambda: y + tf.random_uniform([], seed=3)], name="seeds"),
           tf.switch_case(i, [lambda: tf.cond(y > 0.0, lambda: tf.random_normal([]), lambda: y),
                              lambda: tf.switch_case(i - 1, [lambda: y * 4.0, lambda: 1.0], name="in")], name="outer"),
           tf.switch_case(i, [lambda: tf.ones([2, 3]), lambda: tf.zeros([2, 4]) + y], name="shapes"),
           tf.switch_case(i, [lambda: tf.no_op(), lambda: v.assign_add(1.0).op], name="nothing")]
    with tf.variable_scope("scope"):
        out.append(tf.switch_case(i, [lambda: tf.get_variable("g", [], initializer=tf.zeros_initializer()), lambda: y]))
    out.append(tf.while_loop(lambda n, s: n < 3, lambda n, s: (n + 1, s + tf.switch_case(n, [lambda: y, lambda: s])),
                             [i, 1.0]))
    out.append(tf.cond(y > 0.0, lambda: tf.switch_case(tf.constant(0), [lambda: y * y, lambda: tf.exp(y)]), lambda: y))
    rows = tf.switch_case(i, [lambda: tf.IndexedSlices(y * [1.0, 2.0], tf.range(2)),
                               lambda: tf.IndexedSlices(tf.stack([y]), tf.constant([1]))])
    return Case(init=True, steps=[([out, rows.values], {i: k, x: [[1.0, 2.0]], y: z})
                                  for k, z in ((0, 1.0), (1, -1.0), (2, 3.0), (-1, 0.5))])


@program
def gradients_of_switch_cases(tf):
    i, x = tf.placeholder(tf.int32, [], name="i"), tf.placeholder(tf.float32, [], name="x")
    v = tf.Variable(2.0, name="v", use_resource=True)
    first = tf.switch_case(i, [lambda: x * x, lambda: tf.exp(x), lambda: tf.constant(1.0)])
    second = tf.switch_case(i, [lambda: v * x, lambda: tf.sin(tf.cos(v)), lambda: tf.where(x > 0.0, v, x)], name="vs")
    inner = tf.switch_case(i, [lambda: tf.cond(x > 0.0, lambda: x * x * x, lambda: tf.abs(x)), lambda: x], name="deep")
    dx = tf.gradients(first, x)[0]
    found = [dx, tf.gradients(second, [v, x]), tf.gradients(inner, x)]
    return Case(init=True, steps=[([first, second, inner, found], {i: k, x: z})
                                  for k, z in ((0, 1.5), (1, 0.5), (2, -1.0), (0, -2.0))])


@program
def while_over_structures(tf):
    x = tf.constant([1.0, 2.0])
    out = tf.while_loop(lambda i, d: i < 3, lambda i, d: (i + 1,
                                                          {"a": d["a"] * 2.0, "b": [d["b"][0] + d["a"], d["b"][1]]}),
                        [0, {"a": x, "b": [x, tf.constant(1)]}], name="nested")
    return Case(steps=[(out, None)])


@program
def while_options(tf):
    i = tf.constant(0)
    n = tf.placeholder(tf.int32, [], name="n")
    out = [tf.while_loop(lambda i: i < n, lambda i: i + 1, [i], parallel_iterations=1),
           tf.while_loop(lambda i: i < n, lambda i: i + 2, [i], swap_memory=True, back_prop=False),
           tf.while_loop(lambda i: tf.less(i, 100), lambda i: [i * 2], [tf.constant(1)], maximum_iterations=n,
                         return_same_structure=True, name="doubled")]
    return Case(steps=[(out, {n: 4})])


@program
def while_gradient_of_captures(tf):
    x, w = tf.placeholder(tf.float32, [None, 2], name="x"), tf.Variable([[0.5, 0.2], [0.1, 0.3]], name="w")
    b = tf.constant([0.1, 0.2], name="b")
    _, h, total = tf.while_loop(lambda i, h, t: i < 3, lambda i, h,
                                t: (i + 1, tf.nn.relu(tf.matmul(h, w) + b), t + tf.reduce_sum(h)), [0, x, 0.0])
    found = tf.gradients(tf.reduce_sum(h) + total, [x, w, b])
    return Case(init=True, steps=[([h, total, found], {x: [[1.0, 2.0]]})], show=[h, total] + found)


@program
def while_gradient_with_concatenation(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    _, y = tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, tf.concat([y, x], 0)), [0, x],
                         shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])])
    return Case(steps=[([y, tf.gradients(y * y, x)], {x: [1.0, 2.0]})])


@program
def while_gradient_through_branches(tf):
    x = tf.constant(1.5, name="x")
    _, y = tf.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1,
                                                           tf.cond(tf.equal(i % 2, 0), lambda: y * x, lambda: y + x)),
                         [tf.constant(0), tf.constant(1.0)])
    return Case(steps=[([y, tf.gradients(y, x)], None)])


@program
def while_second_gradient_is_refused(tf):
    x = tf.constant(2.0, name="x")
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, 1.0])
    first = tf.gradients(y, x)[0]
    try:
        tf.gradients(first, x)
        told = "nothing"
    except TypeError as error:
        told = str(error)
    return Case(steps=[(first, None)], facts={"told": told})


@program
def while_with_random_numbers_and_prints(tf):
    _, s = tf.while_loop(lambda i, s: i < 2, lambda i, s: (i + 1, s + tf.random_uniform([2], seed=3)),
                         [tf.constant(0), tf.zeros([2])])
    return Case(steps=[(s, None), (s, None)])


@program
def maps_of_many_forms(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    ids = tf.constant([1, 2, 3])
    out = [tf.map_fn(lambda r: tf.reduce_sum(r * r), x), tf.map_fn(lambda i: tf.cast(i, tf.float32) / 2.0, ids,
                                                                   dtype=tf.float32),
           tf.map_fn(lambda p: p[0] * p[1], (ids, ids), dtype=tf.int32),
           tf.map_fn(lambda i: (i, tf.cast(i, tf.float32)), ids, dtype=(tf.int32, tf.float32), parallel_iterations=2,
                     back_prop=False, name="both")]
    return Case(steps=[([out, tf.gradients(out[0], x)], {x: [[1, 2], [3, 4]]})], show=out[:3])


@program
def folds_and_scans(tf):
    x = tf.constant([1.0, 2.0, 3.0], name="x")
    p = tf.placeholder(tf.float32, [None, 2], name="p")
    out = [tf.foldl(lambda a, v: a * v, x), tf.foldr(lambda a, v: a - v, x, initializer=10.0),
           tf.foldl(lambda a, v: a + v, p, initializer=tf.zeros([2])), tf.scan(lambda a, v: a + v, x),
           tf.scan(lambda a, v: a * 0.5 + v, p, initializer=tf.zeros([2])),
           tf.scan(lambda a, v: a + v, x, reverse=True, name="back"),
           tf.scan(lambda a, v: (a[0] + v, a[0]), x, initializer=(0.0, 1.0))]
    found = tf.gradients(out[0], x) + tf.gradients(out[3], x) + tf.gradients(out[4], p)
    return Case(steps=[(out, {p: [[1, 2], [3, 4]]}), (found, {p: [[1, 2], [3, 4]]})])


@program
def arrays_of_tensors(tf):
    a = tf.TensorArray(tf.float32, 3, clear_after_read=False, element_shape=[2])
    a = a.write(0, [1.0, 2.0]).write(1, [3.0, 4.0]).write(2, [5.0, 6.0])
    b = tf.TensorArray(tf.int32, size=0, dynamic_size=True, infer_shape=False).unstack([1, 2, 3])
    c = tf.TensorArray(tf.float32, 2).scatter([1, 0], [[1.0], [2.0]])
    d = tf.TensorArray(tf.float32, 2, tensor_array_name="parts", infer_shape=False).split([1.0, 2.0, 3.0], [1, 2])
    out = [a.stack(), a.read(1), a.gather([0, 2]), a.concat(), b.stack(), b.size(), c.stack(), d.concat(),
           a.identity().stack(), a.size()]
    return Case(steps=[(out, None)], show=out)


@program
def arrays_of_tensors_with_gradients(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    a = tf.TensorArray(tf.float32, 2).unstack(x)
    out = tf.TensorArray(tf.float32, 2)
    _, out = tf.while_loop(lambda i, o: i < 2, lambda i, o: (i + 1, o.write(i, a.read(i) * 2.0)), [0, out])
    y = out.stack()
    parts = tf.TensorArray(tf.float32, 2, infer_shape=False).split(x[:, 0], [1, 1]).concat()
    picked = tf.TensorArray(tf.float32, 2).unstack(x).gather([1])
    return Case(steps=[([y, tf.gradients(y * y, x), tf.gradients(parts, x), tf.gradients(picked, x)], None)])


@program
def functions_of_python(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    y, n = tf.py_func(lambda v: (v * 2.0, np.int64(v.size)), [x], [tf.float32, tf.int64], name="both")
    z = tf.numpy_function(lambda v: v + np.float32(1.0), [x], tf.float32)
    w = tf.py_function(lambda v: v * v, [x], tf.float32)
    y.set_shape([None])
    return Case(steps=[([y, n, z], {x: [1.0, 2.0]}), (w, {x: [3.0]})], show=[y, n, z, w])


@program
def gradient_of_a_function_of_python(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    w = tf.py_function(lambda v: v * v, [x], tf.float32)
    return Case(steps=[([w, tf.gradients(w, x)], {x: [3.0]})])


@program
def gradients_of_ones_own(tf):
    @tf.custom_gradient
    def log1pexp(x):
        e = tf.exp(x)
        return tf.log(1 + e), lambda dy: dy * (1 - 1 / (1 + e))

    @tf.custom_gradient
    def pair(x, y):
        return [x * y, x + y], lambda a, b: (a * 2.0, b * 3.0)

    x, y = tf.constant([1.0, 100.0], name="x"), tf.constant([2.0, 3.0], name="y")
    out = log1pexp(x)
    both = pair(x, y)
    return Case(steps=[([out, both, tf.gradients(out, x), tf.gradients(both, [x, y])], None)])


@program
def gradients_replaced_by_name(tf):
    @tf.RegisterGradient("OracleClipped")
    def clipped(op, dy):
        return tf.clip_by_value(dy, -0.5, 0.5)

    x = tf.constant([1.0, -2.0, 0.3], name="x")
    with tf.get_default_graph().gradient_override_map({"Sign": "OracleClipped", "Relu": "OracleClipped"}):
        y = tf.sign(x) + tf.nn.relu(x)
    return Case(steps=[([y, tf.gradients(y * x, x)], None)])


@program
def groups_and_tuples(tf):
    v, w = tf.Variable(1.0, name="v"), tf.Variable(2.0, name="w")
    a, b = v.assign_add(1.0), w.assign_add(1.0)
    both = tf.group(a, b)
    one, two = tf.tuple([v * 2.0, w * 3.0], control_inputs=[both], name="pair")
    with tf.control_dependencies([one, two.op]):
        last = tf.identity(v)
    nested = tf.group([a, [b, tf.no_op()]], name="nested")
    empty = tf.group()
    return Case(init=True, steps=[([one, two], None), (last, None), ([nested, empty], None), ([v, w], None)])


@program
def gradients_with_options(tf):
    x, y = tf.constant([1.0, 2.0], name="x"), tf.constant([3.0, 4.0], name="y")
    z = x * y
    u = tf.stop_gradient(z) * x
    out = [tf.gradients([z, u], [x, y]), tf.gradients(z, [x, y], grad_ys=[tf.constant([1.0, 2.0])], name="weighted"),
           tf.gradients(u, x, stop_gradients=[z]), tf.gradients(z, [x, z]),
           tf.gradients(tf.reduce_sum(z), [x, y], unconnected_gradients="zero"),
           tf.gradients([z], [x], gate_gradients=True), tf.gradients(z * z + z, z,
                                                                     aggregation_method=tf.AggregationMethod.ADD_N)]
    return Case(steps=[(out, None)])


@program
def gradients_of_many_uses(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="w")
    h = tf.matmul(x, w)
    for _ in range(2):
        h = tf.matmul(tf.nn.tanh(h), w) + h
    rows = tf.gather(w, [0]) + tf.nn.embedding_lookup(w, [1])
    y = tf.reduce_sum(h) + tf.reduce_sum(rows) + tf.reduce_sum(w)
    found = tf.gradients(y, [w, x])
    return Case(init=True, steps=[(found, {x: [[0.1, 0.2]]})], show=found)


@program
def hessians_of_many_forms(tf):
    x, m = tf.constant([1.0, 2.0], name="x"), tf.constant([[1.0, 2.0]], name="m")
    y = tf.reduce_sum(tf.exp(x) * x[::-1])
    return Case(steps=[(tf.hessians(y, x), None), (tf.hessians(tf.reduce_sum(m * m * m), m), None)])


@program
def cond_reads_what_was_assigned_before(tf):
    """A branch that waits for an assignment reads the new value, although the variable was read outside of it."""
    v, w, step = tf.Variable(1.0), tf.Variable(4.0), tf.Variable(0)
    yes = tf.placeholder_with_default(True, [])
    with tf.control_dependencies([tf.assign_add(v, 1.0)]):
        before = tf.cond(yes, lambda: v * 10.0, lambda: v * 100.0)

    def inside():
        with tf.control_dependencies([tf.assign_add(w, 1.0)]):
            return tf.cond(w > 4.5, lambda: w * 10.0, lambda: w * 100.0)

    within = tf.cond(yes, inside, lambda: w)
    g, c = tf.Variable([4.0]), tf.Variable([0.0])
    grown = tf.assign_add(g, [2.0])
    with tf.control_dependencies([tf.assign_add(step, 1)]):
        time = tf.equal(tf.mod(step, 1), 0)

    def halved():
        with tf.control_dependencies([tf.assign(g, g / 2.0)]):
            moved = tf.assign_sub(c, g)
        with tf.control_dependencies([moved]):
            return tf.group(tf.assign(g, tf.zeros_like(g)))

    with tf.control_dependencies([grown]):
        later = tf.cond(time, halved, tf.no_op)
    return Case(init=True, steps=[(before, None), (within, None), (later, None), ([v, w, g, c], None)])


@program
def loop_reads_what_it_assigns(tf):
    """An iteration reads what it, or one before it, has assigned, although the variable was read before the loop."""
    v, w, u = tf.Variable(1.0), tf.Variable(1.0), tf.Variable(1.0)

    def counted(i, total):
        with tf.control_dependencies([tf.assign_add(v, 1.0)]):
            return i + 1, total + v * 10.0

    def chosen(i, total):
        with tf.control_dependencies([tf.assign_add(u, 1.0)]):
            return i + 1, total + tf.cond(i < 2, lambda: u * 10.0, lambda: u * 100.0)

    first = tf.while_loop(lambda i, total: i < 3, counted, [0, 0.0])
    with tf.control_dependencies([tf.assign_add(w, 1.0)]):
        second = tf.while_loop(lambda i, total: i < 3, lambda i, total: (i + 1, total + w), [0, 0.0])
    third = tf.while_loop(lambda i, total: i < 3, chosen, [0, 0.0])
    return Case(init=True, steps=[(first, None), (second, None), (third, None), ([v, w, u], None)])


@program
def cond_with_gradients_after_a_wait(tf):
    """Gradients in a branch by what was computed outside, where zeros for the other branch can never be alive."""
    yes = tf.placeholder_with_default(False, [])
    v = tf.get_variable("v", initializer=3.0, use_resource=True)
    square = v * v

    def gradient():
        with tf.control_dependencies([tf.no_op(name="before")]):
            return tf.gradients(square * 2.0, v)[0]

    found = tf.cond(yes, lambda: 1.0, gradient)
    return Case(init=True, steps=[(found, None), (found, {yes: True})])


@program
def cond_of_an_update_or_the_variable(tf):
    """A branch gives what it has updated a variable with, the other one the variable: not its value afterwards."""
    yes = tf.placeholder(tf.bool, [], name="yes")
    mean = tf.reduce_mean([1.0, 3.0])
    v = tf.Variable(0.0)

    def updated():
        with tf.control_dependencies([tf.assign_sub(v, (v - mean) * 0.5)]):
            return tf.identity(mean)

    found = tf.cond(yes, updated, lambda: v)
    return Case(init=True, steps=[([found, found * 3.0, v], {yes: True}), ([found, v], {yes: False})])
