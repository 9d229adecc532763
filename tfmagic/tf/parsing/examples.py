"""tf.io.parse_example and its family, decode_csv: records as tensors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes, shapes
from tfmagic.base.export import export
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import raw
from tfmagic.ops.api import expand_dims, reshape, squeeze
from tfmagic.ops.api import slice as slice_of
from tfmagic.ops.sparse.functions import sparse_merge
from tfmagic.tf.parsing.features import FixedLenFeature, FixedLenSequenceFeature, SparseFeature, VarLenFeature

_NOT_IN_NAMES = re.compile("[^A-Za-z0-9_.\\-/]")


class Wanted:
    """Features in the order in which ops take them: sparse and dense ones, with their types, shapes and defaults.

    Args:
      lists: whether these are features in time: of `FixedLenSequenceFeature` the rows are what has a shape.
    """

    def __init__(self, lists: bool = False) -> None:
        self.lists = lists
        self.assumed_empty: list[Any] = []
        self.merged: dict[Any, SparseFeature] = {}
        self.sparse_keys: list[Any] = []
        self.sparse_types: list[Any] = []
        self.dense_keys: list[Any] = []
        self.dense_types: list[Any] = []
        self.dense_shapes: list[shapes.TensorShape] = []
        self.dense_defaults: dict[Any, Any] = {}

    def add(self, features: dict[Any, Any], kinds: tuple[type, ...]) -> Wanted:
        """Take features.

        Args:
          kinds: those that may be among them.

        Raises:
          ValueError: a feature lacks something, or is of another kind.
        """
        for key in sorted(features):
            feature = features[key]
            if not isinstance(feature, (VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature)):
                raise ValueError(f"Invalid feature {key}:{feature}.")
            if not isinstance(feature, kinds):
                raise ValueError(f"Unsupported {type(feature).__name__} {feature}.")
            self._add(key, feature)
        both = set(self.sparse_keys) & set(self.dense_keys)
        if both:
            listed = "', '".join(sorted(both))
            raise ValueError(f"Dense and sparse keys must not intersect; intersection: {{'{listed}'}}")
        return self

    def _add(self, key: Any, feature: Any) -> None:
        if isinstance(feature, SparseFeature):
            self._add_sparse(key, feature)
            return
        if not feature.dtype:
            raise ValueError(f"Missing type for feature {key}.")
        if isinstance(feature, VarLenFeature):
            self.sparse_keys.append(key)
            self.sparse_types.append(feature.dtype)
            return
        if isinstance(feature, FixedLenFeature):
            if feature.shape is None:
                raise ValueError(f"Missing shape for feature {key}.")
            shape = shapes.as_shape(feature.shape)
            if shape._dims and shape.as_list()[0] is None:
                raise ValueError(f"First dimension of shape for feature {key} unknown. Consider using "
                                 "FixedLenSequenceFeature.")
            if shape._dims and None in shape._dims:
                raise ValueError(f"All dimensions of shape for feature {key} need to be known but received "
                                 f"{shape.as_list()}.")
        self.dense_keys.append(key)
        self.dense_types.append(feature.dtype)
        self.dense_shapes.append(shapes.as_shape(feature.shape))
        if isinstance(feature, FixedLenSequenceFeature) and self.lists:
            if feature.allow_missing:
                self.assumed_empty.append(key)
        elif isinstance(feature, FixedLenSequenceFeature):
            self.dense_shapes[-1] = shapes.as_shape([None, *feature.shape])
            if not feature.allow_missing:
                raise ValueError("Unsupported: FixedLenSequenceFeature requires allow_missing to be True.")
        if feature.default_value is not None:
            self.dense_defaults[key] = feature.default_value

    def _add_sparse(self, key: Any, feature: SparseFeature) -> None:
        for part, what in ((feature.index_key, "index_key"), (feature.value_key, "value_key")):
            if not part:
                raise ValueError(f"Missing {what} for SparseFeature {feature}.")
        if not feature.dtype:
            raise ValueError(f"Missing type for feature {key}.")
        self.merged[key] = feature
        indices = feature.index_key
        for each in sorted([indices] if isinstance(indices, str) else indices):
            self._add_part(each, dtypes.int64, f"index_key {indices}")
        self._add_part(feature.value_key, feature.dtype, f"value_key {feature.value_key}")

    def _add_part(self, key: Any, dtype: Any, what: str) -> None:
        if key not in self.sparse_keys:
            self.sparse_keys.append(key)
            self.sparse_types.append(dtype)
            return
        had = self.sparse_types[self.sparse_keys.index(key)]
        if had != dtype:
            raise ValueError(f"Conflicting type {had} vs {dtype} for feature {key}.")

    def defaults(self, reshaped: bool = True) -> list[Tensor]:
        """A tensor per dense feature: stands in for it, or fills it up; without elements: it must not be missing.

        Args:
          reshaped: whether they are brought to the feature's shape.
        """
        return [self._default(*dense, reshaped) for dense in zip(self.dense_keys, self.dense_types, self.dense_shapes)]

    def _default(self, key: Any, dtype: Any, shape: shapes.TensorShape, reshaped: bool) -> Tensor:
        given = self.dense_defaults.get(key)
        varies = bool(shape._dims) and shape.as_list()[0] is None
        name = ("padding_" if varies else "key_") + _NOT_IN_NAMES.sub("_", key)
        if varies and given is None:
            return constant("" if dtypes.as_dtype(dtype) == dtypes.string else 0, dtype)
        if given is None:
            return constant([], dtype)
        if not isinstance(given, Tensor):
            given = convert_to_tensor(given, dtype, name=name)
            given = reshape(given, [] if varies else shape) if reshaped else given
        return given

    def by_key(self, parts: Any) -> dict[Any, Any]:
        """The outputs of an op by the features' names."""
        indices, values, dense_shapes, dense = parts
        return {**{key: SparseTensor(*sparse) for key, *sparse in zip(self.sparse_keys, indices, values, dense_shapes)},
                **dict(zip(self.dense_keys, dense))}

    def merge(self, found: dict[Any, Any], features: dict[Any, Any]) -> dict[Any, Any]:
        """The features asked for; a `SparseFeature` is put together from its parts."""
        for key in sorted(self.merged):
            feature = self.merged[key]
            indices = feature.index_key
            ids = found[indices] if isinstance(indices, str) else [found[each] for each in indices]
            found[key] = sparse_merge(ids, found[feature.value_key], feature.size,
                                      already_sorted=feature.already_sorted)
        return {key: found[key] for key in features} if self.merged else found


