"""The dataflow graph: plain Python data with TensorFlow's own op types, names and attrs."""
