"""Which ops a run can carry out: those with a kernel and those that lowering knows itself; why others cannot run."""

from __future__ import annotations

from tfmagic.base import errors
from tfmagic.graph import opdefs, registry
from tfmagic.graph.function_calls import CALLS_BY_ATTRS
from tfmagic.graph.operation import Operation
from tfmagic.session import run_errors

VARIABLE_OPS = frozenset({"VariableV2", "Variable", "VarHandleOp", "TemporaryVariable"})
SWITCHES = frozenset({"Switch", "RefSwitch"})
MERGES = frozenset({"Merge", "RefMerge"})
ENTERS = frozenset({"Enter", "RefEnter"})
EXITS = frozenset({"Exit", "RefExit"})
NEXT = frozenset({"NextIteration", "RefNextIteration"})
# What lowering carries out without a kernel: variables, loops, branches, calls of functions.
WITHOUT_KERNEL = VARIABLE_OPS | SWITCHES | MERGES | ENTERS | EXITS | NEXT | frozenset(CALLS_BY_ATTRS)

# What nobody reaches by a public name, or could do as well without.
_OWN_REASONS = {
    **dict.fromkeys(("DatasetFromGraph", "DatasetToGraph"), "TensorFlow's rewriting of input pipelines is made of it, "
                    "which tfmagic does without; tf.train.export_meta_graph writes a graph with its data sets"),
    "SnapshotDataset": "TensorFlow 1.15 has no public name for it, and its files are read by no other version; "
                       "tf.data.Dataset.cache keeps elements in files",
}
_SEVERAL_MACHINES = ("Collective", "Nccl", "TryRpc", "Rpc", "RemoteFusedGraph")


def runs(op_type: str) -> bool:
    """Whether an op of this type runs."""
    declaration = registry.lookup(op_type)
    return op_type in WITHOUT_KERNEL or (declaration is not None and declaration.kernel is not None)


def lacks(op_type: str) -> str:
    """Why an op does not run."""
    definition = opdefs.get(op_type)
    assert definition is not None
    if not opdefs.is_op(op_type):
        return "TensorFlow 1.15 has it for tests of building graphs"
    if "no_kernel" in definition.flags:
        return "TensorFlow 1.15 has no kernel of it but in builds with Intel's MKL" if "uantiz" in op_type \
            else "it needs a TPU"
    if op_type.startswith(_SEVERAL_MACHINES):
        return "it works with other machines or devices"
    if "gpu_only" in definition.flags:
        return "TensorFlow 1.15 runs it on GPUs only"
    if op_type in _OWN_REASONS:
        return _OWN_REASONS[op_type]
    if "not_raw" in definition.flags and definition.deprecation is not None:
        return f"TensorFlow 1.15 has it in graphs of producers before {definition.deprecation[0]} only, tfmagic no " \
            "kernel for it"
    return "tfmagic has no kernel for it yet"


def refused(op: Operation) -> errors.OpError:
    """The error of an operation that does not run."""
    return run_errors.error(
        errors.UnimplementedError, op, f"Op type {op.type} cannot run: {lacks(op.type)}. It can still be drawn, "
        "imported and exported. Feed its output by feed_dict, or compute it with tf.py_func.")
