"""Seeds of random ops: what a graph's seed and an op's seed together give (`tf.set_random_seed`)."""

from __future__ import annotations

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph

DEFAULT_GRAPH_SEED = 87654321
_MOST = 2**31 - 1


def truncated(seed: int) -> int:
    """A seed as an attr can hold it."""
    return seed % _MOST


@export("random.get_seed")
def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """The two seed attrs of a random op that is about to be made in the default graph.

    An op without a seed of its own in a graph with one gets the number of the graph's newest node: the same
    program gives the same numbers, and two ops differ.

    Args:
      op_seed: the seed given to the op, or None.

    Returns:
      (seed, seed2), or (None, None) when neither the graph nor the op has one: each session then differs.
    """
    graph = get_default_graph()
    graph_seed = graph.seed
    if graph_seed is None:
        if op_seed is None:
            return None, None
        graph_seed = DEFAULT_GRAPH_SEED
    elif op_seed is None:
        op_seed = graph.version
    seeds = truncated(graph_seed), truncated(op_seed)
    # Kernels take two zeros for "no seed".
    return (0, _MOST) if seeds == (0, 0) else seeds


@export("random.set_random_seed")
def set_random_seed(seed: int | None) -> None:
    """Sets the default graph's seed, which all random ops made after it depend on.

    Args:
      seed: an integer; None takes the seed away again.
    """
    get_default_graph().seed = seed
