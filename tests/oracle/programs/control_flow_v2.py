"""tf.cond, while_loop and case under tf.enable_control_flow_v2: If and While nodes, their functions and gradients."""

import functools

from . import Case, program


def functional(build):
    """A program that is built with control flow v2."""
    @functools.wraps(build)
    def built(tf):
        tf.enable_control_flow_v2()
        try:
            return build(tf)
        finally:
            tf.disable_control_flow_v2()

    return program(built)


@functional
def v2_toggle(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    before = tf.control_flow_v2_enabled()
    result = tf.cond(x > 0, lambda: x, lambda: -x)
    tf.disable_control_flow_v2()
    old = tf.cond(x > 0, lambda: x, lambda: -x)
    return Case(steps=[([result, old], {x: -2.0})], facts={"enabled": [before, tf.control_flow_v2_enabled()]})


@functional
def v2_cond_with_gradient(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    y = tf.cond(tf.reduce_sum(x) > 0, lambda: x * 2, lambda: tf.exp(x))
    grad = tf.gradients(y, x)
    return Case(steps=[([y, grad], {x: [1.0, 2.0]}), ([y, grad], {x: [-1.0, -2.0]})], show=[y] + grad)


@functional
def v2_cond_forms(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    index = tf.placeholder(tf.int32, [], name="index")
    results = [tf.cond(x > 0, lambda: [x], lambda: [-x]), tf.cond(x > 0, lambda: [x], lambda: [-x], strict=True),
               tf.cond(x > 0, lambda: {"a": x, "b": (x + 1, x)}, lambda: {"a": -x, "b": (x - 1, x)}),
               tf.cond(x > 0, lambda: tf.no_op(), lambda: tf.no_op()),
               tf.case([(x > 0, lambda: x), (x > 1, lambda: x * 2)], default=lambda: -x),
               tf.case([(x > 2, lambda: x), (x < 1, lambda: x * 2)], default=lambda: -x, exclusive=True),
               tf.switch_case(index, [lambda: x, lambda: x * 2])]
    return Case(steps=[(results, {x: 3.0, index: 0}), (results, {x: -2.0, index: 1})], show=results)


@functional
def v2_loop_with_gradient(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * x * tf.sin(a)), (0, x))
    grad = tf.gradients(y[1], x)
    return Case(steps=[([y, grad], {x: 2.0})], show=list(y) + grad)


@functional
def v2_loop_forms(tf):
    i0 = tf.constant(0, name="i0")
    shapes = [tf.TensorShape([]), tf.TensorShape([None])]
    results = [tf.while_loop(lambda i: i < 3, lambda i: i + 1, [i0]),
               tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0], return_same_structure=True),
               tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, tf.concat([a, a], 0)), [i0, tf.ones([2])],
                             shape_invariants=shapes),
               tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a), [i0, tf.ones([3])],
                             shape_invariants=[tf.TensorShape([]), tf.TensorShape([3])], name="kept"),
               tf.while_loop(lambda i: True, lambda i: i + 1, [i0], maximum_iterations=3),
               tf.while_loop(lambda i, d: i < 2, lambda i, d: (i + 1, {"a": d["a"] * 2, "b": d["b"]}),
                             (i0, {"a": tf.constant(3.0), "b": tf.constant("s")}), parallel_iterations=1),
               tf.while_loop(lambda i: i < 3, lambda i: i + 1, [i0], maximum_iterations=i0 + 1, back_prop=False)]
    with tf.name_scope("outer"):
        results.append(tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0]))
    sparse = tf.SparseTensor([[0]], [1], [1])
    after = tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, tf.SparseTensor(s.indices, s.values * 2,
                                                                                s.dense_shape)), [i0, sparse])
    results.append(after[1].values)
    return Case(steps=[(results, None)], show=results)


