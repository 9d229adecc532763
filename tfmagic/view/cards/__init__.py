"""Tensors, operations, variables, graphs and sessions as cards."""
