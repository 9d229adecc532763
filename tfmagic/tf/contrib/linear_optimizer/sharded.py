"""Tables of vectors by ids of two numbers, in several shards: what an optimiser knows of each example."""

from __future__ import annotations

from tfmagic.base import dtypes
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.lookup.mutable import DenseHashTable

_NAME = "ShardedMutableHashTable"


class ShardedTable:
    """Four numbers for each example, by its fingerprint [n, 2]; all zero for one that is new.

    Args:
      shards: over how many tables the examples spread.
    """

    def __init__(self, shards: int):
        with name_scope(None, _NAME):
            # No fingerprint has 0 or 1 as its first number.
            self._tables = [DenseHashTable(dtypes.int64, dtypes.float32, [0.0] * 4, [0, 0], [1, 1],
                                           name=f"{_NAME}-{place + 1}-of-{shards}") for place in range(shards)]

    def size(self) -> Tensor:
        """How many examples there are."""
        with name_scope(None, "sharded_mutable_hash_table_size"):
            return api.add_n([table.size() for table in self._tables])

    def lookup(self, keys: Tensor) -> Tensor:
        """The numbers of examples, [n, 4]."""
        if len(self._tables) == 1:
            return self._tables[0].lookup(keys)
        shards = self._shards_of(keys)
        parts = api.dynamic_partition(keys, shards, len(self._tables))
        values = [table.lookup(part) for table, part in zip(self._tables, parts)]
        count = keys.shape.as_list()[0]
        places = api.dynamic_partition(api.range(count), shards, len(self._tables))
        result: Tensor = api.dynamic_stitch(places, values)
        result.set_shape([count, 4])
        return result

    def insert(self, keys: Tensor, values: Tensor) -> Operation:
        """Set the numbers of examples."""
        if len(self._tables) == 1:
            return self._tables[0].insert(keys, values)
        shards = self._shards_of(keys)
        keys_of = api.dynamic_partition(keys, shards, len(self._tables))
        values_of = api.dynamic_partition(values, shards, len(self._tables))
        return group(*(table.insert(*pair) for table, *pair in zip(self._tables, keys_of, values_of)))

    def values(self) -> list[Tensor]:
        """The numbers of all examples, shard by shard."""
        return [table.export()[1] for table in self._tables]

    def _shards_of(self, keys: Tensor) -> Tensor:
        first = api.reshape(api.slice(keys, [0, 0], [keys.shape.as_list()[0], 1]), [-1])
        return api.cast(api.mod(api.abs(first), len(self._tables)), dtypes.int32)
