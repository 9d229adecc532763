"""NumPy's scalars as TensorFlow's time printed them: `[0.5, 3]`, not `[np.float32(0.5), np.int32(3)]`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def plain_scalars() -> Callable[[], None]:
    """Let NumPy 2 print scalars as NumPy 1 did: values of a run stand in lists and dicts of printed results.

    Returns:
      A function that takes it back.
    """
    if np.lib.NumpyVersion(np.__version__) < "2.0.0":
        return lambda: None
    before = np.get_printoptions()["legacy"]
    if before is not False:  # the user chose a form
        return lambda: None
    np.set_printoptions(legacy="1.25")
    return lambda: np.set_printoptions(legacy=before)
