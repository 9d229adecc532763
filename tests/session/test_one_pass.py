"""Optimisers' steps that machine code takes after some runs: the same arithmetic, each number read and written once."""

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.session.passes import one_pass

pytest.importorskip("llvmlite")


@pytest.fixture
def made_at_once(monkeypatch):
    """Machine code from the second step on; what it is called with."""
    called = []
    monkeypatch.setattr(one_pass, "_COMPILING", 0)
    call = one_pass.Stepper.call
    monkeypatch.setattr(one_pass.Stepper, "call", lambda self, *given: called.append(given) or call(self, *given))
    return called


def adam(gradient, count, rate=0.1, epsilon=1e-8, dtype=np.float64):
    """A variable of ones, and the averages, after some steps with one gradient, in float64."""
    var, m, v = np.ones_like(gradient, dtype), np.zeros_like(gradient, dtype), np.zeros_like(gradient, dtype)
    for step in range(1, count + 1):
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient ** 2
        var = var - rate * np.sqrt(1 - 0.999 ** step) / (1 - 0.9 ** step) * m / (np.sqrt(v) + epsilon)
    return var, m, v


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_steps_of_adam_on_all_variables_are_one_call(made_at_once, dtype) -> None:
    random = np.random.RandomState(0)
    given = [np.array(random.randn(*shape)) for shape in [(3, 7), (1,), (40,), ()]]
    with tf.Graph().as_default(), tf.Session() as sess:
        variables = [tf.Variable(np.ones(gradient.shape), dtype=dtype) for gradient in given]
        optimizer = tf.train.AdamOptimizer(0.1)
        fed = [tf.placeholder(dtype, gradient.shape) for gradient in given]
        step = optimizer.apply_gradients(list(zip(fed, variables)))
        sess.run(tf.global_variables_initializer())
        for _ in range(6):
            sess.run(step, dict(zip(fed, given)))
        slots = [[variable, *(optimizer.get_slot(variable, name) for name in "mv")] for variable in variables]
        for gradient, values in zip(given, sess.run(slots)):
            for expected, actual in zip(adam(gradient, 6), values):
                np.testing.assert_allclose(actual, expected, rtol=2e-5)
    assert len(made_at_once) >= 3
    assert {len(tensors[0]) for _, tensors in made_at_once} == {len(given)}


def test_rows_without_a_gradient_decay_and_move_too(made_at_once) -> None:
    picked = [[5, 7, 5], [1, 2, 3], [7, 7, 7], [3, 4, 3], [1999, 0, 1]]
    with tf.Graph().as_default(), tf.Session() as sess:
        variable, rows = tf.Variable(tf.ones([2000, 40])), tf.placeholder(tf.int32, [3])
        step = tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(tf.gather(variable, rows)))
        sess.run(tf.global_variables_initializer())
        values = []
        for chosen in picked:
            sess.run(step, {rows: chosen})
            values.append(sess.run(variable))
    assert len(made_at_once) == 4
    m, v, var = np.zeros([2000, 40]), np.zeros([2000, 40]), np.ones([2000, 40])
    for number, (chosen, actual) in enumerate(zip(picked, values), 1):
        gradient = np.zeros_like(var)
        np.add.at(gradient, chosen, 1.0)
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient ** 2
        var = var - 0.1 * np.sqrt(1 - 0.999 ** number) / (1 - 0.9 ** number) * m / (np.sqrt(v) + 1e-8)
        np.testing.assert_allclose(actual, var, rtol=2e-5)


def test_threads_share_the_numbers_of_all_tensors() -> None:
    sizes = [100_000, 3, 70_001, 1, 150_000]
    a, b, grad = ([torch.full([size], value) for size in sizes] for value in (1.0, 0.5, -1.0))
    formula = one_pass.Formula(lambda a, b, grad, rate: (a - grad * rate, b + a), ("a", "b", "grad"), ("rate",), 2)
    stepper = one_pass.Stepper(formula, torch.float32, 1, 1)
    stepper._later.made = formula.made(torch.float32)
    numbers, before = [torch.tensor(0.25)], torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        stepper.call(numbers, (a, b, grad))()
    finally:
        torch.set_num_threads(before)
    for tensors, expected in ((a, 1.25), (b, 1.5), (grad, -1.0)):
        assert all(tensor.eq(expected).all() for tensor in tensors)


