"""Records the programs' graphs and values from TensorFlow.

Run it with a Python that has TensorFlow 2.x:
    python tests/oracle/record.py [PROGRAM ...]
It writes data/graphs/<program>.json.
"""

import json
import os
import sys
from datetime import date
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).resolve().parent
GRAPHS = HERE / "data" / "graphs"
sys.path.insert(0, str(HERE.parent))


def oracle():
    """TensorFlow with 1.x behaviour, quiet."""
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    seed_ops_as_1_15(tf)
    return tf


def seed_ops_as_1_15(tf):
    """Makes random ops without a seed in a graph with one take the number of the newest node, as TensorFlow 1.15 does.

    2.x counts such ops instead; with 1.15's seeds its kernels give the numbers that 1.15 gives.
    """
    from tensorflow.python.framework import random_seed

    class NewestNode(dict):
        def setdefault(self, graph, default=None):
            self[graph] = len(graph.get_operations())
            return self[graph]

    random_seed._graph_to_seed_dict = NewestNode()


def header(tf):
    """Which TensorFlow printed the data, and when."""
    return f"TensorFlow {tf.__version__} compat.v1, {date.today().isoformat()}"


def main(names):
    from oracle import graphdef
    from oracle.observe import observe
    from oracle.programs import load

    tf = oracle()
    GRAPHS.mkdir(parents=True, exist_ok=True)
    programs = load()
    failures = []
    for name in names or programs:
        try:
            record = {"recorded_from": header(tf), **observe(tf, programs[name])}
        except Exception as error:
            failures.append(f"{name}: {type(error).__name__}: {str(error).splitlines()[0]}")
            continue
        path = GRAPHS / f"{name}.json"
        text = graphdef.dumps(json.loads(json.dumps(record)))
        if path.exists() and strip_header(path.read_text()) == strip_header(text):
            continue
        path.write_text(text)
        print(f"{name}: {len(record['nodes'])} nodes")
    if not names:
        for path in GRAPHS.glob("*.json"):
            if path.stem not in programs:
                path.unlink()
    return failures


def strip_header(text):
    """The data without its first entry, so that re-recording the same facts changes no file."""
    return text.split("\n", 2)[2]


if __name__ == "__main__":
    sys.exit("\n".join(main(sys.argv[1:])) or None)
