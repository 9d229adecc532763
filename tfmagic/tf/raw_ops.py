"""tf.raw_ops: every op of TensorFlow 1.15 by its own name, with keyword arguments."""

from __future__ import annotations

import typing

from tfmagic.graph import opdefs
from tfmagic.ops import call


def __getattr__(name: str) -> typing.Any:
    if name.startswith("_") or opdefs.get(name) is None:
        raise AttributeError(f"module 'tensorflow.raw_ops' has no attribute {name!r}")
    function = globals()[name] = call.raw_op(name)
    return function


def __dir__() -> list[str]:
    return opdefs.names()
