"""Parameters of operators that may be variables: which are references, and their types."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor


def base_dtype(dtype: Any) -> Any:
    """The type itself of a type that may be a reference to it."""
    return dtypes.as_dtype(dtype).base_dtype


def dtype_name(dtype: Any) -> str:
    """The name of a type."""
    return dtypes.as_dtype(dtype).name


def is_ref(x: Any) -> bool:
    """Whether an object stands for a value that may change: a variable of either kind, or what reads as one."""
    return getattr(x, "_shared_name", None) is not None or (
        hasattr(x, "dtype") and getattr(x.dtype, "_is_ref_dtype", False))


def assert_not_ref_type(x: Any, arg_name: str) -> None:
    """Refuse a reference.

    Raises:
      TypeError: `x` is one.
    """
    if is_ref(x):
        raise TypeError(f"Argument {arg_name} cannot be reference type. Found: {type(x)}")


def convert_nonref_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None,
                             name: str | None = None) -> Tensor | Any:
    """A tensor of a value; a reference stays what it is, and so does None.

    Raises:
      TypeError: a reference is of another type than `dtype`.
    """
    if value is None:
        return None
    if not is_ref(value):
        return convert_to_tensor(value, dtype=dtype, preferred_dtype=dtype_hint, name=name)
    own = base_dtype(value.dtype)
    if dtype is not None and base_dtype(dtype) != own:
        raise TypeError(f'Mutable type must be of dtype "{dtype_name(dtype)}" but is "{own.name}".')
    return value
