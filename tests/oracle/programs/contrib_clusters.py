"""tf.contrib.losses.metric_learning.cluster_loss.

TensorFlow 1.15 needs scikit-learn (0.20) for it: the recorder puts it on the path where CLUSTER_SKLEARN says.
"""

import os
import sys

import numpy as np

from . import Case, program
from .refused import refusals

if os.environ.get("CLUSTER_SKLEARN"):
    sys.path.append(os.environ["CLUSTER_SKLEARN"])


def batches(x, y):
    numbers = np.random.RandomState(0)
    return [{x: numbers.randn(8, 2).astype(np.float32), y: numbers.randint(0, 3, 8)} for _ in range(4)]


@program
def cluster_loss_refined(tf):
    x, y = tf.placeholder(tf.float32, [8, 2], name="x"), tf.placeholder(tf.int32, [8], name="y")
    loss = tf.contrib.losses.metric_learning.cluster_loss(y, x, 1.0)
    gradient = tf.gradients(loss, x)[0]
    return Case(steps=[([loss, gradient], feeds) for feeds in batches(x, y)], show=[loss],
                facts={"summaries": [one.name for one in tf.get_collection("summaries")]})


@program
def cluster_loss_of_unknown_batches(tf):
    x, y = tf.placeholder(tf.float32, [None, 2], name="x"), tf.placeholder(tf.int32, [None], name="y")
    loss = tf.contrib.losses.metric_learning.cluster_loss
    measured = [loss(y, x, 2.0, enable_pam_finetuning=False, margin_type=kind) for kind in ("nmi", "ari", "vmeasure")]
    whole = tf.placeholder(tf.int64, [None], name="whole")
    words = refusals((lambda: loss(y, x, 1.0, False, "other"), lambda: loss(y, tf.zeros([2]), 1.0),
                      lambda: loss(y, tf.zeros([2, 2], tf.float64), 1.0)), "nothing")
    return Case(steps=[(measured, feeds) for feeds in batches(x, y)] + [
        (loss(whole, x, 1.0, False, "const"), feeds) for feeds in batches(x, whole)], facts={"words": words})
