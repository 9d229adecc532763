"""tf.contrib.input_pipeline: strings taken in turn."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw


@export("contrib.input_pipeline.obtain_next")
def obtain_next(string_list_tensor: Any, counter: Any) -> Tensor:
    """The next string of a list, and after the last the first again.

    Args:
      string_list_tensor: a vector of strings.
      counter: an int64 variable (a reference), which is counted up.
    """
    return raw.obtain_next(string_list_tensor, counter)
