"""Meanings: the values in bodies of loops by what they are computed from, so that equal computations are equal numbers.

A meaning is a tuple of a word and of numbers of other meanings (or plain data); its number is where it stands in the
table. What is not understood is a meaning of its own, equal to nothing else.

1. Sums are of any number of terms, and products of two factors, in any order. A sum leaves out numbers that are 0.
2. `addmm` is a sum with a product; `split`, `chunk` and `narrow` give parts, and a part that is the whole is the value.
3. A number is the tensor of it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import fx

from tfmagic.session.plan.plan_graph import PlanGraph

Meaning = tuple[Any, ...]


class Otherwise(Exception):
    """Raised when a loop is not what it is compared with."""


def need(condition: Any) -> None:
    """Go on only if this holds.

    Raises:
      Otherwise: it does not.
    """
    if not condition:
        raise Otherwise


def only(items: Iterable[Any]) -> Any:
    """The one item that there is.

    Raises:
      Otherwise: there is none, or another.
    """
    found = list(items)
    need(len(found) == 1)
    return found[0]


class Meanings:
    """The table of meanings."""

    def __init__(self) -> None:
        self._numbers: dict[Meaning, int] = {}
        self._meanings: list[Meaning] = []

    def __call__(self, *meaning: Any) -> int:
        """The number of a meaning."""
        found = self._numbers.get(meaning)
        if found is None:
            found = self._numbers[meaning] = len(self._meanings)
            self._meanings.append(meaning)
        return found

    def of(self, number: int) -> Meaning:
        """The meaning of a number."""
        return self._meanings[number]

    def parts(self, number: int, word: str, count: int) -> Any:
        """What comes after the word in a meaning.

        Raises:
          Otherwise: it has another word, or not so many parts.
        """
        found, *parts = self._meanings[number]
        need(found == word and len(parts) == count)
        return parts

    def outside(self, number: int) -> fx.Node:
        """The value of the plan around that a meaning is.

        Raises:
          Otherwise: it is none.
        """
        return self.parts(number, "outside", 1)[0]

    def unknown(self) -> int:
        """A value that is equal to no other."""
        return self("unknown", len(self._meanings))

    def sum(self, *numbers: int) -> int:
        terms: list[int] = []
        for number in numbers:
            meaning = self.of(number)
            if meaning[0] == "sum":
                terms += meaning[1:]
            elif meaning != ("number", 0):
                terms.append(number)
        return terms[0] if len(terms) == 1 else self("sum", *sorted(terms))

    def product(self, first: int, second: int) -> int:
        return self("product", *sorted((first, second)))


class Effect:
    """What a body does to an object: reads, writes, pushes or pops.

    Attributes:
      kind: which.
      on: the number of the object.
      given: the numbers of what it is given.
      result: the number of what it gives.
    """

    def __init__(self, kind: str, on: int, given: tuple[int, ...], result: int):
        self.kind, self.on, self.given, self.result = kind, on, given, result


class Reading:
    """The meanings of all values of a body.

    Args:
      parameters: the numbers of the body's parameters.
      popped: by the number of a stack, that of what is taken from it.

    Attributes:
      values: by node.
      effects: in their order.
      constants: by number, constants that are neither scalars nor zeros.
      understood: whether nothing else happens in the body.
    """

    def __init__(self, table: Meanings, body: PlanGraph, parameters: dict[fx.Node, int], popped: dict[int, int]):
        self.table, self.body, self.popped = table, body, popped
        self.values: dict[fx.Node, int] = dict(parameters)
        self.effects: list[Effect] = []
        self.constants: dict[int, torch.Tensor] = {}
        self.understood = True
        for node in body.graph.nodes:
            if node.op != "output" and node not in self.values:
                self.values[node] = self._read(node)

    def results(self) -> list[int]:
        """The numbers of the body's results."""
        return [self._value(result) for result in self.body.results[0]]

    def _value(self, argument: Any) -> int:
        if isinstance(argument, fx.Node):
            return self.values[argument]
        if isinstance(argument, (bool, int, float)):
            return self.table("number", argument)
        return self.table.unknown()

    def _read(self, node: fx.Node) -> int:
        if node.op == "get_attr":
            return self._constant(self.body.constants[str(node.target)])
        if node.meta.get("on_object"):
            return self._on_object(node)
        if node.meta.get("effect", "none") != "none":
            self.understood = False
        rule = _METHODS.get(str(node.target)) if node.op == "call_method" else _FUNCTIONS.get(_function(node.target))
        number = None if rule is None else rule(self, node)
        return self.table.unknown() if number is None else number

    def _constant(self, value: Any) -> int:
        if not isinstance(value, torch.Tensor):
            return self.table("constant", id(value))
        if value.dim() == 0:
            return self.table("number", value.item())
        if value.numel() and not value.any():
            return self.table("zeros")
        number = self.table("constant", id(value))
        self.constants[number] = value
        return number

    def _on_object(self, node: fx.Node) -> int:
        table, kind = self.table, str(node.target)
        if node.op == "call_function" and not node.kwargs:
            return self._on_list(node)
        if node.op != "call_method" or node.kwargs or kind not in _ON_OBJECTS:
            self.understood = False
            return table.unknown()
        on = self._value(node.args[0])
        if kind == "gradient":
            return table("gradient", on, node.args[1]) if len(node.args) == 2 else table.unknown()
        given = tuple(map(self._value, node.args[1:]))
        result = table("read", on, *given) if kind == "read" else table("effect", node)
        if kind == "pop":
            result = self.popped.get(on, result)
        self.effects.append(Effect(kind, on, given, result))
        return result


    def _on_list(self, node: fx.Node) -> int:
        """The meaning of a call that takes a list: an element, or the list that comes of it."""
        table, (target, *given) = self.table, node.args
        kind = getattr(node.target, "__name__", "")
        if kind == "_called" and given[:1] == ["push"]:
            kind, given = "push", given[1:]
        if kind not in _ON_LISTS:
            self.understood = False
            return table.unknown()
        word, count = _ON_LISTS[kind]
        on, numbers = self._value(target), tuple(map(self._value, given[:count]))
        result = table("read", on, *numbers) if word == "read" else table("effect", node)
        self.effects.append(Effect(word, on, numbers, result))
        return result

    def popped_from(self, node: fx.Node, index: int) -> int:
        """The meaning of what a call takes from the end of a list: the list without it, or it."""
        on = self._value(node.args[0])
        return self.table("rest", on) if index == 0 else self.popped.get(on, self.table.unknown())


