"""Steps: what a part does, a function of machine code for each kind of step and shape; equal ones are one function."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from torch import fx

from tfmagic.base.machine import blocks
from tfmagic.base.machine.arrays import numbers_of
from tfmagic.base.machine.blocks import Laid
from tfmagic.base.machine.code import Code, number
from tfmagic.base.machine.functions import INTRINSICS, Real
from tfmagic.session.element_rules import KINDS, Value, combined, write
from tfmagic.session.tiers.machine.drawn import Numbers
from tfmagic.session.tiers.machine.parts import Part
from tfmagic.session.tiers.machine.views import View, broadcast, dense_strides, view_of, whole

_BYTES = {"float": 4, "double": 8, "i32": 4, "i64": 8, "i8": 1}
_ALIGNED = 64
# Sums of floats may be taken in any order, as torch takes them.
_ANY_ORDER = "reassoc contract"
# Numbers of a sum that are added to one another before they are added to others.
_SUMMED = 1024
# Element-wise calls that share a loop.
_TOGETHER = 100


def kind_of(node: fx.Node) -> str:
    """The type of a value's numbers in memory."""
    kind = KINDS[node.meta["val"].dtype]
    return "i8" if kind == "i1" else kind


class Scratch:
    """The memory that a part's function needs while it computes: what nobody asks for any more is used again.

    Attributes:
      size: how many bytes it is.

    Args:
      part: the part.
      order: the places of its calls.
    """

    def __init__(self, part: Part, order: Mapping[fx.Node, int]):
        self.size = 0
        self._last: dict[fx.Node, int] = {}
        self._held: list[tuple[int, int, int]] = []  # the place of the last call that asks for it, where, how much
        self._free: dict[int, list[int]] = {}
        for node in reversed(part.nodes):
            self._last[node] = max([order[node], *(self._last[user] if part.nodes[user] == ("view",) else order[user]
                                                   for user in node.users if user in order)])

    def of(self, node: fx.Node, place: int) -> int:
        """Where the value of a call lies; all calls before `place` are done."""
        done = [held for held in self._held if held[0] < place]
        self._held = [held for held in self._held if held[0] >= place]
        for _, start, size in done:
            self._free.setdefault(size, []).append(start)
        size = _size(node)
        free = self._free.get(size)
        start = free.pop() if free else self._more(size)
        self._held.append((self._last[node], start, size))
        return start

    def apart(self, size: int) -> int:
        """Where memory lies that nothing else uses."""
        return self._more(size)

    def _more(self, size: int) -> int:
        start, self.size = self.size, self.size + size
        return start


def _size(node: fx.Node) -> int:
    """How many bytes of memory a value takes for itself."""
    return _aligned(math.prod(node.meta["val"].shape) * _BYTES[kind_of(node)])