ALL_FEATURES = (VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature)


def _parse_batch(serialized: Any, names: Any, wanted: Wanted, name: str | None) -> dict[Any, Any]:
    with name_scope(name, "ParseExample", [serialized, names]):
        defaults = wanted.defaults()
        return wanted.by_key(raw.parse_example(serialized, [] if names is None else names, wanted.sparse_keys,
                                               wanted.dense_keys, defaults, sparse_types=wanted.sparse_types,
                                               dense_shapes=wanted.dense_shapes, name=name))


@export("io.parse_example")
def parse_example(serialized: Any, features: dict[Any, Any], name: str | None = None,
                  example_names: Any = None) -> dict[Any, Any]:
    """The features of a batch of serialized examples.

    Args:
      serialized: string vector.
      features: what is wanted: a `FixedLenFeature`, `VarLenFeature`, … by name.
      name: the scope of the nodes.
      example_names: string vector of names, for messages.

    Returns:
      A tensor, or a sparse tensor, by name.

    Raises:
      ValueError: no features, or one of them lacks something.
    """
    if not features:
        raise ValueError(f"Missing: features was {features}.")
    wanted = Wanted().add(features, ALL_FEATURES)
    return wanted.merge(_parse_batch(serialized, example_names, wanted, name), features)


@export("io.parse_single_example")
def parse_single_example(serialized: Any, features: dict[Any, Any], name: str | None = None,
                         example_names: Any = None) -> dict[Any, Any]:
    """The features of a serialized example.

    Args:
      serialized: string scalar.
      features: what is wanted: a `FixedLenFeature`, `VarLenFeature`, … by name.
      name: the scope of the nodes.
      example_names: a name, for messages.

    Returns:
      A tensor, or a sparse tensor, by name.

    Raises:
      ValueError: no features, or one of them lacks something.
    """
    if not features:
        raise ValueError("Missing features.")
    wanted = Wanted().add(features, ALL_FEATURES)
    if example_names is not None:
        return wanted.merge(_parse_named(serialized, example_names, wanted, name), features)
    with name_scope(name, "ParseSingleExample", [serialized]):
        found = wanted.by_key(raw.parse_single_example(
            convert_to_tensor(serialized, dtypes.string, name="serialized"), wanted.defaults(),
            num_sparse=len(wanted.sparse_keys), sparse_keys=wanted.sparse_keys, dense_keys=wanted.dense_keys,
            sparse_types=wanted.sparse_types, dense_shapes=wanted.dense_shapes, name=name))
    return wanted.merge(found, features)


