"""GradientTape in graphs: the nodes that it adds, and their values."""

from . import Case, program
from .refused import outcome


@program
def tape_of_a_tensor(tf):
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    gradient = tape.gradient(y, x)
    again = outcome(lambda: tape.gradient(y, x))
    return Case([(gradient, None)], show=[gradient], facts={"again": again})


@program
def tape_of_variables(tf):
    x = tf.constant([1.0, 2.0])
    v = tf.get_variable("v", initializer=[3.0, 4.0], use_resource=True)
    fixed = tf.get_variable("fixed", initializer=[3.0, 4.0], use_resource=True, trainable=False)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(x * x * v + tf.nn.relu(x) * fixed)
    watched = [w.name for w in tape.watched_variables()]
    grads = tape.gradient(y, [x, v, fixed])
    return Case([(grads[:2], None)], init=True, facts={
        "watched": watched, "of the fixed one": grads[2]})


@program
def tape_persistent(tf):
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        z = x * x
        y = z * z
        with tape.stop_recording():
            q = z * 3.0
    both = tape.gradient(y, {"a": x, "b": z})
    weighed = tape.gradient([y, z], x, output_gradients=[tf.constant([1.0, 10.0]), tf.constant([2.0, 20.0])])
    none = tape.gradient(q, x)
    zero = tape.gradient(q, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return Case([((both, weighed, zero), None)], facts={"none": none})


@program
def tape_within_a_tape(tf):
    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        first = inner.gradient(y, x)
    second = outer.gradient(first, x)
    return Case([((first, second), None)])


@program
def tape_of_unknown_shapes(tf):
    x = tf.placeholder(tf.float32, [None, 3])
    w = tf.get_variable("w", [3, 2], initializer=tf.ones_initializer(), use_resource=True)
    b = tf.get_variable("b", [2], initializer=tf.zeros_initializer(), use_resource=True)
    with tf.GradientTape() as tape:
        logits = tf.matmul(x, w) + b
        loss = tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.ones_like(logits), logits=logits)
    grads = tape.gradient(loss, [w, b])
    return Case([(grads, {x: [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]})], init=True)


@program
def tape_training(tf):
    w = tf.get_variable("w", initializer=[1.0, 2.0], use_resource=True)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(w)
        loss = tf.reduce_mean(tf.square(w - [3.0, 5.0]))
    watched = [x.name for x in tape.watched_variables()]
    refused = outcome(lambda: tape.stop_recording().__enter__())
    optimizer = tf.train.AdamOptimizer(0.1)
    train = optimizer.apply_gradients(zip(tape.gradient(loss, [w]), [w]))
    return Case([(train, None), (train, None), (w, None)], init=True, facts={
        "not recording": refused, "watched": watched})
