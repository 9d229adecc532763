"""Device names: parsing, merging and TensorFlow's canonical form (`/job:worker/device:GPU:0`)."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from typing import Any

from tfmagic.base.export import export

_JOB = re.compile(r"[A-Za-z_]\w*")


@export("DeviceSpec")
@dataclass(unsafe_hash=True)
class DeviceSpec:
    """A full or partial device name.

    Attributes:
      job, replica, task: where in a cluster, or None for any.
      device_type: "CPU" or "GPU", or None for any.
      device_index: the number of the device of this type, or None for any.
    """

    job: str | None = None
    replica: int | None = None
    task: int | None = None
    device_type: str | None = None
    device_index: int | None = None

    def __post_init__(self) -> None:
        if self.device_type is not None:
            kind = self.device_type
            self.device_type = kind.upper() if kind.lower() in ("cpu", "gpu") else kind
        for name in ("replica", "task", "device_index"):
            if getattr(self, name) is not None:
                setattr(self, name, int(getattr(self, name)))

    @classmethod
    def from_string(cls, spec: str) -> DeviceSpec:
        """Parse a device name such as "/gpu:0" or "/job:ps/task:1/device:CPU:0".

        Raises:
          ValueError: the name is malformed.
        """
        return replace(_parse(spec))

    def parse_from_string(self, spec: str) -> DeviceSpec:
        """Take over what the name `spec` says; gives the object itself."""
        vars(self).update(vars(_parse(spec)))
        return self

    def to_string(self) -> str:
        """The canonical name."""
        text = "" if self.job is None else f"/job:{self.job}"
        text += "" if self.replica is None else f"/replica:{self.replica}"
        text += "" if self.task is None else f"/task:{self.task}"
        if self.device_type is not None:
            index = "*" if self.device_index is None else self.device_index
            text += f"/device:{self.device_type}:{index}"
        return text

    def make_merged_spec(self, dev: DeviceSpec) -> DeviceSpec:
        """This name with the fields that `dev` gives put in their place, as a new object."""
        given = {name: value for name, value in vars(dev).items() if value is not None}
        return replace(self, **given)

    def merge_from(self, dev: DeviceSpec) -> None:
        """Take over the fields that `dev` gives."""
        vars(self).update({name: value for name, value in vars(dev).items() if value is not None})

    def replace(self, **kwargs: Any) -> DeviceSpec:
        return replace(self, **kwargs)

    def __str__(self) -> str:
        return self.to_string()


@functools.lru_cache(maxsize=512)
def _parse(spec: str) -> DeviceSpec:
    fields: dict[str, Any] = {}
    for part in spec.split("/"):
        words = part.split(":")
        key, count = words[0], len(words)
        if not part:
            continue
        if key == "job" and count == 2:
            fields["job"] = words[1]
        elif key in ("replica", "task") and count == 2:
            fields[key] = int(words[1])
        elif key.lower() in ("cpu", "gpu") and count <= 2:
            _refuse_second_type(fields, spec)
            fields["device_type"] = key.upper()
            fields["device_index"] = _index(words[1:])
        elif key == "device" and count in (2, 3):
            _refuse_second_type(fields, spec)
            fields["device_type"] = None if words[1] == "*" else words[1]
            fields["device_index"] = _index(words[2:])
        else:
            raise ValueError(f"Unknown attribute: '{key}' in '{spec}'\nWrite a device as '/cpu:0', '/gpu:0' or "
                             "'/job:worker/task:0/device:GPU:0'.")
    return DeviceSpec(**fields)


def _refuse_second_type(fields: dict[str, Any], spec: str) -> None:
    if "device_type" in fields:
        raise ValueError(f"Cannot specify multiple device types: {spec}")


def _index(words: list[str]) -> int | None:
    return int(words[0]) if words and words[0] != "*" else None


@functools.lru_cache(maxsize=512)
def canonical(device: str) -> str:
    """The canonical form of a device name ("/cpu:0" -> "/device:CPU:0")."""
    return _parse(device).to_string()


@functools.lru_cache(maxsize=512)
def merge(outer: str, inner: str) -> str:
    """The device of a node in scope `inner` within scope `outer`: the inner one's fields win."""
    return _parse(outer).make_merged_spec(_parse(inner)).to_string()
