"""What old programs expect around them: the `tensorflow` import name and TensorFlow's internal module names."""
