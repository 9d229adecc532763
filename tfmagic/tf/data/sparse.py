"""Structures that hold sparse tensors, as structures that hold one dense tensor for each of them."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor, SparseTensorValue
from tfmagic.ops.sparse.serialized import restored, serialized
from tfmagic.tf.data import nest


def get_classes(tensors: Any) -> Any:
    """The classes of the leaves: `tf.SparseTensor` or `tf.Tensor`."""
    return nest.map_structure(lambda leaf: SparseTensor if isinstance(leaf, SparseTensor) else Tensor, tensors)


def any_sparse(classes: Any) -> bool:
    """Whether one of the classes is `tf.SparseTensor`."""
    return any(cls is SparseTensor for cls in nest.flatten(classes))


def _where_sparse(values: Any, classes: Any, function: Any) -> Any:
    return nest.pack_as(values, [function(value) if cls is SparseTensor else value
                                 for value, cls in zip(nest.flatten(values), nest.flatten(classes))])


def as_dense_types(types: Any, classes: Any) -> Any:
    """Types of elements; `tf.variant` for sparse tensors."""
    return _where_sparse(types, classes, lambda _: dtypes.variant)


def as_dense_shapes(shapes: Any, classes: Any) -> Any:
    """Shapes of elements; unknown ones for sparse tensors."""
    return _where_sparse(shapes, classes, lambda _: TensorShape(None))


def serialize_sparse_tensors(tensors: Any) -> Any:
    """The structure with a variant vector of three for each sparse tensor."""
    return _where_sparse(tensors, get_classes(tensors), lambda value: serialized(value, many=False))


def serialize_many_sparse_tensors(tensors: Any) -> Any:
    """The structure with rows of such vectors for each sparse tensor: one for each of its rows."""
    def serialize(leaf: Any) -> Any:
        if isinstance(leaf, (SparseTensor, SparseTensorValue)):
            return serialized(SparseTensor.from_value(leaf), many=True)
        return leaf

    return nest.map_structure(serialize, tensors)


def deserialize_sparse_tensors(tensors: Any, types: Any, shapes: Any, classes: Any) -> Any:
    """The structure that such a structure stands for.

    Args:
      types, shapes, classes: those of its leaves.
    """
    leaves = [restored(tensor, dtype, shape) if cls is SparseTensor else tensor for tensor, dtype, shape, cls in zip(
        *map(nest.flatten, (tensors, types, shapes, classes)))]
    return nest.pack_as(tensors, leaves)
