"""group, tuple and with_dependencies: operations that wait for others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import nest
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices, as_tensor_or_slices
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.control_flow.routing import identity


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor) or nest.is_composite(value) or hasattr(value, "_as_graph_element")


@export("group")
def group(*inputs: Any, **kwargs: Any) -> Operation:
    """One operation that runs all inputs and gives nothing.

    Args:
      *inputs: tensors or operations, nested or not.
      name: the name of the operation.

    Raises:
      TypeError: an input is neither tensor nor operation.
      ValueError: an unknown keyword argument.
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise ValueError("Unknown keyword arguments: " + ", ".join(kwargs))
    graph = get_default_graph()
    with name_scope(name, "group_deps", inputs) as scope:
        if not inputs:
            return raw.no_op(name=scope)
        by_device: dict[str, list[Any]] = {}
        for item in nest.flatten(inputs, expand_composites=True):
            if not hasattr(item, "device"):
                raise TypeError(f"Expected tf.group() expected Tensor arguments not '{item}' with type "
                                f"'{type(item)}'")
            by_device.setdefault(item.device, []).append(item)
        if len(by_device) == 1:
            (device, items), = by_device.items()
            return _no_op_after(device, items, scope)
        per_device = [_no_op_after(device, by_device[device], None) for device in sorted(by_device)]
        with graph.control_dependencies(per_device):
            return raw.no_op(name=scope)


def _no_op_after(device: str, items: list[Any], name: str | None) -> Operation:
    graph = get_default_graph()
    with graph.control_dependencies(items), graph.device(device):
        return raw.no_op(name=name)


def with_dependencies(dependencies: Sequence[Any], output_tensor: Any, name: str | None = None) -> Any:
    """A copy of `output_tensor` that is ready only after `dependencies` have run.

    Args:
      dependencies: operations or tensors.
      output_tensor: a tensor or `IndexedSlices`.
    """
    graph = get_default_graph()
    with name_scope(name, "control_dependency", [*dependencies, output_tensor]) as scope, \
            graph.colocate_with(output_tensor), graph.control_dependencies(dependencies):
        output_tensor = as_tensor_or_slices(output_tensor)
        if isinstance(output_tensor, Tensor):
            return identity(output_tensor, name=scope)
        if isinstance(output_tensor, IndexedSlices):
            return IndexedSlices(identity(output_tensor.values, name=scope), output_tensor.indices,
                                 output_tensor.dense_shape)
        return identity(output_tensor)


@export("tuple")
def tuple(tensors: Any, name: str | None = None, control_inputs: Any = None) -> list[Any]:
    """Copies of `tensors` of which each is ready only when all are.

    Args:
      tensors: tensors or `IndexedSlices`; None stays None.
      control_inputs: further operations or tensors that all have to wait for.

    Raises:
      TypeError: `control_inputs` holds something else.
      ValueError: there is no tensor at all.
    """
    with name_scope(name, "tuple", tensors):
        tensors = [t if isinstance(t, Operation) or _is_tensor(t) or t is None else to_tensor(t) for t in tensors]
        gates = [t if isinstance(t, Operation) else t.op for t in tensors if t is not None]
        for control in control_inputs or ():
            if isinstance(control, Tensor):
                control = control.op
            elif not isinstance(control, Operation):
                raise TypeError(f"Control input must be Operation or Tensor: {control}")
            gates.append(control)
        if not gates:
            raise ValueError(f"Must have at least one Tensor: {tensors}")
        gate = group(*sorted(set(gates), key=lambda op: op._id))
        result: list[Any] = []
        for item in tensors:
            if isinstance(item, Operation):
                with get_default_graph().control_dependencies([gate]):
                    result.append(group(item))
            else:
                result.append(None if item is None else with_dependencies([gate], item))
        return result
