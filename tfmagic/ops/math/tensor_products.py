"""Products of vectors and of tensors by their labels: cross, einsum."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import raw
from tfmagic.ops.declare import register
from tfmagic.ops.shape_rules import broadcast_dims, merge, merge_dim, with_rank_at_least


def _cross_shape(op: Any, a: Dims, b: Dims) -> Dims:
    dims = merge(with_rank_at_least(a, 1), with_rank_at_least(b, 1))
    if dims is not None and dims[-1] not in (None, 3):
        raise ValueError(f"Dimension must be 3 but is {dims[-1]}")
    return dims


def _refused_cross(op: Any, a: Any, b: Any) -> Any:
    """TensorFlow's words for a run with values of these shapes."""
    if a != b:
        return f"Both inputs must be of same shape: {shapes.brackets(a)} vs. {shapes.brackets(b)}"
    if not a:
        return f"Input must be at least 1D{shapes.brackets(a)}"
    return None if a[-1] == 3 else errors.FailedPreconditionError(
        None, None, "Cross-products are only defined for 3-element vectors.")


register("Cross", _cross_shape, lambda op, a, b: torch.linalg.cross(a, b, dim=-1),
         lambda op, dy: (raw.cross(op.b, dy), raw.cross(dy, op.a)), check=_refused_cross)


def _labels(equation: str, count: int) -> tuple[list[tuple[str, bool, str]], tuple[str, bool, str]]:
    """The axes of each input and of the output of an einsum, as labels before and after those of its ellipsis.

    Raises:
      ValueError: the equation has no output, or is of another number of inputs.
    """
    sides = equation.replace(" ", "").split("->")
    if len(sides) != 2:
        raise ValueError(f"Expecting exactly one '->' in einsum equation: {equation}")
    inputs = sides[0].split(",")
    if len(inputs) != count:
        raise ValueError(f"Expected {len(inputs)} inputs for equation {equation} but got: {count}")

    def parts(labels: str) -> tuple[str, bool, str]:
        before, dots, after = labels.partition("...")
        return before, bool(dots), after

    return [parts(labels) for labels in inputs], parts(sides[1])


def _einsum_shape(op: Any, inputs: list[Dims]) -> Dims:
    given, (before, dots, after) = _labels(op.equation, len(inputs))
    sizes: dict[str, int | None] = {}
    middle: Dims = ()
    for index, ((first, several, last), dims) in enumerate(zip(given, inputs)):
        rank = len(first) + len(last)
        if dims is not None and (len(dims) < rank if several else len(dims) != rank):
            raise ValueError(f"Shape must be {'at least ' if several else ''}rank {rank} but is rank {len(dims)}\n\t "
                             f"for input {index} of the equation {op.equation}")
        if several:
            middle = broadcast_dims(middle, None if dims is None else dims[len(first):len(dims) - len(last)])
        known = (None,) * rank if dims is None else dims[:len(first)] + dims[len(dims) - len(last):]
        for label, size in zip(first + last, known):
            sizes[label] = merge_dim(sizes.get(label), size)
    if dots and middle is None:
        return None
    return (*[sizes[label] for label in before], *(middle or () if dots else ()), *[sizes[label] for label in after])


def _refused_einsum(op: Any, inputs: Any) -> str | None:
    sizes: dict[str, int] = {}
    for index, ((first, several, last), dims) in enumerate(zip(_labels(op.equation, len(inputs))[0], inputs)):
        rank = len(first) + len(last)
        if len(dims) < rank if several else len(dims) != rank:
            return f"Expected input {index} to have rank {'at least ' if several else ''}{rank} but got: {len(dims)}"
        axes = [*range(len(first)), *range(len(dims) - len(last), len(dims))]
        for label, axis in zip(first + last, axes):
            if sizes.setdefault(label, dims[axis]) != dims[axis]:
                return (f"Expected dimension {sizes[label]} at axis {axis} of the input shaped "
                        f"{shapes.brackets(dims)} but got dimension {dims[axis]}")
    return None


register("Einsum", _einsum_shape, lambda op, inputs: torch.einsum(op.equation, *inputs), check=_refused_einsum)
