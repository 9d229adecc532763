"""`distutils`, as far as programs that install nothing use it: versions and truth values."""
