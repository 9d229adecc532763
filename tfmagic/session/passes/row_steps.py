"""Row steps: changes of some rows of variables, all of one kind in one call, in place at the commit.

1. The sparse forms of optimisers (`SparseApply...`) and `ScatterAdd` and `ScatterSub` that share type, options and
   numbers become one call. What a step computes is said by the op itself (`RowRule`); a row that is named twice has
   its turns one after the other.
2. After some calls it is machine code, which goes from row to row and reads no others. Before, rows are computed with
   the run (`row_updates`), and only stored at the commit.
3. Indices and shapes are looked at with the run, so that the commit cannot fail; what does not fit is left to the op's
   kernel, which says what is wrong.
4. What lies in the memory of a variable that changes (indices, gradients) is copied before.
"""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code
from tfmagic.graph import registry
from tfmagic.graph.opdefs import python_name
from tfmagic.graph.operation import Operation
from tfmagic.ops.state.rows import RowRule
from tfmagic.session import run_errors
from tfmagic.session.passes import one_pass
from tfmagic.session.passes.prepared import Prepared, apart, take_in_place
from tfmagic.session.passes.row_updates import rows_of
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall, tensor_type

# How many microseconds machine code saves with each variable.
_SAVES = 60
_INDICES = {torch.int32: "i32", torch.int64: "i64"}


