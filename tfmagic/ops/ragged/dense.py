"""The dense tensor of a ragged one, and ragged tensors in variants."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims, NoShape
from tfmagic.graph.static_value import static_dims, static_value
from tfmagic.ops.array.rules import as_array, single
from tfmagic.ops.declare import op
from tfmagic.ops.shape_rules import with_rank, with_rank_at_least, with_rank_at_most
from tfmagic.ops.torch_types import tensorflow_dtype

_KINDS = ("FIRST_DIM_SIZE", "VALUE_ROWIDS", "ROW_SPLITS")


def _kinds(op: Any) -> list[str]:
    """How each row partition is given.

    Raises:
      ValueError: a kind is unknown, or stands where it cannot.
    """
    kinds = list(op.row_partition_types)
    for kind in kinds:
        if kind not in _KINDS:
            raise ValueError(f"Unknown string for partition info type: {kind}")
    if len(kinds) != op.num_row_partition_tensors:
        raise ValueError(f"Number of row partition tensors ({op.num_row_partition_tensors}) does not equal the number "
                         f"of row partition types({len(kinds)}).")
    if kinds[0] == "VALUE_ROWIDS":
        raise ValueError("VALUE_ROWIDS cannot be first")
    if "FIRST_DIM_SIZE" in kinds[1:]:
        raise ValueError("FIRST_DIM_SIZE must be first")
    return kinds


def _ragged_rank(kinds: list[str]) -> int:
    return len(kinds) - (kinds[0] == "FIRST_DIM_SIZE")


def _as_proto(dims: Any) -> str:
    return "".join(f"dim {{\n  size: {-1 if size is None else size}\n}}\n" for size in dims)


@op("RaggedTensorToTensor", check=lambda op, shape, *others: "" if shape == () else None, traced=False,
    because="as long as the values say")
class RaggedTensorToTensor:
    """The values of a ragged tensor in a dense one, filled up with a default value."""

    def shape(op: Any, shape: Dims, values: Dims, default_value: Dims, row_partition_tensors: Any) -> Dims:
        kinds = _kinds(op)
        if any(dims is not None and len(dims) != (kind != "FIRST_DIM_SIZE")
               for dims, kind in zip(row_partition_tensors, kinds)):
            raise ValueError("Row partition must be a vector.")
        with_rank_at_most(shape, 1)
        given = static_value(op.op._inputs[0]) if shape == () else None
        if shape == () and given is None:
            raise NoShape("Received a shape scalar with unknown static value.  A static value of '-1' is required to "
                          "represent an unknown shape.")
        if given is not None and given != -1:
            raise NoShape("Received an invalid shape scalar with a static value that is not '-1': Tensor<type: "
                             f"{op.Tshape.name} shape: [] values: {given}>")
        wanted = None if shape == () else static_dims(op.op._inputs[0])
        if values is None:
            return wanted
        rank = _ragged_rank(kinds)
        found = (None,) * (rank + 1) + values[1:]
        if wanted is None:
            return found if values else (None,) * rank
        if not values or len(wanted) != len(found):
            raise ValueError(f"Value shape ({_as_proto(values)}), ragged_rank({rank}) and shape("
                             f"{_as_proto(wanted)}) do not have a consistent number of dimensions")
        if any(a is not None and b is not None and a != b for a, b in zip(wanted, found)):
            raise ValueError("Value and shape dimension are inconsistent.")
        return tuple(b if a is None else a for a, b in zip(wanted, found))

    def kernel(op: Any, shape: Any, values: Any, default_value: Any, row_partition_tensors: Any) -> Any:
        kinds = _kinds(op)
        for part, kind in zip(row_partition_tensors, kinds):
            if part.ndim != (kind != "FIRST_DIM_SIZE"):
                raise invalid("Row partition must be a vector.")
        parts = [as_array(part) for part in row_partition_tensors]
        rows = int(parts[0]) if kinds[0] == "FIRST_DIM_SIZE" else len(parts[0]) - 1
        sizes = _sizes(op, shape, values, _ragged_rank(kinds))
        inner = tuple(values.shape[1:])
        count = rows if sizes[0] < 0 else sizes[0]
        places = np.where(np.arange(rows) < count, np.arange(rows), -1)
        dims = [count]
        for part, kind, size in zip(parts[len(parts) - len(sizes) + 1:], kinds[len(kinds) - len(sizes) + 1:],
                                    sizes[1:]):
            parents = part if kind == "VALUE_ROWIDS" else np.repeat(np.arange(len(part) - 1), np.diff(part).clip(0))
            if (parents.size and (parents.min() < 0 or parents.max() >= len(places))) or (
                    kind == "ROW_SPLITS" and (part[0] != 0 or len(part) - 1 != len(places))):
                raise errors.InternalError(None, None, "Values and indices must be equal")
            starts = np.flatnonzero(np.r_[True, np.diff(parents) != 0]) if parents.size else np.zeros(0, int)
            columns = np.arange(len(parents)) - np.repeat(starts, np.diff(np.r_[starts, len(parents)]))
            width = int(columns.max(initial=-1)) + 1 if size < 0 else size
            above = places[parents]
            places = np.where((above >= 0) & (columns < width), above * width + columns, -1)
            dims.append(width)
        if len(places) != values.shape[0]:
            raise errors.InternalError(None, None, "Values and indices must be equal")
        return _placed(values, places, default_value, dims, inner)


def _sizes(op: Any, shape: Any, values: Any, rank: int) -> list[int]:
    """The sizes asked for of the dimensions that rows fill, -1 where there is none.

    Raises:
      InvalidArgumentError: they are no sizes, or do not fit the values.
    """
    asked = as_array(shape)
    if asked.ndim > 1:
        raise invalid(f"shape must be a vector or a scalar, but has {asked.ndim} dimensions")
    if asked.ndim == 0:
        if asked != -1:
            raise invalid("The only valid scalar shape tensor is the fully unknown shape specified as -1.")
        return [-1] * (rank + 1)
    for size in asked.tolist():
        if size < -1:
            raise invalid(f"Dimension {size} must be >= -1")
    if values.ndim == 0 or len(asked) != rank + values.ndim:
        dims = _as_proto(None if size < 0 else size for size in asked.tolist())
        raise invalid(f"Value shape ({_as_proto(values.shape)}), ragged_rank({rank}) and shape({dims}) do not have a "
                      "consistent number of dimensions")
    for size, own in zip(asked[rank + 1:].tolist(), values.shape[1:]):
        if size not in (-1, own):
            raise invalid("Value and shape dimension are inconsistent.")
    return asked[:rank + 1].tolist()


def _placed(values: Any, places: np.ndarray, default: Any, dims: list[int], inner: tuple[int, ...]) -> Any:
    count = math.prod(dims)
    kept = places >= 0
    try:
        if isinstance(values, np.ndarray):
            flat = np.array(np.broadcast_to(default, (count, *inner)), object)
            flat[places[kept]] = values[kept]
        else:
            flat = default.expand(count, *inner).clone()
            flat[torch.from_numpy(places[kept])] = values[torch.from_numpy(kept)]
    except (ValueError, RuntimeError):  # TensorFlow itself ends the process
        raise invalid(f"default_value of shape {list(default.shape)} does not fit values of shape {list(inner)}") \
            from None
    return flat.reshape(*dims, *inner)


# --- variants ---------------------------------------------------------------------------------------------------


class EncodedRagged:
    """A ragged tensor as an element of a variant tensor.

    Args:
      splits: its row splits, the outermost first.
      values: its innermost values.
    """

    __slots__ = ("splits", "values")

    def __init__(self, splits: list[Any], values: Any):
        self.splits, self.values = splits, values


@op("RaggedTensorToVariant", traced=False, because="variants are host objects")
class RaggedTensorToVariant:
    """A ragged tensor as a variant; with `batched_input` a vector of variants, one of each row."""

    def shape(op: Any, rt_nested_splits: Any, rt_dense_values: Dims) -> Dims:
        with_rank_at_least(rt_dense_values, 1)
        outer = with_rank(rt_nested_splits[0], 1)
        for dims in rt_nested_splits:
            with_rank(dims, 1)
        return () if not op.batched_input else (None if outer[0] is None else outer[0] - 1,)

    def kernel(op: Any, rt_nested_splits: Any, rt_dense_values: Any) -> Any:
        if not op.batched_input:
            return single(EncodedRagged(list(rt_nested_splits), rt_dense_values))
        outer = rt_nested_splits[0].tolist()
        made = np.empty(len(outer) - 1, object)
        for row, (start, stop) in enumerate(zip(outer, outer[1:])):
            splits = []
            for part in rt_nested_splits[1:]:
                piece = part[start:stop + 1]
                start, stop = int(piece[0]), int(piece[-1])
                splits.append(piece - piece[0])
            made[row] = EncodedRagged(splits, rt_dense_values[start:stop])
        return made


@op("RaggedTensorFromVariant", traced=False, because="variants are host objects")
class RaggedTensorFromVariant:
    """The ragged tensor of a variant, or of an array of them, whose axes come in front."""

    def shape(op: Any, encoded_ragged: Dims) -> Any:
        if op.input_ragged_rank >= 0:
            with_rank(encoded_ragged, op.output_ragged_rank - op.input_ragged_rank)
        return [[(None,)] * op.output_ragged_rank, None]

    def kernel(op: Any, encoded_ragged: Any) -> Any:
        dims, items = encoded_ragged.shape, encoded_ragged.ravel().tolist()
        rank = op.output_ragged_rank - len(dims) if op.input_ragged_rank < 0 else op.input_ragged_rank
        if rank < 0:
            raise invalid(f"The inferred input_ragged_rank must be >= 0, found: {rank}")
        for item in items:
            _check_encoded(op, item, rank)
        kind = getattr(torch, op.Tsplits.name)
        if not dims:
            return *items[0].splits, items[0].values
        made = [torch.arange(math.prod(dims[:axis]) + 1, dtype=kind) * size for axis, size in enumerate(dims) if axis]
        counts = [len(item.splits[0]) - 1 if item.splits else len(item.values) for item in items]
        made.append(torch.tensor([0, *counts], dtype=kind).cumsum(0).to(kind))
        for depth in range(rank):
            lengths = [item.splits[depth].diff() for item in items]
            start = torch.zeros(1, dtype=kind, device=lengths[0].device if lengths else None)
            made.append(torch.cat([start, *lengths]).cumsum(0).to(kind))
        if op.Tvalues.name == "string":
            values: Any = np.concatenate([item.values for item in items])
        else:
            values = torch.cat([item.values for item in items])
        return *made, values


def _check_encoded(op: Any, item: Any, rank: int) -> None:
    """Refuse a variant that holds no ragged tensor of this rank and these types.

    Raises:
      InvalidArgumentError: it does not.
    """
    if not isinstance(item, EncodedRagged) or len(item.splits) != rank:
        raise invalid("Encoded input Variant must hold either input_ragged_rank + 1 Tensors or an empty Tensor (zero "
                      f"splits Tensors, 1 values Tensor), input_ragged_rank: {rank}, encoded input Variant: {item!r}")
    for part in item.splits:
        if tensorflow_dtype(part) is not op.Tsplits:
            raise invalid(f"Expected splits Tensor dtype: {op.Tsplits.as_datatype_enum}, found: "
                          f"{tensorflow_dtype(part).as_datatype_enum}")
    found = tensorflow_dtype(item.values)
    if found is not op.Tvalues:
        raise invalid(f"Expected values Tensor dtype: {op.Tvalues.as_datatype_enum}, found: {found.as_datatype_enum}")
