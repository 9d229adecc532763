"""The devices of a session: their TensorFlow names, torch devices and memory."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

from tfmagic.base import devices, errors
from tfmagic.base.lazy import torch

PREFIX = "/job:localhost/replica:0/task:0"


@dataclass(frozen=True)
class Device:
    """One device of a session.

    Attributes:
      name: the full TensorFlow name.
      device_type: "CPU" or "GPU".
      torch_name: the torch device that does the work; every virtual CPU is "cpu".
      memory_limit: bytes of memory.
    """

    name: str
    device_type: str
    torch_name: str
    memory_limit: int
    incarnation: int = 0

    @property
    def memory_limit_bytes(self) -> int:
        return self.memory_limit

    def __repr__(self) -> str:
        return f"_DeviceAttributes({self.name}, {self.device_type}, {self.memory_limit}, {self.incarnation})"


def local_devices(cpus: int = 1, gpus: int | None = None) -> list[Device]:
    """The devices of this machine: `cpus` virtual CPUs and the CUDA devices (at most `gpus`)."""
    found = [Device(f"{PREFIX}/device:CPU:{i}", "CPU", "cpu", 268435456, i + 1) for i in range(cpus)]
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    for i in range(count if gpus is None else min(count, gpus)):
        found.append(Device(f"{PREFIX}/device:GPU:{i}", "GPU", f"cuda:{i}",
                            torch.cuda.get_device_properties(i).total_memory, 1000 + i))
    return found


def session_devices(config: Any = None, place: str | None = None) -> list[Device]:
    """The devices of a session.

    Args:
      place: the task of its server, as names of devices have it; by default this process.
      config: its `ConfigProto`, or None. `device_count` says how many virtual CPUs and at most how many GPUs;
        `gpu_options.visible_device_list` which GPUs in which order, and `gpu_options.experimental.virtual_devices`
        into which parts each of them is divided: names for the one card, as virtual CPUs are for the one CPU.

    Raises:
      NotFoundError: there is to be no CPU.
    """
    if place is not None:
        return [replace(device, name=place + device.name.removeprefix(PREFIX)) for device in session_devices(config)]
    if config is None:
        return local_devices()
    counts = dict(config.device_count)
    if counts.get("CPU", 1) < 1:
        raise errors.NotFoundError(None, None, "No CPU devices are available in this process")
    found = local_devices(counts.get("CPU", 1))
    gpus = [device for device in found if device.device_type == "GPU"]
    listed = config.gpu_options.visible_device_list
    if listed:
        gpus = [gpus[int(index)] for index in listed.split(",") if int(index) < len(gpus)]
    parts = [list(asked.memory_limit_mb) for asked in config.gpu_options.experimental.virtual_devices]
    parts += [[]] * (len(gpus) - len(parts))
    divided = [replace(gpu, memory_limit=limit * 2**20 if limit else gpu.memory_limit)
               for gpu, limits in zip(gpus, parts) for limit in limits or [0]]
    numbered = [replace(gpu, name=f"{PREFIX}/device:GPU:{i}", incarnation=1000 + i) for i, gpu in enumerate(divided)]
    return [device for device in found if device.device_type == "CPU"] + numbered[:counts.get("GPU")]


def default_kind() -> str:
    """The kind of device that unplaced work goes to: TFMAGIC_DEVICE ("cpu" or "cuda"), else CUDA where it exists."""
    asked = os.environ.get("TFMAGIC_DEVICE", "").lower()
    return {"cpu": "CPU", "cuda": "GPU", "gpu": "GPU"}.get(asked, "")


def matches(asked: devices.DeviceSpec, device: Device) -> bool:
    """Whether `device` is one that the partial name `asked` allows."""
    have = devices.DeviceSpec.from_string(device.name)
    return all(getattr(asked, field) is None or getattr(asked, field) == getattr(have, field)
               for field in ("job", "replica", "task", "device_type", "device_index"))