# What a call on a list does, and how many numbers it is given beside the list.
_ON_LISTS = {"get": ("read", 1), "put": ("write", 2), "plus_element": ("write", 2), "push": ("push", 1),
             "_pop": ("pop", 0)}
_ON_OBJECTS = frozenset({"gradient", "read", "write", "push", "pop"})
_Rule = Callable[[Reading, fx.Node], "int | None"]


def _function(target: Any) -> Any:
    """A function of torch or Python by its name, whatever its spelling is."""
    name = getattr(target, "__name__", "")
    if getattr(target, "__module__", None) == "tfmagic.session":  # on numbers: `add_int32`
        return name.partition("_")[0]
    return _NAMES.get(target)


def _plain(function: Callable[..., int]) -> _Rule:
    """The rule of a function whose arguments are all values."""

    def rule(reading: Reading, node: fx.Node) -> int | None:
        if node.kwargs:
            return None
        return function(reading.table, *(reading._value(argument) for argument in node.args))

    return rule


def _word(word: str) -> _Rule:
    return _plain(lambda table, *numbers: table(word, *numbers))


def _dims(value: Any) -> Any:
    meta = value.meta.get("val") if isinstance(value, fx.Node) else None
    return tuple(meta.shape) if isinstance(meta, torch.Tensor) else None


def _part(reading: Reading, value: Any, axis: Any, start: Any, length: Any) -> int | None:
    dims = _dims(value)
    if not all(isinstance(number, int) for number in (axis, start, length)) or dims is None:
        return None
    return reading._value(value) if dims[axis] == length else \
        reading.table("part", reading._value(value), axis % len(dims), start, length)


def _narrow(reading: Reading, node: fx.Node) -> int | None:
    return None if node.kwargs or len(node.args) != 4 else _part(reading, *node.args)


