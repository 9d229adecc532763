"""The magics: each reads its line by the table in `options` and hands over to the module that does the work."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import no_var_expand

from tfmagic.graph import context
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.notebook.legacy import alias, installs
from tfmagic.notebook.live.checked import Checked
from tfmagic.notebook.shell import (
    differences,
    drawing,
    evaluate,
    listing,
    options,
    plans,
    sessions,
    stepping,
    transforms,
)
from tfmagic.notebook.shell.options import MAGICS, Parsed
from tfmagic.notebook.shell.values import Fetched


class TfMagics:
    """The magics of one shell.

    Args:
      studio: the shell with what drawing in it takes.
    """

    def __init__(self, studio: drawing.Studio) -> None:
        self.studio = studio
        self.shell, self.kept = studio.shell, studio.kept

    def register(self) -> Callable[[], None]:
        """Register every magic.

        Returns:
          A function that takes them away and puts back what they displaced.
        """
        undo = []
        for name in MAGICS:
            bare = name.lstrip("%")
            if name.startswith("%%"):
                undo.append(self._add("cell", bare, self._cell_magic(name)))
            else:
                undo.append(self._add("line", bare, self._line_magic(name, getattr(self, "line_" + bare))))
        undo.append(self._add("line", transforms.INSTALL_MAGIC, self.install))

        def undo_all() -> None:
            for step in reversed(undo):
                step()

        return undo_all

    def _add(self, kind: str, name: str, function: Callable[..., Any]) -> Callable[[], None]:
        table = self.shell.magics_manager.magics[kind]
        before = table.get(name)
        self.shell.magics_manager.register_function(function, magic_kind=kind, magic_name=name)

        def undo() -> None:
            if before is None:
                table.pop(name, None)
            else:
                table[name] = before

        return undo

    def _line_magic(self, name: str, action: Callable[[Parsed], Any]) -> Callable[[str], Any]:
        @functools.wraps(action)
        def magic(line: str) -> Any:
            try:
                return action(_parse(name, line))
            except Exception as error:
                self.studio.magic_errors.append(error)
                raise

        magic.__doc__ = MAGICS[name].help()
        # Braces and dollars on a line belong to its Python expressions.
        return no_var_expand(magic)

    def _cell_magic(self, name: str) -> Callable[[str, str], Any]:
        def magic(line: str, cell: str) -> None:
            # IPython comes here only for a header that cannot be read, or when a program calls the magic itself.
            _parse(name, line)
            self.shell.run_cell(f"{name} {line}\n{cell}", store_history=False).raise_error()

        magic.__doc__ = MAGICS[name].help()
        return no_var_expand(magic)

    # --- the line magics --------------------------------------------------------------------------------------

    def line_graph(self, parsed: Parsed) -> None:
        """Draw an expression's part of the graph, or the whole graph."""
        if parsed.diff:
            differences.draw(parsed, self.studio)
            return
        if not parsed.argument:
            self._draw(context.get_default_graph(), parsed, None)
            return
        named = evaluate.several(self.shell, parsed.argument)
        _, first = named[0]
        if len(named) == 1 and hasattr(first, "get_operations"):
            self._draw(first, parsed, None)
            return
        found = evaluate.elements([value for _, value in named])
        if len(named) == 1 and not found and hasattr(first, "graph"):
            self._draw(first.graph, parsed, None)
            return
        for text, value in named:
            if not evaluate.elements(value):
                raise UsageError(f"{text} is a {type(value).__name__}, and no part of a graph.")
        self._draw(evaluate.graph_of(found[0]), parsed, drawing.needed_for(found))

    def _draw(self, graph: Graph, parsed: Parsed, operations: list[Operation] | None) -> None:
        drawing.draw(graph, parsed, operations, self.studio)

    def line_fetch(self, parsed: Parsed) -> Fetched:
        """Run expressions and show their values."""
        if not parsed.argument:
            raise UsageError("%fetch needs an expression: %fetch EXPR [EXPR ...]")
        named = evaluate.several(self.shell, parsed.argument)
        found = evaluate.elements([value for _, value in named])
        if not found:
            raise UsageError(f"{parsed.argument}: no tensor, operation or variable of a graph.")
        feeds = evaluate.feeds(self.shell, parsed.feed)
        with self.kept.for_run(found[0].graph, parsed.init) as session:
            if not parsed.check:
                return sessions.fetch(session, named, feeds)
            from tfmagic.notebook.shell import checks

            with Checked(session) as checked:
                fetched = sessions.fetch(session, named, feeds)
            checks.show(checked, self.studio)
            fetched.is_checked = True
            return fetched

    def line_step(self, parsed: Parsed) -> None:
        """Run expressions node by node and draw the steps."""
        stepping.step(parsed, self.studio)

    def line_tensors(self, parsed: Parsed) -> listing.Table:
        """List the tensors of the default graph."""
        return listing.tensors(context.get_default_graph(), parsed.argument, parsed.all)

    def line_tensor(self, parsed: Parsed) -> None:
        """Draw tensors as blocks."""
        if not parsed.argument:
            raise UsageError("%tensor needs an expression: %tensor EXPR [EXPR ...]")
        if evaluate.is_expression(parsed.argument):
            named = [(parsed.argument, evaluate.evaluate(self.shell, parsed.argument))]
        else:
            named = evaluate.several(self.shell, parsed.argument)
        for text, value in named:
            drawing.draw_value(text, value, parsed, self.shell, self.kept)

    def line_torch(self, parsed: Parsed) -> None:
        """Show the PyTorch code of a plan beside its graph."""
        if not parsed.argument:
            raise UsageError("%torch needs an expression: %torch EXPR [EXPR ...]")
        named = evaluate.several(self.shell, parsed.argument)
        found = evaluate.elements([value for _, value in named])
        if not found:
            raise UsageError(f"{parsed.argument}: no tensor, operation or variable of a graph.")
        feeds: list[Tensor] = []
        for name in parsed.feed:
            fed = evaluate.element(evaluate.evaluate(self.shell, name))
            if not isinstance(fed, Tensor):
                raise UsageError(f"--feed {name}: no tensor of a graph, and only tensors are fed.")
            feeds.append(fed)
        with self.kept.for_run(found[0].graph) as session:
            plan = plans.made(session, found, feeds, parsed.passes)
        if parsed.passes:
            print(plans.stages(plan))
            return
        drawing.draw(evaluate.graph_of(found[0]), parsed, drawing.needed_for(found), self.studio, plans.notes(plan))

    def line_tf_reset(self, parsed: Parsed) -> None:
        """Start afresh."""
        self.kept.close()
        while (session := context.get_default_session()) is not None:
            context.pop_session(session)
            session.close()
        context.reset_default_graph()
        print("A new default graph; default sessions are closed.")

    def line_devices(self, parsed: Parsed) -> listing.Table:
        """List the devices."""
        return listing.devices()

    def line_tensorflow_version(self, parsed: Parsed) -> None:
        """Colab's magic of old: choose TensorFlow 1."""
        asked = parsed.argument
        if not asked:
            now = "tfmagic (TensorFlow 1.15.2)" if alias.is_installed() else "not tfmagic"
            print(f"`import tensorflow` leads to {now}. Available: 1.x")
            return
        if asked.startswith("2"):
            print("tfmagic: this notebook asks for TensorFlow 2; tfmagic is TensorFlow 1.15, so its TensorFlow 2 parts "
                  "will not run.", file=sys.stderr)
            return
        if not asked.startswith("1"):
            raise UsageError(f"%tensorflow_version {asked}: write 1.x.")
        alias.install(force=True)
        print("TensorFlow 1.x selected.")

    @no_var_expand
    def install(self, line: str) -> None:
        """An install command without TensorFlow (the transformer sends such commands here).

        Args:
          line: "!" or "%", then the command.
        """
        mark, command = line[:1], line[1:]
        found = installs.rewrite(command)
        if found is not None:
            print(found.message(), file=sys.stderr)
            command = found.command
        if not command:
            return
        if mark == "%":
            name, _, rest = command.partition(" ")
            self.shell.run_line_magic(name, rest.strip())
        else:
            self.shell.system(command)


def _parse(name: str, line: str) -> Parsed:
    try:
        return options.parse(MAGICS[name], line)
    except options.OptionError as error:
        raise UsageError(str(error)) from None