class RowFormula(one_pass.Formula):
    """A step on numbers of rows: of tables, in a row that an index names, and of as many rows of updates.

    Args:
      function: from numbers of the tables, of the updates, and scalars, by name, the new numbers of the tables.
      tables: the names of the tables; of the updates it is `update`.
      numbers: the names of the scalars.
      indices: their type.
    """

    def __init__(self, function: Callable[..., Any], tables: Sequence[str], numbers: Sequence[str], update: str,
                 indices: torch.dtype):
        super().__init__(function, (*tables, update), numbers, len(tables))
        self._kind = _INDICES[indices]

    @property
    def _range(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("ptr %indices", "i64 %turns", "i64 %width")

    def _each(self, loop: Code, one: Callable[[str, str], None]) -> None:
        def turn(number: str) -> None:
            row = _index(loop, "%indices", self._kind, number)
            first, own = (loop.let(f"mul i64 {which}, %width") for which in (row, number))
            loop.loop("0", "%width", lambda at: one(*(loop.let(f"add i64 {start}, {at}") for start in (first, own))))

        loop.loop("0", "%turns", turn)

    def made(self, dtype: torch.dtype) -> Callable[..., None]:
        """The machine code, and that which looks at indices, made by the first who asks."""
        _range_check(self._kind)
        return super().made(dtype)

    def _through_tensors(self, code: Code, title: str, fixed: Sequence[str]) -> None:
        """Code that calls the function of one variable for each of them."""
        pointers = len(self.tensors) + 1

        def variable(index: str) -> None:
            first = code.let(f"add i64 {code.let(f'mul i64 {index}, {pointers + 2}')}, {1 + len(self.numbers)}")
            kinds = ["ptr"] * pointers + ["i64"] * 2
            given = [f"{kind} {code.load('%packed', kind, code.let(f'add i64 {first}, {at}'))}"
                     for at, kind in enumerate(kinds)]
            code.do(f"call void @{title}_tensor({', '.join([*given, *fixed])})")

        code.loop("%start", "%stop", variable)


def _index(code: Code, pointer: str, kind: str, at: str) -> str:
    index = code.load(pointer, kind, at)
    return index if kind == "i64" else code.let(f"sext {kind} {index} to i64")


@functools.cache
def _range_check(kind: str) -> Callable[..., None]:
    """Machine code that looks at the indices of several variables: 1 is stored where one names no row.

    It takes an address, of: how many variables, where to store; for each its indices, how many, and rows.
    """
    code = Code()

    def variable(number: str) -> None:
        first = code.let(f"add i64 {code.let(f'mul i64 {number}, 3')}, 2")
        indices, turns, rows = (code.load("%packed", of, code.let(f"add i64 {first}, {at}"))
                                for at, of in enumerate(("ptr", "i64", "i64")))

        def one(at: str) -> None:
            bad = code.let(f"icmp uge i64 {_index(code, indices, kind, at)}, {rows}")
            code.store(code.let(f"or i64 {code.load('%found', 'i64', '0')}, {code.let(f'zext i1 {bad} to i64')}"),
                       "%found", "i64", "0")

        code.loop("0", turns, one)

    code.do("%found = load ptr, ptr " + code.at("%packed", "ptr", "1"))
    code.loop("0", code.load("%packed", "i64", "0"), variable)
    title = "rows_there"
    return compiler.compiled(code.function(title, ["ptr %packed"]), title, [compiler.POINTER], releases=False)


class _Rows(NamedTuple):
    """What is known of one update of rows."""

    rule: RowRule
    numbers: tuple[str, ...]
    formula: RowFormula


def rule(update: Any) -> tuple[Any, tuple[str, ...]] | None:
    """How an update of rows is fused with its like, and the inputs that they must share; None where it is not."""
    found = _found(update)
    return None if found is None else (fuse, found.numbers)


def _found(update: Any) -> _Rows | None:
    op, given = update.op, update.arguments
    declaration = registry.lookup(op.type)
    rows: RowRule | None = getattr(declaration and declaration.kernel, "of_rows", None)
    if rows is None or not compiler.available():
        return None
    named = (*rows.tables, rows.update, rows.indices)
    tensors = dict(zip((arg.name for arg in op._op_def.inputs), op._inputs))
    numbers = tuple(name for name in tensors if name not in named)
    if not all(isinstance(given[name], Proxy) for name in named) or any(tensors[name]._dims != () for name in numbers):
        return None
    metas = [given[name].node.meta.get("val") for name in rows.tables]
    if any(meta is None or not meta.dim() or meta.shape != metas[0].shape for meta in metas) \
            or update.values[0].node.meta.get("device", "cpu") != "cpu":
        return None
    dtype, indices = metas[0].dtype, tensor_type(tensors[rows.indices])
    if dtype not in one_pass.FLOATS or indices not in _INDICES \
            or any(tensor_type(tensors[name]) != dtype for name in (*numbers, rows.update)):
        return None
    formula = _formula(rows, numbers, one_pass.flags(op), one_pass.exponents(given), indices)
    return _Rows(rows, numbers, formula) if formula.fits else None


@functools.cache
def _formula(rows: RowRule, numbers: tuple[str, ...], attrs: tuple[tuple[str, bool], ...],
             exponents: tuple[tuple[str, float], ...], indices: torch.dtype) -> RowFormula:
    own, fixed = SimpleNamespace(**dict(attrs)), dict(exponents)
    return RowFormula(lambda **given: rows.step(own, **{**given, **fixed}), rows.tables, numbers, rows.update, indices)


def fuse(plan: PlanGraph, updates: list[Any], changing: Sequence[fx.Node]) -> None:
    """Put one call in the place of updates of one kind.

    Args:
      changing: the parameters whose variables the plan may change in place.
    """
    found = _found(updates[0])
    assert found is not None
    rows, numbers, formula = found
    graph, first = plan.graph, updates[0]
    names = (*rows.tables, rows.indices, rows.update)
    lists = [[update.arguments[name].node for update in updates] for name in names]
    with graph.inserting_before(plan.output_node):
        given = apart(graph, [*lists[-2:], [plan.node_of(first.arguments[name]) for name in numbers]], changing)
        call = graph.call_function(RowSteps([update.op for update in updates], rows, numbers, formula),
                                   (lists[:-2], *given))
    call.meta.update(op=first.op, effect="none")  # it only prepares the step
    places = {name: at for at, name in enumerate(first.roots)}
    take_in_place(plan, [update.values[places[name]].node for name in rows.tables for update in updates], call)


# --- called by plans --------------------------------------------------------------------------------------------------


class RowSteps(PlanCall, shown_under="tfmagic.session"):
    """Prepares the steps of one kind on rows of variables.

    Args:
      ops: an operation for each.
      rule: what they do.
      numbers: the names of their scalars.
      formula: the same for machine code.
    """

    effect = "none"

    def __init__(self, ops: Sequence[Operation], rule: RowRule, numbers: Sequence[str], formula: RowFormula):
        self.__name__ = self.__qualname__ = python_name(ops[0].type.removeprefix("Resource"))
        self._ops, self._rule, self._numbers, self._formula = ops, rule, numbers, formula
        self._stepper: RowStepper | None = None

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Prepared]:
        """The function of a plan's callable; all callables of a plan count together."""
        formula, count, early = self._formula, len(self._ops), self._early

        def row_steps(tables: list[list[Any]], indices: list[Any], updates: list[Any], numbers: list[Any]) -> Prepared:
            stepper = self._stepper
            if stepper is None:
                stepper = self._stepper = RowStepper(formula, tables[0][0].dtype, count * _SAVES, 1)
            if stepper.ready():
                indices, updates = ([value.contiguous() for value in values] for values in (indices, updates))
                if stepper.fits(tables[0], indices, updates):
                    step = stepper.call
                    return Prepared(lambda: (step(numbers, (*tables, updates), indices),), tuple(tables))
            return early(tables, indices, updates, numbers)

        return row_steps

    def _early(self, tables: list[list[Any]], indices: list[Any], updates: list[Any], numbers: list[Any]) -> Prepared:
        """By torch: the new rows are computed now."""
        places, new = [], []
        for op, *own, named, update in zip(self._ops, *tables, indices, updates):
            names = (*self._rule.tables, self._rule.indices, self._rule.update, *self._numbers)
            given = dict(zip(names, (*own, named, update, *numbers)))
            values = [given[arg.name] for arg in op._op_def.inputs]
            try:
                run_errors.refuse_shapes(op, values)
                rows, given[self._rule.indices] = rows_of(named)
                given.update(zip(self._rule.tables, (table.index_select(0, rows) for table in own)))
                changed = registry.lookup(op.type).kernel(  # type: ignore[union-attr,misc]
                    registry.Node(op), *(given[arg.name] for arg in op._op_def.inputs))
            except Exception as error:
                raise run_errors.translate(error, op, values) from None
            places.append(rows)
            new.append(changed if isinstance(changed, tuple) else (changed,))

        def calls() -> list[Callable[[], Any]]:
            return [functools.partial(table.index_copy_, 0, rows, value)
                    for *own, rows, values in zip(*tables, places, new) for table, value in zip(own, values)]

        return Prepared(calls, tuple(tables))