def _parse_named(serialized: Any, names: Any, wanted: Wanted, name: str | None) -> dict[Any, Any]:
    with name_scope(name, "ParseSingleExample", [serialized, names]):
        serialized = expand_dims(convert_to_tensor(serialized), 0)
        names = expand_dims(convert_to_tensor(names), 0)
        found = _parse_batch(serialized, names, wanted, name)
        result = dict(found)
        for key in wanted.dense_keys:
            result[key] = squeeze(found[key], [0], name="Squeeze_" + _NOT_IN_NAMES.sub("_", key))
        for key in wanted.sparse_keys:
            text, value = _NOT_IN_NAMES.sub("_", key), found[key]
            indices = slice_of(value.indices, [0, 1], [-1, -1], name="Slice_Indices_" + text)
            shape = slice_of(value.dense_shape, [1], [-1], name="Squeeze_Shape_" + text)
            result[key] = SparseTensor(indices, value.values, shape)
        return result


_CONTEXT = (VarLenFeature, FixedLenFeature)
_LISTS = (VarLenFeature, FixedLenSequenceFeature)


def _of_sequences(context_features: Any, sequence_features: Any) -> tuple[Wanted, Wanted]:
    if not (context_features or sequence_features):
        raise ValueError("Missing features.")
    context = Wanted().add(context_features or {}, _CONTEXT)
    lists = Wanted(lists=True).add(sequence_features or {}, _LISTS)
    for key in lists.dense_keys:
        if key in lists.dense_defaults:
            raise ValueError(f"Value feature_list_dense_defaults[{key}] must be None")
    return context, lists


@export("io.parse_single_sequence_example")
def parse_single_sequence_example(serialized: Any, context_features: dict[Any, Any] | None = None,
                                  sequence_features: dict[Any, Any] | None = None, example_name: Any = None,
                                  name: str | None = None) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """The features of a serialized sequence example: those of its context, and lists of features in time.

    Args:
      serialized: string scalar.
      context_features: a `FixedLenFeature` or `VarLenFeature` by name.
      sequence_features: a `FixedLenSequenceFeature` or `VarLenFeature` by name.
      example_name: a name, for messages.
      name: the scope of the nodes.

    Returns:
      A tensor, or a sparse tensor, by name: of the context; of the lists, with a first axis of time.

    Raises:
      ValueError: no features, or one of them lacks something or is of another kind.
    """
    context, lists = _of_sequences(context_features, sequence_features)
    with name_scope(name, "ParseSingleSequenceExample", [serialized]):
        defaults = context.defaults()
        parts = raw.parse_single_sequence_example(
            serialized, lists.assumed_empty, context.sparse_keys, context.dense_keys, lists.sparse_keys,
            lists.dense_keys, defaults, "" if example_name is None else example_name,
            context_sparse_types=context.sparse_types, feature_list_dense_types=lists.dense_types,
            context_dense_shapes=context.dense_shapes, feature_list_sparse_types=lists.sparse_types,
            feature_list_dense_shapes=lists.dense_shapes, name=name)
    return context.by_key(parts[:4]), lists.by_key(parts[4:])


