"""CRC-32C, the checksum of checkpoints and record files, plain and masked."""

from __future__ import annotations

from typing import Any

import google_crc32c

MASK = 0xA282EAD8


def extend(crc: int, data: Any) -> int:
    """The checksum of what `crc` is that of, followed by `data` (bytes or a read-only buffer)."""
    return google_crc32c.extend(crc, data)


# The checksum of bytes or of a read-only buffer: `value(data) -> int`.
value = google_crc32c.value


def masked(crc: int) -> int:
    """A checksum as files store it: the checksum of data that hold checksums would be of little use."""
    return ((crc >> 15 | crc << 17) + MASK) & 0xFFFFFFFF


def unmasked(stored: Any) -> Any:
    """The checksum that a file stores as `stored`; for an array of int64 those of its numbers."""
    rotated = (stored - MASK) & 0xFFFFFFFF
    return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF
