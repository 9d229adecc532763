"""Choices: what was measured on this machine, kept in a file, so that each is measured once.

What was measured while others kept the machine busy is doubtful: the next processes measure again, until one finds the
machine quiet or several were in doubt, and what stands in the file holds until then.

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
from typing import Any, NamedTuple

import torch

from tfmagic.base import kept

_lock = threading.Lock()
# How often a choice may be doubtful before it is taken as it is.
_DOUBTS = 5


class Choice(NamedTuple):
    """What was chosen.

    Attributes:
      name: of what is to be used.
      doubts: how often it was measured without being sure; 0: for sure, or too often to go on.
    """

    name: str
    doubts: int = 0


def choice(key: str, measure: Callable[[], tuple[str, bool]]) -> str:
    """What was chosen for `key`; measured where this machine has not done so yet.

    Args:
      key: tells what is to be chosen from any other such thing.
      measure: gives a name, and whether it is sure of it.
    """
    with _lock:
        known = _known().get(key)
    if known is not None and not known.doubts:
        return known.name
    name, sure = measure()
    doubts = 0 if sure else (known.doubts if known else 0) + 1
    if known is not None and not sure:
        name = known.name
    with _lock:
        _known()[key] = Choice(name)  # a process has one measured once
        _keep(key, Choice(name, doubts % _DOUBTS))
    return name


@functools.cache
def _known() -> dict[str, Choice]:
    return {key: Choice(value) if isinstance(value, str) else Choice(*value) for key, value in _read().items()}


def _read() -> dict[str, Any]:
    """The file: a name for each key; with it, in a list, how often it was in doubt."""
    try:
        found = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none yet, or a damaged one, which the next choice replaces
        return {}
    return {key: value for key, value in found.items() if _is_choice(value)} if isinstance(found, dict) else {}


def _is_choice(value: Any) -> bool:
    return isinstance(value, str) or isinstance(value, list) and [type(part) for part in value] == [str, int]


def _keep(key: str, value: Choice) -> None:
    """Add a choice to what other processes may have added meanwhile."""
    written = value.name if not value.doubts else [*value]
    kept.replace(_file(), json.dumps({**_read(), key: written}, indent=0, sort_keys=True).encode())


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
