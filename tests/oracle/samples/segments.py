"""Samples for the ops that gather rows into segments."""

import numpy as np
from oracle.samples.values import D, N, f32, i32, i64, row

SEGMENTS = [
    row(data=D(4, 2), segment_ids=i32([0, 0, 1, 3])),
    row(data=D(3), segment_ids=i64([0, 1, 1])),
    row(data=D(0, 2), segment_ids=i32([])),
    row(data=D(3), segment_ids=i32([1, 1, 3])),
    row(data=f32([np.nan, 1, np.inf, -1]), segment_ids=i32([0, 0, 1, 1])),
    row(data=D(3), segment_ids=i32([1, 0, 2])),
    row(data=D(3), segment_ids=i32([-1, 0, 2])),
    row(data=D(3), segment_ids=i32([0, 1])),
    row(data=D(2, 2), segment_ids=i32([[0, 1], [1, 1]])),
]
UNSORTED = [
    row(data=D(4, 2), segment_ids=i32([2, 0, 2, 1]), num_segments=i32(4)),
    row(data=D(2, 2), segment_ids=i32([[0, -1], [1, 0]]), num_segments=i32(3)),
    row(data=D(3), segment_ids=i64([1, 1, 0]), num_segments=i64(2)),
    row(data=D(0, 2), segment_ids=i32([]), num_segments=i32(2)),
    row(data=D(3), segment_ids=i32([0, 0, 0]), num_segments=i32(0)),
    row(data=f32([np.nan, 1, np.inf, -1]), segment_ids=i32([0, 0, 1, 1]), num_segments=i32(3)),
    row(data=D(3), segment_ids=i32([0, 1, 5]), num_segments=i32(2)),
    row(data=D(3), segment_ids=i32([0, 1, 1]), num_segments=i32(-1)),
    row(data=D(3), segment_ids=i32([0, 1]), num_segments=i32(2)),
]
SPARSE_SEGMENTS = [
    row(data=N(4, 2), indices=i32([0, 2, 0]), segment_ids=i32([0, 0, 1])),
    row(data=N(3), indices=i32([2, 1]), segment_ids=i32([0, 2])),
    row(data=N(3), indices=i64([2, 1, 0]), segment_ids=i32([0, 0, 1])),
    row(data=N(3, 2), indices=i32([]), segment_ids=i32([])),
    row(data=N(3), indices=i32([3]), segment_ids=i32([0])),
    row(data=N(3), indices=i32([0, 1]), segment_ids=i32([1, 0])),
    row(data=N(3), indices=i32([0, 1]), segment_ids=i32([0])),
    row(data=N(3), indices=i32([0, 1]), segment_ids=i32([-1, 0])),
]
COUNTED = [
    *({**each, "num_segments": i32(3)} for each in SPARSE_SEGMENTS),
    row(data=N(3), indices=i32([0, 1]), segment_ids=i32([0, 4]), num_segments=i32(3)),
    row(data=N(3), indices=i32([0, 1]), segment_ids=i32([0, 1]), num_segments=i64(4)),
]
SEGMENT_GRADIENT = [
    row(grad=N(2, 2), indices=i32([0, 2, 1]), segment_ids=i32([0, 0, 1]), output_dim0=i32(4)),
    row(grad=N(2, 2), indices=i32([0, 9]), segment_ids=i32([0, 1]), output_dim0=i32(4)),
    row(grad=N(2, 2), indices=i32([0, 1]), segment_ids=i32([0, 5]), output_dim0=i32(4)),
    row(grad=N(0, 2), indices=i32([]), segment_ids=i32([]), output_dim0=i32(2)),
]

# NaN alone in a segment, with others, only NaN; infinities alone.
EXTREMES = [row(data=f32([np.nan, np.nan, np.nan, -np.inf, np.nan]), segment_ids=i32([0, 1, 1, 2, 2]))]
LOWEST = [row(data=f32([-np.inf, np.inf, -np.inf, 1]), segment_ids=i32([0, 1, 2, 2]), num_segments=i32(3))]

SAMPLES = {
    "SegmentSum": SEGMENTS,
    "SegmentMean": SEGMENTS,
    "SegmentMax": SEGMENTS + EXTREMES,
    "SegmentMin": SEGMENTS + EXTREMES,
    "SegmentProd": SEGMENTS,
    "UnsortedSegmentSum": UNSORTED,
    "UnsortedSegmentProd": UNSORTED,
    "UnsortedSegmentMax": UNSORTED + LOWEST,
    "UnsortedSegmentMin": UNSORTED + LOWEST,
    "SparseSegmentSum": SPARSE_SEGMENTS,
    "SparseSegmentMean": SPARSE_SEGMENTS,
    "SparseSegmentSqrtN": SPARSE_SEGMENTS,
    "SparseSegmentSumWithNumSegments": COUNTED,
    "SparseSegmentMeanWithNumSegments": COUNTED,
    "SparseSegmentSqrtNWithNumSegments": COUNTED,
    "SparseSegmentMeanGrad": SEGMENT_GRADIENT,
    "SparseSegmentSqrtNGrad": SEGMENT_GRADIENT,
}
