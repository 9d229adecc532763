"""Small functions of tensors that distributions are written with."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.scales import is_diagonal


def static_value(x: Any) -> Any:
    """The value of what is known while the graph is built, else None."""
    return constant_value(convert_to_tensor(x))


def joined_vectors(*vectors: Any) -> Any:
    """Vectors one after the other: a list where all are known while the graph is built, else a tensor."""
    known = [static_value(vector) for vector in vectors]
    if any(values is None for values in known):
        return api.concat(vectors, axis=0)
    return [value for values in known for value in values]


def move_dimension(x: Tensor, source_idx: int, dest_idx: int) -> Tensor:
    """`x` with one dimension moved to another place; negative places count from the end."""
    rank = api.rank(x)
    known = constant_value(rank)
    size: Any = rank if known is None else int(known)
    source: Any = source_idx + size if source_idx < 0 else source_idx
    goal: Any = dest_idx + size if dest_idx < 0 else dest_idx
    same = api.equal(source, goal)

    def later() -> Tensor:
        return api.concat([api.range(0, source), api.range(source + 1, goal + 1), [source],
                           api.range(goal + 1, size)], 0)

    def earlier() -> Tensor:
        return api.concat([api.range(0, goal), [source], api.range(goal, source), api.range(source + 1, size)], 0)

    if isinstance(source, int) and isinstance(goal, int):
        if source == goal:
            return x
        order = later() if source < goal else earlier()
        static = constant_value(order)
        return api.transpose(x, order if static is None else static)
    return api.cond(same, lambda: x, lambda: api.transpose(x, api.cond(api.less(source, goal), later, earlier)))


def is_diagonal_scale(scale: Any) -> bool:
    """Whether a linear operator is one of those that have only a diagonal.

    Raises:
      TypeError: it is no linear operator.
    """
    if not isinstance(scale, api.linalg.LinearOperator):
        raise TypeError(f"Expected argument 'scale' to be instance of LinearOperator. Found: {scale}")
    return is_diagonal(scale)
