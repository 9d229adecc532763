"""What goes wrong in a run, in TensorFlow's classes: the node, its shapes and types, the cell and line, what to do."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

from tfmagic.base import errors, shapes, source
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph import registry
from tfmagic.graph.operation import Operation, where
from tfmagic.ops import shape_rules

# The innermost frames of the user's code that a message shows.
_FRAMES_SHOWN = 8
# The innermost and the outermost calls of functions that a message shows.
_CALLS_SHOWN = 4
_IS_IN = "\nIt is in the function "
# How TensorFlow begins the message of what fails in the function that makes a data set.
_IN_MAKER = "[_Derived_]"
# The same for a function that a data set calls.
_IN_ELEMENT = "{{function_node"
# Names that it takes out of messages to put the place of their definition there, which functions have not.
_PLAIN_NAME = re.compile(r"[\w.\-/]+")


def describe(op: Operation, values: list[Any] | None = None) -> str:
    """The lines of an error message that say which node failed, with what, and where it was made."""
    text = f"\n\t [[{where(op)}]]"
    if op._inputs:
        parts = []
        for index, tensor in enumerate(op._inputs):
            value: Any = values[index] if values is not None and index < len(values) else None
            dims = tuple(value.shape) if hasattr(value, "shape") else tensor._dims
            parts.append(f"{tensor.name} {shapes.brackets(dims)} {tensor._dtype.base_dtype.name}")
        text += f"\nInputs of {op.name} ({op.type}): {', '.join(parts)}"
    return text + _trace(op, source.lines(op._frames[:_FRAMES_SHOWN]))


def _trace(op: Operation, lines: list[source.Line]) -> str:
    text = f"\nOriginal stack trace for '{op.name}':" if lines else ""
    for line in reversed(lines):
        text += f"\n  File \"{line.display_name}\", line {line.lineno}, in {line.function}"
        if line.text:
            text += f"\n    {line.text}"
    return text


def error(cls: type[errors.OpError], op: Operation, message: str, values: list[Any] | None = None) -> errors.OpError:
    """An error of a run at node `op`."""
    made = cls(None, op, message + describe(op, values))  # type: ignore[call-arg]  # each class knows its code
    made._input_dims = _seen(op, values)
    return made


def _seen(op: Operation, values: Sequence[Any] | None) -> list[Dims] | None:
    return None if values is None else _for_rule(op, dims_of(values, op))


def add_path(error: BaseException, path: Any) -> None:
    """Say in an error by which calls of functions its node came to run.

    Args:
      path: a `lower.lowering.Path`, or None outside of functions.
    """
    if path is None or not isinstance(error, errors.OpError) or _IS_IN in error._message:
        return
    found = path.calls()
    shown = found if len(found) <= 2 * _CALLS_SHOWN else [*found[:_CALLS_SHOWN], *found[-_CALLS_SHOWN:]]
    text = "".join(f"\n\t [[{where(call.call)}]]" for call in shown)
    text += _IS_IN + ", which is called in ".join(f"{call.name}" for call in shown)
    lines = source.lines(found[-1].call._frames[:_FRAMES_SHOWN])
    declaration = registry.lookup(path.call.type)
    of_elements = bool(declaration and declaration.functions and "" not in declaration.functions)
    error._message = f"{_beginning(path, of_elements)}{error._message}{text}{_trace(found[-1].call, lines)}"
    error.args = (error._message,)


def _beginning(path: Any, of_elements: bool) -> str:
    """How TensorFlow begins the message: of functions of elements it keeps the space behind a name that it removes."""
    if path.call.type in ("GeneratorDataset", "BatchFunction"):
        return ""
    if of_elements:
        return " " if _PLAIN_NAME.fullmatch(path.name) else f"{_IN_ELEMENT} {path.name}}}}} "
    return _IN_MAKER if path.call.type == "OneShotIterator" else ""


def translate(exception: BaseException, op: Operation, values: list[Any] | None = None) -> BaseException:
    """The error that the user sees for what a kernel raised.

    Args:
      exception: what the kernel raised.
      op: the node whose kernel it is.
      values: the values of its inputs, where they are known.
    """
    if isinstance(exception, errors.OpError):
        if "[[node " not in exception._message:
            exception._op = exception._op or op
            exception._message = exception._message.partition("\0")[0] + describe(op, values)  # C writes no further
            exception._input_dims = _seen(op, values)
            exception.args = (exception._message,)
        return exception
    if isinstance(exception, (KeyboardInterrupt, SystemExit, GeneratorExit)):
        return exception
    message = str(exception).strip() or type(exception).__name__
    if isinstance(exception, (MemoryError, torch.OutOfMemoryError)) or "not enough memory" in message \
            or "alloc" in message.lower() and "memory" in message.lower():
        return error(errors.ResourceExhaustedError, op, f"OOM when running {op.name}: {_first_line(message)} Feed "
                                                        "smaller "
                     "batches, or delete what other sessions hold.", values)
    if isinstance(exception, NotImplementedError):
        return error(errors.UnimplementedError, op, f"{op.type} cannot run with these types here: "
                     f"{_first_line(message)}", values)
    explained = _by_check(op, values) or _by_declaration(op, values) or _by_shape_rule(op, values)
    if isinstance(explained, errors.OpError):
        return translate(explained, op, values)
    if explained is not None:
        return error(errors.InvalidArgumentError, op, explained, values)
    if isinstance(exception, (ValueError, RuntimeError, IndexError, ArithmeticError)) \
            and not isinstance(exception, RecursionError) and not message.startswith(_MISTAKES):
        return error(errors.InvalidArgumentError, op, _first_line(message), values)
    return error(errors.InternalError, op, _fault(op.type, exception), values)


# How Python's own errors begin that tell of a mistake in a kernel, where torch raises the same classes for bad values.
_MISTAKES = ("not enough values to unpack", "too many values to unpack", "list index", "tuple index", "string index",
             "pop from", "list assignment", "range object index")


def internal(exception: BaseException, what: str) -> errors.OpError:
    """The error that the user sees for a fault outside of any kernel.

    Args:
      what: what was going on ("The run").
    """
    if isinstance(exception, RecursionError):
        return errors.ResourceExhaustedError(
            None, None, f"{what} is nested too deeply for Python's recursion limit ({sys.getrecursionlimit()}). Nest "
            "fewer branches, loops and functions, or raise the limit with sys.setrecursionlimit.")
    return errors.InternalError(None, None, _fault(what, exception))


def _fault(what: str, exception: BaseException) -> str:
    message = str(exception).strip()
    return (f"{what} failed by a fault of tfmagic, not of this program: {type(exception).__name__}"
            + (f": {_first_line(message)}" if message else ""))


def _first_line(message: str) -> str:
    return message.splitlines()[0]


def _is_open(dims: Dims) -> bool:
    return dims is None or None in dims


def _by_check(op: Operation, values: Sequence[Any] | None) -> Any:
    """TensorFlow's own words, or its error, for the shapes of these values, where all are known and `check` refuses."""
    declaration = registry.lookup(op.type)
    if values is None or declaration is None or declaration.check is None:
        return None
    dims = dims_of(values, op)
    if declaration.reads or declaration.writes:  # the shape of a handle is not that of its variable
        dims = [known if hasattr(value, "shape") or tensor._dtype.name != "resource" else None
                for known, value, tensor in zip(dims, values, op._inputs)]
    if any(map(_is_open, dims)):
        return None
    return declaration.check(registry.Node(op), *registry.grouped(op._op_def.inputs, op._attrs, dims))


