"""The sessions of `%%session` and `%fetch`: opened on the default graph, kept from cell to cell."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from tfmagic.graph import context
from tfmagic.graph.operation import Operation, OwnGraph, Tensor
from tfmagic.notebook.shell import evaluate
from tfmagic.notebook.shell.options import Parsed
from tfmagic.notebook.shell.values import Fetched, FetchedItem

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class KeptSessions:
    """The sessions of one shell that `%%session` opened."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.unnamed: Any = None

    @contextlib.contextmanager
    def opened(self, parsed: Parsed) -> Iterator[Any]:
        """The default session of a `%%session` cell, by its options."""
        session = self._find(parsed)
        if parsed.init:
            initialise(session)
        context.push_session(session)
        try:
            yield session
        finally:
            context.pop_session(session)

    def _find(self, parsed: Parsed) -> Any:
        graph = context.get_default_graph()
        name = parsed.argument
        if name and not name.isidentifier():
            raise UsageError(f"%%session {name}: a session's name is a Python name.")
        session = self.shell.user_ns.get(name) if name else self.unnamed
        if session is not None and name and not hasattr(session, "run"):
            raise UsageError(f"%%session {name}: {name} is a {type(session).__name__} already; choose another name.")
        if session is None or session._closed or session.graph is not graph:
            from tfmagic import tf

            session = tf.Session()
        if name:
            self.shell.user_ns[name] = session
        else:
            if self.unnamed is not None and self.unnamed is not session:
                self.unnamed.close()
            self.unnamed = session
        return session

    @contextlib.contextmanager
    def for_run(self, graph: OwnGraph) -> Iterator[Any]:
        """A session that can run elements of `graph`: the default one, the kept one, or one for the moment."""
        for session in (context.get_default_session(), self.unnamed):
            if session is not None and session.graph is graph and not session._closed:
                yield session
                return
        from tfmagic import tf

        with contextlib.closing(tf.Session(graph=graph)) as session:
            yield session

    def close(self) -> None:
        """Close the kept session."""
        if self.unnamed is not None:
            self.unnamed.close()
            self.unnamed = None


def initialise(session: Any, only: set[Any] | None = None) -> None:
    """Run the variables' own initialisers, without adding a node to the graph.

    Args:
      session: where to run them.
      only: the variables to initialise; all of the session's graph by default.
    """
    graph = session.graph
    variables = [*graph.get_collection("variables"), *graph.get_collection("local_variables")]
    wanted = [v.initializer for v in variables if only is None or v in only]
    if wanted:
        session.run(wanted)


def fetch(session: Any, named: list[tuple[str, Any]], feeds: dict[Any, Any]) -> Fetched:
    """Run values in one `session.run`.

    Args:
      session: the session.
      named: each value to run with the user's expression for it; a value may hold several elements.
      feeds: the feed dictionary.

    Raises:
      UsageError: one of them is no tensor, operation or variable, nor holds any.
    """
    flat: list[tuple[Tensor | Operation, str]] = []
    for text, value in named:
        found = evaluate.elements(value)
        if not found:
            raise UsageError(f"{text} is a {type(value).__name__}, and no tensor, operation or variable of a graph.")
        flat += [(element, text if len(found) == 1 else "") for element in found]
    elements = [element for element, _ in flat]
    values = session.run(elements, feed_dict=feeds or None)
    by_element = {id(element): value for element, value in zip(elements, values)}
    items = [FetchedItem(element, text, by_element[id(element)]) for element, text in flat]
    structured = [_structured(value, by_element) for _, value in named]
    return Fetched(structured[0] if len(structured) == 1 else tuple(structured), items)


def _structured(value: Any, by_element: dict[int, Any]) -> Any:
    """The structure of `value` with the elements' values in their places."""
    if isinstance(value, dict):
        return {key: _structured(item, by_element) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_structured(item, by_element) for item in value]
    element = evaluate.element(value)
    return value if element is None else by_element[id(element)]
