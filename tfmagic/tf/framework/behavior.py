"""Switches between the behaviour of TensorFlow 1 and 2: those that a graph knows, and refusals of the others."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NoReturn

from tfmagic.base import shapes
from tfmagic.base.export import export

for _name in ("disable_v2_behavior", "disable_tensor_equality"):

    def _already_so() -> None:
        """TensorFlow 1 behaviour is all there is: nothing needs to change."""

    _already_so.__name__ = _already_so.__qualname__ = _name
    export(_name)(_already_so)


@export("enable_v2_tensorshape")
def enable_v2_tensorshape() -> None:
    """Let `shape[0]` and iterating over a shape give integers, as in TensorFlow 2, in place of `tf.Dimension`s."""
    shapes.TensorShape._plain_sizes = True


@export("disable_v2_tensorshape")
def disable_v2_tensorshape() -> None:
    """Let `shape[0]` and iterating over a shape give `tf.Dimension`s."""
    shapes.TensorShape._plain_sizes = False


@export("enable_tensor_equality")
def enable_tensor_equality() -> None:
    """Nothing changes: in a graph `==` of tensors asks whether they are the same, in TensorFlow 1.15 too.

    `tf.equal` compares their elements.
    """


@export("enable_v2_behavior")
def enable_v2_behavior() -> NoReturn:
    """Refuse: tfmagic builds and runs graphs.

    Raises:
      ValueError: always.
    """
    raise ValueError("tfmagic runs TensorFlow 1 graphs, not eager execution. Of TensorFlow 2's behaviour there are "
                     "tf.enable_resource_variables and tf.enable_v2_tensorshape.")


@export("experimental.output_all_intermediates")
def output_all_intermediates(state: Any) -> None:
    """Nothing changes: If and While nodes hand out what gradients need once these are asked for.

    Args:
      state: True, False or None.
    """


@export("experimental.function_executor_type")
@contextlib.contextmanager
def function_executor_type(executor_type: str | None) -> Iterator[None]:
    """A context that names the executor of functions called in it; plans have one way to run them, and nothing changes.

    Args:
      executor_type: TensorFlow's name of an executor, or None.
    """
    yield
