"""Random ops beyond the common ones: gamma with gradients, Poisson, unusual shapes and types."""

from __future__ import division

import numpy as np

from . import Case, program


@program
def random_gamma(tf):
    alpha = tf.constant([[1.0, 2.0]])
    beta = tf.constant([[2.0], [3.0]])
    a = tf.random_gamma([3], alpha, beta, seed=1)
    b = tf.random_gamma([2, 2], 0.5, seed=2, dtype=tf.float64, name="half")
    return Case(steps=[([a, b], None), ([a, b], None)], show=[a, b])


@program
def gradient_random_gamma(tf):
    alpha = tf.constant([0.5, 3.0], name="alpha")
    samples = tf.raw_ops.RandomGamma(shape=[4], alpha=alpha, seed=3, seed2=4)
    (gradient,) = tf.gradients(samples * samples, alpha)
    return Case(steps=[([samples, gradient], None)], show=[gradient])


@program
def random_poisson(tf):
    a = tf.random_poisson(tf.constant([0.5, 20.0]), [3], seed=1)
    b = tf.random_poisson(tf.constant(4.0), [], seed=2, dtype=tf.int32, name="counts")
    return Case(steps=[([a, b], None), ([a, b], None)], show=[a, b])


@program
def random_categorical(tf):
    logits = tf.placeholder(tf.float32, [None, 3], name="logits")
    a = tf.random.categorical(logits, 4, seed=1)
    b = tf.random.categorical(logits, 2, dtype=tf.int32, seed=2, name="classes")
    feeds = {logits: [[0.0, 1.0, 2.0], [5.0, 0.0, 0.0]]}
    return Case(steps=[([a, b], feeds), ([a, b], feeds)], show=[a, b])


@program
def random_types_and_shapes(tf):
    shape = tf.placeholder(tf.int32, [2], name="shape")
    a = tf.random_normal(shape, dtype=tf.float64, seed=1)
    b = tf.random_normal([], seed=2)
    c = tf.random_uniform([0, 3], -1.0, seed=3)
    d = tf.random_uniform([2], -(10**12), 10**12, dtype=tf.int64, seed=4)
    e = tf.truncated_normal(np.array([2, 2], np.int64), dtype=tf.float16, seed=5)
    f = tf.random_uniform(tf.TensorShape([2, 1]), 1.0, 2.0, seed=6)
    out = [a, b, c, d, e, f]
    return Case(steps=[(out, {shape: [2, 3]}), (out, {shape: [0, 1]})], show=out)


@program
def random_shuffle_rows(tf):
    a = tf.random_shuffle(tf.reshape(tf.range(12), [6, 2]), seed=1)
    b = tf.random_shuffle([b"a", b"b", b"c", b"d"], seed=2)
    out = [a, b]
    return Case(steps=[(out, None), (out, None)], show=out)


@program
def random_runs_share_a_stream(tf):
    a = tf.random_uniform([2], -1.0, 1.0, seed=1)
    b = a + 0.0
    return Case(steps=[([a, b], None), (b, None), (a, None)])


@program
def random_seed_of_both(tf):
    tf.set_random_seed(0)
    a = tf.random_normal([1], seed=0)
    b = tf.random_normal([1])
    tf.set_random_seed(-5)
    c = tf.truncated_normal([1], seed=2**31)
    facts = [[op.get_attr("seed"), op.get_attr("seed2")] for op in tf.get_default_graph().get_operations()
             if op.type in ("RandomStandardNormal", "TruncatedNormal")]
    return Case(steps=[([a, b, c], None)], facts={"seeds": facts})
