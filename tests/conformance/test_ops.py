"""Every declared op gives TensorFlow's values, static shapes, gradients and refusals for its recorded samples."""


import pytest
from oracle.meant_differences import meant_parts
from oracle.op_differences import DATA, differences, is_meant, rows
from oracle.samples import ALONE, SPECIAL, sampled_ops

from tfmagic.graph import opdefs, registry
from tfmagic.session.lower.abilities import WITHOUT_KERNEL


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
