"""Device names: parsing, merging and TensorFlow's canonical form (`/job:worker/device:GPU:0`)."""

from __future__ import annotations

import functools
import re
from typing import Any

from tfmagic.base.export import export

_JOB = re.compile(r"[A-Za-z_]\w*")


_FIELDS = ("job", "replica", "task", "device_type", "device_index")


def _field(name: str, value: Any) -> Any:
    """A field's value as it is kept: text, or a whole number."""
    if value is None:
        return None
    if name == "device_type":
        return str(value).upper() if str(value).lower() in ("cpu", "gpu") else str(value)
    return str(value) if name == "job" else int(value)


class DeviceSpecV2:
    """A full or partial device name that does not change.

    Attributes:
      job, replica, task: where in a cluster, or None for any.
      device_type: "CPU" or "GPU", or None for any.
      device_index: the number of the device of this type, or None for any.
    """

    __slots__ = _FIELDS
    __module__ = "tensorflow.python.framework.device_spec"

    job: str | None
    replica: int | None
    task: int | None
    device_type: str | None
    device_index: int | None

    def __init__(self, job: Any = None, replica: Any = None, task: Any = None, device_type: Any = None,
                 device_index: Any = None):
        for name, value in zip(_FIELDS, (job, replica, task, device_type, device_index)):
            object.__setattr__(self, name, _field(name, value))

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _FIELDS:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise AttributeError("can't set attribute")

    @classmethod
    def from_string(cls, spec: str | None) -> Any:
        """Parse a device name such as "/gpu:0" or "/job:ps/task:1/device:CPU:0".

        Raises:
          ValueError: the name is malformed.
        """
        return cls(*_parse(spec or "")._values())

    def parse_from_string(self, spec: str) -> Any:
        """What the name `spec` says."""
        return self.from_string(spec)

    def to_string(self) -> str:
        """The canonical name."""
        text = "" if self.job is None else f"/job:{self.job}"
        text += "" if self.replica is None else f"/replica:{self.replica}"
        text += "" if self.task is None else f"/task:{self.task}"
        if self.device_type is not None:
            index = "*" if self.device_index is None else self.device_index
            text += f"/device:{self.device_type}:{index}"
        return text

    def make_merged_spec(self, dev: Any) -> Any:
        """This name with the fields that `dev` gives put in their place, as a new object."""
        given = [getattr(dev, name) for name in _FIELDS]
        return type(self)(*(own if value is None else value for own, value in zip(self._values(), given)))

    def replace(self, **kwargs: Any) -> Any:
        """A new object with other values of some fields."""
        return type(self)(**{**dict(zip(_FIELDS, self._values())), **kwargs})

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in _FIELDS)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __reduce__(self) -> Any:
        return type(self), self._values()

    def __str__(self) -> str:
        return self.to_string()

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in zip(_FIELDS, self._values()) if value is not None)
        return f"{type(self).__name__}({given})"


@export("DeviceSpec")
class DeviceSpec(DeviceSpecV2):
    """A full or partial device name, whose fields can be set."""

    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _FIELDS:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        object.__setattr__(self, name, _field(name, value))

    def parse_from_string(self, spec: str) -> DeviceSpec:
        """Take over what the name `spec` says; gives the object itself."""
        for name, value in zip(_FIELDS, _parse(spec or "")._values()):
            object.__setattr__(self, name, value)
        return self

    def merge_from(self, dev: DeviceSpecV2) -> None:
        """Take over the fields that `dev` gives."""
        self.parse_from_string(self.make_merged_spec(dev).to_string())


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
        elif key == "device" and count == 3:
            _refuse_second_type(fields, spec)
            fields["device_type"] = words[1]
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
