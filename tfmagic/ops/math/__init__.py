"""Mathematical ops: element by element, reductions, products of matrices, segments, linear algebra."""

from tfmagic.ops.math import (  # noqa: F401
    binary,
    cast,
    counts,
    cumulative,
    fft,
    linalg,
    matmul,
    operators,
    reduce,
    segment,
    sets,
    sums,
    unary,
)
