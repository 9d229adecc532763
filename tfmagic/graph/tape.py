"""Gradients as TensorFlow's tape takes them: of what was made while it watched, right in the scope that asks."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence
from typing import Any

from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.gradients import builders, gradient_function, gradients, is_trainable, sum_of_slices
from tfmagic.graph.operation import Operation, Tensor

_CONTROL_FLOW = frozenset({"Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit",
                           "NextIteration", "RefNextIteration"})
# Outputs whose gradient a rule takes as None where none arrived.
_MAY_BE_NONE = {"SoftmaxCrossEntropyWithLogits": {1}, "SparseSoftmaxCrossEntropyWithLogits": {1},
                "FusedBatchNorm": {1, 2, 3, 4}}


class Tape:
    """Watches a block of code, then adds the nodes of its gradients.

    Some gradients of TensorFlow 1.15 differentiate a function with a tape instead of `tf.gradients`. The nodes are
    others: no scope for each operation, no copy of the gradients that come in, and no nodes for inputs on which no
    source has an influence.

    Args:
      sources: the tensors (of variables: their handles) with respect to which gradients are taken. Each counts for
        itself: how one was computed from another does not matter.
      watched: further tensors whose influence is followed.
    """

    def __init__(self, sources: Sequence[Tensor], watched: Iterable[Tensor] = ()):
        self._sources = tuple(sources)
        self._recorded: dict[Operation, int] = {}
        self._tracked = {*sources, *watched}

    def __enter__(self) -> Tape:
        self._watch = get_default_graph()._watch()
        self._made = self._watch.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._watch.__exit__(*error)
        self.record(self._made)

    def record(self, made: Iterable[Operation]) -> None:
        """Take in operations, in the order in which they were made."""
        tracked = self._tracked
        for op in made:
            if any(tensor in tracked and is_trainable(tensor) for tensor in op._inputs):
                self._recorded[op] = len(self._recorded)
                tracked.update(op._outputs)

    def follows(self, tensor: Tensor) -> bool:
        """Whether a source or a watched tensor has an influence on this one, or it is one of them."""
        return tensor in self._tracked

    def gradients(self, ys: Sequence[Tensor], grad_ys: Sequence[Any],
                  sources: Sequence[Tensor] | None = None) -> list[Any]:
        """The gradient of each source (None where no y depends on it), from those of the results `ys`.

        Args:
          ys: the results.
          grad_ys: their gradients.
          sources: other sources than those given to the tape.
        """
        sources = self._sources if sources is None else sources
        waits = self._uses(ys)
        if any(op.type in _CONTROL_FLOW for op in waits):  # TensorFlow's tape refuses branches and loops
            return gradients(list(ys), list(sources), list(grad_ys), stop_gradients=list(sources))
        arrived: dict[Tensor, list[Any]] = collections.defaultdict(list)
        for y, grad in zip(ys, [convert_to_tensor(grad) for grad in grad_ys]):
            arrived[y].append(grad)
        queue = collections.deque(self._first(waits))
        while queue:
            op = queue.popleft()
            for tensor, grad in zip(op._inputs, self._in_gradients(op, arrived)):
                if grad is not None:
                    arrived[tensor].append(grad)
                source = tensor.op
                if source in self._recorded:
                    waits[source] -= 1
                    if waits[source] == 0:
                        queue.append(source)
        return [_sum(arrived[source]) if source in arrived else None for source in sources]

    def _uses(self, ys: Sequence[Tensor]) -> dict[Operation, int]:
        """How often the results of each recorded operation on the ways to ys are used there."""
        uses: dict[Operation, int] = {}
        counts: collections.Counter[Tensor] = collections.Counter()
        stack = list(ys)
        while stack:
            op = stack.pop().op
            if op in uses or op not in self._recorded:
                continue
            uses[op] = 0
            for tensor in op._inputs:
                counts[tensor] += 1
                if counts[tensor] == 1:
                    stack.append(tensor)
        for tensor, count in counts.items():
            if tensor.op in uses:
                uses[tensor.op] += count
        return uses

    def _first(self, uses: dict[Operation, int]) -> list[Operation]:
        """The operations whose results nothing uses, in the order in which the tape takes them."""
        unused = [op for op, count in uses.items() if count == 0]
        if len(unused) < 2:
            return unused
        table = _Table()
        for op in uses:
            table.insert(self._recorded[op])
        by_number = {self._recorded[op]: op for op in unused}
        return [by_number[number] for number in reversed(table.keys) if number in by_number]

    def _in_gradients(self, op: Operation, arrived: dict[Tensor, list[Any]]) -> list[Any]:
        """What an operation passes on to its inputs."""
        for output in op._outputs:
            if output in arrived:
                arrived[output] = [_sum(arrived[output])]
        grads = [arrived[output][0] if output in arrived else None for output in op._outputs]
        unwanted = frozenset(i for i, tensor in enumerate(op._inputs) if tensor not in self._tracked)
        function = gradient_function(op, unwanted) if any(grad is not None for grad in grads) else None
        if function is None:
            return [None] * len(op._inputs)
        may_be_none = _MAY_BE_NONE.get(op.type, ())
        grads = [builders.zeros(output) if grad is None and i not in may_be_none else grad
                 for i, (output, grad) in enumerate(zip(op._outputs, grads))]
        found = function(op, *grads)
        return list(found) if isinstance(found, (list, tuple)) else [found]


def _sum(grads: list[Any]) -> Any:
    """The sum of the gradients that arrived at one tensor."""
    if len(grads) == 1:
        return grads[0]
    return builders.add_n(grads) if all(isinstance(grad, Tensor) for grad in grads) else sum_of_slices(grads)


class _Table:
    """The order in which the hash table that TensorFlow 1.15 keeps operations in gives its keys.

    Of several operations whose results nothing uses, the tape takes the one first that it finds last in that table.

    Attributes:
      keys: the keys from first to last; those of one bucket stand together.
    """

    _SIZES = (3, 7, 17, 37, 79, 167, 337, 709, 1493, 3209, 6427, 12983, 26267, 53201, 107897)

    def __init__(self) -> None:
        self.keys: list[int] = []
        self._buckets = 1

    def insert(self, key: int) -> None:
        """Put a key that is new in front of its bucket, or of all where the bucket is empty."""
        if len(self.keys) + 1 >= self._buckets:
            self._buckets = next(size for size in self._SIZES if size > self._buckets)
            keys, self.keys = self.keys, []
            for old in keys:
                self._put(old)
        self._put(key)

    def _put(self, key: int) -> None:
        bucket = key % self._buckets
        place = next((i for i, other in enumerate(self.keys) if other % self._buckets == bucket), 0)
        self.keys.insert(place, key)
