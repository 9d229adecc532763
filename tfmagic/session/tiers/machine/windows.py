"""Windows: which calls on windows of images are computed together, in one pass over memory.

1. The windows lie side by side and fill the image, of many channels.
2. `relu` of the largest is taken with them, where nobody else reads them. The gradient through it, its spread over the
   windows, and its sum over the pixels, are one pass too.
3. Where in a window the largest stood is noted as one byte, for spreads alone: where somebody else reads it, or a
   spread cannot be taken, all stays torch's.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Container, Iterator, Sequence
from typing import Any

import torch
from torch import fx

from tfmagic.ops.nn.largest import largest_of_windows
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.tiers.failures import kept_until

POOL = largest_of_windows
SPREAD = torch.ops.aten.max_pool2d_with_indices_backward
RELU_BACKWARD = torch.ops.aten.leaky_relu_backward
# Channels below which vectors are not filled.
_FEWEST = 16


class Windows:
    """Calls that are computed together: a pool and what follows it, or the gradient of one.

    Attributes:
      nodes: the calls, in order.
      pool: that which says how the windows lie.
      shape, window: those of the image [images, channels, height, width], and of a window.

    Args:
      results: the calls whose values are asked for outside.
      arguments: the values from outside.
    """

    def __init__(self, nodes: Sequence[fx.Node], results: Sequence[fx.Node], arguments: Sequence[fx.Node],
                 image: fx.Node):
        self.nodes, self._results, self._arguments = list(nodes), list(results), list(arguments)
        self.pool = next(node for node in nodes if node.target in (POOL, SPREAD))
        self.shape, self.dtype = tuple(image.meta["val"].shape), image.meta["val"].dtype
        self.window: tuple[int, int] = tuple(_geometry(self.pool)[0])

    @property
    def relu(self) -> fx.Node | None:
        """The call of `relu`, or of the gradient through it."""
        return next((node for node in self.nodes if node.target in (torch.relu, RELU_BACKWARD)), None)

    def results(self) -> list[fx.Node]:
        """The calls whose values are asked for outside."""
        return self._results

    def arguments(self) -> list[fx.Node]:
        """The values from outside."""
        return self._arguments

    def saving(self) -> float:
        """About how many microseconds one pass saves."""
        return math.prod(self.shape) / (3000 if self.pool.target is POOL else 1750)

    def cost(self) -> float:
        """About how many microseconds it takes to compile."""
        return 20_000


def _geometry(node: fx.Node) -> Sequence[Any]:
    """Size, steps, padding and dilation of the windows."""
    first = 1 if node.target is POOL else 2
    return node.args[first:first + 4]


def find(plan: PlanGraph) -> Iterator[fx.Node | Windows]:
    """The nodes of a plan, in an order in which they can be computed, with windows in the place of their calls."""
    nodes = list(plan.graph.nodes)
    kept: dict[str, int] | None = None
    taken: dict[fx.Node, Windows] = {}
    for node in nodes:
        if node.target is POOL and node not in taken:
            kept = kept_until(nodes) if kept is None else kept
            for made in _of_pool(node, kept):
                taken.update(dict.fromkeys(made.nodes, made))
    done = set()
    for node in nodes:
        windows = taken.get(node)
        if windows is None:
            yield node
        elif windows not in done:
            done.add(windows)
            yield windows


def _of_pool(pool: fx.Node, kept: Container[str]) -> list[Windows]:
    """A pool, and the gradients of it; nothing where not all can be taken."""
    image: Any = pool.args[0]
    value = image.meta.get("val") if isinstance(image, fx.Node) else None
    parts = {user.args[1]: user for user in pool.users if user.target is operator.getitem}
    if not isinstance(value, torch.Tensor) or value.dim() != 4 or value.dtype not in (torch.float32, torch.float64) \
            or image.meta.get("device", "cpu") != "cpu" or value.shape[1] < _FEWEST or 0 not in parts \
            or len(parts) != len(pool.users) or not _side_by_side(pool, value.shape):
        return []
    largest, nodes = parts[0], [pool, *parts.values()]
    users = list(largest.users)
    if len(users) == 1 and users[0].target is torch.relu and largest.name not in kept:
        nodes.append(users[0])
        largest = users[0]
    results = [largest]
    found = []
    if 1 in parts:
        results.append(parts[1])
        for spread in parts[1].users:
            gradient = _of_spread(spread, pool, parts[1], kept)
            if gradient is None:
                return []
            found.append(gradient)
    return [Windows(nodes, results, [image], image), *found]


def _side_by_side(pool: fx.Node, shape: Sequence[int]) -> bool:
    size, steps, padding, dilation = map(list, _geometry(pool))
    return len(size) == 2 and steps in (size, []) and not any(padding) and dilation == [1, 1] \
        and all(axis % length == 0 and axis for axis, length in zip(shape[2:], size)) and 1 < math.prod(size) < 64


def _of_spread(spread: fx.Node, pool: fx.Node, places: fx.Node, kept: Container[str]) -> Windows | None:
    """A gradient, where it belongs to the pool and nothing else is in the way."""
    if spread.target is not SPREAD or spread.args[1] is not pool.args[0] or spread.args[-1] is not places \
            or [*map(list, _geometry(spread))] != [*map(list, _geometry(pool))] or spread.kwargs:
        return None
    given: Any = spread.args[0]
    nodes, results, arguments = [spread], [spread], [given, pool.args[0], places]
    if given.target is RELU_BACKWARD and tuple(given.args[2:]) == (0.0, False) and not given.kwargs \
            and given.name not in kept:
        sums = [user for user in given.users if user is not spread]
        if all(map(_is_sum, sums)) and len(sums) < 2 and _all_known(given):
            nodes, results = [given, spread, *sums], [spread, *sums]
            arguments = [given.args[0], pool.args[0], places, given.args[1]]
    return Windows(nodes, results, arguments, pool.args[0])  # type: ignore[arg-type]


def _is_sum(node: fx.Node) -> bool:
    return node.target is torch.sum and node.args[1:] in (([0, 2, 3],), ([0, 2, 3], False)) \
        and node.kwargs.get("dtype") in (None, node.args[0].meta["val"].dtype)  # type: ignore[union-attr]


def _all_known(node: fx.Node) -> bool:
    metas: list[Any] = [value.meta.get("val") for value in (node, *node.all_input_nodes)]
    return all(isinstance(meta, torch.Tensor) and meta.shape == metas[0].shape and meta.dtype == metas[0].dtype
               for meta in metas)
