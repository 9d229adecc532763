"""Every declared op with a kernel gives TensorFlow's values, static shapes and gradients for its recorded samples."""

import functools
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from oracle.compare import shorten
from oracle.meant_differences import OPS
from oracle.row_differences import expected_row
from oracle.run_op import run
from oracle.samples import sampled_ops

from tfmagic import tf

DATA = Path(__file__).resolve().parents[1] / "oracle" / "data" / "ops"
TOLERANCE = {"float16": (4e-3, 4e-3), "float32": (3e-5, 1e-5), "complex64": (3e-5, 1e-5)}
XFAIL: dict[str, str] = {}


@functools.cache
def rows(name):
    path = DATA / f"{name}.json"
    return json.loads(path.read_text())["rows"] if path.exists() else []


def parametrised():
    return [pytest.param(name, marks=pytest.mark.xfail(reason=XFAIL[name], strict=True)) if name in XFAIL else name
            for name in sampled_ops()]


def differences(expected, actual, what):
    """Lines for arrays (or lists of them, or None) that are not the recorded ones."""
    if isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            return [f"{what}: {shorten(actual)}, expected {len(expected)} arrays"]
        return [line for i, pair in enumerate(zip(expected, actual)) for line in differences(*pair, f"{what}[{i}]")]
    if expected is None or actual is None:
        return [] if expected is actual else [f"{what}: {shorten(actual)}, expected {shorten(expected)}"]
    actual = np.asarray(actual, object if isinstance(actual, bytes) else None)
    if expected.dtype != actual.dtype or expected.shape != actual.shape:
        return [f"{what}: {actual.dtype} {actual.shape}, expected {expected.dtype} {expected.shape}"]
    if expected.dtype.kind in "fc":
        relative, absolute = TOLERANCE.get(expected.dtype.name, (1e-9, 1e-9))
        equal = np.allclose(actual, expected, relative, absolute, equal_nan=True)
    else:
        equal = np.array_equal(actual, expected)
    return [] if equal else [f"{what}: {shorten(actual.tolist(), 300)}\n    expected {shorten(expected.tolist(), 300)}"]


def described(value):
    """An argument of a sample as text."""
    if isinstance(value, list):
        return [described(item) for item in value]
    return f"{value.dtype}{value.tolist()}" if isinstance(value, np.ndarray) else value


def problems_of(name, row):
    """Lines for one recorded sample."""
    row = expected_row(name, row)
    sample = {**row["inputs"], **row["attrs"]}
    brief = ", ".join(f"{key}={shorten(described(value), 120)}" for key, value in sample.items())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = run(tf, name, sample)
        except Exception as error:
            return [f"{brief}\n  {type(error).__name__}: {str(error)[:300]}"]
    meant = OPS.get(name, {})
    lines = differences(row["outputs"], list(result["outputs"]), "output")
    if result["static"] != row["static"] and "static" not in meant:
        lines.append(f"static shapes {result['static']}, expected {row['static']}")
    if "gradients" not in meant and row["gradients"] is not None:
        found = result["gradients"] or {}
        for key, value in row["gradients"].items():
            lines += differences(value, found.get(key), f"gradient of {key}")
    return [f"{brief}\n  " + "\n  ".join(lines)] if lines else []


@pytest.mark.parametrize("name", parametrised())
def test_op_computes_what_tensorflow_computes(name):
    assert rows(name), f"{name} has no recorded rows: give it samples in tests/oracle/special_samples.py and record"
    lines = [line for row in rows(name) for line in problems_of(name, row)]
    assert not lines, f"{len(lines)} of {len(rows(name))} samples of {name} differ:\n" + "\n".join(lines[:8])


def test_no_record_is_left_of_an_op_that_is_gone():
    assert {path.stem for path in DATA.glob("*.json")} <= set(sampled_ops())
