"""Functions of a graph's library from Python: Defun, and the branches and loops whose parts are functions."""
