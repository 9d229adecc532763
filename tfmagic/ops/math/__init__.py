"""Mathematical ops: element by element, reductions, products of matrices, segments, linear algebra."""

from tfmagic.ops.math import binary, cast, counts, cumulative, linalg, matmul, operators, reduce, segment, sums, unary  # noqa: F401
