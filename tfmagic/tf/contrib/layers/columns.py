"""What the former feature columns have in common: names, keys, how they become tensors of a rank."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw
from tfmagic.tf.contrib.layers.embeddings import dense_to_sparse_tensor
from tfmagic.tf.feature_column.base import CategoricalColumn, DenseColumn, Features, Ids

Get = Callable[[Any], Any]


class NotWide(NotImplementedError):
    """A column has no ids for a linear model."""


class Column:
    """A column of `tf.contrib.layers`.

    Attributes:
      name: the column's name; that of its scope.
      config: how its features are parsed from examples, by key.
    """

    __slots__ = ()
    _shown: str
    _not_in_key: tuple[str, ...] = ()
    name: Any
    config: Any

    def __repr__(self) -> str:
        fields = ", ".join(f"{field}={getattr(self, field)!r}" for field in self._fields)  # type: ignore[attr-defined]
        return f"{self._shown}({fields})"

    @property
    def kind(self) -> str:
        """The name of the column's class in TensorFlow."""
        own = type(self).__name__
        return own if own.startswith("_") else f"_{own}"

    @property
    def key(self) -> str:
        """What tells the column from others, and orders them."""
        if not self._not_in_key:
            return repr(self)
        fields = ", ".join(f"{field}={getattr(self, field)}" for field in self._fields  # type: ignore[attr-defined]
                           if field not in self._not_in_key)
        return f"{self._shown}({fields})"

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """How its features are parsed, for `tf.feature_column`."""
        return self.config

    def made(self, get: Get) -> Any:
        """The column's tensor; `get` gives the tensors of features and of other columns."""
        raise NotImplementedError

    def insert_transformed_feature(self, columns_to_tensors: dict[Any, Any]) -> None:
        """Put the column's tensor beside those of the features that it is made of."""
        columns_to_tensors[self] = self.made(lambda key: tensor_of(columns_to_tensors, key))

    def transform(self, features: Features) -> Any:
        """The column's tensor, for `tf.feature_column`."""
        return self.made(features.of)

    def wide(self, tensor: Any) -> tuple[Any, Any, int, str]:
        """Ids, weights or None, how many ids there are, and how an example's become one: for a linear model."""
        raise NotWide(f"No wide embedding lookup arguments for column {self}.")

    def deep(self, tensor: Any, rank: int, collections: Any, trainable: bool) -> Tensor:
        """The column's values for a net, of a rank."""
        raise NotImplementedError

    def dense(self, tensor: Any) -> Tensor:
        """The column's tensor where it is one of numbers."""
        raise NotImplementedError(f"No dense tensor representation for column {self}.")


class OfIds(Column, CategoricalColumn):
    """A column of ids."""

    __slots__ = ()
    length: Any

    @property
    def num_buckets(self) -> int:
        """How many ids there are."""
        return self.length

    def id_tensor(self, input_tensor: Any) -> Any:
        """The ids in the column's tensor."""
        return input_tensor

    def weight_tensor(self, input_tensor: Any) -> Any:
        """The weights in the column's tensor, or None."""
        return None

    def sparse_tensors(self, features: Features) -> Ids:
        tensor = features.of(self)
        return Ids(self.id_tensor(tensor), self.weight_tensor(tensor))

    def wide(self, tensor: Any) -> tuple[Any, Any, int, str]:
        return self.id_tensor(tensor), self.weight_tensor(tensor), self.length, self.combiner  # type: ignore[attr-defined]

    def refuse_deep(self, kind: str, instead: str) -> Any:
        """Say that ids are no input of a net.

        Raises:
          ValueError: always.
        """
        raise ValueError(f"{kind} is not supported in DNN. Please use {instead}. column: {self}")


class Vectors(Column, DenseColumn):
    """A column of numbers."""

    __slots__ = ()

    def dense_tensor(self, features: Features, weight_collections: Any, trainable: Any) -> Tensor:
        return self.deep(features.of(self), 2, weight_collections, trainable)


def tensor_of(columns_to_tensors: dict[Any, Any], key: Any) -> Any:
    """The tensor of a feature or of a column, which is kept."""
    if not isinstance(key, str) and key not in columns_to_tensors:
        key.insert_transformed_feature(columns_to_tensors)
    return columns_to_tensors[key]


def as_sparse(tensor: Any) -> SparseTensor:
    """A feature as a sparse tensor of at least two axes."""
    if isinstance(tensor, SparseTensor):
        return tensor
    if tensor.shape.ndims == 1:
        tensor = api.expand_dims(tensor, -1, name="expand_dims")
    ignored = -1 if tensor.dtype.is_integer else None
    return dense_to_sparse_tensor(tensor, ignored)


def inner_flatten(inputs: Any, new_rank: int) -> Any:
    """A tensor, or a sparse one, whose last axes are one, so that there are `new_rank`.

    Raises:
      ValueError: there are fewer axes.
    """
    with name_scope("InnerFlatten"):
        if isinstance(inputs, SparseTensor):
            shape = inputs.dense_shape
            rank = shape.shape.as_list()[0] if shape.shape.ndims is not None else None
            if rank is None or rank < new_rank:
                raise ValueError(f"Inputs has rank less than new_rank. {inputs} must have rank at least {new_rank}. "
                                 f"Received rank {rank}, shape {inputs.get_shape()}")
            outer, inner = shape[:new_rank - 1], shape[new_rank - 1:]
            return api.sparse.reshape(inputs, api.concat((outer, [api.reduce_prod(inner)]), 0))
        least = api.debugging.assert_rank_at_least(inputs, new_rank, message="inputs has rank less than new_rank")
        with api.control_dependencies([least]):
            begin, end = [0], [new_rank - 1]
            outer = api.strided_slice(api.shape(inputs), begin, end, api.ones_like(begin), name="StridedSlice")
            flat = raw.reshape(inputs, api.concat((outer, [-1]), 0))
        if inputs.shape.ndims is not None:
            sizes = inputs.shape.as_list()
            last: int | None = 1
            for size in sizes[new_rank - 1:]:
                last = None if size is None or last is None else last * size
            flat.set_shape([*sizes[:new_rank - 1], last])
        return flat


def wrong_rank(name: str, given: int, rank: int, gap: str = " ") -> ValueError:
    """What is said of a column of numbers with too few axes."""
    return ValueError(f"Error while processing column {name}.{gap}Rank of input Tensor ({given}) should be the same as "
                      f"output_rank ({rank}). For example, sequence data should typically be 3 dimensional (rank 3) "
                      "while non-sequence data is typically 2 dimensional (rank 2).")


def of_rank(tensor: Tensor, rank: int, name: str) -> Tensor:
    """The numbers of a column with the axes that are asked for.

    Raises:
      ValueError: the rank is unknown, or there are too few axes.
    """
    given = tensor.shape.ndims
    if given is None:
        raise ValueError(f"Error while processing column {name}. Rank of input Tensor can not be None.")
    if given + 1 < rank:
        raise wrong_rank(name, given, rank)
    if given + 1 == rank:
        return api.expand_dims(tensor, -1)
    return tensor if given == rank else inner_flatten(tensor, rank)
