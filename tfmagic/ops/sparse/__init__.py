"""Sparse tensors as coordinates and values: their dense form."""

from tfmagic.ops.sparse import to_dense  # noqa: F401  # declares
