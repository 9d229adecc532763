"""tf.histogram_fixed_width_bins: the place of each value among equal parts of a range."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array.shape_ops import reshape
from tfmagic.ops.array.shape_ops import shape as shape_of


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
    cast = api.dtypes.cast
    with name_scope(name, "histogram_fixed_width_bins", [values, value_range, nbins]):
        values = convert_to_tensor(values, name="values")
        dims = shape_of(values)
        flat = reshape(values, [-1])
        value_range = convert_to_tensor(value_range, name="value_range")
        count = cast(convert_to_tensor(nbins, dtype=dtypes.int32, name="nbins"), flat.dtype)
        scaled = api.math.truediv(flat - value_range[0], value_range[1] - value_range[0], name="scaled_values")
        places = raw.floor(count * scaled, name="indices")
        places = cast(api.clip_by_value(places, 0, count - 1), dtypes.int32)
        return reshape(places, dims)
