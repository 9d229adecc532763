"""`tf.contrib.util.loader`: libraries of ops."""

from __future__ import annotations

from typing import NoReturn

from tfmagic.base.export import export
from tfmagic.tf.platform import native


@export("contrib.util.loader.load_op_library")
def load_op_library(path: str) -> NoReturn:
    """As `tf.load_op_library`, which says what to use instead of compiled ops.

    Raises:
      NotSupportedYet: always.
    """
    native.load_op_library(path)
