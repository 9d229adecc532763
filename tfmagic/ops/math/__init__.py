"""Mathematical ops: element by element, reductions, products of matrices, segments, linear algebra."""
