"""tf.contrib.layers: sparse ids from indicators, and how far the rows of sparse tensors reach."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api
from tfmagic.tf.contrib.layers.embeddings import dense_to_sparse_tensor

_NOTHING = {dtypes.string: "", dtypes.as_dtype("bool"): False}


@export("contrib.slim.contrib_sparse_ops.sparse_row_envelope")
def sparse_row_envelope(sparse_input: SparseTensor, row_axis: int = 0, col_axis: int = 1,
                        name: str | None = None) -> Tensor:
    """How many columns it takes to hold each row: one more than the last column with a value.

    Args:
      sparse_input: a SparseTensor of rank 2 or more.
      row_axis, col_axis: which of its axes are the rows and the columns.

    Returns:
      int64 [rows].
    """
    with name_scope(name, "sparse_row_envelope", [sparse_input]):
        rows = sparse_input.indices[:, row_axis]
        columns = sparse_input.indices[:, col_axis]
        count = api.cast(sparse_input.dense_shape[row_axis], dtypes.int32)
        reach = api.unsorted_segment_max(columns + 1, rows, count)
        nothing = api.zeros_like(reach)
        return api.where(reach > nothing, reach, nothing)


@export("contrib.slim.contrib_sparse_ops.indicators_to_sparse_ids")
def indicators_to_sparse_ids(indicators: Any, ignore_value: Any = None, dtype: Any = dtypes.int64) -> SparseTensor:
    """The places along the last axis where something stands, side by side.

    Args:
      indicators: a tensor of any rank from 1 on, for instance of zeros and ones.
      ignore_value: what counts as nothing: "", False or 0 where it is not given.
      dtype: the integer type of the ids.

    Returns:
      A SparseTensor of `dtype`, as long in its last axis as the fullest row.
    """
    with name_scope(None, "indicators_to_sparse_ids", (indicators, ignore_value)):
        indicators = convert_to_tensor(indicators, name="indicators")
        if ignore_value is None:
            ignore_value = _NOTHING.get(indicators.dtype, 0)
        ignore_value = api.cast(ignore_value, indicators.dtype, name="ignore_value")
        missing = api.equal(indicators, ignore_value, name="missing")
        zeros = api.zeros_like(indicators, dtype=dtypes.int64, name="zeros")
        found = api.where(missing, zeros, api.ones_like(indicators, dtype=dtypes.int64, name="ones"),
                          name="binary_indicators")
        numbered = api.where(missing, zeros, api.cumsum(found, axis=-1), name="row_index_indicators")
        longest = api.reshape(api.reduce_max(numbered), [1], name="result_last_dim")
        sparse = dense_to_sparse_tensor(numbered, ignore_value=0)
        indices = api.concat((sparse.indices[:, :-1], api.reshape(sparse.values - 1, [-1, 1])), axis=1,
                             name="indices")
        values = api.cast(sparse.indices[:, -1], dtype, name="values")
        return SparseTensor(indices, values, api.concat((sparse.dense_shape[0:-1], longest), axis=0,
                                                        name="dense_shape"))
