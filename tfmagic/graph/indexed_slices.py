"""IndexedSlices: a sparse set of rows of a tensor, as the gradient of `tf.gather` gives it, and its dense form."""

from __future__ import annotations

import collections
import warnings
from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.dtypes import DType
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.base.slots import Slot
from tfmagic.graph.convert import register_tensor_conversion_function, to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import graph_of

_spec: Any = Slot("specs of slices")

_LARGE = 100_000_000  # elements from which on a dense form deserves a warning


@export("IndexedSlices")
class IndexedSlices:
    """Some rows of a larger tensor: row `indices[i]` of the whole is `values[i]`, rows that occur twice add up.

    Args:
      values: tensor of shape [n, ...].
      indices: integer tensor of shape [n].
      dense_shape: integer tensor with the shape of the whole, or None when nobody needs it.
    """

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None):
        graph_of([tensor for tensor in (values, indices, dense_shape) if isinstance(tensor, Tensor)])
        self._values = values
        self._indices = indices
        self._dense_shape = dense_shape

    @property
    def values(self) -> Any:
        """The rows, a tensor of shape [n, ...]."""
        return self._values

    @property
    def indices(self) -> Any:
        """Where each row belongs, a tensor of shape [n]."""
        return self._indices

    @property
    def dense_shape(self) -> Any:
        """The shape of the whole as a tensor, or None."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """The static shape of the whole."""
        if self._dense_shape is None:
            return TensorShape(None)
        from tfmagic.graph.static_value import constant_value_as_shape

        return as_shape(constant_value_as_shape(self._dense_shape))

    @property
    def _type_spec(self) -> Any:
        return _spec(self)

    def _fetch_parts(self) -> tuple[list[Any], Any]:
        """What a session fetches for it, and how its value is built from that."""
        if self._dense_shape is None:
            return [self._values, self._indices], lambda values, indices: IndexedSlicesValue(values, indices, None)
        return [self._values, self._indices, self._dense_shape], IndexedSlicesValue

    def _feed_parts(self, value: Any) -> list[tuple[Any, Any]]:
        """Which tensors a session feeds for it, with their values."""
        return list(zip(self._composite_parts(), value))

    @property
    def name(self) -> str:
        return self._values.name

    @property
    def device(self) -> str:
        return self._values.device

    @property
    def op(self) -> Operation:
        """The operation that makes `values`."""
        return self._values.op

    @property
    def dtype(self) -> DType:
        return self._values.dtype

    @property
    def graph(self) -> Any:
        return self._values.graph

    def consumers(self) -> list[Operation]:
        """The operations that read one of the parts."""
        parts = [p for p in (self._values, self._indices, self._dense_shape) if isinstance(p, Tensor)]
        return list(dict.fromkeys(op for part in parts for op in part.consumers()))

    def _as_control_input(self) -> Operation:
        return self.op

    def _composite_parts(self) -> list[Any]:
        parts = [self._values, self._indices]
        return parts if self._dense_shape is None else [*parts, self._dense_shape]

    def _from_composite_parts(self, parts: list[Any]) -> IndexedSlices:
        return IndexedSlices(*parts)

    def _part_shapes(self, shape: TensorShape | None) -> list[TensorShape]:
        """The shapes of the parts when the values have `shape` (what an invariant of a loop says), or their own."""
        if shape is None:
            return [part.shape for part in self._composite_parts()]
        if shape.ndims == 0:
            raise ValueError("Shape () must have rank 1")
        result = [shape, shape[:1]]
        return result if self._dense_shape is None else [*result, TensorShape([shape.rank])]

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self._values, self._indices, self._dense_shape)

    def __str__(self) -> str:
        shape = "" if self._dense_shape is None else f", dense_shape={self._dense_shape}"
        return f"IndexedSlices(indices={self._indices}, values={self._values}{shape})"


IndexedSlicesValue = collections.namedtuple("IndexedSlicesValue", ["values", "indices", "dense_shape"])
IndexedSlicesValue.__doc__ = "What a run gives for `IndexedSlices`: NumPy arrays under the same names."


def _to_dense(value: IndexedSlices, dtype: DType | None = None, name: str | None = None, as_ref: bool = False) -> Any:
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(f"Tensor conversion requested dtype {dtype.name} for IndexedSlices with dtype "
                         f"{value.dtype.name}")
    if value.dense_shape is None:
        raise ValueError(f"Tensor conversion requested for IndexedSlices without dense_shape: {value}")
    size = value.shape.num_elements()
    if size is None:
        warnings.warn("Converting sparse IndexedSlices to a dense Tensor of unknown shape. This may consume a large "
                      "amount of memory.", stacklevel=2)
    elif size >= _LARGE:
        warnings.warn(f"Converting sparse IndexedSlices to a dense Tensor with {size} elements. This may consume a "
                      "large amount of memory.", stacklevel=2)
    graph = value.graph
    rows = value.dense_shape[0]
    indices_dtype = value.indices.dtype.base_dtype
    op = graph.create_op("UnsortedSegmentSum", [value.values, value.indices, rows], name=name,
                         attrs={"T": value.dtype.base_dtype, "Tindices": indices_dtype,
                                "Tnumsegments": rows.dtype.base_dtype})
    return op._outputs[0]


register_tensor_conversion_function(IndexedSlices, _to_dense)


def as_tensor_or_slices(value: Any, name: str | None = None, as_ref: bool = False) -> Any:
    """`value` as a tensor; what consists of several (slices, sparse and ragged tensors) stays what it is."""
    if nest.is_composite(value):
        return value
    return to_tensor(value, None, name, as_ref)


def flatten_nested(slices: IndexedSlices, gather: Any) -> IndexedSlices:
    """Slices whose values are slices of slices as one level.

    Args:
      gather: `(params, indices) -> tensor`.
    """
    if isinstance(slices.values, Tensor):
        return slices
    inner = flatten_nested(slices.values, gather)
    return IndexedSlices(inner.values, gather(slices.indices, inner.indices), slices.dense_shape)


def unify_index_types(slices: list[IndexedSlices], cast: Any) -> list[IndexedSlices]:
    """The same slices with indices of one type: int64 when the types differ.

    Args:
      cast: `(tensor, dtype) -> tensor`.
    """
    narrow = [s.indices.dtype.base_dtype is dtypes.int32 for s in slices]
    if not any(narrow) or all(narrow):
        return slices
    return [IndexedSlices(s.values, cast(s.indices, dtypes.int64), s.dense_shape) if is_narrow else s
            for s, is_narrow in zip(slices, narrow)]

