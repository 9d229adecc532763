"""Every declared op gives TensorFlow's values, static shapes, gradients and refusals for its recorded samples."""

import functools
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from oracle import arrays
from oracle.compare import first_line, shorten
from oracle.meant_differences import meant_parts
from oracle.run_op import EXACT, run
from oracle.samples import ALONE, SPECIAL, sampled_ops

from tfmagic import tf
from tfmagic.graph import opdefs, registry
from tfmagic.session.lower.abilities import WITHOUT_KERNEL

DATA = Path(__file__).resolve().parents[1] / "oracle" / "data" / "ops"
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


def differences(name, row, meant):
    """Lines for one recorded sample."""
    sample = {"op": name, **{key: value for key, value in row.items() if key not in RESULTS}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = run(tf, sample)
        fed = run(tf, {**sample, "feed": True}) if "outputs" in row and can_be_fed(sample, row) else None
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


@pytest.mark.parametrize("name", sampled_ops())
def test_op_does_what_tensorflow_does(name):
    meant = meant_parts("op", name)
    lines = [line for row in rows(name) if not is_meant(row, meant) for line in differences(name, row, meant)]
    report = f"{len(lines)} of {len(rows(name))} samples of {name} differ:\n" + "\n".join(lines[:8])
    assert not lines, report


# TensorFlow 1.15 has no kernel of these for the CPU.
NO_VALUES = {"BatchFFT", "BatchFFT2D", "BatchFFT3D", "BatchIFFT", "BatchIFFT2D", "BatchIFFT3D",
             "MaxPoolGradGradWithArgmax", "TileGrad"}
# These take whatever there is.
NO_REFUSALS = {
    "ControlTrigger", "Copy", "CopyHost", "DebugGradientIdentity", "DebugGradientRefIdentity", "DeepCopy", "Enter",
    "Exit", "Fact", "FakeParam", "GuaranteeConst", "Identity", "IdentityN", "IsVariableInitialized", "NextIteration",
    "NoOp", "PreventGradient", "Print", "PyFuncStateless", "RandomShuffle", "Rank", "RefEnter", "RefExit",
    "RefIdentity", "RefNextIteration", "SerializeTensor", "Size", "Snapshot", "StopGradient", "TensorArraySizeV3",
    "TensorListLength", "TensorSummary", "VarIsInitializedOp", "VariableShape", "ZerosLike",
}  # fmt: skip


def test_every_declared_op_has_recorded_values_and_a_refusal():
    lacking = {kind: {name for name in sampled_ops() if not any(kind in row for row in rows(name))}
               for kind in ("outputs", "error")}
    assert lacking == {"outputs": NO_VALUES, "error": NO_REFUSALS}


def test_records_and_samples_are_of_declared_ops():
    declared = set(registry.declarations())
    assert {path.stem for path in DATA.glob("*.json")} <= declared - set(ALONE)
    assert set(SPECIAL) <= declared


def test_what_counts_as_running_without_a_kernel_gives_values():
    """Variables, loops, branches and calls: their rows have values, or their tests run them in functions."""
    tests_of_functions = (DATA.parents[2] / "session" / "test_library_functions.py").read_text("utf-8") + "".join(
        path.read_text("utf-8") for path in (DATA.parent / "graphs").glob("switch_case*.json"))
    assert {name for name in WITHOUT_KERNEL if not any("outputs" in row for row in rows(name))
            and not (ALONE.get(name) == "calls functions" and f'"{name}"' in tests_of_functions)} == set()


def has_host_objects(name, declaration):
    """Whether an op takes or gives strings or handles, of which torch knows nothing: files, data sets, summaries."""
    definition = opdefs.get(name)
    on_variables = {*declaration.reads, *declaration.writes}
    return any(arg.name not in on_variables and getattr(arg.dtype, "kind", "") == "O"
               for arg in (*definition.inputs, *definition.outputs))


# Why an op is called at run time that could not trace: how many numbers come out, or steps it takes, only values tell.
SIZED_BY_VALUES = ("as long as the values say", "how many boxes stay depends on them",
                   "it loops over as many steps as a value says")


def test_nine_ops_on_numbers_in_ten_trace():
    """Their lines in a plan are calls of torch, or on an object that they work with."""
    on_numbers = {name: found for name, found in registry.declarations().items()
                  if found.kernel is not None and not found.functions and not has_host_objects(name, found)
                  and found.because not in SIZED_BY_VALUES}
    at_run_time = sorted(name for name, found in on_numbers.items() if found.traced is False and not found.objects)
    assert len(at_run_time) <= 0.1 * len(on_numbers), " ".join(at_run_time)
