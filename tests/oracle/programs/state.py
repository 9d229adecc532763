"""Less common ways to make, share, cut, update and average variables, and the other optimisers."""

from __future__ import division

import numpy as np

from . import Case, program


@program
def dependent_initial_values(tf):
    with tf.device("/cpu:0"):
        r = tf.get_variable("r", initializer=[1.0, 2.0])
    doubled = tf.Variable(r.initialized_value() * 2.0, name="doubled")
    shifted = tf.Variable(doubled + r, name="shifted")
    with tf.control_dependencies([tf.assign_add(r, [1.0, 1.0])]):
        apart = tf.Variable(1.0, name="apart")
    inside = tf.cond(tf.constant(True), lambda: tf.Variable(lambda: 2.0, name="inside") + 1.0, lambda: tf.constant(1.0))
    return Case(init=True, steps=[([doubled, shifted, apart, inside], None)])


@program
def variables_from_functions(tf):
    a = tf.Variable(lambda: tf.ones([2]), name="a")
    b = tf.Variable(tf.ones([2]), name="b", use_resource=True, dtype=tf.float32)
    c = tf.Variable(lambda: 2.0, name="c", use_resource=True)
    with tf.name_scope("scope"):
        d = tf.get_variable("d", initializer=tf.constant(1.0))
        e = tf.Variable(1.0, caching_device="/cpu:0")
    f = tf.get_variable("f", shape=(), initializer=lambda shape, dtype, partition_info: tf.fill(shape, 3.0))
    return Case(init=True, steps=[([a, b, c, d, e, f], None)], show=[a, b, c, d, e, f])


@program
def resource_variable_in_functions(tf):
    x = tf.constant([[1.0, 2.0]])
    w = tf.get_variable("w", [2, 3], use_resource=True, initializer=tf.ones_initializer())
    b = tf.get_variable("b", [3], use_resource=True, initializer=tf.zeros_initializer())
    y = tf.matmul(x, w) + b
    rows = tf.gather(w, [1, 0])
    update = tf.scatter_add(w, [1], [[1.0, 1.0, 1.0]])
    grads = tf.gradients(tf.reduce_sum(tf.square(rows)) + tf.reduce_sum(y), [b])
    return Case(init=True, steps=[([y, rows, grads], None), (update, None), (w, None)], show=[update, rows])


@program
def partitioned_variables(tf):
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(2)):
        v = tf.get_variable("v", [4, 2], initializer=tf.ones_initializer())
        scalar = tf.get_variable("scalar", [], initializer=tf.zeros_initializer())
    y = tf.multiply(v, 2.0)
    cut = tf.get_variable("cut", [2, 6], partitioner=tf.variable_axis_size_partitioner(16, axis=1),
                          initializer=tf.constant_initializer(3.0))  # fmt: skip
    parts = tf.create_partitioned_variables([5, 1], [3, 1], tf.ones_initializer(), name="old")
    facts = {"names": [x.name for x in tf.global_variables()], "shape": v.get_shape().as_list(), "name": v.name,
             "cut": [p.shape.as_list() for p in cut],
             "saved": [p._get_save_slice_info().spec for p in parts]}  # fmt: skip
    return Case(init=True, steps=[([y, scalar, list(cut)], None)], facts=facts, show=[scalar])


@program
def optimizers_with_slots(tf):
    v = tf.Variable([3.0, -2.0], name="v")
    w = tf.get_variable("w", initializer=[1.0, 0.5], use_resource=True)
    step = tf.train.get_or_create_global_step()
    dense = tf.constant([1.0, 2.0])
    rows = tf.IndexedSlices(tf.constant([1.0, 2.0, 3.0]), tf.constant([0, 1, 1]), tf.constant([2]))
    steps, facts = [], {}
    for optimizer in (tf.train.AdagradOptimizer(0.1), tf.train.AdadeltaOptimizer(0.5),
                      tf.train.AdagradDAOptimizer(0.1, step), tf.train.RMSPropOptimizer(0.1),
                      tf.train.RMSPropOptimizer(0.1, momentum=0.5, centered=True, name="Other"),
                      tf.train.ProximalAdagradOptimizer(0.1, l1_regularization_strength=0.1),
                      tf.train.ProximalGradientDescentOptimizer(0.1, l2_regularization_strength=0.2)):  # fmt: skip
        steps.append((optimizer.apply_gradients([(dense, v), (dense, w)]), None))
        steps.append((optimizer.apply_gradients([(rows, v), (rows, w)]), None))
        steps.append(([v, w], None))
        facts[optimizer.get_name()] = [optimizer.get_slot_names(), [x.name for x in optimizer.variables()]]
    return Case(init=True, steps=steps, facts=facts)


