"""`framework.ops`, `common_shapes` and `tensor_util` beyond what is public: conversions, scopes, shapes."""

from __future__ import annotations

import collections.abc
import contextlib
import itertools
from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes, messages
from tfmagic.base.shapes import Dimension, TensorShape
from tfmagic.graph.context import default_graphs, get_default_graph
from tfmagic.graph.convert import convert_to_tensor, convert_to_tensor_or_indexed_slices, to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.tf import internal

# --- conversions -------------------------------------------------------------------------------------------------


def internal_convert_to_tensor(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False,
                               preferred_dtype: Any = None, ctx: Any = None, accepted_result_types: Any = None) -> Any:
    """`tf.convert_to_tensor` that can also ask for a variable's reference."""
    if not as_ref:
        return convert_to_tensor(value, dtype, name, preferred_dtype)
    return to_tensor(value, None if dtype is None else dtypes.as_dtype(dtype), name, True)


def convert_to_tensor_v2(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Tensor:
    """`tf.convert_to_tensor` with its arguments in TensorFlow 2's order."""
    return convert_to_tensor(value, dtype, name, dtype_hint)


def _each(values: Any, name: str | None, convert: Any) -> list[Any]:
    if not isinstance(values, collections.abc.Sequence):
        raise TypeError("values must be a sequence.")
    return [convert(value, None if name is None else f"{name}_{i}") for i, value in enumerate(values)]


def convert_n_to_tensor(values: Sequence[Any], dtype: Any = None, name: str | None = None,
                        preferred_dtype: Any = None) -> list[Tensor]:
    """Each of a list of values as a tensor; `name` gets a number for each.

    Raises:
      TypeError: no list, or a value that cannot be converted.
    """
    return _each(values, name, lambda value, own: convert_to_tensor(value, dtype, own, preferred_dtype))


def internal_convert_n_to_tensor(values: Sequence[Any], dtype: Any = None, name: str | None = None,
                                 as_ref: bool = False, preferred_dtype: Any = None, ctx: Any = None) -> list[Any]:
    """`convert_n_to_tensor` that can also ask for variables' references."""
    return _each(values, name,
                 lambda value, own: internal_convert_to_tensor(value, dtype, own, as_ref, preferred_dtype))


def convert_n_to_tensor_or_indexed_slices(values: Sequence[Any], dtype: Any = None,
                                          name: str | None = None) -> list[Any]:
    """Each of a list of values as a tensor or as `IndexedSlices`; None stays None."""
    return _each(values, name,
                 lambda value, own: None if value is None else convert_to_tensor_or_indexed_slices(value, dtype, own))


def is_dense_tensor_like(t: Any) -> bool:
    """Whether a value is a tensor or a variable."""
    return isinstance(t, Tensor) or hasattr(t, "_as_graph_element")


# --- graphs and scopes -------------------------------------------------------------------------------------------


def name_from_scope_name(name: str) -> str:
    """A scope's name without the slash at its end."""
    return name[:-1] if name and name[-1] == "/" else name


def has_default_graph() -> bool:
    """Whether a graph was made the default one; the one that is always there does not count."""
    return len(default_graphs()) > 0


def get_all_collection_keys() -> list[Any]:
    """The keys of the collections of the default graph."""
    return get_default_graph().get_all_collection_keys()


def executing_eagerly_outside_functions() -> bool:
    """Whether code outside of functions runs at once: never here."""
    return False


def inside_function() -> bool:
    """Whether the default graph is that of a function."""
    return bool(get_default_graph().building_function)


_numbers = itertools.count()


def uid() -> int:
    """A number that nobody got before."""
    return next(_numbers)


@contextlib.contextmanager
def null_context_manager(*args: Any, **kwargs: Any) -> Any:
    """A context that changes nothing."""
    yield


# --- shapes ------------------------------------------------------------------------------------------------------


def scalar() -> TensorShape:
    """The shape of a scalar."""
    return TensorShape([])


def vector(length: Any) -> TensorShape:
    """The shape of a vector."""
    return TensorShape([length])


def matrix(rows: Any, cols: Any) -> TensorShape:
    """The shape of a matrix."""
    return TensorShape([rows, cols])


def _broadcast(x: TensorShape, y: TensorShape) -> list[Dimension] | None:
    """The dimensions of two shapes together, or None where they do not fit."""
    together = []
    pairs = itertools.zip_longest(reversed(x.dims or []), reversed(y.dims or []), fillvalue=Dimension(1))
    for a, b in pairs:
        if a.value is None or b.value is None:
            known = [d.value for d in (a, b) if d.value is not None and d.value > 1]
            together.append(Dimension(known[0] if known else None))
        elif a.value == 1 or b.value == 1:
            together.append(b if a.value == 1 else a)
        elif a.value == b.value:
            together.append(a)
        else:
            return None
    return together[::-1]


def is_broadcast_compatible(shape_x: TensorShape, shape_y: TensorShape) -> bool:
    """Whether two shapes of known ranks broadcast together."""
    return shape_x.ndims is not None and shape_y.ndims is not None and _broadcast(shape_x, shape_y) is not None


def broadcast_shape(shape_x: TensorShape, shape_y: TensorShape) -> TensorShape:
    """The shape that two shapes have together.

    Raises:
      ValueError: they do not broadcast.
    """
    if shape_x.ndims is None or shape_y.ndims is None:
        return TensorShape(None)
    together = _broadcast(shape_x, shape_y)
    if together is None:
        raise ValueError(f"Incompatible shapes for broadcasting: {shape_x} and {shape_y}")
    return TensorShape(together)


def has_fully_defined_shape(tensor: Tensor) -> bool:
    """Whether every dimension of a tensor is known."""
    return tensor.shape.is_fully_defined()


def rank(tensor: Any) -> int | None:
    """The rank of a tensor, or None."""
    return tensor.shape.ndims if isinstance(tensor, Tensor) else None


def shape_tensor(shape: Any) -> Tensor:
    """A shape, which may have scalars of the graph in it, as a vector; int32 where nothing says otherwise."""
    dtype = None
    if isinstance(shape, (tuple, list)):
        dtype = dtypes.int32 if not shape or all(isinstance(size, int) for size in shape) else None
    return convert_to_tensor(shape, dtype=dtype, name="shape")


def shape_equals(tensor_proto: Any, shape: Any) -> bool:
    """Whether a `TensorProto` has a shape, given as a list or a `TensorShapeProto`.

    Raises:
      TypeError: it is neither.
    """
    if not isinstance(tensor_proto, messages.module("tensor_pb2").TensorProto):
        raise TypeError("tensor_proto is not a tensor_pb2.TensorProto object")
    if isinstance(shape, messages.module("tensor_shape_pb2").TensorShapeProto):
        shape = [dim.size for dim in shape.dim]
    elif not isinstance(shape, (list, tuple)):
        raise TypeError("shape is not a list or tuple")
    return [dim.size for dim in tensor_proto.tensor_shape.dim] == list(shape)


def is_sparse(tensor: Any) -> bool:
    """Whether a value is a sparse tensor."""
    return isinstance(tensor, internal.public("SparseTensor"))


