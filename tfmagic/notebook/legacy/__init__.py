"""What old programs expect around them: the `tensorflow` name, TensorFlow's internal modules, install lines."""
