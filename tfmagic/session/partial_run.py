"""Partial runs: one step of a graph whose feeds arrive in several calls; every operation runs once at most.

What was set up runs as soon as all its feeds are there, whether or not a call asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import errors
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session import conversions, results, tensor_handles
from tfmagic.session import feeds as feeding
from tfmagic.session.fetches import Fetches
from tfmagic.session.plan.prune import prune


def _fed_by(feed: Any) -> list[Any]:
    """The tensors that an entry of the list of feeds stands for."""
    conversion = conversions.of(feed)
    if conversion is not None and conversion.partial_feeds is not None:
        return conversion.partial_feeds(feed)
    return feed._fetch_parts()[0] if hasattr(feed, "_feed_parts") else [feed]


def tensors_of(graph: Any, fetches: Any) -> Fetches:
    """What a part of a run asks for.

    Raises:
      RuntimeError: there are operations in it: those run with their feeds.
    """
    parts = Fetches(graph, fetches)
    if parts.targets:
        raise RuntimeError("partial_run() requires empty target_list.\nFetch the tensors that the operations make.")
    return parts


class PartialRun:
    """A run that was set up and goes on in parts.

    Attributes:
      values: the torch values of tensors fed or computed so far.

    Raises:
      InvalidArgumentError: a tensor is both fed and fetched, or nothing is fetched.
    """

    def __init__(self, session: Any, fetches: Any, feeds: Any):
        self._session = session
        graph = session.graph
        parts = Fetches(graph, fetches)
        self._fetches = dict.fromkeys(parts.tensors)
        self._targets = dict.fromkeys(parts.targets)
        if not parts.tensors and not parts.targets:
            raise errors.InvalidArgumentError(None, None, "Must specify at least one target to fetch or execute.")
        self._feeds = {self._fed_tensor(graph, part) for feed in feeds for part in _fed_by(feed)}
        for tensor in parts.tensors:
            if tensor in self._feeds:
                raise errors.InvalidArgumentError(None, None, f"{tensor.name} is both fed and fetched.")
        self._ops = set(prune([*parts.tensors, *parts.targets], self._feeds))
        self.values: dict[Tensor, Any] = {}
        self._done: set[Operation] = set()
        self._fetched: set[Tensor] = set()
        self._ran: set[Operation] = set()
        self._fed: set[Tensor] = set()

    @staticmethod
    def _fed_tensor(graph: Any, feed: Any) -> Tensor:
        try:
            return graph.as_graph_element(feed, allow_tensor=True, allow_operation=False)
        except (TypeError, ValueError, KeyError) as error:
            error.args = (f"Cannot interpret feed_list key as Tensor: {error.args[0]}",)
            raise

    def described(self) -> str:
        """Its feeds, fetches and operations, as the handle of TensorFlow has them."""
        feeds, fetches, targets = (",".join(sorted(element.name for element in elements))
                                   for elements in (self._feeds, self._fetches, self._targets))
        return f"{feeds}->{fetches}/{targets}/1/"

    def run(self, parts: Fetches, feed_dict: dict[Any, Any]) -> Any:
        """Feed more and compute what is asked for.

        Raises:
          InvalidArgumentError: a feed or fetch was not set up, was used before, or needs a feed that has not come.
        """
        graph = self._session.graph
        given = feeding.expand(graph, feed_dict)
        for tensor in given:
            if tensor not in self._feeds:
                raise errors.InvalidArgumentError(None, tensor.op, f"The feed {tensor.name} was not specified in "
                                                                   "partial_run_setup.")
            if tensor in self._fed:
                raise errors.InvalidArgumentError(None, tensor.op, f"The feed {tensor.name} has already been fed.")
        for element in parts.tensors:
            if element not in self._fetches:
                raise errors.InvalidArgumentError(None, None, f"The fetch {element.name} was not specified in "
                                                              "partial_run_setup.")
            if element in self._fetched:
                raise errors.InvalidArgumentError(None, None, f"The fetch {element.name} has already been fetched.")
        known = dict(self.values)
        known.update({tensor: feeding.converter(tensor)(value) for tensor, value in given.items()})
        for tensor in self._missing(parts.tensors, known):
            raise errors.InvalidArgumentError(None, tensor.op, f"Fetch {tensor.name} can't be computed from "
                                                               "the feeds that have been fed so far.")
        set_up: list[Any] = [*self._fetches, *self._targets]
        due = [element for element in set_up if not self._missing([element], known)]
        fresh = [op for op in prune(due, set(known)) if op not in self._done]
        values = self._compute(due, fresh, known)
        self.values = {**known, **values}
        self._done.update(fresh)
        self._fed.update(given)
        self._fetched.update(parts.tensors)
        self._ran.update(element for element in due if element in self._targets)
        build = tensor_handles.building(self._session, parts, tensor_handles.places(parts.tensors))
        return build([results.converter(t._dtype, True)(self.values[t]) for t in parts.tensors])

    @property
    def is_over(self) -> bool:
        """Whether everything that was set up has been fed and fetched."""
        return self._fed == self._feeds and self._fetched >= set(self._fetches) and self._ran >= set(self._targets)

    def _missing(self, elements: Sequence[Any], known: dict[Tensor, Any]) -> list[Tensor]:
        """The feeds without which elements cannot be computed, that have not come yet."""
        return [tensor for op in prune(elements, set(known)) if op not in self._done for tensor in op._outputs
                if tensor in self._feeds and tensor not in known]

    def _compute(self, due: Sequence[Any], fresh: list[Operation], known: dict[Tensor, Any]) -> dict[Tensor, Any]:
        """The values of all tensors that `fresh` operations make and that later parts may need.

        Args:
          due: the tensors and operations for which they run.
        """
        inside = set(fresh)
        wanted = {t: None for t in due if isinstance(t, Tensor) and t not in known}
        for op in self._ops - inside - self._done:
            wanted.update({t: None for t in op._inputs if t.op in inside and not t._dtype._is_ref_dtype
                           and t._dtype.name != "resource"})
        fed = [t for t in known if any(t in op._inputs for op in fresh)]
        targets = [op for op in fresh if not op._outputs or op in self._targets]
        execution = self._session.execution(list(wanted), targets, fed)
        values = execution.bind(list)([known[t] for t in fed])
        return dict(zip(wanted, values))
