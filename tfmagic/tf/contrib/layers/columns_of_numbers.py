"""Former columns of numbers: real_valued_column, bucketized_column."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any, NamedTuple

from tfmagic.base import dtypes, shapes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw
from tfmagic.tf.contrib.layers.columns import Get, OfIds, Vectors, inner_flatten, of_rank, wrong_rank
from tfmagic.tf.parsing.features import FixedLenFeature


class _Real(NamedTuple):
    column_name: Any
    dimension: Any
    default_value: Any
    dtype: Any
    normalizer: Any


class RealValuedColumn(_Real, Vectors):
    """A column of numbers."""

    __slots__ = ()
    _shown = "_RealValuedColumn"
    _not_in_key = ("normalizer",)
    __repr__ = Vectors.__repr__

    @property
    def name(self) -> str:
        """The name of the feature."""
        return self.column_name

    @property
    def normalizer_fn(self) -> Any:
        """What is made of the numbers."""
        return self.normalizer

    @property
    def config(self) -> dict[str, Any]:
        """The feature, of so many numbers."""
        default = list(self.default_value) if self.default_value is not None else None
        return {self.column_name: FixedLenFeature([self.dimension], self.dtype, default)}

    @property
    def variable_shape(self) -> shapes.TensorShape:
        """The numbers of an example."""
        return shapes.TensorShape([self.dimension])

    def made(self, get: Get) -> Any:
        given = get(self.column_name)
        return api.cast(self.normalizer(given) if self.normalizer is not None else given, dtypes.float32)

    def dense(self, tensor: Any) -> Tensor:
        return tensor

    def deep(self, tensor: Any, rank: int, collections: Any, trainable: bool) -> Tensor:
        if rank > 2:
            return of_rank(tensor, rank, self.name)
        if isinstance(tensor, SparseTensor):
            tensor = api.convert_to_tensor(tensor)
        if tensor.shape.ndims == 0:
            raise wrong_rank(self.name, 0, rank, "")
        if tensor.shape.ndims == 1:
            return api.expand_dims(tensor, -1, name="expand_dims")
        return tensor if tensor.shape.ndims == 2 else inner_flatten(tensor, 2)


@export("contrib.layers.real_valued_column")
def real_valued_column(column_name: str, dimension: int = 1, default_value: Any = None, dtype: Any = dtypes.float32,
                       normalizer: Callable[..., Any] | None = None) -> RealValuedColumn:
    """A column of numbers.

    Args:
      column_name: the name of the feature.
      dimension: how many numbers an example has.
      default_value: what stands in for missing numbers: one, or one for each.
      dtype: the type of the feature.
      normalizer: what is made of the numbers, a function of their tensor.

    Raises:
      TypeError, ValueError: an argument does not go.
    """
    if dimension is None:
        raise TypeError("dimension must be an integer. Use the _real_valued_var_len_column for variable length "
                        f"features.dimension: None, column_name: {column_name}")
    if not isinstance(dimension, int):
        raise TypeError(f"dimension must be an integer. dimension: {dimension}, column_name: {column_name}")
    if dimension < 1:
        raise ValueError(f"dimension must be greater than 0. dimension: {dimension}, column_name: {column_name}")
    if not (dtype.is_integer or dtype.is_floating):
        raise ValueError(f"dtype must be convertible to float. dtype: {dtype}, column_name: {column_name}")
    values: Any = default_value
    if isinstance(default_value, numbers.Real):
        values = [default_value] * dimension
    elif isinstance(default_value, list) and len(default_value) != dimension:
        raise ValueError(f"The length of default_value must be equal to dimension. default_value: {default_value}, "
                         f"dimension: {dimension}, column_name: {column_name}")
    wanted = numbers.Integral if dtype.is_integer else numbers.Real
    if values is not None and not (isinstance(values, list) and all(isinstance(each, wanted) for each in values)):
        raise TypeError(f"default_value must be compatible with dtype. default_value: {default_value}, dtype: {dtype}, "
                        f"column_name: {column_name}")
    if values is not None and dtype.is_floating:
        values = [float(each) for each in values]
    return RealValuedColumn(column_name, dimension, tuple(values) if values is not None else None, dtype, normalizer)


class _Bucketized(NamedTuple):
    source_column: Any
    boundaries: Any


class BucketizedColumn(_Bucketized, OfIds, Vectors):
    """A column of ranges, one id or one vector per number."""

    __slots__ = ()
    _shown = "_BucketizedColumn"
    __repr__ = OfIds.__repr__

    @property
    def name(self) -> str:
        """The name of the numbers, with `_bucketized`."""
        return f"{self.source_column.name}_bucketized"

    @property
    def config(self) -> dict[str, Any]:
        """That of the numbers."""
        return self.source_column.config

    @property
    def length(self) -> int:
        """How many ranges there are."""
        return len(self.boundaries) + 1

    @property
    def num_buckets(self) -> int:
        """How many ids there are: the ranges of each number."""
        return self.length * self.source_column.dimension

    @property
    def variable_shape(self) -> shapes.TensorShape:
        """The vectors of an example's numbers, side by side."""
        return shapes.TensorShape([self.num_buckets])

    def made(self, get: Get) -> Tensor:
        return raw.bucketize(api.convert_to_tensor(get(self.source_column)), list(self.boundaries), name="bucketize")

    def to_sparse_tensor(self, input_tensor: Any) -> SparseTensor:
        """The ranges as ids that tell one number's from another's."""
        dimension = self.source_column.dimension
        rows = api.shape(input_tensor, name="shape")[0]
        ids: Any
        if dimension > 1:
            of_rows = api.expand_dims(api.range(0, rows), 1, name="expand_dims")
            of_rows = api.reshape(api.tile(of_rows, [1, dimension], name="tile"), [-1], name="reshape")
            places = api.tile(api.range(0, dimension), [rows], name="tile")
            ids = api.reshape(input_tensor, [-1], name="reshape") + self.length * places
        else:
            of_rows = api.range(0, rows)
            places = api.zeros([rows], dtype=dtypes.int32, name="zeros")
            ids = api.reshape(input_tensor, [-1], name="reshape")
        indices = api.cast(api.transpose(api.stack((of_rows, places))), dtypes.int64)
        return SparseTensor(indices, ids, api.cast(api.stack([rows, dimension]), dtypes.int64))

    def id_tensor(self, input_tensor: Any) -> Any:
        raise AttributeError("'_BucketizedColumn' object has no attribute 'id_tensor'")

    def sparse_tensors(self, features: Any) -> Any:
        from tfmagic.tf.feature_column.base import Ids

        return Ids(self.to_sparse_tensor(features.of(self)), None)

    def wide(self, tensor: Any) -> tuple[Any, Any, int, str]:
        return self.to_sparse_tensor(tensor), None, self.num_buckets, "sum"

    def deep(self, tensor: Any, rank: int, collections: Any, trainable: bool) -> Tensor:
        hot = api.one_hot(api.cast(tensor, dtypes.int64), self.length, 1.0, 0.0, name="one_hot")
        return api.reshape(hot, [-1, self.num_buckets], name="reshape")


@export("contrib.layers.bucketized_column")
def bucketized_column(source_column: Any, boundaries: Any) -> BucketizedColumn:
    """A column of ranges of numbers.

    Args:
      source_column: a column of numbers.
      boundaries: where a range ends and the next begins, sorted.

    Raises:
      TypeError: the column is none of numbers.
      ValueError: the boundaries do not go.
    """
    if not isinstance(source_column, RealValuedColumn):
        raise TypeError(f"source_column must be an instance of _RealValuedColumn. source_column: {source_column}")
    if not isinstance(boundaries, (list, tuple)) or not boundaries:
        raise ValueError(f"boundaries must be a non-empty list or tuple. boundaries: {boundaries}")
    if any(first > second for first, second in zip(boundaries, boundaries[1:])):
        raise ValueError(f"boundaries must be a sorted list. boundaries: {boundaries}")
    different = [each for each, following in zip(boundaries, boundaries[1:]) if each != following]
    return BucketizedColumn(source_column, (*different, boundaries[-1]))


@export("contrib.slim.bucketize")
def bucketize(input_tensor: Any, boundaries: Any, name: str | None = None) -> Tensor:
    """The number of the range that each number is in."""
    return raw.bucketize(input_tensor, boundaries, name=name)
