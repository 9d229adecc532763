"""`tf.train.replica_device_setter`: variables on the parameter servers in turn, the rest on the worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import tf_logging
from tfmagic.base.devices import DeviceSpec
from tfmagic.base.export import export
from tfmagic.tf.cluster.spec import ClusterSpec

# What stands on the parameter servers where nothing else is said.
_PS_OPS = ("Variable", "VariableV2", "AutoReloadVariable", "MutableHashTable", "MutableHashTableV2",
           "MutableHashTableOfTensors", "MutableHashTableOfTensorsV2", "MutableDenseHashTable",
           "MutableDenseHashTableV2", "VarHandleOp", "BoostedTreesEnsembleResourceHandleOp")


@export("train.replica_device_setter")
def replica_device_setter(ps_tasks: int = 0, ps_device: str = "/job:ps", worker_device: str = "/job:worker",
                          merge_devices: bool = True, cluster: Any = None, ps_ops: Sequence[str] | None = None,
                          ps_strategy: Callable[[Any], int] | None = None) -> Callable[[Any], str] | None:
    """A function for `tf.device` that says where each operation runs.

    Args:
      ps_tasks: how many parameter servers there are.
      ps_device: their device; variables stand on its tasks in turn.
      worker_device: the device of all else.
      merge_devices: whether what an operation says of its device counts beside it, or instead of it.
      cluster: a `ClusterDef` proto or `ClusterSpec`, which tells how many parameter servers there are.
      ps_ops: the types of operations that stand on parameter servers.
      ps_strategy: a function of an operation that gives the number of its task.

    Returns:
      The function, or None where there are no parameter servers.

    Raises:
      TypeError: `cluster` is no cluster, or `ps_strategy` cannot be called.
    """
    if cluster is not None:
        jobs = (cluster if isinstance(cluster, ClusterSpec) else ClusterSpec(cluster)).as_dict()
        ps_tasks = len(jobs.get(DeviceSpec.from_string(ps_device).job or "", ()))
    if ps_tasks == 0:
        return None
    if not merge_devices:
        tf_logging.warning("DEPRECATION: It is recommended to set merge_devices=true in replica_device_setter")
    if ps_strategy is None:
        ps_strategy = _in_turn(ps_tasks)
    if not callable(ps_strategy):
        raise TypeError("ps_strategy must be callable")
    types = _PS_OPS if ps_ops is None else ps_ops
    choose = ps_strategy

    def device(op: Any) -> str:
        if not merge_devices and op.device:
            return op.device
        own = DeviceSpec.from_string(op.device or "")
        if ps_device and op.type in types:
            servers = DeviceSpec.from_string(ps_device)
            if servers.job and own.job in (None, servers.job):
                return servers.replace(task=choose(op)).make_merged_spec(own).to_string()
        return DeviceSpec.from_string(worker_device or "").make_merged_spec(own).to_string()

    return device


def _in_turn(tasks: int) -> Callable[[Any], int]:
    following = -1

    def choose(op: Any) -> int:
        nonlocal following
        following = (following + 1) % tasks
        return following

    return choose
