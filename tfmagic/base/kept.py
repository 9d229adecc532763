"""Kept: files in the user's cache folder, for what is slow to find out or to make and the same in every process.

They are a cache: where one cannot be read or written, a process finds out for itself.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def folder() -> Path:
    """The folder in which tfmagic keeps files."""
    import platformdirs  # few programs need it

    return Path(platformdirs.user_cache_dir("tfmagic", False))


def replace(file: Path, content: bytes) -> None:
    """Write a file that others may read meanwhile: they see the old one, or all of the new one."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.stem)
        with os.fdopen(handle, "wb") as written:
            written.write(content)
        os.replace(name, file)
