"""What programs that copied a part of TensorFlow's recurrent code import from it, though it was never public."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.graph.operation import Tensor
from tfmagic.tf.recurrent import sizes
from tfmagic.tf.recurrent.steps import Lengths

BIAS_VARIABLE_NAME = "bias"
WEIGHTS_VARIABLE_NAME = "kernel"
ASSERT_LIKE_RNNCELL_ERROR_REGEXP = "is not an RNNCell"


def concat(prefix: Any, suffix: Any, static: bool = False) -> Any:
    """The shape [*prefix, *suffix]: an int32 tensor, or with `static` a list as far as it is known.

    Raises:
      ValueError: one of them is not known, and a tensor is wanted.
    """
    return sizes.static_with_batch(prefix, suffix) if static else sizes.with_batch(prefix, suffix)


def hasattr_(obj: Any, attr_name: str) -> bool:
    """Whether a thing has an attribute, even one that refuses to say its value."""
    try:
        getattr(obj, attr_name)
    except AttributeError:
        return False
    return True


def is_keras_rnn_cell(rnn_cell: Any) -> bool:
    """Whether a cell is one of Keras: there are none."""
    return False


def rnn_step(time: Any, sequence_length: Tensor, min_sequence_length: Any, max_sequence_length: Any, zero_output: Any,
             state: Any, call_cell: Callable[[], tuple[Any, Any]], state_size: Any,
             skip_conditionals: bool = False) -> tuple[Any, Any]:
    """One step in which ended sequences give zeros and keep their state.

    Args:
      time: int32 scalar.
      sequence_length: int32 [batch].
      min_sequence_length, max_sequence_length: int32 scalars.
      zero_output: what ended sequences give.
      state: the state before the step.
      call_cell: makes the step: gives the output and the new state.
      state_size: of no account.
      skip_conditionals: whether the step is always made, with a mask.

    Returns:
      The output and the new state.

    Raises:
      ValueError: the step gives other structures.
    """
    lengths = Lengths(sequence_length, zero_output, min_sequence_length, max_sequence_length)
    return (lengths.masked if skip_conditionals else lengths.skipped)(time, state, call_cell)
