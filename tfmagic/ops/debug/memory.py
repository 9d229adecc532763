"""How much memory a device has in use: TensorFlow asks its GPUs only, and has no kernels for a CPU."""

from __future__ import annotations

from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register

for _op in ("BytesInUse", "BytesLimit", "MaxBytesInUse"):
    register(_op, shape=shape_rules.scalar)
