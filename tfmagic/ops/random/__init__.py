"""Random ops: TensorFlow's seeded Philox streams, reproduced number for number."""

from tfmagic.ops.random import ops  # noqa: F401  # declares the ops
