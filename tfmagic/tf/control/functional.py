"""tf.map_fn, scan, foldl and foldr: Python functions applied along the first axis, as loops over TensorArrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import nest
from tfmagic.base.export import export
from tfmagic.base.shapes import Dimension, TensorShape
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops.array import shape_ops
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.ops.control_flow.while_loop import while_loop


class _Structure:
    """How the values of one side of a function nest: a structure, or a single tensor."""

    def __init__(self, like: Any):
        self.like = like
        self.nested = nest.is_nested(like)

    def flatten(self, value: Any) -> list[Any]:
        return nest.flatten(value) if self.nested else [value]

    def pack(self, values: list[Any]) -> Any:
        return nest.pack_sequence_as(self.like, values) if self.nested else values[0]


def _check_function(fn: Any) -> None:
    if not callable(fn):
        raise TypeError("fn must be callable.")


def _refuse_scalar(elem: Tensor) -> None:
    """Refuse what has no first axis.

    Raises:
      IndexError: it is a scalar.
    """
    if elem._dims == ():
        raise IndexError("list index out of range\nelems must be tensors with a first axis, and a scalar has none.")


def _length(elems: list[Tensor]) -> Any:
    """The length of the first axis: a number when it is known and not 0, else a tensor."""
    dims = elems[0]._dims
    if dims is not None and len(dims) < 1:
        raise ValueError("elems must be a 1+ dimensional Tensor, not a scalar" if len(elems) == 1 else
                         "elements in elems must be 1+ dimensional Tensors, not scalars")
    return (dims[0] if dims else None) or shape_ops.shape(elems[0])[0]


def _with_static_length(results: list[Tensor], elems: list[Tensor]) -> None:
    length = Dimension(None)
    for elem in elems:
        dims = elem._dims
        length = length.merge_with(Dimension(dims[0] if dims else None))
    for result in results:
        result.set_shape(TensorShape([length.value]).concatenate(result.shape[1:]))


@export("map_fn")
def map_fn(fn: Callable[[Any], Any], elems: Any, dtype: Any = None, parallel_iterations: int | None = None,
           back_prop: bool = True, swap_memory: bool = False, infer_shape: bool = True, name: str | None = None) -> Any:
    """Apply a function to each row of tensors and put the results one under the other.

    Args:
      fn: takes one row (nested as `elems`), returns the row of the result (nested as `dtype`).
      elems: a tensor of shape [n, ...], or a structure of them.
      dtype: the types of the result where they are not those of `elems`.
      parallel_iterations: how many rows may overlap (10).
      back_prop: whether gradients flow through.
      swap_memory: whether values that the gradient needs may leave the device's memory.
      infer_shape: whether all rows of the result have one shape.
      name: the name scope of the nodes.

    Returns:
      The results, each of shape [n, ...].

    Raises:
      TypeError: `fn` is no function, or `elems` a sparse tensor.
      ValueError: `elems` holds scalars, or `fn` returns another structure.
    """
    _check_function(fn)
    if isinstance(elems, SparseTensor):
        raise TypeError("To perform a map on the values of a sparse tensor use either  "
                        "SparseTensor(input.indices, fn(input.values), input.dense_shape) or  "
                        "SparseTensor(input.indices, map_fn(fn, input.values), input.dense_shape)")
    given = _Structure(elems)
    flat = given.flatten(elems)
    with name_scope(name, "map", flat):
        flat = [convert_to_tensor(elem, name="elem") for elem in flat]
        types = dtype or given.pack([elem.dtype for elem in flat])
        made = given if dtype is None else _Structure(dtype)
        n = _length(flat)
        arrays = [TensorArray(elem.dtype, n, dynamic_size=False, infer_shape=True) for elem in flat]
        arrays = [array.unstack(elem) for array, elem in zip(arrays, flat)]
        start = constant(0)
        results = [TensorArray(t, n, dynamic_size=False, infer_shape=infer_shape) for t in made.flatten(types)]

        def compute(i: Any, accumulated: list[TensorArray]) -> Any:
            values = fn(given.pack([array.read(i) for array in arrays]))
            nest.assert_same_structure(types, values)
            accumulated = [array.write(i, value) for array, value in zip(accumulated, made.flatten(values))]
            return i + 1, accumulated

        _, results = while_loop(lambda i, _: i < n, compute, (start, results), maximum_iterations=n,
                                parallel_iterations=parallel_iterations or 10, back_prop=back_prop,
                                swap_memory=swap_memory)
        stacked = [array.stack() for array in results]
        _with_static_length(stacked, flat)
        return made.pack(stacked)


@export("scan")
def scan(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, parallel_iterations: int = 10,
         back_prop: bool = True, swap_memory: bool = False, infer_shape: bool = True, reverse: bool = False,
         name: str | None = None) -> Any:
    """Fold a function over the rows of tensors and keep every intermediate result.

    Args:
      fn: takes the result so far and a row, returns the next result.
      elems: a tensor of shape [n, ...], or a structure of them.
      initializer: the first "result so far"; by default the first row.
      parallel_iterations: how many rows may overlap.
      back_prop: whether gradients flow through.
      swap_memory: whether values that the gradient needs may leave the device's memory.
      infer_shape: whether all results have one shape.
      reverse: whether to begin with the last row.
      name: the name scope of the nodes.

    Returns:
      The results, each of shape [n, ...].

    Raises:
      TypeError: `fn` is no function.
      IndexError: `elems` begins with a scalar.
      ValueError: `fn` returns another structure.
    """
    _check_function(fn)
    given = _Structure(elems)
    made = given if initializer is None else _Structure(initializer)
    flat = given.flatten(elems)
    with name_scope(name, "scan", flat):
        flat = [convert_to_tensor(elem, name="elem") for elem in flat]
        _refuse_scalar(flat[0])
        dims = flat[0]._dims
        n: Any = dims[0] if dims else None
        if n is None:
            n = shape_ops.shape(flat[0])[0]
        arrays = [TensorArray(elem.dtype, n, dynamic_size=False, element_shape=elem.shape[1:], infer_shape=True)
                  for elem in flat]
        arrays = [array.unstack(elem) for array, elem in zip(arrays, flat)]
        if initializer is None:
            first = [array.read(n - 1 if reverse else 0) for array in arrays]
            i: Any = 1
        else:
            first = [convert_to_tensor(value) for value in made.flatten(initializer)]
            i = 0
        results = [TensorArray(value.dtype, n, element_shape=value.shape if infer_shape else None, dynamic_size=False,
                               infer_shape=infer_shape) for value in first]
        if initializer is None:
            results = [array.write(n - 1 if reverse else 0, value) for array, value in zip(results, first)]

        def compute(i: Any, so_far: list[Any], accumulated: list[TensorArray]) -> Any:
            rows = given.pack([array.read(i) for array in arrays])
            value = fn(made.pack(so_far), rows)
            nest.assert_same_structure(made.like, value)
            flat_value = made.flatten(value)
            accumulated = [array.write(i, item) for array, item in zip(accumulated, flat_value)]
            return (i - 1 if reverse else i + 1), flat_value, accumulated

        if reverse:
            start, condition = n - 1 - i, lambda i, a, t: i >= 0
        else:
            start, condition = i, lambda i, a, t: i < n
        _, _, results = while_loop(condition, compute, (start, first, results), maximum_iterations=n,
                                   parallel_iterations=parallel_iterations, back_prop=back_prop,
                                   swap_memory=swap_memory)
        stacked = [array.stack() for array in results]
        _with_static_length(stacked, flat)
        return made.pack(stacked)


@export("foldl")
def foldl(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, parallel_iterations: int = 10,
          back_prop: bool = True, swap_memory: bool = False, name: str | None = None) -> Any:
    """Combine the rows of tensors with a function, from the first to the last.

    Args:
      fn: takes the result so far and a row, returns the next result.
      elems: a tensor of shape [n, ...], or a structure of them.
      initializer: the first "result so far"; by default the first row.
      parallel_iterations, back_prop, swap_memory: as in `tf.while_loop`.
      name: the name scope of the nodes.

    Raises:
      TypeError: `fn` is no function.
    """
    _check_function(fn)
    with name_scope(name, "foldl", [elems]):
        n, arrays = _unstacked(elems)
        if initializer is None:
            first = nest.map_structure(lambda array: array.read(0), arrays)
            i = constant(1)
        else:
            first, i = initializer, constant(0)

        def compute(i: Any, so_far: Any) -> Any:
            value = fn(so_far, nest.map_structure(lambda array: array.read(i), arrays))
            return [i + 1, value]

        _, result = while_loop(lambda i, _: i < n, compute, [i, first], parallel_iterations=parallel_iterations,
                               back_prop=back_prop, swap_memory=swap_memory, maximum_iterations=n)
        return result


@export("foldr")
def foldr(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, parallel_iterations: int = 10,
          back_prop: bool = True, swap_memory: bool = False, name: str | None = None) -> Any:
    """Combine the rows of tensors with a function, from the last to the first.

    Args:
      fn: takes the result so far and a row, returns the next result.
      elems: a tensor of shape [n, ...], or a structure of them.
      initializer: the first "result so far"; by default the last row.
      parallel_iterations, back_prop, swap_memory: as in `tf.while_loop`.
      name: the name scope of the nodes.

    Raises:
      TypeError: `fn` is no function.
    """
    _check_function(fn)
    with name_scope(name, "foldr", [elems]):
        n, arrays = _unstacked(elems)
        if initializer is None:
            i = n - 1
            first = nest.map_structure(lambda array: array.read(i), arrays)
        else:
            i, first = n, initializer

        def compute(i: Any, so_far: Any) -> Any:
            i -= 1
            return [i, fn(so_far, nest.map_structure(lambda array: array.read(i), arrays))]

        _, result = while_loop(lambda i, _: i > 0, compute, [i, first], parallel_iterations=parallel_iterations,
                               back_prop=back_prop, swap_memory=swap_memory, maximum_iterations=n)
        return result


def _unstacked(elems: Any) -> tuple[Any, Any]:
    """The number of rows, and `TensorArray`s that hold them."""
    flat = [convert_to_tensor(elem, name="elem") for elem in nest.flatten(elems)]
    _refuse_scalar(flat[0])
    n = _length(flat)
    arrays = [TensorArray(elem.dtype, n, dynamic_size=False, infer_shape=True).unstack(elem) for elem in flat]
    return n, nest.pack_sequence_as(elems, arrays)
