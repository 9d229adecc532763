"""Cells that run over all steps in one call: made of a cell, and against time."""

from __future__ import annotations

import abc
from typing import Any

from tfmagic.base.export import export
from tfmagic.ops import api
from tfmagic.tf.recurrent.dynamic import dynamic_rnn
from tfmagic.tf.recurrent.static import static_rnn


@export("contrib.rnn.FusedRNNCell")
class FusedRNNCell(abc.ABC):
    """Base of what runs over all steps in one call."""

    @abc.abstractmethod
    def __call__(self, inputs: Any, initial_state: Any = None, dtype: Any = None, sequence_length: Any = None,
                 scope: Any = None) -> Any:
        """Runs over time.

        Args:
          inputs: [time, batch, n], or a list of [batch, n].
          initial_state: the state before the first step; by default zeros of type `dtype`.
          dtype: the type of the state.
          sequence_length: int32 [batch].
          scope: the variable scope.

        Returns:
          The outputs, as the inputs are, and the state after the last step.
        """


@export("contrib.rnn.FusedRNNCellAdaptor")
class FusedRNNCellAdaptor(FusedRNNCell):
    """A cell as what runs over all steps in one call.

    Args:
      cell: the cell.
      use_dynamic_rnn: whether it runs by `dynamic_rnn`, else by `static_rnn`.
    """

    def __init__(self, cell: Any, use_dynamic_rnn: bool = False):
        self._cell = cell
        self._use_dynamic_rnn = use_dynamic_rnn

    def __call__(self, inputs: Any, initial_state: Any = None, dtype: Any = None, sequence_length: Any = None,
                 scope: Any = None) -> Any:
        """Runs over time (see `FusedRNNCell`)."""
        is_list = isinstance(inputs, list)
        if self._use_dynamic_rnn:
            outputs, state = dynamic_rnn(
                self._cell, api.stack(inputs) if is_list else inputs, sequence_length=sequence_length,
                initial_state=initial_state, dtype=dtype, time_major=True, scope=scope)
            return (api.unstack(outputs) if is_list else outputs), state
        outputs, state = static_rnn(self._cell, inputs if is_list else api.unstack(inputs),
                                    initial_state=initial_state, dtype=dtype, sequence_length=sequence_length,
                                    scope=scope)
        return (outputs if is_list else api.stack(outputs)), state


@export("contrib.rnn.TimeReversedFusedRNN")
class TimeReversedFusedRNN(FusedRNNCell):
    """Runs another from the last step to the first.

    Args:
      cell: a `FusedRNNCell`, or an `LSTMBlockFusedCell`.
    """

    def __init__(self, cell: Any):
        self._cell = cell

    def _reversed(self, values: Any, lengths: Any) -> Any:
        if isinstance(values, list):
            return list(reversed(values))
        return api.reverse(values, [0]) if lengths is None else api.reverse_sequence(values, lengths, 0, 1)

    def __call__(self, inputs: Any, initial_state: Any = None, dtype: Any = None, sequence_length: Any = None,
                 scope: Any = None) -> Any:
        """Runs over time (see `FusedRNNCell`)."""
        inputs = self._reversed(inputs, sequence_length)
        outputs, state = self._cell(inputs, initial_state=initial_state, dtype=dtype,
                                    sequence_length=sequence_length, scope=scope)
        return self._reversed(outputs, sequence_length), state
