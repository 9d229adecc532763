"""Samples for the ops of tfmagic/ops/array."""

from oracle.samples.values import N, P, boolean, f32, i32, i64, row, rows

SLICED = row(begin=i32([0, 1]), end=i32([2, 3]), strides=i32([1, 1]))
MASKS = [
    {},
    row(begin_mask=1, end_mask=2),
    row(shrink_axis_mask=1),
    row(ellipsis_mask=1),
    row(new_axis_mask=2),
]

SAMPLES = {
    "Select": [
        row(condition=boolean([True, False]), x=N(2, 3), y=N(2, 3)),
        row(condition=boolean(True), x=N(2), y=N(2)),
        row(condition=boolean([[True, False]]), x=N(1, 2), y=N(1, 2)),
    ],
    "SelectV2": [
        row(condition=boolean([[True], [False]]), t=N(2, 3), e=N(3)),
        row(condition=boolean(True), t=N(), e=N(2)),
    ],
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
    "ExtractVolumePatches": [
        row(input=N(1, 2, 3, 2, 1), ksizes=[1, 2, 2, 2, 1], strides=[1, 1, 1, 1, 1], padding="VALID")
    ],
}
