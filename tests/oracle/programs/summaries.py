"""Summaries: names, tags, families, collections, and what they hold."""

from __future__ import division

import numpy as np

from . import Case, program


@program
def summary_scalars(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    first = tf.summary.scalar("loss", x)
    with tf.name_scope("train"):
        second = tf.summary.scalar("loss", x * 2)
        third = tf.summary.scalar("loss", x, collections=["mine"])
        fourth = tf.summary.scalar("a b:c", x, family="family name")
    fifth = tf.summary.scalar("/count", tf.constant(3))
    show = [tf.get_collection("summaries"), tf.get_collection("mine")]
    return Case(steps=[([first, second, third, fourth, fifth], {x: 1.5}), (first, {x: np.float32("nan")})], show=show)


@program
def summary_scalar_dtypes(tf):
    values = [tf.constant(7, dtype=getattr(tf, name)) for name in
              ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16")]
    return Case(steps=[([tf.summary.scalar("value", value) for value in values], None)])


@program
def summary_scalar_of_several_tags(tf):
    out = tf.raw_ops.ScalarSummary(tags=["x", "y"], values=[1.0, 2.0])
    empty = tf.raw_ops.ScalarSummary(tags=np.zeros([0], "S1"), values=np.zeros([0], "f"))
    return Case(steps=[([out, empty], None)])


@program
def summary_histograms(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    with tf.variable_scope("layer"):
        w = tf.get_variable("w", initializer=np.linspace(-3, 3, 40).reshape(8, 5).astype("float32"))
        out = [tf.summary.histogram("w", w), tf.summary.histogram("x", x, family="inputs"),
               tf.summary.histogram("i", tf.constant([3, -4, 0, 0, 7]))]
    feeds = ([], [0.0], [1.0, 1.0, 1.1], [1e-13, -1e-13, 1e-12, -1e-12], [1e25, -1e25, 2.0, -2.0])
    return Case(init=True, steps=[(out, {x: feed}) for feed in feeds])


@program
def summaries_merged(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    with tf.name_scope("a"):
        tf.summary.scalar("loss", x)
        tf.summary.scalar("rate", x / 10)
    with tf.name_scope("b"):
        tf.summary.histogram("h", tf.stack([x, -x]))
    everything = tf.summary.merge_all()
    some = tf.summary.merge_all(scope="a/")
    named = tf.summary.merge([some, tf.summary.scalar("c", x)], collections=["merged"], name="both")
    nothing = tf.summary.merge_all(key="nobody's")
    return Case(steps=[([everything, some, named], {x: 2.0})], show=[nothing is None, tf.get_collection("merged")])


@program
def summary_texts(tf):
    one = tf.summary.text("note", tf.constant("hello"))
    table = tf.summary.text("table", tf.constant([["a", "b"], ["c", "d"]]), collections=[])
    return Case(steps=[([one, table], None)], show=tf.get_collection("summaries"))


@program
def summary_tensors(tf):
    out = [tf.summary.tensor_summary("t", tf.constant([1.0, 2.0])),
           tf.summary.tensor_summary("t", tf.constant(3), display_name="shown", summary_description="about it"),
           tf.summary.tensor_summary("u", tf.constant([[True]]), family="f")]
    return Case(steps=[(out, None)])


@program
def summary_pictures(tf):
    grey = tf.placeholder(tf.float32, [2, 4, 4, 1], name="grey")
    out = [tf.summary.image("grey", grey), tf.summary.image("one", tf.zeros([1, 3, 3, 3]), max_outputs=1),
           tf.summary.image("bytes", tf.zeros([1, 2, 2, 4], tf.uint8), family="f"),
           tf.summary.audio("sound", tf.zeros([2, 8]), 8000, max_outputs=2)]
    return Case(show=out)


@program
def summary_sounds(tf):
    x = tf.constant([[0.1, -1.0, 1.0, 2.0, -0.3], [0.0, 0.5, 0.25, -0.5, 1e-5]])
    out = [tf.summary.audio("mono", x, 8000.0), tf.summary.audio("stereo", tf.stack([x, -x], 2), 44100, max_outputs=1)]
    return Case(steps=[(out, None)])


@program
def summaries_in_a_training(tf):
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.float32, [None, 1], name="y")
    with tf.name_scope("layer"):
        w = tf.Variable(tf.random_normal([3, 1]), name="w")
        tf.summary.histogram("weights", w)
    with tf.name_scope("loss"):
        loss = tf.reduce_mean(tf.square(tf.matmul(x, w) - y))
    tf.summary.scalar("loss", loss)
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    merged = tf.summary.merge_all()
    feed = {x: [[1, 2, 3], [0, 1, 0]], y: [[1], [2]]}
    return Case(init=True, steps=[([step, loss], feed)], show=[merged])
