"""outline: of what a drawing shows everything that does not depend on which scopes are open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.view.scene import auxiliary, library, model, plumbing, records, scopes, training
from tfmagic.view.scene.annotations import NOTHING, Annotations
from tfmagic.view.scene.auxiliary import HIDDEN, Folding
from tfmagic.view.scene.model import Node
from tfmagic.view.scene.records import Record
from tfmagic.view.scene.scopes import Scope

ROLES = {**dict.fromkeys(records.PLACEHOLDER_TYPES, model.PLACEHOLDER),
         **dict.fromkeys(records.VARIABLE_TYPES, model.VARIABLE), "Const": model.CONSTANT}
Flow = tuple[int, str, str, str, list[Any]]  # number among all, from, to, kind, tensors
ARROWS = 4  # variables that training has arrows to; of more the arrows would hide the model, so a line counts them


class Outline:
    """What there is to draw of a graph: its operations, what is folded away for good, the flows and the tree of scopes.

    It holds the operations, and tells of them as they were when it was made.

    Args:
      graph_or_ops: a graph, or the operations (or tensors) to draw; what they read from elsewhere is drawn as inputs.
      depth: how many levels of name scopes are open; None opens as many of the user's as stay readable, and leaves
        what library functions opened folded.
      show_all: draw gradients, initialisers, savers and constant arguments like all else.
      annotations: values, Python names, times, errors and cells to show.
      boundary: operations or tensors among the given ones that were made before (an earlier cell).

    Attributes:
      graph: what is known of each operation, by name.
      folding: which operations are drawn by others, or not at all.
      notes: the annotations.
      words: what flows are called beside their shapes.
      flows: (from, to, kind) between operations and groups -> the tensors, in order, before scopes are folded.
      members: what each thing drawn stands for.
      root: the tree of scopes; which are open in it is as the last reader left it.
      places: the id of each thing drawn, and the scope that it lies in.
      between: the flows by the innermost scope that both ends lie in: they are in sight only where it is open.
      operations: how many operations the drawn part of the graph has.
      limit: how many things are readable.
      made: the nodes that were made already, by id: they look the same whatever is open.
      results: ids of folded library scopes -> their results ("" when there are several).

    Raises:
      ValueError: `depth` is negative.
    """

    def __init__(self, graph_or_ops: records.Drawable, depth: int | None = None, show_all: bool = False,
                 annotations: Annotations | None = None, boundary: Iterable[Operation | Tensor] = ()) -> None:
        if depth is not None and depth < 0:
            raise ValueError(f"depth must be 0 or more, got {depth}")
        self.depth = depth
        self.notes = annotations or NOTHING
        self.graph = records.read(graph_or_ops, boundary)
        self.folding = Folding()
        self._show_all = show_all
        if not show_all:
            self.folding = auxiliary.fold(self.graph, self.notes.labels)
            plumbing.fold_plumbing(self.graph, self.folding, self.notes.labels)
            auxiliary.fold_parameters(self.graph, self.folding, self.notes.labels)
        self.words = plumbing.flow_words(self.graph, self.folding)
        self.flows = self._element_flows()
        self.members: dict[str, list[Record]] = {}
        for record in self.graph.values():
            owner = self.folding.drawn_by(record.name)
            if owner != HIDDEN:
                self.members.setdefault(owner, []).append(record)
        self.limit = scopes.WHOLE_LIMIT if show_all else (
            scopes.AUTOMATIC_LIMIT if depth is None else scopes.HARD_LIMIT)
        self.root = self._tree()
        self.places = scopes.number(self.root)
        self.between = self._by_scope()
        self.operations = sum(not record.boundary for record in self.graph.values())
        self.made: dict[str, Node] = {}
        self.results: dict[str, str] = {}

    def _tree(self) -> Scope:
        elements = self._elements()
        root = scopes.build_tree(elements, self._kinds())
        between = [(source, target) for source, target, _ in self.flows]
        if not self._show_all:
            library.mark_library_scopes(root, self.members, between, self.notes.labels)
        keep = set(self.notes.labels) | set(self.notes.failed)
        types = {name: self.graph[name].type if name in self.graph else "" for name in elements}
        inputs = {name for name in elements if types[name] in ROLES and types[name] != "Const"
                  or name in self.graph and self.graph[name].boundary}
        scopes.fold_levels(root, between, types, keep, inputs, self.limit)
        return root

    def _by_scope(self) -> dict[Scope, list[Flow]]:
        found: dict[Scope, list[Flow]] = {}
        for number, ((source, target, kind), tensors) in enumerate(self.flows.items()):
            if source in self.places and target in self.places:
                start, end = self.places[source][1], self.places[target][1]
                home = start if start is end else scopes.shared(start, end)
                found.setdefault(home, []).append((number, source, target, kind, tensors))
        return found

    def _element_flows(self) -> dict[tuple[str, str, str], list[Any]]:
        """(from, to, kind) between operations and groups -> the tensors, in order, before scopes are folded."""
        flows: dict[tuple[str, str, str], list[Any]] = {}
        drawn_by, graph = self.folding.drawn_by, self.graph
        for name, group in self.folding.groups.items():
            if group.loss and drawn_by(group.loss) == group.loss and group.loss in graph:
                flows.setdefault((group.loss, name, model.DATA), [])
        for name, variables in training.derived_by(graph, self.folding).items():
            for variable in variables if len(variables) <= ARROWS else ():
                if drawn_by(variable) == variable:
                    flows.setdefault((variable, name, model.DATA), []).append(graph[variable].op.outputs[0])
        trainers = {name for name, group in self.folding.groups.items() if group.role == model.TRAINING}
        for record in graph.values():
            target = drawn_by(record.name)
            if target == HIDDEN or record.name in self.folding.first_values:
                continue
            changed = "" if self._show_all or record.boundary else training.changed_variable(record, graph)
            trainer = self.folding.groups.get(target)
            if changed and drawn_by(changed) not in (HIDDEN, target) and (
                    trainer is None or len(trainer.variables) <= ARROWS):
                flows.setdefault((target, drawn_by(changed), model.UPDATES), [])
            for source_name, tensor in plumbing.drawn_inputs(record, self.folding):
                source = drawn_by(source_name)
                if source not in (HIDDEN, target) and source_name != changed and (
                        self._is_drawn_flow(source, target, record)):
                    flows.setdefault((source, target, model.DATA), []).append(tensor)
            waits = target == record.name or target in trainers
            for source_name in record.controls if waits else ():
                source = drawn_by(source_name)
                if source not in (HIDDEN, target) and source_name not in self.folding.pivots:
                    flows.setdefault((source, target, model.CONTROL), [])
        return flows

    def _is_drawn_flow(self, source: str, target: str, record: Record) -> bool:
        """Whether to draw an edge: what gradients and updates read of the model is left to the side panel."""
        group = self.folding.groups.get(target)
        if group is None or source in self.folding.groups:
            return True
        role = ROLES.get(self.graph[source].type)
        if group.role == model.GRADIENTS:
            return source == group.loss
        return role != model.VARIABLE

    def _elements(self) -> list[str]:
        """What is drawn when every scope is open, inputs first, then in graph order; inputs that lead
        nowhere are left out."""
        connected = {name for source, target, _ in self.flows for name in (source, target)}
        seen: dict[str, None] = {}
        for record in sorted(self.graph.values(), key=lambda r: not r.boundary):
            owner = self.folding.drawn_by(record.name)
            if owner == HIDDEN:
                continue
            if owner in self.graph and self.graph[owner].boundary and owner not in connected:
                continue
            if owner not in self.folding.groups or record.name.startswith(owner):  # not where its slots stand
                seen.setdefault(owner)
        return list(seen)

    def _kinds(self) -> dict[str, str]:
        kinds: dict[str, str] = {}
        for record in self.graph.values():
            if record.type == "LoopCond":
                kinds[records.parent(record.name)] = "loop"
            elif record.type == "Merge" and record.name.endswith("/Merge"):
                kinds.setdefault(records.parent(record.name), "branch")
        kinds.pop("", None)
        return kinds
