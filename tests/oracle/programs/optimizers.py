"""Every optimizer on reference and resource variables, dense and sparse, with its slots; learning rates that change."""

from . import Case, program


def makers(tf):
    """Name -> a function that makes an optimizer from a learning rate."""
    train = tf.train
    return {"gradient_descent": train.GradientDescentOptimizer, "momentum": lambda rate: train.MomentumOptimizer(rate,
                                                                                                                 0.9),
            "nesterov": lambda rate: train.MomentumOptimizer(rate, 0.5, use_nesterov=True, name="Nesterov"),
            "adam": lambda rate: train.AdamOptimizer(rate, 0.8, 0.95, 1e-6),
            "adagrad": lambda rate: train.AdagradOptimizer(rate, initial_accumulator_value=0.2),
            "adadelta": lambda rate: train.AdadeltaOptimizer(rate, 0.9, 1e-6),
            "rms_prop": lambda rate: train.RMSPropOptimizer(rate, 0.8, momentum=0.1),
            "centered_rms_prop": lambda rate: train.RMSPropOptimizer(rate, centered=True),
            "ftrl": lambda rate: train.FtrlOptimizer(rate, l1_regularization_strength=0.01,
                                                     l2_regularization_strength=0.02),
            "shrinking_ftrl": lambda rate: train.FtrlOptimizer(rate, -0.4, l2_shrinkage_regularization_strength=0.1),
            "proximal_descent": lambda rate: train.ProximalGradientDescentOptimizer(rate, 0.01, 0.02),
            "proximal_adagrad": lambda rate: train.ProximalAdagradOptimizer(rate, 0.2, 0.01, 0.02), }


NAMES = ("gradient_descent", "momentum", "nesterov", "adam", "adagrad", "adadelta", "rms_prop", "centered_rms_prop",
         "ftrl", "shrinking_ftrl", "proximal_descent", "proximal_adagrad")


def minimize(name, resource):
    def build(tf):
        v = tf.get_variable("v", initializer=[[1.0, -2.0], [0.5, 3.0], [0.1, 0.2]], use_resource=resource)
        b = tf.get_variable("b", initializer=0.5, use_resource=resource)
        step = tf.train.get_or_create_global_step()
        optimizer = makers(tf)[name](0.1)
        rows = tf.nn.embedding_lookup(v, [0, 2])
        dense = tf.reduce_sum(tf.square(v)) * 0.5 + b * b
        train = optimizer.minimize(dense, global_step=step)
        sparse = optimizer.minimize(tf.reduce_sum(tf.square(rows) * b), var_list=[v])
        facts = {"slots": optimizer.get_slot_names(), "variables": [x.name for x in optimizer.variables()],
                 "global": [x.name for x in tf.global_variables()]}
        return Case(init=True, steps=[(train, None), (train, None), ([v, b, step], None), (sparse, None), (v, None)],
                    show=[train.name, sparse.name], facts=facts)

    build.__name__ = "optimizer_{}_of_{}_variables".format(name, "resource" if resource else "reference")
    return build


for _name in NAMES:
    for _resource in (False, True):
        program(minimize(_name, _resource))


@program
def optimizer_adagrad_dual_averaging(tf):
    v = tf.Variable([1.0, -2.0], name="v")
    step = tf.train.get_or_create_global_step()
    train = tf.train.AdagradDAOptimizer(0.1, step, l1_regularization_strength=0.01).minimize(tf.reduce_sum(v * v),
                                                                                             global_step=step)
    return Case(init=True, steps=[(train, None), (train, None), ([v, step], None)])


@program
def optimizer_with_a_fed_rate(tf):
    rate = tf.placeholder(tf.float32, [], name="rate")
    v = tf.Variable([1.0, -2.0], name="v")
    loss = tf.reduce_sum(v * v)
    train = [tf.train.AdamOptimizer(rate).minimize(loss),
             tf.train.GradientDescentOptimizer(lambda: rate * 2.0).minimize(loss, name="descend"),
             tf.train.RMSPropOptimizer(rate).minimize(loss)]
    return Case(init=True, steps=[(op, {rate: 0.1}) for op in train] + [(v, None)])