@export("io.parse_sequence_example")
def parse_sequence_example(serialized: Any, context_features: dict[Any, Any] | None = None,
                           sequence_features: dict[Any, Any] | None = None, example_names: Any = None,
                           name: str | None = None) -> tuple[dict[Any, Any], dict[Any, Any], dict[Any, Any]]:
    """The features of a batch of serialized sequence examples; lists are filled up to the longest.

    Args:
      serialized: string vector.
      context_features: a `FixedLenFeature` or `VarLenFeature` by name.
      sequence_features: a `FixedLenSequenceFeature` or `VarLenFeature` by name.
      example_names: string vector of names, for messages.
      name: the scope of the nodes.

    Returns:
      A tensor, or a sparse tensor, by name: of the contexts; of the lists, with axes of examples and of time; and the
      lengths of the lists of each example.

    Raises:
      ValueError: no features, or one of them lacks something or is of another kind.
    """
    context, lists = _of_sequences(context_features, sequence_features)
    with name_scope(name, "ParseSequenceExample", [serialized]):
        defaults = context.defaults(reshaped=False)
        parts = raw.parse_sequence_example(
            serialized, [] if example_names is None else example_names, defaults,
            feature_list_dense_missing_assumed_empty=lists.assumed_empty, context_sparse_keys=context.sparse_keys,
            context_dense_keys=context.dense_keys, feature_list_sparse_keys=lists.sparse_keys,
            feature_list_dense_keys=lists.dense_keys, Ncontext_sparse=len(context.sparse_keys),
            Ncontext_dense=len(context.dense_keys), Nfeature_list_sparse=len(lists.sparse_keys),
            Nfeature_list_dense=len(lists.dense_keys), context_sparse_types=context.sparse_types,
            feature_list_dense_types=lists.dense_types, context_dense_shapes=context.dense_shapes,
            feature_list_sparse_types=lists.sparse_types, feature_list_dense_shapes=lists.dense_shapes, name=name)
    return context.by_key(parts[:4]), lists.by_key(parts[4:8]), dict(zip(lists.dense_keys, parts[8]))


@export("io.decode_csv")
def decode_csv(records: Any, record_defaults: Sequence[Any], field_delim: str = ",", use_quote_delim: bool = True,
               name: str | None = None, na_value: str = "", select_cols: Sequence[int] | None = None) -> list[Tensor]:
    """The columns of lines of CSV, each of the shape of `records`.

    Args:
      records: string tensor, a line each.
      record_defaults: for each column what stands in for an empty field; its type is that of the column. A vector
        without elements: the field must be there.
      field_delim: the character between fields.
      use_quote_delim: whether double quotes hold fields together.
      name: the name of the node.
      na_value: another text that is an empty field.
      select_cols: the columns that are wanted, in rising order; None: all of them.

    Raises:
      ValueError: as many columns are not chosen as there are defaults, or they do not rise.
    """
    if select_cols is not None and any(select_cols[i] >= select_cols[i + 1] for i in range(len(select_cols) - 1)):
        raise ValueError("select_cols is not strictly increasing.")
    if select_cols and select_cols[0] < 0:
        raise ValueError("select_cols contains negative values.")
    if select_cols is not None and len(select_cols) != len(record_defaults):
        raise ValueError("Length of select_cols and record_defaults do not match.")
    return raw.decode_csv(records, record_defaults, field_delim=field_delim, use_quote_delim=use_quote_delim,
                          na_value=na_value, select_cols=select_cols or [], name=name)
