"""The warning that every constructor of tf.distributions prints once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.deprecation import deprecated

_MOVED = ("The TensorFlow Distributions library has moved to TensorFlow Probability "
          "(https://github.com/tensorflow/probability). You should update all references to use `tfp.distributions` "
          "instead of `tf.distributions`.")


def moved(module: str, name: str | None = "__init__") -> Callable[[Any], Any]:
    """Decorator of a constructor or function: its first use prints TensorFlow's warning.

    Args:
      module: the last word of the TensorFlow module that defines it.
      name: as TensorFlow prints it; None: its own.
    """
    return deprecated("2019-01-01", _MOVED, name=name, module=f"tensorflow.python.ops.distributions.{module}")


def moved_from_contrib(module: str, home: str = "tensorflow.contrib.distributions.python.ops",
                       name: str | None = "__init__") -> Callable[[Any], Any]:
    """Decorator of a constructor or function of tf.contrib.distributions: its first use prints TensorFlow's warning.

    Args:
      module: the last word of the TensorFlow module that defines it.
      home: the TensorFlow package in which that module is.
      name: as TensorFlow prints it; None: its own.
    """
    return deprecated("2018-10-01", _MOVED.replace("`tf.distributions`", "`tf.contrib.distributions`"),
                      name=name, module=f"{home}.{module}")


def moved_bijector(module: str, name: str | None = "__init__") -> Callable[[Any], Any]:
    """`moved_from_contrib` for tf.contrib.distributions.bijectors."""
    return moved_from_contrib(module, home="tensorflow.contrib.distributions.python.ops.bijectors", name=name)
