"""Which functions a node calls: directly by its op type, or by its attrs; gradients of functions as functions."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Any

from tfmagic.base import errors
from tfmagic.base.shapes import TensorShape
from tfmagic.base.slots import Slot
from tfmagic.graph import registry
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.function import CALLS, Body, Function
from tfmagic.graph.gradients import gradients, is_trainable
from tfmagic.graph.operation import Operation

# Op types that call the functions that their attrs name: those attrs.
CALLS_BY_ATTRS: dict[str, tuple[str, ...]] = {
    **{name: (attr,) for name, attr in CALLS.items()}, "SymbolicGradient": ("f",),
    "If": ("else_branch", "then_branch"), "StatelessIf": ("else_branch", "then_branch"), "Case": ("branches",),
    "While": ("cond", "body"), "StatelessWhile": ("cond", "body")}
BRANCHES = frozenset({"If", "StatelessIf", "Case"})
LOOPS = frozenset({"While", "StatelessWhile"})

_builders: Any = Slot("nodes of gradients")


def calls(op: Operation) -> bool:
    """Whether an operation calls functions."""
    return op.type in CALLS_BY_ATTRS or op.type in op.graph._functions


def operations_within(body: Body) -> Iterator[Operation]:
    """Every operation of a body and of the bodies that it calls, each body once."""
    waiting, seen = [body], set()
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        for op in at.graph._operations:
            yield op
            waiting += bodies(op)


def bodies(op: Operation) -> tuple[Body, ...]:
    """The bodies that an operation calls: one; those of the branches (of an `If` the else branch first); or the
    condition and the iteration. None, where it calls no functions.

    Raises:
      InvalidArgumentError, NotFoundError: one does not exist, or its definition is malformed.
    """
    declaration = registry.lookup(op.type)
    if declaration is not None and declaration.functions:
        names: Any = tuple(declaration.functions.values())
    else:
        names = CALLS_BY_ATTRS.get(op.type)
    if names is None:
        direct = op.graph._functions.get(op.type)
        return () if direct is None else (_body(op, direct, op._attrs),)
    given = [func for name in names for func in _as_list(op._attrs[name])]
    found = [(_find(op, func.name), func.attrs) for func in given]
    if op.type == "SymbolicGradient":
        return tuple(_body(op, function, attrs, of_gradient=True) for function, attrs in found)
    return tuple(_body(op, function, attrs) for function, attrs in found)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _find(op: Operation, name: str) -> Function:
    function = op.graph._functions.get(name)
    if function is not None:
        return function
    known = ", ".join(sorted(op.graph._functions)) or "none"
    if op.type == "SymbolicGradient":
        raise errors.NotFoundError(None, op, f"No gradient defined for op: {name}\nThe functions of the graph: "
                                                     f"{known}.")
    if op.type.endswith("PartitionedCall"):
        raise errors.InvalidArgumentError(None, op, f"Failed to find function \"{name}\" in function library: "
                                                         f"{known}")
    raise errors.NotFoundError(None, op, f"Function {name} is not defined.\nThe functions of the graph: {known}.")


def _body(op: Operation, function: Function, attrs: Mapping[str, Any], of_gradient: bool = False) -> Body:
    complete = {attr.name: attrs.get(attr.name, attr.default)
                for attr in function.op_def.attrs.values() if attr.name in attrs or attr.has_default}
    missing = [name for name in function.op_def.attrs if name not in complete]
    if missing:
        raise errors.InvalidArgumentError(None, op, f"Attr {missing[0]} is not found from {function.name}")
    try:
        return gradient_body(function, complete) if of_gradient else function.body(complete)
    except (ValueError, LookupError) as error:
        text = error.args[0] if error.args else str(error)
        raise errors.InvalidArgumentError(None, op, f"{text}\nThe function is '{function.name}'.") from error


def gradient_body(function: Function, attrs: Mapping[str, Any]) -> Body:
    """The gradient of a function: of its arguments and the gradients of its results it makes those of its arguments.

    Raises:
      LookupError: an operation on the way has no gradient.
      ValueError: the definition is malformed.
    """
    if function.gradient_name is not None:
        return function.library[function.gradient_name].body(attrs)
    return function.made("gradient", attrs, lambda attrs: _differentiated(function, attrs))


def _differentiated(function: Function, attrs: Mapping[str, Any]) -> Body:
    body = function.fresh_body(attrs)
    graph = body.graph
    graph._functions = ChainMap({}, graph._functions)  # type: ignore[assignment]  # gradients of branches add some
    with graph.as_default():
        given = [graph.create_op("Placeholder", [], name="dy", attrs={"dtype": y.dtype.base_dtype,
                                                                      "shape": TensorShape(None)}).outputs[0]
                 for y in body.outputs]
        flowing = [(y, dy) for y, dy in zip(body.outputs, given) if is_trainable(y)]
        found = gradients([y for y, _ in flowing], list(body.inputs), [dy for _, dy in flowing]) if flowing \
            else [None] * len(body.inputs)
        outputs = [_builders.zeros_like(x) if grad is None else convert_to_tensor(grad)
                   for x, grad in zip(body.inputs, found)]
    for op in graph._operations:
        op._frames = ()
    return Body(f"gradient of {body.name}", graph, (*body.inputs, *given), tuple(outputs), body.controls)
