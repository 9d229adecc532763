"""Ops that make summaries for TensorBoard: numbers, histograms, tensors, texts, pictures and sounds."""
