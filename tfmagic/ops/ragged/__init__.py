"""Ragged tensors: values and where their rows end, made, converted, cut and joined."""
