"""What TensorFlow 1.15's internal modules have beside its public functions, as far as programs and tests import it."""
