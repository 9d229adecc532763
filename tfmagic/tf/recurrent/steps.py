"""What all functions that run a cell share: the variable scope, the first state, and sequences that end early."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import nest
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.tf.variable.scope import VariableScope, variable_scope


def should_cache() -> bool:
    """Whether a recurrent net reads its variables once for all steps: not within a loop."""
    context = get_default_graph()._stacks.control_flow
    return context is None or context.while_context() is None


@contextlib.contextmanager
def scope_of_net(scope: Any) -> Iterator[VariableScope]:
    """The variable scope of a recurrent net; outside of loops variables are read once for all steps."""
    with variable_scope(scope or "rnn") as own:
        if own.caching_device is None and should_cache():
            own.set_caching_device(lambda op: op.device)
        yield own


def first_state(cell: Any, initial_state: Any, batch_size: Any, dtype: Any, refusal: str) -> Any:
    """The state given, else zeros.

    Raises:
      ValueError: neither a state nor a type is given.
    """
    if initial_state is not None:
        return initial_state
    if not dtype:
        raise ValueError(refusal)
    if getattr(cell, "get_initial_state", None) is not None:
        return cell.get_initial_state(inputs=None, batch_size=batch_size, dtype=dtype)
    return cell.zero_state(batch_size, dtype)


def keep_finished(finished: Tensor, old: Any, new: Any) -> Any:
    """Of two structures the rows of `old` where a sequence has ended, else those of `new`."""

    def one(before: Any, after: Any) -> Any:
        if isinstance(before, TensorArray) or before.shape.rank == 0:
            return after
        with get_default_graph().colocate_with(after):
            return raw.select(finished, before, after)

    return nest.map_structure(one, old, new)


class Lengths:
    """The lengths of the sequences of a batch.

    Args:
      lengths: int32 [batch].
      zero_output: what a sequence gives that has ended.
      shortest, longest: the least and the greatest length; by default they are computed.
    """

    def __init__(self, lengths: Tensor, zero_output: Any, shortest: Any = None, longest: Any = None):
        self.lengths = lengths
        self.zero_output = zero_output
        self.shortest = api.reduce_min(lengths) if shortest is None else shortest
        self.longest = api.reduce_max(lengths) if longest is None else longest

    def masked(self, time: Any, state: Any, step: Callable[[], tuple[Any, Any]]) -> tuple[Any, Any]:
        """One step in which ended sequences give zeros and keep their state."""
        ended = time >= self.lengths
        output, new_state = step()
        self._check(output, state, new_state)
        return self._shaped(self._flat_masked(ended, state, output, new_state), state)

    def skipped(self, time: Any, state: Any, step: Callable[[], tuple[Any, Any]]) -> tuple[Any, Any]:
        """As `masked`; the step is left out once all sequences have ended, and the mask until the first has."""
        ended = time >= self.lengths

        def some() -> list[Any]:
            output, new_state = step()
            self._check(output, state, new_state)
            return api.cond(time < self.shortest, lambda: nest.flatten(output) + nest.flatten(new_state),
                            lambda: self._flat_masked(ended, state, output, new_state))

        flat = api.cond(time >= self.longest, lambda: nest.flatten(self.zero_output) + nest.flatten(state), some)
        return self._shaped(flat, state)

    def _check(self, output: Any, state: Any, new_state: Any) -> None:
        nest.assert_same_structure(self.zero_output, output)
        nest.assert_same_structure(state, new_state)

    def _flat_masked(self, ended: Tensor, state: Any, output: Any, new_state: Any) -> list[Any]:
        zeros = nest.flatten(self.zero_output)
        return (keep_finished(ended, zeros, nest.flatten(output))
                + keep_finished(ended, nest.flatten(state), nest.flatten(new_state)))

    def _shaped(self, flat: Any, state: Any) -> tuple[Any, Any]:
        zeros = nest.flatten(self.zero_output)
        for value, like in zip(flat, zeros + nest.flatten(state)):
            if not isinstance(value, TensorArray):
                value.set_shape(like.get_shape())
        return (nest.pack_sequence_as(self.zero_output, flat[:len(zeros)]),
                nest.pack_sequence_as(state, flat[len(zeros):]))
