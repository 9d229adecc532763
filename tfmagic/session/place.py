"""Placement: the device of every operation of a plan, from device scopes, colocation and what exists."""

from __future__ import annotations

from collections.abc import Sequence

from tfmagic.base import devices, errors
from tfmagic.graph import opdefs, registry
from tfmagic.graph.operation import Operation, where
from tfmagic.session.devices.listing import Device, matches

# Ops whose values live on the host wherever they are placed: shapes, names and handles.
_HOST_TYPES = frozenset({"string", "resource", "variant"})
# Ops on variables' handles and on arrays, lists and stacks of tensors.
_HOLDERS = ("VarHandleOp", "TensorArray", "TensorList", "EmptyTensorList", "Stack")


class Placer:
    """Chooses devices for the operations of one session.

    Attributes:
      has_gpu: whether one of the devices is a GPU.

    Args:
      available: the session's devices; the first GPU, else the first CPU, takes what has no device of its own.
      soft: whether an operation may go elsewhere when its device does not exist (`allow_soft_placement`).
      prefer: "CPU" or "GPU" to say which kind unplaced operations go to, or "" for the GPU where there is one.
    """

    def __init__(self, available: Sequence[Device], soft: bool = False, prefer: str = ""):
        self.available = list(available)
        self.soft = soft
        self.has_gpu = any(d.device_type == "GPU" for d in available)
        kinds = [d for d in available if d.device_type == (prefer or "GPU")]
        self.default = (kinds or [d for d in available if d.device_type == "CPU"] or list(available))[0]
        self.host = next((d for d in available if d.device_type == "CPU"), self.default)

    def place(self, op: Operation) -> Device:
        """The device of `op`.

        Raises:
          InvalidArgumentError: it asks for a device that does not exist.
        """
        asked = self._asked(op)
        if not asked:
            return self.host if self.default is self.host or _lives_on_host(op) else self.default
        spec = devices.DeviceSpec.from_string(asked)
        found = next((d for d in self.available if matches(spec, d)), None)
        if found is not None:
            if spec.device_type is None and not _lives_on_host(op) and matches(spec, self.default):
                return self.default
            return found
        if self.soft or _goes_anywhere(op):
            kind = spec.device_type
            return next((d for d in self.available if d.device_type == kind), self.host)
        raise errors.InvalidArgumentError(
            None, op, f"Cannot assign a device for operation {op.name}: node {op.name} was explicitly assigned "
            f"to {asked} but available devices are [ {', '.join(d.name for d in self.available)} ]. Make sure the "
            f"device specification refers to a valid device.\n\t [[{where(op)}]]\nUse a device of this list, or "
            "tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) to let it run where it can.")

    def _asked(self, op: Operation) -> str:
        """The device that `op`, or else the operation it is colocated with, asks for."""
        seen = {op}
        while not op._device:
            for group in op._attrs.get("_class", ()):
                name = (group if isinstance(group, str) else group.decode()).removeprefix("loc:@")
                target = op.graph._by_name.get(name)
                if target is not None and target not in seen:
                    break
            else:
                return ""
            seen.add(target)
            op = target
        return op._device


def _goes_anywhere(op: Operation) -> bool:
    """Whether `op` asks for a GPU only because TensorFlow has no kernel of it, or of its readers, for anything else."""
    readers = [reader for tensor in op._outputs for reader in tensor.consumers()] if op.type == "Const" else []
    return all(_is_for_gpus_only(each) for each in readers or [op])


def _is_for_gpus_only(op: Operation) -> bool:
    definition = opdefs.get(op.type)
    return definition is not None and "gpu_only" in definition.flags


def _lives_on_host(op: Operation) -> bool:
    """Whether the values of `op` are small integers or host objects, which TensorFlow keeps in host memory too.

    Of what holds tensors, these are the values. Queues and all else that runs share is on the host.
    """
    held = None
    if op.type.startswith(_HOLDERS):
        names = ("dtype", "T", "element_dtype", "elem_type")
        held = next((op._attrs[name] for name in names if name in op._attrs), None)
    else:
        declaration = registry.lookup(op.type)
        if declaration is not None and declaration.objects:
            return True
    found = [tensor._dtype.base_dtype for tensor in op._outputs] if held is None else [held]
    return any(dtype.name in _HOST_TYPES or dtype.name == "int32" for dtype in found)
