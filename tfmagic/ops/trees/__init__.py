"""Boosted trees: what their ops compute, and the ensembles that a session keeps."""
