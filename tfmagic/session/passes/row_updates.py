"""Row updates: a large variable of which a step changes some rows is changed in place, and not copied.

1. A new value that is the present value of a large variable with other rows at some indices (of `Scatter` ops, of the
   sparse forms of optimisers, by `index_add`) is not computed: its rows are, from the present rows, and take their
   places at the commit.
2. Adam of `IndexedSlices` makes every row decay and moves every row: m and v times their betas, gradients added to
   rows of them, then `var - alpha * m / (sqrt(v) + epsilon)`. This is carried out at the commit, a block of rows after
   the other, so that each block comes from memory once; after some runs by machine code, each number once.
3. That holds where nothing else reads the new values, nobody fetches them, and the variable is the present one.
4. Rows are checked and computed with the run; only the storing is left for the commit, which cannot fail.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import fx

from tfmagic.session.passes import one_pass
from tfmagic.session.passes.prepared import Prepared, take_in_place
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall, RunTimeKernel

# Numbers of a variable from which on a copy costs more than finding its rows.
_LARGE = 1 << 16
# How many numbers of a table machine code computes in the microsecond that it saves.
_SAVES = 1300
# Numbers of a block: three tensors of them, and one more, stay in a processor's second cache.
_BLOCK = 1 << 16
# From such an epsilon on, the root of the least number is lost in it.
_NOTICED = 1e-10
_SCATTERS = frozenset({f"{prefix}Scatter{rule}" for prefix in ("", "Resource")
                       for rule in ("Update", "Add", "Sub", "Mul", "Div", "Min", "Max")})
_METHODS = frozenset({"index_add", "index_copy"})


def run(plan: PlanGraph) -> bool:
    """Change rows in place; say whether anything was to change."""
    changed = False
    for state in list(plan.results[1]):
        if state is not None and state in plan.results[1]:  # nothing is left of it, or it went with another one
            changed |= _adam(plan, state) or _rows(plan, state)
    return changed


def is_large(node: fx.Node) -> bool:
    """Whether a parameter is of a variable that is worth changing in place."""
    meta = node.meta.get("val")
    return isinstance(meta, torch.Tensor) and meta.numel() >= _LARGE and meta.dim() > 0 \
        and node.meta.get("device", "cpu") == "cpu"


def _variable(plan: PlanGraph, node: Any, state: fx.Node) -> bool:
    """Whether `node` is the present value of the variable whose new value `state` is, a large one."""
    if not isinstance(node, fx.Node) or node.op != "placeholder":
        return False
    places = [i for i, other in enumerate(plan.results[1]) if other is state]
    return len(places) == 1 and node.meta["source"] is plan.written[places[0]] and is_large(node) \
        and state not in plan.results[0]


def _rows(plan: PlanGraph, state: fx.Node) -> bool:
    """Rule 1."""
    maker = state.args[0] if state.target is operator.getitem else state
    if not isinstance(maker, fx.Node) or not maker.args:
        return False
    target: Any = maker.target
    options: dict[str, Any] = dict(maker.kwargs)
    if type(target) is RunTimeKernel and target.op.type in _SCATTERS:
        tables, (indices, *others) = maker.args[:1], maker.args[1:]
        change: Callable[..., Any] = target
    elif maker.op == "call_method" and target in _METHODS and maker.args[1] == 0:
        tables, (indices, *others) = maker.args[:1], maker.args[2:]
        change = functools.partial(_by_method, str(target))
    elif getattr(target, "of_rows", False):
        tables, (indices, *others) = tuple(maker.args[0]), maker.args[1:]  # type: ignore[arg-type]
        change = functools.partial(_by_rule, target)
    else:
        return False
    states = [state] if maker is state else sorted(maker.users, key=_place)
    output = plan.output_node
    if [new.args[1] for new in states if new is not maker] not in ([], [*range(len(tables))]) or any(
            set(new.users) != {output} or not _variable(plan, table, new) for table, new in zip(tables, states)):
        return False
    with plan.graph.inserting_before(output):
        call = plan.graph.call_function(RowUpdate(change), (list(tables), indices, *others), options)
    call.meta = {key: value for key, value in maker.meta.items() if key in ("op", "inputs", "path", "device")}
    call.meta["effect"] = "none"  # it only prepares the step
    take_in_place(plan, states, call)
    _erase(*(new for new in states if new is not maker), maker)
    return True


def _place(item: Any) -> int:
    return item.args[1]


def _by_method(name: str, tables: Sequence[Any], places: Any, *others: Any, **options: Any) -> tuple[Any, ...]:
    return (getattr(tables[0], name)(0, places, *others, **options),)


def _by_rule(rule: Callable[..., Any], tables: Sequence[Any], places: Any, *others: Any,
             **options: Any) -> tuple[Any, ...]:
    return rule(tuple(tables), places, *others, **options)


def _adam(plan: PlanGraph, state: fx.Node) -> bool:
    """Rule 2, for the new value of the variable."""
    moved: Any = _call(state, "sub")
    quotient: Any = moved and _call(moved[1], "div")
    product: Any = quotient and _call(quotient[0], "mul")
    total: Any = quotient and _call(quotient[1], "add")
    root: Any = total and _call(total[0], "sqrt")
    if not root or not product:
        return False
    var, alpha, m, v, epsilon = moved[0], product[0], product[1], root[0], total[1]
    decayed_m, decayed_v = _decayed(plan, m), _decayed(plan, v)
    if decayed_m is None or decayed_v is None or not _variable(plan, var, state):
        return False
    own = (state, moved[1], quotient[0], quotient[1], total[0], m, v)
    if not all({*node.users} <= {*own, plan.output_node} for node in own):
        return False
    if any(_count(number) != 1 for number in (alpha, epsilon, decayed_m[1], decayed_v[1])):
        return False
    with plan.graph.inserting_before(plan.output_node):
        call = plan.graph.call_function(AdamOfRows(), (
            [var], [decayed_m[0]], [decayed_v[0]], decayed_m[1], decayed_v[1], alpha, epsilon,
            *decayed_m[2], *decayed_v[2]))
    call.meta = {key: value for key, value in m.meta.items() if key in ("op", "inputs", "path", "device")}
    call.meta["effect"] = "none"
    take_in_place(plan, [state, m, v], call)
    _erase(*own)
    return True


def _decayed(plan: PlanGraph, new: fx.Node) -> tuple[fx.Node, Any, tuple[Any, ...]] | None:
    """The variable and the factor, where `new` is the variable times it with gradients added to rows, and these two."""
    target = new.target
    if type(target) is RunTimeKernel and target.op.type in ("ScatterAdd", "ResourceScatterAdd"):
        total, added = new.args[0], new.args[1:]
    elif new.op == "call_method" and target == "index_add" and new.args[1] == 0 and new.kwargs.get("alpha", 1) == 1:
        total, added = new.args[0], new.args[2:]
    else:
        return None
    product = _call(total, "mul")
    if product is None or len(total.users) != 1 or not _variable(plan, product[0], new):  # type: ignore[union-attr]
        return None
    return product[0], product[1], added


def _call(node: Any, name: str) -> tuple[Any, ...] | None:
    """The arguments of a call of that name."""
    if not isinstance(node, fx.Node) or node.op not in ("call_function", "call_method") or node.kwargs:
        return None
    found = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    return node.args if found == name or (name, found) == ("div", "truediv") else None


def _count(value: Any) -> int | None:
    meta = value.meta.get("val") if isinstance(value, fx.Node) else value
    return meta.numel() if isinstance(meta, torch.Tensor) else 1 if isinstance(value, (int, float)) else None


def _erase(*nodes: fx.Node) -> None:
    """Take out calls that nothing needs: what they changed is changed in another way."""
    for node in nodes:
        node.graph.erase_node(node)


# --- called by plans --------------------------------------------------------------------------------------------------


class RowUpdate(PlanCall, shown_under="tfmagic.session"):
    """Prepares the change of some rows.

    Args:
      change: from the old rows of all tables, where the updates belong among them, and the rest of the arguments, the
        new rows of all tables (of one table, these alone).
    """

    effect = "none"

    def __init__(self, change: Callable[..., Any]):
        self.__name__ = self.__qualname__ = "update_rows"
        self._change = change

    def __call__(self, tables: Any, indices: Any, *others: Any, **options: Any) -> Prepared:  # type: ignore[override]
        rows, places = rows_of(indices)
        old = [table.index_select(0, rows) for table in tables]
        if isinstance(self._change, RunTimeKernel):
            new: Sequence[Any] = (self._change(old[0], places, *others, **options),)
        else:
            new = self._change(old, places, *others, **options)
        changed = [[table] for table in tables]

        def calls() -> list[Callable[[], Any]]:
            return [functools.partial(table.index_copy_, 0, rows, value) for (table,), value in zip(changed, new)]

        return Prepared(calls, tuple(changed))


def rows_of(indices: Any) -> tuple[Any, Any]:
    """The rows that indices name, in order, and where each index stands among them."""
    rows, places = torch.unique(indices, return_inverse=True)
    return rows.long(), places


class AdamOfRows(PlanCall, shown_under="tfmagic.session"):
    """Prepares Adam's step of a table of which some rows have a gradient."""

    effect = "none"

    def __init__(self) -> None:
        self.__name__ = self.__qualname__ = "adam_of_rows"
        self._stepper: one_pass.Stepper | None = None

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Prepared]:
        """The function of a plan's callable; all callables of a plan count together."""

        def adam_of_rows(*given: Any) -> Prepared:
            """The variable, m and v, each in a list, four numbers, then rows and what is added, of m and of v."""
            stepper = self._stepper
            tables, numbers, to_m, to_v = given[:3], given[3:7], given[7:9], given[9:]
            var = tables[0][0]
            if stepper is None:
                stepper = self._stepper = one_pass.Stepper(_decaying(), var.dtype, var.numel(), _SAVES)
            if stepper.ready() and to_m[0] is to_v[0]:
                return _in_one_pass(stepper, tables, [torch.as_tensor(number, dtype=var.dtype) for number in numbers],
                                    to_m[0], to_m[1], to_v[1])
            return _by_blocks(tables, [float(number) for number in numbers], to_m, to_v)

        return adam_of_rows


