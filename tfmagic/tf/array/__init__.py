"""Functions on arrays that are made of several nodes."""
