"""Samples for the ops of tfmagic/ops/state."""

from oracle.samples.values import N, Values, i32, row



SAMPLES = {
    "CountUpTo": [row(ref=i32(1), limit=5)],
    "ResourceCountUpTo": [row(resource=i32(1), limit=5, T="int32")],
    "ReadVariableOp": [row(resource=Values((2, 3)), dtype="float32")],
    "AssignVariableOp": [row(resource=N(2, 3), value=N(2, 3))],
}
