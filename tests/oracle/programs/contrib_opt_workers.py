"""tf.contrib.opt: optimizers that average over workers, here the only one."""

import numpy as np

from . import Case, program


def declare(name, make, hook_of, steps=3):
    def build(tf):
        getter, optimize = make(tf, tf.contrib.opt)
        step = tf.train.get_or_create_global_step()
        with tf.variable_scope("model", custom_getter=getter):
            v = tf.get_variable("v", initializer=np.float32([1.0, -2.0, 3.0]))
            tf.get_variable("own", initializer=1.0, trainable=False, collections=["local_variables"])
            loss = tf.reduce_sum(v * v)
        optimizer = optimize()
        update = optimizer.minimize(loss, global_step=step)
        begin = tf.group(tf.global_variables_initializer(), tf.local_variables_initializer())
        watched = tf.global_variables() + tf.local_variables()
        hook_of(optimizer).begin()
        return Case(steps=[(begin, None)] + [(update.op, None)] * steps + [(watched, None)],
                    facts={"variables": [[x.name, x.device] for x in watched], "name": optimizer.get_name()})

    build.__name__ = "opt_" + name
    return program(build)


def elastic(tf, opt, **options):
    getter = opt.ElasticAverageCustomGetter(worker_device="")
    return getter, lambda: opt.ElasticAverageOptimizer(
        tf.train.MomentumOptimizer(0.1, 0.9), 1, getter, communication_period=2, **options)


def gradients(tf, opt):
    getter = opt.AGNCustomGetter(worker_device="")
    return getter, lambda: opt.AGNOptimizer(tf.train.AdamOptimizer(0.1), 1, getter, communication_period=2)


def models(tf, opt, chief=True):
    getter = opt.ModelAverageCustomGetter(worker_device="")
    return getter, lambda: opt.ModelAverageOptimizer(
        tf.train.GradientDescentOptimizer(0.1), 1, chief, getter, interval_steps=2)


declare("elastic_average", elastic, lambda optimizer: optimizer.make_session_run_hook(True, 0))
declare("elastic_average_together", lambda tf, opt: elastic(tf, opt, moving_rate=0.5, rho=0.1, synchronous=True),
        lambda optimizer: optimizer.make_session_run_hook(False, 0))
declare("accumulated_gradients", gradients, lambda optimizer: optimizer.make_session_run_hook(True, 0))
declare("model_average", models, lambda optimizer: optimizer.make_session_run_hook())
declare("model_average_of_another", lambda tf, opt: models(tf, opt, chief=False),
        lambda optimizer: optimizer.make_session_run_hook(), steps=1)


@program
def opt_elastic_average_saved(tf):
    getter, make = elastic(tf, tf.contrib.opt)
    with tf.variable_scope("model", custom_getter=getter):
        v = tf.get_variable("v", initializer=[1.0, 2.0])
        other = tf.get_variable("other", initializer=[1.0], trainable=False, collections=["variables"])
    optimizer = make()
    savers = [optimizer.swapping_saver(), optimizer.swapping_saver({"a": v, "b": other})]
    return Case(facts={"saved": [sorted((key, x.name) for key, x in saver._var_list.items()) for saver in savers]})