def _by_declaration(op: Operation, values: Sequence[Any] | None) -> str | errors.OpError | None:
    """TensorFlow's own words for a run with these values, where the op's declaration has them (`explain`)."""
    declaration = registry.lookup(op.type)
    if values is None or declaration is None or declaration.explain is None:
        return None
    if any(not hasattr(value, "shape") for value in values):
        return None
    try:
        return declaration.explain(registry.Node(op), *registry.grouped(op._op_def.inputs, op._attrs, values))
    except RuntimeError:  # it asks for values of which only the shapes are known yet
        return None


def _by_shape_rule(op: Operation, values: list[Any] | None) -> str | None:
    """What the op's shape rule says of the run's shapes, where it refuses them."""
    return None if values is None else _refused_by_rule(op, _for_rule(op, dims_of(values, op)))


def dims_of(values: Sequence[Any], op: Operation) -> list[Dims]:
    """The dims of an operation's inputs in a run, as far as they are known."""
    return [tuple(value.shape) if hasattr(value, "shape") else tensor._dims
            for value, tensor in zip(values, op._inputs)]


def _for_rule(op: Operation, dims: list[Dims]) -> list[Dims]:
    """Dims as a shape rule takes them: a handle has its own, not those of its variable."""
    return [tensor._dims if tensor._dtype.name == "resource" else known for known, tensor in zip(dims, op._inputs)]


def refuse_shapes(op: Operation, values: Sequence[Any]) -> None:
    """Refuse what TensorFlow's kernel would: the shapes of the inputs of `op` in a run.

    Args:
      values: the inputs: values, meta tensors, or anything without a shape where nothing is known.

    Raises:
      OpError: with TensorFlow's words.
    """
    declaration = registry.lookup(op.type)
    if declaration is None or (declaration.check is None and declaration.shape is None):
        return
    dims = dims_of(values, op)
    refused = _by_check(op, values)
    if refused is None and declaration.check is not None and any(
            tensor._dtype.name == "string" and _is_open(known) for tensor, known in zip(op._inputs, dims)):
        return  # the shape of strings is known to the run alone, which asks again
    dims = _for_rule(op, dims)
    if refused is None and any(now != tensor._dims for now, tensor in zip(dims, op._inputs)):
        refused = _refused_by_rule(op, dims)
        if refused is not None:
            refused = _by_declaration(op, values) or refused
    if isinstance(refused, errors.OpError):
        raise translate(refused, op, list(values))
    if refused:
        raise error(errors.InvalidArgumentError, op, refused, list(values))


def _refused_by_rule(op: Operation, dims: list[Dims]) -> str | None:
    declaration = registry.lookup(op.type)
    if declaration is None or declaration.shape is None:
        return None
    try:
        declaration.shape(registry.Node(op), *registry.grouped(op._op_def.inputs, op._attrs, dims))
    except shape_rules.BuildingRefusal as refused:
        return refused.running
    except ValueError as refused:
        shown = ", ".join(map(shapes.brackets, dims))
        return f"{refused} for '{op.name}' (op: '{op.type}') with input shapes: {shown}."
    return None
