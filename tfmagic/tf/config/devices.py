"""The devices of the machine, and those that sessions without a `ConfigProto` of their own get."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors
from tfmagic.base.export import export
from tfmagic.session.devices.process import PROCESS, LogicalDevice, PhysicalDevice, VirtualDeviceConfiguration
from tfmagic.tf.cluster.spec import ClusterSpec

for _kind in (PhysicalDevice, LogicalDevice):
    _kind.__module__ = "tensorflow.python.eager.context"
export("config.experimental.VirtualDeviceConfiguration")(VirtualDeviceConfiguration)

_POLICIES = ("silent", "silent_for_int32", "warn", "explicit")


@export("config.experimental.list_physical_devices")
def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices of this machine.

    Args:
      device_type: "CPU" or "GPU" for those alone.
    """
    return PROCESS.physical(device_type)


@export("config.experimental.list_logical_devices")
def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """The devices as sessions have them; from now on what sessions get stays as it is.

    Args:
      device_type: "CPU" or "GPU" for those alone.
    """
    return [device for device in PROCESS.logical() if device_type is None or device.device_type == device_type]


@export("config.experimental_list_devices")
def list_devices() -> list[str]:
    """The names of the devices as sessions have them."""
    return [device.name for device in PROCESS.logical()]


@export("config.experimental.get_visible_devices")
def get_visible_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices of this machine that sessions may use.

    Args:
      device_type: "CPU" or "GPU" for those alone.
    """
    return PROCESS.visible(device_type)


@export("config.experimental.set_visible_devices")
def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Say which devices of this machine sessions may use.

    Args:
      devices: a device or a list of them.
      device_type: "CPU" or "GPU" to leave those of other types as they are.

    Raises:
      ValueError: there is no such device.
      RuntimeError: the devices have been listed already.
    """
    PROCESS.set_visible(devices, device_type)


@export("config.experimental.get_memory_growth")
def get_memory_growth(device: PhysicalDevice) -> bool:
    """Whether memory of a GPU is to be taken as it is needed; torch always does so."""
    return PROCESS.memory_growth(device)


@export("config.experimental.set_memory_growth")
def set_memory_growth(device: PhysicalDevice, enable: bool) -> None:
    """Ask for memory of a GPU to be taken as it is needed; torch always does so.

    Raises:
      ValueError: the device is no GPU, or is divided into virtual devices.
      RuntimeError: the devices have been listed already.
    """
    PROCESS.set_memory_growth(device, enable)


@export("config.experimental.get_virtual_device_configuration")
def get_virtual_device_configuration(device: PhysicalDevice) -> Any:
    """The virtual devices into which a device is divided, or None."""
    return PROCESS.virtual(device)


@export("config.experimental.set_virtual_device_configuration")
def set_virtual_device_configuration(device: PhysicalDevice, virtual_devices: Any) -> None:
    """Divide a device into virtual ones: several names for it.

    Args:
      device: one of `list_physical_devices`.
      virtual_devices: a `VirtualDeviceConfiguration` for each; a CPU's have no limit of memory.

    Raises:
      ValueError: there is no such device, or it cannot be divided so.
      RuntimeError: the devices have been listed already.
    """
    PROCESS.set_virtual(device, virtual_devices)


@export("config.experimental.get_device_policy")
def get_device_policy() -> str:
    """What eager code would do with tensors of another device; graphs copy them."""
    return PROCESS.device_policy


@export("config.experimental.set_device_policy")
def set_device_policy(device_policy: str | None) -> None:
    """Say what eager code would do with tensors of another device; graphs copy them.

    Args:
      device_policy: "silent", "silent_for_int32", "warn", "explicit", or None for the first.

    Raises:
      ValueError: there is no such policy.
    """
    if device_policy is not None and device_policy not in _POLICIES:
        raise ValueError(f"Not a valid device policy: {device_policy!r}")
    PROCESS.device_policy = device_policy or _POLICIES[0]


@export("config.experimental.get_synchronous_execution")
def get_synchronous_execution() -> bool:
    """Whether eager code would wait for each operation; a run of a session always ends before it returns."""
    return PROCESS.synchronous


@export("config.experimental.set_synchronous_execution")
def set_synchronous_execution(enable: bool | None) -> None:
    """Say whether eager code would wait for each operation; None: it would."""
    PROCESS.synchronous = True if enable is None else bool(enable)


@export("config.experimental_connect_to_host")
def connect_to_remote_host(remote_host: Any = None, job_name: str = "worker") -> None:
    """Refused: tfmagic runs on this machine only.

    Raises:
      ValueError: no host is given.
      UnimplementedError: one is.
    """
    if not remote_host:
        raise ValueError("Must provide at least one remote_host")
    _refuse(f"the host {remote_host!r}")


@export("config.experimental_connect_to_cluster")
def connect_to_cluster(cluster_spec_or_resolver: Any, job_name: str = "localhost", task_index: int = 0,
                       protocol: str | None = None) -> None:
    """Refused: tfmagic runs on this machine only.

    Raises:
      ValueError: no cluster is given.
      UnimplementedError: one is.
    """
    if not isinstance(cluster_spec_or_resolver, ClusterSpec) and not hasattr(cluster_spec_or_resolver, "cluster_spec"):
        raise ValueError("`cluster_spec_or_resolver` must be a `ClusterSpec` or a `ClusterResolver`.")
    _refuse("a cluster")


def _refuse(what: str) -> None:
    raise errors.UnimplementedError(None, None, f"tfmagic runs on this machine only and cannot connect to {what}. "
                                                "torch.distributed trains the module that tfmagic.to_module gives.")