@functools.cache
def _decaying() -> one_pass.Formula:
    """Adam's step of rows without a gradient."""

    def step(var: Any, m: Any, v: Any, beta1: Any, beta2: Any, alpha: Any, epsilon: Any) -> tuple[Any, Any, Any]:
        m, v = m * beta1, v * beta2
        return var - m * alpha / (torch.sqrt(v) + epsilon), m, v

    return one_pass.Formula(step, ("var", "m", "v"), ("beta1", "beta2", "alpha", "epsilon"), 3)


def _in_one_pass(stepper: one_pass.Stepper, tables: Any, numbers: Any, indices: Any, to_m: Any, to_v: Any) -> Prepared:
    """By machine code: every row decays and moves, then those with a gradient get their values."""
    (var,), (m,), (v,) = tables
    beta1, beta2, alpha, epsilon = numbers
    rows, places = rows_of(indices)
    new_m, new_v = _decayed_rows(m, beta1, rows, places, to_m), _decayed_rows(v, beta2, rows, places, to_v)
    new_var = var.index_select(0, rows) - alpha * new_m / (torch.sqrt(new_v) + epsilon)

    def calls() -> list[Callable[[], Any]]:
        stored = [functools.partial(table.index_copy_, 0, rows, new) for (table,), new in
                  zip(tables, (new_var, new_m, new_v))]
        return [stepper.call(numbers, tables), *stored]

    return Prepared(calls, tables)


