"""LSTM cells in the body of a loop: one or several on top of each other, and their gradients in the loop back.

What is expected of a body is said with the same meanings as what is found in it, so that they are compared as numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import fx

from tfmagic.ops.nn.lstm_layers import Layer
from tfmagic.session.passes.recurrent.meanings import Meanings, Otherwise, need, only
from tfmagic.session.passes.recurrent.turns import Turns, TurnsBack


@dataclass
class Cell:
    """One cell, by the slots of its states and the numbers of its values."""

    c: int
    h: int
    layer: Layer
    given: int
    kernel: int
    bias: int | None
    joined: int
    i: int
    j: int
    f: int
    o: int
    active: int
    output: int


@dataclass
class Net:
    """What the body of a loop is.

    Attributes:
      cells: from the input to the output.
      depth: how long an input is.
      inputs: the array that they are read from.
      outputs: the array that the last cell's outputs are written to, or None.
      ended: the number of what tells which rows have ended, or None.
      lengths: the number of the rows' lengths, or None.
    """

    cells: list[Cell]
    depth: int
    inputs: fx.Node
    outputs: fx.Node | None
    ended: int | None = None
    lengths: int | None = None


def recognise(turns: Turns, table: Meanings, depth: int) -> Net:
    """The net that a loop computes.

    Args:
      depth: how long an input is.

    Raises:
      Otherwise: it is none.
    """
    read = only(turns.effects("read"))
    found = [cell for cell in (_cell(turns, table, slot) for slot in turns.variables) if cell is not None]
    need(len(found) * 2 == len(turns.variables))
    by_input = {cell.given: cell for cell in found}
    cells, value = [], read.result
    while value in by_input:
        cell = by_input.pop(value)
        cells.append(cell)
        value = cell.output
    need(cells and not by_input)
    net = Net(cells, depth, table.outside(read.on), None)
    _, net.ended = _went_on(turns, table, cells[0].h)
    for cell in cells:
        need(_went_on(turns, table, cell.c)[1] == net.ended == _went_on(turns, table, cell.h)[1])
    if net.ended is not None:
        net.lengths = _lengths(turns, table, net.ended)
    written = turns.effects("write")
    need(len(written) <= 1)
    for effect in written:
        need(effect.given[1:] == (_where(table, net.ended, table("zeros"), value),))
        net.outputs = table.outside(effect.on)
        need(net.outputs is not net.inputs)
    return net


def _where(table: Meanings, ended: int | None, then: int, other: int) -> int:
    return other if ended is None else table("where", ended, then, other)


def _went_on(turns: Turns, table: Meanings, slot: int) -> tuple[int, int | None]:
    """The next value of a state in a row that goes on, and what tells which rows have ended."""
    number = turns.next[slot]
    meaning = table.of(number)
    if meaning[0] == "where" and meaning[2] == turns.variables[slot]:
        return meaning[3], meaning[1]
    return number, None


def _lengths(turns: Turns, table: Meanings, ended: int) -> int:
    """The number of the lengths of the rows."""
    compared, shape = table.parts(ended, "reshape", 2)
    turn, lengths = table.parts(compared, "ge", 2)
    need(shape == (-1, 1) and turn == turns.turn and table.of(lengths)[0] in ("outside", "constant"))
    return lengths


def _cell(turns: Turns, table: Meanings, slot: int) -> Cell | None:
    """The cell whose output is carried on in `slot`, or None."""
    output, _ = _went_on(turns, table, slot)
    try:
        active, o = _factors(table, output, "tanh", "sigmoid")
        (state,) = table.parts(active, "tanh", 1)
        c = only(other for other in turns.variables if other != slot and _went_on(turns, table, other)[0] == state)
        kept, fresh = _either(table, table.parts(state, "sum", 2), turns.variables[c])
        f = _other(table, kept, turns.variables[c])
        i, j = _factors(table, fresh, "sigmoid", "tanh")
        forget, added = _without_number(table, table.parts(f, "sigmoid", 1)[0])
        parts = [table.parts(part, "part", 4) for part in (table.of(i)[1], table.of(j)[1], forget, table.of(o)[1])]
        values, _, places, (units, *_) = zip(*parts)
        need(all(part == [values[0], 1, place, units] for part, place in zip(parts, places)))
        need(sorted(places) == [0, units, 2 * units, 3 * units])
        product, bias = _affine(table, values[0])
        joined, kernel = table.parts(product, "matmul", 2)
        axis, given, carried = table.parts(joined, "cat", 3)
        need(axis == 1 and carried == turns.variables[slot])
    except Otherwise:
        return None
    i_at, j_at, f_at, o_at = (place // units for place in places)
    layer = Layer(units, (i_at, j_at, f_at, o_at), added)
    return Cell(c, slot, layer, given, kernel, bias, joined, i, j, f, o, active, output)


def _factors(table: Meanings, number: int, first: str, second: str) -> tuple[int, int]:
    """The factors of a product, the one of kind `first` first."""
    factors = table.parts(number, "product", 2)
    for one, other in (factors, factors[::-1]):
        if table.of(one)[0] == first and table.of(other)[0] == second:
            return one, other
    raise Otherwise


def _either(table: Meanings, terms: list[int], factor: int) -> tuple[int, int]:
    """Two products, the one with a factor first."""
    for one, other in (terms, terms[::-1]):
        if table.of(one)[0] == "product" and factor in table.of(one)[1:]:
            return one, other
    raise Otherwise


def _other(table: Meanings, product: int, factor: int) -> int:
    _, one, other = table.of(product)
    return other if one == factor else one


def _without_number(table: Meanings, number: int) -> tuple[int, float]:
    kind, *terms = table.of(number)
    if kind != "sum":
        return number, 0.0
    need(len(terms) == 2)
    for one, other in (terms, terms[::-1]):
        if table.of(one)[0] == "number":
            return other, float(table.of(one)[1])
    raise Otherwise


def _affine(table: Meanings, number: int) -> tuple[int, int | None]:
    """The product and what is added to it."""
    kind, *terms = table.of(number)
    if kind == "matmul":
        return number, None
    need(kind == "sum" and len(terms) == 2)
    for one, other in (terms, terms[::-1]):
        if table.of(one)[0] == "matmul":
            return one, other
    raise Otherwise


# --- back -------------------------------------------------------------------------------------------------------------


@dataclass
class Gradient:
    """What the body of a loop back is.

    Attributes:
      net: whose gradient.
      states: by cell, the slots of the gradients of `c` and `h`.
      kernels: by slot, the cell whose kernel's gradient is added up there.
      biases: likewise.
      outputs: for which `tf.gradients` call the outputs' gradients are read, or None.
      inputs: for which one the inputs' gradients are written, or None.
    """

    net: Net
    states: list[tuple[int, int]] = field(default_factory=list)
    kernels: dict[int, int] = field(default_factory=dict)
    biases: dict[int, int] = field(default_factory=dict)
    outputs: str | None = None
    inputs: str | None = None


def recognise_back(net: Net, turns: Turns, back: TurnsBack, table: Meanings) -> Gradient:
    """The gradient that a loop computes of a net.

    Raises:
      Otherwise: it is none.
    """
    found = Gradient(net)
    zeros = table("zeros")
    handed: list[int] = []  # what comes to the output of the present cell from outside of it
    reads, writes = back.effects("read"), back.effects("write")
    need(len(reads) <= 1 and len(writes) <= 1)
    for effect in reads:
        array, found.outputs = table.parts(effect.on, "gradient", 2)
        need(net.outputs is not None and array == table("outside", net.outputs))
        handed.append(_where(table, net.ended, zeros, effect.result))
    free = dict(back.variables)
    for index in reversed(range(len(net.cells))):
        cell = net.cells[index]
        slots, gates = _states_of(cell, net, turns, back, table, free, handed)
        found.states.insert(0, slots)
        for slot in slots:
            del free[slot]
        of_kernel = table("matmul", table("t", cell.joined), gates)
        of_bias = table("sum of rows", gates)
        for slot, number in list(free.items()):
            if back.next[slot] == table.sum(number, of_kernel):
                found.kernels[slot] = index
                del free[slot]
            elif back.next[slot] == table.sum(number, of_bias):
                found.biases[slot] = index
                del free[slot]
        joined = table("matmul", gates, table("t", cell.kernel))
        depth = net.depth if index == 0 else net.cells[index - 1].layer.units
        handed = [table("part", joined, 1, 0, depth)]
    need(not free)
    for effect in writes:
        array, found.inputs = table.parts(effect.on, "gradient", 2)
        need(array == table("outside", net.inputs) and effect.given[1:] == (handed[0],))
    return found


def _states_of(cell: Cell, net: Net, turns: Turns, back: TurnsBack, table: Meanings, free: dict[int, int],
               handed: list[int]) -> tuple[tuple[int, int], int]:
    """The slots of the gradients of a cell's states, and the number of the gradient of its gates."""
    zeros = table("zeros")
    units, depth = cell.layer.units, net.depth
    before = net.cells.index(cell) - 1
    if before >= 0:
        depth = net.cells[before].layer.units
    for h, of_h in free.items():
        d_output = table.sum(*handed, _where(table, net.ended, zeros, of_h))
        through = table("tanh_backward", table.product(d_output, cell.o), cell.active)
        of_o = table("sigmoid_backward", table.product(d_output, cell.active), cell.o)
        for c, of_c in free.items():
            if c == h:
                continue
            d_state = table.sum(_where(table, net.ended, zeros, of_c), through)
            parts = {cell.layer.gates[0]: table("sigmoid_backward", table.product(d_state, cell.j), cell.i),
                     cell.layer.gates[1]: table("tanh_backward", table.product(d_state, cell.i), cell.j),
                     cell.layer.gates[2]: table("sigmoid_backward", table.product(d_state, turns.variables[cell.c]),
                                                cell.f),
                     cell.layer.gates[3]: of_o}  # fmt: skip
            gates = table("cat", 1, *(parts[place] for place in range(4)))
            joined = table("matmul", gates, table("t", cell.kernel))
            next_c = [table.product(d_state, cell.f)]
            next_h = [table("part", joined, 1, depth, units)]
            if net.ended is not None:
                next_c.append(table("where", net.ended, of_c, zeros))
                next_h.append(table("where", net.ended, of_h, zeros))
            if back.next[c] == table.sum(*next_c) and back.next[h] == table.sum(*next_h):
                return (c, h), gates
    raise Otherwise
