"""Drawings that magics ask for: what to draw, what is known about it, and where the picture goes."""

from __future__ import annotations

import contextlib
import dataclasses
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from IPython.display import display

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.notebook.live import state as live_state
from tfmagic.notebook.live.drawn import Drawing, Drawings
from tfmagic.notebook.shell import evaluate, sessions
from tfmagic.notebook.shell.names import CellNames
from tfmagic.notebook.shell.options import Parsed
from tfmagic.notebook.shell.values import Blocks, Fetched, FetchedItem
from tfmagic.notebook.shell.widgets import Widgets
from tfmagic.view import phrases
from tfmagic.view.paint.document import GRAPH_MIME
from tfmagic.view.scene import records
from tfmagic.view.scene.annotations import Annotations
from tfmagic.view.scene.model import Scene
from tfmagic.view.scene.outline import Outline
from tfmagic.view.scene.training import losses_of

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def needed_for(elements: Iterable[Tensor | Operation]) -> list[Operation]:
    """The operations that the elements depend on, themselves included, in the order of their making.

    With gradients comes what they are the gradients of, though it may be that no gradient reads its value.
    """
    found: dict[Operation, None] = {}
    stack = [evaluate.operation_of(e) for e in elements]
    while stack:
        operation = stack.pop()
        if operation not in found:
            found[operation] = None
            stack += [t.op for t in operation.inputs]
            stack += operation.control_inputs
        if not stack:
            stack = losses_of(sorted(found, key=lambda op: op._id))
    return sorted(found, key=lambda op: op._id)


@dataclass(frozen=True)
class Studio:
    """What drawing in a shell takes.

    Attributes:
      shell: where expressions of the options are evaluated.
      names: who made which node, and what the user calls it.
      kept: where a `--fetch` runs.
      drawings: keeps what is drawn, for front ends that ask about it later.
      widgets: makes the drawing answer where JupyterLab's extension is not.
      magic_errors: what magics of the running cell have raised.
    """

    shell: InteractiveShell
    names: CellNames
    kept: sessions.KeptSessions
    drawings: Drawings
    widgets: Widgets
    magic_errors: list[BaseException] = field(default_factory=list)

    def show(self, scene: Scene, drawing: Drawing) -> None:
        """Display a scene, and keep what it takes to answer questions about it.

        Args:
          scene: what `drawing` builds at first.
          drawing: makes it again.
        """
        from tfmagic import view

        bundle = view.mime_bundle(scene)
        self.drawings.keep(bundle[GRAPH_MIME]["key"], drawing)
        display(bundle | self.widgets.view_of(bundle[GRAPH_MIME]), raw=True)


def draw(graph: Graph, parsed: Parsed, operations: list[Operation] | None, studio: Studio,
         run: Mapping[str, Any] | None = None, others: Sequence[Operation] = ()) -> None:
    """Draw a graph, or some operations of it, as the options say.

    Args:
      graph: the graph.
      parsed: the options of `%%graph` or `%graph`.
      operations: what to draw; None for the whole graph.
      studio: what it takes.
      run: what is known already, as fields of `Annotations`; without it the options say what to run.
      others: operations, perhaps of another graph, that are drawn too.

    Raises:
      UsageError: an expression of the options names no part of the graph, or the drawing cannot be saved.
      tf.errors.OpError: a `--fetch` failed.
    """

    _check_quiz(parsed)
    fetched, values = _run(graph, parsed, studio.shell, studio.kept) if run is None else ([], {})
    part = None if operations is None else [operation.name for operation in operations]
    state = live_state.variables(studio.kept.at_hand(graph), _with_inputs(operations or graph.get_operations()))

    other = weakref.ref(evaluate.graph_of(others[0])) if others else None
    other_part = [operation.name for operation in others]
    mark = graph.version  # what is made later is not in this drawing, and would move its ids

    def outlined(graph: Graph) -> Outline:
        drawn = None if part is None else [graph.get_operation_by_name(name) for name in part]
        if drawn is None and graph.version > mark:
            drawn = [operation for operation in graph.get_operations() if operation._id <= mark]
        if drawn is not None and other is not None and (second := other()) is not None:
            drawn += [second.get_operation_by_name(name) for name in other_part]
        notes = dataclasses.replace(known(graph, drawn, values, studio.names, state), **(run or {}))
        return Outline(graph if drawn is None else drawn, parsed.depth, parsed.all, notes)

    drawing = Drawing(weakref.ref(graph), outlined, {
        "direction": parsed.direction or "TB", "title": parsed.title, "show_shapes": not parsed.no_shapes,
        "as_quiz": bool(parsed.values.get("quiz"))}, parsed.lang)
    scene = drawing.build(graph)
    with phrases.speaking(parsed.lang):
        studio.show(scene, drawing)
        if operations is not None:
            drawn = {operation.name for operation in _with_inputs(operations)} | {node.name for node in scene.nodes}
            elsewhere = [item for item in fetched if evaluate.operation_of(item.element).name not in drawn]
            if elsewhere:
                display(Fetched([item.value for item in elsewhere], elsewhere))
        if parsed.save:
            _save(scene, graph, parsed.save)


