"""The small parts of tf.contrib: sparsemax, summaries of before 1.0, strings in turn."""

from __future__ import division

import numpy as np

from . import Case, program
from .refused import outcome


@program
def contrib_sparsemax(tf):
    sparsemax, sparsemax_loss = tf.contrib.sparsemax.sparsemax, tf.contrib.sparsemax.sparsemax_loss

    x = tf.placeholder(tf.float32, [None, 3], "x")
    y = tf.placeholder(tf.float64, [None, None])
    p = sparsemax(x)
    loss = sparsemax_loss(x, p, tf.one_hot([0, 2], 3), name="loss")
    known = sparsemax(tf.constant([[1.0, 2.0], [0.5, 0.1]]), name="known")
    listed = sparsemax_loss([[1.0, 2.0]], [[0.0, 1.0]], [[1.0, 0.0]])
    grads = tf.gradients(loss, x)
    feeds = {x: np.float32([[0.1, 1.1, 0.2], [2.0, -1.0, 0.0]])}
    odd = {x: np.float32([[np.nan, 1.0, 0.0], [-np.inf, 1.0, 2.0]])}
    return Case([((p, loss, grads), feeds), (p, odd), (known, None), (listed, None),
                 (sparsemax(y), {y: np.array([[3.0, 2.9, 1.0, 0.0]])})],
                show=[p, loss], facts={"a text": outcome(lambda: sparsemax("x")), "shape": str(loss.shape)})


@program
def contrib_summaries_of_old(tf):
    old = tf.contrib.deprecated
    one = old.scalar_summary("loss", 0.5)
    two = old.scalar_summary(["a", "b"], tf.constant([1.0, 2.0]), collections=["mine"], name="two")
    histogram = old.histogram_summary("weights", [1.0, 2.0, 2.0], name="h")
    with tf.name_scope("scope"):
        image = old.image_summary("i", tf.zeros([4, 2, 2, 1]), max_images=2, collections=["pictures"])
        audio = old.audio_summary("s", tf.zeros([1, 8]), 44100.0, max_outputs=1)
    merged = old.merge_summary([one, two])
    named = old.merge_summary([one], collections=["merged"], name="named")
    every, mine, none = old.merge_all_summaries(), old.merge_all_summaries("mine"), old.merge_all_summaries("none")
    return Case([((one, two, histogram, audio, merged, named, every, mine), None)], show=[image],
                facts={"none": none is None})


@program
def contrib_strings_in_turn(tf):
    counter = tf.Variable(0, dtype=tf.int64)
    taken = tf.contrib.input_pipeline.obtain_next(["a", "b"], counter)
    return Case([(taken, None)] * 3, init=True, show=[taken], facts={
        "no variable": outcome(lambda: tf.contrib.input_pipeline.obtain_next(["a", "b"], 3))})


@program
def contrib_memory_stats(tf):
    stats = tf.contrib.memory_stats
    with tf.device("/device:GPU:0"):
        asked = [stats.BytesInUse(), stats.BytesLimit(), stats.MaxBytesInUse()]
    return Case(show=asked)


@program
def contrib_memory_limit(tf):
    return Case([(tf.contrib.memory_stats.BytesLimit(), None)] * 2)
