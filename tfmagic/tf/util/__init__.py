"""What TensorFlow keeps in `tensorflow.python.util` and programs that grew out of its own code use as well."""
