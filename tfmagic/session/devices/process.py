"""What the process asks of all its sessions (`tf.config`): devices, threads, placement, options of the optimizer.

A session without a `ConfigProto` of its own takes this one. Nothing here imports torch before devices are asked for.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from tfmagic.base import errors, messages

PhysicalDevice = namedtuple("PhysicalDevice", ["name", "device_type"])
LogicalDevice = namedtuple("LogicalDevice", ["name", "device_type"])
VirtualDeviceConfiguration: Any = namedtuple("VirtualDeviceConfiguration", ["memory_limit"], defaults=(None,))

# The switches of a RewriterConfig: those with the values OFF and ON, and those that are truth values.
_TOGGLES = ("layout_optimizer", "constant_folding", "shape_optimization", "remapping", "arithmetic_optimization",
            "dependency_optimization", "loop_optimization", "function_optimization", "debug_stripper",
            "scoped_allocator_optimization", "pin_to_host_optimization", "implementation_selector",
            "auto_mixed_precision")
_FLAGS = ("disable_model_pruning", "disable_meta_optimizer")
_ON, _OFF = 1, 2  # of RewriterConfig.Toggle
_JIT_ON, _JIT_OFF = 1, -1  # of OptimizerOptions.GlobalJitLevel


class ProcessSettings:
    """The settings of one process.

    Attributes:
      changed: whether anything was set; if not, sessions need no proto.
      fixed: whether the devices have been listed as a session has them: from then on they stay what they are.
    """

    def __init__(self) -> None:
        self.changed = self.fixed = False
        self.soft_placement = self.log_placement = False
        self.device_policy = "silent"
        self.synchronous = True
        self._threads: dict[str, int | None] = {"inter": None, "intra": None}
        self._jit: bool | None = None
        self._options: dict[str, Any] = {}
        self._physical: list[PhysicalDevice] | None = None
        self._visible: list[PhysicalDevice] | None = None
        self._virtual: dict[PhysicalDevice, list[Any]] = {}
        self._growth: dict[PhysicalDevice, bool] = {}

    def _set(self, attribute: str, value: Any) -> None:
        setattr(self, attribute, value)
        self.changed = True

    # --- placement, threads, optimizer ------------------------------------------------------------------------

    def set_soft_placement(self, enabled: bool) -> None:
        self._set("soft_placement", enabled)

    def set_log_placement(self, enabled: bool) -> None:
        if self.fixed:
            raise RuntimeError("Device placement logging must be set at program startup")
        self._set("log_placement", enabled)

    def threads(self, kind: str) -> int:
        """The number of threads asked for: `kind` is "inter" or "intra"; 0 leaves it to the system."""
        return self._threads[kind] or 0

    def set_threads(self, kind: str, number: int) -> None:
        if self.fixed and self._threads[kind] != number:
            raise RuntimeError(f"{kind.capitalize()} op parallelism cannot be modified after initialization.")
        self._threads[kind] = number
        self.changed = True

    def jit(self) -> bool:
        return bool(self._jit)

    def set_jit(self, enabled: bool) -> None:
        self._set("_jit", enabled)

    def options(self) -> dict[str, Any]:
        """The options of the optimizer that are set, and the flags."""
        asked = self._rewrites()
        found: dict[str, Any] = {name: getattr(asked, name) == _ON for name in _TOGGLES if getattr(asked, name)}
        if asked.min_graph_nodes:
            found["min_graph_nodes"] = asked.min_graph_nodes
        found.update((name, getattr(asked, name)) for name in _FLAGS)
        return found

    def set_options(self, options: dict[str, Any]) -> None:
        self._options.update(options)
        self.changed = True

    def _rewrites(self) -> Any:
        asked = messages.module("rewriter_config_pb2").RewriterConfig()
        for name in _TOGGLES:
            if self._options.get(name) is not None:
                setattr(asked, name, _ON if self._options[name] else _OFF)
        for name in _FLAGS:
            if self._options.get(name) is not None:
                setattr(asked, name, self._options[name])
        asked.min_graph_nodes = int(self._options.get("min_graph_nodes") or 0)
        return asked

    # --- devices ----------------------------------------------------------------------------------------------

    def physical(self, kind: str | None = None) -> list[PhysicalDevice]:
        """The devices of this machine: the CPU, then the GPUs (torch is asked for them)."""
        if self._physical is None:
            from tfmagic.session.devices.listing import local_devices

            names = [(device.device_type, device.name.rpartition(":")[2]) for device in local_devices()]
            self._physical = [PhysicalDevice(f"/physical_device:{kind}:{index}", kind) for kind, index in names]
        return [device for device in self._physical if kind is None or device.device_type == kind]

    def visible(self, kind: str | None = None) -> list[PhysicalDevice]:
        found = self.physical() if self._visible is None else self._visible
        return [device for device in found if kind is None or device.device_type == kind]

    def set_visible(self, devices: Any, kind: str | None = None) -> None:
        asked = list(devices) if isinstance(devices, (list, set)) else [devices]
        for device in asked:
            self._known(device, kind)
        others = [] if kind is None else [device for device in self.visible() if device.device_type != kind]
        found = [device for device in self.physical() if device in asked or device in others]
        if self.visible() == found:
            return
        self._refuse_when_fixed("Visible")
        self._set("_visible", found)

    def memory_growth(self, device: Any) -> bool:
        self._known(device)
        if device.device_type != "GPU":
            raise KeyError(device)
        return self._growth.get(device, False)

    def set_memory_growth(self, device: Any, enable: bool) -> None:
        self._known(device)
        if device in self._virtual:
            raise ValueError("Cannot set memory growth on device when virtual devices configured")
        if device.device_type != "GPU":
            raise ValueError("Cannot set memory growth on non-GPU devices")
        if self._growth.get(device) == enable:
            return
        self._refuse_when_fixed("Physical")
        self._growth[device] = enable
        self.changed = True

    def virtual(self, device: Any) -> list[Any] | None:
        self._known(device)
        return self._virtual.get(device)

    def set_virtual(self, device: Any, parts: Any) -> None:
        self._known(device)
        if device.device_type == "CPU":
            if any(part.memory_limit is not None for part in parts):
                raise ValueError("Setting memory limit on CPU virtual devices is currently not supported")
        elif device.device_type != "GPU":
            raise ValueError(f"Virtual devices are not supported for {device.device_type}")
        elif self._growth.get(device):
            raise ValueError("Cannot configure virtual devices on device when memory growth set")
        if device in self._virtual and self._virtual[device] == parts:
            return
        self._refuse_when_fixed("Virtual")
        self._virtual[device] = parts
        self.changed = True

    def logical(self) -> list[LogicalDevice]:
        """The devices as sessions have them; from now on they stay what they are."""
        from tfmagic.session.devices import settings
        from tfmagic.session.devices.listing import session_devices

        config = self.config()
        if config is not None:
            settings.apply(config)
        found = [LogicalDevice(device.name, device.device_type) for device in session_devices(config)]
        self.fixed = True
        return found

    def _known(self, device: Any, kind: str | None = None) -> None:
        if device not in self.physical(kind):
            raise ValueError(f"Unrecognized device: {device!r}")

    def _refuse_when_fixed(self, what: str) -> None:
        if self.fixed:
            raise RuntimeError(f"{what} devices cannot be modified after being initialized")

    # --- the proto --------------------------------------------------------------------------------------------

    def config(self) -> Any:
        """The `ConfigProto` of sessions that have none of their own, or None where nothing was set.

        Raises:
          ValueError: memory is to grow on some GPUs, not on others.
        """
        if not self.changed:
            return None
        config = messages.module("config_pb2").ConfigProto()
        config.allow_soft_placement = self.soft_placement
        config.log_device_placement = self.log_placement
        config.inter_op_parallelism_threads = self.threads("inter")
        config.intra_op_parallelism_threads = self.threads("intra")
        if self._jit is not None:
            config.graph_options.optimizer_options.global_jit_level = _JIT_ON if self._jit else _JIT_OFF
        config.graph_options.rewrite_options.CopyFrom(self._rewrites())
        if self._visible is not None or self._virtual or self._growth:
            self._describe_devices(config)
        return config

    def _describe_devices(self, config: Any) -> None:
        cpus, gpus = self.visible("CPU"), self.visible("GPU")
        if not cpus:
            raise errors.NotFoundError(None, None, "No CPU devices are available in this process")
        config.device_count["CPU"] = sum(len(self._virtual.get(device, [None])) for device in cpus)
        config.device_count["GPU"] = sum(len(self._virtual.get(device, [None])) for device in gpus)
        config.gpu_options.visible_device_list = ",".join(device.name.rpartition(":")[2] for device in gpus)
        for device in gpus:
            if self._virtual:
                limits = [part.memory_limit or 0 for part in self._virtual.get(device, [])]
                config.gpu_options.experimental.virtual_devices.add().memory_limit_mb.extend(filter(None, limits))
        growth = {self._growth.get(device, False) for device in gpus}
        if len(growth) > 1:
            raise ValueError("Memory growth cannot differ between GPU devices")
        config.gpu_options.allow_growth = growth == {True}


PROCESS = ProcessSettings()
