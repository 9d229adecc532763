"""What happens in an IPython shell: extension, cells, magics, displays, tracebacks."""
