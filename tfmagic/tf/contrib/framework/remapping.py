"""Initializers that take a variable from a checkpoint, for words that stand at other places or are new."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.tf.initializers.kinds import TruncatedNormal, Zeros
from tfmagic.tf.saving.remapping import remapped


@export("contrib.framework.load_and_remap_matrix_initializer")
def load_and_remap_matrix_initializer(
        ckpt_path: Any, old_tensor_name: str, new_row_vocab_size: int, new_col_vocab_size: int,
        old_row_vocab_size: int = -1, old_row_vocab_file: Any = None, new_row_vocab_file: Any = None,
        old_col_vocab_file: Any = None, new_col_vocab_file: Any = None, num_row_oov_buckets: int = 0,
        num_col_oov_buckets: int = 0, initializer: Any = None, max_rows_in_memory: int = -1) -> Callable[..., Any]:
    """An initializer that takes a matrix from a checkpoint: old words keep their rows and columns.

    Args:
      ckpt_path: the checkpoint.
      old_tensor_name: the matrix in it.
      new_row_vocab_size, new_col_vocab_size: the numbers of words that have rows and columns.
      old_row_vocab_size: how many of the old words of rows count; -1 for all.
      old_row_vocab_file, new_row_vocab_file: files of the words of rows; without both, rows stay.
      old_col_vocab_file, new_col_vocab_file: those of columns.
      num_row_oov_buckets, num_col_oov_buckets: how many rows and columns for unknown words follow.
      initializer: makes the rows and columns of new and unknown words; zeros by default.
      max_rows_in_memory: how many rows of the checkpoint are read at a time; -1 for all.

    Returns:
      An initializer for float32 variables, or parts of one by rows.

    Raises:
      ValueError: the variable's shape is another; of two files one is missing.
      TypeError: `initializer` cannot be called; the variable is not of float32.
    """
    rows = (new_row_vocab_file, old_row_vocab_file, old_row_vocab_size)
    columns = (new_col_vocab_file, old_col_vocab_file, -1)
    make = Zeros() if initializer is None else initializer
    if not callable(make):
        raise TypeError(f"initializer must be callable, instead of being {make} of type {type(make)}.")
    width = new_col_vocab_size + num_col_oov_buckets

    def _initializer(shape: Any, dtype: Any = dtypes.float32, partition_info: Any = None) -> Any:
        if dtype != dtypes.float32:
            raise TypeError(f"Currently, only float32 is supported. Received dtype: {dtype}")
        if len(shape) != 2:
            raise ValueError(f"Expected 2-dim shape, but received: {shape}")
        if shape[0] <= 0:
            raise ValueError(f"Expected 1st dim of shape to be > 0, but received shape: {shape}")
        if shape[1] != width:
            raise ValueError(f"Expected 2nd dim of shape to be new_col_vocab_size ({new_col_vocab_size}) + "
                             f"num_col_oov_buckets ({num_col_oov_buckets}) = {width}, but received shape: {shape}")
        first = 0 if partition_info is None else partition_info.single_offset(shape)
        total = new_row_vocab_size + num_row_oov_buckets
        if first + shape[0] > total:
            raise ValueError(f"Trying to initialize {shape[0]} additional rows after {first} rows have already been "
                             "initialized, which would exceed expected total row count of new_row_vocab_size "
                             f"({new_row_vocab_size}) + num_row_oov_buckets ({num_row_oov_buckets}) = {total}.")
        for kind, (new, old, _) in (("row", rows), ("col", columns)):
            if bool(new) != bool(old):
                raise ValueError(f"old_{kind}_vocab_file and new_{kind}_vocab_file must both be specified or left "
                                 f"unspecified. old_{kind}_vocab_file='{old}', new_{kind}_vocab_file='{new}'")
        known = min(shape[0], max(0, new_row_vocab_size - first))
        return remapped(ckpt_path, old_tensor_name, (known, new_col_vocab_size), first, rows if all(rows) else None,
                        columns if all(columns) else None, make, shape[0] - known, num_col_oov_buckets,
                        max_rows_in_memory)

    return _initializer


@export("contrib.framework.load_embedding_initializer")
def load_embedding_initializer(
        ckpt_path: Any, embedding_tensor_name: str, new_vocab_size: int, embedding_dim: int, old_vocab_file: Any,
        new_vocab_file: Any, old_vocab_size: int = -1, num_oov_buckets: int = 0, initializer: Any = None,
        max_rows_in_memory: int = -1) -> Callable[..., Any]:
    """An initializer that takes an embedding from a checkpoint: old words keep their rows.

    Args:
      embedding_dim: the number of columns.
      initializer: makes the rows of new words; by default a truncated normal of deviation 1 / sqrt(embedding_dim).
      ckpt_path, embedding_tensor_name, new_vocab_size, old_vocab_file, new_vocab_file, old_vocab_size,
        num_oov_buckets, max_rows_in_memory: as in `load_and_remap_matrix_initializer`, of rows.
    """
    make = initializer or TruncatedNormal(stddev=1.0 / math.sqrt(embedding_dim))
    return load_and_remap_matrix_initializer(
        ckpt_path, embedding_tensor_name, new_vocab_size, embedding_dim, old_vocab_size, old_vocab_file, new_vocab_file,
        num_row_oov_buckets=num_oov_buckets, initializer=make, max_rows_in_memory=max_rows_in_memory)


@export("contrib.framework.load_linear_multiclass_bias_initializer")
def load_linear_multiclass_bias_initializer(
        ckpt_path: Any, bias_tensor_name: str, new_class_vocab_size: int, old_class_vocab_file: Any,
        new_class_vocab_file: Any, num_class_oov_buckets: int = 0, initializer: Any = None,
        max_rows_in_memory: int = -1) -> Callable[..., Any]:
    """An initializer that takes a bias, [classes, 1], from a checkpoint: old classes keep their numbers.

    Args are those of `load_and_remap_matrix_initializer`, of rows.
    """
    return load_and_remap_matrix_initializer(
        ckpt_path, bias_tensor_name, new_class_vocab_size, 1, -1, old_class_vocab_file, new_class_vocab_file,
        num_row_oov_buckets=num_class_oov_buckets, initializer=initializer, max_rows_in_memory=max_rows_in_memory)


@export("contrib.framework.load_variable_slot_initializer")
def load_variable_slot_initializer(
        ckpt_path: Any, old_tensor_name: str, primary_partition_info: Any, new_row_vocab_size: int,
        new_col_vocab_size: int, old_row_vocab_file: Any = None, new_row_vocab_file: Any = None,
        old_col_vocab_file: Any = None, new_col_vocab_file: Any = None, num_row_oov_buckets: int = 0,
        num_col_oov_buckets: int = 0, initializer: Any = None, max_rows_in_memory: int = -1) -> Callable[..., Any]:
    """An initializer for an optimizer's slot of a part of a variable, whose place the slot itself does not know.

    Args:
      primary_partition_info: says which part of the variable it is.
      ckpt_path, old_tensor_name, new_row_vocab_size, new_col_vocab_size, old_row_vocab_file, new_row_vocab_file,
        old_col_vocab_file, new_col_vocab_file, num_row_oov_buckets, num_col_oov_buckets, initializer,
        max_rows_in_memory: as in `load_and_remap_matrix_initializer`.
    """
    whole = load_and_remap_matrix_initializer(
        ckpt_path, old_tensor_name, new_row_vocab_size, new_col_vocab_size, -1, old_row_vocab_file, new_row_vocab_file,
        old_col_vocab_file, new_col_vocab_file, num_row_oov_buckets, num_col_oov_buckets, initializer,
        max_rows_in_memory)

    def _initializer(shape: Any, dtype: Any = dtypes.float32, partition_info: Any = None) -> Any:
        return whole(shape, dtype, primary_partition_info)

    return _initializer
