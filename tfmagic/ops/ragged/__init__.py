"""The ops of ragged tensors."""
