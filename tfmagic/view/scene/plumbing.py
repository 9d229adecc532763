"""What control flow and op functions put around the operations that the user wrote, folded into those operations.

Rules, each a function below:
1. A loop variable (`Enter`, `Merge`, `Switch`, `Identity`, `NextIteration`, `Exit`) is one node; `LoopCond` is part of
   the condition.
2. What steers a branch (its `Switch` with `switch_t`, `switch_f` and `pred_id`) is part of the first `Merge`: the
   predicate chooses there. A value that a branch hands on as it is goes straight into its `Merge`.
3. A helper inside the name scope of the one operation that needs it (`mul/Switch`, `while/Less/Enter`, a `Shape` that
   an op function left behind) is part of that operation.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from tfmagic.view.scene.auxiliary import Folding
from tfmagic.view.scene.records import Record, parent

_ENTER = frozenset({"Enter", "RefEnter"})
_SWITCH = frozenset({"Switch", "RefSwitch"})
_MERGE = frozenset({"Merge", "RefMerge"})
_NEXT = frozenset({"NextIteration", "RefNextIteration"})
_EXIT = frozenset({"Exit", "RefExit"})
_SHAPE_ONLY = frozenset({"Shape", "ShapeN", "Rank", "Size"})
_HELPERS = _ENTER | _SWITCH | _SHAPE_ONLY | {"Identity", "ReadVariableOp"}
_PIVOTS = ("switch_t", "switch_f", "pred_id")


def fold_plumbing(records: dict[str, Record], folding: Folding, labelled: Container[str]) -> None:
    """Fold what steers loops and branches, and helpers inside the scope of an operation."""
    for record in records.values():
        if record.type in _MERGE and not record.boundary and record.name not in folding.owner:
            if len(record.inputs) > 1 and _type(records, record.inputs[1][0]) in _NEXT:
                _fold_loop_variable(records, record, folding)
            elif record.name == f"{parent(record.name)}/Merge":
                _fold_branch(records, record, folding)
    for record in records.values():
        if record.type == "LoopCond" and record.name not in folding.owner and record.inputs:
            folding.owner[record.name] = folding.drawn_by(record.inputs[0][0])
    _fold_helpers(records, folding, labelled)


def drawn_inputs(record: Record, folding: Folding) -> Sequence[tuple[str, object]]:
    """The inputs of a record that are drawn as edges: not what only steers, nor what only asks for a shape."""
    if folding.drawn_by(record.name) == record.name:
        if not folding.pivots:
            return record.inputs
        return [item for item in record.inputs if item[0] not in folding.pivots]
    if record.type in _SHAPE_ONLY or record.name.endswith("/pred_id"):
        return []
    inputs = record.inputs[:1] if record.type in _SWITCH else record.inputs
    return [item for item in inputs if item[0] not in folding.pivots]


def flow_words(records: dict[str, Record], folding: Folding) -> dict[tuple[str, str], set[str]]:
    """(from, to) as drawn -> what is said of what flows there: whether a branch or a loop gives it."""
    words: dict[tuple[str, str], set[str]] = {}
    for record in records.values():
        target = folding.drawn_by(record.name)
        if record.type in _MERGE and target == record.name and record.name not in folding.loop_variables:
            if len(record.inputs) == 2 and all(_is_branch(records, name, record.name) for name, _ in record.inputs):
                for word, (name, _) in zip(("if false", "if true"), record.inputs):
                    source = folding.drawn_by(name)
                    if source == target and records[name].inputs:  # a branch hands on what it got
                        source = folding.drawn_by(records[name].inputs[0][0])
                    words.setdefault((source, target), set()).add(word)
        elif record.type in _EXIT and target in folding.loop_variables:
            for reader in record.consumers:
                words.setdefault((target, folding.drawn_by(reader.name)), set()).add("result")
    return words


def _is_branch(records: dict[str, Record], name: str, merge: str) -> bool:
    """Whether a value that a `Merge` reads lies in the scope of its `tf.cond`."""
    return name.startswith(parent(merge) + "/")


def _type(records: dict[str, Record], name: str) -> str:
    return records[name].type


def _fold_loop_variable(records: dict[str, Record], merge: Record, folding: Folding) -> None:
    enter, following = (records[name] for name, _ in merge.inputs[:2])
    parts = [following]
    if enter.type in _ENTER:
        parts.append(enter)
        folding.loop_variables[merge.name] = enter.inputs[0][0] if enter.inputs else merge.name
    else:
        folding.loop_variables[merge.name] = merge.name
    for switch in merge.consumers:
        if switch.type in _SWITCH and switch.inputs[0][0] == merge.name:
            parts.append(switch)
            parts += [r for r in switch.consumers if r.type in _EXIT or (
                r.type == "Identity" and parent(r.name) == parent(merge.name))]
    for record in parts:
        folding.owner.setdefault(record.name, merge.name)


def _fold_branch(records: dict[str, Record], merge: Record, folding: Folding) -> None:
    scope = parent(merge.name)
    for name in (f"{scope}/Switch", *(f"{scope}/{pivot}" for pivot in _PIVOTS)):
        if name in records and name not in folding.owner:
            folding.owner[name] = merge.name
            folding.pivots.add(name)
    for record in records.values():
        if (record.type in _SWITCH and parent(record.name) == scope and record.name not in folding.owner
                and len(record.consumers) == 1 and record.consumers[0].type in _MERGE):
            folding.owner[record.name] = record.consumers[0].name


def _fold_helpers(records: dict[str, Record], folding: Folding, labelled: Container[str]) -> None:
    for record in reversed(records.values()):
        if (record.type not in _HELPERS or record.boundary or record.name in folding.owner
                or record.name in labelled):
            continue
        scope = parent(record.name)
        owner = scope if scope in records else f"{scope}/{scope.rpartition('/')[2]}"
        if owner in records and folding.drawn_by(owner) == owner and all(
                folding.drawn_by(consumer.name) == owner for consumer in record.consumers):
            folding.owner[record.name] = owner