@program
def optimizer_with_clipped_gradients(tf):
    v, w = tf.Variable([3.0, 4.0], name="v"), tf.Variable(2.0, name="w")
    optimizer = tf.train.AdamOptimizer(0.1)
    pairs = optimizer.compute_gradients(tf.reduce_sum(v * v) + w * w)
    gradients, variables = zip(*pairs)
    clipped, norm = tf.clip_by_global_norm(gradients, 5.0)
    train = optimizer.apply_gradients(zip(clipped, variables))
    by_value = tf.train.MomentumOptimizer(0.1, 0.9).apply_gradients([(tf.clip_by_value(g, -1.0, 1.0), x) for g,
                                                                     x in pairs])
    by_norm = tf.train.GradientDescentOptimizer(0.1).apply_gradients([(tf.clip_by_norm(g, 1.0), x) for g, x in pairs])
    return Case(init=True, steps=[([train, norm], None), (by_value, None), (by_norm, None), ([v, w], None)])


@program
def optimizer_that_gates_gradients(tf):
    v, w = tf.Variable([3.0, 4.0], name="v"), tf.Variable(2.0, name="w")
    loss = tf.reduce_sum(v * v) + w * w
    descent = tf.train.GradientDescentOptimizer(0.01)
    train = [descent.minimize(loss, gate_gradients=gate) for gate in (descent.GATE_NONE, descent.GATE_OP)]
    train.append(descent.minimize(loss, gate_gradients=descent.GATE_GRAPH, grad_loss=tf.constant(2.0)))
    train.append(descent.minimize(loss, aggregation_method=tf.AggregationMethod.EXPERIMENTAL_ACCUMULATE_N,
                                  colocate_gradients_with_ops=True))
    return Case(init=True, steps=[(op, None) for op in train] + [([v, w], None)])


@program
def optimizer_with_averages(tf):
    v = tf.Variable([3.0, 4.0], name="v")
    step = tf.train.get_or_create_global_step()
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(v * v), global_step=step)
    averages = tf.train.ExponentialMovingAverage(0.9, step)
    with tf.control_dependencies([train]):
        both = averages.apply(tf.trainable_variables())
    return Case(init=True, steps=[(both, None), (both, None), ([v, averages.average(v), step], None)],
                show=[averages.average(v)], facts={"name": averages.average_name(v)})


SCHEDULES = {"exponential": lambda train, step: [train.exponential_decay(0.1, step, 10, 0.9),
                                                 train.exponential_decay(0.1, step, 10, 0.9, staircase=True,
                                                                         name="stairs")],
             "natural_exponential": lambda train, step: [train.natural_exp_decay(0.1, step, 10, 0.9),
                                                         train.natural_exp_decay(0.1, step, 10, 0.9, True)],
             "inverse_time": lambda train, step: [train.inverse_time_decay(0.1, step, 10, 0.9),
                                                  train.inverse_time_decay(0.1, step, 10, 0.9, staircase=True)],
             "polynomial": lambda train, step: [train.polynomial_decay(0.1, step, 20),
                                                train.polynomial_decay(0.1, step, 20, 0.01, power=2.0, cycle=True)],
             "piecewise": lambda train, step: [train.piecewise_constant(step, [5, 10], [1.0, 0.5, 0.1]),
                                               train.piecewise_constant_decay(step, [5], [1, 2], name="two")],
             "cosine": lambda train, step: [train.cosine_decay(0.1, step, 20),
                                            train.cosine_decay(0.1, step, 20, alpha=0.1)],
             "cosine_restarts": lambda train, step: [train.cosine_decay_restarts(0.1, step, 10),
                                                     train.cosine_decay_restarts(0.1, step, 10, t_mul=1.0, m_mul=0.9,
                                                                                 alpha=0.01)],
             "linear_cosine": lambda train, step: [train.linear_cosine_decay(0.1, step, 20),
                                                   train.linear_cosine_decay(0.1, step, 20, num_periods=1.0, alpha=0.1,
                                                                             beta=0.01)],
             "noisy_linear_cosine": lambda train, step: [train.noisy_linear_cosine_decay(0.1, step, 20)], }


def schedule(name):
    def build(tf):
        tf.set_random_seed(2)
        step = tf.train.get_or_create_global_step()
        made = SCHEDULES[name](tf.train, step)
        steps = [(made, None), (tf.assign(step, 7), None), (made, None), (tf.assign(step, 25), None), (made, None)]
        return Case(init=True, steps=steps, show=made)

    build.__name__ = "schedule_" + name
    return build


for _name in sorted(SCHEDULES):
    program(schedule(_name))
