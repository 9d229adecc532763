"""What Jupyter touches: the extension, magics, displays, the `tensorflow` alias, kernel and command line."""
