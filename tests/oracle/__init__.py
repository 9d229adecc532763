"""What TensorFlow printed, the scripts that recorded it, and what compares with it."""
