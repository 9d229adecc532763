"""sequence_input_layer, and columns of sequences as tf.contrib makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api
from tfmagic.tf.feature_column import sequences
from tfmagic.tf.feature_column.base import Features, listed
from tfmagic.tf.variable.scope import variable_scope

for _name in ("identity", "hash_bucket", "vocabulary_file", "vocabulary_list"):
    _name = f"sequence_categorical_column_with_{_name}"
    export(f"contrib.feature_column.{_name}")(getattr(sequences, _name))


class _SequenceNumericColumn(sequences.SequenceNumericColumn):
    """A column of sequences of numbers that all that takes columns knows."""

    __slots__ = ()
    of_old = True


@export("contrib.feature_column.sequence_numeric_column")
def sequence_numeric_column(key: str, shape: Any = (1,), default_value: float = 0., dtype: Any = dtypes.float32,
                            normalizer_fn: Callable[[Any], Any] | None = None) -> _SequenceNumericColumn:
    """A column of sequences of numbers; see `tf.feature_column.sequence_numeric_column`."""
    return _SequenceNumericColumn(*sequences.sequence_numeric_column(key, shape, default_value, dtype, normalizer_fn))


@export("contrib.feature_column.sequence_input_layer")
def sequence_input_layer(features: dict[str, Any], feature_columns: Any, weight_collections: Any = None,
                         trainable: bool = True) -> tuple[Tensor, Tensor]:
    """The values of all columns side by side, step by step: the input of a recurrent net.

    Args:
      features: tensors, or what becomes one, by name.
      feature_columns: columns of sequences, embedded, indicated or of numbers.
      weight_collections: collections that new variables join.
      trainable: whether new variables are trained.

    Returns:
      A tensor of [examples, steps, values], and the lengths of the sequences.

    Raises:
      ValueError: a column is none of sequences, or lacks its feature.
    """
    columns = listed(feature_columns)
    for column in columns:
        if not hasattr(column, "sequence_tensor"):
            raise ValueError("All feature_columns must be of type _SequenceDenseColumn. You can wrap a "
                             "sequence_categorical_column with an embedding_column or indicator_column. Given (type "
                             f"{type(column)}): {column}")
    collections = list(weight_collections or [])
    if "variables" not in collections:
        collections.append("variables")
    with variable_scope(None, default_name="sequence_input_layer", values=list(features.values())):
        made = Features(features)
        outputs, lengths = [], []
        for column in sorted(columns, key=lambda column: column.name):
            with variable_scope(None, default_name=column.var_scope_name):
                dense, steps = column.sequence_tensor(made, collections, trainable)
                width = column.variable_shape.num_elements()
                lengths.append(_length(steps, width if isinstance(column, sequences.SequenceNumericColumn) else 1))
                shape = api.shape(dense)
                outputs.append(api.reshape(dense, [shape[0], shape[1], width]))
        length = lengths[0] if len(lengths) == 1 else _all_equal(lengths)
        return api.concat(outputs, -1), length


def _length(steps: Any, width: int) -> Tensor:
    """How many steps each sequence of a sparse tensor has.

    Args:
      width: how many values make a step.
    """
    if not isinstance(steps, SparseTensor):
        raise TypeError("Input must be a SparseTensor.")
    with name_scope(None, "sequence_length") as scope:
        rows, columns = steps.indices[:, 0], steps.indices[:, 1]
        columns += api.ones_like(columns)
        found = api.cast(api.ceil(api.segment_max(columns, rows) / width), dtypes.int64)
        padding = api.zeros(api.shape(steps)[:1] - api.shape(found)[:1], found.dtype)
        return api.concat([found, padding], axis=0, name=scope)


def _all_equal(tensors: list[Tensor]) -> Tensor:
    """The first of some tensors that must be equal."""
    with name_scope("assert_all_equal", values=tensors):
        checks = [api.assert_equal(tensors[0], tensor)
                  for tensor in tensors[1:]]
        with api.control_dependencies(checks):
            return api.identity(tensors[0])