@functional
def v2_loop_around_branches(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    n = tf.placeholder(tf.int32, [], name="n")
    w = tf.Variable(3.0, use_resource=True, name="w")
    c = tf.constant([1.0, 2.0], name="c")
    limit = tf.cast(n, tf.float32)

    def body(i, a):
        return i + 1, tf.cond(tf.reduce_sum(a) > limit, lambda: a * c * w, lambda: a * tf.sin(a))

    y = tf.while_loop(lambda i, a: i < n, body, (0, x), maximum_iterations=5)
    grads = tf.gradients(y[1], [x, w, c])
    second = tf.gradients(grads[0], x)
    fetched = [y, grads, second]
    return Case(steps=[(fetched, {x: [1.0, 2.0], n: 3}), (fetched, {x: [3.0, 2.0], n: 2})], init=True)


@functional
def v2_loops_in_a_loop(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    w = tf.get_variable("w", [4, 2], use_resource=True, initializer=tf.ones_initializer())
    idx = tf.constant([1, 1], name="idx")

    def body(i, a):
        k = tf.constant(3.0) * tf.ones([2])
        e = tf.reduce_sum(tf.nn.embedding_lookup(w, idx), 0)
        _, b = tf.while_loop(lambda j, b: j < i, lambda j, b: (j + 1, b * tf.cos(b) * k * e), (0, a))
        return i + 1, b

    y = tf.while_loop(lambda i, a: i < 2, body, (0, x))
    grads = tf.gradients(y[1], [x, w])
    return Case(steps=[([y, grads], {x: [1.0, 2.0]})], init=True)


@functional
def v2_gradients_twice(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    a = tf.placeholder(tf.float32, [], name="a")
    y = tf.while_loop(lambda i, z: i < 3, lambda i, z: (i + 1, z * z * a), (0, x))[1]
    one, = tf.gradients(y, x)
    other, = tf.gradients(y, a)
    second = tf.gradients([one, other], [x, a])
    return Case(steps=[([y, one, other, second], {x: 0.8, a: 1.2})])


@functional
def v2_loop_writes_variables(tf):
    w = tf.get_variable("w", [], use_resource=True, initializer=tf.ones_initializer())

    def body(i):
        with tf.control_dependencies([w.assign_add(tf.cast(i, tf.float32))]):
            return i + 1

    done = tf.while_loop(lambda i: i < 4, body, [0])
    return Case(steps=[(done, None), (w, None), (done, None), (w, None)], init=True)


@functional
def v2_tensor_arrays(tf):
    x = tf.placeholder(tf.float32, [3, 2], name="x")
    array = tf.TensorArray(tf.float32, size=0, dynamic_size=True, clear_after_read=False, element_shape=[2],
                           name="mine", tensor_array_name="zz")
    array = array.write(0, [1.0, 2.0]).write(2, [3.0, 4.0])
    rows = tf.TensorArray(tf.float32, 3).unstack(x).identity()
    parts = tf.TensorArray(tf.float32, 2).split([1.0, 2.0, 3.0], [1, 2])
    spread = tf.TensorArray(tf.float32, 2, infer_shape=False).scatter([1, 0], tf.ones([2, 5]))
    results = [array.stack(), array.size(), array.read(2), array.gather([0, 2]), array.concat(), rows.stack(),
               rows.size(), parts.concat(), spread.stack(), array.close()]
    grads = tf.gradients(rows.read(1) * rows.read(2), x)
    return Case(steps=[(results[:-1] + grads, {x: [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]})], show=results[:-1])


@functional
def v2_map_and_scan_with_gradients(tf):
    x = tf.placeholder(tf.float32, [3, 2], name="x")
    mapped = tf.map_fn(lambda row: row * row * tf.reduce_sum(row), x)
    scanned = tf.scan(lambda a, row: a * row, x)
    folded = tf.foldl(lambda a, row: a + row * row, x)
    grads = tf.gradients([mapped, scanned, folded], x)
    return Case(steps=[([mapped, scanned, folded, grads], {x: [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]})])


@functional
def v2_recurrent_net(tf):
    x = tf.placeholder(tf.float32, [2, 3, 2], name="x")
    cell = tf.nn.rnn_cell.BasicRNNCell(2, name="cell")
    outputs, state = tf.nn.dynamic_rnn(cell, x, sequence_length=[3, 2], dtype=tf.float32)
    variables = tf.trainable_variables()
    grads = tf.gradients(tf.reduce_sum(outputs * outputs), variables)
    give = [variable.assign(tf.fill(variable.shape, 0.3)) for variable in variables]
    data = [[[0.1, 0.2], [0.3, -0.1], [0.5, 0.4]], [[-0.2, 0.2], [0.1, 0.1], [0.9, 0.9]]]
    return Case(steps=[(give, None), ([outputs, state, grads], {x: data})], init=True)


@functional
def v2_layers_of_lstm(tf):
    x = tf.placeholder(tf.float32, [None, 3, 2], name="x")
    cells = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.LSTMCell(units) for units in (3, 2)])
    outputs, state = tf.nn.dynamic_rnn(cells, x, dtype=tf.float32)
    variables = tf.trainable_variables()
    grads = tf.gradients(tf.reduce_sum(outputs * outputs) + tf.reduce_sum(state[0].c), [x] + variables)
    give = [variable.assign(tf.fill(variable.shape, 0.3)) for variable in variables]
    data = [[[0.1, 0.2], [0.3, -0.1], [0.5, 0.4]], [[-0.2, 0.2], [0.1, 0.1], [0.9, 0.9]]]
    return Case(steps=[(give, None), ([outputs, state, grads], {x: data})], init=True)


@functional
def v2_cond_with_a_variable_on_one_side(tf):
    v = tf.get_variable("v", [2], use_resource=True, initializer=tf.ones_initializer())
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.cond(x > 0, lambda: tf.reduce_sum(v) * x, lambda: -x)
    grads = tf.gradients(y, [x, v])
    return Case(steps=[(grads, {x: 2.0}), (grads, {x: -2.0})], init=True)
