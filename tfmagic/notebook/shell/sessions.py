"""The sessions of `%%session` and `%fetch`: opened on the default graph, kept from cell to cell."""

from __future__ import annotations

import contextlib
import functools
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from tfmagic.base import errors
from tfmagic.graph import context
from tfmagic.graph.operation import Operation, OwnGraph, Tensor
from tfmagic.notebook.live.checked import Checked
from tfmagic.notebook.live.profiled import Profiled
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
        self._latest: weakref.ref[Any] | None = None  # the session of the latest `%%session` cell, named or not
        self.checked: Checked | None = None  # of the latest `%%session` cell
        self.profiled: Profiled | None = None  # likewise
        # Questions of front ends arrive in another thread than cells, which has defaults of its own.
        self._defaults = context.default_sessions()

    @contextlib.contextmanager
    def opened(self, parsed: Parsed) -> Iterator[Any]:
        """The default session of a `%%session` cell, by its options."""
        together = [f"--{key}" for key in ("check", "profile", "jit") if parsed.values[key]]
        if len(together) > 1:
            raise UsageError(f"%%session: {' and '.join(together)} each run a plan in a way of their own; leave all "
                             "but one out.")
        session = self._find(parsed)
        with contextlib.ExitStack() as stack:
            self.checked = stack.enter_context(Checked(session)) if parsed.check else None
            self.profiled = stack.enter_context(Profiled(session)) if parsed.profile else None
            if parsed.init:
                stack.enter_context(_Initialised(session))
            if parsed.jit:
                stack.enter_context(_compiling(session))
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
        self._latest = weakref.ref(session)
        return session

    def _of_cells(self) -> list[Any]:
        """The sessions that cells work with: the default one, the kept one, that of the latest `%%session NAME`."""
        return [context.get_default_session(), self.unnamed, self._latest and self._latest()]

    def at_hand(self, graph: OwnGraph) -> Any:
        """The session whose state a drawing of `graph` shows: the default or kept one, else the user's only one."""
        from tfmagic.session import BaseSession

        own = {id(value): value for value in self.shell.user_ns.values() if isinstance(value, BaseSession)}
        choices = [*self._of_cells(), *(own.values() if len(own) == 1 else ())]
        return next((session for session in choices
                     if session is not None and session.graph is graph and not session._closed), None)

    @contextlib.contextmanager
    def for_run(self, graph: OwnGraph, init: bool = False) -> Iterator[Any]:
        """A session that can run elements of `graph`: one that cells work with, or one for the moment.

        Args:
          graph: the graph.
          init: whether to run the variables' initialisers first.
        """
        with contextlib.ExitStack() as stack:
            for session in self._of_cells():
                if session is not None and session.graph is graph and not session._closed:
                    break
            else:
                from tfmagic import tf

                session = stack.enter_context(contextlib.closing(tf.Session(graph=graph)))
            if init:
                initialise(session, variables_of(graph))
            try:
                yield session
            except errors.FailedPreconditionError as error:
                if not init and "uninitialized" in error.message:
                    error._message += "\nOn this line, --init runs the variables' initialisers first."
                raise

    def in_use(self, graph: OwnGraph) -> Any:
        """The session of `graph` that the user works with, or None; any thread may ask.

        It is the cells' default session, that of `%%session`, or of those in the user's variables the latest that has
        run something.
        """
        from tfmagic.session import BaseSession

        own = [value for value in list(self.shell.user_ns.values()) if isinstance(value, BaseSession)]
        own.sort(key=lambda session: session._resources is not None)
        for session in (*reversed(self._defaults), self.unnamed, self._latest and self._latest(), *reversed(own)):
            if session is not None and session.graph is graph and not session._closed:
                return session
        return None

    @contextlib.contextmanager
    def for_look(self, graph: OwnGraph) -> Iterator[Any]:
        """The session that the user works with, or where there is none a new one for the moment."""
        session = self.in_use(graph)
        if session is not None:
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


@contextlib.contextmanager
def _compiling(session: Any) -> Iterator[None]:
    """Within it what a session runs is compiled."""
    before, session.jit = session.jit, True
    try:
        yield
    finally:
        session.jit = before


class _Initialised(contextlib.AbstractContextManager[None]):
    """Within it a session never meets a variable that has no value yet.

    Those that are there have their initialisers run at once, those made within it before the next thing that runs.
    """

    def __init__(self, session: Any) -> None:
        self.session = session
        self.done: set[Any] = set()
        self.version = -1

    def __enter__(self) -> None:
        self.catch_up()
        for name in ("run", "make_callable", "partial_run_setup"):
            setattr(self.session, name, self._after_catching_up(getattr(self.session, name)))

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        for name in ("run", "make_callable", "partial_run_setup"):
            self.session.__dict__.pop(name, None)
        if error is None and not self.session._closed:
            self.catch_up()

    def _after_catching_up(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            self.catch_up()
            return method(*args, **kwargs)

        return call

    def catch_up(self) -> None:
        """Initialise what has been made since the last time."""
        graph = self.session.graph
        if graph.version == self.version:
            return
        self.version = graph.version
        new = [variable for variable in variables_of(graph) if variable not in self.done]
        self.done.update(new)
        initialise(self.session, new)


def variables_of(graph: OwnGraph) -> list[Any]:
    """The variables of a graph, global and local."""
    return [*graph.get_collection("variables"), *graph.get_collection("local_variables")]


def initialise(session: Any, variables: list[Any]) -> None:
    """Run the variables' own initialisers, without adding a node to the graph."""
    if variables:
        type(session).run(session, [variable.initializer for variable in variables])


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