def _check_quiz(parsed: Parsed) -> None:
    """Refuse options that would show what a quiz hides."""
    told = {"fetch": "shows values, and with them shapes", "diff": "tells shapes that changed",
            "no_shapes": "leaves no shape to guess"}
    for key, why in told.items() if parsed.values.get("quiz") else ():
        if parsed.values.get(key):
            raise evaluate.UsageError(f"--quiz hides shapes and types until they are guessed, and "
                                      f"--{key.replace('_', '-')} {why}: leave one of them out.")
    if parsed.values.get("quiz") and _is_text_format(parsed.save or ""):
        raise evaluate.UsageError(f"--quiz hides shapes and types until they are guessed, and {parsed.save} would tell "
                                  "them: leave one of them out, or save a picture (.svg, .png, .pdf).")


def _is_text_format(name: str) -> bool:
    """Whether a file is to hold the graph itself as TensorFlow's text."""
    return Path(name).suffix.lower() == ".pbtxt"


def _save(scene: Any, graph: Graph, name: str) -> None:
    """Write the drawing, or for .pbtxt the graph itself as TensorFlow's text format."""
    from tfmagic import view

    path = Path(name).expanduser()
    try:
        if _is_text_format(name):
            path.write_text(str(graph.as_graph_def()), "utf-8")
        else:
            view.save(scene, path)
    except (OSError, view.EngineError) as error:
        why = f"there is no folder {path.parent}" if not path.parent.is_dir() else (
            getattr(error, "strerror", None) or str(error))
        raise evaluate.UsageError(f"--save {name}: {why}.") from None
    print(f"Saved {name}")


def small_bundle(graph_or_operations: Graph | list[Operation], studio: Studio) -> dict[str, Any]:
    """A drawing to stand within a card, in all its forms; empty for an empty graph."""
    from tfmagic import view

    operations = records.operations(graph_or_operations)
    if not operations:
        return {}
    names, graph = studio.names, evaluate.graph_of(operations[0])
    part = None if isinstance(graph_or_operations, Graph) else [operation.name for operation in operations]

    def outlined(graph: Graph) -> Outline:
        drawn = graph if part is None else [graph.get_operation_by_name(name) for name in part]
        return Outline(drawn, annotations=Annotations(labels=names.labels_of(graph)))

    drawing = Drawing(weakref.ref(graph), outlined)
    bundle = view.mime_bundle(drawing.build(graph))
    studio.drawings.keep(bundle[GRAPH_MIME]["key"], drawing)
    return bundle


