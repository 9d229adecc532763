"""Records updates.json from TensorFlow 1.15: run it with a Python that has that."""

import io
import json
import os
import sys

sys.dont_write_bytecode = True

import tensorflow as tf
import updates

if __name__ == "__main__":
    tf.logging.set_verbosity(tf.logging.ERROR)
    found = updates.observe(tf)
    lines = [u"{}: {}".format(json.dumps(name), json.dumps(found[name], sort_keys=True)) for name in sorted(found)]
    lines.insert(0, u'"recorded_from": "TensorFlow {}"'.format(tf.__version__))
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "updates.json")
    with io.open(path, "w", encoding="utf-8") as file:
        file.write(u"{\n" + u",\n".join(lines) + u"\n}\n")
