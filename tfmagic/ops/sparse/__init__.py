"""Sparse tensors as coordinates and values: their dense form."""
