"""What the array ops share: one behaviour for every element type, strings included, and helpers of shape rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.ops import declare


def array_op(*names: str, type_attr: str = "T", **options: Any) -> Callable[[type], type]:
    """`declare.op` for ops that move elements of any type about.

    String tensors are NumPy arrays: for them the kernel is the op's own `static` rule.

    Args:
      type_attr: the attr that says the type of the elements.
    """

    def decorate(cls: type) -> type:
        kernel, static = vars(cls)["kernel"], vars(cls)["static"]
        cls.kernel = _for_strings_too(kernel, static, type_attr)  # type: ignore[attr-defined]
        return declare.op(*names, **options)(cls)

    return decorate


def _for_strings_too(kernel: Any, static: Any, type_attr: str) -> Any:
    def run(op: Any, *values: Any) -> Any:
        if op.op._attrs[type_attr].kind != "O":
            return kernel(op, *values)
        result = static(op, *[as_array(value) for value in values])
        return tuple(map(as_value, result)) if isinstance(result, (tuple, list)) else as_value(result)

    return run


def as_array(value: Any) -> Any:
    """A kernel's input as a NumPy array (a list of tensors as a list of arrays)."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, torch.Tensor):
        return value.cpu().numpy()
    if isinstance(value, (list, tuple)):
        if value and not isinstance(value[0], (int, float, list, tuple)):
            return [as_array(item) for item in value]
        return np.asarray(value, None if value else np.int64)
    if isinstance(value, (int, float, bool, bytes)):
        return np.asarray(value)
    if getattr(type(value), "is_handle", False):
        return objects([value], ())
    raise TypeError(f"strings are computed when the graph runs, not while {type(value).__name__} stands for them")


def as_value(array: Any) -> Any:
    """A NumPy result as a kernel's output: a torch tensor unless it holds host objects."""
    array = objects([array], ()) if isinstance(array, bytes) else np.asarray(array)
    return array if array.dtype == object else torch.from_numpy(np.ascontiguousarray(array).reshape(array.shape))


def objects(items: Any, shape: Any) -> np.ndarray:
    """An object array of `shape` from a flat sequence."""
    result = np.empty(len(items), object)
    result[:] = items
    return result.reshape(shape)


def single(item: Any) -> np.ndarray:
    """An object array without axes."""
    made = np.empty((), object)
    made[()] = item
    return made


def rank_of(tensor: Tensor) -> int | None:
    """The static rank."""
    return None if tensor._dims is None else len(tensor._dims)


def unknown_dims(rank: int | None) -> Dims:
    """`rank` unknown dimensions."""
    return None if rank is None else (None,) * rank


def product(dims: Any) -> int | None:
    """The product of dims, or None when one of them is unknown."""
    return shapes.num_elements(tuple(dims))


def ordered_set(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different elements of a vector in the order in which they appear, each element's place among them, counts."""
    if values.dtype == object:
        places: dict[Any, int] = {}
        inverse = np.array([places.setdefault(item, len(places)) for item in values.tolist()], np.int64)
        return objects(list(places), (-1,)), inverse, np.bincount(inverse, minlength=len(places))
    unique, first, inverse, counts = np.unique(values, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return unique[order], rank[inverse.reshape(-1)], counts[order]
