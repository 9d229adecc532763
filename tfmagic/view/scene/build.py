"""build_scene: from operations to a Scene, by folding auxiliary parts, scopes and long runs until it can be read."""

from __future__ import annotations

import copy
import operator
import re
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Any

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.view import labels
from tfmagic.view.escape import visible
from tfmagic.view.phrases import plural, say
from tfmagic.view.scene import auxiliary, model, quiz, records, scopes, steps
from tfmagic.view.scene.annotations import Annotations
from tfmagic.view.scene.model import Box, Edge, Folded, Node, Scene
from tfmagic.view.scene.outline import ARROWS, ROLES, Outline
from tfmagic.view.scene.records import Record
from tfmagic.view.scene.scopes import Holders, Scope

_NOUN_OF_FOLDED = {model.GRADIENTS: "gradients", model.TRAINING: "training"}
_NAMES_SHOWN = 12
SIGNS = {"new": "+", "gone": "−", "changed": "~"}
_PLACES_TOLD = 40
_NUMBERED = re.compile(r"_\d+$")
_VERSION = re.compile(r"V\d+$")


def build_scene(graph_or_ops: records.Drawable, depth: int | None = None, direction: str = "TB",
                title: str | None = None, show_all: bool = False, show_shapes: bool = True,
                annotations: Annotations | None = None,
                boundary: Iterable[Operation | Tensor] = (), asked: Container[str] = (),
                opened: Container[str] | None = None, as_quiz: bool = False) -> Scene:
    """Decide what to draw of a graph.

    Args:
      graph_or_ops: a graph, or the operations (or tensors) to draw; what they read from elsewhere is drawn as inputs.
      depth: how many levels of name scopes are open; None opens as many of the user's as stay readable, and leaves
        what library functions opened folded.
      direction: "TB" draws downwards, "LR" to the right.
      title: the drawing's title.
      show_all: draw gradients, initialisers, savers and constant arguments like all else.
      show_shapes: write shapes and dtypes on edges.
      annotations: values, Python names, times, errors and cells to show.
      boundary: operations or tensors among the given ones that were made before (an earlier cell).
      asked: ids of folded nodes whose insides are wanted too, however large they are.
      opened: ids of the scopes that a reader has open; None opens them as `depth` says.
      as_quiz: hide the shapes and dtypes of what is computed, for the reader to guess.

    Returns:
      The scene, the same for the same arguments.

    Raises:
      ValueError: `direction` is neither "TB" nor "LR", or `depth` is negative.
    """
    outline = Outline(graph_or_ops, depth, show_all, annotations, boundary)
    return scene_of(outline, direction, title, show_shapes, asked, opened, as_quiz)


def scene_of(outline: Outline, direction: str = "TB", title: str | None = None, show_shapes: bool = True,
             asked: Container[str] = (), opened: Container[str] | None = None, as_quiz: bool = False) -> Scene:
    """The scene of an outline, with other scopes open at each call; the arguments are those of `build_scene`."""
    if direction not in ("TB", "LR"):
        raise ValueError(f"direction must be 'TB' (downwards) or 'LR' (to the right), got {direction!r}")
    return _Builder(outline, show_shapes, as_quiz).build(direction, visible(title or ""), asked, opened)


@dataclass
class _Flow:
    """All that goes from one drawn thing to another."""

    tensors: list[Any] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)

    @property
    def kind(self) -> str:
        return next(kind for kind in (model.DATA, model.UPDATES, model.CONTROL) if kind in self.kinds)


