"""ResourceStore: the state of one session, kind by kind."""

from __future__ import annotations

from typing import Protocol

from tfmagic.session.resources.named import NamedObjects
from tfmagic.session.resources.node_states import NodeStates
from tfmagic.session.resources.variables import Variables


class Kind(Protocol):
    """One kind of resource. How a run takes, commits and takes back is the kind's own."""

    def cancel(self) -> None:
        """Make runs that wait for one give up with CancelledError."""

    def close(self) -> None:
        """Forget them: the session is closed."""


class ResourceStore:
    """The state of one session.

    Attributes:
      variables: the values of variables.
      nodes: what single nodes keep.
      named: what is kept by container and name: iterators.
      kinds: all of them.
      threads: how many threads the user wants for an operation; 0: as many as it is worth.
    """

    def __init__(self, threads: int = 0) -> None:
        self.threads = threads
        self.variables = Variables()
        self.nodes = NodeStates()
        self.named = NamedObjects()
        self.kinds: tuple[Kind, ...] = (self.variables, self.nodes, self.named)

    def close(self) -> None:
        """End waits and forget everything."""
        for kind in self.kinds:
            kind.cancel()
        for kind in self.kinds:
            kind.close()
