"""Functions that carry a state from element to element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.graph.context import get_default_graph
from tfmagic.graph.type_spec import TensorSpec
from tfmagic.tf.data import nest, structure
from tfmagic.tf.data.functions import ElementFunction


def state_function(function: Callable[..., Any], what: str, state: Any, element: Any,
                   state_of: Callable[[Any], Any] = lambda spec: spec) -> tuple[ElementFunction, Any]:
    """A function of a state and an element, made again until it gives states of the shapes that it takes.

    Args:
      state: the structure of the first state.
      element: the structure of elements.
      state_of: where the state stands in what it gives.

    Returns:
      The function, and the structure of all states.

    Raises:
      TypeError: it gives states of other classes or types.
    """
    while True:
        made = ElementFunction(function, what, (state, element), add=False)
        new = state_of(made.spec)
        for which, text in ((2, "classes"), (0, "types")):
            old_part, new_part = structure.legacy(state, which), structure.legacy(new, which)
            if any(one != other for one, other in zip(nest.flatten(old_part), nest.flatten(new_part))):
                raise TypeError(f"The element {text} for the new state must match the initial state. Expected "
                                f"{old_part}; got {new_part}.")
        leaves = nest.flatten(state)
        relaxed = [_relaxed(one, other) for one, other in zip(leaves, nest.flatten(new))]
        relaxed += leaves[len(relaxed):]  # how many parts there are is compared when it runs
        if relaxed == leaves:
            made.add_to_graph(get_default_graph())
            return made, state
        state = nest.pack_as(state, relaxed)


def _relaxed(one: Any, other: Any) -> Any:
    if isinstance(one, TensorSpec):
        return TensorSpec(one.shape.most_specific_compatible_shape(other.shape), one.dtype)
    return one.most_specific_compatible_type(other)
