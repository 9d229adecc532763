"""Variables (ref and resource), scopes, reuse, assignment, initialisation, global step."""

from __future__ import division

import numpy as np

from . import Case, program


@program
def variable_basics(tf):
    v = tf.Variable(3.0)
    w = tf.Variable([[1, 2], [3, 4]], name="w", dtype=tf.float64)
    u = tf.Variable(tf.constant(2.0) * 2.0, trainable=False, name="counter")
    init = tf.global_variables_initializer()
    out = [v, w, u, v + 1.0, w * 2, v.read_value(), v.value()]
    facts = {"names": [v.name, v.op.name, v.op.type, u.initializer.name, u.initial_value.name],
             "shape": w.get_shape().as_list()}
    return Case(init=True, steps=[(out, None), (init, None), (w, None)],
                show=[v, w, v.value(), v.dtype, w.shape], facts=facts)


@program
def variable_operators(tf):
    v = tf.Variable([4.0, 9.0], name="v")
    out = [v + v, v - 1, 2 * v, v / 2, -v, v[0], v[1:], abs(v), v**0.5, v > 5.0, tf.sqrt(v),
           tf.matmul([v], [[1.0], [1.0]])]
    return Case(init=True, steps=[(out, None)], show=out)


@program
def assignments(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    a = tf.assign(v, [3.0, 4.0])
    b = tf.assign_add(v, [1.0, 1.0])
    c = tf.assign_sub(v, [0.5, 0.5], name="less")
    d = v.assign(v * 2.0)
    e = v.assign_add([1.0, 0.0])
    f = v.assign_sub([0.0, 1.0], use_locking=True)
    steps = [(x, None) for x in (v, a, b, b, c, d, e, f, v)]
    return Case(init=True, steps=steps, show=[a, b, c, d])


@program
def counter_loop(tf):
    state = tf.Variable(0, name="counter")
    new_value = tf.add(state, tf.constant(1))
    update = tf.assign(state, new_value)
    return Case(init=True,
                steps=[(state, None), (update, None), (state, None), (update, None), ([state, update], None)])


@program
def assign_under_control(tf):
    v = tf.Variable(1.0, name="v")
    with tf.control_dependencies([v.assign_add(1.0)]):
        after = tf.identity(v.read_value(), name="after")
    with tf.control_dependencies([after]):
        again = tf.assign(v, 10.0, name="again")
        with tf.control_dependencies([again]):
            last = v.read_value() * 2.0
    return Case(init=True, steps=[(after, None), (last, None), (v, None)])


@program
def assign_seen_by_later_reader(tf):
    v = tf.Variable(1.0, name="v")
    with tf.control_dependencies([tf.assign_add(v, 1.0)]):
        tenfold = v * 10.0
    with tf.control_dependencies([tenfold]):
        reset = tf.assign(v, 0.0)
    return Case(init=True,
                steps=[(tenfold, None), (tenfold, None), ([reset, tenfold.op], None), (v, None),
                       (tenfold, None)])


@program
def resource_variables(tf):
    v = tf.get_variable("v", initializer=[1.0, 2.0], use_resource=True)
    w = tf.Variable(5, use_resource=True, name="w")
    a = v.assign_add([1.0, 1.0])
    b = tf.assign(w, 7)
    with tf.control_dependencies([a]):
        c = v.read_value()
    out = v * 2.0
    steps = [(out, None), (a, None), (out, None), (c, None), (b, None), ([v, w], None),
             (v.assign_sub([1.0, 0.0]), None)]
    return Case(init=True, steps=steps, show=[v, w, v.dtype], facts={"type": v.op.type, "name": v.name})


@program
def get_variable_scopes(tf):
    with tf.variable_scope("layer"):
        w = tf.get_variable("w", [2, 3], initializer=tf.zeros_initializer())
        b = tf.get_variable("b", [3], initializer=tf.constant_initializer(0.5))
        x = tf.constant([[1.0, 1.0]], name="x")
        y = tf.matmul(x, w) + b
    with tf.variable_scope("layer", reuse=True):
        same = tf.get_variable("w", [2, 3])
        z = same * 2.0
    with tf.variable_scope("layer", reuse=tf.AUTO_REUSE):
        again = tf.get_variable("b", [3])
        new = tf.get_variable("c", [], initializer=tf.ones_initializer(), trainable=False)
    facts = {"same": same is w, "again": again is b, "names": [v.name for v in tf.global_variables()],
             "trainable": [v.name for v in tf.trainable_variables()], "y": y.name, "z": z.name, "c": new.name}
    return Case(init=True, steps=[([y, z, new], None)], facts=facts)


@program
def variable_scope_names(tf):
    facts = {}
    with tf.variable_scope("a") as scope:
        facts["a"] = [scope.name, scope.original_name_scope, tf.get_variable_scope().name]
        with tf.variable_scope("b"):
            facts["b"] = tf.get_variable("v", []).name
            facts["op"] = tf.constant(1.0).name
    with tf.variable_scope("a"):
        facts["a_again"] = [tf.constant(1.0).name, tf.get_variable_scope().original_name_scope]
    with tf.variable_scope(scope, reuse=True):
        facts["reentered"] = [tf.constant(1.0).name, tf.get_variable("b/v", []).name,
                              tf.get_variable_scope().reuse]
    with tf.variable_scope(scope, auxiliary_name_scope=False), tf.name_scope(scope.original_name_scope):
        facts["no_auxiliary"] = tf.constant(2.0).name
    with tf.variable_scope(None, default_name="dense"):
        facts["default"] = tf.get_variable("k", [1]).name
    with tf.variable_scope(None, default_name="dense"):
        facts["default_again"] = tf.get_variable("k", [1]).name
    with tf.name_scope("outer"):
        facts["name_scope"] = [tf.get_variable("plain", []).name, tf.Variable(1.0, name="counted").name]
        with tf.variable_scope("inner"):
            facts["mixed"] = [tf.get_variable("v", []).name, tf.constant(1.0).name]
    return Case(facts=facts)


@program
def variable_scope_defaults(tf):
    with tf.variable_scope("s", initializer=tf.constant_initializer(3.0), dtype=tf.float64,
                           use_resource=False):
        a = tf.get_variable("a", [2])
        with tf.variable_scope("t", initializer=tf.ones_initializer()):
            b = tf.get_variable("b", [2])
    with tf.variable_scope("r", regularizer=lambda v: tf.reduce_sum(v * v)):
        c = tf.get_variable("c", [2], initializer=tf.ones_initializer())
    d = tf.get_variable("d", initializer=tf.constant([1, 2]))
    e = tf.get_variable("e", initializer=np.array([1.0, 2.0], np.float32),
                        collections=["mine", tf.GraphKeys.GLOBAL_VARIABLES])
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return Case(init=True, steps=[([a, b, c, d, e, losses], None)], show=[a, b, c, d, e, losses[0]])


@program
def initialisation(tf):
    v = tf.Variable(1.0, name="v")
    w = tf.Variable(v.initialized_value() * 2.0, name="w")
    local = tf.Variable(5.0, collections=[tf.GraphKeys.LOCAL_VARIABLES], name="local")
    missing = tf.report_uninitialized_variables()
    ready = tf.is_variable_initialized(v)
    some = tf.variables_initializer([v], name="some")
    every = tf.global_variables_initializer()
    steps = [(missing, None), (ready, None), (some, None), (missing, None), (ready, None), (every, None),
             (w, None)]
    steps += [(tf.local_variables_initializer(), None), (missing, None), (local, None)]
    return Case(steps=steps, facts={"local": [x.name for x in tf.local_variables()]})


@program
def global_step(tf):
    step = tf.train.get_or_create_global_step()
    same = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.1, step, 10, 0.5, staircase=True)
    smooth = tf.train.exponential_decay(0.1, step, 10, 0.5, name="smooth")
    up = tf.assign_add(step, 10)
    facts = {"same": same is step, "get": tf.train.get_global_step().name}
    return Case(init=True, steps=[([step, rate, smooth], None), (up, None), ([step, rate, smooth], None)],
                show=[step, rate], facts=facts)


