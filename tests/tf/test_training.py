"""Optimizers: what they refuse, where they keep their slots, and that they learn."""

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


def optimizers():
    train = tf.train
    return {
        "GradientDescent": train.GradientDescentOptimizer(0.1), "Momentum": train.MomentumOptimizer(0.05, 0.5),
        "Nesterov": train.MomentumOptimizer(0.05, 0.5, use_nesterov=True), "Adam": train.AdamOptimizer(0.2),
        "Adagrad": train.AdagradOptimizer(0.5), "Adadelta": train.AdadeltaOptimizer(100.0),
        "RMSProp": train.RMSPropOptimizer(0.05), "Centered": train.RMSPropOptimizer(0.02, centered=True),
        "Ftrl": train.FtrlOptimizer(0.8), "Shrunk": train.FtrlOptimizer(0.8, l2_shrinkage_regularization_strength=1e-4),
        "ProximalGradientDescent": train.ProximalGradientDescentOptimizer(0.1),
        "ProximalAdagrad": train.ProximalAdagradOptimizer(0.5)}


@pytest.mark.parametrize("resource", [False, True], ids=["reference", "resource"])
@pytest.mark.parametrize("name", ["GradientDescent", "Momentum", "Nesterov", "Adam", "Adagrad", "Adadelta", "RMSProp",
                                  "Centered", "Ftrl", "Shrunk", "ProximalGradientDescent", "ProximalAdagrad"])
def test_an_optimizer_finds_the_lowest_point(name, resource):
    v = tf.get_variable("v", initializer=[1.5, -1.0], use_resource=resource)
    table = tf.get_variable("table", initializer=[[1.0], [2.0], [3.0]], use_resource=resource)
    loss = tf.reduce_sum(tf.square(v - 0.5)) + tf.reduce_sum(tf.square(tf.gather(table, [0, 2, 0])))
    step = tf.train.get_or_create_global_step()
    train = optimizers()[name].minimize(loss, global_step=step)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        before = sess.run(loss)
        for _ in range(40):
            sess.run(train)
        assert sess.run(loss) < 0.25 * before
        assert sess.run(step) == 40
        assert sess.run(table)[1] == 2.0


def test_no_variables_no_gradients_no_floats_are_refused():
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    with pytest.raises(ValueError, match="No variables to optimize"):
        optimizer.minimize(tf.constant(1.0))
    v = tf.Variable(1.0, name="v")
    with pytest.raises(ValueError, match="No gradients provided for any variable, check your graph"):
        optimizer.minimize(tf.constant(1.0) * 2.0)
    with pytest.raises(ValueError, match="No variables provided"):
        optimizer.apply_gradients([])
    with pytest.raises(ValueError, match=r"No gradients provided for any variable: \["):
        optimizer.apply_gradients([(None, v)])
    with pytest.raises(ValueError, match="Invalid type"):
        optimizer.minimize(tf.constant(1))
    with pytest.raises(ValueError, match="gate_gradients must be one of"):
        optimizer.minimize(v * v, gate_gradients=7)
    with pytest.raises(TypeError, match="Gradient must be convertible"):
        optimizer.apply_gradients([(object(), v)])
    with pytest.raises(NotImplementedError, match="Trying to update a Tensor"):
        optimizer.apply_gradients([(1.0, tf.constant(2.0))])
    with pytest.raises(ValueError, match="Must specify the optimizer name"):
        tf.train.GradientDescentOptimizer(0.1, name="")


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="initial_accumulator_value must be positive"):
        tf.train.AdagradOptimizer(0.1, initial_accumulator_value=0.0)
    with pytest.raises(ValueError, match="learning_rate_power 1.000000 needs to be negative or zero"):
        tf.train.FtrlOptimizer(0.1, learning_rate_power=1.0)


def test_a_constraint_holds_after_each_update():
    v = tf.Variable([0.1, 5.0], constraint=lambda x: tf.maximum(x, 0.0))
    train = tf.train.GradientDescentOptimizer(1.0).minimize(tf.reduce_sum(v))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        assert sess.run(v).tolist() == [0.0, 4.0]


def test_slots_belong_to_their_variable():
    a, b = tf.Variable([1.0], name="a"), tf.Variable([2.0], name="b")
    optimizer = tf.train.AdamOptimizer()
    optimizer.minimize(a * b, var_list=[a])
    assert optimizer.get_slot(a, "m").name == "a/Adam:0"
    assert optimizer.get_slot(b, "m") is None and optimizer.get_slot(a, "nothing") is None
    optimizer.minimize(a * b, var_list=[b])
    assert [v.name for v in optimizer.variables()] == ["a/Adam:0", "a/Adam_1:0", "b/Adam:0", "b/Adam_1:0",
                                                       "beta1_power:0", "beta2_power:0"]


def test_settings_may_be_tensors_and_functions():
    rate = tf.placeholder(tf.float32, [])
    v = tf.Variable(1.0)
    train = tf.train.MomentumOptimizer(rate, lambda: 0.5).minimize(v * 1.0)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train, {rate: 0.25})
        assert sess.run(v) == 0.75


def test_the_gates_of_gradients_do_not_change_them():
    v, w = tf.Variable(2.0), tf.Variable(3.0)
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    pairs = [optimizer.compute_gradients(v * w, gate_gradients=gate) for gate in (0, 1, 2)]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run([[g for g, _ in p] for p in pairs]) == [[3.0, 2.0]] * 3


def test_the_global_step_is_one_of_a_graph():
    assert tf.train.get_global_step() is None
    step = tf.train.create_global_step()
    assert tf.train.get_or_create_global_step() is step and step.dtype.base_dtype == tf.int64
    with pytest.raises(ValueError, match='"global_step" already exists'):
        tf.train.create_global_step()
    with tf.Session() as sess:
        sess.run(step.initializer)
        assert tf.train.global_step(sess, step) == 0


def test_what_is_no_integer_is_no_global_step():
    tf.Variable(1.0, name="global_step")
    with pytest.raises(TypeError, match="does not have integer type"):
        tf.train.get_global_step()


def test_steps_in_half_precision_stay_there():
    v = tf.Variable(np.array([1.0, 2.0], np.float16))
    train = tf.train.AdamOptimizer(0.125).minimize(tf.reduce_sum(v * v))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        assert sess.run(v).dtype == np.float16


def test_an_average_needs_floats():
    with pytest.raises(TypeError, match="The variables must be half, float, or double"):
        tf.train.ExponentialMovingAverage(0.9).apply([tf.Variable(1)])


def test_an_average_can_be_read_where_the_variable_was():
    v = tf.Variable(0.0, name="v")
    average = tf.train.ExponentialMovingAverage(0.5)
    with tf.control_dependencies([v.assign(8.0)]):
        update = average.apply([v])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(update)
        assert sess.run(average.average(v)) == 4.0
    assert average.variables_to_restore()["v/ExponentialMovingAverage"] is v


def test_a_rate_needs_a_step():
    with pytest.raises(ValueError, match="None values not supported"):
        tf.train.exponential_decay(0.1, None, 10, 0.5)
    with pytest.raises(ValueError, match="must have the same dtype as x"):
        tf.train.piecewise_constant(tf.constant(1.0), [1, 2], [0.1, 0.2, 0.3])


def test_a_norm_that_is_not_finite_makes_all_clipped_values_nan():
    clipped, norm = tf.clip_by_global_norm([tf.constant([1.0, np.inf]), tf.constant([2.0])], 1.0)
    with tf.Session() as sess:
        values, norm = sess.run([clipped, norm])
    assert np.isinf(norm) and all(np.isnan(v).all() for v in values)
