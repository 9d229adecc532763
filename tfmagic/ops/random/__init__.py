"""Random ops: TensorFlow's seeded Philox streams, reproduced number for number."""
