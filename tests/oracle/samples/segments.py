"""Samples for the ops of tfmagic/ops/segments."""

from oracle.samples.values import D, N, i32, i64, row

SEGMENTS = [row(data=D(4, 2), segment_ids=i32([0, 0, 1, 3])), row(data=D(3), segment_ids=i64([0, 1, 1]))]
UNSORTED = [
    row(data=D(4, 2), segment_ids=i32([2, 0, 2, 1]), num_segments=i32(4)),
    row(data=D(2, 2), segment_ids=i32([[0, -1], [1, 0]]), num_segments=i32(3)),
]
SPARSE_SEGMENTS = [
    row(data=N(4, 2), indices=i32([0, 2, 0]), segment_ids=i32([0, 0, 1])),
    row(data=N(3), indices=i32([2, 1]), segment_ids=i32([0, 2])),
]
SEGMENT_GRADIENT = [
    row(grad=N(2, 2), indices=i32([0, 2, 1]), segment_ids=i32([0, 0, 1]), output_dim0=i32(4))
]

SAMPLES = {
    "SegmentSum": SEGMENTS,
    "SegmentMean": SEGMENTS,
    "SegmentMax": SEGMENTS,
    "SegmentMin": SEGMENTS,
    "SegmentProd": SEGMENTS,
    "UnsortedSegmentSum": UNSORTED,
    "UnsortedSegmentProd": UNSORTED,
    "UnsortedSegmentMax": UNSORTED,
    "UnsortedSegmentMin": UNSORTED,
    "SparseSegmentSum": SPARSE_SEGMENTS,
    "SparseSegmentMean": SPARSE_SEGMENTS,
    "SparseSegmentSqrtN": SPARSE_SEGMENTS,
    "SparseSegmentSumWithNumSegments": [{**each, "num_segments": i32(3)} for each in SPARSE_SEGMENTS],
    "SparseSegmentMeanWithNumSegments": [{**each, "num_segments": i32(3)} for each in SPARSE_SEGMENTS],
    "SparseSegmentSqrtNWithNumSegments": [{**each, "num_segments": i32(3)} for each in SPARSE_SEGMENTS],
    "SparseSegmentMeanGrad": SEGMENT_GRADIENT,
    "SparseSegmentSqrtNGrad": SEGMENT_GRADIENT,
}
