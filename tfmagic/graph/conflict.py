"""What exactly an op's shape rule refuses: the few dimensions of the inputs that do not fit together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfmagic.base.shapes import Dims
from tfmagic.graph import registry
from tfmagic.graph.operation import Operation

# Number of an input -> its axes that do not fit; no axis: its rank does not.
Conflict = Mapping[int, tuple[int, ...]]

_MOST_DIMENSIONS = 200  # of concatenations and the like; each costs a call of the rule


def conflict(op: Operation, dims: Sequence[Dims]) -> Conflict:
    """The smallest part of the inputs' shapes that the shape rule still refuses, with everything else unknown.

    Args:
      op: an operation, which need not be in its graph.
      dims: the shapes of its inputs: the static ones, or those of a run.

    Returns:
      Inputs with axes; empty where the rule takes the shapes, or refuses something else (an attr, a value).
    """
    known: list[Dims] = list(dims)
    if not _refuses(op, known) or sum(len(d) for d in known if d is not None) > _MOST_DIMENSIONS:
        return {}
    for index, shape in enumerate(known):
        if shape is not None and not _settles(op, known, index, None):
            for axis, size in enumerate(shape):
                present = known[index]
                if size is not None and present is not None:
                    _settles(op, known, index, (*present[:axis], None, *present[axis + 1:]))
    return {index: tuple(axis for axis, size in enumerate(shape) if size is not None)
            for index, shape in enumerate(known) if shape is not None}


def _settles(op: Operation, known: list[Dims], index: int, less: Dims) -> bool:
    """Whether the refusal does without what `less` leaves out of an input's shape; it is forgotten then."""
    before = known[index]
    known[index] = less
    if _refuses(op, known):
        return True
    known[index] = before
    return False


def _refuses(op: Operation, dims: list[Dims]) -> bool:
    declaration = registry.lookup(op.type)
    if declaration is None or declaration.shape is None:
        return False
    try:
        given = registry.grouped(op._op_def.inputs, op._attrs, dims)
    except (IndexError, KeyError):  # it was refused before all of its inputs and attrs were there
        return False
    try:
        declaration.shape(registry.Node(op), *given)
    except ValueError:
        return True
    return False
