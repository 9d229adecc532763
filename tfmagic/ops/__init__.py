"""TensorFlow's ops: shape rules, torch kernels and gradients, one package per family.

A family is imported when one of its ops is first looked up (`graph.registry.lookup`), torch when its first kernel runs.
"""