@program
def applied_gradients(tf):
    v = tf.Variable([3.0, -2.0], name="v", constraint=lambda x: tf.maximum(x, 0.0))
    w = tf.get_variable("w", initializer=[3.0, -2.0], use_resource=True)
    step = tf.train.get_or_create_global_step()
    dense = tf.constant([1.0, 2.0])
    steps = []
    optimizers = [tf.train.GradientDescentOptimizer(0.1), tf.train.MomentumOptimizer(0.1, 0.9)]
    for optimizer in optimizers + [tf.train.AdamOptimizer(0.1)]:
        steps.append((optimizer.apply_gradients([(dense, v), (dense, w)], global_step=step, name="train"), None))
        rows = tf.IndexedSlices(tf.constant([1.0, 2.0, 3.0]), tf.constant([0, 1, 1]), tf.constant([2]))
        steps.append((optimizer.apply_gradients([(rows, w)]), None))
        steps.append(([v, w, step], None))
    return Case(init=True, steps=steps)


@program
def learning_rates(tf):
    step = tf.placeholder(tf.int64, [], name="step")
    train = tf.train
    rates = [train.exponential_decay(0.1, step, 10, 0.5, staircase=True), train.polynomial_decay(0.1, step, 100),
             train.natural_exp_decay(0.1, step, 10, 0.5), train.natural_exp_decay(0.1, step, 10, 0.5, staircase=True),
             train.inverse_time_decay(0.1, step, 10, 0.5), train.inverse_time_decay(0.1, step, 10, 0.5, staircase=True),
             train.cosine_decay(0.1, step, 100), train.cosine_decay(0.1, step, 100, alpha=0.1),
             train.cosine_decay_restarts(0.1, step, 20),
             train.cosine_decay_restarts(0.1, step, 20, t_mul=1.0, m_mul=0.5),
             train.linear_cosine_decay(0.1, step, 100)]  # fmt: skip
    return Case(steps=[(rates, {step: 0}), (rates, {step: 17}), (rates, {step: 75}), (rates, {step: 200})])


@program
def piecewise_learning_rate(tf):
    step = tf.train.get_or_create_global_step()
    rate = tf.train.piecewise_constant(step, [10, 20], [1.0, 0.5, 0.1])
    steps = [(rate, None), (step.assign(10), None), (rate, None), (step.assign(15), None), (rate, None)]
    steps += [(step.assign(21), None), (rate, None)]
    return Case(init=True, steps=steps, show=[rate])


@program
def moving_averages(tf):
    v = tf.Variable(1.0, name="v")
    w = tf.get_variable("w", initializer=[3.0, -2.0], use_resource=True)
    step = tf.train.get_or_create_global_step()
    plain = tf.train.ExponentialMovingAverage(0.9)
    first = plain.apply([v, w])
    twice = v * 2.0
    other = tf.train.ExponentialMovingAverage(0.99, num_updates=step, name="other")
    second = other.apply([v, twice])
    debiased = tf.train.ExponentialMovingAverage(0.99, zero_debias=True, name="debiased")
    third = debiased.apply([twice])
    facts = {"names": [plain.average_name(v), other.average_name(twice), other.average_name(w)],
             "restore": sorted(other.variables_to_restore()),
             "moving": [x.name for x in tf.moving_average_variables()], "none": other.average(w) is None}  # fmt: skip
    steps = [(first, None), (v.assign(2.0), None), (first, None), (second, None), (third, None)]
    steps.append(([plain.average(v), plain.average(w), other.average(twice), debiased.average(twice)], None))
    return Case(init=True, steps=steps, facts=facts, show=[plain.average(v), other.average(twice)])


