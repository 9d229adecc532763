"""Devices: which there are, their names in TensorFlow and in torch. All that differs between CPU and CUDA is here."""
