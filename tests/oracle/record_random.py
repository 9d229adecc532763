"""Records what TensorFlow's random ops print for given seeds into random.json, which the tests compare with.

Run it with a Python that has TensorFlow (recorded with tensorflow-cpu 2.21.0, compat.v1 sessions):

    python tests/oracle/record_random.py

Every case is one op run three times in one session, so that the stream's advance from run to run is recorded.
Results of more than 40 numbers keep their head, their tail and their sum.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import multiprocessing
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow.compat.v1 as tf

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
                yield op, {"shape": (shape, "int32")}, {"dtype": dtype, **pair(seeds)}
        for shape in ([0], [3, 0, 2], [784, 100], [130001]):
            yield op, {"shape": (shape, "int64")}, {"dtype": "float32", **pair((42, 7))}
        yield op, {"shape": ([50, 1001], "int32")}, {"dtype": "float64", **pair((1, 2))}
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
    yield "RandomShuffle", {"value": (np.arange(30).reshape(10, 3).tolist(), "float32")}, pair((0, 5))
    yield "RandomShuffle", {"value": (np.arange(24).reshape(6, 1, 4).tolist(), "int64")}, pair((9, 9))
    yield "RandomShuffle", {"value": (3, "int32")}, pair((9, 9))
    logits = [[0.1, 0.5, -1.0], [2.0, "-inf", 1.0], [-3.0, -3.0, 5.0], [0.0, "nan", 0.0]]
    for dtype in ("float16", "float32", "float64"):
        for output in ("int32", "int64"):
            for count in (0, 1, 5, 8):
                inputs = {"logits": (logits, dtype), "num_samples": (count, "int32")}
                yield "Multinomial", inputs, {"output_dtype": output, **pair((42, 7))}
    wide = (np.arange(120) % 17 / 5.0).reshape(3, 40).tolist()
    inputs = {"logits": (wide, "float32"), "num_samples": (1000, "int32")}
    yield "Multinomial", inputs, {"output_dtype": "int64", **pair((87654321, 3))}
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
                yield "RandomPoissonV2", inputs, {"dtype": output, **pair(seeds)}
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
            yield "ParameterizedTruncatedNormal", {"shape": (shape, "int32"), **inputs}, pair(seeds)
    for op in ("StatelessRandomUniform", "StatelessRandomNormal", "StatelessTruncatedNormal"):
        for dtype in FLOATS:
            for seed, kind in (([42, 7], "int32"), ([-1, 5], "int32"), ([2**40, -(2**50)], "int64")):
                yield op, {"shape": ([7], "int32"), "seed": (seed, kind)}, {"dtype": dtype}
    for dtype in ("int32", "int64"):
        inputs = {"shape": ([9], "int32"), "seed": ([1, 2], "int32")}
        yield "StatelessRandomUniformInt", {**inputs, "minval": (-4, dtype), "maxval": (11, dtype)}, {}
    inputs = {"logits": (logits, "float32"), "num_samples": (6, "int32"), "seed": ([4, 2], "int64")}
    yield "StatelessMultinomial", inputs, {"output_dtype": "int32"}


def pair(seeds):
    """The two seed attributes of an op."""
    return {"seed": seeds[0], "seed2": seeds[1]}


def compact(array):
    """A result as JSON: shape, dtype and values, or head, tail and sum of a long one."""
    numbers = [number(value) for value in (array if array.size <= WHOLE else np.append(
        array.flat[:KEPT], array.flat[-KEPT:])).flat]
    result = {"shape": list(array.shape), "dtype": str(array.dtype), "values": numbers}
    if array.size > WHOLE:
        result["sum"] = number(array.astype("float64").sum())
    return result


def number(value):
    """The shortest number that reads back as the same value of its type."""
    return int(value) if isinstance(value, np.integer) else float(str(value))


def run(op, inputs, attrs):
    """Runs one op three times in a session of its own."""
    tf.disable_v2_behavior()
    config = tf.ConfigProto(intra_op_parallelism_threads=threads(op))
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        tensors = {name: tf.constant(np.array(*typed)) for name, typed in inputs.items()}
        kinds = {k: tf.as_dtype(v) if isinstance(v, str) else v for k, v in attrs.items()}
        result = getattr(tf.raw_ops, op)(**tensors, **kinds)
        results = [compact(session.run(result)) for _ in range(RUNS)]
    return results[:1] if all(result == results[0] for result in results) else results


def threads(op):
    """One thread for the ops whose numbers depend on how many there are; several for the others."""
    return 1 if "Multinomial" in op or op == "ParameterizedTruncatedNormal" else 4


def main():
    """Writes random.json next to this file."""
    recorded = []
    with contextlib.ExitStack() as stack:
        # A process keeps the number of threads of its first session.
        spawn = multiprocessing.get_context("spawn")
        pools = {
            count: stack.enter_context(concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn))
            for count in (1, 4)
        }
        for op, inputs, attrs in cases():
            results = pools[threads(op)].submit(run, op, inputs, attrs).result()
            recorded.append({"op": op, "inputs": inputs, "attrs": attrs, "runs": results})
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in recorded)
    path = pathlib.Path(__file__).with_name("random.json")
    path.write_text(f'{{"tensorflow":"{tf.__version__}","cases":[\n{lines}\n]}}\n')
    print(f"{len(recorded)} cases, {path.stat().st_size // 1024} KB, TensorFlow {tf.__version__}")


if __name__ == "__main__":
    main()
