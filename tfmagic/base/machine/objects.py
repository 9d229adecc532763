"""Objects: machine code as the compiler made it, kept in files, so that a machine compiles each text once.

A file holds a digest and then the code it is of, so that a damaged one is not run but made anew. When all files
together become too large, those go that were not used for longest.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from tfmagic.base import kept

_MOST = 64 << 20  # bytes of all files; one has some ten thousand
_DIGEST = hashlib.sha256().digest_size


def read(key: str) -> bytes | None:
    """The code that was kept for a key, or None."""
    file = _file(key)
    try:
        content = file.read_bytes()
    except OSError:
        return None
    with contextlib.suppress(OSError):  # others' files, that are only read
        os.utime(file)
    code = content[_DIGEST:]
    return code if hashlib.sha256(code).digest() == content[:_DIGEST] else None


def write(key: str, code: bytes) -> None:
    """Keep code for a key."""
    file = _file(key)
    kept.replace(file, hashlib.sha256(code).digest() + code)
    _make_room(file.parent)


def _file(key: str) -> Path:
    return kept.folder() / "code" / f"{hashlib.sha256(key.encode()).hexdigest()}.o"


def _make_room(folder: Path) -> None:
    with contextlib.suppress(OSError):  # another process may do the same
        found = sorted(((entry.stat(), entry.path) for entry in os.scandir(folder)), key=lambda each: each[0].st_mtime)
        excess = sum(stat.st_size for stat, _ in found) - _MOST
        for stat, path in found:
            if excess <= 0:
                return
            os.unlink(path)
            excess -= stat.st_size
