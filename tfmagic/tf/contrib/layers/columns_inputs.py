"""What former columns make of features: input_from_feature_columns, weighted sums, parsing, placeholders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api
from tfmagic.tf.contrib.framework.experimental import experimental
from tfmagic.tf.contrib.framework.model_variables import model_variable
from tfmagic.tf.contrib.layers.columns import NotWide, of_rank, tensor_of
from tfmagic.tf.contrib.layers.columns_of_ids import CrossedColumn
from tfmagic.tf.contrib.layers.columns_of_numbers import RealValuedColumn, real_valued_column
from tfmagic.tf.contrib.layers.columns_of_vectors import EmbeddingColumn, OneHotColumn, restored
from tfmagic.tf.contrib.layers.embeddings import safe_embedding_lookup_sparse
from tfmagic.tf.parsing.features import FixedLenFeature, FixedLenSequenceFeature, VarLenFeature
from tfmagic.tf.variable.scope import variable_scope


def _ordered(feature_columns: Iterable[Any]) -> list[Any]:
    return sorted(set(feature_columns), key=lambda column: column.key)


@export("contrib.layers.check_feature_columns")
def check_feature_columns(feature_columns: Iterable[Any]) -> None:
    """Refuse columns of which two are the same.

    Raises:
      ValueError: there are two.
    """
    seen = set()
    for column in feature_columns:
        key = column.key
        if key in seen:
            raise ValueError(f"Duplicate feature column key found for column: {column.name}. This usually means that "
                             "the column is almost identical to another column, and one must be discarded.")
        seen.add(key)


def _input(columns_to_tensors: dict[Any, Any], feature_columns: Iterable[Any], collections: Any, trainable: bool,
           scope: Any, rank: int, default_scope: str, cols_to_outs: dict[Any, Any] | None) -> Tensor:
    columns_to_tensors = dict(columns_to_tensors)
    check_feature_columns(feature_columns)
    if cols_to_outs is not None and not isinstance(cols_to_outs, dict):
        raise ValueError("cols_to_outs must be a dict unless None")
    with variable_scope(scope, default_name=default_scope, values=list(columns_to_tensors.values())):
        made = []
        for column in _ordered(feature_columns):
            with variable_scope(None, default_name=column.name, values=list(columns_to_tensors.values())):
                tensor = tensor_of(columns_to_tensors, column)
                if isinstance(column, EmbeddingColumn) or rank > 2:
                    made.append(column.deep(tensor, rank, collections, trainable))
                else:
                    try:
                        made.append(column.deep(tensor, rank, collections, trainable))
                    except ValueError as error:
                        raise ValueError(f"Error creating input layer for column: {column.name}.\n{error}, No deep "
                                         f"embedding lookup arguments for column {column}.") from error
                if cols_to_outs is not None:
                    cols_to_outs[column] = made[-1]
        return api.concat(made, rank - 1)


@export("contrib.layers.input_from_feature_columns")
def input_from_feature_columns(columns_to_tensors: dict[Any, Any], feature_columns: Iterable[Any],
                               weight_collections: Any = None, trainable: bool = True, scope: Any = None,
                               cols_to_outs: dict[Any, Any] | None = None) -> Tensor:
    """The values of all columns side by side: the input of a net.

    Args:
      columns_to_tensors: the tensors of features, by name.
      feature_columns: columns of numbers, of ranges or of vectors.
      weight_collections: collections that new variables join.
      trainable: whether new variables are trained.
      scope: the scope of the nodes.
      cols_to_outs: filled with a tensor per column.

    Returns:
      A matrix of a row per example.

    Raises:
      ValueError: a column goes into no net, or two are the same.
    """
    return _input(columns_to_tensors, feature_columns, weight_collections, trainable, scope, 2,
                  "input_from_feature_columns", cols_to_outs)


@export("contrib.layers.sequence_input_from_feature_columns")
@experimental
def sequence_input_from_feature_columns(columns_to_tensors: dict[Any, Any], feature_columns: Iterable[Any],
                                        weight_collections: Any = None, trainable: bool = True,
                                        scope: Any = None) -> Tensor:
    """The values of all columns side by side, a row per step.

    Args:
      columns_to_tensors: the tensors of features, by name, with a second axis of steps.
      feature_columns: columns of numbers, `one_hot_column`s and `embedding_column`s.
      weight_collections: collections that new variables join.
      trainable: whether new variables are trained.
      scope: the scope of the nodes.

    Returns:
      A tensor of shape [examples, steps, values].

    Raises:
      ValueError: a column of another kind, or two are the same.
    """
    for column in feature_columns:
        if not isinstance(column, (EmbeddingColumn, OneHotColumn, RealValuedColumn)):
            raise ValueError(f"FeatureColumn type {column.kind} is not currently supported for sequence data.")
    return _input(columns_to_tensors, feature_columns, weight_collections, trainable, scope, 3,
                  "sequence_input_from_feature_columns", None)


def _bias(num_outputs: int, trainable: bool, collections: Any) -> Any:
    return model_variable("bias_weight", shape=[num_outputs], initializer=api.zeros_initializer(),
                          trainable=trainable, collections=collections)


def _parts(variable: Any) -> list[Any]:
    return list(variable) if hasattr(variable, "_variable_list") else [variable]


def _table(name: str, rows: Any, num_outputs: int, trainable: bool, collections: Any) -> Any:
    return model_variable(name, shape=[rows, num_outputs], dtype=dtypes.float32, initializer=api.zeros_initializer(),
                          trainable=trainable, collections=collections)


@export("contrib.layers.weighted_sum_from_feature_columns")
def weighted_sum_from_feature_columns(columns_to_tensors: dict[Any, Any], feature_columns: Iterable[Any],
                                      num_outputs: int, weight_collections: Any = None, trainable: bool = True,
                                      scope: Any = None) -> tuple[Tensor, dict[Any, list[Any]], Any]:
    """A weighted sum of all columns and a bias: a linear model.

    Args:
      columns_to_tensors: the tensors of features, by name.
      feature_columns: columns of numbers, of ranges or of ids.
      num_outputs: how many sums there are.
      weight_collections: collections that new variables join.
      trainable: whether new variables are trained.
      scope: the scope of the nodes.

    Returns:
      The sums, a list of variables per column, and the bias.

    Raises:
      ValueError: a column goes into no linear model, or two are the same.
    """
    columns_to_tensors = dict(columns_to_tensors)
    check_feature_columns(feature_columns)
    with variable_scope(scope, default_name="weighted_sum_from_feature_columns",
                        values=list(columns_to_tensors.values())):
        sums, variables = [], {}
        for column in _ordered(feature_columns):
            tensor = tensor_of(columns_to_tensors, column)
            try:
                predictions, variables[column] = _weighted(column, tensor, columns_to_tensors, num_outputs, trainable,
                                                           weight_collections)
            except ValueError as error:
                if isinstance(column, RealValuedColumn):
                    raise
                raise ValueError(f"Error creating weighted sum for column: {column.name}.\n{error}") from error
            sums.append(api.reshape(predictions, shape=(-1, num_outputs)))
            if isinstance(column, CrossedColumn) and column.ckpt_to_load_from is not None:
                restored(variables[column][0], column.ckpt_to_load_from, column.tensor_name_in_ckpt)
        total = api.add_n(sums)
        bias = _bias(num_outputs, trainable, weight_collections)
        return api.nn.bias_add(total, bias), variables, bias


def _weighted(column: Any, tensor: Any, columns_to_tensors: dict[Any, Any], num_outputs: int, trainable: bool,
              collections: Any) -> tuple[Tensor, list[Any]]:
    values = list(columns_to_tensors.values())
    try:
        ids, weights, size, combiner = column.wide(tensor)
    except NotWide:
        with variable_scope(None, default_name=column.name, values=values):
            numbers = column.dense(tensor)
            if isinstance(numbers, SparseTensor):
                numbers = api.convert_to_tensor(numbers)
            numbers = of_rank(numbers, 2, column.name)
            variable = _table("weight", numbers.shape[1].value, num_outputs, trainable, collections)
            return api.matmul(numbers, variable, name="matmul"), [variable]
    with variable_scope(None, default_name=column.name, values=values):
        table = _table("weights", size, num_outputs, trainable, collections)
        found = safe_embedding_lookup_sparse(table, ids, sparse_weights=weights, combiner=combiner,
                                             name=f"{column.name}_weights")
        return found, _parts(table)


@export("contrib.layers.joint_weighted_sum_from_feature_columns")
def joint_weighted_sum_from_feature_columns(columns_to_tensors: dict[Any, Any], feature_columns: Iterable[Any],
                                            num_outputs: int, weight_collections: Any = None, trainable: bool = True,
                                            scope: Any = None) -> tuple[Tensor, list[Any], Any]:
    """A weighted sum of all columns and a bias, whose weights are one variable.

    Args:
      columns_to_tensors: the tensors of features, by name.
      feature_columns: columns of ids or of ranges.
      num_outputs: how many sums there are.
      weight_collections: collections that new variables join.
      trainable: whether new variables are trained.
      scope: the scope of the nodes.

    Returns:
      The sums, a list of the variable, and the bias.

    Raises:
      AssertionError: there is no column, ids have weights, or an example's are not summed.
      NotImplementedError: a column of numbers.
      ValueError: two columns are the same.
    """
    columns_to_tensors = dict(columns_to_tensors)
    check_feature_columns(feature_columns)
    with variable_scope(scope, default_name="joint_weighted_sum_from_feature_columns",
                        values=list(columns_to_tensors.values())):
        found = []
        for column in _ordered(feature_columns):
            tensor = tensor_of(columns_to_tensors, column)
            try:
                found.append(column.wide(tensor))
            except NotWide:
                raise NotImplementedError("Real-valued columns are not supported. Use "
                                          "weighted_sum_from_feature_columns instead, or bucketize these columns."
                                          ) from None
        if not found:
            raise AssertionError("At least one column must be in the model.")
        size, parts = 0, []
        for ids, weights, length, combiner in found:
            if weights is not None:
                raise AssertionError("Joint sums for weighted sparse columns are not supported. Please use "
                                     "weighted_sum_from_feature_columns instead.")
            if combiner != "sum":
                raise AssertionError("Combiners other than sum are not supported for joint sums. Please use "
                                     "weighted_sum_from_feature_columns instead.")
            parts.append(SparseTensor(ids.indices, ids.values + size, ids.dense_shape))
            size += length
        joint = api.sparse.concat(1, parts)
        with variable_scope(None, default_name="linear_weights", values=list(columns_to_tensors.values())):
            table = _table("weights", size, num_outputs, trainable, weight_collections)
            total = safe_embedding_lookup_sparse(table, joint, sparse_weights=None, combiner="sum", name="_weights")
        bias = _bias(num_outputs, trainable, weight_collections)
        return api.nn.bias_add(total, bias), _parts(table), bias


@export("contrib.layers.transform_features")
def transform_features(features: dict[Any, Any], feature_columns: Iterable[Any]) -> dict[Any, Any]:
    """The tensors of columns, by column.

    Args:
      features: the tensors of features, by name.
      feature_columns: columns.

    Raises:
      ValueError: two columns are the same.
    """
    columns_to_tensors = dict(features)
    check_feature_columns(feature_columns)
    for column in _ordered(feature_columns):
        tensor_of(columns_to_tensors, column)
    wanted = set(feature_columns)
    return {key: value for key, value in columns_to_tensors.items() if key in wanted}


@export("contrib.layers.create_feature_spec_for_parsing")
def create_feature_spec_for_parsing(feature_columns: Iterable[Any]) -> dict[str, Any]:
    """How the features of columns are parsed: what `tf.parse_example` takes."""
    return {key: value for column in _ordered(feature_columns) for key, value in column.config.items()}


@export("contrib.layers.make_place_holder_tensors_for_base_features")
def make_place_holder_tensors_for_base_features(feature_columns: Iterable[Any]) -> dict[str, Any]:
    """Placeholders for the features of columns, by name."""
    placeholders: dict[str, Any] = {}
    for name, feature in create_feature_spec_for_parsing(feature_columns).items():
        if isinstance(feature, VarLenFeature):
            placeholders[name] = api.sparse.placeholder(feature.dtype, name=f"Placeholder_{name}")
        else:
            placeholders[name] = api.placeholder(feature.dtype, shape=[None, *feature.shape],
                                                 name=f"Placeholder_{name}")
    return placeholders


@export("contrib.layers.parse_feature_columns_from_examples")
def parse_feature_columns_from_examples(serialized: Any, feature_columns: Iterable[Any], name: str | None = None,
                                        example_names: Any = None) -> dict[Any, Any]:
    """The tensors of features and of columns that serialized examples have.

    Args:
      serialized: a vector of serialized `Example`s.
      feature_columns: columns.
      name: the scope of the parser's nodes.
      example_names: a vector of names for messages.

    Raises:
      ValueError: two columns are the same.
    """
    check_feature_columns(feature_columns)
    found = api.io.parse_example(serialized=serialized, features=create_feature_spec_for_parsing(feature_columns),
                                 name=name, example_names=example_names)
    for column in _ordered(feature_columns):
        tensor_of(found, column)
    return found


@export("contrib.layers.parse_feature_columns_from_sequence_examples")
def parse_feature_columns_from_sequence_examples(serialized: Any, context_feature_columns: Any,
                                                 sequence_feature_columns: Any, name: str | None = None,
                                                 example_name: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors of the features of a serialized `SequenceExample`: those of its context, and those of its steps.

    Args:
      serialized: a string: one serialized example.
      context_feature_columns, sequence_feature_columns: columns, or None.
      name: the scope of the parser's nodes.
      example_name: a name for messages.
    """
    check_feature_columns(context_feature_columns or [])
    check_feature_columns(sequence_feature_columns or [])
    steps = {key: FixedLenSequenceFeature(shape=value.shape, dtype=value.dtype, allow_missing=False)
             if isinstance(value, FixedLenFeature) else value
             for key, value in create_feature_spec_for_parsing(sequence_feature_columns or []).items()}
    return api.io.parse_single_sequence_example(
        api.reshape(serialized, []), create_feature_spec_for_parsing(context_feature_columns or []), steps,
        example_name=example_name, name=name)


@export("contrib.layers.infer_real_valued_columns")
def infer_real_valued_columns(features: Any) -> list[RealValuedColumn]:
    """Columns for features that are all numbers.

    Args:
      features: a tensor, or tensors by name.

    Raises:
      ValueError: a feature is sparse or none of numbers.
    """
    if not isinstance(features, dict):
        return [_inferred("", features)]
    return [_inferred(name, features[name]) for name in sorted(features)]


def _inferred(name: str, tensor: Any) -> RealValuedColumn:
    if isinstance(tensor, SparseTensor):
        raise ValueError("SparseTensor is not supported for auto detection. Please define corresponding FeatureColumn "
                         "for tensor {} {}.", name, tensor)
    if not (tensor.dtype.is_integer or tensor.dtype.is_floating):
        raise ValueError("Non integer or non floating types are not supported for auto detection. Please define "
                         "corresponding FeatureColumn for tensor {} {}.", name, tensor)
    dimension = 1
    for size in tensor.shape.as_list()[1:]:
        dimension *= size
    return real_valued_column(name, dimension=dimension, dtype=tensor.dtype)
