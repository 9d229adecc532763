"""What functions of tensors do with ragged ones: the answers to calls that fail with them (`base.dispatch`)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from tfmagic.base.dispatch import NOT_SUPPORTED
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.ops import api
from tfmagic.tf.ragged import arrays, choosing, gathering, joining, reducing
from tfmagic.tf.ragged.broadcasting import RaggedTensorDynamicShape, broadcast_dynamic_shape, broadcast_to
from tfmagic.tf.ragged.flat import of_one_splits_type, same_splits
from tfmagic.tf.ragged.tensor import RaggedTensor, convert_to_tensor_or_ragged_tensor, is_ragged

_BINARY = frozenset({
    "Add", "Atan2", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "FloorMod", "Greater", "GreaterEqual", "LeftShift",
    "Less", "LessEqual", "LogicalAnd", "LogicalOr", "Maximum", "Minimum", "RealDiv", "RightShift",
    "SquaredDifference", "TruncateDiv", "TruncateMod", "dtypes.complex", "math.divide_no_nan", "math.equal",
    "math.floordiv", "math.logical_xor", "math.multiply", "math.not_equal", "math.pow", "math.subtract",
    "math.truediv"})
_OF_LISTS = frozenset({"StringJoin", "math.add_n"})

# The rest has an answer of its own: how many of the first arguments may be ragged, and the function.
_OWN: dict[str, tuple[int, Callable[..., Any]]] = {
    "DynamicPartition": (2, choosing.dynamic_partition),
    "UnsortedSegmentMax": (2, reducing.segment_max),
    "UnsortedSegmentMin": (2, reducing.segment_min),
    "UnsortedSegmentProd": (2, reducing.segment_prod),
    "UnsortedSegmentSum": (2, reducing.segment_sum),
    "batch_gather": (2, gathering.batch_gather),
    "concat": (1, joining.concat),
    "expand_dims": (1, arrays.expand_dims_v1),
    "gather": (2, gathering.gather),
    "gather_nd": (2, gathering.gather_nd),
    "math.reduce_any": (1, reducing.reduce_any),
    "math.reduce_max": (1, reducing.reduce_max_of),
    "math.reduce_mean": (1, reducing.reduce_mean),
    "math.reduce_min": (1, reducing.reduce_min_of),
    "math.reduce_prod": (1, reducing.reduce_prod),
    "math.reduce_sum": (1, reducing.reduce_sum),
    "math.unsorted_segment_mean": (2, reducing.segment_mean),
    "math.unsorted_segment_sqrt_n": (2, reducing.segment_sqrt_n),
    "one_hot": (1, arrays.one_hot),
    "rank": (1, arrays.rank),
    "reduce_all": (1, reducing.reduce_all),
    "size": (1, arrays.size),
    "squeeze": (1, arrays.squeeze),
    "stack": (1, joining.stack),
    "strings.reduce_join": (1, reducing.reduce_join),
    "tile": (1, arrays.tile),
    "where": (3, choosing.where),
}


def answer(name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The result of a function that refuses ragged tensors as they are, or `NOT_SUPPORTED`."""
    if name in _OWN:
        return _own(name, args, kwargs)
    count = 2 if name in _BINARY else 1
    given, kwargs = list(args), dict(kwargs)
    if len(given) < count:
        names = list(inspect.signature(function).parameters)
        while len(given) < count and names[len(given)] in kwargs:
            given.append(kwargs.pop(names[len(given)]))
    operands, others = given[:count], given[count:]
    if name in _BINARY:
        return _binary(function, operands, others, kwargs) if len(operands) == 2 else NOT_SUPPORTED
    if name in _OF_LISTS:
        return _of_list(function, operands[0], others, kwargs)
    ragged = operands[0] if operands else None
    if not is_ragged(ragged):
        return NOT_SUPPORTED
    ragged = convert_to_tensor_or_ragged_tensor(ragged)
    return ragged.with_flat_values(function(ragged.flat_values, *others, **kwargs))


def _own(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    count, function = _OWN[name]
    names = list(inspect.signature(function).parameters)[:count]
    found = False
    for value in [*args[:count], *(kwargs[key] for key in names if key in kwargs)]:
        items = value if isinstance(value, (list, tuple)) and any(is_ragged(item) for item in value) else [value]
        for item in items:
            if is_ragged(item):
                found = True
            elif item is not None:
                try:
                    convert_to_tensor(item)  # TensorFlow looks in this way whether it fits, and leaves the node
                except (TypeError, ValueError):
                    return NOT_SUPPORTED
    return function(*args, **kwargs) if found else NOT_SUPPORTED


def _binary(function: Callable[..., Any], operands: list[Any], others: list[Any], kwargs: dict[str, Any]) -> Any:
    """A function of two operands: their shapes are made the same, then their innermost values are its arguments."""
    x, y = operands
    try:
        if not is_ragged(x):
            x = convert_to_tensor(x, name="x", preferred_dtype=y.dtype)
        if not is_ragged(y):
            y = convert_to_tensor(y, name="y", preferred_dtype=x.dtype)
    except (TypeError, ValueError):
        return NOT_SUPPORTED
    x, y = (convert_to_tensor_or_ragged_tensor(value) for value in (x, y))
    if isinstance(x, RaggedTensor) and isinstance(y, RaggedTensor):
        x, y = of_one_splits_type(x, y)
    if _must_broadcast(x, y) or _must_broadcast(y, x):
        shape = broadcast_dynamic_shape(*map(RaggedTensorDynamicShape.from_tensor, (x, y)))
        x = broadcast_to(x, shape, broadcast_inner_dimensions=False)
        y = broadcast_to(y, shape, broadcast_inner_dimensions=False)
    result = function(*(value.flat_values if is_ragged(value) else value for value in (x, y)), *others, **kwargs)
    return (x if is_ragged(x) else y).with_flat_values(result)


def _must_broadcast(ragged: Any, other: Any) -> bool:
    if not is_ragged(ragged):
        return False
    if is_ragged(other):
        return True
    inner, rank = ragged.flat_values.shape.ndims, other.shape.ndims
    return rank is not None and (inner is None or inner <= rank)


def _of_list(function: Callable[..., Any], values: Any, others: list[Any], kwargs: dict[str, Any]) -> Any:
    if not isinstance(values, (list, tuple)) or not any(is_ragged(value) for value in values):
        return NOT_SUPPORTED
    values = [convert_to_tensor_or_ragged_tensor(value) if is_ragged(value) else value for value in values]
    ragged = [value for value in values if is_ragged(value)]
    of_one_splits_type(*ragged)
    flat = [value.flat_values if is_ragged(value) else value for value in values]
    with api.control_dependencies(same_splits([value.nested_row_splits for value in ragged])):
        return ragged[0].with_flat_values(function(flat, *others, **kwargs))
