"""Linear operators: matrices of which only what makes them up is kept (a diagonal, a triangle, a size)."""
