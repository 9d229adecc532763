"""The end of the process: threads that a program leaves running get out of torch before Python goes away.

A daemon thread that wants to go on while the interpreter ends is ended where it stands. In the midst of torch's C++
code that is a fatal error: the whole process aborts, after the program's last line and with another exit code.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from types import FrameType

from tfmagic.base import source

_PATIENCE = 5.0  # seconds for what they are at
_LOOK_AGAIN = 0.002


def end_threads() -> None:
    """Have daemon threads that are in tfmagic's code end, and wait for those at work, though not for ever."""
    asked: set[int] = set()
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        inside = _inside()
        for ident in set(inside) - asked:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(SystemExit))
        asked.update(inside)
        if all(frame.f_code.co_filename == threading.__file__ for frame in inside.values()):  # they wait for a lock
            return
        time.sleep(_LOOK_AGAIN)


def _inside() -> dict[int, FrameType]:
    """The daemon threads in tfmagic's code, each with what it is at."""
    daemons = {thread.ident for thread in threading.enumerate() if thread.daemon}
    return {ident: frame for ident, frame in sys._current_frames().items() if ident in daemons and _in_tfmagic(frame)}


def _in_tfmagic(frame: FrameType | None) -> bool:
    while frame is not None:
        if source.is_own(frame.f_code):
            return True
        frame = frame.f_back
    return False
