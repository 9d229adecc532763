"""on_threads, on_one_thread: work on as many of torch's threads as it is worth.

Where torch would wake other threads for little, they take longer to come than it to be done.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tfmagic.base.lazy import torch


def on_threads(count: int, run: Callable[..., Any]) -> Callable[..., Any]:
    """`run` on so many threads of torch; afterwards this thread's work has as many as before."""

    @functools.wraps(run)
    def limited(*args: Any, **kwargs: Any) -> Any:
        before = torch.get_num_threads()
        if before == count:
            return run(*args, **kwargs)
        torch.set_num_threads(count)
        try:
            return run(*args, **kwargs)
        finally:
            torch.set_num_threads(before)

    return limited


def on_one_thread(run: Callable[..., Any]) -> Callable[..., Any]:
    """`run` on one thread of torch."""
    return on_threads(1, run)
