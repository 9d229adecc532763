"""Arrays: where NumPy's arrays keep their numbers, for code that is given the arrays themselves.

Python takes longer to ask an array for the address of its numbers than code takes to compute with a few of them.
"""

from __future__ import annotations

import ctypes
import functools
import sys

import numpy as np

from tfmagic.base.machine.code import Code


@functools.cache
def _place() -> int | None:
    """How far into an array's memory the address of its numbers is: right after what every object has.

    None where this interpreter does not tell where an object is, or where code could be called by several threads at
    once.
    """
    if sys.implementation.name != "cpython" or not getattr(sys, "_is_gil_enabled", lambda: True)():
        return None
    array = np.zeros(3)
    place = object.__basicsize__
    return place if ctypes.c_void_p.from_address(id(array) + place).value == array.ctypes.data else None


def available() -> bool:
    """Whether code can be given arrays, as the number that `id` gives."""
    return _place() is not None


def numbers_of(code: Code, array: str) -> str:
    """The address of an array's numbers, from that of the array."""
    return code.load(code.at(array, "i8", str(_place())), "ptr", "0")
