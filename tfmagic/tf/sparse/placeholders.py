"""tf.sparse.placeholder: three placeholders that are fed as one sparse tensor."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops.array.constants import placeholder


@export("sparse.placeholder")
def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor whose value is given by `feed_dict` in each run, as a `SparseTensorValue` or a triple.

    Args:
      dtype: the type of the elements.
      shape: the dense shape, which is then a constant; None for any.
      name: a prefix of the names of the placeholders.
    """
    shape_name, values_name, indices_name = (None if name is None else f"{name}/{part}"
                                             for part in ("shape", "values", "indices"))
    rank = None
    if shape is None:
        dense_shape = placeholder(dtypes.int64, [None], name=shape_name)
    elif isinstance(shape, Tensor):
        rank = None if shape._dims is None else shape._dims[0]
        dense_shape = shape
    else:
        rank = len(shape)
        if any(size is None for size in shape):
            dense_shape = placeholder(dtypes.int64, [rank], name=shape_name)
        else:
            dense_shape = convert_to_tensor(shape, dtypes.int64, name=shape_name)
    return SparseTensor(values=placeholder(dtype, [None], name=values_name),
                        indices=placeholder(dtypes.int64, [None, rank], name=indices_name),
                        dense_shape=dense_shape)
