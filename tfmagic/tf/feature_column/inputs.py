"""input_layer, linear_model, make_parse_example_spec: what columns make of the features of a batch."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor, SparseTensorValue
from tfmagic.ops import api
from tfmagic.tf.feature_column.base import (
    CategoricalColumn,
    DenseColumn,
    FeatureColumn,
    Features,
    check_batch_sizes,
    listed,
    weights_of,
)
from tfmagic.tf.variable.scope import get_variable_scope, variable_scope

_VARIABLES = "variables"


@export("feature_column.input_layer")
def input_layer(features: dict[str, Any], feature_columns: Any, weight_collections: Any = None, trainable: bool = True,
                cols_to_vars: dict[Any, Any] | None = None,
                cols_to_output_tensors: dict[Any, Any] | None = None) -> Tensor:
    """The values of all columns side by side: the input of a net.

    Args:
      features: tensors, or what becomes one, by name.
      feature_columns: dense columns.
      weight_collections: collections that new variables join.
      trainable: whether new variables are trained.
      cols_to_vars: filled with a list of variables per column.
      cols_to_output_tensors: filled with a tensor per column.

    Returns:
      A matrix of a row per example.

    Raises:
      ValueError: a column is not dense, or lacks its feature.
    """
    columns = listed(feature_columns)
    for column in columns:
        if not isinstance(column, DenseColumn):
            raise ValueError("Items of feature_columns must be a _DenseColumn. You can wrap a categorical column with "
                             f"an embedding_column or indicator_column. Given: {column}")
    collections = weights_of(weight_collections)
    with variable_scope(None, default_name="input_layer", values=list(features.values())):
        made = Features(features)
        ordered = sorted(columns, key=lambda column: column.name)
        tensors = []
        for column in ordered:
            with variable_scope(None, default_name=column.var_scope_name):
                tensor = column.dense_tensor(made, collections, trainable)
                width = column.variable_shape.num_elements()
                output = api.reshape(tensor, (api.shape(tensor)[0], width))
                tensors.append(output)
                if cols_to_vars is not None:
                    cols_to_vars[column] = get_default_graph().get_collection(
                        _VARIABLES, scope=get_variable_scope().name)
                if cols_to_output_tensors is not None:
                    cols_to_output_tensors[column] = output
        check_batch_sizes(tensors, ordered)
        return api.concat(tensors, 1)


@export("feature_column.linear_model")
def linear_model(features: dict[str, Any], feature_columns: Any, units: int = 1, sparse_combiner: str = "sum",
                 weight_collections: Any = None, trainable: bool = True,
                 cols_to_vars: dict[Any, Any] | None = None) -> Tensor:
    """A weighted sum of all columns and a bias.

    Args:
      features: tensors, or what becomes one, by name.
      feature_columns: columns.
      units: how many sums there are.
      sparse_combiner: how the weights of an example's ids become one: "sum", "mean" or "sqrtn".
      weight_collections: collections that new variables join.
      trainable: whether new variables are trained.
      cols_to_vars: filled with a list of variables per column, and that of the bias under "bias".

    Returns:
      A matrix of a row per example and a column per sum.

    Raises:
      ValueError: a column is neither dense nor categorical, or lacks its feature.
    """
    with variable_scope(None, default_name="linear_model") as scope:
        name = scope.name
    columns = listed(feature_columns)
    for column in columns:
        if not isinstance(column, (DenseColumn, CategoricalColumn)):
            raise ValueError("Items of feature_columns must be either a _DenseColumn or _CategoricalColumn. Given: "
                             f"{column}")
    ordered = sorted(columns, key=lambda column: column.name)
    collections = weights_of(weight_collections)
    graph = get_default_graph()
    names = []
    for column in ordered:
        with variable_scope(None, default_name=column.var_scope_name) as own:
            names.append(own.name.rsplit("/", 1)[-1])
    given = {key: _as_layers_take(value) for key, value in sorted(features.items())}
    graph.get_collection_ref("update_ops")
    by_column: dict[Any, list[Any]] = {}
    with variable_scope(scope), name_scope(name):
        made = Features(given)
        sums = []
        for column, own_name in zip(ordered, names):
            with variable_scope(own_name):
                before = len(graph.get_collection(_VARIABLES))
                sums.append(_weighted(column, made, units, sparse_combiner, collections, trainable))
                by_column[column] = graph.get_collection(_VARIABLES)[before:]
        check_batch_sizes(sums, ordered)
        without_bias = api.add_n(sums, name="weighted_sum_no_bias")
        bias = api.get_variable("bias_weights", [units], initializer=api.zeros_initializer(), trainable=trainable,
                                collections=collections, use_resource=True)
        result = api.nn.bias_add(without_bias, bias, name="weighted_sum")
    if cols_to_vars is not None:
        cols_to_vars.update(by_column)
        cols_to_vars["bias"] = [bias]
    return result


def _as_layers_take(value: Any) -> Any:
    """What a layer makes of an input: numbers in nested lists become a tensor each."""
    if isinstance(value, (Tensor, SparseTensor, SparseTensorValue)):
        return value
    if isinstance(value, (list, tuple)):
        return type(value)(_as_layers_take(each) for each in value)
    return convert_to_tensor(value) if isinstance(value, (bool, int, float)) else value


def _weighted(column: Any, features: Features, units: int, combiner: str, collections: Any, trainable: bool) -> Tensor:
    """The weighted sum of one column."""
    dense = not isinstance(column, CategoricalColumn)
    rows = column.variable_shape.num_elements() if dense else column.num_buckets
    weights = api.get_variable("weights", [rows, units], dtypes.float32, initializer=api.zeros_initializer(),
                               trainable=trainable, collections=collections, use_resource=True)
    if dense:
        tensor = column.dense_tensor(features, collections, trainable)
        tensor = api.reshape(tensor, (api.shape(tensor)[0], rows))
        return api.matmul(tensor, weights, name="weighted_sum")
    ids, of_ids = column.sparse_tensors(features)
    ids = api.sparse.reshape(ids, [api.shape(ids)[0], -1])
    if of_ids is not None:
        of_ids = api.sparse.reshape(of_ids, [api.shape(of_ids)[0], -1])
    return api.nn.safe_embedding_lookup_sparse(weights, ids, sparse_weights=of_ids, combiner=combiner,
                                               name="weighted_sum")


@export("feature_column.make_parse_example_spec")
def make_parse_example_spec(feature_columns: Any) -> dict[str, Any]:
    """How the features of columns are parsed: what `tf.io.parse_example` takes.

    Args:
      feature_columns: columns.

    Raises:
      ValueError: one is no column, or two want a feature in different ways.
    """
    found: dict[str, Any] = {}
    for column in feature_columns:
        if not isinstance(column, FeatureColumn) or not getattr(column, "of_old", True):
            raise ValueError(f"All feature_columns must be _FeatureColumn instances. Given: {column}")
        for key, value in column.parse_example_spec.items():
            if key in found and value != found[key]:
                raise ValueError(f"feature_columns contain different parse_spec for key {key}. Given {value} and "
                                 f"{found[key]}")
            found[key] = value
    return found
