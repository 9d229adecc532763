"""Building one program and noting all that it shows: nodes, collections, reprs, facts and values."""

import re

from oracle import graphdef


def observe(tf, build):
    """Everything recorded about one program, as plain data.

    Args:
        tf: the TensorFlow to use (`tensorflow.compat.v1` when recording, tfmagic's when testing).
        build: a function registered with `@program`.

    Returns:
        A dict with `nodes`, `collections`, `shown`, `facts` and `values` (one entry a step).
    """
    with tf.Graph().as_default() as graph:
        case = build(tf)
        record = {"nodes": graphdef.describe_graph(graph),
                  "collections": graphdef.describe_collections(graph)}
        if case is None:
            return record
        record["shown"] = [[without_address(str(item)), without_address(repr(item))] for item in case.show]
        record["facts"] = case.facts
        if case.steps:
            record["values"] = run(tf, case)
    return record


def without_address(text):
    """A repr without the object's address."""
    return re.sub(r"0x[0-9a-f]{6,}", "0x...", text)


def run(tf, case):
    """The values of a case's steps, run one after another in a new session."""
    config = tf.ConfigProto(allow_soft_placement=True)
    with tf.Session(config=config) as sess:
        if case.init:
            sess.run(tf.global_variables_initializer())
        return [graphdef.describe_value(sess.run(fetches, feed_dict=feeds)) for fetches, feeds in case.steps]
