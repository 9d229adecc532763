"""Branches, loops, TensorArrays and what belongs to them: groups, gates, and gradients through control flow."""