def _item(reading: Reading, node: fx.Node) -> int | None:
    source, index = node.args
    if not isinstance(source, fx.Node) or not isinstance(index, int) or index < 0:
        return None
    if source.meta.get("on_object") and getattr(source.target, "__name__", "") == "_pop":
        return reading.popped_from(source, index)
    kind, given = _function(source.target), {**dict(zip(("value", "size", "dim"), source.args)), **source.kwargs}
    value, size, axis = given.get("value"), given.get("size"), given.get("dim", 0)
    dims = _dims(value)
    if source.op != "call_function" or dims is None or not isinstance(size, int) or not isinstance(axis, int):
        return None
    if kind == "chunk":
        if dims[axis] % size:
            return None
        size = dims[axis] // size
    elif kind != "split" or dims[axis] % size:
        return None
    return _part(reading, value, axis, index * size, size)


def _cat(reading: Reading, node: fx.Node) -> int | None:
    parts, axis = [*node.args, node.kwargs.get("dim", 0)][:2]
    if not isinstance(parts, (list, tuple)) or not isinstance(axis, int):
        return None
    return reading.table("cat", axis, *map(reading._value, parts))


def _sum_of_rows(reading: Reading, node: fx.Node) -> int | None:
    dims = _dims(node.args[0])
    if dims is None or len(dims) != 2 or list(node.args[1:]) != [[0]] or set(node.kwargs) - {"dtype"}:
        return None
    return reading.table("sum of rows", reading._value(node.args[0]))


def _reshape(reading: Reading, node: fx.Node) -> int | None:
    shape = node.args[1:]
    flat = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (list, tuple)) else shape
    return reading.table("reshape", reading._value(node.args[0]), flat) if not node.kwargs else None


def _same(reading: Reading, node: fx.Node) -> int:
    return reading._value(node.args[0])


def _zeros(reading: Reading, node: fx.Node) -> int:
    return reading.table("zeros")


def _product(table: Meanings, first: int, second: int) -> int:
    return table.product(first, second)


def _matmul(table: Meanings, first: int, second: int) -> int:
    return table("matmul", first, second)


_RULES: dict[str, _Rule] = {
    "add": _plain(Meanings.sum), "mul": _plain(Meanings.product), "matmul": _plain(_matmul),
    "addmm": _plain(lambda table, added, *factors: table.sum(added, table("matmul", *factors))),
    **{name: _word(name) for name in ("sub", "neg", "sigmoid", "tanh", "where", "lt", "ge", "and", "tanh_backward",
                                      "sigmoid_backward")},
    "t": _word("t"), "narrow": _narrow, "getitem": _item, "cat": _cat, "sum": _sum_of_rows, "scalar_tensor": _same,
    "zeros_like": _zeros, "reshape": _reshape,
}  # fmt: skip
_NAMES: dict[Any, str] = {
    torch.add: "add", operator.add: "add", torch.mul: "mul", operator.mul: "mul", torch.sub: "sub", operator.sub: "sub",
    torch.neg: "neg", operator.neg: "neg", torch.matmul: "matmul", torch.mm: "matmul", operator.matmul: "matmul",
    torch.addmm: "addmm", torch.sigmoid: "sigmoid", torch.tanh: "tanh", torch.where: "where", torch.narrow: "narrow",
    torch.lt: "lt", operator.lt: "lt", torch.ge: "ge", operator.ge: "ge", torch.logical_and: "and",
    operator.and_: "and", torch.split: "split", torch.functional.split: "split", torch.chunk: "chunk",
    operator.getitem: "getitem", torch.cat: "cat", torch.sum: "sum", torch.scalar_tensor: "scalar_tensor",
    torch.zeros_like: "zeros_like", torch.reshape: "reshape", torch.t: "t",
    torch.ops.aten.tanh_backward: "tanh_backward", torch.ops.aten.sigmoid_backward: "sigmoid_backward",
}  # fmt: skip
_METHODS: dict[str, _Rule] = {"t": _word("t"), "reshape": _reshape, "neg": _word("neg")}
_FUNCTIONS = _RULES
