"""What is said of a feature of examples: how many values it has, and what it becomes."""

from __future__ import annotations

from typing import Any, NamedTuple

from tfmagic.base.export import export


class _VarLen(NamedTuple):
    dtype: Any


@export("io.VarLenFeature")
class VarLenFeature(_VarLen):
    """A feature of any number of values: it becomes a sparse tensor.

    Args:
      dtype: the type of its values.
    """

    __slots__ = ()


class _FixedLen(NamedTuple):
    shape: Any
    dtype: Any
    default_value: Any = None


@export("io.FixedLenFeature")
class FixedLenFeature(_FixedLen):
    """A feature of as many values in every example: it becomes a tensor.

    Args:
      shape: the shape of an example's values.
      dtype: their type.
      default_value: what stands in for a feature that an example lacks; None: it must not.
    """

    __slots__ = ()


class _FixedLenSequence(NamedTuple):
    shape: Any
    dtype: Any
    allow_missing: Any = False
    default_value: Any = None


@export("io.FixedLenSequenceFeature")
class FixedLenSequenceFeature(_FixedLenSequence):
    """A feature of any number of rows of equally many values: it becomes a tensor, filled up to the longest.

    Args:
      shape: the shape of a row.
      dtype: the type of the values.
      allow_missing: whether an example may lack it.
      default_value: what shorter examples are filled up with (0 or "").
    """

    __slots__ = ()


class _Sparse(NamedTuple):
    index_key: Any
    value_key: Any
    dtype: Any
    size: Any
    already_sorted: Any = False


@export("io.SparseFeature")
class SparseFeature(_Sparse):
    """A sparse tensor of which one feature has the values, and others the indices.

    Args:
      index_key: the name of the feature with the indices, or a list of one per axis.
      value_key: that of the feature with the values.
      dtype: the type of the values.
      size: the size of the axis, or a list of one per axis.
      already_sorted: whether the indices come in order.
    """

    __slots__ = ()
