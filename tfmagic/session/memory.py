"""Memory between runs: what one run gives back, the next takes again, so the process keeps it."""

from __future__ import annotations

import ctypes
import os

# Of <malloc.h>.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
# Larger blocks go back to the system at once; so much free memory stays otherwise.
_LARGE_BLOCK, _KEPT = 32 << 20, 256 << 20


def keep_between_runs() -> bool:
    """Have the C library keep memory that a run freed, up to 256 MB, for the next run.

    By itself it hands blocks of more than some 100 KB back to the system, and every page of a new one then costs a
    microsecond: of a training step that can be a fifth. Nothing changes where the user's environment says how memory is
    kept, or where the C library is not glibc.

    Returns:
      Whether it does so now.
    """
    if any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    return mallopt is not None and bool(mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK) and mallopt(_M_TRIM_THRESHOLD, _KEPT))
