"""Records the programs' graphs and values from TensorFlow 1.15.

Run it with a Python that has TensorFlow 1.15:
    python tests/oracle/record.py [PROGRAM ...]           writes data/graphs/<program>.json (no name: all)
    python tests/oracle/record.py --print PROGRAM|FILE.py writes the record to the standard output
What runs under it is written in the common subset of Python 2.7 and 3.
"""

from __future__ import print_function

import io
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "data")
GRAPHS = os.path.join(DATA, "graphs")
sys.dont_write_bytecode = True  # a stale .pyc would be found as a module of programs
sys.path.insert(0, os.path.dirname(HERE))


def oracle():
    """TensorFlow 1.15, quiet."""
    import tensorflow as tf

    if not tf.__version__.startswith("1.15."):
        raise SystemExit("the oracle is TensorFlow 1.15, this is " + tf.__version__)
    tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
    return tf


def header(tf):
    """Which TensorFlow printed the data."""
    return "TensorFlow {}, Python {}".format(tf.__version__, sys.version.split()[0])


def read(path):
    """A text file, or None where there is none."""
    if not os.path.exists(path):
        return None
    with io.open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    """Writes a text file; returns whether it is another text than before."""
    if read(path) == text:
        return False
    with io.open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text if isinstance(text, type(u"")) else text.decode("utf-8"))
    return True


def recorded():
    """The names of the programs that are recorded."""
    return sorted(name[:-len(".json")] for name in os.listdir(GRAPHS) if name.endswith(".json"))


def text_of(tf, build):
    """The record of one program as JSON."""
    from oracle import graphdef
    from oracle.observe import observe

    record = graphdef.plain(observe(tf, build))
    packed = graphdef.pack(record.pop("nodes"))
    parts = [("recorded_from", header(tf)), ("attrs", packed["attrs"]), ("nodes", packed["nodes"])]
    return graphdef.dumps(graphdef.OrderedDict(parts + list(record.items())))


def main(names):
    from oracle.programs import find, load

    tf = oracle()
    if names[:1] == ["--print"]:
        text = text_of(tf, find(names[1]))
        getattr(sys.stdout, "buffer", sys.stdout).write(text.encode("utf-8"))
        return []
    programs = load()
    failures = []
    for name in names or sorted(programs):
        try:
            text = text_of(tf, programs[name])
        except Exception as error:
            failures.append("{}: {}: {}".format(name, type(error).__name__, (str(error).splitlines() or [""])[0]))
            continue
        if write(os.path.join(GRAPHS, name + ".json"), text):
            print(name)
    if not names:
        for name in set(recorded()) - set(programs):
            os.remove(os.path.join(GRAPHS, name + ".json"))
    return failures


if __name__ == "__main__":
    sys.exit("\n".join(main(sys.argv[1:])) or None)