def known(graph: Graph, operations: Iterable[Operation] | None, values: dict[str, Any],
          names: CellNames, state: tuple[dict[str, Any], dict[str, int]] = ({}, {})) -> Annotations:
    """What is known about the operations beside the graph: their cells and lines, Python names, values; and `state`:
    the values of variables and how often they were changed."""
    made_by, lines, places = {}, {}, {}
    drawn = graph.get_operations() if operations is None else _with_inputs(operations)
    for name, found in names.all_made_by(drawn).items():
        made_by[name], lines[name], places[name] = found
    return Annotations(values=state[0] | values, updates=state[1], labels=names.labels_of(graph), cells=made_by,
                       sources=lines, places=places)


def _with_inputs(operations: Iterable[Operation]) -> list[Operation]:
    found: dict[Operation, None] = {}
    for operation in operations:
        found[operation] = None
        found.update((t.op, None) for t in operation.inputs)
    return list(found)


def _run(graph: Graph, parsed: Parsed, shell: InteractiveShell,
         kept: sessions.KeptSessions) -> tuple[list[FetchedItem], dict[str, Any]]:
    """What `--fetch` gave; and the values of it and of the fed tensors, by tensor name."""
    if not parsed.fetch:
        if parsed.feed or parsed.init:
            raise evaluate.UsageError(f"--{'feed' if parsed.feed else 'init'} needs a --fetch EXPR to run.")
        return [], {}
    named = [pair for text in parsed.fetch for pair in evaluate.several(shell, text)]
    feeds = evaluate.feeds(shell, parsed.feed)
    with kept.for_run(graph, parsed.init) as session:
        fetched = sessions.fetch(session, named, feeds)
    values = {t.name: np.asarray(v) for t, v in ((evaluate.element(k), v) for k, v in feeds.items())
              if isinstance(t, Tensor)}
    values.update({item.element.name: np.asarray(item.value) for item in fetched.items
                   if isinstance(item.element, Tensor)})
    return fetched.items, values


def draw_value(text: str, value: Any, parsed: Parsed, shell: InteractiveShell, kept: sessions.KeptSessions) -> None:
    """Draw a tensor, an array or a nested list as blocks with its shape and type.

    Args:
      text: the user's expression.
      value: a tensor or variable or a list with such (they are run first), or anything NumPy makes an array of.
      parsed: the options of `%tensor`.
      shell: where expressions of the options are evaluated.
      kept: where a tensor runs.

    Raises:
      UsageError: it is nothing of the kind.
    """
    with phrases.speaking(parsed.lang):
        display(_blocks(text, value, parsed, shell, kept))


def _blocks(text: str, value: Any, parsed: Parsed, shell: InteractiveShell,
            kept: sessions.KeptSessions) -> Blocks:
    title = parsed.title or text
    found = [] if isinstance(value, dict) else evaluate.elements(value)
    if not found:
        return Blocks(title, _array(text, value, value))
    if not all(isinstance(element, Tensor) for element in found):
        raise evaluate.UsageError(f"{text} is an operation without a value; %tensor draws tensors.")
    feeds = evaluate.feeds(shell, parsed.feed)
    named = [(text, value)]
    product = found[0].op if evaluate.element(value) is found[0] and isinstance(found[0], Tensor) else None
    if product is not None and product.type in ("MatMul", "BatchMatMul", "BatchMatMulV2"):
        named += [(tensor.name, tensor) for tensor in product.inputs[:2]]
    with kept.for_run(evaluate.graph_of(found[0]), parsed.init) as session:
        values = sessions.fetch(session, named, feeds).value
    whole, *factors = values if len(named) > 1 else [values]
    return Blocks(title, _array(text, value, whole), tuple(zip([name for name, _ in named[1:]], factors)))


def _array(text: str, given: Any, value: Any) -> np.ndarray:
    """A value as an array of numbers or of texts.

    Raises:
      UsageError: it is none.
    """
    with contextlib.suppress(ValueError, TypeError):
        array = np.asarray(value)
        if array.dtype != object or all(isinstance(item, str | bytes) for item in array.flat):
            return array
    raise evaluate.UsageError(f"{text} is a {type(given).__name__}, and no tensor, array or list of equal rows.")
