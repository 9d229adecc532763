"""What NumPy 1.16 had and a newer one has not: other names of types and functions, methods of arrays, `fromstring`."""

from __future__ import annotations

import ctypes
import functools
import gc
import math
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

_RENAMED = {
    # types: Python's own, then those of NumPy
    "int": int, "float": float, "complex": complex, "object": object, "str": str, "unicode": str,
    "bool8": np.bool_, "float_": np.float64, "longfloat": np.longdouble,
    "complex_": np.complex128, "cfloat": np.complex128, "singlecomplex": np.complex64,
    "clongfloat": np.clongdouble, "longcomplex": np.clongdouble, "int0": np.intp, "uint0": np.uintp,
    "string_": np.bytes_, "string0": np.bytes_, "unicode_": np.str_, "unicode0": np.str_, "object0": np.object_,
    "void0": np.void,
    # numbers
    "Inf": np.inf, "Infinity": np.inf, "infty": np.inf, "PINF": np.inf, "NINF": -np.inf, "NaN": np.nan, "NAN": np.nan,
    "PZERO": 0.0, "NZERO": -0.0,
    # functions, and modules that could be reached as attributes
    "alltrue": np.all, "sometrue": np.any, "product": np.prod, "cumproduct": np.cumprod, "round_": np.round,
    "rank": np.ndim, "mat": np.asmatrix, "issubclass_": issubclass, "math": math, "sys": sys, "warnings": warnings,
    "compare_chararrays": np.char.compare_chararrays,
}

_EXCEPTIONS = ("AxisError", "ComplexWarning", "ModuleDeprecationWarning", "RankWarning", "TooHardError",
               "VisibleDeprecationWarning")


def _as_float_array(a: Any, dtype: Any = np.float64) -> np.ndarray:
    return np.asarray(a, dtype if np.issubdtype(dtype, np.inexact) else np.float64)


def _is_in(ar1: Any, ar2: Any, assume_unique: bool = False, invert: bool = False) -> np.ndarray:
    return np.isin(ar1, ar2, assume_unique=assume_unique, invert=invert).ravel()


_WRITTEN_OUT: dict[str, Callable[..., Any]] = {
    "alen": lambda a: len(np.atleast_1d(a)),
    "asfarray": _as_float_array,
    "asscalar": lambda a: a.item(),
    "in1d": _is_in,
    "msort": lambda a: np.sort(a, axis=0),
}

# Newer names of the same functions, for the NumPy that has them.
_MOVED = {"row_stack": "vstack", "trapz": "trapezoid"}


def lost() -> Iterator[tuple[Any, str, Any]]:
    """Modules, names and values that this NumPy has not."""
    values = {**_RENAMED, **_WRITTEN_OUT}
    values.update((name, getattr(np, new)) for name, new in _MOVED.items() if hasattr(np, new))
    if hasattr(np, "exceptions"):
        values.update((name, getattr(np.exceptions, name)) for name in _EXCEPTIONS if hasattr(np.exceptions, name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name on its way out warns when it is looked at
        for name, value in values.items():
            if not hasattr(np, name):
                yield np, name, value


# --- methods ----------------------------------------------------------------------------------------------------------

def _itemset(array: np.ndarray, *args: Any) -> None:
    *place, value = args
    if not place:
        array[...] = value
    elif len(place) == 1 and not isinstance(place[0], tuple):
        array.flat[place[0]] = value
    else:
        array[place[0] if len(place) == 1 else tuple(place)] = value


def _new_byte_order(array: Any, new_order: str = "S") -> Any:
    return array.view(array.dtype.newbyteorder(new_order))


_METHODS: dict[type, dict[str, Callable[..., Any]]] = {
    np.ndarray: {"tostring": np.ndarray.tobytes, "itemset": _itemset, "newbyteorder": _new_byte_order, "ptp": np.ptp},
    np.generic: {"tostring": np.generic.tobytes},
}


def bring_back_methods() -> Callable[[], None]:
    """Give arrays their lost methods: `image.tostring()` is how TFRecords were written.

    NumPy's classes take no attribute, but what stands in the dictionary behind them counts.

    Returns:
      A function that takes them back.
    """
    given = []
    for owner, methods in _METHODS.items():
        (names,) = gc.get_referents(vars(owner))
        for name, method in methods.items():
            if not hasattr(owner, name):
                names[name] = method
                given.append((owner, names, name))
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(owner))

    def undo() -> None:
        for owner, names, name in given:
            names.pop(name, None)
            ctypes.pythonapi.PyType_Modified(ctypes.py_object(owner))

    return undo


# --- fromstring -------------------------------------------------------------------------------------------------------

def read_binary_strings() -> Callable[[], None]:
    """Let `numpy.fromstring` read bytes again, into an array of its own: that is how records and files were decoded.

    Returns:
      A function that takes it back.
    """
    before = np.fromstring

    @functools.wraps(before)
    def fromstring(string: Any, dtype: Any = float, count: int = -1, sep: str = "", **kwargs: Any) -> np.ndarray:
        if sep:
            return before(string, dtype, count, sep=sep, **kwargs)
        data = string.encode("latin1") if isinstance(string, str) else string
        size = np.dtype(dtype).itemsize
        if count < 0 and len(data) % size:
            raise ValueError("string size must be a multiple of element size")
        if count > len(data) // size:
            raise ValueError("string is smaller than requested size")
        return np.frombuffer(data, dtype, count, **kwargs).copy()

    setattr(np, "fromstring", fromstring)  # noqa: B010

    def undo() -> None:
        setattr(np, "fromstring", before)  # noqa: B010

    return undo
