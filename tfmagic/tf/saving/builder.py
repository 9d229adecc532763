"""The nodes of savers: those that write a checkpoint, those that read one, one by one or all by one node."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes, messages
from tfmagic.base.devices import DeviceSpec
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.control_flow.grouping import group, with_dependencies
from tfmagic.tf.saving import saveables as kinds
from tfmagic.tf.saving.saveables import SaveableObject

V1, V2 = 1, 2  # SaverDef's versions


def _on_cpu(device: str) -> str:
    """The first CPU of the machine that a device belongs to."""
    spec = DeviceSpec.from_string(device)
    return DeviceSpec(job=spec.job, replica=spec.replica, task=spec.task, device_type="CPU", device_index=0).to_string()


class BaseSaverBuilder:
    """Makes the nodes of a saver; each thing is restored by nodes of its own.

    Args:
      write_version: `SaverDef.V1` or `SaverDef.V2`: the form of the checkpoints.
    """

    def __init__(self, write_version: int = V2):
        self._write_version = write_version

    # --- what subclasses change -----------------------------------------------------------------------------------

    def save_op(self, filename_tensor: Tensor, saveables: Sequence[SaveableObject]) -> Operation:
        """The operation that writes things into a file."""
        specs = [(spec.name, spec.slice_spec, spec.tensor) for saveable in saveables for spec in saveable.specs]
        names, slices, tensors = ([spec[part] for spec in specs] for part in range(3))
        if self._write_version == V1:
            return raw.save_slices(filename_tensor, names, slices, tensors, name="save")
        if self._write_version == V2:
            return raw.save_v2(filename_tensor, names, slices, tensors)
        raise RuntimeError("Unexpected write_version: " + str(self._write_version))

    def bulk_restore(self, filename_tensor: Tensor, saveables: Sequence[SaveableObject], preferred_shard: int,
                     restore_sequentially: bool) -> list[Tensor]:
        """The tensors of all things, each read by an operation of its own."""
        del restore_sequentially
        tensors: list[Tensor] = []
        for saveable in saveables:
            with get_default_graph().device(_on_cpu(saveable.device) if saveable.device else None):
                tensors.extend(self.restore_op(filename_tensor, saveable, preferred_shard))
        return tensors

    def restore_op(self, filename_tensor: Tensor, saveable: SaveableObject, preferred_shard: int) -> list[Tensor]:
        """The tensors of one thing."""
        del preferred_shard
        return [raw.restore_v2(filename_tensor, [spec.name], [spec.slice_spec], [spec.dtype.base_dtype])[0]
                for spec in saveable.specs]

    def sharded_filename(self, filename_tensor: Tensor, shard: int, num_shards: Tensor) -> Tensor:
        """The name of one of several files."""
        return raw.sharded_filename(filename_tensor, shard, num_shards)

    # --- saving ---------------------------------------------------------------------------------------------------

    def _add_save(self, filename: Tensor, saveables: Sequence[SaveableObject]) -> Tensor:
        """The file's name, once it is written."""
        return with_dependencies([self.save_op(filename, saveables)], filename)

    def _add_sharded_save(self, filename: Tensor, per_device: list[tuple[str, list[SaveableObject]]]) -> Tensor:
        graph = get_default_graph()
        if self._write_version == V1:
            count = constant(len(per_device), name="num_shards")
            written = []
            for shard, (device, saveables) in enumerate(per_device):
                with graph.device(device):
                    written.append(self._add_save(self.sharded_filename(filename, shard, count), saveables))
            with graph.control_dependencies([tensor.op for tensor in written]):
                return raw.sharded_filespec(filename, count)
        # Each shard goes into a folder of its own first: a save that fails there changes nothing.
        temporary = raw.string_join([filename, f"_temp_{uuid.uuid4().hex}/part"])
        count = constant(len(per_device), name="num_shards")
        prefixes, written, device = [], [], ""
        for shard, (device, saveables) in enumerate(per_device):
            with graph.device(_on_cpu(device)):
                prefixes.append(self.sharded_filename(temporary, shard, count))
                written.append(self._add_save(prefixes[-1], saveables))
        with graph.control_dependencies([tensor.op for tensor in written]), graph.device(_on_cpu(device)):
            merge = raw.merge_v2_checkpoints(prefixes, filename, delete_old_dirs=True)
            with graph.control_dependencies([merge]):
                return raw.identity(filename)

    # --- restoring ------------------------------------------------------------------------------------------------

    def _add_restore(self, filename: Tensor, saveables: Sequence[SaveableObject], sequentially: bool, reshape: bool,
                     preferred_shard: int = -1, name: str = "restore_all") -> Operation:
        tensors = self.bulk_restore(filename, saveables, preferred_shard, sequentially)
        assigned: list[Any] = []
        position = 0
        for saveable in saveables:
            shapes: list[Any] | None = None
            if reshape:
                shapes = []
                for spec in saveable.specs:
                    given = spec.tensor
                    shape = given.get_shape()
                    shapes.append(shape.as_list() if shape.is_fully_defined() else raw.shape(given))
            restored = tensors[position:position + len(saveable.specs)]
            position += len(saveable.specs)
            assigned.append(saveable.restore(restored, shapes))
        return group(*assigned, name=name)

    def _add_sharded_restore(self, filename: Tensor, per_device: list[tuple[str, list[SaveableObject]]],
                             sequentially: bool, reshape: bool) -> Operation:
        restored = []
        for shard, (device, saveables) in enumerate(per_device):
            with get_default_graph().device(device):
                restored.append(self._add_restore(filename, saveables, sequentially, reshape, shard, "restore_shard"))
        return group(*restored, name="restore_all")

    @staticmethod
    def _by_device(saveables: Sequence[SaveableObject]) -> list[tuple[str, list[SaveableObject]]]:
        found: dict[str, list[SaveableObject]] = {}
        for saveable in saveables:
            devices = {DeviceSpec.from_string(spec.device or "").to_string() for spec in saveable.specs}
            if len(devices) > 1:
                raise ValueError(f"All tensors of a saveable object must be on the same device: {saveable.name}")
            found.setdefault(devices.pop(), []).append(saveable)
        return sorted(found.items())

    def build(self, names_to_saveables: Any, reshape: bool = False, sharded: bool = False, max_to_keep: int = 5,
              keep_checkpoint_every_n_hours: float = 10000.0, name: str | None = None,
              restore_sequentially: bool = False, filename: str = "model") -> Any:
        """Make the nodes.

        Args:
          names_to_saveables: variables and objects to save by their names in the file, or a list of them.
          reshape: whether a restored tensor gets the shape of its variable.
          sharded: whether each device writes a file of its own.
          max_to_keep, keep_checkpoint_every_n_hours: noted in the result.
          name: the name scope, "save" by default.
          restore_sequentially: handed to `bulk_restore`; the nodes here are the same, as in TensorFlow 1.15.
          filename: the name of the file, where none is fed.

        Returns:
          A `SaverDef` proto with the names of the nodes.
        """
        saveables = kinds.saveables(names_to_saveables)
        max_to_keep = 0 if max_to_keep is None else max_to_keep
        with name_scope(name, "save", [saveable.op for saveable in saveables]):
            base = raw.placeholder_with_default(filename or "model", shape=(), name="filename")
            prefix = raw.placeholder_with_default(base, shape=(), name="Const")
            if sharded:
                per_device = self._by_device(saveables)
                save = self._add_sharded_save(prefix, per_device)
                restore = self._add_sharded_restore(prefix, per_device, restore_sequentially, reshape)
            else:
                save = self._add_save(prefix, saveables)
                restore = self._add_restore(prefix, saveables, restore_sequentially, reshape)
        return messages.module("saver_pb2").SaverDef(
            filename_tensor_name=prefix.name, save_tensor_name=save.name, restore_op_name=restore.name,
            max_to_keep=max_to_keep, sharded=sharded, keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
            version=self._write_version)


# Programs name these through the class.
for _name, _kind in (("SaveSpec", kinds.SaveSpec), ("SaveableObject", SaveableObject),
                     ("VariableSaveable", kinds.ReferenceVariableSaveable),
                     ("ResourceVariableSaveable", kinds.ResourceVariableSaveable)):
    setattr(BaseSaverBuilder, _name, _kind)


class BulkSaverBuilder(BaseSaverBuilder):
    """Makes the nodes of a saver; one node reads all tensors."""

    def bulk_restore(self, filename_tensor: Tensor, saveables: Sequence[SaveableObject], preferred_shard: int,
                     restore_sequentially: bool) -> list[Tensor]:
        """The tensors of all things, read by one operation."""
        del preferred_shard, restore_sequentially
        specs = [spec for saveable in saveables for spec in saveable.specs]
        with get_default_graph().device("cpu:0"):
            return raw.restore_v2(filename_tensor, [spec.name for spec in specs], [spec.slice_spec for spec in specs],
                                  [dtypes.as_dtype(spec.dtype).base_dtype for spec in specs])


BaseSaverBuilder.__module__ = BulkSaverBuilder.__module__ = "tensorflow.python.training.saver"
