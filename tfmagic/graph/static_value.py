"""Values and shapes that are known while the graph is built: constants folded through the ops' `static` rules.

Shape rules ask `static_value`, `static_dims` and `static_int`, which fold whatever can be folded. Functions that decide
which nodes to make ask `constant_value`, which folds exactly the ops that TensorFlow's own does, so that the same
program makes the same nodes.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Container, Iterator
from typing import Any, Union

import numpy as np

from tfmagic.base import errors
from tfmagic.base.export import export
from tfmagic.base.shapes import Dims, NoShape, TensorShape
from tfmagic.graph import registry
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.registry import Node

# A value is an array, a list of int and None (a vector of which only some elements are known, or one that follows from
# such a one: TensorFlow takes it for a shape, but computes nothing with it), or None.
Value = Union[np.ndarray, list[int | None], None]

_MOST_DIMS = 254
_LARGEST = 1 << 16  # elements: beyond it no array is computed for the sake of a shape

_PYTHON_FOLDS = frozenset({"Const", "Shape", "Size", "Rank", "Range", "Cast", "Concat", "ConcatV2", "Pack", "Fill",
                           "Equal", "NotEqual"})


@export("get_static_value")
def constant_value(tensor: Tensor, partial: bool = False) -> Any:
    """The value of a tensor as far as TensorFlow's Python API knows it, or None.

    Args:
      tensor: any tensor.
      partial: whether to give a stack of scalars of which only some are known, as an object array with None in it.

    Returns:
      A NumPy array or None. A tensor whose value was given may not be fed any more, nor may those it was made from.

      What is no tensor of the graph is given back as it is; a variable's value is not known.
    """
    if not isinstance(tensor, Tensor):
        return None if hasattr(tensor, "_as_graph_element") else tensor
    if tensor.op.type == "Const":
        value = tensor.op._attrs["value"]
    else:
        value = _evaluate(tensor, _PYTHON_FOLDS)
        if isinstance(value, list):
            value = np.array(value, object) if partial and tensor.op.type == "Pack" else None
    if value is not None:
        tensor.graph.prevent_feeding(tensor)
    return value


class _Questions(threading.local):
    """The tensors whose values a shape rule asks for, while somebody wants to know."""

    noted: dict[Tensor, str] | None = None
    told: Container[Tensor] = ()


_questions = _Questions()


@contextlib.contextmanager
def noting_questions(told: Container[Tensor]) -> Iterator[dict[Tensor, str]]:
    """Note which tensors are asked for their values: tensor -> "value", or "shape" for one that holds a shape.

    Args:
      told: the tensors whose values those who ask are told; every other one is unknown.
    """
    before = _questions.noted, _questions.told
    _questions.noted, _questions.told = {}, told
    try:
        yield _questions.noted
    finally:
        _questions.noted, _questions.told = before


def static_value(tensor: Tensor) -> Any:
    """The value of a tensor as a NumPy array if it follows from constants and static shapes, else None."""
    if _questions.noted is not None:
        _questions.noted.setdefault(tensor, "value")
        if tensor not in _questions.told:
            return None
    op = tensor.op
    value = op._attrs["value"] if op.type == "Const" else _evaluate(tensor, None)
    return None if value is None or isinstance(value, list) or value.size > _LARGEST else value


def static_int(tensor: Tensor) -> int | None:
    """The value of an integer scalar, or None when it is not known."""
    value = static_value(tensor)
    return None if value is None or value.size != 1 else int(value.reshape(()))


def static_ints(tensor: Tensor) -> list[int] | None:
    """The value of an integer vector (or scalar) as a list, or None when it is not known."""
    value = static_value(tensor)
    return None if value is None else [int(v) for v in value.reshape(-1)]


def static_dims(tensor: Tensor, only: frozenset[str] | None = None, scalar: bool = False) -> Dims:
    """The dims that a tensor used as a shape holds, as far as they are known.

    Args:
      tensor: int32 or int64, rank 1.
      only: the op types to fold, or None for all that have a rule.
      scalar: whether it may be the scalar -1 for an unknown shape.

    Raises:
      ValueError: it is no vector, or has an element under -1.
    """
    hidden = False
    if _questions.noted is not None:
        _questions.noted.setdefault(tensor, "shape")
        hidden = tensor not in _questions.told
    shape = tensor._dims
    if tensor.op.type == "Shape" and not hidden:
        return tensor.op._inputs[0]._dims  # TensorFlow asks no further
    if scalar and shape is not None and len(shape) == 0:
        if hidden:
            return None
        value = static_value(tensor)
        if value is not None and value == -1:
            return None
        raise ValueError(f"Shape must be rank 1 but is rank {len(shape)}")
    if shape is not None and len(shape) != 1:
        raise ValueError(f"Shape must be rank 1 but is rank {len(shape)}")
    if hidden:
        value = None
    else:
        value = tensor.op._attrs["value"] if tensor.op.type == "Const" else _evaluate(tensor, only)
    if value is None:
        return None if shape is None or shape[0] is None else (None,) * shape[0]
    if len(value) > _MOST_DIMS:
        raise ValueError(f"A tensor has at most {_MOST_DIMS} dimensions, the shape has {len(value)}")
    dims = []
    for item in value:
        size = None if item is None else int(item)
        if size is not None and size < -1:
            raise NoShape(f"Invalid value in tensor used for shape: {size}")
        dims.append(None if size == -1 else size)
    return tuple(dims)


def constant_value_as_shape(tensor: Tensor) -> TensorShape:
    """The `TensorShape` that a tensor used as a shape holds, as far as TensorFlow's Python API knows it.

    Args:
      tensor: int32 or int64, rank 1 (or the scalar -1 for an unknown shape).

    Raises:
      ValueError: the tensor is a scalar other than -1, or of another rank.
    """
    if not isinstance(tensor, Tensor):
        return TensorShape([None if d == -1 else d for d in np.asarray(tensor).tolist()])
    if tensor._dims == ():
        value = static_value(tensor)
        if value is None:
            raise ValueError("Received a scalar with unknown value as shape; require a statically known scalar with "
                             "value '-1' to describe an unknown shape.")
        if value != -1:
            raise ValueError(f"Received a scalar value '{value}' as shape; require a statically known scalar with "
                             "value '-1' to describe an unknown shape.")
    if tensor._dims is not None and len(tensor._dims) > 1:
        raise ValueError(f"Shape {tensor.shape} must have rank 1")
    if tensor.op.type == "Const" and tensor._dims:
        tensor.graph.prevent_feeding(tensor)
        return TensorShape([None if size < 0 else size for size in tensor.op._attrs["value"].tolist()])
    return TensorShape(_python_dims(tensor))


def _python_dims(tensor: Tensor) -> Dims:
    """The dims that a vector holds. A slice counts as a part of the shape, not as one of its sizes."""
    op = tensor.op
    if tensor._dims is not None and len(tensor._dims) == 1:
        if op.type == "StridedSlice":
            return _python_slice(op, tensor._dims[0])
        if op.type in ("Concat", "ConcatV2"):
            parts = [_python_dims(part) for part in (op._inputs[1:] if op.type == "Concat" else op._inputs[:-1])]
            return None if None in parts else tuple(itertools.chain.from_iterable(filter(None, parts)))
        if op.type != "Pack":  # of which only the parts are asked
            constant_value(tensor)
    return static_dims(tensor, _PYTHON_FOLDS, scalar=True)


def _python_slice(op: Operation, count: int | None) -> Dims:
    begin, end, stride = (_single(constant_value(bound)) for bound in op._inputs[1:])
    attrs = op._attrs
    whole = None if count is None else (None,) * count
    if begin is None or end is None or not stride or op._inputs[0]._dims is None or len(op._inputs[0]._dims) != 1 \
            or attrs["ellipsis_mask"] or attrs["new_axis_mask"] or attrs["shrink_axis_mask"]:
        return whole
    dims = _python_dims(op._inputs[0])
    if dims is None:
        return whole
    return dims[slice(None if attrs["begin_mask"] & 1 else begin, None if attrs["end_mask"] & 1 else end, stride)]


# --- evaluation -------------------------------------------------------------------------------------------------


def _evaluate(tensor: Tensor, only: frozenset[str] | None) -> Value:
    """Fold the graph behind `tensor`, with an explicit stack: chains of thousands of nodes are common.

    Args:
      only: the op types to fold, or None for all that have a rule.
    """
    known: dict[Operation, tuple[Value, ...] | None] = {}
    stack = [tensor.op]
    while stack:
        op = stack[-1]
        if op in known:
            stack.pop()
            continue
        if only is None and op._static is not None:
            known[op] = op._static
            stack.pop()
            continue
        if op.type == "Const":
            known[op] = (op._attrs["value"],)
            stack.pop()
            continue
        declaration = registry.lookup(op.type)
        partial_rule = _PARTIAL.get(op.type)
        if declaration is None or (declaration.static is None and partial_rule is None) \
                or (only is not None and op.type not in only) or _too_large(op):
            known[op] = None
            stack.pop()
            continue
        waiting, hopeless = _pending(op, known, partial_rule is not None, declaration)
        if hopeless:
            known[op] = None
        elif waiting is not None:
            stack.append(waiting)
            continue
        else:
            known[op] = values = _fold(op, declaration, partial_rule, known)
            if only is None and values is not None and not any(isinstance(v, list) or v is None for v in values):
                op._static = values
        stack.pop()
    if only is _PYTHON_FOLDS:
        for op, told in known.items():
            if told is not None and op is not tensor.op:
                for output, item in zip(op._outputs, told):
                    if isinstance(item, np.ndarray):
                        tensor.graph.prevent_feeding(output)
    values = known[tensor.op]
    value = None if values is None else values[tensor.value_index]
    return None if value is _UNTOLD else value


def _too_large(op: Operation) -> bool:
    for output in op._outputs:
        size = 1
        for d in output._dims or ():
            size *= d or 1
        if size > _LARGEST:
            return True
    return False


def _pending(op: Operation, known: dict[Operation, Any], partial: bool,
             declaration: registry.OpDeclaration) -> tuple[Operation | None, bool]:
    """The next input to evaluate, and whether an unknown input makes the op's value unknown."""
    if declaration.from_shapes and op.type != "ShapeN" and not _sized_by_values(op):
        return None, False
    for tensor in op._inputs:
        if tensor.op not in known:
            return tensor.op, False
        if not partial:
            values = known[tensor.op]
            if values is None or values[tensor.value_index] is None:
                return None, True
    return None, False


