"""RaggedTensorValue: what a run gives for a ragged tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.base.slots import Slot

_spec: Any = Slot("specs of ragged tensors")


@export("ragged.RaggedTensorValue")
class RaggedTensorValue:
    """The value of a `RaggedTensor`: values, and the positions where rows begin and end.

    Args:
      values: a NumPy array, or another `RaggedTensorValue`.
      row_splits: int32 or int64 positions, one more than there are rows.

    Raises:
      TypeError: `values` or `row_splits` are something else.
    """

    def __init__(self, values: Any, row_splits: Any):
        if not (isinstance(row_splits, (np.ndarray, np.generic)) and row_splits.dtype in (np.int64, np.int32)
                and row_splits.ndim == 1):
            raise TypeError("row_splits must be a 1D int32 or int64 numpy array")
        if not isinstance(values, (np.ndarray, np.generic, RaggedTensorValue)):
            raise TypeError("values must be a numpy array or a RaggedTensorValue")
        if isinstance(values, RaggedTensorValue) and row_splits.dtype != values.row_splits.dtype:
            raise ValueError("row_splits and values.row_splits must have the same dtype")
        self._values: Any = values
        self._row_splits: Any = row_splits

    @property
    def values(self) -> Any:
        """The rows one after another: an array, or another `RaggedTensorValue`."""
        return self._values

    @property
    def row_splits(self) -> np.ndarray:
        """Where rows begin and end in `values`."""
        return self._row_splits

    @property
    def flat_values(self) -> np.ndarray:
        """The innermost values."""
        return self._values.flat_values if isinstance(self._values, RaggedTensorValue) else self._values

    @property
    def nested_row_splits(self) -> tuple[np.ndarray, ...]:
        """The row splits of all ragged dimensions, the outermost first."""
        inner = self._values.nested_row_splits if isinstance(self._values, RaggedTensorValue) else ()
        return (self._row_splits, *inner)

    @property
    def ragged_rank(self) -> int:
        """How many dimensions are ragged."""
        return len(self.nested_row_splits)

    @property
    def _type_spec(self) -> Any:
        return _spec.from_value(self)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.flat_values.dtype

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The shape; None for the ragged dimensions."""
        return (self._row_splits.shape[0] - 1, None, *self._values.shape[1:])

    def to_list(self) -> list[Any]:
        """The rows as nested lists."""
        inner = self._values.to_list() if isinstance(self._values, RaggedTensorValue) else self._values.tolist()
        return [inner[start:stop] for start, stop in zip(self._row_splits[:-1].tolist(),
                                                         self._row_splits[1:].tolist())]

    def __str__(self) -> str:
        return f"<tf.RaggedTensorValue {self.to_list()}>"

    def __repr__(self) -> str:
        return str(self)