class _Builder:
    """The steps of `scene_of`, which share the outline and what is drawn so far."""

    def __init__(self, outline: Outline, show_shapes: bool, as_quiz: bool):
        self.outline = outline
        self.graph, self.folding, self.notes = outline.graph, outline.folding, outline.notes
        self.words, self.members, self.library = outline.words, outline.members, outline.results
        self.show_shapes = show_shapes
        self.quiz = quiz.Quiz(self._is_given) if as_quiz else None
        self.drawn = Holders(outline.places, lambda scope: scope.is_open)  # element -> the node that draws it
        # Element -> the innermost node known that holds it.
        self.finest = Holders(outline.places, lambda scope: scope.is_open or scope.is_loaded)
        self.scope_ids: dict[str, str] = {}

    # --- building ---------------------------------------------------------------------------------------------

    def build(self, direction: str, title: str, asked: Container[str], opened: Container[str] | None) -> Scene:
        root, depth, limit = self.outline.root, self.outline.depth, self.outline.limit
        scopes.close(root)
        if opened is None:
            scopes.open_scopes(root, depth, limit)
            scopes.reveal(root, self.notes.failed)
        else:
            scopes.open_these(root, opened)
        # Whoever asks for insides has been told the small ones.
        scopes.load_scopes(root, asked, 0 if asked else scopes.INNER_LIMIT)
        scene = Scene(title=title, direction=direction)
        shown = self._place(root, scene)
        scene.edges = self._edges(self.drawn, [scope for scope in shown if scope.is_open])
        scene.flows = self._edges(self.finest, shown) if scene.inner else scene.edges
        self._add_outputs(scene)
        if self.quiz is not None:
            self.quiz.complete(scene, lambda tensor: self.finest.get(self.folding.drawn_by(tensor.op.name)))
        devices = list(dict.fromkeys(node.device for node in scene.nodes if node.device))
        if len(devices) > 1:
            scene.devices = tuple(devices)
        scene.folded = tuple(Folded(say(kind), count) for kind, count in self.folding.hidden.items())
        scene.steps, scene.left_out = steps.placed(self.notes, self._drawn_alone, self.scope_ids)
        steps.heat(scene)
        if self.notes.changes:
            self._mark_changes(scene)
        scene.plan = [(line, self.finest.get(self.folding.drawn_by(name)) or "" if name else "")
                      for line, name in self.notes.plan]
        scene.not_in_plan = self._not_in_plan(scene) if scene.plan else []
        scene.operations = self.outline.operations
        return scene

    def _mark_changes(self, scene: Scene) -> None:
        """Mark what is new, gone and changed by a sign; what stands for several says how many of each."""
        members: dict[str, list[str]] = {}
        for name in self.graph:
            owner = self.folding.drawn_by(name)
            for holder in dict.fromkeys((self.finest.get(owner), self.drawn.get(owner))):
                if holder is not None and not self.graph[name].boundary:
                    members.setdefault(holder, []).append(name)
        for node in (*scene.nodes, *scene.inner):
            own = members.get(node.id, [])
            found = [(name, *self.notes.changes[name]) for name in own if name in self.notes.changes]
            kinds = {kind for _, kind, _ in found}
            if not kinds:
                continue
            node.change = kinds.pop() if len(kinds) == 1 and len(found) == len(own) else "changed"
            node.title = f"{SIGNS[node.change]} {node.title}"
            whys = [visible(why if name == node.name else f"{name}: {why}") for name, _, why in found if why]
            if node.role in (model.SCOPE, model.RUN, model.GRADIENTS, model.TRAINING):
                counts = [f"{sign} {count}" for kind, sign in SIGNS.items()
                          if (count := sum(kind == other for _, other, _ in found))]
                node.type = " · ".join(filter(None, (node.type, " ".join(counts))))
            elif whys:
                node.parameters = (*node.parameters, whys[0])
            node.details = (*node.details, (say(node.change), _listed(whys or [visible(n) for n, _, _ in found])))

    def _not_in_plan(self, scene: Scene) -> list[str]:
        """The nodes of which no operation has a line in the plan."""
        found = {node.id for node in (*scene.nodes, *scene.inner)}
        for name in self.graph:
            if name not in self.notes.not_in_plan:
                found.discard(self.finest.get(self.folding.drawn_by(name)) or "")
        return sorted(found, key=lambda node: int(node[1:]))

    def _drawn_alone(self, name: str) -> str | None:
        """The id of the node that shows what an operation gives; None when it is only a helper of another."""
        owner = self.folding.drawn_by(name)
        if owner != name and owner in self.graph and owner not in self.folding.loop_variables \
                and ROLES.get(self.graph[owner].type) != model.VARIABLE:
            return None
        return self.finest.get(owner)

    def _place(self, root: Scope, scene: Scene) -> list[Scope]:
        """Make the nodes and boxes, depth first in graph order; the scopes of which the inside has nodes."""
        shown = [root]
        # What is above an item: the box (or folded node) around it, that one's name, and the outermost folded node.
        stack: list[tuple[str | Scope, str, str, str]] = [(child, "", "", "") for child in reversed(root.children)]
        while stack:
            item, box, box_name, folded = stack.pop()
            into = scene.inner if folded else scene.nodes
            node_id = self.outline.places[item][0] if isinstance(item, str) else item.id
            made = self.outline.made.get(node_id)
            if made is None:
                made = self.outline.made[node_id] = (
                    self._element_node(item, node_id, box, box_name) if isinstance(item, str)
                    else self._folded_node(item, node_id, box, box_name))
            node = copy.copy(made)  # what follows writes on it
            if isinstance(item, str):
                into.append(node)
                continue
            if item.kind != "run":
                self.scope_ids[item.name] = node_id
            if item.is_open:
                kind = "scope" if item.kind == "run" else item.kind
                scene.boxes.append(Box(node_id, node.name, node.title, kind, box))
                scene.faces.append(node)
            else:
                into.append(node)
            if item.is_open or item.is_loaded:
                shown.append(item)
                inside = "" if item.is_open else folded or node_id
                name = box_name if item.kind == "run" else item.name
                stack += [(child, node_id, name, inside) for child in reversed(item.children)]
        return shown

    def _element_node(self, name: str, node_id: str, box: str, box_name: str) -> Node:
        if name in self.folding.groups:
            return self._group_node(name, node_id, box, box_name)
        record = self.graph[name]
        members = self.members[name]
        role = ROLES.get(record.type, model.OPERATION)
        short = self._relative(name, box_name)
        label = next((visible(self.notes.labels[r.name]) for r in members if r.name in self.notes.labels), "")
        node = Node(node_id, visible(name), role, label or short, box=box, boundary=record.boundary,
                    cell=visible(self.notes.cells.get(name, "")), places=self._places(members), count=len(members))
        kind = visible(record.type) if role == model.OPERATION else say(role)
        if name in self.folding.loop_variables:
            first = self.folding.loop_variables[name]
            node.role = role = model.LOOP_VARIABLE
            own = self.notes.labels.get(first) or first.rpartition("/")[2]
            if auxiliary.AUTOMATIC_CONST.match(own):
                own = f"{say('variable')} {list(self.folding.loop_variables).index(name) + 1}"
            node.title = label or visible(own)
            kind = say("loop variable")
        elif role == model.VARIABLE:
            node.updates = self.notes.updates.get(name, -1)
        elif any(member.type == "LoopCond" for member in members):
            kind = say("loop condition")
        node.type = "" if not label and _same_word(short.rpartition("/")[2], kind) else kind
        node.parameters = tuple(f"{visible(key)} = {value}" for key, value in self.folding.parameters.get(name, ()))
        if role == model.CONSTANT:
            value = labels.constant_value(record.op)
            node.value = "" if value is None else labels.value_text(value)
        self._add_run(node, record)
        node.device = labels.device_text(self.notes.devices.get(name) or record.op.device)
        details = [(say("made by"), visible(self.notes.sources[name]))] if name in self.notes.sources else []
        node.details = tuple(details)
        return node

    def _add_run(self, node: Node, record: Record) -> None:
        """Add what a run found at an operation: value, time, error."""
        notes = self.notes
        whole = node.role in (model.VARIABLE, model.LOOP_VARIABLE)
        for part in [record, *(r for r in self.members[record.name] if whole and r is not record)]:
            value = self._value(part)
            if value and node.role != model.CONSTANT:
                node.value = value
            if any(not notes.is_finite(t.name) for t in part.op.outputs):
                node.state = model.NOT_FINITE
                node.message = say("not finite")
        if record.name in notes.times:
            node.time = labels.time_text(notes.times[record.name])
        for part in self.members[record.name]:
            if part.name in notes.failed:
                node.state = model.FAILED
                where = "" if part is record else f"{part.name}: "
                node.message = visible(where + notes.failed[part.name])
                node.ports = tuple(notes.ports.get(part.name, ()))
                node.made = visible(notes.sources.get(part.name, ""))
                node.unbuilt = part.name in notes.unbuilt

    def _value(self, record: Record) -> str:
        """What a run gave at an operation; of several outputs each with its number."""
        if not self.notes.values and not self.notes.texts:
            return ""
        values = {t.value_index: text for t in record.op.outputs if (text := self.notes.value_text(t.name))}
        return values.get(0, "") if set(values) <= {0} else ", ".join(f":{i} {text}" for i, text in values.items())

    def _group_node(self, name: str, node_id: str, box: str, box_name: str) -> Node:
        group = self.folding.groups[name]
        node = Node(node_id, visible(name), group.role, self._relative(name[:-1], box_name), box=box,
                    places=self._places(self.graph[member] for member in group.members), count=len(group.members))
        noun, counted = say(_NOUN_OF_FOLDED[group.role]), plural(len(group.members), "operation")
        node.type = counted if node.title.startswith(noun) else f"{noun} · {counted}"
        if len(group.variables) > ARROWS:
            node.parameters = (f"{say('updates')} {plural(len(group.variables), 'variable')}",)
        details = [(say("gradient of"), group.loss)] if group.loss else []
        details += [(say("updates"), _listed(group.variables))] if group.variables else []
        node.details = tuple((key, visible(text)) for key, text in details)
        self._add_failure(node, group.members)
        return node

    def _folded_node(self, scope: Scope, node_id: str, box: str, box_name: str) -> Node:
        elements = list(scope.elements())
        members = [r for name in elements for r in self.members.get(name, ())]
        if scope.kind == "run":
            first, last = (self._relative(name, box_name) for name in (elements[0], elements[-1]))
            node = Node(node_id, visible(f"{elements[0]} … {elements[-1]}"), model.RUN, f"{first} … {last}", box=box)
        else:
            node = Node(node_id, visible(scope.name), model.SCOPE, self._relative(scope.name, box_name), box=box)
        node.count = len(members)
        node.places = self._places(members)
        node.holds = len(scope.children)
        node.boundary = all(r.boundary for r in members)
        counted = plural(len(elements), "node")
        if scope.turns > 1 and len(elements) > scope.turns:
            counted = f"{plural(scope.turns, 'repetition')} · {counted}"
        node.type = f"{say(scope.kind)} · {counted}" if scope.kind in ("loop", "branch") else counted
        common = Counter([record.type for record in members]).most_common()
        node.details = ((say("holds"), visible(_listed([f"{kind} ×{n}" if n > 1 else kind for kind, n in common]))),)
        placed = dict.fromkeys([self.notes.devices.get(r.name) or r.op.device for r in members])
        devices = dict.fromkeys(map(labels.device_text, placed))
        node.device = next(iter(devices)) if len(devices) == 1 else ""
        if scope.is_library:
            self._add_result(node, scope)
        home = scope.name if scope.kind != "run" else box_name
        shown = () if self.notes.steps else members  # the values of all of them would be too many
        node.parameters = tuple(f"{self._relative(r.name, home)} = {value}" for r in shown
                                if (value := self._value(r)) and not (scope.is_library and r.name == scope.result))
        self._add_failure(node, [r.name for r in members])
        return node

    def _add_result(self, node: Node, scope: Scope) -> None:
        """Show a folded library scope as the operation that it is to the user: Python name, value, line."""
        self.library[node.id] = scope.result
        node.type = plural(node.count, "operation")
        notes, members = self.notes, [r for name in scope.elements() for r in self.members[name]]
        for record in self.members.get(scope.result, ()):
            if record.name in notes.labels:
                node.type = f"{node.title} · {node.type}"
                node.title = visible(notes.labels[record.name])
        if scope.result in self.graph:
            node.value = self._value(self.graph[scope.result])
        if any(not notes.is_finite(t.name) for r in members for t in r.op.outputs):
            node.state, node.message = model.NOT_FINITE, say("not finite")
        times = [notes.times[r.name] for r in members if r.name in notes.times]
        node.time = labels.time_text(sum(times)) if times else ""
        if members[0].name in notes.sources:
            node.details = ((say("made by"), visible(notes.sources[members[0].name])), *node.details)

    def _places(self, members: Iterable[Record]) -> tuple[tuple[int, int], ...]:
        """The cells and lines that made some records, each once."""
        places = self.notes.places
        return tuple({place: None for record in members for place in places.get(record.name, ())})[:_PLACES_TOLD]

    def _add_failure(self, node: Node, names: Iterable[str]) -> None:
        """Mark a folded node in which something failed, naming it."""
        for name in names:
            if name in self.notes.failed:
                node.state = model.FAILED
                node.message = visible(f"{name}: {self.notes.failed[name]}")
                return

    @staticmethod
    def _relative(name: str, box_name: str) -> str:
        """A name as it reads inside a box: without the box's own name in front."""
        return visible(name[len(box_name) + 1:] if box_name and name.startswith(box_name + "/") else
                       name.rpartition("/")[2] if name == box_name else name)

    # --- edges ------------------------------------------------------------------------------------------------

    def _edges(self, drawn_by: Holders, shown: Iterable[Scope]) -> list[Edge]:
        """The edges between the nodes that draw the elements, each pair's flows as one.

        Args:
          drawn_by: which node draws each element.
          shown: the scopes of which the inside has nodes: between others nothing is in sight.
        """
        flows: dict[tuple[str, str], _Flow] = {}
        for _, source, target, kind, tensors in sorted(
                [flow for scope in shown for flow in self.outline.between.get(scope, ())], key=operator.itemgetter(0)):
            a, b = drawn_by.get(source), drawn_by.get(target)
            assert a is not None and b is not None
            if a == b:
                continue
            flow = flows.setdefault((a, b), _Flow())
            flow.tensors += tensors
            flow.kinds.add(kind)
            if kind == model.DATA and b == self.finest.get(target):
                flow.words |= self.words.get((source, target), set())
        gradients = {drawn_by.get(name) for name, group in self.folding.groups.items() if group.role == model.GRADIENTS}
        edges = []
        for (a, b), flow in flows.items():
            if b in self.library:  # how often a library function reads its argument is its own affair
                flow.tensors = list(dict.fromkeys(flow.tensors))
            names = tuple(dict.fromkeys(visible(t.name) for t in flow.tensors))
            text = "" if b in gradients or not self.show_shapes else self._edge_text(flow.tensors)
            if flow.words:
                text = " · ".join(filter(None, (f"{' + '.join(say(word) for word in sorted(flow.words))}", text)))
            edges.append(Edge(a, b, text, names[:_NAMES_SHOWN], flow.kind))
        return edges

    def _add_outputs(self, scene: Scene) -> None:
        """Write on a node what it gives, where no edge says it."""
        if not self.show_shapes:
            return
        for nodes, edges in ((scene.nodes, scene.edges), (scene.inner, scene.flows)):
            read = {edge.source for edge in edges if edge.kind == model.DATA and edge.text}
            for node in nodes:
                record = self.graph.get(self.library.get(node.id, node.name))
                if node.id not in read and record is not None and record.op.outputs:
                    whole = record.op.outputs[:1] if record.type == "Merge" else record.op.outputs
                    node.output = (labels.variable_text(record.op) if node.role == model.VARIABLE else
                                   self._edge_text(list(whole)))
                    if self.quiz is not None and node.role != model.VARIABLE:
                        node.gives = tuple(visible(t.name) for t in whole[:_NAMES_SHOWN])

    def _edge_text(self, tensors: list[Any]) -> str:
        distinct = list(dict.fromkeys(tensors))
        if not distinct:
            return ""
        if len(distinct) > _NAMES_SHOWN:
            return plural(len(distinct), "tensor")
        texts = {self._tensor_text(t) for t in distinct}
        if len(distinct) == 1:
            uses = f" ×{len(tensors)}" if len(tensors) > 1 and len(tensors) <= 4 else ""
            return texts.pop() + uses
        if len(texts) == 1:
            return f"{len(distinct)} × {texts.pop()}"
        return plural(len(distinct), "tensor")

    def _tensor_text(self, tensor: Any) -> str:
        if self.quiz is not None and self.quiz.hides(tensor):
            return quiz.HIDDEN
        return visible(labels.tensor_text(tensor, self.notes.dims(tensor.name)))

    def _is_given(self, tensor: Any) -> bool:
        """Whether a quiz shows what a tensor is like: what it comes from is no computation of this drawing."""
        record = self.graph.get(self.folding.drawn_by(tensor.op.name))
        return record is not None and (record.boundary or record.type in ROLES) and (
            record.name not in self.folding.loop_variables)


def _same_word(name: str, kind: str) -> bool:
    """Whether an automatic name says the op type already: `add_2` for AddV2, `MatMul` for MatMul."""
    return _NUMBERED.sub("", name).lower() == _VERSION.sub("", kind).lower()


def _listed(words: list[str]) -> str:
    more = len(words) - _NAMES_SHOWN
    return ", ".join(words[:_NAMES_SHOWN]) + (f" {say('and {} more', str(more))}" if more > 0 else "")
