"""Speed of tfmagic beside TensorFlow and hand-written PyTorch, measured in one run: `python -m benchmarks --help`."""
