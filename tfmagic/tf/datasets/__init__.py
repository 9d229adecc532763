"""Readers of data sets as TensorFlow 1.15 brought them: the MNIST reader of its tutorials, `tf.keras.datasets`."""
