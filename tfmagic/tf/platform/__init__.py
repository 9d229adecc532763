"""What TensorFlow programs lean on around the graph: command-line flags, `tf.app`, resources, `tf.test`."""
