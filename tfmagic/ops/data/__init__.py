"""Data sets: what their variant tensors hold, and the iterators that take elements from them."""
