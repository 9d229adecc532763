"""What plans call in the place of loops: layers of LSTM, and their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.ops.nn import lstm_layers
from tfmagic.ops.nn.lstm_layers import Layer
from tfmagic.session.plan.run_time import PlanCall


class Layers(PlanCall, shown_under="tfmagic.session"):
    """Computes layers of LSTM: inputs, turns, lengths, then `c`, `h`, kernel and bias of each.

    It gives the outputs, the states of each layer, and what the gradient needs.
    """

    __name__ = __qualname__ = "lstm"
    effect = "none"

    def __init__(self, layers: list[Layer], keep: bool):
        self.layers, self.keep = layers, keep

    def __call__(self, *given: Any) -> Any:
        return self._computed(False, *given)

    def by_turns(self, *given: Any) -> Any:
        """The same without the fused kernel, in calls that can be traced."""
        return self._computed(True, *given)

    def _computed(self, by_turns: bool, inputs: Any, turns: Any, lengths: Any, *given: Any) -> Any:
        states, weights = [(g[0], g[1]) for g in _fours(given)], [(g[2], g[3]) for g in _fours(given)]
        outputs, after, kept = lstm_layers.forward(self.layers, inputs, turns, lengths, states, weights, self.keep,
                                                    by_turns)
        return (outputs, *(state for pair in after for state in pair), kept)


class LayersBack(PlanCall, shown_under="tfmagic.session"):
    """Computes the gradients of `Layers`: of the inputs, then of `c`, `h`, kernel and bias of each layer."""

    __name__ = __qualname__ = "lstm_gradient"
    effect = "none"

    def __init__(self, layers: list[Layer], time: int, wants_inputs: bool):
        self.layers, self.time, self.wants_inputs = layers, time, wants_inputs

    def __call__(self, *given: Any) -> Any:
        return self.by_turns(*given)

    def by_turns(self, kept: Any, d_outputs: Any, *given: Any) -> Any:
        """The gradients, as what was kept says: by the fused kernel, or in calls that can be traced."""
        d_states = list(zip(given[::2], given[1::2]))
        d_inputs, before, weights = lstm_layers.backward(self.layers, kept, self.time, d_outputs, d_states,
                                                         self.wants_inputs)
        return (d_inputs, *(value for pair in zip(before, weights) for part in pair for value in part))


def _fours(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[i:i + 4] for i in range(0, len(values), 4)]
