"""NumPy arrays from what users write as values: types, shapes and messages as TensorFlow has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes, shapes
from tfmagic.base.dtypes import DType

_INT32_MIN, _INT32_MAX = -2**31, 2**31 - 1


def to_array(value: Any, dtype: DType | None = None, shape: Any = None, verify_shape: bool = False) -> np.ndarray:
    """Make the array that a `Const` node holds.

    Args:
      value: a Python scalar, nested list, bytes, str or NumPy array.
      dtype: the type asked for; by default Python floats become float32 and ints int32 (int64 when they need it).
      shape: the shape asked for; a scalar or the last element fills what `value` leaves open.
      verify_shape: whether `value` must have `shape` exactly.

    Raises:
      TypeError: `value` is not of type `dtype`.
      ValueError: `value` is None, ragged, or does not fit `shape`.
    """
    if value is None:
        raise ValueError("None values not supported.")
    dtype = None if dtype is None else dtype.base_dtype
    dims = None if shape is None else tuple(int(d) for d in shape)
    if dims and 0 in dims and not isinstance(value, (np.ndarray, np.generic)):  # TensorFlow does not look at the value
        if dtype is dtypes.string:
            _strings(value, dtype)
        elif dtype is not None:
            _check_leaves(value, dtype)
        return np.zeros(dims, np.float32 if dtype is None else dtype.as_numpy_dtype)
    array = _array(value, dtype)
    if dims is None or array.shape == dims:
        return array
    size = int(np.prod(dims, dtype=np.int64))
    if verify_shape:
        raise TypeError(f"Expected Tensor's shape: {shapes.text(dims)}, got {shapes.text(array.shape)}.")
    if array.size == size:
        return array.reshape(dims)
    if array.size == 1 and size > 0:
        return spread(array.reshape(()), dims)
    if array.size > size:
        raise ValueError(f"Too many elements provided. Needed at most {size}, but received {array.size}")
    return padded(array.ravel(), dims, size)


def spread(value: np.ndarray, dims: Sequence[int]) -> np.ndarray:
    """An array of one value (an array of shape []) in all places, as a view that takes no memory."""
    return np.broadcast_to(value, dims)


class Padded(np.ndarray):
    """An array whose elements after the first `given` ones repeat the last of these: a `TensorProto` omits them."""

    given: int


def padded(values: np.ndarray, dims: Sequence[int], size: int) -> np.ndarray:
    """An array of shape `dims` (`size` elements) that begins with the vector `values` and goes on with its last one."""
    filled = np.empty(size, values.dtype)
    filled[:values.size] = values
    filled[values.size:] = values[-1] if values.size else 0
    result = filled.reshape(dims).view(Padded)
    result.given = values.size
    return result


def _array(value: Any, dtype: DType | None) -> np.ndarray:
    if isinstance(value, (np.ndarray, np.generic)):
        return _from_numpy(np.asarray(value), dtype)
    kind = type(value)
    if dtype is None:  # the commonest cases, without a look at the whole value
        if kind is float:
            return np.array(value, np.float32)
        if kind is bool:
            return np.array(value, np.bool_)
        if kind is int and _INT32_MIN <= value <= _INT32_MAX:
            return np.array(value, np.int32)
    if dtype is dtypes.string or kind in (str, bytes):
        return _strings(value, dtype)
    first = _first_leaf(value)
    if isinstance(first, (str, bytes)):
        return _strings(value, dtype)
    if hasattr(value, "__array__") and not isinstance(value, (list, tuple)):
        return _from_numpy(np.asarray(value), dtype)
    if isinstance(first, shapes.Dimension) or (isinstance(value, (list, tuple)) and _holds_dimensions(value)):
        value = _without_dimensions(value)
    if dtype is not None:
        _check_leaves(value, dtype)
        if dtype.is_quantized:
            value = _without_tuples(value)
    try:
        array = np.array(value, None if dtype is None else dtype.as_numpy_dtype)
    except OverflowError:  # an int beyond a type of fewer than 64 bits wraps, as NumPy of TensorFlow's time did
        array = np.array(value, np.int64).astype(None if dtype is None else dtype.as_numpy_dtype)
    except NotImplementedError:  # what a tensor of the graph says when it is asked for its value
        raise _tensors_in_list() from None
    except (ValueError, TypeError) as error:
        if "inhomogeneous" in str(error) or "sequence" in str(error):
            raise _not_dense(value, np.array(value, object).shape) from None
        raise _unsupported(value) from None
    if array.dtype.kind in "OUS":
        raise _unsupported(value)
    if kind is list or kind is tuple:
        depth, row = 0, value
        while isinstance(row, (list, tuple)):
            depth, row = depth + 1, row[0] if row else None
        if depth != array.ndim:
            raise _not_dense(value, array.shape)
    return _narrowed(array) if dtype is None else array


def _not_dense(value: Any, shape: Sequence[int]) -> ValueError:
    return ValueError(f"Argument must be a dense tensor: {value} - got shape {list(shape)}, but wanted "
                      f"{_wanted_shape(value)}.\nMake all rows equally long, and arrays in a list one array: "
                      "np.array(rows).")


def _unsupported(value: Any) -> TypeError:
    return TypeError(f"Failed to convert object of type {type(value)} to Tensor. Contents: {value!s}. Consider "
                     "casting elements to a supported type.")


def _wanted_shape(value: Any) -> list[int]:
    """The shape that nested lists would have if all were as long as the first."""
    shape = []
    while isinstance(value, (list, tuple)):
        shape.append(len(value))
        value = value[0] if value else None
    return shape


def _narrowed(array: np.ndarray) -> np.ndarray:
    """Python's floats become float32, its ints int32 where they fit."""
    if array.dtype == np.float64:
        return array.astype(np.float32)
    if array.dtype == np.uint64:
        return array.astype(np.uint64)  # NumPy has two types of that name; torch knows one
    if array.dtype != np.int64:
        return array
    if 0 < array.size <= 16:  # the usual shape or index: Python is faster than NumPy's reductions
        items = array.ravel().tolist()
        least, most = min(items), max(items)
    else:
        least, most = (array.min(), array.max()) if array.size else (0, 0)
    return array.astype(np.int32) if least >= _INT32_MIN and most <= _INT32_MAX else array


