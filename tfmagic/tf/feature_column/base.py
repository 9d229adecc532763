"""What feature columns have in common: their kinds, the features of one call as they become tensors, checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from tfmagic.base import dtypes
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from tfmagic.ops import api


class FeatureColumn:
    """A column: what is taken of features, and what becomes of it.

    Attributes:
      name: the column's name; that of its scope and its variables.
    """

    __slots__ = ()

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """How its features are parsed from examples, by key."""
        raise NotImplementedError

    @property
    def var_scope_name(self) -> str:
        """The name of the scope of its variables."""
        return self.name  # type: ignore[attr-defined]

    @property
    def _is_v2_column(self) -> bool:
        return True

    def transform(self, features: Features) -> Any:
        """The column's tensor, or sparse tensor."""
        raise NotImplementedError


class DenseColumn(FeatureColumn):
    """A column that becomes a dense tensor.

    Attributes:
      variable_shape: the shape of its values, without the axis of examples.
    """

    __slots__ = ()

    def dense_tensor(self, features: Features, weight_collections: Any, trainable: Any) -> Tensor:
        """Its values, with a first axis of examples."""
        return features.of(self)


class CategoricalColumn(FeatureColumn):
    """A column of ids.

    Attributes:
      num_buckets: how many ids there are.
    """

    __slots__ = ()

    def sparse_tensors(self, features: Features) -> Ids:
        """The ids, and their weights where there are any."""
        return Ids(features.of(self), None)


class SequenceColumn(FeatureColumn):
    """A column of sequences."""

    __slots__ = ()


class Ids(NamedTuple):
    """Ids of a column: a sparse tensor, with one of weights or None."""

    id_tensor: Any
    weight_tensor: Any


class Features:
    """The features of one call: each becomes a tensor once, as does each column.

    Args:
      given: tensors, or what becomes one, by name.
    """

    def __init__(self, given: dict[str, Any]):
        self._given = given
        self._made: dict[Any, Any] = {}

    def of(self, key: Any) -> Any:
        """The tensor of a feature or of a column.

        Raises:
          ValueError: there is no such feature.
          TypeError: `key` is neither.
        """
        if key in self._made:
            return self._made[key]
        if isinstance(key, str):
            if key not in self._given:
                raise ValueError(f"Feature {key} is not in features dictionary.")
            made = self._raw(key)
        elif isinstance(key, FeatureColumn):
            made = key.transform(self)
        else:
            raise TypeError(f'"key" must be either a "str" or "_FeatureColumn". Provided: {key}')
        self._made[key] = made
        return made

    def _raw(self, key: str) -> Any:
        """A feature with at least two axes."""
        feature = convert_to_tensor_or_sparse_tensor(self._given[key])
        rank = feature.get_shape().ndims
        if rank is not None:
            if rank == 0:
                raise ValueError(f"Feature (key: {key}) cannot have rank 0. Given: {feature}")
            return feature if rank != 1 else _expanded(feature)
        with api.control_dependencies([api.debugging.assert_positive(
                api.rank(feature), message=f"Feature (key: {key}) cannot have rank 0. Given: {feature}")]):
            return api.cond(api.equal(1, api.rank(feature)), lambda: _expanded(feature), lambda: feature)


def _expanded(feature: Any) -> Any:
    if isinstance(feature, SparseTensor):
        return api.sparse.reshape(feature, [api.shape(feature)[0], 1])
    return api.expand_dims(feature, -1)


def as_sparse(tensor: Any, ignored: Any = None) -> SparseTensor:
    """A tensor as a sparse one without the values that mean nothing.

    Args:
      ignored: that value; None: "" of strings, -1 of integers, else 0.
    """
    tensor = convert_to_tensor_or_sparse_tensor(tensor)
    if isinstance(tensor, SparseTensor):
        return tensor
    with name_scope(None, "to_sparse_input", [tensor, ignored]):
        if ignored is None:
            if tensor.dtype == dtypes.string:
                ignored = ""
            else:
                ignored = -1 if tensor.dtype.is_integer else tensor.dtype.as_numpy_dtype()
        ignored = api.cast(ignored, tensor.dtype, name="ignore_value")
        indices = api.where_v2(api.not_equal(tensor, ignored), name="indices")
        return SparseTensor(indices, api.gather_nd(tensor, indices, name="values"),
                            api.shape(tensor, out_type=dtypes.int64, name="dense_shape"))


def check_key(key: Any) -> None:
    """Refuse a key that is no string.

    Raises:
      ValueError: it is none.
    """
    if not isinstance(key, str):
        raise ValueError(f"key must be a string. Got: type {type(key)}. Given key: {key}.")


def check_string_or_int(dtype: Any, prefix: str) -> None:
    """Refuse a type that ids cannot come from.

    Raises:
      ValueError: it is neither string nor integer.
    """
    if dtype != dtypes.string and not dtype.is_integer:
        raise ValueError(f"{prefix} dtype must be string or integer. dtype: {dtype}.")


def listed(columns: Any) -> Sequence[Any]:
    """The columns of a call, however they were given.

    Raises:
      ValueError: none, two of one name, or what is no column.
    """
    if isinstance(columns, FeatureColumn):
        columns = [columns]
    if isinstance(columns, dict):
        raise ValueError("Expected feature_columns to be iterable, found dict.")
    columns = list(columns)
    for column in columns:
        if not isinstance(column, FeatureColumn) or not getattr(column, "of_old", True):
            raise ValueError(f"Items of feature_columns must be a _FeatureColumn. Given (type {type(column)}): "
                             f"{column}.")
    if not columns:
        raise ValueError("feature_columns must not be empty.")
    known: dict[str, Any] = {}
    for column in columns:
        if column.name in known:
            raise ValueError(f"Duplicate feature column name found for columns: {column} and {known[column.name]}. "
                             "This usually means that these columns refer to same base feature. Either one must be "
                             "discarded or a duplicated but renamed item must be inserted in features dict.")
        known[column.name] = column
    return columns


def check_batch_sizes(tensors: Sequence[Tensor], columns: Sequence[Any]) -> None:
    """Refuse columns of which some are known to have more examples than others.

    Raises:
      ValueError: there are such.
    """
    first: Any = None
    for index, tensor in enumerate(tensors):
        dims = tensor.shape.dims
        size = None if dims is None else dims[0].value
        if size is None:
            continue
        if first is None:
            first = size, index
        elif size != first[0]:
            raise ValueError("Batch size (first dimension) of each feature must be same. Batch size of columns "
                             f"({columns[first[1]].name}, {columns[index].name}): ({first[0]}, {size})")


def weights_of(columns: Iterable[Any]) -> list[Any]:
    """The collections of variables with those of all variables and of a model's."""
    found = list(columns or [])
    for name in ("variables", "model_variables"):
        if name not in found:
            found.append(name)
    return found
