"""What programs use of modules that Python has no more."""
