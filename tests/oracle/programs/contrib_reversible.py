"""tf.contrib.layers.rev_block and recompute_grad: what is in between is computed again for the gradients."""

import numpy as np

from . import Case, program

# TensorFlow 1.15 orders the variables of a custom gradient by their addresses: one each makes graphs comparable.


def _sides(tf):
    first = tf.constant(np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4))
    return first, tf.constant(np.linspace(2, 0, 8, dtype=np.float32).reshape(2, 4))


@program
def contrib_rev_block(tf):
    x1, x2 = _sides(tf)

    def f(x):
        return tf.nn.tanh(x * tf.get_variable("scale", [4], initializer=tf.constant_initializer([1.0, 2.0, 0.5, 3.0])))

    y = tf.contrib.layers.rev_block(x1, x2, f, tf.sin, num_layers=1)
    plain = tf.contrib.layers.rev_block(x1, x2, tf.cos, [tf.sin, tf.tanh], num_layers=2, is_training=False)
    grads = tf.gradients(y[0] * y[1], [x1, x2] + tf.trainable_variables())
    return Case(init=True, steps=[([y, plain, grads], None)])


@program
def contrib_rev_block_beside(tf):
    x1, x2 = _sides(tf)
    side = tf.constant([1.0, 2.0, 3.0, 4.0])

    def first(x, beside):
        return x * beside[0] * tf.get_variable("scale", [4], initializer=tf.ones_initializer())

    def second(x, beside):
        return tf.tanh(x) * beside[0]

    block = tf.contrib.layers.RevBlock([first, second], tf.sin, num_layers=2, f_side_input=[side], name="mine")
    y = block.forward(x1, x2)
    back = block.backward(*y)
    return Case(init=True, steps=[([y, back, tf.gradients(y, [x1, x2, side])], None)],
                facts={"names": [block.name, block.scope_name, block.num_layers]})


@program
def contrib_recompute_grad(tf):
    x, _ = _sides(tf)
    told = []

    @tf.contrib.layers.recompute_grad
    def first(x, is_recomputing=False):
        told.append(is_recomputing)
        return tf.sin(x) * tf.get_variable("v", [4], initializer=tf.ones_initializer(), use_resource=True)

    @tf.contrib.layers.recompute_grad(use_data_dep=True, tupleize_grads=True)
    def second(x, y):
        return x * y, tf.exp(y)

    made = second(first(x), x)
    grads = tf.gradients(list(made), [x] + tf.trainable_variables())
    return Case(init=True, steps=[([list(made), grads], None)], facts={"told": told})
