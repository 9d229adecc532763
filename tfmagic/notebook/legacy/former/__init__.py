"""What NumPy and Python's library had in TensorFlow 1's time and have lost since: programs use it still."""

from __future__ import annotations

import contextlib

from tfmagic.notebook.legacy.former import modules, numpy_arrays, numpy_names, python_functions, python_names


def bring_back() -> contextlib.ExitStack:
    """Put every lost name where it was; what a library has today stays as it is.

    Returns:
      A stack whose `close` takes the names back.
    """
    with contextlib.ExitStack() as undo:
        for owner, name, value in (*numpy_names.lost(), *python_names.lost()):
            setattr(owner, name, value)
            undo.callback(delattr, owner, name)
        undo.callback(numpy_names.bring_back_methods())
        undo.callback(numpy_names.read_binary_strings())
        undo.callback(numpy_arrays.convert_single_elements())
        undo.callback(numpy_arrays.make_arrays_as_before())
        undo.callback(python_functions.take_former_arguments())
        undo.callback(modules.find_after_all_others())
        return undo.pop_all()