class RowStepper(one_pass.Stepper):
    """The steps of one plan's variables on rows: after some calls they are machine code."""

    def fits(self, tables: Sequence[Any], indices: Sequence[Any], updates: Sequence[Any]) -> bool:
        """Whether all indices name rows, and updates are rows."""
        if any(update.shape != (*named.shape, *table.shape[1:])
               for table, named, update in zip(tables, indices, updates)):
            return False
        bad = torch.zeros(1, dtype=torch.int64)
        packed = [len(tables), bad.data_ptr()]
        for table, named in zip(tables, indices):
            packed += [named.data_ptr(), named.numel(), len(table)]
        _range_check(_INDICES[indices[0].dtype])(struct.pack(f"{len(packed)}q", *packed))
        return not bad.item()

    def call(self, numbers: Sequence[torch.Tensor], tensors: Sequence[Sequence[torch.Tensor]],  # type: ignore[override]
             indices: Sequence[torch.Tensor]) -> Callable[[], Any]:
        """What carries a step out: a partial of a C function. All that is given must live until it has been called.

        Args:
          numbers: scalars of the type, in the formula's order.
          tensors: for each name of the formula, its tensors, row by row in memory.
          indices: the rows of each variable.
        """
        packed = [len(indices), *(number.data_ptr() for number in numbers)]
        for *parts, named in zip(*tensors, indices):
            packed += [part.data_ptr() for part in parts]
            packed += [named.data_ptr(), named.numel(), math.prod(parts[0].shape[1:])]
        assert self.made is not None
        return functools.partial(self.made, struct.pack(f"{len(packed)}q", *packed), len(indices), 1)
