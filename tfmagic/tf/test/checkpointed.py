"""A table whose keys and values a saver saves: what TensorFlow's tests of savers save besides variables."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import raw
from tfmagic.tf.saving.saveables import SaveableObject, SaveSpec


class CheckpointedOp:
    """A table of floats by strings.

    Args:
      name: the name of the table, and what its names in a checkpoint begin with.
      table_ref: the handle of a table that is there already.
    """

    def __init__(self, name: str, table_ref: Tensor | None = None):
        if table_ref is None:
            table_ref = raw.mutable_hash_table_v2(key_dtype=dtypes.string, value_dtype=dtypes.float32, name=name)
        self.table_ref = table_ref
        self.saveable = _Saveable(self, name)
        get_default_graph().add_to_collection(GraphKeys.SAVEABLE_OBJECTS, self.saveable)

    @property
    def name(self) -> str:
        """The name in checkpoints."""
        return self.saveable.name

    def insert(self, keys: Any, values: Any) -> Operation:
        """The operation that puts values under keys."""
        return raw.lookup_table_insert_v2(self.table_ref, keys, values)

    def lookup(self, keys: Any, default: Any) -> Tensor:
        """The values under keys, or the default."""
        return raw.lookup_table_find_v2(self.table_ref, keys, default)

    def keys(self) -> Tensor:
        """All keys, a vector."""
        return self._export()[0]

    def values(self) -> Tensor:
        """All values, a vector in the order of the keys."""
        return self._export()[1]

    def _export(self) -> Any:
        return raw.lookup_table_export_v2(self.table_ref, dtypes.string, dtypes.float32)


class _Saveable(SaveableObject):
    """How the table is saved: its keys and its values."""

    def __init__(self, table: CheckpointedOp, name: str):
        keys, values = table._export()
        super().__init__(table, [SaveSpec(keys, "", name + "-keys"), SaveSpec(values, "", name + "-values")], name)

    def restore(self, restored_tensors: list[Tensor], restored_shapes: list[Any] | None) -> Operation:
        keys, values = (convert_to_tensor(tensor) for tensor in restored_tensors)
        return raw.lookup_table_import_v2(self.op.table_ref, keys, values)
