"""Which torch dtype holds which TensorFlow dtype."""

from __future__ import annotations

import functools
from typing import Any

from tfmagic.graph.dtypes import DType
from tfmagic.ops.lazy import torch

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
