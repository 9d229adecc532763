"""What happens around a cell: the scopes its headers ask for, the nodes it adds, and who made which node."""

from __future__ import annotations

import ast
import contextlib
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tfmagic.graph import context
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation
from tfmagic.notebook.shell import drawing, evaluate, free_names, headers, hints, sessions, tracebacks
from tfmagic.notebook.shell.options import Parsed
from tfmagic.notebook.shell.watch import watching

if TYPE_CHECKING:
    pass


@dataclass
class Running:
    """A cell that is running: its headers, and the graphs as they were before it."""

    asked: dict[str, Parsed]
    code: str
    marks: dict[int, tuple[weakref.ref[Graph], int]] = field(default_factory=dict)
    scopes: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    free: free_names.FreeNames | None = None
    refusal: Exception | None = None


class Cells:
    """Follows the cells of one shell through its events."""

    def __init__(self, studio: drawing.Studio) -> None:
        self.studio = studio
        self.shell, self.kept, self.names = studio.shell, studio.kept, studio.names
        self.running: list[Running] = []
        self.last_count = 0

    # --- events -----------------------------------------------------------------------------------------------

    def before(self, info: Any) -> None:
        """IPython's `pre_run_cell`: open what the headers ask for and mark where the graphs end."""
        self.studio.drawings.forget()
        code = getattr(info, "transformed_cell", None) or self.shell.transform_cell(info.raw_cell)
        count = self.last_count = self._execution_count(info)
        filename = self.shell.compile.get_code_name(info.raw_cell, code, count)
        self.names.note(filename, count, code, getattr(info, "cell_id", None))
        asked = headers.read(info.raw_cell)
        running = Running(asked, code)
        self.running.append(running)
        if not asked:
            return
        try:
            self._open(running)
        except Exception as error:
            # An event cannot stop a cell; the transformer of its code does.
            running.refusal = error

    def _execution_count(self, info: Any) -> int:
        """The number of the cell that is about to run.

        A cell without history (nbval runs all of them so) counts on from the one before it, or has the number of the
        cell that runs it.
        """
        if not info.store_history:
            return self.last_count if self.running else self.last_count + 1
        count = self.shell.execution_count
        seen = len(self.shell.history_manager.input_hist_raw) if self.shell.history_manager else count
        # Newer IPythons have counted on already when the event comes, older ones have not.
        return count - 1 if count > seen else count

    def _open(self, running: Running) -> None:
        graph_options, session_options = running.asked.get("%%graph"), running.asked.get("%%session")
        if graph_options is not None and graph_options.new:
            context.reset_default_graph()
        default = context.get_default_graph()
        running.marks = {id(g): (weakref.ref(g), g.version)
                         for g in [default, *evaluate.graphs_in(self.shell.user_ns)]}
        for parsed in running.asked.values():
            if parsed.device:
                running.scopes.enter_context(default.device(parsed.device))
        if graph_options is not None and graph_options.free:
            running.free = free_names.FreeNames(self.shell, running.code)
            running.free.make_placeholders()
        if session_options is not None:
            session = running.scopes.enter_context(self.kept.opened(session_options))
            if session_options.watch:
                running.scopes.enter_context(watching(self.shell, session, session_options.watch, running.code))

    def after(self, result: Any) -> None:
        """IPython's `post_run_cell`: close the scopes and draw, if the cell came through."""
        if not self.running:
            return
        running = self.running.pop()
        error = result.error_before_exec or result.error_in_exec
        try:
            running.scopes.__exit__(type(error) if error else None, error, None)
        except Exception as failure:
            self._fail(result, failure)
        parsed = running.asked.get("%%graph")
        if running.free is not None:
            for operation, name in running.free.names().items():
                self.names.label(operation, name)
        if parsed is not None and result.success:
            try:
                self._draw(running, parsed)
            except Exception as failure:
                self._fail(result, failure)
        if "%%session" in running.asked and self.kept.checked is not None:
            from tfmagic.notebook.shell import checks

            checked, self.kept.checked = self.kept.checked, None
            checks.show(checked, self.studio)
        if "%%session" in running.asked and self.kept.profiled is not None:
            from tfmagic.notebook.shell import profiles

            profiled, self.kept.profiled = self.kept.profiled, None
            profiles.show(profiled, self.studio)
        if result.success:
            hints.show(result.result, running.asked.get("%%session"))
        self._draw_failure(running, result.error_in_exec)

    def _fail(self, result: Any, failure: Exception) -> None:
        """Make it the cell's: what headers ask for (the drawing, first values, a --fetch) belongs to the cell."""
        tracebacks.show_error(self.shell, self.names, failure, failure.__traceback__)
        result.error_in_exec = failure

    # --- what others ask --------------------------------------------------------------------------------------

    def wants_fetch(self) -> bool:
        """Whether the running cell's last value is to be run (`%%session`)."""
        return bool(self.running) and "%%session" in self.running[-1].asked

    def is_refused(self) -> bool:
        """Whether the running cell's headers ask for what cannot be done."""
        return bool(self.running) and self.running[-1].refusal is not None

    def refuse(self) -> None:
        """Raise what is wrong with the running cell's headers (this runs in the cell's place)."""
        refusal = self.running[-1].refusal
        if refusal is not None:
            raise refusal.with_traceback(None)

    def fetch_last(self, value: Any) -> Any:
        """What the last line of a `%%session` cell shows: the values of its tensors, or the value itself."""
        found = evaluate.elements(value)
        if not found:
            return value
        feeds = evaluate.feeds(self.shell, self.running[-1].asked["%%session"].feed)
        return sessions.fetch(context.get_default_session(), self._named(value), feeds)

    # --- drawing ----------------------------------------------------------------------------------------------

    def _named(self, value: Any) -> list[tuple[str, Any]]:
        """The value of the running cell's last line with its expression; of `a, b` each part with its own."""
        last = ast.parse(self.running[-1].code).body[-1]
        expression = last.value if isinstance(last, ast.Expr) else last
        if isinstance(expression, ast.Tuple) and isinstance(value, tuple) and len(value) == len(expression.elts):
            return [(ast.unparse(part), item) for part, item in zip(expression.elts, value) if evaluate.elements(item)]
        return [(ast.unparse(expression), value)]

    def _draw(self, running: Running, parsed: Parsed) -> None:
        shown = False
        for graph, new in self._added(running):
            self._draw_part(graph, parsed, None if parsed.all else new)
            shown = True
        if not shown:
            if parsed.all or parsed.fetch:
                self._draw_part(context.get_default_graph(), parsed, None)
            else:
                print("This cell adds no nodes to the graph; `%%graph --all` or `%graph` draws the whole graph.")

    def _draw_part(self, graph: Graph, parsed: Parsed, operations: list[Operation] | None) -> None:
        drawing.draw(graph, parsed, operations, self.studio)

    def _draw_failure(self, running: Running, error: BaseException | None) -> None:
        """Draw below an error's traceback where it happened: an error of a cell with a header, or of a magic's run."""
        of_magic = any(error is raised for raised in self.studio.magic_errors)
        self.studio.magic_errors.clear()
        if error is not None and (running.asked or of_magic):
            from tfmagic.notebook.shell import failures

            made = [op for _, new in self._added(running) for op in new] if "%%graph" in running.asked else []
            failures.draw(error, self.studio, running.asked.get("%%graph"), made)

    def _added(self, running: Running) -> list[tuple[Graph, list[Operation]]]:
        """The graphs that the cell added nodes to, each with these nodes."""
        graphs = {id(g): g for g in [context.get_default_graph(), *evaluate.graphs_in(self.shell.user_ns)]}
        found = []
        for graph in graphs.values():
            reference, mark = running.marks.get(id(graph), (None, 0))
            if reference is not None and reference() is not graph:
                mark = 0
            if graph.version > mark:
                new = [op for op in graph.get_operations() if op._id > mark]
                if new:
                    found.append((graph, new))
        return found
