"""Records what TensorFlow 1.15's random ops give for given seeds into random.json, which the tests compare with.

Run it with a Python that has TensorFlow 1.15:
    python tests/oracle/record_random.py
Every case is one op run three times in one session, so that the stream's advance from run to run is recorded.
Results of more than 40 numbers keep their head, their tail and their sum.
"""

from __future__ import print_function

import json
import os
import subprocess
import sys

import numpy as np
from record import HERE, header, oracle

RUNS = 3
WHOLE = 40
KEPT = 12
SEEDS = ((42, 7), (0, 5), (87654321, 0), (-3, (1 << 40) + 1))
FLOATS = ("float16", "bfloat16", "float32", "float64")


def cases():
    """Yields (op, inputs, attrs): inputs are (value, dtype) pairs by argument name."""
    for op in ("RandomUniform", "RandomStandardNormal", "TruncatedNormal"):
        for dtype in FLOATS:
            for seeds, shape in zip(SEEDS, ([], [2, 3], [7, 1], [33])):
                yield op, {"shape": (shape, "int32")}, dict(pair(seeds), dtype=dtype)
        for shape in ([0], [3, 0, 2], [784, 100], [130001]):
            yield op, {"shape": (shape, "int64")}, dict(pair((42, 7)), dtype="float32")
        yield op, {"shape": ([50, 1001], "int32")}, dict(pair((1, 2)), dtype="float64")
    bounds = {
        "int32": ((0, 10), (-5, 6), (-(2**31), 2**31 - 1), (3, 4)),
        "int64": ((0, 10), (-(10**12), 10**12 + 7), (-(2**63), 2**63 - 1), (-5, 2**62 + 2**61)),
    }
    for dtype, pairs in bounds.items():
        for (low, high), seeds, shape in zip(pairs, SEEDS, ([5], [2, 3], [7], [60000])):
            inputs = {"shape": (shape, "int32"), "minval": (low, dtype), "maxval": (high, dtype)}
            yield "RandomUniformInt", inputs, pair(seeds)
    for count in (0, 1, 2, 5, 8, 9, 1000):
        yield "RandomShuffle", {"value": (list(range(count)), "int32")}, pair((42, 7))
    yield "RandomShuffle", {"value": (rows_of(10, 3), "float32")}, pair((0, 5))
    yield "RandomShuffle", {"value": (rows_of(6, 1, 4), "int64")}, pair((9, 9))
    yield "RandomShuffle", {"value": (3, "int32")}, pair((9, 9))
    logits = [[0.1, 0.5, -1.0], [2.0, "-inf", 1.0], [-3.0, -3.0, 5.0], [0.0, "nan", 0.0]]
    for dtype in ("float16", "float32", "float64"):
        for output in ("int32", "int64"):
            for count in (0, 1, 5, 8):
                inputs = {"logits": (logits, dtype), "num_samples": (count, "int32")}
                yield "Multinomial", inputs, dict(pair((42, 7)), output_dtype=output)
    wide = (np.arange(120) % 17 / 5.0).reshape(3, 40).tolist()
    inputs = {"logits": (wide, "float32"), "num_samples": (1000, "int32")}
    yield "Multinomial", inputs, dict(pair((87654321, 3)), output_dtype="int64")
    for dtype in ("float16", "float32", "float64"):
        for seeds, shape, alpha in (
            ((42, 7), [5], 2.5),
            ((0, 5), [2], [0.3, 1.0, 7.0]),
            ((87654321, 1), [], [[0.5], [40.0]]),
            ((3, 3), [400], [0.05, 0.9, 1.0, 1.1]),
            ((3, 3), [0], [0.5]),
        ):
            yield "RandomGamma", {"shape": (shape, "int32"), "alpha": (alpha, dtype)}, pair(seeds)
        for seeds, shape, rate in (
            ((42, 7), [5], 2.5),
            ((0, 5), [2], [0.3, 10.0, 70.0]),
            ((87654321, 1), [], [[0.5], [40.0]]),
            ((3, 3), [400], [0.05, 9.9, 10.1, 900.0]),
            ((3, 3), [0], [0.5]),
            ((3, 3), [2], [0.0, 1.0]),
        ):
            for output in ("int32", "float32"):
                inputs = {"shape": (shape, "int32"), "rate": (rate, dtype)}
                yield "RandomPoissonV2", inputs, dict(pair(seeds), dtype=output)
    for dtype in ("float32", "float64"):
        for seeds, shape, parameters in (
            ((42, 7), [9], (0.0, 1.0, -2.0, 2.0)),
            ((0, 5), [250], (1.0, 2.0, 1.5, 2.0)),
            ((1, 5), [250], (0.0, 1.0, 3.0, "inf")),
            ((2, 5), [30, 5], (0.0, 1.0, "-inf", -2.0)),
            ((3, 5), [3, 50], ([0.0, 1.0, 2.0], 1.5, [-1.0, 2.0, -9.0], [3.0, 2.5, -4.0])),
            ((3, 5), [0], (0.0, 1.0, -2.0, 2.0)),
        ):
            names = ("means", "stdevs", "minvals", "maxvals")
            inputs = {name: (value, dtype) for name, value in zip(names, parameters)}
            yield "ParameterizedTruncatedNormal", dict(inputs, shape=(shape, "int32")), pair(seeds)
    for op in ("StatelessRandomUniform", "StatelessRandomNormal", "StatelessTruncatedNormal"):
        for dtype in FLOATS:
            for seed, kind in (([42, 7], "int32"), ([-1, 5], "int32"), ([2**40, -(2**50)], "int64")):
                yield op, {"shape": ([7], "int32"), "seed": (seed, kind)}, {"dtype": dtype}
    for dtype in ("int32", "int64"):
        inputs = {"shape": ([9], "int32"), "seed": ([1, 2], "int32")}
        yield "StatelessRandomUniformInt", dict(inputs, minval=(-4, dtype), maxval=(11, dtype)), {}
    inputs = {"logits": (logits, "float32"), "num_samples": (6, "int32"), "seed": ([4, 2], "int64")}
    yield "StatelessMultinomial", inputs, {"output_dtype": "int32"}
    for op in ("UniformCandidateSampler", "LogUniformCandidateSampler", "FixedUnigramCandidateSampler",
               "AllCandidateSampler"):
        for unique in (True, False):
            for count, size, seeds in ((4, 9, (42, 7)), (20, 1000, (0, 5)), (6, 7, (87654321, 3))):
                more = {} if op.startswith("All") else {"range_max": size}
                if op.startswith("Fixed"):
                    more["unigrams"] = [float(1 + i % 5) for i in range(size)]
                    more["distortion"] = 0.75
                yield op, {"true_classes": ([[1, 3], [0, 2]], "int64")}, dict(
                    pair(seeds), num_true=2, num_sampled=count, unique=unique, **more)


