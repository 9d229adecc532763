"""tf.contrib.resampler: pictures read between their pixels."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw


@export("contrib.resampler.resampler")
def resampler(data: Any, warp: Any, name: str = "resampler") -> Tensor:
    """Pictures read at places between their pixels, mixed of the four around each; zero outside.

    Args:
      data: [n, height, width, channels].
      warp: the places (x, y), [n, ..., 2].
      name: the scope of the nodes.

    Returns:
      [n, ..., channels].
    """
    with name_scope(name, "resampler"):
        pictures, places = convert_to_tensor(data, name="data"), convert_to_tensor(warp, name="warp")
        return raw.resampler(pictures, places)