@program
def count_up_and_scatter(tf):
    v = tf.Variable([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]], name="v")
    n = tf.Variable(0, name="n")
    steps = [(tf.scatter_update(v, [0], [[9.0, 9.0]]), None),
             (tf.scatter_add(v, [1, 1], [[1.0, 1.0], [1.0, 2.0]]), None)]
    steps += [(tf.scatter_sub(v, 2, [1.0, 0.0]), None), (tf.count_up_to(n, 3), None), (n, None)]
    return Case(init=True, steps=steps)


@program
def variable_devices(tf):
    with tf.device("/cpu:0"):
        v = tf.Variable([1.0, 2.0], name="v")
        w = tf.get_variable("w", [2], initializer=tf.zeros_initializer())
    with tf.device("/gpu:0"):
        y = v * w
        u = v.assign(y)
    return Case(facts={"devices": [v.device, w.device, y.device, u.device]})


@program
def partitioned_names(tf):
    with tf.name_scope("train"), tf.variable_scope("model"):
        w = tf.get_variable("w", [1], initializer=tf.ones_initializer())
        y = w + 1.0
    with tf.name_scope("test"), tf.variable_scope("model", reuse=True):
        x = tf.get_variable("w", [1])
        z = x + 1.0
    return Case(init=True, steps=[([y, z], None)], show=[w, y, z])
