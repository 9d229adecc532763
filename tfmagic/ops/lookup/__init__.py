"""Lookup tables: what a session keeps of them, and their ops."""
