"""tf.nn's dilation and erosion, and pools of windows of random sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base.deprecation import deprecated, deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw


@export("nn.dilation2d")
def dilation2d_v1(input: Any, filter: Any = None, strides: Sequence[int] | None = None,
                  rates: Sequence[int] | None = None, padding: str | None = None, name: str | None = None,
                  filters: Any = None, dilations: Sequence[int] | None = None) -> Tensor:
    """The largest sum of each window's pixels and a filter's numbers, channel by channel.

    Args:
      input: [batch, height, width, channels].
      filter: [rows, columns, channels] (also called `filters`).
      strides: [1, rows, columns, 1], how far windows lie apart.
      rates: [1, rows, columns, 1], how far the pixels of a window lie apart (also called `dilations`).
      padding: "SAME" or "VALID".
      name: of the node.
    """
    filter = deprecated_argument_lookup("filters", filters, "filter", filter)
    rates = deprecated_argument_lookup("dilations", dilations, "rates", rates)
    return raw.dilation2d(input, filter, strides, rates, padding, name)


@export("nn.erosion2d")
def erosion2d(value: Any, kernel: Any, strides: Sequence[int], rates: Sequence[int], padding: str,
              name: str | None = None) -> Tensor:
    """The least difference of each window's pixels and a filter's numbers, channel by channel (see `dilation2d`)."""
    with name_scope(name, "erosion2d", [value, kernel]) as scope:
        return api.negative(raw.dilation2d(input=api.negative(value), filter=api.reverse(kernel, [0, 1]),
                                           strides=strides, rates=rates, padding=padding, name=scope))


def _fractional_pool(name: str, node: Any, what: str) -> None:
    @deprecated(None, f"`seed2` and `deterministic` args are deprecated.  Use {name}_v2.", name)
    def pool(value: Any, pooling_ratio: Sequence[float], pseudo_random: bool = False, overlapping: bool = False,
             deterministic: bool = False, seed: int = 0, seed2: int = 0, name: str | None = None) -> Any:
        return node(value, pooling_ratio, pseudo_random, overlapping, deterministic, seed, seed2, name)

    pool.__name__ = pool.__qualname__ = name
    pool.__doc__ = f"""{what} of windows of random sizes, by which pictures shrink by any factor.

    Args:
      value: [batch, height, width, channels].
      pooling_ratio: [1.0, rows, columns, 1.0], how much smaller they become.
      pseudo_random: whether windows of both sizes are spread evenly; else they come in random order.
      overlapping: whether a window holds the first pixels of the next.
      deterministic: whether seeds are given.
      seed: of the random sizes.
      seed2: the second one.
      name: of the node.

    Returns:
      A named tuple: the pool, and where windows begin in rows and columns.
    """
    export(f"nn.{name}")(pool)


_fractional_pool("fractional_avg_pool", raw.fractional_avg_pool, "The mean")
_fractional_pool("fractional_max_pool", raw.fractional_max_pool, "The largest value")
