"""tf.contrib.opt: optimizers on dense and sparse gradients, and those around others."""

import numpy as np

from . import Case, program


def trained(tf, make, resource=False, sparse=True, steps=3, square=True, show=True):
    """A vector with a dense gradient and a matrix with a sparse one, after some steps.

    Where weights decay beside the gradient, a gradient that reads a reference variable may do so before or after:
    `square=False`.
    """
    v = tf.get_variable("v", initializer=np.float32([1.0, -2.0, 3.0]), use_resource=resource)
    loss = tf.reduce_sum(v * v) if square else tf.reduce_sum(v * [1.0, 2.0, -3.0])
    if sparse:
        rows = tf.get_variable("rows", initializer=np.float32([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
                               use_resource=resource)
        found = tf.nn.embedding_lookup(rows, [0, 2, 0])
        loss += tf.reduce_sum(tf.square(found) if square else found * [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    optimizer = make()
    step = tf.train.get_or_create_global_step()
    update = optimizer.minimize(loss, global_step=step)
    return Case(init=True, steps=[(update, None)] * steps + [(tf.global_variables(), None)],
                show=[update] * show, facts={"variables": [x.name for x in tf.global_variables()]})


def declare(name, make, **options):
    def build(tf):
        return trained(tf, lambda: make(tf, tf.contrib.opt), **options)

    build.__name__ = name
    return program(build)


declare("opt_adamax", lambda tf, opt: opt.AdaMaxOptimizer(0.1))
declare("opt_adamax_resource", lambda tf, opt: opt.AdaMaxOptimizer(0.1), resource=True)
declare("opt_lazy_adam", lambda tf, opt: opt.LazyAdamOptimizer(0.1))
declare("opt_lazy_adam_resource", lambda tf, opt: opt.LazyAdamOptimizer(0.1), resource=True)
declare("opt_nadam", lambda tf, opt: opt.NadamOptimizer(0.1, beta1=0.8))
declare("opt_nadam_resource", lambda tf, opt: opt.NadamOptimizer(0.1), resource=True)
declare("opt_adamw", lambda tf, opt: opt.AdamWOptimizer(0.01, 0.1), square=False)
declare("opt_adamw_resource", lambda tf, opt: opt.AdamWOptimizer(0.01, 0.1), resource=True)
declare("opt_momentumw", lambda tf, opt: opt.MomentumWOptimizer(0.01, 0.1, 0.9, use_nesterov=True), square=False)
declare("opt_rmsprop_extended_by_decay", lambda tf, opt: opt.extend_with_decoupled_weight_decay(
    tf.train.RMSPropOptimizer)(weight_decay=0.01, learning_rate=0.1, decay=0.8), square=False)
declare("opt_extended_by_decay", lambda tf, opt: opt.extend_with_decoupled_weight_decay(
    tf.train.AdagradOptimizer)(weight_decay=0.1, learning_rate=0.5), square=False)
declare("opt_add_sign", lambda tf, opt: opt.AddSignOptimizer(0.1, alpha=1.5))
declare("opt_power_sign", lambda tf, opt: opt.PowerSignOptimizer(0.1, base=2.0))
declare("opt_power_sign_resource", lambda tf, opt: opt.PowerSignOptimizer(0.1, sign_decay_fn=lambda step: 0.5),
        resource=True, sparse=False)
declare("opt_add_sign_with_decay", lambda tf, opt: opt.AddSignOptimizer(
    0.1, sign_decay_fn=lambda step: tf.truediv(1.0, 1.0 + tf.cast(step, tf.float32))))
declare("opt_lars", lambda tf, opt: opt.LARSOptimizer(0.1, eeta=0.1))
declare("opt_lars_resource", lambda tf, opt: opt.LARSOptimizer(0.1, skip_list=["v"], use_nesterov=True),
        resource=True)
declare("opt_reg_adagrad", lambda tf, opt: opt.RegAdagradOptimizer(0.1))
declare("opt_moving_average", lambda tf, opt: opt.MovingAverageOptimizer(
    tf.train.GradientDescentOptimizer(0.1), average_decay=0.5), show=False)
declare("opt_moving_average_beside", lambda tf, opt: opt.MovingAverageOptimizer(
    tf.train.MomentumOptimizer(0.1, 0.9), 0.9, num_updates=tf.train.get_or_create_global_step(),
    sequential_update=False), sparse=False, steps=0, show=False)
for kind, resource in (("", False), ("_resource", True)):
    declare("opt_adam_gs" + kind, lambda tf, opt: opt.AdamGSOptimizer(tf.train.get_or_create_global_step(), 0.1),
            resource=resource)
    declare("opt_lazy_adam_gs" + kind,
            lambda tf, opt: opt.LazyAdamGSOptimizer(tf.train.get_or_create_global_step(), 0.1), resource=resource)
    declare("opt_multitask" + kind,
            lambda tf, opt: opt.MultitaskOptimizerWrapper(tf.train.AdamOptimizer(0.1)), resource=resource)
declare("opt_drop_stale_gradient", lambda tf, opt: opt.DropStaleGradientOptimizer(
    tf.train.MomentumOptimizer(0.1, 0.9), 2))


def shampoo(name, gather=False, resource=False, size=2, **options):
    """A square matrix, whose outer products have full rank, after two steps of Shampoo."""
    def build(tf):
        start = 1.0 + np.eye(size, dtype=np.float32)
        w = tf.get_variable("w", initializer=start, use_resource=resource)
        rows = tf.gather(w, [1, 0, 1]) if gather else w
        step = tf.train.get_or_create_global_step()
        optimizer = tf.contrib.opt.ShampooOptimizer(step, epsilon=0.1, **options)
        update = optimizer.minimize(tf.reduce_sum(rows * rows * rows), global_step=step)
        return Case(init=True, steps=[(update, None)] * 2 + [(tf.global_variables(), None)],
                    facts={"slots": optimizer.get_slot_names()})

    build.__name__ = name
    return program(build)


shampoo("opt_shampoo")
shampoo("opt_shampoo_of_rows", gather=True, gbar_decay=0.5, gbar_weight=0.5)
shampoo("opt_shampoo_of_rows_resource", gather=True, resource=True)
shampoo("opt_shampoo_means", gbar_decay=0.9, gbar_weight=0.1, mat_gbar_decay=0.9, mat_gbar_weight=0.1)
shampoo("opt_shampoo_diagonal", max_matrix_size=1)
shampoo("opt_shampoo_by_iteration", use_iterative_root=True)
shampoo("opt_shampoo_seldom", svd_interval=2, precond_update_interval=2)
shampoo("opt_shampoo_by_functions", gbar_decay=lambda step: 0.5, mat_gbar_decay=lambda step: 0.5,
        svd_interval=lambda step: 2, learning_rate=lambda step: 0.1)


@program
def opt_multitask_of_tasks(tf):
    a, b = tf.get_variable("a", initializer=[1.0, 2.0]), tf.get_variable("b", initializer=[3.0])
    wrapped = tf.contrib.opt.MultitaskOptimizerWrapper(tf.train.MomentumOptimizer(0.1, 0.9))
    updates = [wrapped.apply_gradients([(tf.constant(x), a), (tf.constant(y), b)])
               for x, y in (([0.0, 0.0], [2.0]), ([1.0, 0.0], [0.0]))]
    said = []
    try:
        tf.contrib.opt.MultitaskOptimizerWrapper(3)
    except TypeError as error:
        said.append(str(error))
    return Case(init=True, steps=[(update, None) for update in updates * 2] + [(tf.global_variables(), None)],
                facts={"name": wrapped.get_name(), "slots": wrapped.get_slot_names(), "said": said})


@program
def opt_clip_gradients_by_global_norm(tf):
    a, b, c = [tf.get_variable(name, initializer=[1.0, 2.0]) for name in "abc"]
    pairs = [(tf.constant([30.0, 40.0]), a), (tf.zeros([2]), b)]
    clipped, norm = tf.contrib.opt.clip_gradients_by_global_norm(pairs)
    some, _ = tf.contrib.opt.clip_gradients_by_global_norm([pairs[0], (None, c)], 1.0)
    return Case(steps=[([[g for g, _ in clipped], norm, some[0][0]], None)], show=[norm],
                facts={"none": some[1][0] is None})


@program
def opt_decay_of_some(tf):
    a, b = tf.get_variable("a", initializer=[1.0, 2.0]), tf.get_variable("b", initializer=[3.0])
    loss = tf.reduce_sum(a) + tf.reduce_sum(b)
    optimizer = tf.contrib.opt.MomentumWOptimizer(0.5, 0.1, 0.9)
    update = optimizer.minimize(loss, decay_var_list=[a])
    again = optimizer.apply_gradients(optimizer.compute_gradients(loss), decay_var_list=[b],
                                      name="again")
    return Case(init=True, steps=[(update, None), (again, None), ([a, b], None)], show=[update, again],
                facts={"slots": optimizer.get_slot_names()})


@program
def opt_reg_adagrad_without_slots(tf):
    v = tf.get_variable("v", initializer=[1.0, 2.0])
    optimizer = tf.contrib.opt.RegAdagradOptimizer(0.1)
    pairs = optimizer.compute_gradients(v * v)
    updates = [optimizer.apply_gradients(pairs)]
    with optimizer.avoid_updating_slots():
        updates.append(optimizer.apply_gradients(pairs))
    return Case(init=True, steps=[(update, None) for update in updates] + [(tf.global_variables(), None)])


@program
def opt_variable_clipping(tf):
    v = tf.get_variable("v", initializer=[3.0, 4.0])
    w = tf.get_variable("w", initializer=[[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]])
    u = tf.get_variable("u", initializer=[[3.0, 4.0], [0.3, 0.4]])
    loss = tf.reduce_sum(v) + tf.reduce_sum(tf.gather(w, [2, 0, 2])) + tf.reduce_sum(tf.gather(u, [1]))
    optimizer = tf.contrib.opt.VariableClippingOptimizer(tf.train.MomentumOptimizer(0.1, 0.9), {v: [0], w: [1]}, 1.0)
    update = optimizer.minimize(loss, global_step=tf.train.get_or_create_global_step())
    beside = tf.contrib.opt.VariableClippingOptimizer(tf.train.GradientDescentOptimizer(0.1), {u: [0]}, 1.0,
                                                      colocate_clip_ops_with_vars=True, name="Beside")
    second = beside.minimize(loss, var_list=[u, v])
    return Case(init=True, steps=[(update, None), (second, None), ([v, w, u], None)], show=[update, second],
                facts={"slots": optimizer.get_slot_names()})


@program
def opt_swapping_saver(tf):
    v = tf.get_variable("v", initializer=[3.0, 4.0])
    optimizer = tf.contrib.opt.MovingAverageOptimizer(tf.train.GradientDescentOptimizer(0.1), average_decay=0.5)
    said = []
    try:
        optimizer.swapping_saver()
    except RuntimeError as error:
        said.append(str(error))
    update = optimizer.minimize(v * v)
    saver = optimizer.swapping_saver(name="swap")
    return Case(init=True, steps=[(update, None), (tf.global_variables(), None)],
                facts={"said": said, "saved": saver.saver_def.save_tensor_name})


@program
def opt_external(tf):
    v, w = tf.get_variable("v", initializer=[1.0, 2.0]), tf.get_variable("w", initializer=[[1.0], [2.0]])
    z = tf.get_variable("z", initializer=3.0)
    x = tf.placeholder(tf.float32, [], name="x")
    loss = tf.reduce_sum(v * v) * x + tf.reduce_sum(w)
    seen = {}

    class Steepest(tf.contrib.opt.ExternalOptimizerInterface):
        def _minimize(self, **given):
            seen["given"] = sorted(given)
            seen["bounds"] = [[float(low), float(high)] for low, high in given["packed_bounds"]]
            point = given["initial_val"]
            for _ in range(given["optimizer_kwargs"]["maxiter"]):
                value, gradient = given["loss_grad_func"](point)
                seen.setdefault("losses", []).append(round(float(value), 4))
                point = point - 0.1 * gradient
                given["step_callback"](point)
            for name in ("equality_funcs", "equality_grad_funcs", "inequality_funcs", "inequality_grad_funcs"):
                seen[name] = [[round(float(n), 4) for n in value.reshape([-1])]
                              for function in given[name] for value in function(point)]
            return point

    optimizer = Steepest(loss, equalities=[v[0] - 1.0], inequalities=[z * 2.0], maxiter=3,
                         var_to_bounds={v: (-1.0, [1.0, 2.0])})
    alone = Steepest(loss, var_list=[w], maxiter=1)
    steps, fetched = [], []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        optimizer.minimize(sess, feed_dict={x: 1.0}, fetches=[x * 2.0], step_callback=steps.append,
                           loss_callback=lambda value: fetched.append(float(value)))
        values = [[round(float(n), 4) for n in value.reshape([-1])] for value in sess.run([v, w, z])]
    said = ""
    try:
        tf.contrib.opt.ExternalOptimizerInterface(loss, var_list=[w]).minimize(tf.Session())
    except Exception as error:
        said = type(error).__name__
    return Case(facts={"seen": seen, "steps": len(steps), "fetched": fetched, "said": said,
                       "values": values, "alone": len(alone._vars)})
