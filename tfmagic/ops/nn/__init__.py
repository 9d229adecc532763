"""Ops of neural networks: activations, cross-entropies, convolutions, pools, normalisations."""
