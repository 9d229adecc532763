"""Results: the NumPy values that a run returns, from torch tensors and host objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import torch

from tfmagic.base.dtypes import DType


def converter(dtype: DType, copied: bool) -> Callable[[Any], Any]:
    """The function that makes a result from the plan's value.

    Args:
      dtype: the type of the fetched tensor.
      copied: whether the value's memory may belong to somebody else (a variable, a feed, a constant).

    Returns:
      A function that gives a NumPy scalar (bytes for a string) for rank 0 and an array otherwise.
    """
    dtype = dtype.base_dtype
    if dtype.kind == "O":
        return _host_value
    numpy_type = np.dtype(dtype.as_numpy_dtype)
    if numpy_type == np.dtype(ml_dtypes.bfloat16):
        return lambda value: _scalar(value.cpu().contiguous().view(torch.int16).numpy().view(numpy_type).copy())
    tensor_type = torch.Tensor

    def convert(value: Any) -> Any:
        try:
            array = value.numpy()
        except (RuntimeError, TypeError, AttributeError):  # on a GPU, conjugated or negated lazily, or no tensor
            array = _settled(value, tensor_type, numpy_type)
        if array.ndim == 0:
            return array[()]
        if not array.flags.c_contiguous:
            return _by_lines(array)
        return array.copy() if copied else array

    return convert


def _settled(value: Any, tensor_type: Any, numpy_type: np.dtype) -> np.ndarray:
    if isinstance(value, tensor_type):
        return value.resolve_conj().resolve_neg().cpu().numpy()
    return np.asarray(value, numpy_type)


def _by_lines(array: np.ndarray) -> np.ndarray:
    """A copy whose lines lie one after the other, by torch, which is three times as quick as NumPy."""
    return torch.from_numpy(array).contiguous().numpy()


def _scalar(array: np.ndarray) -> Any:
    return array[()] if array.ndim == 0 else array


def _host_value(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.item() if value.ndim == 0 else value.copy()
    return value
