"""Views: where a value of a known shape lies in memory, and the calls of torch that only look at it in another way."""

from __future__ import annotations

import builtins
import itertools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import fx


class View(NamedTuple):
    """A value in memory.

    Attributes:
      pointer: the name of the address where its memory begins.
      offset: how many numbers after that it begins.
      shape, strides: how its numbers lie, strides counted in numbers.
    """

    pointer: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def dense(self) -> bool:
        """Whether its numbers lie row by row without gaps."""
        return all(size == 1 or stride == other
                   for size, stride, other in zip(self.shape, self.strides, dense_strides(self.shape)))


def dense_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides of numbers that lie row by row."""
    return tuple(math.prod(shape[axis + 1:]) for axis in range(len(shape)))


def whole(pointer: str, shape: Sequence[int]) -> View:
    """A value that has its memory for itself."""
    return View(pointer, 0, tuple(shape), dense_strides(shape))


def broadcast(view: View, shape: Sequence[int]) -> View:
    """The value as one of a larger shape."""
    new = len(shape) - len(view.shape)
    sizes, strides = (1,) * new + view.shape, (0,) * new + view.strides
    return view._replace(shape=tuple(shape), strides=tuple(0 if size == 1 else stride
                                                           for size, stride in zip(sizes, strides)))


def _permuted(view: View, axes: Sequence[int]) -> View:
    axes = [axis % len(view.shape) for axis in axes]
    return view._replace(shape=tuple(view.shape[axis] for axis in axes),
                         strides=tuple(view.strides[axis] for axis in axes))


def _swapped(view: View, first: int, second: int) -> View:
    axes = list(range(len(view.shape)))
    axes[first], axes[second] = axes[second], axes[first]
    return _permuted(view, axes)


def turned(view: View) -> View:
    """The value with its last two axes in each other's place."""
    return _swapped(view, -2, -1)


def _narrowed(view: View, axis: int, start: int, length: int) -> View:
    axis, shape = axis % len(view.shape), list(view.shape)
    shape[axis] = length
    return view._replace(offset=view.offset + start % view.shape[axis] * view.strides[axis] if length else view.offset,
                         shape=tuple(shape))


def _selected(view: View, axis: int, index: int) -> View:
    axis = axis % len(view.shape)
    return view._replace(offset=view.offset + index % view.shape[axis] * view.strides[axis],
                         shape=view.shape[:axis] + view.shape[axis + 1:],
                         strides=view.strides[:axis] + view.strides[axis + 1:])


def _flipped(view: View, axes: Sequence[int] | int) -> View:
    offset, strides = view.offset, list(view.strides)
    for axis in (axes,) if type(axes) is int else axes:  # type: ignore[union-attr]
        offset += (view.shape[axis] - 1) * view.strides[axis]
        strides[axis] = -strides[axis]
    return view._replace(offset=offset, strides=tuple(strides))


def _indexed(view: View, key: Any) -> View | None:
    """What basic indexing gives: whole numbers, slices forwards, new axes and an ellipsis."""
    key = key if isinstance(key, tuple) else (key,)
    rest = len(view.shape) - sum(part is not None and part is not Ellipsis for part in key)
    if rest < 0 or not all(part is None or part is Ellipsis or type(part) in (int, slice) for part in key):
        return None
    axes = iter(zip(view.shape, view.strides))
    offset, found = view.offset, []
    for part in key:
        if part is None:
            found.append((1, 0))
        elif part is Ellipsis:
            found += itertools.islice(axes, rest)
        else:
            size, stride = next(axes)
            chosen = range(size)[part]
            if isinstance(chosen, int):
                offset += chosen * stride
            elif chosen.step < 1:
                return None
            else:
                offset += chosen.start * stride
                found.append((len(chosen), chosen.step * stride))
    found += axes
    return view._replace(offset=offset, shape=tuple(size for size, _ in found),
                         strides=tuple(stride for _, stride in found))


def _parts(view: View, size: int, dim: int = 0) -> list[View]:
    whole = view.shape[dim]
    return [_narrowed(view, dim, start, min(size, whole - start)) for start in range(0, whole, size)]


def _unbound(view: View, dim: int = 0) -> list[View]:
    return [_selected(view, dim, index) for index in range(view.shape[dim])]


def _attribute(view: View, name: str) -> View | None:
    return turned(view) if name == "mT" else None


def _tiled(view: View, counts: Sequence[int]) -> View | None:
    """Only where what is repeated has one number."""
    if len(counts) != len(view.shape) or any(count != 1 and size != 1 for count, size in zip(counts, view.shape)):
        return None
    return broadcast(view, [size * count for size, count in zip(view.shape, counts)])


# From a view and the other arguments to the view, or views, that a call gives; None where it gives none.
_RULES: dict[Any, Callable[..., Any]] = {
    "t": lambda view: _permuted(view, range(len(view.shape) - 1, -1, -1)), "transpose": _swapped, "permute": _permuted,
    "narrow": _narrowed, "select": _selected, "split": _parts, "unbind": _unbound, "getattr": _attribute,
    "tile": _tiled, "flip": _flipped, "getitem": _indexed, "contiguous": lambda view: view,
}
_FUNCTIONS: dict[Any, str] = {torch.permute: "permute", torch.transpose: "transpose", torch.narrow: "narrow",
                              torch.functional.split: "split", torch.unbind: "unbind", builtins.getattr: "getattr",
                              torch.tile: "tile", torch.flip: "flip", torch.select: "select", torch.t: "t",
                              operator.getitem: "getitem"}
_METHODS = frozenset({"t", "transpose", "permute", "narrow", "select", "contiguous"})
# Views where the numbers lie row by row, else copies: by the shape of the result.
_RESHAPES = frozenset({"reshape", "view", "flatten", "squeeze", "unsqueeze"})
_RESHAPE_FUNCTIONS = frozenset({torch.reshape, torch.flatten, torch.squeeze, torch.unsqueeze})
_EXPANDS = frozenset({"expand", "broadcast_to"})


def view_of(node: fx.Node, view: Any) -> Any:
    """What a call gives that only looks at the value of its first argument in another way.

    Args:
      view: that value, or a list of values of which it takes one.

    Returns:
      A view; a list of views; "copy" where the numbers must be laid out anew; None where the call is of another kind.
    """
    meta: Any = node.meta.get("val")
    target = node.target
    if isinstance(view, list):
        return view[node.args[1]] if target is operator.getitem and type(node.args[1]) is int else None
    if node.op == "call_method" and target in _RESHAPES or target in _RESHAPE_FUNCTIONS:
        shape = tuple(meta.shape)
        return view._replace(shape=shape, strides=dense_strides(shape)) if view.dense else "copy"
    if node.op == "call_method" and target in _EXPANDS or target is torch.broadcast_to:
        return broadcast(view, meta.shape)
    name = _FUNCTIONS.get(target) if node.op == "call_function" else str(target) if target in _METHODS else None
    if name is None:
        return None
    given = node.args[1:]
    if name == "permute" and len(given) > 1:
        given = (given,)
    try:
        found = _RULES[name](view, *given, **node.kwargs)
    except (TypeError, IndexError):
        return None
    wanted = [tuple(part.shape) for part in meta] if isinstance(meta, (tuple, list)) else \
        tuple(meta.shape) if isinstance(meta, torch.Tensor) else None
    shapes = [part.shape for part in found] if isinstance(found, list) else found and found.shape
    return found if shapes == wanted else None
