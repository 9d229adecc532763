"""Records small checkpoints, byte for byte, from TensorFlow 1.15, with the values in them.

Run it with a Python that has TensorFlow 1.15: `python tests/oracle/record_checkpoints.py` writes data/checkpoints.json.
"""

from __future__ import print_function

import base64
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from oracle import graphdef
from oracle.record import DATA, header, oracle, write

# Each tensor: name, type, shape, values (of all kinds of numbers: those that are written as text), shape and slice.
NUMBERS = ["float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
           "uint64", "bool", "complex64", "complex128"]
TYPES = [["t/" + name, name, [2, 2], [0, 1, 1, 0] if name == "bool" else [0, 1, 2, 3], ""] for name in NUMBERS]
SETS = {
    "types": TYPES + [["strings", "string", [3], ["", "abc", "d" * 300], ""], ["scalar", "float32", [], [7], ""],
                      ["empty", "float32", [0, 3], [], ""], ["none", "string", [0], [], ""]],
    "parts": [["whole", "int32", [2, 2], [0, 1, 2, 3], "4 2 0,2:-"],
              ["whole", "int32", [2, 2], [4, 5, 6, 7], "4 2 2,2:-"],
              ["wide", "float32", [1, 2], [5, 6], "1 200 0,1:70,2"], ["all", "float32", [2], [1, 2], "2 -"],
              ["far", "int64", [1], [9], "5000000000 4000000000,1"]],
    "one": [["v", "float32", [3], [1, 2, 3], ""]],
}  # fmt: skip
OLD = [row for row in TYPES if row[1] not in ("float16", "bfloat16", "uint32", "uint64", "bool")]


def tensor(tf, row):
    _, kind, shape, values, _ = row
    if kind == "bool":
        values = [bool(value) for value in values]
    return tf.constant(values, shape=shape, dtype=tf.as_dtype(kind)) if kind not in (
        "float16", "bfloat16", "uint16", "uint32", "uint64") else tf.cast(
            tf.constant(values, shape=shape, dtype=tf.float32), tf.as_dtype(kind))


def files_of(tf, folder, rows, old=False):
    with tf.Graph().as_default(), tf.Session() as sess:
        names, specs = [row[0] for row in rows], [row[4] for row in rows]
        tensors = [tensor(tf, row) for row in rows]
        path = os.path.join(folder, "m")
        sess.run(tf.raw_ops.SaveSlices(filename=path, tensor_names=names, shapes_and_slices=specs, data=tensors) if old
                 else tf.raw_ops.SaveV2(prefix=path, tensor_names=names, shape_and_slices=specs, tensors=tensors))
    return contents(folder)


def contents(folder):
    found = {}
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            if name != "checkpoint":
                with open(path, "rb") as file:
                    found[os.path.relpath(path, folder)] = base64.b64encode(file.read()).decode("ascii")
    return graphdef.OrderedDict(sorted(found.items()))


def models_of(tf, folder):
    """A model that was trained for a step, saved by a saver, and as a SavedModel."""
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        w = tf.get_variable("w", initializer=[[1.0], [2.0]])
        b = tf.get_variable("b", initializer=[0.5], use_resource=True)
        y = tf.add(tf.matmul(x, w), b, name="y")
        train = tf.train.GradientDescentOptimizer(0.25).minimize(tf.reduce_mean(y), name="train")
        sess.run(tf.global_variables_initializer())
        sess.run(train, {x: [[1.0, 1.0]]})
        tf.train.Saver().save(sess, os.path.join(folder, "m"))
        tf.saved_model.simple_save(sess, os.path.join(folder, "model"), {"x": x}, {"y": y})
        rows = [["w", sess.run(w).tolist()], ["b", sess.run(b).tolist()],
                ["y", sess.run(y, {x: [[1.0, 1.0]]}).tolist()]]
        return {"rows": rows, "files": contents(folder)}


def main():
    tf = oracle()
    records = graphdef.OrderedDict([("recorded_from", header(tf))])
    for name, rows, old in [(name, SETS[name], False) for name in sorted(SETS)] + [("old", OLD, True),
                                                                                   ("old parts", SETS["parts"], True)]:
        folder = tempfile.mkdtemp()
        try:
            records[name] = {"rows": rows, "files": files_of(tf, folder, rows, old)}
        finally:
            shutil.rmtree(folder)
    folder = tempfile.mkdtemp()
    try:
        records["models"] = models_of(tf, folder)
    finally:
        shutil.rmtree(folder)
    write(os.path.join(DATA, "checkpoints.json"), graphdef.dumps(records))


if __name__ == "__main__":
    main()
