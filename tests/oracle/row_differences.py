"""Where recorded rows of ops (TensorFlow 2.21) differ from TensorFlow 1.15's, which is what tfmagic makes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from oracle.graphdef import array_of
from oracle.samples.values import Values


@dataclass(frozen=True)
class RowDifference:
    """One meant difference in the recorded rows of an op.

    Args:
        reason: what 1.15 does and 2.21 does not.
        edit: changes a row in place: `inputs`, `attrs`, `outputs` and `gradients` as arrays.
    """

    reason: str
    edit: Callable[[dict], None]


def sign_of_nan(row):
    """The sign of NaN is 0."""
    outputs, x = row["outputs"], row["inputs"]["x"]
    outputs[0] = np.where(np.isnan(x), np.zeros_like(x), outputs[0])


def slope_of_nan(value):
    """An edit that makes the derivative at NaN a number."""

    def edit(row):
        x = row["inputs"]["x"]
        if x.dtype.kind == "f" and np.isnan(x).any():
            gradients, position = row["gradients"], np.flatnonzero(np.isnan(x))
            arriving = Values(row["outputs"][0].shape).array(x.dtype.name, 7)
            gradients["x"][position] = value * arriving[position]

    return edit


def no_gradient(when):
    """An edit that forgets the recorded gradients of rows for which `when` is true."""

    def edit(row):
        if when(row):
            row["gradients"] = None

    return edit


def blank(shape, *positions):
    """An edit that makes outputs zeros of a shape."""

    def edit(row):
        for position in positions:
            row["outputs"][position] = np.zeros(shape, row["outputs"][position].dtype)

    return edit


def both(first, second):
    """The edit that makes two edits."""

    def edit(row):
        first(row)
        second(row)

    return edit


ROWS: dict[str, RowDifference] = {
    "Sign": RowDifference("the sign of NaN is 0 in 1.15", sign_of_nan),
    "Abs": RowDifference("the sign of NaN is 0 in 1.15, so the derivative is 0 as well", slope_of_nan(0)),
    "BesselI1e": RowDifference("1.15 takes NaN for a small number, where the derivative is a half", slope_of_nan(0.5)),
    "TopKV2": RowDifference("1.15 refuses the gradient of the 0 largest: it cannot infer a shape",
                            no_gradient(lambda row: row["inputs"]["k"] == 0)),
    "Svd": RowDifference("u and v that are left out are empty, as their static shapes say: 2.21 leaves a number that "
                         "was never set. 1.15 has no gradient for complex matrices",
                         both(blank(0, 1, 2), no_gradient(lambda row: row["inputs"]["input"].dtype.kind == "c"))),
    "SelfAdjointEigV2": RowDifference("vectors that are left out are empty, as their static shape says: 2.21 leaves a "
                                      "number that was never set", blank(0, 1)),
    "FusedBatchNormV3": RowDifference("what is kept for GPUs is a scalar zero on the CPU: 2.21's oneDNN, which 1.15 "
                                      "does not use, keeps a vector for float32", blank((), 5)),
    **{f"FusedBatchNormGrad{version}": RowDifference("the last outputs are placeholders without elements, as their "
                                                     "static shapes say; 2.21's oneDNN, which 1.15 does not use, makes "
                                                     "scalars for float32", blank(0, 3, 4))
       for version in ("", "V2", "V3")},
}


def expected_row(name, row):
    """A recorded row as arrays, as TensorFlow 1.15 would have made it."""
    row = {**row, "inputs": {key: array_of(value) for key, value in row["inputs"].items()},
           "outputs": array_of(row["outputs"]),
           "gradients": row["gradients"] and {key: array_of(value) for key, value in row["gradients"].items()}}
    if name in ROWS:
        ROWS[name].edit(row)
    return row
