"""What TensorFlow 1.15.0 printed, with the scripts that recorded it and the comparison."""
