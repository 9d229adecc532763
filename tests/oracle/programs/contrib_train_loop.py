"""contrib.training.train: a training that hooks end."""

import os

from . import Case, program
from .monitored import watched


@program
def contrib_training_loop(tf):
    """With a folder, without one, and what is refused."""
    training = tf.contrib.training
    with watched(tf) as watch:
        x = tf.get_variable("x", [], initializer=tf.constant_initializer(3.0))
        tf.losses.add_loss(tf.square(x))
        op = training.create_train_op(tf.losses.get_total_loss(), tf.train.GradientDescentOptimizer(0.25))
        watch.fails(lambda: training.train(op, None))
        watch.fails(lambda: training.train(op, None, save_summaries_steps=None))
        hooks = [tf.train.StopAtStepHook(num_steps=3)]
        training.train(op, None, save_summaries_steps=None, save_checkpoint_secs=None, hooks=hooks)
        training.train(op, os.path.join(watch.folder, "t"), hooks=[tf.train.StopAtStepHook(num_steps=2)])
        return Case(facts={"said": watch.said, "files": watch.files("t"), "events": watch.events("t")})
