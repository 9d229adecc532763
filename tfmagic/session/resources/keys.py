"""The one name under which a session keeps a resource: container, shared name, else the name of the node."""

from __future__ import annotations

from tfmagic.graph.operation import Operation

# Stands between container and name: no name holds it.
_SEPARATOR = "\0"


def resource_key(container: str | bytes, shared_name: str | bytes, node_name: str) -> str:
    """The key of a resource.

    Args:
      container: the node's container; "" is the default one.
      shared_name: the node's shared name; "" for a resource of its own.
      node_name: the node's name.
    """
    container, shared_name = (v if isinstance(v, str) else v.decode() for v in (container, shared_name))
    name = shared_name or node_name
    return f"{container}{_SEPARATOR}{name}" if container else name


def key_of(op: Operation) -> str:
    """The key of the resource that a node names by its attrs."""
    return resource_key(op._attrs.get("container") or "", op._attrs.get("shared_name") or "", op.name)


def shown(key: str) -> tuple[str, str]:
    """Container and name of a resource, as messages show them."""
    container, _, name = key.rpartition(_SEPARATOR)
    return container or "localhost", name


def held_by(key: str, containers: frozenset[str] | None) -> bool:
    """Whether one of some containers holds a resource; None stands for all."""
    return containers is None or shown(key)[0] in containers
