"""Resources of a graph that want to be made before it runs, other than variables: tables, ensembles of trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.array.join import stack
from tfmagic.ops.array.select import boolean_mask
from tfmagic.ops.control_flow.grouping import group


class _Resource(NamedTuple):
    handle: Any
    create: Any
    is_initialized: Any


def register_resource(handle: Tensor, create_op: Operation, is_initialized_op: Tensor, is_shared: bool = True) -> None:
    """Note a resource in its graph.

    Args:
      handle: its handle.
      create_op: what makes it.
      is_initialized_op: whether it is there.
      is_shared: whether all workers use the same.
    """
    key = GraphKeys.RESOURCES if is_shared else GraphKeys.LOCAL_RESOURCES
    get_default_graph().add_to_collection(key, _Resource(handle, create_op, is_initialized_op))


def shared_resources() -> list[Any]:
    """The resources of the default graph that all workers share."""
    return get_default_graph().get_collection(GraphKeys.RESOURCES)


def local_resources() -> list[Any]:
    """The resources of the default graph that each worker has for itself."""
    return get_default_graph().get_collection(GraphKeys.LOCAL_RESOURCES)


def initialize_resources(resource_list: Sequence[Any], name: str = "init") -> Operation:
    """An operation that makes resources."""
    if resource_list:
        return group(*[resource.create for resource in resource_list], name=name)
    return raw.no_op(name=name)


def report_uninitialized_resources(resource_list: Sequence[Any] | None = None,
                                   name: str = "report_uninitialized_resources") -> Tensor:
    """The names of the resources that are not there yet.

    Args:
      resource_list: by default all of the default graph.

    Returns:
      A string tensor of shape [n].
    """
    found = shared_resources() + local_resources() if resource_list is None else resource_list
    with name_scope(name), get_default_graph().device("/cpu:0"):
        if not found:
            return constant([], dtype=dtypes.string)
        missing = raw.logical_not(stack([resource.is_initialized for resource in found]))
        return boolean_mask(constant([resource.handle.name for resource in found]), missing)


@export("initializers.tables_initializer")
def tables_initializer(name: str = "init_all_tables") -> Operation:
    """An operation that fills all lookup tables of the default graph."""
    found = get_default_graph().get_collection(GraphKeys.TABLE_INITIALIZERS)
    return group(*found, name=name) if found else raw.no_op(name=name)


@export("initialize_all_tables")
@deprecated(None, "Use `tf.tables_initializer` instead.")
def initialize_all_tables(name: str = "init_all_tables") -> Operation:
    """The former name of `tf.tables_initializer`."""
    return tables_initializer(name)
