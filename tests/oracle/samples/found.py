"""Calls that random runs against TensorFlow 1.15 found: each was answered otherwise once."""

import numpy as np
from oracle.samples.values import boolean, c64, f32, f64, i32, i64, row

C128 = np.array([[0.5 + 1j, 1.5 - 0.75j], [complex(np.inf, 1), complex(0, -np.inf)]], np.complex128)
OTHER = np.array([[complex(-np.inf, 1), complex(3, np.inf)], [2 - 1j, complex(1, np.inf)]], np.complex128)
COORDINATES = {"a_shape": i64([4, 3]), "b_indices": i64([[0, 2], [1, 1]]), "b_values": f32([-2, 2]),
               "b_shape": i64([4, 3])}

ROWS = {
    **{name: [row(x=C128, y=OTHER)] for name in ("Add", "AddV2", "Sub")},
    "AddN": [row(inputs=[C128, OTHER])],
    "AssignAdd": [row(ref=C128, value=OTHER)],
    "AssignSub": [row(ref=C128, value=OTHER)],
    "SparseAdd": [
        row(a_indices=i64([[0, 1], [0, 2]]), a_values=f32([-2, 0.5]), thresh=f32(1e10), **COORDINATES),
        row(a_indices=i64([[0, 1], [0, 2]]), a_values=f32([-2, 0.5]), thresh=f32(1.5), **COORDINATES),
        row(a_indices=i64([[2, 0], [2, 2], [0, 0]]), a_values=f32([-1, -2, 3]), thresh=f32(0), **COORDINATES),
    ],
    "Igamma": [row(a=f32([0, 1, -1, 2]), x=f32([0, 0, 0, 0]))],
    "ArgMin": [row(input=f32([-1.2, 2, 0.4]), dimension=i32(1))],
    "ArgMax": [row(input=f32([-1.2, 2, 0.4]), dimension=i32(-2))],
    "Squeeze": [row(input=f32([1.5]), axis=[0, 0]), row(input=f32([[[1.5], [2]]]), axis=[0, -3])],
    "AvgPool3D": [row(input=f32(np.arange(4).reshape(1, 1, 2, 2, 1)), ksize=[1, 2, 2, 2, 1], strides=[1, 2, 2, 2, 1],
                      padding="SAME")],
    "MaxPoolGradV2": [row(orig_input=i32([[[[1], [2]], [[3], [4]]]]), orig_output=i32([[[[4]]]]),
                          grad=i32([[[[5]]]]), ksize=i32([1, 2, 2, 1]), strides=i32([1, 2, 2, 1]), padding="SAME")],
    "CholeskyGrad": [row(l=f64([[1, 5], [1, 1]]), grad=f64([[2, 0], [0, 2]]))],
    "ComputeAccidentalHits": [row(true_classes=i64([[1, 2], [9, 1]]), sampled_candidates=i64([3, 1, 1]), num_true=2),
                              row(true_classes=i64([[1, 2], [3, 4]]), sampled_candidates=i64([3, 1, 9, 3]),
                                  num_true=2)],
    "SparseFillEmptyRowsGrad": [row(reverse_index_map=i64([2, 0]),
                                    grad_values=c64([0.63 - 0.77j, -1.66 + 1.95j, 1e10j, 0.9 - 0.02j]))],
    "SegmentMax": [row(data=f32([[1, 2]] * 6), segment_ids=i32([0, 0, 1, 3, 0, 0]))],
    "SegmentSum": [row(data=f32([[1, 2]] * 3), segment_ids=i32([1, 0, 1]))],
    "ApplyProximalGradientDescent": [row(var=f32([1.5, -0.25]), alpha=f32(0.5), l1=f32(-1), l2=f32(0.5),
                                         delta=f32([-2, 0.75]))],
    **{name: [row(x=f32([1, 2]), y=f32([[1, 2, 3]]), incompatible_shape_error=False),
              row(x=boolean([True, False]), y=boolean([True, False]), incompatible_shape_error=False)]
       for name in ("Equal", "NotEqual")},
    "RFFT2D": [row(input=f32([[[-1, 2, 1.5]], [[0.5, 0.25, 1]]]), fft_length=i32([3, 3]))],
}
