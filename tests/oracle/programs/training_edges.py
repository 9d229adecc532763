"""What `tf.train` refuses, and where a step or a setting is read: rates, optimizers' settings, averages, slots."""

import functools

from . import Case, program
from .functions import internal
from .inner_names import values


@program
def rates_without_a_step(tf):
    """A rate is made up to the step that is missing; boundaries and values are sequences of one type."""
    train = tf.train
    known = values(tf, [
        lambda: train.exponential_decay(0.1, None, 3, 0.96), lambda: train.polynomial_decay(0.1, None, 10),
        lambda: train.natural_exp_decay(0.1, None, 10, 0.5), lambda: train.inverse_time_decay(0.1, None, 10, 0.5),
        lambda: train.cosine_decay(0.1, None, 10), lambda: train.cosine_decay_restarts(0.1, None, 10),
        lambda: train.linear_cosine_decay(0.1, None, 10), lambda: train.noisy_linear_cosine_decay(0.1, None, 10),
        lambda: train.piecewise_constant(None, [1], [1.0, 2.0]),
        lambda: train.piecewise_constant(tf.constant(1), tf.constant([1, 2]), [1, 2, 3]),
        lambda: train.piecewise_constant(tf.constant(1), [1, 2], 3),
        lambda: train.piecewise_constant(tf.constant(1), [1, 2], [1, 2.0, 3]),
        lambda: train.piecewise_constant(tf.constant(1.0), [1, 2], [1, 2, 3])])
    step = tf.Variable(2, use_resource=True, dtype=tf.int64)
    rate = train.piecewise_constant(step, [1, 2, 3], [0.4, 0.3, 0.2, 0.1])
    return Case(steps=[(rate, None)], init=True, show=[rate], facts={"known": known})


@program
def optimizers_that_take_no_function(tf):
    """Rates that are called, and those that are not; penalties that are not converted to the variable's type."""
    train = tf.train

    def trained(make, rate, dtype=tf.float32, resource=False):
        a = tf.Variable([1.0, 2.0], dtype=dtype, use_resource=resource)
        return make(rate).minimize(tf.reduce_sum(a * a), var_list=[a]).name

    makers = [train.GradientDescentOptimizer, train.AdagradOptimizer, train.FtrlOptimizer,
              train.ProximalAdagradOptimizer, train.ProximalGradientDescentOptimizer]
    known = values(tf, [functools.partial(trained, make, rate, dtype, resource) for make in makers
                        for dtype in (tf.float32, tf.float64) for resource in (False, True)
                        for rate in (0.1, tf.constant(0.1))])
    called = values(tf, [functools.partial(trained, make, lambda: 0.1) for make in makers])
    known += [row if isinstance(row, str) else row[:1] for row in called]
    return Case(steps=[], facts={"known": known})


@program
def averages_grouped_by_the_variables_device(tf):
    """An update of a resource variable counts to the device of the variable, wherever the update itself stands."""
    averages = internal(tf, "tensorflow.python.training.moving_averages")
    with tf.device("/job:worker"):
        v = tf.Variable(10.0, name="v", use_resource=True)
    with tf.device("/job:ps"):
        tf.train.ExponentialMovingAverage(0.25, name="average").apply([v])
        w = tf.Variable(1.0, name="w", use_resource=True)
        tf.group(v.assign_add(1.0), w.assign(2.0), tf.no_op())
    averages.weighted_moving_average(tf.constant([1.0, 2.0]), 0.5, tf.constant([1.0, 1.0]), truediv=False)
    slots = internal(tf, "tensorflow.python.training.slot_creator")
    return Case(steps=[], facts={"known": values(tf, [lambda: slots.create_slot(w, 3.0, "slot")])})
