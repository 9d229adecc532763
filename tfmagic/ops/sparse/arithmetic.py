"""Arithmetic of sparse tensors with dense ones."""

from __future__ import annotations

import math
from typing import Any

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.ops.array.gather import gather_nd
from tfmagic.ops.array.indices import flat_positions, put
from tfmagic.ops.declare import op


def _refused(op: Any, indices: Dims, values: Dims, dense_shape: Dims, b: Dims) -> str | None:
    if len(indices or ()) != 2:
        return f"Input a_indices should be a matrix but received shape: {shapes.brackets(indices)}"
    if len(values or ()) != 1 or len(dense_shape or ()) != 1:
        return ("Inputs a_values and a_shape should be vectors but received shapes: "
                f"{shapes.brackets(values)} and {shapes.brackets(dense_shape)}")
    if dense_shape != (len(b or ()),):
        return f"Two operands have different ranks; received: {(dense_shape or (0,))[0]} and {len(b or ())}"
    return None


def _outside(op: Any, indices: Any, values: Any, dense_shape: Any, b: Any) -> str | None:
    bad = ((indices < 0) | (indices >= torch.tensor(b.shape))).nonzero()
    if not len(bad):
        return None
    return (f"Sparse tensor has some invalid index on dimension {int(bad[0, 1])}; dense tensor shape: "
            f"{shapes.brackets(tuple(b.shape))}")


@op("SparseTensorDenseAdd", host="a_shape", traced="shapes", check=_refused, explain=_outside)
class SparseTensorDenseAdd:
    """The sum of a sparse and a dense tensor of one shape."""

    def shape(op: Any, a_indices: Dims, a_values: Dims, a_shape: Dims, b: Dims) -> Dims:
        return b

    def kernel(op: Any, a_indices: Any, a_values: Any, a_shape: Any, b: Any) -> Any:
        sizes = tuple(b.shape)
        for axis, (mine, other) in enumerate(zip(a_shape, sizes)):
            if mine != other:
                raise errors.InvalidArgumentError(None, None, f"Dimension {axis} does not equal (no broadcasting is "
                                                  f"supported): sparse side {mine} vs dense side {other}")
        rows = b.reshape(math.prod(sizes))
        return put(rows, flat_positions(a_indices, sizes), a_values, "add").reshape(sizes)

    def gradient(op: Any, dy: Tensor) -> tuple[Any, ...]:
        return None, gather_nd(dy, op.a_indices), None, dy
