"""Choices: what was measured on this machine, kept in a file, so that each is measured once.

The file is a cache: where it cannot be read or written, a process measures for itself.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import threading
from collections.abc import Callable
from pathlib import Path

import torch

from tfmagic.base import kept

_lock = threading.Lock()


def choice(key: str, measure: Callable[[], str]) -> str:
    """What was chosen for `key`; measured where this machine has not done so yet."""
    with _lock:
        found = _known().get(key)
    if found is None:
        found = measure()
        with _lock:
            _known()[key] = found
            _keep(key, found)
    return found


@functools.cache
def _known() -> dict[str, str]:
    return _read()


def _read() -> dict[str, str]:
    try:
        found = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none yet, or a damaged one, which the next choice replaces
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def _keep(key: str, value: str) -> None:
    """Add a choice to what other processes may have added meanwhile."""
    kept.replace(_file(), json.dumps({**_read(), key: value}, indent=0, sort_keys=True).encode())


@functools.cache
def _file() -> Path:
    """The file for this machine's processor and torch."""
    described = "\n".join((_processor(), str(os.cpu_count()), torch.__version__, torch.__config__.show()))
    name = hashlib.sha256(described.encode()).hexdigest()[:16]
    return kept.folder() / f"choices-{name}.json"


def _processor() -> str:
    """The name of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    return next((line for line in lines if line.startswith("model name")), platform.processor()) + \
        next((line for line in lines if line.startswith("flags")), "")