def _by_blocks(tables: Any, numbers: Sequence[float], *to_m_and_v: tuple[Any, Any]) -> Prepared:
    """By torch, a block of rows after the other."""
    first, second, factor, small = numbers
    variables, m, v = tables
    size = max(1, _BLOCK // max(1, math.prod(variables[0].shape[1:])))
    parts = []
    for (table,), beta, (indices, added) in zip((m, v), (first, second), to_m_and_v):
        rows, places = rows_of(indices)
        parts.append(_parts(rows, _decayed_rows(table, beta, rows, places, added), len(table), size))

    def calls() -> list[Callable[[], Any]]:
        room, found = torch.empty_like(variables[0][:size]), []
        # Of a zero, as rows have that never had a gradient, the square root takes twenty times as long as of
        # another number; beside epsilon the least of these is nothing.
        least = torch.finfo(room.dtype).tiny if small > _NOTICED else 0.0
        blocks = zip(variables[0].split(size), m[0].split(size), v[0].split(size), *parts)
        for var, m_block, v_block, m_rows, v_rows in blocks:
            root = room[:len(var)]
            found += [functools.partial(m_block.mul_, first), functools.partial(v_block.mul_, second)]
            found += [functools.partial(block.index_copy_, 0, *rows) for block, rows in
                      ((m_block, m_rows), (v_block, v_rows)) if rows is not None]
            found += [functools.partial(torch.add, v_block, least, out=root), functools.partial(root.sqrt_),
                      functools.partial(root.add_, small),
                      functools.partial(var.addcdiv_, m_block, root, value=-factor)]
        threads = torch.get_num_threads()
        return [functools.partial(torch.set_num_threads, 1), *found,
                functools.partial(torch.set_num_threads, threads)]

    return Prepared(calls, tables)


def _decayed_rows(table: Any, factor: Any, rows: Any, places: Any, added: Any) -> Any:
    return (table.index_select(0, rows) * factor).index_add(0, places, added)


def _parts(rows: Any, values: Any, count: int, size: int) -> list[tuple[Any, Any] | None]:
    """The rows of each block of `size`, counted from its start, with their values; None for a block without."""
    bounds = torch.searchsorted(rows, torch.arange(0, count + size, size)).tolist()
    found: list[tuple[Any, Any] | None] = []
    for number, (start, stop) in enumerate(zip(bounds, bounds[1:])):
        found.append((rows[start:stop] - number * size, values[start:stop]) if stop > start else None)
    return found