# Ops whose outputs have as many elements as values say; and those that hand such a size on, with the input it comes by.
_SIZED_BY_VALUES = frozenset({"BroadcastGradientArgs", "DynamicPartition", "ListDiff", "RaggedRange", "StringSplit",
                              "StringSplitV2", "Tile", "UnicodeDecode", "Unique", "UniqueV2", "UniqueWithCounts",
                              "Where"})
_HANDS_ON = {**dict.fromkeys(("AddV2", "Cast", "ExpandDims", "FloorMod", "Identity", "Reshape", "Squeeze",
                             "StridedSlice"), 0),
             **dict.fromkeys(("Gather", "GatherV2"), 1)}


def _sized_by_values(op: Operation) -> bool:
    """Whether a Shape or Size asks for the size of what only values tell."""
    if op.type not in ("Shape", "Size"):
        return False
    source = op._inputs[0].op
    while source.type in _HANDS_ON:
        source = source._inputs[_HANDS_ON[source.type]].op
    return source.type in _SIZED_BY_VALUES


def _fold(op: Operation, declaration: registry.OpDeclaration, partial_rule: Any,
          known: dict[Operation, Any]) -> tuple[Value, ...] | None:
    if declaration.from_shapes and op.type != "ShapeN":
        inputs: list[Value] = []
        if _sized_by_values(op) and (values := known.get(op._inputs[0].op)) is not None:
            item = values[op._inputs[0].value_index]
            found = np.size(item) if op.type == "Size" else np.shape(item)
            return (np.array(found, op._outputs[0]._dtype.as_numpy_dtype),)
    else:
        inputs = [None if known[t.op] is None else known[t.op][t.value_index] for t in op._inputs]
    whole = not any(v is None or isinstance(v, list) for v in inputs)
    if declaration.static is not None and partial_rule is not _partial_shapes and whole:
        arrays: list[Any] = inputs
        if inputs and op._op_def.takes_lists:
            arrays = registry.grouped(op._op_def.inputs, op._attrs, inputs)
        try:
            with np.errstate(all="ignore"):
                result = declaration.static(Node(op), *arrays)
        except (ValueError, TypeError, IndexError, OverflowError, ZeroDivisionError, MemoryError, errors.OpError):
            return None  # the run says what is wrong with the values
        if result is not None:
            results = result if isinstance(result, (tuple, list)) else (result,)
            return tuple(None if item is None else np.asarray(item, tensor._dtype.base_dtype.as_numpy_dtype)
                         for item, tensor in zip(results, op._outputs))
    if partial_rule is None:
        return None
    value = partial_rule(op, inputs)
    return None if value is None else value if isinstance(value, tuple) else (value,)


