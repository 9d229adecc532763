"""Samples for ops of ragged tensors."""

from oracle.samples.values import N, f32, i32, i64, row, text

SPLITS = i64([0, 2, 2, 3])

SAMPLES = {
    "RaggedRange": [
        row(starts=i32([0, 5, 8]), limits=i32([3, 5, 12]), deltas=i32([1, 1, 2])),
        row(starts=i64(0), limits=i64([3, -1]), deltas=i64(1)),
        row(starts=i32(2), limits=i32(5), deltas=i32(1)),
        row(starts=f32([0.0, 1.0]), limits=f32([1.0, 0.0]), deltas=f32([0.3, -0.5])),
        row(starts=i32([5]), limits=i32([0]), deltas=i32([-2])),
        row(starts=i32([1, 2]), limits=i32([3, 4]), deltas=i32([1, 0])),
        row(starts=i32([1, 2]), limits=i32([3, 4, 5]), deltas=i32(1)),
        row(starts=i32([[1, 2]]), limits=i32(3), deltas=i32(1)),
    ],
    "RaggedGather": [
        row(params_nested_splits=[SPLITS], params_dense_values=N(3), indices=i64([2, 0, 0]), OUTPUT_RAGGED_RANK=1),
        row(params_nested_splits=[SPLITS], params_dense_values=N(3, 2), indices=i32([1]), OUTPUT_RAGGED_RANK=1),
        row(params_nested_splits=[i64([0, 1, 3]), SPLITS], params_dense_values=N(3), indices=i64([1, 1]),
            OUTPUT_RAGGED_RANK=2),
        row(params_nested_splits=[SPLITS], params_dense_values=N(3), indices=i64([[2, 0], [1, 2]]),
            OUTPUT_RAGGED_RANK=2),
        row(params_nested_splits=[SPLITS], params_dense_values=text(["a", "b", "c"]), indices=i64([0, 2]),
            OUTPUT_RAGGED_RANK=1),
        row(params_nested_splits=[SPLITS], params_dense_values=N(3), indices=i64([]), OUTPUT_RAGGED_RANK=1),
        row(params_nested_splits=[SPLITS], params_dense_values=N(3), indices=i64([0, 3]), OUTPUT_RAGGED_RANK=1),
        row(params_nested_splits=[SPLITS], params_dense_values=N(3), indices=i64([0]), OUTPUT_RAGGED_RANK=2),
        row(params_nested_splits=[i64([0, 2, 5])], params_dense_values=N(3), indices=i64([0]), OUTPUT_RAGGED_RANK=1),
        row(params_nested_splits=[i64([0, 3, 2])], params_dense_values=N(3), indices=i64([0]), OUTPUT_RAGGED_RANK=1),
        row(params_nested_splits=[i64([-1, 3])], params_dense_values=N(3), indices=i64([0]), OUTPUT_RAGGED_RANK=1),
    ],
    "RaggedTensorToSparse": [
        row(rt_nested_splits=[SPLITS], rt_dense_values=N(3)),
        row(rt_nested_splits=[SPLITS], rt_dense_values=N(3, 2)),
        row(rt_nested_splits=[i64([0, 1, 3]), SPLITS], rt_dense_values=N(3)),
        row(rt_nested_splits=[i64([0, 1])], rt_dense_values=text(["a"])),
        row(rt_nested_splits=[i64([0])], rt_dense_values=N(0)),
        row(rt_nested_splits=[i64([0, 0])], rt_dense_values=N(0)),
        row(rt_nested_splits=[i64([0, 2])], rt_dense_values=N(3)),
        row(rt_nested_splits=[i64([1, 3])], rt_dense_values=N(3)),
        row(rt_nested_splits=[i64([0, 4, 3])], rt_dense_values=N(3)),
        row(rt_nested_splits=[i64([0, 1, 3]), i64([0, 3])], rt_dense_values=N(3)),
        row(rt_nested_splits=[i64([])], rt_dense_values=N(3)),
    ],
    "RaggedTensorToTensor": [
        row(shape=i32([-1, -1]), values=N(3), default_value=f32(0), row_partition_tensors=[SPLITS],
            row_partition_types=["ROW_SPLITS"]),
        row(shape=i32(-1), values=N(3), default_value=f32(7), row_partition_tensors=[SPLITS],
            row_partition_types=["ROW_SPLITS"]),
        row(shape=i64([2, 4]), values=N(3), default_value=f32(7), row_partition_tensors=[SPLITS],
            row_partition_types=["ROW_SPLITS"]),
        row(shape=i32([5, 1, -1]), values=N(3, 2), default_value=f32(7), row_partition_tensors=[SPLITS],
            row_partition_types=["ROW_SPLITS"]),
        row(shape=i32([-1, -1, 2]), values=N(3, 2), default_value=f32([7, 8]), row_partition_tensors=[SPLITS],
            row_partition_types=["ROW_SPLITS"]),
        row(shape=i32([-1, -1]), values=text(["a", "b", "c"]), default_value=text("?"), row_partition_tensors=[
            i64(4), i64([0, 0, 2])], row_partition_types=["FIRST_DIM_SIZE", "VALUE_ROWIDS"]),
        row(shape=i32([-1, -1, -1]), values=N(3), default_value=f32(0), row_partition_tensors=[i32([0, 1, 3]), i32(
            [0, 2, 2, 3])], row_partition_types=["ROW_SPLITS", "ROW_SPLITS"]),
        row(shape=i32([-1, 1, 3]), values=N(3), default_value=f32(0), row_partition_tensors=[i32(2), i32(
            [0, 1, 1]), i32([0, 0, 2])], row_partition_types=["FIRST_DIM_SIZE", "VALUE_ROWIDS", "VALUE_ROWIDS"]),
        row(shape=i32([-1, -1, -1]), values=N(3), default_value=f32(0), row_partition_tensors=[SPLITS],
            row_partition_types=["ROW_SPLITS"]),
        row(shape=i32([-1, -1, 3]), values=N(3, 2), default_value=f32(0), row_partition_tensors=[SPLITS],
            row_partition_types=["ROW_SPLITS"]),
        row(shape=i32([-1, -1]), values=N(3), default_value=f32(0), row_partition_tensors=[SPLITS],
            row_partition_types=["WRONG"]),
        row(shape=i32([-1, -1]), values=N(3), default_value=f32(0), row_partition_tensors=[i64([0, 2, 2])],
            row_partition_types=["ROW_SPLITS"]),
        row(shape=i32([-1, -1]), values=N(3), default_value=f32(0), row_partition_tensors=[i64([0, 2, 2])],
            row_partition_types=["VALUE_ROWIDS"]),
        row(shape=i32([-1, -1]), values=N(3), default_value=f32(0), row_partition_tensors=[i64([0, 2, 2])],
            row_partition_types=["ROW_SPLITS", "ROW_SPLITS"]),
        row(shape=i32([-1, -1]), values=N(3), default_value=f32(0), row_partition_tensors=[SPLITS, SPLITS],
            row_partition_types=["ROW_SPLITS", "FIRST_DIM_SIZE"]),
    ],
}
