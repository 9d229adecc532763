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
      gpus: whether the session has GPUs, so that tensors which are fed may be on one.

    Args:
      shared: the store of a server, whose variables and named objects this session has as others have them.
    """

    def __init__(self, threads: int = 0, shared: ResourceStore | None = None) -> None:
        self.threads = threads
        self.gpus = False
        self.variables: Variables = Variables() if shared is None else shared.variables
        self.nodes = NodeStates()
        self.named: NamedObjects = NamedObjects() if shared is None else shared.named
        self.kinds: tuple[Kind, ...] = (self.variables, self.nodes, self.named)
        self._own: tuple[Kind, ...] = self.kinds if shared is None else (self.nodes,)

    def close(self) -> None:
        """End waits and forget everything that is not shared."""
        for kind in self._own:
            kind.cancel()
        for kind in self._own:
            kind.close()

    def drop(self, containers: frozenset[str] | None) -> None:
        """Forget what some containers hold, by default all of them."""
        self.variables.drop(containers)
        self.named.drop(containers)
