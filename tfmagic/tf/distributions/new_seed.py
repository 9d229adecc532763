"""Seeds for the second and later draws of one sample."""

from __future__ import annotations

import hashlib


def new_seed(seed: int | None, salt: str) -> int | None:
    """Another seed that follows from a seed and a word, None from None."""
    if seed is None:
        return None
    return int(hashlib.md5(f"{seed}{salt}".encode()).hexdigest()[:8], 16) & 0x7FFFFFFF
