"""One function per op, made on first use: `raw.mat_mul(a, b, transpose_a=False, name=None)`."""

from __future__ import annotations

from typing import Any

from tfmagic.graph import opdefs
from tfmagic.ops import call


def __getattr__(name: str) -> Any:
    op_type = opdefs.by_python_name().get(name) or opdefs.test_op(name)
    if op_type is None:
        raise AttributeError(f"TensorFlow 1.15 has no op function named {name!r}")
    function = globals()[name] = call.make_function(name, op_type)
    return function


def __dir__() -> list[str]:
    return sorted(opdefs.by_python_name())
