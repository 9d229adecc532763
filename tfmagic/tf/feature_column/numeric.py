"""numeric_column, bucketized_column: numbers as they are, and in ranges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tfmagic.base import dtypes, shapes
from tfmagic.base.export import export
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw
from tfmagic.tf.feature_column.base import CategoricalColumn, DenseColumn, Features, Ids, check_key
from tfmagic.tf.parsing.features import FixedLenFeature


class _Numeric(NamedTuple):
    key: Any
    shape: Any
    default_value: Any
    dtype: Any
    normalizer_fn: Any


class NumericColumn(_Numeric, DenseColumn):
    """A column of numbers; made by `numeric_column`."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The key."""
        return self.key

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """The feature, of its shape."""
        return {self.key: FixedLenFeature(self.shape, self.dtype, self.default_value)}

    @property
    def variable_shape(self) -> shapes.TensorShape:
        """The shape of an example's numbers."""
        return shapes.TensorShape(self.shape)

    def transform(self, features: Features) -> Any:
        found = features.of(self.key)
        if isinstance(found, SparseTensor):
            raise ValueError("The corresponding Tensor of numerical column must be a Tensor. SparseTensor is not "
                             f"supported. key: {self.key}")
        if self.normalizer_fn is not None:
            found = self.normalizer_fn(found)
        return api.cast(found, dtypes.float32)


@export("feature_column.numeric_column")
def numeric_column(key: str, shape: Any = (1,), default_value: Any = None, dtype: Any = dtypes.float32,
                   normalizer_fn: Callable[[Any], Any] | None = None) -> NumericColumn:
    """A column of numbers.

    Args:
      key: the name of the feature.
      shape: the shape of an example's numbers.
      default_value: what stands in for it in parsed examples: a number, or as many as `shape` says.
      dtype: its type.
      normalizer_fn: what is done to its tensor.

    Raises:
      TypeError: the shape, default or function is of another kind.
      ValueError: the key, type, shape or default does not go.
    """
    shape = checked_shape(shape, key)
    if not (dtype.is_integer or dtype.is_floating):
        raise ValueError(f"dtype must be convertible to float. dtype: {dtype}, key: {key}")
    default_value = _checked_default(shape, default_value, dtype, key)
    if normalizer_fn is not None and not callable(normalizer_fn):
        raise TypeError(f"normalizer_fn must be a callable. Given: {normalizer_fn}")
    check_key(key)
    return NumericColumn(key, shape, default_value, dtype, normalizer_fn)


def checked_shape(shape: Any, key: Any) -> tuple[int, ...]:
    """A shape as a tuple of positive integers.

    Raises:
      TypeError, ValueError: it is none.
    """
    dims = tuple(shape) if isinstance(shape, (list, tuple, np.ndarray)) else (shape,)
    for size in dims:
        if not isinstance(size, (int, np.integer)):
            raise TypeError(f"shape dimensions must be integer. shape: {dims}, key: {key}")
        if size < 1:
            raise ValueError(f"shape dimensions must be greater than 0. shape: {dims}, key: {key}")
    return dims


def _checked_default(shape: tuple[int, ...], value: Any, dtype: Any, key: Any) -> Any:
    def fits(number: Any) -> bool:
        return isinstance(number, (int, np.integer)) or dtype.is_floating and isinstance(number, (float, np.floating))

    if value is None:
        return None
    if fits(value) and not isinstance(value, (list, tuple)):
        return _tuples(np.full(shape, value, object).tolist())
    array = np.array(value, object)
    if callable(getattr(value, "tolist", None)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        if array.shape != shape:
            raise ValueError(f"The shape of default_value must be equal to given shape. default_value: {value}, shape: "
                             f"{shape}, key: {key}")
        if all(fits(number) for number in array.ravel().tolist()):
            return _tuples(value)
    raise TypeError(f"default_value must be compatible with dtype. default_value: {value}, dtype: {dtype}, key: {key}")


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, (list, tuple)) else value


class _Bucketized(NamedTuple):
    source_column: Any
    boundaries: Any


class BucketizedColumn(_Bucketized, DenseColumn, CategoricalColumn):
    """A column of the ranges in which numbers lie; made by `bucketized_column`."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name of the numbers, with `_bucketized`."""
        return f"{self.source_column.name}_bucketized"

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """That of the numbers."""
        return self.source_column.parse_example_spec

    @property
    def variable_shape(self) -> shapes.TensorShape:
        """As many axes as the numbers have, and one of ranges."""
        return shapes.TensorShape((*self.source_column.shape, len(self.boundaries) + 1))

    @property
    def num_buckets(self) -> int:
        """How many ranges there are, of all numbers of an example."""
        return (len(self.boundaries) + 1) * self.source_column.shape[0]

    def transform(self, features: Features) -> Any:
        return raw.bucketize(features.of(self.source_column), self.boundaries)

    def dense_tensor(self, features: Features, weight_collections: Any, trainable: Any) -> Any:
        return api.one_hot(api.cast(features.of(self), dtypes.int64), depth=len(self.boundaries) + 1, on_value=1.,
                           off_value=0.)

    def sparse_tensors(self, features: Features) -> Ids:
        found = features.of(self)
        size = api.shape(found)[0]
        count = self.source_column.shape[0]
        rows = api.reshape(api.tile(api.expand_dims(api.range(0, size), 1), [1, count]), (-1,))
        columns = api.tile(api.range(0, count), [size])
        ids = api.reshape(found, (-1,)) + (len(self.boundaries) + 1) * columns
        indices = api.cast(api.transpose(api.stack((rows, columns))), dtypes.int64)
        dense_shape = api.cast(api.stack([size, count]), dtypes.int64)
        return Ids(SparseTensor(indices, ids, dense_shape), None)


@export("feature_column.bucketized_column")
def bucketized_column(source_column: Any, boundaries: Any) -> BucketizedColumn:
    """A column of the ranges in which numbers lie.

    Args:
      source_column: the numbers, of one axis.
      boundaries: where ranges begin, in rising order.

    Raises:
      ValueError: the numbers are no `numeric_column`, or the boundaries do not rise.
    """
    if not isinstance(source_column, NumericColumn):
        raise ValueError("source_column must be a column generated with numeric_column(). Given: "
                         f"{source_column}")
    if len(source_column.shape) > 1:
        raise ValueError(f"source_column must be one-dimensional column. Given: {source_column}")
    if not boundaries:
        raise ValueError("boundaries must not be empty.")
    if not isinstance(boundaries, (list, tuple)) or any(a >= b for a, b in zip(boundaries, boundaries[1:])):
        raise ValueError("boundaries must be a sorted list.")
    return BucketizedColumn(source_column, tuple(boundaries))
