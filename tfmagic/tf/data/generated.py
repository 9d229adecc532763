"""What a dataset of a Python generator calls: to begin, for each value, and at the end."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.ops.debug.py_func import numpy_function
from tfmagic.tf.data import nest, structure


class _Running:
    """The iterators over a generator that are under way, by number."""

    def __init__(self, generator: Callable[..., Any]):
        self._generator = generator
        self._numbers = itertools.count()
        self._arguments: dict[int, tuple[Any, ...]] = {}
        self._iterators: dict[int, Iterator[Any]] = {}
        self._lock = threading.Lock()

    def begin(self, *arguments: Any) -> np.ndarray:
        """The number of a new one."""
        with self._lock:
            number = next(self._numbers)
        self._arguments[number] = arguments
        return np.array(number, np.int64)

    def next(self, number: int) -> Any:
        """The next value of one."""
        iterator = self._iterators.get(number)
        if iterator is None:
            iterator = self._iterators[number] = iter(self._generator(*self._arguments.pop(number)))
        return next(iterator)

    def end(self, number: int) -> None:
        """Forget one."""
        self._arguments.pop(number, None)
        self._iterators.pop(number, None)


def functions(generator: Callable[..., Any], output_types: Any, output_shapes: Any,
              args: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any]]:
    """The functions of an iterator over a generator; see `tf.data.Dataset.from_generator`.

    Returns:
      What gives a number to a new iterator, what gives the next element of a number, and what ends it.
    """
    if not callable(generator):
        raise TypeError("`generator` must be callable.")
    types = structure.as_types(output_types)
    shapes = structure.unknown_shapes(types) if output_shapes is None else structure.as_shapes(types, output_shapes)
    if args is not None and not isinstance(args, (list, tuple)):
        raise TypeError("values must be a sequence.")
    arguments = [convert_to_tensor(value, name=f"args_{index}") for index, value in enumerate(args or ())]
    flat_types, flat_shapes = nest.flatten(types), nest.flatten(shapes)
    running = _Running(generator)

    def get_iterator_id_fn(unused: Any) -> Any:
        return numpy_function(running.begin, arguments, dtypes.int64)

    def generator_next_fn(iterator_id: Any) -> Any:
        def values(number: Any) -> list[np.ndarray]:
            return _arrays(running.next(int(number)), types, flat_types, flat_shapes)

        tensors = numpy_function(values, [iterator_id], flat_types)
        if output_shapes is not None:
            for tensor, shape in zip(tensors, flat_shapes):
                tensor.set_shape(shape)
        return nest.pack_as(types, tensors)

    def finalize_fn(iterator_id: Any) -> Any:
        def end(number: Any) -> np.ndarray:
            running.end(int(number))
            return np.array(0, np.int64)

        return numpy_function(end, [iterator_id], dtypes.int64)

    return get_iterator_id_fn, generator_next_fn, finalize_fn


def _arrays(value: Any, types: Any, flat_types: list[Any], flat_shapes: list[TensorShape]) -> list[np.ndarray]:
    """What a generator gave, as arrays of the types and shapes that were said.

    Raises:
      TypeError, ValueError: it is something else.
    """
    try:
        leaves = nest.flatten_up_to(types, value)
    except (TypeError, ValueError):
        raise TypeError("`generator` yielded an element that did not match the expected structure. The expected "
                        f"structure was {types}, but the yielded element was {value}.") from None
    arrays = []
    for leaf, dtype, shape in zip(leaves, flat_types, flat_shapes):
        try:
            array = _array(leaf, dtype)
        except (TypeError, ValueError):
            raise TypeError("`generator` yielded an element that could not be converted to the expected type. The "
                            f"expected type was {dtype.name}, but the yielded element was {leaf}.") from None
        if not shape.is_compatible_with(array.shape):
            raise ValueError(f"`generator` yielded an element of shape {array.shape} where an element of shape {shape} "
                             "was expected.")
        arrays.append(array)
    return arrays


def _array(value: Any, dtype: dtypes.DType) -> np.ndarray:
    if dtype.kind != "O":
        return np.asarray(value, dtype.as_numpy_dtype, order="C")
    array = np.asarray(value, order="C")
    if array.dtype.kind not in "SUO":
        raise TypeError(f"{value!r} is no text")
    if array.dtype.kind == "U":
        encoded = np.empty(array.size, object)
        encoded[:] = [item.encode() for item in array.ravel().tolist()]
        return encoded.reshape(array.shape)
    return array.astype(object)
