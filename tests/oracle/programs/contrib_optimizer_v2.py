"""tf.contrib.optimizer_v2, and tf.contrib.opt.GGTOptimizer, which is one of that kind."""

import numpy as np

from . import Case, program
from .contrib_opt import trained
from .refused import refusals


def declare(name, make, **options):
    def build(tf):
        return trained(tf, lambda: make(tf, tf.contrib.optimizer_v2), **options)

    build.__name__ = name
    return program(build)


for kind, create in (
        ("descent", lambda tf, v2: v2.GradientDescentOptimizer(tf.constant(0.1))),
        ("momentum", lambda tf, v2: v2.MomentumOptimizer(0.1, 0.9, use_nesterov=True)),
        ("adagrad", lambda tf, v2: v2.AdagradOptimizer(0.1)),
        ("adadelta", lambda tf, v2: v2.AdadeltaOptimizer(0.1)),
        ("rmsprop", lambda tf, v2: v2.RMSPropOptimizer(0.1, momentum=0.5)),
        ("rmsprop_centered", lambda tf, v2: v2.RMSPropOptimizer(0.1, centered=True)),
        ("adam", lambda tf, v2: v2.AdamOptimizer(0.1, name="Own"))):
    declare("opt_v2_" + kind, create)
    declare("opt_v2_" + kind + "_resource", create, resource=True)


def ggt(tf, v2):
    return tf.contrib.opt.GGTOptimizer(0.1, window=2, svd_eps=1e-3, sigma_eps=0.1)


declare("opt_ggt", ggt, sparse=False, steps=5)
declare("opt_ggt_resource", ggt, sparse=False, resource=True, steps=5)


@program
def opt_ggt_of_two(tf):
    rate = tf.placeholder_with_default(np.float64(0.05), [])
    w = tf.get_variable("w", initializer=np.float64([[1.0, 2.0], [3.0, 4.0]]))
    b = tf.get_variable("b", initializer=np.float64([1.0, 2.0]))
    optimizer = tf.contrib.opt.GGTOptimizer(rate, 0.5, window=3, svd_eps=0.01, sigma_eps=0.1, name="Whole")
    update = optimizer.minimize(tf.reduce_sum(tf.square(tf.matmul(w, b[:, None]) - 1.0)))
    words = refusals([lambda: tf.contrib.opt.GGTOptimizer().minimize(tf.reduce_sum(tf.gather(w, [0])))], "nothing")
    # In TensorFlow the running mean may be read before the gradients of all variables are written: no values.
    return Case(init=True, show=[update],
                facts={"words": words, "variables": [x.name for x in optimizer.variables()],
                       "slots": optimizer.get_slot_names()})


@program
def opt_v2_in_scopes(tf):
    v2 = tf.contrib.optimizer_v2
    v = tf.get_variable("v", initializer=[1.0, 2.0])
    part = tf.get_variable("part", initializer=0.5)
    optimizer = v2.MomentumOptimizer(0.1, lambda: part * 1.0, name="Moved")
    with tf.name_scope("outer"):
        first = optimizer.minimize(tf.reduce_sum(v * v), var_list=[v])
        with tf.name_scope("inner"):
            rms = v2.RMSPropOptimizer(0.1).minimize(tf.reduce_sum(v * v), var_list=[v], grad_loss=tf.constant(2.0),
                                                    gate_gradients=v2.OptimizerV2.GATE_GRAPH)
    second = optimizer.minimize(tf.reduce_sum(v * v), var_list=[v], name="again")
    w = tf.get_variable("w", initializer=[1.0, 2.0], constraint=lambda x: tf.clip_by_value(x, 0.0, 1.0))
    count = tf.get_variable("count", initializer=0, trainable=False, use_resource=True)
    third = optimizer.minimize(tf.reduce_sum(v * w), global_step=count, var_list=[v, w],
                               stop_gradients=[v])
    return Case(init=True, steps=[(one, None) for one in (first, rms, second, third)] + [(tf.global_variables(), None)],
                show=[first, second, third],
                facts={"variables": [x.name for x in optimizer.variables()], "slots": optimizer.get_slot_names(),
                       "slot": optimizer.get_slot(w, "momentum").name, "none": optimizer.get_slot(w, "m"),
                       "name": optimizer.get_name()})


@program
def opt_v2_refused(tf):
    v2 = tf.contrib.optimizer_v2
    v, whole = tf.get_variable("v", initializer=1.0), tf.get_variable("whole", initializer=1)
    descent = v2.GradientDescentOptimizer(0.1)
    words = refusals((
        lambda: descent.minimize(tf.constant(1.0), var_list=[v]), lambda: descent.minimize(v * v, var_list=[]),
        lambda: descent.minimize(v, var_list=[whole]), lambda: descent.apply_gradients([]),
        lambda: descent.apply_gradients([(None, v)]), lambda: descent.apply_gradients([(1.0, 3)]),
        lambda: descent.minimize(v * v, gate_gradients=7), lambda: v2.GradientDescentOptimizer(0.1, name=""),
        lambda: v2.AdagradOptimizer(0.1, -1.0), lambda: v2.OptimizerV2(False, ""),
        lambda: descent.apply_gradients([(tf.constant(1.0), tf.constant(2.0))]),
        lambda: v2.OptimizerV2(False, "x").minimize(v * v)), "nothing")
    return Case(facts={"words": words, "slots": descent.get_slot_names(), "variables": descent.variables()})


@program
def opt_v2_subclassed(tf):
    class Own(tf.contrib.optimizer_v2.OptimizerV2):
        def __init__(self, rate, use_locking=False, name="Own"):
            super(Own, self).__init__(use_locking, name)
            self._set_hyper("rate", rate)

        def _create_vars(self, var_list, state):
            for var in var_list:
                state.zeros_slot(var, "zero")
                state.create_slot(var, tf.ones(var.shape), "one", "called")
                state.create_slot_with_initializer(var, tf.constant_initializer(2.0), var.shape,
                                                   var.dtype.base_dtype, "two")
            state.create_non_slot(3.0, "count")

        def _apply_dense(self, grad, var, state):
            rate = state.get_hyper("rate", var.dtype.base_dtype) * state.get_slot(var, "two")
            return tf.group(state.get_slot(var, "zero").assign_add(grad), var.assign_sub(grad * rate))

        def _finish(self, state):
            return state.get_non_slot("count").assign_add(1.0)

    v = tf.get_variable("v", initializer=[1.0, 2.0])
    optimizer = Own(0.1)
    update = optimizer.minimize(tf.reduce_sum(v * v))
    return Case(init=True, steps=[(update, None)] * 2 + [(tf.global_variables(), None)],
                facts={"slots": optimizer.get_slot_names(), "variables": [x.name for x in optimizer.variables()]})
