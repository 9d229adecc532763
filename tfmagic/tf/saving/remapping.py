"""Values of a checkpoint for a variable whose vocabulary has changed: old words keep their rows or columns."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.ops import raw
from tfmagic.ops.array.join import concat
from tfmagic.ops.array.sequences import range_


def remapped(path: str, name: str, shape: tuple[int, int], first_row: int, rows: Any, columns: Any, initializer: Any,
             oov_rows: int, oov_columns: int, rows_at_once: int = -1) -> Any:
    """Build the value: a float32 matrix of the rows and columns of words, then of those for unknown words.

    Args:
      path, name: of the checkpoint and the matrix in it.
      shape: the words that have rows, and columns.
      first_row: the number of the first row among all words: of a part of a variable another than 0.
      rows, columns: (new file of words, old file of words, how many old words count); None where they stay.
      initializer: makes the rows and columns of new words.
      oov_rows, oov_columns: how many rows and columns stand for unknown words.
      rows_at_once: how many rows of the checkpoint are read at a time; -1 for all.
    """
    count, width = shape
    if rows is not None:
        row_ids, known_rows = _mapping(rows, first_row, count)
    else:
        row_ids, known_rows = range_(first_row, first_row + count, 1, dtypes.int64), count
    column_ids: Any = []
    known_columns: Any = width
    if columns is not None:
        column_ids, known_columns = _mapping(columns, 0, width)
    new = count * width - known_rows * known_columns
    value = raw.load_and_remap_matrix(ckpt_path=path, old_tensor_name=name, row_remapping=row_ids,
                                      col_remapping=column_ids, initializing_values=initializer([new, 1]),
                                      num_rows=count, num_cols=width, max_rows_in_memory=rows_at_once)
    if oov_rows:
        value = concat([value, initializer([oov_rows, width])], 0)
    if oov_columns:
        value = concat([value, initializer([count + oov_rows, oov_columns])], 1)
    return value


def _mapping(files: Any, first: int, count: int) -> Any:
    new, old, size = files
    return raw.generate_vocab_remapping(new_vocab_file=new, old_vocab_file=old, new_vocab_offset=first,
                                        num_new_vocab=count, old_vocab_size=size)
