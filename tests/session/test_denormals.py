"""Numbers too small to be normal count as 0 while variables are updated, and only then."""

import numpy as np
import torch

from tfmagic import tf


def test_an_average_of_gradients_decays_to_zero_and_not_below_the_normal_numbers():
    with tf.Graph().as_default(), tf.Session() as session:
        weight, gradient = tf.Variable([1.0, 1.0]), tf.placeholder(tf.float32, [2])
        optimizer = tf.train.AdamOptimizer(0.001)
        step = optimizer.apply_gradients([(gradient, weight)])
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(step, {gradient: [1.0, 1e-36]})
        for _ in range(60):
            session.run(step, {gradient: [0.0, 0.0]})
        average = session.run(optimizer.get_slot(weight, "m"))
    assert average[0] > 0 and average[1] == 0


def test_the_users_own_numbers_stay_denormal():
    with tf.Graph().as_default(), tf.Session() as session:
        weight = tf.Variable([1.0])
        step = tf.train.AdamOptimizer(0.001).minimize(tf.reduce_sum(weight))
        session.run(tf.global_variables_initializer())
        session.run(step)
    assert np.float32(1e-40) * np.float32(1.0) > 0 and float(torch.tensor(1e-40) * 1) > 0