def _aligned(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED


class Writer:
    """Writes the function of a part.

    Attributes:
      room: how many bytes what the part keeps takes.

    Args:
      part: the part.
      title: the function's name.
      arrays: those arguments and results that are given as NumPy's arrays, not as the addresses of their numbers.
    """

    def __init__(self, part: Part, title: str, arrays: Container[fx.Node] = ()):
        self._part, self._title = part, title
        self._main = Code()
        self._functions: dict[str, str] = {}  # names by text
        self._views: dict[fx.Node, Any] = {}
        self._copies: dict[tuple[View, str], View] = {}
        self._group: list[fx.Node] = []
        self._order = {node: place for place, node in enumerate(part.nodes)}
        self._scratch = Scratch(part, self._order)
        # In the order of `given` and `made`: arguments, what lenders keep, results, what is kept; then what is free.
        places = itertools.count()
        pointers = (self._main.load("%packed", "ptr", str(index)) for index in places)

        def pointer_of(node: fx.Node) -> str:
            return numbers_of(self._main, next(pointers)) if node in arrays else next(pointers)

        self._streams: dict[fx.Node, list[str]] = {}
        self._numbers: dict[fx.Node, str] = {}
        for node in part.arguments():
            if node in part.streams:
                self._streams[node] = [self._main.load("%packed", "i64", str(next(places))) for _ in range(3)]
            elif node in part.numbers:
                self._numbers[node] = self._main.load("%packed", "i64", str(next(places)))
            else:
                self._views[node] = whole(pointer_of(node), node.meta["val"].shape)
        for lender in part.lenders():
            for node, pointer in self._kept_at(next(pointers), lender).items():
                self._views[node] = whole(pointer, node.meta["val"].shape)
        self._results = {node: pointer_of(node) for node in part.results()}
        self.room = sum(map(_size, part.kept))
        if part.kept:
            self._results.update(self._kept_at(next(pointers), part))
        self._free = next(pointers)

    @property
    def scratch(self) -> int:
        """How many bytes of memory the function needs beside arguments and results."""
        return self._scratch.size

    def text(self) -> str:
        """The whole text for the compiler."""
        for node, kind in self._part.nodes.items():
            if kind[0] == "view":
                self._look(node)
            elif kind[0] == "element":
                self._take(node, kind[1][1])
            else:
                self._flush_for(node.all_input_nodes)
                getattr(self, f"_{kind[0]}")(node, *kind[1:])
        self._flush()
        main = self._main.function(self._title, ["ptr %packed"])
        functions = [text.replace("@STEP(", f"@{name}(", 1) for text, name in self._functions.items()]
        return "".join(functions) + main + INTRINSICS + blocks.declared("".join(functions))

    def _kept_at(self, pointer: str, part: Part) -> dict[fx.Node, str]:
        """Where the values are that a part keeps."""
        places: dict[fx.Node, str] = {}
        at = 0
        for node in part.kept:
            places[node] = self._main.let(f"getelementptr inbounds i8, ptr {pointer}, i64 {at}")
            at += _size(node)
        return places

    # --- memory ------------------------------------------------------------------------------------------------------

    def _new(self, node: fx.Node) -> View:
        """Memory for the value of a call."""
        view = self._views.get(node)
        if view is None:
            shape = node.meta["val"].shape
            pointer = self._results.get(node)
            view = self._views[node] = whole(pointer, shape) if pointer is not None else \
                self._at(self._scratch.of(node, min(map(self._order.__getitem__, (node, *self._group)))), shape)
        return view

    def _at(self, place: int, shape: Sequence[int]) -> View:
        """Memory that only the function uses."""
        return whole(self._main.let(f"getelementptr inbounds i8, ptr {self._free}, i64 {place}"), shape)

    def _apart(self, shape: Sequence[int], kind: str) -> View:
        """Memory for what one step makes for itself."""
        return self._at(self._scratch.apart(_aligned(math.prod(shape) * _BYTES[kind])), shape)

    def _look(self, node: fx.Node) -> None:
        source: Any = node.args[0]
        if source in self._group:
            self._new(source)
        found = view_of(node, self._views[source])
        if isinstance(found, list) or isinstance(found, View) and node not in self._results:
            self._views[node] = found
        else:
            given = self._views[source] if found == "copy" else found
            if given.pointer in self._pending():
                self._flush()
            self._copy(given, self._new(node), kind_of(node), found == "copy")

    def _copy(self, source: View, target: View, kind: str, reshaped: bool) -> None:
        if reshaped:  # in the order of its numbers
            target = target._replace(shape=source.shape, strides=dense_strides(source.shape))
        shape, (from_strides, to_strides) = _collapsed(source.shape, [source.strides, target.strides])

        def copying(code: Code, names: Sequence[str]) -> None:
            def one(at: Sequence[str]) -> None:
                value = code.load(names[0], kind, _position(code, at, from_strides))
                code.store(value, names[1], kind, _position(code, at, to_strides))

            _nest(code, shape, one)

        self._call(copying, [(source, kind), (target, kind)])

    # --- calls of functions ------------------------------------------------------------------------------------------

    def _call(self, body: Callable[[Code, Sequence[str]], None], given: Sequence[tuple[View, str]],
              numbers: Mapping[str, str] | None = None) -> None:
        """Call a function of values, and of whole numbers by their names in it."""
        code = Code()
        names = [f"%q{index}" for index in range(len(given))]
        body(code, names)
        numbers = numbers or {}
        parameters = [*(f"ptr noalias {name}" for name in names), *(f"i64 {name}" for name in numbers)]
        text = code.function("STEP", parameters, "noinline")
        name = self._functions.setdefault(text, f"{self._title}_step_{len(self._functions)}")
        addresses = [self._main.at(view.pointer, kind, str(view.offset)) if view.offset else view.pointer
                     for view, kind in given]
        arguments = [*(f"ptr {address}" for address in addresses), *(f"i64 {value}" for value in numbers.values())]
        self._main.do(f"call void @{name}({', '.join(arguments)})")

    # --- element-wise calls: neighbours of one shape share a loop ----------------------------------------------------

    def _take(self, node: fx.Node, arguments: Sequence[Any]) -> None:
        shape = node.meta["val"].shape
        given = [argument for argument in arguments if isinstance(argument, fx.Node)]
        outside = [argument for argument in given if argument not in self._group]
        pending = self._pending()
        if self._group and (len(self._group) >= _TOGETHER or self._group[0].meta["val"].shape != shape
                            or any(self._views[argument].pointer in pending for argument in outside)):
            self._flush()
        self._group.append(node)

    def _pending(self) -> set[str]:
        """Where values of the group will be, of which there are views already."""
        return {self._views[member].pointer for member in self._group if member in self._views}

    def _flush_for(self, nodes: Sequence[fx.Node]) -> None:
        pending = self._pending()
        for node in nodes:
            if node in self._group or isinstance(self._views.get(node), View) and self._views[node].pointer in pending:
                self._flush()
                return

    def _flush(self) -> None:
        group, self._group = self._group, []
        if not group:
            return
        members = set(group)
        calls = {node: self._part.nodes[node][1] for node in group}
        arguments = list(dict.fromkeys(argument for _, given in calls.values() for argument in given
                                       if isinstance(argument, fx.Node) and argument not in members))
        stored = [node for node in group if node in self._results or node in self._views
                  or any(user not in members for user in node.users)]
        size = tuple(group[0].meta["val"].shape)
        self._group = group  # what these read must not be given away yet
        targets = [self._new(node) for node in stored]
        self._group = []
        sources = [broadcast(self._views[argument], size) for argument in arguments]
        shape, strides = _collapsed(size, [view.strides for view in (*sources, *targets)])
        kinds = [KINDS[node.meta["val"].dtype] for node in (*arguments, *stored)]

        def computing(code: Code, names: Sequence[str]) -> None:
            def one(at: Sequence[str]) -> None:
                known: dict[fx.Node, Value] = {}
                for place, argument in enumerate(arguments):
                    known[argument] = _loaded(code, names[place], kinds[place], _position(code, at, strides[place]))
                for node, (name, given) in calls.items():
                    kind = KINDS[node.meta["val"].dtype]
                    known[node] = Value(write(code, name, given, known, kind), kind)
                for place, node in enumerate(stored, len(arguments)):
                    value, kind = known[node], kinds[place]
                    text = code.let(f"zext i1 {value.text} to i8") if kind == "i1" else value.text
                    code.store(text, names[place], _memory(kind), _position(code, at, strides[place]))

            _nest(code, shape, one)

        self._call(computing, [(view, _memory(kind)) for view, kind in zip((*sources, *targets), kinds)])

    # --- the other kinds of steps ------------------------------------------------------------------------------------

    def _product(self, node: fx.Node, x: fx.Node, y: fx.Node, added: fx.Node | None) -> None:
        first, second, target, kind = self._views[x], self._views[y], self._new(node), kind_of(node)
        if added is not None:
            self._copy(broadcast(self._views[added], target.shape), target, kind, False)
        if target.shape[-1] == 1:
            self._dots(first, second, target, kind, added is not None)
            return
        if second.strides[-1] != 1:
            second = self._by_lines(second, kind)
        sizes = (*first.shape[-2:], second.shape[-1])
        views = (first, second, target)

        def multiplying(code: Code, names: Sequence[str]) -> None:
            def one(at: Sequence[str]) -> None:
                a, b, out = (Laid(code.at(name, kind, _position(code, at, view.strides[:-2])), *view.strides[-2:])
                             for name, view in zip(names, views))
                blocks.product(code, kind, sizes, a, b, out, adds=added is not None)

            _nest(code, target.shape[:-2], one)

        self._call(multiplying, [(view, kind) for view in views])

    def _dots(self, first: View, second: View, target: View, kind: str, adds: bool) -> None:
        """Products with one column: sums along lines."""
        def multiplying(code: Code, names: Sequence[str]) -> None:
            def one(at: Sequence[str]) -> None:
                *outer, i, j = at
                place = _position(code, at, target.strides)
                total = code.room(kind)
                code.store(code.load(names[2], kind, place) if adds else number(0.0, kind), total, kind, "0")

                def add(k: str) -> None:
                    x = code.load(names[0], kind, _position(code, [*outer, i, k], first.strides))
                    y = code.load(names[1], kind, _position(code, [*outer, k, j], second.strides))
                    product = code.let(f"fmul {_ANY_ORDER} {kind} {x}, {y}")
                    code.store(code.let(f"fadd {_ANY_ORDER} {kind} {code.load(total, kind, '0')}, {product}"), total,
                               kind, "0")

                code.loop("0", str(first.shape[-1]), add)
                code.store(code.load(total, kind, "0"), names[2], kind, place)

            _nest(code, target.shape, one)

        self._call(multiplying, [(view, kind) for view in (first, second, target)])

    def _by_lines(self, view: View, kind: str) -> View:
        """A copy of matrices whose numbers lie line by line; all who ask for one of the same have the same."""
        dense = self._copies.get((view, kind))
        if dense is not None:
            return dense
        dense = self._copies[view, kind] = self._apart(view.shape, kind)
        if view.strides[-2] != 1:
            self._copy(view, dense, kind, False)
            return dense
        lines, columns = view.shape[-2:]

        def turning(code: Code, names: Sequence[str]) -> None:
            def one(at: Sequence[str]) -> None:
                source, target = (code.at(name, kind, _position(code, at, each.strides[:-2]))
                                  for name, each in zip(names, (view, dense)))
                blocks.turned(code, kind, Laid(source, view.strides[-1]), Laid(target, columns), columns, lines)

            _nest(code, view.shape[:-2], one)

        self._call(turning, [(view, kind), (dense, kind)])
        return dense

    def _total(self, node: fx.Node, x: fx.Node, axes: frozenset[int], is_mean: bool) -> None:
        def added(code: Code, total: str, value: str) -> str:
            return code.let(f"fadd {_ANY_ORDER} {kind} {total}, {value}")

        def shared(code: Code, total: str) -> str:
            return Real(code, kind).do("fdiv", total, float(count))

        kind = kind_of(node)
        count = math.prod(self._views[x].shape[axis] for axis in axes)
        self._fold(node, x, axes, 0.0, added, shared if is_mean else None)

    def _extreme(self, node: fx.Node, x: fx.Node, axes: frozenset[int], rule: str) -> None:
        def further(code: Code, most: str, value: str) -> str:
            return combined(code, rule, Value(most, kind), Value(value, kind))

        kind = kind_of(node)
        self._fold(node, x, axes, -math.inf if rule == "maximum" else math.inf, further)

    def _fold(self, node: fx.Node, x: fx.Node, axes: frozenset[int], start: float,
              fold: Callable[[Code, str, str], str], end: Callable[[Code, str], str] | None = None) -> None:
        """One number of those along some axes: from `start` on `fold` takes each to it, and `end` makes the result."""
        source, target, kind = self._views[x], self._new(node), kind_of(node)
        kept = iter(dense_strides([size for axis, size in enumerate(source.shape) if axis not in axes]))
        along = [0 if axis in axes else next(kept) for axis in range(len(source.shape))]
        shape, (from_strides, to_strides) = _collapsed(source.shape, [source.strides, along])
        count, size = math.prod(source.shape[axis] for axis in axes), str(math.prod(target.shape))
        # Of many numbers some are taken together at a time: a sum that grows and grows loses of what is added to it.
        along_axes = [axis for axis, stride in enumerate(to_strides) if not stride]
        longest = max(along_axes, key=shape.__getitem__, default=0)
        some = max(1, _SUMMED // max(1, count // shape[longest])) if count > _SUMMED else 0
        partial = [(self._apart(target.shape, kind), kind)] if some else []

        def begin(code: Code, name: str) -> None:
            code.loop("0", size, lambda index: code.store(number(start, kind), name, kind, index))

        def take(code: Code, value: str, name: str, place: str) -> None:
            code.store(fold(code, code.load(name, kind, place), value), name, kind, place)

        def folding(code: Code, names: Sequence[str]) -> None:
            def one(at: Sequence[str]) -> None:
                value = code.load(names[0], kind, _position(code, at, from_strides))
                take(code, value, names[-1], _position(code, at, to_strides))

            def several(index: str) -> None:
                first = code.let(f"mul nsw i64 {index}, {some}")
                after = code.let(f"add nsw i64 {first}, {some}")
                fewer = code.let(f"icmp slt i64 {after}, {shape[longest]}")
                last = code.let(f"select i1 {fewer}, i64 {after}, i64 {shape[longest]}")
                begin(code, names[2])
                _nest(code, shape, one, ranges={longest: (first, last)})
                code.loop("0", size, lambda at: take(code, code.load(names[2], kind, at), names[1], at))

            begin(code, names[1])
            if some:
                code.loop("0", str(-(-shape[longest] // some)), several)
            else:
                _nest(code, shape, one)
            if end is not None:
                code.loop("0", size, lambda index: code.store(
                    end(code, code.load(names[1], kind, index)), names[1], kind, index))

        self._call(folding, [(source, kind), (target, kind), *partial])

    def _softmax(self, node: fx.Node, x: fx.Node, logarithms: bool) -> None:
        source, target, kind = self._views[x], self._new(node), kind_of(node)
        columns = str(source.shape[-1])

        def normalizing(code: Code, names: Sequence[str]) -> None:
            real = Real(code, kind)

            def row(at: Sequence[str]) -> None:
                highest, total = code.room(kind), code.room(kind)
                code.store(number(-math.inf, kind), highest, kind, "0")
                code.store(number(0.0, kind), total, kind, "0")

                def given(j: str) -> str:
                    return code.load(names[0], kind, _position(code, [*at, j], source.strides))

                def place(j: str) -> str:
                    return _position(code, [*at, j], target.strides)

                def found(j: str) -> None:
                    value, before = given(j), code.load(highest, kind, "0")
                    code.store(real.choose(real.compare("ogt", value, before), value, before), highest, kind, "0")

                def raised(j: str) -> None:
                    below = real.do("fsub", given(j), code.load(highest, kind, "0"))
                    value = real.exp(below)
                    code.store(below if logarithms else value, names[1], kind, place(j))
                    sum_before = code.load(total, kind, "0")
                    code.store(real.do("fadd", sum_before, value, flags=_ANY_ORDER), total, kind, "0")

                def divided(j: str) -> None:
                    value, by = code.load(names[1], kind, place(j)), code.load(total, kind, "0")
                    code.store(real.do("fsub" if logarithms else "fdiv", value, by), names[1], kind, place(j))

                code.loop("0", columns, found)
                code.loop("0", columns, raised)
                if logarithms:
                    code.store(real.log(code.load(total, kind, "0")), total, kind, "0")
                code.loop("0", columns, divided)

            _nest(code, source.shape[:-1], row)

        self._call(normalizing, [(source, kind), (target, kind)])

    def _join(self, node: fx.Node, values: Sequence[fx.Node], axis: int, on_new_axis: bool) -> None:
        target, start = self._new(node), 0
        for value in values:
            source = self._views[value]
            if on_new_axis:
                source = source._replace(shape=(*source.shape[:axis], 1, *source.shape[axis:]),
                                         strides=(*source.strides[:axis], 0, *source.strides[axis:]))
            self._copy(source, target._replace(offset=start * target.strides[axis], shape=source.shape), kind_of(node),
                       False)
            start += source.shape[axis]

    def _padded(self, node: fx.Node, x: fx.Node, before: Sequence[int]) -> None:
        self._zeros(node)
        source, target = self._views[x], self._new(node)
        inside = sum(size * stride for size, stride in zip(before, target.strides))
        self._copy(source, target._replace(offset=inside, shape=source.shape), kind_of(node), False)

    def _zeros(self, node: fx.Node) -> None:
        target, kind = self._new(node), kind_of(node)
        size = str(math.prod(target.shape))
        self._call(lambda code, names: code.loop(
            "0", size, lambda index: code.store(number(0.0, kind), names[0], kind, index)), [(target, kind)])


    def _draw(self, node: fx.Node, share: fx.Node, numbers: Numbers) -> None:
        low, high, key = self._streams[share]
        stream = {"%low": low, "%high": high, "%k0": self._main.let(f"and i64 {key}, {(1 << 32) - 1}"),
                  "%k1": self._main.let(f"lshr i64 {key}, 32")}

        def drawing(code: Code, names: Sequence[str]) -> None:
            code.do(f"%out = getelementptr inbounds i8, ptr {names[0]}, i64 0")
            numbers.write(code)

        self._call(drawing, [(self._new(node), kind_of(node))], stream)

    def _gather(self, node: fx.Node, x: fx.Node, axis: int, index: fx.Node) -> None:
        source, places, target, kind = self._views[x], self._views[index], self._new(node), kind_of(node)
        whole = kind_of(index)

        def gathering(code: Code, names: Sequence[str]) -> None:
            def one(at: Sequence[str]) -> None:
                place = code.load(names[1], whole, _position(code, [at[axis]], places.strides))
                chosen = [*at[:axis], _wide(code, place, whole), *at[axis + 1:]]
                value = code.load(names[0], kind, _position(code, chosen, source.strides))
                code.store(value, names[2], kind, _position(code, at, target.strides))

            _nest(code, target.shape, one)

        self._call(gathering, [(source, kind), (places, whole), (target, kind)])

    def _slice_at(self, node: fx.Node, x: fx.Node, axis: int, at: fx.Node) -> None:
        source, target = self._views[x], self._new(node)
        shape, strides = ((*found[:axis], *found[axis + 1:]) for found in (source.shape, source.strides))
        self._copy_at(source._replace(shape=shape, strides=strides), target, kind_of(node),
                      self._numbers[at], source.strides[axis], 0)

    def _alone(self, node: fx.Node, x: fx.Node, axis: int, at: fx.Node) -> None:
        self._zeros(node)
        source, target = self._views[x], self._new(node)
        shape, strides = ((*found[:axis], *found[axis + 1:]) for found in (target.shape, target.strides))
        self._copy_at(source, target._replace(shape=shape, strides=strides), kind_of(node),
                      self._numbers[at], 0, target.strides[axis])

    def _copy_at(self, source: View, target: View, kind: str, at: str, from_step: int, to_step: int) -> None:
        """Copy from, or to, where so many steps lead."""
        shape, (from_strides, to_strides) = _collapsed(source.shape, [source.strides, target.strides])

        def copying(code: Code, names: Sequence[str]) -> None:
            def one(index: Sequence[str]) -> None:
                value = code.load(names[0], kind, _position(code, ["%at", *index], [from_step, *from_strides]))
                code.store(value, names[1], kind, _position(code, ["%at", *index], [to_step, *to_strides]))

            _nest(code, shape, one)

        self._call(copying, [(source, kind), (target, kind)], {"%at": at})

    def _cut(self, node: fx.Node, x: fx.Node, begin: fx.Node) -> None:
        source, starts, target, kind = self._views[x], self._views[begin], self._new(node), kind_of(node)
        whole = kind_of(begin)

        def cutting(code: Code, names: Sequence[str]) -> None:
            first = []
            for axis in range(len(source.shape)):
                start = code.load(names[1], whole, str(axis * starts.strides[0]))
                first.append(_wide(code, start, whole))
            before = _position(code, first, source.strides)

            def one(at: Sequence[str]) -> None:
                value = code.load(names[0], kind, code.let(
                    f"add nsw i64 {before}, {_position(code, at, source.strides)}"))
                code.store(value, names[2], kind, _position(code, at, target.strides))

            _nest(code, target.shape, one)

        self._call(cutting, [(source, kind), (starts, whole), (target, kind)])


def _wide(code: Code, value: str, kind: str) -> str:
    return code.let(f"sext {kind} {value} to i64") if kind != "i64" else value


def _memory(kind: str) -> str:
    return "i8" if kind == "i1" else kind


def _loaded(code: Code, pointer: str, kind: str, place: str) -> Value:
    text = code.load(pointer, _memory(kind), place)
    return Value(code.let(f"icmp ne i8 {text}, 0") if kind == "i1" else text, kind)


def _nest(code: Code, shape: Sequence[int], body: Callable[[Sequence[str]], None], at: Sequence[str] = (),
          ranges: Mapping[int, tuple[str, str]] | None = None) -> None:
    """A loop over each axis, in one another.

    Args:
      ranges: from where to where the loop goes, of axes of which it takes a part.
    """
    if len(at) == len(shape):
        body(at)
    else:
        start, stop = (ranges or {}).get(len(at), ("0", str(shape[len(at)])))
        code.loop(start, stop, lambda index: _nest(code, shape, body, (*at, index), ranges))


def _position(code: Code, at: Sequence[str], strides: Sequence[int]) -> str:
    total = "0"
    for index, stride in zip(at, strides):
        if stride:
            step = index if stride == 1 else code.let(f"mul nsw i64 {index}, {stride}")
            total = step if total == "0" else code.let(f"add nsw i64 {total}, {step}")
    return total


def _collapsed(shape: Sequence[int], strides: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """Axes that lie in one another in every value as one; those of one number are gone."""
    axes = [axis for axis, size in enumerate(shape) if size != 1]
    sizes: list[int] = []
    found: list[list[int]] = []
    for axis in axes:
        here = [given[axis] for given in strides]
        if sizes and all(before == stride * shape[axis] for before, stride in zip(found[-1], here)):
            sizes[-1] *= shape[axis]
            found[-1] = here
        else:
            sizes.append(shape[axis])
            found.append(here)
    return tuple(sizes), [tuple(axis[place] for axis in found) for place in range(len(strides))]
