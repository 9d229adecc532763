"""Samples for ops of sparse tensors."""

from oracle.samples.values import D, N, P, i32, i64, row, text

MATRIX = i64([[0, 1], [0, 2], [3, 0]])


def _crosses(dense, **hashed):
    """Rows of combinations: of words and numbers, sparse and not, joined and hashed."""
    words, numbers = text([["a"], ["b"], ["5"]]), i64([[5], [-6], [7]])
    sparse = {"indices": [i64([[0, 0], [0, 1], [2, 0]])], "values": [text(["x", "y", "z"])], "shapes": [i64([3, 2])]}
    none = {"indices": [], "values": [], "shapes": []}
    kinds = ({"hashed_output": False, "num_buckets": 0, "out_type": "string"},
             {"hashed_output": True, "num_buckets": 0, "out_type": "int64"},
             {"hashed_output": True, "num_buckets": 100, "out_type": "int64"})
    return [row(**given, **{dense: parts}, **kind, **hashed, internal_type=internal) for kind in kinds
            for given, parts, internal in ((sparse, [words], "string"), (sparse, [words, words], "string"),
                                           (none, [numbers, words], "int64"), (none, [numbers], "int64"))]


SAMPLES = {
    "SparseCross": _crosses("dense_inputs", hash_key=956888297470),
    "SparseFeatureCross": _crosses("dense"),
    "SparseFeatureCrossV2": _crosses("dense", hash_key=3),
    "SparseReshape": [
        row(input_indices=MATRIX, input_shape=i64([4, 3]), new_shape=i64([2, -1])),
        row(input_indices=MATRIX, input_shape=i64([4, 3]), new_shape=i64([12])),
        row(input_indices=MATRIX, input_shape=i64([4, 3]), new_shape=i64([3, 2, 2])),
        row(input_indices=i64([[5], [1]]), input_shape=i64([6]), new_shape=i64([2, 3])),
        row(input_indices=i64([]).reshape(0, 2), input_shape=i64([4, 3]), new_shape=i64([6, 2])),
        row(input_indices=i64([]).reshape(0, 2), input_shape=i64([0, 3]), new_shape=i64([3, 0])),
        row(input_indices=MATRIX, input_shape=i64([4, 3]), new_shape=i64([5, -1])),
        row(input_indices=MATRIX, input_shape=i64([4, 3]), new_shape=i64([5, 2])),
        row(input_indices=MATRIX, input_shape=i64([4, 3]), new_shape=i64([-1, -1])),
        row(input_indices=MATRIX, input_shape=i64([4, 3]), new_shape=i64([-2, 6])),
        row(input_indices=i64([]).reshape(0, 2), input_shape=i64([0, 3]), new_shape=i64([0, -1])),
    ],
    "SparseReorder": [
        row(input_indices=i64([[2, 0], [0, 1], [0, 0]]), input_values=N(3), input_shape=i64([3, 2])),
        row(input_indices=i64([[2, 0], [0, 1]]), input_values=text(["a", "b"]), input_shape=i64([3, 2])),
        row(input_indices=i64([[1], [1]]), input_values=N(2), input_shape=i64([3])),
    ],
    "SparseAdd": [
        row(a_indices=MATRIX, a_values=D(3), a_shape=i64([4, 3]), b_indices=i64([[0, 2], [1, 1]]), b_values=D(2),
            b_shape=i64([4, 3]), thresh=D()),
        row(a_indices=MATRIX, a_values=N(3), a_shape=i64([4, 3]), b_indices=i64([]).reshape(0, 2), b_values=N(0),
            b_shape=i64([4, 3]), thresh=N()),
        row(a_indices=MATRIX, a_values=N(3), a_shape=i64([4, 3]), b_indices=i64([[0, 2]]), b_values=N(1),
            b_shape=i64([4, 4]), thresh=N()),
    ],
    "SparseAddGrad": [
        row(backprop_val_grad=N(4), a_indices=MATRIX, b_indices=i64([[0, 2], [1, 1]]),
            sum_indices=i64([[0, 1], [0, 2], [1, 1], [3, 0]])),
    ],
    **{name: [
        row(a_indices=MATRIX, a_values=D(3), a_shape=i64([4, 3]), b_indices=i64([[0, 2], [1, 1]]), b_values=D(2),
            b_shape=i64([4, 3])),
        row(a_indices=MATRIX, a_values=N(3), a_shape=i64([4, 3]), b_indices=i64([[0, 2]]), b_values=N(1),
            b_shape=i64([4, 3])),
    ] for name in ("SparseSparseMaximum", "SparseSparseMinimum")},
    "SparseConcat": [
        row(indices=[MATRIX, i64([[0, 0]])], values=[N(3), N(1)], shapes=[i64([4, 3]), i64([4, 2])], concat_dim=1),
        row(indices=[MATRIX, i64([[0, 0]])], values=[N(3), N(1)], shapes=[i64([4, 3]), i64([1, 3])], concat_dim=0),
        row(indices=[MATRIX, i64([[0, 0]])], values=[N(3), N(1)], shapes=[i64([4, 3]), i64([1, 3])], concat_dim=-2),
        row(indices=[MATRIX, i64([[0, 0]])], values=[N(3), N(1)], shapes=[i64([4, 3]), i64([1, 3])], concat_dim=1),
        row(indices=[MATRIX, i64([[0, 0]])], values=[N(3), N(1)], shapes=[i64([4, 3]), i64([1, 3])], concat_dim=2),
    ],
    "SparseSplit": [
        row(split_dim=i64(1), indices=MATRIX, values=N(3), shape=i64([4, 3]), num_split=2),
        row(split_dim=i64(0), indices=MATRIX, values=text(["a", "b", "c"]), shape=i64([4, 3]), num_split=3),
        row(split_dim=i64(1), indices=MATRIX, values=N(3), shape=i64([4, 3]), num_split=4),
        row(split_dim=i64(2), indices=MATRIX, values=N(3), shape=i64([4, 3]), num_split=2),
    ],
    **{name: [
        row(input_indices=MATRIX, input_values=D(3), input_shape=i64([4, 3]), reduction_axes=i32([1])),
        row(input_indices=MATRIX, input_values=N(3), input_shape=i64([4, 3]), reduction_axes=i32(0)),
        row(input_indices=MATRIX, input_values=N(3), input_shape=i64([4, 3]), reduction_axes=i32([0, 1])),
        row(input_indices=MATRIX, input_values=N(3), input_shape=i64([4, 3]), reduction_axes=i32([-1]), keep_dims=True),
        row(input_indices=MATRIX, input_values=N(3), input_shape=i64([4, 3]), reduction_axes=i32([2])),
    ] for name in ("SparseReduceMax", "SparseReduceSum", "SparseReduceMaxSparse", "SparseReduceSumSparse")},
    "SparseSoftmax": [
        row(sp_indices=MATRIX, sp_values=D(3), sp_shape=i64([4, 3])),
        row(sp_indices=i64([[0, 0, 1], [0, 0, 2]]), sp_values=D(2), sp_shape=i64([1, 1, 3])),
        row(sp_indices=i64([[0]]), sp_values=D(1), sp_shape=i64([1])),
    ],
    **{name: [
        row(sp_indices=MATRIX, sp_values=D(3), sp_shape=i64([4, 3]), dense=P(4, 3)),
        row(sp_indices=MATRIX, sp_values=D(3), sp_shape=i64([4, 3]), dense=P(3)),
        row(sp_indices=MATRIX, sp_values=D(3), sp_shape=i64([4, 3]), dense=P(2, 3)),
    ] for name in ("SparseDenseCwiseAdd", "SparseDenseCwiseMul", "SparseDenseCwiseDiv")},
    "SetSize": [
        row(set_indices=i64([[0, 0], [0, 2], [2, 1]]), set_values=i64([3, 3, 4]), set_shape=i64([3, 4])),
        row(set_indices=i64([[0, 0, 1], [1, 2, 0]]), set_values=text(["a", "b"]), set_shape=i64([2, 3, 4])),
        row(set_indices=i64([]).reshape(0, 2), set_values=i32([]), set_shape=i64([2, 3])),
        row(set_indices=i64([[0, 2], [0, 0]]), set_values=i32([1, 1]), set_shape=i64([2, 3])),
        row(set_indices=i64([[0, 2], [0, 0]]), set_values=i32([1, 1]), set_shape=i64([2, 3]), validate_indices=False),
        row(set_indices=i64([[0, 2], [0, 2]]), set_values=i32([1, 1]), set_shape=i64([2, 3])),
        row(set_indices=i64([[0, 3]]), set_values=i32([1]), set_shape=i64([2, 3])),
        row(set_indices=i64([[2, 0]]), set_values=i32([1]), set_shape=i64([2, 3]), validate_indices=False),
    ],
    "DenseToSparseSetOperation": [
        *(row(set1=i32([[1, 2, 2], [3, 4, 5]]), set2_indices=i64([[0, 0], [0, 1], [1, 1]]), set2_values=i32([2, 7, 5]),
              set2_shape=i64([2, 2]), set_operation=kind) for kind in ("a-b", "b-a", "union", "intersection", "other")),
        row(set1=i32([[1, 2], [3, 4]]), set2_indices=i64([[1, 1]]), set2_values=i32([5]), set2_shape=i64([2, 2]),
            set_operation="intersection"),
        row(set1=i32([[1, 2], [3, 4]]), set2_indices=i64([[1, 1]]), set2_values=i32([5]), set2_shape=i64([3, 2]),
            set_operation="union"),
        row(set1=i32([[1, 2]]), set2_indices=i64([[1, 1]]), set2_values=i32([5]), set2_shape=i64([1, 2]),
            set_operation="union"),
    ],
    "SparseToSparseSetOperation": [
        *(row(set1_indices=i64([[0, 0], [0, 1], [2, 1]]), set1_values=i64([2, 7, 5]), set1_shape=i64([3, 2]),
              set2_indices=i64([[0, 0], [1, 0]]), set2_values=i64([7, 1]), set2_shape=i64([3, 4]),
              set_operation=kind) for kind in ("a-b", "b-a", "union", "intersection")),
        row(set1_indices=i64([[0, 0]]), set1_values=text(["b"]), set1_shape=i64([3, 2]), set2_indices=i64([[0, 0]]),
            set2_values=text(["a"]), set2_shape=i64([3, 4]), set_operation="union"),
        row(set1_indices=i64([[0, 0]]), set1_values=i64([2]), set1_shape=i64([3, 2]), set2_indices=i64([[0, 0]]),
            set2_values=i64([7]), set2_shape=i64([2, 4]), set_operation="union"),
    ],
    "SparseFillEmptyRows": [
        row(indices=MATRIX, values=N(3), dense_shape=i64([5, 3]), default_value=N()),
        row(indices=i64([[3, 0], [0, 2], [0, 1]]), values=N(3), dense_shape=i64([4, 3]), default_value=N()),
        row(indices=i64([[0], [1]]), values=D(2), dense_shape=i64([2]), default_value=D()),
        row(indices=i64([[1, 0, 1]]), values=N(1), dense_shape=i64([3, 2, 2]), default_value=N()),
        row(indices=i64([]).reshape(0, 2), values=N(0), dense_shape=i64([2, 3]), default_value=N()),
        row(indices=i64([]).reshape(0, 2), values=N(0), dense_shape=i64([0, 3]), default_value=N()),
        row(indices=i64([[1, 0]]), values=text(["a"]), dense_shape=i64([2, 3]), default_value=text("none")),
        row(indices=i64([[4, 0]]), values=N(1), dense_shape=i64([2, 3]), default_value=N()),
        row(indices=i64([[-1, 0]]), values=N(1), dense_shape=i64([2, 3]), default_value=N()),
        row(indices=i64([[0, 1]]), values=N(1), dense_shape=i64([0, 3]), default_value=N()),
        row(indices=MATRIX, values=N(2), dense_shape=i64([5, 3]), default_value=N()),
    ],
    "SparseTensorDenseAdd": [
        row(a_indices=MATRIX, a_values=N(3), a_shape=i64([4, 3]), b=N(4, 3)),
        row(a_indices=i64([[3, 0], [0, 1], [0, 1]]), a_values=D(3), a_shape=i64([4, 3]), b=D(4, 3)),
        row(a_indices=i32([[1], [0]]), a_values=N(2), a_shape=i32([2]), b=N(2)),
        row(a_indices=i64([]).reshape(0, 2), a_values=N(0), a_shape=i64([2, 3]), b=N(2, 3)),
        row(a_indices=i64([[4, 0]]), a_values=N(1), a_shape=i64([4, 3]), b=N(4, 3)),
        row(a_indices=MATRIX, a_values=N(3), a_shape=i64([4, 4]), b=N(4, 3)),
        row(a_indices=MATRIX, a_values=N(3), a_shape=i64([4, 3, 1]), b=N(4, 3)),
    ],
    "SparseFillEmptyRowsGrad": [
        row(reverse_index_map=i64([2, 0]), grad_values=N(4)),
        row(reverse_index_map=i64([]), grad_values=N(2)),
        row(reverse_index_map=i64([0]), grad_values=D(1)),
    ],
    "SparseSlice": [
        row(indices=MATRIX, values=N(3), shape=i64([4, 3]), start=i64([0, 1]), size=i64([2, 2])),
        row(indices=MATRIX, values=N(3), shape=i64([4, 3]), start=i64([1, 0]), size=i64([9, 9])),
        row(indices=i64([[3, 0], [0, 1], [0, 1]]), values=D(3), shape=i64([4, 3]), start=i64([0, 0]), size=i64([4, 2])),
        row(indices=i64([[1], [4]]), values=text(["a", "b"]), shape=i64([5]), start=i64([2]), size=i64([3])),
        row(indices=MATRIX, values=N(3), shape=i64([4, 3]), start=i64([4, 0]), size=i64([1, 2])),
        row(indices=MATRIX, values=N(3), shape=i64([4, 3]), start=i64([-1, 0]), size=i64([2, 2])),
        row(indices=i64([]).reshape(0, 2), values=N(0), shape=i64([2, 3]), start=i64([0, 1]), size=i64([2, 2])),
        row(indices=MATRIX, values=N(3), shape=i64([4, 3]), start=i64([0]), size=i64([1])),
        row(indices=MATRIX, values=N(3), shape=i64([4, 3, 1]), start=i64([0, 0, 0]), size=i64([1, 1, 1])),
    ],
    "SparseSliceGrad": [
        row(backprop_val_grad=N(2), input_indices=MATRIX, input_start=i64([0, 1]),
            output_indices=i64([[0, 0], [0, 1]])),
        row(backprop_val_grad=D(1), input_indices=MATRIX, input_start=i64([3, 0]), output_indices=i64([[0, 0]])),
        row(backprop_val_grad=N(0), input_indices=MATRIX, input_start=i64([1, 0]),
            output_indices=i64([]).reshape(0, 2)),
        row(backprop_val_grad=N(2), input_indices=MATRIX, input_start=i64([0, 1]),
            output_indices=i64([[0, 1], [0, 0]])),
    ],
    "SparseTensorDenseMatMul": [
        row(a_indices=MATRIX, a_values=N(3), a_shape=i64([4, 3]), b=N(3, 2)),
        row(a_indices=MATRIX, a_values=D(3), a_shape=i64([4, 3]), b=D(4, 2), adjoint_a=True),
        row(a_indices=i32([[3, 0], [0, 1], [0, 1]]), a_values=N(3), a_shape=i64([4, 3]), b=N(2, 3), adjoint_b=True),
        row(a_indices=MATRIX, a_values=N(3), a_shape=i64([4, 3]), b=N(2, 4), adjoint_a=True, adjoint_b=True),
        row(a_indices=i64([]).reshape(0, 2), a_values=N(0), a_shape=i64([2, 3]), b=N(3, 1)),
        row(a_indices=i64([[4, 0]]), a_values=N(1), a_shape=i64([4, 3]), b=N(3, 2)),
        row(a_indices=i64([[0, 0], [1, -1]]), a_values=N(2), a_shape=i64([4, 3]), b=N(3, 2)),
        row(a_indices=i64([[4, 0]]), a_values=N(1), a_shape=i64([4, 3]), b=N(4, 2), adjoint_a=True),
        row(a_indices=MATRIX, a_values=N(3), a_shape=i64([4, 4]), b=N(3, 2)),
        row(a_indices=MATRIX, a_values=N(3), a_shape=i64([4, 3, 1]), b=N(3, 2)),
        row(a_indices=i64([[0]]), a_values=N(1), a_shape=i64([4, 3]), b=N(3, 2)),
    ],
}

# Elements of two sparse tensors with coordinates of different lengths are compared as far as the longer ones go.
BEYOND = dict.fromkeys(("SparseAdd", "SparseSparseMaximum", "SparseSparseMinimum"), lambda call: (
    call["a_indices"].ndim == call["b_indices"].ndim == 2
    and call["a_indices"].shape[1] != call["b_indices"].shape[1]))
# A node written by hand says itself how long its lists are: other words would follow than from a function's arguments.
BEYOND.update(dict.fromkeys(("SparseFeatureCross", "SparseFeatureCrossV2"), lambda call: len({
    len(call[key]) for key in ("indices", "values", "shapes")}) > 1))
