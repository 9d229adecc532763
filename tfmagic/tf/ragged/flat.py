"""Functions carried over to the innermost values of ragged tensors, whose rows must be the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base.export import export
from tfmagic.ops import api
from tfmagic.tf.ragged.tensor import RaggedTensor, is_ragged

_DIFFERENT = "Inputs must have identical ragged splits"


def same_splits(lists: Sequence[Sequence[Any]], message: str = _DIFFERENT) -> list[Any]:
    """Checks that nested row splits are the same.

    Args:
      lists: the row splits of each ragged tensor, the outermost first.

    Raises:
      ValueError: they have different numbers of ragged dimensions.
    """
    first = lists[0]
    if any(len(other) != len(first) for other in lists):
        raise ValueError(message)
    return [api.debugging.assert_equal(one, two, message=message)
            for other in lists[1:] for one, two in zip(first, other)]


def of_one_splits_type(*values: Any) -> tuple[Any, ...]:
    """The values, whose ragged tensors all have row splits of one type.

    Raises:
      ValueError: they have not.
    """
    if len({value.row_splits.dtype for value in values if isinstance(value, RaggedTensor)}) > 1:
        raise ValueError("Input RaggedTensors have mismatched row_splits dtypes; use RaggedTensor."
                         "with_row_splits_dtype() to convert them to compatible dtypes.")
    return values


@export("ragged.map_flat_values")
def map_flat_values(op: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A function of tensors applied to the innermost values of ragged ones.

    Args:
      op: the function, which must keep the size of the outermost dimension.
      *args, **kwargs: its arguments, or lists of them; ragged tensors among them all have the same rows.

    Returns:
      A ragged tensor with those rows, or what `op` gives if no argument is ragged.

    Raises:
      ValueError: the arguments have different numbers of ragged dimensions.
    """
    found: list[Any] = []

    def flat(value: Any) -> Any:
        if is_ragged(value):
            found.append(value)
            return value.flat_values
        if isinstance(value, (list, tuple)):
            parts = [flat(part) for part in value]
            return type(value)(parts) if type(value) in (list, tuple) else value
        return value

    flat_args = [flat(value) for value in args]
    flat_kwargs = {name: flat(value) for name, value in kwargs.items()}
    if not found:
        return op(*args, **kwargs)
    of_one_splits_type(*found)
    splits = [ragged.nested_row_splits for ragged in found]
    with api.control_dependencies(same_splits(splits)):
        return RaggedTensor.from_nested_row_splits(op(*flat_args, **flat_kwargs), splits[0], validate=False)
