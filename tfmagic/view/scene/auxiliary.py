"""What a teacher leaves out: a variable's parts become one node; initialisers, savers, gradients and training fold.

Rules, each a function below:
1. A variable is drawn as one node with its reads, its first assignment and its initialised-checks.
2. What only computes first values is left out, and so is the NoOp that runs the first assignments.
3. A saver's scope is left out.
4. The operations of one `tf.gradients` call are one node, fed by the loss; its slots and updates are another one,
   named like the optimiser.
5. A small constant that only one operation reads, and that is named after it, is written into that operation.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field

from tfmagic.view import labels
from tfmagic.view.scene import model
from tfmagic.view.scene.records import ASSIGN_TYPES, PLACEHOLDER_TYPES, VARIABLE_TYPES, Record, parent

HIDDEN = ""
INITIALISERS = "initialisers"
SAVING = "save and restore"

_CHECK_TYPES = frozenset({"VarIsInitializedOp", "IsVariableInitialized"})
_TABLE_INIT = ("InitializeTable", "LookupTableImport")
_SAVE_TYPES = frozenset({"SaveV2", "Save", "SaveSlices"})
_RESTORE_TYPES = frozenset({"RestoreV2", "Restore", "RestoreSlice"})
_UPDATE = re.compile(r"(?:Resource)?(?:Sparse)?Apply[A-Z]")
_GRAD_YS = re.compile(r"^(.+)/grad_ys_\d+$")
_GRADIENT_SCOPE = re.compile(r"^((?:.*?/)?gradients(?:_\d+)?)/(?:.*/)?[^/]+_grad/")
_GRADIENT_OF = re.compile(r"^(.+)_grad/")
_REDUCTIONS = frozenset({"Mean", "Sum", "Max", "Min", "Prod", "All", "Any"})
AUTOMATIC_CONST = re.compile(r"^(?:.*/)?Const(?:_\d+)?$")
_PARAMETER_NAMES = {"reduction_indices": "axis"}


@dataclass
class Group:
    """Operations drawn as one auxiliary node: `loss` feeds a gradient group, `variables` are what training updates."""

    name: str
    role: str
    members: list[str] = field(default_factory=list)
    loss: str = ""
    variables: list[str] = field(default_factory=list)


@dataclass
class Folding:
    """Who draws each operation.

    Attributes:
      owner: operation -> the operation or group that draws it, or HIDDEN; those not named draw themselves.
      groups: auxiliary nodes by name (a name that no operation has).
      hidden: kind -> how many operations were left out.
      parameters: operation -> its constant arguments as (name, value) texts.
      first_values: the first assignments of variables.
      loop_variables: the `Merge` that draws a loop variable -> where its first value comes from.
      pivots: what steers branches, drawn by their `Merge`.
    """

    owner: dict[str, str] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    hidden: dict[str, int] = field(default_factory=dict)
    parameters: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    first_values: set[str] = field(default_factory=set)
    loop_variables: dict[str, str] = field(default_factory=dict)
    pivots: set[str] = field(default_factory=set)

    def drawn_by(self, name: str) -> str:
        """The operation or group that draws an operation, or HIDDEN."""
        return self.owner.get(name, name)

    def hide(self, name: str, kind: str) -> None:
        """Leave an operation out."""
        self.owner[name] = HIDDEN
        self.hidden[kind] = self.hidden.get(kind, 0) + 1


def fold(records: dict[str, Record], labelled: Container[str] = ()) -> Folding:
    """Fold the auxiliary parts of a graph.

    Args:
      records: the graph.
      labelled: operations that have a Python name; they are not left out as first values or written into others.
    """
    folding = Folding()
    _fold_saving(records, folding)
    _fold_training(records, folding)
    _fold_variables(records, folding)
    _fold_first_values(records, folding, labelled)
    _fold_slots(records, folding)
    return folding


def _fold_saving(records: dict[str, Record], folding: Folding) -> None:
    saves = {parent(r.name) for r in records.values() if r.type in _SAVE_TYPES}
    restores = {parent(r.name) for r in records.values() if r.type in _RESTORE_TYPES}
    prefixes = tuple(scope + "/" for scope in saves & restores if scope)
    if prefixes:
        for record in records.values():
            if record.name.startswith(prefixes):
                folding.hide(record.name, SAVING)


def _fold_variables(records: dict[str, Record], folding: Folding) -> None:
    for variable in records.values():
        if variable.type not in VARIABLE_TYPES:
            continue
        own = variable.name + "/"
        for record in variable.consumers:
            if record.name in folding.owner or not record.inputs or record.inputs[0][0] != variable.name:
                continue
            if record.type in ASSIGN_TYPES and record.name.startswith(own):
                folding.first_values.add(record.name)
            elif not ((record.type == "ReadVariableOp" and not record.controls)
                      or (record.type == "Identity" and record.name.startswith(own))
                      or (record.type in _CHECK_TYPES and record.name.startswith(own))):
                continue
            folding.owner[record.name] = variable.name


def _fold_first_values(records: dict[str, Record], folding: Folding, labelled: Container[str]) -> None:
    done = set(folding.first_values)
    waiting = [source for name in folding.first_values for source in _sources(records[name])]
    while waiting:
        record = records[waiting.pop()]
        if (record.name in done or record.name in folding.owner or record.name in labelled
                or record.type in PLACEHOLDER_TYPES or record.type in VARIABLE_TYPES):
            continue
        if all(consumer.name in done for consumer in record.consumers):
            done.add(record.name)
            folding.hide(record.name, INITIALISERS)
            waiting.extend(_sources(record))
    runners: set[str] = set()
    for record in records.values():
        if record.type == "NoOp" and record.controls and record.name not in folding.owner and all(
                name in done or name in runners or _runs_first(records[name]) for name in record.controls):
            runners.add(record.name)
            folding.hide(record.name, INITIALISERS)


def _sources(record: Record) -> list[str]:
    return [source for source, _ in record.inputs] + record.controls


def _runs_first(record: Record) -> bool:
    return record.type.startswith(_TABLE_INIT) or (record.type in ASSIGN_TYPES and record.name.endswith("/Assign"))


def _fold_training(records: dict[str, Record], folding: Folding) -> None:
    marked = [name for name in records if "/grad_ys_" in name or "_grad/" in name]
    scopes = {match[1] for name in marked for match in (_GRAD_YS.match(name) or _GRADIENT_SCOPE.match(name),) if match}
    for scope in sorted(scopes):
        group = Group(scope + "/", model.GRADIENTS)
        _fold_group(records, folding, group)
        _add_loss(records, group)
    optimisers: dict[str, Group] = {}
    for record in records.values():
        if not _UPDATE.match(record.type) or record.boundary or not record.inputs:
            continue
        variable = record.inputs[0][0]
        root, update, _ = record.name.partition(f"/update_{variable}/")
        if update:
            optimisers.setdefault(root, Group(root + "/", model.TRAINING)).variables.append(variable)
    for group in optimisers.values():
        _fold_group(records, folding, group)


def _fold_group(records: dict[str, Record], folding: Folding, group: Group) -> None:
    own_name = group.name[:-1]
    for record in records.values():
        if (record.name.startswith(group.name) or record.name == own_name) and record.name not in folding.owner:
            if not record.boundary:
                group.members.append(record.name)
            folding.owner[record.name] = group.name
            if not group.loss and group.role == model.GRADIENTS:
                group.loss = _gradient_of(record.name[len(group.name):])
    if group.members:
        folding.groups[group.name] = group
    else:  # made in an earlier cell: an ordinary input here
        for name in [name for name, owner in folding.owner.items() if owner == group.name]:
            del folding.owner[name]


def _add_loss(records: dict[str, Record], group: Group) -> None:
    """Draw a loss from an earlier cell as an input: where its shape is known, no gradient reads the loss itself."""
    if not group.loss or group.loss in records or not group.members:
        return
    graph = getattr(records[group.members[0]].op, "graph", None)
    if graph is not None:
        try:
            loss = graph.get_operation_by_name(group.loss)
        except KeyError:  # gradients of an imported graph may be of something renamed
            return
        records[group.loss] = Record(loss, group.loss, loss.type, boundary=True)


def gradient_of(name: str) -> tuple[str, str]:
    """The scope of the gradients that an operation is part of, and what its name says that it is the gradient of."""
    scope = _GRADIENT_SCOPE.match(name)
    return (scope[1], _gradient_of(name[len(scope[1]) + 1:])) if scope else ("", "")


def _gradient_of(name: str) -> str:
    match = _GRADIENT_OF.match(name)
    return match[1] if match else ""


def _fold_slots(records: dict[str, Record], folding: Folding) -> None:
    """Fold the variables that only training reads (slots, powers, the step counter) into the optimiser."""
    training = {name for name, group in folding.groups.items() if group.role == model.TRAINING}
    for variable in records.values():
        if not training or variable.type not in VARIABLE_TYPES or variable.boundary:
            continue
        parts = [r for r in variable.consumers if folding.drawn_by(r.name) == variable.name]
        readers = {folding.drawn_by(r.name) for part in [variable, *parts] for r in part.consumers}
        readers -= {variable.name, HIDDEN}
        updated = any(_UPDATE.match(r.type) and r.inputs and r.inputs[0][0] == variable.name
                      for r in variable.consumers)
        if len(readers) == 1 and readers <= training and not updated:
            group = readers.pop()
            for record in [variable, *parts]:
                folding.owner[record.name] = group
                folding.groups[group].members.append(record.name)


def fold_parameters(records: dict[str, Record], folding: Folding, labelled: Container[str]) -> None:
    """Rule 5: write small constant arguments into the operations that read them."""
    for record in records.values():
        if (record.type != "Const" or record.boundary or record.name in folding.owner or record.name in labelled
                or len(record.consumers) != 1):
            continue
        reader = record.consumers[0]
        if folding.drawn_by(reader.name) != reader.name or reader.boundary or record.name in reader.controls:
            continue
        if parent(record.name) == reader.name:
            key = record.name.rpartition("/")[2]
        elif reader.type in _REDUCTIONS and AUTOMATIC_CONST.match(record.name) and reader.inputs[0][0] != record.name:
            key = "reduction_indices"
        else:
            continue
        value = labels.constant_value(record.op)
        text = "" if value is None else labels.small_text(value)
        if text:
            folding.owner[record.name] = reader.name
            folding.parameters.setdefault(reader.name, []).append((_PARAMETER_NAMES.get(key, key), text))
