"""TensorFlow's ops: shape rules, torch kernels and gradients, one module per family.

Importing this package declares every op that tfmagic can run; torch is not imported before a kernel runs.
"""
