"""Samples for the ops of tfmagic/ops/math/factorization.py."""

import numpy as np
from oracle.samples.values import N, boolean, f32, i64, row

_PLACES = i64([[0, 0], [1, 3], [1, 0]])
_ENTRIES = i64([[0, 1], [0, 3], [2, 0]])


def _masked(transpose_a=False, transpose_b=False, **changed):
    given = {"a": N(2, 3), "b": N(3, 4), "mask_indices": _PLACES}
    return row(**given | changed, transpose_a=boolean(transpose_a), transpose_b=boolean(transpose_b))


def _sums(**changed):
    given = {"factors": f32(np.arange(8).reshape(4, 2) / 3), "factor_weights": f32([0.5, 1, 2, 3]),
             "unobserved_weights": f32(0.1), "input_weights": f32([1, 2, 3]), "input_indices": _ENTRIES,
             "input_values": f32([1, 2, 3]), "entry_weights": f32([]), "input_block_size": i64(3),
             "input_is_transpose": boolean(False)}
    return row(**given | changed)


_BY_ENTRIES = {"factor_weights": f32([]), "input_weights": f32([])}

SAMPLES = {
    "MaskedMatmul": [
        _masked(), _masked(a=N(3, 2), transpose_a=True), _masked(b=N(4, 3), transpose_b=True),
        _masked(a=N(3, 2), b=N(4, 3), transpose_a=True, transpose_b=True),
        _masked(mask_indices=np.zeros((0, 2), np.int64)), _masked(a=N(2, 0), b=N(0, 4)),
        _masked(a=N(3)), _masked(b=N(3)), _masked(mask_indices=i64([0, 1])), _masked(mask_indices=i64([[0, 1, 2]])),
        _masked(b=N(4, 3)), _masked(transpose_a=True), _masked(transpose_a=[True]), _masked(transpose_b=[True])],
    "WALSComputePartialLhsAndRhs": [
        _sums(), _sums(unobserved_weights=f32(0)), _sums(entry_weights=f32([0.3, 0.2, 0.1]), **_BY_ENTRIES),
        _sums(input_indices=_ENTRIES[:, ::-1], input_is_transpose=boolean(True)),
        _sums(input_indices=_ENTRIES[::-1]), _sums(input_block_size=i64(5), input_weights=f32([1, 2, 3, 4, 5])),
        _sums(factors=N(4)), _sums(factor_weights=N(1, 4)), _sums(unobserved_weights=N(1)),
        _sums(input_weights=N(1, 3)), _sums(input_indices=i64([0, 1])), _sums(input_indices=i64([[0, 1, 0]] * 3)),
        _sums(input_values=N(1, 3)), _sums(input_values=N(1)), _sums(entry_weights=N(1, 1)),
        _sums(entry_weights=f32([0.3, 0.2, 0.1])), _sums(entry_weights=f32([0.3, 0.2]), **_BY_ENTRIES),
        _sums(**_BY_ENTRIES), _sums(factor_weights=N(1)), _sums(input_block_size=i64([3])),
        _sums(input_is_transpose=boolean([False]))],
}
