"""`tensorflow.python.client.device_lib`: old programs ask it for the devices of the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DeviceAttributes:
    """One device, with the fields of TensorFlow's message; its repr is the message's text."""

    name: str
    device_type: str
    memory_limit: int
    incarnation: int
    physical_device_desc: str = ""

    def __repr__(self) -> str:
        lines = [f'name: "{self.name}"', f'device_type: "{self.device_type}"', f"memory_limit: {self.memory_limit}",
                 "locality {\n}", f"incarnation: {self.incarnation}"]
        if self.physical_device_desc:
            lines.append(f'physical_device_desc: "{self.physical_device_desc}"')
        return "\n".join(lines) + "\n"


def list_local_devices(session_config: Any = None) -> list[DeviceAttributes]:
    """The devices of this machine, CPU first.

    Args:
      session_config: a `ConfigProto` whose device counts apply, or None.
    """
    from tfmagic.session.devices.listing import session_devices

    return [DeviceAttributes("/device:" + d.name.rpartition("device:")[2], d.device_type, d.memory_limit,
                             d.incarnation, "" if d.device_type == "CPU" else f"device: {d.torch_name}")
            for d in session_devices(session_config)]
