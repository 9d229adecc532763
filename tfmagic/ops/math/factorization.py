"""Ops with which matrices are factorised: products at a few places, and sums for alternating least squares."""

from __future__ import annotations

from typing import Any

from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims, brackets
from tfmagic.ops.declare import op

_WEIGHTS = ("To specify the weights for observed entries, either (1) entry_weights must be set or (2) input_weights "
            "and factor_weights must be set, but not both.")


def _of_rank(rank: int, **values: Any) -> None:
    """Refuse values of another rank: 0, 1 or 2."""
    kind = ("scalar", "vector", "matrix")[rank]
    for name, value in values.items():
        if value.dim() != rank:
            full_stop = "" if name in ("input_values", "entry_weights") else "."
            raise invalid(f"Input {name} should be a {kind}{full_stop}")


@op("MaskedMatmul", check=lambda op, *dims: "", traced=False, because="it looks whether places are within the product")
class MaskedMatmul:
    """The product of two matrices at some places only: places [count, 2] -> [count]."""

    def shape(op: Any, *dims: Dims) -> Dims:
        return None

    def kernel(op: Any, a: Any, b: Any, places: Any, transpose_a: Any, transpose_b: Any) -> Any:
        _of_rank(2, a=a, b=b, mask_indices=places)
        if places.shape[1] != 2:
            raise invalid("mask_indices should be a matrix of shape [nnz 2], where nnz is the number of non-zero "
                          "elements.")
        _of_rank(0, transpose_a=transpose_a, transpose_b=transpose_b)
        rows = a.mT if transpose_a else a
        columns = b if transpose_b else b.mT
        if rows.shape[1] != columns.shape[1]:
            raise invalid(f"Matrix shapes are incompatible: a has shape {brackets(tuple(a.shape))}, while b has shape "
                          f"{brackets(tuple(b.shape))}.")
        sizes = torch.tensor([len(rows), len(columns)])
        outside = ((places < 0) | (places >= sizes)).nonzero()
        if len(outside):
            at, side = outside[0].tolist()
            raise invalid(f"In mask_indices[{at}, :], the {('row', 'column')[side]} index {int(places[at, side])} is "
                          f"out of bounds [0, {int(sizes[side])}).")
        return (rows[places[:, 0]] * columns[places[:, 1]]).sum(1)


@op("WALSComputePartialLhsAndRhs", check=lambda op, *dims: "", traced=False, because="as many rows as a value says")
class WALSComputePartialLhsAndRhs:
    """What observed entries give to the equations of rows: [rows, n, n] and [rows, n] for factors [columns, n]."""

    def shape(op: Any, *dims: Dims) -> tuple[Dims, Dims]:
        return None, None

    def kernel(op: Any, factors: Any, factor_weights: Any, unobserved: Any, input_weights: Any, places: Any,
               values: Any, entry_weights: Any, rows: Any, transposed: Any) -> tuple[Any, Any]:
        _of_rank(2, factors=factors)
        _of_rank(1, factor_weights=factor_weights)
        _of_rank(0, unobserved_weights=unobserved)
        _of_rank(1, input_weights=input_weights)
        _of_rank(2, input_indices=places)
        if places.shape[1] != 2:
            raise invalid("Input input_indices should have shape (?, 2).")
        _of_rank(1, input_values=values, entry_weights=entry_weights)
        _of_rank(0, input_block_size=rows, input_is_transpose=transposed)
        if len(values) != len(places):
            raise invalid("Input input_values' length should match the first dimension of Input input_indices ")
        by_entries = len(entry_weights) == len(values) and not len(input_weights) and not len(factor_weights)
        by_sides = not len(entry_weights) and len(input_weights) and len(factor_weights) == len(factors)
        if not by_entries and not by_sides:
            raise invalid(_WEIGHTS)
        of_row, of_factor = places.flip(1).unbind(1) if transposed else places.unbind(1)
        count = int(rows)
        _within("row", of_row, min(count, len(input_weights)) if by_sides else count)
        _within("factor", of_factor, len(factors))
        weights = input_weights[of_row] * factor_weights[of_factor] if by_sides else entry_weights
        found = factors[of_factor]
        size = factors.shape[1]
        products = (weights[:, None, None] * found[:, :, None]) * found[:, None, :]
        left = torch.zeros(count, size, size).index_add_(0, of_row, products)
        right = torch.zeros(count, size).index_add_(0, of_row, ((weights + unobserved) * values)[:, None] * found)
        return left, right


def _within(what: str, numbers: Any, count: int) -> None:
    """Refuse numbers outside [0, count): TensorFlow reads memory there that is not its own."""
    outside = ((numbers < 0) | (numbers >= count)).nonzero()
    if len(outside):
        at = int(outside[0])
        raise invalid(f"input_indices[{at}, :] has {what} {int(numbers[at])}, which is out of bounds [0, {count}).")