# A vector of which nothing is told, nor of one joined from it: of slices with masks TensorFlow asks no further. It is
# this very list; one of which only the elements are unknown is None.
_UNTOLD: list[int | None] = []


def _single(value: Value) -> int | None:
    """The only element of an array."""
    return None if value is None or isinstance(value, list) or value.size != 1 else int(value.item())


def _partial_shape(op: Operation, inputs: list[Value]) -> Value:
    return _partial_shapes(op, inputs)[0]


def _partial_shapes(op: Operation, inputs: list[Value]) -> tuple[Value, ...]:
    """The shapes of the inputs. Those of several tensors at once TensorFlow computes with only where it knows these."""
    kind = op._outputs[0]._dtype.as_numpy_dtype
    whole = op.type == "Shape" or all(isinstance(value, np.ndarray) for value in inputs)
    return tuple([None if t._dims is None else list(t._dims) if None in t._dims or not whole else
                  np.array(t._dims, kind) for t in op._inputs])


def _partial_pack(op: Operation, inputs: list[Value]) -> Value:
    if op._outputs[0]._dtype.kind not in "iu" or any(t._dims != () for t in op._inputs):
        return None
    items = [_entered_constant(t) if v is None or isinstance(v, list) else int(v) for v, t in zip(inputs, op._inputs)]
    return None if all(item is None for item in items) else items


