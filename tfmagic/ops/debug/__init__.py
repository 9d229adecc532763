"""Ops that check, print, or call Python: Assert, Print, CheckNumerics, PyFunc."""
