"""tf.contrib.framework: variables assigned from checkpoints, by an operation and by a function of a session."""

import os
import tempfile

import numpy as np

from . import Case, program


def checkpoint(tf):
    """A checkpoint of v [2, 3] and a/w [4]."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.get_variable("v", initializer=np.arange(6, dtype=np.float32).reshape(2, 3))
        tf.get_variable("a/w", initializer=np.arange(4, dtype=np.int64))
        sess.run(tf.global_variables_initializer())
        return tf.train.Saver().save(sess, os.path.join(tempfile.mkdtemp(), "model"))


@program
def contrib_assign_from_checkpoint(tf):
    path = checkpoint(tf)
    framework = tf.contrib.framework
    v = tf.get_variable("v", [2, 3])
    first = framework.assign_from_checkpoint(path, [v])
    others = [tf.get_variable(name, [2, 3]) for name in ("x", "y")]
    w = tf.get_variable("w", [4], tf.int64)
    second = framework.assign_from_checkpoint(path, {"v": others})
    third = framework.assign_from_checkpoint(path, {"a/w": w})
    nothing = framework.assign_from_checkpoint(path, {"none": v}, ignore_missing_vars=True)
    with tf.variable_scope("wrong"):
        refused = []
        for name, shape in (("v", [3, 2]), ("v", [7]), ("none", [2])):
            try:
                framework.assign_from_checkpoint(path, {name: tf.get_variable("r%d" % len(refused), shape)})
            except ValueError as error:
                refused.append(str(error))
    return Case(steps=[first, (v, None), second, third, nothing, (others + [w], None)], facts={
        "refused": refused, "listed": [[name, list(shape)] for name, shape in framework.list_variables(path)],
        "loaded": framework.load_variable(path, "a/w").tolist(),
        "shapes": sorted(framework.load_checkpoint(path).get_variable_to_shape_map())})


@program
def contrib_assign_from_checkpoint_fn(tf):
    path = checkpoint(tf)
    slim = tf.contrib.slim
    v, missing = tf.get_variable("v", [2, 3]), tf.get_variable("missing", [2])
    restore = slim.assign_from_checkpoint_fn(path, [v, missing], ignore_missing_vars=True)
    reshaped = tf.get_variable("reshaped", [6])
    other = slim.assign_from_checkpoint_fn(path, {"v": reshaped}, reshape_variables=True)
    with tf.Session() as sess:
        restore(sess)
        other(sess)
        facts = {"values": [value.tolist() for value in sess.run([v, reshaped])]}
    facts["nothing"] = slim.assign_from_checkpoint_fn(path, [missing], ignore_missing_vars=True) is None
    return Case(facts=facts)


@program
def values_for_variables_by_name(tf):
    """What names find, exactly or by how they begin, and what they do not."""
    for name in ("ma", "mb", "mab"):
        tf.get_variable(name, [2])
    tf.contrib.framework.local_variable(1, name="local")
    values = [("nope", np.ones(2)), ("m", np.ones(2)), ("ma", np.ones((1, 2))), ("mb", [1, 2]), ("local", 3),
              (".*b", np.ones(2)), ("mb:0", np.ones(2))]
    said = []
    for name, value in values:
        try:
            operation, feeds = tf.contrib.framework.assign_from_values({name: value})
            said.append([str(operation.name)] + [[str(key.name), list(given.shape)] for key, given in feeds.items()])
        except (AttributeError, ValueError) as error:
            said.append(str(error))
    return Case(facts={"said": said})
