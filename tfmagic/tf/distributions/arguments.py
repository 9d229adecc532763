"""Parameters and values that are checked, and given in one of two forms (logits or probabilities)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.dtypes import DType
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.ops.control_flow.grouping import with_dependencies


def after(checks: list[Operation], value: Tensor) -> Tensor:
    """`value`, once the checks hold."""
    return with_dependencies(checks, value)


def positive(*tensors: Any, validate: bool = True) -> Any:
    """A context in which nodes wait until all tensors are found positive, where that is asked for."""
    return get_default_graph().control_dependencies(
        [api.debugging.assert_positive(t) for t in tensors] if validate else [])


_INTEGER_OF = {dtypes.float16: dtypes.int16, dtypes.float32: dtypes.int32, dtypes.float64: dtypes.int64}


def assert_integer_form(x: Any, data: Any = None, summarize: int | None = None, message: str | None = None,
                        int_dtype: DType | None = None, name: str = "assert_integer_form") -> Operation:
    """An operation that fails the run unless casting to an integer type and back keeps every number.

    Raises:
      TypeError: no integer type stands beside the type of `x`.
    """
    with name_scope(name, values=[x, data]):
        x = convert_to_tensor(x, name="x")
        if x.dtype.is_integer:
            return api.no_op()
        message = message or f"{x.op.name} has non-integer components"
        if int_dtype is None:
            try:
                int_dtype = _INTEGER_OF[x.dtype.base_dtype]
            except KeyError:
                raise TypeError(f"Unrecognized type {x.dtype.name}") from None
        return api.debugging.assert_equal(x, api.cast(api.cast(x, int_dtype), x.dtype), data=data,
                                          summarize=summarize, message=message, name=name)


def nonnegative_integer_form(x: Any, name: str = "embed_check_nonnegative_integer_form") -> Tensor:
    """`x`, once it is found to hold whole numbers from 0 on."""
    with name_scope(name, values=[x]):
        x = convert_to_tensor(x, name="x")
        checks = [api.debugging.assert_non_negative(x, message=f"'{x}' must be non-negative.")]
        if not x.dtype.is_integer:
            checks.append(assert_integer_form(x, message=f"'{x}' cannot contain fractional components."))
        return after(checks, x)


def _largest_whole_number(dtype: DType) -> int:
    if dtype.is_floating:
        return int(2.0 ** (np.finfo(dtype.as_numpy_dtype).nmant + 1))
    if dtype.is_integer:
        return int(np.iinfo(dtype.as_numpy_dtype).max)
    if dtype.base_dtype == dtypes.bool_:
        return 1
    raise TypeError(f"Unrecognized dtype: {dtype.name}")


def _smallest_whole_number(dtype: DType) -> int:
    return -_largest_whole_number(dtype) if dtype.is_floating else 0 if not dtype.is_integer else int(
        np.iinfo(dtype.as_numpy_dtype).min)


def casting_closed(x: Any, target_dtype: DType, assert_nonnegative: bool = True,
                   name: str = "embed_check_casting_closed") -> Tensor:
    """`x`, once it is found to keep its numbers when it is cast to another type.

    Args:
      x: the tensor.
      target_dtype: the other type.
      assert_nonnegative: whether it must not be negative either.
      name: of the scope.

    Raises:
      TypeError: neither of the types is an integer type or bool.
    """
    with name_scope(name, values=[x]):
        x = convert_to_tensor(x, name="x")
        given, wanted = x.dtype, target_dtype
        if not (_is_whole(given) or given.is_floating):
            raise TypeError(f"{x.name}.dtype must be floating- or integer-type.")
        if not (_is_whole(wanted) or wanted.is_floating):
            raise TypeError(f"target_dtype ({wanted.name}) must be floating- or integer-type.")
        if not (_is_whole(given) or _is_whole(wanted)):
            raise TypeError(f"At least one of {x.name}.dtype ({given.name}) and target_dtype ({wanted.name}) must be "
                            "integer-type.")
        checks = []
        if assert_nonnegative:
            checks.append(api.debugging.assert_non_negative(x, message="Elements must be non-negative."))
        if given.is_floating:
            checks.append(assert_integer_form(x, int_dtype=wanted,
                                              message=f"Elements must be {wanted.name}-equivalent."))
        else:
            if _largest_whole_number(given) > _largest_whole_number(wanted):
                checks.append(api.debugging.assert_less_equal(
                    x, _largest_whole_number(wanted),
                    message=f"Elements cannot exceed {_largest_whole_number(wanted)}."))
            if not assert_nonnegative and _smallest_whole_number(given) < _smallest_whole_number(wanted):
                checks.append(api.debugging.assert_greater_equal(
                    x, _smallest_whole_number(wanted),
                    message=f"Elements cannot be smaller than {_smallest_whole_number(wanted)}."))
        return after(checks, x) if checks else x


def _is_whole(dtype: DType) -> bool:
    return dtype.is_integer or dtype.base_dtype == dtypes.bool_


def logits_and_probs(logits: Any = None, probs: Any = None, multidimensional: bool = False,
                     validate_args: bool = False, name: str = "get_logits_and_probs",
                     dtype: DType | None = None) -> tuple[Tensor, Tensor]:
    """Log-odds (or unnormalised logarithms) and probabilities, of which one is given.

    Args:
      logits: the first.
      probs: the second.
      multidimensional: whether the last dimension runs over the events.
      validate_args: whether the probabilities are checked.
      name: of the scope.
      dtype: their type, if it is not theirs.

    Raises:
      ValueError: both are given or none.
      TypeError: what is given is not floating.
    """
    with name_scope(name, values=[probs, logits]):
        if (probs is None) == (logits is None):
            raise ValueError("Must pass probs or logits, but not both.")
        if probs is None:
            logits = convert_to_tensor(logits, name="logits", dtype=dtype)
            if not logits.dtype.is_floating:
                raise TypeError("logits must having floating type.")
            if multidimensional:
                if validate_args:
                    logits = categorical_event_shape(logits)
                return logits, api.nn.softmax(logits, name="probs")
            return logits, api.sigmoid(logits, name="probs")
        probs = convert_to_tensor(probs, name="probs", dtype=dtype)
        if not probs.dtype.is_floating:
            raise TypeError("probs must having floating type.")
        if validate_args:
            with name_scope("validate_probs"):
                one = api.constant(1.0, probs.dtype)
                checks = [api.debugging.assert_non_negative(probs)]
                if multidimensional:
                    probs = categorical_event_shape(probs)
                    checks.append(api.debugging.assert_near(api.reduce_sum(probs, -1), one,
                                                            message="probs does not sum to 1."))
                else:
                    checks.append(api.debugging.assert_less_equal(
                        probs, one, message="probs has components greater than 1."))
                probs = after(checks, probs)
        with name_scope("logits"):
            if multidimensional:
                return api.log(probs), probs
            return api.log(probs) - api.math.log1p(-1.0 * probs), probs


def categorical_event_shape(param: Any, name: str = "embed_check_categorical_event_shape") -> Tensor:
    """A parameter, once it is found to have two events or more, and not more than its type can number.

    Raises:
      TypeError: a type that cannot number events.
      ValueError: a scalar, fewer than two events, or too many.
    """
    with name_scope(name, values=[param]):
        tensor = convert_to_tensor(param, name="param")
        dtype = tensor.dtype.base_dtype
        most = _largest_whole_number(dtype) if dtype.is_floating or dtype.is_integer else 0
        if most <= 0:
            raise TypeError(f"Unable to validate size of unrecognized dtype ({dtype.name}).")
        known = tensor.get_shape()
        if known.ndims == 0:
            raise ValueError("A categorical-distribution parameter must have at least 1 dimension.")
        size = known[-1].value if known.ndims is not None else None
        if size is not None:
            if size < 2:
                raise ValueError("A categorical-distribution parameter must have at least 2 events.")
            if size > most:
                raise ValueError(f"Number of classes exceeds `dtype` precision, i.e., {dtype.name} implies shape ("
                                 f"{size}) cannot exceed {most}.")
            return tensor
        events = api.shape(tensor, name="x_shape")[-1]
        return after([
            api.debugging.assert_rank_at_least(
                tensor, 1, message="A categorical-distribution parameter must have at least 1 dimension."),
            api.debugging.assert_greater_equal(
                api.shape(tensor)[-1], 2, message="A categorical-distribution parameter must have at least 2 events."),
            api.debugging.assert_less_equal(
                events, most, message=f"Number of classes exceeds `dtype` precision, i.e., {dtype.name} dtype cannot "
                                      f"exceed {most} shape."),
        ], tensor)


def static_or_tensor(x: Any) -> Any:
    """The value of a tensor where it is known, else the tensor."""
    known = constant_value(x) if isinstance(x, Tensor) else x
    return x if known is None else known
