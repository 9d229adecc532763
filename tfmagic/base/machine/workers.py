"""Workers: threads that share the work of one call of machine code."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


@functools.cache
def _pool(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, "tfmagic worker")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads stay with the parent


def shared(work: Callable[[int, int], object], count: int, threads: int, least: int) -> None:
    """Call `work(start, stop)` for ranges that make up 0 to `count`, at once on several threads.

    Args:
      threads: at most so many, this one among them.
      least: a range has at least so many.
    """
    parts = max(1, min(threads, count // max(least, 1)))
    if parts == 1:
        work(0, count)
        return
    bounds = [count * part // parts for part in range(parts + 1)]
    others = [_pool(parts - 1).submit(work, *bounds[part:part + 2]) for part in range(1, parts)]
    try:
        work(bounds[0], bounds[1])
    finally:
        for other in others:
            other.result()
