"""Updates of variables that take several nodes: `tf.batch_scatter_update`."""

from __future__ import annotations

from typing import Any

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.math.cast import cast
from tfmagic.ops.state.scatter import scatter_nd_update


@export("batch_scatter_update")
@deprecated("2018-11-29", "Use the batch_scatter_update method of Variable instead.")
def _public_batch_scatter_update(ref: Any, indices: Any, updates: Any, use_locking: bool = True,
                                 name: str | None = None) -> Any:
    """Replaces rows of a batch of matrices in a variable.

    Args:
      ref: a variable of shape [batch..., rows, ...].
      indices: int32 or int64 row numbers, of shape [batch..., n].
      updates: new rows, of shape [batch..., n, ...].

    Returns:
      The variable's value once the update has run.

    Raises:
      ValueError: the rank of `indices` is unknown.
    """
    return batch_scatter_update(ref, indices, updates, use_locking, name)


def batch_scatter_update(ref: Any, indices: Any, updates: Any, use_locking: bool = True,
                         name: str | None = None) -> Any:
    """`tf.batch_scatter_update` without its warning."""
    with name_scope(name):
        indices = convert_to_tensor(indices, name="indices")
        sizes, rank = shape_ops.shape(indices), indices.shape.ndims
        if rank is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        rows = shape_ops.expand_dims(indices, -1)
        coordinates = []
        for axis in range(rank - 1):
            size = sizes[axis]
            numbers = raw.range(0, size, 1)
            dims: list[Any] = [1] * (rank + 1)
            dims[axis] = size
            coordinates.append(cast(raw.reshape(numbers, dims), indices.dtype) * constants.ones_like(rows))
        return scatter_nd_update(ref, api.concat([*coordinates, rows], -1), updates, use_locking=use_locking)
