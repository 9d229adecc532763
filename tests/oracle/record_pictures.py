"""Records the pictures that TensorFlow 1.15's tf.summary.image makes into data/pictures.json, for the tests.

Run it with a Python that has TensorFlow 1.15:
    python tests/oracle/record_pictures.py
What runs under it is written in the common subset of Python 2.7 and 3.
"""

from __future__ import print_function

import base64
import json
import os

import numpy as np


def batches():
    """The pictures by name: [n, height, width, channels]."""
    random = np.random.RandomState(0)
    bad = np.array([1, np.nan, -3, np.inf, 2, 0], "f").reshape(1, 1, 6, 1)
    return {
        "bytes grey": np.arange(24).reshape(1, 4, 6, 1).astype("u1"),
        "bytes rgb": random.randint(0, 256, (2, 5, 4, 3)).astype("u1"),
        "bytes rgba": random.randint(0, 256, (1, 3, 3, 4)).astype("u1"),
        "floats": random.rand(4, 6, 5, 3).astype("f"),
        "floats of both signs": random.randn(3, 6, 5, 1).astype("f"),
        "floats below zero": -random.rand(1, 3, 3, 3).astype("f"),
        "large floats": (random.rand(1, 3, 3, 1) * 1e6).astype("f"),
        "tiny floats": (random.rand(1, 3, 3, 1) * 1e-8).astype("f"),
        "zeros": np.zeros([1, 2, 2, 3], "f"),
        "not finite": bad,
        "not finite, nothing below zero": np.abs(bad),
        "nothing finite": np.full([1, 2, 2, 3], np.nan, "f"),
        "halves": random.rand(1, 3, 3, 3).astype("f2"),
    }


if __name__ == "__main__":
    from record import HERE, header, oracle, write

    tf = oracle()
    session = tf.Session()
    record = {"made by": header(tf)}
    for name, batch in batches().items():
        summary = tf.Summary.FromString(session.run(tf.summary.image("p", tf.constant(batch))))
        record[name] = [[value.tag.partition("/")[2], value.image.height, value.image.width, value.image.colorspace,
                         base64.b64encode(value.image.encoded_image_string).decode("ascii")] for value in summary.value]
    text = json.dumps(record, indent=1, sort_keys=True, separators=(",", ": ")) + "\n"
    write(os.path.join(HERE, "data", "pictures.json"), text)