def _from_numpy(array: np.ndarray, dtype: DType | None) -> np.ndarray:
    if array.dtype.kind in "SU" or (array.dtype == object and (dtype in (None, dtypes.string))):
        return _strings(array, dtype)
    if dtype is None:
        dtypes.as_dtype(array.dtype)  # raises for types that TensorFlow lacks
        return array.copy()
    if dtype is dtypes.string:
        raise TypeError(f"Expected binary or unicode string, got {array.ravel()[0] if array.size else array}")
    if array.dtype.kind == "c" and not dtype.is_complex:
        array = array.real  # as NumPy casts it, which also warns
    try:
        return array.astype(np.dtype(dtype.as_numpy_dtype))
    except TypeError:
        if any(isinstance(item, (list, tuple, np.ndarray)) for item in array.ravel()):
            raise ValueError("setting an array element with a sequence.") from None
        raise


def _strings(value: Any, dtype: DType | None) -> np.ndarray:
    if dtype is not None and dtype is not dtypes.string:
        leaf = _first_leaf(value.tolist() if isinstance(value, np.ndarray) else value)
        raise TypeError(f"Expected {dtype.name}, got {_short(leaf)} of type '{type(leaf).__name__}' instead.")
    array = np.array(value, dtype=object)
    flat = array.ravel()
    result = np.empty(flat.shape, object)
    for index, item in enumerate(flat):
        if isinstance(item, bytes):
            result[index] = bytes(item)
        elif isinstance(item, str):
            result[index] = item.encode("utf-8")
        else:
            if isinstance(value, np.ndarray):
                raise TypeError(f"Expected binary or unicode string, got {item!r}")
            if isinstance(item, (list, tuple, np.ndarray)):
                raise ValueError(f"Argument must be a dense tensor: {_short(value)} - got nested lists of different "
                                 "lengths.")
            if dtype is None:
                raise _unsupported(value)
            raise TypeError(f"Expected string, got {item!r} of type '{type(item).__name__}' instead.")
    return result.reshape(array.shape)


def _first_leaf(value: Any) -> Any:
    while isinstance(value, (list, tuple)):
        if not value:
            return None
        for item in value:
            if not (isinstance(item, (list, tuple)) and not item):
                break
        value = item
    return value


def _holds_dimensions(value: Any) -> bool:
    return any(isinstance(item, shapes.Dimension) or (isinstance(item, (list, tuple)) and _holds_dimensions(item))
               for item in value)


def _without_dimensions(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_without_dimensions(item) for item in value]
    return value.value if isinstance(value, shapes.Dimension) else value


def _check_leaves(value: Any, dtype: DType) -> None:
    """Refuse what NumPy would silently cast: 1.5 as an int32, True as a float, 1j as a float."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list) or (isinstance(item, tuple) and not dtype.is_quantized):
            stack.extend(reversed(item))
            continue
        if isinstance(item, np.generic):
            continue
        if dtype.is_quantized:
            good = isinstance(item, tuple)
        elif isinstance(item, bool):
            good = dtype.is_bool or dtype.is_integer or dtype.is_floating or dtype.is_complex
        elif isinstance(item, np.ndarray):
            good = item.ndim == 0
        elif hasattr(item, "op") and hasattr(item, "__array__"):
            raise _tensors_in_list()
        elif hasattr(item, "__array__"):
            continue
        elif isinstance(item, int) or hasattr(item, "__index__"):
            good = dtype.is_integer or dtype.is_floating or dtype.is_complex
        elif isinstance(item, float):
            good = dtype.is_floating or dtype.is_complex
        elif isinstance(item, complex):
            good = dtype.is_complex
        else:
            good = False
        if item is None:
            raise TypeError(f"Expected {dtype.name}, got None of type 'NoneType' instead.")
        if not good:
            raise TypeError(f"Expected {dtype.name}, got {_short(item)} of type '{type(item).__name__}' instead.")


def _tensors_in_list() -> TypeError:
    return TypeError("List of Tensors when single Tensor expected\nA constant is made of numbers: tf.stack joins "
                     "tensors.")


def _without_tuples(value: Any) -> Any:
    """What is written as quantized numbers, tuples of one number each, as plain numbers."""
    if isinstance(value, list):
        return [_without_tuples(item) for item in value]
    if isinstance(value, tuple) and len(value) != 1:
        raise ValueError(f"could not assign tuple of length {len(value)} to structure with 1 fields.")
    return value[0] if isinstance(value, tuple) else value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:197] + "..."
