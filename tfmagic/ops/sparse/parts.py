"""What ops of sparse tensors ask of their three parts: coordinates [n, rank], values [n], and shape [rank]."""

from __future__ import annotations

from tfmagic.base import shapes
from tfmagic.base.shapes import Dims
from tfmagic.ops.shape_rules import with_rank


def rank_of(indices: Dims, values: Dims, dense_shape: Dims) -> int | None:
    """The rank of a sparse tensor, from the static shapes of its parts.

    Raises:
      ValueError: the parts do not fit.
    """
    count, rank = with_rank(indices, 2)
    (length,) = with_rank(values, 1)
    (sizes,) = with_rank(dense_shape, 1)
    if None not in (count, length) and count != length:
        raise ValueError(f"Number of elements in index ({count}) and values ({length}) do not match.")
    if None not in (rank, sizes) and rank != sizes:
        raise ValueError(f"Index rank ({rank}) and shape rank ({sizes}) do not match.")
    return rank if sizes is None else sizes


def refused(indices: Dims, values: Dims, dense_shape: Dims) -> str | None:
    """What TensorFlow says when a run makes a sparse tensor of parts that do not fit, given their shapes."""
    indices, values, dense_shape = indices or (), values or (), dense_shape or ()
    if len(values) != 1:
        return f"vals must be a vec, but got: {shapes.brackets(values)}"
    if not indices or indices[0] != values[0]:
        rows = indices[0] if indices else 0
        return ("indices and values rows (indexing dimension) must match. "
                f"(indices = {rows}, values = {values[0]})")
    if len(indices) > 1 and indices[1] != dense_shape[0]:
        return "Order length must be SparseTensor rank."
    return None
