"""Which torch dtype holds which TensorFlow dtype, and how an array becomes a value of a run."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tfmagic.base.dtypes import DType, as_dtype
from tfmagic.base.lazy import torch

# Quantized types are held as the plain integers of their width.
_STORED_AS = {"qint8": "int8", "quint8": "uint8", "qint16": "int16", "quint16": "uint16", "qint32": "int32"}


@functools.cache
def torch_dtype(dtype: DType) -> Any:
    """The torch dtype of a TensorFlow dtype (references as their base type).

    Raises:
      TypeError: torch has none: strings, resources and variants are host objects.
    """
    name = dtype.base_dtype.name
    if dtype.kind == "O":
        raise TypeError(f"{name} values are host objects, no torch tensors")
    return getattr(torch, _STORED_AS.get(name, name))


def as_torch(array: np.ndarray, dtype: DType) -> Any:
    """A value of type `dtype` from a NumPy array: a torch tensor, or the array itself for host objects."""
    if dtype.kind == "O":
        return array
    if dtype.base_dtype.name == "bfloat16":
        return torch.from_numpy(np.array(array).view(np.int16)).view(torch.bfloat16).reshape(array.shape)
    return torch.from_numpy(np.array(array))


def content_of(value: Any) -> bytes:
    """The bytes of a torch tensor's numbers, row by row."""
    numbers = value.cpu().reshape(-1).resolve_conj().resolve_neg().contiguous()
    return numbers.view(torch.uint8).numpy().tobytes() if len(numbers) else b""


def tensorflow_dtype(value: Any) -> DType:
    """The TensorFlow dtype of a torch tensor, or of an array (of strings)."""
    return as_dtype(value.dtype if isinstance(value.dtype, np.dtype) else str(value.dtype).removeprefix("torch."))
