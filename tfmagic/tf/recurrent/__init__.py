"""Recurrent nets: cells with their wrappers, and the functions that run them over time."""
