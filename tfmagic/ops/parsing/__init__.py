"""Ops that read records: examples, lines of CSV, tensors in bytes."""
