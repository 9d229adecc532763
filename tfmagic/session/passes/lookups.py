"""Lookups: what `safe_embedding_lookup_sparse`, and so feature columns, do to look rows up and sum them is one call.

1. Of a sparse matrix of numbers, the elements whose number is not negative (`ge`, `true_places`, `index_select`), one
   more in each row without (`with_every_row`), their rows as int32, and their different numbers (`distinct_numbers`)
   become `looked_up`, where nothing else reads what lies between, and shapes are assumed: errors are another plan's.
2. What was assumed of values between is asked of results that are as long.
3. Sums of segments by these rows (`gathered`) need not look how many there are: each row has an element.
4. Rows that are looked up in a variable at the different numbers, only to be summed so, are summed by the same call.
5. Rows of something as long, taken for these rows and only to be summed (`unsorted_sum`), are summed where they are.
"""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from tfmagic.ops.array.select import distinct_numbers, true_places
from tfmagic.ops.math.segment import gathered, sum_of_taken, unsorted_sum
from tfmagic.ops.sparse.layout import with_every_row
from tfmagic.ops.sparse.lookups import looked_up, looked_up_sums
from tfmagic.session.devices.transfers import is_on_gpu
from tfmagic.session.plan.plan_graph import PlanGraph, replace
from tfmagic.session.plan.run_time import Assumption

_FIRST_COLUMN = (0, Ellipsis)
_SUMMED = (torch.float32, torch.float64)


def run(plan: PlanGraph) -> bool:
    """Join what can be; say whether there was anything."""
    found = [node for node in plan.graph.nodes if node.target is with_every_row]
    return sum([_joined(plan, node) for node in found]) > 0


def _joined(plan: PlanGraph, filled: fx.Node) -> bool:
    indices, numbers, count, default = filled.args
    kept = _kept(plan, indices, numbers)
    number = _constant(plan, default)
    parts = _parts(filled)
    if kept is None or number is None or parts is None or is_on_gpu(filled):
        return False
    places, source_indices, source_numbers = kept
    empty, rows, values, assumptions, distinct = parts
    known = _meta(values)
    if not isinstance(known, torch.Tensor):
        return False
    with plan.graph.inserting_before(filled):
        made = plan.graph.call_function(looked_up, (source_indices, source_numbers, count, int(number), len(known)))
        results = [plan.graph.call_function(operator.getitem, (made, index)) for index in range(5)]
    for node in (made, *results):
        node.meta.update({name: filled.meta[name] for name in ("op", "device") if name in filled.meta},
                         effect="none", inputs=[])
    for row in rows:
        for user in list(row.users):
            if user.target is gathered and user.args[2:4] == (row, None):
                user.update_arg(3, count)
    for node in assumptions:  # of the elements that stay
        _assume(plan, node, results[1], filled)
    for node in [user for user in places.users if isinstance(user.target, Assumption)]:  # of those that were kept
        _assume(plan, node, results[4], filled)
    for old, new in [(empty, results[0]), *((row, results[1]) for row in rows),
                     *((node, results[2 + node.args[1]]) for node in distinct)]:
        if old is not None:
            new.meta["val"] = old.meta.get("val")
            replace(old, new)
    _sum_at_once(plan, made, results, count)
    for taken in list(results[1].users):
        _sum_in_place(plan, taken, results[1], count)
    return True


def _kept(plan: PlanGraph, indices: Any, numbers: Any) -> tuple[fx.Node, Any, Any] | None:
    """The places of the numbers that are not negative, the indices of all and all numbers; None: it is not that."""
    if not (_is_method(indices, "index_select") and _is_method(numbers, "index_select")):
        return None
    flat = numbers.args[2]
    if indices.args[1:] != (0, flat) or numbers.args[1] != 0 or not _is_method(flat, "reshape"):
        return None
    places = flat.args[0]
    asked = places.args[0] if isinstance(places, fx.Node) and places.target is true_places else None
    if not isinstance(asked, fx.Node) or asked.target is not torch.ge or asked.args[0] is not numbers.args[0] \
            or _constant(plan, asked.args[1]) != 0:
        return None
    meta, rows = _meta(numbers.args[0]), _meta(indices.args[0])
    if not isinstance(meta, torch.Tensor) or meta.dtype not in (torch.int32, torch.int64) or meta.dim() != 1 \
            or not isinstance(rows, torch.Tensor) or rows.dtype != torch.int64 or rows.dim() != 2:
        return None
    return places, indices.args[0], numbers.args[0]


