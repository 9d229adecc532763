"""tf.contrib.memory_stats: how much memory a device has in use. As in TensorFlow 1.15, not on a CPU."""

from __future__ import annotations

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw


@export("contrib.memory_stats.BytesInUse")
def BytesInUse() -> Tensor:
    """The bytes that the device of the node has in use: an int64 scalar."""
    return raw.bytes_in_use()


@export("contrib.memory_stats.BytesLimit")
def BytesLimit() -> Tensor:
    """The bytes that the device of the node has: an int64 scalar."""
    return raw.bytes_limit()


@export("contrib.memory_stats.MaxBytesInUse")
def MaxBytesInUse() -> Tensor:
    """The most bytes that the device of the node had in use: an int64 scalar."""
    return raw.max_bytes_in_use()
