"""What arrays did in TensorFlow 1's time: one element is a number, and rows of several lengths are objects."""

from __future__ import annotations

import ctypes
import functools
import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

# --- one element is a number ------------------------------------------------------------------------------------------

_plain = np.asarray
_as_int, _as_float, _as_complex = np.ndarray.__int__, np.ndarray.__float__, np.ndarray.__complex__


def _sole(array: np.ndarray) -> np.ndarray:
    if array.size != 1:
        raise TypeError("only size-1 arrays can be converted to Python scalars")
    return _plain(array).reshape(())  # a matrix would keep its two dimensions


class _Numbers:
    """The conversions; a class that has them has CPython's own functions that look such methods up."""

    def __int__(self: Any) -> int:
        return _as_int(_sole(self) if self.ndim else self)

    def __float__(self: Any) -> float:
        return _as_float(_sole(self) if self.ndim else self)

    def __complex__(self: Any) -> complex:
        return _as_complex(_sole(self) if self.ndim else self)


def convert_single_elements() -> Callable[[], None]:
    """Let `int`, `float`, `"%.3f" % …` and `a[0] = …` take arrays of one element and any rank, as up to NumPy 2.3.

    `int(np.searchsorted(sums, np.random.rand(1)))` and `print("loss: %.4f" % loss)` are how programs were written.

    Returns:
      A function that takes it back.
    """
    try:
        float(np.zeros(1))
    except TypeError:
        pass
    else:
        return lambda: None  # a NumPy that does it still
    (names,) = gc.get_referents(vars(np.ndarray))
    before = {name: names[name] for name in ("__int__", "__float__", "__complex__")}
    places = {name: _place(before[name]) for name in ("__int__", "__float__")}  # the third is looked up by its name
    pointers = {name: (_number_slots(np.ndarray)[place], _number_slots(_Numbers)[place])
                for name, place in places.items()}

    def put(which: int) -> None:
        names.update(before if which == 0 else {name: vars(_Numbers)[name] for name in before})
        for cls in _classes(np.ndarray):
            slots = _number_slots(cls)
            for name, place in places.items():
                if slots[place] == pointers[name][1 - which]:  # not one of the class's own
                    slots[place] = pointers[name][which]
            ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))

    put(1)
    return lambda: put(0)


def _classes(cls: type) -> Iterator[type]:
    yield cls
    below: type
    for below in cls.__subclasses__():
        yield from _classes(below)


def _number_slots(cls: type) -> Any:
    """The functions that CPython calls for numbers of a class (`tp_as_number`)."""
    header = object.__basicsize__ + ctypes.sizeof(ctypes.c_ssize_t)  # up to and with ob_size
    (methods,) = (ctypes.c_void_p * 1).from_address(id(cls) + header + 9 * ctypes.sizeof(ctypes.c_void_p))
    assert methods is not None
    return (ctypes.c_void_p * 36).from_address(methods)


def _place(method: Any) -> int:
    """Which of those functions a method such as `ndarray.__int__` stands for: it holds the function's address."""
    words = (ctypes.c_void_p * (type(method).__basicsize__ // ctypes.sizeof(ctypes.c_void_p))).from_address(id(method))
    function = words[len(words) - 1]
    return next(place for place, each in enumerate(_number_slots(np.ndarray)) if each == function)


# --- rows of several lengths, and copies where they are needed --------------------------------------------------------

_MAKERS = ("array", "asarray", "asanyarray")


def make_arrays_as_before() -> Callable[[], None]:
    """Let `np.array([[1, 2], [3]])` be an array of lists again, as up to NumPy 1.23: sentences and samples of a replay
    buffer were put into arrays so. A call that says the dtype is refused as it always was. `np.array(x, copy=False)`
    copies where it must, as up to NumPy 1.26.

    Returns:
      A function that takes it back.
    """
    before = {name: getattr(np, name) for name in _MAKERS}
    for name, make in before.items():
        setattr(np, name, _as_before(make))

    def undo() -> None:
        for name, make in before.items():
            setattr(np, name, make)

    return undo


def _as_before(make: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(make)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return make(*args, **kwargs)
        except ValueError as error:
            if sys._getframe(1).f_globals.get("__name__", "").partition(".")[0] == "tfmagic":
                raise  # our own code tells its callers what is uneven
            reason = str(error)
        if kwargs.get("copy") is False and "Unable to avoid copy" in reason:
            return wrapper(*args, **{**kwargs, "copy": None})
        dtype = args[1] if len(args) > 1 else kwargs.get("dtype")
        if dtype is None and args and "inhomogeneous" in reason:
            others = {key: kwargs[key] for key in kwargs if key not in ("dtype", "copy")}
            return make(args[0], object, *args[2:], **others)
        return make(*args, **kwargs)

    return wrapper
