"""Names of functions by Defun: they end with a text that stands for what is in them."""

import functools

from . import Case, program
from .functions import defun, internal
from .refused import words


def _refused(calls):
    """What each call raises, whatever its class."""
    found = []
    for call in calls:
        try:
            found.append(str(call()))
        except (IndexError, TypeError, ValueError) as error:
            found.append(words(error))
    return found


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


@program
def functional_refused_in_words(tf):
    with tf.Graph().as_default():  # some nodes stay behind
        return Case(facts={"refused": _refused_calls(tf)})


def _refused_calls(tf):
    functional = internal(tf, "tensorflow.python.ops.functional_ops")
    keep = defun(tf, tf.float32)(lambda x: x)
    scalar, ones, true = tf.constant(3.0), tf.ones([2]), tf.constant(True)
    sparse = tf.SparseTensor([[0]], [1.0], [2])
    calls = [lambda: functional.If(true, 3.0, keep, keep), lambda: functional.While(3.0, keep, keep),
             lambda: functional.For(0, 1, 1, 3.0, keep), lambda: tf.map_fn(lambda x: x, sparse),
             lambda: tf.map_fn(lambda x: x, scalar), lambda: tf.map_fn(lambda x: x, (scalar, ones))]
    for fold in (tf.foldl, tf.foldr, tf.scan):
        calls += [functools.partial(fold, lambda a, x: a, elems) for elems in (scalar, (scalar, ones))]
    return _refused(calls)
