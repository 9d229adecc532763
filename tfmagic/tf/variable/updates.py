"""Updates of variables that take several nodes: `tf.batch_scatter_update`."""

from __future__ import annotations

from typing import Any

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
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
    with name_scope(name, "batch_scatter_update"):
        indices = convert_to_tensor(indices, name="indices")
        rank = indices.shape.ndims
        if rank is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        sizes = raw.shape(indices, out_type=indices.dtype)
        rows = raw.expand_dims(indices, -1)
        coordinates = []
        for axis in range(rank - 1):
            size = raw.gather_nd(sizes, [axis])
            dims = [1] * (rank + 1)
            dims[axis] = -1
            numbers = raw.reshape(raw._range(convert_to_tensor(0, indices.dtype), size,
                                             convert_to_tensor(1, indices.dtype)), dims)
            coordinates.append(raw.mul(numbers, raw.ones_like(rows)))
        coordinates.append(rows)
        return scatter_nd_update(ref, raw.concat_v2(coordinates, -1), updates, use_locking=use_locking)