@program
def clipped_tensors(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    rows = tf.IndexedSlices(x, tf.constant([0, 1]), tf.constant([3, 2]))
    some, norm = tf.clip_by_global_norm([x, None, p], 5.0)
    given, _ = tf.clip_by_global_norm([rows, x], 5.0, use_norm=tf.constant(7.0))
    out = [tf.clip_by_value(x, 0.0, 2.0), tf.clip_by_value(p, -1, 1, name="c"), tf.clip_by_norm(x, 2.0),
           tf.clip_by_norm(p, 2.0, axes=[1]), tf.clip_by_average_norm(x, 1.0), tf.global_norm([x, p]),
           some[0], some[2], norm,
           given[0].values, given[1], tf.clip_by_value(rows, 0.0, 1.0).values, tf.clip_by_norm(rows, 1.0).values,
           tf.clip_by_value(tf.constant([1, 2]), 0, 1)]  # fmt: skip
    return Case(steps=[(out, {p: np.arange(6.0).reshape(2, 3)})], facts={"none": some[1] is None})


@program
def templates(tf):
    def layer(x, size):
        w = tf.get_variable("w", [size], initializer=tf.ones_initializer())
        return x * w

    shared = tf.make_template("shared", layer, size=2)
    at_once = tf.make_template("at_once", layer, create_scope_now_=True, size=2)
    x = tf.constant([1.0, 2.0])
    with tf.variable_scope("outer"):
        out = [shared(x), shared(x + 1.0), at_once(x), at_once(x)]
    facts = {"names": [v.name for v in tf.global_variables()],
             "scopes": [shared.variable_scope.name, at_once.variable_scope_name],
             "variables": [v.name for v in shared.trainable_variables], "out": [y.name for y in out]}  # fmt: skip
    return Case(init=True, steps=[(out, None)], facts=facts)


@program
def custom_getters(tf):
    def halved(getter, name, *args, **kwargs):
        return getter(name, *args, **kwargs) * 0.5

    def renamed(getter, name, *args, **kwargs):
        return getter(name + "_renamed", *args, **kwargs)

    with tf.variable_scope("outer", custom_getter=halved, initializer=tf.constant_initializer(4.0)):
        a = tf.get_variable("a", [2])
        with tf.variable_scope("inner", custom_getter=renamed):
            b = tf.get_variable("b", [2])
        with tf.variable_scope(tf.get_variable_scope(), reuse=True):
            c = tf.get_variable("a", [2])

    def next_creator(make, **kwargs):
        kwargs["name"] = "created_" + kwargs["name"]
        return make(**kwargs)

    with tf.variable_creator_scope(next_creator):
        d = tf.Variable(1.0, name="d")
    local = tf.get_local_variable("local", [], initializer=tf.zeros_initializer())
    facts = {"names": [v.name for v in tf.global_variables()], "locals": [v.name for v in tf.local_variables()]}
    return Case(init=True, steps=[([a, b, c, d], None)], facts=facts, show=[a, b, c, d, local])


@program
def variable_slice_assignment(tf):
    v = tf.Variable(np.arange(6.0, dtype=np.float32).reshape(3, 2), name="v")
    w = tf.Variable([1.0, 2.0, 3.0], name="w", use_resource=True)
    first = v[1:, 0].assign([10.0, 20.0])
    second = w[:2].assign([5.0, 6.0])
    update = tf.scatter_nd_update(v, [[0, 1]], [7.0])
    return Case(init=True, steps=[(first, None), (v, None), (second, None), (w, None), (update, None)])


@program
def variable_protos(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    with tf.name_scope("scope"):
        w = tf.Variable(3, name="w", use_resource=True, trainable=False)
    facts = {"v": str(v.to_proto()), "w": str(w.to_proto()), "outside": v.to_proto(export_scope="scope") is None,
             "within": str(w.to_proto(export_scope="scope"))}  # fmt: skip
    again = tf.Variable.from_proto(v.to_proto())
    return Case(init=True, steps=[(again, None)], facts=facts, show=[again])