def _parts(filled: fx.Node) -> Any:
    """What reads the elements that stay: of empty rows; of rows; values; what is assumed; of different numbers."""
    by_index: dict[Any, fx.Node] = {}
    for user in filled.users:
        if user.target is not operator.getitem or user.args[1] in by_index or user.args[1] == 3:
            return None
        by_index[user.args[1]] = user
    indices, values = by_index.get(0), by_index.get(1)
    if indices is None or values is None:
        return None
    assumptions = [user for part in (indices, values) for user in part.users if isinstance(user.target, Assumption)]
    columns = [user for user in indices.users if user not in assumptions]
    numbered = [user for user in values.users if user not in assumptions]
    if not all(_is_first_column(user) for user in columns) or not all(
            user.target is distinct_numbers and user.args[1] == torch.int32 for user in numbered):
        return None
    rows = [user for column in columns for user in column.users]
    if not all(_is_method(row, "to") and row.args[1:] == (torch.int32,) for row in rows):
        return None
    distinct = [user for node in numbered for user in node.users]
    if not all(user.target is operator.getitem for user in distinct):
        return None
    return by_index.get(2), rows, values, assumptions, distinct


def _sum_at_once(plan: PlanGraph, made: fx.Node, results: list[fx.Node], count: Any) -> None:
    """Rule 4."""
    _, rows, values, places, _ = results
    for taken in list(values.users):
        if plan.name or not _is_method(taken, "index_select") or taken.args[1:] != (0, values) or len(taken.users) != 1:
            continue  # in a body, parameters have their order
        source: Any = taken.args[0]
        (user,), known = taken.users, _meta(source)
        if source.op != "placeholder" or user.target is not gathered or user.args[:4] != (taken, places, rows, count) \
                or not isinstance(known, torch.Tensor) or known.dim() != 2 or known.dtype not in _SUMMED:
            continue
        made.prepend(source)
        made.target, made.args = looked_up_sums, (*made.args, source, user.args[4])
        with plan.graph.inserting_before(results[-1]):
            sums = plan.graph.call_function(operator.getitem, (made, len(results)))
        sums.meta.update(user.meta, effect="none", inputs=[])
        replace(user, sums)
        plan.graph.erase_node(taken)
        return


def _sum_in_place(plan: PlanGraph, taken: fx.Node, rows: fx.Node, count: Any) -> None:
    """Rule 5."""
    if not _is_method(taken, "index_select") or taken.args[1:] != (0, rows) or len(taken.users) != 1:
        return
    source, (user,) = taken.args[0], taken.users
    known = _meta(source)
    if user.target is unsorted_sum and user.args[0] is taken and isinstance(known, torch.Tensor) \
            and known.dim() and known.shape[0] == count:
        user.target, user.args = sum_of_taken, (source, rows, *user.args[1:])
        plan.graph.erase_node(taken)


def _assume(plan: PlanGraph, assumption: fx.Node, value: fx.Node, before: fx.Node) -> None:
    """Rule 2."""
    target: Any = assumption.target
    with plan.graph.inserting_before(before):
        made = plan.graph.call_function(Assumption(target.tensor, target.shape[:1]), (value,))
    made.meta.update(assumption.meta, inputs=[])
    plan.graph.erase_node(assumption)


def _is_method(node: Any, name: str) -> bool:
    return isinstance(node, fx.Node) and node.op == "call_method" and node.target == name and not node.kwargs


def _is_first_column(node: fx.Node) -> bool:
    key: Any = node.args[1] if node.target is operator.getitem else None
    return isinstance(key, tuple) and key[1:] == _FIRST_COLUMN and isinstance(key[0], slice) \
        and key[0].start is key[0].stop is None and key[0].step in (None, 1)


def _constant(plan: PlanGraph, node: Any) -> int | None:
    """The number that a constant of the plan is, or None."""
    value = plan.constants.get(str(node.target)) if isinstance(node, fx.Node) and node.op == "get_attr" else None
    return int(value) if isinstance(value, torch.Tensor) and value.dim() == 0 else None


def _meta(node: Any) -> Any:
    return node.meta.get("val") if isinstance(node, fx.Node) else None
