"""tf.debugging: operations and checks that fail unless tensors are what they should be."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors
from tfmagic.base.dtypes import DType, as_dtype
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import raw
from tfmagic.ops.array import shape_ops, slicing
from tfmagic.ops.control_flow.cond import cond
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.ops.debug.checks import Assert
from tfmagic.ops.math import reduce

# --- comparisons of two tensors ---------------------------------------------------------------------------------


def _assert_static(condition: Any, data: list[Any]) -> None:
    """Fail at once where the values are known already."""
    if condition:
        return
    shown = []
    for item in data:
        known = constant_value(item) if isinstance(item, Tensor) else None
        shown.append(str(item) if known is None else str(known))
    raise errors.InvalidArgumentError(None, None, "\n".join(shown))


def _comparison(name: str, sign: str, make: str, numpy_function: Callable[..., Any]) -> Callable[..., Operation]:
    def check(x: Any, y: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
              name: str | None = None) -> Operation:
        if check_name == "equal":  # TensorFlow opens the scope twice here
            with name_scope(name, "assert_equal", [x, y, data]):
                if x is y:
                    return raw.no_op()
        with name_scope(name, f"assert_{check_name}", [x, y, data]):
            x = convert_to_tensor(x, name="x")
            y = convert_to_tensor(y, name="y")
            if data is None:
                data = [f"Condition x {sign} y did not hold element-wise:", f"x ({x.name}) = ", x, f"y ({y.name}) = ",
                        y]
            if message is not None:
                data = [message, *data]
            condition = reduce.reduce_all(getattr(raw, make)(x, y))
            known_x, known_y = constant_value(x), constant_value(y)
            if known_x is not None and known_y is not None:
                _assert_static(np.all(numpy_function(known_x, known_y)), data)
            return Assert(condition, data, summarize=summarize)

    check_name = name
    check.__name__ = check.__qualname__ = f"assert_{name}"
    check.__doc__ = f"""An operation that fails the run unless x {sign} y for every element.

    Args:
      x: numeric tensor.
      y: tensor of the same type, of a shape that broadcasts with that of `x`.
      data: tensors to print when it fails; by default `x` and `y`.
      summarize: how many elements of each to print.
      message: text before them.
      name: the name scope of the nodes.

    Raises:
      InvalidArgumentError: both values are known already, and it does not hold.
    """
    return export(f"debugging.assert_{name}")(check)


assert_equal = _comparison("equal", "==", "equal", np.equal)
assert_none_equal = _comparison("none_equal", "!=", "not_equal", np.not_equal)
assert_less = _comparison("less", "<", "less", np.less)
assert_less_equal = _comparison("less_equal", "<=", "less_equal", np.less_equal)
assert_greater = _comparison("greater", ">", "greater", np.greater)
assert_greater_equal = _comparison("greater_equal", ">=", "greater_equal", np.greater_equal)


def _sign(name: str, condition: str, check: Callable[[Tensor, Tensor, Any, Any], Operation]) -> None:
    def check_sign(x: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
                   name: str | None = None) -> Operation:
        message = message or ""
        with name_scope(name, f"assert_{check_name}", [x, data]):
            x = convert_to_tensor(x, name="x")
            if data is None:
                texts = [f"Condition {condition} did not hold element-wise:", f"x ({x.name}) = "]
                # TensorFlow forgets a comma in one of the four.
                data = [message, *(["".join(texts)] if check_name == "non_positive" else texts), x]
            zero = convert_to_tensor(0, dtype=x.dtype)
            return check(x, zero, data, summarize)

    check_name = name
    check_sign.__name__ = check_sign.__qualname__ = f"assert_{name}"
    check_sign.__doc__ = f"""An operation that fails the run unless {condition} for every element.

    Args:
      x: numeric tensor.
      data: tensors to print when it fails.
      summarize: how many elements of each to print.
      message: text before them.
      name: the name scope of the nodes.
    """
    export(f"debugging.assert_{name}")(check_sign)


_sign("negative", "x < 0", lambda x, zero, data, summarize: assert_less(x, zero, data=data, summarize=summarize))
_sign("positive", "x > 0", lambda x, zero, data, summarize: assert_less(zero, x, data=data, summarize=summarize))
_sign("non_negative", "x >= 0",
      lambda x, zero, data, summarize: assert_less_equal(zero, x, data=data, summarize=summarize))
_sign("non_positive", "x <= 0",
      lambda x, zero, data, summarize: assert_less_equal(x, zero, data=data, summarize=summarize))


@export("debugging.assert_near")
def assert_near(x: Any, y: Any, rtol: Any = None, atol: Any = None, data: Any = None, summarize: int | None = None,
                message: str | None = None, name: str | None = None) -> Operation:
    """An operation that fails the run unless |x - y| < atol + rtol * |y| for every element.

    Args:
      x: float or complex tensor.
      y: tensor of the same type, of a shape that broadcasts with that of `x`.
      rtol, atol: relative and absolute tolerance; by default ten times the smallest step of the type.
      data, summarize, message, name: as in `assert_equal`.
    """
    message = message or ""
    with name_scope(name, "assert_near", [x, y, rtol, atol, data]):
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, name="y", dtype=x.dtype)
        step = np.finfo(x.dtype.as_numpy_dtype).eps
        rtol = convert_to_tensor(10 * step if rtol is None else rtol, name="rtol", dtype=x.dtype)
        atol = convert_to_tensor(10 * step if atol is None else atol, name="atol", dtype=x.dtype)
        if data is None:
            data = [message, f"x and y not equal to tolerance rtol = {rtol}, atol = {atol}", f"x ({x.name}) = ", x,
                    f"y ({y.name}) = ", y]
        tolerance = atol + rtol * raw.abs(y)
        difference = raw.abs(x - y)
        return Assert(reduce.reduce_all(raw.less(difference, tolerance)), data, summarize=summarize)


# --- ranks and shapes -------------------------------------------------------------------------------------------


def _known_rank(rank: Tensor) -> int | None:
    known = constant_value(rank)
    if known is None:
        return None
    if known.ndim != 0:
        raise ValueError("Rank must be a scalar.")
    return int(known)


def _check_rank(x: Any, ranks: list[Tensor], static: Callable[..., bool], dynamic: Callable[..., Tensor], data: Any,
                summarize: int | None, problem: Callable[[Any], str]) -> Operation:
    for rank in ranks:
        assert_type(rank, dtypes.int32)
    known = [_known_rank(rank) for rank in ranks]
    actual = x.shape.ndims
    if None not in known and actual is not None:
        if not static(actual, *known):
            raise ValueError(f"{problem(known)}.  Received rank {actual}, shape {x.shape}")
        return raw.no_op(name="static_checks_determined_all_ok")
    condition = dynamic(shape_ops.rank(x), *ranks)
    for rank, value in zip(ranks, known):
        if value is None:
            check = assert_rank(rank, 0, data=["Rank must be a scalar. Received rank: ", rank])
            condition = with_dependencies([check], condition)
    return Assert(condition, data, summarize=summarize)


def _assert_one_rank(default_name: str, words: str, static: Any, dynamic: Any, x: Any, rank: Any, data: Any,
                     summarize: int | None, message: str | None, name: str | None) -> Operation:
    with name_scope(name, default_name, (x, rank, *(data or ()))):
        x = _tensor_or_sparse(x)
        rank = convert_to_tensor(rank, name="rank")
        message = message or ""
        if data is None:
            data = [message, f"Tensor {x.name} must have {words}", rank, "Received shape: ", shape_ops.shape(x)]
        return _check_rank(x, [rank], static, dynamic, data, summarize,
                           lambda known: f"{message}.  Tensor {x.name} must have {words} {known[0]}")


def _tensor_or_sparse(x: Any) -> Any:
    return x if hasattr(x, "dense_shape") else convert_to_tensor(x, name="x")


@export("debugging.assert_rank")
def assert_rank(x: Any, rank: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
                name: str | None = None) -> Operation:
    """An operation that fails the run unless a tensor has a given rank.

    Args:
      x: any tensor.
      rank: int32 scalar.
      data, summarize, message, name: as in `assert_equal`.

    Raises:
      ValueError: the static rank is another.
    """
    return _assert_one_rank("assert_rank", "rank", lambda actual, given: actual == given, raw.equal, x, rank, data,
                            summarize, message, name)


@export("debugging.assert_rank_at_least")
def assert_rank_at_least(x: Any, rank: Any, data: Any = None, summarize: int | None = None,
                         message: str | None = None, name: str | None = None) -> Operation:
    """An operation that fails the run unless a tensor has a given rank or a higher one.

    Args:
      x: any tensor.
      rank: int32 scalar.
      data, summarize, message, name: as in `assert_equal`.

    Raises:
      ValueError: the static rank is lower.
    """
    return _assert_one_rank("assert_rank_at_least", "rank at least", lambda actual, given: actual >= given,
                            raw.greater_equal, x, rank, data, summarize, message, name)


@export("debugging.assert_rank_in")
def assert_rank_in(x: Any, ranks: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
                   name: str | None = None) -> Operation:
    """An operation that fails the run unless a tensor has one of several ranks.

    Args:
      x: any tensor.
      ranks: int32 scalars.
      data, summarize, message, name: as in `assert_equal`.

    Raises:
      ValueError: the static rank is another.
    """
    with name_scope(name, "assert_rank_in", (x, *ranks, *(data or ()))):
        x = _tensor_or_sparse(x)
        ranks = [convert_to_tensor(rank, name="rank") for rank in ranks]
        message = message or ""
        if data is None:
            data = [message, f"Tensor {x.name} must have rank in", *ranks, "Received shape: ", shape_ops.shape(x)]
        return _check_rank(
            x, ranks, lambda actual, *given: actual in given,
            lambda actual, *given: functools.reduce(raw.logical_or, [raw.equal(rank, actual) for rank in given]),
            data, summarize, lambda known: f"{message}.  Tensor {x.name} must have rank in "
                                           f"{tuple(constant_value(rank) for rank in ranks)}")


@export("debugging.assert_scalar")
def assert_scalar(tensor: Any, name: str | None = None, message: str | None = None) -> Tensor:
    """The tensor itself.

    Raises:
      ValueError: its static rank is not 0.
    """
    with name_scope(name, "assert_scalar", [tensor]) as scope:
        tensor = convert_to_tensor(tensor, name=scope)
        if tensor.shape.ndims != 0:
            raise ValueError(f"{message or ''}Expected scalar shape for {tensor.name}, saw shape: {tensor.shape}.")
        return tensor


@export("debugging.assert_shapes")
def assert_shapes(shapes: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
                  name: str | None = None) -> Operation:
    """An operation that fails the run unless tensors have given shapes.

    Args:
      shapes: dict (or pairs) from a tensor to its shape: a number says the size of an axis, a letter stands for the
        same size everywhere, None or a dot for any size.
      data, summarize, message, name: as in `assert_equal`.

    Raises:
      ValueError: the static shapes contradict it.
    """
    from tfmagic.ops.control_flow.grouping import group

    pairs = list(shapes.items()) if isinstance(shapes, dict) else list(shapes)
    message = message or ""
    with name_scope(name, "assert_shapes", [shapes, data]):
        given = [(tensor, _wanted_sizes(tensor, wanted, message))
                 for tensor, wanted in [(convert_to_tensor(tensor), wanted) for tensor, wanted in pairs]]
        sizes = [_sizes(tensor) for tensor, _ in given]
        checks = [(assert_rank if len(wanted) > 1 else assert_rank_in)(
            tensor, len(wanted) if len(wanted) > 1 else [0, 1], data, summarize, message, name)
            for tensor, wanted in given]
        first: dict[str, tuple[str, Any]] = {}
        for (tensor, wanted), actual_sizes in zip(given, sizes):
            for axis, size in enumerate(wanted):
                if size is None:
                    continue
                actual = actual_sizes[axis]
                if isinstance(size, str):
                    if size not in first:
                        first[size] = f"Specified by tensor {tensor.name} dimension {axis}", actual
                        continue
                    origin, expected = first[size]
                else:
                    origin, expected = "Specified explicitly", size
                if isinstance(actual, int) and isinstance(expected, int):
                    if actual != expected:
                        raise ValueError(f"{message}.  {origin}.  Tensor {tensor.name} dimension {axis} must have size "
                                         f"{expected}.  Received size {actual}, shape {tensor.shape}")
                    continue
                condition = raw.equal(convert_to_tensor(actual), convert_to_tensor(expected))
                shown = data
                if data is None:
                    shown = [message, origin, f"Tensor {tensor.name} dimension", axis, "must have size", expected,
                             "Received shape: ", shape_ops.shape(tensor)]
                checks.append(Assert(condition, shown, summarize=summarize))
        return group(*checks)


def _wanted_sizes(tensor: Tensor, wanted: Any, message: str) -> list[int | str | None]:
    """The sizes that a user asks for: numbers, symbols, or None for any; of a scalar the one of a vector."""
    if not hasattr(wanted, "__iter__") and not hasattr(wanted, "__getitem__"):
        raise ValueError(f"{message}.  Tensor {tensor.name}.  Specified shape must be an iterable.  An iterable has "
                         f"the attribute `__iter__` or `__getitem__`.  Received specified shape: {wanted}")
    return [_wanted_size(size) for size in wanted] or [1]


def _wanted_size(size: Any) -> int | str | None:
    if size is None or size == ".":
        return None
    try:
        return int(size)
    except ValueError:
        return str(size)


def _sizes(tensor: Tensor) -> Any:
    """The sizes of a tensor, as numbers where they are known; a scalar counts as a vector of one element."""
    dynamic = shape_ops.shape(tensor)
    if tensor._dims is None:
        is_scalar = raw.equal(shape_ops.rank(tensor), 0)
        return cond(is_scalar, lambda: convert_to_tensor([1]), lambda: dynamic)
    return [dynamic[axis] if size is None else size for axis, size in enumerate(tensor._dims)] or [1]


# --- types ------------------------------------------------------------------------------------------------------


@export("debugging.assert_type")
def assert_type(tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None) -> Operation:
    """An operation that does nothing, made when a tensor has the given type.

    Raises:
      TypeError: it has another.
    """
    tf_type = as_dtype(tf_type)
    with name_scope(name, "assert_type", [tensor]):
        tensor = convert_to_tensor(tensor, name="tensor")
        if tensor.dtype != tf_type:
            raise TypeError(f"{message or ''}  {tensor.name} must be of type {tf_type}")
        return raw.no_op(name="statically_determined_correct_type")


@export("debugging.assert_integer")
def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> Operation:
    """An operation that does nothing, made when a tensor is of an integer type.

    Raises:
      TypeError: it is of another type.
    """
    with name_scope(name, "assert_integer", [x]):
        x = convert_to_tensor(x, name="x")
        if not x.dtype.is_integer:
            raise TypeError(f'{message or ""}  Expected "x" to be integer type.  Found: {x.name} of dtype {x.dtype}')
        return raw.no_op(name="statically_determined_was_integer")


@export("debugging.is_numeric_tensor")
def is_numeric_tensor(tensor: Any) -> bool:
    """Whether something is a tensor of numbers."""
    if not isinstance(tensor, Tensor):
        return False
    dtype = tensor.dtype.base_dtype
    return dtype.is_floating or dtype.is_integer or dtype.is_complex or dtype.is_quantized


@export("debugging.assert_proper_iterable")
def assert_proper_iterable(values: Any) -> None:
    """Check that something is a list or the like, and neither a tensor nor a string.

    Raises:
      TypeError: it is.
    """
    if isinstance(values, (Tensor, np.ndarray, bytes, str)) or hasattr(values, "dense_shape"):
        raise TypeError(f'Expected argument "values" to be a "proper" iterable.  Found: {type(values)}')
    if not hasattr(values, "__iter__"):
        raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}')


@export("debugging.assert_same_float_dtype")
def assert_same_float_dtype(tensors: Any = None, dtype: Any = None) -> DType:
    """The one float type of tensors (float32 when there is nothing to go by).

    Raises:
      ValueError: they have different types, or the type is no float type.
    """
    wanted = None if dtype is None else as_dtype(dtype).base_dtype
    first = None
    for tensor in tensors or ():
        if tensor is None:
            continue
        found = tensor.dtype.base_dtype
        if wanted is None:
            wanted, first = found, tensor
        elif found is not wanted:
            than = "" if first is None else f" as {first.name}"
            raise ValueError(f"{tensor.name}, type={found}, must be of the same type ({wanted}){than}.")
    if wanted is None:
        return dtypes.float32
    if not wanted.is_floating:
        raise ValueError(f"Expected floating point type, got {wanted}.")
    return wanted


# --- order ------------------------------------------------------------------------------------------------------


def _steps(x: Any) -> Tensor:
    """The differences of neighbours, after flattening."""
    x = shape_ops.reshape(x, [-1])
    if not is_numeric_tensor(x):
        raise TypeError(f"Expected x to be numeric, instead found: {x}")
    is_short = raw.less(shape_ops.size(x), 2)
    length = shape_ops.shape(x) - 1
    return cond(is_short, lambda: convert_to_tensor([], dtype=x.dtype),
                lambda: slicing.strided_slice(x, [1], [1] + length) - slicing.strided_slice(x, [0], length))


@export("math.is_non_decreasing")
def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """Whether no element is less than the one before (a bool scalar)."""
    with name_scope(name, "is_non_decreasing", [x]):
        steps = _steps(x)
        zero = convert_to_tensor(0, dtype=steps.dtype)
        return reduce.reduce_all(raw.less_equal(zero, steps))


@export("math.is_strictly_increasing")
def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """Whether every element is greater than the one before (a bool scalar)."""
    with name_scope(name, "is_strictly_increasing", [x]):
        steps = _steps(x)
        zero = convert_to_tensor(0, dtype=steps.dtype)
        return reduce.reduce_all(raw.less(zero, steps))
