"""The one topological order: hands out nodes so that each comes after those that it waits for."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

N = TypeVar("N")


class Cycle(Exception):
    """Raised when nodes wait for each other.

    Attributes:
      node: one of those that wait.
    """

    def __init__(self, node: Any):
        super().__init__(f"a cycle through {node}")
        self.node = node


class Order(Generic[N]):
    """Tells which nodes are ready as others get done.

    Args:
      nodes: the nodes; they are hashable and distinct.
      before: what a node waits for; nodes that are not of `nodes`, and itself, do not count.
      ready: called with every node once that has nothing left to wait for.
    """

    def __init__(self, nodes: Sequence[N], before: Callable[[N], Iterable[N]], ready: Callable[[N], Any]):
        self._ready = ready
        self._waiting: dict[N, int] = dict.fromkeys(nodes, 0)
        self._followers: dict[N, list[N]] = {}
        for node in nodes:
            count = 0
            for earlier in dict.fromkeys(before(node)):
                if earlier in self._waiting and earlier is not node:
                    self._followers.setdefault(earlier, []).append(node)
                    count += 1
            self._waiting[node] = count
        for node, count in self._waiting.items():
            if count == 0:
                ready(node)

    def done(self, node: N) -> None:
        """Note that `node` is done: what waited for it alone is ready."""
        for later in self._followers.get(node, ()):
            self._waiting[later] -= 1
            if self._waiting[later] == 0:
                self._ready(later)

    def check(self) -> None:
        """Raise `Cycle` when some nodes never became ready."""
        for node, count in self._waiting.items():
            if count:
                raise Cycle(node)


def in_order(nodes: Iterable[N], before: Callable[[N], Iterable[N]], rank: Callable[[N], Any]) -> list[N]:
    """All nodes in order; of those that are ready the one with the smallest rank, then the earliest given, comes first.

    Raises:
      Cycle: there is none.
    """
    nodes = list(nodes)
    index = {node: i for i, node in enumerate(nodes)}
    heap: list[tuple[Any, int]] = []
    order = Order(nodes, before, lambda node: heapq.heappush(heap, (rank(node), index[node])))
    result: list[N] = []
    while heap:
        node = nodes[heapq.heappop(heap)[1]]
        result.append(node)
        order.done(node)
    if len(result) != len(nodes):
        order.check()
    return result