def _entered_constant(tensor: Tensor) -> int | None:
    """The constant that a loop invariant is outside of its loop: as a part of a shape, and nowhere else, it counts."""
    op = tensor.op
    if op.type != "Enter" or not op._attrs["is_constant"] or op._inputs[0].op.type != "Const":
        return None
    return int(op._inputs[0].op._attrs["value"])


def _partial_concat(op: Operation, inputs: list[Value]) -> Value:
    parts, axis = (inputs[1:], inputs[0]) if op.type == "Concat" else (inputs[:-1], inputs[-1])
    tensors = op._inputs[1:] if op.type == "Concat" else op._inputs[:-1]
    if _single(axis) not in (0, -1) or op._outputs[0]._dtype.kind not in "iu":
        return None
    items: list[int | None] = []
    for part, tensor in zip(parts, tensors):
        if part is _UNTOLD:
            return _UNTOLD
        dims = tensor._dims
        if dims is None or len(dims) != 1 or dims[0] is None:
            return None
        items.extend([None] * dims[0] if part is None else part if isinstance(part, list) else part.tolist())
    return None if all(item is None for item in items) else items


def _partial_slice(op: Operation, inputs: list[Value]) -> Value:
    vector, (begin, end, stride) = inputs[0], map(_single, inputs[1:])
    attrs = op._attrs
    if vector is _UNTOLD or attrs["ellipsis_mask"] or attrs["new_axis_mask"] or attrs["shrink_axis_mask"]:
        return _UNTOLD
    if not isinstance(vector, list) or begin is None or end is None or not stride:
        return None
    return vector[slice(None if attrs["begin_mask"] & 1 else begin, None if attrs["end_mask"] & 1 else end, stride)]


# What TensorFlow knows of a vector of which only some elements are known; all other ops need whole values.
_PARTIAL = {"Shape": _partial_shape, "ShapeN": _partial_shapes, "Pack": _partial_pack, "Concat": _partial_concat,
            "ConcatV2": _partial_concat, "StridedSlice": _partial_slice}
