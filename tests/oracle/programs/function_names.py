"""Names of functions by Defun: they end with a text that stands for what is in them."""

from . import Case, program
from .functions import defun


def _bodies(tf):
    def print_and_assert(x):
        tf.Print(x, [x])
        with tf.control_dependencies([tf.assert_equal(x, 1.0), tf.no_op()]):
            return tf.identity(x)

    def on_a_device(x):
        with tf.device("/job:worker/gpu:0"):
            return x * 3.0

    return [lambda x: x, lambda x: x * x, lambda x: tf.constant(3.0), lambda x: tf.cast(x, tf.int32),
            lambda x: tf.string_join([tf.as_string(x), "a" * 300]), lambda x: tf.split(tf.stack([x, x]), 2),
            lambda x: tf.random_normal([2], seed=3), lambda x: (tf.constant([], tf.string), tf.constant([1 + 2j])),
            lambda x: tf.cast([True, False], tf.float32) + tf.cast(tf.constant(0.5, tf.float16), tf.float32),
            print_and_assert, on_a_device]


@program
def function_names(tf):
    def double(x):
        """Twice a number."""
        return x * 2.0

    def named(x):
        return double_it(x) + 1.0

    def keep(x, dy):
        return dy

    double_it = defun(tf, tf.float32)(double)
    made = [defun(tf, tf.float32)(body) for body in _bodies(tf)]
    made += [double_it, defun(tf, tf.float32)(named), defun(tf, tf.float32, noinline=True)(lambda x: x - 2.0),
             defun(tf, tf.float32, out_names=["twice"])(double), defun(tf, tf.float32, func_name="Twice")(double),
             defun(tf, tf.float32, grad_func=defun(tf, tf.float32, tf.float32)(keep))(double)]
    names = []
    for function in made:
        function.add_to_graph(tf.get_default_graph())
        names.append(function.name)
    called = double_it(tf.constant(1.5))
    return Case(steps=[(called, None)], facts={"names": names})
