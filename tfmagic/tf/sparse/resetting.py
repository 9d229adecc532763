"""tf.sparse.reset_shape: the same elements in another shape of the same rank."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import dimension_value
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor, as_sparse
from tfmagic.graph.static_value import constant_value, constant_value_as_shape
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_max


@export("sparse.reset_shape")
def sparse_reset_shape(sp_input: Any, new_shape: Any = None) -> SparseTensor:
    """The same elements in another shape of the same rank, the least by default.

    Args:
      sp_input: a `SparseTensor`.
      new_shape: a vector of sizes that are not smaller.

    Raises:
      ValueError: the rank differs, or a size is smaller.
    """
    sp_input = as_sparse(sp_input)
    indices, values = constants.identity(sp_input.indices), constants.identity(sp_input.values)
    old_shape = constants.identity(sp_input.dense_shape)
    if new_shape is None:
        low = reduce_max(indices, axis=0)
        made = raw.maximum(constants.constant(0, dtypes.int64),
                           raw.add(low, constants.ones_like(old_shape), name="Add"))
        return SparseTensor(indices, values, made)
    made = convert_to_tensor(new_shape)
    made.get_shape().assert_has_rank(1)
    made = cast(made, dtypes.int64)
    if old_shape.get_shape().dims is not None and dimension_value(old_shape.get_shape()[0]) is not None:
        made.get_shape()[0].assert_is_compatible_with(old_shape.get_shape()[0])
    wanted = constant_value(made)
    static = constant_value_as_shape(sp_input.dense_shape)
    if wanted is not None and static.is_fully_defined():
        old = np.array(static.as_list())
        if (old > wanted).any():  # TensorFlow too takes the one for the other in its words
            raise ValueError("Requested new_shape should have dimension sizes >= sp_input.shape.  Found new_shape "
                             f"({old}), sp_input.shape ({wanted}).")
        return SparseTensor(indices, values, wanted.tolist())
    check = api.debugging
    made = _after(check.assert_equal(shape_ops.shape(old_shape), shape_ops.shape(made)), made)
    made = _after(check.assert_less_equal(old_shape, made), made)
    return SparseTensor(indices, values, made)


def _after(check: Any, value: Tensor) -> Tensor:
    return with_dependencies([check], value)
