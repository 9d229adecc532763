"""Samples for ops whose inputs follow rules of their own, and the ops that other tests cover.

A row is the keyword arguments of one call; the first row is taken in every dtype of the op, the others in one.
`N`, `P`, `D`, `S` stand for arrays in that dtype (any, positive, distinct, positive definite values).
"""

import numpy as np
from oracle.values import D, N, P, S, Values, boolean, f32, i32, i64, text


def row(**arguments):
    """The arguments of one call."""
    return arguments


def renamed(rows, **names):
    """The same rows with other argument names."""
    return [{names.get(key, key): value for key, value in row.items()} for row in rows]


def rows(*values, name="x"):
    """One row for each value of the one input."""
    return [{name: value} for value in values]


AXES = [
    row(input=N(2, 3), axis=i32(0)),
    row(input=N(2, 3, 2), axis=i32([0, 2])),
    row(input=N(2, 3), axis=i32(-1)),
    row(input=N(2, 3), axis=i32([0, 1]), keep_dims=True),
    row(input=N(3), axis=i32([])),
    row(input=N(0, 3), axis=i32(0)),
    row(input=N(2, 0), axis=i64([1])),
    row(input=N(), axis=i32([])),
]
TRUTH_AXES = [
    row(input=boolean([[True, False], [True, True]]), axis=i32(0)),
    row(input=boolean([[True, False], [True, True]]), axis=i32([0, 1]), keep_dims=True),
    row(input=boolean([[False], [False]]), axis=i32(-1)),
    row(input=boolean([[]]), axis=i32(1)),
]
DISTINCT_AXES = [{**row, "input": D(*row["input"].shape)} for row in AXES if 0 not in row["input"].shape]
SCAN = [
    row(x=N(2, 3), axis=i32(0)),
    row(x=N(2, 3), axis=i32(-1), exclusive=True),
    row(x=N(4), axis=i32(0), reverse=True),
    row(x=N(2, 3), axis=i32(1), exclusive=True, reverse=True),
]
SLICED = row(begin=i32([0, 1]), end=i32([2, 3]), strides=i32([1, 1]))
MASKS = [
    {},
    row(begin_mask=1, end_mask=2),
    row(shrink_axis_mask=1),
    row(ellipsis_mask=1),
    row(new_axis_mask=2),
]
WINDOW = row(ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
CONV = [
    row(input=N(1, 5, 5, 2), filter=N(3, 3, 2, 3), strides=[1, 1, 1, 1], padding="SAME"),
    row(input=N(2, 5, 4, 1), filter=N(2, 3, 1, 2), strides=[1, 2, 2, 1], padding="VALID"),
    row(input=N(1, 5, 5, 1), filter=N(3, 3, 1, 1), strides=[1, 2, 2, 1], padding="SAME"),
    row(
        input=N(1, 6, 6, 2),
        filter=N(2, 2, 2, 2),
        strides=[1, 1, 1, 1],
        padding="SAME",
        dilations=[1, 2, 2, 1],
    ),
    row(input=N(1, 4, 4, 1), filter=N(4, 4, 1, 1), strides=[1, 2, 2, 1], padding="SAME"),
    row(
        input=N(1, 5, 5, 1),
        filter=N(3, 3, 1, 2),
        strides=[1, 1, 1, 1],
        padding="EXPLICIT",
        explicit_paddings=[0, 0, 1, 2, 0, 1, 0, 0],
    ),
]
POOL = [
    row(x=D(1, 4, 4, 2), **WINDOW),
    row(x=D(2, 5, 5, 1), ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding="VALID"),
    row(x=D(1, 5, 5, 1), ksize=[1, 3, 3, 1], strides=[1, 1, 1, 1], padding="SAME"),
    row(x=D(1, 5, 4, 1), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME"),
]
SEGMENTS = [row(data=D(4, 2), segment_ids=i32([0, 0, 1, 3])), row(data=D(3), segment_ids=i64([0, 1, 1]))]
UNSORTED = [
    row(data=D(4, 2), segment_ids=i32([2, 0, 2, 1]), num_segments=i32(4)),
    row(data=D(2, 2), segment_ids=i32([[0, -1], [1, 0]]), num_segments=i32(3)),
]
COMPLEX = (1 + 2j) * f32([1, -2])
MATRIX = [row(input=S(2, 2)), row(input=S(2, 3, 3))]
SPARSE_SEGMENTS = [
    row(data=N(4, 2), indices=i32([0, 2, 0]), segment_ids=i32([0, 0, 1])),
    row(data=N(3), indices=i32([2, 1]), segment_ids=i32([0, 2])),
]
SEGMENT_GRADIENT = [
    row(grad=N(2, 2), indices=i32([0, 2, 1]), segment_ids=i32([0, 0, 1]), output_dim0=i32(4))
]
WINDOW3D = row(ksize=[1, 2, 2, 2, 1], strides=[1, 2, 2, 2, 1], padding="SAME")
SAME3D = row(strides=[1, 1, 1, 1, 1], padding="SAME")
CUBE = f32([0, 1, 2, 3, 4, 5, 6, 7]).reshape(1, 2, 2, 2, 1)
SQUARE = row(orig_input=f32([[[[1], [2]], [[3], [4]]]]), orig_output=f32([[[[4]]]]))
WINDOW_INPUTS = row(ksize=i32([1, 2, 2, 1]), strides=i32([1, 2, 2, 1]), padding="SAME")
NORM_GRADIENT = row(
    y_backprop=Values((2, 2, 2, 2)),
    x=Values((2, 2, 2, 2)),
    scale=f32([1, 2]),
    reserve_space_1=f32([0.1, 0.2]),
    reserve_space_2=f32([1.5, 0.5]),
)


SPECIAL = {
    # math
    "MatMul": [
        row(a=N(2, 3), b=N(3, 4)),
        row(a=N(3, 2), b=N(3, 4), transpose_a=True),
        row(a=N(2, 3), b=N(4, 3), transpose_b=True),
        row(a=N(3, 2), b=N(4, 3), transpose_a=True, transpose_b=True),
        row(a=N(0, 3), b=N(3, 2)),
        row(a=N(2, 0), b=N(0, 2)),
    ],
    "BatchMatMul": [
        row(x=N(2, 2, 3), y=N(2, 3, 1)),
        row(x=N(2, 3, 2), y=N(2, 3, 1), adj_x=True),
        row(x=N(2, 2, 3), y=N(2, 1, 3), adj_y=True),
    ],
    "BatchMatMulV2": [
        row(x=N(2, 2, 3), y=N(2, 3, 1)),
        row(x=N(2, 3, 2), y=N(2, 3), adj_x=True, adj_y=True),
        row(x=N(2, 1, 2, 3), y=N(3, 3, 1)),
        row(x=N(2, 3), y=N(3, 2)),
    ],
    "SparseMatMul": [
        row(a=f32([[0, 1], [2, 0]]), b=f32([[1, 2], [3, 4]])),
        row(a=f32([[0, 1], [2, 0]]), b=f32([[1, 2], [3, 4]]), transpose_a=True, transpose_b=True),
    ],
    "AddN": [row(inputs=[N(2, 3), N(2, 3), N(2, 3)]), row(inputs=[N(2)]), row(inputs=[N(), N()])],
    "AccumulateNV2": [row(inputs=[N(2, 3), N(2, 3)], shape=[2, 3])],
    "Sum": AXES,
    "Mean": AXES,
    "Prod": AXES,
    "Max": DISTINCT_AXES,
    "Min": DISTINCT_AXES,
    "EuclideanNorm": AXES,
    "All": TRUTH_AXES,
    "Any": TRUTH_AXES,
    "Cumsum": SCAN,
    "Cumprod": SCAN,
    "ArgMax": renamed(DISTINCT_AXES[:1] + DISTINCT_AXES[2:3], axis="dimension"),
    "ArgMin": renamed(DISTINCT_AXES[:1] + DISTINCT_AXES[2:3], axis="dimension"),
    "Select": [
        row(condition=boolean([True, False]), x=N(2, 3), y=N(2, 3)),
        row(condition=boolean(True), x=N(2), y=N(2)),
        row(condition=boolean([[True, False]]), x=N(1, 2), y=N(1, 2)),
    ],
    "SelectV2": [
        row(condition=boolean([[True], [False]]), t=N(2, 3), e=N(3)),
        row(condition=boolean(True), t=N(), e=N(2)),
    ],
    "ClipByValue": [row(t=N(2, 3), clip_value_min=N(), clip_value_max=Values((), 2, 3))],
    "Range": [
        row(start=i32(1), limit=i32(9), delta=i32(2)),
        row(start=i32(5), limit=i32(0), delta=i32(-2)),
        row(start=f32(0.0), limit=f32(1.0), delta=f32(0.3)),
        row(start=i32(3), limit=i32(3), delta=i32(1)),
    ],
    "LinSpace": [row(start=P(), stop=P(), num=i32(5)), row(start=P(), stop=P(), num=i32(1))],
    "Cast": [
        row(x=f32([1.7, -1.7, 0.0, 300.5]), DstT=t)
        for t in ("int32", "float64", "bool", "float16", "int64", "complex64")
    ]
    + [row(x=i32([0, 1, -5, 300]), DstT=t) for t in ("float32", "uint8", "int8", "bool")]
    + [row(x=boolean([True, False]), DstT=t) for t in ("float32", "int32")],
    "Bincount": [
        row(arr=i32([1, 1, 3]), size=i32(5), weights=f32([])),
        row(arr=i32([0, 2]), size=i32(2), weights=f32([1, 2])),
    ],
    "Cross": [row(a=N(2, 3), b=N(2, 3))],
    "FFT": rows(N(2, 4), N(3), name="input"),
    "IFFT": rows(N(2, 4), N(3), name="input"),
    "FFT2D": rows(N(2, 3, 4), name="input"),
    "IFFT2D": rows(N(2, 3, 4), name="input"),
    "FFT3D": rows(N(2, 3, 2), name="input"),
    "IFFT3D": rows(N(2, 3, 2), name="input"),
    "RFFT": [row(input=f32([[1, 2, 4, 3], [0, -1, 2, 5]]), fft_length=i32([4])),
             row(input=f32([1, 2, -1]), fft_length=i32([3]))],
    "RFFT2D": [row(input=f32([[1, 2, 4, 3], [0, -1, 2, 5]]), fft_length=i32([2, 4]))],
    "RFFT3D": [row(input=f32([[[1, 2, 4, 3], [0, -1, 2, 5]]]), fft_length=i32([1, 2, 4]))],
    "IRFFT": [row(input=np.array([1, 2 + 1j, -1], np.complex64), fft_length=i32([4])),
              row(input=np.array([1, 2 + 1j], np.complex64), fft_length=i32([3]))],
    "IRFFT2D": [row(input=np.array([[1, 2 + 1j, -1]], np.complex64), fft_length=i32([1, 4]))],
    "IRFFT3D": [row(input=np.array([[[1, 2 + 1j, -1]]], np.complex64), fft_length=i32([1, 1, 4]))],
    "DenseToDenseSetOperation": [
        row(set1=i32([[1, 2, 2], [3, 5, 9]]), set2=i32([[2, 7], [9, 3]]), set_operation=operation)
        for operation in ("a-b", "b-a", "intersection", "union")],
    "Betainc": [row(a=P(3), b=P(3), x=Values((3,), 0.1, 0.9))],
    "Complex": [row(real=f32([1, 2]), imag=f32([3, -4]))],
    "Real": rows(COMPLEX, name="input"),
    "Imag": rows(COMPLEX, name="input"),
    "Conj": rows(COMPLEX, f32([1, 2]), name="input"),
    "Angle": rows(COMPLEX, name="input"),
    "ComplexAbs": rows(COMPLEX),
    "Bitcast": [row(input=f32([1.0, -2.0]), type="int32"), row(input=i32([[1, 2]]), type="int64")],
    "LeftShift": [row(x=i32([1, -2, 3]), y=i32([1, 2, 3]))],
    "RightShift": [row(x=i32([8, -8, 3]), y=i32([1, 2, 0]))],
    "SegmentSum": SEGMENTS,
    "SegmentMean": SEGMENTS,
    "SegmentMax": SEGMENTS,
    "SegmentMin": SEGMENTS,
    "SegmentProd": SEGMENTS,
    "UnsortedSegmentSum": UNSORTED,
    "UnsortedSegmentProd": UNSORTED,
    "UnsortedSegmentMax": UNSORTED,
    "UnsortedSegmentMin": UNSORTED,
    "Polygamma": [row(a=Values((2,), 1, 1), x=P(2))],
    "Zeta": [row(x=Values((2,), 2, 4), q=P(2))],
    "Igamma": [row(a=P(3), x=P(3))],
    "Igammac": [row(a=P(3), x=P(3))],
    "ApproximateEqual": [row(x=N(3), y=N(3)), row(x=f32([1, 2]), y=f32([1.05, 2.5]), tolerance=0.1)],
    "Pow": [
        row(x=P(2, 3), y=P(2, 3)),
        row(x=P(2, 3), y=N(3)),
        row(x=f32([0, -2, -2, 2]), y=f32([0, 2, 3, -1])),
        row(x=i32([2, -3, 5]), y=i32([3, 2, 0])),
    ],
    "Xdivy": [row(x=P(2, 3), y=P(3)), row(x=f32([0, 0, 1]), y=f32([0, 1, 2]))],
    "Xlogy": [row(x=P(2, 3), y=P(3)), row(x=f32([0, 0, 1]), y=f32([0, 1, 2]))],
    "FloorDiv": [
        row(x=P(2, 3), y=P(2, 3)),
        row(x=i32([7, -7, 7, -7]), y=i32([2, 2, -2, -2])),
        row(x=f32([7, -7]), y=f32([2, 2])),
    ],
    "FloorMod": [
        row(x=P(2, 3), y=P(2, 3)),
        row(x=i32([7, -7, 7, -7]), y=i32([2, 2, -2, -2])),
        row(x=f32([7, -7.5]), y=f32([2, -2])),
    ],
    "Mod": [row(x=P(2, 3), y=P(2, 3)), row(x=i32([7, -7, 7, -7]), y=i32([2, 2, -2, -2]))],
    "TruncateDiv": [row(x=P(2, 3), y=P(2, 3)), row(x=i32([7, -7, 7, -7]), y=i32([2, 2, -2, -2]))],
    "TruncateMod": [row(x=P(2, 3), y=P(2, 3)), row(x=i32([7, -7, 7, -7]), y=i32([2, 2, -2, -2]))],
    "Div": [
        row(x=P(2, 3), y=P(2, 3)),
        row(x=P(2, 3), y=P(3)),
        row(x=i32([7, -7, 7]), y=i32([2, 2, -2])),
        row(x=f32([1, -1, 0]), y=f32([0, 0, 0])),
    ],
    "RealDiv": [row(x=P(2, 3), y=P(2, 3)), row(x=P(2, 3), y=P(3)), row(x=f32([1, -1, 0]), y=f32([0, 0, 0]))],
    "DivNoNan": [row(x=P(2, 3), y=P(3)), row(x=f32([1, -1, 0]), y=f32([0, 2, 0]))],
    "HistogramFixedWidth": [row(values=f32([-1, 0.1, 0.5, 9]), value_range=f32([0, 1]), nbins=i32(4))],
    # array
    "Reshape": [
        row(tensor=N(2, 3), shape=i32([3, 2])),
        row(tensor=N(2, 3), shape=i32([-1])),
        row(tensor=N(1), shape=i32([])),
        row(tensor=N(2, 3, 2), shape=i64([2, -1])),
    ],
    "Transpose": [
        row(x=N(2, 3), perm=i32([1, 0])),
        row(x=N(2, 3, 4), perm=i32([2, 0, 1])),
        row(x=N(2, 2), perm=i64([0, 1])),
    ],
    "ConjugateTranspose": [row(x=N(2, 3), perm=i32([1, 0]))],
    "ExpandDims": [
        row(input=N(2, 3), axis=i32(0)),
        row(input=N(2, 3), axis=i32(-1)),
        row(input=N(), axis=i64(0)),
    ],
    "Squeeze": [row(input=N(1, 2, 1)), row(input=N(1, 2, 1), axis=[0]), row(input=N(1, 2, 1), axis=[-1])],
    "Concat": [row(concat_dim=i32(0), values=[N(1, 2), N(2, 2)])],
    "ConcatV2": [
        row(values=[N(1, 2), N(2, 2)], axis=i32(0)),
        row(values=[N(2, 1), N(2, 2), N(2, 0)], axis=i32(-1)),
        row(values=[N(2), N(3)], axis=i64(0)),
    ],
    "ConcatOffset": [row(concat_dim=i32(1), shape=[i32([2, 2]), i32([2, 3]), i32([2, 5])])],
    "Pack": [
        row(values=[N(2), N(2)]),
        row(values=[N(2, 3), N(2, 3)], axis=1),
        row(values=[N(2)], axis=-1),
        row(values=[N(), N()]),
    ],
    "Unpack": [
        row(value=N(2, 3), num=2),
        row(value=N(2, 3), num=3, axis=1),
        row(value=N(2, 3), num=3, axis=-1),
    ],
    "Split": [row(axis=i32(0), value=N(4, 2), num_split=2), row(axis=i32(-1), value=N(2, 3), num_split=3)],
    "SplitV": [
        row(value=N(6, 2), size_splits=i32([1, 2, 3]), axis=i32(0), num_split=3),
        row(value=N(2, 5), size_splits=i64([2, -1]), axis=i32(1), num_split=2),
    ],
    "Slice": [
        row(input=N(3, 4), begin=i32([1, 0]), size=i32([2, -1])),
        row(input=N(3, 4), begin=i64([0, 1]), size=i64([1, 2])),
        row(input=N(3), begin=i32([1]), size=i32([0])),
    ],
    "StridedSlice": [row(input=N(3, 4), **SLICED, **mask) for mask in MASKS]
    + [
        row(input=N(5), begin=i32([-1]), end=i32([0]), strides=i32([-2])),
        row(input=N(2, 3, 4), begin=i64([0, 0]), end=i64([0, 2]), strides=i64([1, 1]), ellipsis_mask=1),
    ],
    "StridedSliceGrad": [
        row(shape=i32([3, 4]), dy=N(2, 2), **SLICED),
        row(shape=i32([3, 4]), dy=N(2), **SLICED, shrink_axis_mask=2),
    ],
    "Gather": [row(params=N(3, 2), indices=i32([2, 0, 2])), row(params=N(3), indices=i64([[1], [0]]))],
    "GatherV2": [
        row(params=N(3, 2), indices=i32([2, 0, 2]), axis=i32(0)),
        row(params=N(3, 2), indices=i32(1), axis=i32(1)),
        row(params=N(2, 3), indices=i64([[0, 2]]), axis=i32(-1)),
        row(params=N(2, 3), indices=i32([[0, 2], [1, 1]]), axis=i32(1), batch_dims=1),
    ],
    "GatherNd": [
        row(params=N(2, 3), indices=i32([[0, 1], [1, 2]])),
        row(params=N(2, 3), indices=i64([[1], [0], [1]])),
        row(params=N(2, 3), indices=i32([[]])),
    ],
    "ScatterNd": [
        row(indices=i32([[1], [3], [1]]), updates=N(3), shape=i32([5])),
        row(indices=i32([[0, 1]]), updates=N(1, 2), shape=i32([2, 2, 2])),
    ],
    "SparseToDense": [
        row(sparse_indices=i32([[0, 1], [2, 0]]), output_shape=i32([3, 2]), sparse_values=N(2), default_value=N()),
        row(sparse_indices=i64([[1], [3]]), output_shape=i64([4]), sparse_values=N(), default_value=N()),
        row(sparse_indices=i32([[3], [1]]), output_shape=i32([4]), sparse_values=N(2), default_value=N(),
            validate_indices=False),
    ],
    "TensorScatterUpdate": [row(tensor=N(4), indices=i32([[1], [3]]), updates=N(2))],
    "TensorScatterAdd": [row(tensor=N(4), indices=i32([[1], [1]]), updates=N(2))],
    "TensorScatterSub": [row(tensor=N(4), indices=i32([[1], [1]]), updates=N(2))],
    "Tile": [
        row(input=N(2, 3), multiples=i32([2, 1])),
        row(input=N(2), multiples=i64([0])),
        row(input=N(1, 2, 1), multiples=i32([2, 1, 3])),
    ],
    "Pad": [row(input=N(2, 3), paddings=i32([[1, 0], [0, 2]])), row(input=N(2), paddings=i64([[1, 1]]))],
    "PadV2": [row(input=N(2, 3), paddings=i32([[1, 0], [0, 2]]), constant_values=N())],
    "MirrorPad": [
        row(input=N(2, 3), paddings=i32([[1, 0], [0, 2]]), mode="REFLECT"),
        row(input=N(2, 3), paddings=i32([[1, 2], [3, 0]]), mode="SYMMETRIC"),
    ],
    "MirrorPadGrad": [
        row(input=N(3, 4), paddings=i32([[1, 0], [0, 1]]), mode="REFLECT"),
        row(input=N(3, 4), paddings=i32([[1, 0], [0, 1]]), mode="SYMMETRIC"),
    ],
    "OneHot": [
        row(indices=i32([0, 2, -1, 5]), depth=i32(3), on_value=N(), off_value=N()),
        row(indices=i64([[1, 0]]), depth=i32(2), on_value=f32(1), off_value=f32(0), axis=0),
    ],
    "Shape": rows(N(2, 3), N(), N(0, 2), name="input"),
    "Size": rows(N(2, 3), N(), N(0, 2), name="input"),
    "Rank": rows(N(2, 3), N(), name="input"),
    "ShapeN": [row(input=[N(2, 3), N(), N(1)])],
    "Fill": [
        row(dims=i32([2, 3]), value=N()),
        row(dims=i64([]), value=N()),
        row(dims=i32([0, 2]), value=N()),
    ],
    "ZerosLike": rows(N(2, 3), N()),
    "OnesLike": rows(N(2, 3), N()),
    "Where": [
        row(condition=boolean([[True, False], [False, True]])),
        row(condition=f32([0, 1.5, 0])),
        row(condition=boolean([False])),
    ],
    "InvertPermutation": rows(i32([2, 0, 1]), i64([1, 0])),
    "Reverse": [row(tensor=N(2, 3), dims=boolean([True, False]))],
    "ReverseV2": [
        row(tensor=N(2, 3), axis=i32([0])),
        row(tensor=N(2, 3), axis=i32([-1, 0])),
        row(tensor=N(2), axis=i64([])),
    ],
    "ReverseSequence": [
        row(input=N(2, 4), seq_lengths=i32([2, 3]), seq_dim=1),
        row(input=N(3, 2, 2), seq_lengths=i64([1, 3]), seq_dim=0, batch_dim=1),
    ],
    "Roll": [row(input=N(2, 3), shift=i32(1), axis=i32(1)), row(input=N(4), shift=i32([-3]), axis=i32([0]))],
    "Unique": rows(i32([3, 1, 3, 2]), f32([1, 2, 1])),
    "UniqueWithCounts": rows(i32([3, 1, 3, 2])),
    "UniqueV2": [row(x=i32([3, 1, 3]), axis=i32([0])), row(x=i32([[1, 2], [1, 2]]), axis=i32([0]))],
    "ListDiff": [row(x=i32([1, 2, 3, 4, 2]), y=i32([2, 5]))],
    "BroadcastTo": [
        row(input=N(2, 1), shape=i32([2, 3])),
        row(input=N(), shape=i32([2])),
        row(input=N(3), shape=i64([2, 3])),
    ],
    "BroadcastArgs": [row(s0=i32([2, 1]), s1=i32([3])), row(s0=i32([]), s1=i32([4]))],
    "BroadcastGradientArgs": [
        row(s0=i32([2, 1]), s1=i32([3])),
        row(s0=i32([]), s1=i32([4])),
        row(s0=i32([2, 3]), s1=i32([2, 3])),
    ],
    "Diag": rows(N(3), N(2, 2), name="diagonal"),
    "DiagPart": rows(N(3, 3), N(2, 1, 2, 1), name="input"),
    "MatrixDiag": rows(N(3), N(2, 2), name="diagonal"),
    "MatrixDiagPart": rows(N(3, 3), N(2, 2, 3), name="input"),
    "MatrixSetDiag": [row(input=N(3, 3), diagonal=N(3)), row(input=N(2, 2, 3), diagonal=N(2, 2))],
    "MatrixBandPart": [
        row(input=N(3, 4), num_lower=i64(0), num_upper=i64(-1)),
        row(input=N(3, 3), num_lower=i64(1), num_upper=i64(0)),
    ],
    "Identity": rows(N(2, 3), N(), name="input"),
    "IdentityN": [row(input=[N(2), N(3)])],
    "StopGradient": rows(N(2), name="input"),
    "PreventGradient": rows(N(2), name="input"),
    "Snapshot": rows(N(2), name="input"),
    "CheckNumerics": [row(tensor=N(2, 3), message="checked")],
    "EnsureShape": [row(input=N(2, 3), shape=[2, None])],
    "DynamicStitch": [
        row(indices=[i32([0, 2]), i32(1)], data=[N(2, 2), N(2)]),
        row(indices=[i32([0, 1]), i32([1])], data=[N(2), N(1)]),
    ],
    "ParallelDynamicStitch": [row(indices=[i32([0, 2]), i32(1)], data=[N(2, 2), N(2)])],
    "InplaceAdd": [row(x=N(3, 2), i=i32([0, 2]), v=N(2, 2))],
    "InplaceSub": [row(x=N(3, 2), i=i32([0, 2]), v=N(2, 2))],
    "InplaceUpdate": [row(x=N(3, 2), i=i32([0, 2]), v=N(2, 2))],
    "MatrixDiagV2": [
        row(diagonal=N(2, 3), k=i32(0), num_rows=i32(-1), num_cols=i32(-1), padding_value=N()),
        row(diagonal=N(3), k=i32(1), num_rows=i32(-1), num_cols=i32(-1), padding_value=N()),
    ],
    "MatrixDiagPartV2": [
        row(input=N(3, 4), k=i32(0), padding_value=N()),
        row(input=N(3, 4), k=i32([-1, 1]), padding_value=N()),
    ],
    "MatrixSetDiagV2": [
        row(input=N(3, 4), diagonal=N(3), k=i32(0)),
        row(input=N(3, 4), diagonal=N(3), k=i32(1)),
    ],
    "ParallelConcat": [row(values=[N(1, 2), N(1, 2)], shape=[2, 2])],
    "ScatterNdNonAliasingAdd": [row(input=N(4), indices=i32([[1], [1]]), updates=N(2))],
    "TensorStridedSliceUpdate": [row(input=N(3, 4), **SLICED, value=N(2, 2))],
    "StridedSliceAssign": [row(ref=N(3, 4), **SLICED, value=N(2, 2))],
    "ResourceStridedSliceAssign": [row(ref=N(3, 4), **SLICED, value=N(2, 2))],
    "UnravelIndex": [row(indices=i32([1, 5]), dims=i32([2, 3]))],
    "UniqueWithCountsV2": [row(x=i32([3, 1, 3]), axis=i32([0]))],
    "EditDistance": [
        row(
            hypothesis_indices=i64([[0, 0], [0, 1]]),
            hypothesis_values=i32([1, 2]),
            hypothesis_shape=i64([1, 2]),
            truth_indices=i64([[0, 0]]),
            truth_values=i32([1]),
            truth_shape=i64([1, 1]),
        )
    ],
    "SparseSegmentSum": SPARSE_SEGMENTS,
    "SparseSegmentMean": SPARSE_SEGMENTS,
    "SparseSegmentSqrtN": SPARSE_SEGMENTS,
    "SparseSegmentSumWithNumSegments": [{**each, "num_segments": i32(3)} for each in SPARSE_SEGMENTS],
    "SparseSegmentMeanWithNumSegments": [{**each, "num_segments": i32(3)} for each in SPARSE_SEGMENTS],
    "SparseSegmentSqrtNWithNumSegments": [{**each, "num_segments": i32(3)} for each in SPARSE_SEGMENTS],
    "SparseSegmentMeanGrad": SEGMENT_GRADIENT,
    "SparseSegmentSqrtNGrad": SEGMENT_GRADIENT,
    "Bucketize": [row(input=N(4), boundaries=[-1.0, 0.0, 1.0])],
    "CumulativeLogsumexp": SCAN,
    "Einsum": [
        row(inputs=[N(2, 3), N(3, 4)], equation="ij,jk->ik"),
        row(inputs=[N(2, 3), N(2, 3)], equation="ij,ij->"),
    ],
    "Lu": [row(input=S(3, 3))],
    "MatrixLogarithm": [row(input=S(2, 2))],
    "MatrixSquareRoot": [row(input=S(2, 2))],
    "MatrixSolveLs": [row(matrix=N(3, 2), rhs=N(3, 1), l2_regularizer=np.float64(0.1))],
    "TridiagonalSolve": [row(diagonals=Values((3, 4), 1, 3), rhs=N(4, 1))],
    "TridiagonalMatMul": [row(superdiag=N(1, 4), maindiag=N(1, 4), subdiag=N(1, 4), rhs=N(4, 2))],
    "DynamicPartition": [row(data=N(4, 2), partitions=i32([1, 0, 1, 1]), num_partitions=3)],
    "SpaceToDepth": [row(input=N(1, 4, 4, 1), block_size=2)],
    "DepthToSpace": [row(input=N(1, 2, 2, 4), block_size=2)],
    "SpaceToBatchND": [row(input=N(1, 4, 4, 1), block_shape=i32([2, 2]), paddings=i32([[0, 0], [0, 0]]))],
    "BatchToSpaceND": [row(input=N(4, 2, 2, 1), block_shape=i32([2, 2]), crops=i32([[0, 0], [1, 0]]))],
    "SpaceToBatch": [row(input=N(1, 4, 4, 1), paddings=i32([[0, 0], [0, 0]]), block_size=2)],
    "BatchToSpace": [row(input=N(4, 2, 2, 1), crops=i32([[0, 0], [0, 0]]), block_size=2)],
    "ExtractImagePatches": [
        row(
            images=N(1, 4, 4, 1),
            ksizes=[1, 2, 2, 1],
            strides=[1, 2, 2, 1],
            rates=[1, 1, 1, 1],
            padding="VALID",
        )
    ],
    "GuaranteeConst": rows(N(2), name="input"),
    # nn
    "Conv2D": CONV,
    "Conv2DBackpropInput": [
        row(
            input_sizes=i32([1, 5, 5, 2]),
            filter=N(3, 3, 2, 3),
            out_backprop=N(1, 5, 5, 3),
            strides=[1, 1, 1, 1],
            padding="SAME",
        ),
        row(
            input_sizes=i32([1, 5, 5, 1]),
            filter=N(2, 2, 1, 2),
            out_backprop=N(1, 2, 2, 2),
            strides=[1, 2, 2, 1],
            padding="VALID",
        ),
    ],
    "Conv2DBackpropFilter": [
        row(
            input=N(1, 5, 5, 2),
            filter_sizes=i32([3, 3, 2, 3]),
            out_backprop=N(1, 5, 5, 3),
            strides=[1, 1, 1, 1],
            padding="SAME",
        ),
        row(
            input=N(1, 5, 5, 1),
            filter_sizes=i32([2, 2, 1, 2]),
            out_backprop=N(1, 2, 2, 2),
            strides=[1, 2, 2, 1],
            padding="VALID",
        ),
    ],
    "DepthwiseConv2dNative": [
        row(input=N(1, 4, 4, 2), filter=N(2, 2, 2, 2), strides=[1, 1, 1, 1], padding="SAME"),
        row(input=N(1, 5, 5, 2), filter=N(3, 3, 2, 1), strides=[1, 2, 2, 1], padding="VALID"),
    ],
    "DepthwiseConv2dNativeBackpropInput": [
        row(
            input_sizes=i32([1, 4, 4, 2]),
            filter=N(2, 2, 2, 2),
            out_backprop=N(1, 4, 4, 4),
            strides=[1, 1, 1, 1],
            padding="SAME",
        )
    ],
    "DepthwiseConv2dNativeBackpropFilter": [
        row(
            input=N(1, 4, 4, 2),
            filter_sizes=i32([2, 2, 2, 2]),
            out_backprop=N(1, 4, 4, 4),
            strides=[1, 1, 1, 1],
            padding="SAME",
        )
    ],
    "Conv3D": [row(input=N(1, 3, 3, 3, 1), filter=N(2, 2, 2, 1, 2), strides=[1, 1, 1, 1, 1], padding="SAME")],
    "MaxPool": renamed(POOL, x="input"),
    "AvgPool": renamed(POOL, x="value"),
    "MaxPoolV2": [
        row(input=D(1, 4, 4, 2), ksize=i32([1, 2, 2, 1]), strides=i32([1, 2, 2, 1]), padding="SAME")
    ],
    "MaxPoolWithArgmax": [row(input=D(1, 4, 4, 2), **WINDOW)],
    "MaxPoolGrad": [
        row(
            orig_input=f32([[[[1], [2]], [[3], [4]]]]),
            orig_output=f32([[[[4]]]]),
            grad=f32([[[[5]]]]),
            **WINDOW,
        )
    ],
    "MaxPoolGradGrad": [
        row(
            orig_input=f32([[[[1], [2]], [[3], [4]]]]),
            orig_output=f32([[[[4]]]]),
            grad=f32([[[[5], [6]], [[7], [8]]]]),
            **WINDOW,
        )
    ],
    "AvgPoolGrad": [
        row(orig_input_shape=i32([1, 4, 4, 1]), grad=N(1, 2, 2, 1), **WINDOW),
        row(
            orig_input_shape=i32([1, 3, 3, 1]),
            grad=N(1, 3, 3, 1),
            ksize=[1, 2, 2, 1],
            strides=[1, 1, 1, 1],
            padding="SAME",
        ),
    ],
    "BiasAdd": [
        row(value=N(2, 3), bias=N(3)),
        row(value=N(1, 2, 2, 3), bias=N(3)),
        row(value=N(1, 3, 2, 2), bias=N(3), data_format="NCHW"),
    ],
    "BiasAddV1": [row(value=N(2, 3), bias=N(3))],
    "BiasAddGrad": [
        row(out_backprop=N(2, 3)),
        row(out_backprop=N(1, 2, 2, 3)),
        row(out_backprop=N(1, 3, 2, 2), data_format="NCHW"),
    ],
    "Softmax": rows(N(2, 3), N(2, 2, 3), f32([[1000, 0], [-1000, 0]]), name="logits"),
    "LogSoftmax": rows(N(2, 3), N(2, 2, 3), f32([[1000, 0], [-1000, 0]]), name="logits"),
    "SoftmaxCrossEntropyWithLogits": [
        row(features=N(2, 3), labels=P(2, 3)),
        row(features=f32([[1000, 0]]), labels=f32([[0, 1]])),
    ],
    "SparseSoftmaxCrossEntropyWithLogits": [
        row(features=N(2, 3), labels=i32([2, 0])),
        row(features=N(2, 3), labels=i64([1, 1])),
    ],
    "L2Loss": rows(N(2, 3), N(), name="t"),
    "LRN": rows(N(1, 2, 2, 4), name="input")
    + [row(input=N(1, 1, 2, 5), depth_radius=2, bias=1.0, alpha=0.01, beta=0.75)],
    "LRNGrad": [row(input_grads=N(1, 1, 2, 4), input_image=N(1, 1, 2, 4), output_image=N(1, 1, 2, 4))],
    "TopKV2": [
        row(input=D(2, 4), k=i32(2)),
        row(input=D(3), k=i32(0)),
        row(input=f32([1, 3, 3, 2]), k=i32(3), sorted=True),
    ],
    "InTopK": [row(predictions=f32([[1, 3, 2], [3, 2, 1]]), targets=i32([2, 2]), k=2)],
    "InTopKV2": [
        row(predictions=f32([[1, 3, 2], [3, 2, 1]]), targets=i32([2, 2]), k=i32(2)),
        row(predictions=f32([[1, 3, 2]]), targets=i64([2]), k=i64(1)),
    ],
    "LeakyRelu": rows(N(2, 3), name="features") + [row(features=N(3), alpha=0.1)],
    "LeakyReluGrad": [
        row(gradients=N(2, 3), features=N(2, 3)),
        row(gradients=N(3), features=N(3), alpha=0.1),
    ],
    "FusedBatchNorm": [
        row(
            x=f32([[[[1, 2]], [[3, 5]]]]),
            scale=f32([1, 2]),
            offset=f32([0, 1]),
            mean=f32([]),
            variance=f32([]),
        )
    ],
    "FusedBatchNormV2": [
        row(x=N(2, 2, 2, 2), scale=f32([1, 2]), offset=f32([0, 1]), mean=f32([]), variance=f32([]))
    ],
    "FusedBatchNormV3": [
        row(x=N(2, 2, 2, 2), scale=f32([1, 2]), offset=f32([0, 1]), mean=f32([]), variance=f32([])),
        row(
            x=N(1, 2, 2, 2),
            scale=f32([1, 2]),
            offset=f32([0, 1]),
            mean=f32([0.5, 0]),
            variance=f32([1, 2]),
            is_training=False,
        ),
    ],
    "NthElement": [row(input=D(2, 4), n=i32(1)), row(input=D(5), n=i32(1), reverse=True)],
    "ResizeNearestNeighbor": [
        row(images=N(1, 2, 2, 1), size=i32([4, 3])),
        row(images=N(1, 3, 3, 1), size=i32([2, 2]), align_corners=True),
    ],
    "ResizeBilinear": [
        row(images=N(1, 2, 2, 1), size=i32([4, 3])),
        row(images=N(1, 3, 3, 1), size=i32([2, 2]), align_corners=True),
    ],
    # variables
    "CountUpTo": [row(ref=i32(1), limit=5)],
    "ResourceCountUpTo": [row(resource=i32(1), limit=5, T="int32")],
    "ReadVariableOp": [row(resource=Values((2, 3)), dtype="float32")],
    "AssignVariableOp": [row(resource=N(2, 3), value=N(2, 3))],
    "AvgPool3D": [row(input=N(1, 4, 4, 4, 1), **WINDOW3D)],
    "MaxPool3D": [row(input=D(1, 4, 4, 4, 1), **WINDOW3D)],
    "AvgPool3DGrad": [row(orig_input_shape=i32([1, 4, 4, 4, 1]), grad=N(1, 2, 2, 2, 1), **WINDOW3D)],
    "MaxPool3DGrad": [
        row(orig_input=CUBE, orig_output=CUBE[:, 1:, 1:, 1:], grad=f32([[[[[5]]]]]), **WINDOW3D)
    ],
    "MaxPool3DGradGrad": [row(orig_input=CUBE, orig_output=CUBE[:, 1:, 1:, 1:], grad=CUBE + 1, **WINDOW3D)],
    "Conv3DBackpropInputV2": [
        row(
            input_sizes=i32([1, 3, 3, 3, 1]), filter=N(2, 2, 2, 1, 2), out_backprop=N(1, 3, 3, 3, 2), **SAME3D
        )
    ],
    "Conv3DBackpropFilterV2": [
        row(
            # Small: in half precision TensorFlow also sums in half precision.
            input=Values((1, 3, 3, 3, 1), -0.5, 0.5),
            filter_sizes=i32([2, 2, 2, 1, 2]),
            out_backprop=Values((1, 3, 3, 3, 2), -0.5, 0.5),
            **SAME3D,
        )
    ],
    "ExtractVolumePatches": [
        row(input=N(1, 2, 3, 2, 1), ksizes=[1, 2, 2, 2, 1], strides=[1, 1, 1, 1, 1], padding="VALID")
    ],
    "MaxPoolGradV2": [row(**SQUARE, grad=f32([[[[5]]]]), **WINDOW_INPUTS)],
    "MaxPoolGradGradV2": [row(**SQUARE, grad=SQUARE["orig_input"] + 1, **WINDOW_INPUTS)],
    "MaxPoolGradWithArgmax": [
        row(input=SQUARE["orig_input"], grad=f32([[[[5]]]]), argmax=i64([[[[3]]]]), **WINDOW)
    ],
    "MaxPoolGradGradWithArgmax": [
        row(input=SQUARE["orig_input"], grad=SQUARE["orig_input"] + 1, argmax=i64([[[[3]]]]), **WINDOW)
    ],
    "FusedBatchNormGradV3": [row(**NORM_GRADIENT, reserve_space_3=f32([]))],
    "FusedBatchNormGradV2": [row(**NORM_GRADIENT)],
    "FusedBatchNormGrad": [row(**NORM_GRADIENT)],
    # linear algebra
    "MatrixInverse": MATRIX + [row(input=S(2, 2), adjoint=True)],
    "MatrixDeterminant": MATRIX,
    "Cholesky": MATRIX,
    "LogMatrixDeterminant": MATRIX,
    "MatrixSolve": [row(matrix=S(2, 2), rhs=N(2, 1)), row(matrix=S(2, 3, 3), rhs=N(2, 3, 2), adjoint=True)],
    "MatrixTriangularSolve": [
        row(matrix=S(2, 2), rhs=N(2, 1)),
        row(matrix=S(3, 3), rhs=N(3, 2), lower=False),
    ],
    "CholeskyGrad": [row(l=f32([[2, 0], [1, 2]]), grad=f32([[1, 0], [1, 1]]))],
    "SelfAdjointEigV2": [row(input=S(3, 3), compute_v=False)],
    "Svd": [row(input=N(3, 2), compute_uv=False)],
    # strings
    "StringJoin": [row(inputs=[text(["a", "b"]), text("x")], separator="-")],
    "AsString": rows(i32([1, -2]), f32([1.5, 0.25]), boolean([True]), name="input")
    + [row(input=f32([3.14159]), precision=2), row(input=i32([7]), width=4, fill="0")],
    "StringToNumber": [
        row(string_tensor=text(["1.5", "-2"])),
        row(string_tensor=text(["7", "-2"]), out_type="int64"),
    ],
    "StringLength": rows(text(["", "abc", "ação"]), name="input")
    + [row(input=text(["ação"]), unit="UTF8_CHAR")],
    "StringLower": rows(text(["AbC", ""]), name="input"),
    "StringUpper": rows(text(["AbC", ""]), name="input"),
    "StringStrip": rows(text(["  a b ", "\tc\n"]), name="input"),
    "StringSplit": [row(input=text(["a b", "c"]), delimiter=text(" "))],
    "StringSplitV2": [
        row(input=text(["a b", "c  d"]), sep=text("")),
        row(input=text(["a,b"]), sep=text(","), maxsplit=1),
    ],
    "Substr": [
        row(input=text(["hello", "world"]), pos=i32(1), len=i32(3)),
        row(input=text(["hello"]), pos=i32([-3]), len=i32([2])),
    ],
    "RegexReplace": [row(input=text(["aab", "b"]), pattern=text("a+"), rewrite=text("x"))],
    "StaticRegexReplace": [row(input=text(["aab", "b"]), pattern="a+", rewrite="x")],
    "RegexFullMatch": [row(input=text(["aab", "b"]), pattern=text("a+b"))],
    "StaticRegexFullMatch": [row(input=text(["aab", "b"]), pattern="a+b")],
    "StringToHashBucketFast": [row(input=text(["a", "hello"]), num_buckets=1000)],
    "StringToHashBucket": [row(string_tensor=text(["a", "hello"]), num_buckets=1000)],
    "StringToHashBucketStrong": [row(input=text(["a", "hello"]), num_buckets=1000, key=[1, 2])],
    "ReduceJoin": [
        row(inputs=text([["a", "b"], ["c", "d"]]), reduction_indices=i32([1])),
        row(inputs=text([["a", "b"], ["c", "d"]]), reduction_indices=i32([0]), separator="-"),
    ],
    "EncodeBase64": rows(text(["hello", ""]), name="input"),
    "DecodeBase64": rows(text(["aGVsbG8"]), name="input"),
    "DecodeRaw": [
        row(bytes=text([b"\x01\x00\x02\x00"]), out_type="int16"),
        row(bytes=text([b"\x01\x02"]), out_type="uint8"),
    ],
    "StringFormat": [row(inputs=[i32([1, 2])], template="value: {}", placeholder="{}", summarize=3)],
    "Fingerprint": [row(data=text(["a", "hello"]), method=text("farmhash64"))],
    "UnicodeTranscode": [row(input=text(["ação"]), input_encoding="UTF-8", output_encoding="UTF-16-BE")],
    "UnicodeDecode": [row(input=text(["ação", "b"]), input_encoding="UTF-8")],
    "UnicodeDecodeWithOffsets": [row(input=text(["ação", "b"]), input_encoding="UTF-8")],
    "UnicodeEncode": [row(input_values=i32([97, 231, 98]), input_splits=i64([0, 2, 3]), output_encoding="UTF-8")],
    "UnsortedSegmentJoin": [
        row(inputs=text(["a", "b", "c"]), segment_ids=i32([0, 1, 0]), num_segments=i32(2), separator="-")
    ],
    "DecodePaddedRaw": [row(input_bytes=text([b"\x01\x02", b"\x03"]), fixed_length=i32(2), out_type="uint8")],
    "ComputeAccidentalHits": [
        row(true_classes=i64([[1, 2], [3, 4]]), sampled_candidates=i64([3, 1, 9]), num_true=2)
    ],
    "UnicodeScript": rows(i32([65, 1041]), name="input"),
    "Reciprocal": rows(P(2, 3), f32([0.0, -2.0])),
    "Inv": rows(P(2, 3), f32([0.0, -2.0])),
}

# Ops whose behaviour needs a session, state, randomness or control flow: the recorded programs and streams cover them.
_ELSEWHERE = """
Const Placeholder PlaceholderV2 PlaceholderWithDefault NoOp ControlTrigger Print PrintV2 Assert
PyFunc PyFuncStateless EagerPyFunc
Variable VariableV2 TemporaryVariable DestroyTemporaryVariable VarHandleOp DestroyResourceOp
RandomUniform RandomStandardNormal TruncatedNormal RandomUniformInt RandomShuffle Multinomial
ParameterizedTruncatedNormal RandomGamma RandomGammaGrad RandomPoisson RandomPoissonV2
StatelessRandomUniform StatelessRandomUniformInt StatelessRandomNormal StatelessTruncatedNormal
StatelessMultinomial
Switch RefSwitch Merge RefMerge Enter RefEnter Exit RefExit NextIteration RefNextIteration LoopCond
RefIdentity RefSelect If StatelessIf While StatelessWhile PartitionedCall StatefulPartitionedCall
Stack StackV2 StackPush StackPushV2 StackPop StackPopV2 StackClose StackCloseV2
TensorArrayV3 TensorArrayGradV3 TensorArrayWriteV3 TensorArrayReadV3 TensorArrayGatherV3
TensorArrayScatterV3 TensorArrayConcatV3 TensorArraySplitV3 TensorArraySizeV3 TensorArrayCloseV3
TensorArrayGradWithShape
Qr ImmutableConst Empty Abort MaxPoolGradGradWithArgmax
AllCandidateSampler FixedUnigramCandidateSampler LogUniformCandidateSampler UniformCandidateSampler
LearnedUnigramCandidateSampler ThreadUnsafeUnigramCandidateSampler
"""
# TensorFlow 2.21 no longer builds these: they are the older names of ops that have rows.
_GONE = """
BatchCholesky BatchCholeskyGrad BatchMatrixDeterminant BatchMatrixInverse BatchMatrixSolve BatchMatrixSolveLs
BatchMatrixTriangularSolve BatchSelfAdjointEig BatchSelfAdjointEigV2 BatchSvd MatrixExponential SelfAdjointEig
BatchMatrixBandPart BatchMatrixDiag BatchMatrixDiagPart BatchMatrixSetDiag TopK TileGrad
BatchNormWithGlobalNormalization BatchNormWithGlobalNormalizationGrad
BatchFFT BatchFFT2D BatchIFFT BatchIFFT2D
TensorArrayV2 TensorArrayCloseV2 TensorArrayConcatV2 TensorArrayGatherV2 TensorArrayGradV2 TensorArrayReadV2
TensorArrayScatterV2 TensorArraySizeV2 TensorArraySplitV2 TensorArrayWriteV2
"""
ELSEWHERE = frozenset(_ELSEWHERE.split() + _GONE.split())
