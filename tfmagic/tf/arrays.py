"""Array functions that are built from several ops: sparse placeholders, places in histograms."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.graph import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.shapes import as_shape
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import raw
from tfmagic.ops.array.constants import placeholder
from tfmagic.ops.array.rules import public
from tfmagic.ops.array.shape_ops import reshape
from tfmagic.ops.array.shape_ops import shape as shape_of


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
    else:
        if isinstance(shape, Tensor):
            rank = None if shape._dims is None else shape._dims[0]
            dense_shape = shape
        else:
            sizes = [-1 if d is None else d for d in as_shape(shape).as_list()]
            rank = len(sizes)
            dense_shape = convert_to_tensor(np.array(sizes, np.int64), name=shape_name)
    return SparseTensor(values=placeholder(dtype, [None], name=values_name),
                        indices=placeholder(dtypes.int64, [None, rank], name=indices_name),
                        dense_shape=dense_shape)


@export("histogram_fixed_width_bins")
def histogram_fixed_width_bins(values: Any, value_range: Any, nbins: Any = 100, dtype: Any = dtypes.int32,
                               name: str | None = None) -> Tensor:
    """In which of `nbins` equal parts of a range each value falls; values beyond it are in the outermost.

    Args:
      values: numeric tensor of any shape.
      value_range: two numbers, the ends of the range.
      nbins: int32 scalar.

    Returns:
      An int32 tensor of the shape of `values`.
    """
    cast = public("dtypes.cast")
    with name_scope(name, "histogram_fixed_width_bins", [values, value_range, nbins]):
        values = convert_to_tensor(values, name="values")
        dims = shape_of(values)
        flat = reshape(values, [-1])
        value_range = convert_to_tensor(value_range, name="value_range")
        count = cast(convert_to_tensor(nbins, dtype=dtypes.int32, name="nbins"), flat.dtype)
        scaled = public("math.truediv")(flat - value_range[0], value_range[1] - value_range[0], name="scaled_values")
        places = raw.floor(count * scaled, name="indices")
        places = cast(public("clip_by_value")(places, 0, count - 1), dtypes.int32)
        return reshape(places, dims)
