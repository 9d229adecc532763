"""Ops of neural networks: activations, cross-entropies, convolutions, pools, normalisations."""

from tfmagic.ops.nn import activations, bias, candidates, conv, cross_entropy, normalization, pool, top_k  # noqa: F401
