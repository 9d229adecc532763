"""What a saver saves: variables, parts of them and objects that say how they are saved, by the names in the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfmagic.base.dtypes import DType
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import raw
from tfmagic.tf.variable.partitioned import PartitionedVariable
from tfmagic.tf.variable.resource import ResourceVariable, shape_safe_assign_variable_handle
from tfmagic.tf.variable.variables import Variable

_VARIABLE_OPS = ("Variable", "VariableV2", "AutoReloadVariable", "VarHandleOp", "ReadVariableOp")


class SaveSpec:
    """One tensor of a checkpoint.

    Args:
      tensor: what is saved, or a function that makes it where a save needs it.
      slice_spec: which part of a larger tensor it is ("4 2 0,2:-"), "" for all of it.
      name: the name in the checkpoint.
      dtype: the type, where it is not the tensor's own.
      device: the device, where it is not the tensor's own.
    """

    def __init__(self, tensor: Any, slice_spec: str, name: str, dtype: DType | None = None, device: str | None = None):
        self._tensor = tensor
        self.slice_spec = slice_spec
        self.name = name
        if callable(tensor):
            if dtype is None or device is None:
                raise AssertionError("When passing a callable `tensor` to a SaveSpec, an explicit dtype and device must"
                                     " be provided.")
            self.dtype, self.device = dtype, device
        else:
            self.dtype = tensor.dtype
            self.device = device if device is not None else tensor.device

    @property
    def tensor(self) -> Any:
        """What is saved; a function is called each time."""
        return self._tensor() if callable(self._tensor) else self._tensor


class SaveableObject:
    """Something that a saver saves as one or more tensors, and restores from them.

    Args:
      op: what it belongs to.
      specs: a `SaveSpec` for each tensor.
      name: the name in the checkpoint.
    """

    def __init__(self, op: Any, specs: list[SaveSpec], name: str):
        self.op = op
        self.specs = specs
        self.name = name

    @property
    def device(self) -> str:
        """The device of the first tensor."""
        return self.specs[0].device

    @property
    def optional_restore(self) -> bool:
        """Whether a checkpoint may lack it."""
        return False

    def restore(self, restored_tensors: list[Tensor], restored_shapes: list[Any] | None) -> Any:
        """An operation that takes over the tensors of a checkpoint.

        Args:
          restored_tensors: one for each spec.
          restored_shapes: shapes to give them, or None to leave them as they are.
        """
        raise ValueError("Calling an abstract method.")


SaveSpec.__module__ = SaveableObject.__module__ = "tensorflow.python.training.saving.saveable_object"


class ReferenceVariableSaveable(SaveableObject):
    """A variable that is a reference."""

    def __init__(self, var: Any, slice_spec: str, name: str):
        super().__init__(var, [SaveSpec(var, slice_spec, name, dtype=var.dtype)], name)

    def restore(self, restored_tensors: list[Tensor], restored_shapes: list[Any] | None) -> Any:
        value = restored_tensors[0]
        if restored_shapes is not None:
            value = raw.reshape(value, restored_shapes[0])
        known = self.op.shape.is_fully_defined()
        return raw.assign(self.op, value, validate_shape=restored_shapes is None and known)


class ResourceVariableSaveable(SaveableObject):
    """A variable behind a handle."""

    def __init__(self, var: Any, slice_spec: str, name: str):
        self._device = var.device
        self._shape = var.shape
        if isinstance(var, Tensor):
            self.handle_op = var.op.inputs[0]
            tensor: Any = var
        elif isinstance(var, ResourceVariable):
            self.handle_op = var.handle
            tensor = _read_on_cpu(var)
        else:
            raise ValueError(f"Saveable is neither a resource variable nor a read operation. Got: {var!r}")
        super().__init__(var, [SaveSpec(tensor, slice_spec, name, dtype=var.dtype, device=var.device)], name)

    def restore(self, restored_tensors: list[Tensor], restored_shapes: list[Any] | None) -> Any:
        value = restored_tensors[0]
        if restored_shapes is not None:
            value = raw.reshape(value, restored_shapes[0])
        with get_default_graph().device(self._device):
            return shape_safe_assign_variable_handle(self.handle_op, self._shape, raw.identity(value))


def _read_on_cpu(variable: Any) -> Any:
    def read() -> Tensor:
        graph = get_default_graph()
        with graph.device(variable.device):
            value = variable.read_value()
            with graph.device("/device:CPU:0"):
                return raw.identity(value)

    return read


def is_variable(thing: Any) -> bool:
    """Whether it is a variable, or the tensor of one."""
    if isinstance(thing, Variable):
        return True
    return isinstance(thing, Tensor) and thing.op.type in _VARIABLE_OPS


def by_name(items: Any) -> dict[str, Any]:
    """What is saved under which name in the file.

    Args:
      items: variables and objects to save, each under its own name; the parts of one variable come together.

    Raises:
      TypeError: it is no list, or an item is neither.
      ValueError: two have the same name.
    """
    if not isinstance(items, (list, tuple, set)):
        raise TypeError(f"Variables to save should be passed in a dict or a list: {items}")
    found: dict[str, Any] = {}
    for item in sorted(items, key=lambda thing: thing.name):
        if isinstance(item, SaveableObject):
            found[item.name] = item
            continue
        if isinstance(item, PartitionedVariable):
            if item.name in found:
                raise ValueError(f"At least two variables have the same name: {item.name}")
            found[item.name] = item
            continue
        info = item._get_save_slice_info() if isinstance(item, Variable) else None
        if info is not None:
            parts = found.setdefault(info.full_name, [])
            if not isinstance(parts, list):
                raise ValueError(f"Mixing slices and non-slices with the same name: {info.full_name}")
            parts.append(item)
            continue
        if isinstance(item, ResourceVariable):
            name = item.handle.op.name
        else:
            tensor = to_tensor(item, as_ref=True)
            if not is_variable(tensor):
                raise TypeError(f"Variable to save is not a Variable: {tensor}")
            name = tensor.op.name
        if name in found:
            raise ValueError(f"At least two variables have the same name: {name}")
        found[name] = item
    return found


def op_list_to_dict(op_list: Any, convert_variable_to_tensor: bool = True) -> dict[str, Any]:
    """`by_name`, which gives the tensors of variables if asked."""
    found = by_name(op_list)
    if not convert_variable_to_tensor:
        return found
    return {name: item._graph_element if isinstance(item, ResourceVariable)
            else to_tensor(item, as_ref=True) if isinstance(item, Variable) else item for name, item in found.items()}


def saveable_objects_for_op(op: Any, name: Any) -> Iterable[SaveableObject]:
    """How a variable, a list of parts or an object is saved under a name.

    Args:
      op: what is saved.
      name: its name in the checkpoint.

    Raises:
      TypeError, ValueError: it cannot be saved.
    """
    thing = op
    if not isinstance(name, str):
        raise TypeError("names_to_saveables must be a dict mapping string names to trackable operations. Name is not a "
                        f"string: {name}")
    if isinstance(thing, SaveableObject):
        yield thing
    elif isinstance(thing, (list, tuple, PartitionedVariable)):
        parts = list(thing)
        if isinstance(thing, PartitionedVariable):
            name = parts[0]._get_save_slice_info().full_name if name == thing.name else name
        whole = None
        for part in parts:
            if not isinstance(part, Variable):
                raise ValueError(f"Slices must all be Variables: {part}")
            info = part._get_save_slice_info()
            if info is None:
                raise ValueError(f"Slices must all be slices: {part}")
            whole = info.full_name if whole is None else whole
            if whole != info.full_name:
                raise ValueError(f"Slices must all be from the same tensor: {whole} != {info.full_name}")
            kind = ResourceVariableSaveable if isinstance(part, ResourceVariable) else ReferenceVariableSaveable
            yield kind(part, info.spec, name)
    elif isinstance(thing, ResourceVariable):
        yield ResourceVariableSaveable(thing._graph_element, "", name)
    else:
        tensor = to_tensor(thing, as_ref=True)
        if not is_variable(tensor):
            raise TypeError("names_to_saveables must be a dict mapping string names to Tensors/Variables. Not a "
                            f"variable: {tensor}")
        if tensor.op.type == "ReadVariableOp":
            yield ResourceVariableSaveable(tensor, "", name)
        else:
            yield ReferenceVariableSaveable(tensor, "", name)


def saveables(names: Any) -> list[SaveableObject]:
    """How each thing of a dict by names is saved, in the order of the names.

    Raises:
      TypeError, ValueError: one cannot be saved, or is saved twice.
    """
    if not isinstance(names, dict):
        names = by_name(names)
    result: list[SaveableObject] = []
    seen: set[Any] = set()
    for name, thing in sorted(names.items(), key=lambda item: item[0]):
        for saveable in saveable_objects_for_op(thing, name):
            owner = saveable.op
            key: Any = owner.op if isinstance(owner, Tensor) else id(owner)
            if key in seen and not isinstance(owner, Operation):
                raise ValueError("The same saveable will be restored with two names: "
                                 f"{saveable.name}")
            seen.add(key)
            result.append(saveable)
    return result


def all_saveables(scope: str | None = None) -> list[Any]:
    """All that a saver without a list saves: global variables and saveable objects."""
    graph = get_default_graph()
    return graph.get_collection(GraphKeys.GLOBAL_VARIABLES, scope) + graph.get_collection(
        GraphKeys.SAVEABLE_OBJECTS, scope)
