"""on_one_thread: work for which torch would wake other threads, though they take longer to come than it to be done."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tfmagic.base.lazy import torch


def on_one_thread(run: Callable[..., Any]) -> Callable[..., Any]:
    """`run` on one thread of torch; afterwards this thread's work has as many as before."""

    @functools.wraps(run)
    def alone(*args: Any, **kwargs: Any) -> Any:
        before = torch.get_num_threads()
        if before == 1:
            return run(*args, **kwargs)
        torch.set_num_threads(1)
        try:
            return run(*args, **kwargs)
        finally:
            torch.set_num_threads(before)

    return alone
