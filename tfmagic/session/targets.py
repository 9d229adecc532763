"""Targets of sessions: the servers of this process, whose sessions share variables, tables and queues."""

from __future__ import annotations

import socket
import weakref
from typing import Any

from tfmagic.base import errors
from tfmagic.session.resources.store import ResourceStore

_REMOTE = "grpc://"
_targets: dict[str, Target] = {}


class Target:
    """What a server of this process offers to sessions.

    Args:
      address: its host and port; for port 0 one that is free.
      place: its task as a device's name has it: "/job:worker/replica:0/task:0".

    Attributes:
      name: "grpc://host:port", by which sessions know it.
      store: the `ResourceStore` whose variables and named objects its sessions share.
      sessions: those that are made for it.
    """

    def __init__(self, address: str, place: str):
        host, _, port = address.rpartition(":")
        self._reserved: Any = None
        if port == "0":
            self._reserved = socket.socket()
            self._reserved.bind(("localhost", 0))
            port = str(self._reserved.getsockname()[1])
        self.address = f"{host}:{port}"
        self.name = _REMOTE + self.address
        self.place = place
        self.store = ResourceStore()
        self.sessions: weakref.WeakSet[Any] = weakref.WeakSet()
        _targets[self.name] = self


def found(name: str | bytes) -> Target:
    """The target of this name.

    Raises:
      UnimplementedError: it is another machine's.
      NotFoundError: no server has such a name.
    """
    text = name.decode() if isinstance(name, bytes) else name
    target = _targets.get(text)
    if target is not None:
        return target
    if text.startswith(_REMOTE):
        raise errors.UnimplementedError(None, None, f"tfmagic runs on this machine only; target {name!r} names another."
                                                    " Leave target empty.")
    raise errors.NotFoundError(None, None, "No session factory registered for the given session options: "
                               f'{{target: "{text}" config: }} Registered factories are {{DIRECT_SESSION, '
                               "GRPC_SESSION}.\ntfmagic runs on this machine only; leave target empty.")
