"""`time`, with the `clock` of Python 2."""

from __future__ import annotations

import time
from typing import Any

clock = time.process_time


def __getattr__(name: str) -> Any:
    return getattr(time, name)
