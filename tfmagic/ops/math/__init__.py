"""Mathematical ops: element by element, reductions, products of matrices, segments, linear algebra."""

from tfmagic.ops.math import binary, cast, matmul, operators, reduce, sums, unary  # noqa: F401
