"""ParseExampleDataset: batches of serialized examples as their features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base.shapes import Dims
from tfmagic.ops.data.datasets import Dataset, Derived, Element, Following, Iteration
from tfmagic.ops.data.rules import handle
from tfmagic.ops.declare import register
from tfmagic.ops.parsing.examples import Columns


class Parsed(Derived):
    """The features of batches of examples.

    Args:
      sparse, dense: keys, types and, for dense ones, shapes.
      defaults: the values that stand in for dense ones.
    """

    def __init__(self, source: Dataset, sparse: Sequence[tuple[Any, ...]], dense: Sequence[tuple[Any, ...]],
                 defaults: Sequence[Any]):
        super().__init__(source)
        self.columns = Columns(sparse, dense, defaults, defaults)
        keys = [key for key, *_ in (*sparse, *dense)]
        self.order = sorted(range(len(keys)), key=keys.__getitem__)
        self.sparse = len(sparse)

    class Pass(Following):
        def __init__(self, dataset: Parsed, source: Iteration):
            super().__init__(dataset, source)
            self._dataset = dataset

        def __next__(self) -> Element:
            dataset = self._dataset
            batch, = next(self.source)
            found = dataset.columns.of_batch(batch.tolist(), [])
            count = dataset.sparse
            parts: list[Any] = []
            for index in range(count):
                together = np.empty(3, object)
                together[:] = found[index], found[count + index], found[2 * count + index]
                parts.append(together)
            parts.extend(found[3 * count:])
            return tuple([parts[index] for index in dataset.order])


def _rule(op: Any, *inputs: Dims) -> Dims:
    return handle("num_parallel_calls")(op, *inputs[:2])


for _name in ("ParseExampleDataset", "ExperimentalParseExampleDataset"):
    register(_name, _rule, lambda op, source, calls, defaults: Parsed(
        source, list(zip(op.sparse_keys, op.sparse_types)), list(zip(op.dense_keys, op.Tdense, op.dense_shapes)),
        defaults), host="num_parallel_calls", traced=False, because="takes a list of defaults")