def pair(seeds):
    """The two seed attributes of an op."""
    return {"seed": seeds[0], "seed2": seeds[1]}


def compact(array):
    """A result as JSON: shape, dtype and values, or head, tail and sum of a long one."""
    array = np.asarray(array)
    kept = array if array.size <= WHOLE else np.append(array.flat[:KEPT], array.flat[-KEPT:])
    result = {"shape": list(array.shape), "dtype": array.dtype.name, "values": [number(v) for v in kept.flat]}
    if array.size > WHOLE:
        result["sum"] = number(array.astype("float64").sum())
    return result


def number(value):
    """The shortest number that reads back as the same value of its type."""
    if isinstance(value, np.integer):
        return int(value)
    return float(np.format_float_scientific(value) if isinstance(value, np.floating) else value)


def rows_of(*shape):
    """Counted numbers as nested lists."""
    return np.arange(np.prod(shape)).reshape(shape).tolist()


def run(tf, op, inputs, attrs):
    """Runs one op three times in a session of its own; an op with several outputs gives lists."""
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = {name: tf.constant(np.array(value, dtype)) for name, (value, dtype) in inputs.items()}
        result = getattr(tf.raw_ops, op)(**dict(tensors, **attrs))
        several = isinstance(result, tuple)
        runs = [session.run(result) for _ in range(RUNS)]
    results = [[compact(part) for part in one] if several else compact(one) for one in runs]
    return results[:1] if all(one == results[0] for one in results) else results


def threads(op):
    """One thread for the ops whose numbers depend on how many there are; several for the others."""
    return 1 if "Multinomial" in op or op == "ParameterizedTruncatedNormal" else 4


def recorded(count):
    """The cases that run in a process of so many threads, by their number (a process keeps those of its first run)."""
    tf = oracle()
    tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=count)).close()
    found = {}
    for position, (op, inputs, attrs) in enumerate(cases()):
        if threads(op) == count:
            found[position] = {"op": op, "inputs": inputs, "attrs": attrs, "runs": run(tf, op, inputs, attrs)}
    return {"header": header(tf), "cases": found}


def main():
    """Writes random.json next to this file."""
    printed = [subprocess.check_output([sys.executable, __file__, str(count)]).decode("utf-8") for count in (1, 4)]
    parts = [json.loads(text.splitlines()[-1]) for text in printed]
    found = {int(key): case for part in parts for key, case in part["cases"].items()}
    lines = [json.dumps(found[key], separators=(",", ":"), sort_keys=True) for key in sorted(found)]
    with open(os.path.join(HERE, "random.json"), "w") as out:
        out.write('{"recorded_from":"%s","cases":[\n%s\n]}\n' % (parts[0]["header"], ",\n".join(lines)))
    print("{} cases".format(len(lines)))


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(recorded(int(sys.argv[1]))))
    else:
        main()
