"""GenerateVocabRemapping and LoadAndRemapMatrix: rows of a checkpoint in the order of another vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.formats.bundle import BundleReader
from tfmagic.formats.files import local_path
from tfmagic.formats.tensor_slice import TensorSlice
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array
from tfmagic.ops.declare import op
from tfmagic.ops.lookup.tables import lines_of, numbered


def _path(value: Any, which: str) -> bytes:
    path: bytes = as_array(value).reshape(-1)[0]
    if not path:
        raise invalid(f"{which} vocab filename cannot be empty.")
    return path


@op("GenerateVocabRemapping", traced=False, because="reads files")
class GenerateVocabRemapping:
    """Two files of words -> for each new word the line of the old file on which it stands, or -1; how many do."""

    def shape(op, new_vocab_file, old_vocab_file):
        shape_rules.with_rank(new_vocab_file, 0)
        shape_rules.with_rank(old_vocab_file, 0)
        return [(op.num_new_vocab,), ()]

    def kernel(op, new_vocab_file, old_vocab_file):
        new, old = _path(new_vocab_file, "new"), _path(old_vocab_file, "old")
        places = numbered(lines_of(old, op.old_vocab_size))
        words = lines_of(new)
        first, last = op.new_vocab_offset, op.new_vocab_offset + op.num_new_vocab
        if last > len(words):
            raise invalid("lookup table size must be larger than last new vocab entry's line")
        numbered(words)
        found = [places.get(word, -1) for word in words[first:last]]
        return torch.tensor(found, dtype=torch.int64), torch.tensor(sum(at >= 0 for at in found), dtype=torch.int32)


def _once(ids: list[int]) -> None:
    """Raise where two new rows want the same old one."""
    found: dict[int, int] = {}
    for new, old in enumerate(ids):
        if old >= 0 and found.setdefault(old, new) != new:
            raise errors.UnimplementedError(None, None, f"Old ID {old} is mapped to both new ID {found[old]} and {new}"
                                            ", which is not supported.")


@op("LoadAndRemapMatrix", traced=False, because="reads files")
class LoadAndRemapMatrix:
    """A matrix of a checkpoint with other rows and columns -> float32 [num_rows, num_cols].

    `row_remapping` and `col_remapping` say which old row or column each new one is, -1 for none; without the latter
    the columns stay. What has no old value takes the next of `initializing_values`, row by row.
    """

    def shape(op, ckpt_path, old_tensor_name, row_remapping, col_remapping, initializing_values):
        shape_rules.with_rank(old_tensor_name, 0)
        return (op.num_rows, op.num_cols)

    def kernel(op, ckpt_path, old_tensor_name, row_remapping, col_remapping, initializing_values):
        rows, columns = row_remapping.tolist(), col_remapping.tolist()
        if len(rows) != op.num_rows:
            raise invalid(f"Size of row_remapping is {len(rows)} instead of being equal to num_rows={op.num_rows}")
        if columns and len(columns) != op.num_cols:
            raise invalid(f"Provided col_remapping, but its size is {len(columns)} instead of being equal to "
                          f"num_cols={op.num_cols}")
        _once(rows)
        _once(columns)
        path, name = as_array(ckpt_path).reshape(-1)[0], as_array(old_tensor_name).reshape(-1)[0].decode()
        made, known = np.zeros((op.num_rows, op.num_cols), np.float32), np.zeros((op.num_rows, op.num_cols), bool)
        with BundleReader(local_path(path)) as reader:
            dims, dtype = reader.shape_of(name), reader.type_of(name)
            if len(dims) != 2:
                raise invalid(f"Tensor {name} has shape {shapes.brackets(dims)} of invalid rank {len(dims)} instead of "
                              "expected shape of rank 2.")
            if dtype is not dtypes.float32:
                raise invalid(f"Tensor {name} has invalid type {dtype.name} instead of expected type float")
            if not columns and dims[1] != op.num_cols:
                raise invalid(f"Tensor {name} has shape {shapes.brackets(dims)}, where the size of its 2nd dimension "
                              f"is {dims[1]} instead of being equal to num_cols={op.num_cols}")
            from_rows = [(new, old) for new, old in enumerate(rows) if old >= 0]
            if from_rows:
                first, last = min(old for _, old in from_rows), max(old for _, old in from_rows)
                if last >= dims[0]:
                    raise errors.InternalError(None, None, "Extent in dimension 0 out of bounds: shape = "
                                               f"{shapes.brackets(dims)}, slice = {first},{last + 1 - first}:-")
                stored = reader.read(name, TensorSlice(((first, last + 1 - first), (0, None))))
                for new, old in from_rows:
                    row = stored[old - first]
                    if columns:
                        for place, column in enumerate(columns):
                            known[new, place] = column >= 0
                            if 0 <= column < dims[1]:
                                made[new, place] = row[column]
                    else:
                        made[new], known[new] = row, True
        missing, values = np.argwhere(~known), initializing_values.reshape(-1).tolist()
        if len(missing) > len(values):
            raise invalid(f"initializing_values contained {len(values)} elements, but more missing values remain.")
        if len(missing) < len(values):
            raise invalid(f"initializing_values contained {len(values)} elements, but only {len(missing)} elements "
                          "were used to fill in missing values.")
        made[~known] = values
        return torch.from_numpy(made)