def test_numbers_too_small_to_be_normal_count_as_zero(made_at_once) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        variable, gradient = tf.Variable([1.0, 1.0]), tf.placeholder(tf.float32, [2])
        optimizer = tf.train.AdamOptimizer(0.001)
        step = optimizer.apply_gradients([(gradient, variable)])
        sess.run(tf.global_variables_initializer())
        for given in [[1.0, 1e-36]] * 3 + [[0.0, 0.0]] * 60:
            sess.run(step, {gradient: given})
        average = sess.run(optimizer.get_slot(variable, "m"))
    # What TensorFlow 1.15 prints: the least average that decays by a normal number stays.
    np.testing.assert_array_equal(average, np.array([4.8698913e-04, 1.1665663e-37], np.float32))
    assert float(torch.tensor(1e-40) * 1) > 0  # and the user's own numbers stay as they are


OPTIMIZERS = {
    "rms_prop": lambda: tf.train.RMSPropOptimizer(0.01, momentum=0.5),
    "centered_rms_prop": lambda: tf.train.RMSPropOptimizer(0.01, centered=True),
    "adadelta": lambda: tf.train.AdadeltaOptimizer(0.5),
    "ada_max": lambda: tf.contrib.opt.AdaMaxOptimizer(0.01),
    "adam": lambda: tf.contrib.opt.NadamOptimizer(0.01),
    "add_sign": lambda: tf.contrib.opt.AddSignOptimizer(0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_machine_code_does_what_the_op_does(made_at_once, name) -> None:
    random = np.random.RandomState(0)
    given = [random.randn(3, 7).astype("f"), random.randn(20).astype("f")]

    def trained(steps):
        with tf.Graph().as_default(), tf.Session() as sess:
            variables = [tf.Variable(np.ones_like(gradient)) for gradient in given]
            fed = [tf.placeholder(tf.float32, gradient.shape) for gradient in given]
            step = OPTIMIZERS[name]().apply_gradients(list(zip(fed, variables)))
            sess.run(tf.global_variables_initializer())
            for _ in range(steps):
                sess.run(step, dict(zip(fed, given)))
            return sess.run(tf.global_variables())

    by_machine = trained(5)
    assert len(made_at_once) == 4 and all(len(tensors[0]) == 2 for _, tensors in made_at_once)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(one_pass.Stepper, "ready", lambda self: False)
        by_torch = trained(5)
    for mine, theirs in zip(by_machine, by_torch):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-7)


IN_PLACE = {
    "gradient descent": lambda: tf.train.GradientDescentOptimizer(0.1), "Adam": lambda: tf.train.AdamOptimizer(0.1),
    "momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9), "Adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "RMSProp": lambda: tf.train.RMSPropOptimizer(0.1, momentum=0.5), "FTRL": lambda: tf.train.FtrlOptimizer(0.1)}


def in_a_loop(value):
    """The value after turns that leave it as it is."""
    return tf.while_loop(lambda turn, given: turn < 2, lambda turn, given: (turn + 1, given), [0, value])[1]


@pytest.mark.parametrize("passed_on", [tf.identity, in_a_loop], ids=["itself", "through a loop"])
@pytest.mark.parametrize("kind", IN_PLACE)
def test_gradients_that_are_variables_are_those_before_the_step(made_at_once, kind, passed_on) -> None:
    """Without an edge that says otherwise a variable is read before it changes: fed values say the same."""
    random = np.random.RandomState(0)
    start = random.randn(2, 3, 3).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as sess:
        pair, twins = ([tf.Variable(value, use_resource=True) for value in start] for _ in range(2))
        first, second = (passed_on(variable.read_value()) for variable in pair)
        step = IN_PLACE[kind]().apply_gradients([(second, pair[0]), (first, pair[1])])
        fed = [tf.placeholder(tf.float32, [3, 3]) for _ in range(2)]
        twin_step = IN_PLACE[kind]().apply_gradients(list(zip(fed, twins)))
        sess.run(tf.global_variables_initializer())
        for _ in range(6):
            sess.run(twin_step, dict(zip(fed, sess.run([second, first]))))
            sess.run(step)
            np.testing.assert_allclose(sess.run(pair), sess.run(twins), rtol=1e-6)
