"""In what tfmagic differs from TensorFlow 1.15 in the recorded samples of an op."""

import functools
import json
import warnings
from pathlib import Path

import numpy as np
from oracle import arrays
from oracle.compare import first_line, shorten
from oracle.run_op import EXACT, run

from tfmagic import tf

DATA = Path(__file__).resolve().parent / "data" / "ops"
TOLERANCE = {"float16": (4e-3, 4e-3), "bfloat16": (2e-2, 2e-2), "float32": (3e-5, 1e-5), "complex64": (3e-5, 1e-5)}
RESULTS = ("outputs", "static", "gradients", "error")


@functools.cache
def rows(name):
    path = DATA / f"{name}.json"
    return json.loads(path.read_text())["rows"] if path.exists() else []


def array_differences(expected, actual, what, exact=False):
    """Lines for written arrays (or lists of them, or None) that are not the recorded ones."""
    if expected == "unset":
        return []
    if expected is None or actual is None or not arrays.is_array(expected):
        if expected is None or actual is None or len(expected) != len(actual):
            return [] if expected is actual else [f"{what}: {shorten(actual)}, expected {shorten(expected)}"]
        return [line for i, pair in enumerate(zip(expected, actual))
                for line in array_differences(*pair, f"{what}[{i}]", exact)]
    if expected[0] == actual[0]:
        wanted, found = arrays.read(expected), arrays.read(actual)
        if exact or wanted.dtype.kind not in "fcV":
            same = np.array_equal(wanted, found, equal_nan=wanted.dtype.kind in "fc")
        else:
            relative, absolute = TOLERANCE.get(wanted.dtype.name, (1e-9, 1e-9))
            if wanted.dtype.kind == "V":
                wanted, found = wanted.astype(np.float32), found.astype(np.float32)
            same = np.allclose(found, wanted, relative, absolute, equal_nan=True)
        if same:
            return []
    return [f"{what}: {shorten(actual, 300)}\n    expected {shorten(expected, 300)}"]


def gradient_differences(expected, actual):
    """Lines for gradients; where TensorFlow has none, anything that refuses will do; where it lacks a kernel, all."""
    if expected == "lacking":
        return []
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [line for key, value in expected.items()
                for line in array_differences(value, actual.get(key), f"gradient of {key}")]
    same = expected == actual or (isinstance(expected, str) and isinstance(actual, str) and "LookupError" not in (
        expected, actual))
    return [] if same else [f"gradients: {shorten(actual)}, expected {shorten(expected)}"]


def error_differences(expected, actual):
    """Lines for a refusal in another phase, class or words."""
    if expected is None or actual is None:
        return [f"refusal: {actual}, expected {expected}"] if expected is not actual else []
    same = expected[:2] == actual[:2] and first_line(expected[2]) == first_line(actual[2])
    return [] if same else [f"refusal: {actual}\n    expected {expected}"]


def differences(name, row, meant, device="/cpu:0"):
    """Lines for one recorded sample, run on a device."""
    sample = {"op": name, **{key: value for key, value in row.items() if key not in RESULTS}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = run(tf, sample, device)
        fed = run(tf, {**sample, "feed": True}, device) if "outputs" in row and can_be_fed(sample, row) else None
    refusals = row.get("error"), result.get("error")
    lines = [] if "words" in meant and all(refusals) else error_differences(*refusals)
    if not lines and "outputs" in row:
        lines += array_differences(row["outputs"], result["outputs"], "outputs", name in EXACT)
        if result["static"] != row["static"]:
            lines.append(f"static shapes {result['static']}, expected {row['static']}")
        if "gradients" not in meant:
            lines += gradient_differences(row.get("gradients"), result.get("gradients"))
        if fed is not None:
            lines += [f"fed: {line}" for line in error_differences(None, fed.get("error")) or array_differences(
                row["outputs"], fed["outputs"], "outputs", name in EXACT)]
    return [f"{shorten(json.dumps(sample), 400)}\n  " + "\n  ".join(lines)] if lines else []


def is_meant(row, meant):
    """Whether a row is one of those that stay different on purpose."""
    return "rows" in meant or ("NaN" in meant and '"nan"' in json.dumps(row["inputs"]))


def can_be_fed(sample, row):
    """Whether an input of a sample can be fed: TensorFlow builds the op for placeholders of unknown shape."""
    return any(isinstance(value, list) for value in sample["inputs"].values()) and \
        not row["static"][-1].endswith("Error")
