"""Shape rules of the ops of data sets, and the checks of numbers that they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import errors
from tfmagic.base.shapes import Dims
from tfmagic.ops.shape_rules import with_rank

# Op types whose elements are scalar strings; they give tokens.
OF_STRINGS = frozenset({"TFRecordDataset", "TextLineDataset", "FixedLengthRecordDataset", "FixedLengthRecordDatasetV2"})


def handle(*scalars: str) -> Callable[..., Dims]:
    """The rule of an op that gives one data set.

    Args:
      scalars: the inputs that must be single values.
    """

    def rule(op: Any, *dims: Any) -> Dims:
        if scalars:
            for arg, known in zip(op.op._op_def.inputs, dims):
                if arg.name in scalars:
                    with_rank(known, 0)
        return ()

    return rule


def positive(value: int, what: str) -> int:
    """A number that must be greater than zero.

    Raises:
      InvalidArgumentError: it is not.
    """
    if value <= 0:
        raise errors.InvalidArgumentError(None, None, f"{what} must be greater than zero.")
    return value
