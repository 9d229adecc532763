"""Feeds: what a user gives for a tensor, checked and made into a torch tensor (an array of bytes for strings)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import ml_dtypes
import numpy as np
import torch

from tfmagic.base import nest, shapes
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops.array.rules import objects
from tfmagic.ops.torch_types import as_torch, torch_dtype
from tfmagic.session import conversions

Convert = Callable[[Any], Any]
# The kinds of NumPy's types that `astype` makes into one another as TensorFlow does with what is fed.
_NUMBERS = frozenset("biuf")


def expand(graph: Graph, feed_dict: dict[Any, Any]) -> dict[Tensor, Any]:
    """A feed_dict with tensors as keys, nested and composite keys taken apart.

    Raises:
      TypeError: a key is no tensor, or a value is a tensor.
      ValueError: a key may not be fed, or nests otherwise than its value.
    """
    feeds: dict[Tensor, Any] = {}
    for key, value in nest.flatten_dict_items(feed_dict).items():
        conversion = conversions.of(key)
        parts = getattr(key, "_feed_parts", None) if conversion is None or conversion.feed is None else partial(
            conversion.feed, key)
        for target, item in (parts(value) if parts is not None else [(key, value)]):
            try:
                tensor = graph.as_graph_element(target, allow_tensor=True, allow_operation=False)
            except (TypeError, ValueError, KeyError) as error:
                reason = error.args[0] if error.args else error
                raise TypeError(f"Cannot interpret feed_dict key as Tensor: {reason}") from None
            _refuse_graph_values(tensor, item)
            if not graph.is_feedable(tensor):
                raise ValueError(f"Tensor {tensor} may not be fed.")
            feeds[tensor] = item
    return feeds


def spreading(keys: Iterable[Any]) -> Callable[[Iterable[Any]], list[Any]] | None:
    """The function that makes of the values for these keys of a feed_dict one per tensor, in the order of `expand`.

    None: that depends on the values (a key is a nest, or of a type whose feeds a program has registered).
    """
    parts: list[Callable[[Any], Any]] = []
    for key in keys:
        if isinstance(key, tuple) or conversions.of(key) is not None:
            return None
        of_value = getattr(key, "_feed_parts", None)
        parts.append((lambda value: (value,)) if of_value is None else _items(of_value))
    return lambda values: [item for part, value in zip(parts, values) for item in part(value)]


def _items(parts: Callable[[Any], list[tuple[Tensor, Any]]]) -> Callable[[Any], list[Any]]:
    return lambda value: [item for _, item in parts(value)]


def converter(tensor: Tensor, gpus: bool = False) -> Convert:
    """The function that makes the plan's value for `tensor` from what a user feeds.

    Args:
      tensor: what is fed.
      gpus: whether a torch tensor on a GPU stays there; else it comes to the host.

    Its function raises TypeError or ValueError, as TensorFlow does, when the value does not fit.
    """
    dtype = tensor._dtype.base_dtype
    if dtype.kind == "O":
        return lambda value: _strings(tensor, value)
    array = array_converter(tensor)
    if np.dtype(dtype.as_numpy_dtype) in (np.dtype(np.uint16), np.dtype(np.uint32), np.dtype(np.uint64),
                                          np.dtype(ml_dtypes.bfloat16)):
        return lambda value: value._kept_for(tensor) if hasattr(value, "_kept_for") else as_torch(array(value), dtype)
    torch_type = torch_dtype(dtype)
    from_numpy, ndarray = torch.from_numpy, np.ndarray

    def convert(value: Any) -> Any:
        kind = type(value)
        if kind is not ndarray and kind is not float:
            if isinstance(value, torch.Tensor):
                return _torch_value(tensor, value, torch_type, gpus)
            if hasattr(value, "_kept_for"):
                return value._kept_for(tensor)
        made = array(value)
        try:
            return from_numpy(made)
        except ValueError:  # steps that torch does not take, along an axis of one number
            return from_numpy(made.copy())

    return convert


def array_converter(tensor: Tensor) -> Convert:
    """The function that makes an array from what a user feeds for `tensor`, no string: any value but a tensor of torch.

    The array is of the tensor's type, lies row by row and may be written to: the user's own, where that is so. What it
    raises is what the function of `converter` does.
    """
    numpy_type = np.dtype(tensor._dtype.base_dtype.as_numpy_dtype)
    fits = _fits(tensor._dims)
    of_numbers, of_floats = numpy_type.kind in _NUMBERS, numpy_type.kind == "f"
    ndarray, asarray = np.ndarray, np.asarray

    def array(value: Any) -> np.ndarray:
        kind = type(value)
        # What is fed most often goes straight; `_array` gives the same for it.
        if kind is ndarray and value.dtype == numpy_type:
            made = value
        elif kind is ndarray and of_numbers and value.dtype.kind in _NUMBERS:
            made = value.astype(numpy_type)
        elif kind is float and of_floats:
            made = asarray(value).astype(numpy_type)
        else:
            made = _array(tensor, value, numpy_type)
        if not fits(made.shape):
            _refuse_shape(tensor, made)
        # Of the machine's byte order it is by now.
        return made if made.flags.carray else np.array(made, numpy_type, order="C")

    return array


def as_fed(tensor: Tensor, value: Any) -> Any:
    """What a run gives for a tensor that it feeds: the value as an array, without a copy where it is one already."""
    dtype = tensor._dtype.base_dtype
    if isinstance(value, torch.Tensor):
        value = _torch_value(tensor, value, torch_dtype(dtype)).numpy()
    if dtype.kind == "O" and dtype.name != "string":
        return value
    return np.asarray(value, object if dtype.kind == "O" else dtype.as_numpy_dtype)


def _array(tensor: Tensor, value: Any, numpy_type: np.dtype) -> np.ndarray:
    _refuse_graph_values(tensor, value)
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError("setting an array element with a sequence. The value fed for "
                         f"{tensor.name} has rows of different lengths; make them equally long.") from None
    if array.dtype.kind in "OSU" or (array.dtype.kind == "c" and numpy_type.kind != "c"):
        try:
            array = array.astype(numpy_type)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{error}: the value fed for {tensor.name} must be of type "
                              f"{tensor._dtype.base_dtype.name}.") from None
    if type(value) is int and array.dtype != numpy_type and array.astype(numpy_type).item() != value:
        raise _of_another_type(value, numpy_type.type)
    return array.astype(numpy_type, copy=False)


def _fits(dims: shapes.Dims) -> Callable[[tuple[int, ...]], bool]:
    """The function that tells whether an array of a shape may be fed where `dims` are stated."""
    if dims is None:
        return lambda shape: True
    known = [(axis, size) for axis, size in enumerate(dims) if size is not None]
    rank = len(dims)
    if len(known) == rank:
        return tuple(dims).__eq__
    if not known:
        return lambda shape: len(shape) == rank
    if len(known) == 1:
        (axis, size), = known
        return lambda shape: len(shape) == rank and shape[axis] == size
    return lambda shape: shapes.compatible(dims, shape)


def _of_another_type(value: Any, numpy_type: Any) -> TypeError:
    return TypeError(f"Type of feed value {value} with type {type(value)} is not compatible with Tensor type "
                     f"{numpy_type}. Try explicitly setting the type of the feed tensor to a larger type (e.g. int64).")


def _refuse_shape(tensor: Tensor, array: np.ndarray) -> None:
    raise ValueError(f"Cannot feed value of shape {array.shape} for Tensor {tensor.name!r}, which has shape "
                     f"{str(tensor.shape)!r}{_made_at(tensor)}")


def _made_at(tensor: Tensor) -> str:
    line = tensor.op.source
    return "" if line is None else f"\n{tensor.name} was made at {line}"


def _refuse_graph_values(tensor: Tensor, value: Any) -> None:
    if isinstance(value, (Tensor, Operation)) or hasattr(value, "_as_graph_element"):
        raise TypeError("The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python "
                        "scalars, strings, lists, numpy ndarrays, or TensorHandles. For reference, the tensor object "
                        f"was {value} which was passed to the feed with key {tensor}.\n"
                        "Run it first, and feed its value.")


def _strings(tensor: Tensor, value: Any) -> np.ndarray:
    _refuse_graph_values(tensor, value)
    if hasattr(value, "_kept_for"):
        return value._kept_for(tensor)
    if isinstance(value, np.ndarray) and value.dtype == object and {*map(type, value.ravel().tolist())} <= {bytes}:
        array = value
    elif tensor._dtype.base_dtype.name != "string":
        return value
    elif type(value) is int:
        raise _of_another_type(value, object)
    else:
        array = np.asarray(value, None if isinstance(value, np.ndarray) and value.dtype.kind in "SU" else object)
        encoded = [item.encode() if type(item) is str else item if type(item) is bytes else _encoded(item)
                   for item in array.ravel().tolist()]
        array = objects(encoded, array.shape)
    if not shapes.compatible(tensor._dims, array.shape):
        _refuse_shape(tensor, array)
    return array


def _encoded(item: Any) -> bytes:
    return bytes(item) if isinstance(item, bytes) else str(item).encode()


def _torch_value(tensor: Tensor, value: torch.Tensor, torch_type: torch.dtype, gpus: bool = False) -> torch.Tensor:
    if not shapes.compatible(tensor._dims, tuple(value.shape)):
        raise ValueError(f"Cannot feed value of shape {tuple(value.shape)} for Tensor {tensor.name!r}, which has shape "
                         f"{str(tensor.shape)!r}{_made_at(tensor)}")
    return value.detach().to(torch_type) if gpus and value.is_cuda else value.detach().to("cpu", torch_type)
