"""Building one program and noting all that it shows: nodes, collections, reprs, facts and values."""

import re
from collections import OrderedDict

from oracle import graphdef


def observe(tf, build):
    """Everything recorded about one program, as plain data.

    Args:
        tf: TensorFlow 1.15 when recording, tfmagic's `tf` when testing.
        build: a function registered with `@program`.

    Returns:
        A dict with `nodes`, `collections`, `library` (where there is one), `shown`, `facts` and `values` (one entry a
        step).
    """
    with tf.Graph().as_default() as graph:
        case = build(tf)
        record = OrderedDict([("nodes", graphdef.describe_graph(graph)),
                              ("collections", graphdef.describe_collections(graph))])  # fmt: skip
        library = graphdef.describe_library(graph)
        if library:
            record["library"] = library
        if case is None:
            return record
        record["shown"] = [[as_in_3(str(item)), as_in_3(repr(item))] for item in case.show]
        record["facts"] = OrderedDict((key, case.facts[key]) for key in sorted(case.facts))
        if case.steps:
            record["values"] = run(tf, case)
    return record


def as_in_3(text):
    """A text as Python 3 prints it, without the addresses of objects."""
    for pattern, new in ((r"0x[0-9a-f]{6,}", "0x..."), (r"\b(\d+)L\b", r"\1"), (r"\bu(?=['\"])", "")):
        text = re.sub(pattern, new, text)
    return text


def run(tf, case):
    """The values of a case's steps, run one after another in a new session."""
    config = tf.ConfigProto(allow_soft_placement=True)
    with tf.Session(config=config) as sess:
        if case.init:
            sess.run(tf.global_variables_initializer())
        return [graphdef.describe_value(sess.run(fetches, feed_dict=feeds)) for fetches, feeds in case.steps]
