"""Feature columns that follow from the data: one of real values for each input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.graph import Graph
from tfmagic.ops import api
from tfmagic.tf.contrib.layers.columns_inputs import infer_real_valued_columns


def _placeholder(values: Any) -> Any:
    """A placeholder for batches of rows such as these."""
    return api.placeholder(api.as_dtype(values.dtype), [None, *(values.shape[1:] or [1])], name="input")


def _first(values: Any) -> Any:
    """Rows of the kind that an iterator gives, taken from its first."""
    return next(values)[None] if hasattr(values, "__next__") else values


@export("contrib.learn.infer_real_valued_columns_from_input_fn")
@deprecated(None, "Please specify feature columns explicitly.")
def infer_real_valued_columns_from_input_fn(input_fn: Callable[[], Any]) -> list[Any]:
    """Columns of real values for the features that a function gives.

    Args:
      input_fn: a function without arguments that gives features, a tensor or a dictionary of tensors, and labels.

    Raises:
      ValueError: a feature is sparse, or holds no numbers.
    """
    with Graph().as_default():
        features, _ = input_fn()
        return infer_real_valued_columns(features)


@export("contrib.learn.infer_real_valued_columns_from_input")
@deprecated(None, "Please specify feature columns explicitly.")
def infer_real_valued_columns_from_input(x: Any) -> list[Any]:
    """Columns of real values for the columns of a matrix, or of those in a dictionary.

    Args:
      x: an array whose rows are examples, a dictionary of such, or an iterator over examples.

    Raises:
      ValueError: it holds no numbers.
    """
    with Graph().as_default():
        features = ({key: _placeholder(_first(values)) for key, values in x.items()} if isinstance(x, dict)
                    else _placeholder(_first(x)))
        return infer_real_valued_columns(features)
