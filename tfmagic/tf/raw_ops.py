"""tf.raw_ops: every op of TensorFlow 1.15 by its own name, with keyword arguments."""

from __future__ import annotations

import typing as _typing

from tfmagic.graph import opdefs as _opdefs
from tfmagic.ops import call as _call


def __getattr__(name: str) -> _typing.Any:
    definition = None if name.startswith("_") else _opdefs.get(name)
    if definition is None or "not_raw" in definition.flags:
        raise AttributeError(f"module 'tensorflow._api.v1.raw_ops' has no attribute {name!r}")
    function = globals()[name] = _call.raw_op(name)
    return function


def __dir__() -> list[str]:
    return [name for name in _opdefs.names() if "not_raw" not in _opdefs.get(name).flags]  # type: ignore[union-attr]
