"""CriticalSection: functions of the graph that run one after another, never at the same time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tfmagic.base import nest
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow import grouping
from tfmagic.ops.control_flow.tensor_array import TensorArray

_SECTIONS = "critical_sections"
_EXECUTIONS = "critical_section_executions"


class _ExecutionSignature(NamedTuple):
    """What a call of `execute` uses."""

    op: Operation
    handle: Tensor
    resources: list[Tensor]
    exclusive_resource_access: bool


class _Wrapped:
    """A tensor as messages show it in a set of them."""

    def __init__(self, tensor: Tensor):
        self._tensor = tensor

    def __repr__(self) -> str:
        return f"<_ObjectIdentityWrapper wrapping {self._tensor!r}>"


@export("CriticalSection")
class CriticalSection:
    """Functions that run one after another, never at the same time, in one run or in several.

    Args:
      name: the name of the node.
      shared_name: a name under which several nodes mean one section.
      critical_section_def: must be None.
      import_scope: not used.

    Raises:
      ValueError: `critical_section_def` and a name are given.
      NotImplementedError: `critical_section_def` is given.
    """

    def __init__(self, name: str | None = None, shared_name: str | None = None, critical_section_def: Any = None,
                 import_scope: str | None = None):
        if critical_section_def is not None:
            if name is not None:
                raise ValueError("critical_section_def and shared_name are mutually exclusive.")
            raise NotImplementedError("Not yet implemented")
        with name_scope(name, "CriticalSection", []) as scope:
            self._handle = raw.mutex_v2(shared_name=shared_name or scope, name=scope)
        get_default_graph().add_to_collection(_SECTIONS, self)

    @property
    def name(self) -> str:
        """The name of its node."""
        return self._handle.op.name

    def execute(self, fn: Callable[[], Any], exclusive_resource_access: bool = True, name: str | None = None) -> Any:
        """Call `fn`: what it adds to the graph runs while nothing else of this section does.

        Args:
          fn: a function without arguments; it gives tensors, nested or not.
          exclusive_resource_access: whether resources that `fn` uses are used in no other section.
          name: the name of the scope.

        Returns:
          What `fn` gives, as copies that are ready when the section has been left.

        Raises:
          ValueError: `fn` uses this section itself, or a resource that another section uses.
        """
        graph = get_default_graph()
        with name_scope(name, "critical_section_execute", []):
            lock = raw.mutex_lock(self._handle)
            with graph.control_dependencies([lock]):
                known = len(graph._operations)
                result = fn()
                made = dict.fromkeys(list(graph._operations)[known:])
            captured = {t: None for op in made for t in op._inputs if t.op not in made}
            own = captured.pop(self._handle, self) is not self
            resources = [t for t in captured if t._dtype.name == "resource"]
            if captured:
                lock.op._add_control_input(grouping.group(*captured))
            if own:
                raise ValueError("The function fn attempts to directly access the CriticalSection in which it would be "
                                 "running.  This is illegal and would cause deadlocks.")
            self._check_exclusive(resources, exclusive_resource_access)
            flat = nest.flatten(result)
            copies = [_copy(item) for item in flat]
            with graph.control_dependencies(copies):
                with graph.colocate_with(self._handle):
                    left = raw.consume_mutex_lock(lock)
                gated = grouping.tuple(flat)
            with graph.control_dependencies([left]):
                gated = [_copy(item) for item in gated]
            graph.add_to_collection(_EXECUTIONS, _ExecutionSignature(
                lock.op, self._handle, resources, exclusive_resource_access))
            return nest.pack_sequence_as(result, gated)

    def _check_exclusive(self, resources: list[Tensor], exclusive: bool) -> None:
        """Check that no other section uses these resources, unless both allow it.

        Raises:
          ValueError: one does.
        """
        for other in get_default_graph().get_collection(_EXECUTIONS):
            if other.handle is self._handle or not (exclusive or other.exclusive_resource_access):
                continue
            shared = [_Wrapped(t) for t in resources if any(t is used for used in other.resources)]
            if shared:
                raise ValueError(
                    f"This execution would access resources: {shared}.  Either this lock (CriticalSection: "
                    f"{self._handle}) or lock '{other}' (CriticalSection: {other.handle}) requested exclusive resource "
                    "access of this resource.  Did you mean to call execute with keyword argument "
                    "exclusive_resource_access=False?")


def _copy(item: Any) -> Any:
    if isinstance(item, Operation):
        return grouping.group(item)
    return item.identity() if isinstance(item, TensorArray) else api.identity(item)
