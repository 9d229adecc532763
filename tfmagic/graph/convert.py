"""convert_to_tensor: how values become tensors, and the registry by which types join in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes, tensor_values
from tfmagic.base.dtypes import DType
from tfmagic.base.export import export
from tfmagic.base.shapes import Dimension, TensorShape
from tfmagic.base.slots import Slot
from tfmagic.graph import opdefs
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation, Tensor

_registry: dict[int, list[tuple[Any, Callable[..., Any]]]] = {}
_by_type: dict[type, list[Callable[..., Any]]] = {}


@export("register_tensor_conversion_function")
def register_tensor_conversion_function(base_type: Any, conversion_func: Callable[..., Any],
                                        priority: int = 100) -> None:
    """Say how objects of a type become tensors.

    Args:
      base_type: a class or tuple of classes.
      conversion_func: `(value, dtype, name, as_ref) -> Tensor`, or `NotImplemented` to pass the value on.
      priority: lower ones are asked first.

    Raises:
      TypeError: `base_type` is no class, or one of numbers; or `conversion_func` cannot be called.
    """
    if not (isinstance(base_type, type) or (isinstance(base_type, tuple)
                                            and all(isinstance(t, type) for t in base_type))):
        raise TypeError("base_type must be a type or a tuple of types.")
    if any(issubclass(kind, (int, float, np.generic, np.ndarray))
           for kind in (base_type if isinstance(base_type, tuple) else (base_type,))):
        raise TypeError("Cannot register conversions for Python numeric types and NumPy scalars and arrays.")
    if not callable(conversion_func):
        raise TypeError("conversion_func must be callable.")
    global _by_type
    _registry.setdefault(priority, []).append((base_type, conversion_func))
    _by_type = {}  # a new one: a thread that is still looking types up writes into the old


def converters(kind: type) -> list[Callable[..., Any]]:
    """The conversion functions for a type, in the order in which they are asked."""
    by_type = _by_type
    found = by_type.get(kind)
    if found is None:
        found = by_type[kind] = [function for priority in sorted(_registry) for base, function in _registry[priority]
                                  if issubclass(kind, base)]
    return found


@export("convert_to_tensor")
def convert_to_tensor(value: Any, dtype: Any = None, name: str | None = None, preferred_dtype: Any = None,
                      dtype_hint: Any = None) -> Tensor:
    """Convert a value to a tensor.

    Args:
      value: a tensor, variable, Python scalar, nested list, NumPy array, or any registered type.
      dtype: the type asked for.
      name: the name of the node if one is made.
      preferred_dtype: a type to try first when `dtype` is None (also called `dtype_hint`).

    Raises:
      TypeError: no conversion for the type of `value`, or not to `dtype`.
      ValueError: `value` is a tensor of another dtype, or malformed.
    """
    preferred = preferred_dtype if preferred_dtype is not None else dtype_hint
    return to_tensor(value, None if dtype is None else dtypes.as_dtype(dtype), name, False,
                     None if preferred is None else dtypes.as_dtype(preferred))


def to_tensor(value: Any, dtype: DType | None = None, name: str | None = None, as_ref: bool = False,
              preferred: DType | None = None) -> Tensor:
    """`convert_to_tensor` for the house: types are `DType`s, and `as_ref` asks for a variable's reference."""
    if type(value) is Tensor:
        if dtype is not None and not dtype.is_compatible_with(value._dtype) and dtype is not value._dtype.base_dtype:
            raise ValueError(f"Tensor conversion requested dtype {dtype.name} for Tensor with dtype "
                             f"{value._dtype.name}: {value!r}")
        return value
    for function in converters(type(value)):
        if preferred is not None and dtype is None:
            try:
                result = function(value, dtype=preferred, name=name, as_ref=as_ref)
            except (TypeError, ValueError):
                result = NotImplemented
            if result is not NotImplemented:
                return result
        result = function(value, dtype=dtype, name=name, as_ref=as_ref)
        if result is NotImplemented:
            continue
        if not isinstance(result, Tensor):
            raise RuntimeError(f"Conversion function {function!r} for type {type(value)} returned non-Tensor: "
                               f"{result!r}")
        if dtype is not None and not dtype.is_compatible_with(result._dtype.base_dtype):
            raise RuntimeError(f"Conversion function {function!r} for type {type(value)} returned incompatible dtype: "
                               f"requested = {dtype.base_dtype.name}, actual = {result._dtype.base_dtype.name}")
        return result
    raise TypeError(f"Cannot convert {value!r} with type {type(value)} to Tensor: no conversion function registered.")


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = "Const",
             verify_shape: bool = False) -> Tensor:
    """A `Const` node with `value`; see `tf.constant`."""
    if isinstance(value, Tensor):
        raise TypeError("List of Tensors when single Tensor expected\nA tensor stays what it is: tf.convert_to_tensor, "
                        "or tf.stack for a list of tensors.")
    dtype = None if dtype is None else dtypes.as_dtype(dtype)
    array = tensor_values.to_array(value, dtype, shape, verify_shape)
    return constant_array(array, dtype or dtypes.as_dtype(array.dtype), name)


def constant_array(array: Any, dtype: DType, name: str | None = "Const") -> Tensor:
    """A `Const` node that owns `array`."""
    graph = get_default_graph()
    array.flags.writeable = False
    graph._check_not_finalized()  # before the name counts as used
    if name is None:
        name = "Const"
    name = name[:-1] if name.endswith("/") else graph.unique_name(name)
    op_def = opdefs.get("Const")
    assert op_def is not None
    return graph.make(op_def, name, (), {"value": array, "dtype": dtype.base_dtype})._outputs[0]


def _constant_converter(value: Any, dtype: DType | None = None, name: str | None = None, as_ref: bool = False) -> Any:
    return constant(value, dtype, name=name or "Const")


register_tensor_conversion_function((list, tuple), Slot("lists as tensors"), 99)
register_tensor_conversion_function((list, tuple), _constant_converter, 100)
register_tensor_conversion_function(TensorShape, Slot("shapes as tensors"), 100)
register_tensor_conversion_function(Dimension, Slot("dimensions as tensors"), 100)
register_tensor_conversion_function(object, _constant_converter, 200)


def _operation_converter(value: Operation, dtype: DType | None = None, name: str | None = None,
                         as_ref: bool = False) -> Tensor:
    raise TypeError(f"Can't convert Operation '{value.name}' to Tensor (target dtype={dtype!r}, name={name!r}, "
                    f"as_ref={as_ref!r})")


register_tensor_conversion_function(Operation, _operation_converter)


def _tensor_converter(value: Tensor, dtype: DType | None = None, name: str | None = None,
                      as_ref: bool = False) -> Tensor:
    return value


register_tensor_conversion_function(Tensor, _tensor_converter, 0)


@export("convert_to_tensor_or_indexed_slices")
def convert_to_tensor_or_indexed_slices(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Convert a value to a tensor, but leave `IndexedSlices` and sparse tensors as they are."""
    if hasattr(value, "values") and hasattr(value, "indices") and hasattr(value, "dense_shape"):
        if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(value.dtype):
            raise ValueError(f"Tensor conversion requested dtype {dtypes.as_dtype(dtype).name} for Tensor with dtype "
                             f"{value.dtype.name}: {str(value)!r}")
        return value
    return convert_to_tensor(value, dtype, name)
