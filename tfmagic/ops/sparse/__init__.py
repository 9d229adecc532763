"""Sparse tensors as coordinates and values: their dense form, other shapes, parts, sums, products, and sets in rows."""
