"""Whole programs as people write them, too large to keep node by node: their graphs as digests, their losses in full.

They run under both, so they are written in the common subset of Python 2.7 and 3.
"""

import hashlib
import importlib
import json
import pkgutil

import numpy as np

WHOLE = {}
CHUNK = 50


def whole(build):
    """Registers `build(tf)`, which builds a graph and returns `train(session)`, or facts about the graph.

    `train` runs some steps and returns the loss of each.
    """
    if build.__name__ in WHOLE:
        raise ValueError("two programs are called " + build.__name__)
    WHOLE[build.__name__] = build
    return build


def load():
    """All programs by name, from every module of this package."""
    for module in sorted(name for _, name, _ in pkgutil.iter_modules(__path__)):
        importlib.import_module(__name__ + "." + module)
    return WHOLE


def observe(tf, build):
    """What is recorded of one program, as plain data.

    Returns:
      A dict with the number of nodes, the digest of each `CHUNK` of them, and `facts` or `losses`.
    """
    from oracle import graphdef

    with tf.Graph().as_default() as graph:
        tf.set_random_seed(1)
        result = build(tf)
        record = {"collections": graphdef.plain(graphdef.describe_collections(graph))}
        nodes = graphdef.plain(graphdef.describe_graph(graph))
        record["nodes"] = len(nodes)
        record["digests"] = digests(nodes)
        record["collections"] = digest(record["collections"])
        if not callable(result):
            record["facts"] = result
            return record
        with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as sess:
            record["losses"] = [float(loss) for loss in np.array(result(sess))]
    return record


def digests(nodes):
    """The digest of each `CHUNK` of described nodes: names, ops, inputs, shapes and attrs without numbers."""
    return [digest([without_numbers(node) for node in nodes[start:start + CHUNK]])
            for start in range(0, len(nodes), CHUNK)]


def without_numbers(node):
    """A described node, without the values of constants: those are compared by what they lead to."""
    return dict(node, attrs={key: value for key, value in node.get("attrs", {}).items() if key != "value"})


def digest(data):
    """A short hash of plain data."""
    return hashlib.sha1(json.dumps(data, sort_keys=True).encode("utf-8")).hexdigest()[:12]
