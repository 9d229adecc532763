"""Functions that take values of other kinds than tensors: the kind answers a call that fails with one of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

# What ragged tensors go through, as TensorFlow 1.15 lists it: functions by their public names, ops by their types.
FUNCTIONS = frozenset({
    "batch_gather", "cast", "clip_by_value", "concat", "dtypes.complex", "dtypes.saturate_cast", "expand_dims",
    "gather", "gather_nd", "identity", "math.abs", "math.add_n", "math.angle", "math.conj", "math.divide_no_nan",
    "math.equal", "math.floordiv", "math.imag", "math.log_sigmoid", "math.logical_xor", "math.multiply",
    "math.not_equal", "math.pow", "math.real", "math.reduce_any", "math.reduce_max", "math.reduce_mean",
    "math.reduce_min", "math.reduce_prod", "math.reduce_sum", "math.round", "math.subtract", "math.truediv",
    "math.unsorted_segment_mean", "math.unsorted_segment_sqrt_n", "one_hot", "ones_like", "rank", "reduce_all",
    "size", "squeeze", "stack", "strings.length", "strings.reduce_join", "strings.regex_full_match",
    "strings.regex_replace", "strings.substr", "tile", "where", "zeros_like"})
OPS = frozenset({
    "Acos", "Acosh", "Add", "AsString", "Asin", "Asinh", "Atan", "Atan2", "Atanh", "BitwiseAnd", "BitwiseOr",
    "BitwiseXor", "Ceil", "CheckNumerics", "Cos", "Cosh", "DecodeBase64", "DecodeCompressed", "Digamma",
    "DynamicPartition", "EncodeBase64", "Erf", "Erfc", "Exp", "Expm1", "Floor", "FloorMod", "Greater",
    "GreaterEqual", "Invert", "IsFinite", "IsInf", "IsNan", "LeftShift", "Less", "LessEqual", "Lgamma", "Log",
    "Log1p", "LogicalAnd", "LogicalNot", "LogicalOr", "Maximum", "Minimum", "Neg", "RealDiv", "Reciprocal",
    "RightShift", "Rint", "Rsqrt", "Sign", "Sin", "Sinh", "Sqrt", "Square", "SquaredDifference", "StringJoin",
    "StringStrip", "StringToHashBucketFast", "StringToHashBucketStrong", "Tan", "TruncateDiv", "TruncateMod",
    "UnicodeScript", "UnsortedSegmentMax", "UnsortedSegmentMin", "UnsortedSegmentProd", "UnsortedSegmentSum"})

NOT_SUPPORTED = object()  # an answer that is none: the call's own error stands
_kinds: list[tuple[Any, Callable[..., Any]]] = []


def answer_for(kind: Any, answer: Callable[..., Any]) -> None:
    """Say who answers failed calls with values of a kind.

    Args:
      kind: a class, or a tuple of classes.
      answer: given the function's name, the function, arguments and keyword arguments, the result or `NOT_SUPPORTED`.
    """
    _kinds.append((kind, answer))


def _is_among(kind: Any, value: Any) -> bool:
    return isinstance(value, kind) or (isinstance(value, (list, tuple)) and any(_is_among(kind, item)
                                                                                for item in value))


def who_answers(args: Any, kwargs: dict[str, Any]) -> Callable[..., Any] | None:
    """Who answers a failed call, or None: no argument is of a kind that has its own answer."""
    for kind, answer in _kinds:
        if any(_is_among(kind, value) for value in args) or any(_is_among(kind, value) for value in kwargs.values()):
            return answer
    return None


def dispatched(name: str, function: Any) -> Any:
    """A function whose failed calls go to who answers for the kinds of its arguments.

    Args:
      name: its public name, one of `FUNCTIONS`.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (TypeError, ValueError) as error:
            answer = who_answers(args, kwargs)
            if answer is None:
                raise
            failure = error
        result = answer(name, call, args, kwargs)
        if result is NOT_SUPPORTED:
            raise failure
        return result

    return call
