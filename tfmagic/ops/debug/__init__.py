"""Ops that check, print, or call Python: Assert, Print, CheckNumerics, PyFunc."""

from tfmagic.ops.debug import checks, printing, py_func  # noqa: F401  # modules that declare ops
