"""What stays different from TensorFlow 1.15 on purpose because 1.15 crashes or is plainly wrong: a short list."""

from __future__ import annotations

# "program NAME", "error NAME" or "op NAME", then ": " and the part that is not compared -> what 1.15 does, and why not.
# Parts of an op: "gradients", "rows" (nothing is compared), "NaN" (rows with a NaN among the inputs), "words" (of
# refusals, and their class: it must refuse all the same).
_MAIN_DIAGONAL = ("1.15 forgets k in the gradients of these: it takes those of the main diagonal, which are wrong, or "
                  "do not fit and are refused.")
_EXTREME = ("1.15 skips a NaN or hands it on, by which value it meets first. To look for NaN would cost more than the "
            "maximum itself; here a NaN comes out, or its index.")
_NAN_HIDDEN = ("1.15 hides a NaN: its maximum skips it, and a window of nothing else gives the lowest float; the "
               "gradient goes to the NaN or elsewhere by its place.")
_MISCOUNTED = ("1.15's gradient function takes or gives another number of gradients than its op has, which is then "
               "refused.")
_BY_CHANCE = ("1.15 goes on with a NaN as with a number: an integer of it is what the processor makes, a search among "
              "sums that are NaN ends anywhere.")
_ZERO_TIMES = ("0 times NaN is NaN: 1.15 multiplies zeros that it pads with, which we leave out, and leaves out pixels "
               "of weight zero, which we multiply.")
MEANT: dict[str, str] = {
    "op MatrixDiagV2: gradients": _MAIN_DIAGONAL,
    "op MatrixSetDiagV2: gradients": _MAIN_DIAGONAL,
    "op Atan2: gradients": "1.15 forgets that the inputs broadcast: it refuses the shapes of its own gradients.",
    "op MatrixDiagPartV2: gradients": _MISCOUNTED,
    **{f"op {name}: NaN": _EXTREME for name in (
        "ArgMax", "ArgMin", "CumulativeLogsumexp", "Max", "Maximum", "Min", "Minimum", "UnsortedSegmentMax",
        "UnsortedSegmentMin")},
    **{f"op {name}: NaN": _EXTREME for name in ("SparseReduceMax", "SparseReduceMaxSparse", "SparseSparseMaximum",
                                                "SparseSparseMinimum")},
    "op MaxPool: NaN": _NAN_HIDDEN,
    "op MaxPool3D: NaN": _NAN_HIDDEN,
    "op Conv3D: NaN": _ZERO_TIMES,
    "program gradient_of_a_function_of_python: nodes": (
        "1.15 keeps the inputs of a function's last call, and its gradient node takes them away: a second gradient in "
        "a run, or one in a loop, ends in a KeyError. Here the gradient node takes the inputs themselves."),
    "op EagerPyFunc: words": (
        "1.15 computes the function eagerly, and its eager runtime looks in vain for a device that multiplies a string "
        "(NotFoundError). Here the function builds a graph, which refuses a string as every graph does (TypeError)."),
    "op AdjustHue: NaN": _EXTREME,
    "op ScaleAndTranslate: NaN": _ZERO_TIMES,
    "op KmeansPlusPlusInitialization: NaN": _BY_CHANCE,
    "op QuantizedBiasAdd: NaN": _BY_CHANCE,
    "op QuantizedBatchNormWithGlobalNormalization: NaN": _BY_CHANCE,
    **{f"op {name}: words": "1.15 asks an x of rank 1 for its second size, and reads what lies behind its shape."
       for name in ("GRUBlockCellGrad", "LSTMBlockCellGrad")},
    "op SparseSparseMaximum: gradients": _MISCOUNTED,
    "op SparseSparseMinimum: gradients": _MISCOUNTED,
    "op TopK: gradients": _MISCOUNTED,
}


def meant_parts(kind: str, name: str) -> set[str]:
    """The parts of a program, error case or op row that are not compared.

    Args:
        kind: "program", "error" or "op".
        name: its name.
    """
    return {part for where, _, part in (key.partition(": ") for key in MEANT) if where == f"{kind} {name}"}
